"""A consistent copy of a state directory, also while a run writes to it.

Consistent: every store can be opened at the token that the copied recovery partitions resume from. Bytewax writes an
epoch's snapshots to the partitions, then that the workers are past it; a store commits before its token is snapshotted,
and keeps its latest generations. So the epoch to resume at is read first, then the partitions are copied, then the
stores: each holds what went before, and still holds the token's generation unless the copying took longer than the
store retains. Whether it did is looked at, and then the copy is made again.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recovery import partitions, stamp
from recovery.committed import Committed, committed
from recovery.errors import (
    SAME_BACKUP,
    DivergedStoreError,
    GenerationGoneError,
    PartitionsError,
    StateError,
    StoreBehindError,
)
from recovery.layout import Identity, store_path
from recovery.live_store import copy_proved, files_of, prove
from recovery.manifest import BackupError
from recovery.token import Token
from recovery.transfer import clear

ATTEMPTS = 5
PAUSE = 0.2
"""Seconds between attempts: an epoch has ended, or a store was collected, while it was copied."""
TIMEOUT = 30.0
"""Seconds to wait for a writer of an SQLite file."""


@dataclass(frozen=True)
class Growing:
    """A file that a step of the flow appends to. The step's snapshot is the length, in bytes, that it resumes at."""

    name: str
    """In the backup."""
    path: Path
    step: str
    key: str


@dataclass(frozen=True)
class Database:
    """An SQLite file that a step writes to, ahead of its snapshots. Part of the state once there is a snapshot."""

    name: str
    """In the backup."""
    path: Path
    step: str
    key: str


@dataclass(frozen=True)
class Contents:
    """What a state consists of, beside its stamp and recovery partitions."""

    stores: Sequence[str]
    """Steps with key-group stores; their snapshots are tokens."""
    files: Sequence[str] = ()
    """Small files of the state directory that are replaced as a whole; those that aren't there are left out."""
    growing: Sequence[Growing] = ()
    databases: Sequence[Database] = ()


@dataclass(frozen=True)
class Part:
    """A file of the copy: the first `size` bytes of `path`."""

    path: Path
    size: int


@dataclass(frozen=True)
class Copy:
    """A consistent copy."""

    stamp: stamp.Stamp
    epoch: int
    """At which a run on it resumes."""
    parts: Mapping[str, Part]
    """By name in the backup."""
    snapshots: Mapping[tuple[str, str], Any]
    """(step, key) -> what the step resumes with."""
    moved_on: int
    """The most generations that a store had gone on since its token, while it was copied."""


STATE = "state/"
"""Begins the names of files in the state directory."""


