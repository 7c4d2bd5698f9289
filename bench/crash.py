"""Kill -9 at random moments, resume, and compare with a run that nothing interrupted.

One tenant with attacks, split over several logs, is read by `anput run`: once in peace, then again and again with
SIGKILL to a random one of its processes, at random moments of its start, of its reading and of its end, each start
with a random number of processes. When a run comes to its end, its alerts, its users' stored documents (byte for
byte) and its counts are compared with those of the run in peace, and a new state is begun. The logs are files, or the
partitions of a topic of a Kafka broker that is started here; with both, states take turns, and all have to come to
what the one run in peace from the files came to.

    python -m bench.crash --kills 200 --source both --out bench/crash.json
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from bench.broker import Kafka, fetch_jars, missing_tools
from bench.killing import State, Tally
from bench.outcome import Outcome, differences, mapping_differences, read_outcome
from bench.tenant import write_inputs

SETTINGS = {"ANPUT_KEY_GROUPS": "32", "ANPUT_BATCH_SIZE": "25", "ANPUT_SNAPSHOT_INTERVAL": "1"}
"""Small batches slow the source down, so that kills fall into the middle."""
KAFKA = """\
[kafka]
until_end = true
ingest_time = "record"
"""
MOST_SHOWN = 10


@dataclass(frozen=True)
class Source:
    """What is read."""

    name: str
    inputs: tuple[str, ...]
    partitions: int
    settings: dict[str, str]


@dataclass
class Report:
    """What a benchmark has found."""

    tally: Tally = field(default_factory=Tally)
    finished: Counter[str] = field(default_factory=Counter)
    """Runs that came to their end, by source."""
    repeated: int = 0
    conflicting: int = 0
    differing: list[str] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    """How they differ for one who was sent all that was ever written: a sink that can take nothing back."""

    @property
    def kills(self) -> int:
        """In all."""
        return sum(self.tally.kills.values())

    def compare(self, source: str, state: State, wanted: Outcome) -> bool:
        """Compare a finished state with the run in peace; return whether it is the same."""
        self.finished[source] += 1
        self.repeated += state.written.repeated
        self.conflicting += state.written.conflicting
        found = differences(wanted, read_outcome(state.work))
        found += mapping_differences("alert in alerts.jsonl", wanted.alerts, state.written.in_file())
        delivered = mapping_differences("alert delivered", wanted.alerts, state.written.delivered())
        for lines, all_of_them in ((found, self.differing), (delivered, self.delivered)):
            all_of_them += [f"{state.work.name}: {line}" for line in lines]
        return not found


def sources(names: Sequence[str], work: Path, files: Sequence[Path], stack: ExitStack) -> list[Source]:
    """The sources of these names, all with the same records; a broker runs until `stack` is closed.

    Raises:
        RuntimeError: No broker can be started.
    """
    found = []
    for name in names:
        if name == "file":
            found.append(Source(name, tuple(map(str, files)), len(files), SETTINGS))
            continue
        missing = missing_tools()
        if missing:
            msg = f"expected Java and Maven for a Kafka broker, found no {missing}: install them, or use --source file"
            raise RuntimeError(msg)
        folder = work / "broker"
        folder.mkdir()
        broker = Kafka(fetch_jars(), folder)
        stack.callback(broker.kill)
        config = work / "kafka.toml"
        config.write_text(KAFKA)
        topic = broker.create("activities", len(files))
        lines = ((number, line, 0) for number, path in enumerate(files) for line in path.read_bytes().splitlines())
        broker.produce("activities", lines)
        found.append(Source(name, (topic,), len(files), {**SETTINGS, "ANPUT_CONFIG": str(config)}))
    return found


def bench(
    work: Path, kills: int, names: Sequence[str], seed: int, processes: list[int], users: int, days: int, inputs: int
) -> dict[str, Any]:
    """Run it all in `work`; what came to the same is removed, what didn't stays."""
    began = time.monotonic()
    files = write_inputs(work, users, days, seed, inputs)
    report, chance = Report(), Random(seed)
    with ExitStack() as stack:
        found = sources(names, work, files, stack)
        in_peace = Source("file", tuple(map(str, files)), len(files), SETTINGS)
        peace = State(work / "peace", in_peace.inputs, in_peace.partitions, in_peace.settings, Tally())
        moment = time.monotonic()
        if peace.run(1) != 0:
            msg = f"expected the uninterrupted run to end well: see {peace.work / 'errors.txt'}"
            raise RuntimeError(msg)
        alone = time.monotonic() - moment
        wanted = read_outcome(peace.work)
        number = _kill_until(work, kills, found, processes, chance, report, wanted)
    tally = report.tally
    return {
        "kills": report.kills,
        "kills_by_phase": dict(sorted(tally.kills.items())),
        "kills_by_victim": dict(sorted(tally.victims.items())),
        "starts": sum(tally.starts.values()),
        "restarts": sum(tally.starts.values()) - number,
        "starts_by_processes": {str(count): starts for count, starts in sorted(tally.starts.items())},
        "finished_runs": sum(report.finished.values()),
        "finished_runs_by_source": dict(sorted(report.finished.items())),
        "revisions_written": peace.written.count,
        "repeated_outputs": report.repeated,
        "repeated_with_other_content": report.conflicting,
        "differences": len(report.differing),
        "differences_for_a_sink_that_takes_nothing_back": len(report.delivered),
        "failures": len(tally.failures),
        "compared": {"alerts": len(wanted.alerts), "users": len(wanted.users), **wanted.counts},
        "details": [*tally.failures, *report.differing][:MOST_SHOWN],
        "also": report.delivered[:MOST_SHOWN],
        "seconds": round(time.monotonic() - began, 1),
        "seconds_uninterrupted_run": round(alone, 1),
        "settings": {"users": users, "days": days, "inputs": inputs, "seed": seed, "processes": processes, **SETTINGS},
        "python": platform.python_version(),
    }


def _kill_until(
    work: Path,
    kills: int,
    found: Sequence[Source],
    processes: list[int],
    chance: Random,
    report: Report,
    wanted: Outcome,
) -> int:
    """States one after the other, until there were so many kills; return how many."""
    began, console, turns, number = time.monotonic(), Console(stderr=True), cycle(found), 0
    while report.kills < kills and len(report.tally.failures) < MOST_SHOWN:
        number += 1
        source = next(turns)
        state = State(
            work / f"state-{number:03d}", source.inputs, source.partitions, dict(source.settings), report.tally
        )
        code = None
        while code is None:
            code = state.run(chance.choice(processes), chance if report.kills < kills else None)
        if code == 0 and report.compare(source.name, state, wanted):
            shutil.rmtree(state.work)
        wrong = len(report.differing) + len(report.tally.failures)
        runs, seconds = sum(report.finished.values()), time.monotonic() - began
        console.print(f"{report.kills} kills, {runs} runs finished, {wrong} wrong, {seconds:.0f} s")
    return number


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
    parser.add_argument("--source", choices=("file", "kafka", "both"), default="both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", default="1,2,3", help="numbers of processes to choose from")
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--inputs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("bench/crash.json"))
    arguments = parser.parse_args()
    processes = [int(part) for part in arguments.processes.split(",")]
    work = Path(tempfile.mkdtemp(prefix="anput-crash-"))
    names = ("file", "kafka") if arguments.source == "both" else (arguments.source,)
    results = bench(
        work,
        arguments.kills,
        names,
        arguments.seed,
        processes,
        arguments.users,
        arguments.days,
        arguments.inputs,
    )
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
