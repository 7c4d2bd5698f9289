"""Each attack is what its name says, in all its variants; and what holds of several."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

import simulator.attacks
from simulator.people import Person
from simulator.record import HOUR
from simulator.simulate import START
from simulator.victims import strikes
from simulator.world import World

from . import campaign_stories, stories
from .stories import Played

KNOWN = simulator.attacks.attacks()
USERS, DAYS = 250, 16
SEEDS = (21, 22)
ABROAD = frozenset(
    "by_console containers disk_mounted everywhere lightsail micro_nodes notebooks one_region queued_work "
    "trickle".split()
)
"""Variants of `vm_creation` in regions that the company never uses."""
LISTED = ("among_mistakes", "from_inside", "hacked_routers", "own_cities")
"""Variants of `password_spray` by who is inside, or has a list from a leak: they know which names there are."""

STORIES: dict[str, Callable[[Played], bool]] = {
    name: getattr(campaign_stories if name.startswith("campaign_") else stories, name) for name in KNOWN
}


@pytest.fixture(scope="module")
def played() -> dict[str, list[Played]]:
    """All variants of all attacks, of two seeds."""
    found: dict[str, list[Played]] = {name: [] for name in KNOWN}
    for seed in SEEDS:
        world = World(USERS, DAYS, seed, START, "acme")
        asked = {
            name: tuple(each.name for each in attack.variants if each.name != "sleeper")
            for name, attack in KNOWN.items()
        }
        for strike in strikes(world, KNOWN, asked, 1):
            found[strike.attack].append(Played(world, strike))
    return found


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_an_attack_is_what_its_name_says(played: dict[str, list[Played]], name: str) -> None:
    wrong = [one.variant for one in played[name] if not STORIES[name](one)]
    assert not wrong


def test_spray_tries_each_account_seldom_and_names_that_do_not_exist(played: dict[str, list[Played]]) -> None:
    for one in played["password_spray"]:
        people = {person.user.id for person in one.world.people}
        unknown = {e.actor.user.id for e in one.acts if e.actor and e.actor.user.id not in people}
        assert bool(unknown) is (one.variant not in LISTED)
        errors = {e.step.error for e in one.acts if e.actor and e.actor.user.id in unknown}
        assert errors <= {"50034", "50053"}


def test_what_is_refused_for_a_second_factor_says_whether_it_was_denied(played: dict[str, list[Played]]) -> None:
    for one in played["mfa_fatigue"]:
        facts = {e.step.facts for e in one.acts if e.step.error == "500121"}
        # A code that is wrong is neither: nobody was asked.
        assert facts <= ({()} if one.variant == "guessed_codes" else {("mfa-denied",), ("mfa-unanswered",)})


def test_an_insider_stays_until_the_work_is_done_and_sleeps_in_between(played: dict[str, list[Played]]) -> None:
    for one in played["campaign_insider"]:
        assert isinstance(one.victim, Person)
        pauses = [after.time - before.time for before, after in pairwise(one.acts)]
        assert sum(pause > 8 * HOUR for pause in pauses) >= 1


def test_campaigns_are_made_of_stages_in_order(played: dict[str, list[Played]]) -> None:
    for name in (name for name in KNOWN if name.startswith("campaign_")):
        for one in played[name]:
            begins = [stage.events[0].time for stage in one.stages]
            assert begins == sorted(begins)
            assert len({stage.attack for stage in one.stages}) >= 2


def test_a_spree_abroad_names_a_region_that_the_company_never_uses(played: dict[str, list[Played]]) -> None:
    for one in played["vm_creation"]:
        regions = {event.step.region for event in one.acts} - {""}
        assert bool(regions) is (one.variant in ABROAD)
        assert not regions & {event.step.region for event in one.usual}
