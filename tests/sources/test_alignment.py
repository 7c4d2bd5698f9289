from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from flows.sources.alignment import Alignment
from windowing.watermark import BEFORE_TIME, HOUR


def test_who_is_ahead_waits_for_the_slowest_until_it_ends() -> None:
    """Timeline (tolerance one hour):

    a         start   0 h: waits           1 h   1 h 1 ms: waits         goes on
    b         start                  0 h                           end
    emitted   of a nothing while it waits; b never waits
    retained  of each how far it has come; of b that it ended
    """
    alignment = Alignment(HOUR)
    for name in "ab":
        alignment.report(name, BEFORE_TIME)
        assert not alignment.must_wait(name)
    alignment.report("a", 0)
    assert alignment.must_wait("a")
    assert not alignment.must_wait("b")
    alignment.report("b", 0)
    alignment.report("a", HOUR)
    assert not alignment.must_wait("a")
    alignment.report("a", HOUR + 1)
    assert alignment.must_wait("a")
    alignment.end("b")
    assert not alignment.must_wait("a")


def test_alignment_can_be_turned_off() -> None:
    alignment = Alignment(0)
    alignment.report("a", 10**15)
    alignment.report("b", BEFORE_TIME)
    assert not alignment.must_wait("a")


def test_a_backfill_of_two_inputs_of_other_years_ends_and_loses_nothing(tmp_path: Path) -> None:
    for name, start in (("old", 1_700_000_000_000), ("new", 1_770_000_000_000)):
        rows = [{"id": f"{name}{n}", "time": start + n * 60_000, "user": "u", "action": "a"} for n in range(500)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    anput = [sys.executable, "-c", "from flows.cli import app; app()", "run", "--quiet"]
    inputs = ["--input", str(tmp_path / "new.jsonl"), "--input", str(tmp_path / "old.jsonl")]
    files = [
        "--state",
        str(tmp_path / "s"),
        "--alerts",
        str(tmp_path / "a.db"),
        "--summary",
        str(tmp_path / "sum.json"),
    ]
    subprocess.run([*anput, *inputs, *files, "--key-groups", "4"], check=True, timeout=120, capture_output=True)
    summary = json.loads((tmp_path / "sum.json").read_bytes())
    assert (summary["in"], summary["out"]) == (1000, 1000)
