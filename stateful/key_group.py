"""The state of one key group: its entities, hot ones decoded in memory, all of them in the key-group store.

An entity is whatever a step keeps per key: a user's timeline in `profile`, a thread of findings in `correlate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from threading import get_ident
from typing import Any, Generic, TypeVar
from weakref import ref

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

DECODED_BYTES, DECODED_FACTOR = 5600, 5
"""Memory that a decoded entity takes, about: so much, and so much for each byte of its stored form (measured)."""
GONE = 256
"""Entities of a key group that are remembered when they were let go after a single batch."""
NEW_BYTES = 512
"""Stored form of an entity that has none yet, about."""

SYNCS = 16
"""Stores that are synced at the same time: the disk has them wait for each other much less than one after another."""


class Memory:
    """The budget that all key groups of a process share."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        """Bytes that decoded entities may take, about."""
        self.held = 0
        self.groups = 0

    @classmethod
    def divided(cls, total: int) -> Memory:
        """A process's budget, in bytes: 5/16 for decoded entities, 1/4 for the stores' caches and buffers.

        The rest is for what can't be chosen: some half a megabyte for each open store, the keys changed lately.
        """
        rocks.limit_memory(total // 4)
        return cls(total * 5 // 16)

    @property
    def short(self) -> bool:
        """Whether there is not enough for all that come: only those that come again soon are to stay."""
        return self.held > self.limit * 3 // 4

    @property
    def share(self) -> int:
        """What a key group may keep when there is too little for all, bytes."""
        return self.limit // max(self.groups, 1)


def _weight(_: object, stored: int) -> int:
    return DECODED_BYTES + DECODED_FACTOR * stored


class Together:
    """The key groups of one step: those of a worker are written together, so that their syncs overlap, and cooled so.

    Bytewax asks one after the other for their snapshots. At the first, all that changed are written, each a generation
    of its own; the others then find it done.
    """

    def __init__(self) -> None:
        self._groups: dict[int, list[ref[KeyGroupState[Any]]]] = {}
        """By thread. Not `threading.local`: Bytewax's threads aren't Python's, and lose what is in one at each call."""

    def join(self, state: KeyGroupState[Any]) -> None:
        """Take part, with the groups of the same thread."""
        self._groups.setdefault(get_ident(), []).append(ref(state))

    def flush(self, state: KeyGroupState[Any]) -> None:
        """Write a group and the others of its thread that have changed. On return it is on disk.

        Raises:
            StateError: One could not be written.
        """
        syncs = [_syncing().submit(group.store.sync) for group in (state, *self._mine()) if group.write()]
        for sync in syncs:
            sync.result()

    def cool(self, state: KeyGroupState[Any], memory: Memory) -> None:
        """Keep to the budget: a group lets go first, then those of its thread that took more when there was enough."""
        for group in (state, *self._mine()):
            if memory.held <= memory.limit:
                break
            group.cool()

    def _mine(self) -> Iterator[KeyGroupState[Any]]:
        # One whose store was closed may be around for a while: a flow that ended, and began anew in this process.
        groups = (group() for group in self._groups.get(get_ident(), ()))
        return (group for group in groups if group is not None and not group.store.closed)


@cache
def _syncing() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(SYNCS, thread_name_prefix="sync")


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
    weight: Callable[[E, int], int] = _weight
    """Bytes of memory that an entity takes, about, given those of its stored form as it was last."""
    dump_leaving: Callable[[E], bytes | None] | None = None
    """As `dump`, of one that is likely to leave memory: with what makes it cheap to load again."""
    together: Together = field(default_factory=Together)

    def loaded(self, key: bytes, data: bytes | None) -> E:
        """The entity of a key."""
        return self.load(data) if self.load_of is None else self.load_of(key, data)


class _Hot(Generic[E]):
    """An entity in memory."""

    __slots__ = ("entity", "noted", "stored", "weight")

    def __init__(self, entity: E, stored: int, noted: int) -> None:
        self.entity = entity
        self.stored = stored
        """Bytes of its stored form, as it was last."""
        self.noted = noted
        """An hour at or after the one that it has a note for."""
        self.weight = 0


