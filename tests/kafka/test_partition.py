"""A partition driven as Bytewax drives it: asked when it wants to be, never waiting."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Literal

import pytest
from structlog.testing import capture_logs

from activities.enrich import Enricher
from flows.kafka import properties
from flows.kafka.address import parse
from flows.kafka.connection import Outage, find_topic
from flows.progress import ProgressWriter
from flows.settings import Kafka, Secret
from flows.sources.alignment import Alignment
from flows.sources.intake import Intake, PartitionState
from flows.sources.kafka import LONGEST, SHORTEST, KafkaPartition, open_partition
from flows.sources.kafka_topic import TopicReader
from flows.sources.kafka_watch import TopicWatch
from flows.sources.lines import InputError
from windowing.lateness import Limits

if TYPE_CHECKING:
    from bench.broker import Broker
    from bench.broker import Kafka as ApacheKafka

USER, PASSWORD = "alice", "right-Pa55word"


def reader(address: str, settings: Kafka) -> TopicReader:
    found = parse(address)
    made = properties.consumer(settings, found)
    topic = find_topic(found, made, 30)
    return TopicReader(topic, made, settings, Outage(found), TopicWatch(topic, made))


def opened(
    topic: TopicReader, number: int, folder: Path, *, alignment: int = 0, shared: Alignment | None = None
) -> tuple[KafkaPartition, Intake]:
    intake = Intake(f"kafka:t/{number}", "auto", "t", 4, Limits(), 1 << 20, Enricher(), PartitionState())
    partition = open_partition(
        topic,
        number,
        intake,
        added=False,
        batch=500,
        limit=1 << 20,
        seal=True,
        idle_timeout=60,
        progress=ProgressWriter(folder, intake.partition),
        alignment=shared or Alignment(alignment),
    )
    return partition, intake


def record(number: int, moment: int = 1_770_000_000_000) -> bytes:
    return b'{"id":"%d","time":%d,"user":"u%d","action":"Read"}' % (number, moment, number % 9)


def test_idle_partitions_are_looked_at_rarely_and_never_wait(broker: Broker, tmp_path: Path) -> None:
    """31 idle ones beside a busy one: each is asked at most as often as its rests allow, and answers at once."""
    count = 20_000
    address = broker.create("busy", 32)
    broker.produce("busy", [(0, record(number), 0) for number in range(count)])
    topic = reader(address, Kafka(ingest_time="record"))
    parts = [opened(topic, number, tmp_path) for number in range(32)]
    counts = parts[0][1].state.counts
    asked = 0
    durations: list[float] = []
    began = time.monotonic()
    while counts.get("in", 0) < count:
        assert time.monotonic() - began < 120
        for number, (partition, _) in enumerate(parts):
            awake = partition.next_awake()
            if awake is None or awake <= datetime.now(UTC):
                before = time.perf_counter()
                partition.next_batch()
                durations.append(time.perf_counter() - before)
                asked += number > 0
    elapsed = time.monotonic() - began
    for partition, _ in parts:
        partition.close()
    # Rests double from the shortest to the longest, which is six asks; one more each to begin and at the end.
    assert 2**5 * SHORTEST > LONGEST
    assert asked <= 31 * (elapsed / LONGEST + 8)
    assert median(durations) < SHORTEST


def test_a_partition_far_ahead_waits_for_one_with_a_backlog_but_not_for_one_at_its_end(
    broker: Broker, tmp_path: Path
) -> None:
    hour = 3_600_000
    address = broker.create("ahead", 3)
    for number, step in ((0, hour // 10), (1, 1000)):
        times = [1_770_000_000_000 + step * index for index in range(3000)]
        broker.produce("ahead", [(number, record(index, moment), moment) for index, moment in enumerate(times)])
    shared = Alignment(hour)
    topic = reader(address, Kafka())
    (fast, ahead), (slow, behind), (empty, _) = (opened(topic, number, tmp_path, shared=shared) for number in range(3))
    furthest = 0
    deadline = time.monotonic() + 120
    while ahead.state.counts.get("in", 0) + behind.state.counts.get("in", 0) < 6000:
        assert time.monotonic() < deadline
        for partition in (fast, slow, empty):
            partition.next_batch()
        if 0 < behind.state.counts.get("in", 0) < 3000:
            furthest = max(furthest, ahead.state.clock.high - behind.state.clock.high)
    # The tolerance, and the batch of 500 that went over it.
    assert furthest <= hour + 500 * hour // 10
    assert ahead.state.counts["late"] == behind.state.counts["late"] == 0
    for partition in (fast, slow, empty):
        partition.close()


def test_a_partition_that_ends_ends_where_it_ended_when_it_was_opened(broker: Broker, tmp_path: Path) -> None:
    address = broker.create("ends", 1)
    broker.produce("ends", [(0, record(number), 0) for number in range(10)])
    topic = reader(address, Kafka(until_end=True, ingest_time="record"))
    partition, intake = opened(topic, 0, tmp_path)
    broker.produce("ends", [(0, record(number), 0) for number in range(10, 20)])
    deadline = time.monotonic() + 120
    with pytest.raises(StopIteration):
        while time.monotonic() < deadline:
            partition.next_batch()
    partition.close()
    assert intake.state.counts["in"] == 10
    assert intake.state.position.offset == 10


@pytest.mark.parametrize("on_expired", ["earliest", "refuse"])
def test_messages_that_expire_while_they_wait_to_be_read(
    kafka: ApacheKafka, tmp_path: Path, on_expired: Literal["earliest", "refuse"]
) -> None:
    """Ten large messages of which some are fetched ahead; seven expire. What was missed is told, or refused."""
    address = kafka.create(f"expires-{on_expired}", 1)
    rows = [record(number) + b" " * 50_000 for number in range(10)]
    kafka.produce(f"expires-{on_expired}", [(0, row, 0) for row in rows])
    ahead = {"queued.min.messages": 1, "queued.max.messages.kbytes": 1, "fetch.message.max.bytes": 60_000}
    topic = reader(address, Kafka(ingest_time="record", on_expired_offset=on_expired, properties={**ahead}))
    partition, intake = opened(topic, 0, tmp_path)
    time.sleep(0.5)
    kafka.expire(f"expires-{on_expired}", 0, 7)

    def read() -> None:
        deadline = time.monotonic() + 60
        while intake.state.position.offset < 10 and time.monotonic() < deadline:
            partition.next_batch()

    if on_expired == "refuse":
        with pytest.raises(InputError, match=r"found that the topic begins at 7: \d messages have expired unread"):
            read()
    else:
        with capture_logs() as logs:
            read()
        assert intake.state.position.offset == 10
        assert 3 <= intake.state.counts["in"] < 10
        expired = [log["messages"] for log in logs if log["event"] == "messages have expired unread"]
        assert expired == [10 - intake.state.counts["in"]]
    partition.close()


def test_partitions_that_are_added_meanwhile_are_told(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.sources.kafka_watch.EVERY", 0.05)
    address = broker.create("watched", 1)

    def told() -> list[int]:
        return [log["there"] for log in logs if log["event"].startswith("partitions were added")]

    with capture_logs() as logs:
        partition, _ = opened(reader(address, Kafka()), 0, tmp_path)
        broker.grow("watched", 3)
        deadline = time.monotonic() + 60
        while not told() and time.monotonic() < deadline:
            time.sleep(0.05)
        partition.close()
    assert told() == [3]
    assert [log["event"] for log in logs] == ["partitions were added: they are read from the next start on"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER", "PLAIN over TLS"])
def test_ways_to_be_let_in(kafka: ApacheKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mechanism: str) -> None:
    topic = f"in-{mechanism[:4]}-{len(mechanism)}"
    kafka.create(topic, 2)
    monkeypatch.setenv("TEST_PASSWORD", PASSWORD)
    user: dict[str, str | Secret] = {"sasl.username": USER, "sasl.password": Secret(env="TEST_PASSWORD")}
    if mechanism == "SCRAM-SHA-256":
        kafka.add_scram_user(USER, PASSWORD)
    if mechanism == "OAUTHBEARER":
        user = {"enable.sasl.oauthbearer.unsecure.jwt": "true", "sasl.oauthbearer.config": "principal=alice"}
    if mechanism == "PLAIN over TLS":
        user |= {"ssl.ca.location": str(kafka.certificate)}
    protocol, name = "SASL_SSL" if "TLS" in mechanism else "SASL_PLAINTEXT", mechanism.removesuffix(" over TLS")
    settings = Kafka(properties={"security.protocol": protocol, "sasl.mechanism": name, **user})
    server = kafka.tls if "TLS" in mechanism else kafka.sasl
    kafka.produce(topic, [(0, record(number), 0) for number in range(5)])
    found = reader(f"kafka://{server}/{topic}", settings)
    assert found.topic.partitions == 2
    partition, intake = opened(found, 0, tmp_path)
    deadline = time.monotonic() + 60
    while intake.state.counts.get("in", 0) < 5 and time.monotonic() < deadline:
        partition.next_batch()
    partition.close()
    assert intake.state.counts["in"] == 5


def test_no_password_is_in_what_a_reader_looks_like(kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    kafka.create("shown", 1)
    monkeypatch.setenv("TEST_PASSWORD", PASSWORD)
    user: dict[str, str | Secret] = {"sasl.username": USER, "sasl.password": Secret(env="TEST_PASSWORD")}
    settings = Kafka(properties={"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", **user})
    assert PASSWORD not in repr(reader(f"kafka://{kafka.sasl}/shown", settings))


def test_a_certificate_that_nobody_vouches_for_is_refused(kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PASSWORD", PASSWORD)
    user: dict[str, str | Secret] = {"sasl.username": USER, "sasl.password": Secret(env="TEST_PASSWORD")}
    settings = Kafka(properties={"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", **user})
    with pytest.raises(InputError, match=r"refused the connection: .*certificate.*ssl\.ca\.location"):
        reader(f"kafka://{kafka.tls}/t", settings)


def test_an_event_hub_is_reached_by_its_connection_string(kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker knows the user `$ConnectionString` with the string as password, as Event Hubs and its emulator do."""
    kafka.create("hub", 2)
    settings = Kafka(eventhubs_connection_string=Secret(env="TEST_STRING"))
    monkeypatch.setenv("TEST_STRING", kafka.connection_string)
    assert reader("eventhubs://127.0.0.1/hub", settings).topic.partitions == 2
    wrong = kafka.connection_string.replace("SharedAccessKey=c", "SharedAccessKey=d")
    monkeypatch.setenv("TEST_STRING", wrong)
    with pytest.raises(InputError, match="or the connection string") as caught:
        reader("eventhubs://127.0.0.1/hub", settings)
    assert wrong[-60:-30] not in str(caught.value)
