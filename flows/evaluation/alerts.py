"""Alerts to be evaluated: from an alert store, or from OCSF objects as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from flows.evaluation.truth import EvaluationError
from flows.sinks.alert_store import AlertStore, AlertStoreError

_SQLITE = b"SQLite format 3\0"
_FINDING, _USER = "finding", "user"


@dataclass(frozen=True)
class Seen:
    """An alert as it is in the end. Times in ms."""

    uid: str
    detections: tuple[str, ...]
    """Its own first, then those of its findings."""
    users: frozenset[str]
    """Whom it is about, and all among its evidence."""
    user: str
    spans: tuple[tuple[int, int], ...]
    """Event times that its findings, or it, rest on: first and last."""
    raised: int
    """Ingest time of the activity that first made it one."""
    risk: float
    closed: bool


def read(path: Path) -> list[Seen]:
    """All alerts, closed ones too, by the time at which they were raised.

    Raises:
        EvaluationError: the file is missing, or neither an alert store nor OCSF findings as JSON lines.
    """
    revisions: dict[str, list[Mapping[str, Any]]] = {}
    for where, record in _records(path):
        try:
            revisions.setdefault(record["finding_info"]["uid"], []).append(record)
        except (KeyError, TypeError):
            msg = f"{where}: expected an OCSF Detection Finding with finding_info.uid; found none"
            raise EvaluationError(msg) from None
    found = [_seen(uid, history) for uid, history in revisions.items()]
    return sorted(found, key=lambda alert: (alert.raised, alert.uid))


def _records(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with path.open("rb") as file:
            store = file.read(len(_SQLITE)) == _SQLITE
        if store:
            with AlertStore(path) as opened:
                yield from ((str(path), record) for record in opened.latest())
            return
        with path.open("rb") as file:
            for number, data in enumerate(file, 1):
                if data.strip():
                    yield f"{path}:{number}", _decoded(data, f"{path}:{number}")
    except OSError as error:
        msg = f"{path}: expected alerts, a store or OCSF JSON lines: {error.strerror}"
        raise EvaluationError(msg) from None
    except AlertStoreError as error:
        raise EvaluationError(str(error)) from None


def _decoded(data: bytes, where: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"{where}: expected an OCSF object: {error}"
        raise EvaluationError(msg) from None


def _seen(uid: str, history: Iterable[Mapping[str, Any]]) -> Seen:
    last = max(history, key=lambda record: _number(record, "metadata", "sequence"))
    info = last["finding_info"]
    related = [event for event in info.get("related_events", []) if isinstance(event, dict)]
    spans = [
        (event["first_seen_time"], event["last_seen_time"])
        for event in related
        if event.get("type") == _FINDING and "first_seen_time" in event and "last_seen_time" in event
    ]
    whole = info.get("first_seen_time") or last.get("start_time") or last.get("time") or 0
    user = str(_at(last, "actor", "user", "uid") or "")
    users = {user, *(str(_at(evidence, "actor", "user", "uid") or "") for evidence in last.get("evidences", []))}
    users |= {str(event.get("uid", "")) for event in related if event.get("type") == _USER}
    detections = [str(_at(info, "analytic", "uid") or ""), *map(str, info.get("types", []))]
    return Seen(
        uid,
        tuple(dict.fromkeys(name for name in detections if name)),
        frozenset(name.casefold() for name in users if name),
        user.casefold(),
        tuple(spans) or ((whole, info.get("last_seen_time") or last.get("end_time") or whole),),
        min((raised for record in history if (raised := _number(record, "metadata", "logged_time"))), default=0)
        or int(last.get("time") or 0),
        float(last.get("risk_score") or 0),
        last.get("activity_name") == "Close",
    )


def _at(value: Any, *path: str) -> Any:  # noqa: ANN401
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _number(record: Mapping[str, Any], *path: str) -> int:
    value = _at(record, *path)
    return value if isinstance(value, int) else 0
