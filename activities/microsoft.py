"""What the records of Microsoft's logs share: fields under any spelling, times, addresses, ids, tenants and accounts.

One record of Microsoft 365, Entra ID or Azure is written in several ways: camelCase by the REST APIs, PascalCase by
Log Analytics, snake_case by the Azure SDKs, lower-cased by some collectors, with inner objects as JSON texts in
exported tables, and wrapped in `properties` by Azure Monitor. The parsers read `fields`, where all of these are one.
"""

from __future__ import annotations

import ast
import re
from functools import lru_cache

import msgspec

from activities.activity import User, UserType
from activities.record import LATEST, Unreadable, address, identifier, parse_time, show, text, user_key
from activities.values import derived_id, in_utc

Fields = dict[str, object]
"""A JSON object, its keys in lower case and without underscores."""

_PYTHONS = ("{'", "[{'", "['")
_LONGEST_PYTHON = 16_384
_LONGEST_NAME = 64
_MOST_NAMES = 128
_LONGEST_NAMES = 4096
_LONGEST_LIST = 256
_LONGEST_ACCOUNT = 512
_OF_PORTAL = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d):(\d\d)(\.\d{1,9})?[ \u00a0\u202f]([AP])M", re.ASCII
)
"""`1/15/2026, 2:20:35.456 PM`: month, day, as Azure's portal and PowerShell write times in English (US)."""
_NOON = 12
_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}", re.ASCII)
_UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104
_NOBODY = frozenset(("", "not available", "notavailable", "unknown", "n/a", "none", "null", "<null>", "-", "undefined"))
_STARTS_OF_NOBODY = frozenset((*(name[:1] for name in _NOBODY), *(name[:1].upper() for name in _NOBODY), "0", "{"))
_LONGEST_NOBODY = len("{00000000-0000-0000-0000-000000000000}")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_GUEST = re.compile(r"([^@\s]+)_([^@\s_]+)#EXT#(?:@.*)?", re.IGNORECASE)
_PREFIXES = ("live.com#", "urn:spo:guest#", "mail#")
_SYNCHRONISER = re.compile(r"(?:sync_[^@\s]+_[0-9a-f]{8,}|on-premises directory synchroni[sz]ation[^@]*)(?:@.*)?", re.I)
_TENANT = re.compile(r"/tenants/([^/]{1,256})(?:/.*)?", re.IGNORECASE | re.DOTALL)


def fields(value: object) -> Fields:
    """A JSON object, or the text of one, with folded names; where two names fold to one, the first that says something.

    Anything else is an empty object.
    """
    if isinstance(value, str):
        value = _decoded(value, "{")
    if not isinstance(value, dict):
        return {}
    names = tuple(value)
    # Records of a log have few shapes: the names of one are folded once. What is kept is bounded by number and length.
    if len(names) <= _MOST_NAMES and sum(map(len, names)) <= _LONGEST_NAMES:
        shape = _shape(names)
        if shape is not None:
            return dict(zip(shape, value.values(), strict=True))
    found: Fields = {}
    for name, content in value.items():
        key = _folded(name)
        if key and (key not in found or found[key] is None or found[key] == ""):
            found[key] = content
    return found


