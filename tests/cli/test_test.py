"""`anput test`: exit codes, what is printed, JUnit."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app

GOOD = """
name: quiet <&>
detection: first_country
who: {ada: "weekdays 9-17 in Berlin, 10 days"}
expect: {silence: true}
"""
FAILING = GOOD.replace("quiet <&>", "loud").replace("silence: true", "alerts: [{user: ada}]")
BROKEN = GOOD.replace("ada:", "ada b c:")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("good", GOOD), ("failing", FAILING), ("broken", BROKEN)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.yaml").write_text(text)
    return tmp_path


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["test", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_passing(folder: Path) -> None:
    code, output = run(folder / "good", "--show")
    assert code == 0
    assert "passed  good: quiet <&>" in output
    assert "1 scenarios, 1 passed in" in output
    assert "nothing" in output


def test_failing(folder: Path) -> None:
    code, output = run(folder / "good", folder / "failing")
    assert code == 1
    assert "FAILED  failing: loud" in output
    assert "expected  alert: first_country, of ada (times: 1)" in output
    assert "came  nothing" in output
    assert "2 scenarios, 1 passed, 1 failed in" in output


def test_broken(folder: Path) -> None:
    code, output = run(folder)
    assert code == 2
    assert "ERROR  broken: broken" in output
    assert "broken.yaml:4: $.who.ada b c: expected a name such as ada" in output
    assert "3 scenarios, 1 passed, 1 failed, 1 can't be run in" in output


def test_nothing_there(folder: Path) -> None:
    code, output = run(folder / "nowhere")
    assert code == 2
    assert "found nothing there" in output


def test_junit(folder: Path) -> None:
    run(folder, "--junit", folder / "j.xml", "--shuffles", "0")
    cases = {case.get("name"): case for case in ET.parse(folder / "j.xml").iter("testcase")}
    assert cases.keys() == {"quiet <&>", "loud", "broken"}
    assert [[child.tag for child in cases[name]] for name in cases] == [["error"], ["failure"], []]
    failure = cases["loud"].find("failure")
    assert failure is not None
    assert "expected alert: first_country" in failure.get("message", "")
    suites = {suite.get("name"): suite for suite in ET.parse(folder / "j.xml").iter("testsuite")}
    assert (suites["first_country"].get("tests"), suites["first_country"].get("failures")) == ("2", "1")
    assert suites["scenarios"].get("errors") == "1"


def test_junit_that_can_not_be_written(folder: Path) -> None:
    code, output = run(folder / "good", "--junit", folder)
    assert code == 2
    assert "can't be written" in output
