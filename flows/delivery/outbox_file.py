"""What is kept of an outbox: what waits in it, in the snapshot, and how far it has come, in a file beside the state."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec
import structlog

from flows.delivery.dead_letters import DeadLetters
from flows.delivery.errors import DeliveryError
from flows.delivery.message import Message
from recovery.committed import committed

FOLDER = "outboxes"
"""Inside the state directory: a file for each outbox."""

LANES_STEP = "lanes_http"
"""The step whose parts are lanes; of others the step is the setting."""

logger = structlog.get_logger()


class Waiting(msgspec.Struct, array_like=True):
    """What a snapshot holds."""

    last: int = 0
    """Number of the last message that was put in, from 1."""
    messages: list[Message] = []
    """Those that wait; their numbers end with `last`."""


class Progress(msgspec.Struct):
    """What the file beside the state holds."""

    settled: int = 0
    """Number of the last message that was delivered or given up."""
    sent: int = 0
    """Messages delivered since the state began."""
    dead: int = 0
    """Messages that went to the dead letters since the state began."""


def progress_file(state: Path, name: str) -> Path:
    """Where an outbox notes how far it has come."""
    return state / FOLDER / f"{name}.json"


def read_progress(file: Path) -> Progress:
    """What the file holds; it is renamed into its place whole."""
    return msgspec.json.decode(file.read_bytes(), type=Progress) if file.exists() else Progress()


def write_progress(file: Path, progress: Progress) -> None:
    """Replace the file. Not synced: after a power failure messages may come again, and none is missed.

    Raises:
        DeliveryError: it can't be written.
    """
    temporary = file.with_suffix(".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(msgspec.json.encode(progress))
        temporary.replace(file)
    except OSError as error:
        msg = f"{file}: can't be written: {error.strerror}; check your rights to it and the space on disk"
        raise DeliveryError(msg) from error


def resume_from(file: Path, resume: bytes | None) -> tuple[Progress, list[Message]]:
    """How far delivery has come, in the numbers of the snapshot, and what of the snapshot still waits.

    The numbers of what a crashed run made after its snapshot are given out again, so the file is set back to the
    snapshot's.
    """
    progress = read_progress(file)
    waiting = msgspec.msgpack.decode(resume, type=Waiting) if resume else Waiting()
    first = waiting.last - len(waiting.messages) + 1
    left = waiting.messages[max(0, progress.settled - first + 1) :]
    progress.settled = waiting.last - len(left)
    write_progress(file, progress)
    return progress, left


def set_aside_abandoned(state: Path, kept: Collection[str], dead: DeadLetters) -> None:
    """Send to the dead letters what waits for a sink that the settings no longer have.

    Args:
        state: the state directory, prepared.
        kept: names of the outboxes that the settings have.
        dead: the dead letters.

    Raises:
        DeliveryError: they can't be written.
    """
    files = [file for file in sorted((state / FOLDER).glob("*.json")) if file.stem not in kept]
    snapshots = committed(state).snapshots if files else {}
    for file in files:
        step, _, part = file.stem.partition(".")
        progress, left = resume_from(file, snapshots.get((step, part)))
        if not left:
            continue
        dead.append(sink_name(step, part), "", left, "the run's settings no longer have this sink")
        logger.error(
            "sink left out of the settings: its messages went to the dead letters", sink=file.stem, messages=len(left)
        )
        progress.settled, progress.dead = progress.settled + len(left), progress.dead + len(left)
        write_progress(file, progress)


def outbox_name(step: str, part: str) -> str:
    """The name of an outbox: that of its file."""
    return f"{step}.{part}"


def sink_name(step: str, part: str) -> str:
    """What dead letters call it: the setting."""
    return f"lanes.{part}" if step == LANES_STEP else step


def read_totals(state: Path) -> Progress:
    """Sums over all outboxes of a state."""
    found = [read_progress(file) for file in sorted((state / FOLDER).glob("*.json"))]
    return Progress(sent=sum(each.sent for each in found), dead=sum(each.dead for each in found))
