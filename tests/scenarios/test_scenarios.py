"""Every scenario in this folder: as written and in other orders of arrival."""

from __future__ import annotations

from pathlib import Path

import pytest

import detections
from scenarios.document import Document, find, read
from scenarios.runner import Runner

FOLDER = Path(__file__).parent
FILES = find([FOLDER])
RUNNER = Runner()
WANTED = 2
"""Scenarios of each kind that a detection has at least."""


@pytest.mark.parametrize("file", [pytest.param(file, id=file.relative_to(FOLDER).as_posix()) for file in FILES])
def test_scenario(file: Path) -> None:
    result = RUNNER.run_file(file)
    assert not result.error
    assert not result.problems


def is_positive(scenario: Document) -> bool:
    """It expects its own detection to find something."""
    expect, own = scenario.scenario.expect, scenario.scenario.detection
    wanted = [one for one in (*expect.alerts, *expect.findings) if str(one.count) != "0"]
    return any((one.detection or own) == own for one in wanted)


def is_quiet(scenario: Document) -> bool:
    """It expects that nothing is said, or that a suppression hides what is."""
    expect = scenario.scenario.expect
    return bool(expect.suppressed) or (bool(expect.silence) and not is_positive(scenario))


@pytest.mark.parametrize("name", detections.load())
def test_each_detection_has_scenarios_of_both_kinds(name: str) -> None:
    own = [read(file) for file in FILES if file.parent.name == name]
    positive = sum(is_positive(scenario) for scenario in own)
    quiet = sum(is_quiet(scenario) for scenario in own)
    assert positive >= WANTED
    assert quiet >= WANTED


@pytest.mark.parametrize("file", [pytest.param(file, id=file.relative_to(FOLDER).as_posix()) for file in FILES])
def test_each_scenario_is_in_the_folder_of_its_detection(file: Path) -> None:
    assert read(file).scenario.detection in ("", file.parent.name)
