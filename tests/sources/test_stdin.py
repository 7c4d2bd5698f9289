from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sources.stdin import StdinLines


def read_all(
    monkeypatch: pytest.MonkeyPatch, data: bytes, most: int, limit: int = 1000, chunk: int = 7
) -> list[bytes | str]:
    reader, writer = os.pipe()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(os.fdopen(reader, "rb", buffering=0)))
    monkeypatch.setattr("flows.sources.stdin.CHUNK", chunk)
    os.write(writer, data)
    os.close(writer)
    lines, found = StdinLines(limit), []
    for _ in range(10_000):
        if lines.ended:
            break
        found += [line.problem or line.data for line in lines.available(most)]
    return found


@given(
    st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b" ")), max_size=30),
    st.integers(1, 9),
    st.booleans(),
)
def test_every_line_comes_once_whatever_the_pieces(rows: list[bytes], most: int, ends: bool) -> None:
    data = b"\n".join(rows) + (b"\n" if ends and rows else b"")
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert b"".join(line for line in read_all(monkeypatch, data, most) if isinstance(line, bytes)) == data


def test_an_overlong_line_is_reported_once_and_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_all(monkeypatch, b"x" * 5000 + b"\nshort\n", 10, limit=1000, chunk=100)
    assert len(found) == 2
    assert "more than 1000 bytes" in str(found[0])
    assert found[1] == b"short\n"


def test_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(os.fdopen(reader, "rb", buffering=0)))
    lines = StdinLines(100)
    assert lines.available(5) == []
    os.write(writer, b"half")
    assert lines.available(5) == []
    os.write(writer, b" a line\n")
    assert [line.data for line in lines.available(5)] == [b"half a line\n"]
    os.close(writer)
    assert not lines.ended
    assert lines.available(5) == []
    assert lines.ended
