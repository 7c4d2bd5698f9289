"""The real flow on Bytewax in processes of their own, made quick to start, and killed at a chosen moment.

Processes are forked from a server that has imported everything and opened nothing. A moment is one of the calls below:
reading a batch, writing to a store or a sink, snapshotting a source. At the one that is asked for, the process sends
itself SIGKILL.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Literal

import msgspec
from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main

import flows.run
from bench.broker import free_ports
from bench.outcome import Outcome, content, read_users
from flows import detect, state_rewrite
from flows.detect import build, prepare
from flows.settings import Settings
from flows.sinks.alert_store import AlertStore
from flows.sinks.counts import read_totals
from flows.sources.files import FilesPartition
from flows.state_documents import Documents
from recovery import stamp
from recovery.store import KeyGroupStore
from stateful import user
from tests.stateful import releases

PATIENCE = 120.0
"""Seconds after which a run that should have ended is taken to hang."""
MOMENTS: tuple[tuple[type[Any], str], ...] = (
    (FilesPartition, "next_batch"),
    (FilesPartition, "snapshot"),
    (KeyGroupStore, "stage"),
    (KeyGroupStore, "commit"),
    (KeyGroupStore, "sync"),
    (KeyGroupStore, "tidy"),
    (AlertStore, "append"),
    (AlertStore, "truncate"),
)

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Way:
    """How a run goes."""

    processes: int = 1
    batch: int = 1000
    interval: float = 10.0
    """Seconds between snapshots; 0: each batch is an epoch."""
    pause: float = 0.0
    """Seconds before each batch."""
    kill: int = 0
    """The moment at which the last process dies; 0: it doesn't."""
    release: Literal["", "old", "new"] = ""
    """Of `tests.stateful.releases`; the present one by default."""


def run(settings: Settings, way: Way) -> bool:
    """Run to the end, or until it is killed; return whether it came to its end.

    Raises:
        AssertionError: it ended otherwise.
    """
    state = Path(settings.state)
    state.mkdir(exist_ok=True)
    known = msgspec.json.encode(msgspec.structs.replace(settings, batch_size=way.batch))
    with stamp.lock(state):
        stamp.begin_run(state)
        addresses = [f"127.0.0.1:{port}" for port in free_ports(way.processes)] if way.processes > 1 else None
        children = [
            SERVER.Process(target=_child, args=(known, way, number if addresses else None, addresses))
            for number in range(way.processes)
        ]
        for child in children:
            child.start()
        _await(children)
        codes = [child.exitcode for child in children]
    if way.kill and -signal.SIGKILL in codes:
        return False
    assert codes == [0] * way.processes, codes
    return True


def refused(settings: Settings, said: Path) -> int:
    """`anput run` on a state that it may refuse; its exit code. What it says on standard error goes to `said`."""
    child = SERVER.Process(target=_command, args=(msgspec.json.encode(settings), str(said)))
    child.start()
    child.join(PATIENCE)
    assert child.exitcode is not None
    return int(child.exitcode)


def migrate(settings: Settings) -> None:
    """`anput state migrate` by the new release."""
    child = SERVER.Process(target=_migrate, args=(settings.state,))
    child.start()
    child.join(PATIENCE)
    assert child.exitcode == 0


def outcome(settings: Settings) -> Outcome:
    """What the runs on a state came to."""
    with AlertStore(settings.alerts) as store:
        alerts = content(store.latest())
    state = Path(settings.state)
    return Outcome(alerts, read_users(state), dict(read_totals(state)))


def _await(children: list[Any]) -> None:
    """Until all have ended; when one fails, the others are killed, as `anput run` does."""
    deadline = time.monotonic() + PATIENCE
    while running := [child for child in children if child.exitcode is None]:
        wait([child.sentinel for child in running], max(deadline - time.monotonic(), 0))
        if any(child.exitcode for child in children) or time.monotonic() > deadline:
            for child in running:
                child.kill()
                child.join()


def _command(known: bytes, said: str) -> None:
    with Path(said).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    code = flows.run.run(msgspec.json.decode(known, type=Settings), 1, None, quiet=True)
    sys.stderr.flush()
    os._exit(code)


def _migrate(state: str) -> None:
    _install("new")
    with stamp.lock(Path(state)):
        state_rewrite.migrate(Path(state), Documents(user=releases.new_codec()), max(detect.SCHEMA.values()))


def _install(release: str) -> None:
    if release:
        codec = releases.OldCodec if release == "old" else releases.new_codec
        user.user_codec = codec
        detect.SCHEMA["user"] = codec().version


def _child(known: bytes, way: Way, number: int | None, addresses: list[str] | None) -> None:
    settings = msgspec.json.decode(known, type=Settings)
    if number in (None, way.processes - 1):
        _arm(way)
    _install(way.release)
    prepare(settings)
    flow = build(settings, number)
    recovery = RecoveryConfig(str(Path(settings.state) / "recovery"), timedelta(0))  # type: ignore[no-untyped-call]
    interval = timedelta(seconds=way.interval)
    cli_main(  # type: ignore[no-untyped-call]
        flow, process_id=number, addresses=addresses, epoch_interval=interval, recovery_config=recovery
    )
    sys.stdout.flush()
    os._exit(0)


def _arm(way: Way) -> None:
    moments = [0]

    def armed(call: Callable[..., Any], pause: float) -> Callable[..., Any]:
        def act(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            time.sleep(pause)
            moments[0] += 1
            if moments[0] == way.kill:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return act

    for owner, name in MOMENTS:
        setattr(owner, name, armed(getattr(owner, name), way.pause if name == "next_batch" else 0.0))
