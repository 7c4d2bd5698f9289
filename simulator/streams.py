"""Random numbers by name: every stream is a pure function of the names it is asked for.

A person's day draws from a stream of its own, so that more people, days or attacks never reshuffle the others.
Only `random.Random` methods whose algorithms are the same in Python 3.11 and 3.12 are used in this package, and
no `sum` of floats (3.12 compensates, 3.11 doesn't).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


def stream(*names: str | int) -> Random:
    """A generator seeded by BLAKE2b (RFC 7693) of `names`: same names, same numbers, on any machine."""
    digest = blake2b("\x1f".join(map(str, names)).encode(), digest_size=16).digest()
    return Random(int.from_bytes(digest, "big"))


def token(*names: str | int, size: int = 12) -> str:
    """A stable identifier of `2 * size` hex digits, unique to `names` for all practical purposes at 12 bytes."""
    return blake2b("\x1f".join(map(str, names)).encode(), digest_size=size).hexdigest()


def guid(*names: str | int) -> str:
    """A stable identifier in the form that vendors give their records and tenants: 8-4-4-4-12 hex digits."""
    digits = token(*names, size=16)
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def chance(rng: Random, probability: float) -> bool:
    """True with `probability`, 0 to 1. Draws exactly one number."""
    return rng.random() < probability


def around(rng: Random, mean: float) -> int:
    """A count with the given mean and about Poisson's spread, never below 0."""
    return max(0, round(rng.gauss(mean, math.sqrt(mean))))


def log_uniform(rng: Random, low: float, high: float) -> float:
    """A number between `low` and `high`, each octave equally likely."""
    return low * math.exp(rng.random() * math.log(high / low))


def zipf(rng: Random, size: int) -> int:
    """A rank from 0 to `size` - 1 with probability about 1 / (rank + 1)."""
    return min(int(log_uniform(rng, 1, size + 1)) - 1, size - 1)


def renewals(rng: Random, mean: float, until: int) -> tuple[int, ...]:
    """Days below `until` on which something happens that comes back every `mean` days, without memory."""
    days: list[int] = []
    day = rng.expovariate(1 / mean)
    while day < until:
        days.append(int(day))
        day += 1 + rng.expovariate(1 / mean)
    return tuple(days)


class Weighted(Generic[T]):
    """A fixed table of items to draw from, with weights > 0."""

    __slots__ = ("_cumulative", "items")

    def __init__(self, items: Sequence[T], weights: Sequence[float]) -> None:
        self.items = tuple(items)
        self._cumulative = list(accumulate(weights))

    def draw(self, rng: Random) -> T:
        """One item, by weight."""
        return rng.choices(self.items, cum_weights=self._cumulative)[0]
