"""Bytewax's recovery partitions: what it does not guard itself (0.21.1).

Layout: SQLite files `part-<n>.sqlite3`. `parts` says which of how many; `exs` has a row per execution, `fronts` the
epoch that each of its workers has come to, `snaps` the snapshots by step, key and epoch. The rows of `exs` and
`fronts` are spread over the partitions. An execution resumes at the least epoch that all workers of the last one had
come to, from each key's newest snapshot of an earlier epoch.

Two things go wrong in silence:

- A killed execution may leave snapshots of epochs that the cluster had not finished. Bytewax does not load them, but
  neither deletes them. The next execution counts through the same epochs; when it passes one without waking the key,
  the stale snapshot is that key's newest, and the resume after that loads it: state of a course that never was.
- A partition from another time, say a backup, is used as it is: some keys then resume in the past.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from recovery.errors import SAME_BACKUP, PartitionsError

_RUN_TABLE = "CREATE TABLE IF NOT EXISTS anput_run (run INTEGER NOT NULL)"


def paths(directory: Path, count: int) -> list[Path]:
    """The files of `count` partitions."""
    return [directory / f"part-{index}.sqlite3" for index in range(count)]


def check(directory: Path, count: int) -> None:
    """Check that the partitions are all there, each in its place.

    Raises:
        PartitionsError: One is missing, damaged, another's, or one too many.
    """
    expected_paths = paths(directory, count)
    for index, path in enumerate(expected_paths):
        expected = f"recovery partition {index} of {count}"
        if not path.exists():
            raise PartitionsError(path, expected, "no such file", SAME_BACKUP)
        with _open(path) as database:
            rows = database.execute("SELECT part_index, part_count FROM parts").fetchall()
        if rows != [(index, count)]:
            found = ", ".join(f"{i} of {n}" for i, n in rows) or "an empty one"
            raise PartitionsError(path, expected, found, SAME_BACKUP)
    extra = sorted(set(directory.glob("part-*.sqlite3")) - set(expected_paths))
    if extra:
        raise PartitionsError(extra[0], f"{count} recovery partitions", f"{count + len(extra)}", SAME_BACKUP)


def are_fresh(directory: Path) -> bool:
    """Whether no execution ever began on the partitions in `directory`, which may be none at all.

    Raises:
        PartitionsError: One is damaged.
    """
    for path in sorted(directory.glob("part-*.sqlite3")):
        with _open(path) as database:
            if database.execute("SELECT count(*) FROM exs").fetchone() != (0,):
                return False
    return True


def resume_epoch(directory: Path, count: int) -> int:
    """The epoch at which Bytewax resumes: it loads each key's newest snapshot of an earlier one. From 1.

    Raises:
        PartitionsError: One is damaged.
    """
    executions: list[tuple[int, int, int]] = []
    fronts: list[tuple[int, int, int]] = []
    for path in paths(directory, count):
        with _open(path) as database:
            executions += database.execute("SELECT ex_num, worker_count, resume_epoch FROM exs")
            fronts += database.execute("SELECT ex_num, worker_index, worker_frontier FROM fronts")
    if not executions:
        return 1
    last, workers, began = max(executions)
    come_to = {worker: epoch for execution, worker, epoch in fronts if execution == last}
    return min(max(began, come_to.get(worker, began)) for worker in range(workers))


def discard_unfinished(directory: Path, count: int) -> int:
    """Delete the snapshots that the next resume will not load, before they are taken for later ones.

    Call it while no execution runs, before every one.

    Returns:
        How many were deleted.

    Raises:
        PartitionsError: One is damaged.
    """
    epoch = resume_epoch(directory, count)
    discarded = 0
    for path in paths(directory, count):
        with _open(path) as database:
            discarded += database.execute("DELETE FROM snaps WHERE snap_epoch >= ?", (epoch,)).rowcount
    return discarded


def check_run(directory: Path, count: int, run: int) -> None:
    """Check that all partitions were part of run number `run`, by what `mark_run` left in them.

    Raises:
        PartitionsError: One is damaged, or of another time.
    """
    for path in paths(directory, count):
        with _open(path) as database:
            database.execute(_RUN_TABLE)
            (found,) = database.execute("SELECT coalesce(max(run), 0) FROM anput_run").fetchone()
        # One more where a start was cut short between marking and stamping.
        if found not in (run, run + 1):
            expected = f"a recovery partition of run {run}, which the stamp counted last"
            raise PartitionsError(path, expected, f"one of run {found}", SAME_BACKUP)


def mark_run(directory: Path, count: int, run: int) -> None:
    """Note in all partitions that they are part of run number `run`.

    Raises:
        PartitionsError: One is damaged.
    """
    for path in paths(directory, count):
        with _open(path) as database:
            database.execute(_RUN_TABLE)
            database.execute("DELETE FROM anput_run")
            database.execute("INSERT INTO anput_run VALUES (?)", (run,))


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction on the partition, which must exist."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database, database:
            yield database
    except sqlite3.Error as error:
        raise PartitionsError(path, "a recovery partition of Bytewax", str(error), SAME_BACKUP) from error
