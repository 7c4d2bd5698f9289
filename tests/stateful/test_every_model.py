"""What holds of every model. One without a case here fails the first test.

A case says how the model is used (`learn`, `score` of one observation), what its own null hypothesis is (`usual`), what
a flood of distinct values looks like, what is missing or hostile, and which observations are ever more surprising.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateful import models
from stateful.finding import Evidence
from stateful.models import (
    DAY,
    Burst,
    EmpiricalTail,
    Habits,
    Origin,
    Places,
    Prevalence,
    SeasonalRate,
    SeasonalValue,
    Sessions,
    Tally,
    Values,
    Volume,
    fix,
    origin,
)

HOUR = DAY // 24
START = 20_000 * DAY
encode = msgspec.msgpack.encode
LONG = "\U0001f600" * 5000


@dataclass(frozen=True)
class Case:
    """A model at work on observations of its own kind."""

    kind: type[msgspec.Struct]
    usual: Callable[[Random, int], list[Any]]
    """So many observations of a steady user, in order of time."""
    learn: Callable[[Any, Any], None]
    score: Callable[[Any, Any], float]
    flood: Callable[[int], Any]
    """The n-th of ever new values."""
    hostile: Sequence[Any]
    ladder: Callable[[Random], list[Any]]
    """Observations, none less surprising than the one before, of a user who was as `usual`."""
    alarm: float = 1e-3
    """The last of the ladder scores at most this when `usual` was learnt for long."""
    few: int = 3
    """So many observations are too few ..."""
    floor: float = 1e-4
    """... for a score below this."""
    level: tuple[float, float] | None = (0.0, 0.02)
    """Bounds of P(score <= 0.01) under `usual`; None where a score conditions on having begun."""
    unordered: bool = False
    """Whether the order of learning doesn't matter."""
    learning: int = 400
    hour: int = 600
    """Observations of a flood that lasts an hour; 0 where the last one is by design what the next is held to."""
    released: int | None = None
    """Fields that the first release had, if not all."""


def text(number: int) -> str:
    return f"{number:08d}" * 20


# Values: a Zipf law over thirty values, one a quarter of an hour.


