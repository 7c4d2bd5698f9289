"""Alignment in backfill: a partition far ahead of the slowest one waits, so that little is held open in between.

As Flink aligns watermarks of sources. It reaches as far as one process does: partitions read by other processes aren't
known here, and merely hold the watermark back (docs/time.md).
"""

from __future__ import annotations

from windowing.watermark import BEFORE_TIME, END_OF_TIME


class Alignment:
    """Where the partitions of one process are. A partition takes part from its first report to its end."""

    def __init__(self, tolerance: int) -> None:
        """`tolerance` in ms of ingest time; 0 turns alignment off."""
        self._tolerance = tolerance
        self._times: dict[str, int] = {}

    def report(self, partition: str, time: int) -> None:
        """Note how far a partition has come (ingest time, ms; `BEFORE_TIME` at its start)."""
        self._times[partition] = time

    def end(self, partition: str) -> None:
        """Nobody waits for it any more."""
        self._times[partition] = END_OF_TIME

    def must_wait(self, partition: str) -> bool:
        """Whether it is more than the tolerance ahead of the slowest."""
        time = self._times.get(partition, BEFORE_TIME)
        return bool(self._tolerance) and time - self._tolerance > min(self._times.values(), default=time)
