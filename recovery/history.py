"""The generations of a store: reading and proving them, taking back, settling."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
from rocksdict import Rdict, WriteBatch

from recovery.errors import SAME_BACKUP, CorruptStoreError, ForeignStoreError
from recovery.layout import (
    BY_GENERATION,
    DOCUMENT,
    HEADER,
    IDENTITY,
    IDENTITY_CODEC,
    KEYS,
    RECENT,
    SETTLED,
    Header,
    Identity,
    Keys,
    Settled,
    chain,
    generation_key,
    generation_of,
    prefix_end,
    root_checksum,
)
from recovery.rocks import ASYNC, SYNC, cursor, rows

SETTLE_BYTES = 16 << 20
"""Values moved in one batch, give or take a generation: bounds the memory that settling takes."""

T = TypeVar("T")


@dataclass(frozen=True)
class History:
    """The generations that a store holds."""

    settled: Settled
    headers: tuple[Header, ...]
    """Of the generations after the settled one, without gaps."""

    @property
    def newest(self) -> int:
        """The newest generation; 0 when nothing was ever committed."""
        return self.settled.generation + len(self.headers)

    def at(self, generation: int) -> Settled | Header:
        """Schema and checksum of a generation from the settled one to the newest."""
        after_settled = generation - self.settled.generation
        return self.headers[after_settled - 1] if after_settled else self.settled


def read_history(database: Rdict, path: Path, owner: Identity) -> History:
    """Read a store's generations and prove their chain of checksums.

    Raises:
        ForeignStoreError: The store is not `owner`'s.
        NewerSchemaError: Its layout is newer than this code.
        CorruptStoreError: Rows are missing, damaged or do not fit together.
    """
    raw = database.get(IDENTITY)
    if raw is None:
        stray = next(rows(cursor(database, b""), b"\xff"), None)
        if stray is not None:
            raise CorruptStoreError(path, "an identity row", f"none, but a row {stray[0]!r:.40}", SAME_BACKUP)
        # The process died between creating the store and its first commit.
        return History(Settled(0, 0, root_checksum(owner)), ())
    found = IDENTITY_CODEC.decode(raw)
    if found != owner:
        raise ForeignStoreError(path, str(owner), str(found), SAME_BACKUP)
    settled = _decode(path, database.get(SETTLED), Settled)
    headers: list[Header] = []
    checksum = settled.checksum
    first = generation_key(HEADER, settled.generation + 1)
    for key, value in list(rows(cursor(database, first), prefix_end(HEADER))):
        header = _decode(path, value, Header)
        generation = settled.generation + len(headers) + 1
        if generation_of(key) != generation:
            raise CorruptStoreError(path, f"generation {generation}", f"generation {generation_of(key)}", SAME_BACKUP)
        checksum = chain(checksum, generation, header.schema, header.content)
        if header.checksum != checksum:
            expected = f"checksum {checksum.hex()} of generation {generation}"
            raise CorruptStoreError(path, expected, header.checksum.hex(), SAME_BACKUP)
        headers.append(header)
    return History(settled, tuple(headers))


def roll_back(database: Rdict, generation: int) -> None:
    """Delete all generations newer than `generation`, durably. Their rows are all that they ever wrote."""
    batch = WriteBatch(raw_mode=True)
    for kind in BY_GENERATION:
        batch.delete_range(generation_key(kind, generation + 1), prefix_end(kind))
    database.write(batch, SYNC)


def is_ahead(database: Rdict, generation: int) -> bool:
    """Whether there are values of generations newer than `generation`, committed or not."""
    return next(rows(cursor(database, generation_key(RECENT, generation + 1)), prefix_end(RECENT)), None) is not None


def recent_keys(database: Rdict, path: Path, settled: int, newest: int) -> dict[bytes, int]:
    """User keys changed after `settled` -> generation that changed them last, negative where it deleted them."""
    recent: dict[bytes, int] = {}
    for generation in range(settled + 1, newest + 1):
        keys = _decode(path, database.get(generation_key(KEYS, generation)), Keys)
        recent.update(dict.fromkeys(keys.changed, generation))
        recent.update(dict.fromkeys(keys.deleted, -generation))
    return recent


def settle(database: Rdict, path: Path, settled: Settled, newest: int, committed_before: float) -> Settled:
    """Give up the oldest generations: move their values into the documents, the last of each key alone.

    Args:
        database: The store.
        path: Its directory, for errors.
        settled: The oldest restorable generation now.
        newest: The newest that may become so.
        committed_before: Wall clock in seconds since 1970. A generation is given up only when the one after it,
            which ended its time as the present, was committed by then.

    Returns:
        The oldest restorable generation afterwards.
    """
    while True:
        batch: dict[bytes, int] = {}
        last, size = settled, 0
        while last.generation < newest and size < SETTLE_BYTES:
            generation = last.generation + 1
            header = _decode(path, database.get(generation_key(HEADER, generation)), Header)
            if header.committed_at > committed_before:
                break
            keys = _decode(path, database.get(generation_key(KEYS, generation)), Keys)
            batch.update(dict.fromkeys(keys.changed, generation))
            batch.update(dict.fromkeys(keys.deleted, -generation))
            last, size = Settled(generation, header.schema, header.checksum), size + header.size
        if last is settled:
            return settled
        _move(database, settled.generation + 1, last, batch)
        settled = last


def _move(database: Rdict, first: int, last: Settled, changed_last: dict[bytes, int]) -> None:
    batch = WriteBatch(raw_mode=True)
    end = last.generation + 1
    for row, value in rows(cursor(database, generation_key(RECENT, first)), generation_key(RECENT, end)):
        key = row[9:]
        if changed_last[key] == generation_of(row):
            batch.put(DOCUMENT + key, value)
    for key, generation in changed_last.items():
        if generation < 0:
            batch.delete(DOCUMENT + key)
    for kind in BY_GENERATION:
        batch.delete_range(generation_key(kind, first), generation_key(kind, end))
    batch.put(SETTLED, msgspec.msgpack.encode(last))
    # Not synced: if it is lost, the generations are merely still there.
    database.write(batch, ASYNC)


def _decode(path: Path, raw: bytes | None, row: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(raw or b"", type=row)
    except msgspec.DecodeError as error:
        expected = f"a row of type {row.__name__}"
        raise CorruptStoreError(path, expected, f"{raw!r:.80} ({error})", SAME_BACKUP) from error
