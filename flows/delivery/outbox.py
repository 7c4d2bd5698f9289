"""The outbox: messages wait here for a thread of their own that delivers them, in order, while the flow goes on.

What waits is in the snapshot, so that a crash loses nothing. How far delivery has come is in a file beside the state,
which is newer than any snapshot: what was delivered since isn't sent again when a run resumes. Across a crash it is
at least once all the same, since a run that resumes makes again what it made after its last snapshot.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

import msgspec
import structlog

from flows import stop
from flows.delivery.dead_letters import DeadLetters
from flows.delivery.errors import Refused, Unavailable
from flows.delivery.message import Message
from flows.delivery.outbox_file import Waiting, progress_file, resume_from, write_progress
from flows.delivery.receiver import Receiver
from flows.delivery.retry import Stopped, deliver

CAPACITY = 10_000
"""Messages that wait; then the flow waits too, until some have been delivered or given up."""
OUTAGE = 3
"""Deliveries in a row that nobody took in time: what has waited for as long is then given up without being tried."""
OUTAGE_BATCH = 1000
"""Messages that are given up at once then."""
TELL_AT = 2
"""Attempts in a row that fail before it is logged."""
GRACE = 3.0
"""Seconds that a run that was asked to stop gives to what still waits."""
LOOK = 0.1
"""Seconds between looks at whether the run is asked to stop."""

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Entry:
    message: Message
    deadline: float
    """Of the monotonic clock."""


class Outbox:
    """Delivers what is put into it. Made and used by one thread, beside its own."""

    def __init__(
        self, name: str, sink: str, receiver: Receiver, dead: DeadLetters, state: Path, resume: bytes | None
    ) -> None:
        """Go on with what a snapshot left waiting.

        Args:
            name: of the file beside the state.
            sink: what its dead letters are said to be for.
            receiver: whom to deliver to.
            dead: where what it won't take goes.
            state: the state directory.
            resume: the snapshot's.
        """
        self._sink, self._receiver, self._dead = sink, receiver, dead
        self._file = progress_file(state, name)
        self._progress, left = resume_from(self._file, resume)
        self._last = self._progress.settled + len(left)
        self._queue: deque[_Entry] = deque()
        self._changed = threading.Condition()
        self._stopping, self._closing = threading.Event(), False
        self._failure: BaseException | None = None
        self._failing = self._attempts = 0
        """Deliveries given up, and attempts that failed, since the last answer."""
        self._reason = ""
        self._enqueue(left)
        if left:
            logger.info("delivering what an earlier run left", receiver=receiver.name, messages=len(left))
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"outbox-{name}")
        self._thread.start()

    def put(self, messages: Sequence[Message]) -> None:
        """Add messages. Waits while it is full.

        Raises:
            DeliveryError: one could neither be delivered nor set aside.
        """
        with self._changed:
            while len(self._queue) >= CAPACITY and not stop.requested() and self._failure is None:
                self._changed.wait(LOOK)
            self._check()
            self._enqueue(messages)
            self._last += len(messages)
            self._changed.notify_all()

    def snapshot(self) -> bytes:
        """What waits. Raises as `put`."""
        with self._changed:
            self._check()
            return msgspec.msgpack.encode(Waiting(self._last, [entry.message for entry in self._queue]))

    def close(self) -> None:
        """Deliver or set aside what waits; a run that is asked to stop leaves it to the next. Raises as `put`."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            if self._queue and not stop.requested():
                logger.info("waiting for what is still to be delivered", **self._state())
            began: float | None = None
            while self._thread.is_alive() and self._failure is None:
                if stop.requested():
                    began = began or time.monotonic()
                    if self._failing or time.monotonic() - began > GRACE:
                        break
                self._changed.wait(LOOK)
        self._stopping.set()
        self._thread.join(GRACE)
        with self._changed:
            self._check()
            if self._queue:
                logger.warning("left to the next run", **self._state())
            logger.info("outbox", receiver=self._receiver.name, **msgspec.structs.asdict(self._progress))

    def _state(self) -> dict[str, object]:
        return {"receiver": self._receiver.name, "messages": len(self._queue), "retry_for": self._receiver.retry_for}

    def _enqueue(self, messages: Sequence[Message]) -> None:
        deadline = time.monotonic() + self._receiver.retry_for
        self._queue.extend(_Entry(message, deadline) for message in messages)

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while batch := self._next():
                if expired := self._expired():
                    self._give_up(expired, f"not tried, since others before it weren't taken: {self._reason}")
                else:
                    self._deliver(batch)
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001  it is raised in the flow's own thread
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _next(self) -> list[_Entry]:
        """The first messages of one kind, as many as the receiver takes at once; none at the end."""
        with self._changed:
            while not self._queue:
                if self._closing or self._stopping.is_set():
                    return []
                self._changed.wait()
            kind = self._queue[0].message.kind
            alike = takewhile(lambda entry: entry.message.kind == kind, self._queue)
            return list(islice(alike, self._receiver.batch))

    def _expired(self) -> list[_Entry]:
        """In an outage, the messages that have waited for too long."""
        now = time.monotonic()
        if self._failing < OUTAGE:
            return []
        with self._changed:
            return list(islice(takewhile(lambda entry: entry.deadline < now, self._queue), OUTAGE_BATCH))

    def _deliver(self, batch: list[_Entry]) -> None:
        messages = [entry.message for entry in batch]
        try:
            deliver(self._receiver, messages, batch[0].deadline, self._stopping, self._failed_once)
        except Unavailable as error:
            self._failing += 1
            self._reason = str(error)
            self._give_up(batch, f"not taken within {self._receiver.retry_for:g} s: {error}")
        except Refused as error:
            self._heard()
            if error.perhaps_one and len(batch) > 1:
                for entry in batch:
                    self._deliver([entry])
            else:
                self._give_up(batch, str(error))
        else:
            self._heard()
            self._settle(len(batch), sent=len(batch))

    def _failed_once(self, error: Unavailable) -> None:
        self._attempts += 1
        self._reason = str(error)
        if self._attempts == TELL_AT:
            logger.warning("not taken, going on to try", receiver=self._receiver.name, reason=self._reason)

    def _heard(self) -> None:
        if self._attempts >= TELL_AT:
            logger.info("answers again", receiver=self._receiver.name)
        self._failing, self._attempts, self._reason = 0, 0, ""

    def _give_up(self, batch: list[_Entry], reason: str) -> None:
        self._dead.append(self._sink, self._receiver.name, [entry.message for entry in batch], reason)
        logger.error(
            "sent to the dead letters",
            receiver=self._receiver.name,
            messages=len(batch),
            first=batch[0].message.uid,
            reason=reason,
            file=str(self._dead.path),
        )
        self._settle(len(batch), dead=len(batch))

    def _settle(self, count: int, *, sent: int = 0, dead: int = 0) -> None:
        progress = self._progress
        progress.settled, progress.sent, progress.dead = (
            progress.settled + count,
            progress.sent + sent,
            progress.dead + dead,
        )
        write_progress(self._file, progress)
        with self._changed:
            for _ in range(count):
                self._queue.popleft()
            self._changed.notify_all()
