"""`anput alerts resend`: what is taken leaves the file, all else stays."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.delivery import retry
from flows.delivery.dead_letters import DeadLetters, read
from flows.delivery.message import ALERT, Message
from flows.delivery.resend import SUFFIX, Resent, resend
from flows.delivery.webhook import webhook
from flows.settings import Http

if TYPE_CHECKING:
    from tests.delivery.conftest import Reply, Server

    Serve = Callable[..., Server]

ANPUT = [sys.executable, "-c", "from flows.cli import app; app()"]


def alerts(count: int, start: int = 0) -> list[Message]:
    return [Message(ALERT, b'{"n":%d}' % number, "acme", f"uid{number}", 1) for number in range(start, start + count)]


def uids(path: Path) -> list[str]:
    return [letter.uid for _, letter in read(path) if letter] if path.exists() else []


def write(path: Path, messages: list[Message], sink: str = "alerts_webhook") -> DeadLetters:
    letters = DeadLetters(path)
    letters.append(sink, "webhook https://h", messages, "HTTP 500")
    return letters


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_backoff", lambda _: 0.001)


def test_what_is_taken_leaves_the_file(serve: Serve, reply: type[Reply], tmp_path: Path) -> None:
    path = tmp_path / "dead"
    write(path, alerts(10))
    with path.open("ab") as file:
        file.write(b"torn off\n")
    write(path, alerts(1, 10), "alerts_splunk")
    server = serve(lambda request: reply(422, b"no") if b'"n":4}' in request.body else reply())
    hook = webhook(server.url, Http(), "w", ALERT)
    assert resend(path, {"alerts_webhook": hook}) == Resent(9, 2, 1)
    assert [request.body for request in server.requests] == [message.body for message in alerts(10)]
    assert uids(path) == ["uid4", "uid10"]
    reasons = [letter.reason for _, letter in read(path) if letter]
    assert reasons == ["HTTP 422: no", "the settings have no sink alerts_splunk"]
    assert b"torn off\n" in path.read_bytes()
    server.behave = lambda _: reply()
    assert resend(path, {}, only=hook) == Resent(2, 0, 1)
    assert path.read_bytes() == b"torn off\n"
    assert not path.with_name("dead" + SUFFIX).exists()


def test_a_receiver_that_is_away_is_not_tried_for_each_letter(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    write(path, alerts(50))
    hook = webhook("http://127.0.0.1:1", Http(retry_for=0), "w", ALERT)
    assert resend(path, {"alerts_webhook": hook}) == Resent(0, 50, 0)
    assert uids(path) == [f"uid{n}" for n in range(50)]


def test_what_a_killed_call_left_is_sent_first(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "dead"
    write(path.with_name("dead" + SUFFIX), alerts(3))
    write(path, alerts(3, 3))
    server = serve()
    assert resend(path, {"alerts_webhook": webhook(server.url, Http(), "w", ALERT)}) == Resent(6, 0, 0)
    assert {request.body for request in server.requests} == {message.body for message in alerts(6)}
    assert list(tmp_path.iterdir()) == []


def _append(path: Path, start: int, count: int) -> None:
    letters = DeadLetters(path)
    for number in range(start, start + count):
        letters.append("alerts_webhook", "w", alerts(1, number), "HTTP 500")


def test_runs_may_append_while_the_file_is_taken_away(tmp_path: Path) -> None:
    """Several processes append, another takes the file all the time: every letter is in one of the two, once."""
    path, taken = tmp_path / "dead", tmp_path / "taken"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(path, 100 * n, 100)) for n in range(3)]
    for writer in writers:
        writer.start()
    found: list[str] = []
    while any(writer.is_alive() for writer in writers) or path.exists():
        if DeadLetters(path).take(taken):
            found += uids(taken)
            taken.unlink()
    assert sorted(found) == sorted(f"uid{n}" for n in range(300))


def test_the_command(serve: Serve, reply: type[Reply], tmp_path: Path) -> None:
    path = tmp_path / "state" / "dead-letters.jsonl"
    write(path, alerts(3))
    write(path, [Message("late", b'{"reason":"x"}')], "lanes.late")
    server = serve(lambda request: reply() if request.path == "/hook" else reply(404))
    config = tmp_path / "anput.toml"
    config.write_text(f'alerts_webhook = "{server.url}/hook"\nlanes = {{ late = "{server.url}/gone" }}\n')

    def command(*options: str) -> tuple[int, str]:
        done = subprocess.run(
            [*ANPUT, "alerts", "resend", "--config", str(config), "--state", str(tmp_path / "state"), *options],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    assert command() == (1, f"3 sent, 1 left in {path}\n")
    assert command("--to", f"{server.url}/hook") == (0, "1 sent\n")
    assert [json.loads(request.body) for request in server.requests if request.path == "/hook"] == [
        *({"n": n} for n in range(3)),
        {"reason": "x"},
    ]
    code, said = command()
    assert (code, "expected a file of dead letters, found none" in said) == (2, True)
    write(path, alerts(1))
    code, said = command("--to", "s3://bucket")
    assert (code, "--to: expected one of" in said) == (2, True)
    assert uids(path) == ["uid0"]
