"""What Bytewax's recovery partitions have committed: from where the next run resumes, and with which snapshots.

Layout of Bytewax 0.21 (its src/recovery.rs), SQLite files `recovery/part-<n>.sqlite3`, each row in the one partition
that its key hashes into:

    parts    part_index, part_count                        which partition of how many this file is
    exs      ex_num, worker_count, resume_epoch            one row per execution
    fronts   ex_num, worker_index, worker_frontier         epoch from which that worker would go on
    commits  part_index, commit_epoch                      epoch up to which superseded snapshots were deleted
    snaps    step_id, state_key, snap_epoch, ser_change    pickled snapshots; NULL: the key was discarded

The next run resumes from the least frontier of the last execution's workers (`resume_epoch` for one that has not
reported), with each key's newest snapshot of an *earlier* epoch. Snapshots of that epoch and later ones are what a
crash left of an epoch under way: Bytewax doesn't read them then, and doesn't delete them either. See
`discard_unfinished`.
"""

from __future__ import annotations

import io
import pickle
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from recovery.errors import SAME_BACKUP, PartitionsError
from recovery.stamp import RECOVERY
from recovery.token import Token

FIRST_EPOCH = 1
"""Where the first execution begins."""
BEHIND = 2
"""Epochs by which the partitions' commits may differ: a crash stops them between one commit and the next."""
ATTEMPTS = 200
PAUSE = 0.01
"""Seconds between attempts to read while epochs end."""
BUSY = 5.0
"""Seconds to wait for Bytewax, or another command, to let go of a partition."""

_PLAIN = (bytes, str, int, type(None))


@dataclass(frozen=True)
class Committed:
    """What the next run resumes with."""

    epoch: int
    """The epoch that it resumes from."""
    snapshots: dict[tuple[str, str], Any]
    """(step without the flow's name, key) -> snapshot of bytes, texts, integers, None and tuples of these."""

    def tokens(self, step: str) -> dict[int, Token]:
        """Key group -> token of its store, for a step whose keys are key groups.

        Raises:
            recovery.errors.StateError: a snapshot is no token, or a newer release's.
        """
        return {int(key): Token.decode(data) for (of, key), data in sorted(self.snapshots.items()) if of == step}


def committed(state: Path) -> Committed:
    """Read a state directory's recovery partitions, all as of one moment, also while a run goes on.

    Raises:
        PartitionsError: they are missing, damaged, of different numbers or times, or hold what they shouldn't.
    """
    for _ in range(ATTEMPTS):
        before = _progress(state)
        # Snapshots of epochs before this one are all written, and none of them deleted before the next one ends. If it
        # is still the same after reading, it was while reading.
        with _opened(state) as parts:
            rows = _newest(parts, before[1])
        if _progress(state) == before:
            return Committed(before[1], {name: _load(row) for name, row in sorted(rows.items()) if row.change})
        time.sleep(PAUSE)
    expected = f"an epoch that lasts longer than reading it, in {ATTEMPTS} attempts"
    raise PartitionsError(state / RECOVERY, expected, "none", "Try again, or stop the run that goes on.")


def amend(state: Path, step: str, key: str, snapshot: bytes) -> None:
    """Replace the snapshot that the next run resumes with. It is on disk on return.

    One row changes, in one transaction: after a crash it is the old one or the new one. No run may go on; hold
    `recovery.stamp.lock`.

    Args:
        state: the state directory.
        step: without the flow's name.
        key: as Bytewax knows it.
        snapshot: what to put in its place.

    Raises:
        PartitionsError: there is no snapshot to replace, or as `committed`.
    """
    _, epoch = _progress(state)
    with _opened(state, write=True) as parts:
        row = _newest(parts, epoch).get((step, key))
        if row is None:
            expected = f"a snapshot of key {key} of step {step} before epoch {epoch}"
            raise PartitionsError(state / RECOVERY, expected, "none", SAME_BACKUP)
        with row.part.changing() as database:
            database.execute(
                "UPDATE snaps SET ser_change = ? WHERE step_id = ? AND state_key = ? AND snap_epoch = ?",
                (pickle.dumps(snapshot), row.step_id, key, row.epoch),
            )


def discard_unfinished(state: Path) -> int:
    """Delete the snapshots that a crash left of an epoch that never ended; return how many.

    Bytewax resumes without them, but they stay: a key that isn't awoken when the epoch is run again, with other
    contents, keeps the crashed attempt's snapshot, and the resume after that takes it for the key's latest. No run may
    go on; hold `recovery.stamp.lock`.

    Raises:
        PartitionsError: as `committed`.
    """
    _, epoch = _progress(state)
    count = 0
    with _opened(state, write=True) as parts:
        for part in parts:
            if part.rows("SELECT 1 FROM snaps WHERE snap_epoch >= ? LIMIT 1", epoch):
                with part.changing() as database:
                    count += database.execute("DELETE FROM snaps WHERE snap_epoch >= ?", (epoch,)).rowcount
    return count


