"""A state directory as of what is committed, to be looked at: nothing in it is changed, and a run may use it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recovery import stamp
from recovery.committed import committed
from recovery.errors import CorruptStoreError, StateError
from recovery.layout import store_path
from recovery.store import KeyGroupStore

STORES = ("profile", "correlate")
"""Steps that keep their state in key-group stores."""

ATTEMPTS = 20
PAUSE = 0.05
"""Seconds between attempts to catch a store between two changes of its files."""

CURRENT = "CURRENT"
"""The file of a RocksDB that names its manifest."""


class StateReader:
    """Opens key-group stores at their committed tokens."""

    def __init__(self, state: Path, schema: int) -> None:
        """Read what is committed.

        Args:
            state: the state directory.
            schema: the newest version of documents that can be read.

        Raises:
            StateError: there is no state, or its recovery partitions can't be used.
        """
        self.state, self._schema = state, schema
        self.stamp = stamp.read(state)
        self.committed = committed(state)

    def groups(self, step: str) -> list[int]:
        """Key groups of a step that hold anything, in order."""
        return sorted(group for group, token in self.committed.tokens(step).items() if token.generation)

    @contextmanager
    def open(self, step: str, group: int) -> Iterator[KeyGroupStore]:
        """A key group's store as a run would resume it; empty where nothing is committed.

        It is opened through a directory of links to its tables, which RocksDB never changes, and copies of its small
        files: what opening drops and writes, it does there.

        Raises:
            StateError: a run couldn't resume it.
        """
        with tempfile.TemporaryDirectory(prefix="anput-state-") as directory:
            store = self._open(Path(directory), step, group)
            try:
                yield store
            finally:
                store.close()

    def _open(self, shadow: Path, step: str, group: int) -> KeyGroupStore:
        source = store_path(self.state, step, group)
        target = store_path(shadow, step, group)
        attempt = 0
        while True:
            attempt += 1
            shutil.rmtree(shadow / step, ignore_errors=True)
            before, manifest = _sizes(source), _manifest(source)
            token = self.committed.tokens(step).get(group)
            try:
                _link(source, target)
                store = KeyGroupStore.open(shadow, step, group, token, self.stamp.cluster_id, self._schema)
            except (StateError, FileNotFoundError) as error:
                at_rest = isinstance(error, StateError) and _sizes(source) == before
                latest = committed(self.state)
                if attempt == ATTEMPTS or (at_rest and latest.epoch == self.committed.epoch):
                    raise _located(error, shadow, self.state) from error
                self.committed = latest
            else:
                if _manifest(source) == manifest:
                    return store
                # A log may have been missed that was deleted while the tables that replace it were not there yet.
                store.close()
                if attempt == ATTEMPTS:
                    expected = f"a moment in which its files don't change, in {ATTEMPTS} attempts"
                    raise CorruptStoreError(source, expected, "none", "Try again, or stop the run that uses it.")
            time.sleep(PAUSE)


def _manifest(store: Path) -> tuple[str, int]:
    """Name and size of the manifest: it grows with every table that is added or dropped."""
    try:
        name = (store / CURRENT).read_text("ascii").strip()
        return name, (store / name).stat().st_size
    except FileNotFoundError:
        return "", 0


def _sizes(store: Path) -> dict[str, int]:
    sizes = {}
    for file in store.iterdir() if store.exists() else ():
        with suppress(FileNotFoundError):
            sizes[file.name] = file.stat().st_size
    return sizes


def _link(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    if not source.exists():
        return
    for file in source.iterdir():
        if file.suffix == ".sst":
            (target / file.name).symlink_to(file.absolute())
        elif file.name != "LOCK" and not file.name.startswith("LOG"):
            shutil.copyfile(file, target / file.name)


def _located(error: Exception, shadow: Path, state: Path) -> StateError:
    """The error, with names of the state's own files."""
    if not isinstance(error, StateError):
        return CorruptStoreError(state, "files that stay while they are read", str(error), "Try again.")
    texts = [str(text).replace(str(shadow), str(state)) for text in error.args]
    return type(error)(*texts)
