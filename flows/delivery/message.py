"""What leaves for another program: an alert's revision, or a record of a lane."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from flows.sinks.encoding import AlertBatch, encode_json
from flows.sinks.ocsf import to_ocsf
from stateful.detection import Detection

ALERT = "alert"
"""The kind of alerts; records of lanes have the lane's name as theirs."""


class Message(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One message. It is kept in snapshots until it is delivered: new fields at the end, with a default."""

    kind: str
    body: bytes
    """JSON in UTF-8, without line breaks."""
    tenant: str = ""
    uid: str = ""
    """The alert's, the finding's, or the activity's id; "" of what couldn't be read."""
    revision: int = 0
    time: int = 0
    """Event time, ms; 0 where there is none."""


def alert_messages(batches: Iterable[AlertBatch], detections: Mapping[str, Detection]) -> list[Message]:
    """Each revision of each alert as an OCSF object, in order."""
    return [
        Message(
            ALERT,
            encode_json(to_ocsf(alert, detections)),
            alert.tenant,
            alert.uid,
            alert.revision,
            alert.modified,
        )
        for batch in batches
        for alert in batch.alerts
    ]


def lane_messages(lane: str, records: Sequence[Mapping[str, Any]]) -> list[Message]:
    """Records of a lane, as they are written to its file."""
    return [_lane_message(lane, record) for record in records]


def _lane_message(lane: str, record: Mapping[str, Any]) -> Message:
    body = encode_json(record)
    if activity := record.get("activity"):
        return Message(lane, body, activity.get("tenant", ""), activity.get("id", ""), 0, activity.get("time", 0))
    if finding := record.get("finding"):
        content = finding["finding"]
        return Message(lane, body, content["tenant"], content["uid"], finding["revision"], content["end"])
    return Message(lane, body)
