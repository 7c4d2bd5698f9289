"""What every parser shares: refusing a record, bounding and cleaning its texts, reading its times.

Log content is hostile. Whatever enters an `Activity` went through `text`, `identifier` or `user_key`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

import msgspec

from activities.activity import Raw

TEXT_LIMIT = 1024
"""Characters of a text in an activity."""
ID_LIMIT = 256
"""Characters of an id: the activity's, the user's, the tenant's."""
LIST_LIMIT = 32
"""Items of a list in an activity: objects, groups, tags."""
EXCERPT_LIMIT = 200
"""Characters of a rejected record that are shown."""
SKIPPED = "skipped: "
"""How the reason begins where a record is well but isn't an activity."""

EARLIEST = 631_152_000_000
"""1990-01-01T00:00:00Z, ms: no event time is before it."""
LATEST = 4_102_444_800_000
"""2100-01-01T00:00:00Z, ms: every event time is before it."""
_RANGE = "expected a time from 1990-01-01 to before 2100-01-01"

_SHOWN = 80
_DIGEST = 16
# C0, DEL and C1 controls, line and paragraph separators, bidirectional overrides and isolates, lone surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,30}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_LONGEST_TIME = 64
_WITH_SECONDS = len("2026-01-02T03:04:05Z")
_WITH_MILLISECONDS = len("2026-01-02T03:04:05.678Z")
_EPOCH_UNITS = (("seconds", 1000.0), ("microseconds", 0.001), ("nanoseconds", 0.000001))
_JSON_TYPES = {dict: "an object", list: "an array", bool: "a boolean", type(None): "null"}


class Rejected(msgspec.Struct, frozen=True):
    """A record that could not be read as an activity."""

    reason: str
    """What was expected, what was found, at which JSON path."""
    excerpt: str
    """The first 200 characters of the record, control characters escaped."""
    raw: Raw

    @property
    def skipped(self) -> bool:
        """Whether nothing is wrong with it: the vendor's log holds it, but it isn't an activity."""
        return self.reason.startswith(SKIPPED)


class Unreadable(ValueError):
    """Raised inside the parsers, never out of `formats`: the message is the reason of a `Rejected`."""


def rejected(reason: str, data: bytes, raw: Raw) -> Rejected:
    """A `Rejected` for the record `data`, with a bounded, clean reason and excerpt."""
    # Four bytes are the longest character of UTF-8, so this always holds the whole excerpt.
    start = data[: 4 * EXCERPT_LIMIT].decode("utf-8", "backslashreplace")[:EXCERPT_LIMIT]
    return Rejected(text(escape(reason)), escape(start), raw)


def text(value: str, limit: int = TEXT_LIMIT) -> str:
    """`value` in at most `limit` characters, each unsafe one replaced by U+FFFD; what was cut ends with an ellipsis."""
    if len(value) <= limit and value.isprintable():
        return value
    if len(value) > limit:
        value = value[: limit - 1] + "…"
    return _UNSAFE.sub("\ufffd", value)


def identifier(value: str) -> str:
    """`value` as a key of at most 256 characters; one that was cut or cleaned ends with a hash to stay distinct."""
    if len(value) <= ID_LIMIT and (value.isprintable() or not _UNSAFE.search(value)):
        return value
    digest = hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).hexdigest()
    return _UNSAFE.sub("\ufffd", value[: ID_LIMIT - 1 - 2 * _DIGEST]) + "~" + digest


def user_key(value: str) -> str:
    """The key of a user: trimmed and case-folded, because logs write one user in several cases."""
    return identifier(value.strip().casefold())


def texts(values: Sequence[str]) -> tuple[str, ...]:
    """The first 32 of `values` that aren't empty, cleaned."""
    return tuple([text(value) for value in values if value][:LIST_LIMIT])


def escape(value: str) -> str:
    r"""`value` with each unsafe character written as `\uXXXX`."""
    return value if value.isprintable() else _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", value)


def show(value: object) -> str:
    """`value` as a reason shows it: short, clean, and no more than its kind where it is long."""
    if isinstance(value, str):
        return f'"{escape(value[:_SHOWN])}"' + ("..." if len(value) > _SHOWN else "")
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Python refuses to print integers of thousands of digits.
        return str(value) if isinstance(value, float) or value.bit_length() <= _SHOWN else "a very large integer"
    return _JSON_TYPES.get(type(value), type(value).__name__)


def address(value: str) -> str:
    """The canonical form of an IPv4 or IPv6 address; "" for anything else, such as octets with leading zeros.

    An IPv4 address mapped into IPv6 (RFC 4291, 2.5.5.2) is given as IPv4.
    """
    try:
        if ":" not in value:
            inet_pton(AF_INET, value)
            return value
        packed = inet_pton(AF_INET6, value)
    except (OSError, ValueError):
        return ""
    if packed.startswith(b"\0" * 10 + b"\xff\xff"):
        return inet_ntop(AF_INET, packed[12:])
    return inet_ntop(AF_INET6, packed)


