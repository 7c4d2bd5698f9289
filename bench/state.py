"""A million users in the state: resume, the stall at an epoch's end, memory, rate, bytes.

Users of about 1 KB are written through the profile step's own storage into 128 key groups. Each measurement is a
process of its own (`bench.state_phase`). Beside each is Bytewax's own recovery with a key per user on the same users
(`bench.per_key`): its resume takes time with the square of the number of users, so theirs is doubled until the next
doubling would take more than a minute. Linux only.

    python -m bench.state --out bench/state.json
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from bench.state_phase import EPOCH, Task

RESUME_SECONDS, STALL_SECONDS, COLD_SHARE, OPEN_BYTES = 3.0, 0.4, 0.5, 60
"""What the project wants: at most, at most, at least of the hot rate, at most."""
OVER = 4
"""The state is so many times larger than the budget of memory."""
HOT_USERS = 100_000
"""Users whose activities make the hot rate: all of them in memory, without a budget (some 1.5 GB)."""
OPEN_USERS, OPEN_EACH, OPEN_GROUPS = 5_000, 50, 8
PER_KEY_FIRST, PER_KEY_SECONDS = 25_000, 60.0
REPEATS = 3

Phase = Callable[[str, Task], dict[str, Any]]


def run(module: str, name: str, task: Task) -> dict[str, Any]:
    """One measurement in a process of its own.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-m", f"bench.{module}", name, msgspec.json.encode(task).decode()]
    result: dict[str, Any] = msgspec.json.decode(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    Console(stderr=True).print(name, msgspec.json.encode(result).decode(), markup=False, highlight=False)
    return result


def evict(folder: Path) -> None:
    """Have the system drop its cached pages of all files, as far as it follows the advice."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def engine(work: Path, users: int, changed: int, size: int, people: int, activities: int) -> dict[str, Any]:
    """Measure the key groups' state."""
    base = Task(str(work), users, changed=changed, size=size, people=people, activities=activities, among=users)
    shape = run("state_phase", "templates", msgspec.structs.replace(base, each=OPEN_EACH))
    filled = run("state_phase", "fill", base)
    warm = [run("state_phase", "resume", base) for _ in range(REPEATS)]
    stall = run("state_phase", "stall", base)
    busy = run("state_phase", "resume", base)
    budget = round(filled["stored_bytes_per_user"] * users / OVER)
    limited = msgspec.structs.replace(base, memory=budget)
    sealed = run("state_phase", "seal", limited)
    cold = run("state_phase", "memory", limited)
    hot = run("state_phase", "memory", msgspec.structs.replace(base, among=min(HOT_USERS, users // 2)))
    evict(work / "state")
    uncached = run("state_phase", "resume", base)
    evict(work / "state")
    from_disk = run("state_phase", "memory", msgspec.structs.replace(limited, activities=EPOCH))
    shutil.rmtree(work / "state")
    few = msgspec.structs.replace(base, users=min(OPEN_USERS, users), groups=OPEN_GROUPS, each=OPEN_EACH)
    run("state_phase", "fill", few)
    opened = run("state_phase", "open_log", few)
    shutil.rmtree(work / "state")
    return {
        "users": users,
        "changed": changed,
        "templates": shape["templates"],
        "stored_bytes_per_user": filled["stored_bytes_per_user"],
        "disk_bytes_per_user": round(filled["disk_bytes"] / users),
        "stored_bytes_per_open_activity": round(opened["stored_bytes"], 1),
        "of_it_log_bytes": round(opened["log_bytes"], 1),
        "disk_bytes_per_open_activity": round(opened["disk_bytes"], 1),
        "disk_bytes_per_open_activity_uncompacted": round(opened["disk_bytes_uncompacted"], 1),
        "resume": {
            "cached": median(one["all_seconds"] for one in warm),
            "cached_first_group": median(one["first_seconds"] for one in warm),
            "cached_cpu": median(one["cpu_seconds"] for one in warm),
            "not_cached": uncached["all_seconds"],
            "after_busy_epochs": busy["all_seconds"],
        },
        "stall": {key: stall[key] for key in ("seconds", "cpu_seconds", "all_seconds", "longest_batch_seconds")},
        "memory": {
            "budget": budget,
            "before": cold["rss_before"],
            "opened": cold["rss_opened"],
            "peak": cold["rss_peak"],
            "peak_of_budget": round((cold["rss_peak"] - cold["rss_before"]) / budget, 2),
        },
        "rate": {
            "hot": round(hot["activities_per_second"]),
            "hot_users": min(HOT_USERS, users // 2),
            "cold": round(cold["activities_per_second"]),
            "cold_of_hot": round(cold["activities_per_second"] / hot["activities_per_second"], 3),
            "cold_files_not_cached": round(from_disk["activities_per_second"]),
            "cold_cpu_microseconds": round(cold["cpu_microseconds"], 1),
            "hot_cpu_microseconds": round(hot["cpu_microseconds"], 1),
        },
        "seal": {**sealed, "memory_of_budget": round(sealed["memory_bytes"] / budget, 2)},
    }


def per_key(work: Path, users: int) -> dict[str, Any]:
    """Measure Bytewax's recovery with ever more keys; return the last."""
    count = min(PER_KEY_FIRST, users)
    while True:
        task = Task(str(work), count, changed=max(count // 10, 1))
        shutil.rmtree(work / "recovery", ignore_errors=True)
        filled = run("per_key", "fill", task)
        resumed = run("per_key", "resume", task)
        if count * 2 > users or resumed["first_seconds"] * 4 > PER_KEY_SECONDS:
            break
        count *= 2
    shutil.rmtree(work / "recovery")
    return {
        "users": count,
        "changed": resumed["changed"],
        "resume": resumed["first_seconds"],
        "stall": resumed["stall_seconds"],
        "memory_bytes_per_user": round(resumed["memory_bytes"] / count),
        "disk_bytes_per_user": round(filled["disk_bytes"] / count),
    }


def targets(found: dict[str, Any]) -> dict[str, bool]:
    """Which of the project's targets are met."""
    return {
        "resume": found["resume"]["cached"] <= RESUME_SECONDS,
        "stall": found["stall"]["seconds"] <= STALL_SECONDS,
        "memory": found["memory"]["peak_of_budget"] <= 1,
        "open_activity": found["disk_bytes_per_open_activity"] <= OPEN_BYTES,
        "cold_rate": found["rate"]["cold_of_hot"] >= COLD_SHARE,
    }


def show(results: dict[str, Any]) -> None:
    """Print the table."""
    ours, theirs = results["engine"], results["bytewax_per_key"]
    table = Table("", "Anput", "wanted", "Bytewax, a key per user", title="State")
    resume, stall, memory, rate = ours["resume"], ours["stall"], ours["memory"], ours["rate"]
    seal = ours["seal"]
    rows = [
        ("users", f"{ours['users']:,}", "", f"{theirs['users']:,}"),
        ("users changed in an epoch", f"{ours['changed']:,}", "", f"{theirs['changed']:,}"),
        ("resume to first activity, s", f"{resume['cached']:.2f}", f"<= {RESUME_SECONDS}", f"{theirs['resume']:.2f}"),
        ("  files not cached, s", f"{resume['not_cached']:.2f}", "", ""),
        ("  after busy epochs, s", f"{resume['after_busy_epochs']:.2f}", "", ""),
        ("stall at an epoch's end, s", f"{stall['seconds']:.2f}", f"<= {STALL_SECONDS}", f"{theirs['stall']:.2f}"),
        ("  of it CPU, s", f"{stall['cpu_seconds']:.2f}", "", ""),
        ("  longest batch between, s", f"{stall['longest_batch_seconds']:.2f}", "", ""),
        ("budget of memory, MB", f"{memory['budget'] / 1e6:,.0f}", "", "none"),
        ("memory taken, of budget", f"{memory['peak_of_budget']:.2f}", "<= 1", ""),
        ("memory taken a user, bytes", "", "", f"{theirs['memory_bytes_per_user']:,}"),
        (f"activities/s, all {rate['hot_users']:,} users in memory", f"{rate['hot']:,}", "", ""),
        (f"activities/s, state {OVER} times memory", f"{rate['cold']:,}", f">= {COLD_SHARE} of hot", ""),
        ("  of hot", f"{rate['cold_of_hot']:.2f}", "", ""),
        ("  files not cached by the system", f"{rate['cold_files_not_cached']:,}", "", ""),
        (f"sealing {seal['users']:,} users at once, s", f"{seal['seconds']:.2f}", "", ""),
        ("  memory taken, of budget", f"{seal['memory_of_budget']:.2f}", "", ""),
        ("stored bytes a user", f"{ours['stored_bytes_per_user']:,}", "", ""),
        ("disk bytes a user", f"{ours['disk_bytes_per_user']:,}", "", f"{theirs['disk_bytes_per_user']:,}"),
        ("stored bytes an open activity", f"{ours['stored_bytes_per_open_activity']}", "", ""),
        ("  of them the activity itself", f"{ours['of_it_log_bytes']}", "", ""),
        ("disk bytes an open activity", f"{ours['disk_bytes_per_open_activity']}", f"<= {OPEN_BYTES}", ""),
        ("  before compaction", f"{ours['disk_bytes_per_open_activity_uncompacted']}", "", ""),
    ]
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--changed", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=800, help="users are folded until they have so many bytes")
    parser.add_argument("--people", type=int, default=500, help="people simulated to fold users from")
    parser.add_argument("--activities", type=int, default=300_000, help="for each rate")
    parser.add_argument("--folder", type=Path, help="where to make the state; default: the system's temporary folder")
    parser.add_argument("--out", type=Path, default=Path("bench/state.json"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="anput-state-", dir=arguments.folder) as directory:
        work = Path(directory)
        found = engine(work, arguments.users, arguments.changed, arguments.size, arguments.people, arguments.activities)
        beside = per_key(work, arguments.users)
    results = {
        "engine": found,
        "bytewax_per_key": beside,
        "targets_met": targets(found),
        "python": platform.python_version(),
    }
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")
    show(results)


if __name__ == "__main__":
    main()