def copy_state(state: Path, stage: Path, contents: Contents) -> Copy:
    """Copy the state in `state` to `stage`, a directory on the same file system, and prove it.

    Raises:
        BackupError: A run is starting again and again.
        StateError: The state is damaged, or moves on faster than it can be copied.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            before = stamp.read(state)
            copy = _copy(state, stage, before, contents)
            if stamp.read(state) != before:
                found = "another: a run was started"
                raise BackupError(state / stamp.STAMP, "the stamp from before the copy", found, "Try again.")
            return copy
        except (GenerationGoneError, StoreBehindError, DivergedStoreError, BackupError, PartitionsError):
            if attempt == ATTEMPTS:
                raise
        time.sleep(PAUSE)


def prove_state(state: Path, stores: Sequence[str], epoch: int) -> None:
    """Check that a run on `state`, which none uses, would resume at `epoch`, and open all its stores at their tokens.

    Raises:
        StateError: It wouldn't.
    """
    stamped = stamp.read(state)
    partitions.check_run(state / stamp.RECOVERY, stamped.partitions, stamped.run)
    found = committed(state)
    if found.epoch != epoch:
        raise PartitionsError(
            state / stamp.RECOVERY, f"to resume at epoch {epoch}", f"epoch {found.epoch}", SAME_BACKUP
        )
    for owner, token in _tokens(found, stores, stamped):
        prove(store_path(state, owner.step, owner.key_group), owner, token)


def _copy(state: Path, stage: Path, stamped: stamp.Stamp, contents: Contents) -> Copy:
    clear(stage)
    fresh = stage / "state"
    found = _copy_partitions(state, fresh, stamped)
    moved_on = 0
    parts: dict[str, Part] = {}
    for owner, token in _tokens(found, contents.stores, stamped):
        source = store_path(state, owner.step, owner.key_group)
        target = store_path(fresh, owner.step, owner.key_group)
        moved_on = max(moved_on, copy_proved(source, target, owner, token))
        parts.update(_parts(f"{STATE}{target.relative_to(fresh)}/", files_of(target)))
    for name in contents.files:
        if (state / name).exists():
            shutil.copyfile(state / name, fresh / name)
            parts.update(_parts(STATE, [fresh / name]))
    parts.update(_parts(STATE, [fresh / stamp.STAMP]))
    parts.update(_parts(f"{STATE}{stamp.RECOVERY}/", partitions.paths(fresh / stamp.RECOVERY, stamped.partitions)))
    for database in contents.databases:
        if (database.step, database.key) in found.snapshots:
            target = stage / "databases" / database.name
            target.parent.mkdir(exist_ok=True)
            try:
                _copy_database(database.path, target)
            except sqlite3.Error as error:
                remedy = "Name the right file, or leave it out."
                raise StateError(database.path, "an SQLite file", str(error), remedy) from error
            parts[database.name] = _part(target)
    for growing in contents.growing:
        parts.update(_growing_part(growing, found.snapshots))
    return Copy(stamped, found.epoch, parts, found.snapshots, moved_on)


def _copy_partitions(state: Path, fresh: Path, stamped: stamp.Stamp) -> Committed:
    """Copy the stamp and the recovery partitions, these as of the end of one epoch; return what they resume with."""
    source, target = state / stamp.RECOVERY, fresh / stamp.RECOVERY
    partitions.check(source, stamped.partitions)
    epoch = partitions.resume_epoch(source, stamped.partitions)
    target.mkdir(parents=True)
    shutil.copyfile(state / stamp.STAMP, fresh / stamp.STAMP)
    for path in partitions.paths(source, stamped.partitions):
        try:
            _copy_database(path, target / path.name)
        except sqlite3.Error as error:
            raise PartitionsError(path, "a recovery partition of Bytewax", str(error), SAME_BACKUP) from error
    partitions.check_run(target, stamped.partitions, stamped.run)
    found = committed(fresh)
    if found.epoch != epoch:
        # An epoch ended meanwhile, and partitions copied before may lack its snapshots.
        expected = f"to resume at epoch {epoch}"
        raise PartitionsError(source, expected, f"epoch {found.epoch}, after the copy", SAME_BACKUP)
    # Of epochs that the run has not finished: a resume would not load them, but could trip over them later.
    partitions.discard_unfinished(target, stamped.partitions)
    return found


def _tokens(found: Committed, stores: Sequence[str], stamped: stamp.Stamp) -> Iterator[tuple[Identity, Token]]:
    """Owner and token of every store that holds anything."""
    for step in stores:
        for group, token in sorted(found.tokens(step).items()):
            if token.generation:
                yield Identity(stamped.cluster_id, step, group), token


def _copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite file as of one moment, by its online backup, whoever writes to it."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=TIMEOUT)) as origin,
        closing(sqlite3.connect(target)) as copy,
    ):
        origin.backup(copy)


def _growing_part(growing: Growing, snapshots: Mapping[tuple[str, str], Any]) -> dict[str, Part]:
    length = snapshots.get((growing.step, growing.key), 0)
    if not length:
        return {}
    found = growing.path.stat().st_size if growing.path.exists() else None
    if found is None or found < length:
        expected = f"the {length} bytes that step {growing.step} had written"
        remedy = "Name the file that the run writes, or put it back."
        raise StateError(growing.path, expected, "no such file" if found is None else f"{found} bytes", remedy)
    return {growing.name: Part(growing.path, length)}


def _parts(prefix: str, files: Iterable[Path]) -> dict[str, Part]:
    return {prefix + file.name: _part(file) for file in files}


def _part(file: Path) -> Part:
    return Part(file, file.stat().st_size)
