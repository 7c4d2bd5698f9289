"""Somebody makes the log see less."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category, Outcome
from stateful.attack import DISABLE_CLOUD_LOG
from stateful.detection import Detection
from stateful.features import OPERATIONS, operation, succeeded
from stateful.finding import Comparison, Finding, Severity
from stateful.view import Context, UserView, evidence_of

IMPAIRING = ("stop", "delete", "disable", "remove", "put", "update", "modify", "suspend", "set", "disassociate")
"""Verbs that can reduce what is logged; those that only begin or look at logging are not."""


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Audit logging was, or was to be, stopped, deleted or narrowed."""
    if not activity.action.lower().startswith(IMPAIRING):
        return
    known = user.values(OPERATIONS).get(operation(activity))
    if known is not None and known.count >= context.settings["routine_count"]:
        return
    denied = activity.outcome is Outcome.DENIED
    if not succeeded(activity) and not denied:
        return
    target = activity.objects[0].name if activity.objects else activity.app
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=60 if denied else 90,
        severity=Severity.MEDIUM if denied else None,
        reason=f"{activity.action} on {target}{' was tried and denied' if denied else ''}: the audit log sees less",
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
