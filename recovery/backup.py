"""Backup of a state directory to object storage.

A backup is a consistent copy (`recovery.state_copy`), cut into chunks that are named by their content
(`recovery.manifest`): what an earlier backup holds already is not uploaded again. As RocksDB's tables never change, a
large state is uploaded once, and then what changed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from recovery import manifest as manifests
from recovery import stamp
from recovery.blob import Blob
from recovery.manifest import BackupError, Chunk, File, Manifest, digest
from recovery.state_copy import Contents, Copy, Part, copy_state
from recovery.transfer import CHUNK, parallel, working_directory

REUSE_AGE = manifests.SPARE_AGE / 2
"""Age up to which an object that no backup names is used again; an older one may be about to be deleted."""

STAGE = ".backup"
"""Directory in the state directory that holds the copy until it is uploaded."""


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
    """See `Copy`."""
    copy_seconds: float
    """Until the consistent copy stood."""
    seconds: float


def now() -> datetime:
    """Wall clock. It names backups and ages objects, nothing else."""
    return datetime.now(UTC)


def backup(blob: Blob, state: Path, contents: Contents, *, clock: Callable[[], datetime] = now) -> tuple[Report, Copy]:
    """Back up a state directory, whether a run is using it or not.

    Args:
        blob: Where to; all its backups are of this state.
        state: The state directory. Writable: the copy is made inside it, to be on the same file system.
        contents: What the state consists of.
        clock: For the id.

    Returns:
        What was done, and the copy, whose files are gone.

    Raises:
        LockedError: Another backup of the state is being made.
        BackupError: The storage holds backups of another state, or lost objects meanwhile.
        StateError: See `copy_state`.
        BlobError: The storage fails. Earlier backups are as they were.
    """
    began = time.monotonic()
    cluster = stamp.read(state).cluster_id
    with working_directory(state / STAGE, "backup"):
        there = manifests.ids(blob)
        newest = there[-1] if there else None
        upload = _Upload(blob, _known(blob, newest, cluster, clock() - REUSE_AGE))
        copying = time.monotonic()
        copy = copy_state(state, state / STAGE, contents)
        copied = time.monotonic()
        manifest = Manifest(
            created=clock().isoformat(timespec="seconds"),
            cluster_id=cluster,
            anput=version("anput"),
            key_groups=copy.stamp.key_groups,
            epoch=copy.epoch,
            files=upload.files(copy.parts),
        )
    blob.flush()
    if lost := manifests.missing(blob, manifest.chunks()):
        remedy = "Was the storage pruned at the same time, or by a life-cycle rule? Back up again."
        raise BackupError(blob.where(lost[0].object), f"an object of {lost[0].size} bytes", "none", remedy)
    made = manifests.write(blob, manifest, newest)
    report = Report(
        backup=made,
        epoch=copy.epoch,
        files=len(manifest.files),
        size=manifest.size,
        new_objects=upload.objects,
        new_size=upload.size,
        moved_on=copy.moved_on,
        copy_seconds=round(copied - copying, 3),
        seconds=round(time.monotonic() - began, 3),
    )
    return report, copy


class _Upload:
    """Uploads the chunks that are not known yet, and counts them."""

    def __init__(self, blob: Blob, known: set[Chunk]) -> None:
        self._blob = blob
        self._known = known
        self._lock = threading.Lock()
        self.objects = 0
        self.size = 0

    def files(self, parts: Mapping[str, Part]) -> tuple[File, ...]:
        pieces = [(name, part, offset) for name, part in sorted(parts.items()) for offset in range(0, part.size, CHUNK)]
        chunks: dict[str, list[Chunk]] = {name: [] for name in sorted(parts)}
        for (name, _, _), chunk in zip(pieces, parallel(self._piece, pieces), strict=True):
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
            raise BackupError(part.path, f"{part.size} bytes", found, "Back up again.")
        chunk = Chunk(digest(data), length)
        with self._lock:
            if chunk in self._known:
                return chunk
            self._known.add(chunk)
            self.objects += 1
            self.size += length
        self._blob.put(chunk.object, data)
        return chunk


def _known(blob: Blob, newest: str | None, cluster: str, young: datetime) -> set[Chunk]:
    """Chunks that need not be uploaded: there, whole, and not about to be pruned."""
    referenced: set[Chunk] = set()
    if newest is not None:
        manifest = manifests.read(blob, newest)
        if manifest.cluster_id != cluster:
            expected, found = f"backups of cluster {cluster}", f"{newest}, of cluster {manifest.cluster_id}"
            raise BackupError(blob.url, expected, found, "Give each state a URL of its own.")
        referenced = manifest.chunks()
    entries = ((Chunk(e.name.rpartition("/")[2], e.size), e.modified) for e in blob.entries(manifests.OBJECTS))
    return {chunk for chunk, modified in entries if chunk in referenced or modified > young}