class KeyGroupState(Generic[E]):
    """Entities by key, loaded on first touch, written ahead by `ease` and made one generation by `flush`."""

    def __init__(self, storage: Storage[E], store: KeyGroupStore) -> None:
        self.store = store
        self._storage, self._memory = storage, storage.memory
        self._memory.groups += 1
        self._held = 0
        """Bytes of memory of the hot ones, about."""
        self._hot: dict[bytes, _Hot[E]] = {}
        """In the order of last use."""
        self._once: dict[bytes, None] = {}
        """Hot ones that were loaded for this batch, and are let go after it unless there is memory for all."""
        self._gone: dict[bytes, None] = {}
        """The last ones that were let go so: those of them that come again soon are to stay."""
        self._changed: dict[bytes, None] = {}
        """To be written, in the order of last change: hot ones, and those that were forgotten."""
        self._again: dict[bytes, None] = {}
        """To be written, as `_changed`, but written ahead already: busy ones, which is not done twice."""
        self._waited = 0
        """Calls of `ease` for which settling has been due."""
        self._touched = False
        """Whether anything can have changed since the last generation."""
        self._agenda = Agenda(store)
        self._due: set[bytes] = set()
        """Whose notes were taken and not made anew yet."""
        data = store.get_first(_META)
        self.meta = META_CODEC.decode(data) if data else Meta()
        """Changes to it are written with the next flush, if `ease` is called after."""
        storage.together.join(self)

    def fetch(self, keys: Iterable[bytes]) -> None:
        """Load the entities of keys, all at once: what `entity` does one by one."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._hot]
        # One that was forgotten a moment ago is still in the store.
        stored = [key for key in missing if key not in self._changed and key not in self._again]
        found = dict(zip(stored, self.store.get_many([_ENTITY + key for key in stored]), strict=True))
        for key in missing:
            data = found.get(key)
            entity = self._storage.loaded(key, data)
            noted = NEVER if data is None else self._storage.wake(entity) // HOUR
            hot = self._hot[key] = _Hot(entity, NEW_BYTES if data is None else len(data), noted)
            self._weigh(hot)
            if self._memory.short and key not in self._gone:
                self._once[key] = None

    def entity(self, key: bytes) -> E:
        """The entity of a key, which is going to be changed: call `changed` after, and before `ease`."""
        hot = self._hot.pop(key, None)
        if hot is None:
            self.fetch((key,))
            return self._hot[key].entity
        self._hot[key] = hot
        return hot.entity

    def changed(self, key: bytes) -> None:
        """Note that an entity was changed, and when it next needs sealing."""
        self._note(key)
        hot = self._hot[key]
        self._weigh(hot)
        hour = self._storage.wake(hot.entity) // HOUR
        if key in self._due:
            self._due.discard(key)
            hot.noted = NEVER
        if hour < hot.noted:
            hot.noted = hour
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
        entities = self.store.scan(_ENTITY)
        return [key[len(_ENTITY) :] for key, data in entities if self._storage.peek(data) < seal]

    def ease(self) -> None:
        """Call after a batch: writes ahead what changed longest ago and lets go of what was used longest ago.

        So an epoch's end finds little to write, and memory stays within its budget also in the middle of an epoch.
        """
        self._touched = True
        # Groups that settle after the same flush take turns: each may take as long as many batches. Counted across
        # flushes, or a group that gets few batches in an epoch would never come to it.
        self._waited = self._waited + 1 if self.store.settling_due else 0
        if self._waited > self.store.token.key_group // RETAINED % RETAINED:
            self.store.tidy()
        if self._once:
            # Those that were only looked at may be in somebody's hand still, to be changed.
            going = [key for key in self._once if key in self._changed or key in self._again]
            self._let_go(going)
            self._once.clear()
            self._gone |= dict.fromkeys(going)
            for key in list(islice(self._gone, max(len(self._gone) - GONE, 0))):
                del self._gone[key]
        if len(self._changed) >= KEPT_BACK + AHEAD_AT_ONCE:
            self._write_ahead(list(islice(self._changed, len(self._changed) - KEPT_BACK)))
        if self._memory.held > self._memory.limit:
            self._storage.together.cool(self, self._memory)

    def cool(self) -> None:
        """Let go of the entities that were used longest ago, down to a bit less than this group's share."""
        room = self._memory.share
        if self._held <= room:
            return
        excess, going = self._held - room * 7 // 8, []
        for key, hot in self._hot.items():
            if excess <= 0:
                break
            excess -= hot.weight
            going.append(key)
        self._let_go(going)

    def flush(self) -> Token:
        """Make what changed since the last time one generation, on disk; return what names it.

        The other groups of the step are written, too: see `Together`.

        Raises:
            StateError: It could not be written.
        """
        if self._touched:
            self._storage.together.flush(self)
        return self.store.token

    def write(self) -> bool:
        """Make what changed a generation, which counts once the store is synced; return whether there was any.

        Raises:
            StateError: It could not be written.
        """
        if not self._touched:
            return False
        changes = {_ENTITY + key: self._dumped(key) for key in (*self._changed, *self._again)}
        self._changed.clear()
        self._again.clear()
        changes |= self._agenda.flush()
        if changes or self.store.staged or self.store.token.generation:
            changes[_META] = META_CODEC.encode(self.meta)
        before = self.store.token
        # What `ease` does before the next: the stream waits for this, and settling takes longer than all else.
        self._touched, written = False, self.store.commit(changes, tidy=False, sync=False)
        return written != before

    def scan(self) -> Iterator[tuple[bytes, E]]:
        """All entities, as of the last flush."""
        for key, data in self.store.scan(_ENTITY):
            yield key[len(_ENTITY) :], self._storage.loaded(key[len(_ENTITY) :], data)

    def _dumped(self, key: bytes, *, leaving: bool = False) -> bytes | None:
        """The stored form of a changed entity; None: it was forgotten, or holds nothing any more."""
        hot = self._hot.get(key)
        if hot is None:
            return None
        dump = self._storage.dump_leaving if leaving else None
        data = (dump or self._storage.dump)(hot.entity)
        hot.stored = len(data or b"")
        return data

    def _note(self, key: bytes) -> None:
        self._touched = True
        if _ENTITY + key in self.store.staged:
            self._again[key] = None
        else:
            self._changed.pop(key, None)
            self._changed[key] = None

    def _write_ahead(self, keys: Sequence[bytes]) -> None:
        leaving = self._memory.short
        self.store.stage({_ENTITY + key: self._dumped(key, leaving=leaving) for key in keys})
        for key in keys:
            self._changed.pop(key, None)
            self._again.pop(key, None)

    def _weigh(self, hot: _Hot[E]) -> None:
        weight = self._storage.weight(hot.entity, hot.stored)
        more = weight - hot.weight
        hot.weight = weight
        self._held += more
        self._memory.held += more

    def _drop(self, key: bytes) -> None:
        hot = self._hot.pop(key, None)
        if hot is not None:
            self._held -= hot.weight
            self._memory.held -= hot.weight

    def _let_go(self, keys: Sequence[bytes]) -> None:
        self._write_ahead([key for key in keys if key in self._changed or key in self._again])
        for key in keys:
            self._drop(key)
