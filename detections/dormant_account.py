"""An account that nobody used for weeks wakes up."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from activities.tags import Tag
from stateful.attack import VALID_ACCOUNTS
from stateful.detection import Detection
from stateful.features import ACTIVITY_RATE, AGENTS, COUNTRIES, HOUR, ISPS, agent, isp
from stateful.finding import Comparison, Finding, Severity
from stateful.models import DAY
from stateful.view import Context, UserView, days


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """The first success after a long pause, or of an account that is said to be disabled."""
    pause = activity.time - user.done if user.done >= 0 else 0
    disabled = Tag.DISABLED_USER in activity.tags
    if not disabled and (
        pause < context.settings["min_pause_days"] * DAY or user.count < context.settings["min_activities"]
    ):
        return
    # Who comes back from leave comes from where they were, with what they had.
    strange = [
        name
        for name, feature, value in (
            ("country", COUNTRIES, activity.location.country),
            ("network", ISPS, isp(activity)),
            ("device", AGENTS, agent(activity)),
        )
        if value and user.values(feature).get(value) is None
    ]
    # Who comes back does so at work.
    hour = activity.time // HOUR * HOUR
    odd = user.rate(ACTIVITY_RATE).chance_of_any(hour) < context.settings["max_probability_hour"]
    # A holiday is shorter, and ends on the same device.
    if not disabled and pause < context.settings["min_long_pause_days"] * DAY and len(strange) < 2:  # noqa: PLR2004
        return
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=80 if disabled else 30 + 15 * len(strange) + 15 * odd + min(max(pause / DAY - 15, 0), 18),
        severity=Severity.HIGH if disabled or len(strange) > 1 else None if strange else Severity.LOW,
        reason=(
            f"{activity.action} "
            + ("by an account that is disabled" if disabled else f"after {days(pause)} without any success")
            + (f", at {hour // HOUR % 24:02d}:00 UTC, when this user hardly ever works" if odd else "")
            + (f", with another {' and '.join(strange)} than before" if strange else "")
        ),
        comparisons=(
            Comparison("pause", days(pause), f"less than {context.settings['min_pause_days']:.0f} days", score=1.0),
            Comparison("activities before", str(user.count), "any", since=user.since),
        ),
        evidence=(context.seen(activity),),
    )


DETECTION = Detection(
    id="dormant_account",
    title="Dormant account active",
    description=(
        "An account that was not used for weeks, or is disabled, succeeds again. Accounts of people who left are not "
        "missed by anybody; that makes them good to use."
    ),
    techniques=(VALID_ACCOUNTS,),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON, Category.LOGOFF},
    succeeded=True,
    features=(COUNTRIES, ISPS, AGENTS, ACTIVITY_RATE),
    settings={"min_pause_days": 14, "min_long_pause_days": 30, "min_activities": 20, "max_probability_hour": 0.15},
    learning_days=0,
    runbook=(
        "Ask the manager whether the person still works here and is back from leave.",
        "If not: disable the account, revoke its sessions, see what it did since.",
        "Let accounts expire that nobody uses.",
    ),
    quiet="A shorter pause.",
)
