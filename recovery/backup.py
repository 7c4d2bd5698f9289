"""Backup of a state directory to object storage, and restore from it.

A backup is a consistent copy (`recovery.state_copy`), cut into chunks that are named by their content
(`recovery.manifest`): what an earlier backup holds already is not uploaded again. RocksDB's tables never change, so of a
large state that is all but what changed since.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from recovery import manifest as manifests
from recovery.blob import Blob
from recovery.errors import LockedError
from recovery.files import sync_directory
from recovery.manifest import OTHER_BACKUP, BackupError, Chunk, File, Manifest, digest
from recovery.state_copy import STATE, Contents, Copy, Part, copy_state, prove_state

CHUNK = 8 << 20
"""Bytes of a chunk, at most."""
CONCURRENCY = 8
"""Transfers at once. Memory that a backup or a restore takes: so many chunks."""
REUSE_AGE = manifests.SPARE_AGE / 2
"""Age up to which an object that no backup names is used again; an older one may be about to be deleted."""

STAGE = ".backup"

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class Report:
    """What a backup did."""

    backup: str
    """Its id."""
    epoch: int
    files: int
    size: int
    """Bytes that it restores to."""
    new_objects: int
    new_size: int
    """Bytes uploaded."""
    moved_on: int
    """See `state_copy.Copy`."""
    copy_seconds: float
    """Until the consistent copy stood."""
    seconds: float


def now() -> datetime:
    """Wall clock. It names backups and ages objects, nothing else."""
    return datetime.now(UTC)


def backup(blob: Blob, state: Path, contents: Contents, *, clock: Callable[[], datetime] = now) -> tuple[Report, Copy]:
    """Back up the state directory `state`, whether a run is using it or not.

    Args:
        blob: Where to; all its backups are of this state.
        state: The state directory. A hidden directory in it holds the copy until it is uploaded.
        contents: What the state consists of.
        clock: For the id.

    Returns:
        What was done, and the copy; its files are gone.

    Raises:
        LockedError: Another backup of the state is being made.
        BackupError: The storage holds backups of another state, or lost objects meanwhile.
        StateError: See `copy_state`.
        BlobError: The storage fails. Earlier backups are as they were.
    """
    began = time.monotonic()
    with _stage(state) as stage:
        copy = copy_state(state, stage, contents)
        copied = time.monotonic()
        there = manifests.ids(blob)
        newest = there[-1] if there else None
        known = _known(blob, newest, copy.stamp.cluster_id, clock())
        upload = _Upload(blob, known)
        files = upload.files(copy.parts)
        manifest = Manifest(
            created=clock().isoformat(timespec="seconds"),
            cluster_id=copy.stamp.cluster_id,
            anput=version("anput"),
            key_groups=copy.stamp.key_groups,
            epoch=copy.epoch,
            files=files,
        )
        if lost := manifests.missing(blob, manifest.chunks()):
            remedy = "Was another backup pruned there at the same time, or a life-cycle rule? Try again."
            raise BackupError(blob.where(lost[0].object), f"an object of {lost[0].size} bytes", "none", remedy)
        made = manifests.write(blob, manifest, newest)
    report = Report(
        backup=made,
        epoch=copy.epoch,
        files=len(files),
        size=sum(file.size for file in files),
        new_objects=upload.objects,
        new_size=upload.size,
        moved_on=copy.moved_on,
        copy_seconds=round(copied - began, 3),
        seconds=round(time.monotonic() - began, 3),
    )
    return report, copy


def restore(blob: Blob, backup: str, state: Path, stores: Sequence[str], outputs: Mapping[str, Path]) -> list[Path]:
    """Restore a backup to the directory `state`, whole or not at all.

    Args:
        blob: Where from.
        backup: The backup's id.
        state: A directory that is empty or not there. It is there when all else is.
        stores: Steps with key-group stores.
        outputs: Where files go that are not of the state directory, by their names in the backup; one in `state` is
            put there with it. Others are left out.

    Returns:
        The files restored outside `state`.

    Raises:
        BackupError: The backup, or an object of it, is missing or damaged; or something is in the way.
        StateError: What was restored can't be resumed from.
        BlobError: The storage fails.
    """
    manifest = manifests.read(blob, backup)
    _check_free(state)
    temporary = state.with_name(f".{state.name}.restoring")
    places = _places(manifest, state, temporary, outputs)
    outside = {target: _beside(target) for target in places.values() if not target.is_relative_to(temporary)}
    for target in outside:
        if target.exists():
            remedy = "It may be the one that belongs to the state: keep it and leave it out, or move it away."
            raise BackupError(target, "no such file", "one", remedy)
    with _locked(temporary, "no other restore to the same directory"):
        try:
            _empty(temporary)
            _download(blob, [(file, _written(places[file.name], outside)) for file in manifest.files if file.name in places])
            prove_state(temporary, stores, manifest.epoch)
            for target, fresh in outside.items():
                fresh.rename(target)
                sync_directory(target.parent)
            temporary.rename(state)
            sync_directory(state.parent)
        finally:
            for leftover in outside.values():
                leftover.unlink(missing_ok=True)
            shutil.rmtree(temporary, ignore_errors=True)
    return sorted(outside)


class _Upload:
    """Uploads chunks that are not known yet, and counts them."""

    def __init__(self, blob: Blob, known: set[Chunk]) -> None:
        self._blob = blob
        self._known = known
        self._lock = threading.Lock()
        self.objects = 0
        self.size = 0

    def files(self, parts: Mapping[str, Part]) -> tuple[File, ...]:
        pieces = [
            (name, part, offset) for name, part in sorted(parts.items()) for offset in range(0, part.size, CHUNK)
        ]
        chunks: dict[str, list[Chunk]] = {name: [] for name in sorted(parts)}
        for (name, _, _), chunk in zip(pieces, _parallel(self._piece, pieces), strict=True):
            chunks[name].append(chunk)
        return tuple(File(name, tuple(found)) for name, found in chunks.items())

    def _piece(self, piece: tuple[str, Part, int]) -> Chunk:
        _, part, offset = piece
        length = min(CHUNK, part.size - offset)
        with part.path.open("rb") as file:
            file.seek(offset)
            data = file.read(length)
        if len(data) < length:
            found = f"{offset + len(data)}: it was cut while it was read"
            raise BackupError(part.path, f"{part.size} bytes", found, "Try again.")
        chunk = Chunk(digest(data), length)
        with self._lock:
            if chunk in self._known:
                return chunk
            self._known.add(chunk)
            self.objects += 1
            self.size += length
        self._blob.put(chunk.object, data)
        return chunk


def _known(blob: Blob, newest: str | None, cluster: str, moment: datetime) -> set[Chunk]:
    """Chunks that need not be uploaded: there and whole, and no prune is going to take them."""
    referenced: set[Chunk] = set()
    if newest is not None:
        manifest = manifests.read(blob, newest)
        if manifest.cluster_id != cluster:
            expected = f"backups of this state, cluster {cluster}"
            found = f"{newest}, of cluster {manifest.cluster_id}"
            raise BackupError(blob.url, expected, found, "Give each state a URL of its own.")
        referenced = manifest.chunks()
    young = moment - REUSE_AGE
    known = set()
    for entry in blob.entries(manifests.OBJECTS):
        chunk = Chunk(entry.name.rpartition("/")[2], entry.size)
        if chunk in referenced or entry.modified > young:
            known.add(chunk)
    return known


def _places(manifest: Manifest, state: Path, temporary: Path, outputs: Mapping[str, Path]) -> dict[str, Path]:
    """Where each file is to go; those of the state directory first into the temporary one."""
    places = {}
    for file in manifest.files:
        if file.name.startswith(STATE):
            places[file.name] = temporary / file.name.removeprefix(STATE)
        elif file.name in outputs:
            target = outputs[file.name].absolute()
            inside = target.is_relative_to(state)
            places[file.name] = temporary / target.relative_to(state) if inside else target
    return places


def _check_free(state: Path) -> None:
    if state.is_mount():
        remedy = "A mount point can't be replaced in one step: name a directory inside it."
        raise BackupError(state, "a directory that can be made or replaced", "a mount point", remedy)
    if state.exists() and (not state.is_dir() or any(state.iterdir())):
        remedy = "Restore to another directory, or move this one away."
        raise BackupError(state, "no directory, or an empty one", "something in it", remedy)


def _download(blob: Blob, files: Iterable[tuple[File, Path]]) -> None:
    pieces: list[tuple[Chunk, Path, int]] = []
    directories: dict[Path, None] = {}
    for file, target in files:
        target.parent.mkdir(parents=True, exist_ok=True)
        directories.update(dict.fromkeys((target.parent, target.parent.parent)))
        target.write_bytes(b"")
        offset = 0
        for chunk in file.chunks:
            pieces.append((chunk, target, offset))
            offset += chunk.size

    def fetch(piece: tuple[Chunk, Path, int]) -> None:
        chunk, target, offset = piece
        data = blob.get(chunk.object)
        if data is None:
            raise BackupError(blob.where(chunk.object), f"an object of {chunk.size} bytes", "none", OTHER_BACKUP)
        if len(data) != chunk.size or digest(data) != chunk.digest:
            expected = f"{chunk.size} bytes with digest {chunk.digest}"
            raise BackupError(blob.where(chunk.object), expected, f"{len(data)} bytes with digest {digest(data)}", OTHER_BACKUP)
        with target.open("r+b") as file:
            file.seek(offset)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    _parallel(fetch, pieces)
    for directory in directories:
        sync_directory(directory)


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.restoring")


def _written(target: Path, outside: Mapping[Path, Path]) -> Path:
    return outside.get(target, target)


def _parallel(function: Callable[[A], B], items: Sequence[A]) -> list[B]:
    """Results in order. The first failure ends it, once what is under way has ended."""
    executor = ThreadPoolExecutor(CONCURRENCY)
    try:
        return list(executor.map(function, items))
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def _stage(state: Path) -> Iterator[Path]:
    """An empty directory in the state directory, alone; links to files of the state are possible in it."""
    ...
