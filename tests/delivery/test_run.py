"""`anput run` with receivers that misbehave: killed, stopped, continued, in one process and in two."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from flows.delivery.dead_letters import read

if TYPE_CHECKING:
    from tests.delivery.conftest import Reply, Request, Server

    Serve = Callable[..., Server]

ANPUT = [sys.executable, "-c", "from flows.cli import app; app()"]
PATIENCE = 120
START, HOUR = 1_770_000_000_000, 3_600_000
COUNT = 12


def record(number: int, **more: object) -> str:
    """One alert each, known at once, since this is malicious by itself."""
    fields = {"id": f"r{number}", "time": START + number * HOUR, "user": f"eve{number}", "action": "StopLogging"}
    return json.dumps({**fields, "category": "audit_config", **more})


class Run:
    """A working directory, and runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "in.jsonl"
        self.source.write_text("".join(record(number) + "\n" for number in range(COUNT)))
        self.environment = {"ANPUT_SPLUNK_TOKEN": "right-t0ken"}
        self.toml = ""

    def start(self, *options: str) -> subprocess.Popen[str]:
        config = self.folder / "anput.toml"
        config.write_text(self.toml)
        command = [
            *(*ANPUT, "run", "--quiet", "--config", str(config), "--input", str(self.source)),
            *("--state", str(self.folder / "state"), "--alerts", str(self.folder / "alerts.db")),
            *("--alerts-jsonl", str(self.folder / "alerts.jsonl"), "--summary", str(self.folder / "summary.json")),
            *("--snapshot-interval", "1", "--key-groups", "4"),
            *options,
        ]
        environment = {**os.environ, **self.environment}
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def run(self, *options: str, code: int = 0) -> str:
        child = self.start(*options)
        try:
            _, errors = child.communicate(timeout=2 * PATIENCE)
        finally:
            child.kill()
        assert child.returncode == code, errors
        return errors

    def stop(self, child: subprocess.Popen[str]) -> str:
        child.send_signal(signal.SIGTERM)
        _, errors = child.communicate(timeout=PATIENCE)
        assert child.returncode == 128 + signal.SIGTERM, errors
        return errors

    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "summary.json").read_bytes())
        assert found["in"] == found["out"] + found["late"] + found["duplicate"] + found["rejected"]
        return found

    def revisions(self) -> list[tuple[str, int]]:
        """All revisions that were made, each once."""
        file = self.folder / "alerts.jsonl"
        return [revision(json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []

    def dead(self) -> list[tuple[str, int]]:
        file = self.folder / "state" / "dead-letters.jsonl"
        return (
            [revision(json.loads(bytes(letter.record))) for _, letter in read(file) if letter] if file.exists() else []
        )


def revision(alert: dict[str, Any]) -> tuple[str, int]:
    return alert["finding_info"]["uid"], alert["metadata"]["sequence"]


def posted(server: Server) -> list[tuple[str, int]]:
    return [revision(json.loads(request.body)) for request in server.requests]


def indexed(server: Server) -> list[tuple[str, int]]:
    return [revision(event["event"]) for request in server.requests for event in request.events()]


def wait_until(holds: Callable[[], bool], child: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert child.poll() is None, child.stderr.read() if child.stderr else ""
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def anput(tmp_path: Path) -> Run:
    return Run(tmp_path)


@pytest.mark.parametrize("processes", ["1", "2"])
def test_every_revision_arrives_once_and_a_second_run_sends_nothing(
    serve: Serve, ok: Reply, anput: Run, processes: str
) -> None:
    hook, hec = serve(), serve(lambda _: ok)
    options = ("--alerts-webhook", f"{hook.url}/x", "--alerts-splunk", hec.url, "--processes", processes)
    anput.run(*options)
    assert len(anput.revisions()) >= COUNT
    # Revisions of one alert are in order; two processes may interleave the alerts otherwise for each sink.
    assert sorted(posted(hook)) == sorted(indexed(hec)) == sorted(anput.revisions())
    before = len(hook.requests)
    anput.run(*options)
    assert len(hook.requests) == before
    assert sorted(indexed(hec)) == sorted(anput.revisions())
    assert anput.summary()["dead_letters"] == 0


def test_a_receiver_that_fails_half_of_the_time_gets_all(
    serve: Serve, reply: type[Reply], ok: Reply, anput: Run
) -> None:
    failures = [reply(503), reply(429, b"", {"Retry-After": "0"}), reply(drop=True), reply(500), reply(408)]

    def every_other() -> Callable[[Request], Reply]:
        count = iter(range(10**6))
        return lambda _: failures[n // 2 % 5] if (n := next(count)) % 2 == 0 else ok

    hook, hec = serve(every_other()), serve(every_other())
    anput.run("--alerts-webhook", hook.url, "--alerts-splunk", hec.url)
    assert set(posted(hook)) == set(indexed(hec)) == set(anput.revisions())
    assert anput.summary()["dead_letters"] == 0


def test_what_is_refused_or_never_taken_is_in_the_dead_letters_and_the_run_ends_well(
    serve: Serve, reply: type[Reply], anput: Run
) -> None:
    taken: list[tuple[str, int]] = []
    seen: list[str] = []

    def behave(request: Request) -> Reply:
        uid = request.headers["Anput-Uid"]
        if uid not in seen:
            seen.append(uid)
        if seen.index(uid) % 3:
            return (reply(400, b"bad"), reply(500))[seen.index(uid) % 3 - 1]
        taken.append(revision(json.loads(request.body)))
        return reply()

    hook = serve(behave)
    anput.toml = "[webhook]\nretry_for = 0.1\n"
    said = anput.run("--alerts-webhook", hook.url)
    dead = anput.dead()
    assert len(taken) == len(set(taken))
    assert sorted([*dead, *taken]) == sorted(anput.revisions())
    assert len(dead) >= 2 * COUNT // 3
    assert (anput.summary()["dead_letters"], anput.summary()["alerts"]) == (len(dead), COUNT)
    assert "sent to the dead letters" in said
    assert "HTTP 400: bad" in said


def test_a_receiver_that_is_away_stops_nothing_and_a_stopped_run_keeps_what_waits(
    serve: Serve, reply: type[Reply], anput: Run
) -> None:
    """Alerts are in the store while the webhook is away. Stopped, and started when it answers, all of them come."""
    hook = serve(lambda _: reply(503))
    anput.environment["ANPUT_SEAL_AT_END"] = "false"
    child = anput.start("--alerts-webhook", hook.url)
    wait_until(lambda: len(anput.revisions()) == COUNT, child)
    assert "left to the next run" in anput.stop(child)
    assert anput.dead() == []
    hook.requests.clear()
    hook.behave = lambda _: reply()
    anput.run("--alerts-webhook", hook.url)
    assert posted(hook) == anput.revisions()


def test_killed_and_continued_loses_no_revision(serve: Serve, reply: type[Reply], anput: Run) -> None:
    hook = serve(lambda _: reply(hang=0.05))
    options = ("--alerts-webhook", hook.url)
    for goal in (1, 9):
        child = anput.start(*options)
        wait_until(lambda goal=goal: len(hook.requests) >= goal, child)  # type: ignore[misc]
        child.send_signal(signal.SIGKILL)
        child.communicate()
    anput.run(*options)
    assert set(posted(hook)) >= set(anput.revisions())
    assert len(set(anput.revisions())) >= COUNT
    assert anput.dead() == []


def late(number: int) -> str:
    return record(number, time=START, ingested=START + 30 * HOUR)


def test_lanes_go_to_receivers_or_files(
    serve: Serve, ok: Reply, authority: trustme.CA, ca_file: str, anput: Run
) -> None:
    with anput.source.open("a") as file:
        file.writelines(line + "\n" for line in [*(late(200 + n) for n in range(5)), "broken", "[1]"])
    hook, hec = serve(), serve(lambda _: ok, authority.issue_cert("127.0.0.1"))
    anput.toml = f"""
        lanes = {{ late = "{hook.url}/late", suppressed = "splunk-hec://127.0.0.1:{hec.port}" }}
        splunk = {{ ca_file = "{ca_file}" }}
        [[suppressions]]
        name = "svc"
        reason = "known"
        users = ["eve1"]
    """
    anput.run("--alerts-webhook", f"{hook.url}/alerts")
    counts = anput.summary()
    lines = [line for request in hook.requests if request.path == "/late" for line in request.body.splitlines()]
    assert len(lines) == counts["late"] == 5
    assert all("happened" in json.loads(line)["reason"] for line in lines)
    rejected = (anput.folder / "state" / "lanes" / "rejected.jsonl").read_text().splitlines()
    assert len(rejected) == counts["rejected"] == 2
    events = [event for request in hec.requests for event in request.events()]
    assert len(events) >= counts["suppressed"] > 0
    assert {event["sourcetype"] for event in events} == {"anput:suppressed"}
    assert {event["event"]["rule"] for event in events} == {"suppression svc"}
    assert [file.name for file in (anput.folder / "state" / "lanes").iterdir()] == ["rejected.jsonl"]


def test_all_lanes_to_one_place_and_each_record_once(serve: Serve, anput: Run) -> None:
    anput.source.write_text("\n".join([*(record(n) for n in range(3)), "broken", "worse", late(4)]))
    hook = serve()
    anput.environment["ANPUT_LANES"] = f"{hook.url}/lanes"
    anput.run()
    kinds = Counter(request.headers["Anput-Lane"] for request in hook.requests for _ in request.body.splitlines())
    assert kinds == {"rejected": 2, "late": 1}
    assert not (anput.folder / "state" / "lanes").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--alerts-webhook", "hooks.example"), "setting alerts_webhook: expected https://HOST/PATH"),
        (("--alerts-splunk", "ftp://h"), "setting alerts_splunk: expected https://HOST:8088"),
        (("--lanes", "gopher://h/x"), "setting lanes.late: expected one of a directory, kafka://"),
        (("--alerts", "", "--alerts-jsonl", ""), "alerts would go nowhere"),
    ],
)
def test_a_wrong_address_is_refused_at_the_start(anput: Run, options: tuple[str, ...], expected: str) -> None:
    said = anput.run(*options, code=2)
    assert expected in said
    assert len(said.splitlines()) == 1


def test_a_wrong_token_or_dead_letter_file_is_refused_at_the_start(
    serve: Serve, reply: type[Reply], anput: Run
) -> None:
    hec = serve(lambda _: reply(403, b'{"text":"Invalid token","code":4}'))
    assert "setting splunk.token: expected a token that" in anput.run("--alerts-splunk", hec.url, code=2)
    anput.toml = 'dead_letters = "/proc/nowhere/dead"\n'
    said = anput.run("--alerts-webhook", hec.url, code=2)
    assert "setting dead_letters: expected a file that can be written, found /proc/nowhere/dead" in said
    assert "right-t0ken" not in said
