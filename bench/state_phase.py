"""The measurements of `bench.state`, each in a process of its own: `python -m bench.state_phase NAME JSON`."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import msgspec

from activities.activity import Activity
from activities.batch import ActivityBatch
from bench.population import DAY, PARTITION, STEP, Crowd, Groups, Template, fill, make_templates, simulated
from flows import collector
from recovery import rocks
from recovery.layout import store_path
from windowing.watermark import HOUR

AT_ONCE = 2000
"""Activities that a source reads at once: the default of `batch_size`."""
EPOCH = 100_000
"""Activities between snapshots: 10 s at 10,000 a second."""
STALLS = 5
"""Epochs that are measured."""
SMALL_EPOCHS = 34
"""More than twice the generations that a store keeps."""
UNLIMITED = 1 << 40


class Task(msgspec.Struct, frozen=True):
    """What to measure."""

    folder: str
    users: int
    groups: int = 128
    changed: int = 0
    """Users that change in an epoch."""
    memory: int = UNLIMITED
    """Bytes of stored form that are kept decoded."""
    activities: int = 0
    among: int = 0
    """Activities are of the first so many users."""
    people: int = 0
    size: int = 0
    each: int = 0
    """Open activities of each user."""

    @property
    def work(self) -> Path:
        """Where everything is."""
        return Path(self.folder)


class Saved(msgspec.Struct):
    """What phases leave for the next one."""

    likes: list[Activity]
    begin: int
    tokens: dict[int, bytes]
    serial: int
    """Activities sent so far; the time of the next is as many ms after `begin`."""


def load(task: Task) -> tuple[Crowd, Saved]:
    """What the phase before left."""
    saved = msgspec.msgpack.decode((task.work / "saved").read_bytes(), type=Saved)
    return Crowd(task.users, task.groups, saved.likes, saved.begin), saved


def save(task: Task, saved: Saved) -> None:
    """Leave it to the next phase."""
    (task.work / "saved").write_bytes(msgspec.msgpack.encode(saved))


def templates(task: Task) -> dict[str, Any]:
    """Make the templates, and keep the first activities of some people's day."""
    done = simulated(task.work, task.people, 1)
    found = make_templates(done, task.size, 1)
    (task.work / "templates").write_bytes(msgspec.msgpack.encode(found))
    days = [own[: task.each] for own in done if len(own) >= task.each]
    (task.work / "days").write_bytes(msgspec.msgpack.encode(days))
    return {"templates": len(found), "mean_bytes": sum(len(template.stored) for template in found) / len(found)}


