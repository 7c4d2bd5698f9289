"""When the entities of a key group need sealing: notes by hour, in the store, so that none of it has to be in memory.

    w + scope + hour + generation    keys noted in that generation to be looked at when that hour is sealed

An entity that sealing would change at some event time has a note for that time's hour, or for an earlier one: a note
that comes too early is looked at and made anew. `scope` parts notes that are sealed each at their own time.
"""

from __future__ import annotations

import msgspec

from recovery.codec import Codec
from recovery.store import KeyGroupStore
from windowing.watermark import HOUR

AGENDA = b"w"
"""How the keys of notes begin."""
AGENDA_VERSION = 1
NEVER = 2**62 // HOUR
"""An hour that is never sealed."""
_NUMBER = 8


class Notes(msgspec.Struct, array_like=True):
    """Keys to be looked at."""

    keys: list[bytes]


NOTES_CODEC: Codec[Notes] = Codec(Notes, AGENDA_VERSION)


class Agenda:
    """The notes of one key group: those in its store, and those made since the last `flush`."""

    def __init__(self, store: KeyGroupStore) -> None:
        self._store = store
        self._new: dict[tuple[bytes, int], dict[bytes, None]] = {}
        self._taken: dict[bytes, None] = {}
        """Rows that the next flush deletes."""
        self._least: dict[bytes, int] = {}
        """Scope -> an hour before which there is no note; a scope that isn't here was not looked up yet."""

    def note(self, scope: bytes, hour: int, key: bytes) -> None:
        """Have `take` return a key once `hour` (hours since 1970, event time) is sealed."""
        self._new.setdefault((scope, hour), {})[key] = None
        if hour < self._least.get(scope, 0):
            self._least[scope] = hour

    def take(self, scope: bytes, seal: int) -> list[bytes]:
        """The keys noted for hours that begin before `seal` (event time, ms), in order. They are notes no more."""
        if self._least.get(scope, 0) * HOUR >= seal:
            return []
        keys: dict[bytes, None] = {}
        least = NEVER
        for row, data in self._store.scan(AGENDA + scope):
            hour = hour_of(row, scope)
            if hour * HOUR >= seal:
                least = hour
                break
            if row not in self._taken:
                self._taken[row] = None
                keys.update(dict.fromkeys(NOTES_CODEC.decode(data).keys))
        for of, hour in list(self._new):
            if of == scope:
                if hour * HOUR < seal:
                    keys.update(self._new.pop((of, hour)))
                else:
                    least = min(least, hour)
        self._least[scope] = least
        return sorted(keys)

    def flush(self) -> dict[bytes, bytes | None]:
        """What to write, in the next generation."""
        changes: dict[bytes, bytes | None] = dict.fromkeys(self._taken)
        generation = self._store.token.generation + 1
        for (scope, hour), keys in self._new.items():
            changes[row_of(scope, hour, generation)] = NOTES_CODEC.encode(Notes(list(keys)))
        self._new, self._taken = {}, {}
        return changes


def row_of(scope: bytes, hour: int, generation: int) -> bytes:
    """The key of the notes for an hour that were made in a generation."""
    return AGENDA + scope + hour.to_bytes(_NUMBER, "big") + generation.to_bytes(_NUMBER, "big")


def hour_of(row: bytes, scope: bytes) -> int:
    """The hour in a row's key."""
    begin = len(AGENDA) + len(scope)
    return int.from_bytes(row[begin : begin + _NUMBER], "big")
