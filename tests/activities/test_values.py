"""Values whose types can't be trusted: what says nothing, numbers, times without an offset, ids of records."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.record import Unreadable, parse_time
from activities.values import asn, derived_id, is_email, known, moment, moment_or_zero, number, size, word


@pytest.mark.parametrize(
    "value", ["", "  ", "unknown", "Unknown ", "UNKNOWN", "Not Available", "n/a", "null", "-", None, 7, []]
)
def test_what_says_nothing(value: object) -> None:
    assert known(value) == ""


@pytest.mark.parametrize(("value", "text"), [(" a ", "a"), ("unknown user", "unknown user"), ("0", "0")])
def test_what_says_something(value: str, text: str) -> None:
    assert known(value) == word(value) == text


def test_words_may_be_whole_numbers() -> None:
    assert [word(value) for value in (7, 0, -1, True, 1.0, 10**30)] == ["7", "0", "-1", "", "", ""]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1.0), ("1.5", 1.5), (-90, -90.0), (90.1, None), ("x", None), (True, None), (None, None), ("nan", None),
     ("inf", None), ("1" * 400, None), (10**400, None)],
)  # fmt: skip
def test_numbers(value: object, expected: float | None) -> None:
    assert number(value, 90) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(64496, 64496), ("64496", 64496), ("AS64496", 64496), (0, None), (-1, None), (2**32, None), (1.0, None),
     (True, None), ("AS", None), ("\u0661", None), (None, None)],
)  # fmt: skip
def test_autonomous_systems(value: object, expected: int | None) -> None:
    assert asn(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), ("48213", 48213), (2**63 - 1, 2**63 - 1), (2**63, None), ("9" * 30, None), (-1, None), (False, None)],
)
def test_sizes(value: object, expected: int | None) -> None:
    assert size(value) == expected


@pytest.mark.parametrize(
    "value", ["2026-01-02T03:04:05", "2026-01-02 03:04:05", "2026-01-02 03:04:05.678", "2026-01-02 03:04:05.678901234"]
)
def test_a_time_without_an_offset_is_utc(value: str) -> None:
    assert moment(value, "$.t") == parse_time(value.replace(" ", "T") + "Z", "$.t")


@pytest.mark.parametrize(
    "value", ["2026-01-02", "2026-01-02T03:04", "2026-13-02 03:04:05", "2024-12-17 00:00:00000000", 7]
)
def test_what_is_no_time(value: object) -> None:
    with pytest.raises(Unreadable, match=r"`\$\.t`"):
        moment(value, "$.t")
    assert moment_or_zero(value) == 0


def test_hostile_addresses_are_looked_at_in_no_time() -> None:
    assert not is_email("a@" + "." * 100_000 + "@")
    assert is_email("a@b.c")


json_objects: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.text(max_size=4), st.none() | st.booleans() | st.integers() | st.text(max_size=4), max_size=4
)


@given(json_objects, json_objects)
def test_ids_of_records_are_those_of_their_content(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert derived_id(one) == derived_id(dict(reversed(one.items())))
    same = repr(sorted(one.items())) == repr(sorted(other.items()))
    assert (derived_id(one) == derived_id(other)) == same
