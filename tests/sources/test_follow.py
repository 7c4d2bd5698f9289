"""Following files: whatever is done to them, each line is read once, also across crashes."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from flows.sources import follow, followed_files
from flows.sources.files import expand
from flows.sources.follow import Follower
from flows.sources.lines import Line, Position

LIMIT = 10_000


class Reader:
    """A follower with what stands in for judging: lines are taken some time after they were given out."""

    def __init__(self, given: Path | str, *, live: bool = True, patience: float = 3600) -> None:
        self.given, self.live, self.patience = str(given), live, patience
        self.stored, self.position = b"", Position()
        self.taken: list[Line] = []
        self.kept = 0
        """Of those taken, how many the snapshot knows of."""
        self.open()

    def open(self) -> None:
        self.pending: list[Line | Position] = []
        self.left: dict[int, Position] = {}
        self.follower = Follower(self.given, expand, self.stored, self.position, LIMIT, self.patience, live=self.live)

    def look(self, most: int = 1000) -> None:
        self.follower._next_look = 0.0
        self.pending += self.follower.available(most)

    def take(self, count: int = 10**9) -> None:
        for item in self.pending[:count]:
            position = item
            if isinstance(item, Line):
                self.taken.append(item)
                position = Position(item.file, item.end, item.number, stream=item.stream)
            assert isinstance(position, Position)
            self.left[position.stream] = position
            self.position = position
        del self.pending[:count]

    def snapshot(self) -> None:
        self.follower.judged(self.left.values())
        self.left.clear()
        self.stored, self.kept, self.kept_position = self.follower.snapshot(), len(self.taken), self.position

    def crash(self) -> None:
        self.follower.close()
        del self.taken[self.kept :]
        self.position = self.kept_position if self.stored else Position()
        self.open()

    def all(self) -> list[bytes]:
        """Whatever there is, until nothing comes any more."""
        for _ in range(5):
            self.look()
            self.take()
        return [line.problem.encode() or line.data for line in self.taken]


def write(path: Path, data: bytes, mode: str = "ab") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode) as file:
        file.write(data)
    return path


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "SHORTEST", 0.0)
    monkeypatch.setattr(follow, "SHARE", 0)


def test_lines_are_read_as_they_are_completed(tmp_path: Path) -> None:
    file = write(tmp_path / "a.log", b"one\ntw")
    reader = Reader(file)
    assert reader.all() == [b"one\n"]
    write(file, b"o\nthree")
    assert reader.all() == [b"one\n", b"two\n"]
    write(file, b"\n")
    assert reader.all() == [b"one\n", b"two\n", b"three\n"]
    assert [(line.number, line.offset, line.end) for line in reader.taken] == [(1, 0, 4), (2, 4, 8), (3, 8, 14)]


def test_a_whole_json_text_needs_no_line_feed_and_half_of_one_is_waited_for(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", b'{"Records":[{"a":1},')
    reader = Reader(file)
    assert reader.all() == []
    write(file, b'{"a":"}"')
    assert reader.all() == []
    write(file, b"}]}")
    assert reader.all() == [b'{"Records":[{"a":1},{"a":"}"}]}']
    write(file, b'\n{"b":2}')
    assert reader.all()[1:] == [b"\n", b'{"b":2}']


def test_a_pretty_printed_document_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    text = json.dumps({"Records": [{"a": number} for number in range(50)]}, indent=2).encode()
    file = write(tmp_path / "a.json", text[:400])
    reader = Reader(file)
    assert reader.all() == []
    write(file, text[400:])
    assert reader.all() == [text]


def test_compressed_files_are_taken_when_they_are_whole(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(b"%d\n" % number for number in range(2000)))
    file = write(tmp_path / "a.json.gz", packed[:200])
    reader = Reader(tmp_path)
    reader.all()
    write(file, packed[200:])
    assert reader.all() == [b"%d\n" % number for number in range(2000)]
    reader.snapshot()
    reader.crash()
    assert len(reader.all()) == 2000
    assert not reader.follower._files.names


def test_what_never_gets_its_end_is_taken_as_it_is_where_it_cannot_grow_line_by_line(tmp_path: Path) -> None:
    write(tmp_path / "a.json.gz", gzip.compress(b"x\n" * 5000)[:20])
    write(tmp_path / "b.json", b'{\n  "a": 1,\n')
    write(tmp_path / "c.json", b"a line without its e")
    reader = Reader(tmp_path, patience=0)
    problems = reader.all()
    assert len(problems) == 2
    assert b"the compressed content ends or breaks" in problems[0]
    assert problems[1] == b'{\n  "a": 1,\n'
    write(tmp_path / "c.json", b"nd\n")
    assert reader.all()[2:] == [b"a line without its end\n"]


def test_rotated_by_a_rename_the_old_is_read_to_its_end_and_then_the_new(tmp_path: Path) -> None:
    """Timeline:

    app.log     1 2 [read] 3 | renamed to app.log.1 | 4 (the writer is slow)
    app.log                                           5 6
    """
    file = write(tmp_path / "app.log", b"1\n2\n")
    reader = Reader(file)
    reader.all()
    write(file, b"3\n")
    file.rename(tmp_path / "app.log.1")
    write(tmp_path / "app.log.1", b"4\n")
    write(file, b"5\n6\n")
    assert reader.all() == [b"1\n", b"2\n", b"3\n", b"4\n", b"5\n", b"6\n"]
    write(tmp_path / "app.log.1", b"7\n")
    assert reader.all()[6:] == [b"7\n"]


def test_rotated_and_deleted_at_once_nothing_is_lost(tmp_path: Path) -> None:
    file = write(tmp_path / "app.log", b"1\n")
    reader = Reader(file)
    reader.all()
    write(file, b"2\n")
    file.unlink()
    write(file, b"3\n")
    assert reader.all() == [b"1\n", b"2\n", b"3\n"]


@pytest.mark.parametrize("new", [b"", b"9\n", b"a longer line than all before it\n" * 3])
def test_cut_and_written_anew_it_is_read_from_its_beginning(tmp_path: Path, new: bytes) -> None:
    file = write(tmp_path / "app.log", b"1\n2\n3\n")
    reader = Reader(file)
    reader.all()
    write(file, new, "r+b")
    os.truncate(file, len(new))
    write(file, b"end\n")
    assert b"".join(reader.all()[3:]) == new + b"end\n"


def test_rotated_while_nobody_looked_it_is_found_by_its_inode(tmp_path: Path) -> None:
    file = write(tmp_path / "app.log", b"1\n2\n")
    reader = Reader(file)
    reader.all()
    reader.snapshot()
    reader.follower.close()
    write(file, b"3\n")
    file.rename(tmp_path / "app.log.1")
    write(file, b"4\n")
    reader.crash()
    assert reader.all() == [b"1\n", b"2\n", b"3\n", b"4\n"]


def test_restored_on_another_disk_it_is_known_by_its_content(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder / "a.log", b"1\n2\n")
    write(folder / "b.log", b"3\n")
    reader = Reader(folder)
    reader.all()
    reader.snapshot()
    shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(folder)
    (tmp_path / "copy").rename(folder)
    write(folder / "b.log", b"4\n")
    reader.crash()
    assert reader.all() == [b"1\n", b"2\n", b"3\n", b"4\n"]


def test_files_come_in_the_order_of_names_and_late_ones_are_read_and_counted(tmp_path: Path) -> None:
    for name in ("2026-01-02.json", "2026-01-01.json"):
        write(tmp_path / name, name.encode() + b"\n")
    reader = Reader(tmp_path)
    assert reader.all() == [b"2026-01-01.json\n", b"2026-01-02.json\n"]
    for name in ("2026-01-04.json", "2026-01-03.json", "2025-12-31.json", "deep/2026-01-01.json"):
        write(tmp_path / name, name.encode() + b"\n")
    assert reader.all()[2:] == [
        b"2025-12-31.json\n",
        b"2026-01-03.json\n",
        b"2026-01-04.json\n",
        b"deep/2026-01-01.json\n",
    ]
    assert reader.follower.judged(reader.left.values()) == (6, 1)


def test_a_late_file_that_came_while_nobody_looked_is_read(tmp_path: Path) -> None:
    write(tmp_path / "2.json.gz", gzip.compress(b"2\n"))
    write(tmp_path / "3.json", b"3\n")
    reader = Reader(tmp_path)
    reader.all()
    reader.snapshot()
    write(tmp_path / "1.json.gz", gzip.compress(b"1\n"))
    write(tmp_path / "2.json", b"2b\n")
    reader.crash()
    assert reader.all() == [b"2\n", b"3\n", b"1\n", b"2b\n"]


def test_after_a_run_that_did_not_follow_it_goes_on_where_that_was(tmp_path: Path) -> None:
    write(tmp_path / "1.json", b"1\n")
    write(tmp_path / "2.json.gz", gzip.compress(b"2\n"))
    write(tmp_path / "3.json", b"3\n4\n")
    write(tmp_path / "4.json", b"5\n")
    reader = Reader(tmp_path)
    reader.position = Position(str(tmp_path / "3.json"), 2, 1)
    reader.open()
    assert reader.all() == [b"4\n", b"5\n"]
    write(tmp_path / "1.json", b"6\n")
    assert reader.all()[2:] == [b"6\n"]


def test_not_followed_any_more_it_ends_and_takes_all_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / "a.log", b"1\n2")
    reader = Reader(tmp_path)
    assert reader.all() == [b"1\n"]
    reader.snapshot()
    write(tmp_path / "0.log", b"late, no end")
    reader.live = False
    reader.crash()
    assert reader.all() == [b"1\n", b"2", b"late, no end"]
    assert reader.follower.ended


def test_a_file_or_pattern_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    readers = [Reader(tmp_path / "a.log"), Reader(tmp_path / "sub" / "*.log")]
    assert [reader.all() for reader in readers] == [[], []]
    write(tmp_path / "a.log", b"1\n")
    write(tmp_path / "sub" / "b.log", b"2\n")
    assert [reader.all() for reader in readers] == [[b"1\n"], [b"2\n"]]


def test_overlong_and_binary_content_is_reported_once(tmp_path: Path) -> None:
    long = b"x" * (LIMIT + 5)
    file = write(tmp_path / "a.log", long)
    binary = write(tmp_path / "b.log", b"PK\0\1")
    reader = Reader(tmp_path)
    (problem,) = reader.all()
    assert b"binary content" in problem
    write(file, b"\nshort\n")
    write(binary, b"more\n")
    found = reader.all()
    assert b"more than 10000 bytes" in found[1]
    assert found[2:] == [b"short\n"]


def test_many_files_keep_few_open(tmp_path: Path) -> None:
    for number in range(300):
        write(tmp_path / f"{number:03}.log", b"%d\n" % number)
    reader = Reader(tmp_path)
    assert len(reader.all()) == 300
    assert len(reader.follower._open) <= follow.OPEN_FILES
    open_files = [entry for entry in os.listdir("/proc/self/fd")]
    assert len(open_files) < 200
    for number in range(300):
        write(tmp_path / f"{number:03}.log", b"more\n")
    assert len(reader.all()) == 600


def test_a_folder_that_is_away_for_a_moment_is_not_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder / "a.log", b"1\n")
    write(folder / "b.json.gz", gzip.compress(b"2\n"))
    reader = Reader(folder)
    reader.all()
    reader.snapshot()
    reader.follower._files.names[str(folder / "a.log")].close()
    folder.rename(tmp_path / "away")
    assert len(reader.all()) == 2
    (tmp_path / "away").rename(folder)
    write(folder / "a.log", b"3\n")
    assert reader.all() == [b"1\n", b"2\n", b"3\n"]


def test_what_is_gone_is_forgotten_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_files, "FORGET_AFTER", -1)
    monkeypatch.setattr(followed_files, "SPARE", 0)
    for number in range(9):
        write(tmp_path / f"{number}.log", b"%d\n" % number)
        write(tmp_path / f"{number}.json.gz", gzip.compress(b"%d\n" % number))
    reader = Reader(tmp_path, patience=0)
    reader.all()
    reader.snapshot()
    before = len(reader.stored)
    for file in list(tmp_path.iterdir())[1:]:
        file.unlink()
    for _ in range(3):
        reader.all()
    reader.snapshot()
    assert len(reader.stored) < before / 3


class Following(RuleBasedStateMachine):
    """Files are written, rotated, compressed, deleted; reading looks, takes, snapshots, crashes. Each line comes once.

    What may lose lines by its nature isn't done: cutting or deleting what wasn't read yet and nobody has open.
    """

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        follow.SHORTEST, follow.SHARE = 0.0, 0
        self.reader = Reader(self.folder / "*.log*")
        self.number = 0
        self.torn: dict[str, bytes] = {}
        """Ends of lines that are still to be written, by inode."""
        self.reader.snapshot()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            for path, rest in list(self.torn.items()):
                if Path(path).exists():
                    write(Path(path), rest)
            read = [data for data in self.reader.all() if data.strip()]
            assert Counter(read) == Counter(b"line %d\n" % number for number in range(self.number))
            self.reader.follower.close()
            shutil.rmtree(self.folder)

    def line(self) -> bytes:
        self.number += 1
        return b"line %d\n" % (self.number - 1)

    @rule(name=st.sampled_from("abc"), count=st.integers(1, 4), torn=st.booleans())
    def append(self, name: str, count: int, torn: bool) -> None:
        path = self.folder / f"{name}.log"
        data = self.torn.pop(str(path), b"") + b"".join(self.line() for _ in range(count))
        if torn:
            data, self.torn[str(path)] = data[:-3], data[-3:]
        write(path, data)

    @rule(name=st.sampled_from("abc"))
    def rotate(self, name: str) -> None:
        path, old = self.folder / f"{name}.log", self.folder / f"{name}.log.{self.number}"
        if path.exists() and not old.exists():
            path.rename(old)
            if str(path) in self.torn:
                self.torn[str(old)] = self.torn.pop(str(path))

    @rule(name=st.sampled_from("abc"))
    def new_file(self, name: str) -> None:
        path = self.folder / f"{name}{self.number}.log"
        if not path.exists():
            write(path, self.line())

    @rule(name=st.sampled_from("abc"))
    def new_compressed(self, name: str) -> None:
        path = self.folder / f"{name}{self.number}.log.gz"
        if not path.exists():
            write(path, gzip.compress(self.line() + self.line()))

    @rule(most=st.integers(1, 9))
    def look(self, most: int) -> None:
        self.reader.look(most)

    @rule(count=st.integers(0, 9))
    def take(self, count: int) -> None:
        self.reader.take(count)

    @rule()
    def snapshot(self) -> None:
        self.reader.snapshot()

    @rule()
    def crash(self) -> None:
        self.reader.crash()

    @rule()
    def truncate_what_was_read(self) -> None:
        """As copytruncate does, when the reader is quick."""
        self.reader.all()
        self.reader.snapshot()
        for path in self.folder.glob("?.log"):
            if str(path) not in self.torn:
                os.truncate(path, 0)

    @rule()
    def delete_what_was_read(self) -> None:
        self.reader.all()
        self.reader.snapshot()
        for path in self.folder.iterdir():
            if str(path) not in self.torn:
                path.unlink()

    @invariant()
    def nothing_comes_twice(self) -> None:
        if hasattr(self, "reader"):
            counts = Counter(line.data for line in self.reader.taken if line.data.strip())
            assert not counts or max(counts.values()) == 1, counts.most_common(3)


TestFollowing = Following.TestCase
TestFollowing.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
