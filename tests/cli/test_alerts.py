"""`anput alerts` on a real store, in process and as a program behind a pipe."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from activities.activity import User
from flows.alerts_cli import alerts_app
from flows.sinks.alert_store import AlertStore
from flows.sinks.ocsf import to_ocsf
from stateful.finding import Alert, Change, Comparison, Evidence, Finding, Severity

DAY = 86_400_000
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
PROGRAM = [sys.executable, "-c", "from flows.alerts_cli import alerts_app; alerts_app()"]


def alert(uid: str, day: int = 0, revision: int = 1, change: Change = "create", **fields: Any) -> Alert:
    given: dict[str, Any] = {
        "user": User("u-1", "Ana Pop", "ana@example.com"),
        "detection": "new_country",
        "severity": Severity.MEDIUM,
        "risk": 50,
        "message": "First time from Romania.",
    } | fields
    time = START + day * DAY
    evidence = (
        Evidence(id=f"{uid}-1", time=time, action="UserLoggedIn", ip="203.0.113.8", country="DE"),
        Evidence(id=f"{uid}-2", time=time + 1, action="UserLoggedIn", ip="203.0.113.9", country="RO"),
    )
    finding = Finding(
        uid=f"f-{uid}",
        tenant="acme",
        detection=given["detection"],
        user=given["user"],
        anchor=f"{uid}-2",
        start=time,
        end=time + 1,
        closes=time + 1,
        severity=given["severity"],
        risk=given["risk"],
        reason=given["message"],
        comparisons=(Comparison("country", "RO", "DE"),),
        evidence=evidence,
        evidence_count=2,
        quiet="RO in the allow list.",
    )
    return Alert(
        uid=uid,
        revision=revision,
        change=change,
        tenant="acme",
        created=time,
        modified=time,
        findings=(finding,),
        **given,
    )


ALERTS = [
    alert("aaaaaaaa11", day=0),
    alert("aaaaaaaa22", day=1, severity=Severity.CRITICAL, risk=95, user=User("svc-1"), detection="mass_download"),
    alert("bbbb0000cc", day=2, severity=Severity.HIGH, risk=70, final=True),
    alert("cccc0000dd", day=3),
    alert("cccc0000dd", day=3, revision=2, change="close", because="explained by logon x, which arrived 5 h late"),
    alert("dddd0000ee", day=4, user=User("evil", "[red]\x1b[31m\u202eEve")),
]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ANPUT_ALERTS", raising=False)
    path = tmp_path / "alerts.db"
    with AlertStore(path, "c") as opened:
        opened.append([to_ocsf(item, {}) for item in ALERTS])
    return path


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(alerts_app, [str(argument) for argument in arguments])


def listed(*arguments: object) -> list[str]:
    result = invoke("list", *arguments)
    assert result.exit_code == 0, result.output
    return [line.split()[-1] for line in result.stdout.splitlines()[1:]]


def test_list_is_plain_and_newest_first(store: Path) -> None:
    result = invoke("list", "--store", store)
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["time", "(UTC)", "severity", "user", "title", "from", "risk", "status", "uid"]
    assert [line.split()[-1] for line in lines[1:]] == ["dddd0000", "bbbb0000", "aaaaaaaa2", "aaaaaaaa1"]
    assert lines[2].split() == [
        *("2026-01-03", "00:00:00", "High", "Ana", "Pop", "new_country"),
        *("DE", "RO", "203.0.113.9", "70", "final", "bbbb0000"),
    ]
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout
    assert "[red]\ufffd[31m\ufffdEve" in result.stdout


@pytest.mark.parametrize(
    ("options", "uids"),
    [
        (["--all"], ["dddd0000", "cccc0000", "bbbb0000", "aaaaaaaa2", "aaaaaaaa1"]),
        (["--severity", "high"], ["bbbb0000", "aaaaaaaa2"]),
        (["--user", "ANA@"], ["bbbb0000", "aaaaaaaa1"]),
        (["--user", "svc"], ["aaaaaaaa2"]),
        (["--detection", "mass_download"], ["aaaaaaaa2"]),
        (["--since", "2026-01-03"], ["dddd0000", "bbbb0000"]),
        (["--since", "2026-01-03T00:00:01Z"], ["dddd0000"]),
        (["--since", "2026-01-03T01:00:01+01:00"], ["dddd0000"]),
        (["--since", "48h"], ["dddd0000", "bbbb0000"]),
        (["--since", "1d", "--all"], ["dddd0000", "cccc0000"]),
        (["--user", "nobody"], []),
    ],
)
def test_list_filters(store: Path, options: list[str], uids: list[str]) -> None:
    assert listed("--store", store, *options) == uids


def test_list_says_when_there_are_more(store: Path) -> None:
    result = invoke("list", "--store", store, "--limit", "1")
    assert len(result.stdout.splitlines()) == 2
    assert result.stderr == "1 of 4 alerts; more with --limit\n"


def test_list_refuses_a_time_that_is_none(store: Path) -> None:
    result = invoke("list", "--store", store, "--since", "yesterday")
    assert result.exit_code == 2
    assert "expected ISO 8601" in result.stderr


def test_a_closed_alert_is_marked(store: Path) -> None:
    result = invoke("list", "--store", store, "--all")
    assert [line.split()[-2] for line in result.stdout.splitlines()[1:]] == [
        *("provisional", "closed", "final", "provisional", "provisional"),
    ]


def test_list_as_json(store: Path) -> None:
    result = invoke("list", "--store", store, "--json", "--limit", "2")
    assert [json.loads(line)["finding_info"]["uid"] for line in result.stdout.splitlines()] == [
        "dddd0000ee",
        "bbbb0000cc",
    ]


def test_show_explains_by_the_uid_that_list_gives(store: Path) -> None:
    for uid in listed("--store", store, "--all"):
        result = invoke("show", uid, "--store", store)
        assert result.exit_code == 0, result.output
        for part in ("Why", "Observed v usual", "Timeline", "suppressed", "Revisions"):
            assert part in result.stdout
        assert [item for item in result.stdout if not item.isprintable() and item != "\n"] == []
    closed = invoke("show", "cccc", "--store", store).stdout
    assert "explained by logon x, which arrived 5 h late" in closed
    assert "RO in the allow list." in closed


def test_show_as_json_is_the_latest_revision(store: Path) -> None:
    result = invoke("show", "cccc", "--store", store, "--json")
    assert json.loads(result.stdout) == to_ocsf(ALERTS[4], {})


def test_export_has_every_alert_once_and_by_time(store: Path, tmp_path: Path) -> None:
    expected = [to_ocsf(ALERTS[index], {}) for index in (0, 1, 2, 4, 5)]
    result = invoke("export", "--json", "--store", store)
    assert [json.loads(line) for line in result.stdout.splitlines()] == expected
    assert expected[3]["activity_id"] == 3
    out = tmp_path / "out.jsonl"
    assert invoke("export", "--store", store, "--open-only", "--out", out).exit_code == 0
    assert [json.loads(line) for line in out.read_text().splitlines()] == [*expected[:3], expected[4]]


def test_json_on_a_terminal_has_nothing_that_steers_it(store: Path) -> None:
    result = invoke("export", "--store", store)
    assert [item for item in result.stdout if not item.isprintable() and item != "\n"] == []


@pytest.mark.parametrize("command", [["list"], ["show", "aaaa"], ["export"]])
def test_a_store_that_is_none(command: list[str], tmp_path: Path) -> None:
    for name, content in (("missing.db", None), ("log.db", b"not a database" * 100)):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        result = invoke(*command, "--store", path)
        assert result.exit_code == 2
        assert name in result.stderr
        assert result.stdout == ""


def test_a_uid_that_is_unknown_or_not_unique(store: Path) -> None:
    for uid, expected in (("9999", "no alert"), ("aaaaaaaa", "more than one")):
        result = invoke("show", uid, "--store", store)
        assert result.exit_code == 2
        assert expected in result.stderr
        assert "alerts.db" in result.stderr


def test_a_file_that_cannot_be_written(store: Path, tmp_path: Path) -> None:
    result = invoke("export", "--store", store, "--out", tmp_path / "no" / "out.jsonl")
    assert result.exit_code == 2
    assert "out.jsonl" in result.stderr


def test_the_store_may_come_from_the_environment(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANPUT_ALERTS", str(store))
    assert len(listed()) == 4


@pytest.mark.parametrize("command", [["export"], ["list", "--limit", "5000"], ["list", "--limit", "5000", "--json"]])
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, command: list[str]) -> None:
    path = tmp_path / "alerts.db"
    with AlertStore(path, "c") as opened:
        opened.append([to_ocsf(alert(f"{number:04d}aaaa", day=number), {}) for number in range(1000)])
    with subprocess.Popen(
        [*PROGRAM, *command, "--store", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        first = program.stdout.readline()
        program.stdout.close()
        errors = program.stderr.read()
    assert first.strip()
    assert errors == ""
    assert program.returncode == 0
