"""Bytewax's own recovery with a key per user, on the same users: `python -m bench.per_key NAME JSON`.

The usual way to keep state per user in Bytewax is `stateful_map` or `stateful_batch` keyed by user. Here that is done
with the same fold and the same stored form as the profile step's, so that only where state is kept differs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import bytewax.operators as op
import msgspec
from bytewax.dataflow import Dataflow
from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import cluster_main

from activities.activity import Activity
from bench.population import DAY, TENANT, Crowd, Template, name_of, users_storage
from bench.state_phase import Task, disk_bytes, rss
from windowing.watermark import HOUR

PARTITIONS = 4
"""Recovery partitions, as `anput run` has by default."""
EPOCHS = 5
NEVER = timedelta(hours=1)
EACH_BATCH = timedelta(0)
"""Epoch interval with which each batch of the source is an epoch."""
Item = tuple[str, Activity | bytes]


class Clock:
    """Moments of a run, seconds of `perf_counter`."""

    first = 0.0
    """When the first item reached the step."""
    item = 0.0
    """When the last one left it."""


class UserLogic(StatefulBatchLogic[Activity | bytes, object, bytes]):
    """One user. A value of bytes is the user as stored."""

    storage = users_storage(0)

    def __init__(self, resume: bytes | None) -> None:
        self._user = self.storage.load(resume)

    def on_batch(self, values: list[Activity | bytes]) -> tuple[Iterable[object], bool]:
        """Take activities."""
        Clock.first = Clock.first or time.perf_counter()
        for value in values:
            if isinstance(value, bytes):
                self._user = self.storage.load(value)
            else:
                self._user.insert(value)
        self._user.timeline.evaluate()
        Clock.item = time.perf_counter()
        return [], StatefulBatchLogic.RETAIN

    def snapshot(self) -> bytes:
        """The user as stored."""
        stored = self.storage.dump(self._user)
        assert stored is not None
        return stored


class _Batches(StatelessSourcePartition[Item]):
    def __init__(self, batches: list[list[Item]], ends: list[float]) -> None:
        self._batches, self._ends = iter(batches), ends

    def next_batch(self) -> list[Item]:
        if Clock.item:
            self._ends.append(time.perf_counter() - Clock.item)
        return next(self._batches)


class _Source(DynamicSource[Item]):
    """Batches; notes the seconds from the last item to the moment when the source is asked again."""

    def __init__(self, batches: list[list[Item]]) -> None:
        self._batches, self.waits = batches, list[float]()

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Batches:
        return _Batches(self._batches, self.waits)


class _Nowhere(DynamicSink[object], StatelessSinkPartition[object]):
    def build(self, step_id: str, worker_index: int, worker_count: int) -> StatelessSinkPartition[object]:
        return self

    def write_batch(self, items: list[object]) -> None:
        pass


def _run(folder: Path, batches: list[list[Item]], interval: timedelta) -> list[float]:
    """Run over the batches; return the waits of the source."""
    flow = Dataflow("per_key")
    source = _Source(batches)
    items = op.input("read", flow, source)
    op.output("nowhere", op.stateful_batch("user", items, UserLogic), _Nowhere())
    recovery = RecoveryConfig(str(folder), timedelta(0))  # type: ignore[no-untyped-call]
    cluster_main(flow, [], 0, epoch_interval=interval, recovery_config=recovery)  # type: ignore[no-untyped-call]
    return source.waits


def fill(task: Task) -> dict[str, Any]:
    """Give Bytewax all users."""
    found = msgspec.msgpack.decode((task.work / "templates").read_bytes(), type=list[Template])
    folder = task.work / "recovery"
    folder.mkdir()
    init_db_dir(folder, PARTITIONS)  # type: ignore[no-untyped-call]
    items: list[Item] = [(f"{TENANT}\0{name_of(n)}", found[n % len(found)].stored) for n in range(task.users)]
    began = time.perf_counter()
    _run(folder, [items[start : start + 2000] for start in range(0, len(items), 2000)], NEVER)
    return {"seconds": time.perf_counter() - began, "disk_bytes": disk_bytes(folder)}


def resume(task: Task) -> dict[str, Any]:
    """Resume, and process one activity; then epochs in which users change."""
    found = msgspec.msgpack.decode((task.work / "templates").read_bytes(), type=list[Template])
    begin = (max(template.like.time for template in found) // HOUR) * HOUR + 2 * DAY
    crowd = Crowd(task.users, task.groups, [template.like for template in found], begin)
    del found
    batches: list[list[Item]] = [[_item(crowd, 0, 0)]]
    for epoch in range(1, EPOCHS + 1):
        step = max(task.users // task.changed, 1)
        changed = range(epoch % step, task.users, step)
        batches.append([_item(crowd, number, epoch * task.users + number) for number in changed])
    before, began = rss(), time.perf_counter()
    waits = _run(task.work / "recovery", batches, EACH_BATCH)
    return {
        "first_seconds": Clock.first - began,
        "stall_seconds": median(waits[1:]),
        "stalls": waits,
        "changed": len(batches[1]),
        "memory_bytes": rss() - before,
    }


def _item(crowd: Crowd, number: int, serial: int) -> Item:
    activity = crowd.activity(number, serial, crowd.begin + serial)
    return f"{TENANT}\0{name_of(number)}", activity


PHASES: dict[str, Callable[[Task], dict[str, Any]]] = {"fill": fill, "resume": resume}


def main() -> None:
    """Measure, print JSON."""
    result = PHASES[sys.argv[1]](msgspec.json.decode(sys.argv[2], type=Task))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
