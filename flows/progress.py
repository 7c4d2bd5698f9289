"""How far each partition has been read, for the progress bar: a small file per partition in the state directory.

Files, because the processes of a run share no memory; written at most five times a second, read by `anput run`.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import msgspec

EVERY = 0.2
"""Seconds between writes."""


class Progress(msgspec.Struct, frozen=True):
    """Bytes as on disk, of `total` bytes known at the start of the run; 0 where there is no end."""

    partition: str
    done: int
    total: int
    records: int


class ProgressWriter:
    """Writes one partition's progress."""

    def __init__(self, directory: Path, partition: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        name = hashlib.blake2b(partition.encode("utf-8", "replace"), digest_size=8).hexdigest()
        self._path = directory / f"{name}.json"
        self._partition = partition
        self._last = 0.0

    def write(self, done: int, total: int, records: int, *, force: bool = False) -> None:
        """Write, unless it was done a moment ago."""
        now = time.monotonic()
        if not force and now - self._last < EVERY:
            return
        self._last = now
        temporary = self._path.with_suffix(".new")
        temporary.write_bytes(msgspec.json.encode(Progress(self._partition, done, total, records)))
        temporary.replace(self._path)


def read(directory: Path) -> list[Progress]:
    """All partitions' progress."""
    return [msgspec.json.decode(path.read_bytes(), type=Progress) for path in sorted(directory.glob("*.json"))]


def clear(directory: Path) -> None:
    """Forget an earlier run's."""
    for path in directory.glob("*.json"):
        path.unlink(missing_ok=True)
