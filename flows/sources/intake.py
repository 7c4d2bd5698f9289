"""Intake: lines of one source partition become judged activities, by key group, and what could not be used.

Parsing belongs to the source because time does: a partition's clock moves with each record of its log, in order, and is
kept with its position. So one partition is one unit of parsing, and several `--input` run side by side.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice

import msgspec
from datasketches import tdigest_double

from activities.account_changes import CHANGING
from activities.activity import Activity, Raw
from activities.batch import ActivityBatch, Packed, key_group_of
from activities.enrich import Enricher
from activities.envelopes import holds_many
from activities.formats import parse_line
from activities.record import Rejected, rejected
from flows.sources import verdicts
from flows.sources.lines import Line, Position
from flows.sources.notices import notices_of
from stateful.messages import Counts, Late, LateBatch
from windowing.lateness import LOOK_AHEAD, Limits, PartitionClock, Timing
from windowing.timeline import describe
from windowing.watermark import END_OF_TIME, HOUR


class RejectedBatch(Packed, frozen=True):
    """Lane `rejected`."""

    records: list[Rejected]


Lane = LateBatch | RejectedBatch | Counts
Keyed = tuple[str, ActivityBatch]

HEARTBEAT = HOUR // 6
"""Event time, ms, after which a partition tells all key groups how far it has come, those without activities too."""


class PartitionState(msgspec.Struct):
    """What a partition's snapshot holds."""

    version: int = 1
    position: Position = Position()
    clock: PartitionClock = msgspec.field(default_factory=PartitionClock)
    newest: int = 0
    """Highest event time taken, ms."""
    counts: dict[str, int] = {}
    delays: bytes = b""
    """t-digest (Dunning, 2021) of ingest less event time, seconds, as datasketches serialises it."""
    topic: str = ""
    """Kafka's id of the topic; another one means that it was made anew. "" where the broker tells none."""
    files: bytes = b""
    """`FilesState` of an input that was followed."""
    towards: list[int] = []
    """Key groups of the tenants that it has had activities of."""


def renamed(records: list[Activity | Rejected], names: Mapping[str, str]) -> list[Activity | Rejected]:
    """Records under the names that tenants have here.

    Args:
        records: of a line.
        names: what records name -> whose they are; `*`: all others.
    """
    if not names:
        return records
    others = names.get("*", "")
    return [
        msgspec.structs.replace(record, tenant=names.get(record.tenant) or others or record.tenant)
        if isinstance(record, Activity)
        else record
        for record in records
    ]


