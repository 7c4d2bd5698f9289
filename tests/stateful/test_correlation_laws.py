"""Alerts are a function of the set of statements: interleavings, restarts, batches and other tenants change nothing."""

from __future__ import annotations

import os
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import detections
from activities.batch import key_group_of
from stateful.correlation.documents import Spray, spray_codec
from stateful.correlation.policy import Policy
from stateful.finding import Alert, Finding, Insight, Severity
from stateful.messages import FindingBatch
from stateful.suppression import Rules, Suppression
from tests.stateful.correlating import START, Step, Story, batches, finding, insight, standing
from windowing.watermark import END_OF_TIME, HOUR

GROUPS = 3
RULES = Rules(
    [
        Suppression("vpn", "ours", addresses=("198.51.100.0/24",)),
        Suppression("mass", "announced", countries=("FR",), min_users=7),
    ]
)
POLICIES = [
    Policy(detections.load(), RULES),
    Policy(detections.load(), RULES, budget=300.0, least_risk=55.0),
]
EXAMPLES = 3000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 60

VALUES = [("countries", "BR"), ("countries", "FR"), ("agents", "curl"), ("isps", "Example Net")]
DETECTIONS = ["first_country", "mass_download", "audit_logging_impaired", "rare_api", "failed_logon_burst"]
SPAN = 24 * 9
"""Hours."""

seeds = st.integers(0, 2**32)
"""Of tales. Drawn one by one, their parts would take Hypothesis longer than the step takes to judge them."""


def a_finding(chance: Random) -> Finding:
    at = float(chance.randrange(SPAN))
    return finding(
        f"u{chance.randrange(12)}",
        at,
        chance.choice(DETECTIONS),
        *chance.sample(VALUES, chance.randrange(3)),
        risk=chance.randrange(1, 100),
        severity=chance.choice(list(Severity)),
        learning=chance.random() < 0.1,
        peers=chance.choice(["", "Sales"]),
        closes=START + round(at) * HOUR + chance.choice([0, HOUR]),
    )


def an_insight(chance: Random) -> tuple[str, Insight]:
    user, at = f"u{chance.randrange(12)}", float(chance.randrange(SPAN))
    kind = chance.choice(["first", "first", "uncommon", "failed", "entered", "verdict"])
    if kind in ("failed", "entered"):
        address = chance.choice(["203.0.113.5", "203.0.113.6"])
        return user, insight(kind, "addresses", address, at, user, note=chance.choice(["64500", "64501 curl", ""]))
    if kind == "verdict":
        word = chance.choice(["true-positive", "false-positive", "benign"])
        return user, insight(kind, "alert", word, at, user, note=f"{chance.choice('ab')} {chance.choice(DETECTIONS)}")
    feature, value = chance.choice([("users", ""), *VALUES])
    return user, insight(kind, feature, value, at, user, peers=chance.choice(["", "Sales"]))


def a_spray(chance: Random) -> list[tuple[str, Insight]]:
    """A burst of failures from one address, or from many of one or more providers, and sometimes a success."""
    at, count, spread = float(chance.randrange(SPAN)), chance.randrange(7, 21), chance.choice([1, 2, 5, 50])
    said = []
    for n in range(count):
        place, note = f"203.0.113.{9 + n % spread}", f"{64500 + n % spread % 3} curl"
        closes = START + round((at + n / 20) * HOUR) + HOUR // 6
        said.append((f"u{n}", insight("failed", "addresses", place, at + n / 20, f"u{n}", closes=closes, note=note)))
    if chance.random() < 0.5:
        place = f"203.0.113.{9 + chance.randrange(3)}"
        said.append(("u3", insight("entered", "addresses", place, at + 1, "u3", note="64500 curl")))
    return said


def a_surge(chance: Random) -> list[Finding]:
    """Many users with the same novelties on a morning."""
    at, count, pair = float(chance.randrange(SPAN)), chance.randrange(3, 10), chance.sample(VALUES, 2)
    return [finding(f"u{n}", at + n / 4, "first_country", pair[n % 2], risk=50 + n) for n in range(count)]


