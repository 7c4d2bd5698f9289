"""What the account does lately is not what its user does."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import VALID_ACCOUNTS
from stateful.detection import Detection
from stateful.features import AGENTS, HABITS, ISPS, agent, isp
from stateful.finding import Comparison, Finding, Severity
from stateful.models import DAY, Habits, risk_of
from stateful.view import Context, UserView


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """The user's own history explains the last hundred actions hardly better than no history would."""
    habits = user.habits(HABITS)
    if not habits.judged or habits.latest > context.settings["max_probability"]:
        return
    strange = [
        name
        for name, feature, value in (("network", ISPS, isp(activity)), ("device", AGENTS, agent(activity)))
        if value and user.values(feature).get(value) is None
    ]
    # Where a block ends moves with each late activity; the day doesn't.
    day = activity.time // DAY * DAY
    yield context.finding(
        activity,
        anchor=f"window:{DAY}:{day}",
        closes=day + DAY - 1,
        risk=20 + risk_of(habits.latest) + 15 * len(strange),
        severity=Severity.HIGH if strange else None,
        reason=(
            f"The last {Habits.BLOCK} actions are unlike this user's habits, in kind and order"
            + (f", on another {' and '.join(strange)}" if strange else "")
        ),
        comparisons=(
            Comparison(
                f"the last {Habits.BLOCK} actions",
                f"a chance of {habits.latest:.1e}",
                f"{habits.blocks:.0f} blocks of the user's own",
                since=user.since,
                score=1 - habits.latest,
            ),
        ),
        evidence=(context.seen(activity),),
        evidence_count=Habits.BLOCK,
    )


DETECTION = Detection(
    id="unlike_own_habits",
    title="Unlike the user's own habits",
    description=(
        "Each action is harmless, but which ones follow on one another is not this user's manner: somebody else works "
        "with the account. Only the user's own history is needed, no list of what is bad."
    ),
    techniques=(VALID_ACCOUNTS,),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON},
    features=(HABITS, ISPS, AGENTS),
    settings={"max_probability": 1e-4},
    learning_days=10,
    runbook=(
        "Look at the user's activities since the day before: is it one piece of work that is new?",
        "Ask the user; a new job, tool or project changes habits for good and is learnt within days.",
        "If it wasn't them: revoke sessions, and look for how the account was entered.",
    ),
    quiet="Actions that this user did before, in an order that is usual for them.",
)
