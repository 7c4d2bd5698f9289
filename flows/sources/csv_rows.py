"""Lines of an exported table as rows: those that one row takes are put together, and each becomes a JSON object."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from activities.csv_records import Header, header_of, is_preamble, is_whole
from activities.record import Unreadable

if TYPE_CHECKING:
    from flows.sources.lines import Line

MOST_LINES = 10_000
"""Lines that one row may take: what an open quote can swallow before it is taken for a stray one."""
HEAD_LINES = 8
"""Lines within which a header comes."""
HEAD_LENGTH = 65_536
"""Bytes of the longest header."""

_SHOWN = 200
_STRAY = "expected a row of CSV, found a quote without its end"


class Head(NamedTuple):
    """How a table begins."""

    header: Header
    start: int
    """Where the rows begin, in bytes."""
    lines: int
    """How many lines are before them."""


def head(readline: Callable[[int], bytes]) -> Head | None:
    """How a table begins.

    Args:
        readline: gives the lines of the log from its beginning, each of at most so many bytes.

    Returns:
        None where the log is no table.
    """
    start = 0
    for before in range(1, HEAD_LINES + 1):
        line = readline(HEAD_LENGTH)
        start += len(line)
        if not line or len(line) == HEAD_LENGTH:
            return None
        if not is_preamble(line):
            header = header_of(line)
            return Head(header, start, before) if header else None
    return None


class Rows:
    """Puts the lines behind a header together. A row that never ends is rejected by its first line alone."""

    def __init__(self, header: Header, limit: int) -> None:
        """Begin behind the header.

        Args:
            header: the columns.
            limit: bytes of the longest row.
        """
        self._header, self._limit = header, limit
        self._open: list[Line] = []
        self._size = 0
        self._quotes = False

    def take(self, line: Line) -> list[Line]:
        """The rows that `line` completes, each as a line that holds a JSON object or has a problem."""
        done: list[Line] = []
        waiting = deque([line])
        while waiting:
            waiting.extendleft(reversed(self._add(waiting.popleft(), done)))
        return done

    @property
    def held(self) -> Line | None:
        """The first line of a row that has no end yet."""
        return self._open[0] if self._open else None

    def end(self) -> list[Line]:
        """What is left when no line follows: a row whose quote is never closed, and the lines behind its first."""
        done: list[Line] = []
        while self._open:
            for line in self._give_up(done):
                done += self.take(line)
        return done

    def _add(self, line: Line, done: list[Line]) -> list[Line]:
        """Adds a line; returns those that are to be read again."""
        if line.problem:
            again = self._give_up(done) if self._open else []
            if again:
                return [*again, line]
            done.append(line)
            return []
        self._open.append(line)
        self._size += len(line.data)
        self._quotes ^= not is_whole(line.data)
        if not self._quotes:
            return self._complete(done)
        endless = self._size > self._limit or len(self._open) >= MOST_LINES
        return self._give_up(done) if endless else []

    def _complete(self, done: list[Line]) -> list[Line]:
        """Makes the open lines a row; returns those that are to be read again."""
        first, *others = self._open
        last = self._open[-1]
        row = b"".join(each.data for each in self._open)
        self._clear()
        whole = replace(first, end=last.end, lines=last.number + last.lines - first.number)
        try:
            data = self._header.record(row)
        except (Unreadable, UnicodeDecodeError) as error:
            if others:
                # Two stray quotes with good rows between them, rather than one long row.
                return self._reject(first, others, done)
            done.append(replace(whole, data=row[:_SHOWN], problem=_reason(error)))
            return []
        if data:
            done.append(replace(whole, data=data))
        return []

    def _give_up(self, done: list[Line]) -> list[Line]:
        """Rejects the first of the open lines; returns the others."""
        first, *others = self._open
        self._clear()
        return self._reject(first, others, done)

    def _reject(self, first: Line, others: list[Line], done: list[Line]) -> list[Line]:
        done.append(replace(first, data=first.data[:_SHOWN], problem=_STRAY))
        return others

    def _clear(self) -> None:
        self._open, self._size, self._quotes = [], 0, False


class Table:
    """Lines that come one after the other, from the first on: as rows, where they begin with a header."""

    def __init__(self, limit: int) -> None:
        """Begin.

        Args:
            limit: bytes of the longest row.
        """
        self._limit = limit
        self._held: list[Line] = []
        self._rows: Rows | None = None
        self._decided = False

    @property
    def held(self) -> Line | None:
        """The first line that was taken and not given out: of a row without its end, or before the header."""
        if self._rows is not None:
            return self._rows.held
        return self._held[0] if self._held else None

    def resume(self, beginning: bytes) -> None:
        """Go on in the middle of a log that begins so."""
        found = head(io.BytesIO(beginning).readline)
        self._rows = Rows(found.header, self._limit) if found is not None else None
        self._decided = True

    def take(self, line: Line) -> list[Line]:
        """What is known to be a line, or a row, of the log now that `line` has come."""
        if self._rows is not None:
            return self._rows.take(line)
        if self._decided:
            return [line]
        self._held.append(line)
        if not line.problem and is_preamble(line.data) and len(self._held) < HEAD_LINES:
            return []
        header = None if line.problem or len(line.data) > HEAD_LENGTH else header_of(line.data)
        if header is not None:
            self._held, self._rows = [], Rows(header, self._limit)
        return self.end() if header is None else []

    def end(self) -> list[Line]:
        """What is left when no line follows."""
        held, self._held, self._decided = self._held, [], True
        return held + (self._rows.end() if self._rows is not None else [])


def _reason(error: Unreadable | UnicodeDecodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"expected UTF-8, found byte 0x{error.object[error.start]:02x} at byte {error.start} of the row"
    return str(error)
