"""Kinds of work: what a person's next step in a mailbox, a file library, a chat, a repository ... is.

Names of operations are those of the vendors' audit logs: Microsoft 365 and Entra ID (Office 365 Management Activity
API schema), GitHub (organisation audit log), Salesforce, NetSuite and Workday in the vendors' words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import NamedTuple

from activities.activity import Category, Outcome
from simulator.apis import habitual
from simulator.people import Person
from simulator.record import NativeObject, Step
from simulator.streams import Weighted, chance, token, zipf

ENTRA = "AzureActiveDirectory"
EXCHANGE = "Exchange"
SHAREPOINT = "SharePoint"
TEAMS = "MicrosoftTeams"
GITHUB = "GitHub"
SALESFORCE = "Salesforce"
NETSUITE = "NetSuite"
WORKDAY = "Workday"

LIBRARY_SIZE = 3_000
"""Files in a department's library."""
FOLDER_SIZE = 60
WORKING_SET = 150
"""Files around which one person's work turns."""
OWN_SHARE = 0.75
"""Steps on a file of the person's own working set; others are on the department's favourites."""
OFTEN_ALL = 0.002
"""Shares of steps that fail for no bad reason: a conflict, a missing right, a time-out."""

_FOLDERS = (
    "Budget Contracts Customers Designs Events Forecast Guides Hiring Invoices Minutes Plans Policies Reviews".split()
)
_NOUNS = "draft final notes overview plan proposal report review status summary table update".split()
_ENDINGS = ("docx", "xlsx", "pptx", "pdf", "docx", "xlsx", "pdf", "csv")


class Habit(NamedTuple):
    """A kind of work: its next step, the mean number of steps in a row, and the usual pause between them in s."""

    step: Callable[[Random, Person], Step]
    length: float
    pause: float


Operation = tuple[str, Category]


