from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.sources.files import expand
from flows.sources.lines import InputError, Line, Position, read_lines

LIMIT = 10_000


def lines_of(files: list[Path], position: Position = Position(), limit: int = LIMIT) -> list[Line]:  # noqa: B008
    return [item for item in read_lines(files, position, limit) if isinstance(item, Line)]


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz"])
def test_lines_have_their_place(tmp_path: Path, suffix: str) -> None:
    file = write(tmp_path / f"a.{suffix}", b'{"a":1}\n\n{"b":2}')
    assert [(line.number, line.offset, line.end, line.data) for line in lines_of([file])] == [
        (1, 0, 8, b'{"a":1}\n'),
        (2, 8, 9, b"\n"),
        (3, 9, 16, b'{"b":2}'),
    ]


@given(st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\0", b"0") + b"\n"), max_size=12), st.data())
def test_reading_on_from_any_line_gives_the_rest(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    cut = data.draw(st.integers(0, len(rows)))
    head = b'{"first":1}\n'
    files = [
        write(folder / "a.jsonl", head + b"".join(rows[:cut])),
        write(folder / "b.jsonl.gz", head + b"".join(rows[cut:])),
    ]
    whole = lines_of(files)
    assert b"".join(line.data for line in whole) == head + b"".join(rows[:cut]) + head + b"".join(rows[cut:])
    at = data.draw(st.integers(0, len(whole) - 1))
    line = whole[at]
    assert lines_of(files, Position(line.file, line.end, line.number)) == whole[at + 1 :]


def test_a_pretty_printed_document_is_one_line(tmp_path: Path) -> None:
    document = {"Records": [{"eventName": "a"}, {"eventName": "b"}]}
    for n, text in enumerate((json.dumps(document, indent=2), json.dumps(document["Records"], indent=1))):
        file = write(tmp_path / f"{n}.json", b"\xef\xbb\xbf" + text.encode())
        (line,) = lines_of([file])
        assert json.loads(line.data) in (document, document["Records"])


def test_a_broken_first_line_does_not_swallow_the_file(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", b'{"id":"a","time\n{"id":"b"}\n')
    assert len(lines_of([file])) == 2


def test_a_long_line_is_passed_over_with_its_size_known(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", b"x" * (LIMIT * 3) + b"\n" + b"{}\n")
    long, short = lines_of([file])
    assert f"more than {LIMIT} bytes" in long.problem
    assert (long.end, short.offset, short.data) == (LIMIT * 3 + 1, LIMIT * 3 + 1, b"{}\n")


def test_a_line_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", b"x" * (LIMIT - 1) + b"\n" + b"y" * LIMIT)
    assert [line.problem for line in lines_of([file])] == ["", ""]


def test_a_truncated_gzip_gives_what_it_has_and_says_where_it_ends(tmp_path: Path) -> None:
    rows = b"".join(b'{"n":%d,"noise":"%s"}\n' % (n, os.urandom(30).hex().encode()) for n in range(2000))
    whole = gzip.compress(rows)
    file = tmp_path / "a.json.gz"
    file.write_bytes(whole[: len(whole) // 2])
    *good, bad = lines_of([file])
    assert len(good) > 100
    assert b"".join(line.data for line in good) == rows[: good[-1].end]
    assert "compressed content ends or breaks" in bad.problem
    file.write_bytes(whole[:100] + b"\xff" * 50 + whole[150:])
    assert "compressed content" in lines_of([file])[-1].problem


def test_binary_content_is_one_problem(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", bytes(range(256)) * 100)
    (line,) = lines_of([file])
    assert "binary content" in line.problem


def test_a_file_that_grew_is_read_on_and_new_ones_follow(tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", b"1\n2\n")
    end = [item for item in read_lines([first], Position(), LIMIT) if isinstance(item, Position)][-1]
    assert end == Position(str(first), 4, 2, done=True)
    write(first, b"1\n2\n3\n")
    second = write(tmp_path / "b.jsonl", b"4\n")
    assert [line.data for line in lines_of([first, second], end)] == [b"3\n", b"4\n"]
    first.unlink()
    assert [line.data for line in lines_of([second], end)] == [b"4\n"]


def test_a_half_read_file_that_is_gone_or_shorter_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", b"1\n2\n")
    half = Position(str(file), 2, 1)
    write(file, b"1")
    with pytest.raises(InputError, match="a.jsonl: expected at least 2 bytes"):
        lines_of([file], half)
    with pytest.raises(InputError, match="a.jsonl: expected this file, of which 2 bytes were read"):
        lines_of([], half)


def test_an_unreadable_file_is_a_problem_with_its_name(tmp_path: Path) -> None:
    (line,) = lines_of([tmp_path / "gone.jsonl"])
    assert "can't be read: No such file" in line.problem
    assert line.file.endswith("gone.jsonl")


def test_inputs_are_files_folders_and_globs_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.json", "a.json.gz", "deep/c.jsonl", "README.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in expand(str(tmp_path))] == ["a.json.gz", "b.json", "c.jsonl"]
    assert [path.name for path in expand(str(tmp_path / "*.json*"))] == ["a.json.gz", "b.json"]
    assert [path.name for path in expand(str(tmp_path / "README.txt"))] == ["README.txt"]
    for nothing in ("nothing", "*.xml"):
        with pytest.raises(InputError, match=r"expected .* found none"):
            expand(str(tmp_path / nothing))
