"""The outbox: whatever the receiver does, each message is delivered or is a dead letter, in order, and nobody waits."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenacity import RetryCallState, Retrying

from flows import stop
from flows.delivery import outbox as outbox_module
from flows.delivery import retry
from flows.delivery.dead_letters import DeadLetters, read
from flows.delivery.errors import DeliveryError, Refused, Unavailable
from flows.delivery.message import ALERT, Message
from flows.delivery.outbox import Outbox
from flows.delivery.outbox_file import progress_file, read_progress, read_totals, set_aside_abandoned
from flows.delivery.splunk import collector
from flows.delivery.webhook import webhook
from flows.settings import Http, Secret, Splunk

if TYPE_CHECKING:
    from tests.delivery.conftest import Reply, Server

    Serve = Callable[..., Server]

PATIENCE = 60


def alerts(count: int, start: int = 0) -> list[Message]:
    return [Message(ALERT, b'{"n":%d}' % number, "acme", f"uid{number}", 1) for number in range(start, start + count)]


class Scripted:
    """A receiver that does what a script says, then takes all."""

    def __init__(self, *script: Exception | None, batch: int = 1, retry_for: float = 0.0) -> None:
        self.name, self.batch, self.retry_for = "scripted", batch, retry_for
        self.script, self.taken = list(script), list[Message]()
        self.always: Exception | None = None
        self.attempts: list[tuple[float, list[str]]] = []

    def deliver(self, messages: Sequence[Message]) -> None:
        self.attempts.append((time.monotonic(), [message.uid for message in messages]))
        error = self.script.pop(0) if self.script else self.always
        if error is not None:
            raise error
        self.taken += messages


def opened(state: Path, receiver: Scripted, resume: bytes | None = None) -> Outbox:
    return Outbox("alerts_webhook.alerts", "alerts_webhook", receiver, DeadLetters(state / "dead"), state, resume)


def dead(state: Path) -> list[str]:
    return [letter.uid for _, letter in read(state / "dead") if letter] if (state / "dead").exists() else []


def settled(state: Path) -> int:
    return read_progress(progress_file(state, "alerts_webhook.alerts")).settled


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Short pauses; and nothing of a stop is left."""
    monkeypatch.setattr(retry, "_backoff", lambda _: 0.001)
    monkeypatch.setattr(outbox_module, "GRACE", 0.1)
    yield
    stop._Flag.signal_number = 0


outcomes = st.sampled_from([None, Unavailable("busy"), Refused("no"), Refused("one", perhaps_one=True)])


@given(st.lists(outcomes, max_size=40), st.lists(st.integers(0, 5), max_size=6), st.integers(1, 4))
@settings(max_examples=60)
def test_each_message_is_taken_or_a_dead_letter_and_all_in_order(
    script: list[Exception | None], sizes: list[int], batch: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state, receiver = Path(folder), Scripted(*script, batch=batch)
        box, number = opened(state, receiver), 0
        for size in sizes:
            box.put(alerts(size, number))
            number += size
        box.close()
        taken, given_up = [message.uid for message in receiver.taken], dead(state)
        assert sorted(taken + given_up) == sorted(f"uid{n}" for n in range(number))
        for found in (taken, given_up):
            assert found == sorted(found, key=lambda uid: int(uid[3:]))
        totals = read_totals(state)
        assert (totals.sent, totals.dead) == (len(taken), len(given_up))


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), max_size=8), st.integers(1, 3))
@settings(max_examples=40)
def test_a_crash_loses_nothing_and_a_resume_repeats_only_what_came_after_the_snapshot(
    steps: list[tuple[int, bool, bool]], batch: int
) -> None:
    """Each step puts messages, perhaps snapshots, perhaps crashes: then what came after the snapshot comes again.

    What is in the snapshot and was taken before the crash isn't sent again.
    """
    with tempfile.TemporaryDirectory() as folder:
        state, receiver = Path(folder), Scripted(batch=batch)
        snapshot, covered, number = None, 0, 0
        box = opened(state, receiver)
        repeats = 0
        for size, snapshots, crashes in steps:
            box.put(alerts(size, number))
            number += size
            if snapshots:
                snapshot, covered = box.snapshot(), number
            if crashes:
                box._stopping.set()
                box._thread.join(0 if box._queue else 1)
                wait_until(lambda box=box: not box._queue)  # type: ignore[misc]
                repeats += number - covered
                number = covered
                box = opened(state, receiver, snapshot)
        box.close()
        uids = [message.uid for message in receiver.taken]
        assert set(uids) >= {f"uid{n}" for n in range(number)}
        assert len(uids) <= number + repeats
        assert dead(state) == []


