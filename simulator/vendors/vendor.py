"""What a vendor's file describes: records of the activities that the vendor logs, and how it hands them over."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from simulator.record import Account, Event


class Recorded(NamedTuple):
    """One record: the log it belongs to, and its JSON."""

    log: str
    record: bytes


class Vendor(NamedTuple):
    """A vendor's wire format and manner of delivery."""

    name: str
    record: Callable[[Event, Account, str, int], Recorded | None]
    """The record of (event, who did it, its id, when it arrives in ms); None where the vendor would log nothing."""
    user: Callable[[Account], str]
    """The id under which an account is known from the vendor's records."""
    resolution: int
    """Event times are given to this, ms."""
    window: int
    """A file has what arrived within so many ms; 0: one file has all, a record a line."""
    root: Callable[[str], Path]
    """The folder or file of a log, relative to the output's folder."""
    path: Callable[[str, int, int], Path]
    """The file of (log, when its window begins in ms, its number in the window), relative to the output's folder."""
    pack: Callable[[list[bytes]], bytes]
    """The content of a file of records."""
    most: int
    """Records of a file."""


class Lines:
    """Writes records, which come in the order of their arrival, to one file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._file = path, path.open("wb")

    def take(self, arrives: int, recorded: Recorded) -> None:
        """One record."""
        self._file.write(recorded.record + b"\n")

    def close(self) -> tuple[Path, ...]:
        """Ends the file, which is the one input."""
        self._file.close()
        return (self._path,)


class Files:
    """Writes records, which come in the order of their arrival, to files as the vendor does."""

    def __init__(self, vendor: Vendor, out: Path) -> None:
        self._vendor, self._out = vendor, out
        self._held: dict[str, list[bytes]] = {}
        self._window = -1
        self._inputs: set[Path] = set()

    def take(self, arrives: int, recorded: Recorded) -> None:
        """One record, which arrived at `arrives`, ms."""
        window = arrives // self._vendor.window
        if window != self._window:
            self._flush()
            self._window = window
        self._held.setdefault(recorded.log, []).append(recorded.record)

    def _flush(self) -> None:
        for log, records in sorted(self._held.items()):
            self._inputs.add(self._out / self._vendor.root(log))
            for number, first in enumerate(range(0, len(records), self._vendor.most)):
                path = self._out / self._vendor.path(log, self._window * self._vendor.window, number)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self._vendor.pack(records[first : first + self._vendor.most]))
        self._held.clear()

    def close(self) -> tuple[Path, ...]:
        """Writes what is held; the inputs, each of whose files are in order when read by name."""
        self._flush()
        return tuple(sorted(self._inputs))


def delivery(vendor: Vendor, out: Path) -> Lines | Files:
    """Where a vendor's records go, in the folder `out`; what an earlier simulation left of the vendor's is removed."""
    if not vendor.window:
        return Lines(out / vendor.root(""))
    shutil.rmtree(out / vendor.name, ignore_errors=True)
    return Files(vendor, out)
