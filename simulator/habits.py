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
from simulator.catalogue import acquaintance
from simulator.operations import (
    ENTRA,
    NETSUITE,
    SALESFORCE,
    TEAMS,
    WORKDAY,
    directory,
    exchange,
    github,
    m365,
    named,
    settings,
    sharepoint,
)
from simulator.people import Person
from simulator.record import NativeObject, Step
from simulator.streams import Weighted, chance, token, zipf

LIBRARY_SIZE = 3_000
"""Files in a department's library."""
FOLDER_SIZE = 60
WORKING_SET = 150
"""Files around which one person's work turns."""
OWN_SHARE = 0.75
"""Steps on a file of the person's own working set; others are on the department's favourites."""
OTHER_MAILBOX = 0.2
"""Steps in another mailbox, of those who have access to one."""
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


def colleague(rng: Random, person: Person) -> str:
    """The address of somebody whom the person deals with, or of a shared mailbox in a company of one."""
    return person.colleagues[zipf(rng, len(person.colleagues))] if person.colleagues else "info@acme.example"


_MAIL: Weighted[Step] = Weighted(
    (
        exchange("MailItemsAccessed"),
        exchange("Send"),
        exchange("MoveToDeletedItems"),
        exchange("SearchQueryPerformed"),
        exchange("Update"),
        exchange("New-InboxRule"),
    ),
    (58, 24, 8, 5, 4.9, 0.1),
)
_FOLDER: Weighted[str] = Weighted(("Inbox", "Sent Items", "Archive", "Calendar"), (80, 8, 4, 8))
_SENDERS = (
    "newsletter@industry-daily.example",
    "noreply@builds.example",
    "alerts@status.example",
    "events@expo.example",
)
_RULES: Weighted[str] = Weighted(("MoveToFolder", "MarkAsRead", "DeleteMessage", "ForwardTo"), (72, 12, 10, 6))


def rule(rng: Random, person: Person) -> Step:
    """An inbox rule as people make them: newsletters to a folder, sometimes something to a colleague."""
    kind, sender, other = _RULES.draw(rng), rng.choice(_SENDERS), colleague(rng, person)
    folder = sender.partition("@")[2].partition(".")[0].title()
    value = {"MoveToFolder": folder, "ForwardTo": other}.get(kind, "True")
    return exchange("New-InboxRule", *settings(**{kind: value}), *settings(Name=folder, From=sender))


def mail(rng: Random, person: Person) -> Step:
    """A step in the person's mailbox."""
    step = _MAIL.draw(rng)
    if step.category is Category.MAILBOX_RULE:
        return rule(rng, person)
    owner = person.mailboxes[0] if person.mailboxes and chance(rng, OTHER_MAILBOX) else None
    return step._replace(objects=(NativeObject("folder", _FOLDER.draw(rng)),), owner=owner)


_FILES: Weighted[Step] = Weighted(
    tuple(
        sharepoint(action)
        for action in (
            "FileAccessed FileModified FileDownloaded FileUploaded SharingSet FileDeleted FileRenamed "
            "SearchQueryPerformed"
        ).split()
    ),
    (48, 20, 12, 8, 3, 2, 1, 6),
)
_SHARES: Weighted[str] = Weighted(
    ("SharingSet", "CompanyLinkCreated", "AddedToSecureLink", "SharingInvitationCreated", "AnonymousLinkCreated"),
    (62, 22, 6, 6, 4),
)
_OUTWARD = frozenset(("marketing", "sales", "legal", "executive", "hr"))
"""Departments whose people share much with others outside."""


def share(rng: Random, person: Person, shared: NativeObject) -> Step:
    """A file is shared: mostly with a colleague, sometimes with a partner or by a link."""
    kind, inside, outside = _SHARES.draw(rng), colleague(rng, person), acquaintance(rng)
    if kind in ("SharingSet", "CompanyLinkCreated") or (person.department not in _OUTWARD and chance(rng, 0.6)):
        kind = kind if kind == "CompanyLinkCreated" else "SharingSet"
        return sharepoint(kind, shared, *(named("user", inside) if kind == "SharingSet" else ()))
    return sharepoint(kind, shared, *(() if kind == "AnonymousLinkCreated" else named("guest", outside)))


def own_file(rng: Random, person: Person) -> NativeObject:
    """A file that the person works on, or one that everybody in the department does."""
    base = person.index * 37 % LIBRARY_SIZE if chance(rng, OWN_SHARE) else 0
    return file(person.department, (base + zipf(rng, WORKING_SET)) % LIBRARY_SIZE)


