"""What the evaluation over seeds keeps apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import eval as evaluation
from bench.eval import DAYS, HELD_OUT, SEEDS, TUNED, USERS, asked
from flows.evaluation.measure import Measured
from simulator import attacks as registry
from simulator.campaigns import PREFIX
from simulator.simulate import START
from simulator.victims import strikes
from simulator.world import World

KNOWN = registry.attacks()


def test_parts_share_neither_seeds_nor_variants_and_leave_none_out() -> None:
    assert not set(SEEDS[TUNED]) & set(SEEDS[HELD_OUT])
    of = {part: {each for seed in seeds for each in asked(part, seed)} for part, seeds in SEEDS.items()}
    assert of[HELD_OUT] == {f"{name}:{one.name}" for name, attack in KNOWN.items() for one in attack.held_out}
    assert of[TUNED] == {f"{name}:{one.name}" for name, attack in KNOWN.items() for one in attack.tuned}


@pytest.mark.parametrize("name", list(KNOWN))
def test_two_variants_of_each_attack_are_held_out(name: str) -> None:
    assert len(KNOWN[name].held_out) == (1 if name.startswith(PREFIX) else 2)


def test_every_tenant_has_every_attack_and_no_variant_twice() -> None:
    for part, seeds in SEEDS.items():
        for seed in seeds:
            found = asked(part, seed)
            assert {each.partition(":")[0] for each in found} == KNOWN.keys()
            assert len(set(found)) == len(found)


@pytest.mark.parametrize(("part", "seed"), [(part, seed) for part, seeds in SEEDS.items() for seed in seeds])
def test_attacks_of_a_tenant_have_victims_of_their_own(part: str, seed: int) -> None:
    world = World(USERS, DAYS, seed, START, "acme")
    wanted: dict[str, tuple[str, ...]] = {}
    for each in asked(part, seed):
        name, _, variant = each.partition(":")
        wanted[name] = (*wanted.get(name, ()), variant)
    victims = [strike.victim.key for strike in strikes(world, KNOWN, wanted, 1)]
    assert len(set(victims)) == len(victims) == len(asked(part, seed))


def test_tenants_are_counted_together() -> None:
    one, other = (Measured((), alerts, (), 1, 50, 7.0) for alerts in (3, 4))
    both = evaluation.together([one, other])
    assert (both.alerts, both.closed, both.users, both.days) == (7, 2, 50, 14.0)


def test_a_small_case_from_end_to_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(evaluation, "asked", lambda part, seed: ["audit_logging_impaired:trail_stopped"])
    measured = evaluation.case("tuned", 1, 12, 12)
    assert [(found.attack.name, found.found, found.fitting) for found in measured.found] == [
        ("audit_logging_impaired", True, True)
    ]
    assert measured.users > 12
