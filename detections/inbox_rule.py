"""A mail rule that forwards or hides."""

from __future__ import annotations

import re
from collections.abc import Iterable

from activities.activity import Activity, Category
from activities.tags import Tag
from stateful.attack import EMAIL_FORWARDING, HIDING_RULES
from stateful.detection import Detection
from stateful.features import ADDRESSES, AGENTS, OPERATIONS, agent, operation
from stateful.finding import Comparison, Finding, Severity
from stateful.view import Context, UserView

FORWARDS = re.compile(r"forward|redirect|smtp:|copy ?to", re.IGNORECASE)
HIDES = re.compile(
    r"delete(message)?\b|mark(as)?read|move ?to ?folder|rss|conversation history|archive|stopprocessing|junk|hid",
    re.IGNORECASE,
)
REMOVES = re.compile(r"^(remove|disable|delete)", re.IGNORECASE)
MAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")


def outside(activity: Activity) -> str:
    """The first address among the objects that is of another domain than the user's; "" if there is none."""
    own = (activity.user.email or activity.user.id).rpartition("@")[2].lower()
    for entry in activity.objects:
        for found in MAIL.finditer(entry.name):
            if own and found[1].lower() != own:
                return found[0]
    return ""


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A rule was made or changed by a user who hardly ever does."""
    if REMOVES.match(activity.action):
        return
    known = user.values(OPERATIONS).get(operation(activity))
    if known is not None and known.count >= context.settings["routine_count"]:
        return
    words = " ".join([activity.action, *(f"{entry.type} {entry.name}" for entry in activity.objects)])
    target = outside(activity)
    forwards = Tag.FORWARDING in activity.tags or FORWARDS.search(words) is not None or bool(target)
    hides = Tag.HIDING in activity.tags or HIDES.search(words) is not None
    elsewhere = user.is_news(ADDRESSES, activity.ip, activity.time) and user.is_news(
        AGENTS, agent(activity), activity.time
    )
    if not (forwards or hides or elsewhere):
        return
    does = " and ".join(word for word, so in (("forwards", forwards), ("hides", hides)) if so) or "does something"
    risk = 45 + 20 * forwards + 20 * hides + 15 * bool(target) + 15 * elsewhere
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=risk,
        severity=Severity.HIGH if target or hides or elsewhere else None,
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
    features=(OPERATIONS, ADDRESSES, AGENTS),
    settings={"routine_count": 10},
    learning_days=0,
    runbook=(
        "Ask the user whether the rule is theirs; read what it does and to whom it sends.",
        "If not: remove it, revoke sessions, reset the password, look for consent and other rules.",
        "Search for the target address in other mailboxes, and warn those who wrote to the user about payments.",
    ),
    quiet="A rule that neither forwards nor hides, made from the user's own device; or a user who made ten before.",
)
