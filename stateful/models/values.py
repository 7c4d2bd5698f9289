"""Categorical memory."""

from __future__ import annotations

import msgspec

from stateful.models.limits import VALUE_LENGTH, VALUES_KEPT


class Seen(msgspec.Struct, array_like=True, gc=False):
    """One remembered value: how often, first and last event time in ms."""

    count: int
    first: int
    last: int


class Values(msgspec.Struct, array_like=True, gc=False):
    """Categorical memory: which values a user has shown, e.g. countries or operations.

    Keeps the `VALUES_KEPT` most recently seen; `total` and `single` count what has been learnt in all.
    """

    seen: dict[str, Seen] = {}
    total: int = 0
    single: int = 0
    """Values seen exactly once."""

    def get(self, value: str) -> Seen | None:
        """What is remembered of a value."""
        return self.seen.get(value[:VALUE_LENGTH])

    def learn(self, value: str, time: int) -> None:
        """Remember that `value` was shown at `time` (event time, ms)."""
        value = value[:VALUE_LENGTH]
        known = self.seen.get(value)
        self.total += 1
        if known is not None:
            if known.count == 1:
                self.single -= 1
            known.count += 1
            known.last = time
            return
        if len(self.seen) >= VALUES_KEPT:
            self._forget()
        self.seen[value] = Seen(1, time, time)
        self.single += 1

    def chance_of_new(self) -> float:
        """Probability that the next value is a new one: Good-Turing (Good, Biometrika 1953), N1/N, smoothed."""
        return (self.single + 0.5) / (self.total + 1.0)

    def _forget(self) -> None:
        """Drop the eighth that was seen longest ago; in bulk, so that a flood of values stays cheap."""
        oldest = sorted(self.seen.items(), key=lambda item: (item[1].last, item[0]))[: VALUES_KEPT // 8]
        for value, _ in oldest:
            del self.seen[value]
        self.single = sum(entry.count == 1 for entry in self.seen.values())
