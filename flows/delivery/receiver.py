"""What the outbox delivers to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flows.delivery.message import Message


class Receiver(Protocol):
    """Takes messages over the network, some at once."""

    @property
    def name(self) -> str:
        """For logs and dead letters: nothing of a secret."""
        ...

    @property
    def batch(self) -> int:
        """Messages that it takes at once."""
        ...

    @property
    def retry_for(self) -> float:
        """Seconds in which a message is tried again."""
        ...

    def deliver(self, messages: Sequence[Message]) -> None:
        """Hand over messages of one kind; they have been taken when this returns.

        Raises:
            Unavailable, Refused: see there.
        """
        ...
