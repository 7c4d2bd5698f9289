"""From a Kafka topic to a Kafka topic: how fast the whole job is, beside a bare consumer loop in the same run.

The broker is Apache Kafka, fetched by Maven and started here; where Java or Maven is missing that is said, and nothing
is measured. The bare loop consumes the same messages by the same library, decodes them with msgspec and counts per
user. Each side is a process of its own. Results are added to those of `bench.throughput` under `kafka`.

    python -m bench.kafka --out bench/results.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import zlib
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from bench.broker import Kafka, fetch_jars, missing_tools
from bench.throughput import Cost, measure
from simulator.simulate import simulate

BARE = """
import sys, collections, msgspec
from confluent_kafka import Consumer, TopicPartition
class User(msgspec.Struct):
    id: str
class Record(msgspec.Struct):
    id: str
    time: str
    user: User
    action: str
decode = msgspec.json.Decoder(Record).decode
counts = collections.Counter()
server, topic, partitions, missing = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
consumer = Consumer({"bootstrap.servers": server, "group.id": "bare", "enable.auto.commit": False})
consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
while missing > 0:
    for message in consumer.consume(2000, timeout=1):
        counts[decode(message.value()).user.id] += 1
        missing -= 1
consumer.close()
print(sum(counts.values()))
"""

WARM_UP = 8
"""Messages that aren't counted: the first one waits for the start, and that of each partition has nothing before it."""

PATIENCE = 120
"""Seconds to wait for one alert."""


def engine(work: Path, number: str, source: str, sink: str, *, ends: bool = True) -> list[str]:
    """`anput run` from topic to topic, on a state of its own."""
    config = work / f"anput-{ends}.toml"
    config.write_text(f"[kafka]\nuntil_end = {str(ends).lower()}\ngroup = 'bench'\n")
    return [
        *(sys.executable, "-c", "from flows.cli import app; app()", "run", "--quiet", "--input", source),
        *("--state", str(work / f"state-{number}"), "--alerts", "", "--alerts-kafka", sink),
        *("--config", str(config), "--summary", str(work / f"summary-{number}.json")),
    ]


def load(broker: Kafka, topic: str, partitions: int, rows: list[bytes]) -> str:
    """A topic with the activities: the time that they were handed over is the message's."""
    address = broker.create(topic, partitions)
    messages = []
    for row in rows:
        fields = json.loads(row)
        moment = datetime.fromisoformat(fields.pop("ingested"))
        number = zlib.crc32(fields["user"]["id"].encode()) % partitions
        messages.append((number, json.dumps(fields).encode(), round(moment.timestamp() * 1000)))
    broker.produce(topic, messages)
    return address


def rates(broker: Kafka, work: Path, rows: list[bytes], partitions: int, repeats: int) -> dict[str, Any]:
    """Both sides over a topic of so many partitions."""
    topic, count = f"in-{partitions}", len(rows)
    address = load(broker, topic, partitions, rows)
    one = load(broker, f"one-{partitions}", partitions, rows[:1])
    sink = broker.create(f"out-{partitions}", 1)
    bare: list[Cost] = []
    job: list[Cost] = []
    start: list[Cost] = []
    loop = [sys.executable, "-c", BARE, broker.plain, topic, str(partitions), str(count)]
    for repeat in range(repeats):
        bare.append(measure(loop))
        start.append(measure(engine(work, f"start-{partitions}-{repeat}", one, sink)))
        job.append(measure(engine(work, f"{partitions}-{repeat}", address, sink)))
        summary = msgspec.json.decode((work / f"summary-{partitions}-{repeat}.json").read_bytes())
        if summary["in"] != count or summary["out"] != count:
            msg = f"expected {count} activities in and out, found {summary}"
            raise RuntimeError(msg)
    if not broker.read(f"out-{partitions}"):
        msg = "expected alerts in the topic of the sink, found none"
        raise RuntimeError(msg)
    bare_cpu = median(cost.cpu for cost in bare) / count * 1e6
    started = median(cost.cpu for cost in start)
    cpu = (median(cost.cpu for cost in job) - started) / count * 1e6
    wall = median(cost.wall for cost in job) - median(cost.wall for cost in start)
    return {
        "bare_consumer_loop": {
            "activities_per_second": round(count / median(cost.wall for cost in bare), 1),
            "cpu_microseconds_per_activity": round(bare_cpu, 3),
        },
        "anput_run": {
            "activities_per_second": round(count / median(cost.wall for cost in job), 1),
            "activities_per_second_without_start_up": round(count / wall, 1),
            "cpu_microseconds_per_activity": round(cpu, 3),
        },
        "cpu_ratio_to_bare_loop": round(cpu / bare_cpu, 2),
    }


def delay(broker: Kafka, work: Path, samples: int) -> float:
    """Median of ms from a message that is handed to the broker to its alert in the topic of alerts."""
    source, sink = broker.create("live-in", 4), broker.create("live-out", 1)
    child = subprocess.Popen(engine(work, "live", source, sink, ends=False), stdout=subprocess.DEVNULL)
    found = []
    try:
        for number in range(WARM_UP + samples):
            moment = 1_770_000_000_000 + number * 60_000
            fields = {"id": f"r{number}", "time": moment, "user": f"eve{number}", "action": "StopLogging"}
            value = json.dumps({**fields, "category": "audit_config"}).encode()
            began = time.monotonic()
            broker.produce("live-in", [(number % 4, value, moment)])
            while len(broker.read("live-out")) <= number:
                if time.monotonic() - began > PATIENCE or child.poll() is not None:
                    msg = f"expected an alert within {PATIENCE} s, found none"
                    raise RuntimeError(msg)
            found.append((time.monotonic() - began) * 1000)
    finally:
        child.terminate()
        child.wait(PATIENCE)
    return median(found[WARM_UP:])


def bench(users: int, days: int, repeats: int, samples: int) -> dict[str, Any]:
    """Measure; return what is written."""
    with tempfile.TemporaryDirectory(prefix="anput-bench-") as directory:
        work = Path(directory)
        simulate(users, days, 1, ["all"], work)
        rows = (work / "activities.jsonl").read_bytes().splitlines()
        folder = work / "broker"
        folder.mkdir()
        broker = Kafka(fetch_jars(), folder)
        try:
            results = {f"partitions_{count}": rates(broker, work, rows, count, repeats) for count in (1, 8)}
            return {
                "activities": len(rows),
                "repeats": repeats,
                **results,
                "message_in_to_alert_out_ms": round(delay(broker, work, samples), 1),
            }
        finally:
            broker.kill()


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--samples", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("bench/results.json"))
    arguments = parser.parse_args()
    if missing := missing_tools():
        print(f"kafka: not measured: Apache Kafka needs Java and Maven; missing: {missing}")  # noqa: T201
        return
    results = bench(arguments.users, arguments.days, arguments.repeats, arguments.samples)
    whole = msgspec.json.decode(arguments.out.read_bytes()) if arguments.out.exists() else {}
    whole["kafka"] = results
    arguments.out.write_bytes(msgspec.json.format(msgspec.json.encode(whole)) + b"\n")
    print(msgspec.json.format(msgspec.json.encode({"kafka": results})).decode())  # noqa: T201


if __name__ == "__main__":
    main()
