"""`anput score`: one line for each activity, in the order of event time, with its risk and what makes it.

Inputs are read, parsed, enriched and judged as in a run. An activity waits on disk until the watermark has passed its
hour; then it is scored against everything of its user before it. Users live in a store of their own for the time being.
So memory is bounded whatever the input's size.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

import msgspec

from activities.activity import Activity
from activities.enrich import Enricher
from flows.detect import declared, profile_fold
from flows.progress import ProgressWriter
from flows.score_buckets import Buckets
from flows.settings import Settings
from flows.sources.alignment import Alignment
from flows.sources.files import FilesPartition, Out, StdinPartition, expand
from flows.sources.intake import Intake, PartitionState, RejectedBatch
from flows.sources.stdin import STDIN, StdinLines
from recovery.store import KeyGroupStore
from stateful.key_group import ASLEEP, KeyGroupState, Memory, Storage
from stateful.messages import LateBatch
from stateful.profile import OWN, Profile
from stateful.profile_step import user_key
from stateful.scoring import Scoring
from windowing.watermark import BEFORE_TIME, END_OF_TIME, HOUR

MIB = 1_048_576
EASE_EVERY = 64
"""Activities that are scored before memory is looked after."""
LATELY = 512
"""Ids of a user's last day that are kept before old ones are looked for."""
PAUSE = 0.02
"""Seconds to wait for more of standard input."""


Partition = FilesPartition | StdinPartition


class ScoredLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the output."""

    id: str
    tenant: str
    user: str
    time: str
    """RFC 3339, UTC, milliseconds."""
    risk: float
    """0 to 100."""
    features: dict[str, float]
    """What makes it, each as a risk, the most telling first; `detection:NAME` is what that detection found."""
    late: bool = False
    """It came too late to be learnt, and is out of order."""


class ScoreSummary(msgspec.Struct):
    """What became of the input."""

    scored: int = 0
    late: int = 0
    """Of those that are scored."""
    duplicate: int = 0
    rejected: int = 0


class _Stored(msgspec.Struct, array_like=True):
    """A user as stored. The first field is what every stored entity begins with."""

    wake: int
    profile: bytes
    lately: dict[str, int]


@dataclass
class _Scored:
    """A user."""

    profile: Profile
    lately: dict[str, int] = field(default_factory=dict)
    """Id of an activity of the last day -> its event time, ms: to know a duplicate by."""


def score(settings: Settings, out: BinaryIO) -> ScoreSummary:
    """Score all that the inputs hold.

    Args:
        settings: inputs, format, detections, memory as in a run.
        out: where the lines go.

    Raises:
        SettingsError, InputError, EnrichmentError, ValueError: as in a run.
    """
    scoring = Scoring(declared(settings).values(), partial(profile_fold, settings))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="anput-score-")))
        (folder / "waiting").mkdir()
        store = KeyGroupStore.open(folder, "score", 0, None, "score", 1)
        stack.callback(store.close)
        users = KeyGroupState(_storage(scoring, Memory.divided(settings.state_memory * MIB)), store)
        return _Run(settings, scoring, users, Buckets(folder / "waiting"), out).through(_partitions(settings, folder))


class _Run:
    """One pass over the input."""

    def __init__(
        self, settings: Settings, scoring: Scoring, users: KeyGroupState[_Scored], waiting: Buckets, out: BinaryIO
    ) -> None:
        self._scoring, self._users, self._waiting, self._out = scoring, users, waiting, out
        self._lateness = settings.limits.allowed_lateness
        self._encode = msgspec.json.Encoder().encode
        self._summary = ScoreSummary()
        self._sealed = BEFORE_TIME

    def through(self, partitions: dict[str, Partition]) -> ScoreSummary:
        """Read all partitions to their ends."""
        watermarks = dict.fromkeys(partitions, BEFORE_TIME)
        while partitions:
            idle = True
            for name, partition in list(partitions.items()):
                try:
                    items = list(partition.next_batch())
                except StopIteration:
                    del partitions[name]
                    watermarks[name] = END_OF_TIME
                    continue
                idle = idle and not items and isinstance(partition, StdinPartition)
                for item in items:
                    if isinstance(item, tuple):
                        watermarks[name] = max(watermarks[name], item[1].watermark)
                    self._take(item)
            self._seal(min(watermarks.values()))
            if idle and partitions:
                time.sleep(PAUSE)
        return self._summary

    def _take(self, item: Out) -> None:
        if isinstance(item, tuple):
            for activity in item[1].activities:
                if activity.source != OWN:
                    self._waiting.add(activity)
        elif isinstance(item, LateBatch):
            for late in item.records:
                self._late(late.activity)
        elif isinstance(item, RejectedBatch):
            self._summary.rejected += len(item.records)

    def _seal(self, watermark: int) -> None:
        seal = watermark // HOUR * HOUR
        if seal <= self._sealed:
            return
        self._sealed = seal
        for number, activity in enumerate(self._waiting.take(watermark), 1):
            self._score(activity)
            if number % EASE_EVERY == 0:
                self._users.ease()
        self._users.ease()

    def _score(self, activity: Activity) -> None:
        key = user_key(activity)
        user = self._users.entity(key)
        if activity.id in user.lately and activity.time - user.lately[activity.id] <= self._lateness:
            self._summary.duplicate += 1
        else:
            if len(user.lately) >= LATELY:
                least = activity.time - self._lateness
                user.lately = {name: time for name, time in user.lately.items() if time >= least}
            user.lately[activity.id] = activity.time
            self._write(activity, user.profile)
        self._users.changed(key)

    def _late(self, activity: Activity) -> None:
        """Score it against what its user is by now, of which it doesn't become a part."""
        key = user_key(activity)
        user = self._users.entity(key)
        aside = self._scoring.fold.decode(self._scoring.fold.encode(user.profile))
        self._write(activity, aside, late=True)
        self._summary.late += 1
        self._users.changed(key)
        self._users.ease()

    def _write(self, activity: Activity, profile: Profile, *, late: bool = False) -> None:
        found = self._scoring.step(profile, activity)
        line = ScoredLine(
            activity.id,
            activity.tenant,
            activity.user.id,
            _rfc3339(activity.time),
            found.risk,
            dict(found.features),
            late,
        )
        self._out.write(self._encode(line) + b"\n")
        self._summary.scored += 1


