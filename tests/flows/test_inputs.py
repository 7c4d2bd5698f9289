"""Inputs that are added, left out or named in another order between runs: nothing is lost, read twice, or waits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flows.settings import Settings
from flows.sinks.counts import read_totals
from tests.flows.one_run import Way, run

START = 1_770_000_000_000 // 3_600_000 * 3_600_000
HOUR = 3_600_000
DAY = 24 * HOUR


def append(path: Path, hours: range) -> None:
    with path.open("a") as file:
        for hour in hours:
            record = {"id": f"{path.stem}{hour}", "time": START + hour * HOUR, "user": "u", "action": "Read"}
            file.write(json.dumps(record) + "\n")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        state=str(tmp_path / "state"),
        alerts=str(tmp_path / "alerts.db"),
        key_groups=2,
        recovery_partitions=1,
        state_memory=16,
        seal_at_end=False,
    )


def go_on(settings: Settings, *inputs: Path, **more: Any) -> dict[str, int]:  # noqa: ANN401
    given = msgspec.structs.replace(settings, input=tuple(map(str, inputs)), **more)
    assert run(given, Way())
    counts = read_totals(Path(settings.state))
    assert counts["in"] == counts["out"] + counts["late"] + counts["duplicate"] + counts["rejected"]
    return counts


def test_an_input_that_is_added_is_late_where_time_has_passed_and_holds_it_from_then_on(
    settings: Settings, tmp_path: Path
) -> None:
    """Timeline (hours; sealed is what is 24 h older than the newest):

    a, run 1   0 .. 71                        sealed up to 47
    b, run 2   0 .. 99                        emitted: 0 to 46 late, 47 to 99 taken
    a, run 2            72 .. 99              sealed up to 75: the least of both
    retained   of both what is newer than 75
    """
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    append(a, range(72))
    assert go_on(settings, a)["out"] == 72
    append(a, range(72, 100))
    append(b, range(100))
    counts = go_on(settings, a, b)
    assert (counts["in"], counts["late"]) == (200, 47)


def test_an_input_that_is_left_out_is_not_waited_for_and_goes_on_where_it_was(
    settings: Settings, tmp_path: Path
) -> None:
    """Timeline (hours):

    run 1   a 0 .. 29,  b 0 .. 29             sealed up to 5
    run 2   a 30 .. 99, b is left out         sealed up to 75, by a alone
    run 3   a 100,      b 30 .. 100           emitted: b's 30 to 74 late, 75 to 100 taken; its first 30 not again
    retained of both what is newer than 76
    """
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    append(a, range(30))
    append(b, range(30))
    assert go_on(settings, a, b)["out"] == 60
    append(a, range(30, 100))
    append(b, range(30, 101))
    assert go_on(settings, a)["out"] == 130
    append(a, range(100, 101))
    counts = go_on(settings, b, a)
    assert (counts["in"], counts["late"], counts["duplicate"]) == (202, 45, 0)


def test_an_input_of_another_name_is_another_one(settings: Settings, tmp_path: Path) -> None:
    """A log that was renamed is read again: what is open already is a duplicate, what is sealed is late."""
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    append(a, range(72))
    go_on(settings, a)
    a.rename(b)
    counts = go_on(settings, b)
    assert (counts["in"], counts["out"], counts["duplicate"], counts["late"]) == (144, 72, 25, 47)
