"""Against Bytewax itself: a counter per key, an item an epoch, ABORT instead of a crash."""

from __future__ import annotations

import pickle
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.recovery import RecoveryConfig
from bytewax.testing import TestingSink, TestingSource, cluster_main, run_main

from recovery import partitions, stamp
from recovery.errors import PartitionsError

COUNT = 3


class Counter(StatefulBatchLogic[str, int, int]):
    def __init__(self, resume: int | None) -> None:
        self.count = resume or 0

    def on_batch(self, values: list[str]) -> tuple[list[int], bool]:
        self.count += len(values)
        return [self.count], False

    def on_notify(self) -> tuple[list[int], bool]:
        return [], False

    def on_eof(self) -> tuple[list[int], bool]:
        return [], False

    def notify_at(self) -> datetime | None:
        return None

    def snapshot(self) -> int:
        return self.count


@dataclass
class Run:
    """One state directory and an endless input that grows by what each run is given."""

    state: Path
    items: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        stamp.ensure(self.state, "f", ["counter"], 8, {"counter": 1}, COUNT)

    @property
    def recovery(self) -> Path:
        return self.state / "recovery"

    def __call__(self, items: str, end: Any, workers: int = 1) -> list[tuple[str, int]]:
        """Count the letters of `items`; what came out."""
        self.items += [*items, end]
        out: list[tuple[str, int]] = []
        flow = Dataflow("f")
        stream = op.key_on("key", op.input("in", flow, TestingSource(self.items)), str)
        op.output("out", op.stateful_batch("counter", stream, Counter), TestingSink(out))
        config = RecoveryConfig(str(self.recovery))  # type: ignore[no-untyped-call]
        if workers == 1:
            run_main(flow, epoch_interval=timedelta(0), recovery_config=config)  # type: ignore[no-untyped-call]
        else:
            cluster_main(  # type: ignore[no-untyped-call]
                flow, [], 0, epoch_interval=timedelta(0), recovery_config=config, worker_count_per_proc=workers
            )
        return out

    def query(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Rows of all partitions."""
        found = []
        for path in partitions.paths(self.recovery, COUNT):
            with closing(sqlite3.connect(path)) as database, database:
                found += database.execute(statement, arguments).fetchall()
        return found

    def leave_unfinished(self, key: str, count: int, epoch: int) -> None:
        """What a kill leaves that comes after a snapshot of `epoch` and before the cluster has finished it."""
        row = ("f.counter", key, epoch, pickle.dumps(count))
        for path in partitions.paths(self.recovery, COUNT):
            with closing(sqlite3.connect(path)) as database, database:
                if database.execute("SELECT 1 FROM snaps WHERE state_key = ?", (key,)).fetchone():
                    statement = "INSERT OR REPLACE INTO snaps (step_id, state_key, snap_epoch, ser_change)"
                    database.execute(f"{statement} VALUES (?, ?, ?, ?)", row)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "state")


@pytest.mark.parametrize("guarded", [False, True])
@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_snapshots_of_unfinished_epochs_do_not_come_back(run: Run, ahead: int, guarded: bool) -> None:
    """A kill leaves one of a's epoch e; the next run passes e with b alone; the one after must know nothing of it.

        run 1   a a a | e: a (snapshotted as 100, not finished)
        run 2           e: b  b  b  b  b  b
        run 3                               a -> 4
    Unguarded, Bytewax 0.21.1 answers 101. When that fails here, `discard_unfinished` is no longer needed.
    """
    assert run("aaa", TestingSource.ABORT()) == [("a", 1), ("a", 2), ("a", 3)]
    run.leave_unfinished("a", 100, partitions.resume_epoch(run.recovery, COUNT) + ahead)
    if guarded:
        stamp.begin_run(run.state)
    assert run("bbbbbb", TestingSource.ABORT())[-1] == ("b", 6)
    if guarded:
        stamp.begin_run(run.state)
    assert [item for item in run("a", TestingSource.EOF()) if item[0] == "a"] == [("a", 4 if guarded else 101)]


def test_what_the_resume_needs_is_kept(run: Run) -> None:
    run("abcab", TestingSource.ABORT())
    epoch = partitions.resume_epoch(run.recovery, COUNT)
    before = run.query("SELECT * FROM snaps WHERE snap_epoch < ?", epoch)
    unfinished = run.query("SELECT * FROM snaps WHERE snap_epoch >= ?", epoch)
    assert partitions.discard_unfinished(run.recovery, COUNT) == len(unfinished)
    assert run.query("SELECT * FROM snaps") == before
    assert partitions.discard_unfinished(run.recovery, COUNT) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_the_resume_epoch_is_the_one_that_bytewax_takes(run: Run, workers: int) -> None:
    assert partitions.resume_epoch(run.recovery, COUNT) == 1
    for items in ("abc", "defgh", "a", "bc"):
        expected = partitions.resume_epoch(run.recovery, COUNT)
        run(items, TestingSource.EOF(), workers)
        assert max(run.query("SELECT ex_num, worker_count, resume_epoch FROM exs"))[1:] == (workers, expected)


def test_the_epoch_of_an_execution_that_some_worker_never_began(run: Run) -> None:
    run("abc", TestingSource.EOF(), 2)
    began = partitions.resume_epoch(run.recovery, COUNT)
    last = max(run.query("SELECT ex_num FROM exs"))[0]
    with closing(sqlite3.connect(run.recovery / "part-0.sqlite3")) as database, database:
        database.execute("INSERT INTO exs (ex_num, worker_count, resume_epoch) VALUES (?, 3, ?)", (last + 1, began))
        database.execute(
            "INSERT INTO fronts (ex_num, worker_index, worker_frontier) VALUES (?, 0, ?)", (last + 1, began + 9)
        )
    assert partitions.resume_epoch(run.recovery, COUNT) == began


def test_a_partition_of_another_time_is_refused(run: Run, tmp_path: Path) -> None:
    stamp.begin_run(run.state)
    run("abc", TestingSource.EOF())
    shutil.copytree(run.recovery, tmp_path / "backup")
    stamp.begin_run(run.state)
    run("abc", TestingSource.EOF())
    shutil.copy(tmp_path / "backup" / "part-1.sqlite3", run.recovery)
    with pytest.raises(
        PartitionsError, match=r"part-1\.sqlite3: expected a recovery partition of run 2.* found one of run 1"
    ):
        stamp.begin_run(run.state)
    shutil.rmtree(run.recovery)
    (tmp_path / "backup").rename(run.recovery)
    with pytest.raises(PartitionsError, match="part-0"):
        stamp.begin_run(run.state)


def test_a_start_cut_short_is_taken_up_again(run: Run) -> None:
    for marked in (0, 1, 2, 3):
        number = stamp.read(run.state).run
        for path in partitions.paths(run.recovery, COUNT)[:marked]:
            with closing(sqlite3.connect(path)) as database, database:
                database.execute("CREATE TABLE IF NOT EXISTS anput_run (run INTEGER NOT NULL)")
                database.execute("DELETE FROM anput_run")
                database.execute("INSERT INTO anput_run VALUES (?)", (number + 1,))
        stamp.begin_run(run.state)
        assert stamp.read(run.state).run == number + 1
        assert run.query("SELECT run FROM anput_run") == [(number + 1,)] * COUNT


def test_bytewax_minds_none_of_it(run: Run) -> None:
    """Every run goes on where the one before ended, as without the marks."""
    for number in range(1, 5):
        stamp.begin_run(run.state)
        assert run("a", TestingSource.EOF()) == [("a", number)]


def test_before_the_first_use_there_is_nothing_to_do(tmp_path: Path) -> None:
    stamp.begin_run(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_used_partitions_without_a_stamp_are_refused_and_kept(run: Run) -> None:
    run("abc", TestingSource.EOF())
    before = run.query("SELECT * FROM snaps")
    (run.state / stamp.STAMP).unlink()
    with pytest.raises(Exception, match=r"stamp\.json: expected a stamp beside the state; found none, but .*recovery"):
        Run(run.state)
    assert run.query("SELECT * FROM snaps") == before


def test_damage_is_refused(run: Run) -> None:
    (run.recovery / "part-2.sqlite3").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    for read in (partitions.check, partitions.resume_epoch, partitions.discard_unfinished):
        with pytest.raises(PartitionsError, match=r"part-2\.sqlite3: expected a recovery partition of Bytewax"):
            read(run.recovery, COUNT)
