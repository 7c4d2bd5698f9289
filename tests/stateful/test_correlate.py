"""What correlation makes of findings and insights: one test for each rule of DESIGN.md section 6."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

import detections
from stateful.correlation.policy import Policy
from stateful.finding import Alert, Finding, FindingRevision, Insight, InsightRevision, Severity
from stateful.messages import FindingBatch
from stateful.suppression import Rules, Suppression
from stateful.tuning import Tuning
from tests.stateful.correlating import START, Step, finding, insight, standing, told
from windowing.watermark import HOUR

DAY = 24 * HOUR
OFFICE = ("isps", "New Office Net")
ABROAD = ("countries", "BR")


def open_alerts(step: Step) -> list[Alert]:
    return sorted(standing(step.alerts).values(), key=lambda alert: (alert.created, alert.uid))


def known(*shown: tuple[str, str], users: int = 200, days: float = -30, peers: str = "") -> FindingBatch:
    """A tenant of so many users, and that user u900, u901, ... showed values long ago."""
    said: list[tuple[str, Insight]] = [
        (f"u{n}", insight("first", "users", "", days * 24 + n / 100, f"u{n}")) for n in range(users)
    ]
    for n, (feature, value) in enumerate(shown):
        said.append((f"u{900 + n}", insight("first", feature, value, days * 24 + 20, f"u{900 + n}", peers=peers)))
    return told(*said, final=True)


def closing(said: Finding, revision: int = 2) -> FindingBatch:
    return FindingBatch(
        0, -(2**62), [FindingRevision(said, revision, "close", because="explained by activity x")], to=0
    )


def test_the_same_finding_again_within_a_day_updates_the_alert_only_if_it_says_more() -> None:
    """Timeline:

    start   0 h     1 h       23 h            24 h
            create  nothing   update: risk    a new alert
    """
    step = Step()
    step.send(told(finding("u", 0, evidence_count=5)))
    step.send(told(finding("u", 1, evidence_count=1)))
    assert [(a.change, a.revision) for a in step.alerts] == [("create", 1)]
    step.send(told(finding("u", 23, risk=70)))
    step.send(told(finding("u", 24)))
    assert [(a.change, a.revision, len(a.findings)) for a in step.alerts[1:]] == [("update", 2, 3), ("create", 1, 1)]
    assert step.alerts[1].because == "risk 60 to 70"
    assert step.alerts[1].message == "first_country of u (3 findings within a day)"
    assert step.alerts[2].case != step.alerts[0].case


def test_an_earlier_finding_that_arrives_late_takes_the_alert_over() -> None:
    step = Step()
    step.send(told(finding("u", 10)))
    step.send(told(finding("u", 5)))
    old, new, closed = step.alerts
    assert (new.change, closed.change, closed.uid) == ("create", "close", old.uid)
    assert closed.because == f"merged into alert {new.uid}, which begins earlier"


def test_a_finding_taken_back_closes_its_alert_and_late_activity_reopens_it() -> None:
    step, said = Step(), finding("u", 0)
    step.send(told(said))
    step.send(closing(said))
    assert (step.alerts[-1].change, step.alerts[-1].because) == ("close", "explained by activity x")
    step.send(FindingBatch(0, -(2**62), [FindingRevision(said, 3, "create")], to=0))
    assert (step.alerts[-1].change, step.alerts[-1].revision) == ("create", 3)
    assert step.alerts[-1].because.startswith("reopened")


def test_alerts_are_final_when_nothing_can_change_them_and_then_forgotten() -> None:
    step = Step()
    step.send(told(finding("u", 0), final=True))
    step.seal(START + 3 * DAY - 1)
    assert [alert.final for alert in step.alerts] == [False]
    step.seal(START + 3 * DAY + HOUR)
    assert (step.alerts[-1].final, step.alerts[-1].because) == (True, "final")
    for day in range(4, 60):
        step.seal(START + day * DAY)
    step.restart()
    assert len(step.alerts) == 2
    assert not [key for key in step.rows if key.startswith(b"eu")]


def test_a_provisional_finding_is_not_forgotten() -> None:
    step = Step()
    step.send(told(finding("u", 0)))
    step.seal(START + 20 * DAY)
    step.restart()
    assert [key for key in step.rows if key.startswith(b"eu")]


def test_alerts_of_one_user_within_a_day_share_a_case() -> None:
    step = Step()
    step.send(told(finding("u", 0), finding("u", 5, "mass_download"), finding("v", 1)))
    one, other, two = open_alerts(step)
    assert one.case == two.case != other.case
    assert (one.related, two.related, other.related) == ((two.uid,), (one.uid,), ())


CHAIN = (("first_country", 0), ("audit_logging_impaired", 3), ("mass_download", 20))
"""Initial Access, Defense Impairment, Collection."""


def test_three_tactics_within_a_day_are_one_case_of_raised_severity() -> None:
    step = Step()
    for detection, at in CHAIN:
        step.send(told(finding("u", at, detection)))
    (case,) = open_alerts(step)
    assert (case.detection, case.severity, case.risk, len(case.findings)) == ("attack_chain", Severity.HIGH, 75, 3)
    assert case.message.startswith(
        "3 ATT&CK tactics within 20.0 h: Initial Access (First activity from a country); then"
    )
    closed = [alert for alert in step.alerts if alert.change == "close"]
    assert len(closed) == 2
    assert {alert.because for alert in closed} == {f"part of case {case.uid}, a chain of tactics"}


@pytest.mark.parametrize(
    "tactics", [CHAIN[:2], (*CHAIN[:2], ("mass_download", 24)), (*CHAIN[:2], ("first_country", 4))]
)
def test_fewer_tactics_or_more_than_a_day_are_no_chain(tactics: Sequence[tuple[str, int]]) -> None:
    step = Step()
    step.send(told(*(finding("u", at, detection) for detection, at in tactics)))
    assert "attack_chain" not in {alert.detection for alert in open_alerts(step)}


def test_what_is_common_in_the_tenant_is_no_alert() -> None:
    step = Step()
    step.send(known(*[OFFICE] * 6))
    step.send(told(finding("u", 0, "first_country", OFFICE)))
    assert step.alerts == []
    (hidden,) = step.hidden
    assert hidden.rule == "common in the tenant: 6 of 200 users show isp New Office Net"


@pytest.mark.parametrize("others", [0, 2])
def test_what_is_rare_in_the_tenant_raises_the_risk_and_is_said(others: int) -> None:
    step = Step()
    step.send(known(*[OFFICE] * others, peers="Sales"))
    step.send(told(finding("u", 0, "first_country", OFFICE, peers="Legal")))
    (alert,) = step.alerts
    assert alert.risk == (65 if others else 70)
    said = {comparison.feature: comparison.usual for comparison in alert.findings[0].comparisons}
    assert said == {
        "isp in the tenant": f"shown by {others} of 200 users",
        "isp among peers": "shown by nobody in Legal",
    }


def test_a_share_of_a_large_tenant_is_needed_to_be_common() -> None:
    step = Step()
    step.send(known(*[OFFICE] * 6, users=2000))
    step.send(told(finding("u", 0, "first_country", OFFICE)))
    assert len(step.alerts) == 1


def test_a_country_where_others_live_lowers_the_risk_unless_peers_go_there_too() -> None:
    step = Step()
    step.send(known(*[ABROAD] * 6, peers="Sales"))
    step.send(told(finding("u", 0, "first_country", ABROAD, peers="Legal")))
    step.send(told(finding("v", 0, "first_country", ABROAD, peers="Sales")))
    assert [(alert.user.id, alert.risk) for alert in step.alerts] == [("u", 40)]
    assert [hidden.finding.finding.user.id for hidden in step.hidden] == ["v"]


def test_who_is_still_learnt_is_an_alert_only_if_others_find_it_rare_too() -> None:
    new = finding("u", 0, "first_country", OFFICE, learning=True)
    for shown, days, alerts in (((), -30, 1), ((OFFICE, OFFICE), -30, 0), ((), -5, 0)):
        step = Step()
        step.send(known(*shown, days=days))
        step.send(told(new))
        assert (len(step.alerts), len(step.hidden)) == (alerts, 1 - alerts)
        assert all(hidden.rule.startswith("learning: ") for hidden in step.hidden)


def office(users: int) -> list[Finding]:
    """So many users behind a new address in one morning."""
    return [finding(f"u{n}", 8 + 3 * n / users, "first_country", OFFICE) for n in range(users)]


@pytest.mark.parametrize("restart", [False, True])
def test_300_users_behind_a_new_office_are_one_alert(restart: bool) -> None:
    step = Step()
    step.send(known())
    for said in office(300):
        step.send(told(said, final=True))
        if restart and said.user.id == "u3":
            step.restart()
    step.end()
    (alert,) = open_alerts(step)
    assert (alert.detection, alert.user_count, len(alert.users)) == ("campaign", 300, 300)
    assert (
        alert.message
        == "300 users show isp New Office Net for the first time, 0 of 200 users did before: first_country"
    )
    closed = [revision for revision in step.alerts if revision.change == "close"]
    assert len(closed) == 4
    assert {revision.because for revision in closed} == {
        f"part of alert {alert.uid}, on many users with the same novelty"
    }


def test_a_real_take_over_among_300_stands_out() -> None:
    step = Step()
    step.send(known())
    step.send(told(*office(300)))
    step.send(told(finding("u7", 9.5, "mass_download"), finding("u7", 9.6, "first_country", ("agents", "curl"))))
    found = open_alerts(step)
    assert [(alert.detection, alert.user.id) for alert in found[1:]] == [
        ("mass_download", "u7"),
        ("first_country", "u7"),
    ]
    assert found[0].detection == "campaign"
    assert found[1].case == found[2].case
    assert found[0].uid in found[1].related


def test_an_office_that_is_new_in_several_ways_is_still_one_alert() -> None:
    step = Step()
    step.send(known())
    for n in range(40):
        step.send(
            told(
                finding(f"u{n}", 8 + n / 20, "first_country", ABROAD),
                finding(f"u{n}", 8.01 + n / 20, "rare_api", OFFICE),
            )
        )
    (alert,) = open_alerts(step)
    assert "; also isp New Office Net" in alert.message
    assert {novelty.value for novelty in alert.findings[0].novelties} == {"BR", "New Office Net"}


def test_four_users_or_five_over_days_are_no_campaign() -> None:
    step = Step()
    step.send(told(*office(4), *(finding(f"v{n}", 30 * n, "first_country", ABROAD) for n in range(5))))
    assert "campaign" not in {alert.detection for alert in open_alerts(step)}
    assert len(open_alerts(step)) == 9


def attempts(users: int, address: str = "203.0.113.7", at: float = 10, **more: object) -> list[tuple[str, Insight]]:
    return [
        (f"u{n}", insight("failed", "addresses", address, at + n / 60, f"u{n}", note="64500")) for n in range(users)
    ]


def entered(user: str, at: float, address: str = "203.0.113.7") -> tuple[str, Insight]:
    return user, insight("entered", "addresses", address, at, user, note="64500")


def test_a_spray_is_one_alert_and_who_gets_in_has_an_own() -> None:
    step = Step()
    step.send(told(*attempts(12)))
    (alert,) = open_alerts(step)
    assert (alert.detection, alert.severity, alert.user_count) == ("password_spray", Severity.MEDIUM, 12)
    assert alert.message == "Logons of 12 users failed from 203.0.113.7 in 11 min"
    step.send(told(entered("u5", 10.5)))
    spray, breach = open_alerts(step)
    assert (spray.severity, spray.message.endswith("and 1 got in: u5")) == (Severity.CRITICAL, True)
    assert (breach.user.id, breach.severity, breach.detection) == ("u5", Severity.CRITICAL, "password_spray")
    assert [(item.action, item.ip) for item in breach.findings[0].evidence] == [
        ("failed logon", "203.0.113.7"),
        ("logon", "203.0.113.7"),
    ]


def test_a_spray_over_many_addresses_of_a_provider_is_found_there() -> None:
    step = Step()
    for n, said in enumerate(attempts(14)):
        user, one = said
        step.send(told((user, msgspec.structs.replace(one, value=f"203.0.113.{n}")), final=True))
    step.end()
    (alert,) = open_alerts(step)
    assert alert.message == "Logons of 14 users failed from 14 addresses of AS64500 in 13 min"


def test_few_users_a_place_where_people_work_or_what_is_usual_there_is_no_spray() -> None:
    step = Step()
    step.send(told(*attempts(9)))
    step.send(told(*attempts(12, "198.51.100.1"), *(entered(f"u{n}", 10, "198.51.100.1") for n in range(9))))
    assert step.alerts == []
    step = Step()
    for day in range(15):
        step.send(told(*attempts(8, at=10 + 24 * day), final=True))
        step.seal(START + day * DAY)
    step.send(told(*attempts(16, at=10 + 24 * 15)))
    assert step.alerts == []
    step.send(told(*attempts(30, at=14 + 24 * 15)))
    assert [alert.user_count for alert in open_alerts(step)] == [30]


def test_a_botnet_is_one_spray_and_a_logon_with_its_program_stands_out() -> None:
    step = Step()
    for n in range(40):
        one = insight("failed", "addresses", f"203.0.{n}.7", 10 + n / 60, f"u{n}", note=f"{64500 + n} curl")
        step.send(told((f"u{n}", one), final=True))
    step.seal(START + 2 * DAY)
    (alert,) = open_alerts(step)
    assert (alert.severity, alert.user_count) == (Severity.MEDIUM, 40)
    networks = "40 addresses of 40 networks (AS64500, AS64501, AS64502, ...)"
    assert alert.message == f"Logons of 40 users failed from {networks} in 39 min"
    assert [change.change for change in step.alerts if change.change == "close"] == []
    for user, program in (("u3", "curl"), ("u4", "Firefox"), ("stranger", "curl")):
        said = insight("entered", "addresses", "198.51.100.200", 11, user, note=f"64999 {program}")
        step.send(told((user, said)))
    _, breach = open_alerts(step)
    assert (breach.user.id, breach.severity) == ("u3", Severity.HIGH)
    assert "with the same program logons of 40 users, this one among them, failed" in breach.message


def test_a_spray_from_several_networks_is_one_alert_of_what_is_known_first() -> None:
    step = Step()
    step.send(told(*attempts(12), final=True))
    (first,) = open_alerts(step)
    for place in range(20):
        step.send(told(*attempts(12, f"198.51.100.{place}", at=10.1 + place / 2), final=True))
    step.end()
    (alert,) = open_alerts(step)
    assert alert.uid == first.uid
    assert alert.message == "Logons of 12 users failed from 21 addresses of AS64500 in 587 min"
    assert {alert.change for alert in step.alerts} == {"create", "update"}


def test_a_spray_a_week_later_is_another_one() -> None:
    step = Step()
    for day in (0, 7):
        step.send(told(*attempts(12, at=10 + 24 * day), final=True))
        step.seal(START + (day + 5) * DAY)
    assert len(open_alerts(step)) == 2


def test_new_colleagues_who_mistype_where_people_work_are_no_spray() -> None:
    def morning(office: Step) -> list[Alert]:
        office.send(told(*attempts(12, "198.51.100.1", at=9 + 24 * 8)))
        return open_alerts(office)

    step = Step()
    step.send(told(*(entered(f"c{n}", 9, "198.51.100.1") for n in range(3)), final=True))
    step.seal(START + 7 * DAY)
    step.restart()
    assert morning(step) == []
    assert len(morning(Step())) == 1, "nobody is known to work there"


@pytest.mark.parametrize("detection", ["password_spray", "campaign"])
def test_a_verdict_on_an_old_alert_on_many_users_is_said_at_once(detection: str) -> None:
    step = Step()
    said = attempts(12) if detection == "password_spray" else office(6)
    step.send(told(*said, final=True))
    step.seal(START + 12 * DAY)
    step.restart()
    (alert,) = open_alerts(step)
    assert (alert.detection, alert.final, alert.verdict) == (detection, True, "")
    note = f"{alert.uid} {detection}"
    step.send(told(("u1", insight("verdict", "alert", "false-positive", 13 * 24, "u1", note=note))))
    (judged,) = open_alerts(step)
    assert (judged.uid, judged.verdict, step.alerts[-1].change) == (alert.uid, "false-positive", "update")


def test_verdicts_raise_the_bar_for_alerts_on_many_users_too() -> None:
    step = Step()
    for day in range(14):
        step.send(told(*attempts(12, f"203.0.113.{day}", at=10 + 24 * day), final=True))
        step.seal(START + (day + 1) * DAY)
        known = open_alerts(step)[-1]
        note = f"{known.uid} password_spray"
        step.send(told(("u1", insight("verdict", "alert", "false-positive", 12 + 24 * day, "u1", note=note))))
    hidden = [record.rule for record in step.hidden]
    assert hidden
    assert all(rule.startswith("verdicts: risk 60 is below ") for rule in hidden)


def test_detections_of_correlation_can_be_switched_off_and_tuned_by_tenant() -> None:
    off = Policy(
        detections.load(), tunings={"password_spray": Tuning(enabled=False), "campaign": Tuning(enabled=False)}
    )
    step = Step(off)
    step.send(told(*attempts(20), *office(6)))
    assert {alert.detection for alert in open_alerts(step)} == {"first_country"}
    own = Policy(detections.load(), tenants={"t": {"campaign": Tuning(settings={"min_users": 7})}})
    step = Step(own)
    step.send(told(*office(6)))
    assert len(open_alerts(step)) == 6


def rules(**conditions: object) -> Policy:
    given = {"name": "r", "reason": "because", "owner": "it@example.com"} | conditions
    return Policy(detections.load(), Rules([msgspec.convert(given, Suppression)]))


def test_suppressed_findings_go_to_the_lane_with_the_rule() -> None:
    step = Step(rules(addresses=["192.0.2.0/24"], expires="2026-02-03"))
    step.send(told(finding("u", 0), finding("u", 24)))
    assert [hidden.rule for hidden in step.hidden] == ["suppression r"]
    assert [alert.created for alert in open_alerts(step)] == [START + DAY]


def test_the_same_novelty_of_many_users_can_be_suppressed() -> None:
    step = Step(rules(min_users=6))
    step.send(told(*office(7)))
    assert open_alerts(step) == []
    assert {hidden.rule for hidden in step.hidden} == {"suppression r"}


def verdict(alert: Alert, word: str, at: float) -> FindingBatch:
    note = " ".join([alert.uid, *sorted({finding.detection for finding in alert.findings})])
    said = insight("verdict", "alert", word, at, alert.user.id, note=note)
    return FindingBatch(0, -(2**62), [], [InsightRevision("t", alert.user.id, said, "create")], to=0)


def test_a_verdict_is_the_status_of_the_alert() -> None:
    step = Step()
    step.send(told(finding("u", 0)))
    step.send(verdict(step.alerts[0], "benign", 2))
    assert (step.alerts[-1].verdict, step.alerts[-1].because) == ("benign", "verdict benign")
    step.send(verdict(step.alerts[0], "true-positive", 3))
    assert step.alerts[-1].verdict == "true-positive"


def test_a_verdict_on_an_alert_that_is_over_is_still_sent() -> None:
    step = Step()
    step.send(told(finding("u", 0), final=True))
    step.seal(START + 10 * DAY)
    step.send(verdict(step.alerts[0], "false-positive", 11 * 24))
    assert (step.alerts[-1].revision, step.alerts[-1].verdict, len(step.alerts[-1].findings)) == (
        3,
        "false-positive",
        1,
    )


def test_false_positives_raise_the_bar_of_their_detection_alone() -> None:
    """The bar after five false positives is 90 x 5 / 10."""
    step = Step()
    for n in range(5):
        step.send(told(finding(f"u{n}", n)))
        step.send(verdict(step.alerts[-1], "false-positive", 5 + n))
    step.send(told(finding("v", 24, risk=44), finding("w", 24, risk=45), finding("v", 25, "mass_download", risk=44)))
    assert [(alert.user.id, alert.detection) for alert in open_alerts(step)[5:]] == [
        ("w", "first_country"),
        ("v", "mass_download"),
    ]
    (hidden,) = step.hidden
    assert hidden.rule == ("verdicts: risk 44 is below 45, since 5 of 5 alerts of first_country were not attacks")
    assert [alert for alert in step.alerts if alert.change == "close"] == [], "what was before the verdicts stays"


def test_what_was_new_that_day_is_said_with_the_alert_and_never_alone() -> None:
    step = Step()
    step.send(known(("countries", "FR"), ("operations", "x:List")))
    firsts = [("u", insight("first", f, v, 5, "u")) for f, v in (("agents", "curl"), ("countries", "FR"))]
    step.send(told(*firsts, ("u", insight("uncommon", "operations", "x:List", 6, "u"))))
    assert step.alerts == []
    step.send(told(finding("u", 8)))
    assert step.alerts[0].insights == (
        "agent curl: first for the user, first in the tenant",
        "country FR: first for the user, uncommon in the tenant (1 of 200 users)",
        "operation x:List: uncommon for the user, uncommon in the tenant (1 of 200 users)",
    )
    step.send(told(finding("u", 40)))
    assert step.alerts[1].insights == (), "another day"
