"""Somebody makes the log see less."""

from __future__ import annotations

import re
from collections.abc import Iterable

from activities.activity import Activity, Category
from activities.tags import Tag
from stateful.attack import DISABLE_CLOUD_LOG
from stateful.detection import Detection
from stateful.features import OPERATIONS, operation, succeeded
from stateful.finding import Comparison, Finding, Severity
from stateful.kinds import for_trial
from stateful.view import Context, UserView, evidence_of

IMPAIRING = re.compile(
    r"(^|[./_:\s])(stop|delete|disable|remove|put|update|modify|suspend|set|disassociate|destroy|deactivate)",
    re.IGNORECASE,
)
"""Verbs that can reduce what is logged; those that only begin or look at logging are not."""


AUDIT = re.compile(r"audit|trail|flow|guard|access", re.IGNORECASE)
PROGRAM_LOG = re.compile(r"log ?(group|stream)", re.IGNORECASE)
"""Operations on logs that programs write to; those of who did what are kept there, too, and named so."""


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Audit logging was, or was to be, stopped, deleted or narrowed."""
    if Tag.LOGGING_REDUCED not in activity.tags and IMPAIRING.search(activity.action) is None:
        return
    action, names = activity.action.lower(), " ".join(entry.name for entry in activity.objects)
    of_program = AUDIT.search(names) is None
    if "retention" in action and of_program:
        return  # How long a program's own log is kept says nothing of who did what.
    known = user.values(OPERATIONS).get(operation(activity))
    if known is not None and known.count >= context.settings["routine_count"]:
        return
    # What was tried and failed says the same of who tried; it only did no harm.
    done = succeeded(activity)
    # A program's log goes with the program.
    own_log = PROGRAM_LOG.search(action) is not None and of_program
    target = activity.objects[0].name if activity.objects else activity.app
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=(25 if for_trial(activity) else 50) if own_log else 90 if done else 60,
        severity=Severity.LOW if own_log else None if done else Severity.MEDIUM,
        reason=(
            f"{activity.action} on {target}: the audit log sees less"
            if done
            else f"{activity.action} on {target} was tried ({activity.error or activity.outcome}): "
            "the audit log would see less"
        ),
        comparisons=(
            Comparison(
                "this operation by this user",
                f"time {known.count + 1 if known else 1}",
                "never",
                since=user.since,
                score=1.0,
            ),
        ),
        evidence=(evidence_of(activity),),
    )


DETECTION = Detection(
    id="audit_logging_impaired",
    title="Audit logging impaired",
    description=(
        "A trail, flow log, recorder or event selector is stopped, deleted or narrowed. Attackers do it first so that "
        "what follows leaves no trace; administrators do it rarely and announce it."
    ),
    techniques=(DISABLE_CLOUD_LOG,),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=frozenset({Category.AUDIT_CONFIG}),
    features=(OPERATIONS,),
    settings={"routine_count": 20},
    learning_days=0,
    runbook=(
        "Turn the logging on again now; find out what happened while it was off from other logs.",
        "Check for a change ticket; if there is none, the identity is compromised: disable its keys and sessions.",
        "Look at everything this identity did in the day before.",
    ),
    quiet="The user having done the same operation twenty times before.",
)
