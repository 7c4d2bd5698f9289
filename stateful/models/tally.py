"""How much in a window."""

from __future__ import annotations

from typing import ClassVar, Self

import msgspec
from scipy.special import betainc

from stateful.finding import Evidence
from stateful.models.limits import DAY, EVIDENCE_KEPT, OBJECTS_KEPT
from stateful.models.volume import Volume


class Bucket(msgspec.Struct, array_like=True, gc=False):
    """A sixth of a window."""

    start: int
    """ms"""
    count: int = 0
    bytes: int = 0
    objects: list[int] = []
    """Stable 32-bit hashes of the distinct objects, bounded."""


class Tally(msgspec.Struct, array_like=True, gc=False):
    """How much in the last window of event time, and how much is usual in windows with any.

    The last window slides by sixths, so that what straddles a full hour isn't halved. The usual is learnt from whole
    windows as an over-dispersed count: a negative binomial by moments, shrunk to a prior of `PRIOR_WINDOWS` windows of
    `PRIOR_MEAN`, since a user's first windows say little. A window is learnt when the one after it has ended, or begins
    after days: what is going on must not become its own yardstick, but last week's clean-up is over.
    """

    buckets: list[Bucket] = []
    evidence: list[Evidence] = []
    window: int = -1
    """Start of the whole window that the last activity fell into, ms; -1 before the first."""
    count: int = 0
    """Of the whole window."""
    before: int = 0
    """Count of the window with any before it, not learnt yet."""
    windows: int = 0
    mean: float = 0.0
    square: float = 0.0
    """Sum of squared deviations from the mean (Welford, Technometrics 1962)."""
    most: int = 0
    """Highest count of a learnt window."""
    volume: Volume = msgspec.field(default_factory=Volume)
    """Of bytes in windows with any."""
    variety: Volume = msgspec.field(default_factory=Volume)
    """Of distinct objects."""
    bytes_before: int = 0
    objects_before: int = 0
    """Of the same window as `before`."""

    PRIOR_MEAN = 8.0
    PRIOR_WINDOWS = 4.0
    BUCKETS = 6
    OVER: ClassVar[int] = 3 * DAY
    """ms after which a window is over, whatever comes next."""
    TYPICAL_BYTES: ClassVar[float] = 4e6
    BOUND: ClassVar[int] = (BUCKETS + 1) * (5 * OBJECTS_KEPT + 30) + 2 * Volume.BOUND + EVIDENCE_KEPT * 8192 + 160
    """Bytes of its encoding at most, with pieces of evidence of at most 8 KiB."""

    def copy(self) -> Self:
        """A copy that counts by itself."""
        # Of the buckets, only the last one is still counted into.
        buckets = self.buckets.copy()
        if buckets:
            buckets[-1] = msgspec.structs.replace(buckets[-1], objects=buckets[-1].objects.copy())
        return msgspec.structs.replace(self, buckets=buckets)

    def add(self, evidence: Evidence, length: int, bytes_: int, object_hash: int) -> None:
        """Count one activity; `length` of the window in ms."""
        time = evidence.time
        window, sixth = time // length * length, length // self.BUCKETS
        if window != self.window:
            self._learn()
            self.bytes_before, self.objects_before = self._whole(self.window)
            self.before, self.count = self.count, 0
            if window - self.window > self.OVER:
                self._learn()
                self.before = 0
            self.window = window
        self.count += 1
        start = time // sixth * sixth
        if not self.buckets or self.buckets[-1].start != start:
            self.buckets = [bucket for bucket in self.buckets if bucket.start > start - length]
            self.evidence = [known for known in self.evidence if known.time > start - length]
            self.buckets.append(Bucket(start))
        bucket = self.buckets[-1]
        bucket.count += 1
        bucket.bytes += bytes_
        if len(bucket.objects) < OBJECTS_KEPT and object_hash not in bucket.objects:
            bucket.objects.append(object_hash)
        if len(self.evidence) < EVIDENCE_KEPT:
            self.evidence = [*self.evidence, evidence]

    def last(self) -> int:
        """Count of the sliding window."""
        return sum([bucket.count for bucket in self.buckets])

    def last_bytes(self) -> int:
        """Bytes of the sliding window."""
        return sum([bucket.bytes for bucket in self.buckets])

    def last_objects(self) -> int:
        """Distinct objects of the sliding window."""
        return len({entry for bucket in self.buckets for entry in bucket.objects})

    def objects_of_last(self, since: int) -> set[int]:
        """Hashes of the distinct objects of the sliding window, of buckets that began at `since` (ms) or later."""
        return {entry for bucket in self.buckets if bucket.start >= since for entry in bucket.objects}

    def usual(self, prior_mean: float = PRIOR_MEAN) -> float:
        """The usual count of a window with any, shrunk to a prior mean."""
        return (self.mean * self.windows + prior_mean * self.PRIOR_WINDOWS) / (self.windows + self.PRIOR_WINDOWS)

    def tail(self, count: int, prior_mean: float = PRIOR_MEAN) -> float:
        """P(a window's count >= `count`) under the baseline; the prior's variance is its mean and its mean's square."""
        mean = self.usual(prior_mean)
        prior = self.PRIOR_WINDOWS * (prior_mean + prior_mean**2)
        variance = max((self.square + prior) / (self.windows + self.PRIOR_WINDOWS), mean * 1.05)
        size = mean * mean / (variance - mean)
        return float(betainc(count, size, 1.0 - mean / variance)) if count else 1.0

    def tail_bytes(self, quantity: int) -> float:
        """P(a window's bytes >= `quantity`) under the baseline of windows with any."""
        return self.volume.score(quantity, self.TYPICAL_BYTES)

    def share(self, windows: float) -> float:
        """P(a window has any), of so many that there were: with Laplace's rule of succession."""
        return min((self.volume.windows + 1.0) / (windows + 2.0), 1.0)

    def tail_objects(self, number: int) -> float:
        """P(a window's distinct objects >= `number`), likewise; counted up to a few thousand."""
        return self.variety.score(number, self.PRIOR_MEAN)

    def _whole(self, window: int) -> tuple[int, int]:
        """Bytes and distinct objects of the window that began then, while its buckets are here."""
        whole = [bucket for bucket in self.buckets if bucket.start >= window]
        return sum(bucket.bytes for bucket in whole), len({entry for bucket in whole for entry in bucket.objects})

    def _learn(self) -> None:
        """Take the window before into the baseline, at most as twice the highest (or four times the prior)."""
        if not self.before:
            return
        count = min(self.before, 2 * max(self.most, int(self.PRIOR_MEAN) * 4))
        self.windows += 1
        delta = count - self.mean
        self.mean += delta / self.windows
        self.square += delta * (count - self.mean)
        self.most = max(self.most, count)
        self.volume, self.variety = msgspec.structs.replace(self.volume), msgspec.structs.replace(self.variety)
        self.volume.learn(self.bytes_before)
        self.variety.learn(self.objects_before)
