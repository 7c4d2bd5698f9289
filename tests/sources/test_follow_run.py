"""`anput run --follow` as users start it: on a file that is written to and rotated, on a folder of deliveries."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flows.sources.follow_state import FilesState
from flows.sources.intake import PartitionState
from recovery.committed import committed
from simulator.simulate import simulate

ANPUT = [sys.executable, "-c", "from flows.cli import app; app()"]
PATIENCE = 120
START, HOUR, DAY = 1_770_000_000_000, 3_600_000, 86_400_000


class Run:
    def __init__(self, folder: Path, source: Path | str) -> None:
        self.folder, self.source = folder, source
        folder.mkdir(exist_ok=True)
        self.environment = {"ANPUT_BATCH_SIZE": "500", "ANPUT_KEY_GROUPS": "8"}
        self.child: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> subprocess.Popen[str]:
        command = [
            *(*ANPUT, "run", "--quiet", "--input", str(self.source), "--state", str(self.folder / "state")),
            *("--alerts", str(self.folder / "alerts.db"), "--summary", str(self.folder / "summary.json")),
            *("--snapshot-interval", "1", *options),
        ]
        environment = {**os.environ, **self.environment}
        self.child = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        return self.child

    def run(self, *options: str, code: int = 0) -> str:
        _, errors = self.start(*options).communicate(timeout=2 * PATIENCE)
        assert self.child is not None
        assert self.child.returncode == code, errors
        return errors

    def read(self) -> int:
        files = (self.folder / "state" / "progress").glob("*.json")
        return sum(json.loads(file.read_bytes())["records"] for file in files)

    def known(self) -> set[int]:
        """Inodes that the last snapshot knows."""
        found: set[int] = set()
        for (step, _), snapshot in committed(self.folder / "state").snapshots.items():
            if step == "read":
                stored = msgspec.msgpack.decode(snapshot, type=PartitionState).files
                found |= {mark.inode for mark in msgspec.msgpack.decode(stored, type=FilesState).marks}
        return found

    def wait_until(self, holds: Callable[[], bool]) -> None:
        assert self.child is not None
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert self.child.poll() is None, self.child.stderr.read() if self.child.stderr else ""
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM) -> str:
        assert self.child is not None
        self.child.send_signal(number)
        _, errors = self.child.communicate(timeout=PATIENCE)
        assert self.child.returncode == (128 + number if number != signal.SIGKILL else -number), errors
        return errors

    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "summary.json").read_bytes())
        assert found["in"] == found["out"] + found["late"] + found["duplicate"] + found["rejected"]
        return found

    def counts(self) -> dict[str, int]:
        return {name: self.summary()[name] for name in ("in", "out", "late", "duplicate", "rejected", "alerts")}

    def alerts(self) -> dict[str, dict[str, Any]]:
        command = [*ANPUT, "alerts", "export", "--json", "--store", str(self.folder / "alerts.db")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
        found = {}
        for alert in map(json.loads, done.stdout.splitlines()):
            if alert["activity_id"] != 3:
                for name in ("metadata", "activity_id", "activity_name", "type_uid", "type_name"):
                    alert.pop(name)
                found[alert["finding_info"]["uid"]] = alert
        return found


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    folder = tmp_path_factory.mktemp("tenant")
    simulate(40, 10, 5, ["all"], folder)
    return (folder / "activities.jsonl").read_bytes().splitlines(keepends=True)


@pytest.fixture(scope="module")
def whole(rows: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over all of it that doesn't follow."""
    folder = tmp_path_factory.mktemp("whole")
    source = folder / "in.jsonl"
    source.write_bytes(b"".join(rows))
    found = Run(folder, source)
    found.run()
    return found


def delay(row: bytes) -> float:
    """From event to ingest, ms."""
    record = json.loads(row)
    times = (datetime.fromisoformat(record[name]).timestamp() for name in ("ingested", "time"))
    return (next(times) - next(times)) * 1000


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    started: list[Run] = []
    yield started
    for each in started:
        if each.child is not None:
            each.child.kill()


