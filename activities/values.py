"""Values out of decoded records whose types can't be trusted: what has the wrong one counts as missing."""

from __future__ import annotations

import hashlib
import json
import math
import re

import msgspec

from activities.activity import Object, User, UserType
from activities.record import LIST_LIMIT, Unreadable, identifier, parse_time, show, text, user_key

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NOBODY = frozenset(("", "unknown", "not available", "n/a", "null", "none", "-", "undefined"))
"""What vendors write where they know nothing, case-folded."""
_STARTS_OF_NOBODY = frozenset((*(name[:1] for name in _NOBODY), *(name[:1].upper() for name in _NOBODY)))
_LONGEST_NOBODY = max(map(len, _NOBODY))
_WITHOUT_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,30})?", re.ASCII)
_LONGEST_TIME = 64
_LONGEST_EMAIL = 320
_LONGEST_OPERATION = 200
_ID_BYTES = 16
_LARGEST_ASN = 2**32 - 1
_MOST_BYTES = 2**63 - 1
_MOST_DIGITS = 19
_FALLBACK = ".onmicrosoft.com"
_FROM_GOOGLE = "gserviceaccount.com"

_decode = msgspec.json.Decoder().decode

Objects = dict[tuple[str, str], int | None]
"""Objects as they are gathered: (type, name) to bytes; the first mention decides the place."""


def mapping(value: object) -> dict[str, object]:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def string(value: object) -> str:
    """`value` if it is a text, else ""."""
    return value if isinstance(value, str) else ""


def decoded(value: object) -> object:
    """What a JSON text says, None where it can't be read; anything but a text as it is."""
    if not isinstance(value, str):
        return value
    try:
        return _decode(value.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None


def known(value: object) -> str:
    """`value` trimmed if it is a text that says something, else ""."""
    if not isinstance(value, str):
        return ""
    trimmed = value.strip()
    if len(trimmed) > _LONGEST_NOBODY or trimmed[:1] not in _STARTS_OF_NOBODY:
        return trimmed
    return "" if trimmed.casefold() in _NOBODY else trimmed


def word(value: object) -> str:
    """As `known`, and a whole number as its digits."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) <= _MOST_BYTES else ""
    return known(value)


def items(value: object) -> list[object]:
    """The first 32 items of a list; a single value is a list of one, null an empty one."""
    if isinstance(value, list):
        return value[:LIST_LIMIT]
    return [] if value is None else [value]


def required(record: dict[str, object], field: str, path: str) -> str:
    """A text that must say something.

    Raises:
        Unreadable: It says nothing; the reason has `path`.
    """
    value = record.get(field)
    found = known(value)
    return found or refuse("a text that isn't empty", path, value if field in record else "")


def refuse(expected: str, path: str, found: object) -> str:
    """Refuses a record.

    Raises:
        Unreadable: Always.
    """
    shown = "nothing" if found == "" else show(found)
    msg = f"expected {expected} at `{path}`, found {shown}"
    raise Unreadable(msg)


def moment(value: object, path: str) -> int:
    """The time of `value`, ms, as `parse_time` reads it; without an offset, as tables export it, it is UTC.

    Raises:
        Unreadable: It is none, or out of range.
    """
    return parse_time(in_utc(value), path)


def in_utc(value: object) -> object:
    """`value`, or where it is a time without an offset, the same with UTC's."""
    if isinstance(value, str) and value[-1:].isdigit() and len(value) <= _LONGEST_TIME:
        return value + "Z" if _WITHOUT_OFFSET.fullmatch(value) else value
    return value


def moment_or_zero(value: object) -> int:
    """As `moment`, 0 where there is none."""
    if value is None:
        return 0
    try:
        return moment(value, "")
    except Unreadable:
        return 0


def derived_id(record: dict[str, object]) -> str:
    """An id for a record that has none: BLAKE2b of its canonical JSON, so the same record again is a duplicate."""
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    return "blake2b-" + hashlib.blake2b(canonical, digest_size=_ID_BYTES).hexdigest()


def is_email(value: str) -> bool:
    """Whether `value` looks like an e-mail address."""
    return len(value) <= _LONGEST_EMAIL and "@" in value and _EMAIL.fullmatch(value) is not None


def is_outside(address: str, own: str) -> bool:
    """Whether an e-mail address is of another organization than that of `own`: of another domain, as far as is known.

    Domains where one is below the other are one's own, and so is the `example.onmicrosoft.com` of example.com. False
    where either is no address.
    """
    if not is_email(address) or not is_email(own):
        return False
    theirs, ours = (value.rpartition("@")[2].strip("> ").lower() for value in (address, own))
    if theirs == ours or theirs.endswith("." + ours) or ours.endswith("." + theirs):
        return False
    of_microsoft = theirs.endswith(_FALLBACK) or ours.endswith(_FALLBACK)
    return not (of_microsoft and theirs.partition(".")[0] == ours.partition(".")[0])


def operation_key(name: str) -> str:
    """The beginning of an operation's name, by which it is looked up: what is cached by name must be short."""
    return name[:_LONGEST_OPERATION]


def is_google_service(value: str) -> bool:
    """Whether `value` is the address of a Google service account."""
    return value.casefold().endswith(_FROM_GOOGLE)


def user_of(key: str, name: str = "", email: str = "", kind: UserType = UserType.PERSON) -> User:
    """A user known by `key`, whose name is the key where there is none, and whose e-mail address may be the key."""
    return User(user_key(key), text(name or key), text(email or (key if is_email(key) else "")), kind)


def number(value: object, most: float) -> float | None:
    """A finite number from -most to most, also one written as a text; else None."""
    if isinstance(value, str) and len(value) <= _MOST_DIGITS:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        return None
    return float(value) if math.isfinite(value) else None


def asn(value: object) -> int | None:
    """An autonomous system number (RFC 6793), also one written as a text or as `AS64496`; 0 is none."""
    if isinstance(value, str):
        digits = value.strip().upper().removeprefix("AS")
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LARGEST_ASN:
        return None
    return value


def size(value: object) -> int | None:
    """A number of bytes, also one written as digits; None if it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_BYTES:
        return None
    return value


def add(found: Objects, kind: str, name: object, bytes_: int | None = None) -> None:
    """Adds an object whose name says something; one that is there already only learns its size."""
    named = word(name)
    if named and (found.get((kind, named)) is None):
        found[kind, named] = bytes_


def objects_in(found: Objects) -> tuple[Object, ...]:
    """The first 32 of the objects gathered, cleaned."""
    return tuple(Object(text(kind), text(name), found[kind, name]) for kind, name in list(found)[:LIST_LIMIT])


def tenant_or(default: str, *names: object) -> str:
    """The first of `names` that says something, else `default`."""
    return identifier(next(filter(None, map(word, names)), default))
