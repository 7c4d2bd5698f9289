"""A mailbox is read as a whole, or its traces are removed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from activities.activity import Activity, Category, UserType
from stateful.attack import CLEAR_MAILBOX, EMAIL_COLLECTION
from stateful.detection import Detection
from stateful.features import HOUR, OPERATIONS, BurstFeature, TallyFeature, operation, succeeded
from stateful.finding import Comparison, Finding, Severity
from stateful.masks import IMPERSONATED, acted_as
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


def _of_another(activity: Activity, user: UserView) -> bool:
    whose = acted_as(activity)
    return bool(whose) and of_mail(activity.app, activity.action) and user.is_recent(IMPERSONATED, whose, activity.time)


OTHERS_MAIL = BurstFeature("others_mail", _of_another, acted_as, HOUR, categories=READS)
"""Reads in mailboxes of others as whom the user acts since today, in a row."""


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
        return chain(
            surge(activity, user, most, MAIL_READS, "mail items read", base=50, severity=Severity.MEDIUM),
            _others(activity, user, context),
        )
    if HARD.search(activity.action) is None:
        return ()
    return surge(activity, user, context, HARD_DELETES, "mail items deleted for good")


def _others(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Somebody else's mailbox is read through, slowly maybe, by who had nothing to do with it before today."""
    burst, least = user.burst(OTHERS_MAIL), context.settings["min_reads_of_others"]
    if activity.user.type is not UserType.PERSON or burst.last != activity.time or burst.count < least:
        return
    names = ", ".join(burst.marks[:3])
    yield context.finding(
        activity,
        anchor=burst.first,
        closes=burst.last + HOUR,
        risk=55 + 10 * min(burst.count / least - 1, 3),
        severity=Severity.MEDIUM,
        reason=f"{burst.count} mail items read of {names}, as whom this user never acted before today",
        comparisons=(
            Comparison("mail items of others", str(burst.count), f"{burst.most} at most", since=user.since, score=1.0),
        ),
        evidence=tuple(burst.evidence),
        evidence_count=burst.count,
    )


DETECTION = Detection(
    id="mailbox_access",
    title="Bulk mailbox access or hard deletion",
    description=(
        "A mailbox is read item after item, far more in an hour than ever, or somebody else's from end to end; or "
        "items are deleted so that they can't be restored: espionage, and the removal of traces."
    ),
    techniques=(EMAIL_COLLECTION, CLEAR_MAILBOX),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=READS | {Category.DELETE},
    succeeded=True,
    features=(MAIL_READS, HARD_DELETES, IMPERSONATED, OTHERS_MAIL, OPERATIONS),
    settings={
        **SURGE,
        "min_count": 15,
        "max_probability": 0.01,
        "min_reads": 75,
        "min_reads_of_others": 60,
        "routine_count": 3,
    },
    learning_days=7,
    runbook=(
        "See which program and app read the mail, and from where.",
        "Ask the user whether a new mail program was set up: its first synchronisation reads everything.",
        "If not: revoke sessions and the app's grants; what was in the mailbox counts as read.",
    ),
    quiet="Fewer than twice the user's highest hour.",
)
