"""Stopping on request: sources end at the next batch, so that the last epoch is snapshotted and nothing is read twice.

Bytewax ends a process at once on SIGTERM, and SIGINT to one process of a cluster hangs it; a flag does neither.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class _Flag:
    signal_number = 0


def requested() -> bool:
    """Whether this process was asked to stop."""
    return _Flag.signal_number != 0


def signal_received() -> int:
    """The signal's number, 0 if none."""
    return _Flag.signal_number


SIGNALS = (signal.SIGINT, signal.SIGTERM)


def install() -> None:
    """Handle SIGINT and SIGTERM by the flag, those that were held back too. Only from the main thread."""
    for number in SIGNALS:
        signal.signal(number, _handle)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


@contextmanager
def held_back() -> Iterator[None]:
    """Processes started meanwhile get the signals only once they call `install`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _handle(number: int, _: FrameType | None) -> None:
    _Flag.signal_number = number
