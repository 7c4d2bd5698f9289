"""A correlation step without Bytewax and disk: key groups that tell it findings and insights, in any interleaving."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

import detections
from activities.activity import User
from recovery.store import KeyGroupStore
from recovery.token import Token
from stateful.correlate_step import CorrelateLogic
from stateful.correlation import documents as correlation
from stateful.correlation.policy import Policy
from stateful.finding import (
    Alert,
    Evidence,
    Finding,
    FindingRevision,
    Insight,
    InsightRevision,
    Novelty,
    Severity,
)
from stateful.key_group import Memory
from stateful.messages import AlertBatch, FindingBatch, Suppressed, SuppressedBatch
from windowing.watermark import END_OF_TIME, HOUR

START = 1_770_000_000_000 // 86_400_000 * 86_400_000
"""A midnight."""
POLICY = Policy(detections.load())


@dataclass
class _Token:
    key_group: int = 0
    generation: int = 0

    def encode(self) -> bytes:
        return b""


class Rows:
    """A key-group store in memory: all that is committed when a step is asked for a snapshot."""

    def __init__(self, rows: dict[bytes, bytes], token: _Token) -> None:
        self.rows, self.token, self.settling_due, self.closed = rows, token, False, False
        self.staged: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    get_first = get

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self.rows.get(key) for key in keys]

    def scan(self, prefix: bytes = b"") -> list[tuple[bytes, bytes]]:
        return [(key, data) for key, data in sorted(self.rows.items()) if key.startswith(prefix)]

    def stage(self, changes: Mapping[bytes, bytes | None]) -> None:
        self.staged |= changes
        self._apply(changes)

    def tidy(self) -> None:
        pass

    def commit(self, changes: Mapping[bytes, bytes | None], *, tidy: bool = True, sync: bool = True) -> _Token:
        self._apply(changes)
        self.staged = {}
        self.token.generation += 1
        return self.token

    def sync(self) -> None:
        pass

    def _apply(self, changes: Mapping[bytes, bytes | None]) -> None:
        for key, data in changes.items():
            if data is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = data


@dataclass
class Step:
    """The step, with what it said."""

    policy: Policy = POLICY
    groups: int = 4
    memory: int = 1 << 30
    rows: dict[bytes, bytes] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    hidden: list[Suppressed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._storage, self._token = correlation.storage(Memory(self.memory)), _Token()
        self._begin()

    def _begin(self) -> None:
        def opened(group: int, token: Token | None) -> KeyGroupStore:
            return Rows(self.rows, self._token)  # type: ignore[return-value]

        self._logic = CorrelateLogic(self._storage, opened, self.policy, self.groups, None)

    def send(self, *batches: FindingBatch) -> None:
        """Hand batches over, as after a trip between processes."""
        sent = [msgspec.msgpack.decode(msgspec.msgpack.encode(batch), type=FindingBatch) for batch in batches]
        out, _ = self._logic.on_batch(sent)
        for item in out:
            if isinstance(item, AlertBatch):
                self.alerts += item.alerts
            elif isinstance(item, SuppressedBatch):
                self.hidden += item.records

    def restart(self) -> None:
        """Snapshot, then begin anew from it."""
        self._logic.snapshot()
        self._begin()

    def end(self) -> None:
        """All input has ended."""
        for group in range(self.groups):
            self.send(FindingBatch(group, END_OF_TIME, [], to=0))

    def seal(self, time: int) -> None:
        """All key groups are sealed up to an event time."""
        for group in range(self.groups):
            self.send(FindingBatch(group, time, [], to=0))


def finding(
    user: str,
    at: float,
    detection: str = "first_country",
    *novelties: tuple[str, str],
    tenant: str = "t",
    **more: Any,
) -> Finding:
    """A finding `at` hours after `START`."""
    time = START + round(at * HOUR)
    name = more.pop("name", f"{detection}-{user}-{time}")
    fields: dict[str, Any] = {
        "severity": Severity.MEDIUM,
        "risk": 60,
        "reason": f"{detection} of {user}",
        "evidence": (Evidence(name, time, "act", ip="192.0.2.1", country="DE"),),
        "evidence_count": 1,
        "closes": time,
        "end": time,
    } | more
    return Finding(
        uid=f"{tenant}/{name}",
        tenant=tenant,
        detection=detection,
        user=User(user),
        anchor=name,
        start=time,
        novelties=tuple(Novelty(*pair) for pair in novelties),
        **fields,
    )


def insight(kind: str, feature: str, value: str, at: float, user: str, **more: Any) -> Insight:
    """An insight `at` hours after `START`."""
    time = START + round(at * HOUR)
    name = f"{kind}-{feature}-{value}-{user}-{time}"
    return Insight(name, kind, feature, value, time, name, more.pop("closes", time), **more)


def told(
    *statements: Finding | tuple[str, Insight], final: bool = False, tenant: str = "t", group: int = 0
) -> FindingBatch:
    """What a key group says: findings, and insights with their users. `sealed` is before all time."""
    findings = [FindingRevision(s, 1, "create", final, raised=s.start) for s in statements if isinstance(s, Finding)]
    insights = [InsightRevision(tenant, s[0], s[1], "create", final) for s in statements if not isinstance(s, Finding)]
    return FindingBatch(group, -(2**62), findings, insights, to=0)


def standing(alerts: Iterable[Alert]) -> dict[str, Alert]:
    """What an analyst sees in the end; the revisions of an alert only rise."""
    seen: dict[str, Alert] = {}
    for alert in alerts:
        assert alert.revision == (seen[alert.uid].revision + 1 if alert.uid in seen else 1)
        seen[alert.uid] = alert
    return {
        uid: msgspec.structs.replace(alert, revision=0, change="create", because="", raised=0)
        for uid, alert in seen.items()
        if alert.change != "close"
    }


@dataclass(frozen=True)
class Story:
    """What happens to one statement: it is said, maybe taken back and said again, and becomes final when sealed."""

    group: int
    statement: Finding | tuple[str, Insight]
    delay: int
    """ms from its event time to its arrival."""
    wavers: bool = False


def batches(stories: Sequence[Story], groups: int, every: int) -> list[list[FindingBatch]]:
    """What each key group says, in its order, a batch for each `every` ms of arrival; sealed 24 hours behind."""
    day = 24 * HOUR
    found: list[list[FindingBatch]] = []
    for group in range(groups):
        own = [story for story in stories if story.group == group]
        events: list[tuple[int, int, int, Story]] = []
        for number, story in enumerate(own):
            time, closes = _times(story.statement)
            heapq.heappush(events, (time + story.delay, number, 0, story))
            heapq.heappush(events, (closes + day + 1, number, 2, story))
            if story.wavers:
                heapq.heappush(events, (time + story.delay + 1, number, 1, story))
        cut: list[FindingBatch] = []
        clock = -(2**62)
        while events:
            now = events[0][0] // every
            batch = FindingBatch(group, -(2**62), [], to=0)
            while events and events[0][0] // every == now:
                clock, _, kind, story = heapq.heappop(events)
                _add(batch, story, kind)
            sealed = clock - day
            cut.append(msgspec.structs.replace(batch, sealed=sealed))
        cut.append(FindingBatch(group, END_OF_TIME, [], to=0))
        found.append(cut)
    return found


def _times(statement: Finding | tuple[str, Insight]) -> tuple[int, int]:
    if isinstance(statement, Finding):
        return statement.end, statement.closes
    return statement[1].time, statement[1].closes


def _add(batch: FindingBatch, story: Story, kind: int) -> None:
    statement = story.statement
    if isinstance(statement, Finding):
        if kind == 1:
            batch.revisions.append(FindingRevision(statement, 2, "close"))
            batch.revisions.append(FindingRevision(statement, 3, "create"))
        else:
            batch.revisions.append(FindingRevision(statement, kind + 2, "update" if kind else "create", kind == 2))
        return
    user, said = statement
    changes = [("close", False), ("create", False)] if kind == 1 else [("update" if kind else "create", kind == 2)]
    for change, final in changes:
        batch.insights.append(InsightRevision("t", user, said, change, final))  # type: ignore[arg-type]
