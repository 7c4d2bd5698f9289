"""What the stateful steps send on: findings to correlation, alerts and lane records to sinks, counts to the summary."""

from __future__ import annotations

import msgspec

from activities.activity import Activity
from activities.batch import Packed
from stateful.finding import Alert, FindingRevision


class Late(msgspec.Struct, frozen=True, tag="late"):
    """An activity that came too late to be judged."""

    reason: str
    activity: Activity


class Suppressed(msgspec.Struct, frozen=True, tag="suppressed"):
    """A finding that was kept from the analyst, and by which rule."""

    rule: str
    finding: FindingRevision


class LateBatch(Packed, frozen=True):
    """Lane `late`."""

    records: list[Late]


class FindingBatch(Packed, frozen=True):
    """Findings of one profile key group, and the event time, ms, up to which that group is sealed."""

    group: int
    sealed: int
    revisions: list[FindingRevision]


class AlertBatch(Packed, frozen=True):
    """Revisions of alerts, in order."""

    alerts: tuple[Alert, ...]


class SuppressedBatch(Packed, frozen=True):
    """Lane `suppressed`."""

    records: list[Suppressed]


class Counts(Packed, frozen=True):
    """Running totals of one part of the job since its state began: the latest of a name counts."""

    name: str
    counts: dict[str, int]
