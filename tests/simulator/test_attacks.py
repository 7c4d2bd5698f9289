"""Laws that all attacks keep, in every variant, and the truth about them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import msgspec
import pytest

import detections
import simulator.attacks
from simulator import campaigns
from simulator.attacks import Attack, Variant
from simulator.departments import HELP_DESK
from simulator.people import Person
from simulator.presence import HISTORY_DAYS, HISTORY_EVENTS, earliest
from simulator.record import DAY, HOUR
from simulator.scene import Scene, anybody
from simulator.simulate import START, simulate
from simulator.victims import Strike, strikes
from simulator.world import World

from .conftest import Written, written

KNOWN = simulator.attacks.attacks()
VARIANTS = [(name, variant) for name, attack in KNOWN.items() for variant in attack.variants]
FOUND_AS = {"brute_force": "failed_logon_burst"}
NO_ATTACK = {"activity_cap", "attack_chain", "campaign", "unusual_hour"}
"""Detections of what isn't an attack by itself, and of several attacks together."""
FEW = ("audit_logging_impaired", "brute_force", "first_country", "mass_download", "rare_api")


def test_there_is_an_attack_for_every_detection() -> None:
    attacked = {FOUND_AS.get(name, name) for name in KNOWN}
    assert set(detections.load()) - NO_ATTACK == {name for name in attacked if not name.startswith(campaigns.PREFIX)}


def test_the_help_desk_is_on_call_when_nobody_is_at_work_any_more() -> None:
    """Also in attacks that begin beside nothing that their victim does."""
    world = World(60, 12, 6, START, "acme")
    victim = next(person for person in world.people if HELP_DESK not in person.groups)
    begins = world.end - HOUR
    scene = Scene(world, victim, Random(1), None, begins)
    helper, via = scene.helper()
    assert HELP_DESK in helper.groups
    assert scene.time == begins
    assert via in {(event.address, event.device, event.session) for event in world.life(helper) if event.time < begins}


def test_attacks_and_campaigns_are_found_by_their_file_names() -> None:
    assert list(KNOWN) == sorted(KNOWN)
    assert len(campaigns.names()) == 5
    assert all(name.startswith(campaigns.PREFIX) for name in campaigns.names())
    for attack in KNOWN.values():
        names = [variant.name for variant in attack.variants]
        assert len(set(names)) == len(names) == len(attack.tuned) + len(attack.held_out)
        assert len(attack.tuned) >= (2 if attack.name in campaigns.names() else 4)


Struck = dict[tuple[str, str], tuple[World, Strike]]


@pytest.fixture(scope="module")
def struck() -> Struck:
    """Every variant, in a company that is large and long enough for it."""
    found: Struck = {}
    for users, days, only in ((300, 21, False), (150, 60, True)):
        world = World(users, days, 5, START, "acme")
        asked = {
            name: tuple(each.name for each in attack.variants if (each.name == "sleeper") is only)
            for name, attack in KNOWN.items()
            if name == "dormant_account" or not only
        }
        found |= {(strike.attack, strike.variant): (world, strike) for strike in strikes(world, KNOWN, asked, 1)}
    return found