def _storage(scoring: Scoring, memory: Memory) -> Storage[_Scored]:
    encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(_Stored).decode

    def load(data: bytes | None) -> _Scored:
        if data is None:
            return _Scored(scoring.fold.decode(b""))
        stored = decode(data)
        return _Scored(scoring.fold.decode(stored.profile), stored.lately)

    def dump(user: _Scored) -> bytes:
        return encode(_Stored(ASLEEP, scoring.fold.encode(user.profile), user.lately))

    return Storage(load, dump, lambda _: ASLEEP, lambda _: ASLEEP, memory)


def _partitions(settings: Settings, folder: Path) -> dict[str, Partition]:
    enricher = Enricher(settings.enrichment)
    alignment = Alignment(round(settings.alignment_hours * HOUR))
    made: dict[str, Partition] = {}
    for name in settings.input:
        intake = Intake(
            name,
            settings.format,
            settings.tenant,
            1,
            settings.limits,
            settings.max_record_bytes,
            enricher,
            PartitionState(),
            settings.tenant_names,
        )
        if name == STDIN:
            lines = StdinLines(settings.max_document_bytes)
            made[name] = StdinPartition(
                lines, intake, batch=settings.batch_size, seal=True, idle_timeout=settings.idle_timeout
            )
        else:
            made[name] = FilesPartition(
                expand(name),
                intake,
                batch=settings.batch_size,
                limit=settings.max_document_bytes,
                seal=True,
                progress=ProgressWriter(folder / "progress", name),
                alignment=alignment,
            )
    return made


def _rfc3339(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
