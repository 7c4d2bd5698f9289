"""The budget: what a controller on the risk threshold makes of a month of candidates."""

from __future__ import annotations

import math
from collections import Counter
from random import Random

import pytest

import detections
from stateful.correlation.policy import Policy
from stateful.finding import Severity
from tests.stateful.correlating import START, Step, finding, insight, standing, told
from windowing.watermark import HOUR

USERS, DAYS, WEEK = 2000, 30, 168 * HOUR


def month(seed: int, weekly: float) -> list[tuple[float, str, int]]:
    """(hour, user, risk) of candidates: on workdays, around noon, in clumps of risk."""
    chance = Random(seed)
    found = []
    for day in range(DAYS):
        rate = weekly / 7 * (1.3 if day % 7 < 5 else 0.25)
        left, count = math.exp(-rate), 0
        while (left := left / max(chance.random(), 1e-9)) < 1:
            count += 1
        for n in range(count):
            risk = chance.choice([35, 40, 55, 60, 75, 75, 85]) + round(chance.gauss(0, 3))
            found.append((24 * day + chance.gauss(13, 3) % 24, f"v{day}-{n}", max(1, min(99, risk))))
    return sorted(found)


def run(candidates: list[tuple[float, str, int]], budget: float, least_risk: float = 0.0) -> Step:
    step = Step(Policy(detections.load(), budget=budget, least_risk=least_risk))
    people = [(f"u{n}", insight("first", "users", "", -200 + n / 100, f"u{n}")) for n in range(USERS)]
    step.send(told(*people, final=True))
    for hour, user, risk in candidates:
        step.send(told(finding(user, hour, risk=risk)))
    return step


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("budget", [5.0, 20.0])
def test_from_the_second_week_on_a_tenant_has_as_many_alerts_as_its_budget_gives(seed: int, budget: float) -> None:
    step = run(month(seed, 50 * budget), budget)
    later = [alert for alert in standing(step.alerts).values() if alert.created >= START + WEEK]
    wanted = budget * USERS / 1000 * (DAYS - 7) / 7
    assert 0.8 * wanted <= len(later) <= 1.2 * wanted
    assert not [alert for alert in step.alerts if alert.change == "close"], "in order, nothing is taken back"


def test_each_week_has_about_as_many_as_the_budget_gives() -> None:
    step = run(month(7, 1000), 20.0)
    weeks = Counter((alert.created - START) // WEEK for alert in standing(step.alerts).values())
    assert all(32 <= weeks[number] <= 48 for number in (1, 2, 3)), weeks


def test_where_little_is_grave_the_threshold_falls_below_that_of_a_tenant_without_a_budget() -> None:
    weak = [(hour, user, 20 + risk // 4) for hour, user, risk in month(8, 300)]
    assert not standing(run(weak, 0.0, 55.0).alerts)
    later = [alert for alert in standing(run(weak, 5.0, 55.0).alerts).values() if alert.created >= START + WEEK]
    wanted = 5.0 * USERS / 1000 * (DAYS - 7) / 7
    assert 0.8 * wanted <= len(later) <= 1.2 * wanted
    weakest = run([(hour, user, risk // 6) for hour, user, risk in month(8, 300)], 5.0, 55.0)
    assert not standing(weakest.alerts)
    assert {record.rule.partition(":")[0] for record in weakest.hidden} == {"low risk"}


def test_an_attack_is_paid_for_and_does_not_silence_the_weeks_after_it() -> None:
    attack = [(200 + n / 4, f"a{n}", 95 + n % 5) for n in range(60)]
    step = run(sorted([*month(9, 500), *attack]), 5.0)
    weeks = Counter((alert.created - START) // WEEK for alert in standing(step.alerts).values())
    assert weeks[1] <= 20
    assert weeks[2] + weeks[3] >= 0.7 * 20, weeks


def test_what_is_spent_is_spent_on_the_gravest() -> None:
    candidates = month(4, 100)
    step = run(candidates, 5.0)
    risks = Counter(alert.risk for alert in standing(step.alerts).values())
    assert sum(risks.values()) < len(candidates) / 5
    assert sorted(risks.elements())[len(candidates) // 20] >= 80
    hidden = [record.rule for record in step.hidden]
    assert len(hidden) == len(candidates) - sum(risks.values())
    assert all(rule.startswith("budget: risk ") and rule.endswith("the threshold of its hour") for rule in hidden)


def test_critical_always_passes_and_counts() -> None:
    step = run([], 5.0)
    for n in range(60):
        step.send(told(finding(f"c{n}", n, severity=Severity.CRITICAL, risk=10)))
    step.send(told(finding("v", 70, risk=99)))
    assert len(standing(step.alerts)) == 60
    assert len(step.hidden) == 1


def test_a_small_tenant_has_an_alert_a_week() -> None:
    step = Step(Policy(detections.load(), budget=1.0))
    step.send(told(*((f"u{n}", insight("first", "users", "", -200, f"u{n}")) for n in range(10)), final=True))
    for hour, user, risk in month(5, 100):
        step.send(told(finding(user, hour, risk=risk)))
    assert 3 <= len(standing(step.alerts)) <= 9


def test_no_budget_is_no_limit_and_a_tenant_may_have_its_own() -> None:
    candidates = month(6, 50)
    step = run(candidates, 0.0)
    assert len(standing(step.alerts)) == len(candidates)
    own = Step(Policy(detections.load(), budget=1.0, budgets={"t": 0.0}))
    for hour, user, risk in candidates:
        own.send(told(finding(user, hour, risk=risk)))
    assert len(standing(own.alerts)) == len(candidates)


def test_under_a_narrow_budget_a_case_is_one_alert() -> None:
    """Half of the users have two alerts a day: the second one, though graver, goes after the others' first."""
    step = Step(Policy(detections.load(), budget=7.5, least_risk=0.0))
    people = [(f"u{n}", insight("first", "users", "", -200 + n / 100, f"u{n}")) for n in range(USERS)]
    step.send(told(*people, final=True))
    for number, (hour, user, _) in enumerate(month(5, 20)):
        said = [finding(user, hour, risk=80), finding(user, hour + 0.5, "mass_deletion", risk=79)]
        step.send(told(*said) if number % 2 else told(finding(user, hour, "rare_api", risk=70)))
    counts = Counter(alert.detection for alert in standing(step.alerts).values() if alert.created >= START + WEEK)
    assert counts["rare_api"] >= 10
    assert counts["mass_deletion"] < counts["rare_api"], counts
