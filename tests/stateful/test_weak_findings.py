"""Weak findings of one user: what they are together, and what others explain of them."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from activities.activity import UserType
from stateful.correlation.judgement import explains
from stateful.correlation.prevalence import Prevalence
from tests.stateful.correlating import POLICY, Step, finding, standing, told

LEAST = 55.0


@pytest.fixture
def step() -> Step:
    return Step(policy=replace(POLICY, least_risk=LEAST))


def test_weak_findings_close_together_are_one_alert(step: Step) -> None:
    step.send(told(finding("u", 0, risk=40)))
    assert not standing(step.alerts)
    step.send(told(finding("u", 0.5, "rare_api", risk=40)))
    (alert,) = standing(step.alerts).values()
    assert {one.detection for one in alert.findings} == {"first_country", "rare_api"}
    assert "also: " in alert.message


def test_weak_findings_hours_apart_count_by_half(step: Step) -> None:
    step.send(told(finding("u", 0, risk=40), finding("u", 6, "rare_api", risk=40)))
    assert not standing(step.alerts)


def test_several_detections_on_one_activity_count_once(step: Step) -> None:
    one, other = finding("u", 0, risk=40), finding("u", 0, "rare_api", risk=40)
    step.send(told(msgspec.structs.replace(one, anchor="a"), msgspec.structs.replace(other, anchor="a")))
    assert not standing(step.alerts)


def test_a_weak_finding_goes_with_the_strong_one(step: Step) -> None:
    step.send(told(finding("u", 0, risk=20, detection="rare_api"), finding("u", 3, risk=70)))
    (alert,) = standing(step.alerts).values()
    assert alert.detection == "first_country"
    assert len(alert.findings) == 2


def test_strong_findings_stay_alerts_of_their_own(step: Step) -> None:
    step.send(told(finding("u", 0, risk=70), finding("u", 1, "mass_download", risk=70)))
    assert len(standing(step.alerts)) == 2


@pytest.mark.parametrize(
    ("feature", "peers", "kind", "explained"),
    [
        ("isps", 0, UserType.PERSON, True),
        ("isps", 2, UserType.SERVICE, False),
        ("isps", 3, UserType.SERVICE, True),
        ("unregistered", 9, UserType.PERSON, False),
        ("countries", 1, UserType.PERSON, False),
        ("countries", 2, UserType.PERSON, True),
    ],
)
def test_what_many_show_explains_only_what_it_can(feature: str, peers: int, kind: UserType, explained: bool) -> None:
    assert explains(feature, Prevalence(50, peers, 200), kind) is explained


def test_peers_explain_an_operation_that_few_others_use() -> None:
    assert explains("operations", Prevalence(3, 3, 200))
    assert not explains("operations", Prevalence(3, 2, 200))
