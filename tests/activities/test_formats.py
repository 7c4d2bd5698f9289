"""Any bytes give results: envelopes, detection of the format, and hostile input."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.activity import Activity, Raw
from activities.formats import DEFAULT_TENANT, FORMATS, parse_line, parse_record
from activities.record import Rejected

if TYPE_CHECKING:
    from tests.activities.conftest import Log

RAW = Raw("logs", "a.jsonl", 7)
NATIVE = b'{"id":"1","time":"2026-01-02T03:04:05Z","user":"alice","action":"GetObject"}'
EVENT = (
    b'{"eventVersion":"1.08","userIdentity":{"type":"Directory","userName":"carol"},"eventTime":"2026-01-02T03:04:05Z",'
    b'"eventName":"GetObject","eventID":"e-1"}'
)
formats = st.sampled_from(FORMATS)


def one(data: bytes, fmt: str = "auto") -> Activity | Rejected:
    (result,) = parse_line(data, fmt, DEFAULT_TENANT, RAW)
    return result


def reason(data: bytes, fmt: str = "auto") -> str:
    result = one(data, fmt)
    assert isinstance(result, Rejected)
    assert result.raw == RAW
    return result.reason


def check(results: list[Activity | Rejected]) -> None:
    """What must hold of any results: there are some, they are plain, and they can be stored."""
    assert len(results) >= 1
    for result in results:
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=type(result)) == result
        if isinstance(result, Activity):
            assert result.id
            assert result.user.id
            assert result.tenant
        else:
            assert result.reason
            assert (result.reason + result.excerpt).replace(" ", "").isprintable() or not (
                set(result.reason + result.excerpt) & set(map(chr, (*range(32), *range(127, 160), 0x202E, 0x2028)))
            )


@given(st.binary(), formats)
def test_any_bytes(data: bytes, fmt: str) -> None:
    check(parse_line(data, fmt, DEFAULT_TENANT, RAW))
    check([parse_record(data, fmt, DEFAULT_TENANT, RAW)])


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=4)
            | st.sampled_from(["Records", "id", "time", "user", "action", "eventName", "userIdentity"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=10,
)


@given(any_json, formats, st.booleans())
def test_any_json(value: object, fmt: str, ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    check(parse_line(data, fmt, DEFAULT_TENANT, RAW))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), formats)
def test_mutated_real_records(events: list[dict[str, Any]], data: st.DataObject, fmt: str) -> None:
    line = bytearray(json.dumps(events[data.draw(st.integers(0, len(events) - 1))]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(line)))
        line[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    check(parse_line(bytes(line), fmt, DEFAULT_TENANT, RAW))


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("depth", [100_000, 1_000_000])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (b"[", b"]"),
        (b'{"a":', b"1}"),
        (b'{"Records":[', b"]}"),
        (NATIVE[:-1] + b',"x":', b"1}"),
        (EVENT[:-1] + b',"x":', b"1}"),
    ],
)
def test_deep_nesting_is_rejected(start: bytes, end: bytes, depth: int, fmt: str) -> None:
    deep = start + b"[" * depth + b"]" * depth + end
    assert "nested too deeply" in reason(deep, fmt)
    assert isinstance(one(start * depth, fmt), Rejected)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "found nothing"),
        (b" \r\n", "found nothing"),
        (b"{", "valid JSON"),
        (b"nul", "valid JSON"),
        (b"NaN", "valid JSON"),
        (NATIVE + b"x", "valid JSON"),
        (NATIVE + b"\n" + NATIVE, "valid JSON"),
        (b'{"id":"a\x00b"}', "valid JSON"),
        (b"\xff", "UTF-8"),
        (NATIVE[:-1] + b',"x":"\xff"}', "UTF-8"),
        (b"null", "`object`"),
        (b"1", "`object`"),
        (b'"text"', "`object`"),
        (b"[]", "empty"),
        (b'{"Records":[]}', "empty"),
        (b'{"Records":7}', "missing required field"),
        (b"{}", "as it is of no other known format"),
    ],
)
def test_what_is_no_record_says_so(data: bytes, says: str) -> None:
    assert says in reason(data)


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("data", [b"", b"1", b"[1]", b"{", b"\xff"])
def test_no_format_takes_what_is_no_object(data: bytes, fmt: str) -> None:
    assert reason(data, fmt)


def test_unknown_formats_are_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="auto, native, "):
        parse_line(NATIVE, "no_such_format", DEFAULT_TENANT, RAW)


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (NATIVE, "native"),
        (EVENT, "cloudtrail"),
        (b"\xef\xbb\xbf" + NATIVE, "native"),
        (b"  " + EVENT + b"\r\n", "cloudtrail"),
        # Names of the other format in texts, in nested objects, in extra fields.
        (NATIVE[:-1] + b',"unit":"eventName","app":"\\"eventName\\""}', "native"),
        (NATIVE[:-1] + b',"x":{"eventName":1},"eventName":"e","userIdentity":{}}', "native"),
        (NATIVE[:-1] + b',"Records":[1,2]}', "native"),
        (EVENT[:-1] + b',"requestParameters":{"action":"x","Records":[1]}}', "cloudtrail"),
    ],
)
def test_auto(data: bytes, source: str) -> None:
    result = one(data)
    assert isinstance(result, Activity)
    assert result.source == source


def test_auto_is_what_the_named_format_gives(events: list[dict[str, Any]]) -> None:
    for record in events:
        data = json.dumps(record).encode()
        assert one(data) == one(data, "cloudtrail")
    assert one(NATIVE) == one(NATIVE, "native")


@pytest.mark.parametrize("start", [b"[", b'{"Records":[', b'{\n  "x": 1,\n  "Records": ['])
def test_lists_keep_order_and_index(start: bytes) -> None:
    end = b"]}" if start.startswith(b"{") else b"]"
    results = parse_line(
        start + b",".join([NATIVE, b"7", EVENT, NATIVE[:-1] + b',"x":"\xff"}']) + end, "auto", "t", RAW
    )
    assert [type(result) for result in results] == [Activity, Rejected, Activity, Rejected]
    assert [result.raw for result in results] == [Raw("logs", "a.jsonl", 7, index) for index in range(4)]


def test_a_file_line_by_line_or_whole_is_the_same(logs: list[Log]) -> None:
    for log in logs:
        whole = parse_line(log.data, "auto", DEFAULT_TENANT, RAW)
        pretty = parse_line(json.dumps(log.records, indent=2).encode(), "auto", DEFAULT_TENANT, RAW)
        single = [
            parse_record(json.dumps(record).encode(), "auto", DEFAULT_TENANT, Raw("logs", "a.jsonl", 7, index))
            for index, record in enumerate(log.records)
        ]
        assert whole == pretty == single


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"a\ud800b", "a\ufffdb"),
        (rb"\udc00", "\ufffd"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud83d\ude00\ud83d", "\U0001f600\ufffd"),
        (rb"\\ud800\ud800", "\\ud800\ufffd"),
        (rb"\\\\\ud800", "\\\\\ufffd"),
        (rb"\ud800\ud800\udc00", "\ufffd\U00010000"),
    ],
)
def test_half_characters_do_not_keep_a_record_out(written: bytes, read: str) -> None:
    result = one(NATIVE[:-1] + b',"unit":"' + written + b'"}')
    assert isinstance(result, Activity)
    assert result.unit == read
    beside = one(EVENT[:-1] + b',"userAgent":"' + written + b'"}')
    assert isinstance(beside, Activity)
    assert beside.device.user_agent == read


def test_a_huge_record_stays_small() -> None:
    result = one(json.dumps({**json.loads(NATIVE), "user": "u" * 5_000_000, "unit": "\x1b" * 1_000_000}).encode())
    assert isinstance(result, Activity)
    assert len(msgspec.msgpack.encode(result)) < 5_000
    refused = one(json.dumps({"id": "i" * 5_000_000, "time": "t" * 5_000_000, "user": "u", "action": "a"}).encode())
    assert isinstance(refused, Rejected)
    assert len(refused.reason) + len(refused.excerpt) < 1_000


@pytest.mark.parametrize(
    "around",
    [
        b'{"version":"0","id":"x","detail-type":"AWS API Call via CloudTrail","source":"aws.s3","detail":%s}',
        b'{"time":1767323045.5,"host":"h","sourcetype":"aws:cloudtrail","event":%s}',
        b'{"sourcetype":"x","event":{"detail":%s}}',
        b'{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1767323045000,"message":%s}]}',
    ],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_what_shippers_put_around_a_record(around: bytes, as_text: bool) -> None:
    inner = json.dumps(EVENT.decode()).encode() if as_text else EVENT
    for fmt in ("auto", "cloudtrail"):
        assert parse_line(around % inner, fmt, DEFAULT_TENANT, RAW) == parse_line(EVENT, fmt, DEFAULT_TENANT, RAW)


def test_the_reason_has_the_path_inside() -> None:
    assert "`$.event.detail.eventTime`" in reason(b'{"event":{"detail":%s}}' % EVENT.replace(b"2026-01-02T", b"x"))
