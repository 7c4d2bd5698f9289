"""Volume: how large a quantity is against the usual, e.g. bytes or distinct objects in a window."""

from __future__ import annotations

from math import expm1, log1p, sqrt
from typing import ClassVar

import msgspec
from scipy.special import stdtr

LARGEST = 1e30
"""What is more counts as this."""


class Volume(msgspec.Struct, array_like=True, gc=False):
    """A quantity of windows with any, as log-normal: the tail is Student's t of the posterior predictive.

    Normal-inverse-gamma prior on log(1 + quantity) (Murphy, Conjugate Bayesian analysis of the Gaussian distribution,
    2007, section 3), so that few windows say little: with none, a quantity must be e^8 times the prior's to be one
    in a thousand. What was learnt weighs as at most `MEMORY` windows.
    """

    windows: float = 0.0
    """Weight of what was learnt; grows to `MEMORY`."""
    mean: float = 0.0
    """Of log(1 + quantity)."""
    square: float = 0.0
    """Sum of squared deviations from the mean."""
    most: float = 0.0
    """Highest quantity learnt."""

    MEMORY: ClassVar[float] = 250.0
    MOST_DEGREES: ClassVar[float] = 12.0
    """Of Student's t: tails stay heavier than the normal's however much was learnt."""
    PRIOR_WINDOWS: ClassVar[float] = 1.0
    PRIOR_DEGREES: ClassVar[float] = 4.0
    PRIOR_SPREAD: ClassVar[float] = 1.2
    """Standard deviation of the logarithm: a factor of 3.3 up or down is usual."""
    GUARD: ClassVar[float] = 6.0
    """Spreads above the usual that a window is learnt as at most: one flood must not become the yardstick."""
    BOUND: ClassVar[int] = 64
    """Bytes of its encoding at most."""

    def learn(self, quantity: float) -> None:
        """Take a window's quantity into the baseline; one that is 0, negative or not a number says nothing."""
        if not quantity > 0.0:
            return
        quantity = min(float(quantity), LARGEST)
        value = log1p(quantity)
        if self.windows >= self.PRIOR_DEGREES:
            value = min(value, self.mean + self.GUARD * self._spread())
        if self.windows >= self.MEMORY:
            self.square *= (self.MEMORY - 1.0) / self.windows
            self.windows = self.MEMORY - 1.0
        self.windows += 1.0
        delta = value - self.mean
        self.mean += delta / self.windows
        self.square += delta * (value - self.mean)
        self.most = max(self.most, quantity)

    def score(self, quantity: float, typical: float = 1.0) -> float:
        """P(a window with any has at least `quantity`).

        Args:
            quantity: what was seen.
            typical: what is typical of the quantity before anything is learnt.
        """
        if not quantity > 0.0:
            return 1.0
        prior = log1p(typical)
        weight = self.windows + self.PRIOR_WINDOWS
        mean = (self.windows * self.mean + self.PRIOR_WINDOWS * prior) / weight
        value = log1p(min(quantity, LARGEST))
        if value <= mean:
            return 1.0
        between = self.windows * self.PRIOR_WINDOWS / weight * (self.mean - prior) ** 2
        # The prior's mean is a guess: that the data lie elsewhere says nothing of their spread.
        between = min(between, self.PRIOR_SPREAD**2)
        degrees = self.PRIOR_DEGREES + self.windows
        scale = (self.PRIOR_DEGREES * self.PRIOR_SPREAD**2 + self.square + between) / degrees
        return float(stdtr(min(self.MOST_DEGREES, degrees), (mean - value) / sqrt(scale * (1.0 + 1.0 / weight))))

    def usual(self, typical: float = 1.0) -> float:
        """The median of windows with any, shrunk to `typical` as in `score`."""
        weight = self.windows + self.PRIOR_WINDOWS
        return expm1((self.windows * self.mean + self.PRIOR_WINDOWS * log1p(typical)) / weight)

    def _spread(self) -> float:
        degrees = self.PRIOR_DEGREES + self.windows
        return sqrt((self.PRIOR_DEGREES * self.PRIOR_SPREAD**2 + self.square) / degrees)
