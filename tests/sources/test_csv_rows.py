"""Tables as logs: rows over several lines, stray quotes, resuming, standard input."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sources import csv_rows
from flows.sources.csv_rows import Table
from flows.sources.lines import Line, Position, read_lines

HEADER = b"CreationDate,Operation,AuditData\r\n"
GOOD = b'2026,Send,"{""Id"": ""%d""}"\r\n'


def read(path: Path, position: Position = Position()) -> list[Line]:  # noqa: B008
    return [item for item in read_lines([path], position, 1 << 20) if isinstance(item, Line)]


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"#TYPE Some.Thing\r\n", b"\r\nsep=,\r\n"])
def test_rows_have_their_place(tmp_path: Path, suffix: str, before: bytes) -> None:
    file = write(tmp_path / f"a.{suffix}", before + HEADER + b'1,"two\r\nlines",\r\n' + GOOD % 7 + b",,\r\n2,x,y")
    start, lines = len(before + HEADER), (before + HEADER).count(b"\n")
    found = read(file)
    assert [(row.number, row.lines, row.data, row.problem) for row in found] == [
        (lines + 1, 2, b'{"CreationDate":"1","Operation":"two\\r\\nlines"}', ""),
        (lines + 3, 1, b'{"CreationDate":"2026","Operation":"Send","AuditData":{"Id":"7"}}', ""),
        (lines + 5, 1, b'{"CreationDate":"2","Operation":"x","AuditData":"y"}', ""),
    ]
    assert [row.offset - start for row in found] == [0, 17, 17 + len(GOOD % 7) + 4]


@given(st.lists(st.sampled_from([GOOD % 1, b'1,"a\nb",c\n', b"1,2\n", b'x,"y,z\n', b",,\n", b"\n"]), max_size=9))
def test_reading_on_from_any_row_gives_the_rest(tmp_path_factory: pytest.TempPathFactory, rows: list[bytes]) -> None:
    file = write(tmp_path_factory.mktemp("csv") / "a.csv.gz", HEADER + b"".join(rows))
    whole = read(file)
    for at, row in enumerate(whole):
        assert read(file, Position(row.file, row.end, row.number + row.lines - 1)) == whole[at + 1 :]


def test_a_stray_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    stray = b'2026,"Send,{}\r\n'
    rows = [GOOD % n for n in range(50)]
    for places in ([20], [20, 30], [0, 10, 49]):
        lines = [stray if n in places else row for n, row in enumerate(rows)]
        found = read(write(tmp_path / "a.csv", HEADER + b"".join(lines)))
        assert [row.number - 2 for row in found if row.problem] == places
        assert all("a quote without its end" in row.problem for row in found if row.problem)
        assert [row.number - 2 for row in found if not row.problem] == [n for n in range(50) if n not in places]


def test_an_open_quote_is_not_awaited_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "MOST_LINES", 10)
    found = read(write(tmp_path / "a.csv", HEADER + b'1,"2,3\n' + GOOD % 1 * 100))
    assert [bool(row.problem) for row in found] == [True] + [False] * 100


@pytest.mark.parametrize(
    ("row", "says"),
    [(b"1,2\n", "expected 3 cells"), (b"1,2,3,4\n", "expected 3 cells"), (b"1,\xff,3\n", "UTF-8"),
     (b'1,"2"x,3\n', "expected a row of CSV")],
)  # fmt: skip
def test_a_broken_row_is_rejected_with_its_line(tmp_path: Path, row: bytes, says: str) -> None:
    good, bad, last = read(write(tmp_path / "a.csv", HEADER + GOOD % 1 + row + GOOD % 2))
    assert (bad.number, says in bad.problem, bad.data) == (3, True, row)
    assert not good.problem
    assert not last.problem


def test_what_is_no_table_is_left_alone(tmp_path: Path) -> None:
    data = b"Loading, please wait\n{}\n"
    assert [line.data for line in read(write(tmp_path / "a.csv", data))] == [b"Loading, please wait\n", b"{}\n"]


@given(
    st.lists(st.sampled_from([HEADER, GOOD % 1, b'1,"a\nb",c\n', b"#TYPE x\n", b"\n", b'1,"2\n', b'{"a":1}\n'])),
    st.booleans(),
)
def test_as_it_comes_or_from_a_file(tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], closed: bool) -> None:
    data = b"".join(parts) if closed else b"".join(parts).rstrip(b"\n")
    file = write(tmp_path_factory.mktemp("csv") / "a.csv", data)
    table = Table(1 << 20)
    offset = 0
    found: list[Line] = []
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        found += table.take(Line(str(file), number, offset, offset + len(line), line))
        offset += len(line)
    found += table.end()
    assert found == read(file)
    assert all(json.loads(row.data) for row in found if not row.problem and row.data.startswith(b"{"))
