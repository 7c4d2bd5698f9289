"""The key groups' stores of a run, opened before Bytewax starts where this process is to have all of them.

What Bytewax opens when it resumes is refused with a panic's trace around the message; and in a cluster each process
would find out for itself.
"""

from __future__ import annotations

from pathlib import Path

from recovery.committed import Committed
from recovery.store import KeyGroupStore
from recovery.token import Token

STEPS = ("profile", "correlate")


class Stores:
    """Opens stores."""

    def __init__(self, state: Path, cluster_id: str, schema: int) -> None:
        """Nothing is opened yet.

        Args:
            state: the state directory.
            cluster_id: whose state it is.
            schema: highest version of all documents.
        """
        self._state, self._cluster_id, self._schema = state, cluster_id, schema
        self._ready: dict[tuple[str, int], KeyGroupStore] = {}

    def open(self, step: str, group: int, token: Token | None) -> KeyGroupStore:
        """A key group's store as of a token; the one that is ready, if it is that.

        Raises:
            StateError: see `KeyGroupStore.open`.
        """
        ready = self._ready.pop((step, group), None)
        if ready is not None:
            if ready.token == token:
                return ready
            ready.close()
        return KeyGroupStore.open(self._state, step, group, token, self._cluster_id, self._schema)

    def open_all(self, found: Committed) -> None:
        """Have all stores ready that a resume from `found` needs.

        Raises:
            StateError: one can't be had. Those that were opened are closed again.
        """
        try:
            for step in STEPS:
                for group, token in sorted(found.tokens(step).items()):
                    self._ready[step, group] = self.open(step, group, token)
        except BaseException:
            self.close_all()
            raise

    def close_all(self) -> None:
        """Close the stores that nobody has asked for."""
        while self._ready:
            self._ready.popitem()[1].close()
