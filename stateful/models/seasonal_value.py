"""Seasonal values: the seasonal rate of a real-valued signal, on any regular grid of time."""

from __future__ import annotations

from math import exp, floor, isfinite, log
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
_JUDGED = ("above", "below", "surprise", "unrest", "calm", "shift up", "shift down", "drift up", "drift down", "still")
_STILL = len(_JUDGED) - 1
_SLOW = (_JUDGED.index("drift up"), _JUDGED.index("drift down"))
_LONG = 3000
"""Values that the share of those that are as the one before is made of at most."""
_MOVES = 500
"""Likewise the usual size of a change."""
_FEW = 20
"""Values from which on sizes are clipped."""


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
    """Average -log P of the last errors."""
    unrest: float
    """Average size of the errors for two hours, in scales."""
    shift: float
    drift: float
    same: bool
    still: float
    sizes: tuple[float, ...]
    """What is judged, by `_JUDGED`; each is the stranger the larger."""
    chances: tuple[float, ...]
    """P(at least such a size), by `_JUDGED`."""


class SeasonalValue(msgspec.Struct, array_like=True, gc=False):
    """A signal with a level, a daily and a weekly season, each robustly estimated, scored one step ahead.

    Judged are

    - the error of whichever forecast was best lately (the last value, a fast average, level and season with and without
      the latest residual), upwards and downwards apart; for half a day after an event, the way back to where the signal
      was before it is no error;
    - a run of surprises;
    - whether errors have been larger or smaller than usual for two hours: more events, other noise, a flat day;
    - the residual's average over an hour and over a third of a day, upwards and downwards apart: shifts of level, and
      days without their season;
    - how long the value has stood still at hours when it usually moves.

    Each by `EmpiricalTail` of its own past, so that they are calibrated whatever the noise and its memory, as Lavin and
    Ahmad's anomaly likelihood (ICMLA 2015) is against errors of the recent past. Scales are by time of the day, since
    noise has seasons, too; all estimates clip what is far off.

    The combined tail probability is weakened while little is known: it counts fully after five and a half days.
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
    move: float = 0.0
    """Usual size of a change, of the values that weren't as the one before."""
    moves: int = 0
    """Such values, as far as they count."""
    surprise: float = 0.0
    unrest: float = 1.0
    shift: float = 0.0
    drift: float = 0.0
    same: float = 0.0
    """Share of values that were as the one before."""
    still: float = 0.0
    """Surprise (-log P) at how long the value has stood still."""
    errors: list[float] = []
    """Mean absolute error of each forecast lately."""
    season: list[float] = []
    """By time of the day."""
    season_seen: list[int] = []
    week: list[float] = []
    """By hour of the week, beyond `season`."""
    week_seen: list[int] = []
    scales: list[float] = []
    """By time of the day."""
    spreads: list[float] = []
    sames: list[float] = []
    """Share of values as the one before."""
    slots_seen: list[int] = []
    tails: list[EmpiricalTail] = []
    since: list[int] = []
    """Values since one was beyond each of the tails."""
    before: float = 0.0
    """What `residual` was before the last event."""
    away: int = 0
    """Values that are left for it to end in."""

    FAST: ClassVar[float] = 0.3
    LEVEL_DAYS: ClassVar[float] = 5.0
    EXTREME: ClassVar[float] = 0.002
    AGAIN: ClassVar[float] = 64.0
    """Of extremes that come within `EVENT` values of another, so many count as one."""
    EVENT: ClassVar[int] = 36
    CLIP: ClassVar[float] = 4.0
    """Spreads that a value moves the estimates by at most."""
    BOUND: ClassVar[int] = (6 * _MOST_SLOTS + 2 * _WEEK_HOURS) * 9 + len(_JUDGED) * (EmpiricalTail.BOUND + 3) + 320
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
        self.scales, self.spreads, self.sames = [0.0] * slots, [0.0] * slots, [0.0] * slots
        self.errors, self.slots_seen = [0.0] * _FORECASTS, [0] * slots
        self.tails, self.since = [EmpiricalTail() for _ in _JUDGED], [self.EVENT] * _STILL
        self.first = self.time = time
        self.last = self.fast = self.level = value
        self.scale = abs(value) * 0.05
        self.count = 1

    def _slot(self, time: int) -> int:
        return time % DAY * len(self.season) // DAY

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
        slot, usual = self._slot(time), max(1.0, self._daily / len(self.season))
        residual = value - base
        if self.away:
            # The way back from an event is none.
            error = min(error, residual - self.before, key=abs)
        # A signal of rests and moves has next to no error on average: its moves are the yardstick then.
        least = max(1e-9 * abs(self.level) + 1e-12, 0.02 * self.spread, 0.1 * self.move)
        seen, prior = self.slots_seen[slot], 8.0 * usual
        scale = max(least, (self.scales[slot] * seen + self.scale * prior) / (seen + prior))
        spread = max(least, (self.spreads[slot] * seen + (self.spread or abs(residual)) * prior) / (seen + prior))
        size = error / scale
        up, down = self.tails[0].score(size), self.tails[1].score(-size)
        surprise = self.surprise + (min(10.0, -log(min(1.0, 2.0 * min(up, down)))) - self.surprise) / 8.0
        unrest = self.unrest + (min(10.0, abs(size)) - self.unrest) / max(8.0, self._daily / 12.0)
        shift = self.shift + (residual / spread - self.shift) / max(3.0, self._daily / 24.0)
        drift = self.drift + (residual / spread - self.drift) / max(6.0, self._daily / 3.0)
        same = self.spread > 0.0 and abs(value - self.last) <= 1e-3 * self.spread
        often = max(0.02, (self.sames[slot] * seen + self.same * prior) / (seen + prior))
        still = self.still - log(often) if same else 0.0
        sizes = (size, -size, surprise, unrest, 1.0 / max(unrest, 0.05), shift, -shift, drift, -drift, still)
        rest = zip(self.tails[2:_STILL], sizes[2:_STILL], strict=True)
        stood = max(exp(-still), self.tails[_STILL].score(still))
        chances = (up, down, *(tail.score(quantity) for tail, quantity in rest), stood)
        averages = (surprise, unrest, shift, drift)
        return _View(forecasts, residual, error, scale, spread, *averages, same, still, sizes, chances)

    def _combined(self, time: int, view: _View) -> float:
        """Bonferroni over what is judged, to the power of how far the model can be trusted yet."""
        days = (time - self.first) / DAY
        trust = 0.8 * min(1.0, max(0.0, (days - 0.75) / 1.75)) + 0.2 * min(1.0, max(0.0, (days - 2.5) / 3.0))
        trust *= min(1.0, self.count / 60.0)
        return float(min(1.0, 6.0 * max(1e-60, min(view.chances))) ** trust)

    def _learn(self, time: int, value: float, view: _View) -> None:
        self._keep(view)
        self.away = max(0, self.away - 1)
        begins = not self.away or abs(self.residual - self.before) <= self.CLIP * view.scale
        if begins and min(view.chances[:2]) <= self.EXTREME:
            self.before, self.away = self.residual, round(max(24.0, self._daily / 2.0))
        self.surprise, self.unrest, self.shift, self.drift = view.surprise, view.unrest, view.shift, view.drift
        self.still = view.still
        self.same += (view.same - self.same) / min(self.count + 1, _LONG)
        if value != self.last and not view.same:
            self.moves = min(self.moves + 1, _MOVES)
            change = abs(value - self.last)
            self.move += (min(change, 5.0 * self.move if self.moves > _FEW else change) - self.move) / self.moves
        self._estimate(time, value, view)
        self.residual += (view.residual - self.residual) * self.FAST
        self.fast += (value - self.fast) * self.FAST
        self.last, self.time, self.count = value, max(self.time, time), self.count + 1

    def _keep(self, view: _View) -> None:
        """Take what was judged into the tails.

        What was learnt while the season was unknown is forgotten. Extremes close to each other are one event: the first
        counts, the others little, lest they become their own yardstick. A run of values that stood still counts once,
        when it has ended.
        """
        memory = round(min(EmpiricalTail.MEMORY, max(self.count / 2, 2.0 * self._daily, 100.0)))
        for place, tail in enumerate(self.tails[:_STILL]):
            again = view.chances[place] <= self.EXTREME
            share = 1.0 / max(self.AGAIN, 2.0 * self._daily / 3.0 if place in _SLOW else 0.0)
            tail.learn(view.sizes[place], memory, share if again and self.since[place] < self.EVENT else 1.0)
            self.since[place] = 0 if again else min(self.EVENT, self.since[place] + 1)
        if not view.same:
            self.tails[_STILL].learn(self.still, memory)

    def _estimate(self, time: int, value: float, view: _View) -> None:
        """Take the value into level, seasons and scales."""
        daily, number = self._daily, self.count + 1
        for place, forecast in enumerate(view.forecasts):
            missed = min(abs(value - forecast), 6.0 * view.scale)
            self.errors[place] += (missed - self.errors[place]) / min(number, max(24.0, 2.0 * daily))
        error, size, residual = abs(view.error), abs(view.residual), view.residual
        if number > _FEW and self.spread > 0.0:
            error, size = min(error, 5.0 * self.scale), min(size, 5.0 * self.spread)
            residual = max(-self.CLIP * self.spread, min(self.CLIP * self.spread, residual))
        self.scale += (error - self.scale) / min(number, max(60.0, 5.0 * daily))
        self.spread += (size - self.spread) / min(number - 1, max(60.0, 7.0 * daily))
        slot = self._slot(time)
        per_slot = max(1.0, daily / len(self.season))
        seen = self.slots_seen[slot] = min(self.slots_seen[slot] + 1, round(10 * per_slot))
        self.scales[slot] += (min(abs(view.error), 5.0 * view.scale) - self.scales[slot]) / seen
        self.spreads[slot] += (min(abs(view.residual), 5.0 * view.spread) - self.spreads[slot]) / seen
        self.sames[slot] += (view.same - self.sames[slot]) / seen
        self.level += residual / min(number, max(24.0, self.LEVEL_DAYS * daily))
        seen = self.season_seen[slot] = min(self.season_seen[slot] + 1, round(14 * per_slot))
        self.season[slot] += residual / (seen + 1)
        # Before the day's season is known, the week's would take a share of it that is missing the next week.
        if seen > 4 * per_slot:
            week = (time // HOUR - _MONDAY_HOUR) % _WEEK_HOURS
            seen = self.week_seen[week] = min(self.week_seen[week] + 1, round(6 * max(1.0, HOUR / self.step)))
            self.week[week] += residual / (seen + 1)
