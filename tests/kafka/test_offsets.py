from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sources.kafka_message import message_lines
from flows.sources.kafka_offsets import EARLIEST, REFUSE, enough_partitions, resume_offset, same_topic
from flows.sources.lines import InputError


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.sampled_from([REFUSE, EARLIEST]))
def test_reading_goes_on_at_the_offset_or_is_refused_and_never_skips_unasked(
    offset: int, low: int, length: int, on_expired: str
) -> None:
    high = low + length
    try:
        found = resume_offset("p", offset, low, high, on_expired)
    except InputError:
        assert offset > high or (offset < low and on_expired == REFUSE)
    else:
        assert found == offset or (found == low > offset and on_expired == EARLIEST)


def test_another_topic_of_the_name_is_refused_where_ids_are_known() -> None:
    for known, found in (("a", "a"), ("", "a"), ("a", "")):
        same_topic("p", known, found)
    with pytest.raises(InputError, match="p: expected the topic with id a, .* found one with id b"):
        same_topic("p", "a", "b")


def test_partitions_may_be_added_but_not_taken_away() -> None:
    enough_partitions("t", set(), 1)
    enough_partitions("t", {0, 1, 3}, 4)
    with pytest.raises(InputError, match="t: expected at least 4 partitions, .* found 3"):
        enough_partitions("t", {0, 1, 3}, 3)


@given(
    st.lists(st.sampled_from([b'{"a":1}', b"x", b" ", b"", b'[{"a":2}]']), max_size=8),
    st.sampled_from([b"\n", b"\r\n"]),
)
def test_every_line_of_a_message_that_is_not_blank_comes_once_with_its_offset(rows: list[bytes], end: bytes) -> None:
    lines = message_lines(end.join(rows), 7, 5, 1000)
    assert [line.data.strip() for line in lines] == [row for row in rows if row.strip()]
    assert all((line.file, line.offset, line.end, line.ingested) == ("7", 7, 8, 5) for line in lines)


def test_a_pretty_printed_document_is_one_line() -> None:
    document = b'{\n  "Records": [\n    {"a": 1},\n    {"b": 2}\n  ]\n}\n'
    assert [line.data for line in message_lines(document, 0, 0, 1000)] == [document.strip()]


def test_a_message_without_a_value_has_no_lines_and_an_overlong_one_says_so() -> None:
    assert message_lines(None, 0, 0, 10) == []
    (line,) = message_lines(b"x" * 1000, 3, 0, 999)
    assert "more than 999 bytes" in line.problem
    assert len(line.data) == 200
