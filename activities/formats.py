"""From the bytes of a log to activities: which format a record has, and what holds several records.

Whatever the bytes are, what comes back is at least one activity or rejection; nothing is raised, nothing is lost.
"""

from __future__ import annotations

import re
from contextlib import suppress

import msgspec

from activities import (
    azure_activity,
    cloudtrail,
    entra_audit,
    entra_signin,
    gcp_audit,
    github,
    google_workspace,
    m365,
    native,
    ocsf,
    okta,
)
from activities.activity import Activity, Raw
from activities.envelopes import inside, records_of
from activities.format import Format, Record
from activities.record import Rejected, Unreadable, rejected

VENDORS: tuple[Format, ...] = (
    azure_activity.FORMAT,  # before CloudTrail, as its records have an `eventName`, too
    cloudtrail.FORMAT,
    okta.FORMAT,
    google_workspace.FORMAT,
    github.FORMAT,
    gcp_audit.FORMAT,
    m365.FORMAT,
    entra_signin.FORMAT,
    entra_audit.FORMAT,
    ocsf.FORMAT,
)
"""In the order in which `auto` asks them; a record that none knows is taken for a native one."""

NATIVE = native.FORMAT

FORMATS = ("auto", NATIVE.name, *(vendor.name for vendor in VENDORS))
"""The names a format can be asked for by; `auto` decides record by record."""

_BY_NAME = {vendor.name: (vendor,) for vendor in VENDORS}

DEFAULT_TENANT = "default"
"""The tenant of records that name none, where the settings don't say another."""

_BOM = b"\xef\xbb\xbf"
# Programs that keep texts in UTF-16 write half a character as an escape, which the decoder refuses: whoever can name a
# file so could keep their activities out. An escaped backslash and a whole pair are matched to be passed over.
_LONE_SURROGATE = re.compile(rb"\\\\|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|\\u[dD][89a-fA-F]\w\w")
_ESCAPE_LENGTH = len(b"\\ud800")
_TOO_DEEP = "expected JSON of ordinary depth, found objects or arrays nested too deeply"


_decode_object = msgspec.json.Decoder(dict[str, object]).decode


def parse_line(line: bytes, fmt: str, tenant: str, raw: Raw) -> list[Activity | Rejected]:
    """The records of a line: one, or the items of a JSON array or of an envelope such as `{"Records": [...]}`.

    Args:
        line: JSON in UTF-8, with or without a byte order mark. It may hold line breaks: a whole file is a line, too.
        fmt: One of `FORMATS`.
        tenant: The tenant of a record that names none.
        raw: Where the line is; a record in a list gets its index there.

    Returns:
        One result per record, in their order, never none.

    Raises:
        ValueError: `fmt` is not one of `FORMATS`.
    """
    data = line.removeprefix(_BOM).strip()
    try:
        items = records_of(data)
    except RecursionError:
        return [rejected(_TOO_DEEP, data, raw)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Not a list of records after all: `parse_record` says what is wrong with it.
        items = None
    if items is None:
        return [parse_record(data, fmt, tenant, raw)]
    if not items:
        return [rejected("expected a list of records, found an empty one", data, raw)]
    return [
        parse_record(bytes(item), fmt, tenant, Raw(raw.partition, raw.file, raw.line, index))
        for index, item in enumerate(items)
    ]


def parse_record(obj_bytes: bytes, fmt: str, tenant: str, raw: Raw) -> Activity | Rejected:
    """The activity of one record, or why there is none.

    Args:
        obj_bytes: One JSON object in UTF-8.
        fmt: One of `FORMATS`.
        tenant: The tenant of a record that names none.
        raw: Where the record is.

    Raises:
        ValueError: `fmt` is not one of `FORMATS`.
    """
    if fmt not in FORMATS:
        msg = f"expected one of {', '.join(FORMATS)} as format, found {fmt!r}"
        raise ValueError(msg)
    try:
        return _parse(obj_bytes, fmt, tenant, raw)
    except msgspec.ValidationError as error:
        reason = _shape(str(error), fmt)
    except msgspec.DecodeError as error:
        repaired = _LONE_SURROGATE.sub(_replaced, obj_bytes)
        if repaired != obj_bytes:
            return parse_record(repaired, fmt, tenant, raw)
        reason = f"expected valid JSON, found: {error}" if obj_bytes else "expected a JSON object, found nothing"
    except UnicodeDecodeError as error:
        reason = f"expected UTF-8, found byte 0x{error.object[error.start]:02x} at byte {error.start}"
    except RecursionError:
        reason = _TOO_DEEP
    except Unreadable as error:
        reason = str(error)
    return rejected(reason, obj_bytes, raw)


def _parse(data: bytes, fmt: str, tenant: str, raw: Raw) -> Activity:
    # The decoder checks no text that it skips.
    if not data.isascii():
        data.decode()
    if fmt == "native":
        return native.parse(data, tenant, raw)
    if fmt == "auto" and b'"action"' in data:
        # No vendor's record has all four fields that a native one must have; decoding it right away is cheapest.
        with suppress(msgspec.ValidationError):
            return native.parse(data, tenant, raw)
    record = _decode_object(data)
    asked = VENDORS if fmt == "auto" else _BY_NAME[fmt]
    for vendor in asked:
        if vendor.fits(record):
            return vendor.parse(record, tenant, raw)
    within = (*VENDORS, NATIVE) if fmt == "auto" else asked
    for path, inner in inside(record):
        for vendor in within:
            if vendor.fits(inner):
                return _parse_inner(vendor, inner, path, tenant, raw)
    if fmt != "auto":
        return asked[0].parse(record, tenant, raw)  # which says what it lacks
    missing = next((name for name in native.REQUIRED if record.get(name) is None), "")
    if missing:
        raise Unreadable(_shape(f"object missing required field `{missing}` - at `$`", fmt))
    return native.parse(data, tenant, raw)


def _parse_inner(vendor: Format, record: Record, path: str, tenant: str, raw: Raw) -> Activity:
    """The activity of a record inside another object, where paths begin at `path`."""
    try:
        return vendor.parse(record, tenant, raw)
    except Unreadable as error:
        raise Unreadable(str(error).replace("`$", f"`{path}")) from None


def _replaced(found: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if len(found[0]) == _ESCAPE_LENGTH else found[0]


def _shape(error: str, fmt: str) -> str:
    """The decoder's message, with its path and with what helps to act on it."""
    if "`$" not in error:
        error += " - at `$`"
    if "missing required field" not in error:
        return error
    where = "a native record" if fmt == "native" else "a native record, as it is of no other known format"
    return f"expected {where}, with at least {', '.join(native.REQUIRED)}, found: {error}"
