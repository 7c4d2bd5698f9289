"""Empirical tails: what was often seen isn't rare, what is further out isn't less so."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateful.models import EmpiricalTail

SIZES = st.floats(0, 1e6, allow_nan=False)


def taught(entries: list[float], number: int) -> EmpiricalTail:
    tail, chance = EmpiricalTail(), Random(1)
    for _ in range(number):
        tail.learn(chance.choice(entries))
    return tail


@given(st.lists(SIZES, min_size=1, max_size=8), st.integers(10, 300), st.lists(SIZES, min_size=2, max_size=20))
def test_the_further_out_the_rarer(entries: list[float], number: int, asked: list[float]) -> None:
    tail = taught(entries, number)
    scores = [tail.score(size) for size in sorted(asked)]
    assert all(0.0 < score <= 1.0 for score in scores)
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("share", [0.002, 0.005, 0.01, 0.05])
def test_entries_all_alike_are_as_rare_as_they_are(share: float) -> None:
    """A signal at rest that now and then moves by the same: far above the rest, but no rarer for it."""
    tail, moves = EmpiricalTail(), round(5000 * share)
    for place in range(5000):
        tail.learn(10.0 if place % round(1 / share) == 0 else 0.0)
    assert moves / 5001 * 0.5 < tail.score(10.0) < 3 * share
    assert tail.score(100.0) < tail.score(10.0)


def test_one_event_counts_once_however_many_rows_it_has() -> None:
    chance = Random(2)
    once, many = EmpiricalTail(), EmpiricalTail()
    for tail in (once, many):
        for _ in range(3000):
            tail.learn(abs(chance.gauss(0, 1)))
    before = once.score(12.0)
    once.learn(12.0)
    many.learn(12.0)
    for _ in range(31):
        many.learn(12.0, share=1 / 32)
    assert before < once.score(12.0) <= many.score(12.0) < 3 * once.score(12.0)
