"""More activities of a user in an hour than are kept in detail."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.detection import Detection
from stateful.finding import Comparison, Finding, Severity
from stateful.profile import CAP_REACHED, OWN
from stateful.view import Context, UserView, evidence_of


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """The engine's own word that it kept only a part of an hour."""
    if activity.source != OWN or activity.action != CAP_REACHED:
        return
    count = activity.objects[0].bytes or 0
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=20,
        reason=f"So many activities in one hour that {count} of them were counted but not looked at one by one",
        comparisons=(Comparison("activities not kept", str(count), "0", since=user.since, score=1.0),),
        evidence=(evidence_of(activity),),
    )


DETECTION = Detection(
    id="activity_cap",
    title="Activity cap reached",
    description=(
        "A user did more in an hour than is kept in detail (setting hourly_cap). Automation that runs wild does this, "
        "and so does somebody who hides among many activities; what is kept is chosen by a hash that nobody can aim at."
    ),
    techniques=(),
    severity=Severity.INFORMATIONAL,
    evaluate=evaluate,
    categories=frozenset({Category.OTHER}),
    learning_days=0,
    runbook=(
        "See what the activities are: the same one over and over is mostly a broken script.",
        "If the account is a service that always does this, raise hourly_cap or suppress it.",
    ),
    quiet="Fewer activities in the hour, or a higher hourly_cap.",
)