@dataclass
class Intake:
    """The intake of one partition. Feed it lines, take batches."""

    partition: str
    fmt: str
    tenant: str
    groups: int
    limits: Limits
    record_limit: int
    enricher: Enricher
    state: PartitionState
    tenant_names: Mapping[str, str] = field(default_factory=dict)
    """What records name -> whose they are; `*`: all others."""
    _pending: deque[tuple[Activity | Rejected | None, Position]] = field(default_factory=deque)
    """Parsed, not judged: judging looks ahead. None marks the end of a file."""
    left: dict[int, Position] = field(default_factory=dict)
    """Of followed files, where judging left each when it went on with another."""
    _told: int = -(2**62)

    def __post_init__(self) -> None:
        stored = self.state.delays
        self._delays = tdigest_double.deserialize(stored) if stored else tdigest_double()

    @property
    def pending(self) -> int:
        """Records parsed and not judged yet."""
        return len(self._pending)

    def wants(self, batch: int) -> bool:
        """Whether to feed it more before judging so many: at least what it takes to look ahead."""
        return len(self._pending) < max(batch, LOOK_AHEAD + 1)

    def feed(self, *lines: Line) -> None:
        """Parse lines that have one offset; `state.position` moves only as their records are judged."""
        at, first, last = self.state.position, lines[0], lines[-1]
        same_file = first.stream == at.stream if at.stream else first.file == at.file
        same = same_file and first.offset == at.offset
        skip = at.index if same and not at.done else 0
        records = [record for line in lines for record in self._parse(line)]
        behind = Position(last.file, last.end, last.number + last.lines - 1, stream=last.stream)
        for index, record in enumerate(records[skip:], skip + 1):
            position = (
                behind
                if index == len(records)
                else Position(first.file, first.offset, first.number - 1, index, stream=first.stream)
            )
            self._pending.append((record, position))

    def passed(self, position: Position) -> None:
        """Note that there is nothing more before `position`."""
        self._pending.append((None, position))

    def judge(self, most: int, *, ended: bool) -> tuple[list[Keyed], list[Lane]]:
        """Judge up to `most` pending records in order.

        Args:
            most: records.
            ended: nothing follows what is pending, so there is no need to look further ahead.

        Returns:
            Batches by key group, and lanes.
        """
        self.enricher.refresh()
        state, clock = self.state, self.state.clock
        taken: dict[int, list[Activity]] = {}
        late: list[Late] = []
        refused: list[Rejected] = []
        count = 0
        while self._pending and count < most:
            record, position = self._pending[0]
            judged = self.fmt != verdicts.FORMAT
            leap = isinstance(record, Activity) and judged and clock.leaps(record.time, record.ingested, self.limits)
            if leap and not ended and len(self._pending) <= LOOK_AHEAD:
                break
            self._pending.popleft()
            self._move(position)
            if record is None:
                continue
            count += 1
            if isinstance(record, Rejected):
                refused.append(record)
                continue
            following = self._following() if leap else ()
            # A verdict has its place in the time of what it is about, and moves no clock.
            timing = clock.judge(record.time, record.ingested, following, self.limits) if judged else Timing.ON_TIME
            if timing is Timing.ON_TIME or timing is Timing.TOO_LATE:
                ingested = record.ingested or max(clock.high, record.time)
                record = self.enricher.enrich(record)
                if ingested != record.ingested:
                    record = msgspec.structs.replace(record, ingested=ingested)
                self._delays.update((ingested - record.time) / 1000)
                if timing is Timing.TOO_LATE:
                    late.append(Late(self._why_late(record), record))
                    continue
                state.newest = max(state.newest, record.time)
                self._take(record, taken)
            else:
                refused.append(self._misdated(record, timing))
        skipped = sum([record.skipped for record in refused])
        for name, number in (("in", count), ("late", len(late)), ("rejected", len(refused)), ("skipped", skipped)):
            state.counts[name] = state.counts.get(name, 0) + number
        lanes: list[Lane] = []
        if late:
            lanes.append(LateBatch(late))
        if refused:
            lanes.append(RejectedBatch(refused))
        return self._batches(taken), lanes

    def _take(self, record: Activity, taken: dict[int, list[Activity]]) -> None:
        tenant = key_group_of(record.tenant, "", self.groups)
        if tenant not in self.state.towards:
            self.state.towards.append(tenant)
        taken.setdefault(key_group_of(record.tenant, record.user.id, self.groups), []).append(record)
        if record.objects and record.category in CHANGING:
            for notice in notices_of(record):
                taken.setdefault(key_group_of(notice.tenant, notice.user.id, self.groups), []).append(notice)

    def _move(self, position: Position) -> None:
        before = self.state.position
        if position.stream != before.stream:
            self.left[before.stream] = before
        self.state.position = position

    def finish(self, *, seal: bool) -> tuple[list[Keyed], list[Lane]]:
        """What is sent when the partition ends (`seal`: make all final) or stops."""
        watermark = END_OF_TIME if seal else self.state.clock.watermark(self.limits)
        if seal:
            self.state.clock.close(self.state.newest)
        towards = tuple(self.state.towards)
        batches = [
            (key_of(group), ActivityBatch(group, self.partition, watermark, [], self._timeless, True, towards))
            for group in range(self.groups)
        ]
        return batches, [Counts(f"source/{self.partition}", self.state.counts | self._delay_percentiles())]

    def snapshot(self) -> bytes:
        """Where the next record to judge is, and what is known of the partition."""
        self.state.delays = self._delays.serialize()
        return msgspec.msgpack.encode(self.state)

    def idle(self) -> list[Keyed]:
        """What tells all key groups that this partition is silent, and isn't to be waited for."""
        watermark = self.state.clock.watermark(self.limits)
        return [
            (key_of(group), ActivityBatch(group, self.partition, watermark, [], idle=True))
            for group in range(self.groups)
        ]

    def _parse(self, line: Line) -> list[Activity | Rejected]:
        raw = Raw(self.partition, line.file, line.number)
        if line.problem:
            return [rejected(line.problem, line.data, raw)]
        if not line.data.strip():
            return []
        if self._timeless:
            return verdicts.parse(line.data, raw)
        if len(line.data) > self.record_limit and not holds_many(line.data):
            problem = (
                f"a record of {len(line.data)} bytes; {self.record_limit} are read at most (setting max_record_bytes)"
            )
            return [rejected(problem, line.data, raw)]
        records = renamed(parse_line(line.data, self.fmt, self.tenant, raw), self.tenant_names)
        if not line.ingested:
            return records
        return [_ingested_at(record, line.ingested) for record in records]

    @property
    def _timeless(self) -> bool:
        """Whether nobody waits for this partition's time."""
        return self.fmt == verdicts.FORMAT

    def _delay_percentiles(self) -> dict[str, int]:
        if self._delays.is_empty():
            return {}
        found = {f"delay_p{p}_ms": self._delays.get_quantile(p / 100) for p in (50, 95, 99)}
        return {name: round(seconds * 1000) for name, seconds in found.items()}

    def _following(self) -> list[int]:
        """Times among the next records: of a fixed number of them, so that how the log was cut doesn't count."""
        ahead = (record for record, _ in islice(self._pending, LOOK_AHEAD))
        return [record.ingested or record.time for record in ahead if isinstance(record, Activity)]

    def _batches(self, taken: dict[int, list[Activity]]) -> list[Keyed]:
        watermark = self.state.clock.watermark(self.limits)
        towards: tuple[int, ...] = ()
        if watermark - self._told >= HEARTBEAT:
            self._told = watermark
            towards = tuple(self.state.towards)
            for group in range(self.groups):
                taken.setdefault(group, [])
        return [
            (key_of(g), ActivityBatch(g, self.partition, watermark, found, self._timeless, towards=towards))
            for g, found in sorted(taken.items())
        ]

    def _why_late(self, activity: Activity) -> str:
        lateness = activity.ingested - activity.time
        if lateness > self.limits.allowed_lateness:
            return (
                f"arrived {describe(lateness)} after it happened; {describe(self.limits.allowed_lateness)} are allowed"
            )
        behind = self.state.clock.watermark(self.limits) - activity.time
        return f"happened {describe(behind)} before the time up to which its partition is sealed"

    def _misdated(self, activity: Activity, timing: Timing) -> Rejected:
        if timing is Timing.FROM_THE_FUTURE:
            ahead = describe(activity.time - activity.ingested)
            reason = (
                f"$.time is {ahead} after the record was ingested; {describe(self.limits.future_tolerance)} are "
                "tolerated (setting future_tolerance)"
            )
        else:
            now = activity.ingested or activity.time
            field_name = "$.ingested" if activity.ingested else "$.time"
            reason = (
                f"{field_name} leaps {describe(now - self.state.clock.high)} ahead of the log, and the records behind "
                "it do not follow: a forged or broken date"
            )
        return rejected(reason, f"{activity.id} {activity.action}".encode("utf-8", "replace"), activity.raw)


def _ingested_at(record: Activity | Rejected, time: int) -> Activity | Rejected:
    return msgspec.structs.replace(record, ingested=time) if isinstance(record, Activity) else record


key_of: Callable[[int], str] = "{:05d}".format
"""A key group's Bytewax key."""