def test_the_flow_goes_on_while_nobody_answers(tmp_path: Path) -> None:
    hung = threading.Event()

    class Hanging(Scripted):
        def deliver(self, messages: Sequence[Message]) -> None:
            hung.wait(PATIENCE)
            super().deliver(messages)

    receiver = Hanging()
    box = opened(tmp_path, receiver)
    box.put(alerts(50))
    assert box.snapshot()  # neither waited for the first
    assert receiver.taken == []
    hung.set()
    box.close()
    assert len(receiver.taken) == 50


def test_pauses_grow_have_jitter_and_end_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    pauses = []
    for _ in range(40):
        waits = [retry._backoff(_state(attempt)) for attempt in range(1, 12)]
        assert all(
            0 < pause <= min(retry.LONGEST_PAUSE, retry.FIRST_PAUSE * 2 ** (n + 1)) for n, pause in enumerate(waits)
        )
        pauses.append(waits)
    assert len({waits[5] for waits in pauses}) > 30
    assert max(waits[10] for waits in pauses) > max(waits[0] for waits in pauses)


def _state(attempt: int) -> RetryCallState:
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempt
    return state


def test_retry_after_is_kept_to_and_does_not_use_up_the_time(tmp_path: Path) -> None:
    receiver = Scripted(Unavailable("busy", after=0.4), retry_for=0.2)
    box = opened(tmp_path, receiver)
    box.put(alerts(1))
    box.close()
    (first, _), (second, _) = receiver.attempts
    assert second - first >= 0.4
    assert [message.uid for message in receiver.taken] == ["uid0"]


def test_one_bad_alert_does_not_keep_the_others(tmp_path: Path) -> None:
    class Picky(Scripted):
        def deliver(self, messages: Sequence[Message]) -> None:
            if any(message.uid == "uid3" for message in messages):
                raise Unavailable("500 for this one, always")
            super().deliver(messages)

    receiver = Picky(retry_for=0.3)
    box = opened(tmp_path, receiver)
    box.put(alerts(10))
    box.close()
    assert dead(tmp_path) == ["uid3"]
    assert [message.uid for message in receiver.taken] == [f"uid{n}" for n in range(10) if n != 3]


def test_an_outage_does_not_take_a_time_out_for_each_message(tmp_path: Path) -> None:
    receiver = Scripted()
    receiver.always = Unavailable("nobody there")
    box = opened(tmp_path, receiver)
    box.put(alerts(500))
    box.close()
    assert len(dead(tmp_path)) == 500
    assert len(receiver.attempts) == outbox_module.OUTAGE
    reasons = {letter.reason for _, letter in read(tmp_path / "dead") if letter}
    assert reasons == {
        "not taken within 0 s: nobody there",
        "not tried, since others before it weren't taken: nobody there",
    }


def test_after_an_outage_messages_are_taken_again(tmp_path: Path) -> None:
    receiver = Scripted()
    receiver.always = Unavailable("nobody there")
    box = opened(tmp_path, receiver)
    box.put(alerts(10))
    wait_until(lambda: len(dead(tmp_path)) == 10)
    receiver.always, receiver.retry_for = None, PATIENCE
    box.put(alerts(10, 10))
    box.close()
    assert len(receiver.taken) == 10


