"""Following tables: rows come as they are completed, each once, also where a crash parts one from its header."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sources.files import expand
from flows.sources.follow import Follower
from flows.sources.lines import Line, Position, read_lines

HEADER = b"CreationDate,Operation,AuditData\r\n"
GOOD = b'2026,Send,"{""Id"": ""1""}"\n'
LONG = b'2026,"two\nlines","more\n\nlines"\n'
LIMIT = 1 << 20


def whole(file: Path) -> list[tuple[bytes, str, int]]:
    """The rows as a run reads them that doesn't follow."""
    return [facts(item) for item in read_lines([file], Position(), LIMIT) if isinstance(item, Line)]


def facts(line: Line) -> tuple[bytes, str, int]:
    return line.data, line.problem, line.number


class Run:
    """One run after the other; each begins where what was judged ended."""

    def __init__(self, given: Path) -> None:
        self.given, self.state, self.position = str(given), b"", Position()
        self.begin()

    def begin(self, *, live: bool = True) -> None:
        self.follower = Follower(self.given, expand, self.state, self.position, LIMIT, 3600, live=live)

    def read(self, most: int = 1000) -> list[Line]:
        found: list[Line] = []
        while True:
            self.follower._next_look = 0.0
            items = self.follower.available(most)
            if not items:
                return found
            for item in items:
                if isinstance(item, Line):
                    found.append(item)
                    behind = Position(item.file, item.end, item.number + item.lines - 1, stream=item.stream)
                else:
                    behind = item
                self.position = behind
                self.follower.judged([behind])
            self.state = self.follower.snapshot()


@given(
    st.lists(st.sampled_from([GOOD, LONG, b"1,2\n", b",,\n", b"\n", b'x,"y,z\n']), max_size=8),
    st.lists(st.integers(0, 400), max_size=5),
    st.booleans(),
    st.integers(1, 5),
)
def test_however_it_grows_and_whenever_it_stops(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], cuts: list[int], restart: bool, most: int
) -> None:
    data = HEADER + b"".join(rows)
    file = tmp_path_factory.mktemp("follow") / "a.csv"
    file.write_bytes(b"")
    run = Run(file)
    found: list[Line] = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        with file.open("ab") as growing:
            growing.write(data[start:end])
        found += run.read(most)
        if restart:
            run.begin()
    run.begin(live=False)
    found += run.read(most)
    assert [facts(line) for line in found] == whole(file)


def test_a_compressed_table_is_gone_on_with(tmp_path: Path) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(b"#TYPE x\n" + HEADER + (GOOD + LONG) * 3))
    run = Run(tmp_path)
    run.follower._next_look = 0.0
    first = [item for item in run.follower.available(2) if isinstance(item, Line)]
    behind = first[-1]
    run.position = Position(behind.file, behind.end, behind.number + behind.lines - 1, stream=behind.stream)
    run.follower.judged([run.position])
    run.state = run.follower.snapshot()
    run.begin()
    assert [facts(line) for line in [*first, *run.read()]] == whole(file)
