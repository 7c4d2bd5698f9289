"""One process of a run: builds the flow and gives it to Bytewax. `python -m flows.worker` is a child of `anput run`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path

from bytewax.recovery import RecoveryConfig
from bytewax.run import cli_main

from activities.enrich_files import EnrichmentError
from flows import stop
from flows.delivery.errors import DeliveryError
from flows.detect import build, prepare
from flows.exit_codes import FAILED, OK, SIGNALLED, STATE, USAGE
from flows.kafka.errors import BrokerError
from flows.logs import configure
from flows.settings import Settings, SettingsError, from_process
from flows.sinks.alert_store import AlertStoreError
from flows.sinks.json_lines import JsonLinesError
from flows.sources.lines import InputError
from recovery.errors import StateError

_CODES: tuple[tuple[type[Exception], int], ...] = (
    (SettingsError, USAGE),
    (InputError, USAGE),
    (EnrichmentError, USAGE),
    (BrokerError, FAILED),
    (DeliveryError, FAILED),
    (StateError, STATE),
    (AlertStoreError, STATE),
    (JsonLinesError, STATE),
    (ValueError, USAGE),
)

PARENT = "ANPUT_PARENT_PIPE"
"""Variable with the descriptor of a pipe whose other end the parent holds: it breaks when the parent dies."""


def run_flow(settings: Settings, process: int | None = None, addresses: list[str] | None = None) -> int:
    """Run to the end of input, or until asked to stop; return the exit code, having said why if it isn't 0.

    Args:
        settings: all settings.
        process: this process's number in a cluster.
        addresses: host:port of all processes of the cluster.
    """
    stop.install()
    try:
        prepare(settings)
        flow = build(settings, process)
        recovery = RecoveryConfig(str(Path(settings.state) / "recovery"), timedelta(0))  # type: ignore[no-untyped-call]
        cli_main(  # type: ignore[no-untyped-call]
            flow,
            workers_per_process=1,
            process_id=process,
            addresses=addresses,
            epoch_interval=timedelta(seconds=settings.snapshot_interval),
            recovery_config=recovery,
        )
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001
        return explain(error)
    return SIGNALLED + stop.signal_received() if stop.requested() else OK


def explain(error: BaseException) -> int:
    """Say what went wrong, in a line where we know the cause, else with the trace; return the exit code."""
    cause: BaseException | None = error
    while cause is not None:
        for kind, code in _CODES:
            if isinstance(cause, kind):
                print(f"anput: {cause}", file=sys.stderr)  # noqa: T201
                return code
        cause = cause.__cause__ or cause.__context__
    sys.excepthook(type(error), error, error.__traceback__)
    return FAILED


def _die_with_parent() -> None:
    descriptor = int(os.environ[PARENT])

    def watch() -> None:
        os.read(descriptor, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()


def main() -> int:
    """Run as a child: settings, number and addresses are in the environment."""
    configure()
    _die_with_parent()
    return run_flow(from_process(), int(os.environ["ANPUT_PROCESS"]), os.environ["ANPUT_ADDRESSES"].split(";"))


if __name__ == "__main__":
    sys.exit(main())
