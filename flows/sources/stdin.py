"""Lines of standard input as they come, never waiting."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Iterator

from flows.sources.lines import Line

STDIN = "-"
IDLE = 2.0
"""Seconds of silence after which records are judged without waiting for more to look ahead at."""
CHUNK = 1 << 20


class StdinLines:
    """Reads without blocking; the last line may lack its end."""

    def __init__(self, limit: int) -> None:
        self._limit, self._buffer = limit, bytearray()
        self._offset = self._number = 0
        self._heard = time.monotonic()
        self._overlong = False
        self.ended = False

    def idle(self) -> bool:
        """Whether nothing has come for a while."""
        return time.monotonic() - self._heard > IDLE

    def available(self, most: int) -> Iterator[Line]:
        """Up to about `most` complete lines that are there."""
        yield from self._split(most)
        descriptor = sys.stdin.fileno()
        while not self.ended and most > 0 and select.select([descriptor], [], [], 0)[0]:
            data = os.read(descriptor, CHUNK)
            self._heard = time.monotonic()
            if not data:
                self.ended = True
                if self._buffer:
                    yield self._line(bytes(self._buffer))
                    self._buffer.clear()
                return
            self._buffer += data
            for line in self._split(most):
                most -= 1
                yield line

    def _split(self, most: int) -> Iterator[Line]:
        start = 0
        while most > 0 and (end := self._buffer.find(b"\n", start)) >= 0:
            data, start, most = bytes(self._buffer[start : end + 1]), end + 1, most - 1
            if self._overlong:
                self._overlong = False
            else:
                yield self._line(data)
        del self._buffer[:start]
        if len(self._buffer) > self._limit:
            if not self._overlong:
                problem = f"a line of more than {self._limit} bytes, the most that is read (setting max_document_bytes)"
                yield self._line(bytes(self._buffer[:200]), problem)
            self._overlong = True
            self._buffer.clear()

    def _line(self, data: bytes, problem: str = "") -> Line:
        self._number += 1
        offset, self._offset = self._offset, self._offset + len(data)
        return Line("-", self._number, offset, self._offset, data, problem)
