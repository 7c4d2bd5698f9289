"""OCSF objects against the schema itself, against py-ocsf-models, and as explained on a terminal."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ocsf_models.events.findings.detection_finding import DetectionFinding  # type: ignore[import-untyped]
from rich.console import Console

from activities.activity import Activity, Category, Outcome, User, UserType
from flows.explain import explain, printable, utc
from flows.sinks.encoding import encode_json
from flows.sinks.ocsf import MAX_TEXT, to_ocsf
from stateful.attack import CLOUD_ACCOUNTS, CLOUD_STORAGE, Technique
from stateful.detection import Detection
from stateful.finding import Alert, Comparison, Evidence, Finding, Severity

SCHEMA = json.loads((Path(__file__).parent / "ocsf-1.5.0-detection-finding.json").read_text(encoding="utf-8"))
SCALARS = {"boolean_t": bool, "integer_t": int, "long_t": int, "timestamp_t": int, "float_t": float}


def silent(activity: Activity, user: object, context: object) -> Iterable[Finding]:
    return ()


def detection(id_: str, **fields: Any) -> Detection:
    declared: dict[str, Any] = {
        "title": "Activity from a new country",
        "description": "A user acts from a country that they never acted from.",
        "techniques": (CLOUD_ACCOUNTS,),
        "severity": Severity.MEDIUM,
        "evaluate": silent,
        "categories": frozenset(),
        "runbook": ("Ask the user.", "Revoke their sessions."),
        "quiet": "A country that the user or a peer acted from in the last 90 days.",
        "version": "3",
    }
    return Detection(id=id_, **(declared | fields))


DETECTIONS = {
    "new_country": detection("new_country"),
    "mass_download": detection(
        "mass_download",
        title="Mass download",
        techniques=(CLOUD_STORAGE, CLOUD_ACCOUNTS),
        learning_days=0.0,
        runbook=("List the objects.", "Ask the user."),
        quiet="",
    ),
    "bare": detection("bare", techniques=(), runbook=(), quiet="", description="", title=""),
    "odd": detection("odd", techniques=(Technique("T9999.001", "Unnamed parent", "TA0001", ""),)),
}

EVIDENCE = Evidence(
    id="a1",
    time=1_767_225_600_000,
    action="GetObject",
    app="s3.amazonaws.com",
    category=Category.DOWNLOAD,
    outcome=Outcome.DENIED,
    ip="203.0.113.9",
    country="RO",
    city="Cluj",
    isp="Example Net",
    user_agent="aws-cli/2.15",
    object="payroll/2026.csv",
    bytes=52_428_800,
)
FINDING = Finding(
    uid="f1",
    tenant="acme",
    detection="new_country",
    user=User("u-17", "Ana Pop", "ana@example.com"),
    anchor="a1",
    start=1_767_225_600_000,
    end=1_767_229_200_000,
    closes=1_767_229_200_000,
    severity=Severity.HIGH,
    risk=71,
    reason="Ana Pop acted from Romania for the first time.",
    comparisons=(Comparison("country", "RO", "DE, FR", since=1_760_000_000_000, score=1.0),),
    evidence=(EVIDENCE,),
    evidence_count=7,
)
ALERT = Alert(
    uid="c0ffee00",
    revision=2,
    change="update",
    tenant="acme",
    user=FINDING.user,
    detection="new_country",
    severity=Severity.HIGH,
    risk=71,
    message="Ana Pop acted from Romania for the first time.",
    created=1_767_225_600_000,
    modified=1_767_229_200_000,
    findings=(FINDING,),
    because="one more activity",
)


def test_an_alert_on_many_users_and_what_was_said_of_it() -> None:
    alert = msgspec.structs.replace(
        ALERT,
        case="ca5e",
        related=("0ther",),
        users=(User("ana"), User("bob", "Bob")),
        user_count=700,
        insights=("agent curl: first for the user, first in the tenant",),
        verdict="benign",
    )
    record = to_ocsf(alert, DETECTIONS)
    check(record)
    assert (record["verdict_id"], record["verdict"], record["status"]) == (5, "Benign", "Resolved")
    assert record["finding_info"]["tags"] == [{"name": "case", "value": "ca5e"}, {"name": "users", "value": "700"}]
    assert to_ocsf(msgspec.structs.replace(alert, verdict="true-positive"), DETECTIONS)["status"] == "In Progress"
    shown = render(record)
    for text in ("Verdict Benign", "ana, bob (the first 2 of 700)", "agent curl: first for the user", "0ther"):
        assert text in shown


texts = st.one_of(
    st.sampled_from(
        ["", "[bold red]x[/bold red]", "[/]", "\x1b[31mred\x1b[0m", "\u202egnp", "a\r\nb", "\x9b2J", ":bomb:"]
    ),
    st.text(max_size=12),
    st.builds(lambda text: text * 900, st.text(min_size=1, max_size=9)),
)
names = texts.map(lambda text: text or "x")
times = st.integers(-(2**60), 2**60)
ips = st.sampled_from(
    ["", "203.0.113.9", "2001:db8::1", "fe80::1%eth0", "ec2.amazonaws.com", "999.1.1.1", "AWS Internal"]
)
users = st.builds(
    User, id=names, name=texts, email=st.one_of(texts, st.just("ana@example.com")), type=st.sampled_from(UserType)
)
evidences = st.builds(
    Evidence,
    id=texts,
    time=times,
    action=texts,
    app=texts,
    category=st.sampled_from(Category),
    outcome=st.sampled_from(Outcome),
    ip=ips,
    country=st.sampled_from(["", "RO", "\x1b"]),
    city=texts,
    isp=texts,
    user_agent=texts,
    object=texts,
    bytes=st.none() | st.integers(0, 2**63),
)
comparisons = st.builds(
    Comparison, feature=texts, observed=texts, usual=texts, since=times, score=st.floats(allow_nan=True)
)
detection_ids = st.sampled_from([*DETECTIONS, "no_such_detection"])
findings = st.builds(
    Finding,
    uid=names,
    tenant=names,
    detection=detection_ids,
    user=users,
    anchor=names,
    start=times,
    end=times,
    closes=times,
    severity=st.sampled_from(Severity),
    risk=st.integers(0, 100),
    reason=texts,
    comparisons=st.lists(comparisons, max_size=2).map(tuple),
    evidence=st.lists(evidences, max_size=3).map(tuple),
    evidence_count=st.integers(0, 10**6),
    quiet=texts,
)
alerts = st.builds(
    Alert,
    uid=names,
    revision=st.integers(1, 10**6),
    change=st.sampled_from(["create", "update", "close"]),
    tenant=names,
    user=users,
    detection=detection_ids,
    severity=st.sampled_from(Severity),
    risk=st.integers(0, 100),
    message=texts,
    created=times,
    modified=times,
    findings=st.lists(findings, max_size=2).map(tuple),
    final=st.booleans(),
    because=texts,
    case=st.one_of(st.just(""), names),
    related=st.lists(names, max_size=2).map(tuple),
    users=st.lists(users, max_size=3).map(tuple),
    user_count=st.integers(1, 10**6),
    insights=st.lists(texts, max_size=2).map(tuple),
    verdict=st.sampled_from(["", "true-positive", "benign", "false-positive"]),
)


def violations(value: Any, name: str, profiles: list[str], path: str = "$") -> list[str]:
    """What in `value` isn't as the schema's object `name` says."""
    rules, found = SCHEMA["objects"][name], []
    for key, item in value.items():
        where, rule = f"{path}.{key}", rules["attributes"].get(key)
        if rule is None or rule.get("deprecated") or rule.get("profile", profiles[0]) not in profiles:
            found.append(f"{where}: no such attribute")
            continue
        if isinstance(item, list) != rule.get("array", False) and rule["type"] != "json_t":
            found.append(f"{where}: list or not")
            continue
        for one in item if isinstance(item, list) else [item]:
            if rule["type"] in SCHEMA["objects"]:
                found += violations(one, rule["type"], profiles, where)
            elif rule["type"] != "json_t" and type(one) is not SCALARS.get(rule["type"], str):
                found.append(f"{where}: {one!r} is no {rule['type']}")
            elif rule["type"] in SCHEMA["types"] and not re.match(SCHEMA["types"][rule["type"]]["regex"], one):
                found.append(f"{where}: {one!r} is no {rule['type']}")
        caption = rule.get("enum", {}).get(str(item))
        if "enum" in rule and caption is None:
            found.append(f"{where}: {item!r} is not in the enumeration")
        elif "sibling" in rule and item != 99 and value.get(rule["sibling"], caption) != caption:
            found.append(f"{where}: {item} is {caption!r}, not {value[rule['sibling']]!r}")
    found += [
        f"{path}: no {key}"
        for key, rule in rules["attributes"].items()
        if rule.get("required") and key not in value and rule.get("profile", profiles[0]) in profiles
    ]
    one_of = rules.get("constraints", {}).get("at_least_one")
    if one_of and not set(one_of) & set(value):
        found.append(f"{path}: none of {one_of}")
    return found


def check(record: dict[str, Any]) -> DetectionFinding:
    assert violations(record, "detection_finding", record["metadata"]["profiles"]) == []
    assert "unmapped" not in record
    assert empty(record) == []
    return DetectionFinding.model_validate(record)


def empty(value: Any, path: str = "$") -> list[str]:
    if isinstance(value, dict):
        inner = [found for key, item in value.items() for found in empty(item, f"{path}.{key}")]
    elif isinstance(value, list):
        inner = [found for item in value for found in empty(item, path)]
    else:
        inner = []
    return inner + ([path] if value is None or value in ("", [], {}) else [])


def render(
    record: dict[str, Any],
    history: list[dict[str, Any]] | None = None,
    width: int = 400,
    others: dict[str, dict[str, Any]] | None = None,
) -> str:
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as captured:
        console.print(explain(record, history or [], others or {}))
    return captured.get()


@given(alerts)
@settings(max_examples=150, deadline=None)
def test_every_alert_is_valid_and_survives_json(alert: Alert) -> None:
    record = to_ocsf(alert, DETECTIONS)
    check(record)
    stored = msgspec.json.decode(encode_json(record))
    assert stored == record
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(alert), type=Alert)
    assert encode_json(to_ocsf(again, DETECTIONS)) == encode_json(record)


@given(alerts)
@settings(max_examples=40, deadline=None)
def test_no_text_of_an_alert_steers_the_terminal(alert: Alert) -> None:
    shown = render(to_ocsf(alert, DETECTIONS))
    assert [character for character in shown if not character.isprintable() and character != "\n"] == []


def test_an_alert_in_full() -> None:
    record = to_ocsf(ALERT, DETECTIONS)
    model = check(record)
    assert (record["class_uid"], record["category_uid"], record["type_uid"]) == (2004, 2, 200402)
    assert (record["activity_id"], record["activity_name"]) == (2, "Update")
    assert (record["severity_id"], record["severity"]) == (4, "High")
    assert (record["status_id"], record["status"], record["status_detail"]) == (1, "New", "provisional")
    assert (record["risk_score"], record["risk_level_id"], record["risk_level"]) == (71, 3, "High")
    assert (record["time"], record["start_time"], record["end_time"]) == (ALERT.modified, ALERT.created, ALERT.modified)
    assert record["count"] == 7
    assert record["is_alert"] is True
    assert model.metadata.sequence == 2
    assert model.metadata.uid == "c0ffee00:2"
    assert model.metadata.tenant_uid == "acme"
    assert model.metadata.version == "1.5.0"
    assert record["metadata"]["tags"] == [{"name": "because", "value": "one more activity"}]
    info = record["finding_info"]
    assert info["analytic"] == {
        "uid": "new_country",
        "name": "Activity from a new country",
        "type_id": 2,
        "type": "Behavioral",
        "version": "3",
    }
    assert info["attacks"] == [
        {
            "version": "19",
            "tactic": {"uid": "TA0001", "name": "Initial Access"},
            "technique": {"uid": "T1078", "name": "Valid Accounts"},
            "sub_technique": {"uid": "T1078.004", "name": "Cloud Accounts"},
        }
    ]
    assert info["related_events"][1] == {
        "uid": "a1",
        "type": "download",
        "title": "GetObject",
        "created_time": EVIDENCE.time,
    }
    assert info["traits"][0]["values"] == [DETECTIONS["new_country"].quiet]
    assert record["evidences"] == [
        {
            "uid": "a1",
            "actor": {"user": record["actor"]["user"]},
            "api": {
                "operation": "GetObject",
                "service": {"name": "s3.amazonaws.com", "uid": "s3.amazonaws.com", "version": "unknown"},
            },
            "src_endpoint": {
                "ip": "203.0.113.9",
                "location": {"country": "RO", "city": "Cluj"},
                "isp": "Example Net",
            },
            "http_request": {"user_agent": "aws-cli/2.15"},
            "resources": [{"name": "payroll/2026.csv", "uid": "payroll/2026.csv"}],
            "data": {"outcome": "denied", "bytes": 52_428_800},
        }
    ]
    assert record["anomaly_analyses"][0]["baselines"] == [
        {
            "observation_parameter": "country",
            "observations": [
                {
                    "value": "DE, FR",
                    "timespan": {"type_id": 9, "type": "Time Interval", "start_time": 1_760_000_000_000},
                }
            ],
        }
    ]
    assert {(item["type_id"], item["value"]) for item in record["observables"]} == {
        (99, "u-17"),
        (4, "Ana Pop"),
        (5, "ana@example.com"),
        (2, "203.0.113.9"),
        (10, "payroll/2026.csv"),
    }
    assert record["remediation"]["desc"] == "1. Ask the user.\n2. Revoke their sessions."


def test_a_closed_alert_is_resolved_and_no_alert_any_more() -> None:
    closed = msgspec.structs.replace(ALERT, change="close", final=True, revision=3, because="explained by a late logon")
    record = to_ocsf(closed, DETECTIONS)
    check(record)
    assert (record["activity_id"], record["type_uid"], record["status_id"]) == (3, 200403, 4)
    assert record["is_alert"] is False
    assert record["status_detail"] == "final"
    history = [to_ocsf(ALERT, DETECTIONS), record]
    assert "explained by a late logon" in render(record, history)


def test_an_unknown_detection_is_named_by_its_id() -> None:
    record = to_ocsf(ALERT, {})
    check(record)
    assert record["finding_info"]["title"] == "new_country"
    assert record["finding_info"]["analytic"]["type"] == "Unknown"
    assert "attacks" not in record["finding_info"]
    assert "remediation" not in record


def test_findings_of_several_detections_are_told_apart() -> None:
    second = msgspec.structs.replace(FINDING, uid="f2", detection="mass_download", reason="50 MB in a minute.")
    alert = msgspec.structs.replace(ALERT, findings=(FINDING, second))
    record = to_ocsf(alert, DETECTIONS)
    check(record)
    assert record["finding_info"]["types"] == ["new_country", "mass_download"]
    assert [item["uid"] for item in record["finding_info"]["related_analytics"]] == ["mass_download"]
    assert [attack["technique"]["uid"] for attack in record["finding_info"]["attacks"]] == ["T1078", "T1530"]
    assert len(record["evidences"]) == 1
    assert record["count"] == 13  # 7 and 7, one of them listed by both
    assert record["remediation"]["desc"] == "1. Ask the user.\n2. Revoke their sessions.\n3. List the objects."
    assert "Mass download: 50 MB in a minute." in render(record)


def test_an_address_that_is_none_is_a_name() -> None:
    evidence = msgspec.structs.replace(EVIDENCE, ip="ec2.amazonaws.com", country="", city="", isp="")
    alert = msgspec.structs.replace(ALERT, findings=(msgspec.structs.replace(FINDING, evidence=(evidence,)),))
    record = to_ocsf(alert, DETECTIONS)
    check(record)
    assert record["evidences"][0]["src_endpoint"] == {"name": "ec2.amazonaws.com"}
    assert 2 not in {item["type_id"] for item in record["observables"]}


def test_text_that_no_file_can_hold_is_replaced_and_huge_text_cut() -> None:
    evidence = msgspec.structs.replace(EVIDENCE, user_agent="A" * 1_000_000, object="a\ud800b")
    alert = msgspec.structs.replace(ALERT, findings=(msgspec.structs.replace(FINDING, evidence=(evidence,)),))
    record = to_ocsf(alert, DETECTIONS)
    check(record)
    assert len(record["evidences"][0]["http_request"]["user_agent"]) == MAX_TEXT
    assert record["evidences"][0]["resources"][0]["name"] == "a?b"
    assert len(encode_json(record)) < 20_000


@pytest.mark.parametrize(
    ("type_", "type_id", "caption"),
    [(UserType.PERSON, 1, "User"), (UserType.SERVICE, 3, "System"), (UserType.APP, 99, "Application")],
)
def test_user_types(type_: UserType, type_id: int, caption: str) -> None:
    alert = msgspec.structs.replace(ALERT, user=User("svc", type=type_))
    user = to_ocsf(alert, DETECTIONS)["actor"]["user"]
    assert user == {"uid": "svc", "type_id": type_id, "type": caption}


def test_the_explanation_has_all_its_parts() -> None:
    shown = render(to_ocsf(ALERT, DETECTIONS))
    for expected in (
        "High  Activity from a new country  provisional, risk 71 of 100",
        "Ana Pop, ana@example.com, u-17",
        "Ana Pop acted from Romania for the first time.",
        "DE, FR",
        "2025-10-09 08:53:20",
        "2026-01-01 00:00:00",
        "203.0.113.9 RO Cluj Example Net",
        "52,428,800",
        "The first 1 of 7 activities.",
        "T1078.004 Valid Accounts: Cloud Accounts (Initial Access)",
        "A country that the user or a peer acted from",
        "2. Revoke their sessions.",
        "one more activity",
    ):
        assert expected in shown, expected


def test_related_alerts_are_named_and_what_is_of_several_detections_is_told_apart() -> None:
    other = to_ocsf(msgspec.structs.replace(ALERT, uid="other"), DETECTIONS)
    alert = msgspec.structs.replace(ALERT, related=("other", "elsewhere"), case="c-1")
    record = to_ocsf(alert, DETECTIONS)
    traits = [{"name": name, "type": "mitigating factor", "values": ["Sleep."]} for name in ("One", "Two")]
    record["finding_info"]["traits"] = traits
    shown = render(record, others={"other": other})
    for expected in ("Case    c-1", "One: Sleep.", "Two: Sleep.", "elsewhere"):
        assert expected in shown, expected
    (line,) = (line for line in shown.splitlines() if line.rstrip().endswith(" other"))
    assert "High" in line and "Activity from a new country" in line


def test_the_history_says_what_changed() -> None:
    first = to_ocsf(msgspec.structs.replace(ALERT, revision=1, change="create", risk=40, because=""), DETECTIONS)
    shown = render(to_ocsf(ALERT, DETECTIONS), [first, to_ocsf(ALERT, DETECTIONS)])
    assert "one more activity; risk 40 to 71" in shown


def test_an_object_with_parts_missing_or_of_other_types_is_still_explained() -> None:
    assert "Why" in render({})
    assert "Why" in render({"evidences": "x", "finding_info": [], "anomaly_analyses": [3], "actor": {"user": {}}})


def test_printable_and_utc() -> None:
    assert printable("a\x1b[0m\u202e\n") == "a\ufffd[0m\ufffd\ufffd"
    assert printable("x" * 500, 10) == "x" * 9 + "…"
    assert utc(0) == "1970-01-01 00:00:00"
    assert utc(10**30) == str(10**30)
