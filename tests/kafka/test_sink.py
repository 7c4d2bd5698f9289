"""Alerts on a real broker: none lost, whatever happens to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import detections
from activities.activity import User
from flows.delivery.message import alert_messages
from flows.kafka.errors import BrokerError
from flows.settings import Kafka
from flows.sinks.kafka import KafkaSink, kafka_sink
from stateful.finding import Alert, Severity
from stateful.messages import AlertBatch

if TYPE_CHECKING:
    from confluent_kafka import Message

    from bench.broker import Broker

ANPUT = [sys.executable, "-c", "from flows.cli import app; app()"]
PATIENCE = 120
START, DAY = 1_770_000_000_000, 86_400_000


def stop_logging(number: int) -> tuple[int, bytes, int]:
    """One alert each, known at once, since this is malicious by itself."""
    moment = START + number * DAY // 4
    fields = {"id": f"r{number}", "time": moment, "user": f"eve{number}", "action": "StopLogging"}
    return 0, json.dumps({**fields, "tenant": f"t{number % 3}", "category": "audit_config"}).encode(), moment


def command(work: Path, source: str, sink: str, settings: str) -> list[str]:
    (work / "anput.toml").write_text(settings)
    return [
        *(*ANPUT, "run", "--quiet", "--config", str(work / "anput.toml"), "--input", source),
        *("--state", str(work / "state"), "--alerts", str(work / "alerts.db"), "--alerts-kafka", sink),
        *("--snapshot-interval", "1", "--key-groups", "4"),
    ]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    work, *rest = arguments
    return subprocess.run(
        command(Path(work), *map(str, rest)), capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )


def exported(work: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [*ANPUT, "alerts", "export", "--json", "--store", str(work / "alerts.db")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def value(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(message.value() or b"")
    return found


def latest(messages: list[Message]) -> dict[str, dict[str, Any]]:
    """By uid; as who reads the topic takes it: the highest revision, whatever comes again."""
    found: dict[str, dict[str, Any]] = {}
    for alert in map(value, messages):
        uid = alert["finding_info"]["uid"]
        if uid not in found or alert["metadata"]["sequence"] >= found[uid]["metadata"]["sequence"]:
            found[uid] = alert
    return found


@pytest.fixture
def alert() -> Alert:
    return Alert(
        uid="uid1",
        revision=1,
        change="create",
        tenant="acme",
        user=User("u"),
        detection="first_country",
        severity=Severity.LOW,
        risk=30,
        message="x" * 2000,
        created=START,
        modified=START,
        findings=(),
    )


def sink_of(address: str, settings: Kafka) -> KafkaSink[tuple[str, AlertBatch]]:
    active = detections.load()
    return kafka_sink(
        address, settings, "alerts_kafka", lambda items: alert_messages((batch for _, batch in items), active)
    )


def test_each_revision_is_a_message_with_key_and_headers(broker: Broker, tmp_path: Path) -> None:
    source, sink = broker.create("alerts-source", 1), broker.create("alerts", 3)
    broker.produce("alerts-source", [stop_logging(number) for number in range(9)])
    done = run(tmp_path, source, sink, "[kafka]\nuntil_end = true\n")
    assert done.returncode == 0, done.stderr
    messages = broker.read("alerts", 3)
    assert latest(messages) == {alert["finding_info"]["uid"]: alert for alert in exported(tmp_path)}
    assert len(latest(messages)) == 9
    for message in messages:
        alert = value(message)
        assert message.key() == alert["metadata"]["tenant_uid"].encode()
        assert dict(message.headers() or []) == {
            "uid": alert["finding_info"]["uid"].encode(),
            "revision": str(alert["metadata"]["sequence"]).encode(),
            "content-type": b"application/json",
        }
    # A tenant's are in one partition, an alert's revisions in order.
    partitions = {(message.key(), message.partition()) for message in messages}
    assert len(partitions) == len({key for key, _ in partitions}) == 3
    for uid in latest(messages):
        sequence = [value(m)["metadata"]["sequence"] for m in messages if value(m)["finding_info"]["uid"] == uid]
        assert sequence == sorted(set(sequence))


def test_a_dead_broker_ends_the_run_and_loses_nothing(broker: Broker, second_broker: Broker, tmp_path: Path) -> None:
    source, sink = broker.create("dead-source", 1), second_broker.create("dead", 1)
    broker.produce("dead-source", [stop_logging(number) for number in range(5)])
    settings = '[kafka]\nproperties = { "reconnect.backoff.max.ms" = 200 }\ngroup = "dead"\ndelivery_timeout = 3\n'
    child = subprocess.Popen(
        command(tmp_path, source, sink, settings), env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while len(latest(second_broker.read("dead"))) < 5:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        second_broker.kill()
        broker.produce("dead-source", [stop_logging(number) for number in range(5, 10)])
        _, errors = child.communicate(timeout=PATIENCE)
    finally:
        child.kill()
    assert child.returncode == 1
    last = errors.decode().strip().splitlines()[-1]
    assert f"setting alerts_kafka: expected {sink} to take a message within 3 s" in last
    assert "the next run sends it again" in last
    second_broker.start()
    done = run(tmp_path, source, sink, settings + "until_end = true\n")
    assert done.returncode == 0, done.stderr
    found = latest(second_broker.read("dead"))
    assert found == {alert["finding_info"]["uid"]: alert for alert in exported(tmp_path)}
    assert len(found) == 10


def test_killed_between_alert_and_snapshot_sends_again(broker: Broker, tmp_path: Path) -> None:
    source, sink = broker.create("again-source", 1), broker.create("again", 1)
    broker.produce("again-source", [stop_logging(number) for number in range(5)])
    settings = '[kafka]\ngroup = "again"\n'
    for _ in range(2):
        before = len(broker.read("again"))
        slow = [*command(tmp_path, source, sink, settings), "--snapshot-interval", "3600"]
        child = subprocess.Popen(slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while len(broker.read("again")) < before + 5:
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        child.send_signal(signal.SIGKILL)
        child.wait()
    messages = broker.read("again")
    assert len(messages) == 10
    assert len(latest(messages)) == 5


def test_what_a_broker_will_not_take_is_an_error(broker: Broker, alert: Alert) -> None:
    """A message larger than allowed: not dropped, but told."""
    sink = sink_of(broker.create("small", 1), Kafka(sink_properties={"message.max.bytes": 1000}))
    partition = sink.build("alerts_kafka", 0, 1)
    with pytest.raises(BrokerError, match="expected kafka://.*/small to take a message .* found: .*too large"):
        partition.write_batch([("k", AlertBatch((alert,)))])


def test_more_than_the_producers_queue_holds_is_all_sent(broker: Broker, alert: Alert) -> None:
    address = broker.create("many", 1)
    sink = sink_of(address, Kafka(sink_properties={"queue.buffering.max.messages": 10}))
    partition = sink.build("alerts_kafka", 0, 1)
    partition.write_batch([("k", AlertBatch((alert,) * 500))])
    partition.close()
    assert len(broker.read("many")) == 500


def test_lanes_go_to_topics_each_record_once(broker: Broker, tmp_path: Path) -> None:
    """Late and suppressed to one topic, rejected to another: each says its lane in a header, with its tenant as key."""
    source = broker.create("lanes-source", 1)
    addresses = {name: broker.create(name, 1) for name in ("lanes-aside", "lanes-bad")}
    fields = {"id": "late", "time": START - 2 * DAY, "user": "u", "action": "Read", "tenant": "t9"}
    rows = [stop_logging(number) for number in range(3)]
    rows += [(0, json.dumps(fields).encode(), START), (0, b"broken", START)]
    broker.produce("lanes-source", rows)
    settings = f"""
        lanes = {{ late = "{addresses["lanes-aside"]}", suppressed = "{addresses["lanes-aside"]}",
                   rejected = "{addresses["lanes-bad"]}" }}
        suppressions = [{{ name = "svc", reason = "known", users = ["eve1"] }}]
        [kafka]
        until_end = true
    """.replace(",\n                   ", ", ")
    done = run(tmp_path, source, broker.create("lanes-alerts", 1), settings)
    assert done.returncode == 0, done.stderr
    aside, bad = broker.read("lanes-aside"), broker.read("lanes-bad")
    found = {(dict(message.headers() or [])["lane"], message.key()) for message in aside}
    assert found == {(b"late", b"t9"), (b"suppressed", b"t1")}
    assert [value(message)["activity"]["id"] for message in aside if message.key() == b"t9"] == ["late"]
    assert [dict(message.headers() or [])["lane"] for message in bad] == [b"rejected"]
    assert not (tmp_path / "state" / "lanes").exists()
