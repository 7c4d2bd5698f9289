"""One file that may still grow: its complete lines, from where reading stopped.

A line is complete when its line feed is there, or when it is a whole JSON object or list, since many documents end
without one. Nothing is ever read in half: what is incomplete waits, until the file won't grow any more.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

import msgspec

from flows.sources.csv_rows import HEAD_LENGTH, Table
from flows.sources.follow_state import SAMPLE, FileMark, digest, name_hash, sample_before
from flows.sources.lines import BYTE_ORDER_MARK, GZIP_MAGIC, OPENING, Line, Position, file_lines

Identity = tuple[int, int]
"""Device and inode."""

CHUNK = 1 << 20
"""Bytes read at once."""
EXCERPT = 200


WHOLE, LINE = "whole", "line"
"""What an end that is incomplete is of: something that is written once, or lines."""


class Tail:
    """A followed file. `offset` and `line` are behind what was given out."""

    __slots__ = (
        *(
            "_file",
            "_limit",
            "_scanned",
            "_table",
            "_unpacked",
            "final",
            "finished",
            "head",
            "head_length",
            "identity",
            "line",
        ),
        *("name", "offset", "seen", "since", "stream", "told", "waits", "whole"),
    )

    def __init__(self, stream: int, name: str, identity: Identity, limit: int) -> None:
        self.stream, self.name, self.identity, self._limit = stream, name, identity, limit
        self.offset = self.line = 0
        self.head, self.head_length = b"", 0
        self.seen = (-1, -1)
        """Size and time of change (ctime, ns) when it was last looked at."""
        self.since = 0.0
        """Since when, by the monotonic clock, it is as it was seen."""
        self.whole = False
        """It is compressed: read once, as a whole."""
        self.final = False
        """It won't grow any more: what is incomplete is taken as it is."""
        self.finished = False
        """Nothing of it is to be read any more."""
        self.waits = ""
        """What its incomplete end is of; "" if it is complete."""
        self.told = False
        """That it waits was said, as it is now."""
        self._scanned = 0
        """Bytes behind `offset` that are known to have no line feed."""
        self._file: BufferedReader | None = None
        self._unpacked: Iterator[Line] | None = None
        self._table: Table | None = None

    @classmethod
    def resumed(cls, mark: FileMark, name: str, identity: Identity, limit: int) -> Tail:
        """As a snapshot left it."""
        tail = cls(mark.stream, name, identity, limit)
        tail.offset, tail.line, tail.head, tail.head_length = mark.offset, mark.line, mark.head, mark.head_length
        tail.whole = mark.whole
        return tail

    def mark(self, judged: Position) -> FileMark:
        """What to keep of it, with the position up to which its lines have been judged."""
        before = b""
        if not self.whole:
            with suppress(OSError):  # it is gone: known by its beginning alone, should it come back
                before = sample_before(self._opened().fileno(), judged.offset)
        return FileMark(
            self.stream,
            name_hash(self.name),
            self.identity[1],
            judged.offset,
            judged.line,
            self.head,
            self.head_length,
            before,
            self.whole,
        )

    @property
    def position(self) -> Position:
        """Behind what was given out."""
        held = self._table.held if self._table is not None else None
        if held is not None:
            return Position(self.name, held.offset, held.number - 1, stream=self.stream)
        return Position(self.name, self.offset, self.line, done=self.finished, stream=self.stream)

    @property
    def is_open(self) -> bool:
        """Whether it can be read on even where its name is gone."""
        return self._file is not None

    def size(self) -> int:
        """Bytes now, by the open file, whatever its name is by now; -1 where there is none."""
        try:
            return os.fstat(self._file.fileno()).st_size if self._file else Path(self.name).stat().st_size
        except OSError:
            return -1

    def read(self, most: int) -> list[Line]:
        """Up to `most` lines or, of a table, rows that are complete; none at the end, as it is for now.

        Raises:
            OSError: it can't be read.
            ReplacedError: it isn't the content of which was read before.
        """
        self.waits = ""
        found: list[Line] = []
        while not found:
            lines = [] if self.finished else self._read(most)
            if self._table is None:
                return lines
            if not lines:
                return self._end_of_table()
            found = [row for line in lines for row in self._table.take(line)]
        return found

    def _read(self, most: int) -> list[Line]:
        file = self._opened()
        self._know(file)
        if self._table is None:
            self._table = Table(self._limit)
            if self.offset:
                self._table.resume(_beginning_of(file, packed=self.whole))
        if self.whole:
            return self._read_packed(file, most)
        if self.offset == 0:
            beginning = self._beginning(file)
            if beginning is not None:
                return beginning
        return self._read_lines(file, most)

    def _end_of_table(self) -> list[Line]:
        """What a row that has no end yet, or no header yet, comes to: nothing, as long as the file may grow."""
        if self._table is None or self._table.held is None:
            return []
        if self.final or self.finished:
            return self._table.end()
        self.waits = LINE
        return []

    def close(self) -> None:
        """Let go of the open file."""
        if self._file is not None:
            self._file.close()
        self._file = self._unpacked = None

    def _opened(self) -> BufferedReader:
        if self._file is None:
            file = Path(self.name).open("rb")  # noqa: SIM115
            stat = os.fstat(file.fileno())
            if (stat.st_dev, stat.st_ino) != self.identity:
                file.close()
                raise MovedError
            self._file = file
        return self._file

    def _know(self, file: BufferedReader) -> None:
        """See that the beginning is as it was, and remember more of it if there is more."""
        data = os.pread(file.fileno(), SAMPLE, 0)
        known = self.head_length
        if known and (len(data) < known or digest(data[:known]) != self.head):
            raise ReplacedError
        if len(data) > known:
            self.head, self.head_length = digest(data), len(data)
        self.whole = data.startswith(GZIP_MAGIC)

    def _beginning(self, file: BufferedReader) -> list[Line] | None:
        """What a file begins with that isn't lines: a document, or no text; None if it is lines, or none yet."""
        data = os.pread(file.fileno(), CHUNK, 0)
        content = data.removeprefix(BYTE_ORDER_MARK).lstrip()
        first, feed, _ = content.partition(b"\n")
        if b"\0" in first:
            return self._binary(data)
        return self._document(file) if (feed or self.final) and OPENING.match(first.strip()) else None

    def _binary(self, data: bytes) -> list[Line]:
        self.finished = True
        return [self._line(data[:EXCERPT], self.offset, "binary content: expected JSON text, or gzip of it")]

    def _document(self, file: BufferedReader) -> list[Line]:
        """The whole file as one line, once it is well-formed."""
        size = os.fstat(file.fileno()).st_size
        if size > self._limit:
            problem = f"a document of more than {self._limit} bytes, the most that is read (setting max_document_bytes)"
            return [self._line(os.pread(file.fileno(), EXCERPT, 0), size, problem)]
        data = os.pread(file.fileno(), size, 0)
        if not self.final and not _well_formed(data):
            self.waits = WHOLE
            return []
        return [self._line(data, len(data))]

    def _read_lines(self, file: BufferedReader, most: int) -> list[Line]:
        found: list[Line] = []
        if not self._scanned:
            data = os.pread(file.fileno(), CHUNK, self.offset)
            end = data.rfind(b"\n")
            if end >= 0:
                # One split at most more than is wanted: the rest of the chunk is read again.
                pieces = data[:end].split(b"\n", most)[:most]
                for piece in pieces:
                    found.append(self._line(piece + b"\n", self.offset + len(piece) + 1))
                return found
        end = self._line_end(file)
        if end > 0:
            return [self._long_line(file, end)]
        return self._incomplete(file)

    def _line_end(self, file: BufferedReader) -> int:
        """The offset behind the next line feed; 0 if there is none yet. What was searched isn't searched again."""
        while data := os.pread(file.fileno(), CHUNK, self.offset + self._scanned):
            place = data.find(b"\n")
            if place >= 0:
                return self.offset + self._scanned + place + 1
            self._scanned += len(data)
        return 0

    def _long_line(self, file: BufferedReader, end: int) -> Line:
        length = end - self.offset
        if length > self._limit:
            problem = f"a line of more than {self._limit} bytes, the most that is read (setting max_document_bytes)"
            return self._line(os.pread(file.fileno(), EXCERPT, self.offset), end, problem)
        return self._line(os.pread(file.fileno(), length, self.offset), end)

    def _incomplete(self, file: BufferedReader) -> list[Line]:
        """A last line without its end: taken if it is a whole JSON text, or if nothing follows any more."""
        length = self._scanned
        if not length:
            return []
        whole = length <= self._limit and _well_formed(os.pread(file.fileno(), length, self.offset))
        if whole or self.final:
            return [self._long_line(file, self.offset + length)]
        self.waits = LINE
        return []

    def _read_packed(self, file: BufferedReader, most: int) -> list[Line]:
        """Lines of a compressed file; what breaks off may still be on its way."""
        lines = self._unpacked or _unpacked(file, self.name, self.offset, self.line, self._limit)
        self._unpacked = lines
        found: list[Line] = []
        while len(found) < most:
            item = next(lines, None)
            if item is None:
                self._unpacked, self.finished = None, True
                break
            broken = item.problem and item.end == item.offset
            if broken:
                self._unpacked = None
                if not self.final:
                    self.waits = WHOLE
                    break
            found.append(self._line(item.data, item.end, item.problem))
            if broken:
                # Said once; should it change after all, it is tried again from there.
                self.final = False
                break
        return found

    def _line(self, data: bytes, end: int, problem: str = "") -> Line:
        start = self.offset
        self.line, self.offset, self._scanned = self.line + 1, end, 0
        data = data.removeprefix(BYTE_ORDER_MARK) if start == 0 else data
        return Line(self.name, self.line, start, end, data, problem, stream=self.stream)


class ReplacedError(Exception):
    """The content was cut or written anew: reading begins anew."""


class MovedError(OSError):
    """Another file has the name by now: the next look finds out."""


def _unpacked(file: BufferedReader, name: str, offset: int, number: int, limit: int) -> Iterator[Line]:
    file.seek(0)
    packed = gzip.GzipFile(fileobj=file)
    try:
        packed.seek(offset)
    except (EOFError, zlib.error, OSError) as error:
        yield Line(
            name, number + 1, offset, offset, b"", f"the compressed content breaks before byte {offset}: {error}"
        )
        return
    yield from file_lines(packed, name, offset, number, limit)


def _beginning_of(file: BufferedReader, *, packed: bool) -> bytes:
    """What the content begins with, as far as a header may be."""
    data = os.pread(file.fileno(), HEAD_LENGTH, 0)
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data, HEAD_LENGTH) if packed else data
    except zlib.error:
        return b""


def _well_formed(data: bytes) -> bool:
    """Whether it is a whole JSON object or list: no beginning of one is."""
    text = data.removeprefix(BYTE_ORDER_MARK).strip()
    if text[:1] + text[-1:] not in (b"{}", b"[]"):
        return False
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
