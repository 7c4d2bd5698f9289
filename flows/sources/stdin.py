"""Lines of standard input as they come, never waiting."""

from __future__ import annotations

import os
import select
import sys
import time

from flows.sources.csv_rows import Table
from flows.sources.lines import Line

STDIN = "-"
CHUNK = 1 << 20


class StdinLines:
    """Reads without blocking; the last line may lack its end."""

    def __init__(self, limit: int) -> None:
        self._limit, self._buffer = limit, bytearray()
        self._offset = self._number = 0
        self._heard = time.monotonic()
        self._overlong = self._closed = self._done = False
        self._table = Table(limit)

    @property
    def ended(self) -> bool:
        """Whether all that was ever written has been given out."""
        return self._done

    def silent(self) -> float:
        """Seconds since something came."""
        return time.monotonic() - self._heard

    def available(self, most: int) -> list[Line]:
        """Up to `most` lines that are there, or the rows in them."""
        found = [row for line in self._available(most) for row in self._table.take(line)]
        if self._closed and not self._buffer and not self._done:
            self._done = True
            found += self._table.end()
        return found

    def _available(self, most: int) -> list[Line]:
        lines: list[Line] = []
        while len(lines) < most:
            end = self._buffer.find(b"\n") + 1
            if end:
                self._take(end, lines)
            elif self._closed:
                if not self._buffer:
                    break
                self._take(len(self._buffer), lines)
            else:
                if len(self._buffer) > self._limit:
                    self._skip(lines)
                if not self._receive():
                    break
        return lines

    def _receive(self) -> bool:
        descriptor = sys.stdin.fileno()
        if not select.select([descriptor], [], [], 0)[0]:
            return False
        data = os.read(descriptor, CHUNK)
        self._heard = time.monotonic()
        self._buffer += data
        self._closed = not data
        return True

    def _take(self, end: int, lines: list[Line]) -> None:
        data = bytes(self._buffer[:end])
        del self._buffer[:end]
        if self._overlong:
            self._overlong = False  # the end of a line that was reported before
        else:
            lines.append(self._line(data))

    def _skip(self, lines: list[Line]) -> None:
        """Let go of the beginning of a line that is too long to keep."""
        if not self._overlong:
            problem = f"a line of more than {self._limit} bytes, the most that is read (setting max_document_bytes)"
            lines.append(self._line(bytes(self._buffer[:200]), problem))
        self._overlong = True
        self._buffer.clear()

    def _line(self, data: bytes, problem: str = "") -> Line:
        self._number += 1
        offset, self._offset = self._offset, self._offset + len(data)
        return Line(STDIN, self._number, offset, self._offset, data, problem)