def tale(seed: int) -> list[Story]:
    """Statements of a tenant over nine days; each user's in the user's key group."""
    chance = Random(seed)
    statements: list[Finding | tuple[str, Insight]] = [
        *(a_finding(chance) for _ in range(chance.randrange(16))),
        *(an_insight(chance) for _ in range(chance.randrange(24))),
        *(said for _ in range(chance.randrange(3)) for said in a_spray(chance)),
        *(said for _ in range(chance.randrange(3)) for said in a_surge(chance)),
    ]
    named: dict[str, Story] = {}
    for statement in statements:
        user, said = (statement.user.id, statement) if isinstance(statement, Finding) else statement
        delay = chance.randrange(24) * HOUR
        named[said.uid] = Story(key_group_of("t", user, GROUPS), statement, delay, chance.random() < 0.3)
    return list(named.values())


def in_turn(told: list[Story], policy: Policy) -> dict[str, Alert]:
    """Each key group after the other, in one batch each."""
    step = Step(policy, GROUPS)
    for cut in batches(told, GROUPS, 10**15):
        step.send(*cut)
    return standing(step.alerts)


@settings(max_examples=EXAMPLES)
@given(seeds, st.sampled_from(POLICIES))
@example(4035078, POLICIES[0])  # A campaign that there is only since the tenant has so many users.
def test_interleavings_batches_and_restarts_change_nothing(seed: int, policy: Policy) -> None:
    told, chance = tale(seed), Random(seed + 1)
    cut = batches(told, GROUPS, chance.choice([1, HOUR, 30 * HOUR]))
    step = Step(policy, GROUPS, chance.choice([0, 1 << 30]))
    while waiting := [group for group in range(GROUPS) if cut[group]]:
        group, count = chance.choice(waiting), chance.randrange(1, 4)
        step.send(*cut[group][:count])
        del cut[group][:count]
        if chance.random() < 0.1:
            step.restart()
            # Whoever resumes at its end says again that it has ended.
            for other in range(GROUPS):
                cut[other] = cut[other] or [FindingBatch(other, END_OF_TIME, [], to=0)]
    found = standing(step.alerts)
    assert found == in_turn(told, policy)
    assert all(alert.final for alert in found.values())


@settings(max_examples=EXAMPLES)
@given(seeds, seeds, st.sampled_from(POLICIES))
def test_another_tenant_changes_nothing(ours: int, theirs: int, policy: Policy) -> None:
    step, told = Step(policy, GROUPS), tale(ours)
    for own, other in zip(batches(told, GROUPS, HOUR), batches(tale(theirs), GROUPS, HOUR), strict=True):
        while own or other:
            if own:
                step.send(own.pop(0))
            if other:
                step.send(foreign(other.pop(0)))
    found = {uid: alert for uid, alert in standing(step.alerts).items() if alert.tenant == "t"}
    assert found == in_turn(told, policy)


def foreign(batch: FindingBatch) -> FindingBatch:
    """The same of another tenant. Time is of the key group: this one's is behind, and says so."""
    revisions = [
        replace(said, finding=replace(said.finding, tenant="o", uid=f"o{said.finding.uid}")) for said in batch.revisions
    ]
    insights = [replace(said, tenant="o") for said in batch.insights]
    return replace(batch, revisions=revisions, insights=insights, sealed=-(2**62))


@settings(max_examples=EXAMPLES)
@given(seeds, st.sampled_from(POLICIES))
def test_what_is_over_is_forgotten(seed: int, policy: Policy) -> None:
    """A month later only prevalence, verdicts, places where people work and the like are left."""
    told, step = tale(seed), Step(policy, GROUPS)
    for cut in batches(told, GROUPS, 10**15):
        if said := cut[:-1]:  # Bytewax hands over nothing of a key group that says nothing.
            step.send(*said)
    for day in range(60):
        step.seal(START + day * 24 * HOUR)
    step.restart()
    assert {key[:2] for key in step.rows if key.startswith(b"e")} <= {b"ev", b"et", b"es"}
    networks = [spray_codec().decode(row).spray for key, row in step.rows.items() if key.startswith(b"es")]
    assert all(network == Spray(wake=network.wake, crowds=network.crowds) and network.crowds for network in networks)