def test_a_growing_file_that_is_rotated_while_runs_are_killed_gives_the_same_alerts(
    rows: list[bytes], whole: Run, tmp_path: Path, runs: list[Run]
) -> None:
    """Pieces that cut lines; two rotations, one while it is down; kill -9 twice; SIGTERM at the end."""
    file = tmp_path / "app.log"
    run = Run(tmp_path / "work", file)
    runs.append(run)
    data, chance = b"".join(rows), random.Random(1)
    cuts = sorted(chance.sample(range(len(data)), 11))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    file.write_bytes(pieces[0])
    run.start("--follow")
    run.wait_until(lambda: run.read() > 0 and bool(run.known()))
    for number, piece in enumerate(pieces[1:], 1):
        if number in (3, 8):
            # Cut at a line's end, as whoever rotates does; what comes next begins the new file.
            rest, _, piece = piece.partition(b"\n")  # noqa: PLW2901
            with file.open("ab") as old:
                old.write(rest + b"\n")
            file.rename(tmp_path / f"app.log.{number}")
        with file.open("ab") as current:
            current.write(piece)
        if number in (4, 7):
            run.wait_until(lambda: file.stat().st_ino in run.known())
            run.stop(signal.SIGKILL)
        if number in (5, 9):
            run.start("--follow")
    run.wait_until(lambda: run.read() == len(rows))
    run.stop()
    assert not all(alert["status_detail"] == "final" for alert in run.alerts().values())
    # Followed no more, it ends, and all is sealed.
    run.run("--no-follow")
    assert run.counts() == whole.counts()
    assert run.alerts() == whole.alerts()


def test_a_folder_that_files_are_delivered_to_gives_the_same_alerts(
    rows: list[bytes], whole: Run, tmp_path: Path, runs: list[Run]
) -> None:
    """As CloudTrail does: compressed files, one after the other, one of them late; two processes, killed once."""
    folder = tmp_path / "delivered"
    folder.mkdir()
    run = Run(tmp_path / "work", folder)
    runs.append(run)
    size = len(rows) // 12 + 1
    parts = {f"{start:06}": rows[start : start + size] for start in range(0, len(rows), size)}
    names = sorted(parts)
    # Of those that came at once, so that they are not too late even behind another file.
    held_back = [row for row in parts[names[2]] if delay(row) < HOUR][-20:]
    parts[names[2]] = [row for row in parts[names[2]] if row not in held_back]
    parts[names[2] + "b"] = held_back
    order = [*names[:4], names[2] + "b", *names[4:]]
    delivered = 0
    run.start("--follow", "--processes", "2")
    for name in order:
        packed = gzip.compress(b"".join(parts[name]))
        with (folder / f"{name}.jsonl.gz").open("wb") as file:  # not by a rename: half of it is there for a while
            file.write(packed[: len(packed) // 2])
            file.flush()
            time.sleep(0.05)
            file.write(packed[len(packed) // 2 :])
        delivered += len(parts[name])
        run.wait_until(lambda goal=delivered: run.read() >= goal)  # type: ignore[misc]
        if name == names[6]:
            run.stop(signal.SIGKILL)
            run.start("--follow")
    run.wait_until(lambda: run.read() == len(rows))
    run.stop()
    run.run("--no-follow")
    (counts,) = run.summary()["sources"].values()
    assert (counts["files"], counts["files_behind"]) == (len(parts), 1)
    assert run.counts() == whole.counts()
    assert run.alerts() == whole.alerts()


def test_what_is_silent_is_not_waited_for_and_nothing_is_sealed_at_the_end(tmp_path: Path, runs: list[Run]) -> None:
    """One file is silent, one has eight days. After the time-out the first alert is final; the last day is open."""
    busy, silent = tmp_path / "busy.jsonl", tmp_path / "silent.jsonl"
    silent.write_text(json.dumps({"id": "s", "time": START, "user": "sue", "action": "Read"}) + "\n")
    run = Run(tmp_path / "work", busy)
    run.environment["ANPUT_IDLE_TIMEOUT"] = "1"
    runs.append(run)
    run.start("--follow", "--input", str(silent))
    stopping = {"id": "1", "time": START, "user": "eve", "action": "StopLogging", "category": "audit_config"}
    with busy.open("w") as file:
        file.write(json.dumps(stopping) + "\n")
    run.wait_until(lambda: (run.folder / "alerts.db").exists() and len(run.alerts()) == 1)
    with busy.open("a") as file:
        for number in range(1, 9):
            row = {"id": f"b{number}", "time": START + number * DAY, "user": "bob", "action": "Read"}
            file.write(json.dumps(row) + "\n")
        file.write(json.dumps({**stopping, "id": "2", "time": START + 8 * DAY + 1000, "user": "mallory"}) + "\n")
    run.wait_until(lambda: {alert["status_detail"] for alert in run.alerts().values()} == {"final", "provisional"})
    run.stop()
    assert {alert["status_detail"] for alert in run.alerts().values()} == {"final", "provisional"}
    assert run.summary()["in"] == 11


def test_an_input_that_cannot_come_to_be_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path / "work", tmp_path / "nosuch" / "a.log")
    assert "a.log: expected a file, a folder or a pattern" in run.run("--follow", code=2)
