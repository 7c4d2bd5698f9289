"""What a backup consists of: one manifest per backup, naming chunks that backups share.

    backups/<id>.json     the manifest, written last: a backup is there when its manifest is
    objects/<aa>/<digest> a chunk of a file: blake2b-256 of its content in hex, <aa> its first two digits

An id is the UTC time of the backup and the beginning of its manifest's blake2b digest, which proves the manifest; the
manifest proves the chunks. Ids sort by time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Annotated

import msgspec

from recovery.blob import Blob
from recovery.errors import UPGRADE, NewerSchemaError, StateError

FORMAT = 1
BACKUPS = "backups/"
OBJECTS = "objects/"
LATEST = "latest"

OTHER_BACKUP = "Restore another backup; `anput state backups` lists them."

_ID = re.compile(r"(\d{8}T\d{6}Z)-([0-9a-f]{16})")
_TIME = "%Y%m%dT%H%M%SZ"

SPARE_AGE = timedelta(days=1)
"""Unreferenced objects younger than this are left alone: a backup that is under way may be about to name them."""


class BackupError(StateError):
    """A backup, or an object of it, is missing or damaged, or can't be made or put where it should go."""


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a file."""

    digest: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, msgspec.Meta(ge=1)]

    @property
    def object(self) -> str:
        """The name of the object that holds it."""
        return f"{OBJECTS}{self.digest[:2]}/{self.digest}"


class File(msgspec.Struct, frozen=True, array_like=True):
    """A file: its chunks in order, none if it is empty."""

    name: str
    """Relative path with slashes, which leads nowhere outside."""
    chunks: tuple[Chunk, ...]

    def __post_init__(self) -> None:
        path = PurePosixPath(self.name)
        if path.is_absolute() or not path.parts or ".." in path.parts or str(path) != self.name or "\0" in self.name:
            msg = f"expected a relative path, found {self.name!r}"
            raise ValueError(msg)

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(chunk.size for chunk in self.chunks)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One backup."""

    format: int = FORMAT
    created: str
    """RFC 3339, UTC."""
    cluster_id: str
    anput: str
    """Version that wrote it."""
    key_groups: int
    epoch: int
    """Of Bytewax, at which a run on it resumes."""
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def chunks(self) -> set[Chunk]:
        """All chunks, each once."""
        return {chunk for file in self.files for chunk in file.chunks}


def digest(data: bytes) -> str:
    """Of a chunk."""
    return blake2b(data, digest_size=32).hexdigest()


def ids(blob: Blob) -> list[str]:
    """All backups, the oldest first.

    Raises:
        BlobError: The storage can't be read.
    """
    names = (entry.name.removeprefix(BACKUPS).removesuffix(".json") for entry in blob.entries(BACKUPS))
    return sorted(name for name in names if _ID.fullmatch(name))


def resolve(blob: Blob, wanted: str) -> str:
    """The id of the backup `wanted`, which may be `latest`.

    Raises:
        BackupError: There is no such backup.
        BlobError: The storage can't be read.
    """
    there = ids(blob)
    if wanted == LATEST and there:
        return there[-1]
    if wanted not in there:
        found = f"{len(there)} others" if there else "none at all"
        remedy = "Check the URL; `anput state backups` lists what is there."
        raise BackupError(blob.where(BACKUPS), f"backup {wanted}", found, remedy)
    return wanted


def read(blob: Blob, backup: str) -> Manifest:
    """The manifest of a backup.

    Raises:
        BackupError: It is missing or damaged.
        NewerSchemaError: A newer release wrote it.
        BlobError: The storage can't be read.
    """
    name = _object(backup)
    data = blob.get(name)
    if data is None:
        raise BackupError(blob.where(name), "a manifest", "no such object", OTHER_BACKUP)
    if _name_digest(data) != backup[-16:]:
        found = f"{len(data)} bytes with digest {_name_digest(data)}"
        raise BackupError(blob.where(name), f"a manifest with digest {backup[-16:]}", found, OTHER_BACKUP)
    try:
        found_format = msgspec.json.decode(data, type=_Format).format
        if found_format > FORMAT:
            raise NewerSchemaError(blob.where(name), f"format {FORMAT}", f"format {found_format}", UPGRADE)
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackupError(blob.where(name), "a manifest", str(error), OTHER_BACKUP) from None


def write(blob: Blob, manifest: Manifest, after: str | None) -> str:
    """Write a manifest, once all its objects are there; return the backup's id.

    Args:
        blob: The storage.
        manifest: The manifest.
        after: The newest backup so far. The new one sorts behind it, whatever the clock says.

    Raises:
        BlobError: It was not written.
    """
    moment = datetime.fromisoformat(manifest.created)
    if after is not None:
        moment = max(moment, time_of(after) + timedelta(seconds=1))
    data = msgspec.json.encode(manifest)
    backup = f"{moment.strftime(_TIME)}-{_name_digest(data)}"
    # Where it exists already, a request that was tried again had succeeded: the name says that it is the same.
    blob.create(_object(backup), data)
    return backup


def time_of(backup: str) -> datetime:
    """When a backup was made, UTC, to the second."""
    return datetime.strptime(f"{backup.partition('-')[0]}+0000", f"{_TIME}%z")


@dataclass(frozen=True)
class Pruned:
    """What `prune` deleted."""

    backups: int
    objects: int
    size: int
    """Bytes of the objects."""


def prune(blob: Blob, keep: int, now: datetime, spare: timedelta = SPARE_AGE) -> Pruned:
    """Delete all but the newest `keep` backups, then the objects that none of those names.

    A crash in between leaves objects too many, never too few; the next time takes them.

    Args:
        blob: The storage.
        keep: At least 1.
        now: By a clock not further off the storage's than hours.
        spare: Age up to which unreferenced objects are left alone.

    Raises:
        StateError: A backup to keep can't be read: nothing was deleted.
        BlobError: Not all was deleted.
    """
    there = ids(blob)
    kept = {chunk.object for backup in there[-keep:] for chunk in read(blob, backup).chunks()}
    superfluous = [_object(backup) for backup in there[:-keep]]
    blob.delete(superfluous)
    spared = now - spare
    gone = [e for e in blob.entries(OBJECTS) if e.name not in kept and e.modified < spared]
    blob.delete([entry.name for entry in gone])
    return Pruned(len(superfluous), len(gone), sum(entry.size for entry in gone))


def missing(blob: Blob, chunks: Iterable[Chunk]) -> list[Chunk]:
    """Those of the chunks that are not there, or not whole, by a listing.

    Raises:
        BlobError: The storage can't be read.
    """
    sizes = {entry.name: entry.size for entry in blob.entries(OBJECTS)}
    return [chunk for chunk in chunks if sizes.get(chunk.object) != chunk.size]


class _Format(msgspec.Struct):
    format: int


def _object(backup: str) -> str:
    return f"{BACKUPS}{backup}.json"


def _name_digest(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()
