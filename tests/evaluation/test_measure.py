"""Alerts against the truth: what is about what, and the figures; on timelines small enough to count by hand.

09:00      10:00      11:00      12:00      13:00
           |--attack--|                            user eve, its first activity arrives at 10:02
  A1 ....  A2 ======  A3          A4               A1, A4 of eve are about nothing; A2, A3 are about the attack
           B1                                      of bob: about nothing
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.evaluation.alerts import Seen
from flows.evaluation.measure import MARGIN, Measured, measure, percentile, summary
from flows.evaluation.truth import Attack

HOUR, MINUTE = 3_600_000, 60_000
NINE = 1_767_600_000_000


def attack(name: str = "mass_download", user: str = "eve", hour: float = 1, **more: Any) -> Attack:
    begins = NINE + round(hour * HOUR)
    fields: dict[str, Any] = {
        "variant": "v",
        "users": frozenset({user}),
        "begins": begins,
        "ends": begins + HOUR,
        "arrived": begins + 2 * MINUTE,
    }
    return Attack(name=name, user=user, **(fields | more))


def alert(uid: str, hour: float, user: str = "eve", minutes: float = 0, **more: Any) -> Seen:
    first = NINE + round(hour * HOUR)
    last = first + round(minutes * MINUTE)
    fields: dict[str, Any] = {
        "detections": ("mass_download",),
        "users": frozenset({user}),
        "spans": ((first, last),),
        "raised": last + 3 * MINUTE,
        "risk": 50.0,
        "closed": False,
    }
    return Seen(uid=uid, user=user, **(fields | more))


ALERTS = [
    alert("A1", 0.2),
    alert("A2", 1, minutes=60),
    alert("A3", 2),
    alert("A4", 3),
    alert("B1", 1, "bob"),
]


def measured(alerts: list[Seen], attacks: list[Attack] | None = None, users: int = 100, days: float = 7) -> Measured:
    return measure(alerts, [attack()] if attacks is None else attacks, users, days)


def test_what_is_about_the_attack() -> None:
    result = measured(ALERTS)
    (found,) = result.found
    assert [each.uid for each in found.alerts] == ["A2", "A3"]
    assert [each.uid for each in result.false] == ["A1", "A4", "B1"]
    assert (result.recall, result.precision) == (1.0, 2 / 5)
    # Three in a week of a hundred users.
    assert result.false_rate == pytest.approx(30)


def test_a_margin_is_granted_on_both_sides() -> None:
    hour = MARGIN / HOUR
    near = [alert("before", 1 - hour), alert("after", 2 + hour)]
    assert measured(near).false == ()
    far = [alert("before", 1 - hour - 0.001), alert("after", 2 + hour + 0.001)]
    assert len(measured(far).false) == 2


def test_an_alert_around_the_attack_is_not_about_it_unless_a_finding_in_it_is() -> None:
    around = alert("A", 0, spans=((NINE, NINE + 1), (NINE + 4 * HOUR, NINE + 4 * HOUR)))
    assert measured([around]).recall == 0
    through = alert("A", 0, spans=((NINE, NINE + 4 * HOUR),))
    assert measured([through]).recall == 1


def test_closed_alerts_count_for_nothing() -> None:
    result = measured([alert("A", 1, closed=True), alert("B", 3, closed=True)])
    assert (result.recall, result.alerts, result.false, result.closed) == (0, 0, (), 2)


def test_any_user_of_an_attack_or_of_an_alert_will_do() -> None:
    sprayed = attack("password_spray", users=frozenset({"eve", "bob"}))
    assert measured([alert("A", 1, "bob")], [sprayed]).recall == 1
    campaign = alert("A", 1, "zoe", users=frozenset({"zoe", "eve"}))
    assert measured([campaign]).recall == 1


def test_delay_is_from_the_arrival_of_the_first_activity_to_the_first_alert() -> None:
    later, sooner = alert("A", 1.5), alert("B", 1.2)
    (found,) = measured([later, sooner]).found
    assert found.delay == (12 + 3 - 2) * 60
    (found,) = measured([alert("A", 1, raised=NINE)]).found
    assert found.delay == 0  # It was there already when the attack began.
    assert measured([]).found[0].delay is None


@pytest.mark.parametrize(
    ("name", "stages", "detection", "fits"),
    [
        ("mass_download", (), "mass_download", True),
        ("mass_download", (), "unusual_hour", False),
        ("brute_force", (), "failed_logon_burst", True),
        ("brute_force", (), "brute_force", False),
        ("campaign_bec", ("session_replay", "inbox_rule"), "inbox_rule", True),
        ("campaign_bec", ("session_replay", "brute_force"), "failed_logon_burst", True),
        ("campaign_bec", ("session_replay",), "attack_chain", True),
        ("mass_download", (), "attack_chain", False),
    ],
)
def test_whether_a_detection_fits_is_told_apart(name: str, stages: tuple[str, ...], detection: str, fits: bool) -> None:
    (found,) = measured([alert("A", 1, detections=(detection,))], [attack(name, stages=stages)]).found
    assert found.found
    assert found.fitting is fits


def test_a_chain_fits_by_the_findings_in_it() -> None:
    (found,) = measured([alert("A", 1, detections=("attack_chain", "first_country", "mass_download"))]).found
    assert found.fitting


def test_ranks_of_users_by_risk() -> None:
    alerts = [alert("A", 1, "eve", risk=60), alert("B", 1, "bob", risk=90), alert("C", 1, "cid", risk=60)]
    attacks = [attack(user=user) for user in ("eve", "bob", "cid", "nobody")]
    assert [found.rank for found in measured(alerts, attacks).found] == [2, 1, 2, 4]


def test_the_summary_has_exactly_these_keys() -> None:
    attacks = [attack(), attack("rare_api", "bob", variant="w"), attack("rare_api", "cid", variant="u")]
    found = msgspec.json.decode(msgspec.json.encode(summary(measured([*ALERTS, alert("C", 1.1, "cid")], attacks))))
    assert list(found) == [
        "recall",
        "precision",
        "false_alerts_per_1000_users_per_week",
        "delay_p50_s",
        "delay_p95_s",
        "per_attack",
    ]
    assert (found["recall"], found["precision"]) == (1.0, round(4 / 6, 4))
    assert list(found["per_attack"]) == ["mass_download", "rare_api"]
    assert found["per_attack"]["rare_api"] == {
        "attacks": 2,
        "found": 2,
        "recall": 1.0,
        "fitting": 0,
        "delay_p50_s": (60 + 420) / 2,
        "rank_p50": 1.0,
        "missed_variants": [],
    }


def test_nothing_at_all() -> None:
    found = summary(measured([], []))
    assert (found["recall"], found["precision"], found["delay_p50_s"], found["per_attack"]) == (1.0, 1.0, None, {})
    assert summary(measured([]))["recall"] == 0


def test_missed_variants_are_named() -> None:
    attacks = [attack(variant="b"), attack(variant="a", user="bob"), attack(variant="c", user="cid")]
    row = summary(measured([alert("A", 1, "cid")], attacks))["per_attack"]
    assert isinstance(row, dict)
    assert row["mass_download"].missed_variants == ["a", "b"]


@pytest.mark.parametrize(("users", "days"), [(0, 7), (-1, 7), (10, 0), (10, -1)])
def test_no_users_or_days_is_refused(users: int, days: float) -> None:
    with pytest.raises(ValueError, match="expected at least 1 user and more than 0 days"):
        measured([], [], users, days)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.integers(1, 99))
def test_percentiles_lie_within(values: list[float], percent: int) -> None:
    found = percentile(sorted(values), percent)
    assert found is not None
    assert min(values) - 0.001 <= found <= max(values) + 0.001


@given(
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from(["eve", "bob"]), st.booleans()), max_size=12),
    st.integers(1, 1000),
    st.floats(0.5, 60),
)
def test_every_open_alert_is_about_an_attack_or_false(
    drawn: list[tuple[float, str, bool]], users: int, days: float
) -> None:
    alerts = [alert(f"A{n}", hour, user, closed=closed) for n, (hour, user, closed) in enumerate(drawn)]
    result = measured(alerts, users=users, days=days)
    about = {one.uid for found in result.found for one in found.alerts}
    false = {one.uid for one in result.false}
    assert about | false == {one.uid for one in alerts if not one.closed}
    assert not about & false
    assert 0 <= result.precision <= 1