def test_a_run_that_is_stopped_leaves_what_waits_to_the_next(tmp_path: Path) -> None:
    receiver = Scripted(retry_for=PATIENCE)
    receiver.always = Unavailable("nobody there")
    box = opened(tmp_path, receiver)
    box.put(alerts(5))
    snapshot = box.snapshot()
    stop._Flag.signal_number = 15
    began = time.monotonic()
    box.close()
    assert time.monotonic() - began < PATIENCE / 2
    stop._Flag.signal_number = 0
    assert dead(tmp_path) == []
    again = Scripted()
    opened(tmp_path, again, snapshot).close()
    assert [message.uid for message in again.taken] == [f"uid{n}" for n in range(5)]
    # Nothing new came, so the snapshot is the same: what was delivered since isn't sent again.
    third = Scripted()
    opened(tmp_path, third, snapshot).close()
    assert third.taken == []


def test_a_full_outbox_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "CAPACITY", 10)
    receiver = Scripted()
    box = opened(tmp_path, receiver)
    for number in range(20):
        box.put(alerts(10, 10 * number))
        assert len(box._queue) <= 20
    box.close()
    assert len(receiver.taken) == 200


def test_dead_letters_that_cannot_be_written_end_the_run(tmp_path: Path) -> None:
    receiver = Scripted(Refused("no"))
    (tmp_path / "dead").mkdir()
    box = opened(tmp_path, receiver)
    box.put(alerts(1))
    with pytest.raises(DeliveryError, match="setting dead_letters: expected a file that can be written"):
        wait_until(lambda: not box.snapshot())
    with pytest.raises(DeliveryError):
        box.close()
    assert settled(tmp_path) == 0


def test_a_dead_letter_says_all_that_is_needed(serve: Serve, reply: type[Reply], tmp_path: Path) -> None:
    server = serve(lambda _: reply(422, b"no such field"))
    receiver = webhook(f"{server.url}/T0/s3cret", Http(), "w", ALERT)
    box = Outbox("n", "alerts_webhook", receiver, DeadLetters(tmp_path / "dead"), tmp_path, None)
    box.put([Message(ALERT, '{"who":"é"}'.encode(), "acme", "uid1", 4, 1_770_000_000_000)])
    box.close()
    text = (tmp_path / "dead").read_text()
    (line,) = map(json.loads, text.splitlines())
    assert line.pop("failed")
    assert line == {
        "sink": "alerts_webhook",
        "receiver": f"webhook {server.url}",
        "reason": "HTTP 422: no such field",
        "kind": "alert",
        "record": {"who": "é"},
        "tenant": "acme",
        "uid": "uid1",
        "revision": 4,
        "time": 1_770_000_000_000,
    }
    assert "s3cret" not in text


def test_of_a_refused_batch_only_the_bad_event_is_a_dead_letter(
    serve: Serve, reply: type[Reply], ok: Reply, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_TOKEN", "t")
    bad = b'{"text":"Invalid data format","code":6,"invalid-event-number":7}'
    server = serve(lambda request: reply(400, bad) if b'"n":7}' in request.body else ok)
    receiver = collector(server.url, Splunk(token=Secret(env="TEST_TOKEN"), batch=20), "s")
    box = Outbox("n", "alerts_splunk", receiver, DeadLetters(tmp_path / "dead"), tmp_path, None)
    box.put(alerts(40))
    box.close()
    taken = [
        event["event"]["n"]
        for request in server.requests
        if b'"n":7}' not in request.body
        for event in request.events()
    ]
    assert sorted(taken) == [n for n in range(40) if n != 7]
    assert dead(tmp_path) == ["uid7"]


def test_a_sink_left_out_of_the_settings_does_not_lose_what_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Scripted(retry_for=PATIENCE)
    receiver.always = Unavailable("nobody there")
    box = opened(tmp_path, receiver)
    box.put(alerts(3))
    snapshot = box.snapshot()
    stop._Flag.signal_number = 15
    box.close()

    class Found:
        snapshots = {("alerts_webhook", "alerts"): snapshot}

    monkeypatch.setattr("flows.delivery.outbox_file.committed", lambda _: Found)
    set_aside_abandoned(tmp_path, ["alerts_webhook.alerts"], DeadLetters(tmp_path / "dead"))
    assert dead(tmp_path) == []
    for _ in range(2):
        set_aside_abandoned(tmp_path, [], DeadLetters(tmp_path / "dead"))
    assert dead(tmp_path) == ["uid0", "uid1", "uid2"]
    assert read_totals(tmp_path).dead == 3
