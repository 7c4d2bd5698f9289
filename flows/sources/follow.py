"""Following an input: the lines that come to its files, in the order of their names, without ever waiting."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import structlog

from flows.sources.follow_state import FilesState
from flows.sources.followed_files import FollowedFiles, look_at
from flows.sources.lines import InputError, Line, Position
from flows.sources.tail import WHOLE, MovedError, ReplacedError, Tail

SHORTEST = 0.1
"""Seconds between looks at what is there."""
SHARE = 10
"""A look that takes long is repeated after so many times its length."""
OPEN_FILES = 64
"""Files that are kept open, so that what is renamed or deleted can be read to its end."""

logger = structlog.get_logger()


class Follower:
    """What there is to read of an input."""

    def __init__(
        self,
        given: str,
        find: Callable[[str], list[Path]],
        stored: bytes,
        position: Position,
        limit: int,
        patience: float,
        *,
        live: bool,
    ) -> None:
        """Go on from a snapshot; nothing is opened yet.

        Args:
            given: the file, folder or pattern.
            find: its files, in the order of their names; an `InputError` where there are none.
            stored: `FilesState` of the snapshot; b"" for none.
            position: the last one that was judged.
            limit: bytes of the longest line.
            patience: seconds after which a document that is incomplete, or a file that was renamed away, won't grow.
            live: files may grow; else each is read to its end, once.
        """
        self._given, self._find, self._patience, self._live, self._current = given, find, patience, live, position
        state = msgspec.msgpack.decode(stored, type=FilesState) if stored else FilesState()
        path = Path(given)
        self._files = FollowedFiles(path if path.is_dir() else path.parent, state, position, limit)
        self._queue: deque[Tail] = deque()
        self._read_any = False
        """Of the first in the queue."""
        self._open: dict[int, Tail] = {}
        self._next_look = 0.0
        self._heard = time.monotonic()
        self._told_nothing = self._told_behind = False
        self.ended = False
        """Not live, and all is given out."""

    @property
    def at_end(self) -> bool:
        """Whether all that was there at the last look is given out."""
        return not self._queue

    @property
    def pause(self) -> float:
        """Seconds until it is worth asking again."""
        return max(0.0, self._next_look - time.monotonic()) if not self._queue else 0.0

    def silent(self) -> float:
        """Seconds since something came."""
        return time.monotonic() - self._heard

    def available(self, most: int) -> list[Line | Position]:
        """Up to `most` lines that are there, and where each file ends for now."""
        found: list[Line | Position] = []
        while len(found) < most:
            if not self._queue and not self._look():
                break
            tail = self._queue[0]
            lines = self._read(tail, most - len(found))
            if lines:
                self._heard, self._read_any = time.monotonic(), True
                found += lines
            elif self._queue and self._queue[0] is tail:
                self._queue.popleft()
                if self._read_any or tail.finished:
                    found.append(tail.position)
                self._read_any = False
                if tail.final and tail in self._files.aside:
                    self._files.leave(tail)
        return found

    def judged(self, positions: Iterable[Position]) -> tuple[int, int]:
        """See `FollowedFiles.judged`."""
        return self._files.judged(positions)

    def snapshot(self) -> bytes:
        """What to keep of it."""
        return msgspec.msgpack.encode(self._files.state())

    def close(self) -> None:
        """Let go of all files."""
        for tail in self._open.values():
            tail.close()

    def _look(self) -> bool:
        """Look for files and growth, unless it was done a moment ago; whether there is something to read."""
        began = time.monotonic()
        if self.ended or began < self._next_look:
            return False
        seen = look_at(self._paths())
        self._files.place(seen)
        ready = []
        for name, tail in self._files.names.items():
            there = seen[name]
            if self._is_ready(tail, (there.size, there.changed), began):
                ready.append(tail)
        for tail in list(self._files.aside):
            if self._is_ready(tail, (tail.size(), 0), began):
                ready.append(tail)
            elif began - tail.since > self._patience:
                tail.final = True
                ready.append(tail)
        # Streams are numbered as they appear, those of one look by name: what was rotated away is before what took its
        # name. A document that was judged in part is gone on with first: the position knows one only.
        self._queue.extend(sorted(ready, key=lambda tail: (not self._is_in_part(tail), tail.stream)))
        self._say(seen_any=bool(seen))
        ended = time.monotonic()
        self._next_look = ended + max(SHORTEST, SHARE * (ended - began))
        self.ended = not self._live and not self._queue
        return bool(self._queue)

    def _is_in_part(self, tail: Tail) -> bool:
        at = self._current
        return at.index > 0 and (tail.stream == at.stream if at.stream else tail.name == at.file)

    def _paths(self) -> list[Path]:
        try:
            return self._find(self._given)
        except InputError:
            return []

    def _is_ready(self, tail: Tail, seen: tuple[int, int], now: float) -> bool:
        if tail.finished:
            return False
        if seen != tail.seen:
            tail.seen, tail.since, tail.told = seen, now, False
            tail.final = not self._live
            return seen[0] > 0
        if not tail.waits or tail.told or now - tail.since < self._patience:
            return False
        tail.told = True
        tail.final = tail.waits == WHOLE
        if not tail.final:
            logger.warning("the last line has no end yet: waiting for it", file=tail.name, offset=tail.offset)
        return tail.final

    def _read(self, tail: Tail, most: int) -> list[Line]:
        try:
            lines = tail.read(most)
        except ReplacedError:
            self._queue.popleft()
            self._read_any = False
            if tail in self._files.aside:
                self._files.leave(tail)
            else:
                self._files.cut(tail)
                self._queue.appendleft(self._files.names[tail.name])
            return []
        except MovedError:
            tail.seen = (-1, -1)
            return []
        except OSError as error:
            if not tail.told:
                tail.told = True
                logger.warning("file can't be read", file=tail.name, error=error.strerror or str(error))
            return []
        self._open.pop(tail.stream, None)
        self._open[tail.stream] = tail
        if len(self._open) > OPEN_FILES:
            self._open.pop(next(iter(self._open))).close()
        return lines

    def _say(self, *, seen_any: bool) -> None:
        if not seen_any and not self._told_nothing:
            self._told_nothing = True
            logger.warning("nothing there yet: waiting for it", input=self._given)
        if self._files.behind and not self._told_behind:
            self._told_behind = True
            logger.info(
                "files appear whose names are before others that were read: they are read too", input=self._given
            )
