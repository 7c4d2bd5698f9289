"""The state of one key group: its entities, hot ones decoded in memory, all of them in the key-group store.

An entity is whatever a step keeps per key: a user's timeline in `profile`, a thread of findings in `correlate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

import msgspec

from recovery import rocks
from recovery.codec import Codec
from recovery.store import RETAINED, KeyGroupStore
from recovery.token import Token
from stateful.agenda import NEVER, Agenda
from windowing.watermark import HOUR

E = TypeVar("E")

META_VERSION = 1
_META = b"m"
_ENTITY = b"e"

ASLEEP = 2**62
"""`wake` of an entity with nothing open."""


class Wake(msgspec.Struct, array_like=True):
    """The head of every stored entity: event time, ms, at which sealing changes it, or it expires."""

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
    towards: list[int] = []
    """Key groups of tenants that there are."""


META_CODEC: Codec[Meta] = Codec(Meta, META_VERSION)


KEPT_BACK = 16
"""Entities changed last that are not written ahead of an epoch's end: they are likely to change again."""

AHEAD_AT_ONCE = 32
"""Entities that are worth writing ahead."""

AT_ONCE = 128
"""Entities that may be worked on between two calls of `ease`."""

DECODED_BYTES, DECODED_FACTOR = 4096, 4
"""Memory that a decoded entity takes, about: so much, and so much for each byte of its stored form (measured)."""
NEW_BYTES = 512
"""Stored form of an entity that has none yet, about."""


class Memory:
    """The budget that all key groups of a process share."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        """Bytes that decoded entities may take, about."""
        self.held = 0
        self.groups = 0

    @classmethod
    def divided(cls, total: int) -> Memory:
        """A process's budget, in bytes: 3/8 for decoded entities, 1/4 for the stores' caches and buffers.

        The rest is for what can't be chosen: some half a megabyte for each open store, the keys changed lately.
        """
        rocks.limit_memory(total // 4)
        return cls(total * 3 // 8)

    @property
    def share(self) -> int:
        """What a key group may keep when there is too little for all, bytes."""
        return self.limit // max(self.groups, 1)


@dataclass(frozen=True)
class Storage(Generic[E]):
    """How a step's entities are stored: their stored form begins with `wake`, as `Wake` does."""

    load: Callable[[bytes | None], E]
    dump: Callable[[E], bytes | None]
    """None: the entity holds nothing any more."""
    wake: Callable[[E], int]
    """Event time, ms, at which sealing changes an entity; `ASLEEP` if it doesn't."""
    peek: Callable[[bytes], int]
    """The same of a stored form; or, for one that is asleep, when it expires."""
    memory: Memory
    scope: Callable[[bytes], bytes] = lambda key: b""  # noqa: E731
    """Of a key: which entities are sealed together."""
    expires: bool = False
    """Whether some are to be forgotten by time alone."""
    load_of: Callable[[bytes, bytes | None], E] | None = None
    """In place of `load`, where what an entity is depends on its key."""

    def loaded(self, key: bytes, data: bytes | None) -> E:
        """The entity of a key."""
        return self.load(data) if self.load_of is None else self.load_of(key, data)


