"""Against Bytewax itself. Run as a program, this file is the flow that the tests kill.

The flow: a partition counts up and sends its numbers, a key each; a key keeps how many came to it, and their sum.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main

from recovery import partitions, stamp
from recovery.committed import amend, committed
from recovery.errors import PartitionsError, StampError, StateError
from recovery.token import Token

KEYS = 11
STEPS = ("read", "count")
HELD = "held.jsonl"
"""What a run's partitions and keys resumed with, a line each."""


class Numbers(StatefulSourcePartition[tuple[str, int], int]):
    def __init__(self, part: str, resume: int | None, last: int) -> None:
        self.number, self.last = resume or 0, last
        note("read", part, resume)

    def next_batch(self) -> list[tuple[str, int]]:
        if self.number == self.last:
            raise StopIteration
        self.number += 1
        time.sleep(0.001)
        # Not every key in every epoch.
        return [(f"{self.number // 4 % KEYS:02d}", self.number)]

    def snapshot(self) -> int:
        return self.number


class NumbersSource(FixedPartitionedSource[tuple[str, int], int]):
    def __init__(self, last: int) -> None:
        self.last = last

    def list_parts(self) -> list[str]:
        return ["a", "b", "c"]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> Numbers:
        return Numbers(for_part, resume_state, self.last)


class Count(StatefulBatchLogic[int, None, tuple[int, int, bytes]]):
    def __init__(self, resume: tuple[int, int, bytes] | None) -> None:
        self.count, self.sum, self.mark = resume or (0, 0, os.urandom(8))
        if resume is not None:
            note("count", "", [*resume[:2], resume[2].hex()])

    def on_batch(self, values: list[int]) -> tuple[list[None], bool]:
        self.count, self.sum = self.count + len(values), self.sum + sum(values)
        return [], StatefulBatchLogic.RETAIN

    def snapshot(self) -> tuple[int, int, bytes]:
        return self.count, self.sum, self.mark


class Nowhere(DynamicSink[None]):
    def build(self, step_id: str, worker_index: int, worker_count: int) -> Any:
        return NowherePartition()


class NowherePartition(StatelessSinkPartition[None]):
    def write_batch(self, items: list[None]) -> None:
        pass


def note(*what: object) -> None:
    with Path(sys.argv[1], HELD).open("a") as file:
        file.write(json.dumps(what) + "\n")


def main(state: str, last: str, process: str, addresses: str) -> None:
    flow = Dataflow("f")
    keyed = op.input("read", flow, NumbersSource(int(last)))
    op.output("out", cast("Any", op.stateful_batch("count", keyed, Count)), Nowhere())
    cluster = {"process_id": int(process), "addresses": addresses.split(";")} if addresses else {}
    cli_main(  # type: ignore[no-untyped-call]
        flow,
        workers_per_process=1,
        epoch_interval=timedelta(milliseconds=20),
        recovery_config=RecoveryConfig(str(Path(state, stamp.RECOVERY)), timedelta(0)),  # type: ignore[no-untyped-call]
        **cluster,
    )


@contextmanager
def running(state: Path, processes: int, last: int = 10**9) -> Iterator[list[subprocess.Popen[bytes]]]:
    (state / HELD).unlink(missing_ok=True)
    addresses = ""
    if processes > 1:
        sockets = [socket.socket() for _ in range(processes)]
        for entry in sockets:
            entry.bind(("127.0.0.1", 0))
        addresses = ";".join(f"127.0.0.1:{entry.getsockname()[1]}" for entry in sockets)
        for entry in sockets:
            entry.close()
    root = Path(__file__).parents[2]
    children = [
        subprocess.Popen(
            [sys.executable, __file__, str(state), str(last), str(number), addresses],
            env={**os.environ, "PYTHONPATH": str(root)},
            stderr=subprocess.DEVNULL,
        )
        for number in range(processes)
    ]
    try:
        yield children
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.wait()