def fill_state(task: Task) -> dict[str, Any]:
    """Write all users, then some small generations so that the large one is settled, as in a state that has lived."""
    found = msgspec.msgpack.decode((task.work / "templates").read_bytes(), type=list[Template])
    begin = (max(template.like.time for template in found) // HOUR + 48) * HOUR
    crowd = Crowd(task.users, task.groups, [template.like for template in found], begin)
    began = time.perf_counter()
    tokens = fill(task.work / "state", crowd, [template.stored for template in found])
    filled = time.perf_counter() - began
    groups = Groups(task.work / "state", tokens, UNLIMITED)
    saved = Saved(list(crowd.likes), begin, tokens, 0)
    saved.tokens = _settle(groups, crowd, saved)
    groups.close()
    save(task, saved)
    mean = sum(len(template.stored) for template in found) / len(found)
    return {"stored_bytes_per_user": round(mean), "disk_bytes": disk_bytes(task.work / "state"), "seconds": filled}


def resume(task: Task) -> dict[str, Any]:
    """Resume all key groups and process one activity in each."""
    crowd, saved = load(task)
    batches = crowd.batches(_one_of_each_group(crowd), saved.serial, saved.begin + saved.serial)
    began, cpu = time.perf_counter(), time.process_time()
    groups = Groups(task.work / "state", saved.tokens, UNLIMITED)
    opened = time.perf_counter() - began
    first: list[float] = []
    for batch in batches:
        groups.send([batch])
        first.append(time.perf_counter() - began)
    cpu = time.process_time() - cpu
    groups.close()
    return {"open_seconds": opened, "first_seconds": first[0], "all_seconds": first[-1], "cpu_seconds": cpu}


def stall(task: Task) -> dict[str, Any]:
    """Epochs in which many users change: what their snapshots take."""
    crowd, saved = load(task)
    groups = Groups(task.work / "state", saved.tokens, UNLIMITED)
    stalls, cpus, rates, longest = [], [], [], 0.0
    for number in range(STALLS):
        numbers = Random(number).sample(range(crowd.users), task.changed)
        spent, slowest = _send(groups, crowd, saved, numbers)
        longest = max(longest, slowest)
        began, cpu = time.perf_counter(), time.process_time()
        saved.tokens = groups.snapshot()
        stalls.append(time.perf_counter() - began)
        cpus.append(time.process_time() - cpu)
        rates.append(len(numbers) / spent)
    groups.close()
    save(task, saved)
    return {
        "seconds": median(stalls),
        "cpu_seconds": median(cpus),
        "all_seconds": stalls,
        "longest_batch_seconds": longest,
        "first_touch_activities_per_second": median(rates),
    }


def memory(task: Task) -> dict[str, Any]:
    """Epochs of one activity each of users at random: the rate, and the memory that it takes.

    Between epochs two days pass, so that each activity finds its user with nothing open: what is to be done is the
    same, whether all users are in memory or hardly any.
    """
    crowd, saved = load(task)
    before = rss()
    groups = Groups(task.work / "state", saved.tokens, task.memory)
    opened = rss()
    chance, spent, cpu = Random(9), 0.0, 0.0
    epochs: list[int] = []
    if task.among < crowd.users:
        _send(groups, crowd, saved, range(task.among))
    count = min(EPOCH, task.among)
    for _ in range(task.activities // EPOCH):
        saved.begin += 2 * DAY
        groups.send(crowd.heartbeat(saved.begin - DAY))
        groups.snapshot()
        numbers = chance.sample(range(task.among), count)
        began_cpu = time.process_time()
        spent += _send(groups, crowd, saved, numbers)[0]
        began = time.perf_counter()
        saved.tokens = groups.snapshot()
        spent += time.perf_counter() - began
        cpu += time.process_time() - began_cpu
        epochs.append(rss())
    groups.close()
    saved.begin += 2 * DAY
    save(task, saved)
    activities = count * len(epochs)
    return {
        "activities_per_second": activities / spent,
        "cpu_microseconds": cpu / activities * 1e6,
        "rss_before": before,
        "rss_opened": opened,
        "rss_epochs": epochs,
        "rss_peak": peak_rss(),
    }


def seal(task: Task) -> dict[str, Any]:
    """Seal what the stalls' epochs left open, all at once: the turn of an hour a day after a busy one."""
    crowd, saved = load(task)
    users = {number for epoch in range(STALLS) for number in Random(epoch).sample(range(crowd.users), task.changed)}
    before = rss()
    groups = Groups(task.work / "state", saved.tokens, task.memory)
    groups.send(crowd.heartbeat(saved.begin - DAY))
    began = time.perf_counter()
    groups.send(crowd.heartbeat(saved.begin + 2 * DAY))
    sealed = time.perf_counter() - began
    saved.tokens = groups.snapshot()
    snapshot = time.perf_counter() - began - sealed
    groups.close()
    saved.begin += 4 * DAY
    save(task, saved)
    peak = peak_rss() - before
    return {"users": len(users), "seconds": sealed, "snapshot_seconds": snapshot, "memory_bytes": peak}


def open_log(task: Task) -> dict[str, Any]:
    """Bytes that an open activity takes: users each do what one of the simulated people did."""
    crowd, saved = load(task)
    days = msgspec.msgpack.decode((task.work / "days").read_bytes(), type=list[list[Activity]])
    before = disk_bytes(task.work / "state")
    groups = Groups(task.work / "state", saved.tokens, UNLIMITED)
    logical = groups.stored_bytes()
    for nth in range(task.each):
        found: dict[int, list[Activity]] = defaultdict(list)
        for number in range(crowd.users):
            day = days[number % len(days)]
            moment = saved.begin + day[nth].time - day[0].time
            found[crowd.group(number)].append(crowd.alike(day[nth], number, saved.serial, moment))
            saved.serial += 1
        groups.send(ActivityBatch(group, PARTITION, saved.begin - DAY, own) for group, own in sorted(found.items()))
        saved.tokens = groups.snapshot()
    saved.begin += 2 * DAY
    saved.tokens = _settle(groups, crowd, saved)
    count = task.each * crowd.users
    stored, busy = groups.stored_bytes() - logical, disk_bytes(task.work / "state") - before
    log = groups.log_bytes()
    groups.close()
    for group in saved.tokens:
        rocks.compact(store_path(task.work / "state", STEP, group))
    return {
        "stored_bytes": stored / count,
        "log_bytes": log / count,
        "disk_bytes": (disk_bytes(task.work / "state") - before) / count,
        "disk_bytes_uncompacted": busy / count,
    }


def _settle(groups: Groups, crowd: Crowd, saved: Saved) -> dict[int, bytes]:
    """Generations of a single user in each key group, until all before them are settled; return the tokens."""
    few, tokens = _one_of_each_group(crowd), saved.tokens
    for _ in range(SMALL_EPOCHS):
        _send(groups, crowd, saved, few)
        tokens = groups.snapshot()
    return tokens


def _one_of_each_group(crowd: Crowd) -> list[int]:
    found: dict[int, int] = {}
    for number in range(crowd.users):
        if found.setdefault(crowd.group(number), number) == number and len(found) == crowd.groups:
            break
    return list(found.values())


def _send(groups: Groups, crowd: Crowd, saved: Saved, numbers: Iterable[int]) -> tuple[float, float]:
    """An activity of each of the users, in the portions in which a source reads.

    Returns:
        Seconds that the steps took: for all, for the portion that took longest.
    """
    numbers, spent, longest = list(numbers), 0.0, 0.0
    for start in range(0, len(numbers), AT_ONCE):
        portion = numbers[start : start + AT_ONCE]
        batches = crowd.batches(portion, saved.serial, saved.begin + saved.serial)
        saved.serial += len(portion)
        began = time.perf_counter()
        groups.send(batches)
        took = time.perf_counter() - began
        spent, longest = spent + took, max(longest, took)
    return spent, longest


def rss() -> int:
    """Bytes of memory that this process has now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_rss() -> int:
    """The most that it ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def disk_bytes(folder: Path) -> int:
    """Sizes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


PHASES: dict[str, Callable[[Task], dict[str, Any]]] = {
    "templates": templates,
    "fill": fill_state,
    "resume": resume,
    "stall": stall,
    "seal": seal,
    "memory": memory,
    "open_log": open_log,
}


def main() -> None:
    """Measure, print JSON."""
    collector.tune()  # as a run does
    result = PHASES[sys.argv[1]](msgspec.json.decode(sys.argv[2], type=Task))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main()
