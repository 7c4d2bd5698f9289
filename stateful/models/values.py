"""Categorical memory: which values a user shows, how likely each is, and a new one."""

from __future__ import annotations

from typing import ClassVar, Self

import msgspec

from stateful.models.limits import DAY, VALUE_LENGTH, VALUES_KEPT

COMMON = 0.01
"""A value with at least this chance is no surprise: the rarer ones needn't be added up."""


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One remembered value: how often, first and last event time in ms. Copies of `Values` share it."""

    count: int
    first: int
    last: int
    weight: float = 0.0
    """The count with forgetting, as of `last`; 0: kept by a release without it, the count stands in."""


class Values(msgspec.Struct, array_like=True, gc=False):
    """Categorical memory: which values a user has shown, e.g. countries or operations.

    Keeps `VALUES_KEPT`, those with the most weight; `total` and `single` count what has been learnt in all. Weights
    halve every `HALF_LIFE`, by whole days (UTC), so that what was usual long ago becomes rare again. A flood of values
    drives out those seen once or long ago, never the usual ones.
    """

    seen: dict[str, Seen] = {}
    total: int = 0
    single: int = 0
    """Values seen exactly once."""
    mass: float = 0.0
    """Weight of all that was learnt, as of `last`."""
    last: int = -1
    """Event time of the last one learnt, ms; -1: nothing was, or by a release without forgetting."""
    lost: float = 0.0
    """Weight of the values that were dropped having been seen once, as of `last`: Good-Turing needs them."""

    HALF_LIFE: ClassVar[float] = 45.0 * DAY
    """ms"""
    BOUND: ClassVar[int] = VALUES_KEPT * (4 * VALUE_LENGTH + 40) + 64
    """Bytes of its encoding at most: characters may take four."""

    def copy(self) -> Self:
        """A copy that learns by itself."""
        return msgspec.structs.replace(self, seen=self.seen.copy())

    def get(self, value: str) -> Seen | None:
        """What is remembered of a value."""
        return self.seen.get(value[:VALUE_LENGTH])

    def learn(self, value: str, time: int) -> None:
        """Remember that `value` was shown at `time` (event time, ms)."""
        value = value[:VALUE_LENGTH]
        known = self.seen.get(value)
        if known is not None:
            count, last, weight = known.count, known.last, known.weight
            if weight and count > 1 and time // DAY == last // DAY == self.last // DAY:
                # Nothing has aged since: what most activities of a day come to.
                self.total += 1
                self.mass += 1.0
                self.last = max(self.last, time)
                self.seen[value] = Seen(count + 1, known.first, time if time > last else last, weight + 1.0)
                return
        self._age(time)
        self.total += 1
        self.mass += 1.0
        if known is not None:
            if known.count == 1:
                self.single -= 1
            latest = max(known.last, time)
            self.seen[value] = Seen(known.count + 1, known.first, latest, 1.0 + _weight(known, time))
            return
        if len(self.seen) >= VALUES_KEPT:
            self._forget(time)
        self.seen[value] = Seen(1, time, time, 1.0)
        self.single += 1

    def score(self, value: str, time: int) -> float:
        """P(a value at most as likely as this one), at `time` (event time, ms); for a new value, P(a new one).

        1.0 where the value's chance alone is `COMMON`, since then nothing surprises. With nothing learnt, 1.0.
        """
        if not self.total:
            return 1.0
        known = self.seen.get(value[:VALUE_LENGTH])
        mass = self._mass(time)
        if known is None:
            return self._novel(time, mass)
        own = _weight(known, time)
        if own >= COMMON * mass:
            return 1.0
        rarer = sum(weight for entry in self.seen.values() if (weight := _weight(entry, time)) <= own)
        return min(1.0, self._novel(time, mass) + rarer / (mass + 1.0))

    def chance(self, value: str, time: int) -> float:
        """P(the next value is this one), at `time` (event time, ms); for a value not remembered, P(any new one)."""
        known = self.seen.get(value[:VALUE_LENGTH])
        mass = self._mass(time)
        return self._novel(time, mass) if known is None else _weight(known, time) / (mass + 1.0)

    def top(self, number: int, time: int) -> list[tuple[str, float]]:
        """The likeliest values with their chances, at `time` (event time, ms)."""
        weights = sorted(((-_weight(entry, time), value) for value, entry in self.seen.items()))[:number]
        mass = self._mass(time)
        return [(value, -weight / (mass + 1.0)) for weight, value in weights]

    def chance_of_new(self) -> float:
        """Probability that the next value is a new one: Good-Turing (Good, Biometrika 1953), N1/N, smoothed.

        Without forgetting; `score` of a value not remembered is the same with it.
        """
        return (self.single + 0.5) / (self.total + 1.0)

    def _novel(self, time: int, mass: float) -> float:
        """Good-Turing on weights: the values seen once, those dropped among them."""
        single = sum(_weight(entry, time) for entry in self.seen.values() if entry.count == 1) if self.single else 0.0
        lost = self.lost * _decay(self.last, time) if self.last >= 0 else 0.0
        return min(1.0, (single + lost + 0.5) / (mass + 1.0))

    def _mass(self, time: int) -> float:
        if self.last < 0:
            return float(self.total)
        return self.mass * _decay(self.last, time)

    def _age(self, time: int) -> None:
        """Bring `mass` and `lost` to `time`."""
        if self.last < 0:
            self.mass, self.last = float(self.total), time
        elif time > self.last:
            decay = _decay(self.last, time)
            if decay < 1.0:
                self.mass *= decay
                self.lost *= decay
            self.last = time

    def _forget(self, time: int) -> None:
        """Drop the eighth with the least weight, then seen longest ago; in bulk: a flood of values stays cheap."""
        ranked = sorted((_weight(entry, time), entry.last, value) for value, entry in self.seen.items())
        for weight, _, value in ranked[: VALUES_KEPT // 8]:
            if self.seen[value].count == 1:
                self.lost += weight
            del self.seen[value]
        self.single = sum(entry.count == 1 for entry in self.seen.values())


def _weight(entry: Seen, time: int) -> float:
    return (entry.weight or entry.count) * _decay(entry.last, time)


def _decay(last: int, time: int) -> float:
    """What is left at `time` of a weight as of `last`; an earlier time changes nothing."""
    days = time // DAY - last // DAY
    return float(0.5 ** (days * DAY / Values.HALF_LIFE)) if days > 0 else 1.0