@dataclass(frozen=True)
class _Part:
    path: Path
    database: sqlite3.Connection

    def rows(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        try:
            return self.database.execute(statement, arguments).fetchall()
        except sqlite3.Error as error:
            self.refuse("an intact recovery partition of Bytewax 0.21", str(error), error)

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, durable when it ends."""
        try:
            self.database.execute("PRAGMA synchronous = FULL")
            self.database.execute("BEGIN IMMEDIATE")
            yield self.database
            self.database.execute("COMMIT")
        except sqlite3.Error as error:
            self.refuse("a recovery partition that can be changed", str(error), error)

    def refuse(self, expected: str, found: str, cause: Exception | None = None) -> NoReturn:
        raise PartitionsError(self.path, expected, found, SAME_BACKUP) from cause


class _Row(NamedTuple):
    part: _Part
    step_id: str
    epoch: int
    change: bytes | None


@contextmanager
def _opened(state: Path, *, write: bool = False) -> Iterator[list[_Part]]:
    with ExitStack() as stack:
        parts = []
        for path in sorted((state / RECOVERY).glob("part-*.sqlite3")):
            uri = f"{path.absolute().as_uri()}?mode={'rw' if write else 'ro'}"
            try:
                database = sqlite3.connect(uri, uri=True, timeout=BUSY, isolation_level=None)
            except sqlite3.Error as error:
                raise PartitionsError(path, "a recovery partition", str(error), SAME_BACKUP) from error
            parts.append(_Part(path, stack.enter_context(closing(database))))
        yield parts


def _progress(state: Path) -> tuple[int, int]:
    """Number of the last execution, and the epoch that the next one resumes from."""
    executions: list[tuple[int, int, int]] = []
    fronts: list[tuple[int, int, int]] = []
    commits: dict[Path, int] = {}
    with _opened(state) as parts:
        _check_complete(state, parts)
        for part in parts:
            executions += part.rows("SELECT ex_num, worker_count, resume_epoch FROM exs")
            fronts += part.rows("SELECT ex_num, worker_index, worker_frontier FROM fronts")
            commits[part.path] = max((epoch for (epoch,) in part.rows("SELECT commit_epoch FROM commits")), default=0)
    if not executions:
        return -1, FIRST_EPOCH
    number, workers, began = max(executions)
    reached = dict.fromkeys(range(workers), began)
    for of, worker, epoch in fronts:
        if of == number:
            reached[worker] = max(reached.get(worker, began), epoch)
    oldest = min(commits, key=lambda path: commits[path])
    newest = max(commits.values())
    if newest > min(reached.values()) or newest - commits[oldest] > BEHIND:
        expected = f"partitions of one time, about epoch {max(newest, *reached.values())}"
        found = f"epochs {commits[oldest]} to {newest} cleaned up, and epoch {min(reached.values())} to resume from"
        raise PartitionsError(oldest, expected, found, SAME_BACKUP)
    return number, min(reached.values())


def _check_complete(state: Path, parts: Sequence[_Part]) -> None:
    found = [row for part in parts for row in part.rows("SELECT part_index, part_count FROM parts")]
    if not found or sorted(found) != [(index, len(found)) for index in range(len(found))]:
        listed = ", ".join(f"{index} of {count}" for index, count in sorted(found)) or "none"
        raise PartitionsError(state / RECOVERY, "all recovery partitions, of one number", listed, SAME_BACKUP)


def _newest(parts: Sequence[_Part], before: int) -> dict[tuple[str, str], _Row]:
    """(step, key) -> the newest snapshot of an epoch before `before`."""
    newest: dict[tuple[str, str], _Row] = {}
    for part in parts:
        # Of the other columns, SQLite gives those of the row with the maximum (its "bare columns").
        found = part.rows(
            "SELECT step_id, state_key, max(snap_epoch), ser_change FROM snaps WHERE snap_epoch < ? GROUP BY 1, 2",
            before,
        )
        for step_id, key, epoch, change in found:
            # `<flow>.<step>`, and `.<operator>` behind it for steps that are made of several.
            name = step_id.partition(".")[2], key
            if name not in newest or epoch > newest[name].epoch:
                newest[name] = _Row(part, step_id, epoch, change)
    return newest


class _Unpickler(pickle.Unpickler):
    """Knows no classes and calls nothing: a snapshot can't run code."""

    def find_class(self, module_name: str, global_name: str) -> NoReturn:
        msg = f"{module_name}.{global_name}"
        raise pickle.UnpicklingError(msg)


def _load(row: _Row) -> Any:  # noqa: ANN401
    expected = f"a snapshot of {row.step_id} of bytes, texts, integers and tuples"
    try:
        value = _Unpickler(io.BytesIO(row.change or b"")).load()
    except Exception as error:  # noqa: BLE001  a damaged pickle fails in any way
        row.part.refuse(expected, repr(error), error)
    if not _is_plain(value):
        row.part.refuse(expected, f"{value!r:.80}")
    return value


def _is_plain(value: object) -> bool:
    return all(map(_is_plain, value)) if type(value) is tuple else type(value) in _PLAIN
