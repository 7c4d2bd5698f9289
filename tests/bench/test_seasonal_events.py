"""The seasonal bench: one alarm an event, what is an event and what is none, and what doesn't change a score."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.ranking import auc
from bench.seasonal import OPENS, score_of, scores_of

MINUTE = 60_000
DAY = 86_400_000
START = 1_700_006_400_000
STEP = 5 * MINUTE
DAILY = DAY // STEP
OPENING = score_of(OPENS)
"""Scores from here on open an event."""
Signal = Callable[[Random, float], float]


def series(days: float, value: Signal, seed: int) -> list[float]:
    """`value` of a source of chance and the time in days, every 5 minutes."""
    chance = Random(seed)
    return [value(chance, place / DAILY) for place in range(round(days * DAILY))]


def judged(values: list[float], start: int = START) -> list[float]:
    return scores_of([(start + place * STEP, value) for place, value in enumerate(values)], STEP)


def opened(scores: list[float], begin: int, end: int) -> list[int]:
    return [place for place in range(begin, end) if scores[place] >= OPENING]


def wave(chance: Random, day: float) -> float:
    return 50 + 12 * math.sin(2 * math.pi * day) + chance.gauss(0, 1.5)


def plain(chance: Random, _: float) -> float:
    return 14 + chance.gauss(0, 0.5)


def requests(chance: Random, day: float) -> float:
    """A count that is hardly ever more than a few."""
    return float(sum(chance.random() < 0.05 * (1.2 + math.sin(2 * math.pi * day)) for _ in range(30)))


def keys(chance: Random, day: float) -> float:
    """Nothing, but for the afternoons of all but two days of seven."""
    busy = day % 1 > 0.55 and day % 7 < 5
    return chance.lognormvariate(0.3, 0.5) if chance.random() < (0.35 if busy else 0.004) else 0.0


def wall(_: Random, day: float) -> float:
    """No noise at all."""
    return 80.0 if 0.375 <= day % 1 < 0.75 else 20.0


@pytest.mark.parametrize("seed", range(3))
def test_an_event_is_one_alarm_and_its_rows_rank_above_the_rest(seed: int) -> None:
    values, begin = series(14, wave, seed), 10 * DAILY
    values[begin : begin + 60] = [value + 40 for value in values[begin : begin + 60]]
    scores = judged(values)
    alarms = opened(scores, begin - DAILY, begin + 2 * DAILY)
    assert alarms
    assert begin <= alarms[0] < begin + 3
    assert len(alarms) <= 4
    labels = [begin <= place < begin + 60 for place in range(len(values))]
    area = auc(scores[2 * DAILY :], labels[2 * DAILY :])
    assert area
    assert area > 0.97


@pytest.mark.parametrize("seed", range(3))
def test_the_way_back_from_an_event_is_none(seed: int) -> None:
    """
    what is     ______      ______
    what opens  ______|----|______
                      *
    """
    values, begin, length = series(14, plain, seed), 10 * DAILY, 100
    values[begin : begin + length] = [value + 30 for value in values[begin : begin + length]]
    scores = judged(values)
    assert opened(scores, begin, begin + 3)
    assert max(scores[begin + length : begin + 2 * DAILY]) < OPENING


def flat_day(values: list[float], begin: int, chance: Random) -> None:
    values[begin : begin + DAILY] = [50 + chance.gauss(0, 1.5) for _ in range(DAILY)]


def unrest(values: list[float], begin: int, chance: Random) -> None:
    for place in range(begin, begin + 80):
        values[place] += chance.gauss(0, 5)


def small_shift(values: list[float], begin: int, _: Random) -> None:
    values[begin : begin + 150] = [value + 2.5 for value in values[begin : begin + 150]]


def stuck(values: list[float], begin: int, _: Random) -> None:
    values[begin : begin + 60] = [values[begin]] * 60


def outage(values: list[float], begin: int, _: Random) -> None:
    values[begin : begin + 60] = [0.0] * 60


def flood(values: list[float], begin: int, _: Random) -> None:
    values[begin : begin + 40] = [3 * value + 1 for value in values[begin : begin + 40]]


def held_key(values: list[float], begin: int, chance: Random) -> None:
    values[begin : begin + 20] = [chance.lognormvariate(1.8, 0.4) for _ in range(20)]


@pytest.mark.parametrize(
    ("signal", "change", "length"),
    [
        (wave, flat_day, DAILY),
        (wave, unrest, 80),
        (wave, stuck, 60),
        (plain, small_shift, 150),
        (plain, stuck, 60),
        (requests, outage, 60),
        (requests, flood, 40),
        (keys, held_key, 20),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_an_event_of_any_kind_opens(
    signal: Signal, change: Callable[[list[float], int, Random], None], length: int, seed: int
) -> None:
    values, begin = series(14, signal, seed), round(11.3 * DAILY)
    change(values, begin, Random(seed))
    assert opened(judged(values), begin, begin + length)


@pytest.mark.parametrize("seed", range(3))
def test_a_tenth_of_the_noise_is_strange(seed: int) -> None:
    values, begin, chance = series(14, plain, seed), 11 * DAILY, Random(seed)
    values[begin : begin + 90] = [14 + chance.gauss(0, 0.05) for _ in range(90)]
    scores = judged(values)
    before = sorted(scores[2 * DAILY : begin])
    assert max(scores[begin : begin + 90]) > before[-len(before) // 100]


@pytest.mark.parametrize("signal", [wave, plain, requests, keys, wall, lambda *_: 45.0])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_usual_opens_little(signal: Signal, seed: int) -> None:
    scores = judged(series(21, signal, seed))
    # By chance one in four spells, six of the 24 spells of 14 hours: twelve is the 99th percentile of a Poisson count.
    assert len(opened(scores, 7 * DAILY, len(scores))) <= 12


def test_without_noise_nothing_opens() -> None:
    for signal in (wall, lambda *_: 45.0):
        assert max(judged(series(14, signal, 1))[DAILY:]) < OPENING


@settings(max_examples=8)
@given(
    values=st.lists(st.integers(-50, 50), min_size=20, max_size=300),
    seed=st.integers(0, 100),
    power=st.integers(-3, 6),
    weeks=st.integers(0, 50),
)
def test_sign_unit_and_week_change_no_score(values: list[int], seed: int, power: int, weeks: int) -> None:
    chance = Random(seed)
    usual = [100.0 + chance.gauss(0, 2) for _ in range(3 * DAILY)] + [100.0 + value for value in values]
    scores = judged(usual)
    assert all(0.0 <= score <= 1.0 for score in scores)
    assert judged([-value for value in usual]) == pytest.approx(scores)
    assert judged([value * 2.0**power for value in usual]) == pytest.approx(scores)
    assert judged(usual, START + weeks * 7 * DAY) == pytest.approx(scores)


@settings(max_examples=8)
@given(seed=st.integers(0, 1000), gap=st.integers(1, 60))
def test_an_event_opens_in_one_row_at_a_time_and_only_graver_ones_after(seed: int, gap: int) -> None:
    values = series(6, plain, seed)
    for place in (5 * DAILY, 5 * DAILY + gap):
        values[place] += 20
    scores = judged(values)
    assert scores[5 * DAILY] >= OPENING
    # The same again, while the first is fresh, is the same event.
    if gap <= DAILY // 12:
        assert scores[5 * DAILY + gap] < OPENING or scores[5 * DAILY + gap] > scores[5 * DAILY]
