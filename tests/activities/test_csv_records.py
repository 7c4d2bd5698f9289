"""Tables: which lines are headers, what a row says, and what is none."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.csv_records import Header, header_of, is_preamble, is_whole
from activities.record import Unreadable

PURVIEW = b"RecordId,CreationDate,RecordType,Operation,UserId,AuditData,AssociatedAdminUnits\r\n"


def header(line: bytes) -> Header:
    found = header_of(line)
    assert found is not None
    return found


def record(names: str, row: bytes, delimiter: str = ",") -> Any:  # noqa: ANN401
    return json.loads(Header(tuple(names.split()), delimiter).record(row))


@pytest.mark.parametrize(
    "line",
    [
        PURVIEW,
        b"\xef\xbb\xbf" + PURVIEW,
        b'"PSComputerName","RunspaceId","RecordType","CreationDate","UserIds","Operations","AuditData"\n',
        b"TimeGenerated [UTC],OperationName,Category\n",
        b"creationdate;operation;auditdata\n",
        b"timestamp\tuuid\tevent_type\n",
        b",eventTime,eventName\n",
    ],
)
def test_headers(line: bytes) -> None:
    assert header_of(line) is not None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b'{"a":1,"b":2}\n',
        b'[{"eventTime":1},{"eventTime":2}]\n',
        b"Loading, please wait\n",
        b"eventTime\n",
        b"1,2,3\n",
        b"2026-01-02T03:04:05Z,alice,GetObject\n",
        b"name,place\n",
        b"eventTime,\xff\n",
        b'eventTime,"eventName\n',
        b"eventTime,<b>eventName</b>\n",
    ],
)
def test_what_is_no_header(line: bytes) -> None:
    assert header_of(line) is None


@pytest.mark.parametrize("line", [b"", b" \r\n", b"#TYPE Deserialized.Microsoft.Exchange\r\n", b"sep=,\n", b"SEP=;\n"])
def test_what_may_come_before_a_header(line: bytes) -> None:
    assert is_preamble(line)
    assert header_of(line) is None


def test_a_row_is_the_record_it_was() -> None:
    assert record("a b.c b.d e f", b'x,"1,5",z,"{""k"": [1]}",\r\n') == {
        "a": "x", "b": {"c": "1,5", "d": "z"}, "e": {"k": [1]},
    }  # fmt: skip
    assert record("a b", b'"two\nlines";"say ""so"""', ";") == {"a": "two\nlines", "b": 'say "so"'}
    assert record("a b", b'"[not json]",{"') == {"a": "[not json]", "b": '{"'}
    assert record("a.b a", b"1,2") == {"a": {"b": "1"}}
    assert record("a a.b", b"1,2") == {"a": "1", "a.b": "2"}
    assert record("a a", b"1,2") == {"a": "1"}
    assert header(b",eventTime,eventName\n").record(b"0,1,2\n") == b'{"eventTime":"1","eventName":"2"}'
    assert header(b"TimeGenerated [UTC],x\n").record(b"1,2\n") == b'{"TimeGenerated":"1","x":"2"}'


def test_a_row_of_nothing_is_none() -> None:
    assert header(PURVIEW).record(b",,,,,,\r\n") == b""


@pytest.mark.parametrize("row", [b"1", b"1,2,3", b"", b'"1"x,2', b'"1,2', b"1\r2,3"])
def test_broken_rows(row: bytes) -> None:
    with pytest.raises(Unreadable, match="cells, as in the header|expected a row of CSV"):
        record("a b", row)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.lists(cells, min_size=2, max_size=6), st.sampled_from(",;\t"))
def test_any_row_comes_back(row: list[str], delimiter: str) -> None:
    names = tuple(f"c{n}" for n in range(len(row)))
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerow(row)
    data = written.getvalue().encode()
    assert is_whole(data)
    found = Header(names, delimiter).record(data)
    texts = {name: cell for name, cell in zip(names, row, strict=True) if cell}
    if not any(cell[0] in "{[" for cell in texts.values()):
        assert (json.loads(found) if found else {}) == texts


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    header_of(data)
    is_preamble(data)
    try:
        Header(("a", "b"), ",").record(data)
    except (Unreadable, UnicodeDecodeError):
        pass
