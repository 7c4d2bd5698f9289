"""Seasonal rates: how many in a window, given the hour and the weekday."""

from __future__ import annotations

from math import expm1, log1p, sqrt
from typing import ClassVar, Self

import msgspec
from scipy.special import stdtr

from stateful.models.limits import DAY

HOUR = DAY // 24
WEEK = 7 * DAY
_UNIT = 64
"""Weights are kept in such parts of one, as integers: small when encoded, the same on every machine."""
_HOURS, _WEEKDAYS = 24, 7
_MONDAY = 4 * DAY
"""1970-01-05 was one; ms."""
LARGEST = 1 << 62
"""Counts above it count as this."""


class SeasonalRate(msgspec.Struct, array_like=True, gc=False):
    """Counts of windows of an hour, over-dispersed, zero-inflated, by hour of the day (UTC) and weekday.

    A hurdle model: P(count >= k) = P(any in this hour and weekday) P(count >= k | any). Whether there is any is a
    product of an hour's and a weekday's rate, each shrunk to the user's overall one, the hours smoothed with their
    neighbours, so that a change to summer time doesn't make a morning strange. The count of a window with any is
    log-normal around a level with an hour's and a weekday's effect, its tail Student's t of the posterior predictive;
    the spread is not below that of a Poisson count. All weights lose an eighth each week: what is 5 weeks old counts
    half.

    Windows between two learnt ones were empty, which is learnt, too; of a pause only the last week is.
    """

    last: int = -1
    """Start of the last window learnt, ms; -1 before the first."""
    hours: list[int] = []
    """Weight of the windows learnt, by hour of the day; in 1/64, as the next four."""
    active_hours: list[int] = []
    """Of those with any."""
    weekdays: list[int] = []
    active_weekdays: list[int] = []
    hour_effects: list[int] = []
    """By hour, weighted sums of the logarithm's deviation from the level."""
    weekday_effects: list[int] = []
    """By weekday, of its deviation from level and hour."""
    weight: float = 0.0
    """Of the windows with any that `level` and `square` are made of."""
    level: float = 0.0
    """Mean of log(1 + count) in windows with any."""
    square: float = 0.0
    """Sum of squared one-step errors of the logarithm."""
    window: int = -1
    """Start of the window that is being counted, ms."""
    count: int = 0
    """In it, so far."""

    PRIOR_HOURS: ClassVar[float] = 3.0
    """Windows that an hour must be seen for its own rate to weigh as much as the overall one."""
    PRIOR_WEEKDAYS: ClassVar[float] = 12.0
    """Likewise a weekday."""
    PRIOR_ACTIVE: ClassVar[float] = 0.15
    PRIOR_WINDOWS: ClassVar[float] = 24.0
    """Windows that this prior share of those with any weighs as."""
    PRIOR_LEVEL: ClassVar[float] = log1p(3.0)
    PRIOR_SPREAD: ClassVar[float] = 1.0
    PRIOR_DEGREES: ClassVar[float] = 4.0
    MOST_DEGREES: ClassVar[float] = 12.0
    """Of Student's t: tails stay heavier than the normal's however much was learnt."""
    MEMORY: ClassVar[float] = 400.0
    """Windows with any that level and spread are made of at most."""
    GUARD: ClassVar[float] = 6.0
    """Spreads above the expected that a window is learnt as at most."""
    BOUND: ClassVar[int] = (3 * _HOURS + 3 * _WEEKDAYS) * 9 + 64
    """Bytes of its encoding at most."""

    def copy(self) -> Self:
        """A copy that counts by itself."""
        return msgspec.structs.replace(self)

    def add(self, time: int, number: int = 1) -> None:
        """Count `number` at `time` (event time, ms), in order; a window is learnt when one behind it begins."""
        if time - self.window < HOUR and time >= self.window >= 0:
            count = self.count + number
        else:
            start = time // HOUR * HOUR
            count = self.count + number
            if start > self.window:
                if self.window >= 0:
                    self.learn(self.window, self.count)
                self.window, count = start, number
        self.count = count if count < LARGEST else LARGEST

    def tail(self) -> float:
        """The score of the window that is being counted by `add`."""
        return self.score(self.window, self.count) if self.window >= 0 else 1.0

    def learn(self, start: int, count: int) -> None:
        """Take a whole window into the baseline, and the empty ones before it. In order of time.

        Args:
            start: of the window, event time in ms.
            count: in it, 0 or more.
        """
        self._begin()
        if self.last >= 0 and start > self.last:
            self._age(start)
            self._expose(max(self.last + HOUR, start - WEEK), start)
        self._expose(start, start + HOUR)
        if count > 0:
            self._magnitude(start, min(count, LARGEST))
        self.last = max(self.last, start)

    def score(self, start: int, count: int) -> float:
        """P(the window has at least `count`); 1.0 where that isn't more than expected.

        Args:
            start: of the window, event time in ms.
            count: so far or in all.
        """
        if count <= 0:
            return 1.0
        active = self.chance_of_any(start)
        center = self._center(start)
        value = log1p(min(count, LARGEST) - 0.5)
        if value <= center:
            return active
        degrees = min(self.MOST_DEGREES, self.PRIOR_DEGREES + self.weight)
        spread = self._spread(center) * sqrt(1.0 + 1.0 / (1.0 + self.weight))
        return active * float(stdtr(degrees, (center - value) / spread))

    def expected(self, start: int) -> float:
        """The count expected of the window that begins then: chance of any, times the median if any."""
        return self.chance_of_any(start) * expm1(self._center(start))

    def usual(self, start: int) -> float:
        """The median count of the window that begins then, if it has any."""
        return expm1(self._center(start))

    def chance_of_any(self, start: int) -> float:
        """P(the window that begins then has any)."""
        if not self.hours:
            return self.PRIOR_ACTIVE
        hour, weekday = _slots(start)
        prior = self.PRIOR_WINDOWS * _UNIT
        overall = (sum(self.active_hours) + self.PRIOR_ACTIVE * prior) / (sum(self.hours) + prior)
        around = ((hour - 1) % _HOURS, hour, (hour + 1) % _HOURS)
        own = self._rate(_smooth(self.active_hours, around), _smooth(self.hours, around), self.PRIOR_HOURS, overall)
        daily = self._rate(self.active_weekdays[weekday], self.weekdays[weekday], self.PRIOR_WEEKDAYS, overall)
        # Odds multiply, not chances: the product of two high chances is no lower than either.
        odds = own / (1.0 - own) * (daily / (1.0 - daily)) * ((1.0 - overall) / overall)
        return odds / (1.0 + odds)

    def _rate(self, active: float, seen: float, prior: float, overall: float) -> float:
        return (active + prior * _UNIT * overall) / (seen + prior * _UNIT)

    def _center(self, start: int) -> float:
        """The logarithm expected of a window with any, shrunk to the prior."""
        hour, weekday = _slots(start)
        center = (self.level * self.weight + self.PRIOR_LEVEL) / (self.weight + 1.0)
        if not self.hours:
            return center
        effect = self._effect(self.hour_effects[hour], self.active_hours[hour])
        return max(0.0, center + effect + self._effect(self.weekday_effects[weekday], self.active_weekdays[weekday]))

    def _effect(self, total: int, weight: int) -> float:
        return total / (weight + self.PRIOR_HOURS * _UNIT)

    def _spread(self, center: float) -> float:
        degrees = self.PRIOR_DEGREES + self.weight
        variance = (self.PRIOR_DEGREES * self.PRIOR_SPREAD**2 + self.square) / degrees
        mean = expm1(center)
        # A Poisson count's, by the delta method: log(1 + n) of mean m has the variance m / (1 + m)^2.
        return sqrt(max(variance, mean / (1.0 + mean) ** 2))

    def _magnitude(self, start: int, count: int) -> None:
        hour, weekday = _slots(start)
        center = self._center(start)
        error = log1p(count) - center
        if self.weight >= self.PRIOR_DEGREES:
            error = min(error, self.GUARD * self._spread(center))
        if self.weight >= self.MEMORY:
            self.square *= (self.MEMORY - 1.0) / self.weight
            self.weight = self.MEMORY - 1.0
        self.weight += 1.0
        self.square += error * error
        value = center + error
        deviation = value - self.level
        self.level += deviation / self.weight
        effect = self._effect(self.hour_effects[hour], self.active_hours[hour])
        self.hour_effects[hour] += round((value - self.level) * _UNIT)
        self.weekday_effects[weekday] += round((value - self.level - effect) * _UNIT)
        self.active_hours[hour] += _UNIT
        self.active_weekdays[weekday] += _UNIT

    def _expose(self, start: int, end: int) -> None:
        """Take in that the windows from `start` to before `end` were there."""
        hours, weekdays = self.hours, self.weekdays
        for window in range(start, end, HOUR):
            hours[window % DAY // HOUR] += _UNIT
            weekdays[(window - _MONDAY) // DAY % _WEEKDAYS] += _UNIT

    def _begin(self) -> None:
        """Lists of its own: copies share them."""
        if self.hours:
            self.hours, self.weekdays = self.hours.copy(), self.weekdays.copy()
            self.active_hours, self.active_weekdays = self.active_hours.copy(), self.active_weekdays.copy()
            self.hour_effects, self.weekday_effects = self.hour_effects.copy(), self.weekday_effects.copy()
            return
        self.hours, self.active_hours, self.hour_effects = [0] * _HOURS, [0] * _HOURS, [0] * _HOURS
        self.weekdays, self.active_weekdays, self.weekday_effects = [0] * _WEEKDAYS, [0] * _WEEKDAYS, [0] * _WEEKDAYS

    def _age(self, start: int) -> None:
        """Take an eighth of all weights for each Monday that has passed; of many, as many as leave nothing."""
        passed = min(64, (start - _MONDAY) // WEEK - (self.last - _MONDAY) // WEEK)
        for _ in range(passed):
            for weights in (self.hours, self.active_hours, self.hour_effects):
                weights[:] = [_seven_eighths(weight) for weight in weights]
            for weights in (self.weekdays, self.active_weekdays, self.weekday_effects):
                weights[:] = [_seven_eighths(weight) for weight in weights]


def _slots(start: int) -> tuple[int, int]:
    """Hour of the day (UTC) and weekday, Monday 0."""
    return start % DAY // HOUR, (start - _MONDAY) // DAY % _WEEKDAYS


def _smooth(weights: list[int], around: tuple[int, int, int]) -> float:
    before, here, after = around
    return weights[here] * 0.5 + (weights[before] + weights[after]) * 0.25


def _seven_eighths(weight: int) -> int:
    return weight * 7 // 8 if weight >= 0 else -(-weight * 7 // 8)
