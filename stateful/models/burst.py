"""Runs of like activities."""

from __future__ import annotations

from typing import ClassVar, Self

import msgspec
from scipy.special import betainc

from stateful.finding import Evidence
from stateful.models.limits import EVIDENCE_KEPT


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
    most: int = 0
    """About the highest count of the runs that are over, with forgetting: runs may be this user's manner."""

    BOUND: ClassVar[int] = EVIDENCE_KEPT * 8192 + 2 * EVIDENCE_KEPT * 4096 + 265
    """Bytes of its encoding at most, with pieces of evidence of at most 8 KiB and marks of 4 KiB."""

    def copy(self) -> Self:
        """A copy that counts by itself."""
        return msgspec.structs.replace(self)

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
            self.evidence = [*self.evidence, evidence]
        if mark not in self.marks and len(self.marks) < EVIDENCE_KEPT * 2:
            self.marks = [*self.marks, mark]

    def clear(self) -> None:
        """End the run."""
        self.most = self.count if self.count > self.most else (7 * self.most + self.count) // 8
        self.first, self.start, self.last = "", -1, -1
        self.count = self.among = self.since_last = 0
        self.evidence, self.marks = [], []

    def tail(self, chance: float) -> float:
        """P(at least `count` of `among` activities are such) if each is with probability `chance`: binomial tail."""
        return float(betainc(self.count, self.among - self.count + 1, chance)) if self.count else 1.0
