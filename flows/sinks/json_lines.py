"""Files of JSON lines (https://jsonlines.org) as Bytewax sinks: alerts, and the lanes that lose nothing.

A snapshot is a length in bytes. On resume the file is cut to it, so that what is replayed is not there twice. The
length at a state's first start is noted beside the state: after a crash before the first snapshot, the next run begins
there again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from flows.sinks.encoding import AlertBatch, encode_json, to_records
from recovery.files import write_atomic
from stateful.detection import Detection

X = TypeVar("X")

LANES = ("late", "rejected", "suppressed")


class JsonLinesError(Exception):
    """The file can't be continued. The message names it."""


class JsonLinesSink(FixedPartitionedSink[AlertBatch, int]):
    """Appends every revision of every alert to a file, one OCSF object a line; one partition, `alerts`."""

    def __init__(self, path: Path | str, detections: Mapping[str, Detection], marks: Path) -> None:
        """Describes the sink; nothing is opened yet.

        Args:
            path: Of the file.
            detections: By id.
            marks: Folder, made when it is needed, that notes where a state's first run began in its files.
        """
        self._path = Path(path)
        self._detections = detections
        self._marks = marks

    def list_parts(self) -> list[str]:  # noqa: D102
        return ["alerts"]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> _LinesPartition[AlertBatch]:
        """Continues the file at `resume_state` bytes, or at its end.

        Raises:
            JsonLinesError: The file is missing or shorter than that, or can't be opened.
        """
        return _LinesPartition(
            step_id, self._path, resume_state, self._marks, lambda values: to_records(values, self._detections)
        )


class LaneSink(FixedPartitionedSink[Any, int]):
    """Appends what comes with key `<lane>` to `<folder>/<lane>.jsonl`; one partition for each lane.

    Values are whatever msgspec makes JSON of.
    """

    def __init__(self, folders: Mapping[str, Path], marks: Path, owned: Collection[str] = ()) -> None:
        """Describes the sink; a folder is created with its first record.

        Args:
            folders: Where each lane's file is.
            marks: As for `JsonLinesSink`.
            owned: Lanes to whose files nobody but this state writes, so that what is in a file that no snapshot
                knows of is what a crash left: it comes again, and is not kept.
        """
        self._folders = dict(sorted(folders.items()))
        self._marks, self._owned = marks, owned

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
        return _LinesPartition(step_id, path, resume_state, self._marks, lambda values: values)


class _LinesPartition(StatefulSinkPartition[X, int]):
    def __init__(
        self,
        step_id: str,
        path: Path,
        resume_state: int | None,
        marks: Path,
        objects: Callable[[list[X]], Sequence[Any]],
    ) -> None:
        self._objects = objects
        try:
            self._file = _open_first(path, marks) if resume_state is None else _open_at(step_id, path, resume_state)
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


class _Mark(msgspec.Struct):
    """Where a state's first run began in a file."""

    file: tuple[int, int]
    """Device and inode: a file that has taken its place isn't cut."""
    size: int


def _open_first(path: Path, marks: Path) -> BinaryIO:
    """The file to append to, without what a start of this state wrote that no snapshot knows of."""
    marks.mkdir(parents=True, exist_ok=True)
    mark = marks / hashlib.blake2b(str(path.absolute()).encode("utf-8", "replace"), digest_size=8).hexdigest()
    if mark.exists() and path.exists():
        known = msgspec.json.decode(mark.read_bytes(), type=_Mark)
        if known.file == _identity(path) and known.size <= path.stat().st_size:
            kept: BinaryIO = path.open("r+b")
            kept.truncate(known.size)
            kept.seek(0, os.SEEK_END)
            return kept
    file = _open_at_end(path)
    write_atomic(mark, msgspec.json.encode(_Mark(_identity(path), file.tell())))
    return file


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _open_at_end(path: Path) -> BinaryIO:
    """The file to append to. A last line that a crash tore off is ended, so that the next one stays whole."""
    file = path.open("a+b")
    if file.tell():
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
            file.flush()
    return file


def check(step_id: str, path: Path, position: int) -> None:
    """Check that a file has what was written before, `position` bytes.

    Raises:
        JsonLinesError: It is missing or shorter.
    """
    size = path.stat().st_size if path.exists() else None
    if size is None or size < position:
        msg = (
            f"step {step_id}: expected {path} to have at least the {position} bytes written before, found "
            f"{'no such file' if size is None else f'{size} bytes'}; put it back as it was, or start on a new state"
        )
        raise JsonLinesError(msg)


def _open_at(step_id: str, path: Path, position: int) -> BinaryIO:
    check(step_id, path, position)
    file = path.open("r+b")
    file.truncate(position)
    file.seek(0, os.SEEK_END)
    return file


def _unusable(step_id: str, path: Path, error: OSError) -> JsonLinesError:
    return JsonLinesError(f"step {step_id}: can't write {path}: {error.strerror}; check the path and your rights to it")
