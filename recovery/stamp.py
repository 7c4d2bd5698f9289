"""The stamp of a state directory: what flow, steps and key groups it belongs to, checked at every start.

Bytewax drops the state of a renamed step in silence, and a key group's number means nothing under another number of
groups. So `stamp.json` names them, and a start that differs is refused.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import msgspec
from bytewax.recovery import init_db_dir

from recovery import partitions as partition_files
from recovery.errors import SAME_BACKUP, UPGRADE, LockedError, NewerSchemaError, StampError
from recovery.files import sync_directory, write_atomic
from recovery.layout import KEY_GROUP_DIGITS

FORMAT = 1
STAMP = "stamp.json"
RECOVERY = "recovery"
LOCK = "lock"
PATIENCE = 5.0
"""Seconds to wait for a lock: a process that was just killed may take a moment to let go."""

START_ANEW = "Use the settings that the state was made with, or start with an empty state directory."


class Stamp(msgspec.Struct, frozen=True):
    """What `stamp.json` says."""

    format: int
    cluster_id: str
    """Random, 128 bits as hex: which state this is, whatever its directory is called."""
    flow: str
    steps: tuple[str, ...]
    key_groups: int
    schema: dict[str, int]
    """Document -> newest schema version that was written."""
    partitions: int
    """Bytewax's recovery partitions."""
    anput: str
    """Version that wrote it last."""
    run: int = 0
    """Number of the last run that `begin_run` prepared."""


def ensure(
    state: Path, flow: str, steps: Sequence[str], key_groups: int, schema: Mapping[str, int], partitions: int
) -> Stamp:
    """Initialise a state directory on first use, and check it on every later one.

    Safe to run by several processes at once, and again after a crash at any point.

    Args:
        state: the directory; made if it isn't there.
        flow: name of the flow.
        steps: names of all steps with state; those of the stamp are among them.
        key_groups: their fixed number.
        schema: document -> its schema version.
        partitions: how many recovery partitions to make; later, those that were made are required.

    Raises:
        StateError: it belongs to another flow, or is damaged, or is newer.
    """
    state.mkdir(parents=True, exist_ok=True)
    with _locked(state / ".initialising", f"{state} is being initialised"):
        path = state / STAMP
        if path.exists():
            known = _check(path, _read(path), flow, steps, key_groups, schema)
            partition_files.check(state / RECOVERY, known.partitions)
            newer = {name: max(number, known.schema.get(name, 0)) for name, number in schema.items()}
            if known.schema == newer and known.steps == tuple(steps) and known.anput == version("anput"):
                return known
            # A step that is new begins empty, as it should.
            stamp = msgspec.structs.replace(known, schema=newer, steps=tuple(steps), anput=version("anput"))
        else:
            _check_empty(state)
            _make_partitions(state / RECOVERY, partitions)
            cluster = os.urandom(16).hex()
            stamp = Stamp(FORMAT, cluster, flow, tuple(steps), key_groups, dict(schema), partitions, version("anput"))
        _write(path, stamp)
        return stamp


def begin_run(state: Path) -> None:
    """Make ready for a run what Bytewax would not look at: see `recovery.partitions`.

    For the process that holds `lock`, before the first worker starts. Before the first use there is nothing to do.

    Raises:
        StateError: The stamp or a recovery partition is missing, damaged or of another time.
    """
    path = state / STAMP
    if not path.exists():
        return
    with _locked(state / ".initialising", f"{state} is being initialised"):
        known = _read(path)
        recovery = state / RECOVERY
        partition_files.check(recovery, known.partitions)
        partition_files.check_run(recovery, known.partitions, known.run)
        partition_files.discard_unfinished(recovery, known.partitions)
        partition_files.mark_run(recovery, known.partitions, known.run + 1)
        _write(path, msgspec.structs.replace(known, run=known.run + 1))


def read(state: Path) -> Stamp:
    """The stamp of a state directory.

    Raises:
        StampError: there is none, or it is damaged.
    """
    path = state / STAMP
    if not path.exists():
        raise StampError(path, "a stamp", "none", "Give the directory that --state named when it ran.")
    return _read(path)


@contextmanager
def lock(state: Path) -> Iterator[None]:
    """Hold the state directory: one run at a time.

    Raises:
        LockedError: another run holds it, and didn't let go within some seconds.
    """
    with _locked(state / LOCK, f"{state} is in use"):
        yield


@contextmanager
def _locked(path: Path, what: str) -> Iterator[None]:
    with path.open("a+") as file:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    file.seek(0)
                    holder = file.read(32).strip() or "unknown"
                    remedy = "Wait for that process, or stop it; give each run a state directory of its own."
                    raise LockedError(path, "to be alone", f"{what} by process {holder}", remedy) from None
                time.sleep(0.05)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


class _Format(msgspec.Struct):
    format: int


def _read(path: Path) -> Stamp:
    try:
        raw = path.read_bytes()
        found = msgspec.json.decode(raw, type=_Format).format
        if found > FORMAT:
            raise NewerSchemaError(path, f"format {FORMAT}", f"format {found}", UPGRADE)
        return msgspec.json.decode(raw, type=Stamp)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StampError(path, "a stamp", str(error), SAME_BACKUP) from None


def _check(
    path: Path, known: Stamp, flow: str, steps: Sequence[str], key_groups: int, schema: Mapping[str, int]
) -> Stamp:
    for name, number in known.schema.items():
        if number > schema.get(name, 0):
            expected, found = f"schema {schema.get(name, 0)} of {name}", f"{number}, by anput {known.anput}"
            raise NewerSchemaError(path, expected, found, UPGRADE)
    if known.flow != flow:
        raise StampError(path, f"flow {flow}", f"flow {known.flow}", START_ANEW)
    if not set(known.steps) <= set(steps):
        expected, found = ", ".join(steps), ", ".join(known.steps)
        remedy = "A step that is renamed or left out would lose its state: use the release that wrote it. " + START_ANEW
        raise StampError(path, f"steps {expected}", f"steps {found}", remedy)
    if known.key_groups != key_groups:
        raise StampError(path, f"{key_groups} key groups", f"{known.key_groups}", START_ANEW)
    return known


def _check_empty(state: Path) -> None:
    held = next(state.glob(f"*/{'[0-9]' * KEY_GROUP_DIGITS}"), None)
    if held is None and not partition_files.are_fresh(state / RECOVERY):
        held = state / RECOVERY
    if held is not None:
        raise StampError(state / STAMP, "a stamp beside the state", f"none, but {held}", SAME_BACKUP)


def _make_partitions(directory: Path, count: int) -> None:
    """By a rename, so that what a crash leaves is either all or nothing."""
    fresh = directory.with_name(f".{directory.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(directory, ignore_errors=True)
    fresh.mkdir()
    init_db_dir(fresh, count)  # type: ignore[no-untyped-call]
    sync_directory(fresh)
    fresh.rename(directory)
    sync_directory(directory.parent)


def _write(path: Path, stamp: Stamp) -> None:
    write_atomic(path, msgspec.json.format(msgspec.json.encode(stamp)) + b"\n")
