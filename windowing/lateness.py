"""Judging a record's time: on time, too late, from the future, or forged.

Judged per source partition in the order of its log, and from nothing else, so that a replay at any speed, in any batch
size and beside any other partition gives the same answer. Times are ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import msgspec

from windowing.watermark import BEFORE_TIME, HOUR


@dataclass(frozen=True, slots=True)
class Limits:
    """Settings of event time, ms."""

    allowed_lateness: int = 24 * HOUR
    """Ingest time less event time above it is too late."""
    future_tolerance: int = 5 * 60_000
    """Event time less ingest time above it is a forged or broken date."""


LOOK_AHEAD = 8
"""Records that must follow before a leap in time is believed (fewer where the log ends)."""


class Timing(Enum):
    """The verdict on one record."""

    ON_TIME = "on time"
    TOO_LATE = "too late"
    FROM_THE_FUTURE = "from the future"
    UNCONFIRMED_LEAP = "unconfirmed leap"
    """Far ahead of the log, and what follows in the log isn't."""


class PartitionClock(msgspec.Struct):
    """The time of one source partition. Persisted with its position."""

    high: int = BEFORE_TIME
    """Highest believed ingest time."""
    floor: int = BEFORE_TIME
    """Event time up to which the end of an earlier run sealed what this partition had."""

    def watermark(self, limits: Limits) -> int:
        """Event time up to which nothing of this partition is still awaited."""
        return max(self.floor, self.high - limits.allowed_lateness) if self.high > BEFORE_TIME else BEFORE_TIME

    def leaps(self, event: int, ingested: int, limits: Limits) -> bool:
        """Whether a record is so far ahead of the log that it needs confirmation by those behind it."""
        return (ingested or event) > self.high + limits.allowed_lateness

    def judge(self, event: int, ingested: int, following: Sequence[int], limits: Limits) -> Timing:
        """Judge the next record of the log and move the clock by it.

        Args:
            event: event time.
            ingested: ingest time, or 0 where the log has none: then the running maximum of event time stands in.
            following: for each of the next records (up to `LOOK_AHEAD`), its ingest time or, without one, event time.
            limits: settings.
        """
        now = ingested or event
        leap = self.leaps(event, ingested, limits)
        if leap and following:
            near = sum(time >= now - limits.allowed_lateness for time in following)
            if near * 2 < len(following):
                return Timing.UNCONFIRMED_LEAP
        if ingested and event - ingested > limits.future_tolerance:
            return Timing.FROM_THE_FUTURE
        if not leap or following or self.high == BEFORE_TIME:
            # A leap at the very end of the log is taken but does not move time: nothing has confirmed it yet.
            self.high = max(self.high, now)
        lateness = (ingested or max(self.high, event)) - event
        if lateness > limits.allowed_lateness or event < self.watermark(limits):
            return Timing.TOO_LATE
        return Timing.ON_TIME

    def close(self, newest: int) -> None:
        """The partition ended and all its activities, of event times up to `newest`, are sealed."""
        self.floor = max(self.floor, newest + 1)
