"""The tenant's budget: a controller on the risk that an alert must have, by the hour of event time.

Each alert that there could be has a score: its risk in steps of 1/32, ties parted by a hash of its uid. The threshold
of an hour is a function of those that begin `LAG` or more hours before it: the least score such that, at the usual
rate of the last weeks, as many would pass as the budget gives, plus what was spent too little or too much, made up for
within `CORRECTION` hours. What was spent is derived from the same scores, by the thresholds of their hours. So the
thresholds are a function of the set of alerts; what changes late changes them, until all of it is sealed.
"""

from __future__ import annotations

from collections.abc import Callable

from stateful.correlation.documents import Budget, Counted
from stateful.correlation.prevalence import hashed
from stateful.finding import Alert, Severity
from windowing.watermark import HOUR

LAG, CORRECTION = 2, 12
"""Hours."""
WEEK = 168
"""Hours."""
USUAL, BALANCE = 4 * WEEK, 4 * WEEK
"""Hours: of which the usual rate is taken, and for which what was spent counts."""
KEPT = USUAL + 7 * 24
FADING = 0.5 ** (1 / WEEK)
"""By which what was spent counts less with each hour: half after a week."""
PARTS = 32
HIGHEST = 101 * PARTS
FASTEST = 4.0
"""Times the budget that the controller gives at most to make up for what was not spent."""
LEAST = 1.0
"""Alerts a week that also the smallest tenant has."""


def counted(alert: Alert) -> Counted:
    """How an alert counts, whether it is sent or not."""
    score = alert.risk * PARTS + hashed(alert.uid) % PARTS
    return Counted(alert.created // HOUR, score, alert.severity is Severity.CRITICAL)


def change(budget: Budget, old: Counted | None, new: Counted | None) -> None:
    """Count an alert anew; thresholds that may change by it are forgotten."""
    if old == new:
        return
    for entry, by in ((old, -1), (new, 1)):
        if entry is None:
            continue
        if entry.critical:
            _add(budget.criticals, entry.hour, by)
        else:
            scores = budget.scores.setdefault(entry.hour, {})
            _add(scores, entry.score, by)
            if not scores:
                del budget.scores[entry.hour]
        forget(budget, entry.hour + LAG)


def forget(budget: Budget, since: int) -> None:
    """Thresholds from an hour on are to be found anew."""
    for hour in [hour for hour in budget.thresholds if hour >= since]:
        del budget.thresholds[hour]


def threshold(budget: Budget, hour: int, weekly: Callable[[int], float]) -> int:
    """The least score that an alert beginning in an hour must have.

    Args:
        budget: with all alerts that there could be.
        hour: since 1970.
        weekly: alerts a week that the budget gives at an hour.
    """
    known = budget.thresholds.get(hour)
    if known is not None:
        return known
    for earlier in sorted(budget.scores):
        if earlier <= hour - LAG and earlier not in budget.thresholds:
            budget.thresholds[earlier] = _threshold(budget, earlier, weekly(earlier))
    found = budget.thresholds[hour] = _threshold(budget, hour, weekly(hour))
    return found


def passes(entry: Counted, least: int) -> bool:
    """Whether an alert is sent."""
    return entry.critical or entry.score >= least


def settle(budget: Budget, sealed: int) -> None:
    """Forget what no threshold that can still change looks at; `sealed` is event time, ms."""
    oldest = sealed // HOUR - KEPT
    for by_hour in (budget.scores, budget.criticals, budget.thresholds):
        for hour in [hour for hour in by_hour if hour < oldest]:
            del by_hour[hour]


def words(entry: Counted, least: int) -> str:
    """Why an alert was not sent."""
    return f"budget: risk {entry.score / PARTS:.2f} is below {least / PARTS:.2f}, the threshold of its hour"


def _threshold(budget: Budget, hour: int, weekly: float) -> int:
    until = hour - LAG
    begun = min([*budget.scores, *budget.criticals], default=until)
    oldest = max(begun, until - USUAL)
    hours = until - oldest + 1
    if hours <= 0:
        return 0
    found: dict[int, int] = {}
    for at, scores in budget.scores.items():
        if oldest <= at <= until:
            for score, count in scores.items():
                found[score] = found.get(score, 0) + count
    since = max(begun, until - BALANCE)
    kept = [FADING ** (until - at) for at in range(since, until + 1)]
    spent = 0.0
    for at in sorted({*budget.scores, *budget.criticals}):
        if since <= at <= until:
            count = budget.criticals.get(at, 0)
            if at in budget.scores:
                count += sum(n for score, n in budget.scores[at].items() if score >= budget.thresholds[at])
            spent += count * FADING ** (until - at)
    owed = weekly * sum(kept) / WEEK - spent
    rate = min(weekly + owed * WEEK / CORRECTION, weekly * FASTEST)
    allowed = rate * max(hours, 24) / WEEK
    if allowed < 0:
        return HIGHEST
    total = 0
    for score in sorted(found, reverse=True):
        total += found[score]
        if total > allowed:
            return score + 1
    return 0


def _add(counts: dict[int, int], key: int, by: int) -> None:
    count = counts.get(key, 0) + by
    if count:
        counts[key] = count
    else:
        counts.pop(key, None)
