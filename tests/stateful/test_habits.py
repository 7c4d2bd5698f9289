"""Laws of the action profile: what is the user's own, in kind, order and mix, and what isn't."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateful.models import Habits

ACTIONS = [f"action {n}" for n in range(12)]
FEW = ACTIONS[:4]
TASKS = [ACTIONS[0:3], ACTIONS[2:6], ACTIONS[6:8], ACTIONS[7:11], [ACTIONS[11], ACTIONS[0]]]


def by_task(chance: Random, number: int = 100) -> list[str]:
    """Somebody whose steps follow on one another."""
    done: list[str] = []
    while len(done) < number:
        done += chance.choice(TASKS)
    return done[:number]


def at_random(chance: Random, number: int = 100) -> list[str]:
    """Somebody whose steps don't, in other frequencies."""
    return chance.choices(ACTIONS, [1 / (n + 1) for n in range(len(ACTIONS))], k=number)


def of_few(chance: Random, number: int = 100) -> list[str]:
    """Somebody who does four things, as they come."""
    return chance.choices(FEW, k=number)


def taught(seed: int, acting: Callable[[Random], list[str]] = by_task) -> Habits:
    habits, chance = Habits(), Random(seed)
    for _ in range(40):
        habits.learn(acting(chance))
    return habits


@given(seed=st.integers(0, 10**6))
def test_the_same_actions_in_another_order_are_not_the_users(seed: int) -> None:
    habits, chance = taught(seed % 5), Random(seed)
    block = by_task(chance)
    shuffled = chance.sample(block, len(block))
    assert habits.unlikeness(shuffled) > habits.unlikeness(block) + 0.2
    assert habits.score(shuffled) < habits.score(block)


@given(seed=st.integers(0, 10**6), turn=st.permutations(FEW))
def test_steps_that_follow_on_one_another_anyway_may_do_so_in_strict_turn(seed: int, turn: list[str]) -> None:
    """A long evening of the usual work: more regular than ever, but nothing that isn't usual."""
    habits, chance = taught(seed % 5, of_few), Random(seed)
    usual = [habits.unlikeness(of_few(chance)) for _ in range(5)]
    assert habits.unlikeness(turn * 25) < max(usual) + 0.1


@given(seed=st.integers(0, 10**6), number=st.integers(5, 60))
def test_a_new_action_repeated_is_less_strange_than_as_many_new_ones(seed: int, number: int) -> None:
    habits, block = taught(seed % 5), by_task(Random(seed))
    repeated = [*["new"] * number, *block[number:]]
    several = [*[f"new {n}" for n in range(number)], *block[number:]]
    assert habits.unlikeness(block) < habits.unlikeness(repeated) < habits.unlikeness(several)


@given(seed=st.integers(0, 10**6))
def test_0_is_as_unlike_as_can_be_whoever_the_user_is(seed: int) -> None:
    """So one threshold does for all users."""
    chance = Random(seed)
    strangers = [f"other {n}" for n in range(10)]
    block = chance.choices(strangers, k=100)
    for acting in (by_task, at_random):
        habits = taught(seed % 5, acting)
        assert -0.1 < habits.unlikeness(block) < 1.0
        assert habits.unlikeness(acting(chance)) < -0.6


def test_a_regular_user_is_held_to_it_and_an_erratic_one_is_let_be() -> None:
    """Watched alone; compared with others, they differ little."""
    found = []
    for erratic in (False, True):
        habits, chance = Habits(), Random(1)
        for n in range(160):
            block = at_random(chance, 25)
            if erratic and n % 4 == 0:
                block = chance.choices(ACTIONS[6:], k=25)
            for action in block:
                habits.add(action)
        compared = habits.score([f"other {n % 10}" for n in range(100)])
        for action in ACTIONS[6:] * 16:
            habits.add(action)
        found.append((habits.latest, compared))
    (regular, of_users), (careless, of_users_too) = found
    assert regular < 0.01 < careless
    assert of_users_too / of_users < careless / regular


@pytest.mark.parametrize("number", [1, 10, 25])
def test_a_few_actions_prove_little(number: int) -> None:
    habits = taught(1)
    others = [f"other {n}" for n in range(100)]
    assert habits.score(others) < habits.score(others[:number])


WIDE = [f"open {n}" for n in range(1500)]


def with_files(chance: Random, own: str, number: int = 100) -> list[str]:
    """Somebody who works with few programs, on many files of their own, one in five of them new."""
    done: list[str] = []
    for _ in range(number // 4):
        file = chance.choice(WIDE[:1000]) if chance.random() < 0.8 else f"open new {chance.randrange(10**9)}"
        done += ["list", f"{own} {file}", "edit", chance.choice(FEW)]
    return done


def test_a_thousand_files_of_their_own_are_remembered_and_new_ones_are_learnt() -> None:
    """Masqueraders have the same programs and files of theirs."""
    chance, habits = Random(1), Habits()
    for _ in range(150):
        habits.learn(with_files(chance, "mine"))
    assert len(habits.actions) > 700
    own = [habits.take(with_files(chance, "mine")) for _ in range(40)]
    learnt = habits.copy()
    theirs = [learnt.take(with_files(chance, "theirs")) for _ in range(10)]
    assert max(theirs) < min(own)
    assert habits.flagged == 0


def test_who_was_flagged_is_not_learnt_and_still_noticed() -> None:
    habits, chance = taught(2), Random(2)
    usual = [habits.take(by_task(chance)) for _ in range(20)]
    known = dict(habits.actions)
    intruder = [habits.take([f"other {n % 8}" for n in range(start, start + 100)]) for start in range(10)]
    assert max(intruder) < min(usual) / 10
    assert habits.actions == known
    assert habits.take(by_task(chance)) > max(intruder)


@given(seed=st.integers(0, 10**6), times=st.integers(1, 8))
def test_what_everybody_does_over_and_over_does_not_hide_what_only_others_do(seed: int, times: int) -> None:
    """Compared between users, each different action counts once, so padding with a usual one hardly helps."""
    habits = taught(seed % 5)
    padded = [action for n in range(96 // (times + 1)) for action in [f"other {n % 12}", *[ACTIONS[seed % 12]] * times]]
    assert habits.score(padded) < 1e-4
