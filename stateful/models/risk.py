"""Risk: several tail probabilities as one, and as a number from 0 to 100."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import atan, log10, pi, tan

LEAST = 1e-300
"""What is less likely counts as this."""
NEUTRAL = 0.5
"""What is likelier counts as this: scores of 1.0 mean "no surprise", and one must not outvote a surprise."""
HIGHEST = 1e-10
"""Risk 100."""
_SMALL = 1e-8
_LARGE = 1e8


def combine(scores: Iterable[float], weights: Sequence[float] = ()) -> float:
    """One tail probability from several that may depend on one another, by the Cauchy combination test.

    T = sum of w tan((1/2 - p) pi), p = 1/2 - arctan(T) / pi (Liu & Xie, JASA 115, 2020): the tail of T is the same
    whatever the dependence. So ten features that say the same are as one, and one strong one among ten weak ones is
    worth a tenth.

    Args:
        scores: tail probabilities; what isn't within 0 to 1 (also NaN) is left out.
        weights: as many, positive; equal ones if there are none.

    Returns:
        The combined tail probability; 1.0 of none.
    """
    total = weight = 0.0
    number = 0
    for place, score in enumerate(scores):
        if not 0.0 <= score <= 1.0:
            continue
        share = weights[place] if weights else 1.0
        weight += share
        number += 1
        if score < NEUTRAL:
            total += share * (1.0 / (max(score, LEAST) * pi) if score < _SMALL else tan((0.5 - score) * pi))
    if not total:
        return 1.0
    statistic = total / weight
    return 1.0 / (statistic * pi) if statistic > _LARGE else 0.5 - atan(statistic) / pi


def risk(scores: Iterable[float], weights: Sequence[float] = ()) -> float:
    """0 to 100, proportional to -log10 of the combined tail probability: 10 points for each power of ten.

    One in a thousand is 30, one in a million 60, one in ten billion (`HIGHEST`) or rarer 100.
    """
    return risk_of(combine(scores, weights))


def risk_of(score: float) -> float:
    """The risk of one tail probability, see `risk`; not a number: 0."""
    if not score < 1.0:
        return 0.0
    return min(100.0, 100.0 * log10(max(score, HIGHEST)) / log10(HIGHEST))


def probability_of(risk_: float) -> float:
    """The tail probability that a risk stands for: the inverse of `risk_of`."""
    return float(HIGHEST ** (max(0.0, min(100.0, risk_)) / 100.0))
