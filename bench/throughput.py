"""How fast the whole job is, beside a bare loop over the same file in the same run.

The bare loop reads, decodes with msgspec and counts per user: what any engine in Python has to do at least. Ratios to
it travel between machines; absolute figures don't. Each side is a process of its own; CPU time is the operating
system's account of it, start-up included and also given apart. `stages` is where it goes: see `bench.stages`.

    python -m bench.throughput --out bench/results.json
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from simulator.simulate import simulate

BARE = """
import sys, collections, msgspec
class User(msgspec.Struct):
    id: str
class Record(msgspec.Struct):
    id: str
    time: str
    user: User
    action: str
decode = msgspec.json.Decoder(Record).decode
counts = collections.Counter()
with open(sys.argv[1], "rb") as file:
    for line in file:
        counts[decode(line).user.id] += 1
print(sum(counts.values()))
"""


@dataclass(frozen=True)
class Cost:
    """One process: seconds of wall clock and of CPU."""

    wall: float
    cpu: float


def measure(command: Sequence[str]) -> Cost:
    """Run a command to its end.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - began, cpu)


def engine(work: Path, source: Path, number: str, processes: int) -> list[str]:
    """`anput run` on a state of its own."""
    state, alerts = work / f"state-{number}", work / f"alerts-{number}.db"
    return [
        *(sys.executable, "-c", "from flows.cli import app; app()", "run", "--quiet", "--input", str(source)),
        *("--state", str(state), "--alerts", str(alerts), "--processes", str(processes)),
        *("--summary", str(work / f"summary-{number}.json")),
    ]


def bench(users: int, days: int, repeats: int) -> dict[str, Any]:
    """Measure; return what is written."""
    with tempfile.TemporaryDirectory(prefix="anput-bench-") as directory:
        work = Path(directory)
        simulate(users, days, 1, ["all"], work)
        source = work / "activities.jsonl"
        with source.open("rb") as file:
            first, activities = file.readline(), 1 + sum(1 for _ in file)
        size = source.stat().st_size
        one = work / "one.jsonl"
        one.write_bytes(first)
        bare: list[Cost] = []
        job: list[Cost] = []
        start: list[Cost] = []
        stages: list[dict[str, float]] = []
        for repeat in range(repeats):
            bare.append(measure([sys.executable, "-c", BARE, str(source)]))
            start.append(measure(engine(work, one, f"start-{repeat}", 1)))
            job.append(measure(engine(work, source, f"{repeat}", 1)))
            parts = subprocess.run([sys.executable, "-m", "bench.stages", source], check=True, capture_output=True)
            stages.append(msgspec.json.decode(parts.stdout))
        summary = msgspec.json.decode((work / "summary-0.json").read_bytes())
        if summary["in"] != activities or summary["in"] != summary["out"] + summary["late"] + summary["duplicate"]:
            msg = f"expected {activities} activities in and all of them accounted for, found {summary}"
            raise RuntimeError(msg)
    started = median(cost.cpu for cost in start)

    def side(costs: list[Cost], base: float = 0.0) -> dict[str, float]:
        wall, cpu = median(cost.wall for cost in costs), median(cost.cpu for cost in costs)
        return {
            "activities_per_second": round(activities / wall, 1),
            "cpu_microseconds_per_activity": round((cpu - base) / activities * 1e6, 3),
            "wall_seconds": round(wall, 3),
            "cpu_seconds": round(cpu, 3),
        }

    results = {"bare_loop": side(bare), "anput_run": side(job, started)}
    ratio = (
        results["anput_run"]["cpu_microseconds_per_activity"] / results["bare_loop"]["cpu_microseconds_per_activity"]
    )
    return {
        "activities": activities,
        "bytes_per_activity": round(size / activities),
        "users": users,
        "days": days,
        "repeats": repeats,
        "python": platform.python_version(),
        **results,
        "start_up_cpu_seconds": round(started, 3),
        "cpu_ratio_to_bare_loop": round(ratio, 2),
        "stages_cpu_microseconds_per_activity": {name: median(run[name] for run in stages) for name in stages[0]},
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("bench/results.json"))
    arguments = parser.parse_args()
    results = bench(arguments.users, arguments.days, arguments.repeats)
    text = msgspec.json.format(msgspec.json.encode(results)).decode()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(text + "\n")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
