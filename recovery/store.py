"""The versioned store of one key group: what users' documents were at each of its latest generations."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import msgspec
from rocksdict import DbClosedError, Rdict, RdictIter, WriteBatch, WriteOptions

from recovery import rocks
from recovery.errors import (
    SAME_BACKUP,
    UPGRADE,
    CorruptStoreError,
    DivergedStoreError,
    ForeignStoreError,
    GenerationGoneError,
    NewerSchemaError,
    StoreBehindError,
    StoreMissingError,
)
from recovery.files import sync_directory
from recovery.history import History, is_ahead, read_history, recent_keys, roll_back, settle
from recovery.layout import (
    DIGEST_BYTES,
    DOCUMENT,
    HEADER,
    IDENTITY,
    IDENTITY_CODEC,
    KEYS,
    RECENT,
    SETTLED,
    Header,
    Identity,
    Settled,
    chain,
    content_digest,
    generation_key,
    keys_of,
    prefix_end,
    root_checksum,
    store_path,
    value_digest,
)
from recovery.recent import Recent
from recovery.token import Token

RETAINED = 16
"""Generations that stay restorable, and after how many commits a group settles, unless `open` is told otherwise."""


class KeyGroupStore:
    """Bytes by key, of one key group, with the latest generations restorable. Made by `open`; one thread at a time.

    `commit` adds a generation and returns the token that restores it; `stage` writes parts of it ahead, so that the
    commit itself is short. Reads see the present generation and what is staged. Nothing is created on disk before the
    first of either.
    """

    def __init__(
        self,
        path: Path,
        owner: Identity,
        schema: int,
        token: Token,
        retain_generations: int,
        retain_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self.path = path
        self.token = token
        """Of the present generation."""
        self._owner = owner
        self._schema = schema
        self._retain_generations = retain_generations
        self._retain_seconds = retain_seconds
        self._clock = clock
        self.closed = False
        self._database: Rdict | None = None
        self._settled = Settled(0, 0, root_checksum(owner))
        self._recent: Recent | None = None
        """What changed since the settled generation; all else is in document rows. Read at first use: with many stores
        it takes longer than all else of opening them."""
        self._staged: dict[bytes, bytes | None] = {}
        """What is written of the next generation, as `_seal` has it; None: deleted."""
        self.settling_due = False
        """Whether `tidy` has something to do."""

    @classmethod
    def open(
        cls,
        directory: Path,
        step: str,
        key_group: int,
        token: Token | None,
        stamp_id: str,
        schema: int,
        *,
        retain_generations: int = RETAINED,
        retain_seconds: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> KeyGroupStore:
        """Open a key group's store as of `token`, dropping all newer generations for good.

        Args:
            directory: The state directory.
            step: Name of the step that owns the state; names a directory in it.
            key_group: Number of the key group, 0 to 99,999.
            token: What the last commit to count returned; None for generation 0, the empty store.
            stamp_id: Random id of the cluster, from the state directory's stamp.
            schema: Version of the documents that the caller writes and the newest that it can read.
            retain_generations: A generation stays restorable at least until this many came after it.
            retain_seconds: And at least this long after the next one was committed. 0: the count alone.
            clock: Wall clock, seconds since 1970. Used for `retain_seconds` alone.

        Raises:
            StateError: The store cannot be had as of `token`; each reason has its subclass in `recovery.errors`.
            ValueError: An argument is out of range.
        """
        if schema < 0 or retain_generations < 1 or retain_seconds < 0:
            msg = (
                "expected schema >= 0, retain_generations >= 1 and retain_seconds >= 0; "
                f"found {schema}, {retain_generations} and {retain_seconds}"
            )
            raise ValueError(msg)
        path = store_path(directory, step, key_group)
        owner = Identity(stamp_id, step, key_group)
        root = Token(key_group, 0, 0, root_checksum(owner))
        token = token or root
        _check_token(path, token, root, owner, schema)
        store = cls(path, owner, schema, token, retain_generations, retain_seconds, clock)
        if _is_created(path, token):
            store._resume(rocks.open_database(path, create=False))
        return store

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`; None when it has none.

        Raises:
            CorruptStoreError: The block that holds it is damaged.
        """
        if self._database is None:
            return None
        value: bytes | None = None
        with _refusing(self.path):
            generation = self._read_recent(self._database).get(key)
            if generation is not None and generation > 0:
                value = self._database.get(generation_key(RECENT, generation) + key)
            if value is None and (generation is None or not self._changed_in(self._database, generation, key)):
                return self._database.get(DOCUMENT + key)
        if value is None and generation is not None and generation > 0:
            expected = f"key {key!r:.80} in generation {generation}"
            raise CorruptStoreError(self.path, expected, "no such row", SAME_BACKUP)
        return value

    def get_first(self, key: bytes) -> bytes | None:
        """What `get` returns, for a key that is part of every generation: without reading what else they changed.

        Raises:
            CorruptStoreError: The block that holds it is damaged.
        """
        if self._database is None or self._staged or not self.token.generation:
            return self.get(key)
        with _refusing(self.path):
            value: bytes | None = self._database.get(generation_key(RECENT, self.token.generation) + key)
        return self.get(key) if value is None else value

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """What `get` returns for each of the keys, read at once.

        Raises:
            CorruptStoreError: A block that holds one is damaged.
        """
        if self._database is None or not keys:
            return [None] * len(keys)
        recent = self._recent if self._recent is not None else self._read_recent(self._database)
        generations = recent.get_many(keys)
        rows: list[str | int | float | bytes | bool] = [  # as RocksDict has it
            generation_key(RECENT, at) + key if at is not None and at > 0 else DOCUMENT + key
            for key, at in zip(keys, generations, strict=True)
        ]
        with _refusing(self.path):
            values = cast("list[bytes | None]", self._database.get(rows))
        for number, at in enumerate(generations):
            if at is not None and (at < 0 or values[number] is None):
                values[number] = self.get(keys[number])
        return values

    def scan(self, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """All keys that start with `prefix` and their values, in key order, as of this call.

        An iterator that is neither exhausted nor dropped keeps the store locked beyond `close`.

        Raises:
            CorruptStoreError: While iterating: a block is damaged.
        """
        if self._database is None:
            return iter(())
        documents = rocks.rows(rocks.cursor(self._database, DOCUMENT + prefix), prefix_end(DOCUMENT + prefix))
        recent = rocks.cursor(self._database, RECENT)
        changed = sorted(item for item in self._changed_keys(self._database).items() if item[0].startswith(prefix))
        return self._merge(documents, recent, changed)

    @property
    def staged(self) -> Container[bytes]:
        """The keys that are written and not committed; false if there are none."""
        return self._staged.keys()

    def stage(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Write a part of the next generation ahead of `commit`; None deletes a key. It counts from the commit on.

        Raises:
            StateError: It could not be written. The store must be closed then, and opened again at its last token.
        """
        if not changes:
            return
        with _refusing(self.path):
            database = self._created()
            batch, written = self._batch(changes)
            # Not synced: the commit's sync covers all that was written before it.
            database.write(batch, rocks.ASYNC)
            self._note(database, written)

    def commit(self, changes: Mapping[bytes, bytes | None], *, tidy: bool = True, sync: bool = True) -> Token:
        """Write one generation, whole or not at all; it is on disk on return. None deletes a key.

        Args:
            changes: Its changes, beside those that are staged.
            tidy: Also `tidy`, which can take longer than all else. If not, call it before the next commit.
            sync: Also `sync`. If not, the token must not be used before that is called.

        Returns:
            The token of the new generation; the present one, with nothing written, when there are no changes.

        Raises:
            StateError: It could not be written. The store must be closed then, and opened again at its last token.
        """
        if not changes and not self._staged:
            return self.token
        with _refusing(self.path):
            self._write(self._created(), changes, rocks.SYNC if sync else rocks.ASYNC)
        # Groups settle in turn, each once in so many generations: a key changed often is then moved once.
        if (self.token.generation + self.token.key_group) % self._retain_generations == 0:
            self.settling_due = True
        if tidy:
            self.tidy()
        return self.token

    def sync(self) -> None:
        """Have all commits on disk. May be called in another thread, beside nothing else: it lets others go on.

        Raises:
            StateError: They could not be written. The store must be closed then, and opened again at its last token.
        """
        if self._database is not None:
            with _refusing(self.path):
                self._database.flush_wal(True)

    def tidy(self) -> None:
        """Give up generations that need not be restorable any more, if that is due."""
        if self.settling_due and self._database is not None:
            self.settling_due = False
            with _refusing(self.path):
                self._settle(self._database)

    def close(self) -> None:
        """Release the store. Every commit is on disk already. May be called twice; the store cannot be used after."""
        self.closed = True
        if self._database is not None:
            with _refusing(self.path), suppress(DbClosedError):
                self._database.close()

    def _resume(self, database: Rdict) -> None:
        """Take the present generation, that of the token, out of what the database holds."""
        try:
            with _refusing(self.path):
                history = read_history(database, self.path, self._owner)
                _check_history(self.path, history, self.token)
                if history.newest > self.token.generation or is_ahead(database, self.token.generation):
                    roll_back(database, self.token.generation)
                self._settled = history.settled
        except BaseException:
            with suppress(Exception):  # a damaged store may not close cleanly; the refusal says why
                database.close()
            raise
        self._database = database

    def _created(self) -> Rdict:
        if self._database is None:
            self.path.mkdir(parents=True, exist_ok=True)
            self._database = rocks.open_database(self.path, create=True)
            # RocksDB syncs its own directory, but not the entries that lead to it.
            sync_directory(self.path.parent)
            sync_directory(self.path.parent.parent)
        return self._database

    def _batch(self, changes: Mapping[bytes, bytes | None]) -> tuple[WriteBatch, dict[bytes, bytes | None]]:
        """What to write for changes of the next generation, and what to note once it is written."""
        batch, written = WriteBatch(raw_mode=True), dict[bytes, bytes | None]()
        generation = self.token.generation + 1
        if self.token.generation == 0:
            batch.put(IDENTITY, IDENTITY_CODEC.encode(self._owner))
            batch.put(SETTLED, msgspec.msgpack.encode(self._settled))
        row = generation_key(RECENT, generation)
        for key, value in changes.items():
            if value is not None:
                batch.put(row + key, value)
                written[key] = _seal(value)
            else:
                if self._staged.get(key):
                    batch.delete(row + key)
                written[key] = None
        return batch, written

    def _note(self, database: Rdict, written: Mapping[bytes, bytes | None]) -> None:
        self._staged.update(written)
        generation = self.token.generation + 1
        self._read_recent(database).update(
            (key, generation if value is not None else -generation) for key, value in written.items()
        )

    def _write(self, database: Rdict, changes: Mapping[bytes, bytes | None], options: WriteOptions) -> None:
        batch, written = self._batch(changes)
        generation, all_of_it = self.token.generation + 1, self._staged | written
        keys = keys_of(all_of_it)
        seals = [seal for key in keys.changed if (seal := all_of_it[key]) is not None]
        content = content_digest(keys, (seal[:DIGEST_BYTES] for seal in seals))
        checksum = chain(self.token.checksum, generation, self._schema, content)
        header = Header(
            self._schema,
            content,
            checksum,
            sum(int.from_bytes(seal[DIGEST_BYTES:], "big") for seal in seals),
            self._clock(),
        )
        batch.put(generation_key(HEADER, generation), msgspec.msgpack.encode(header))
        batch.put(generation_key(KEYS, generation), msgspec.msgpack.encode(keys))
        database.write(batch, options)
        self._note(database, written)
        self._staged = {}
        self.token = Token(self.token.key_group, generation, self._schema, checksum)

    def _settle(self, database: Rdict) -> None:
        oldest_kept = self.token.generation - self._retain_generations
        if oldest_kept <= self._settled.generation:
            return
        committed_before = self._clock() - self._retain_seconds if self._retain_seconds else math.inf
        self._settled = settle(database, self.path, self._settled, oldest_kept, committed_before)
        self._read_recent(database).drop(self._settled.generation)

    def _read_recent(self, database: Rdict) -> Recent:
        if self._recent is None:
            recent = Recent()
            recent.update(self._changed_keys(database).items())
            self._recent = recent
        return self._recent

    def _changed_keys(self, database: Rdict) -> dict[bytes, int]:
        """The keys that `_recent` knows, as it knows them."""
        known = self._recent.keys() if self._recent is not None else None
        if known is not None:
            return known
        with _refusing(self.path):
            changed = recent_keys(database, self.path, self._settled.generation, self.token.generation)
        ahead = self.token.generation + 1
        changed.update((key, ahead if value is not None else -ahead) for key, value in self._staged.items())
        return changed

    def _changed_in(self, database: Rdict, generation: int, key: bytes) -> bool:
        """Whether a generation did change a key: one that only has the hash of another didn't."""
        at = abs(generation)
        return key in (self._staged if at > self.token.generation else recent_keys(database, self.path, at - 1, at))

    def _merge(
        self, documents: Iterator[tuple[bytes, bytes]], recent: RdictIter, changed: list[tuple[bytes, int]]
    ) -> Iterator[tuple[bytes, bytes]]:
        with _refusing(self.path):
            settled = ((row[1:], value) for row, value in documents)
            ahead = next(settled, None)
            for key, generation in changed:
                while ahead is not None and ahead[0] < key:
                    yield ahead
                    ahead = next(settled, None)
                if ahead is not None and ahead[0] == key:
                    ahead = next(settled, None)
                if generation > 0:
                    row = generation_key(RECENT, generation) + key
                    recent.seek(row)
                    recent.status()
                    if recent.key() != row:
                        expected = f"key {key!r:.80} in generation {generation}"
                        raise CorruptStoreError(self.path, expected, "no such row", SAME_BACKUP)
                    yield key, recent.value()
            if ahead is not None:
                yield ahead
                yield from settled


def _seal(value: bytes) -> bytes:
    """Digest and size of a value: one object, as there may be hundreds of thousands."""
    return value_digest(value) + len(value).to_bytes(4, "big")


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if type(error) is Exception:  # what RocksDict raises, without a class of its own
            raise rocks.refusal(path, error) from error
        raise


def _check_token(path: Path, token: Token, root: Token, owner: Identity, schema: int) -> None:
    if token.key_group != root.key_group:
        expected, found = f"a token of key group {root.key_group}", f"one of key group {token.key_group}"
        raise ForeignStoreError(path, expected, found, SAME_BACKUP)
    if token.generation == 0 and token != root:
        expected = f"checksum {root.checksum.hex()} of the empty store of {owner}"
        raise ForeignStoreError(path, expected, token.checksum.hex(), SAME_BACKUP)
    if token.schema > schema:
        raise NewerSchemaError(path, f"documents of schema up to {schema}", f"schema {token.schema}", UPGRADE)


def _is_created(path: Path, token: Token) -> bool:
    if rocks.exists(path):
        return True
    if rocks.has_data(path):
        raise CorruptStoreError(path / "CURRENT", "a file", "none, beside the store's data", SAME_BACKUP)
    if token.generation:
        raise StoreMissingError(path, f"a store with generation {token.generation}", "no store", SAME_BACKUP)
    return False


def _check_history(path: Path, history: History, token: Token) -> None:
    expected = f"generation {token.generation}, which Bytewax resumes from"
    if token.generation > history.newest:
        raise StoreBehindError(path, expected, f"generation {history.newest} as the newest", SAME_BACKUP)
    oldest = history.settled.generation
    if token.generation < oldest:
        remedy = f"{SAME_BACKUP} To keep generations for longer, raise retain_seconds above the backup interval."
        raise GenerationGoneError(path, expected, f"generation {oldest} as the oldest", remedy)
    found = history.at(token.generation)
    if (found.schema, found.checksum) != (token.schema, token.checksum):
        expected = f"checksum {token.checksum.hex()} of {expected}"
        raise DivergedStoreError(path, expected, found.checksum.hex(), SAME_BACKUP)
