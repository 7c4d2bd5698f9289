"""What the sinks share: the items they take and the JSON they write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec

from flows.sinks.ocsf import to_ocsf
from stateful.detection import Detection
from stateful.finding import Alert


class AlertBatch(Protocol):
    """What the alert sinks take as value: alerts that travel together."""

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """In the order in which they were raised."""
        ...


def to_records(batches: Iterable[AlertBatch], detections: Mapping[str, Detection]) -> list[dict[str, Any]]:
    """OCSF objects of all alerts in `batches`, in order."""
    return [to_ocsf(alert, detections) for batch in batches for alert in batch.alerts]


def encode_json(value: Any) -> bytes:
    """JSON in UTF-8 without line breaks. Text that UTF-8 can't hold (lone surrogates) becomes `?`, not an error."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_valid_text(msgspec.to_builtins(value)))


def _valid_text(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_valid_text(key): _valid_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_valid_text(item) for item in value]
    return value
