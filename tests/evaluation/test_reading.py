"""Reading truth and alerts, from what the simulator and the sinks write; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from activities.activity import User
from flows.cli import app
from flows.evaluation import alerts, truth
from flows.sinks.alert_store import AlertStore
from flows.sinks.ocsf import to_ocsf
from stateful.finding import Alert, Evidence, Finding, Severity

TEN = 1_767_607_200_000
LINE = {"attack": "mass_download", "user": "Eve@acme.example", "first_time": "2026-01-05T10:00:00Z", "last_time": TEN}


def written(path: Path, *records: Any) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
    return path


def test_a_line_of_the_truth(tmp_path: Path) -> None:
    whole = LINE | {
        "variant": "slowly",
        "first": "a1",
        "last": "a9",
        "first_ingested": "2026-01-05T10:00:30Z",
        "last_time": "2026-01-05T11:00:00Z",
        "users": ["bob@acme.example"],
        "stages": [{"attack": "rare_api", "first": "a1"}, {"attack": "mass_download"}, {"attack": "rare_api"}],
        "unheard_of": 1,
    }
    (attack,) = truth.read(written(tmp_path / "truth.jsonl", whole))
    assert (attack.name, attack.variant, attack.user) == ("mass_download", "slowly", "eve@acme.example")
    assert attack.users == {"eve@acme.example", "bob@acme.example"}
    assert (attack.begins, attack.ends, attack.arrived) == (TEN, TEN + 3_600_000, TEN + 30_000)
    assert attack.stages == ("rare_api", "mass_download")


def test_arrival_is_looked_up_in_the_log_beside(tmp_path: Path) -> None:
    file = written(tmp_path / "truth.jsonl", LINE | {"first": "a1"}, LINE | {"first": "gone"}, LINE)
    assert [attack.arrived for attack in truth.read(file)] == [TEN] * 3
    (tmp_path / "activities.jsonl").write_text(
        'not JSON\n{"id": 7}\n{"id": "a1", "ingested": "2026-01-05T10:05:00Z"}\n{"id": "a2", "ingested": "x"}\n'
    )
    assert [attack.arrived for attack in truth.read(file)] == [TEN + 300_000, TEN, TEN]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{", "truth.jsonl:2: expected an attack with attack, user, first_time and last_time: Input data was"),
        (b'{"attack": "x"}', "truth.jsonl:2: expected an attack with attack, user, first_time and last_time: Object"),
        (b"\xff", "truth.jsonl:2: expected an attack"),
        (msgspec.json.encode(LINE | {"first_time": "noon"}), "truth.jsonl:2: $.first_time: expected a time such as"),
    ],
)
def test_what_is_no_truth_is_named(tmp_path: Path, line: bytes, says: str) -> None:
    file = written(tmp_path / "truth.jsonl", LINE)
    file.write_bytes(file.read_bytes() + line + b"\n")
    with pytest.raises(truth.EvaluationError) as error:
        truth.read(file)
    assert says in str(error.value)


def finding(user: str, time: int, detection: str = "mass_download") -> Finding:
    evidence = Evidence(f"{user}-{time}", time, "FileDownloaded")
    who = User(user, user)
    return Finding(
        f"f-{user}-{time}", "t", detection, who, "a", time, time + 60_000, time, Severity.HIGH, 80, "why",
        evidence=(evidence,), evidence_count=1,
    )  # fmt: skip


def raised(uid: str, revision: int = 1, change: Any = "create", **more: Any) -> Alert:
    findings = (finding("eve", TEN), finding("eve", TEN + 7_200_000, "rare_api"))
    fields: dict[str, Any] = {"risk": 80, "findings": findings, "raised": TEN + 5_000} | more
    return Alert(
        uid=uid,
        revision=revision,
        change=change,
        tenant="t",
        user=User("eve", "Eve"),
        detection="mass_download",
        severity=Severity.HIGH,
        message="why",
        created=TEN,
        modified=TEN + 1,
        **fields,
    )


REVISIONS = [
    raised("a"),
    raised("b", raised=TEN + 9_000),
    raised("a", 2, "update", risk=90),
    raised("b", 2, "close", raised=TEN + 9_000),
    raised("c", users=(User("zoe"), User("eve")), user_count=2, raised=TEN + 1),
]


def read_both(tmp_path: Path) -> tuple[list[alerts.Seen], list[alerts.Seen]]:
    records = [to_ocsf(alert, {}) for alert in REVISIONS]
    with AlertStore(tmp_path / "alerts.db", "c") as store:
        store.append(records)
    return alerts.read(tmp_path / "alerts.db"), alerts.read(written(tmp_path / "alerts.jsonl", *records))


def test_a_store_and_json_lines_are_the_same(tmp_path: Path) -> None:
    from_store, from_lines = read_both(tmp_path)
    assert from_store == from_lines
    assert [alert.uid for alert in from_store] == ["c", "a", "b"]


def test_what_is_seen_of_an_alert(tmp_path: Path) -> None:
    _, a, b = read_both(tmp_path)[0]
    assert (a.detections, a.user, a.raised, a.risk, a.closed) == (
        ("mass_download", "rare_api"),
        "eve",
        TEN + 5_000,
        90,
        False,
    )
    assert a.spans == ((TEN, TEN + 60_000), (TEN + 7_200_000, TEN + 7_260_000))
    assert b.closed


def test_an_alert_without_log_time_was_raised_at_its_own(tmp_path: Path) -> None:
    (alert,) = alerts.read(written(tmp_path / "x", to_ocsf(raised("a", raised=0), {})))
    assert alert.raised == TEN + 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{\n", "alerts:1: expected an OCSF object"),
        (b"[]\n", "alerts:1: expected an OCSF object"),
        (b"{}\n", "alerts:1: expected an OCSF Detection Finding with finding_info.uid"),
        (b'{"finding_info": 3}\n', "alerts:1: expected an OCSF Detection Finding with finding_info.uid"),
        (b"SQLite format 3\0", "alerts: can't be used as an alert store"),
    ],
)
def test_what_are_no_alerts_is_named(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "alerts").write_bytes(data)
    with pytest.raises(truth.EvaluationError) as error:
        alerts.read(tmp_path / "alerts")
    assert says in str(error.value)


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["evaluate", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_the_command(tmp_path: Path) -> None:
    read_both(tmp_path)
    truth_file = written(tmp_path / "truth.jsonl", LINE | {"user": "eve"}, LINE | {"user": "bob", "variant": "slowly"})
    given = ("--alerts", tmp_path / "alerts.db", "--truth", truth_file, "--users", 100, "--days", 14)
    code, output = call(*given, "--json")
    assert code == 0
    found = msgspec.json.decode(output)
    assert (found["recall"], found["precision"], found["false_alerts_per_1000_users_per_week"]) == (0.5, 1.0, 0.0)
    assert found["per_attack"]["mass_download"]["missed_variants"] == ["slowly"]
    code, output = call(*given)
    assert code == 0
    assert "recall 50.0% of 2 attacks, precision 100.0% of 2 alerts (1 more were closed)" in output
    assert call(*given, "--margin", "0")[0] == 0


def test_the_command_names_what_is_missing(tmp_path: Path) -> None:
    truth_file = written(tmp_path / "truth.jsonl", LINE)
    code, output = call("--alerts", tmp_path / "x.db", "--truth", truth_file, "--users", 1, "--days", 1)
    assert (code, "x.db: expected alerts, a store or OCSF JSON lines: No such file" in output) == (2, True)
    alerts_file = written(tmp_path / "alerts.jsonl")
    code, output = call("--alerts", alerts_file, "--truth", tmp_path / "y", "--users", 1, "--days", 1)
    assert (code, "expected the truth about attacks: No such file" in output) == (2, True)
