"""Where the time of a run goes: the stages of the dataflow, called one after another in one process.

CPU microseconds an activity of reading (parse, enrich, judge the time), of the profile step, of correlation, and of
the store (what a snapshot writes, every `EVERY` batches). What Bytewax and the sinks cost is the difference to a run.

    python -m bench.stages activities.jsonl
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from activities.batch import key_group_of
from activities.enrich import Enricher
from flows import collector
from flows.detect import MIB, SCHEMA, correlation_policy, declared, profile_fold
from flows.settings import Settings
from flows.sources.intake import Intake, Keyed, PartitionState
from flows.sources.lines import Line, Position, read_lines
from recovery.store import KeyGroupStore
from recovery.token import Token
from stateful.correlate_step import CorrelateLogic
from stateful.correlation import documents as correlation
from stateful.key_group import Memory
from stateful.messages import FindingBatch
from stateful.models import DAY
from stateful.profile_step import ProfileLogic
from stateful.user import Bounds, user_storage

EVERY = 10


class Job:
    """The steps of a run over one file."""

    def __init__(self, source: Path, folder: Path) -> None:
        settings = Settings()
        active = declared(settings)
        fold, memory = profile_fold(settings, active.values()), Memory.divided(settings.state_memory * MIB)
        users = user_storage(fold, memory, Bounds(settings.hourly_cap, round(settings.expire_days * DAY)))
        documents, policy = correlation.storage(memory), correlation_policy(settings, active)
        self._groups, self._batch = settings.key_groups, settings.batch_size

        def open_store(step: str, group: int, token: Token | None) -> KeyGroupStore:
            return KeyGroupStore.open(folder, step, group, token, "bench", max(SCHEMA.values()))

        opening = {step: partial(open_store, step) for step in ("profile", "correlate")}
        self._profile = _ByKey(lambda: ProfileLogic(users, opening["profile"], (str(source),), None))
        self._correlate = _ByKey(lambda: CorrelateLogic(documents, opening["correlate"], policy, self._groups, None))
        self._intake = Intake(
            str(source),
            settings.format,
            settings.tenant,
            self._groups,
            settings.limits,
            settings.max_record_bytes,
            Enricher(settings.enrichment),
            PartitionState(),
        )
        self._lines = read_lines([source], Position(), settings.max_document_bytes)
        self._spent: dict[str, float] = defaultdict(float)

    def run(self) -> dict[str, float]:
        """All of the file; CPU microseconds an activity by stage."""
        for number, (batches, last) in enumerate(self._read(), 1):
            self._detect(batches)
            if last or number % EVERY == 0:
                with self._timed("store"):
                    for logic in (*self._profile.values(), *self._correlate.values()):
                        logic.snapshot()
        activities = self._intake.state.counts["in"]
        return {stage: round(spent / activities * 1e6, 2) for stage, spent in self._spent.items()}

    def _read(self) -> Iterator[tuple[list[Keyed], bool]]:
        intake, ended = self._intake, False
        while not ended:
            with self._timed("read"):
                while not ended and intake.pending < self._batch:
                    item = next(self._lines, None)
                    ended = item is None
                    if isinstance(item, Line):
                        intake.feed(item)
                batches, _ = intake.judge(self._batch, ended=ended)
                ended = ended and not intake.pending
                if ended:
                    batches += intake.finish(seal=True)[0]
            yield batches, ended

    def _detect(self, batches: Iterable[Keyed]) -> None:
        with self._timed("profile"):
            said = [item for key, batch in batches for item in self._profile[key].on_batch([batch])[0]]
        with self._timed("correlate"):
            for item in said:
                if isinstance(item, FindingBatch):
                    for group, part in item.parted(lambda tenant: key_group_of(tenant, "", self._groups)):
                        list(self._correlate[str(group)].on_batch([part])[0])

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self._spent[stage] += time.process_time() - began


class _ByKey(dict[str, Any]):
    """The logic of each key, made at its first batch."""

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: str) -> Any:  # noqa: ANN401
        logic = self[key] = self._make()
        return logic


def main() -> None:
    """Measure, print."""
    collector.tune()
    with tempfile.TemporaryDirectory(prefix="anput-bench-") as folder:
        spent = Job(Path(sys.argv[1]), Path(folder)).run()
    print(msgspec.json.encode(spent).decode())  # noqa: T201


if __name__ == "__main__":
    main()
