"""What can't be read: a message that names the file, or a rejected record; and the exit code that README promises."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ANPUT = [sys.executable, "-c", "from flows.cli import app; app()"]


@dataclass
class Result:
    code: int
    errors: str
    counts: dict[str, Any]
    rejected: list[dict[str, Any]]


def run(work: Path, *options: str, **variables: str) -> Result:
    done = subprocess.run(
        [
            *(*ANPUT, "run", "--quiet", "--state", str(work / "state"), "--alerts", str(work / "alerts.db")),
            *("--summary", str(work / "summary.json"), *options),
        ],
        env={**os.environ, "ANPUT_KEY_GROUPS": "4", **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    summary, lane = work / "summary.json", work / "state" / "lanes" / "rejected.jsonl"
    counts = json.loads(summary.read_bytes()) if summary.exists() else {}
    rejected = [json.loads(line) for line in lane.read_text().splitlines()] if lane.exists() else []
    if counts:
        assert counts["in"] == counts["out"] + counts["late"] + counts["duplicate"] + counts["rejected"]
        assert counts["rejected"] == len(rejected)
    assert "Traceback" not in done.stderr
    return Result(done.returncode, done.stderr, counts, rejected)


def record(number: int, **more: Any) -> bytes:
    base = {"id": f"r{number}", "time": 1_770_000_000_000 + number, "user": "ada", "action": "look"}
    return json.dumps(base | more).encode()


GOOD = b"\n".join(record(n) for n in range(30)) + b"\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"\xff\xfe{\n", "expected UTF-8", id="invalid UTF-8"),
        pytest.param(
            b'{"id":"x\xff","time":1770000000000,"user":"a","action":"b"}\n', "expected UTF-8", id="UTF-8 in a text"
        ),
        pytest.param(b'{"a": 1,\n', "expected valid JSON", id="half a record"),
        pytest.param(b'"text"\n', "Expected `object`", id="a text"),
        pytest.param(b"42\n", "Expected `object`", id="a number"),
        pytest.param(b"[1, 2]\n", "Expected `object`", id="a list of numbers"),
        pytest.param(b'{"id":"1","time":1770000000000,"action":"b"}\n', "user", id="no user"),
        pytest.param(b'{"id":"1","time":{},"user":"a","action":"b"}\n', "$.time", id="wrong type"),
        pytest.param(record(1, time="9999-12-31T23:59:59Z") + b"\n", "$.time", id="year 9999"),
        pytest.param(record(1, time="2098-01-01T00:00:00Z") + b"\n", "$.time leaps", id="year 2098"),
        pytest.param(record(1, ingested=1_760_000_000_000) + b"\n", "after the record was ingested", id="future"),
        pytest.param(b"x" * 10_000_000 + b"\n", "10000001 bytes", id="a 10 MB line"),
        pytest.param(record(1, note="x" * 10_000_000) + b"\n", "max_record_bytes", id="a 10 MB record"),
        pytest.param(b"[" * 100_000 + b"\n", "nested", id="a deep record"),
    ],
)
def test_a_record_that_cannot_be_read_is_rejected_with_its_place(tmp_path: Path, data: bytes, reason: str) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(record(100) + b"\n" + record(101) + b"\n" + data + GOOD)
    result = run(tmp_path, "--input", str(file))
    assert result.code == 0
    assert result.counts["out"] == 32
    assert {rejection["raw"]["line"] for rejection in result.rejected} == {3}
    assert {rejection["raw"]["file"] for rejection in result.rejected} == {str(file)}
    assert reason in result.rejected[0]["reason"]
    assert len(result.rejected[0]["excerpt"]) <= 200


def test_a_truncated_gz_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "log.json.gz"
    whole = gzip.compress(b"\n".join(record(n, note=os.urandom(50).hex()) for n in range(1000)))
    file.write_bytes(whole[: len(whole) // 2])
    result = run(tmp_path, "--input", str(file))
    assert result.code == 0
    assert result.counts["out"] > 100
    assert "compressed content ends or breaks" in result.rejected[-1]["reason"]
    assert result.rejected[-1]["raw"]["file"] == str(file)


def test_binary_and_empty_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_bytes(os.urandom(5000) + b"\0")
    (tmp_path / "in" / "b.json").write_bytes(b"")
    (tmp_path / "in" / "c.json").write_bytes(GOOD)
    result = run(tmp_path, "--input", str(tmp_path / "in"))
    assert result.code == 0
    assert result.counts["out"] == 30
    assert {rejection["raw"]["file"] for rejection in result.rejected} == {str(tmp_path / "in" / "a.json")}
    assert str(tmp_path / "in" / "b.json") in result.errors


@pytest.mark.parametrize(
    ("options", "variables", "message"),
    [
        pytest.param(["--input", "missing.json"], {}, "missing.json: expected a file", id="missing path"),
        pytest.param([], {}, "setting input: expected at least one", id="no input"),
        pytest.param(
            ["--input", "README.md", "--format", "xml"], {}, "setting format: expected one of auto", id="format"
        ),
        pytest.param(["--input", "README.md", "--config", "gone.toml"], {}, "gone.toml", id="no such settings file"),
        pytest.param(
            ["--input", "README.md"], {"ANPUT_BATCH_SIZE": "many"}, "batch_size", id="a variable that is no number"
        ),
    ],
)
def test_usage_errors_exit_with_2(tmp_path: Path, options: list[str], variables: dict[str, str], message: str) -> None:
    result = run(tmp_path, *options, **variables)
    assert result.code == 2
    assert message in result.errors


def test_a_database_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    settings = tmp_path / "own.toml"
    settings.write_text('[enrichment]\ndatabases = ["gone.mmdb"]')
    result = run(tmp_path, "--input", "README.md", "--config", str(settings))
    assert result.code == 2
    assert "expected a database of addresses at gone.mmdb, found no such file" in result.errors


def test_settings_that_do_not_exist_are_named(tmp_path: Path) -> None:
    file = tmp_path / "anput.toml"
    for text, message in (
        ("colour = 1", "colour"),
        ("key_groups = ", "anput.toml: expected TOML"),
        ("[detections.nothing]", "detections.nothing: no such detection"),
        ("[detections.rare_api]\nsettings = { most = 1 }", "no such thresholds: most"),
        ('[[suppressions]]\nname = "a"\nreason = "b"', "expected one of users, detections, addresses, countries"),
        ('[[suppressions]]\nname = "a"\nreason = "b"\naddresses = ["10.0.0.1/8"]', "CIDR"),
    ):
        file.write_text(text)
        result = run(tmp_path, "--input", "README.md", "--config", str(file))
        assert (result.code, message in result.errors) == (2, True), result.errors


def test_an_alert_store_that_is_none_exits_with_3(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(GOOD)
    (tmp_path / "alerts.db").write_bytes(b"not a database" * 100)
    result = run(tmp_path, "--input", str(tmp_path / "log.jsonl"))
    assert result.code == 3
    assert "alerts.db" in result.errors


def test_another_key_group_number_exits_with_3(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(GOOD)
    assert run(tmp_path, "--input", str(tmp_path / "log.jsonl")).code == 0
    result = run(tmp_path, "--input", str(tmp_path / "log.jsonl"), ANPUT_KEY_GROUPS="8")
    assert result.code == 3
    assert "stamp.json" in result.errors


def test_suppressed_findings_are_in_their_lane(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(record(1, action="StopLogging", category="audit_config") + b"\n")
    (tmp_path / "anput.toml").write_text('[[suppressions]]\nname = "drill"\nreason = "exercise"\nusers = ["ADA"]\n')
    result = run(tmp_path, "--input", str(tmp_path / "log.jsonl"), "--config", str(tmp_path / "anput.toml"))
    assert (result.code, result.counts["alerts"], result.counts["suppressed"]) == (0, 0, 1)
    lane = [json.loads(line) for line in (tmp_path / "state" / "lanes" / "suppressed.jsonl").read_text().splitlines()]
    assert {entry["rule"] for entry in lane} == {"suppression drill"}


def test_disabled_detections_and_changed_thresholds(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(record(1, action="StopLogging", category="audit_config") + b"\n")
    (tmp_path / "anput.toml").write_text("[detections.audit_logging_impaired]\nenabled = false\n")
    result = run(tmp_path, "--input", str(tmp_path / "log.jsonl"), "--config", str(tmp_path / "anput.toml"))
    assert (result.code, result.counts["alerts"]) == (0, 0)
