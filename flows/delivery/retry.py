"""Delivering with retries: exponential back-off with jitter, and not before the receiver asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from tenacity import RetryCallState, Retrying, retry_if_exception_type, sleep_using_event, stop_when_event_set
from tenacity.wait import wait_random_exponential

from flows.delivery.errors import Unavailable
from flows.delivery.message import Message
from flows.delivery.receiver import Receiver

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds: a pause is drawn below a bound that doubles with each attempt ("full jitter", Brooker 2015,
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)."""
LONGEST_ASKED = 600.0
"""Seconds for which a receiver is left alone at most, whatever it asks for."""

_backoff = wait_random_exponential(multiplier=FIRST_PAUSE, min=FIRST_PAUSE / 2, max=LONGEST_PAUSE)


class Stopped(Exception):  # noqa: N818  not an error
    """The run ends; what was being delivered may or may not have been taken."""


def deliver(
    receiver: Receiver,
    messages: Sequence[Message],
    deadline: float,
    stopping: threading.Event,
    failed: Callable[[Unavailable], None],
) -> None:
    """Deliver messages, trying again until `deadline`, at least once.

    Args:
        receiver: whom to.
        messages: of one kind.
        deadline: of the monotonic clock.
        stopping: ends the retries when it is set.
        failed: called with what went wrong before each pause.

    Raises:
        Unavailable: it never took them; the reason of the last attempt.
        Refused: it won't take them.
        Stopped: `stopping` was set in between.
    """

    def too_late(state: RetryCallState) -> bool:
        # Who says when to come again is alive: what it asks for doesn't use up the time.
        pause = 0.0 if _cause(state).after else state.upcoming_sleep
        return time.monotonic() + pause > deadline

    def say(state: RetryCallState) -> None:
        failed(_cause(state))

    attempts = Retrying(
        retry=retry_if_exception_type(Unavailable),
        wait=_pause,
        stop=lambda state: too_late(state) or stop_when_event_set(stopping)(state),
        sleep=sleep_using_event(stopping),
        before_sleep=say,
        reraise=True,
    )
    try:
        attempts(receiver.deliver, messages)
    except Unavailable:
        if stopping.is_set():
            raise Stopped from None
        raise


def _pause(state: RetryCallState) -> float:
    return max(_backoff(state), min(_cause(state).after, LONGEST_ASKED))


def _cause(state: RetryCallState) -> Unavailable:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, Unavailable) else Unavailable("no answer")
