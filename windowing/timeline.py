"""The refold: one key's open activities, kept so that late ones land where they belong.

A `Timeline` holds, for one key (a user; a tenant in correlation),

- **base**: the fold's state after the last sealed item,
- **open log**: the items newer than the seal, sorted by (event time, id),
- **emitted**: what has been said about anchors that can still change,

and gives the same final result for every arrival order, because what it says is a function of the sorted log alone:

    arrival   a(10:00) c(12:00)            b(11:00), an hour late
    log       [a c]                        [a b c]
    folded    a, c                         back to the checkpoint before b, then b, c again
    said      F(c) create                  F(c) update or close if b changes what c means; F(b) create

In order, an item costs one `Fold.step`. A late one costs a restore of the nearest checkpoint and the steps behind it,
once for all late items gathered since the last `evaluate`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Literal, Protocol, TypeVar

import msgspec

from windowing.watermark import HOUR

EAGER = 1024
"""Items behind a late one that are folded again at once; more are gathered."""

CREDIT = 8
"""Items that may be folded again for each one that comes: late ones cost a bounded factor however many they are."""

FINAL = "final: nothing can arrive any more that changes it"

CHECKPOINT_EVERY = 32
"""Items between in-memory checkpoints: a late item refolds this many more than are behind it, at the worst."""

CHECKPOINT_AT_HOUR = 4
"""Items after which the turn of an hour makes a checkpoint, too: sealing goes by hours and finds its state ready."""


class Item(Protocol):
    """What a log holds: ordered by (time, id), unique by id."""

    @property
    def id(self) -> str:
        """Unique within the key."""

    @property
    def time(self) -> int:
        """Event time, ms."""

    @property
    def ingested(self) -> int:
        """Ingest time, ms; only worded in reasons, never part of a result."""


class Statement(Protocol):
    """What a fold says: comparable by value, named by `uid`, open to change until `closes` (event time, ms)."""

    @property
    def uid(self) -> str:
        """Names the statement across changes."""

    @property
    def closes(self) -> int:
        """Event time, ms, up to which items can change it."""


S = TypeVar("S")
I = TypeVar("I", bound=Item)  # noqa: E741
I_contra = TypeVar("I_contra", bound=Item, contravariant=True)
V = TypeVar("V", bound=Statement)


class Fold(Protocol[S, I_contra, V]):
    """How items become state and statements: a pure function of state and item, without clock or order of arrival."""

    def step(self, state: S, item: I_contra) -> Iterable[V]:
        """Take the next item in event-time order into `state` (in place); return what it makes one say."""

    def again(self, before: V, now: V) -> V:
        """A statement that was made before, as it is now."""

    def copy(self, state: S) -> S:
        """A copy: `step` on either leaves the other as it is."""

    def encode(self, state: S) -> bytes:
        """Serialise a state; equal states give equal bytes."""

    def decode(self, data: bytes) -> S:
        """Inverse of `encode`; empty bytes are the state before the first item."""


class Emitted(msgspec.Struct, Generic[V], frozen=True, array_like=True, gc=False):
    """The last word on a statement. One taken back stays until it can't come again, so that revisions only rise."""

    statement: V
    revision: int
    closed: bool = False


class Open(msgspec.Struct, Generic[I, V], array_like=True, gc=False):
    """What of a timeline is stored; everything else is derived from it."""

    base: bytes = b""
    sealed_time: int = -1
    sealed_id: str = ""
    log: list[I] = []
    settled: dict[str, V] = {}
    """Statements made by sealed items on anchors that are still open."""
    emitted: dict[str, Emitted[V]] = {}


@dataclass(frozen=True, slots=True)
class Revision(Generic[V]):
    """A statement that appeared, changed, was taken back, or can change no more (`final`)."""

    statement: V
    revision: int
    change: Literal["create", "update", "close"]
    final: bool = False
    because: str = ""
    raised: int = 0
    """Ingest time, ms, of the item that brought it about; 0 where none did."""


class Inserted(Enum):
    """What became of an item."""

    TAKEN = "taken"
    DUPLICATE = "duplicate"
    SEALED = "sealed"
    """Too far back: its place is already part of the base."""
    CAPPED = "capped"
    """Counted, but not kept in detail (windowing/cap.py)."""


