"""`anput run`: one process, or a supervised cluster of several on this machine, with a progress bar and a summary."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from flows import progress, stop
from flows.delivery import outbox_file
from flows.detect import check_start, prepare, stores_of
from flows.exit_codes import FAILED, OK, SIGNALLED
from flows.kafka.address import is_address
from flows.printing import display
from flows.settings import Settings, to_environment
from flows.sinks.counts import read_sources, read_totals
from flows.sources.files import check_input
from flows.sources.kafka_inputs import check_addresses
from flows.sources.stdin import STDIN
from flows.worker import PARENT, explain, run_flow
from recovery import stamp

STOPPED = (SIGNALLED + signal.SIGINT, SIGNALLED + signal.SIGTERM)

EVERY = 0.2
"""Seconds between looks at the progress and at the processes."""


class Summary(msgspec.Struct, kw_only=True):
    """What `--summary` writes. Counts are of everything that the state has taken in, over all runs."""

    in_: int = msgspec.field(name="in")
    out: int
    late: int
    duplicate: int
    rejected: int
    skipped: int
    """Of those rejected: well, but no activities, such as CloudTrail's insights and digests."""
    alerts: int
    """Alerts that are not closed."""
    suppressed: int
    rate: float
    """Activities per second of this run."""
    seconds: float
    """This run's."""
    read: int
    """Activities read in this run."""
    capped: int
    """Of those in `out`: counted, but not kept in detail."""
    expired: int
    """Users forgotten since they were idle for so long."""
    dead_letters: int
    """Messages that no webhook or Splunk took; they are in the dead-letter file."""
    sources: dict[str, dict[str, int]]
    """Per input: in, late, rejected, skipped, and percentiles of the delay from event to ingest."""


def run(settings: Settings, processes: int, summary_file: Path | None, *, quiet: bool) -> int:
    """Run to the end of input or to a signal.

    Args:
        settings: all settings.
        processes: how many.
        summary_file: where to write the summary as JSON.
        quiet: no progress bar.

    Returns:
        The exit code.
    """
    console = Console(stderr=True)
    state = Path(settings.state)
    with ExitStack() as stack:
        try:
            check_addresses((*settings.input, *settings.verdict_inputs))
            for name in (*settings.input, *settings.verdict_inputs):
                if name != STDIN and not is_address(name):
                    check_input(name, follow=settings.follow)
            state.mkdir(parents=True, exist_ok=True)
            stack.enter_context(stamp.lock(state))
            # First: a state of other settings is left as it is.
            stamped = prepare(settings)
            stamp.begin_run(state)
            if processes > 1:
                _check_start(settings, stamped)
            before = read_totals(state)["in"]
        except Exception as error:  # noqa: BLE001
            return explain(error)
        progress.clear(state / "progress")
        began = time.monotonic()
        with _progress_bar(console, state, show=not quiet and console.is_terminal):
            code = run_flow(settings) if processes == 1 else _run_cluster(settings, processes)
        seconds = time.monotonic() - began
        if code not in (OK, *STOPPED):
            return code
        summary = _summarise(state, before, seconds)
    _print_summary(summary)
    if summary_file is not None:
        summary_file.write_bytes(msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
    return code


def _summarise(state: Path, before: int, seconds: float) -> Summary:
    totals = read_totals(state)
    read = totals["in"] - before
    return Summary(
        in_=totals["in"],
        out=totals["out"],
        late=totals["late"],
        duplicate=totals["duplicate"],
        rejected=totals["rejected"],
        skipped=totals["skipped"],
        alerts=totals["alerts"],
        suppressed=totals["suppressed"],
        rate=round(read / seconds, 1) if seconds else 0.0,
        seconds=round(seconds, 3),
        read=read,
        capped=totals["capped"],
        expired=totals["expired"],
        dead_letters=outbox_file.read_totals(state).dead,
        sources=read_sources(state),
    )


def _print_summary(summary: Summary) -> None:
    table = Table(show_header=False, box=None)
    for field in msgspec.structs.fields(Summary):
        value = getattr(summary, field.name)
        if isinstance(value, int | float):
            table.add_row(field.encode_name, Text(f"{value:,}", justify="right"))
    holds = summary.in_ == summary.out + summary.late + summary.duplicate + summary.rejected
    display(table)
    display(f"in {'=' if holds else 'is NOT'} out + late + duplicate + rejected")


@contextmanager
def _progress_bar(console: Console, state: Path, *, show: bool) -> Iterator[None]:
    if not show:
        yield
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[records]:,} activities"),
        TimeElapsedColumn(),
    )
    done = threading.Event()
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("reading", total=None, records=0)

        def follow() -> None:
            last = False
            while not last:
                last = done.wait(EVERY)
                parts = progress.read(state / "progress")
                total = sum(part.total for part in parts)
                bar.update(
                    task,
                    completed=sum(part.done for part in parts),
                    total=total or None,
                    records=sum(part.records for part in parts),
                )

        thread = threading.Thread(target=follow, daemon=True, name="progress")
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _check_start(settings: Settings, stamped: stamp.Stamp) -> None:
    """What a process alone checks by itself: in a cluster each process would find out in the middle of Bytewax."""
    stores = stores_of(settings, stamped)
    check_start(settings, stores, stamped)
    stores.close_all()


def _run_cluster(settings: Settings, processes: int) -> int:
    """Start the processes, pass signals on, and end all when one fails."""
    stop.install()
    addresses = ";".join(f"127.0.0.1:{port}" for port in _free_ports(processes))
    read_end, write_end = os.pipe()
    children: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(processes):
            environment = os.environ | to_environment(settings)
            environment |= {PARENT: str(read_end), "ANPUT_PROCESS": str(number), "ANPUT_ADDRESSES": addresses}
            with stop.held_back():
                child = subprocess.Popen(
                    [sys.executable, "-m", "flows.worker"],
                    env=environment,
                    pass_fds=(read_end,),
                    stdin=None if number == 0 else subprocess.DEVNULL,
                    # A group of its own: Ctrl-C reaches us alone, and we tell every process.
                    process_group=0,
                )
            children.append(child)
        return _supervise(children)
    finally:
        for child in children:
            if child.poll() is None:
                child.kill()
            child.wait()
        os.close(read_end)
        os.close(write_end)


def _supervise(children: list[subprocess.Popen[bytes]]) -> int:
    told = False
    while True:
        if stop.requested() and not told:
            told = True
            _for_each(children, lambda child: child.send_signal(signal.SIGTERM))
        codes = [child.poll() for child in children]
        failed = [code for code in codes if code not in (None, OK, *STOPPED)]
        if failed:
            # A child that a signal ended has a negative code; what it was doing is not saved, so the run failed.
            return max((code for code in failed if code is not None and code > 0), default=FAILED)
        if None not in codes:
            return SIGNALLED + stop.signal_received() if stop.requested() else OK
        time.sleep(EVERY / 4)


def _for_each(children: list[subprocess.Popen[bytes]], act: Callable[[subprocess.Popen[bytes]], None]) -> None:
    for child in children:
        if child.poll() is None:
            act(child)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for entry in sockets:
            entry.bind(("127.0.0.1", 0))
        return [entry.getsockname()[1] for entry in sockets]
    finally:
        for entry in sockets:
            entry.close()