def files(rng: Random, person: Person) -> Step:
    """A step in the department's library."""
    step = _FILES.draw(rng)
    if step.category is Category.LIST:
        return step
    acted_on = own_file(rng, person)
    if step.category is Category.SHARE:
        return share(rng, person, acted_on)
    return step._replace(objects=(acted_on,), outcome=_fate(rng))


_CHAT: Weighted[Step] = Weighted(
    tuple(
        m365(TEAMS, action) for action in ("MessageSent", "ChatRetrieved", "MessageUpdated", "MeetingParticipantDetail")
    ),
    (50, 35, 5, 10),
)


def chat(rng: Random, person: Person) -> Step:
    """A message, a meeting."""
    channel = NativeObject("channel", f"{person.department}-{zipf(rng, 12):02d}")
    return _CHAT.draw(rng)._replace(objects=(channel,))


_CODE: Weighted[Step] = Weighted(
    tuple(
        github(action)
        for action in (
            "git.fetch git.push git.clone pull_request.create pull_request_review.submit pull_request.merge "
            "issue_comment.create workflows.created_workflow_run"
        ).split()
    ),
    (46, 20, 2, 6, 10, 5, 8, 3),
)


def code(rng: Random, person: Person) -> Step:
    """A step in one of the repositories that the person works on."""
    step = _CODE.draw(rng)
    number = (person.index * 7 + zipf(rng, 10)) % 80
    return step._replace(objects=(NativeObject("repository", f"service-{number:02d}"),), outcome=_fate(rng))


_DESK: Weighted[tuple[str, str]] = Weighted(
    (
        ("Reset user password.", ""),
        ("Add member to group.", "group"),
        ("Remove member from group.", "group"),
        ("Update user.", ""),
        ("Change user license.", ""),
        ("Admin deleted security info", ""),
        ("Admin registered security info", ""),
        ("Add-MailboxPermission", "mailbox"),
        ("Add-DistributionGroupMember", "list"),
        ("Add member to role.", "role"),
    ),
    (24, 26, 8, 16, 12, 1.5, 2, 2, 7, 0.4),
)
_GROUPS = tuple(
    f"grp-{name}" for name in "project-a project-b vpn-users sales-tools wiki-editors printers crm expo".split()
)
_ROLES = (
    "Directory Readers",
    "Reports Reader",
    "Message Center Reader",
    "Printer Administrator",
    "License Administrator",
)
SHARED_MAILBOXES = ("support", "accounts", "careers", "events", "info", "office")
"""Mailboxes of nobody in particular, without their domain."""


def desk(rng: Random, person: Person) -> Step:
    """A ticket of the help desk: a password, a group, a licence, a shared mailbox."""
    action, kind = _DESK.draw(rng)
    who, number = colleague(rng, person), zipf(rng, len(_GROUPS))
    user = NativeObject("user", who)
    domain = who.partition("@")[2]
    if kind == "mailbox":
        box = f"{SHARED_MAILBOXES[number % len(SHARED_MAILBOXES)]}@{domain}"
        return exchange(action, *settings(Identity=box, User=who, AccessRights="FullAccess"))
    if kind == "list":
        return exchange(action, *settings(Identity=f"all-{_GROUPS[number]}@{domain}", Member=who))
    if kind == "group":
        return directory(action, user, *named("group", _GROUPS[number]), changed=("Group.DisplayName",))
    if kind == "role":
        return directory(action, user, *named("role", _ROLES[number % len(_ROLES)]), changed=("Role.DisplayName",))
    return directory(action, user)


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
    "desk": Habit(desk, 1.3, 90),
}

PHONE: Weighted[str] = Weighted(("mail", "chat"), (70, 30))
"""What people do on their phones."""

LOGOFF = Step(ENTRA, "UserLoggedOff", Category.LOGOFF)
PASSWORD_CHANGE = directory("Change user password.")
FACTOR_ADDED = directory("User registered security info")
FACTOR_REMOVED = directory("User deleted security info")
DEVICE_ADDED = directory("Add device.")
CONSOLE_LOGON = Step("signin.amazonaws.com", "ConsoleLogin", Category.LOGON)
ASSUME_ROLE = Step("sts.amazonaws.com", "AssumeRole", Category.TOKEN)
