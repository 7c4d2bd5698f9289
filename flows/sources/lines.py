"""Reading the lines of an ordered list of files, plain or gzip, from a position that can be kept.

A file is JSON lines; or one document: when its first line only opens one, as in a pretty-printed file, the whole file
is one "line"; or a table, when it begins with the header of one (`activities.csv_records`). Offsets are in bytes of the
uncompressed content.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from flows.sources import csv_rows

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

OPENING = re.compile(rb'[\[{][\[{\s]*("[^"]{0,64}"\s*:\s*)?[\[{\s]*$')
"""A first line that only opens a document, as pretty-printers write it."""


class Position(msgspec.Struct, frozen=True):
    """Where to read on: the next line's file and offset, and how many of that line's records are done."""

    file: str = ""
    """"" before the first file."""
    offset: int = 0
    line: int = 0
    """Lines of the file before it."""
    index: int = 0
    done: bool = False
    """The file is read to its end."""
    stream: int = 0
    """Of a followed file, the number of its content: names change, and are given to others."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line, or what was wrong in its place. A struct, as it is made for each record: five times as fast."""

    file: str
    number: int
    """From 1."""
    offset: int
    end: int
    """Offset behind it."""
    data: bytes
    problem: str = ""
    """Why it can't be read; `data` is then its beginning."""
    ingested: int = 0
    """When the log was handed it, ms; 0 where only its records say that, if anything does."""
    lines: int = 1
    """How many lines of the file it takes; a row of a table may have line breaks in it."""
    stream: int = 0
    """As in `Position`."""


class InputError(Exception):
    """The input isn't what the state remembers of it; the message says which file, expected, found, and what to do."""


def read_lines(files: Sequence[Path], position: Position, limit: int) -> Iterator[Line | Position]:
    """Lines of the files in order, from `position` on; after each file the position behind it.

    A file that has been read to its end before and has grown since is read on.

    Args:
        files: in the order in which they are read.
        position: where to begin.
        limit: bytes of the longest line that is read.

    Raises:
        InputError: the file at `position` is missing or shorter than it was.
    """
    names = [str(file) for file in files]
    start = 0
    if position.file:
        start = sum(name < position.file for name in names)
        here = start < len(names) and names[start] == position.file
        if not here and not position.done:
            msg = (
                f"{position.file}: expected this file, of which {position.offset} bytes were read before; it is gone. "
                "Put it back, or begin with a new --state directory"
            )
            raise InputError(msg)
    for name in names[start:]:
        at = position if name == position.file else Position(name)
        end = at
        for line in _read_file(name, at.offset, at.line, limit):
            end = Position(name, line.end, line.number + line.lines - 1)
            yield line
        yield Position(name, end.offset, end.line, done=True)


def _read_file(name: str, offset: int, number: int, limit: int) -> Iterator[Line]:
    try:
        with _open(name) as file:
            table = _table(file)
            # Only a gzip stream stops at its end; a plain file lets one seek anywhere.
            end = file.seek(offset) if isinstance(file, gzip.GzipFile) else file.seek(0, os.SEEK_END)
            if end < offset:
                msg = (
                    f"{name}: expected at least {offset} bytes, which were read before; it is shorter. Was it replaced?"
                )
                raise InputError(msg)
            if table is not None:
                yield from _rows(file, table, name, offset, number, limit)
                return
            file.seek(offset)
            yield from file_lines(file, name, offset, number, limit)
    except OSError as error:
        yield Line(name, number + 1, offset, offset, b"", f"can't be read: {error.strerror or error}")


def _open(name: str) -> BinaryIO | gzip.GzipFile:
    file = Path(name).open("rb")
    if file.read(len(GZIP_MAGIC)) == GZIP_MAGIC:
        file.close()
        return gzip.open(name, "rb")
    file.seek(0)
    return file


def _table(file: BinaryIO | gzip.GzipFile) -> csv_rows.Head | None:
    """The header of the file, if it is a table; what can't be read is for `file_lines` to say."""
    try:
        return csv_rows.head(file.readline)
    except (EOFError, zlib.error, OSError):
        return None


def _rows(
    file: BinaryIO | gzip.GzipFile, table: csv_rows.Head, name: str, offset: int, number: int, limit: int
) -> Iterator[Line]:
    """The rows of a table from `offset` on."""
    if offset < table.start:
        offset, number = table.start, table.lines
    file.seek(offset)
    rows = csv_rows.Rows(table.header, limit)
    for line in file_lines(file, name, offset, number, limit):
        yield from rows.take(line)
    yield from rows.end()


def file_lines(file: BinaryIO | gzip.GzipFile, name: str, offset: int, number: int, limit: int) -> Iterator[Line]:
    """Lines of an open file that stands at `offset`, behind line `number`; what breaks it off is the last."""
    whole = offset == 0
    while True:
        number += 1
        data = b""
        try:
            data = file.readline(limit + 1)
            if whole and data.strip():
                if b"\0" in data:
                    yield Line(
                        name, number, offset, offset, data[:200], "binary content: expected JSON text, or gzip of it"
                    )
                    return
                whole = False
                if OPENING.match(data.removeprefix(BYTE_ORDER_MARK).strip()):
                    data += file.read(limit + 1 - len(data))
            end = offset + len(data)
            problem = ""
            if len(data) > limit and not data.endswith(b"\n"):
                end += _skip(file)
                problem = f"a line of more than {limit} bytes, the most that is read (setting max_document_bytes)"
        except (EOFError, zlib.error, OSError) as error:
            problem = f"the compressed content ends or breaks at byte {offset}: {error}"
            yield Line(name, number, offset, offset, b"", problem)
            return
        if not data:
            return
        yield Line(name, number, offset, end, data if offset else data.removeprefix(BYTE_ORDER_MARK), problem)
        offset = end


def _skip(file: BinaryIO | gzip.GzipFile) -> int:
    """Read on to the end of the line; return its bytes."""
    count = 0
    while chunk := file.readline(65536):
        count += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return count
