"""Correlation: findings of one user and detection within a day are one alert, whatever their order."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from activities.activity import User
from stateful.correlate import Thread, revise, settle, take, wake
from stateful.finding import Alert, Evidence, Finding, FindingRevision, Severity
from stateful.models import DAY

HOUR = 3_600_000


def finding(uid: str, start: int, risk: int = 50) -> Finding:
    return Finding(
        uid=uid,
        tenant="t",
        detection="d",
        user=User("u"),
        anchor=uid,
        start=start,
        end=start,
        closes=start,
        severity=Severity.MEDIUM,
        risk=risk,
        reason=f"because of {uid}",
        evidence=(Evidence(id=uid, time=start, action="a"),),
        evidence_count=1,
    )


def said(uid: str, start: int, revision: int = 1, **more: object) -> FindingRevision:
    whole = FindingRevision(finding(uid, start), revision, "create" if revision == 1 else "update")
    return msgspec.structs.replace(whole, **more)


def held(alerts: list[Alert]) -> dict[str, Alert]:
    """What an analyst sees in the end, checking that the revisions of an alert only rise."""
    seen: dict[str, Alert] = {}
    for alert in alerts:
        assert alert.revision == (seen[alert.uid].revision + 1 if alert.uid in seen else 1)
        seen[alert.uid] = alert
    return {
        uid: msgspec.structs.replace(alert, revision=0, change="create", because="")
        for uid, alert in seen.items()
        if alert.change != "close"
    }


def test_same_finding_again_within_a_day_updates_the_alert() -> None:
    """Timeline:

    start   0 h     23 h          24 h
            create  update (2)    a new alert
    """
    thread = Thread()
    take(thread, said("a", 0))
    first = revise(thread, "")
    take(thread, said("b", 23 * HOUR))
    second = revise(thread, "")
    take(thread, said("c", 24 * HOUR))
    third = revise(thread, "")
    assert [(a.change, a.revision, len(a.findings)) for a in first + second + third] == [
        ("create", 1, 1),
        ("update", 2, 2),
        ("create", 1, 1),
    ]
    assert first[0].uid == second[0].uid != third[0].uid
    assert second[0].message == "because of a (2 findings within a day)"


def test_of_findings_of_one_moment_the_one_of_the_first_activity_opens_the_alert() -> None:
    """Activities of one millisecond come in the order of their ids; what uids their findings have doesn't count."""
    thread = Thread()
    for anchor, uid in (("1", "f"), ("2", "a")):
        revision = said(uid, 0)
        take(
            thread, msgspec.structs.replace(revision, finding=msgspec.structs.replace(revision.finding, anchor=anchor))
        )
        (alert,) = revise(thread, "")
        assert alert.findings[0].anchor == "1"


def test_an_earlier_finding_that_arrives_late_takes_the_alert_over() -> None:
    thread = Thread()
    take(thread, said("b", 10 * HOUR))
    (old,) = revise(thread, "")
    take(thread, said("a", 5 * HOUR))
    new, closed = revise(thread, "explained")
    assert (new.change, closed.change, closed.uid) == ("create", "close", old.uid)
    assert closed.because == f"merged into alert {new.uid}, which begins earlier"


def test_a_finding_taken_back_closes_its_alert_and_may_open_it_again() -> None:
    thread = Thread()
    take(thread, said("a", 0))
    revise(thread, "")
    take(thread, said("a", 0, revision=2, change="close"))
    (closed,) = revise(thread, "explained by activity x, which arrived 5.0 h late")
    assert (closed.change, closed.final) == ("close", True)
    assert closed.because == "explained by activity x, which arrived 5.0 h late"
    take(thread, said("a", 0, revision=3, change="create"))
    (again,) = revise(thread, "")
    assert (again.change, again.revision) == ("create", 3)


def test_an_alert_is_final_when_all_its_findings_are() -> None:
    thread = Thread()
    take(thread, said("a", 0, final=True))
    take(thread, said("b", HOUR))
    assert [alert.final for alert in revise(thread, "")] == [False]
    take(thread, said("b", HOUR, revision=2, final=True))
    assert [alert.final for alert in revise(thread, "")] == [True]


def test_what_is_over_is_forgotten_but_not_before() -> None:
    thread = Thread()
    take(thread, said("a", 0, final=True))
    revise(thread, "")
    assert wake(thread) == DAY
    settle(thread, DAY)
    assert thread.findings
    settle(thread, DAY + 1)
    assert (thread.findings, thread.alerts, wake(thread)) == ({}, {}, None)


def test_a_provisional_finding_is_not_forgotten() -> None:
    thread = Thread()
    take(thread, said("a", 0))
    revise(thread, "")
    settle(thread, 10 * DAY)
    assert thread.findings


rows = st.lists(st.tuples(st.integers(0, 80), st.integers(1, 99)), min_size=1, max_size=12)


@given(rows, st.data())
def test_the_alerts_do_not_depend_on_the_order_of_the_findings(
    table: list[tuple[int, int]], data: st.DataObject
) -> None:
    findings = [
        FindingRevision(finding(f"f{n}", hour * HOUR, risk), 1, "create") for n, (hour, risk) in enumerate(table)
    ]
    one, other = Thread(), Thread()
    for revision in findings:
        take(one, revision)
    whole = held(revise(one, ""))
    alerts: list[Alert] = []
    for revision in data.draw(st.permutations(findings)):
        if data.draw(st.booleans()):
            take(other, msgspec.structs.replace(revision, change="close"))
        take(other, revision)
        if data.draw(st.booleans()):
            alerts += revise(other, "")
    alerts += revise(other, "")
    assert held(alerts) == whole
    assert sum(len(alert.findings) for alert in whole.values()) == len(findings)
