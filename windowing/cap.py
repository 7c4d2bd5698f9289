"""The cap: at most so many items of one hour are kept in detail, the same ones whatever order they come in.

Kept are those whose ids hash lowest. A flood then costs a bounded amount of memory and of work, and cannot choose what
is kept, since it would have to choose ids by a hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from heapq import heapify, heapreplace

from windowing.watermark import HOUR


class HourlyCap:
    """Chooses among the open items of one key."""

    __slots__ = ("_heaps", "_ids", "_limit", "dropped")

    def __init__(self, limit: int, held: Iterable[tuple[int, str]], dropped: dict[int, int]) -> None:
        """Take up what is held.

        Args:
            limit: items per hour.
            held: (event time in ms, id) of the open items.
            dropped: hour (event time / `HOUR`) -> how many of it are not held; kept up to date here.
        """
        self._limit = limit
        self._ids: dict[int, list[str]] = {}
        self._heaps: dict[int, list[tuple[int, str]]] = {}
        self.dropped = dropped
        for time, name in held:
            self._ids.setdefault(time // HOUR, []).append(name)

    def offer(self, time: int, name: str) -> str:
        """Whom a new item displaces: "" nobody, its own id if it isn't kept, else the id of one that was held."""
        hour = time // HOUR
        heap = self._heaps.get(hour)
        if heap is None:
            ids = self._ids.setdefault(hour, [])
            if len(ids) < self._limit:
                ids.append(name)
                return ""
            heap = self._heaps[hour] = [(-rank(held), held) for held in self._ids.pop(hour)]
            heapify(heap)
        self.dropped[hour] = self.dropped.get(hour, 0) + 1
        entry = (-rank(name), name)
        return heapreplace(heap, entry)[1] if entry > heap[0] else name

    def moved(self, name: str, old: int, new: int) -> None:
        """The item of this id was replaced by another of the same id, at `new` instead of `old` (event time, ms)."""
        before, after = old // HOUR, new // HOUR
        if before == after:
            return
        self._held(before).remove(name)
        self._held(after).append(name)

    def _held(self, hour: int) -> list[str]:
        heap = self._heaps.pop(hour, None)
        if heap is not None:
            self._ids[hour] = [name for _, name in heap]
        return self._ids.setdefault(hour, [])

    def settle(self, seal: int) -> None:
        """Forget hours before `seal` (event time, ms)."""
        for hours in (self._ids, self._heaps, self.dropped):
            for hour in [hour for hour in hours if hour * HOUR < seal]:
                del hours[hour]


def rank(name: str) -> int:
    """A stable 64-bit hash: BLAKE2b (RFC 7693)."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
