"""Where a key group's RocksDB is and what its rows look like. Pure: no I/O.

    row        key                       value
    identity   i                         Identity: whose store this is
    settled    o                         Settled: the oldest generation that can still be restored
    document   d + user key              its value as of the settled generation
    header     h + generation            Header of a generation after it
    keys       k + generation            Keys: what that generation changed and deleted
    recent     r + generation + user key the value that generation gave it

Generations are 8 bytes, big-endian. A commit only adds rows, so taking one back is deleting three ranges. Recent rows
may be there before their generation is committed: they don't count until its header is. Once a generation can no longer
be asked for, its recent rows are settled: moved into the documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec

from recovery.codec import Codec

IDENTITY = b"i"
SETTLED = b"o"
DOCUMENT = b"d"
HEADER = b"h"
KEYS = b"k"
RECENT = b"r"
BY_GENERATION = (HEADER, KEYS, RECENT)

DIGEST_BYTES = 16

KEY_GROUP_DIGITS = 5
MAX_KEY_GROUP = 10**KEY_GROUP_DIGITS - 1


class Identity(msgspec.Struct, frozen=True, array_like=True):
    """Whose store this is."""

    cluster: str
    step: str
    key_group: int

    def __str__(self) -> str:
        return f"cluster {self.cluster}, step {self.step}, key group {self.key_group}"


IDENTITY_CODEC = Codec(Identity, version=1)
"""Its version is that of the whole layout."""


class Settled(msgspec.Struct, frozen=True, array_like=True):
    """The oldest generation that can still be restored; the document rows hold it."""

    generation: int
    schema: int
    checksum: bytes


class Header(msgspec.Struct, frozen=True, array_like=True):
    """One generation."""

    schema: int
    content: bytes
    """Digest of its changes."""
    checksum: bytes
    """Cumulative: see `chain`."""
    size: int
    """Bytes of its values."""
    committed_at: float
    """Wall clock, seconds since 1970. Serves retention alone and is not part of the checksum."""


class Keys(msgspec.Struct, frozen=True, array_like=True):
    """The user keys that a generation changed and deleted, each sorted."""

    changed: list[bytes]
    deleted: list[bytes]


def store_path(directory: Path, step: str, key_group: int) -> Path:
    """Where a key group's store is: `<state directory>/<step>/<key group as 5 digits>`.

    Raises:
        ValueError: The step cannot name a directory, or the key group is out of range.
    """
    if not step or step != Path(step).name or step.startswith(".") or not 0 <= key_group <= MAX_KEY_GROUP:
        expected = f"a step that can name a directory and a key group from 0 to {MAX_KEY_GROUP}"
        msg = f"expected {expected}; found {step!r} and {key_group}"
        raise ValueError(msg)
    return directory / step / f"{key_group:0{KEY_GROUP_DIGITS}d}"


def generation_key(kind: bytes, generation: int) -> bytes:
    """Key of a row by generation; also the prefix of all of `kind`'s rows in that generation."""
    return kind + generation.to_bytes(8, "big")


def generation_of(key: bytes) -> int:
    """The inverse of `generation_key`, whatever follows."""
    return int.from_bytes(key[1:9], "big")


def prefix_end(prefix: bytes) -> bytes:
    """The least key above all keys that start with `prefix`, which starts with one of the kinds above."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,))


def root_checksum(identity: Identity) -> bytes:
    """Checksum of generation 0."""
    return blake2b(msgspec.msgpack.encode(identity), digest_size=DIGEST_BYTES).digest()


def value_digest(value: bytes) -> bytes:
    """Digest of one value."""
    return blake2b(value, digest_size=DIGEST_BYTES).digest()


def content_digest(keys: Keys, digests: Iterable[bytes]) -> bytes:
    """Digest of a generation's changes; `digests` of its values, in the order of `keys.changed`.

    Of digests, not of the values themselves: those written ahead of the commit need not be held until it comes.
    """
    body = msgspec.msgpack.encode((keys, list(digests)))
    return blake2b(body, digest_size=DIGEST_BYTES).digest()


def chain(previous: bytes, generation: int, schema: int, content: bytes) -> bytes:
    """Cumulative checksum of `generation`, given that of the one before."""
    body = msgspec.msgpack.encode((previous, generation, schema, content))
    return blake2b(body, digest_size=DIGEST_BYTES).digest()


def keys_of(changes: Mapping[bytes, object | None]) -> Keys:
    """The keys of a mapping in which None deletes."""
    ordered = sorted(changes)
    return Keys(
        changed=[key for key in ordered if changes[key] is not None],
        deleted=[key for key in ordered if changes[key] is None],
    )