@pytest.mark.parametrize(("name", "variant"), VARIANTS, ids=[f"{name}:{each.name}" for name, each in VARIANTS])
def test_a_variant_keeps_the_rules(struck: Struck, name: str, variant: Variant) -> None:
    world, strike = struck[name, variant.name]
    times = [event.time for event in strike.events]
    assert times == sorted(times)
    assert earliest(world) <= times[0]
    assert times[-1] < world.end
    assert times[-1] - times[0] <= (8 * DAY if name in campaigns.names() else variant.hours * HOUR)
    assert variant.fits(world, strike.victim)
    history = [event.time for event in world.life(strike.victim) if event.time < times[0]]
    assert len(history) >= HISTORY_EVENTS
    assert history[0] <= times[0] - HISTORY_DAYS * DAY
    if variant.beside and isinstance(strike.victim, Person):
        assert strike.victim.employed((times[0] - world.start) // DAY)
    stages = [event for stage in strike.stages for event in stage.events]
    assert sorted(map(id, stages)) == (sorted(map(id, strike.events)) if name in campaigns.names() else [])
    assert all(stage.attack in KNOWN for stage in strike.stages)


def test_each_attack_has_a_victim_of_its_own_as_long_as_there_are_enough() -> None:
    world = World(400, 21, 3, START, "acme")
    found = list(strikes(world, KNOWN, dict.fromkeys(KNOWN, ()), 2))
    assert len(found) == 2 * len(KNOWN)
    assert len({strike.victim.key for strike in found}) == len(found)
    variants = Counter(strike.attack for strike in found if strike.number == 0)
    assert set(variants.values()) == {1}
    # A repetition is another variant, where one fits.
    both = {name: [strike.variant for strike in found if strike.attack == name] for name in KNOWN}
    assert sum(len(set(pair)) == 2 for pair in both.values()) > len(both) * 3 // 4


def test_what_is_held_out_is_played_by_name_only() -> None:
    """Also where an attack is repeated more often than it has other variants: those that fit anybody all come up."""
    world = World(80, 12, 6, START, "acme")
    known = {
        name: Attack(name, tuple(each for each in attack.variants if each.held_out or each.fits is anybody))
        for name, attack in KNOWN.items()
    }
    known = {name: attack for name, attack in known.items() if attack.tuned and attack.held_out}
    count = 2 + max(len(attack.tuned) for attack in known.values())
    played: dict[str, set[str]] = {name: set() for name in known}
    for strike in strikes(world, known, dict.fromkeys(known, ()), count):
        played[strike.attack].add(strike.variant)
    assert len(played) >= 10
    assert played == {name: {variant.name for variant in attack.tuned} for name, attack in known.items()}
    name, attack = next(iter(known.items()))
    (apart, *_) = attack.held_out
    assert [strike.variant for strike in strikes(world, KNOWN, {name: (apart.name,)}, 1)] == [apart.name]


def test_victims_and_acts_do_not_depend_on_what_else_is_asked_for() -> None:
    world = World(120, 14, 4, START, "acme")
    everything = {(one.attack, one.number): one for one in strikes(world, KNOWN, dict.fromkeys(KNOWN, ()), 2)}
    for name in FEW:
        for count in (1, 2):
            for one in strikes(world, KNOWN, {name: ()}, count):
                assert one == everything[name, one.number]


@pytest.mark.parametrize("users", [1, 2, 4])
def test_few_users_share_the_attacks(users: int) -> None:
    for seed in (5, 6):
        world = World(users, 10, seed, START, "acme")
        found = list(strikes(world, KNOWN, dict.fromkeys(KNOWN, ()), 1))
        assert len(found) == len(KNOWN)
        assert all(world.start <= event.time < world.end for strike in found for event in strike.events)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Written, Written]:
    """A tenant with all attacks, and the same without."""
    evil, good = tmp_path_factory.mktemp("evil"), tmp_path_factory.mktemp("good")
    return (
        written(evil, simulate(60, 12, 11, ["all"], evil)),
        written(good, simulate(60, 12, 11, ["none"], good)),
    )


def test_attacks_add_lines_and_change_none(attacked: tuple[Written, Written]) -> None:
    evil, good = attacked
    added = Counter(evil.lines) - Counter(good.lines)
    assert not Counter(good.lines) - Counter(evil.lines)
    assert added.total() == evil.summary.attack_activities == sum(entry.activities for entry in evil.truth)
    assert all(2_000 <= one.ingested - one.time < DAY for one in evil.activities)


def test_the_truth_names_activities_of_the_attack(attacked: tuple[Written, Written]) -> None:
    evil, good = attacked
    usual = {one.id for one in good.activities}
    by_id = {one.id: (one, line) for one, line in zip(evil.activities, evil.lines, strict=True)}
    assert [entry.attack for entry in sorted(evil.truth, key=lambda entry: entry.attack)] == sorted(KNOWN)
    assert [entry.first_time for entry in evil.truth] == sorted(entry.first_time for entry in evil.truth)
    for entry in evil.truth:
        spans = [(entry.first, entry.first_time), (entry.last, entry.last_time)]
        spans += [(stage.first, stage.first_time) for stage in entry.stages]
        spans += [(stage.last, stage.last_time) for stage in entry.stages]
        for uid, time in spans:
            one, line = by_id[uid]
            assert uid not in usual
            assert one.user.id in (entry.users or (entry.user,))
            assert f'"time":"{time}"'.encode() in line
        assert f'"ingested":"{entry.first_ingested}"'.encode() in by_id[entry.first][1]
        assert bool(entry.stages) == entry.attack.startswith(campaigns.PREFIX)
        assert entry.variant in {each.name for each in KNOWN[entry.attack].variants}
        assert entry.unseen == 0


def test_optional_fields_of_the_truth_are_left_out(attacked: tuple[Written, Written]) -> None:
    lines = [msgspec.json.decode(line) for line in (attacked[0].folder / "truth.jsonl").read_bytes().splitlines()]
    for line in lines:
        assert list(line)[:6] == ["attack", "user", "first", "last", "first_time", "last_time"]
        assert all(value not in ("", [], 0) for value in line.values())


def test_variants_are_asked_for_by_name(tmp_path: Path) -> None:
    asked = ["mass_download:slowly", "mass_download:library", "inbox_rule"]
    found = written(tmp_path, simulate(40, 12, 2, asked, tmp_path, attack_count=2)).truth
    assert Counter((entry.attack, entry.variant) for entry in found if entry.attack != "inbox_rule") == {
        ("mass_download", "slowly"): 2,
        ("mass_download", "library"): 2,
    }
    assert len({entry.user for entry in found}) == len(found) == 6


def test_no_victim_at_work_is_an_error(tmp_path: Path) -> None:
    # A period that begins on a Friday ends with a weekend, on which the only administrator is off.
    friday = START.replace(day=9)
    with pytest.raises(
        ValueError, match=r"attack audit_logging_impaired \(trail_stopped\): expected a fitting user .* among 1"
    ):
        simulate(1, 10, 4, ["audit_logging_impaired:trail_stopped"], tmp_path / "out", start=friday)
