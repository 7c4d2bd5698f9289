"""Inputs of earlier runs that this one doesn't name: their positions are kept for when they are named again.

Bytewax ends with a panic when its recovery knows a partition that the source doesn't list (0.21.1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import structlog
from bytewax.inputs import StatefulSourcePartition

from recovery.committed import committed

READ = "read"
"""The step under which recovery keeps positions."""

logger = structlog.get_logger()


def left_out(state: Path, inputs: Collection[str]) -> tuple[str, ...]:
    """The partitions that the state knows beside `inputs`, which are not read this time.

    Raises:
        StateError: see `recovery.committed.committed`.
    """
    known = sorted(key for step, key in committed(state).snapshots if step == READ)
    found = tuple(name for name in known if name not in inputs)
    for name in found:
        logger.warning("input of an earlier run is left out", input=name)
    return found


class LeftOutPartition(StatefulSourcePartition[object, bytes]):
    """Ends at once, and says nothing: nobody waits for it."""

    def __init__(self, known: bytes) -> None:
        self._known = known

    def next_batch(self) -> Iterable[object]:
        """Nothing."""
        raise StopIteration

    def snapshot(self) -> bytes:
        """As it was."""
        return self._known
