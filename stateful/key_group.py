"""The state of one key group: its entities, hot ones decoded in memory, all of them in the key-group store.

An entity is whatever a step keeps per key: a user's timeline in `profile`, a thread of findings in `correlate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from recovery.codec import Codec
from recovery.store import KeyGroupStore
from recovery.token import Token
from windowing.watermark import HOUR

E = TypeVar("E")

META_VERSION = 1
_META = b"m"
_ENTITY = b"e"

ASLEEP = 2**62
"""`wake` of an entity with nothing open."""


class Wake(msgspec.Struct, array_like=True):
    """The head of every stored entity: event time, ms, at which sealing would change it. A sweep reads it alone."""

    wake: int


WAKE = msgspec.msgpack.Decoder(Wake)


class Meta(msgspec.Struct):
    """What a key group keeps beside its entities."""

    watermarks: dict[str, int] = {}
    """Partition -> watermark, ms."""
    sealed: int = -(2**62)
    """Event time, ms, up to which the group is sealed."""
    counts: dict[str, int] = {}
    newest: int = -1
    """Highest event time taken, ms."""


META_CODEC: Codec[Meta] = Codec(Meta, META_VERSION)


@dataclass(frozen=True)
class Storage(Generic[E]):
    """How a step's entities are stored: their stored form begins with `wake`, as `Wake` does."""

    load: Callable[[bytes | None], E]
    dump: Callable[[E], bytes | None]
    """None: the entity holds nothing any more."""
    wake: Callable[[E], int]
    peek: Callable[[bytes], int]
    """`wake` of a stored form."""
    memory: int
    """Bytes of stored form to keep decoded between flushes, per key group."""


class KeyGroupState(Generic[E]):
    """Entities by key, loaded on first touch, written back as one generation by `flush`."""

    def __init__(self, storage: Storage[E], store: KeyGroupStore) -> None:
        self._storage, self._store = storage, store
        self._hot: dict[bytes, E] = {}
        self._sizes: dict[bytes, int] = {}
        self._changed: dict[bytes, None] = {}
        self._hours: dict[int, dict[bytes, None]] | None = None
        self._hour_of: dict[bytes, int] = {}
        data = store.get(_META)
        self.meta = META_CODEC.decode(data) if data else Meta()
        """Changes to it are written with the next flush."""

    def entity(self, key: bytes) -> E:
        """The entity of a key, which is going to be changed: call `changed` after."""
        entity = self._hot.get(key)
        if entity is None:
            # One that was forgotten since the last flush is still in the store.
            data = None if key in self._changed else self._store.get(_ENTITY + key)
            entity = self._hot[key] = self._storage.load(data)
        return entity

    def changed(self, key: bytes) -> None:
        """Note that an entity was changed, and when it next needs sealing."""
        self._changed[key] = None
        wake = self._storage.wake(self._hot[key])
        hour, old = wake // HOUR, self._hour_of.get(key, ASLEEP // HOUR)
        if hour != old:
            self._move(key, old, hour)

    def forget(self, key: bytes) -> None:
        """Delete an entity."""
        self._move(key, ASLEEP // HOUR, ASLEEP // HOUR)
        self._hot.pop(key, None)
        self._sizes.pop(key, None)
        self._changed[key] = None

    def due(self, seal: int) -> list[bytes]:
        """Keys that sealing up to `seal` (event time, ms) may change, in order."""
        hours = self._index()
        return sorted(key for hour, keys in hours.items() if hour * HOUR < seal for key in keys)

    def flush(self) -> Token:
        """Write what changed as one synced generation; return what names it."""
        changes: dict[bytes, bytes | None] = {}
        for key in self._changed:
            if key not in self._hot:
                changes[_ENTITY + key] = None
                continue
            data = changes[_ENTITY + key] = self._storage.dump(self._hot[key])
            # Taken out and put back: the dict's order is the order of last use.
            self._hot[key] = self._hot.pop(key)
            self._sizes.pop(key, None)
            self._sizes[key] = len(data or b"")
        self._changed.clear()
        if changes or self._store.token.generation:
            changes[_META] = META_CODEC.encode(self.meta)
        token = self._store.commit(changes)
        self._cool()
        return token

    def scan(self) -> Iterator[tuple[bytes, E]]:
        """All entities, as of the last flush."""
        for key, data in self._store.scan(_ENTITY):
            yield key[len(_ENTITY) :], self._storage.load(data)

    def _index(self) -> dict[int, dict[bytes, None]]:
        """Hour -> keys that wake in it; made from the store at first need, so that it needs no record of its own."""
        if self._hours is None:
            self._hours = {}
            for key, data in self._store.scan(_ENTITY):
                self._move(key[len(_ENTITY) :], ASLEEP // HOUR, self._storage.peek(data) // HOUR)
        return self._hours

    def _move(self, key: bytes, old: int, hour: int) -> None:
        hours = self._index()
        old = self._hour_of.get(key, old)
        if old in hours and key in hours[old]:
            del hours[old][key]
            if not hours[old]:
                del hours[old]
        if hour == ASLEEP // HOUR:
            self._hour_of.pop(key, None)
        else:
            self._hour_of[key] = hour
            hours.setdefault(hour, {})[key] = None

    def _cool(self) -> None:
        """Let go of the entities that were used longest ago, beyond the budget."""
        total = sum(self._sizes.values())
        for key in list(self._sizes):
            if total <= self._storage.memory:
                return
            total -= self._sizes.pop(key)
            del self._hot[key]
