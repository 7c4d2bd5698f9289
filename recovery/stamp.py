"""The stamp of a state directory: what flow, steps and key groups it belongs to, checked at every start.

Bytewax drops the state of a renamed step in silence, and a key group's number means nothing under another number of
groups. So `stamp.json` names them, and a start that differs is refused.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from pathlib import Path

import msgspec
from bytewax.recovery import init_db_dir

from recovery.errors import SAME_BACKUP, UPGRADE, LockedError, NewerSchemaError, PartitionsError, StampError
from recovery.files import sync_directory, write_atomic

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


def ensure(
    state: Path, flow: str, steps: Sequence[str], key_groups: int, schema: Mapping[str, int], partitions: int
) -> Stamp:
    """Initialise a state directory on first use, and check it on every later one.

    Safe to run by several processes at once, and again after a crash at any point.

    Args:
        state: the directory; made if it isn't there.
        flow: name of the flow.
        steps: names of all steps with state.
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
            _check_partitions(state / RECOVERY, known.partitions)
            newer = {name: max(number, known.schema.get(name, 0)) for name, number in schema.items()}
            if known.schema == newer and known.anput == version("anput"):
                return known
            stamp = msgspec.structs.replace(known, schema=newer, anput=version("anput"))
        else:
            _check_empty(state, steps)
            _make_partitions(state / RECOVERY, partitions)
            cluster = os.urandom(16).hex()
            stamp = Stamp(FORMAT, cluster, flow, tuple(steps), key_groups, dict(schema), partitions, version("anput"))
        _write(path, stamp)
        return stamp


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


def _read(path: Path) -> Stamp:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Stamp)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StampError(path, "a stamp", str(error), SAME_BACKUP) from None


def _check(
    path: Path, known: Stamp, flow: str, steps: Sequence[str], key_groups: int, schema: Mapping[str, int]
) -> Stamp:
    if known.format > FORMAT:
        raise NewerSchemaError(path, f"format {FORMAT}", f"format {known.format}", UPGRADE)
    for name, number in known.schema.items():
        if number > schema.get(name, 0):
            expected, found = f"schema {schema.get(name, 0)} of {name}", f"{number}, by anput {known.anput}"
            raise NewerSchemaError(path, expected, found, UPGRADE)
    if known.flow != flow:
        raise StampError(path, f"flow {flow}", f"flow {known.flow}", START_ANEW)
    if known.steps != tuple(steps):
        expected, found = ", ".join(steps), ", ".join(known.steps)
        remedy = "A step that is renamed or left out would lose its state: use the release that wrote it. " + START_ANEW
        raise StampError(path, f"steps {expected}", f"steps {found}", remedy)
    if known.key_groups != key_groups:
        raise StampError(path, f"{key_groups} key groups", f"{known.key_groups}", START_ANEW)
    return known


def _check_empty(state: Path, steps: Sequence[str]) -> None:
    for step in steps:
        if (state / step).is_dir() and any((state / step).iterdir()):
            raise StampError(state / STAMP, "a stamp beside the state", f"none, but {state / step}", SAME_BACKUP)


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


def _check_partitions(directory: Path, count: int) -> None:
    """Each partition knows how many there are; Bytewax itself says nothing of one that is older than the others."""
    for index in range(count):
        path = directory / f"part-{index}.sqlite3"
        expected = f"recovery partition {index} of {count}"
        if not path.exists():
            raise PartitionsError(path, expected, "no such file", SAME_BACKUP)
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
                rows = database.execute("SELECT part_index, part_count FROM parts").fetchall()
        except sqlite3.Error as error:
            raise PartitionsError(path, expected, str(error), SAME_BACKUP) from None
        if rows != [(index, count)]:
            found = ", ".join(f"{i} of {n}" for i, n in rows) or "an empty one"
            raise PartitionsError(path, expected, found, SAME_BACKUP)
    extra = sorted(set(directory.glob("part-*.sqlite3")) - {directory / f"part-{n}.sqlite3" for n in range(count)})
    if extra:
        raise PartitionsError(extra[0], f"{count} recovery partitions", f"{count + len(extra)}", SAME_BACKUP)


def _write(path: Path, stamp: Stamp) -> None:
    write_atomic(path, msgspec.json.format(msgspec.json.encode(stamp)) + b"\n")
