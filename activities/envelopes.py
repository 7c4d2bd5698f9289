"""What records come in: lists of them, and what shippers put around one.

Lists: files of CloudTrail, pages of REST APIs, messages of Azure Monitor and CloudWatch Logs. Around one record:
EventBridge (`detail`), Splunk (`event`, `_raw`), CloudWatch Logs and many shippers (`message`), Microsoft Defender
(`RawEventData`), Microsoft Purview (`AuditData`), also as a column of an exported table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from activities.format import Record
from activities.values import decoded

LISTS = ("Records", "records", "value", "items", "entries", "Events", "logEvents")
"""`Records`: files of CloudTrail. `records`: Azure Monitor, as Event Hubs delivers it. `value`: pages of Microsoft
Graph and Azure. `items`: pages of Google Workspace reports. `entries`: pages of Google Cloud Logging. `Events`: pages
of `aws cloudtrail lookup-events`. `logEvents`: a subscription of CloudWatch Logs."""
INSIDE = (
    "AuditData", "auditData", "detail", "event", "RawEventData", "rawEventData", "_raw", "message", "Message",
    "@message", "data", "body",
)  # fmt: skip
"""Fields that hold a record, as an object or as the text of one."""

_HOLDS_LIST = re.compile(rb'"(?:%s)"\s*:\s*\[' % "|".join(LISTS).encode())
_WITHIN = 4096
"""Bytes from the beginning within which the list of an envelope begins."""
_LAYERS = 3
"""Of shippers' envelopes, one in the other."""

_Found = msgspec.Raw | msgspec.UnsetType


class _Envelope(msgspec.Struct):
    """An object that holds a list of records; one that has a time or an operation itself is a record."""

    Records: _Found = msgspec.UNSET
    records: _Found = msgspec.UNSET
    value: _Found = msgspec.UNSET
    items: _Found = msgspec.UNSET
    entries: _Found = msgspec.UNSET
    Events: _Found = msgspec.UNSET
    logEvents: _Found = msgspec.UNSET
    action: _Found = msgspec.UNSET
    time: _Found = msgspec.UNSET
    timestamp: _Found = msgspec.UNSET
    eventTime: _Found = msgspec.UNSET
    published: _Found = msgspec.UNSET
    createdDateTime: _Found = msgspec.UNSET
    activityDateTime: _Found = msgspec.UNSET
    CreationTime: _Found = msgspec.UNSET
    TimeGenerated: _Found = msgspec.UNSET


_SIGNS_OF_A_RECORD = tuple(field for field in _Envelope.__struct_fields__ if field not in LISTS)

_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode


def records_of(data: bytes) -> list[msgspec.Raw] | None:
    """The records of an array or an envelope, not yet decoded; None if it is neither.

    Raises:
        msgspec.DecodeError: It is no JSON after all, or its list is none.
        RecursionError: It is nested too deeply.
    """
    if data.startswith(b"["):
        return _decode_array(data)
    if _HOLDS_LIST.search(data, 0, _WITHIN):
        envelope = _decode_envelope(data)
        if all(getattr(envelope, sign) is msgspec.UNSET for sign in _SIGNS_OF_A_RECORD):
            for name in LISTS:
                found = getattr(envelope, name)
                if found is not msgspec.UNSET:
                    return _decode_array(found)
    return None


def holds_many(line: bytes) -> bool:
    """Whether a line may hold many records, and so be longer than one may be."""
    return line.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") or _HOLDS_LIST.search(line[:_WITHIN]) is not None


def inside(record: Record, path: str = "$", layers: int = _LAYERS) -> Iterator[tuple[str, Record]]:
    """The objects that what shippers put around a record could hold, each with its path, the outer ones first."""
    found: list[tuple[str, Record]] = []
    for name in INSIDE:
        inner = decoded(record[name]) if name in record else None
        if isinstance(inner, dict):
            found.append((f"{path}.{name}", inner))
    yield from found
    if layers > 1:
        for where, inner in found:
            yield from inside(inner, where, layers - 1)