@dataclass(slots=True)
class _Checkpoint(Generic[S, V]):
    index: int
    state: S | None
    """None: as `Open.base` has it."""
    stated: dict[str, V]
    stale: bool = False
    """The log before it changed since: it serves to judge late items roughly, until `_restore` drops it."""


class Timeline(Generic[S, I, V]):
    """One key's open items and what is said of them. Not thread-safe; owned by one key group."""

    __slots__ = (
        "_checkpoints",
        "_compare",
        "_credit",
        "_dirty",
        "_fold",
        "_folded",
        "_ids",
        "_judged_until",
        "_keys",
        "_late",
        "_live",
        "_newest",
        "_open",
        "_raised",
        "_stated",
        "_unjudged",
    )

    def __init__(self, fold: Fold[S, I, V], stored: Open[I, V], live: bytes = b"") -> None:
        """Go on from what was stored.

        Args:
            fold: what items become.
            stored: base, log, emitted.
            live: what `live` was for the same log, base and fold, where that is known: then nothing is folded again.
        """
        self._fold = fold
        self._open = stored
        """Its `base` is behind where the first checkpoint has a state: `open` sees to that."""
        self._keys = [(item.time, item.id) for item in stored.log]
        self._ids = {item.id: item for item in stored.log}
        self._folded = 0
        self._late: I | None = None
        self._checkpoints: list[_Checkpoint[S, V]] = [_Checkpoint(0, None, dict(stored.settled))]
        self._live = fold.decode(live or stored.base)
        self._stated: dict[str, V] = dict(stored.settled)
        # After a load, the log is folded again and compared as a whole: what is derived must agree with `emitted`.
        self._compare = bool(stored.log)
        if live:
            self._folded, self._compare = len(stored.log), False
            self._stated |= {uid: last.statement for uid, last in stored.emitted.items() if not last.closed}
            self._checkpoints.append(_Checkpoint(self._folded, fold.copy(self._live), dict(self._stated)))
        self._dirty: int | None = None
        """Index from which on the live state has not seen what it should."""
        self._unjudged: list[I] = []
        """Late items that nothing has been said of yet."""
        self._raised: dict[str, int] = {}
        """Of what items stated that are new in this `evaluate`: ingest time, ms, of the item that did it."""
        self._newest = self._judged_until = 0
        """Highest ingest time, ms, of all items, and of those that were there at the last `evaluate`."""
        self._credit = 0

    @property
    def open(self) -> Open[I, V]:
        """What is to be stored. Serialises the base, if it has changed: where that isn't needed, ask for less."""
        base = self._checkpoints[0]
        if base.state is not None:
            self._open.base, base.state = self._fold.encode(base.state), None
        return self._open

    @property
    def sealed_time(self) -> int:
        """Event time, ms, of the last item that is part of the base; -1 before the first."""
        return self._open.sealed_time

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Bytes of the base as it was serialised last, open items, statements on open anchors."""
        return len(self._open.base), len(self._open.log), len(self._open.emitted)

    @property
    def wake(self) -> int | None:
        """Event time, ms, of the first thing that sealing would change; None when nothing is open."""
        first = self._keys[0][0] if self._keys else None
        if not self._open.emitted:
            return first
        closes = min(emitted.statement.closes for emitted in self._open.emitted.values())
        return closes if first is None else min(closes, first)

    @property
    def state(self) -> S:
        """The live state: base and all open items. Call `evaluate` first; do not change it."""
        return self._live

    @property
    def live(self) -> bytes:
        """The live state, serialised; empty where items are still to be folded, or nothing is open."""
        settled = self._dirty is None and not self._compare and not self._unjudged
        return self._fold.encode(self._live) if settled and 0 < self._folded == len(self._open.log) else b""

    def insert(self, item: I, prefer: Callable[[I, I], bool]) -> Inserted:
        """Put an item at its place. `evaluate` says what that means.

        `prefer(new, old)` decides between two different items of one id, so that the one kept doesn't depend on which
        came first; it must be a strict total order of contents.
        """
        key = (item.time, item.id)
        old = self._ids.get(item.id)
        if old is not None:
            if prefer(item, old):
                self.remove(old)
                self._put(key, item)
            return Inserted.DUPLICATE
        if self.is_sealed(item):
            return Inserted.SEALED
        self._put(key, item)
        return Inserted.TAKEN

    def find(self, item_id: str) -> I | None:
        """The open item of an id."""
        return self._ids.get(item_id)

    def is_sealed(self, item: I) -> bool:
        """Whether the item's place is already part of the base."""
        return (item.time, item.id) <= (self._open.sealed_time, self._open.sealed_id)

    def remove(self, item: I) -> None:
        """Take an open item out again. `evaluate` says what that means."""
        index = bisect_left(self._keys, (item.time, item.id))
        del self._keys[index], self._open.log[index], self._ids[item.id]
        self._disturbed(index, item, -1)

    @property
    def behind(self) -> bool:
        """Whether late items are being gathered: what is said of the items behind them may still be as without them."""
        return self._dirty is not None

    def evaluate(self, *, now: bool = False) -> list[Revision[V]]:
        """Fold what has not been folded; return what appeared, changed or no longer holds.

        A late item is judged at its place at once. What it changes behind it is found when that is cheap (`EAGER`),
        when enough other items have come to pay for it (`CREDIT`), when it is about to be sealed, or `now`.
        """
        log = self._open.log
        self._raised.clear()
        self._credit = min(self._credit + CREDIT * (len(log) - self._folded), CREDIT * len(log))
        late, self._unjudged = self._unjudged, []
        if self._dirty is not None:
            behind = len(log) - self._dirty
            if now or behind <= max(EAGER, self._credit):
                self._credit = max(self._credit - behind, 0)
                self._restore()
                late = []
        said = self._advance()
        self._judged_until = self._newest
        if not self._compare:
            for item in late:
                said |= self._judge(item)
            return [revision for statement in said.values() if (revision := self._say(statement)) is not None]
        revisions = [revision for statement in self._stated.values() if (revision := self._say(statement)) is not None]
        emitted = self._open.emitted
        gone = [uid for uid, last in emitted.items() if not last.closed and uid not in self._stated]
        revisions += [self._take_back(uid) for uid in sorted(gone)]
        self._compare, self._late = False, None
        return revisions

    def seal(self, watermark: int) -> list[Revision[V]]:
        """Fold items older than `watermark` (event time, ms) into the base and make final what can change no more."""
        count = bisect_left(self._keys, (watermark, ""))
        revisions = self.evaluate(now=self._dirty is not None and self._dirty < count)
        if count:
            self._seal_head(count)
        final = sorted(uid for uid, emitted in self._open.emitted.items() if emitted.statement.closes < watermark)
        for uid in final:
            emitted = self._open.emitted.pop(uid)
            if not emitted.closed:
                revisions.append(Revision(emitted.statement, emitted.revision + 1, "update", final=True, because=FINAL))
            for stated in (self._open.settled, self._stated, *(point.stated for point in self._checkpoints)):
                stated.pop(uid, None)
        return revisions

    def _turns_hour(self, index: int) -> bool:
        return self._keys[index - 1][0] // HOUR != self._keys[index][0] // HOUR

    def _put(self, key: tuple[int, str], item: I) -> None:
        log, keys = self._open.log, self._keys
        self._ids[item.id] = item
        self._newest = max(self._newest, item.ingested)
        if not keys or key > keys[-1]:
            keys.append(key)
            log.append(item)
            return
        index = bisect_left(keys, key)
        keys.insert(index, key)
        log.insert(index, item)
        if index < self._folded:
            self._unjudged.append(item)
        self._disturbed(index, item, 1)

    def _disturbed(self, index: int, item: I, shift: int) -> None:
        """Note that the log changed at `index`, by one more or less, after the live state had been there."""
        if index >= self._folded:
            return
        self._folded += shift
        for point in reversed(self._checkpoints):
            if point.index <= index:
                break
            # Not told by the index alone: one right behind an item that was removed is then at its place.
            point.index, point.stale = point.index + shift, True
        self._dirty = index if self._dirty is None else min(self._dirty, index)
        if self._late is None or item.time < self._late.time:
            self._late = item

    def _restore(self) -> None:
        """Go back to the last checkpoint that has seen the log as it is."""
        while self._checkpoints[-1].stale:
            self._checkpoints.pop()
        point = self._checkpoints[-1]
        self._live = self._begun(point)
        self._stated = dict(point.stated)
        self._folded, self._dirty, self._compare = point.index, None, True

    def _state_of(self, point: _Checkpoint[S, V]) -> S:
        return self._fold.decode(self._open.base) if point.state is None else point.state

    def _begun(self, point: _Checkpoint[S, V]) -> S:
        """The state of a checkpoint, to be folded on."""
        return self._fold.decode(self._open.base) if point.state is None else self._fold.copy(point.state)

    def _advance(self) -> dict[str, V]:
        """Fold what is behind the live state; return what was said on the way."""
        log, stated, step = self._open.log, self._stated, self._fold.step
        said: dict[str, V] = {}
        for index in range(self._folded, len(log)):
            since = index - self._checkpoints[-1].index
            if since >= CHECKPOINT_EVERY or (since >= CHECKPOINT_AT_HOUR and self._turns_hour(index)):
                state = self._fold.copy(self._live)
                self._checkpoints.append(_Checkpoint(index, state, dict(stated), self.behind))
            for statement in step(self._live, log[index]):
                before = stated.get(statement.uid)
                if before is None:
                    if log[index].ingested > self._judged_until:
                        self._raised[statement.uid] = log[index].ingested
                else:
                    statement = self._fold.again(before, statement)  # noqa: PLW2901
                stated[statement.uid] = said[statement.uid] = statement
        self._folded = len(log)
        return said

    def _judge(self, item: I) -> dict[str, V]:
        """What a late item makes one say that wasn't said before, by the checkpoint before it."""
        if self._ids.get(item.id) is not item:
            return {}
        index = bisect_left(self._keys, (item.time, item.id))
        point = next(point for point in reversed(self._checkpoints) if point.index <= index)
        state = self._begun(point)
        for before in self._open.log[point.index : index]:
            for _ in self._fold.step(state, before):
                pass
        said = {statement.uid: statement for statement in self._fold.step(state, item)}
        new = {uid: statement for uid, statement in said.items() if uid not in self._stated}
        self._stated |= new
        self._raised.update(dict.fromkeys(new, item.ingested))
        return new

    def _seal_head(self, count: int) -> None:
        log = self._open.log
        if count == len(log):
            state, stated = self._fold.copy(self._live), dict(self._stated)
        else:
            point = next(point for point in reversed(self._checkpoints) if point.index <= count and not point.stale)
            # The checkpoint itself: nobody goes back to it any more.
            state, stated = self._state_of(point), point.stated
            for item in log[point.index : count]:
                for statement in self._fold.step(state, item):
                    before = stated.get(statement.uid)
                    stated[statement.uid] = statement if before is None else self._fold.again(before, statement)
        for item in log[:count]:
            del self._ids[item.id]
        self._open.sealed_time, self._open.sealed_id = self._keys[count - 1]
        self._open.settled, self._open.log = stated, log[count:]
        self._keys = self._keys[count:]
        self._folded -= count
        if self._dirty is not None:
            self._dirty -= count
        behind = [point for point in self._checkpoints if point.index > count]
        for point in behind:
            point.index -= count
        self._checkpoints = [_Checkpoint(0, state, dict(stated)), *behind]

    def _say(self, statement: V) -> Revision[V] | None:
        emitted = self._open.emitted.get(statement.uid)
        if emitted is not None and not emitted.closed and emitted.statement == statement:
            return None
        revision = emitted.revision + 1 if emitted else 1
        self._open.emitted[statement.uid] = Emitted(statement, revision)
        # An old item says it only now since a late one came before it; a new one would have said it by itself.
        raised = self._raised.get(statement.uid, 0) or (self._late.ingested if self._late else 0)
        if emitted is None or emitted.closed:
            return Revision(statement, revision, "create", raised=raised)
        return Revision(statement, revision, "update", because=self._why("evaluated again with"), raised=raised)

    def _take_back(self, uid: str) -> Revision[V]:
        emitted = self._open.emitted[uid]
        closed = Emitted(emitted.statement, emitted.revision + 1, closed=True)
        self._open.emitted[uid] = closed
        raised = self._late.ingested if self._late else 0
        return Revision(closed.statement, closed.revision, "close", because=self._why("explained by"), raised=raised)

    def _why(self, verb: str) -> str:
        if self._late is None:
            return ""
        lateness = max(self._late.ingested - self._late.time, 0)
        return f"{verb} activity {self._late.id}, which arrived {describe(lateness)} late"


def describe(duration: int) -> str:
    """A duration in ms as people say it: `45 s`, `12 min`, `5.3 h`."""
    seconds = duration / 1000
    if seconds < 90:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    if seconds < 5400:  # noqa: PLR2004
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
