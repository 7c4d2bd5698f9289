"""A mail rule that forwards or hides."""

from __future__ import annotations

import re
from collections.abc import Iterable

from activities.activity import Activity, Category
from activities.tags import Tag
from stateful.attack import EMAIL_FORWARDING, HIDING_RULES
from stateful.detection import Detection
from stateful.features import OPERATIONS, ValuesFeature, operation
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.strangers import STRANGER, by_stranger
from stateful.view import Context, UserView

HIGH = 70
FORWARDS = re.compile(r"forward|redirect|smtpaddress|copy ?to|deliver ?to", re.IGNORECASE)
"""Names of parameters that say where mail is sent on."""
DELETES = re.compile(r"delete|hide|stop ?alert", re.IGNORECASE)
"""Names of parameters that take mail out of sight."""
MOVES = re.compile(r"move|label|folder|archive|skip ?inbox", re.IGNORECASE)
NOOKS = re.compile(
    r"rss|conversation history|archiv|junk|spam|deleted|trash|notes|sync issues|clutter|outbox|^[\W_\d]{0,3}\w?[\W_]*$",
    re.IGNORECASE,
)
"""Folders that nobody looks into, and names that say nothing: `.`, `..`, `x`."""
OFF = frozenset({"", "false", "none", "null", "$false", "0"})
CONDITIONS = re.compile(r"^from|contain|subject|body|sender|address|sent ?to|header|words", re.IGNORECASE)
WORDS = re.compile(r"contain|subject|body|words", re.IGNORECASE)
"""Names of parameters that say which mail is meant, and those that look at what is in it."""
MONEY = re.compile(
    r"invoice|payment|wire|bank|iban|password|security|phish|hack|payroll|suspicious|helpdesk", re.IGNORECASE
)
CONTACT = re.compile(r"^new-mail(contact|user)$", re.IGNORECASE)
REMOVES = re.compile(r"^(remove|disable|delete)", re.IGNORECASE)
MAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")


def parameters(activity: Activity) -> list[tuple[str, str]]:
    """Name and value of what the rule does: objects as `ForwardTo` / `eve@example.org`, or as `ForwardTo=eve@...`."""
    found = []
    for entry in activity.objects:
        name, sign, value = entry.name.partition("=")
        found.append((name, value) if sign and name.isidentifier() else (entry.type, entry.name))
    return [(name, value) for name, value in found if value.strip().lower() not in OFF]


def domain(activity: Activity) -> str:
    """The mail domain of the activity's user; "" if it is unknown."""
    return (activity.user.email or activity.user.id).rpartition("@")[2].lower()


DOMAINS = ValuesFeature("domains", domain, frozenset({Category.LOGON, Category.SEND}), shared=True)
"""Whose domains are the tenant's is known by its users: what is sent on to one of them stays inside."""


def outside(activity: Activity, values: list[tuple[str, str]]) -> str:
    """The first address that mail is sent on to and that is of another domain than the user's; "" if there is none."""
    own = domain(activity)
    for _, value in values:
        for found in MAIL.finditer(value):
            if own and found[1].lower() != own:
                return found[0]
    return ""


def contact(activity: Activity) -> str:
    """The name of a contact that was made for an address outside: mail can be sent on to it as if it were inside."""
    given = parameters(activity) if CONTACT.search(activity.action) else []
    if not outside(activity, given):
        return ""
    return next((value.lower() for name, value in given if name.lower() == "name"), "")


CONTACTS = ValuesFeature("contacts_made", contact, frozenset({Category.CREATE}))


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A rule was made or changed by a user who hardly ever does."""
    if REMOVES.match(activity.action):
        return
    known = user.values(OPERATIONS).get(operation(activity))
    if known is not None and known.count >= context.settings["routine_count"]:
        return
    rule = parameters(activity)
    sent = [(name, value) for name, value in rule if FORWARDS.search(name)]
    target = outside(activity, sent) or next(
        (value for _, value in sent if user.values(CONTACTS).get(value.lower()) is not None), ""
    )
    # Mail sent on to a colleague is a holiday; what is sent outside, or nowhere that is said, is not.
    forwards = (
        bool(target) or (Tag.FORWARDING in activity.tags and not sent) or FORWARDS.search(activity.action) is not None
    )
    conditions = [value for name, value in rule if CONDITIONS.search(name)]
    deletes = any(DELETES.search(name) for name, _ in rule)
    hides = any(NOOKS.search(value) and (MOVES.search(name) or name.lower() == "name") for name, value in rule)
    hides = hides or (Tag.HIDING in activity.tags and not rule) or (deletes and not conditions)
    hides = hides or any(MONEY.search(value) for name, value in rule if WORDS.search(name))
    elsewhere = by_stranger(activity, user)
    if not (forwards or hides or deletes or elsewhere):
        return
    does = (
        " and ".join(
            word for word, so in (("forwards", forwards), ("hides", hides), ("deletes", deletes and not hides)) if so
        )
        or "does something"
    )
    risk = 40 + 25 * forwards + 25 * hides + 5 * (deletes and not hides) + 10 * bool(target) + 20 * elsewhere
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=risk,
        severity=Severity.HIGH if risk >= HIGH else None,
        reason=(
            f"{activity.action}: a mail rule that {does}"
            + (f", to {target} outside" if target else "")
            + (", made from a device and an address that aren't the user's" if elsewhere else "")
        ),
        comparisons=(
            Comparison(
                "mail rules by this user", f"number {known.count + 1 if known else 1}", "none", since=user.since
            ),
        ),
        evidence=(context.seen(activity),),
        novelties=(Novelty(DOMAINS.name, target.rpartition("@")[2].lower()),) if target and not hides else (),
    )


DETECTION = Detection(
    id="inbox_rule",
    title="Mail rule that forwards or hides",
    description=(
        "A rule on incoming mail, or forwarding of a whole mailbox, sends mail outside or out of sight. It is what "
        "follows "
        "a stolen mailbox: to read on after the password is changed, and to hide the answers to fraud."
    ),
    techniques=(EMAIL_FORWARDING, HIDING_RULES),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset({Category.MAILBOX_RULE}),
    succeeded=True,
    features=(OPERATIONS, CONTACTS, DOMAINS, *STRANGER),
    settings={"routine_count": 10},
    learning_days=0,
    runbook=(
        "Ask the user whether the rule is theirs; read what it does and to whom it sends.",
        "If not: remove it, revoke sessions, reset the password, look for consent and other rules.",
        "Search for the target address in other mailboxes, and warn those who wrote to the user about payments.",
    ),
    quiet=(
        "A rule that neither hides nor forwards to a domain that none of the tenant's users has, made from the user's "
        "own device; or a user who made ten before."
    ),
)
