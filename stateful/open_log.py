"""The open 24 hours of a user as stored: what repeats once, each activity as a short row that is encoded once.

A row is its time as an offset, its id (packed when it is hexadecimal or a UUID), an index into the operations (what was
done), an index into the settings (who, from where, with what), and the objects' names and sizes. Ingest time and raw
reference are not kept: no result may depend on them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

import msgspec

from activities.activity import Activity, Category, Device, Location, Object, Outcome, User

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX = re.compile(r"([0-9a-f]{2}){4,64}")


class Operation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was done, as far as it repeats."""

    action: str
    category: Category
    outcome: Outcome
    app: str
    error: str
    source: str
    types: tuple[str, ...]
    """Of the objects."""
    tags: tuple[str, ...] = ()


class Setting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who did it, from where and with what."""

    tenant: str
    user: User
    impersonated: User | None
    ip: str
    location: Location
    device: Device
    session: str
    groups: tuple[str, ...]
    unit: str


class Row(msgspec.Struct, array_like=True, gc=False):
    """One activity."""

    offset: int
    """ms after the log's `start`."""
    id: bytes
    """A letter for the form (see `_pack`), then the id."""
    operation: int
    setting: int
    objects: tuple[tuple[str, int | None], ...] = ()
    """Names and sizes in bytes."""


class StoredLog(msgspec.Struct, array_like=True, gc=False):
    """An open log as stored."""

    start: int = 0
    operations: list[Operation] = []
    settings: list[Setting] = []
    rows: list[msgspec.Raw] = []


_SLACK = 16
"""Entries that the tables may hold in vain."""

_encode = msgspec.msgpack.Encoder().encode
_decode_row = msgspec.msgpack.Decoder(Row).decode


class OpenLog:
    """Encodes a user's open activities, remembering the rows that it has encoded before."""

    __slots__ = ("_operations", "_rows", "_settings", "_start")

    _start: int
    _operations: dict[Operation, int]
    _settings: dict[Setting, int]
    _rows: dict[str, tuple[Activity, msgspec.Raw]]

    def __init__(self) -> None:
        self._clear()

    @classmethod
    def load(cls, stored: StoredLog) -> tuple[OpenLog, list[Activity]]:
        """The log and its activities, in the order of their rows."""
        log = cls()
        log._start = stored.start
        log._operations = {operation: n for n, operation in enumerate(stored.operations)}
        log._settings = {setting: n for n, setting in enumerate(stored.settings)}
        activities = [_activity(stored, _decode_row(row)) for row in stored.rows]
        # Copies: a row as decoded would keep the whole document in memory.
        log._rows = {a.id: (a, row.copy()) for a, row in zip(activities, stored.rows, strict=True)}
        return log, activities

    def dump(self, activities: Sequence[Activity]) -> StoredLog:
        """What to store. What is not among `activities` any more is forgotten."""
        encoded = self._encoded(activities)
        if len(self._operations) + len(self._settings) > 2 * len(activities) + _SLACK * bool(activities):
            self._clear()  # Much of the tables is of activities that are sealed: begin anew.
            encoded = self._encoded(activities)
        if len(self._rows) > len(activities):
            self._rows = {a.id: (a, row) for a, row in zip(activities, encoded, strict=True)}
        return StoredLog(self._start, list(self._operations), list(self._settings), encoded)

    def _encoded(self, activities: Sequence[Activity]) -> list[msgspec.Raw]:
        if not self._rows and activities:
            self._start = activities[0].time
        return [self._row(activity) for activity in activities]

    def _clear(self) -> None:
        self._start = 0
        self._operations, self._settings, self._rows = {}, {}, {}

    def _row(self, a: Activity) -> msgspec.Raw:
        known = self._rows.get(a.id)
        # Of two activities of one id the other one may be kept now.
        if known is not None and known[0] is a:
            return known[1]
        types = tuple([entry.type for entry in a.objects])
        operation = Operation(a.action, a.category, a.outcome, a.app, a.error, a.source, types, a.tags)
        setting = Setting(a.tenant, a.user, a.impersonated, a.ip, a.location, a.device, a.session, a.groups, a.unit)
        row = Row(
            a.time - self._start,
            _pack(a.id),
            self._operations.setdefault(operation, len(self._operations)),
            self._settings.setdefault(setting, len(self._settings)),
            tuple([(entry.name, entry.bytes) for entry in a.objects]),
        )
        encoded = msgspec.Raw(_encode(row))
        self._rows[a.id] = a, encoded
        return encoded


def _activity(log: StoredLog, row: Row) -> Activity:
    done, by = log.operations[row.operation], log.settings[row.setting]
    time = log.start + row.offset
    return Activity(
        by.tenant,
        _unpack(row.id),
        time,
        time,
        by.user,
        done.action,
        done.category,
        done.outcome,
        done.app,
        by.impersonated,
        by.ip,
        by.location,
        by.device,
        by.session,
        tuple([Object(kind, name, size) for kind, (name, size) in zip(done.types, row.objects, strict=True)]),
        by.groups,
        by.unit,
        done.error,
        done.source,
        tags=done.tags,
    )


def _pack(identifier: str) -> bytes:
    """`u` and a UUID's 16 bytes, `h` and the bytes of hexadecimal digits, or `t` and UTF-8."""
    if _UUID.fullmatch(identifier):
        return b"u" + UUID(identifier).bytes
    if _HEX.fullmatch(identifier):
        return b"h" + bytes.fromhex(identifier)
    return b"t" + identifier.encode("utf-8", "surrogatepass")


def _unpack(packed: bytes) -> str:
    if packed.startswith(b"u"):
        return str(UUID(bytes=packed[1:]))
    return packed[1:].hex() if packed.startswith(b"h") else packed[1:].decode("utf-8", "surrogatepass")
