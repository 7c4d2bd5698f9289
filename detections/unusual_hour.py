"""At work at an hour at which this user never is. Noted, never an alert by itself."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import VALID_ACCOUNTS
from stateful.detection import Detection
from stateful.features import ACTIVITY_RATE, HOUR
from stateful.finding import Comparison, Finding, Severity
from stateful.view import Context, UserView


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """The user has hardly ever been active in this hour of the day, nor near it."""
    rate = user.rate(ACTIVITY_RATE)
    hour = activity.time // HOUR * HOUR
    if rate.count > 1:
        return
    chance = rate.chance_of_any(hour)
    if chance > context.settings["max_probability"]:
        return
    yield context.finding(
        activity,
        anchor=f"window:{HOUR}:{hour}",
        closes=hour + HOUR - 1,
        risk=10,
        reason=f"{activity.action} at an hour in which this user is active on {chance:.1%} of days",
        comparisons=(Comparison("hour", f"{hour // HOUR % 24:02d}:00 UTC", f"{chance:.1%} of days", since=user.since),),
        evidence=(context.seen(activity),),
    )


DETECTION = Detection(
    id="unusual_hour",
    title="Unusual hour",
    description=(
        "The user is active at an hour of the day at which they hardly ever are. Said by itself it would be noise: "
        "it is "
        "shown beside other findings of the user."
    ),
    techniques=(VALID_ACCOUNTS,),
    severity=Severity.INFORMATIONAL,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON},
    succeeded=True,
    people=True,
    features=(ACTIVITY_RATE,),
    settings={"max_probability": 0.12},
    learning_days=7,
    runbook=("Look at the other findings of the user.",),
    quiet="A user who was active at that hour, or the hours beside it, before.",
)
