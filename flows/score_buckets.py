"""Activities waiting for their hour to be sealed, on disk: memory is bounded by one hour of event time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cmp_to_key
from itertools import groupby
from pathlib import Path

import msgspec

from activities.activity import Activity
from stateful.profile import prefer
from windowing.watermark import HOUR

BUFFERED = 20_000
"""Activities kept in memory before they are written."""
_LENGTH = 4

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Activity).decode


class Buckets:
    """Activities by hour of their event time, handed out hour by hour in order of (time, id, content)."""

    def __init__(self, folder: Path) -> None:
        """Files are made in `folder`, which must exist and be empty."""
        self._folder = folder
        self._buffered: dict[int, list[bytes]] = {}
        self._count = 0
        self._hours: set[int] = set()

    def add(self, activity: Activity) -> None:
        """Take one in."""
        hour = activity.time // HOUR
        self._hours.add(hour)
        self._buffered.setdefault(hour, []).append(_encode(activity))
        self._count += 1
        if self._count >= BUFFERED:
            self._write()

    def take(self, before: int) -> Iterator[Activity]:
        """The activities of all hours that end by `before` (event time, ms), in order; they wait no more."""
        for hour in sorted(self._hours):
            if (hour + 1) * HOUR > before:
                break
            self._hours.discard(hour)
            yield from self._hour(hour)

    def _hour(self, hour: int) -> list[Activity]:
        found = self._buffered.pop(hour, [])
        self._count -= len(found)
        file = self._file(hour)
        if file.exists():
            found += _split(file.read_bytes())
            file.unlink()
        ordered = sorted(map(_decode, found), key=_place)
        # Of several records of one id the first is taken: the same one whatever order they came in.
        return [one for _, same in groupby(ordered, key=_place) for one in _preferred(list(same))]

    def _write(self) -> None:
        for hour, waiting in self._buffered.items():
            with self._file(hour).open("ab") as file:
                file.writelines(len(data).to_bytes(_LENGTH, "big") + data for data in waiting)
        self._buffered, self._count = {}, 0

    def _file(self, hour: int) -> Path:
        return self._folder / str(hour)


def _place(activity: Activity) -> tuple[int, str]:
    return activity.time, activity.id


def _preferred(same: list[Activity]) -> list[Activity]:
    if len(same) == 1:
        return same
    return sorted(same, key=cmp_to_key(_compared))


def _compared(one: Activity, other: Activity) -> int:
    return prefer(other, one) - prefer(one, other)


def _split(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        end = at + _LENGTH + int.from_bytes(data[at : at + _LENGTH], "big")
        found.append(data[at + _LENGTH : end])
        at = end
    return found
