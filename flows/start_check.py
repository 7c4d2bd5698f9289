"""Whether the files that a state was written beside are those: looked at before Bytewax starts.

Bytewax opens its sinks when it resumes, and then the refusal comes with a panic's trace around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.settings import Settings
from flows.sinks import alert_store_sink, json_lines


def check_files(settings: Settings, state_id: str, snapshots: Mapping[tuple[str, str], Any]) -> None:
    """Check alert store, JSON lines and lanes against what a resume would cut them to.

    Raises:
        AlertStoreError, JsonLinesError: one is missing, or another.
    """
    for (step, key), snapshot in snapshots.items():
        if step == "alerts" and settings.alerts:
            alert_store_sink.check(step, Path(settings.alerts), state_id, snapshot)
        elif step == "alerts_jsonl" and settings.alerts_jsonl:
            json_lines.check(step, Path(settings.alerts_jsonl), snapshot)
        elif step == "lanes" and (folder := settings.lane_folder(key)) is not None:
            json_lines.check(step, folder / f"{key}.jsonl", snapshot)
