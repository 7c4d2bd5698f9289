"""A mailbox is read as a whole, or its traces are removed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from activities.activity import Activity, Category
from stateful.attack import CLEAR_MAILBOX, EMAIL_COLLECTION
from stateful.detection import Detection
from stateful.features import HOUR, OPERATIONS, TallyFeature, operation, succeeded
from stateful.finding import Comparison, Finding, Severity
from stateful.surge import SURGE, surge
from stateful.view import Context, UserView

MAIL = re.compile(r"mail|exchange|outlook|gmail|imap|message", re.IGNORECASE)
HARD = re.compile(r"hard ?delete|purge|delete ?permanent|empty ?(folder|trash)|deletefrom", re.IGNORECASE)
READS = frozenset({Category.READ, Category.DOWNLOAD, Category.LIST})


@lru_cache(maxsize=4096)
def of_mail(app: str, action: str) -> bool:
    """Whether an operation is one on mail."""
    return MAIL.search(action) is not None or MAIL.search(app) is not None


EXPORTS = re.compile(
    r"mailbox ?export|compliance ?search ?action|discovery ?export|export ?mailbox|takeout", re.IGNORECASE
)


MAIL_READS = TallyFeature(
    "mail_reads", READS, HOUR, only=lambda a: succeeded(a) and of_mail(a.app, a.action), prior=15.0
)
HARD_DELETES = TallyFeature(
    "hard_deletes",
    frozenset({Category.DELETE}),
    HOUR,
    only=lambda a: succeeded(a) and of_mail(a.app, a.action) and HARD.search(a.action) is not None,
    prior=2.0,
)


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A surge of mail that is read or exported, or removed for good."""
    if not of_mail(activity.app, activity.action):
        return ()
    known = user.values(OPERATIONS).get(operation(activity))
    if EXPORTS.search(activity.action) and (known is None or known.count < context.settings["routine_count"]):
        names = ", ".join(entry.name for entry in activity.objects[:3])
        finding = context.finding(
            activity,
            anchor=activity.id,
            closes=activity.time,
            risk=65,
            reason=f"{activity.action} ({names}): whole mailboxes are taken out, by a user who hardly ever does this",
            comparisons=(
                Comparison(
                    "this operation", f"time {known.count + 1 if known else 1}", "never", since=user.since, score=1.0
                ),
            ),
            evidence=(context.seen(activity),),
        )
        return (finding,)
    if activity.category is not Category.DELETE:
        most = context.with_settings(min_count=context.settings["min_reads"])
        return surge(activity, user, most, MAIL_READS, "mail items read", base=50, severity=Severity.MEDIUM)
    if HARD.search(activity.action) is None:
        return ()
    return surge(activity, user, context, HARD_DELETES, "mail items deleted for good")


DETECTION = Detection(
    id="mailbox_access",
    title="Bulk mailbox access or hard deletion",
    description=(
        "A mailbox is read item after item, far more in an hour than ever, or items are deleted so that they can't be "
        "restored: espionage, and the removal of its traces."
    ),
    techniques=(EMAIL_COLLECTION, CLEAR_MAILBOX),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=READS | {Category.DELETE},
    succeeded=True,
    features=(MAIL_READS, HARD_DELETES, OPERATIONS),
    settings={**SURGE, "min_count": 15, "max_probability": 0.01, "min_reads": 75, "routine_count": 3},
    learning_days=5,
    runbook=(
        "See which program and app read the mail, and from where.",
        "Ask the user whether a new mail program was set up: its first synchronisation reads everything.",
        "If not: revoke sessions and the app's grants; what was in the mailbox counts as read.",
    ),
    quiet="Fewer than twice the user's highest hour.",
)
