"""`anput formats` and `anput parse`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from activities.formats import FORMATS
from flows.cli import app

FIXTURES = Path(__file__).parents[1] / "fixtures"
OKTA = FIXTURES / "vendors" / "okta.jsonl"
NATIVE = {"id": "1", "time": "2026-01-02T03:04:05Z", "user": "alice", "action": "GetObject", "ip": "9.9.9.9"}
PURVIEW = (
    "RecordId,CreationDate,Operation,UserId,AuditData\n"
    '1,2026-03-02,Send,a@b.org,"{""CreationTime"": ""2026-03-02T12:00:00"", ""Operation"": ""Send"",\n'
    ' ""UserId"": ""a@b.org"", ""Id"": ""7"", ""Workload"": ""Exchange""}"\n'
    "2,2026-03-02,Send\n"
    '3,2026-03-02,Send,a@b.org,"{""CreationTime""'
    "\n"
)


def run(*arguments: str | Path, code: int = 0, stdin: str = "") -> tuple[str, str]:
    result = CliRunner().invoke(app, [*map(str, arguments)], input=stdin)
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


def lines(text: str) -> list[dict[str, dict[str, object]]]:
    return [json.loads(line) for line in text.splitlines()]


def test_formats_lists_all() -> None:
    table, _ = run("formats")
    listed = [json.loads(line) for line in run("formats", "--json")[0].splitlines()]
    assert ["auto", *(each["name"] for each in listed)] == list(FORMATS)
    assert all(all(each.values()) for each in listed)
    assert all(name in table for name in FORMATS[1:])


def test_parse_shows_each_record() -> None:
    table, summary = run("parse", OKTA)
    assert "user.session.start" in table
    assert "casey.hill@hey.com" in table
    assert "US 99.108.5.25" in table
    assert "13 records: 13 activities (13 okta), 0 of them of no known category; 0 skipped, 0 rejected" in summary
    found = lines(run("parse", OKTA, "--json", "--tenant", "acme")[0])
    assert len(found) == 13
    assert {item["activity"]["tenant"] for item in found} == {"acme"}
    assert all({"category", "outcome"} <= item["activity"].keys() for item in found)


def test_parse_says_why_not(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(f'{json.dumps(NATIVE)}\n{{"eventVersion": "1", "insightDetails": {{}}}}\n{{"id": 7}}\n')
    table, summary = run("parse", log)
    assert "GetObject" in table
    assert "skipped: a CloudTrail Insights record" in table
    assert "1 activities (1 native), 0 of them of no known category; 1 skipped, 1 rejected" in summary
    only = lines(run("parse", log, "--rejected", "--json")[0])
    assert [item["rejected"]["raw"] for item in only] == [
        {"partition": str(log), "file": str(log), "line": number} for number in (2, 3)
    ]
    assert "`$.eventName`" in run("parse", log, "--format", "cloudtrail", "--json")[0]


def test_parse_reads_tables(tmp_path: Path) -> None:
    log = tmp_path / "audit.csv"
    log.write_text(PURVIEW)
    good, short, cut = lines(run("parse", log, "--json")[0])
    assert (good["activity"]["id"], good["activity"]["source"]) == ("7", "m365")
    assert "expected 5 cells" in str(short["rejected"]["reason"])
    assert "a quote without its end" in str(cut["rejected"]["reason"])
    assert [dict(item["rejected"]["raw"])["line"] for item in (short, cut)] == [4, 5]  # type: ignore[call-overload]


def test_parse_reads_at_most_so_many(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text((json.dumps(NATIVE) + "\n") * 60)
    assert len(run("parse", log)[0].splitlines()) == 1 + 50
    assert len(run("parse", log, "--limit", "2")[0].splitlines()) == 1 + 2
    assert len(run("parse", log, "--json")[0].splitlines()) == 60


def test_what_steers_a_terminal_is_not_passed_on(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    log.write_text(json.dumps({**NATIVE, "action": "\x1b[2J\u202eevil"}) + '\n{"a": "\\u001b\u202e"}\n')
    for output in (run("parse", log)[0], run("parse", log, "--json")[0]):
        assert not {"\x1b", "\u202e"} & set(output)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("nowhere.json",), "expected a file"), ((OKTA, "--format", "x"), "expected one of auto, native")],
)
def test_mistakes(arguments: tuple[str | Path, ...], says: str) -> None:
    assert says in run("parse", *arguments, code=2)[1]
