"""The job on records in memory: the same intake, profile and correlation steps as `flows.detect` wires, one key group.

Everything that knows how the steps are put together is in this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from activities.batch import ActivityBatch
from activities.enrich import Enricher
from activities.enrich_settings import EnrichmentSettings
from flows.detect import correlation_policy, declared, profile_fold
from flows.settings import Settings
from flows.sources.intake import Intake, Keyed, Lane, PartitionState, RejectedBatch
from flows.sources.lines import Line
from scenarios.memory import MemoryStore
from stateful.correlate_step import CorrelateLogic
from stateful.correlation import documents as correlation
from stateful.detection import Detection
from stateful.finding import Alert, FindingRevision, InsightRevision
from stateful.key_group import Memory
from stateful.messages import AlertBatch, Counts, FindingBatch, LateBatch, Suppressed, SuppressedBatch
from stateful.models import DAY
from stateful.profile_step import ProfileLogic
from stateful.user import Bounds, user_storage

PARTITION = "scenario"
_MEMORY = 1 << 30


@dataclass
class Said:
    """What came out, in order, each with the id of the activity on whose arrival it did ("" at the end of input)."""

    alerts: list[tuple[str, Alert]] = field(default_factory=list)
    findings: list[tuple[str, FindingRevision]] = field(default_factory=list)
    insights: list[InsightRevision] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    """Reasons."""
    rejected: list[str] = field(default_factory=list)
    duplicates: int = 0

    def copy(self) -> Said:
        """Another one, to go on with."""
        return Said(
            list(self.alerts),
            list(self.findings),
            list(self.insights),
            list(self.suppressed),
            list(self.late),
            list(self.rejected),
            self.duplicates,
        )


@dataclass(frozen=True)
class Saved:
    """The job in the middle of its input."""

    intake: bytes
    profile: tuple[MemoryStore, bytes] | None
    correlate: tuple[MemoryStore, bytes] | None
    said: Said
    lines: int


class Engine:
    """The steps for some settings, to be run any number of times."""

    def __init__(self, settings: Settings) -> None:
        """Plan the work.

        Raises:
            flows.settings.SettingsError: the settings name a detection or threshold that doesn't exist.
            ValueError: a suppression is wrong, or features of one name differ.
        """
        self.settings = msgspec.structs.replace(settings, key_groups=1, input=(PARTITION,))
        self.detections: dict[str, Detection] = declared(settings)
        self.fold = profile_fold(settings, self.detections.values())
        off = {name for name, tuning in settings.detections.items() if tuning.enabled is False}
        self.on = [name for name in self.detections if name not in off]
        self.bounds = Bounds(settings.hourly_cap, round(settings.expire_days * DAY))
        self.policy = correlation_policy(settings, self.detections)

    def run(self, saved: Saved | None = None) -> Job:
        """Begin, or go on where a job was saved."""
        return Job(self, saved)


class Job:
    """One run: `feed` records in their order of arrival, `end` it."""

    def __init__(self, engine: Engine, saved: Saved | None) -> None:
        self._engine, settings = engine, engine.settings
        self.said = saved.said.copy() if saved else Said()
        self._lines = saved.lines if saved else 0
        known = msgspec.msgpack.decode(saved.intake, type=PartitionState) if saved else PartitionState()
        self._intake = Intake(
            PARTITION,
            "native",
            settings.tenant,
            1,
            settings.limits,
            settings.max_record_bytes,
            _enricher(msgspec.json.encode(settings.enrichment)),
            known,
        )
        memory = Memory(_MEMORY)
        self._profile_store = saved.profile[0].copy() if saved and saved.profile else MemoryStore()
        self._correlate_store = saved.correlate[0].copy() if saved and saved.correlate else MemoryStore()
        self._profile = ProfileLogic(
            user_storage(engine.fold, memory, engine.bounds),
            lambda group, token: self._profile_store,
            (PARTITION,),
            saved.profile[1] if saved and saved.profile else None,
        )
        self._correlate = CorrelateLogic(
            correlation.storage(memory),
            lambda group, token: self._correlate_store,
            engine.policy,
            1,
            saved.correlate[1] if saved and saved.correlate else None,
        )
        self._started = [bool(saved and saved.profile), bool(saved and saved.correlate)]

    def feed(self, records: Iterable[bytes], ids: Sequence[str] = (), batch: int = 2000) -> None:
        """Take records in, in batches; with `ids` one by one, so that what each arrival brings about is known."""
        for data in records:
            self._lines += 1
            self._intake.feed(Line("scenario.jsonl", self._lines, self._lines, self._lines + 1, data))
        while self._intake.pending:
            done = len(ids) - self._intake.pending
            self._pass_on(self._intake.judge(1 if ids else batch, ended=True), ids[done] if ids else "")

    def end(self) -> None:
        """The input ends: everything is made final."""
        self._pass_on(self._intake.finish(seal=True), "")

    def save(self) -> Saved:
        """What it takes to go on from here."""
        profile = (self._profile_store, self._profile.snapshot()) if self._started[0] else None
        correlate = (self._correlate_store, self._correlate.snapshot()) if self._started[1] else None
        return Saved(self._intake.snapshot(), profile, correlate, self.said.copy(), self._lines)

    def _pass_on(self, judged: tuple[list[Keyed], list[Lane]], by: str) -> None:
        batches, lanes = judged
        for lane in lanes:
            self._lane(lane)
        for _, batch in batches:
            self._started[0] = True
            self._judge(batch, by)

    def _judge(self, batch: ActivityBatch, by: str) -> None:
        out, _ = self._profile.on_batch([batch])
        for item in out:
            if not isinstance(item, FindingBatch):
                self._lane(item)
                continue
            self.said.findings += [(by, revision) for revision in item.revisions]
            self.said.insights += item.insights
            for _, part in item.parted(lambda tenant: 0):
                self._correlated(part, by)

    def _correlated(self, batch: FindingBatch, by: str) -> None:
        self._started[1] = True
        for item in self._correlate.on_batch([batch])[0]:
            if isinstance(item, AlertBatch):
                self.said.alerts += [(by, alert) for alert in item.alerts]
            else:
                self._lane(item)

    def _lane(self, item: Any) -> None:  # noqa: ANN401
        if isinstance(item, LateBatch):
            self.said.late += [f"{late.activity.id}: {late.reason}" for late in item.records]
        elif isinstance(item, RejectedBatch):
            self.said.rejected += [rejected.reason for rejected in item.records]
        elif isinstance(item, SuppressedBatch):
            self.said.suppressed += item.records
        elif isinstance(item, Counts) and item.name.startswith("profile/"):
            self.said.duplicates = item.counts.get("duplicate", 0)


@cache
def _enricher(settings: bytes) -> Enricher:
    """Opened once for equal settings, which are JSON here so that they can be told apart by value."""
    return Enricher(msgspec.json.decode(settings, type=EnrichmentSettings))
