"""Files of JSON lines (https://jsonlines.org) as Bytewax sinks: alerts, and the lanes that lose nothing.

A snapshot is a length in bytes. On resume the file is cut to it, so that what is replayed is not there twice. A run
that crashed before its first snapshot starts anew at the file's end: what it wrote stays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from flows.sinks.encoding import AlertBatch, encode_json, to_records
from stateful.detection import Detection

X = TypeVar("X")

LANES = ("late", "rejected", "suppressed")


class JsonLinesError(Exception):
    """The file can't be continued. The message names it."""


class JsonLinesSink(FixedPartitionedSink[AlertBatch, int]):
    """Appends every revision of every alert to a file, one OCSF object a line; one partition, `alerts`."""

    def __init__(self, path: Path | str, detections: Mapping[str, Detection]) -> None:
        """Describes the sink; nothing is opened yet. `detections` are by id."""
        self._path = Path(path)
        self._detections = detections

    def list_parts(self) -> list[str]:  # noqa: D102
        return ["alerts"]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> _LinesPartition[AlertBatch]:
        """Continues the file at `resume_state` bytes, or at its end.

        Raises:
            JsonLinesError: The file is missing or shorter than that, or can't be opened.
        """
        return _LinesPartition(step_id, self._path, resume_state, lambda values: to_records(values, self._detections))


class LaneSink(FixedPartitionedSink[Any, int]):
    """Appends what comes with key `<lane>` to `<folder>/<lane>.jsonl`; one partition for each lane.

    Values are whatever msgspec makes JSON of.
    """

    def __init__(self, folders: Mapping[str, Path], owned: Collection[str] = ()) -> None:
        """Describes the sink; a folder is created with its first record.

        Args:
            folders: Where each lane's file is.
            owned: Lanes to whose files nobody but this state writes, so that what is in a file that no snapshot
                knows of is what a crash left: it comes again, and is not kept.
        """
        self._folders = dict(sorted(folders.items()))
        self._owned = owned

    def list_parts(self) -> list[str]:  # noqa: D102
        return list(self._folders)

    def part_fn(self, item_key: str) -> int:
        """The lane's own partition: Bytewax takes the number as an index into the sorted partitions."""
        try:
            return list(self._folders).index(item_key)
        except ValueError:
            msg = f"expected one of the lanes {', '.join(self._folders)}, found {item_key!r}"
            raise JsonLinesError(msg) from None

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> _LinesPartition[Any]:
        """Continues the lane's file at `resume_state` bytes, or at its end.

        Raises:
            JsonLinesError: The file is missing or shorter than that, or can't be opened.
        """
        folder = self._folders[for_part]
        path = folder / f"{for_part}.jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unusable(step_id, path, error) from error
        if resume_state is None and for_part in self._owned:
            path.unlink(missing_ok=True)
        return _LinesPartition(step_id, path, resume_state, lambda values: values)


class _LinesPartition(StatefulSinkPartition[X, int]):
    def __init__(
        self, step_id: str, path: Path, resume_state: int | None, objects: Callable[[list[X]], Sequence[Any]]
    ) -> None:
        self._objects = objects
        try:
            self._file = _open_at_end(path) if resume_state is None else _open_at(step_id, path, resume_state)
        except OSError as error:
            raise _unusable(step_id, path, error) from error
        self._synced = self._file.tell()

    def write_batch(self, values: list[X]) -> None:
        self._file.write(b"".join(encode_json(item) + b"\n" for item in self._objects(values)))
        self._file.flush()

    def snapshot(self) -> int:
        position = self._file.tell()
        if position != self._synced:
            os.fsync(self._file.fileno())
            self._synced = position
        return position

    def close(self) -> None:
        self._file.close()


def _open_at_end(path: Path) -> BinaryIO:
    """The file to append to. A last line that a crash tore off is ended, so that the next one stays whole."""
    file = path.open("a+b")
    if file.tell():
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
            file.flush()
    return file


def _open_at(step_id: str, path: Path, position: int) -> BinaryIO:
    size = path.stat().st_size if path.exists() else None
    if size is None or size < position:
        msg = (
            f"step {step_id}: expected {path} to have at least the {position} bytes written before, found "
            f"{'no such file' if size is None else f'{size} bytes'}; put it back as it was, or start on a new state"
        )
        raise JsonLinesError(msg)
    file = path.open("r+b")
    file.truncate(position)
    file.seek(0, os.SEEK_END)
    return file


def _unusable(step_id: str, path: Path, error: OSError) -> JsonLinesError:
    return JsonLinesError(f"step {step_id}: can't write {path}: {error.strerror}; check the path and your rights to it")