def usual_values(chance: Random, number: int) -> list[tuple[str, int]]:
    weights = [1.0 / (n + 1) ** 1.2 for n in range(30)]
    drawn = chance.choices([f"value {n}" for n in range(30)], weights, k=number)
    return [(value, START + n * HOUR // 4) for n, value in enumerate(drawn)]


def values_ladder(_: Random) -> list[tuple[str, int]]:
    return [(value, START + 400 * HOUR // 4) for value in ("value 0", "value 3", "never seen")]


# Places: at home and at work, sometimes a train ride away; a phone on a mobile network between.

HOME, WORK, AWAY = (52.52, 13.40), (52.39, 13.06), (53.55, 9.99)


def usual_places(chance: Random, number: int) -> list[Any]:
    found = []
    for n in range(number):
        at = START + n * 6 * HOUR
        where = AWAY if n % 60 == 59 else WORK if n % 4 == 1 else HOME
        jitter = chance.gauss(0, 0.05)
        tags = ("mobile",) if n % 4 == 2 else ()
        found.append(fix(at, where[0] + jitter, where[1] + jitter, address=f"192.0.2.{n % 5}", tags=tags))
    return found


def places_ladder(_: Random) -> list[Any]:
    at = START + 400 * 6 * HOUR
    return [fix(at, *place) for place in (HOME, (48.1, 11.6), (40.7, -74.0), (-33.9, 151.2))]


def learn_fix(model: Places, here: Any) -> None:
    if here is not None:
        model.learn(here)


# Tally and Volume: windows of an hour, over-dispersed counts and log-normal bytes.


def usual_windows(chance: Random, number: int) -> list[tuple[int, int, int]]:
    return [
        (START + n * HOUR, 1 + int(chance.gammavariate(3, 4)), int(chance.lognormvariate(14, 1))) for n in range(number)
    ]


def add_window(tally: Tally, window: tuple[int, int, int]) -> None:
    start, count, size = window
    for n in range(min(count, 3000)):
        tally.add(Evidence(f"{start}-{n}", start + n, "Get"), HOUR, size // max(count, 1), start // HOUR * 31 + n)


def score_window(tally: Tally, window: tuple[int, int, int]) -> float:
    return min(1.0, 3 * min(tally.tail(window[1]), tally.tail_bytes(window[2]), tally.tail_objects(window[1])))


def windows_ladder(_: Random) -> list[tuple[int, int, int]]:
    return [(START + 400 * HOUR, n, n * 100_000) for n in (1, 10, 40, 100, 1000, 10_000)]


# SeasonalRate: office hours.


def usual_rates(chance: Random, number: int) -> list[tuple[int, int]]:
    found = []
    for n in range(number):
        start = START + n * HOUR
        office = (start // DAY) % 7 not in (2, 3) and 8 <= start % DAY // HOUR < 17
        count = 1 + int(chance.lognormvariate(1.5, 0.8)) if chance.random() < (0.8 if office else 0.03) else 0
        found.append((start, count))
    return found


def rates_ladder(_: Random) -> list[tuple[int, int]]:
    start = START + 70 * DAY + 10 * HOUR
    return [(start, count) for count in (0, 1, 5, 30, 100, 1000, 10**9)]


# Sessions: eight hours each, mostly from one address; a phone between Wi-Fi and its carrier.

OFFICE = Origin("192.0.2.1", 64500, "DE", "chrome/windows")


def usual_sessions(chance: Random, number: int) -> list[tuple[str, Origin, int]]:
    found = []
    for n in range(number):
        here = OFFICE
        if chance.random() < 0.05:
            here = Origin(f"198.51.100.{chance.randrange(200)}", 64501, "DE", "chrome/windows", roams=True)
        found.append((f"session {n // 8}", here, START + n * HOUR))
    return found


def sessions_ladder(_: Random) -> list[tuple[str, Origin, int]]:
    at = START + 400 * HOUR
    return [
        ("session 49", here, at)
        for here in (
            OFFICE,
            Origin("192.0.2.99", 64500, "DE", "chrome/windows"),
            Origin("203.0.113.5", 64511, "DE", "chrome/windows"),
            Origin("203.0.113.5", 64511, "DE", "python/"),
            Origin("203.0.113.5", 64511, "BR", "python/"),
        )
    ]


def usual_prevalence(chance: Random, number: int) -> list[tuple[str, int]]:
    return [(value, at) for value, at in usual_values(chance, number)]


# Burst: one in ten activities fails.


def usual_burst(chance: Random, number: int) -> list[tuple[bool, int]]:
    return [(chance.random() < 0.1, START + n * 60_000) for n in range(number)]


def learn_burst(burst: Burst, seen: tuple[bool, int]) -> None:
    counts, time = seen
    if counts:
        burst.add(Evidence(f"{time}", time, "Logon"), f"mark {time}", HOUR)
    elif burst.count:
        burst.since_last += 1


# Habits: tasks of a few actions in an order of their own, blocks of a hundred.

TASKS = [[f"do {task} {n}" for n in range(3 + task)] for task in range(8)]


def usual_habits(chance: Random, number: int) -> list[list[str]]:
    found = []
    for _ in range(number):
        block: list[str] = []
        while len(block) < 100:
            block += [chance.choice(TASKS[7]) if chance.random() < 0.05 else action for action in chance.choice(TASKS)]
        found.append(block[:100])
    return found


def habits_ladder(chance: Random) -> list[list[str]]:
    """As ever; in another order; half of it others' actions; all of it, every one another."""
    (block,) = usual_habits(chance, 1)
    shuffled = chance.sample(block, len(block))
    half = [action if n % 10 < 5 else f"other {n % 7}" for n, action in enumerate(block)]
    return [block, shuffled, half, [f"other {n}" for n in range(100)]]


# SeasonalValue: every half hour, by day and week, with noise that remembers.


def usual_signal(chance: Random, number: int) -> list[tuple[int, float]]:
    found, noise = [], 0.0
    for n in range(number):
        at = START + n * HOUR // 2
        noise = 0.7 * noise + chance.gauss(0, 1)
        found.append((at, 100 + 20 * math.sin(at % DAY / DAY * 2 * math.pi) + (5 if at // DAY % 7 < 2 else 0) + noise))
    return found


CASES = [
    Case(
        EmpiricalTail,
        lambda chance, number: [chance.lognormvariate(0, 1) for _ in range(number)],
        lambda m, x: m.learn(x),
        lambda m, x: m.score(x),
        flood=float,
        hostile=[0.0, -1.0, 1e300, 1e-300, -1e300, math.inf, math.nan],
        ladder=lambda _: [-1.0, 0.0, 0.01, 1.0, 10.0, 100.0, 1e6, 1e300],
        hour=1,
    ),
    Case(
        SeasonalValue,
        usual_signal,
        lambda m, x: m.learn(*x),
        lambda m, x: m.score(*x),
        flood=lambda n: (START + n * HOUR // 2, n * 10.0**6),
        hostile=[(START, math.nan), (START, math.inf), (START, -1e300), (-(10**15), 3.0), (10**17, 0), (START, 1e300)],
        ladder=lambda _: [(START + 700 * HOUR // 2, value) for value in (85.0, 200.0, 1000.0, 1e9)],
        learning=700,
        hour=0,
    ),
    Case(
        Habits,
        usual_habits,
        lambda m, x: m.learn(x),
        lambda m, x: m.score(x),
        flood=lambda n: [text(100 * n + place) for place in range(100)],
        hostile=[[], [""], [LONG], ["\ud800"] * 3, ["x"] * 1000],
        ladder=habits_ladder,
        learning=60,
        hour=3,
    ),
    Case(
        Values,
        usual_values,
        lambda m, x: m.learn(*x),
        lambda m, x: m.score(*x),
        flood=lambda n: (text(n), START + n * HOUR),
        hostile=[("", START), (LONG, START), ("x", 0), ("x", -(10**15)), ("x", 10**17)],
        ladder=values_ladder,
        alarm=0.05,
        released=3,
    ),
    Case(
        Prevalence,
        usual_prevalence,
        lambda m, x: m.learn(*x),
        lambda m, x: m.score(x[0], 500),
        flood=lambda n: (text(n), START + n * HOUR),
        hostile=[("", START), (LONG, START), ("x", -(10**15)), ("x", 10**17)],
        ladder=values_ladder,
        level=None,
        unordered=True,
    ),
    Case(
        Places,
        usual_places,
        learn_fix,
        lambda m, x: 1.0 if x is None else m.score(x),
        flood=lambda n: fix(START + n * HOUR, n * 7 % 180 - 90, n * 11 % 360 - 180, address=text(n)),
        hostile=[
            fix(START, None, None),
            fix(START, 91.0, 0.0),
            fix(START, math.nan, 1.0),
            fix(START, math.inf, 1.0),
            fix(START, 1.0, 1.0, radius=math.nan),
            fix(START, 1.0, 1.0, radius=-5.0, tags=("vpn",)),
            fix(-(10**15), 90.0, 180.0, address=LONG),
            fix(10**17, -90.0, -180.0),
        ],
        ladder=places_ladder,
    ),
    Case(
        Tally,
        usual_windows,
        add_window,
        score_window,
        flood=lambda n: (START + n * HOUR // 4, 300, n * 1000),
        hostile=[(START, 0, 0), (START, 1, -5), (START, 1, 2**60), (-(10**15), 1, 1), (10**17, 1, 1)],
        ladder=windows_ladder,
        learning=200,
        hour=3,
        released=9,
    ),
    Case(
        Volume,
        lambda chance, number: [chance.lognormvariate(14, 1.0) for _ in range(number)],
        lambda m, x: m.learn(x),
        lambda m, x: m.score(x, 1e6),
        flood=float,
        hostile=[0, -1, -1e300, 1e300, math.inf, -math.inf, math.nan, 2**63, 1e-300],
        ladder=lambda _: [-1.0, 0.0, 1.0, 1e6, 1e7, 1e8, 1e12, 1e300],
        hour=1,
    ),
    Case(
        SeasonalRate,
        usual_rates,
        lambda m, x: m.learn(*x),
        lambda m, x: m.score(*x),
        flood=lambda n: (START + n * HOUR, n * 10**6),
        hostile=[(START, -5), (START, 2**70), (-(10**15), 3), (10**17, 3), (START, 0)],
        ladder=rates_ladder,
        learning=24 * 60,
        hour=1,
    ),
    Case(
        Sessions,
        usual_sessions,
        lambda m, x: m.learn(*x),
        lambda m, x: m.score(*x),
        flood=lambda n: (text(n // 4), origin(text(n), n, text(n), text(n)), START + n * HOUR),
        hostile=[
            ("", OFFICE, START),
            ("s", Origin(), START),
            ("s", origin(LONG, None, LONG, LONG, (LONG,)), START),
            (LONG, OFFICE, -(10**15)),
            ("s", OFFICE, 10**17),
            ("\ud800", origin("", -1, "", "\x00/;;("), START),
        ],
        ladder=sessions_ladder,
        level=(0.0, 0.02),
    ),
    Case(
        Burst,
        usual_burst,
        learn_burst,
        lambda m, _: m.tail(0.1),
        flood=lambda n: (True, START + n * 1000),
        hostile=[(True, -(10**15)), (True, 10**17), (False, 0)],
        ladder=lambda _: [],
        level=None,
        floor=1e-3,
        hour=0,
    ),
]


def cases(
    *, laddered: bool = False, leveled: bool = False, unordered: bool = False, copied: bool = False
) -> pytest.MarkDecorator:
    chosen = [c for c in CASES if not leveled or c.level]
    chosen = [c for c in chosen if not laddered or c.ladder(Random(0))]
    chosen = [c for c in chosen if not unordered or c.unordered]
    chosen = [c for c in chosen if not copied or hasattr(c.kind, "copy")]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case.kind.__name__)


def fresh(case: Case) -> Any:
    return SeasonalValue(step=HOUR // 2) if case.kind is SeasonalValue else case.kind()


def taught(case: Case, seed: int, number: int) -> Any:
    model = fresh(case)
    for seen in case.usual(Random(seed), number):
        case.learn(model, seen)
    return model


def test_every_model_has_a_case() -> None:
    assert {case.kind for case in CASES} == set(models.every())


@cases()
def test_it_is_a_struct_that_can_be_appended_to(case: Case) -> None:
    """Encoded as an array, and all fields have defaults: a document of an older release lacks the last ones."""
    assert case.kind.__struct_config__.array_like
    assert not case.kind.__struct_config__.gc
    fields = msgspec.structs.fields(case.kind)
    assert not [entry.name for entry in fields if entry.required]
    whole = msgspec.to_builtins(taught(case, 1, 30))
    for length in range(case.released or len(whole), len(whole) + 1):
        old = msgspec.convert(whole[:length], case.kind)
        seen = case.usual(Random(2), 1)[0]
        assert 0.0 <= case.score(old, seen) <= 1.0
        case.learn(old, seen)


@cases()
@given(seed=st.integers(0, 10**6), number=st.integers(0, 60))
def test_scoring_changes_nothing_and_inputs_are_left_alone(case: Case, seed: int, number: int) -> None:
    model = taught(case, seed, number)
    before = encode(model)
    for seen in [*case.usual(Random(seed + 1), 3), *case.hostile]:
        shown = repr(seen)
        case.score(model, seen)
        assert encode(model) == before
        case.learn(msgspec.msgpack.decode(before, type=case.kind), seen)
        assert repr(seen) == shown


@cases()
@given(seed=st.integers(0, 10**6), number=st.integers(0, 60))
def test_a_stored_model_goes_on_as_if_it_had_not_been(case: Case, seed: int, number: int) -> None:
    model = taught(case, seed, number)
    stored = msgspec.msgpack.decode(encode(model), type=case.kind)
    assert encode(stored) == encode(model)
    for seen in case.usual(Random(seed + 1), 5):
        assert case.score(stored, seen) == case.score(model, seen)
        case.learn(stored, seen)
        case.learn(model, seen)
        assert encode(stored) == encode(model)


@cases(copied=True)
@given(seed=st.integers(0, 10**6), number=st.integers(0, 150))
def test_copies_learn_by_themselves(case: Case, seed: int, number: int) -> None:
    """Of those that are part of a profile; what they share must never be changed."""
    seen = case.usual(Random(seed), number + 40)
    model = fresh(case)
    for entry in seen[:number]:
        case.learn(model, entry)
    copy, before = model.copy(), encode(model)
    assert (copy, encode(copy)) == (model, before)
    other = msgspec.msgpack.decode(before, type=case.kind)
    for entry in [*case.hostile, *seen[number:], case.flood(1), case.flood(2)]:
        case.learn(model, entry)
        assert encode(copy) == before
    for entry in seen[number:]:
        case.learn(copy, entry)
        case.learn(other, entry)
    assert encode(copy) == encode(other)


@cases()
def test_models_share_nothing(case: Case) -> None:
    taught(case, 1, 20)
    assert encode(case.kind()) == encode(msgspec.convert([], case.kind))


@cases()
def test_a_flood_is_bounded(case: Case) -> None:
    model, largest = case.kind(), 0
    for n in range({Tally: 60, Habits: 200}.get(case.kind, 5000)):
        case.learn(model, case.flood(n))
        if n % 50 == 0:
            largest = max(largest, len(encode(model)))
    bound: int = case.kind.BOUND  # type: ignore[attr-defined]
    assert 0 < largest <= bound
    assert 0.0 <= case.score(model, case.usual(Random(1), 1)[0]) <= 1.0


@cases()
def test_a_flood_does_not_drive_out_the_usual(case: Case) -> None:
    """What a user does all the time isn't made strange by what somebody else does for an hour."""
    if not case.hour:
        pytest.skip("remembers only what is going on")
    model = taught(case, 1, case.learning)
    usual = case.usual(Random(1), case.learning)[-1]
    before = case.score(model, usual)
    for n in range(case.hour):
        case.learn(model, case.flood(n))
    assert case.score(model, usual) >= min(before, 0.01)


@cases()
def test_hostile_and_missing_input_scores_within_bounds(case: Case) -> None:
    for number in (0, 50):
        model = taught(case, 1, number)
        for seen in case.hostile:
            assert 0.0 <= case.score(model, seen) <= 1.0
            case.learn(model, seen)
            assert encode(msgspec.msgpack.decode(encode(model), type=case.kind)) == encode(model)
            for other in [*case.hostile, *case.usual(Random(2), 3)]:
                assert 0.0 <= case.score(model, other) <= 1.0


@cases()
def test_too_few_observations_make_no_extreme_score(case: Case) -> None:
    """A model that knows little may find something rare, not impossible: the learning period is its, too."""
    for seed in range(20):
        model = fresh(case)
        for seen in case.usual(Random(seed), case.few):
            assert case.score(model, seen) >= case.floor
            case.learn(model, seen)
        for seen in case.usual(Random(seed + 100), 10):
            assert case.score(model, seen) >= case.floor


@cases(laddered=True)
def test_what_is_stranger_scores_no_higher(case: Case) -> None:
    for seed in range(5):
        model = taught(case, seed, case.learning)
        scores = [case.score(model, seen) for seen in case.ladder(Random(seed))]
        assert scores == sorted(scores, reverse=True)
        assert scores[0] > 10 * scores[-1]
        if case.level:
            assert scores[-1] <= case.alarm


@cases(leveled=True)
def test_under_its_own_null_a_score_is_as_rare_as_it_says(case: Case) -> None:
    """P(score <= 0.01) isn't above 0.02, and P(score <= 0.001) not above 0.004, each scored before it is learnt."""
    assert case.level
    surprising = extreme = number = 0
    for seed in range(8):
        model = fresh(case)
        for n, seen in enumerate(case.usual(Random(seed), 3 * case.learning)):
            if n >= case.learning:
                score = case.score(model, seen)
                surprising += score <= 0.01
                extreme += score <= 0.001
                number += 1
            case.learn(model, seen)
    assert case.level[0] <= surprising / number <= case.level[1]
    assert extreme / number <= 0.004


@cases(unordered=True)
@given(st.permutations(range(30)))
def test_order_of_learning_does_not_matter(case: Case, order: list[int]) -> None:
    seen = case.usual(Random(3), 30)
    first, second = case.kind(), case.kind()
    for one, other in zip(range(30), order, strict=True):
        case.learn(first, seen[one])
        case.learn(second, seen[other])
    assert encode(first, order="deterministic") == encode(second, order="deterministic")
    assert all(case.score(first, entry) == case.score(second, entry) for entry in seen)
