"""What Bytewax's recovery partitions say, read without Bytewax: from where it would resume, and with what.

Layout of Bytewax 0.21 (its src/recovery.rs): SQLite files `part-<n>.sqlite3`; `exs` has a row per execution, `fronts`
the epoch that each of its workers has come to, `snaps` the snapshots, pickled. An execution resumes at the least epoch
of all workers of the last one, from each key's newest snapshot of an earlier epoch.
"""

from __future__ import annotations

import pickle
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any


def snapshots(recovery: Path, step: str) -> dict[str, Any]:
    """Each key's snapshot that a resume would start from; keys that were discarded are left out.

    The files are read as copies, so that a crashed run's write-ahead log stays for Bytewax to deal with.

    Args:
        recovery: the directory of the partitions; there is no snapshot where it doesn't exist yet.
        step: as Bytewax knows it: `<flow>.<step>`.
    """
    if not recovery.exists():
        return {}
    with tempfile.TemporaryDirectory(prefix="anput-recovery-") as directory:
        copy = Path(shutil.copytree(recovery, Path(directory) / "recovery"))
        parts = sorted(copy.glob("part-*.sqlite3"))
        epoch = resume_epoch(parts)
        found: dict[str, tuple[int, Any]] = {}
        for part in parts:
            rows = _rows(
                part,
                "SELECT state_key, snap_epoch, ser_change FROM snaps WHERE step_id = ? AND snap_epoch < ?",
                step,
                epoch,
            )
            for key, at, data in rows:
                if key not in found or at > found[key][0]:
                    found[key] = at, data
    return {key: pickle.loads(data) for key, (_, data) in sorted(found.items()) if data is not None}


def resume_epoch(parts: list[Path]) -> int:
    """The epoch at which Bytewax would resume; 1 for a recovery that nothing has run on."""
    executions: list[tuple[int, int, int]] = [
        row for part in parts for row in _rows(part, "SELECT ex_num, worker_count, resume_epoch FROM exs")
    ]
    if not executions:
        return 1
    number, workers, began = max(executions)
    fronts: list[int] = [
        epoch
        for part in parts
        for (epoch,) in _rows(part, "SELECT worker_frontier FROM fronts WHERE ex_num = ?", number)
    ]
    return min(fronts) if len(fronts) == workers else began


def _rows(part: Path, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(part)) as database:
        return database.execute(statement, arguments).fetchall()
