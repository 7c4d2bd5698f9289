"""Anput's own record: one JSON object whose fields are named as those of `Activity`. See docs/activities.md.

The smallest is `{"id": "1", "time": "2026-01-02T03:04:05Z", "user": "alice@example.com", "action": "GetObject"}`.
A null is a missing field, an unknown field is ignored, a wrong type is refused with its JSON path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

from activities.activity import (
    NO_DEVICE,
    NOWHERE,
    Activity,
    Category,
    Device,
    Location,
    Object,
    Outcome,
    Raw,
    User,
    UserType,
)
from activities.category import settled
from activities.format import Format, Record
from activities.known_operations import by_parameters, category_of_operation
from activities.record import LIST_LIMIT, Unreadable, address, identifier, parse_time, show, text, texts, user_key
from activities.values import known

_Part = TypeVar("_Part")
_Name = TypeVar("_Name", Category, Outcome, UserType)

REQUIRED = ("id", "time", "user", "action")
"""What a record must have."""

_CATEGORIES = {category.value: category for category in Category}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_USER_TYPES = {kind.value: kind for kind in UserType}
_COUNTRY_LENGTH = 2
# Looking a member up in its class costs 60 ns; this runs for every record.
_FAILED_LOGON, _FAILURE, _SUCCESS, _PERSON = Category.FAILED_LOGON, Outcome.FAILURE, Outcome.SUCCESS, UserType.PERSON

# The limits are what MessagePack and an autonomous system number (RFC 6793) can hold.
_Bytes = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Asn = Annotated[int, Meta(ge=0, le=2**32 - 1)]
_Latitude = Annotated[float, Meta(ge=-90, le=90)]
_Longitude = Annotated[float, Meta(ge=-180, le=180)]


class _User(msgspec.Struct):
    id: str | int
    name: str | None = None
    email: str | None = None
    type: str | None = None


class _Location(msgspec.Struct):
    country: str | None = None
    city: str | None = None
    latitude: _Latitude | None = None
    longitude: _Longitude | None = None
    asn: _Asn | None = None
    isp: str | None = None
    tags: list[str] | None = None
    radius: Annotated[int, Meta(ge=0, le=40_075)] | None = None


class _Device(msgspec.Struct):
    id: str | None = None
    os: str | None = None
    user_agent: str | None = None
    family: str | None = None


class _Object(msgspec.Struct):
    type: str | None = None
    name: str | None = None
    bytes: _Bytes | None = None


class _Record(msgspec.Struct):
    id: str | int
    time: str | int | float
    user: str | _User
    action: str
    ingested: str | int | float | None = None
    tenant: str | None = None
    category: str | None = None
    outcome: str | None = None
    app: str | None = None
    impersonated: str | _User | None = None
    ip: str | None = None
    location: _Location | None = None
    device: _Device | None = None
    session: str | None = None
    objects: list[_Object] | None = None
    groups: list[str] | None = None
    unit: str | None = None
    error: str | None = None
    tags: list[str] | None = None
    user_agent: str | None = None
    country: str | None = None
    city: str | None = None


_NULL = msgspec.Raw(b"null")


class _Parted(msgspec.Struct):
    """A record whose parts that repeat from record to record are left as they are written."""

    id: str | int
    time: str | int | float
    user: msgspec.Raw
    action: str
    ingested: str | int | float | None = None
    tenant: str | None = None
    category: str | None = None
    outcome: str | None = None
    app: str | None = None
    impersonated: str | _User | None = None
    ip: str | None = None
    location: msgspec.Raw = _NULL
    device: msgspec.Raw = _NULL
    session: str | None = None
    objects: list[_Object] | None = None
    groups: msgspec.Raw = _NULL
    unit: str | None = None
    error: str | None = None
    tags: list[str] | None = None
    user_agent: str | None = None
    country: str | None = None
    city: str | None = None


_decode = msgspec.json.Decoder(_Record).decode
_decode_parted = msgspec.json.Decoder(_Parted).decode
_decode_user = msgspec.json.Decoder(str | _User).decode
_decode_location = msgspec.json.Decoder(_Location | None).decode
_decode_device = msgspec.json.Decoder(_Device | None).decode
_decode_groups = msgspec.json.Decoder(list[str] | None).decode

_PARTS_KEPT = 32_768
_PART_LENGTH = 512
"""Bytes of the longest part that is kept."""


class _Parts(Generic[_Part]):
    """Parts by how they are written: a user's name, place and device are read once and then shared by all records."""

    def __init__(self, read: Callable[[bytes], _Part]) -> None:
        self._read = read
        self._known: dict[bytes, _Part] = {}

    def __call__(self, raw: msgspec.Raw) -> _Part:
        data = bytes(raw)
        part = self._known.get(data)
        if part is None:
            part = self._read(data)
            if len(data) <= _PART_LENGTH:
                if len(self._known) >= _PARTS_KEPT:
                    self._known.clear()
                self._known[data] = part
        return part


def parse(data: bytes, tenant: str, raw: Raw) -> Activity:
    """The activity of one native record.

    Args:
        data: One JSON object, UTF-8.
        tenant: The tenant of a record that names none.
        raw: Where the record is.

    Raises:
        Unreadable: A field is missing, of a wrong type or out of range; the message has its JSON path.
        msgspec.DecodeError: It isn't JSON, or not of the record's shape; the message has the place or the path.
        UnicodeDecodeError: A text isn't UTF-8.
        RecursionError: It is nested too deeply.
    """
    try:
        parted = _decode_parted(data)
        return _activity(
            parted,
            tenant,
            raw,
            _known_user(parted.user),
            _known_location(parted.location),
            _known_device(parted.device),
            _known_groups(parted.groups),
        )
    except (msgspec.ValidationError, Unreadable):
        # A part by itself doesn't know its path in the record: read it again as a whole, to say what is wrong with it.
        record = _decode(data)
        return _activity(
            record,
            tenant,
            raw,
            _user(record.user, "$.user"),
            _location(record.location),
            _device(record.device),
            texts(record.groups or ()),
        )


