"""Watermarks: how far event time has come, per source partition and per key group.

A partition's watermark is the highest ingest time that it has seen less the allowed lateness; a key group's is the
least of its partitions'. What is older than it is sealed. The words are the Dataflow model's (Akidau et al., VLDB
2015), as Flink uses them.
"""

from __future__ import annotations

from collections.abc import Iterable

HOUR = 3_600_000
"""ms"""

BEFORE_TIME = -(2**62)
"""The watermark of a partition that has not been heard of."""

END_OF_TIME = 2**62
"""The watermark of a partition that has ended and whose activities are to be sealed."""


class GroupWatermark:
    """The watermark of one key group, from those of all partitions that may send to it."""

    __slots__ = ("_idle", "_partitions", "_value")

    def __init__(self, partitions: Iterable[str], known: dict[str, int] | None = None) -> None:
        known = known or {}
        self._partitions = {name: known.get(name, BEFORE_TIME) for name in partitions}
        self._idle: set[str] = set()
        self._value = BEFORE_TIME

    def advance(self, partition: str, watermark: int, *, idle: bool = False) -> None:
        """Note a partition's watermark; one never goes back. An idle one isn't waited for until it speaks again.

        Where all are idle, time is where the furthest of them is, as in Flink's `StatusWatermarkValve`: else it would
        depend on which of them fell silent last.

        Raises:
            KeyError: the partition isn't one of those given at the start.
        """
        self._partitions[partition] = max(self._partitions[partition], watermark)
        (self._idle.add if idle else self._idle.discard)(partition)
        waited_for = [mark for name, mark in self._partitions.items() if name not in self._idle]
        if not waited_for:
            waited_for = [max((mark for mark in self._partitions.values() if mark < END_OF_TIME), default=BEFORE_TIME)]
        self._value = max(self._value, min(waited_for))

    @property
    def value(self) -> int:
        """The least watermark of all partitions that are not idle, event time in ms; it never goes back."""
        return self._value

    @property
    def seal(self) -> int:
        """Up to where to seal: whole hours, so that a user's base is rewritten once an hour and not once a batch."""
        value = self.value
        return value if value == END_OF_TIME else value // HOUR * HOUR

    def stored(self) -> dict[str, int]:
        """What to keep: ended partitions are forgotten, since the next run may continue them."""
        return {name: mark for name, mark in self._partitions.items() if BEFORE_TIME < mark < END_OF_TIME}
