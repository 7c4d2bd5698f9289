"""What the stateful steps send on: findings to correlation, alerts and lane records to sinks, counts to the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from activities.activity import Activity
from activities.batch import Packed
from stateful.finding import Alert, FindingRevision, InsightRevision


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
    """Findings and insights of one profile key group, and the event time, ms, up to which that group is sealed."""

    group: int
    sealed: int
    revisions: list[FindingRevision]
    insights: list[InsightRevision] = []
    towards: tuple[int, ...] = ()
    """Key groups of tenants that are to hear of `sealed` even though there may be nothing else for them."""
    to: int = -1
    """The key group of tenants that a part is for."""

    def parted(self, group_of: Callable[[str], int]) -> Iterator[tuple[int, FindingBatch]]:
        """What goes to each key group of tenants; `group_of` gives a tenant's."""
        parts = {group: self._part(group) for group in self.towards}
        for revision in self.revisions:
            group = group_of(revision.finding.tenant)
            parts.setdefault(group, self._part(group)).revisions.append(revision)
        for insight in self.insights:
            group = group_of(insight.tenant)
            parts.setdefault(group, self._part(group)).insights.append(insight)
        return iter(parts.items())

    def _part(self, to: int) -> FindingBatch:
        return FindingBatch(self.group, self.sealed, [], [], to=to)


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