class KeyGroupState(Generic[E]):
    """Entities by key, loaded on first touch, written ahead by `ease` and made one generation by `flush`."""

    def __init__(self, storage: Storage[E], store: KeyGroupStore) -> None:
        self._storage, self._store, self._memory = storage, store, storage.memory
        self._memory.groups += 1
        self._held = 0
        self._hot: dict[bytes, E] = {}
        """In the order of last use."""
        self._sizes: dict[bytes, int] = {}
        """Bytes of memory of the hot ones, about."""
        self._changed: dict[bytes, None] = {}
        """To be written, in the order of last change: hot ones, and those that were forgotten."""
        self._again: dict[bytes, None] = {}
        """To be written, as `_changed`, but written ahead already: busy ones, which is not done twice."""
        self._waited = 0
        """Calls of `ease` for which settling has been due."""
        self._agenda = Agenda(store)
        self._noted: dict[bytes, int] = {}
        """Of hot ones: an hour at or after the one that they have a note for."""
        self._due: set[bytes] = set()
        """Whose notes were taken and not made anew yet."""
        data = store.get(_META)
        self.meta = META_CODEC.decode(data) if data else Meta()
        """Changes to it are written with the next flush."""

    def entity(self, key: bytes) -> E:
        """The entity of a key, which is going to be changed: call `changed` after, and before `ease`."""
        entity = self._hot.pop(key, None)
        if entity is None:
            # One that was forgotten a moment ago is still in the store.
            forgotten = key in self._changed or key in self._again
            data = None if forgotten else self._store.get(_ENTITY + key)
            entity = self._storage.loaded(key, data)
            self._weigh(key, NEW_BYTES if data is None else len(data))
            self._noted[key] = NEVER if data is None else self._storage.wake(entity) // HOUR
        self._hot[key] = entity
        return entity

    def changed(self, key: bytes) -> None:
        """Note that an entity was changed, and when it next needs sealing."""
        self._note(key)
        hour = self._storage.wake(self._hot[key]) // HOUR
        if key in self._due:
            self._due.discard(key)
            self._noted[key] = NEVER
        if hour < self._noted[key]:
            self._noted[key] = hour
            self._agenda.note(self._storage.scope(key), hour, key)

    def forget(self, key: bytes) -> None:
        """Delete an entity."""
        self._due.discard(key)
        self._drop(key)
        self._note(key)

    def due(self, seal: int, scope: bytes = b"") -> list[bytes]:
        """Keys that sealing up to `seal` (event time, ms) may change, in order. Call `changed` or `forget` for each."""
        keys = self._agenda.take(scope, seal)
        self._due.update(keys)
        return keys

    def past(self, seal: int) -> list[bytes]:
        """Keys of stored entities whose time, that of expiry too, is before `seal`. Looks at all: call it seldom."""
        entities = self._store.scan(_ENTITY)
        return [key[len(_ENTITY) :] for key, data in entities if self._storage.peek(data) < seal]

    def ease(self) -> None:
        """Call after a batch: writes ahead what changed longest ago and lets go of what was used longest ago.

        So an epoch's end finds little to write, and memory stays within its budget also in the middle of an epoch.
        """
        # Groups that settle after the same flush take turns: each may take as long as many batches. Counted across
        # flushes, or a group that gets few batches in an epoch would never come to it.
        self._waited = self._waited + 1 if self._store.settling_due else 0
        if self._waited > self._store.token.key_group // RETAINED % RETAINED:
            self._store.tidy()
        if len(self._changed) >= KEPT_BACK + AHEAD_AT_ONCE:
            self._write_ahead(list(islice(self._changed, len(self._changed) - KEPT_BACK)))
        if self._memory.held > self._memory.limit:
            self._cool()

    def flush(self) -> Token:
        """Make what changed since the last time one generation, on disk; return what names it."""
        changes = {_ENTITY + key: self._dumped(key) for key in (*self._changed, *self._again)}
        self._changed.clear()
        self._again.clear()
        changes |= self._agenda.flush()
        if changes or self._store.staged or self._store.token.generation:
            changes[_META] = META_CODEC.encode(self.meta)
        # What `ease` does before the next: the stream waits for this, and settling takes longer than all else.
        return self._store.commit(changes, tidy=False)

    def scan(self) -> Iterator[tuple[bytes, E]]:
        """All entities, as of the last flush."""
        for key, data in self._store.scan(_ENTITY):
            yield key[len(_ENTITY) :], self._storage.loaded(key[len(_ENTITY) :], data)

    def _dumped(self, key: bytes) -> bytes | None:
        """The stored form of a changed entity; None: it was forgotten, or holds nothing any more."""
        if key not in self._hot:
            return None
        data = self._storage.dump(self._hot[key])
        self._weigh(key, len(data or b""))
        return data

    def _note(self, key: bytes) -> None:
        if _ENTITY + key in self._store.staged:
            self._again[key] = None
        else:
            self._changed.pop(key, None)
            self._changed[key] = None

    def _write_ahead(self, keys: Sequence[bytes]) -> None:
        self._store.stage({_ENTITY + key: self._dumped(key) for key in keys})
        for key in keys:
            self._changed.pop(key, None)
            self._again.pop(key, None)

    def _weigh(self, key: bytes, stored: int) -> None:
        size = DECODED_BYTES + DECODED_FACTOR * stored
        more = size - self._sizes.get(key, 0)
        self._sizes[key] = size
        self._held += more
        self._memory.held += more

    def _drop(self, key: bytes) -> None:
        if self._hot.pop(key, None) is not None:
            del self._noted[key]
            size = self._sizes.pop(key)
            self._held -= size
            self._memory.held -= size

    def _cool(self) -> None:
        """Let go of the entities that were used longest ago, down to a bit less than this group's share."""
        room = self._memory.share
        if self._held <= room:
            return
        excess, going = self._held - room * 7 // 8, []
        for key in self._hot:
            if excess <= 0:
                break
            excess -= self._sizes[key]
            going.append(key)
        self._write_ahead([key for key in going if key in self._changed or key in self._again])
        for key in going:
            self._drop(key)
