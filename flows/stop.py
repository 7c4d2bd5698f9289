"""Stopping on request: sources end at the next batch, so that the last epoch is snapshotted and nothing is read twice.

Bytewax ends a process at once on SIGTERM, and SIGINT to one process of a cluster hangs it; a flag does neither.
"""

from __future__ import annotations

import signal
from types import FrameType


class _Flag:
    signal_number = 0


def requested() -> bool:
    """Whether this process was asked to stop."""
    return _Flag.signal_number != 0


def signal_received() -> int:
    """The signal's number, 0 if none."""
    return _Flag.signal_number


def install() -> None:
    """Handle SIGINT and SIGTERM by the flag. Only from the main thread."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _handle)


def _handle(number: int, _: FrameType | None) -> None:
    _Flag.signal_number = number
