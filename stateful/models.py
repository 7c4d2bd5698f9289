"""Models: what is remembered of a user, each of bounded size, with `learn` and a score, without clock, I/O or chance.

Scores are tail probabilities under the user's own baseline (small is surprising), from scipy.special.
All are persisted inside the profile: new fields go to the end, with a default.
"""

from __future__ import annotations

import msgspec
from scipy.special import betainc

from stateful.finding import Evidence

DAY = 86_400_000
"""ms"""

VALUES_KEPT = 256
VALUE_LENGTH = 128
"""Characters of a value that are remembered."""
EVIDENCE_KEPT = 12
OBJECTS_KEPT = 512


class Seen(msgspec.Struct, array_like=True, gc=False):
    """One remembered value: how often, first and last event time in ms."""

    count: int
    first: int
    last: int


class Values(msgspec.Struct, array_like=True, gc=False):
    """Categorical memory: which values a user has shown, e.g. countries or operations.

    Keeps the `VALUES_KEPT` most recently seen; `total` and `single` count what has been learnt in all.
    """

    seen: dict[str, Seen] = {}
    total: int = 0
    single: int = 0
    """Values seen exactly once."""

    def get(self, value: str) -> Seen | None:
        """What is remembered of a value."""
        return self.seen.get(value[:VALUE_LENGTH])

    def learn(self, value: str, time: int) -> None:
        """Remember that `value` was shown at `time` (event time, ms)."""
        value = value[:VALUE_LENGTH]
        known = self.seen.get(value)
        self.total += 1
        if known is not None:
            if known.count == 1:
                self.single -= 1
            known.count += 1
            known.last = time
            return
        if len(self.seen) >= VALUES_KEPT:
            self._forget()
        self.seen[value] = Seen(1, time, time)
        self.single += 1

    def chance_of_new(self) -> float:
        """Probability that the next value is a new one: Good-Turing (Good, Biometrika 1953), N1/N, smoothed."""
        return (self.single + 0.5) / (self.total + 1.0)

    def _forget(self) -> None:
        """Drop the eighth that was seen longest ago; in bulk, so that a flood of values stays cheap."""
        oldest = sorted(self.seen.items(), key=lambda item: (item[1].last, item[0]))[: VALUES_KEPT // 8]
        for value, _ in oldest:
            del self.seen[value]
        self.single = sum(entry.count == 1 for entry in self.seen.values())


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
    `PRIOR_MEAN`, since a user's first windows say little. A window is learnt when the one after it has ended: what is
    going on must not become its own yardstick.
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

    PRIOR_MEAN = 8.0
    PRIOR_WINDOWS = 4.0
    BUCKETS = 6

    def add(self, evidence: Evidence, length: int, bytes_: int, object_hash: int) -> None:
        """Count one activity; `length` of the window in ms."""
        time = evidence.time
        start = time // (length // self.BUCKETS) * (length // self.BUCKETS)
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
            self.evidence.append(evidence)
        window = time // length * length
        if window != self.window:
            self._learn(self.before)
            self.window, self.before, self.count = window, self.count, 0
        self.count += 1

    def last(self) -> int:
        """Count of the sliding window."""
        return sum(bucket.count for bucket in self.buckets)

    def last_bytes(self) -> int:
        """Bytes of the sliding window."""
        return sum(bucket.bytes for bucket in self.buckets)

    def last_objects(self) -> int:
        """Distinct objects of the sliding window."""
        return len({entry for bucket in self.buckets for entry in bucket.objects})

    def usual(self) -> float:
        """The usual count of a window with any, shrunk to the prior."""
        return (self.mean * self.windows + self.PRIOR_MEAN * self.PRIOR_WINDOWS) / (self.windows + self.PRIOR_WINDOWS)

    def tail(self, count: int) -> float:
        """P(a window's count >= `count`) under the baseline; the prior's variance is its mean and its mean's square."""
        mean = self.usual()
        prior = self.PRIOR_WINDOWS * (self.PRIOR_MEAN + self.PRIOR_MEAN**2)
        variance = max((self.square + prior) / (self.windows + self.PRIOR_WINDOWS), mean * 1.05)
        size = mean * mean / (variance - mean)
        return float(betainc(count, size, 1.0 - mean / variance)) if count else 1.0

    def _learn(self, count: int) -> None:
        """Take a window's count into the baseline, at most as twice the highest before it (or four times the prior)."""
        if count:
            count = min(count, 2 * max(self.most, int(self.PRIOR_MEAN) * 4))
            self.windows += 1
            delta = count - self.mean
            self.mean += delta / self.windows
            self.square += delta * (count - self.mean)
            self.most = max(self.most, count)


class Burst(msgspec.Struct, array_like=True, gc=False):
    """A run of like activities without a gap longer than the feature's: session windows of event time."""

    first: str = ""
    """Id of the activity that began it: a stable anchor."""
    start: int = -1
    last: int = -1
    """Event time of the last one counted, ms."""
    count: int = 0
    among: int = 0
    """All activities of the user from the first to the last counted, the counted ones among them."""
    since_last: int = 0
    """All activities of the user after the last counted one."""
    evidence: list[Evidence] = []
    marks: list[str] = []
    """Distinct texts of the counted ones (addresses, operations), bounded."""

    def running(self, time: int, gap: int) -> bool:
        """Whether an activity at `time` still belongs to it."""
        return self.count > 0 and time - self.last <= gap

    def add(self, evidence: Evidence, mark: str, gap: int) -> None:
        """Count one; one after a gap begins a new burst."""
        if not self.running(evidence.time, gap):
            self.clear()
            self.first, self.start = evidence.id, evidence.time
        self.last = evidence.time
        self.count += 1
        self.among += self.since_last + 1
        self.since_last = 0
        if len(self.evidence) < EVIDENCE_KEPT:
            self.evidence.append(evidence)
        if mark not in self.marks and len(self.marks) < EVIDENCE_KEPT * 2:
            self.marks.append(mark)

    def clear(self) -> None:
        """Forget the burst."""
        self.first, self.start, self.last = "", -1, -1
        self.count = self.among = self.since_last = 0
        self.evidence, self.marks = [], []

    def tail(self, chance: float) -> float:
        """P(at least `count` of `among` activities are such) if each is with probability `chance`: binomial tail."""
        return float(betainc(self.count, self.among - self.count + 1, chance)) if self.count else 1.0
