"""The insights of a user as graded words: {first, uncommon} for the user, among peers, in the tenant. Never alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stateful.correlation.judgement import word
from stateful.correlation.prevalence import Prevalence
from stateful.finding import Alert, Insight
from stateful.models import DAY

TEXTS_KEPT = 12
INSIGHTS_KEPT = 64
"""Of one user's days that are not over; of more, those whose uids are lowest."""
KINDS = ("first", "uncommon")

_FIRST_IN_TENANT, _FIRST_AMONG_PEERS, _UNCOMMON_IN_TENANT, _FIRST_FOR_USER, _UNCOMMON_FOR_USER = range(5)


def take(insights: dict[str, Insight], insight: Insight) -> None:
    """Keep an insight until its day is over."""
    insights[insight.uid] = insight
    if len(insights) > INSIGHTS_KEPT:
        del insights[max(insights)]


def texts(insights: Iterable[Insight], alert: Alert, of: Callable[[Insight], Prevalence]) -> tuple[str, ...]:
    """What was new or uncommon on the days of an alert, the most telling first."""
    first, last = alert.created // DAY, alert.modified // DAY
    graded = [_graded(insight, of(insight)) for insight in insights if first <= insight.time // DAY <= last]
    return tuple(text for _, _, text in sorted(graded)[:TEXTS_KEPT])


def over(insight: Insight) -> int:
    """Event time, ms, at which an insight's day is over."""
    return (insight.time // DAY + 1) * DAY


def _graded(insight: Insight, found: Prevalence) -> tuple[int, int, str]:
    name = f"{word(insight.feature)} {insight.value}"
    if insight.kind == "uncommon":
        grade, words = _UNCOMMON_FOR_USER, "uncommon for the user"
    else:
        grade, words = _FIRST_FOR_USER, "first for the user"
    if not found.users:
        # One's own earlier use of an uncommon value doesn't make one the first in the tenant.
        grade = min(grade, _FIRST_IN_TENANT if insight.kind == "first" else _UNCOMMON_IN_TENANT)
        words += ", first in the tenant" if insight.kind == "first" else ", nobody else in the tenant shows it"
    else:
        if insight.peers and not found.peers:
            grade, words = min(grade, _FIRST_AMONG_PEERS), f"{words}, first among peers ({insight.peers})"
        if not found.common:
            grade = min(grade, _UNCOMMON_IN_TENANT)
            words += f", uncommon in the tenant ({found.users} of {found.of} users)"
    return grade, insight.time, f"{name}: {words}"
