"""The run's counts, as one small JSON file in the state directory: name of a part -> its running totals."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from stateful.messages import Counts

FILE = "counts.json"


class CountsSink(FixedPartitionedSink[Counts, bytes]):
    """Keeps the latest counts of each part. Totals only grow and come again after a crash, so the last one is right."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE

    def list_parts(self) -> list[str]:
        """One file, one writer."""
        return ["counts"]

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> StatefulSinkPartition[Counts, bytes]:
        """Go on with the counts of the snapshot."""
        return _CountsPartition(self._path, resume_state)


class _CountsPartition(StatefulSinkPartition[Counts, bytes]):
    def __init__(self, path: Path, resume: bytes | None) -> None:
        self._path = path
        self._counts = msgspec.msgpack.decode(resume, type=dict[str, dict[str, int]]) if resume else {}
        self._write()

    def write_batch(self, values: list[Counts]) -> None:
        self._counts.update((counts.name, counts.counts) for counts in values)
        self._write()

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(self._counts)

    def _write(self) -> None:
        temporary = self._path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(self._counts, order="sorted")))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)


TOTALS = ("in", "out", "late", "duplicate", "rejected", "skipped", "alerts", "suppressed", "capped", "expired")
SOURCE = "source/"


def read_totals(state: Path) -> dict[str, int]:
    """Sums over all parts, by the names in `TOTALS`; 0 for what nobody counted."""
    parts = _read(state).values()
    return {name: sum(counts.get(name, 0) for counts in parts) for name in TOTALS}


def read_sources(state: Path) -> dict[str, dict[str, int]]:
    """The counts of each source partition."""
    return {name.removeprefix(SOURCE): counts for name, counts in _read(state).items() if name.startswith(SOURCE)}


def _read(state: Path) -> dict[str, dict[str, int]]:
    path = state / FILE
    return msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, int]]) if path.exists() else {}