@lru_cache(maxsize=65_536)
def file(unit: str, number: int) -> NativeObject:
    """File `number` of the department's library, always with the same name and size."""
    bits = int(token("file", unit, number, size=8), 16)
    folder, first = divmod(number, FOLDER_SIZE)
    name = f"{_NOUNS[bits % len(_NOUNS)]}-{2023 + bits // 64 % 3}-{first:03d}.{_ENDINGS[bits // 512 % len(_ENDINGS)]}"
    size = (20_000 + bits // 4_096 % 20_000) << (bits % 11)
    return NativeObject("file", f"sites/{unit}/{_FOLDERS[folder % len(_FOLDERS)]}-{folder:02d}/{name}", size)


def _fate(rng: Random) -> Outcome:
    return Outcome.FAILURE if chance(rng, OFTEN_ALL) else Outcome.SUCCESS


_MAIL: Weighted[Operation] = Weighted(
    (
        ("MailItemsAccessed", Category.READ),
        ("Send", Category.SEND),
        ("MoveToDeletedItems", Category.DELETE),
        ("SearchQueryPerformed", Category.LIST),
        ("Update", Category.MODIFY),
        ("New-InboxRule", Category.MAILBOX_RULE),
    ),
    (58, 24, 8, 5, 4.9, 0.1),
)
_FOLDER: Weighted[str] = Weighted(("Inbox", "Sent Items", "Archive", "Calendar"), (80, 8, 4, 8))


def mail(rng: Random, person: Person) -> Step:
    """A step in the person's mailbox."""
    action, category = _MAIL.draw(rng)
    return Step(EXCHANGE, action, category, (NativeObject("folder", _FOLDER.draw(rng)),))


_FILES: Weighted[Operation] = Weighted(
    (
        ("FileAccessed", Category.READ),
        ("FileModified", Category.MODIFY),
        ("FileDownloaded", Category.DOWNLOAD),
        ("FileUploaded", Category.UPLOAD),
        ("SharingSet", Category.SHARE),
        ("FileDeleted", Category.DELETE),
        ("FileRenamed", Category.MODIFY),
        ("SearchQueryPerformed", Category.LIST),
    ),
    (48, 20, 12, 8, 3, 2, 1, 6),
)


def own_file(rng: Random, person: Person) -> NativeObject:
    """A file that the person works on, or one that everybody in the department does."""
    base = person.index * 37 % LIBRARY_SIZE if chance(rng, OWN_SHARE) else 0
    return file(person.department, (base + zipf(rng, WORKING_SET)) % LIBRARY_SIZE)


def files(rng: Random, person: Person) -> Step:
    """A step in the department's library."""
    action, category = _FILES.draw(rng)
    if category is Category.LIST:
        return Step(SHAREPOINT, action, category)
    return Step(SHAREPOINT, action, category, (own_file(rng, person),), _fate(rng))


_CHAT: Weighted[Operation] = Weighted(
    (
        ("MessageSent", Category.SEND),
        ("ChatRetrieved", Category.READ),
        ("MessageUpdated", Category.MODIFY),
        ("MeetingParticipantDetail", Category.OTHER),
    ),
    (50, 35, 5, 10),
)


def chat(rng: Random, person: Person) -> Step:
    """A message, a meeting."""
    action, category = _CHAT.draw(rng)
    return Step(TEAMS, action, category, (NativeObject("channel", f"{person.department}-{zipf(rng, 12):02d}"),))


_CODE: Weighted[Operation] = Weighted(
    (
        ("git.fetch", Category.READ),
        ("git.push", Category.UPLOAD),
        ("git.clone", Category.DOWNLOAD),
        ("pull_request.create", Category.CREATE),
        ("pull_request_review.submit", Category.MODIFY),
        ("pull_request.merge", Category.MODIFY),
        ("issue_comment.create", Category.CREATE),
        ("workflows.created_workflow_run", Category.EXECUTE),
    ),
    (46, 20, 2, 6, 10, 5, 8, 3),
)


def code(rng: Random, person: Person) -> Step:
    """A step in one of the repositories that the person works on."""
    action, category = _CODE.draw(rng)
    number = (person.index * 7 + zipf(rng, 10)) % 80
    return Step(GITHUB, action, category, (NativeObject("repository", f"service-{number:02d}"),), _fate(rng))


_CRM: Weighted[Operation] = Weighted(
    (
        ("RecordViewed", Category.READ),
        ("Search", Category.LIST),
        ("RecordUpdated", Category.MODIFY),
        ("RecordCreated", Category.CREATE),
        ("ReportRun", Category.READ),
        ("ReportExported", Category.DOWNLOAD),
    ),
    (52, 14, 20, 6, 6, 2),
)


def crm(rng: Random, person: Person) -> Step:
    """A step with a customer's record."""
    action, category = _CRM.draw(rng)
    number = (person.index * 131 + zipf(rng, 400)) % 20_000
    return Step(SALESFORCE, action, category, (NativeObject("account", f"001A{number:05d}"),), _fate(rng))


_LEDGER: Weighted[Operation] = Weighted(
    (
        ("TransactionViewed", Category.READ),
        ("TransactionEdited", Category.MODIFY),
        ("TransactionCreated", Category.CREATE),
        ("ReportRun", Category.READ),
        ("ReportExported", Category.DOWNLOAD),
        ("Search", Category.LIST),
    ),
    (45, 15, 12, 12, 5, 11),
)


def ledger(rng: Random, person: Person) -> Step:
    """A step in the books."""
    action, category = _LEDGER.draw(rng)
    return Step(NETSUITE, action, category, (NativeObject("record", f"TX-{zipf(rng, 9_000):05d}"),), _fate(rng))


def report(rng: Random, number: int) -> Step:
    """Download of report `number` when the books are closed."""
    size = (50_000 + zipf(rng, 900) * 1_000) << (number % 4)
    return Step(NETSUITE, "ReportExported", Category.DOWNLOAD, (NativeObject("report", f"closing-{number:03d}", size),))


_STAFF: Weighted[Operation] = Weighted(
    (
        ("WorkerViewed", Category.READ),
        ("WorkerEdited", Category.MODIFY),
        ("CandidateViewed", Category.READ),
        ("CandidateMoved", Category.MODIFY),
        ("Search", Category.LIST),
        ("ReportExported", Category.DOWNLOAD),
    ),
    (40, 8, 25, 9, 15, 3),
)


def staff(rng: Random, person: Person) -> Step:
    """A step in the personnel system."""
    action, category = _STAFF.draw(rng)
    return Step(WORKDAY, action, category, (NativeObject("worker", f"W{zipf(rng, 900):05d}"),))


def api(rng: Random, person: Person) -> Step:
    """One of an administrator's habitual calls."""
    return habitual(rng, person.calls)


HABITS: dict[str, Habit] = {
    "mail": Habit(mail, 3.0, 45),
    "files": Habit(files, 3.5, 60),
    "chat": Habit(chat, 3.0, 50),
    "code": Habit(code, 2.5, 150),
    "crm": Habit(crm, 4.0, 50),
    "ledger": Habit(ledger, 4.0, 55),
    "staff": Habit(staff, 3.0, 60),
    "api": Habit(api, 5.0, 12),
}

PHONE: Weighted[str] = Weighted(("mail", "chat"), (70, 30))
"""What people do on their phones."""


def logon(outcome: Outcome = Outcome.SUCCESS) -> Step:
    """A logon to the company's identity provider."""
    if outcome is Outcome.SUCCESS:
        return Step(ENTRA, "UserLoggedIn", Category.LOGON)
    return Step(ENTRA, "UserLoginFailed", Category.FAILED_LOGON, (), outcome)


LOGOFF = Step(ENTRA, "UserLoggedOff", Category.LOGOFF)
PASSWORD_CHANGE = Step(ENTRA, "Change user password.", Category.CREDENTIAL)
CONSOLE_LOGON = Step("signin.amazonaws.com", "ConsoleLogin", Category.LOGON)
ASSUME_ROLE = Step("sts.amazonaws.com", "AssumeRole", Category.TOKEN)
