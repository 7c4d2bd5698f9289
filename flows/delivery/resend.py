"""Sending dead letters again: what is taken leaves the file, all else stays in it with the new reason."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path

from flows.delivery.dead_letters import DeadLetter, DeadLetters, read
from flows.delivery.errors import Refused, Unavailable
from flows.delivery.receiver import Receiver
from flows.delivery.retry import deliver

SUFFIX = ".resending"
"""Of the file while its letters are sent: a run may begin a new one meanwhile."""
OUTAGE = 3
"""Deliveries in a row that a receiver doesn't take in time; the others for it are kept untried."""
LINES = 1000
"""Lines that are put back at once."""


@dataclass
class Resent:
    """What came of it, in letters."""

    sent: int = 0
    kept: int = 0
    """Refused again, not taken in time, or for a sink that there isn't."""
    unreadable: int = 0
    """Lines that are no dead letters; they are kept too."""


def resend(path: Path, receivers: Mapping[str, Receiver], only: Receiver | None = None) -> Resent:
    """Send the letters of a file.

    Killed in the middle it leaves `<file>.resending`; the next call begins with that, and what was sent is sent again.

    Args:
        path: the file; none is no letters.
        receivers: by what dead letters call their sinks.
        only: whom to send all of them to instead.

    Raises:
        DeliveryError: what is to be kept can't be written. All of it is in `<file>.resending`.
    """
    dead, taken = DeadLetters(path), path.with_name(path.name + SUFFIX)
    if taken.exists():
        with taken.open("rb") as file:
            while lines := list(islice(file, LINES)):
                dead.append_lines(lines)
        taken.unlink()
    resender = _Resender(dead, receivers, only)
    if dead.take(taken):
        resender.all(taken)
        taken.unlink()
    return resender.total


@dataclass
class _Resender:
    dead: DeadLetters
    receivers: Mapping[str, Receiver]
    only: Receiver | None
    total: Resent = field(default_factory=Resent)
    failing: dict[str, int] = field(default_factory=dict)
    """Deliveries in a row that a sink's receiver didn't take."""

    def all(self, path: Path) -> None:
        """Letters of one sink and kind that follow one another, as many as the receiver takes at once."""
        for (sink, _), group in groupby(read(path), key=lambda item: _alike(item[1])):
            receiver = self.only or self.receivers.get(sink)
            while batch := list(islice(group, receiver.batch if receiver else LINES)):
                letters = [letter for _, letter in batch if letter is not None]
                if not letters:
                    self.dead.append_lines([line for line, _ in batch])
                    self.total.unreadable += len(batch)
                elif receiver is None:
                    self.keep(letters, "", f"the settings have no sink {sink}")
                else:
                    self.send(letters, receiver)

    def send(self, letters: Sequence[DeadLetter], receiver: Receiver) -> None:
        sink = letters[0].sink
        if self.failing.get(sink, 0) >= OUTAGE:
            self.keep(letters, receiver.name, "not tried again, since others before it weren't taken")
            return
        messages = [letter.message() for letter in letters]
        deadline = time.monotonic() + receiver.retry_for
        try:
            deliver(receiver, messages, deadline, threading.Event(), lambda _: None)
        except Unavailable as error:
            self.failing[sink] = self.failing.get(sink, 0) + 1
            self.keep(letters, receiver.name, f"not taken within {receiver.retry_for:g} s: {error}")
        except Refused as error:
            if error.perhaps_one and len(letters) > 1:
                for letter in letters:
                    self.send([letter], receiver)
            else:
                self.keep(letters, receiver.name, str(error))
        else:
            self.failing[sink] = 0
            self.total.sent += len(letters)

    def keep(self, letters: Sequence[DeadLetter], receiver: str, reason: str) -> None:
        self.dead.append(letters[0].sink, receiver, [letter.message() for letter in letters], reason)
        self.total.kept += len(letters)


def _alike(letter: DeadLetter | None) -> tuple[str, str]:
    return (letter.sink, letter.kind) if letter else ("", "")