def _activity(
    record: _Record | _Parted,
    tenant: str,
    raw: Raw,
    user: User,
    location: Location,
    device: Device,
    groups: tuple[str, ...],
) -> Activity:
    action = _required(record.action, "$.action")
    outcome = _named(record.outcome, _OUTCOMES, "$.outcome")
    category = _named(record.category, _CATEGORIES, "$.category")
    if category is None:
        parameters = ((item.type or "", item.name or "") for item in record.objects or ())
        category = by_parameters(action, parameters) or category_of_operation(action)
    if outcome is None:
        outcome = _FAILURE if category is _FAILED_LOGON else _SUCCESS
    if record.user_agent and not device.user_agent:
        device = msgspec.structs.replace(device, user_agent=text(known(record.user_agent)))
    if record.country or record.city:
        location = _placed(location, record.country, record.city)
    # By position: twenty-one keyword arguments would cost as much as decoding the JSON.
    return Activity(
        identifier(record.tenant or tenant),
        identifier(_required(record.id, "$.id")),
        parse_time(record.time, "$.time"),
        parse_time(record.ingested, "$.ingested") if record.ingested is not None else 0,
        user,
        text(action),
        settled(category, outcome),
        outcome,
        text(record.app) if record.app else "",
        _user(record.impersonated, "$.impersonated") if record.impersonated is not None else None,
        _address(record.ip) if record.ip and known(record.ip) else "",
        location,
        device,
        text(known(record.session)) if record.session else "",
        tuple([_object(item) for item in record.objects[:LIST_LIMIT]]) if record.objects else (),
        groups,
        text(record.unit) if record.unit else "",
        text(record.error) if record.error else "",
        "native",
        raw,
        texts(record.tags) if record.tags else (),
    )


def _required(value: str | int, path: str) -> str:
    """The text of a field that must say something."""
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 64 else _refuse("an integer of at most 64 bits", path, value)  # noqa: PLR2004
    return value if value and not value.isspace() else _refuse("a text that isn't empty", path, value)


def _refuse(expected: str, path: str, found: object) -> str:
    msg = f"expected {expected} at `{path}`, found {show(found)}"
    raise Unreadable(msg)


def _named(value: str | None, names: dict[str, _Name], path: str) -> _Name | None:
    if value is None:
        return None
    found = names.get(value)
    if found is None:
        _refuse(f"one of {', '.join(names)}", path, value)
    return found


def _user(user: str | int | _User, path: str) -> User:
    if isinstance(user, _User):
        key = _required(user.id, f"{path}.id")
        return User(
            user_key(key),
            text(user.name or key),
            text(user.email or ""),
            _named(user.type, _USER_TYPES, f"{path}.type") or _PERSON,
        )
    key = _required(user, path)
    return User(user_key(key), text(key))


def _address(value: str) -> str:
    return address(value) or _refuse("an IPv4 or IPv6 address", "$.ip", value)


def _location(location: _Location | None) -> Location:
    if location is None:
        return NOWHERE
    return Location(
        _country(location.country, "$.location.country"),
        text(location.city) if location.city else "",
        location.latitude,
        location.longitude,
        location.asn,
        text(location.isp) if location.isp else "",
        texts(location.tags) if location.tags else (),
        location.radius,
    )


def _country(value: str | None, path: str) -> str:
    country = value.upper() if value else ""
    if country and not (len(country) == _COUNTRY_LENGTH and country.isascii() and country.isalpha()):
        _refuse("an ISO 3166-1 alpha-2 code", path, value or "")
    return country


def _placed(location: Location, country: str | None, city: str | None) -> Location:
    """A place whose country and city stand beside it in the record; those in it go first."""
    return msgspec.structs.replace(
        location,
        country=location.country or _country(country, "$.country"),
        city=location.city or text(city or ""),
    )


def _device(device: _Device | None) -> Device:
    if device is None:
        return NO_DEVICE
    return Device(
        text(known(device.id)) if device.id else "",
        text(known(device.os)) if device.os else "",
        text(known(device.user_agent)) if device.user_agent else "",
        text(known(device.family)) if device.family else "",
    )


def _object(item: _Object) -> Object:
    return Object(text(item.type) if item.type else "", text(item.name) if item.name else "", item.bytes)


_known_user = _Parts(lambda data: _user(_decode_user(data), "$.user"))
_known_location = _Parts(lambda data: _location(_decode_location(data)))
_known_device = _Parts(lambda data: _device(_decode_device(data)))
_known_groups = _Parts(lambda data: texts(_decode_groups(data) or ()))


def is_native(record: Record) -> bool:
    """Whether an object has all that a native record must have."""
    return all(record.get(name) is not None for name in REQUIRED)


def _parse_decoded(record: Record, tenant: str, raw: Raw) -> Activity:
    return parse(msgspec.json.encode(record), tenant, raw)


FORMAT = Format(
    "native",
    "Anput's own JSON",
    "docs/activities.md",
    "id, time, user and action",
    'a record a line, an array, {"Records": [...]}',
    is_native,
    _parse_decoded,
)
