"""Which content each file of a followed input holds, look by look: renamed, cut, replaced, gone, come back, or new."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from flows.sources.follow_state import SAMPLE, FilesState, digest, is_same, name_hash, pack, unpack
from flows.sources.lines import GZIP_MAGIC, Position
from flows.sources.tail import Identity, Tail

FORGET_AFTER = 3600.0
"""Seconds for which a file that is gone is remembered: a file system may be away for a while."""
NOT_LOOKED_FOR = float("inf")
SPARE = 10_000
"""Names of finished files that may be remembered beyond twice as many as there are."""

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as a look found it."""

    identity: Identity
    size: int
    changed: int
    """ctime, ns."""


def look_at(paths: Iterable[Path]) -> dict[str, Seen]:
    """The files that are there, by name, in the order of names."""
    found = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError:  # it went away meanwhile
            continue
        found[str(path)] = Seen((stat.st_dev, stat.st_ino), stat.st_size, stat.st_ctime_ns)
    return found


class FollowedFiles:
    """The contents of an input."""

    def __init__(self, base: Path, state: FilesState, position: Position, limit: int) -> None:
        """Go on from a snapshot; files are looked for by `place`.

        Args:
            base: a folder to look in for a file that was renamed, beside those of the files.
            state: of the snapshot.
            position: the last one that was judged.
            limit: bytes of the longest line.
        """
        self._base, self._limit, self._current = base, limit, position
        self._last, self._highest = state.last_stream, state.highest
        self._earlier = position.file if position.file and not state.last_stream else ""
        """Up to this name everything was read by a run that didn't follow."""
        self._marks = {mark.stream: mark for mark in state.marks}
        self._tails: dict[int, Tail] = {}
        """Contents by stream; of those in a snapshot only what was found."""
        self._gone = {mark.name: (mark.stream, NOT_LOOKED_FOR) for mark in state.marks}
        """Contents that are nowhere, by the hash of their last name, with the time since when."""
        self._finished = unpack(state.finished)
        self._excess_since = time.monotonic()
        self._counted = set(self._marks)
        self.names: dict[str, Tail] = {}
        """Contents by the names that they have."""
        self.aside: list[Tail] = []
        """Renamed out of the input, or deleted and still open."""
        self.behind: set[int] = set()
        """New ones whose names are before those that had been read."""

    def place(self, seen: Mapping[str, Seen]) -> None:
        """Find out which content is where."""
        moved = [*self._displaced(seen), *self.aside]
        unknown = {seen[name].identity: name for name in seen if name not in self.names}
        for tail in moved:
            self._follow(tail, unknown, seen)
        fresh = [name for name in seen if name not in self.names and name_hash(name) not in self._finished]
        fresh = [name for name in fresh if not self._resume(name, seen[name])]
        self._find_renamed(fresh, seen)
        for name in fresh:
            if name not in self.names:
                self._begin(name, seen[name].identity)
        self._earlier = ""
        self._forget(seen)

    def judged(self, positions: Iterable[Position]) -> tuple[int, int]:
        """Note how far lines have been judged.

        Returns:
            How many contents this is the first of, and how many of these had names before others.
        """
        begun = behind = 0
        for position in positions:
            tail = self._tails.get(position.stream)
            if tail is None:
                continue
            if tail.stream not in self._counted:
                self._counted.add(tail.stream)
                begun, behind = begun + 1, behind + (tail.stream in self.behind)
            if position.done:
                self._finish(tail)
            else:
                self._note(tail, position)
        return begun, behind

    def state(self) -> FilesState:
        """What to keep."""
        return FilesState(self._last, self._highest, list(self._marks.values()), pack(self._finished))

    def cut(self, tail: Tail) -> None:
        """The content under a name isn't what it was, and what it was is nowhere: begin anew."""
        logger.warning("file was cut or written anew: read from its beginning", file=tail.name, read_before=tail.offset)
        self._drop(tail)
        self._begin(tail.name, _identity(tail.name) or tail.identity)

    def leave(self, tail: Tail) -> None:
        """Nothing more is expected of one that is not in the input. It is remembered for a while."""
        if tail in self.aside:
            self.aside.remove(tail)
        if tail.stream in self._marks:
            self._gone[name_hash(tail.name)] = (tail.stream, time.monotonic())
        tail.close()

    def _displaced(self, seen: Mapping[str, Seen]) -> list[Tail]:
        """Take away from their names the contents that aren't there any more."""
        displaced = []
        for name, tail in list(self.names.items()):
            there = seen.get(name)
            if there is None or there.identity != tail.identity:
                del self.names[name]
                displaced.append(tail)
            elif there.size < max(0 if tail.whole else tail.offset, tail.head_length):
                self.cut(tail)
        return displaced

    def _follow(self, tail: Tail, unknown: Mapping[Identity, str], seen: Mapping[str, Seen]) -> None:
        """Give a displaced content the name that it has now, or set it aside."""
        name = unknown.get(tail.identity, "")
        if name and _same_head(name, tail):
            if tail in self.aside:
                self.aside.remove(tail)
            self.names[name] = tail
            self._rename(tail, name)
            return
        if tail in self.aside:
            return
        place = _by_inode([Path(tail.name).parent], seen).get(tail.identity[1], "")
        if place and _same_head(place, tail):
            self._rename(tail, place)
            self.aside.append(tail)
        elif tail.is_open:
            self.aside.append(tail)
        else:
            self.leave(tail)

    def _resume(self, name: str, there: Seen) -> bool:
        """Whether a file is one that was read before; if so, go on with it."""
        if self._earlier and name <= self._earlier:
            self._skip_earlier(name, there)
            return True
        stream, _ = self._gone.get(name_hash(name), (0, 0.0))
        if not stream or not is_same(name, self._marks[stream]):
            return False
        self._adopt(stream, name, there.identity)
        return True

    def _find_renamed(self, fresh: Iterable[str], seen: Mapping[str, Seen]) -> None:
        """Look for those of the snapshot that aren't at their names: rotated while nobody looked."""
        missing = [stream for stream, since in self._gone.values() if since == NOT_LOOKED_FOR]
        if not missing:
            return
        folders = {self._base, *(Path(name).parent for name in seen)}
        places = _by_inode(folders, seen) | {seen[name].identity[1]: name for name in fresh}
        for stream in missing:
            mark = self._marks[stream]
            place = places.get(mark.inode, "")
            identity = _identity(place) if place and is_same(place, mark) else None
            if identity is not None:
                tail = self._adopt(stream, place, identity)
                self._rename(tail, place)
                if place not in seen:
                    del self.names[place]
                    self.aside.append(tail)
                continue
            self._gone[mark.name] = (stream, time.monotonic())
            if stream == self._current.stream:
                logger.warning(
                    "file is gone or was replaced since it was read: what wasn't read of it is lost",
                    file=self._current.file,
                    read=mark.offset,
                )

    def _begin(self, name: str, identity: Identity) -> None:
        self._last += 1
        tail = Tail(self._last, name, identity, self._limit)
        self.names[name] = self._tails[tail.stream] = tail
        if name < self._highest:
            self.behind.add(tail.stream)
        self._highest = max(self._highest, name)

    def _adopt(self, stream: int, name: str, identity: Identity) -> Tail:
        """Go on with a content that was gone, or that a snapshot knows."""
        mark = self._marks[stream]
        tail = self._tails.get(stream) or Tail.resumed(mark, name, identity, self._limit)
        tail.name, tail.identity = name, identity
        self._gone.pop(mark.name, None)
        self.names[name] = self._tails[stream] = tail
        return tail

    def _skip_earlier(self, name: str, there: Seen) -> None:
        """A file of a run that didn't follow: it was read to its end, or to the position."""
        self._begin(name, there.identity)
        tail, at = self.names[name], self._current
        self._counted.add(tail.stream)
        self.behind.discard(tail.stream)
        here = name == at.file
        with Path(name).open("rb") as file:
            data = os.pread(file.fileno(), SAMPLE, 0)
        tail.whole = data.startswith(GZIP_MAGIC)
        if tail.whole and (at.done or not here):
            self._finish(tail)
            return
        tail.offset, tail.line = (at.offset, at.line) if here else (there.size, 0)
        tail.head, tail.head_length = digest(data), len(data)
        if here:
            self._current = msgspec.structs.replace(at, stream=tail.stream)
        self._note(tail, tail.position)

    def _note(self, tail: Tail, position: Position) -> None:
        self._marks[tail.stream] = tail.mark(position)

    def _rename(self, tail: Tail, name: str) -> None:
        tail.name = name
        if mark := self._marks.get(tail.stream):
            self._note(tail, Position(name, mark.offset, mark.line, stream=tail.stream))

    def _finish(self, tail: Tail) -> None:
        self._finished.add(name_hash(tail.name))
        self.names.pop(tail.name, None)
        self._drop(tail)

    def _drop(self, tail: Tail) -> None:
        self._marks.pop(tail.stream, None)
        self._tails.pop(tail.stream, None)
        self.names.pop(tail.name, None)
        tail.close()

    def _forget(self, seen: Mapping[str, Seen]) -> None:
        """Let go of what has been gone for long, and of the names of many finished files that were deleted."""
        now = time.monotonic()
        for name, (stream, since) in list(self._gone.items()):
            if now - since > FORGET_AFTER:
                del self._gone[name]
                self._marks.pop(stream, None)
                self._tails.pop(stream, None)
        if not seen or len(self._finished) <= 2 * len(seen) + SPARE:
            self._excess_since = now
        elif now - self._excess_since > FORGET_AFTER:
            self._finished &= {name_hash(name) for name in seen}


def _identity(name: str) -> Identity | None:
    try:
        stat = Path(name).stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _same_head(name: str, tail: Tail) -> bool:
    """Whether a file begins as a content does. One that was never read is known by its inode alone."""
    try:
        with Path(name).open("rb") as file:
            return not tail.head_length or digest(os.pread(file.fileno(), tail.head_length, 0)) == tail.head
    except OSError:
        return False


def _by_inode(folders: Iterable[Path], seen: Mapping[str, Seen]) -> dict[int, str]:
    """Files beside those of the input, by inode."""
    found = {}
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                found.update(
                    {entry.inode(): entry.path for entry in entries if entry.path not in seen and entry.is_file()}
                )
        except OSError:
            continue
    return found
