"""How long after an activity came in its alert goes out, in the job as it is run, at several paces.

    nice python -m bench.delay --out bench/delay.json

A simulated tenant's log goes into `anput run --input -`: its first days as fast as they are taken, the rest at a pace,
by the clock. An alert's delay is from the moment at which the activity that raised it was due to be written, whether
the job took it then or not, to the moment at which the alert's first revision is in the file of JSON lines. The least
risk of an alert is 0 here, so that there are many. At a pace of thousands a second, days of a tenant pass in a minute,
and with them what is sealed: more of it than a live tenant has.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from flows.evaluation.measure import percentile
from simulator.simulate import simulate

TICK = 0.01
"""Seconds between writes."""
LOOK = 0.002
"""Seconds between looks at what came out."""
QUIET = 5.0
"""Seconds to wait after the first days, and after the end."""


class Arrival(msgspec.Struct):
    """Of a record."""

    ingested: datetime


class Measured(msgspec.Struct):
    """One pace."""

    pace: int
    """Activities a second."""
    taken: float
    """Activities a second that the job took."""
    processes: int
    seconds: float
    alerts: int
    delay_p50_ms: float | None
    delay_p95_ms: float | None
    delay_p99_ms: float | None
    delay_max_ms: float | None


class Result(msgspec.Struct):
    """All of it."""

    people: int
    cpus: int
    warm_up: int
    """Activities before the first pace."""
    measured: list[Measured]


class Outlet:
    """Watches the file of alerts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seen: list[tuple[float, int]] = []
        """Clock, and ingest time of the activity that raised it, of each alert's first revision."""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._path.exists() and not self._done.is_set():
            time.sleep(LOOK)
        with self._path.open("rb") as file:
            while not self._done.is_set():
                line = file.readline()
                if not line.endswith(b"\n"):
                    file.seek(-len(line), os.SEEK_CUR)
                    time.sleep(LOOK)
                    continue
                now = time.monotonic()
                alert: dict[str, Any] = msgspec.json.decode(line)
                # One on many users has none: it is of no single activity.
                raised = alert["metadata"].get("logged_time", 0)
                if alert["metadata"]["sequence"] == 1 and raised:
                    self.seen.append((now, raised))


def arrivals(lines: Sequence[bytes]) -> list[int]:
    """Ingest times, ms, of records in their order."""
    decoder = msgspec.json.Decoder(Arrival)
    return [round(decoder.decode(line).ingested.timestamp() * 1000) for line in lines]


def paced(pipe: IO[bytes], lines: Sequence[bytes], pace: int) -> tuple[list[float], float]:
    """Write at a pace; the clock at which each was due, and seconds that it took."""
    began = time.monotonic()
    due = [began + number / pace for number in range(len(lines))]
    at = 0
    while at < len(lines):
        until = bisect_left(due, time.monotonic())
        if until > at:
            pipe.write(b"".join(lines[at:until]))
            pipe.flush()
            at = until
        else:
            time.sleep(TICK)
    return due, time.monotonic() - began


def delays(seen: Sequence[tuple[float, int]], times: Sequence[int], due: Sequence[float]) -> list[float]:
    """Of the alerts raised by what was written at a pace, ms, sorted."""
    found = []
    for clock, raised in seen:
        if times[0] < raised <= times[-1]:
            found.append(1000 * (clock - due[bisect_left(times, raised)]))
    return sorted(found)


def run(lines: Sequence[bytes], warm_up: int, paces: Sequence[int], seconds: int, processes: int) -> list[Measured]:
    """All paces in one run of the job, one after the other."""
    with tempfile.TemporaryDirectory(prefix="anput-delay-") as folder:
        place = Path(folder)
        program = [sys.executable, "-c", "from flows.cli import app; app()", "run", "--quiet", "--input", "-"]
        options = {
            "--state": place / "state",
            "--alerts": place / "alerts.db",
            "--alerts-jsonl": place / "alerts.jsonl",
        }
        given = [*program, *(str(part) for option in options.items() for part in option), "--processes", str(processes)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANPUT_")}
        environment |= {"ANPUT_MIN_ALERT_RISK": "0", "PYTHONPATH": str(Path(__file__).parents[1])}
        with subprocess.Popen(
            given, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=place, env=environment
        ) as job:
            pipe = job.stdin
            if pipe is None:
                msg = "expected a pipe to the job"
                raise RuntimeError(msg)
            outlet = Outlet(place / "alerts.jsonl")
            pipe.writelines(lines[:warm_up])
            pipe.flush()
            time.sleep(QUIET)
            found, at = [], warm_up
            for pace in paces:
                some = lines[at : at + pace * seconds]
                at += len(some)
                due, took = paced(pipe, some, pace)
                time.sleep(QUIET)
                own = delays(list(outlet.seen), arrivals(some), due)
                quantiles = [percentile(own, percent) for percent in (50, 95, 99)]
                quantiles.append(round(own[-1], 3) if own else None)
                found.append(
                    Measured(pace, round(len(some) / took, 1), processes, round(took, 1), len(own), *quantiles)
                )
                print(found[-1], flush=True)  # noqa: T201
            pipe.close()
            job.wait()
            outlet.stop()
    return found


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--warm-up", type=int, default=8, help="days")
    parser.add_argument("--paces", type=int, nargs="+", default=[500, 1000, 2000, 4000])
    parser.add_argument("--seconds", type=int, default=30, help="at each pace")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--log", type=Path, help="a log simulated before, with its ingest times, to be used instead")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = given.log
        if log is None:
            log = Path(folder) / "activities.jsonl"
            simulate(given.users, given.days, 1, ["all"], Path(folder), attack_count=3)
        with log.open("rb") as file:
            lines = file.readlines()
    warm_up = len(lines) * given.warm_up // given.days
    measured = run(lines, warm_up, given.paces, given.seconds, given.processes)
    if given.out is not None:
        result = Result(given.users, os.cpu_count() or 1, warm_up, measured)
        given.out.write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")


if __name__ == "__main__":
    main()
