"""Hygiene of texts and ids, times, addresses."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.activity import NO_RAW
from activities.record import (
    EARLIEST,
    EXCERPT_LIMIT,
    ID_LIMIT,
    LATEST,
    LIST_LIMIT,
    TEXT_LIMIT,
    Unreadable,
    address,
    escape,
    identifier,
    parse_time,
    rejected,
    show,
    text,
    texts,
    user_key,
)

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
START = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000
hostile = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.text("a\x00\x1b\x9b\u202e\u2066\u2028\ud800ß", min_size=200, max_size=1200),
)


@given(hostile)
def test_texts_are_bounded_and_clean(value: str) -> None:
    for cleaned, limit in ((text(value), TEXT_LIMIT), (identifier(value), ID_LIMIT), (user_key(value), ID_LIMIT)):
        assert len(cleaned) <= limit
        assert not UNSAFE.search(cleaned)
        cleaned.encode()
    assert text(text(value)) == text(value)
    assert identifier(identifier(value)) == identifier(value)
    assert user_key(user_key(value)) == user_key(value)
    assert not UNSAFE.search(escape(value))
    assert not UNSAFE.search(show(value))


@given(st.text(string.ascii_letters + "éß日本 ._-", max_size=TEXT_LIMIT))
def test_ordinary_text_stays_as_it_is(value: str) -> None:
    assert text(value) == value


@given(hostile, hostile)
def test_ids_stay_distinct(one: str, other: str) -> None:
    assert (identifier(one) == identifier(other)) == (one == other)


def test_long_and_dirty_ids_that_look_alike_stay_distinct() -> None:
    assert identifier("a" * 300 + "b") != identifier("a" * 300 + "c")
    assert identifier("a\x00") != identifier("a\x01")
    assert len(identifier("a" * 257)) == ID_LIMIT
    assert identifier("a" * 256) == "a" * 256


def test_cut_texts_say_so() -> None:
    assert text("x" * 1024) == "x" * 1024
    assert text("x" * 1025) == "x" * 1023 + "…"
    assert text("\x1b[31mred\u202e") == "\ufffd[31mred\ufffd"


def test_user_key_folds_case_and_trims() -> None:
    assert user_key(" Alice@Example.COM ") == user_key("alice@example.com") == "alice@example.com"
    assert user_key("STRASSE") == user_key("straße")


def test_lists_are_bounded() -> None:
    assert texts(["", "a", ""] + ["b"] * 100) == ("a",) + ("b",) * (LIST_LIMIT - 1)


@given(
    st.integers(EARLIEST + DAY, LATEST - DAY).map(lambda ms: START + timedelta(milliseconds=ms, microseconds=ms % 997)),
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
    st.sampled_from("Tt "),
    st.integers(0, 9),
)
def test_rfc3339_is_the_same_instant(moment: datetime, offset: int, separator: str, digits: int) -> None:
    written = moment.strftime(f"%Y-%m-%d{separator}%H:%M:%S")
    fraction = f"{moment.microsecond:06d}000"[:digits]
    sign, minutes = ("-", -offset) if offset < 0 else ("+", offset)
    written += (f".{fraction}" if fraction else "") + f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    kept = int(fraction[:3].ljust(3, "0")) if fraction else 0
    local = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    seconds = (local - START) // timedelta(seconds=1)
    assert parse_time(written, "$.time") == seconds * 1000 + kept


@given(st.integers(EARLIEST, LATEST - 1))
def test_every_way_to_write_a_time_agrees(time: int) -> None:
    moment = START + timedelta(milliseconds=time)
    written = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time % 1000:03d}"
    ways = (time, float(time), str(time), written + "Z", written + "z", written + "999Z", written + "+00:00")
    assert {parse_time(way, "$") for way in ways} == {time}
    assert parse_time(moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "$") == time - time % 1000


def test_time_examples() -> None:
    assert parse_time("2023-07-10T11:42:44Z", "$") == 1_688_989_364_000
    assert parse_time("2023-07-10T13:42:44.9999999+02:00", "$") == 1_688_989_364_999
    assert parse_time("2016-12-31T23:59:60Z", "$") == parse_time("2017-01-01T00:00:00Z", "$")
    assert parse_time("1990-01-01T00:00:00Z", "$") == EARLIEST
    assert parse_time("2099-12-31T23:59:59.999Z", "$") == LATEST - 1


@pytest.mark.parametrize(
    "value",
    [
        "", "yesterday", "2023-07-10", "2023-07-10T11:42:44", "2023-07-10T11:42Z", "20230710T114244Z",
        "2023-W28-1T00:00Z", "2023-02-29T00:00:00Z", "2023-07-10T24:00:00Z", "2023-07-10T11:60:00Z",
        "2023-07-10T11:42:61Z", "2023-07-10T11:42:44.Z", "2023-07-10T11:42:44+24:00", "2023-07-10T11:42:44+0200",
        " 2023-07-10T11:42:44Z", "2023-07-10T11:42:44Z\n", "2023-07-10T11:42:4²Z", "２023-07-10T11:42:44Z",
        "2023-07-10T11:42:44.12²Z", "-1", "1e12",
        "1" * 5000, "٣" * 13, True, None, [], {}, float("nan"), float("inf"), 1_700_000_000_000.5,
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_its_path(value: object) -> None:
    with pytest.raises(Unreadable, match=re.escape("`$.time`")):
        parse_time(value, "$.time")


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1_700_000_000, ": looks like epoch seconds; expected milliseconds"),
        ("1700000000", ": looks like epoch seconds; expected milliseconds"),
        (1_700_000_000.25, ": looks like epoch seconds; expected milliseconds"),
        (1_700_000_000_000_000, ": looks like epoch microseconds; expected milliseconds"),
        (1_700_000_000_000_000_000, ": looks like epoch nanoseconds; expected milliseconds"),
        ("9999-12-31T23:59:59Z", ""),
        ("1989-12-31T23:59:59Z", ""),
        ("2100-01-01T00:00:00.000Z", ""),
        (0, ""),
        (-1, ""),
        (10**400, ""),
        (1e300, ""),
    ],
)
def test_times_out_of_range_name_the_range(value: object, hint: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_time(value, "$.time")
    assert "from 1990-01-01 to before 2100-01-01 at `$.time`" in str(refused.value)
    assert str(refused.value).endswith(hint)
    assert ("looks like" in str(refused.value)) == bool(hint)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("253.252.51.07", ""),
        ("256.1.1.1", ""),
        ("1.2.3", ""),
        ("1.2.3.4:5555", ""),
        ("1.2.3.4\x00", ""),
        ("fe80::1%eth0", ""),
        ("AWS Internal", ""),
        ("health.amazonaws.com", ""),
        ("١.2.3.4", ""),
        ("\ud800::1", ""),
        ("", ""),
    ],
)
def test_addresses_are_canonical_or_nothing(written: str, canonical: str) -> None:
    assert address(written) == canonical


@given(st.ip_addresses())
def test_every_address_survives(ip: object) -> None:
    assert address(address(str(ip))) == address(str(ip)) != ""


@given(st.binary(max_size=1200), hostile)
def test_rejections_are_bounded_and_clean(data: bytes, reason: str) -> None:
    result = rejected(reason, data, NO_RAW)
    assert not UNSAFE.search(result.reason + result.excerpt)
    assert len(result.reason) <= TEXT_LIMIT
    assert len(result.excerpt) <= EXCERPT_LIMIT * len(r"\u0000")


def test_the_excerpt_is_the_first_200_characters() -> None:
    assert rejected("", ("é" * 300).encode(), NO_RAW).excerpt == "é" * 200
    assert rejected("", b"a\nb\x1b", NO_RAW).excerpt == "a\\u000ab\\u001b"
    assert rejected("", b"\xff", NO_RAW).excerpt == "\\xff"
