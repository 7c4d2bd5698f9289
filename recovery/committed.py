"""What Bytewax has committed: the epoch that the next run resumes from, and the snapshots that it resumes with.

`recovery.partitions` describes the files. Bytewax takes each key's newest snapshot of an epoch *before* the one that it
resumes from; `step_id` there is `<flow>.<step>`, `ser_change` a pickle, NULL where the key was discarded.
"""

from __future__ import annotations

import io
import pickle
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from recovery import partitions, stamp
from recovery.errors import SAME_BACKUP, PartitionsError
from recovery.token import Token

BEHIND = 2
"""Epochs by which partitions may differ in what they have cleaned up: a crash comes between one and the next."""
ATTEMPTS = 200
PAUSE = 0.01
"""Seconds between attempts to read while epochs end."""
BUSY = 10.0
"""Seconds to wait for Bytewax, or another command, to let go of a partition."""

_PLAIN = (bytes, str, int, type(None))


@dataclass(frozen=True)
class Committed:
    """What the next run resumes with."""

    epoch: int
    """The epoch that it resumes from."""
    snapshots: Mapping[tuple[str, str], Any]
    """(step without the flow's name, key) -> snapshot, of bytes, texts, integers, None and tuples of these."""

    def tokens(self, step: str) -> dict[int, Token]:
        """Key group -> token of its store, for a step whose keys are key groups.

        Raises:
            StateError: A snapshot is no token, or a newer release's.
        """
        found = {}
        for (of, key), snapshot in self.snapshots.items():
            if of == step:
                if not isinstance(snapshot, bytes) or not key.isdecimal():
                    where = f"the snapshot of step {step}, key {key}"
                    raise PartitionsError(where, "a token of a key group", f"{snapshot!r:.80}", SAME_BACKUP)
                found[int(key)] = Token.decode(snapshot)
        return found


def committed(state: Path) -> Committed:
    """Read a state directory's recovery partitions, all as of one moment, also while a run goes on.

    Raises:
        StateError: There is no stamp; partitions are missing, damaged, of different times, or hold anything but plain
            snapshots.
    """
    count = stamp.read(state).partitions
    directory = state / stamp.RECOVERY
    partitions.check(directory, count)
    for _ in range(ATTEMPTS):
        epoch = partitions.resume_epoch(directory, count)
        # The snapshots before that epoch are all written, and none of them is deleted before it ends. If it is still
        # the one to resume from after reading, it was so while reading.
        rows, cleaned = _read(partitions.paths(directory, count), epoch)
        if partitions.resume_epoch(directory, count) == epoch:
            _check_times(epoch, cleaned)
            return Committed(epoch, {name: _load(row) for name, row in sorted(rows.items()) if row.change is not None})
        time.sleep(PAUSE)
    expected = f"an epoch that lasts longer than reading it, in {ATTEMPTS} attempts"
    raise PartitionsError(directory, expected, "none", "Stop the run that uses the state, or snapshot less often.")


def amend(state: Path, step: str, key: str, snapshot: bytes) -> None:
    """Replace the snapshot that the next run resumes a key with. It is on disk on return.

    One row changes in one transaction: after a crash it is the old one or the new one. No run may go on: hold
    `stamp.lock`.

    Args:
        state: The state directory.
        step: Without the flow's name.
        key: As Bytewax knows it.
        snapshot: What to put in place of the one there.

    Raises:
        StateError: There is none to replace, or as `committed`.
    """
    count = stamp.read(state).partitions
    directory = state / stamp.RECOVERY
    epoch = partitions.resume_epoch(directory, count)
    row = _read(partitions.paths(directory, count), epoch)[0].get((step, key))
    if row is None:
        raise PartitionsError(
            directory, f"a snapshot of step {step}, key {key}, before epoch {epoch}", "none", SAME_BACKUP
        )
    try:
        with closing(_connect(row.path, "rw")) as database, database:
            # Bytewax's own setting, NORMAL, would let a power cut take the change back after it was counted on.
            database.execute("PRAGMA synchronous = FULL")
            database.execute(
                "UPDATE snaps SET ser_change = ? WHERE step_id = ? AND state_key = ? AND snap_epoch = ?",
                (pickle.dumps(snapshot), row.step_id, key, row.epoch),
            )
    except sqlite3.Error as error:
        raise PartitionsError(row.path, "a recovery partition that can be changed", str(error), SAME_BACKUP) from error


class _Row(NamedTuple):
    path: Path
    step_id: str
    epoch: int
    change: bytes | None


def _read(paths: list[Path], before: int) -> tuple[dict[tuple[str, str], _Row], dict[Path, int]]:
    """The newest snapshots of epochs before `before`; and up to which epoch each partition was cleaned up."""
    newest: dict[tuple[str, str], _Row] = {}
    cleaned = {}
    for path in paths:
        try:
            with closing(_connect(path, "ro")) as database:
                (cleaned[path],) = database.execute("SELECT coalesce(max(commit_epoch), 0) FROM commits").fetchone()
                # Of the other columns, SQLite gives those of the row with the maximum.
                rows = database.execute(
                    "SELECT step_id, state_key, max(snap_epoch), ser_change FROM snaps"
                    " WHERE snap_epoch < ? GROUP BY step_id, state_key",
                    (before,),
                ).fetchall()
        except sqlite3.Error as error:
            raise PartitionsError(path, "a recovery partition of Bytewax 0.21", str(error), SAME_BACKUP) from error
        for step_id, key, epoch, change in rows:
            name = step_id.partition(".")[2], key
            if name not in newest or epoch > newest[name].epoch:
                newest[name] = _Row(path, step_id, epoch, change)
    return newest, cleaned


def _check_times(epoch: int, cleaned: Mapping[Path, int]) -> None:
    oldest, newest = min(cleaned, key=lambda path: cleaned[path]), max(cleaned.values())
    if newest >= epoch or newest - cleaned[oldest] > BEHIND:
        expected = f"all partitions from the time of epoch {max(newest, epoch)}"
        found = f"one cleaned up to epoch {cleaned[oldest]}, another to {newest}, and epoch {epoch} to resume from"
        raise PartitionsError(oldest, expected, found, SAME_BACKUP)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY)


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
        raise PartitionsError(row.path, expected, repr(error), SAME_BACKUP) from error
    if not _is_plain(value):
        raise PartitionsError(row.path, expected, f"{value!r:.80}", SAME_BACKUP)
    return value


def _is_plain(value: object) -> bool:
    return all(map(_is_plain, value)) if type(value) is tuple else type(value) in _PLAIN
