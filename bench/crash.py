"""Kill -9 at random moments, resume, and compare with a run that nothing interrupted.

One tenant with attacks, split over several logs, is read by `anput run`: once in peace, then again and again with
SIGKILL to a random one of its processes, at random moments of its start, of its reading and of its end, each start
with a random number of processes. When a run comes to its end, its alerts, its users' stored documents (byte for
byte) and its counts are compared with those of the run in peace, and a new state is begun.

    python -m bench.crash --kills 200 --out bench/crash.json
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from bench.killing import State, Tally
from bench.outcome import Outcome, differences, mapping_differences, read_outcome
from bench.tenant import write_inputs

SETTINGS = {"ANPUT_KEY_GROUPS": "32", "ANPUT_BATCH_SIZE": "25", "ANPUT_SNAPSHOT_INTERVAL": "1"}
"""Small batches slow the source down, so that kills fall into the middle."""
MOST_SHOWN = 10


@dataclass
class Report:
    """What a benchmark has found."""

    tally: Tally = field(default_factory=Tally)
    finished: int = 0
    repeated: int = 0
    conflicting: int = 0
    differing: list[str] = field(default_factory=list)
    in_file: list[str] = field(default_factory=list)
    """How the alerts differ for one who reads the `--alerts-jsonl` file."""
    delivered: list[str] = field(default_factory=list)
    """How they differ for one who was sent all that was ever written: a sink that can take nothing back."""

    @property
    def kills(self) -> int:
        """In all."""
        return sum(self.tally.kills.values())

    def compare(self, state: State, wanted: Outcome) -> bool:
        """Compare a finished state with the run in peace; return whether it is the same."""
        self.finished += 1
        self.repeated += state.written.repeated
        self.conflicting += state.written.conflicting
        found = differences(wanted, read_outcome(state.work))
        in_file = mapping_differences("alert in alerts.jsonl", wanted.alerts, state.written.in_file())
        delivered = mapping_differences("alert delivered", wanted.alerts, state.written.delivered())
        for lines, all_of_them in ((found, self.differing), (in_file, self.in_file), (delivered, self.delivered)):
            all_of_them += [f"{state.work.name}: {line}" for line in lines]
        return not found


def bench(
    work: Path, kills: int, seed: int, processes: list[int], users: int, days: int, inputs: int
) -> dict[str, Any]:
    """Run it all in `work`; what came to the same is removed, what didn't stays."""
    began, console = time.monotonic(), Console(stderr=True)
    files = write_inputs(work, users, days, seed, inputs)
    report, chance = Report(), Random(seed)
    peace = State(work / "peace", files, SETTINGS, Tally())
    moment = time.monotonic()
    if peace.run(1) != 0:
        msg = f"expected the uninterrupted run to end well: see {peace.work / 'errors.txt'}"
        raise RuntimeError(msg)
    alone = time.monotonic() - moment
    wanted = read_outcome(peace.work)
    number = 0
    while report.kills < kills and len(report.tally.failures) < MOST_SHOWN:
        number += 1
        state = State(work / f"state-{number:03d}", files, SETTINGS, report.tally)
        code = None
        while code is None:
            code = state.run(chance.choice(processes), chance if report.kills < kills else None)
        if code == 0 and report.compare(state, wanted):
            shutil.rmtree(state.work)
        found = len(report.differing) + len(report.tally.failures)
        seconds = time.monotonic() - began
        console.print(f"{report.kills} kills, {report.finished} runs finished, {found} wrong, {seconds:.0f} s")
    tally = report.tally
    return {
        "kills": report.kills,
        "kills_by_phase": dict(sorted(tally.kills.items())),
        "kills_by_victim": dict(sorted(tally.victims.items())),
        "starts": sum(tally.starts.values()),
        "restarts": sum(tally.starts.values()) - number,
        "starts_by_processes": {str(count): starts for count, starts in sorted(tally.starts.items())},
        "finished_runs": report.finished,
        "revisions_written": peace.written.count,
        "repeated_outputs": report.repeated,
        "repeated_with_other_content": report.conflicting,
        "differences": len(report.differing),
        "differences_in_alerts_jsonl": len(report.in_file),
        "differences_for_a_sink_that_takes_nothing_back": len(report.delivered),
        "failures": len(tally.failures),
        "compared": {"alerts": len(wanted.alerts), "users": len(wanted.users), **wanted.counts},
        "details": [*tally.failures, *report.differing][:MOST_SHOWN],
        "also": [*report.in_file, *report.delivered][:MOST_SHOWN],
        "seconds": round(time.monotonic() - began, 1),
        "seconds_uninterrupted_run": round(alone, 1),
        "settings": {"users": users, "days": days, "inputs": inputs, "seed": seed, "processes": processes, **SETTINGS},
        "python": platform.python_version(),
    }


def show(results: dict[str, Any]) -> None:
    """Print the table, and what is wrong."""
    table = Table(title="Killed and resumed", show_header=False)
    for name, value in results.items():
        if isinstance(value, dict):
            table.add_row(name, ", ".join(f"{key} {entry}" for key, entry in value.items()))
        elif not isinstance(value, list):
            table.add_row(name, str(value))
    console = Console()
    console.print(table)
    for line in [*results["details"], *results["also"]]:
        console.print(line, markup=False, highlight=False)


def main() -> int:
    """Measure, print, write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", default="1,2,3", help="numbers of processes to choose from")
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--inputs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("bench/crash.json"))
    arguments = parser.parse_args()
    processes = [int(part) for part in arguments.processes.split(",")]
    work = Path(tempfile.mkdtemp(prefix="anput-crash-"))
    results = bench(work, arguments.kills, arguments.seed, processes, arguments.users, arguments.days, arguments.inputs)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")
    show(results)
    if results["details"]:
        print(f"what differs is kept in {work}", file=sys.stderr)  # noqa: T201
        return 1
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
