"""What the evaluation over seeds keeps apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import eval as evaluation
from bench.eval import SEEDS, asked, kept_apart
from flows.evaluation.measure import Measured
from simulator import attacks as registry
from simulator.campaigns import PREFIX

VARIANTS = {name: [variant.name for variant in attack.variants] for name, attack in registry.attacks().items()}


def test_parts_share_neither_seeds_nor_variants() -> None:
    assert not set(SEEDS["tuned"]) & set(SEEDS["held_out"])
    of = {part: {each for seed in seeds for each in asked(part, seed)} for part, seeds in SEEDS.items()}
    assert not of["tuned"] & of["held_out"]
    assert of["tuned"] | of["held_out"] == {f"{name}:{each}" for name, names in VARIANTS.items() for each in names}


@pytest.mark.parametrize("name", list(VARIANTS))
def test_two_variants_of_each_attack_are_kept_apart(name: str) -> None:
    apart = kept_apart(name, VARIANTS[name])
    assert len(apart) == (1 if name.startswith(PREFIX) else 2)
    assert apart == kept_apart(name, list(reversed(VARIANTS[name])))


def test_every_tenant_has_every_attack() -> None:
    for part, seeds in SEEDS.items():
        for seed in seeds:
            assert {each.partition(":")[0] for each in asked(part, seed)} == VARIANTS.keys()


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
