"""Damage to records: types swapped, keys dropped, garbage nested, huge values, broken UTF-8, tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

import msgspec

from activities.csv_records import header_of
from activities.record import Unreadable

Place = tuple[Any, Any]
"""A container, and the key or index of something in it."""
Change = Callable[[Random, Any, Any, bytes], None]

_TEXTS = (
    "", " ", "unknown", "Not Available", "null", "-", "0", "7", "true", "x" * 2_000, "é\u202e\x1b[2J\x00", "\U0001f600",
    "2026-01-02T03:04:05Z", "2026-13-45T99:99:99Z", "0001-01-01T00:00:00Z", "1/2/2026, 3:04:05.678 PM", "%s%n",
    "1767323045678", "1.2.3.4", "1.2.3.4:5", "[::1]:80", "fe80::1%eth0", "999.1.1.1", "a@b.org", "SYSTEM", "{", "{}",
    "arn:aws:iam::1:user/x", "[]", '{"a":1}', "[[" * 40, "{'a': 1}", '-Name "x" -Y ("a","b")', "\ud800",
    "[[Id: a, Scope: x]] => [[Scope: y]]", "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
_OTHERS: tuple[object, ...] = (
    None, True, False, 0, 1, -1, 7, 2**31, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308, [], {}, [[]], [{}], [None, 7, "x"],
    {"a": {"b": {"c": []}}}, {"Name": 7}, [{"Name": "x", "Value": {"y": 1}}], {"value": "x"}, {"": ""},
)  # fmt: skip
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_DEEP = 200
_HUGE = 100_000
_MOST_CHANGES = 6
_OFTEN_HUGE = 0.05
_STOPS = 0.4


def mutated(random: Random, record: bytes, other: bytes) -> bytes:
    """A record with some damage, as the bytes of a line.

    Args:
        random: Decides what is damaged, and how.
        record: A real one, as JSON.
        other: Another, parts of which may get into it.
    """
    copy = _decode(record)
    for _ in range(random.randint(0, _MOST_CHANGES)):
        _damage(random, copy, other, random.choice(_CHANGES))
    if random.random() < _OFTEN_HUGE:
        _damage(random, copy, other, _huge)  # once: lists of lists of lists would not end
    kind = random.random()
    if kind < 0.7:  # noqa: PLR2004
        return _encoded(copy)
    if kind < 0.85:  # noqa: PLR2004
        return _of_bytes(random, _encoded(copy))
    return _of_table(random, copy)


def many(random: Random, records: list[bytes]) -> bytes:
    """An envelope of records, which must be JSON."""
    inner = b",".join(records)
    name = random.choice([b"Records", b"records", b"value", b"items", b"entries", b"Events", b"logEvents", b""])
    return b'{"%s":[%s]}' % (name, inner) if name else b"[" + inner + b"]"


def _damage(random: Random, record: dict[str, Any], other: bytes, change: Change) -> None:
    place = _place(random, record)
    if place is not None:
        change(random, *place, other)


def _drop(_random: Random, container: Any, key: Any, _other: bytes) -> None:  # noqa: ANN401
    del container[key]


def _replace(random: Random, container: Any, key: Any, _other: bytes) -> None:  # noqa: ANN401
    # A copy: what is damaged next may be inside it.
    container[key] = random.choice(_TEXTS) if random.random() < 0.5 else deepcopy(random.choice(_OTHERS))  # noqa: PLR2004


def _nest(random: Random, container: Any, key: Any, _other: bytes) -> None:  # noqa: ANN401
    value = container[key]
    container[key] = [value] if random.random() < 0.5 else {"x" if isinstance(key, int) else key: value}  # noqa: PLR2004


def _as_text(_random: Random, container: Any, key: Any, _other: bytes) -> None:  # noqa: ANN401
    container[key] = json.dumps(container[key])


def _swap(random: Random, container: Any, key: Any, other: bytes) -> None:  # noqa: ANN401
    place = _place(random, _decode(other))
    if place is not None:
        container[key] = place[0][place[1]]


def _rename(random: Random, container: Any, key: Any, _other: bytes) -> None:  # noqa: ANN401
    if isinstance(key, str):
        container[random.choice([key.lower(), key.upper(), key[::-1], key + "_", "p_" + key])] = container.pop(key)


def _huge(random: Random, container: Any, key: Any, _other: bytes) -> None:  # noqa: ANN401
    if random.random() < 0.9:  # noqa: PLR2004
        container[key] = [container[key]] * random.choice([2, 33, 300])
        return
    deep: Any = "x"
    for _ in range(_DEEP):
        deep = [deep]
    container[key] = random.choice(["y" * _HUGE, deep, {f"k{number}": number for number in range(2_000)}])


_CHANGES: tuple[Change, ...] = (
    _drop, _drop, _replace, _replace, _replace, _nest, _as_text, _swap, _rename,
)  # fmt: skip


def _place(random: Random, value: Any) -> Place | None:  # noqa: ANN401
    """Somewhere inside a JSON value, by a walk; None where nothing is in it."""
    here, found = value, None
    while isinstance(here, dict | list) and here:
        key = random.choice(list(here)) if isinstance(here, dict) else random.randrange(len(here))
        found = here, key
        if random.random() < _STOPS:
            break
        here = here[key]
    return found


def _encoded(record: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(record)
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(record).encode()  # half a character, as an escape; a very large integer


def _of_bytes(random: Random, data: bytes) -> bytes:
    """Bytes put in, taken out, turned; or the end cut off."""
    line = bytearray(data)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(line) + 1)
        line[place : place + random.randint(0, 3)] = random.randbytes(random.randint(0, 3))
    return bytes(line[: random.randrange(len(line) + 1)] if random.random() < 0.2 else line)  # noqa: PLR2004


def _of_table(random: Random, record: dict[str, Any]) -> bytes:
    """The record as a row under a header, read as tables are; a broken row stays as it is."""
    flat = {name: value if isinstance(value, str) else json.dumps(value) for name, value in record.items()}
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(flat)
    start = text.tell()
    rows.writerow(flat.values())
    head = text.getvalue()[:start].encode("utf-8", "replace")
    row = text.getvalue()[start:].encode("utf-8", "replace")
    header = header_of(head)
    if header is None:
        return row
    if random.random() < 0.2:  # noqa: PLR2004
        row = _of_bytes(random, row)
    try:
        return header.record(row) or row
    except (Unreadable, UnicodeDecodeError):
        return row
