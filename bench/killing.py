"""Runs of the engine on one state, with SIGKILL to a random one of its processes at a random moment. Linux only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench.written import Written
from flows import progress

START, READING, END = "start-up", "reading", "end"
AIMS = (START, READING, READING, END)
"""What a kill is aimed at, each as likely as the others."""
START_SECONDS, READING_SECONDS, END_SECONDS = 1.5, 1.5, 0.6
"""Longest wait before the kill: from the start, from the first record read, from `NEARLY` of all bytes read."""
NEARLY = 0.95
PATIENCE = 300.0
"""Seconds after which a run that should have ended is taken to hang."""
ORPHAN_SECONDS = 5.0
"""What workers are given to end after their supervisor, beside the time of the next run."""
LOOK = 0.01
"""Seconds between looks."""


@dataclass
class Tally:
    """What happened, over all states."""

    kills: Counter[str] = field(default_factory=Counter)
    """By phase in which they came."""
    victims: Counter[str] = field(default_factory=Counter)
    starts: Counter[int] = field(default_factory=Counter)
    """By number of processes."""
    failures: list[str] = field(default_factory=list)
    """Runs that ended by themselves, but not well; processes that outlived their parent."""


class State:
    """One state, from its first start until a run on it comes to its end."""

    def __init__(
        self, work: Path, inputs: Sequence[str], partitions: int, settings: dict[str, str], tally: Tally
    ) -> None:
        """Begin.

        Args:
            work: folder, to be made: `state`, `alerts.db`, `alerts.jsonl`, `summary.json`.
            inputs: files, or the address of a topic.
            partitions: that the inputs have in all.
            settings: `ANPUT_*` variables.
            tally: what happens is added to it.
        """
        work.mkdir()
        self.work, self.written = work, Written(work)
        self._inputs, self._partitions, self._settings, self._tally = inputs, partitions, settings, tally
        self._orphans: list[int] = []

    def run(self, processes: int, kill: Random | None = None) -> int | None:
        """Start a run, and kill it at a random moment if it is not over before.

        Returns:
            Its exit code; None if it was killed.
        """
        self.written.begin()
        child = self._start(processes)
        try:
            if kill is not None:
                self._await_moment(child, kill)
            if kill is not None and child.poll() is None:
                self._kill(child, processes, kill)
                return None
            code = child.wait(PATIENCE)
            if code:
                self._fail(f"{processes} processes ended with exit code {code}")
            return code
        finally:
            child.kill()
            child.wait()
            self.written.end()

    def _start(self, processes: int) -> subprocess.Popen[bytes]:
        progress.clear(self.work / "state" / "progress")
        work = self.work
        command = [sys.executable, "-c", "from flows.cli import app; app()", "run", "--quiet"]
        command += [option for name in self._inputs for option in ("--input", name)]
        command += ["--state", str(work / "state"), "--alerts", str(work / "alerts.db")]
        command += ["--alerts-jsonl", str(work / "alerts.jsonl"), "--summary", str(work / "summary.json")]
        command += ["--processes", str(processes)]
        self._tally.starts[processes] += 1
        with (work / "errors.txt").open("wb") as errors:
            return subprocess.Popen(
                command, env={**os.environ, **self._settings}, stdout=subprocess.DEVNULL, stderr=errors
            )

    def _await_moment(self, child: subprocess.Popen[bytes], chance: Random) -> None:
        """Wait until the moment to kill has come, or the run is over."""
        aim = chance.choice(AIMS)
        longest = {START: START_SECONDS, READING: READING_SECONDS, END: END_SECONDS}[aim]
        while aim != START and child.poll() is None:
            phase, share = self._phase()
            if phase != START and (aim == READING or share >= NEARLY):
                break
            time.sleep(LOOK)
        with suppress(subprocess.TimeoutExpired):
            child.wait(chance.uniform(0, longest))

    def _phase(self) -> tuple[str, float]:
        """Where the run is, and the share that it has read of what it found at its start."""
        try:
            parts = progress.read(self.work / "state" / "progress")
        except FileNotFoundError:  # replaced or cleared at this moment
            parts = []
        if len(parts) < self._partitions:
            return (READING if parts else START), 0.0
        done, total = sum(part.done for part in parts), sum(part.total for part in parts)
        return (READING if done < total else END), done / total if total else 1.0

    def _kill(self, child: subprocess.Popen[bytes], processes: int, chance: Random) -> None:
        phase = self._phase()[0]
        workers = _workers(child.pid)
        victim = chance.choice([child.pid, *workers])
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        code = child.wait(PATIENCE)
        kind = "only process" if processes == 1 else "supervisor" if victim == child.pid else "worker"
        self._tally.kills[phase] += 1
        self._tally.victims[kind] += 1
        if code == 0 and phase != END:
            self._fail(f"a {kind} of {processes} was killed while {phase}, and the exit code is 0")
        self._await_orphans()
        self._orphans = workers

    def _await_orphans(self) -> None:
        """The workers of the run before, whose supervisor was killed, have to be gone."""
        deadline = time.monotonic() + ORPHAN_SECONDS
        for pid in self._orphans:
            while _is_worker(pid) and time.monotonic() < deadline:
                time.sleep(LOOK)
            if _is_worker(pid):
                self._fail(f"worker {pid} outlived its supervisor by more than the next run")

    def _fail(self, what: str) -> None:
        errors = (self.work / "errors.txt").read_text(errors="replace").strip()
        self._tally.failures.append(f"{self.work}: {what}: {errors[-2000:]}")


def _workers(parent: int) -> list[int]:
    """The worker processes of a run: children that are past their `exec`."""
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        return []
    return [int(pid) for pid in children if _is_worker(int(pid))]


def _is_worker(pid: int) -> bool:
    try:
        return b"flows.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
