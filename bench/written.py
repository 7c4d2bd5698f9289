"""What a sink that can take nothing back would have been sent: every alert revision written, those after a crash again.

Read from the `--alerts-jsonl` file, which a resume cuts to its snapshot: before each start it is noted where the file
will be cut, after each end what is behind that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from bench.outcome import content
from bench.recovery_read import snapshots
from flows.detect import FLOW
from recovery.stamp import RECOVERY


class Written:
    """Follows one state from its first start to its last."""

    def __init__(self, work: Path) -> None:
        self._state, self._path = work / "state", work / "alerts.jsonl"
        self._from = 0
        self._known: dict[str, dict[str, Any]] = {}
        self.repeated = 0
        """Revisions written again: same alert, same number."""
        self.conflicting = 0
        """Those of them whose content was another the first time."""

    def begin(self) -> None:
        """Before a start."""
        known = snapshots(self._state / RECOVERY, f"{FLOW}.alerts_jsonl")
        size = self._path.stat().st_size if self._path.exists() else 0
        self._from = known.get("alerts", size)

    def end(self) -> None:
        """After the processes have ended."""
        if not self._path.exists():
            return
        for alert in _alerts(self._path.read_bytes()[self._from :]):
            known = self._known.setdefault(alert["metadata"]["uid"], alert)
            if known is not alert:
                self.repeated += 1
                self.conflicting += known != alert

    @property
    def count(self) -> int:
        """Revisions written, each once."""
        return len(self._known)

    def delivered(self) -> dict[str, Any]:
        """Open alerts for one who was sent all that was ever written."""
        return _deduplicated(self._known.values())

    def in_file(self) -> dict[str, Any]:
        """Open alerts for one who reads the file as it is now."""
        return _deduplicated(_alerts(self._path.read_bytes()))


def _alerts(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.splitlines(keepends=True):
        # A line without an end was torn off by a crash; a resume may have ended it.
        if line.endswith(b"\n"):
            with suppress(msgspec.DecodeError):
                yield msgspec.json.decode(line)


def _deduplicated(alerts: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The first of each (uid, revision), then the highest revision of each uid, as far as open."""
    latest: dict[str, dict[str, Any]] = {}
    for alert in alerts:
        uid, number = alert["finding_info"]["uid"], alert["metadata"]["sequence"]
        if uid not in latest or number > latest[uid]["metadata"]["sequence"]:
            latest[uid] = alert
    return content(latest.values())
