"""How far each file of a followed input has been read: what the snapshot keeps of it."""

from __future__ import annotations

import array
import hashlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

SAMPLE = 256
"""Bytes by which a content is known again: of its beginning, and right before where reading stopped."""


class FileMark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file that may still grow. Kept in snapshots: new fields at the end, with a default."""

    stream: int
    """Its number: one content, whatever it is called."""
    name: int
    """`name_hash` of the path that it had last."""
    inode: int
    offset: int
    """Behind the last line that was judged."""
    line: int
    head: bytes
    """`digest` of the first bytes."""
    head_length: int
    before: bytes = b""
    """`digest` of the bytes before `offset`; b"" where they couldn't be read any more."""
    whole: bool = False
    """It is compressed: `offset` is of its content."""


class FilesState(msgspec.Struct, array_like=True):
    """What a snapshot holds of a followed input."""

    last_stream: int = 0
    highest: str = ""
    """The last name, by order, of those that were read."""
    marks: list[FileMark] = []
    finished: bytes = b""
    """Hashes of the names of files that were read whole and don't grow, 8 bytes each, little-endian."""


def name_hash(name: str) -> int:
    """64 bits of BLAKE2b: a path costs 8 bytes in the snapshot, however long it is."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "little")


def digest(data: bytes) -> bytes:
    """What is kept of a sample."""
    return hashlib.blake2b(data, digest_size=8).digest()


def sample_before(descriptor: int, offset: int) -> bytes:
    """`digest` of the bytes before an offset."""
    start = max(0, offset - SAMPLE)
    return digest(os.pread(descriptor, offset - start, start))


def is_same(path: str, mark: FileMark) -> bool:
    """Whether a file holds what a mark is of, and perhaps more: by its bytes, since inodes don't survive a restore."""
    try:
        with Path(path).open("rb") as file:
            descriptor = file.fileno()
            same = digest(os.pread(descriptor, mark.head_length, 0)) == mark.head
            if mark.whole or not mark.before:
                return same
            long_enough = os.fstat(descriptor).st_size >= mark.offset
            return same and long_enough and sample_before(descriptor, mark.offset) == mark.before
    except OSError:
        return False


def pack(hashes: Iterable[int]) -> bytes:
    """Hashes as bytes, in an order of their own so that equal sets are equal bytes."""
    packed = array.array("Q", sorted(hashes))
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def unpack(packed: bytes) -> set[int]:
    """The reverse of `pack`."""
    found = array.array("Q")
    found.frombytes(packed)
    if sys.byteorder == "big":
        found.byteswap()
    return set(found)