@lru_cache(maxsize=1024)
def _shape(names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The names folded; None where two are one, or one is none."""
    folded = tuple(map(_folded, names))
    return folded if len(set(folded)) == len(folded) and all(folded) else None


def merged(record: Fields) -> Fields:
    """A record of Azure Monitor's envelope: what `properties` says, then what stands around it."""
    inner = fields(record.get("properties"))
    return {**record, **{name: value for name, value in inner.items() if value is not None and value != ""}}


def listed(value: object) -> list[object]:
    """The first 256 items of a JSON array or of the text of one; a single object is a list of one."""
    if isinstance(value, str):
        value = _decoded(value, "[") if value.lstrip().startswith("[") else _decoded(value, "{")
    if isinstance(value, dict):
        return [value]
    return value[:_LONGEST_LIST] if isinstance(value, list) else []


def code(value: object) -> str:
    """A text, or a number or boolean as a text: Microsoft writes codes, sizes and flags as either."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < LATEST else ""
    return str(value) if isinstance(value, int) and abs(value) < LATEST else ""


def pairs(value: object) -> list[tuple[str, str]]:
    """Names and values of `[{"Name": "ForwardTo", "Value": "x"}]`, its `key` form, or a plain object, in their order.

    A value that is an object or an array is given as JSON.
    """
    found: list[tuple[str, str]] = []
    if isinstance(value, dict) and not {"Name", "name", "Key", "key"} & value.keys():
        return [(name, _plain(content)) for name, content in list(value.items())[:_LONGEST_LIST]]
    for item in listed(value):
        entry = fields(item)
        name = entry.get("name", entry.get("key"))
        if isinstance(name, str) and name:
            found.append((name, _plain(entry.get("value"))))
    return found


def time_of(record: Fields, names: tuple[str, ...], path: str) -> int:
    """The first of the named times that can be read, in ms; one without an offset is UTC, as Microsoft documents.

    Raises:
        Unreadable: None can be read; the message names `path`, which is the first of `names` as the vendor writes it.
    """
    failure = Unreadable(f"expected a time at `{path}`, found no such field")
    missing = True
    for name in names:
        value = record.get(name)
        if value is None or value == "":
            continue
        try:
            return parse_time(_written(value), path if missing else f"$.{name}")
        except Unreadable as error:
            failure = failure if not missing else error
            missing = False
    raise failure


def ingested(record: Fields, *names: str) -> int:
    """When the log handed the record on, in ms, by the first of `names` that is a time; 0 if none is."""
    for name in names:
        value = record.get(name)
        if value is None:
            continue
        try:
            return parse_time(_written(value), "$")
        except Unreadable:
            continue
    return 0


def client_address(*values: object) -> str:
    """The first valid address, without port and brackets; the unspecified one (0.0.0.0, ::) says nothing."""
    for value in values:
        if isinstance(value, str) and value:
            plain = address(value)
            if not plain:
                found = _WITH_PORT.fullmatch(value.strip())
                plain = address((found[1] or found[2]) if found else value.strip())
            if plain and plain not in _UNSPECIFIED:
                return plain
    return ""


def record_id(record: dict[str, object], *ids: object) -> str:
    """The first id that says something; else a hash of the record, so that delivered again it is the same activity.

    Neither the spacing nor the order of the record's keys matters.
    """
    for value in ids:
        found = code(value)
        if usable(found):
            return identifier(found)
    return derived_id(record)


def tenant_of(default: str, *values: object) -> str:
    """The first tenant that is one, as a text or in a resource id `/tenants/...`; else `default`. In lower case."""
    for value in values:
        found = usable(value)
        inner = _TENANT.fullmatch(found) if found.startswith("/") else None
        found = usable(inner[1]) if inner else found
        if found and not found.startswith(("/", "$")):
            return identifier(found.lower())
    return identifier(default)


def usable(value: object) -> str:
    """A text that names somebody or something, trimmed; "" for `Not Available`, `Unknown`, a zero GUID and the like."""
    if not isinstance(value, str) or not value:
        return ""
    found = value.strip()
    if len(found) > _LONGEST_NOBODY or found[:1] not in _STARTS_OF_NOBODY:
        return found
    return "" if found.casefold() in _NOBODY or not found.strip("0-{}") else found


def is_guid(value: str) -> bool:
    """Whether a text is a GUID: of an object, an application, a tenant."""
    return _GUID.fullmatch(value) is not None


def is_email(value: str) -> bool:
    """Whether a text looks like an e-mail address or a user principal name."""
    return "@" in value and len(value) <= _LONGEST_ACCOUNT and _EMAIL.fullmatch(value) is not None


def account(name: str, display: str = "", kind: UserType = UserType.PERSON) -> User:
    """The user called `name`, which must be usable; `display` is what to show.

    A guest is known by their own address: `bob_example.org#EXT#@example.com` is bob@example.org, as in other tenants'
    and in sign-in records. The account of a directory synchroniser is a service.
    """
    # Those of a log come again and again; what is kept is bounded by number and length.
    short = len(name) <= _LONGEST_NAME * 2 and len(display) <= _LONGEST_NAME * 2
    return _kept_account(name, display, kind) if short else _account(name, display, kind)


def _account(name: str, display: str, kind: UserType) -> User:
    lower = name.lower()
    for prefix in _PREFIXES:
        if lower.startswith(prefix) and name[len(prefix) :].strip():
            name = name[len(prefix) :].strip()
    # The patterns are only asked of what an account's name may be: they take too long on a megabyte.
    guest = _GUEST.fullmatch(name) if len(name) <= _LONGEST_ACCOUNT else None
    key = f"{guest[1]}@{guest[2]}" if guest else name
    if kind is UserType.PERSON and _SYNCHRONISER.fullmatch(name[:_LONGEST_ACCOUNT]):
        kind = UserType.SERVICE
    return User(user_key(key), text(usable(display) or name), text(key) if is_email(key) else "", kind)


_kept_account = lru_cache(maxsize=32_768)(_account)


def nobody(path: str, names: str, found: object) -> Unreadable:
    """The refusal of a record that names no actor.

    Args:
        path: Where the actor should be.
        names: The fields that would name one.
        found: What is there.
    """
    return Unreadable(f"expected an actor at `{path}` ({names}), found {show(found)}")


def required(value: object, path: str) -> str:
    """A text that isn't empty.

    Raises:
        Unreadable: It is none.
    """
    if isinstance(value, str) and value and not value.isspace():
        return value
    msg = f"expected a text that isn't empty at `{path}`, found {show(value)}"
    raise Unreadable(msg)


def _folded(name: str) -> str:
    """A name in lower case and without underscores; "" for one that is too long to be a field's."""
    return name.replace("_", "").lower() if len(name) <= _LONGEST_NAME else ""


def _decoded(value: str, opening: str) -> object:
    """What a JSON text holds, if it begins as expected; None if it can't be read.

    Tables that went through pandas have Python's text of an object: `{'errorCode': 0}`.
    """
    if not value.lstrip().startswith(opening):
        return None
    try:
        return msgspec.json.decode(value.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return _of_python(value) if value.startswith(_PYTHONS) and len(value) <= _LONGEST_PYTHON else None


def _of_python(value: str) -> object:
    """What a Python literal says, if JSON could say it, too; None if it is none."""
    try:
        return msgspec.json.decode(msgspec.json.encode(ast.literal_eval(value)))
    except (ValueError, TypeError, OverflowError, SyntaxError, MemoryError, RecursionError):
        return None


def _plain(value: object) -> str:
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return code(value)


def _written(value: object) -> object:
    """A time without an offset, or as a portal writes it into a CSV file, with UTC's; anything else as it is."""
    found = _OF_PORTAL.fullmatch(value) if isinstance(value, str) and value.endswith("M") else None
    if found is None:
        return in_utc(value)
    month, day, year, hour, minute, second, fraction, half = found.groups()
    if not 1 <= int(hour) <= _NOON:
        return value
    hours = int(hour) % _NOON + (_NOON if half == "P" else 0)
    return f"{year}-{month:0>2}-{day:0>2}T{hours:02}:{minute}:{second}{fraction or ''}Z"
