"""An empirical distribution of a positive quantity, and its tail beyond what was seen."""

from __future__ import annotations

from math import exp, log, log2
from typing import ClassVar

import msgspec

_BINS = 80
_PER_OCTAVE = 4
_LOWEST = -5
"""log2 of the lower edge of the second bin; the first takes all below."""
LARGEST = 1e100
_UNIT = 1024
"""Entries count so much, so that a part of one is an integer, too."""
_WIDTH = log(2.0) / _PER_OCTAVE
_LEAST_THRESHOLD = _PER_OCTAVE * (-1 - _LOWEST)
"""Bin of a half. Quantities are in units of what is usual: below it there is no tail, even of what hardly ever is."""


class EmpiricalTail(msgspec.Struct, array_like=True, gc=False):
    """A histogram over logarithmic bins, whose tail is a power law fitted to its highest entries.

    Beyond the threshold that `HIGHEST` entries exceed, P(X > x) = P(X > u) (x / u)^-a with Hill's estimate of the index
    a (Hill, Annals of Statistics 1975), shrunk to a prior: noise with a steep tail makes a moderate excess improbable,
    quantities that burst by nature don't. Where entries that are all alike have no such tail, their share is P. Beyond
    `MEMORY` entries a tenth of all is forgotten.
    """

    counts: list[int] = []
    total: int = 0

    HIGHEST: ClassVar[int] = 10
    SHARE: ClassVar[float] = 0.004
    """Of the entries, that exceed the threshold at least."""
    PRIOR_INDEX: ClassVar[float] = 4.0
    PRIOR_WEIGHT: ClassVar[float] = 4.0
    FEWEST: ClassVar[int] = 8
    """With fewer entries nothing is improbable."""
    MEMORY: ClassVar[int] = 10_000
    BOUND: ClassVar[int] = _BINS * 5 + 16
    """Bytes of its encoding at most."""

    def learn(self, quantity: float, memory: int = MEMORY, share: float = 1.0) -> None:
        """Count one; what isn't positive counts as least.

        Args:
            quantity: the entry.
            memory: entries beyond so many are forgotten.
            share: what it counts, for one of several entries that are one event.
        """
        if not self.counts:
            self.counts = [0] * _BINS
        self.counts[min(_BINS - 1, max(0, int(_position(quantity))))] += round(_UNIT * share)
        self.total += round(_UNIT * share)
        if self.total > memory * _UNIT:
            self.counts = [count * 9 // 10 for count in self.counts]
            self.total = sum(self.counts)

    def score(self, quantity: float) -> float:
        """P(the next is at least `quantity`)."""
        if self.total < self.FEWEST * _UNIT or not quantity > 0.0:
            return 1.0
        counts, wanted = self.counts, max(float(self.HIGHEST * _UNIT), self.SHARE * self.total)
        position = min(_position(quantity), 4.0 * _BINS)
        place = max(0, min(_BINS, int(position)))
        beyond = sum(counts[place + 1 :])
        if beyond >= wanted:
            return self._seen(position, place, beyond)
        threshold, above, excess = _BINS, 0, 0
        while threshold > _LEAST_THRESHOLD and above < wanted:
            threshold -= 1
            excess += above
            above += counts[threshold]
        if position <= threshold:
            return self._seen(position, place, beyond)
        # The entries of a bin are taken to lie in its middle.
        inverse = (excess + 0.5 * above) * _WIDTH + _UNIT * self.PRIOR_WEIGHT / self.PRIOR_INDEX
        inverse /= above + _UNIT * self.PRIOR_WEIGHT
        tail = min(1.0, (above + _UNIT) / (self.total + _UNIT)) * exp((threshold - position) * _WIDTH / inverse)
        inside = counts[place] * (1.0 - position + place) if place < _BINS else 0.0
        return max(tail, (beyond + inside) / (self.total + _UNIT))

    def _seen(self, position: float, place: int, beyond: int) -> float:
        """P(at least as far up) where there are enough entries to count them."""
        inside = self.counts[place] * (1.0 - position + place) if position > 0.0 else self.counts[place]
        return min(1.0, (beyond + inside + _UNIT) / (self.total + _UNIT))


def _position(quantity: float) -> float:
    """In bins, above the lower edge of the second one."""
    return _PER_OCTAVE * (log2(min(quantity, LARGEST)) - _LOWEST) if quantity > 0.0 else 0.0