def parse_time(value: object, path: str) -> int:
    """Milliseconds since 1970 from RFC 3339 text, epoch milliseconds, or epoch milliseconds written as digits.

    Digits beyond the millisecond are cut off. A leap second (:60) is the second after it.

    Args:
        value: What the record has.
        path: Where the record has it, e.g. `$.time`, for the reason.

    Raises:
        Unreadable: It is none of these, or not from 1990-01-01 to before 2100-01-01.
    """
    if isinstance(value, str):
        plain = _plain_utc(value)
        if plain:
            return plain
        found = _RFC3339.fullmatch(value) if len(value) <= _LONGEST_TIME else None
        if found is not None:
            return _in_range(_from_rfc3339(found, path), value, path)
        if value.isascii() and value.isdigit() and len(value) <= _LONGEST_TIME:
            return _in_range(int(value), value, path)
    elif isinstance(value, int) and not isinstance(value, bool):
        return _in_range(value, value, path)
    elif isinstance(value, float):
        if value.is_integer():
            return _in_range(int(value), value, path)
        hint = _hint(value)
        if hint:
            msg = f"{_RANGE} at `{path}`, found {show(value)}{hint}"
            raise Unreadable(msg)
    msg = f"expected RFC 3339 with an offset or whole epoch milliseconds at `{path}`, found {show(value)}"
    raise Unreadable(msg)


def _plain_utc(value: str) -> int:
    """The time of `YYYY-MM-DDTHH:MM:SSZ` or `YYYY-MM-DDTHH:MM:SS.mmmZ`, as most logs write it; 0 if it is another form.

    Three times as fast as the general way, because the minute is remembered.
    """
    if not value.endswith("Z") or not value.isascii():
        return 0
    length, seconds, milliseconds = len(value), value[17:19], value[20:23]
    if length == _WITH_MILLISECONDS:
        if value[19] != "." or not milliseconds.isdigit():
            return 0
    elif length == _WITH_SECONDS:
        milliseconds = "0"
    else:
        return 0
    if not seconds.isdigit() or seconds >= "60":
        return 0
    minute = _minute(value[:17])
    return minute + int(seconds) * 1_000 + int(milliseconds) if minute else 0


@lru_cache(maxsize=8192)
def _minute(start: str) -> int:
    """Milliseconds since 1970 of `YYYY-MM-DDTHH:MM:`; 0 if it isn't that, doesn't exist or is out of range."""
    found = _RFC3339.fullmatch(start + "00Z")
    try:
        milliseconds = _from_rfc3339(found, "") if found is not None else 0
    except Unreadable:
        return 0
    return milliseconds if EARLIEST <= milliseconds < LATEST else 0


def _from_rfc3339(found: re.Match[str], path: str) -> int:
    day, hours, minutes, seconds, fraction, sign, offset_hours, offset_minutes = found.groups()
    hour, minute, second = int(hours), int(minutes), int(seconds)
    offset = 0
    valid = hour < 24 and minute < 60 and second <= 60  # noqa: PLR2004
    if sign is not None:
        offset = int(offset_hours) * 60 + int(offset_minutes)
        valid = valid and int(offset_hours) < 24 and int(offset_minutes) < 60  # noqa: PLR2004
        offset = -offset if sign == "-" else offset
    days = _days(day)
    if days is None or not valid:
        msg = f"expected a date and time that exist at `{path}`, found {show(found[0])}"
        raise Unreadable(msg)
    milliseconds = int(fraction[:3].ljust(3, "0")) if fraction else 0
    return (days * 86_400 + hour * 3_600 + (minute - offset) * 60 + second) * 1_000 + milliseconds


@lru_cache(maxsize=4096)
def _days(day: str) -> int | None:
    """Days from 1970-01-01 to an ISO date; None if there is no such date."""
    try:
        return date.fromisoformat(day).toordinal() - 719_163
    except ValueError:
        return None


def _in_range(milliseconds: int, value: object, path: str) -> int:
    if EARLIEST <= milliseconds < LATEST:
        return milliseconds
    hint = "" if isinstance(value, str) and not value.isdigit() else _hint(milliseconds)
    msg = f"{_RANGE} at `{path}`, found {show(value)}{hint}"
    raise Unreadable(msg)


def _hint(value: float) -> str:
    """What another unit the number would be a plausible time in; "" if none."""
    for unit, factor in _EPOCH_UNITS:
        # Dividing the limits rather than multiplying the value: an integer may be too large for a float.
        if EARLIEST / factor <= value < LATEST / factor:
            return f": looks like epoch {unit}; expected milliseconds"
    return ""
