"""Outboxes as a Bytewax sink: alerts or records of lanes to receivers over HTTP, at least once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from flows.delivery.dead_letters import DeadLetters
from flows.delivery.message import Message
from flows.delivery.outbox import Outbox
from flows.delivery.outbox_file import outbox_name, sink_name
from flows.delivery.receiver import Receiver

X = TypeVar("X")

ALERTS = "alerts"
"""The one part of a sink of alerts."""


class OutboxSink(FixedPartitionedSink[X, bytes]):
    """An outbox for each part. A part's own items come with its name as key; with one part, all items do."""

    def __init__(
        self,
        receivers: Mapping[str, Receiver],
        messages: Callable[[str, list[X]], list[Message]],
        dead: DeadLetters,
        state: Path,
    ) -> None:
        """Describes the sink; nothing is connected yet.

        Args:
            receivers: by part.
            messages: what is sent of a part's items.
            dead: where what nobody takes goes.
            state: the state directory.
        """
        self._receivers = dict(sorted(receivers.items()))
        self._messages, self._dead, self._state = messages, dead, state

    def list_parts(self) -> list[str]:
        """One for each receiver."""
        return list(self._receivers)

    def part_fn(self, item_key: str) -> int:
        """The part of that name: Bytewax takes the number as an index into the sorted parts."""
        parts = list(self._receivers)
        return parts.index(item_key) if len(parts) > 1 else 0

    def build_part(self, step_id: str, for_part: str, resume_state: bytes | None) -> _OutboxPartition[X]:
        """Opens the outbox with what the snapshot left waiting."""
        step = step_id.rpartition(".")[2]
        outbox = Outbox(
            outbox_name(step, for_part),
            sink_name(step, for_part),
            self._receivers[for_part],
            self._dead,
            self._state,
            resume_state,
        )
        return _OutboxPartition(outbox, lambda items: self._messages(for_part, items))


class _OutboxPartition(StatefulSinkPartition[X, bytes]):
    def __init__(self, outbox: Outbox, messages: Callable[[list[X]], list[Message]]) -> None:
        self._outbox, self._messages = outbox, messages

    def write_batch(self, values: list[X]) -> None:
        self._outbox.put(self._messages(values))

    def snapshot(self) -> bytes:
        return self._outbox.snapshot()

    def close(self) -> None:
        self._outbox.close()
