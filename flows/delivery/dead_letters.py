"""The dead-letter file: what no receiver took, one JSON object a line, with the reason.

Several processes may append while another takes the file away to send it again: each append locks the file, and looks
whether it is still the one of that name.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from flows.delivery.errors import DeliveryError
from flows.delivery.message import Message


class DeadLetter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the file."""

    failed: str
    """When it was given up, by the wall clock: RFC 3339."""
    sink: str
    """Which one it was for: alerts_webhook, alerts_splunk, or the lane."""
    receiver: str
    reason: str
    kind: str
    record: msgspec.Raw
    """What would have been sent: for an alert, its OCSF object."""
    tenant: str = ""
    uid: str = ""
    revision: int = 0
    time: int = 0

    def message(self) -> Message:
        """As it was to be sent."""
        return Message(self.kind, bytes(self.record), self.tenant, self.uid, self.revision, self.time)


class DeadLetters:
    """Appends to a dead-letter file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self) -> None:
        """See that it can be written.

        Raises:
            DeliveryError: it can't.
        """
        with self._locked() as file:
            if not file.tell():
                self.path.unlink()

    def append(self, sink: str, receiver: str, messages: Sequence[Message], reason: str) -> None:
        """Write messages, and wait until they are on disk.

        Raises:
            DeliveryError: that failed.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        lines = [msgspec.json.encode(_letter(now, sink, receiver, message, reason)) + b"\n" for message in messages]
        self.append_lines(lines)

    def append_lines(self, lines: Sequence[bytes]) -> None:
        """Write lines as they are. See `append`."""
        with self._locked() as file:
            try:
                file.write(b"".join(lines))
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                raise self._unusable(error) from error

    def take(self, to: Path) -> bool:
        """Move the file to `to`, when nobody is writing; whether there was one."""
        if not self.path.exists():
            return False
        with self._locked():
            self.path.rename(to)
        return True

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            while True:
                file = self.path.open("ab")
                fcntl.flock(file, fcntl.LOCK_EX)
                if _is_at(file, self.path):
                    break
                file.close()
        except OSError as error:
            raise self._unusable(error) from error
        with file:
            yield file

    def _unusable(self, error: OSError) -> DeliveryError:
        return DeliveryError(
            f"setting dead_letters: expected a file that can be written, found {self.path}: "
            f"{error.strerror or error}; check the path, your rights to it and the space on disk"
        )


def read(path: Path) -> Iterator[tuple[bytes, DeadLetter | None]]:
    """The lines of a dead-letter file with what they say; None where that can't be read."""
    decode = msgspec.json.Decoder(DeadLetter).decode
    with path.open("rb") as file:
        for line in file:
            try:
                yield line, decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                yield line, None


def _letter(now: str, sink: str, receiver: str, message: Message, reason: str) -> DeadLetter:
    return DeadLetter(
        now,
        sink,
        receiver,
        reason,
        message.kind,
        msgspec.Raw(message.body),
        message.tenant,
        message.uid,
        message.revision,
        message.time,
    )


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
