"""The tenant's budget: a controller on the risk that an alert must have, by the hour of event time.

Each alert that there could be, down to a risk of `LOWEST`, has a score: its risk, ties parted by severity, then by a
hash of its uid. Each hour adds its share of the budget to a balance, each alert that passes takes one from it. The
threshold of an hour is the least score such that, at the usual rate of the last two weeks, as many would pass as the
budget gives and, within `CORRECTION` hours, what the balance has: it rises where alerts are many, and falls else.
It looks at what begins `LAG` or more hours before it. What passed is derived from the same scores, by the thresholds of
their hours: thresholds are a function of the set of alerts. What changes late changes them, until all of it is sealed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from stateful.correlation.documents import Budget, Counted
from stateful.correlation.prevalence import hashed
from stateful.finding import Severity
from windowing.watermark import HOUR

LAG, CORRECTION = 2, 12
"""Hours."""
WEEK = 168
"""Hours."""
USUAL = 2 * WEEK
"""Hours, of which the usual rate is taken and the balance is drawn."""
KEPT = 2 * USUAL
PARTS, TIES = 16, 4
LOWEST = 20
"""Risk below which nothing is an alert, however much is left of the budget."""
HIGHEST = 101 * PARTS
FASTEST, SLOWEST = 4.0, 0.1
"""Times the budget: how fast a balance is made up for at most, and what is let through even if nothing is left."""
CREDIT, DEBT = 0.3, 0.3
"""Weeks of budget that the balance holds at most, and owes at most: an attack doesn't silence the week after it."""
ROUGH, OWED = 2.0, 5.0
"""Alerts that a small tenant may have in store, and owe, at least: critical ones pass whatever is left."""
LEAST = 1.0
"""Alerts a week that also the smallest tenant has."""


def counted(uid: str, created: int, risk: float, severity: Severity) -> Counted:
    """How an alert counts, whether it is sent or not; `created` is event time, ms."""
    tie = TIES * (severity.rank - 1) + hashed(uid) % TIES
    score = int(risk) * PARTS + min(tie, PARTS - 1)
    return Counted(created // HOUR, score, severity is Severity.CRITICAL)


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
    unknown = {at for at in budget.scores if at <= hour - LAG and at not in budget.thresholds}
    ledger = _Ledger(budget)
    for at in sorted(unknown | {hour}):
        budget.thresholds[at] = ledger.threshold(at, weekly(at))
    return budget.thresholds[hour]


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


class _Ledger:
    """What passed and what there was, for hours in ascending order."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._begun = min([*budget.scores, *budget.criticals], default=0)
        self._usual: Counter[int] = Counter()
        """Score -> alerts that there could have been, of the hours from `_oldest` to `_until`."""
        self._oldest, self._until = 0, -1
        self._passed: dict[int, int] = {}

    def threshold(self, hour: int, weekly: float) -> int:
        until = hour - LAG
        oldest = max(self._begun, until - USUAL + 1)
        hours = until - oldest + 1
        if hours <= 0:
            return 0
        self._advance(oldest, until)
        balance = self._balance(oldest, until, weekly)
        rate = min(max(weekly + balance * WEEK / CORRECTION, weekly * SLOWEST), weekly * FASTEST)
        allowed = rate * max(hours, 24) / WEEK
        total, least = 0, HIGHEST
        for score in sorted(self._usual, reverse=True):
            total += self._usual[score]
            if total > allowed:
                return least
            least = score
        # So few come that all may pass, unless it was critical ones that took it all.
        return HIGHEST if rate <= weekly * SLOWEST else 0

    def _advance(self, oldest: int, until: int) -> None:
        if self._until < oldest:
            self._usual.clear()
            self._oldest, self._until = oldest, oldest - 1
        for hour in range(self._until + 1, until + 1):
            self._usual.update(self._budget.scores.get(hour, {}))
        for hour in range(self._oldest, oldest):
            self._usual.subtract(self._budget.scores.get(hour, {}))
        self._oldest, self._until = oldest, until

    def _balance(self, oldest: int, until: int, weekly: float) -> float:
        """What is left of the budget after an hour: alerts; less than 0 if too much was spent."""
        most, least = max(CREDIT * weekly, ROUGH), -max(DEBT * weekly, OWED)
        balance = 0.0
        for hour in range(oldest, until + 1):
            balance = min(max(balance + weekly / WEEK - self._passed_in(hour), least), most)
        return balance

    def _passed_in(self, hour: int) -> int:
        passed = self._passed.get(hour)
        if passed is None:
            scores = self._budget.scores.get(hour)
            passed = self._budget.criticals.get(hour, 0)
            if scores:
                least = self._budget.thresholds[hour]
                passed += sum(count for score, count in scores.items() if score >= least)
            self._passed[hour] = passed
        return passed


def _add(counts: dict[int, int], key: int, by: int) -> None:
    count = counts.get(key, 0) + by
    if count:
        counts[key] = count
    else:
        counts.pop(key, None)