def held(state: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {step: [] for step in STEPS}
    for line in (state / HELD).read_text().splitlines():
        step, part, resume = json.loads(line)
        found[step].append([part, resume] if step == "read" else resume)
    return {step: sorted(what) for step, what in found.items()}


def as_held(state: Path) -> dict[str, list[Any]]:
    """What `committed` says, as the run notes it."""
    snapshots = committed(state).snapshots
    return {
        "read": sorted([part, snapshots.get(("read", part))] for part in "abc"),
        "count": sorted(
            [count, total, mark.hex()] for (step, _), (count, total, mark) in by_step(snapshots, "count").items()
        ),
    }


def by_step(snapshots: Any, step: str) -> dict[tuple[str, str], Any]:
    return {name: snapshot for name, snapshot in snapshots.items() if name[0] == step}


def executions(state: Path) -> list[tuple[int, int]]:
    """Number and resume epoch of all."""
    found: list[tuple[int, int]] = []
    for path in parts_of(state):
        with closing(sqlite3.connect(path)) as database:
            found += database.execute("SELECT ex_num, resume_epoch FROM exs")
    return sorted(found)


def wait_for(state: Path, epochs: int, execution: int = 0) -> None:
    """Until a run has come to so many epochs past where it began, and has counted more than one key."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        begun, found = dict(executions(state)), committed(state)
        enough = len(by_step(found.snapshots, "count")) > 1
        if execution in begun and found.epoch >= begun[execution] + epochs and enough:
            return
        time.sleep(0.02)
    raise AssertionError


def initialise(state: Path) -> Path:
    stamp.ensure(state, "f", STEPS, 8, {}, 3)
    return state


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_that_was_killed_resumes_with_what_is_committed(tmp_path: Path, processes: int) -> None:
    state = initialise(tmp_path / "state")
    assert committed(state).epoch == 1
    assert committed(state).snapshots == {}
    chance = random.Random(processes)
    for execution in range(3):
        stamp.begin_run(state)
        epoch, expected = committed(state).epoch, as_held(state)
        with running(state, processes) as children:
            wait_for(state, 2, execution)
            time.sleep(chance.uniform(0, 0.1))
            for child in chance.sample(children, len(children)):
                child.kill()
                time.sleep(chance.choice([0, 0.03]))
        assert executions(state)[-1] == (execution, epoch)
        assert held(state) == expected
        assert epoch == 1 or len(expected["count"]) > 1


def test_reading_while_a_run_goes_on_sees_one_moment(tmp_path: Path) -> None:
    """At every moment, what has been read is what has been counted."""
    state = initialise(tmp_path / "state")
    epochs: set[int] = set()
    deadline = time.monotonic() + 60
    with running(state, 2):
        while len(epochs) < 6 and time.monotonic() < deadline:
            now = committed(state)
            read = by_step(now.snapshots, "read").values()
            counts = by_step(now.snapshots, "count").values()
            assert sum(count for count, _, _ in counts) == sum(read)
            assert sum(total for _, total, _ in counts) == sum(n * (n + 1) // 2 for n in read)
            epochs.add(now.epoch)
    assert len(epochs) == 6


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = initialise(tmp_path_factory.mktemp("ended") / "state")
    with running(state, 1, last=120) as children:
        assert children[0].wait(60) == 0
    return state


@pytest.fixture(scope="module")
def later(ended: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after another run."""
    state = Path(shutil.copytree(ended, tmp_path_factory.mktemp("later") / "state"))
    with running(state, 1, last=400) as children:
        assert children[0].wait(60) == 0
    return state


@pytest.fixture
def finished(ended: Path, tmp_path: Path) -> Path:
    """A state after a run to the end."""
    return Path(shutil.copytree(ended, tmp_path / "state"))


def test_an_amended_snapshot_is_what_the_next_run_resumes_with(finished: Path) -> None:
    before = committed(finished)
    (count, total, mark) = before.snapshots["count", "01"]
    # Bytes stand for it here; the flow's own is a tuple.
    amend(finished, "count", "01", b"amended")
    after = committed(finished)
    assert after.epoch == before.epoch
    assert after.snapshots == {**before.snapshots, ("count", "01"): b"amended"}
    change_snapshot(finished, "count", "01", pickle.dumps((count + 5, total, mark)))
    with running(finished, 1, last=120) as children:
        assert children[0].wait(60) == 0
    assert [count + 5, total, mark.hex()] in held(finished)["count"]
    with pytest.raises(PartitionsError, match="expected a snapshot of step count, key 99, before epoch"):
        amend(finished, "count", "99", b"")


def parts_of(state: Path) -> list[Path]:
    return sorted((state / stamp.RECOVERY).glob("*.sqlite3"))


def change_snapshot(state: Path, step: str, key: str, change: bytes) -> int:
    changed = 0
    for path in parts_of(state):
        with closing(sqlite3.connect(path)) as database, database:
            changed += database.execute(
                "UPDATE snaps SET ser_change = ? WHERE step_id = ? AND state_key = ?", (change, f"f.{step}", key)
            ).rowcount
    return changed


class Intruder:
    """Would run code where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.file),)


def test_a_snapshot_cannot_bring_code(finished: Path, tmp_path: Path) -> None:
    assert change_snapshot(finished, "count", "00", pickle.dumps((1, Intruder(tmp_path / "in"))))
    with pytest.raises(PartitionsError, match=r"part-\d\.sqlite3: expected a snapshot of f.count .*posix\.mkdir"):
        committed(finished)
    assert not (tmp_path / "in").exists()


@pytest.mark.parametrize("change", [pickle.dumps(1.5), pickle.dumps((1, [2])), b"", b"no pickle"], ids=repr)
def test_what_is_no_plain_snapshot_is_refused(finished: Path, change: bytes) -> None:
    assert change_snapshot(finished, "count", "00", change)
    with pytest.raises(PartitionsError, match="expected a snapshot of f.count of bytes, texts, integers and tuples"):
        committed(finished)


def test_plain_snapshots_and_discarded_keys(finished: Path) -> None:
    plain = (b"\x00\xff", "text", (1, -(2**70), None, ((),)), None)
    assert change_snapshot(finished, "count", "00", pickle.dumps(plain))
    for path in parts_of(finished):
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("UPDATE snaps SET ser_change = NULL WHERE step_id = 'f.count' AND state_key = '01'")
    snapshots = committed(finished).snapshots
    assert snapshots["count", "00"] == plain
    assert ("count", "01") not in snapshots
    assert ("count", "02") in snapshots


def test_tokens_are_by_key_group(finished: Path) -> None:
    token = Token(2, 7, 1, b"checksum")
    with pytest.raises(PartitionsError, match=r"step count, key 00: expected a token of a key group; found \("):
        committed(finished).tokens("count")
    for key in range(KEYS):
        change_snapshot(finished, "count", f"{key:02d}", pickle.dumps(token.encode()))
    assert committed(finished).tokens("count") == dict.fromkeys(range(KEYS), token)
    change_snapshot(finished, "count", "00", pickle.dumps(b"no token"))
    with pytest.raises(StateError, match="Token document"):
        committed(finished).tokens("count")


def test_a_partition_of_another_time_is_refused(ended: Path, later: Path, tmp_path: Path) -> None:
    state = Path(shutil.copytree(later, tmp_path / "state"))
    for path in parts_of(state):
        newest = path.read_bytes()
        shutil.copyfile(ended / stamp.RECOVERY / path.name, path)
        with pytest.raises(
            PartitionsError, match=r"expected all partitions from the time of epoch \d+; found one cleaned"
        ):
            committed(state)
        path.write_bytes(newest)
        committed(state)


def test_an_epoch_that_ends_while_reading_is_read_anew(
    finished: Path, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = partitions.resume_epoch
    epochs = []

    def resume_epoch(directory: Path, count: int) -> int:
        epochs.append(real(directory, count))
        if len(epochs) == 1:
            for path in parts_of(later):
                shutil.copyfile(path, directory / path.name)
        return epochs[-1]

    before = committed(finished)
    monkeypatch.setattr(partitions, "resume_epoch", resume_epoch)
    after = committed(finished)
    assert epochs[0] == before.epoch < after.epoch
    assert after == committed(later)


def test_a_missing_partition_or_stamp_is_refused(finished: Path) -> None:
    (finished / stamp.RECOVERY / "part-1.sqlite3").unlink()
    with pytest.raises(
        PartitionsError, match=r"part-1\.sqlite3: expected recovery partition 1 of 3; found no such file"
    ):
        committed(finished)
    (finished / stamp.STAMP).unlink()
    with pytest.raises(StampError, match="expected a stamp; found none"):
        committed(finished)


if __name__ == "__main__":
    main(*sys.argv[1:])
