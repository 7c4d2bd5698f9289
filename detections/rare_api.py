"""A run of operations that this user never used before."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity
from stateful.attack import INFRASTRUCTURE_DISCOVERY, SERVICE_DISCOVERY
from stateful.detection import Detection
from stateful.features import NEW_OPERATIONS, OPERATIONS
from stateful.finding import Comparison, Finding, Severity
from stateful.view import Context, UserView, days


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Too many of the run's operations are new, given how seldom this user does something new."""
    burst, operations = user.burst(NEW_OPERATIONS), user.values(OPERATIONS)
    # Only what adds to a run can make it worth saying.
    if burst.last != activity.time or burst.count < context.settings["min_operations"]:
        return
    if operations.total < context.settings["min_activities"]:
        return
    chance = operations.chance_of_new()
    tail = burst.tail(chance)
    if tail > context.settings["max_probability"]:
        return
    names = ", ".join(mark.partition(":")[2] for mark in burst.marks[:4])
    yield context.finding(
        activity,
        anchor=burst.first,
        closes=burst.last + NEW_OPERATIONS.gap,
        risk=55 + 5 * min(burst.count - context.settings["min_operations"], 8),
        reason=(
            f"{burst.count} operations never used by this user before, among the last {burst.among} activities "
            f"({names}{', ...' if burst.count > 4 else ''})"  # noqa: PLR2004
        ),
        comparisons=(
            Comparison(
                "share of new operations",
                f"{burst.count / burst.among:.0%}",
                f"{chance:.1%}",
                since=user.since,
                score=1 - tail,
            ),
            Comparison("history", days(activity.time - user.since), "at least 7 days", since=user.since),
        ),
        evidence=tuple(burst.evidence),
        evidence_count=burst.count,
    )


DETECTION = Detection(
    id="rare_api",
    title="Operations new to the user",
    description=(
        "Within an hour or so the user calls several operations never called before, although this user seldom does "
        "anything new. A stolen key is first used to look around."
    ),
    techniques=(SERVICE_DISCOVERY, INFRASTRUCTURE_DISCOVERY),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(),
    features=(OPERATIONS, NEW_OPERATIONS),
    settings={"min_operations": 7, "min_activities": 100, "max_probability": 1e-6},
    runbook=(
        "See what was called, from which address and with which key or session.",
        "Ask the owner whether the work is theirs: a new project or tool does this too.",
        "If not: deactivate the key, list what it created (users, keys, roles, functions) and remove it.",
    ),
    quiet="A user who often does something new, or fewer new operations in a row.",
)
