"""Seasonal values: the seasonal rate of a real-valued signal, on any regular grid of time."""

from __future__ import annotations

from math import floor, isfinite, log
from typing import ClassVar, NamedTuple

import msgspec

from stateful.models.empirical_tail import EmpiricalTail
from stateful.models.limits import DAY
from stateful.models.seasonal_rate import HOUR

_FORECASTS, _HOURS, _WEEK_HOURS = 4, 24, 168
_MOST_SLOTS = 96
_MONDAY_HOUR = 96
"""Hours from the epoch's Thursday to a Monday."""
LARGEST = 1e100


class _View(NamedTuple):
    """What a value looks like against the model."""

    forecasts: tuple[float, ...]
    residual: float
    """Value less level and season."""
    error: float
    """Value less the forecast that was best lately."""
    scale: float
    """Usual size of the error at this hour."""
    spread: float
    """Usual size of the residual at this hour."""
    surprise: float
    shift: float
    drift: float
    same: int
    chances: tuple[float, ...]


class SeasonalValue(msgspec.Struct, array_like=True, gc=False):
    """A signal with a level, a daily and a weekly season, each robustly estimated, scored one step ahead.

    Five things are judged: the error of whichever forecast was best lately (the last value, a fast average, level and
    season with and without the latest residual); a run of such surprises; the residual's average over an hour and over
    a third of a day, for shifts of level; and how long the value stands still. The first four by `EmpiricalTail` of
    their own past, so that they are calibrated whatever the noise and its memory; the last by how often it repeats
    itself. Scales are by hour of the day, since noise has seasons, too; all estimates clip what is far off.

    The combined tail probability is weakened while little is known: it counts fully after eight days.
    """

    step: int = 5 * 60_000
    """ms from one value to the next."""
    count: int = 0
    first: int = -1
    """Time of the first value, ms; -1 before it."""
    time: int = -1
    """Of the last one."""
    last: float = 0.0
    fast: float = 0.0
    level: float = 0.0
    residual: float = 0.0
    """Fast average of residuals."""
    scale: float = 0.0
    spread: float = 0.0
    surprise: float = 0.0
    shift: float = 0.0
    drift: float = 0.0
    run: int = 0
    """Values in a row that were as the one before."""
    same: float = 0.0
    """Such values in all, with forgetting."""
    errors: list[float] = []
    """Mean absolute error of each forecast lately."""
    season: list[float] = []
    """By time of the day."""
    season_seen: list[int] = []
    week: list[float] = []
    """By hour of the week, beyond `season`."""
    week_seen: list[int] = []
    scales: list[float] = []
    """By hour of the day."""
    spreads: list[float] = []
    hours_seen: list[int] = []
    tails: list[EmpiricalTail] = []
    extreme: int = 0
    """Bits: which of the tails the last value was beyond."""

    FAST: ClassVar[float] = 0.3
    LEVEL_DAYS: ClassVar[float] = 5.0
    EXTREME: ClassVar[float] = 0.002
    AGAIN: ClassVar[float] = 0.25
    CLIP: ClassVar[float] = 4.0
    """Spreads that a value moves the estimates by at most."""
    BOUND: ClassVar[int] = 2 * (_MOST_SLOTS + _WEEK_HOURS) * 14 + 3 * _HOURS * 9 + 4 * EmpiricalTail.BOUND + 256
    """Bytes of its encoding at most."""

    def score(self, time: int, value: float) -> float:
        """P(something at least as strange on a step), on either side; 1.0 for what isn't a finite number.

        Args:
            time: start of the step, ms.
            value: of the signal.
        """
        view = self._view(time, value)
        return 1.0 if view is None else self._combined(time, view)

    def learn(self, time: int, value: float) -> None:
        """Take the next value into the estimates. In order of time; steps may be missing."""
        self.take(time, value)

    def take(self, time: int, value: float) -> float:
        """`score`, then `learn`, at the cost of one."""
        if not isfinite(value):
            return 1.0
        value = max(-LARGEST, min(LARGEST, float(value)))
        if self.first < 0 and not self.count:
            self._begin(time, value)
            return 1.0
        view = self._view(time, value)
        if view is None:
            return 1.0
        found = self._combined(time, view)
        self._learn(time, value, view)
        return found

    def expected(self, time: int) -> float:
        """Level and season at `time`, ms."""
        return self.level + self._season(time) if self.count else 0.0

    @property
    def _daily(self) -> float:
        """Steps of a day."""
        return DAY / self.step

    def _begin(self, time: int, value: float) -> None:
        slots = int(max(_HOURS, min(_MOST_SLOTS, self._daily)))
        self.season, self.season_seen = [0.0] * slots, [0] * slots
        self.week, self.week_seen = [0.0] * _WEEK_HOURS, [0] * _WEEK_HOURS
        self.scales, self.spreads, self.hours_seen = [0.0] * _HOURS, [0.0] * _HOURS, [0] * _HOURS
        self.errors, self.tails = [0.0] * _FORECASTS, [EmpiricalTail() for _ in range(4)]
        self.first = self.time = time
        self.last = self.fast = self.level = value
        self.scale = abs(value) * 0.05
        self.count = 1

    def _season(self, time: int) -> float:
        """Between the middles of two slots of the day; and the hour of the week's. Shrunk to 0 while little is seen."""
        slots = len(self.season)
        per_slot = max(1.0, self._daily / slots)
        position = time % DAY * slots / DAY - (0.5 if per_slot > 1.0 else 0.0)
        before = floor(position)
        share = position - before
        daily = 0.0
        for slot, weight in ((before % slots, 1.0 - share), ((before + 1) % slots, share)):
            seen = self.season_seen[slot]
            daily += weight * self.season[slot] * seen / (seen + 0.5 * per_slot)
        hour = (time // HOUR - _MONDAY_HOUR) % _WEEK_HOURS
        seen = self.week_seen[hour]
        return daily + self.week[hour] * seen / (seen + 1.5 * max(1.0, HOUR / self.step))

    def _view(self, time: int, value: float) -> _View | None:
        if not self.count or not isfinite(value):
            return None
        value = max(-LARGEST, min(LARGEST, float(value)))
        base = self.level + self._season(time)
        near = base + self.residual
        # After a pause the last values are no forecast.
        gone = time - self.time > 3 * self.step
        forecasts = (near, near, near, base) if gone else (self.last, self.fast, near, base)
        error = value - min(zip(self.errors, forecasts, strict=True), key=lambda entry: entry[0])[1]
        hour = time % DAY // HOUR
        residual = value - base
        least = 1e-9 * abs(self.level) + 1e-12 + 0.02 * self.spread
        seen, prior = self.hours_seen[hour], 8.0 * max(1.0, HOUR / self.step)
        scale = max(least, (self.scales[hour] * seen + self.scale * prior) / (seen + prior))
        spread = max(least, (self.spreads[hour] * seen + (self.spread or abs(residual)) * prior) / (seen + prior))
        chance = self.tails[0].score(abs(error) / scale)
        surprise = self.surprise + (min(10.0, -log(chance)) - self.surprise) / 8.0
        shift = self.shift + (residual / spread - self.shift) / max(3.0, self._daily / 24.0)
        drift = self.drift + (residual / spread - self.drift) / max(6.0, self._daily / 3.0)
        same = int(self.spread > 0.0 and abs(value - self.last) <= 1e-3 * self.spread)
        run = self.run + 1 if same else 0
        often = max(0.02, (self.same + 10.0) / (min(self.count, 3000) + 20.0))
        chances = (
            chance,
            self.tails[1].score(surprise),
            self.tails[2].score(abs(shift)),
            self.tails[3].score(abs(drift)),
            min(1.0, 5.0 * often**run) if run > 3 else 1.0,  # noqa: PLR2004
        )
        return _View(forecasts, residual, error, scale, spread, surprise, shift, drift, same, chances)

    def _combined(self, time: int, view: _View) -> float:
        """Bonferroni over what is judged, to the power of how far the model can be trusted yet."""
        days = (time - self.first) / DAY
        trust = 0.7 * min(1.0, max(0.0, (days - 0.75) / 1.75)) + 0.3 * min(1.0, max(0.0, (days - 2.5) / 5.5))
        trust *= min(1.0, self.count / 60.0)
        return float(min(1.0, 4.0 * max(1e-60, min(view.chances))) ** trust)

    def _learn(self, time: int, value: float, view: _View) -> None:
        daily, hourly = self._daily, max(1.0, HOUR / self.step)
        sizes = (abs(view.error) / view.scale, view.surprise, abs(view.shift), abs(view.drift))
        # What was learnt while the season was unknown is forgotten. Extremes in a row are one event: the first counts,
        # the others little, lest they become their own yardstick.
        memory = round(min(EmpiricalTail.MEMORY, max(self.count / 2, 2.0 * daily, 100.0)))
        extreme = 0
        for place, tail in enumerate(self.tails):
            again = view.chances[place] <= self.EXTREME
            tail.learn(sizes[place], memory, self.AGAIN if again and self.extreme >> place & 1 else 1.0)
            extreme |= again << place
        self.extreme = extreme
        self.surprise, self.shift, self.drift = view.surprise, view.shift, view.drift
        self.run = self.run + 1 if view.same else 0
        self.same += view.same - (self.same / 3000.0 if self.count > 3000 else 0.0)  # noqa: PLR2004
        number = self.count + 1
        for place, forecast in enumerate(view.forecasts):
            missed = min(abs(value - forecast), 6.0 * view.scale)
            self.errors[place] += (missed - self.errors[place]) / min(number, max(24.0, 2.0 * daily))
        error, size, residual = abs(view.error), abs(view.residual), view.residual
        if number > 21 and self.spread > 0.0:  # noqa: PLR2004
            error, size = min(error, 5.0 * self.scale), min(size, 5.0 * self.spread)
            residual = max(-self.CLIP * self.spread, min(self.CLIP * self.spread, residual))
        self.scale += (error - self.scale) / min(number, max(60.0, 5.0 * daily))
        self.spread += (size - self.spread) / min(number - 1, max(60.0, 7.0 * daily))
        hour = time % DAY // HOUR
        seen = self.hours_seen[hour] = min(self.hours_seen[hour] + 1, round(10 * hourly))
        self.scales[hour] += (min(abs(view.error), 5.0 * view.scale) - self.scales[hour]) / seen
        self.spreads[hour] += (min(abs(view.residual), 5.0 * view.spread) - self.spreads[hour]) / seen
        self.level += residual / min(number, max(24.0, self.LEVEL_DAYS * daily))
        slots = len(self.season)
        slot = time % DAY * slots // DAY
        seen = self.season_seen[slot] = min(self.season_seen[slot] + 1, round(14 * max(1.0, daily / slots)))
        self.season[slot] += residual / (seen + 1)
        week = (time // HOUR - _MONDAY_HOUR) % _WEEK_HOURS
        seen = self.week_seen[week] = min(self.week_seen[week] + 1, round(6 * hourly))
        self.week[week] += residual / (seen + 1)
        self.residual += (view.residual - self.residual) * self.FAST
        self.fast += (value - self.fast) * self.FAST
        self.last, self.time, self.count = value, max(self.time, time), number
