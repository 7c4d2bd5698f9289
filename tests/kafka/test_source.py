"""`anput run` on a real broker, as users start it: killed, stopped, continued, refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simulator.simulate import simulate

if TYPE_CHECKING:
    from bench.broker import Broker
    from bench.broker import Kafka as ApacheKafka

ANPUT = [sys.executable, "-c", "from flows.cli import app; app()"]
PARTITIONS = 4
PATIENCE = 120
"""Seconds that a slow machine may take for anything."""

Row = tuple[int, bytes, int]


class Anput:
    """A working directory, and runs in it."""

    def __init__(self, folder: Path, *inputs: str) -> None:
        self.folder, self.inputs = folder, inputs
        self.environment: dict[str, str] = {}
        self.options: list[str] = []

    def configure(self, toml: str) -> None:
        (self.folder / "anput.toml").write_text(f"[kafka]\n{toml}\n")

    def command(self, *options: str) -> list[str]:
        return [
            *(*ANPUT, "run", "--quiet", "--config", str(self.folder / "anput.toml")),
            *("--state", str(self.folder / "state"), "--alerts", str(self.folder / "alerts.db")),
            *("--summary", str(self.folder / "summary.json"), "--snapshot-interval", "1"),
            *(part for name in self.inputs for part in ("--input", name)),
            *self.options,
            *options,
        ]

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "ANPUT_BATCH_SIZE": "500", "ANPUT_KEY_GROUPS": "8", **self.environment}
        return subprocess.Popen(
            self.command(*options), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def run(self, *options: str, code: int = 0) -> str:
        """Run to the end; what it said."""
        child = self.start(*options)
        try:
            _, errors = child.communicate(timeout=2 * PATIENCE)
        finally:
            child.kill()
        assert child.returncode == code, errors.decode()
        return errors.decode()

    def refused(self, code: int = 2) -> str:
        """Run, and expect one line that says why not."""
        said = self.run(code=code)
        assert len(said.splitlines()) == 1, said
        line = said.strip()
        assert line.startswith("anput: ")
        return line

    def read(self) -> int:
        """Records read so far, by the progress files."""
        files = (self.folder / "state" / "progress").glob("*.json")
        return sum(json.loads(file.read_bytes())["records"] for file in files)

    def summary(self) -> dict[str, Any]:
        counts: dict[str, Any] = json.loads((self.folder / "summary.json").read_bytes())
        assert counts["in"] == counts["out"] + counts["late"] + counts["duplicate"] + counts["rejected"]
        return {name: counts[name] for name in ("in", "out", "late", "duplicate", "rejected", "alerts")}

    def alerts(self) -> dict[str, dict[str, Any]]:
        """Open alerts by uid, without what tells the way they came."""
        command = [*ANPUT, "alerts", "export", "--json", "--store", str(self.folder / "alerts.db")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
        return {uid: content(alert) for alert in map(json.loads, done.stdout.splitlines()) for uid in is_open(alert)}


def is_open(alert: dict[str, Any]) -> list[str]:
    return [alert["finding_info"]["uid"]] if alert["activity_id"] != 3 else []


def content(alert: dict[str, Any]) -> dict[str, Any]:
    way = ("sequence", "uid", "tags", "logged_time")
    metadata = {key: value for key, value in alert["metadata"].items() if key not in way}
    ways = ("metadata", "activity_id", "activity_name", "type_uid", "type_name")
    return {**{key: value for key, value in alert.items() if key not in ways}, "metadata": metadata}


def wait_until(holds: Callable[[], bool], child: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        ended = child is not None and child.poll() is not None
        assert not ended, child.stderr.read().decode() if child and child.stderr else ""
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGKILL)
    child.communicate()


def stop(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate(timeout=PATIENCE)
    assert child.returncode == 128 + signal.SIGTERM, errors.decode()


def record(number: int, **more: object) -> bytes:
    fields = {"id": str(number), "time": 1_770_000_000_000 + number, "user": f"user{number % 5}", "action": "Read"}
    return json.dumps({**fields, **more}).encode()


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tenant")
    simulate(50, 14, 3, ["all"], folder)
    return folder / "activities.jsonl"


@pytest.fixture(scope="module")
def rows(tenant: Path) -> list[Row]:
    """Messages: the time that they were handed over is the message's, not the record's."""
    found = []
    for line in tenant.read_bytes().splitlines():
        fields = json.loads(line)
        moment = datetime.fromisoformat(fields.pop("ingested"))
        partition = zlib.crc32(fields["user"]["id"].encode()) % PARTITIONS
        found.append((partition, json.dumps(fields).encode(), round(moment.timestamp() * 1000)))
    return found


@pytest.fixture(scope="module")
def address(broker: Broker, rows: list[Row]) -> str:
    found = broker.create("whole", PARTITIONS)
    broker.produce("whole", rows)
    return found


@pytest.fixture(scope="module")
def whole(address: str, tmp_path_factory: pytest.TempPathFactory) -> Anput:
    """A run over all of it that nothing interrupts."""
    found = Anput(tmp_path_factory.mktemp("whole"), address)
    found.configure("until_end = true")
    found.run()
    return found


@pytest.fixture
def anput(tmp_path: Path) -> Iterator[Anput]:
    found = Anput(tmp_path)
    found.configure("until_end = true")
    yield found


def test_a_topic_gives_the_same_alerts_as_a_file(whole: Anput, tenant: Path, anput: Anput) -> None:
    anput.inputs = (str(tenant),)
    anput.run()
    assert whole.alerts() == anput.alerts()
    assert whole.summary() == anput.summary()
    assert whole.summary()["late"] == whole.summary()["rejected"] == 0
    assert whole.summary()["alerts"] >= 5
    assert all(alert["status_detail"] == "final" for alert in whole.alerts().values())


def test_lag_tools_see_that_all_was_read(broker: Broker, whole: Anput, rows: list[Row]) -> None:
    lengths = [sum(row[0] == number for row in rows) for number in range(PARTITIONS)]
    assert broker.committed("anput", "whole", PARTITIONS) == lengths
    assert whole.summary()["in"] == sum(lengths)


def test_killed_and_continued_with_another_number_of_processes_gives_the_same_alerts(
    address: str, whole: Anput, anput: Anput
) -> None:
    anput.inputs = (address,)
    anput.configure('group = "killed"')
    for goal in (1, 8_000):
        child = anput.start("--processes", "2")
        wait_until(lambda goal=goal: anput.read() >= goal, child)  # type: ignore[misc]
        kill(child)
    anput.configure("until_end = true")
    anput.run()
    assert anput.alerts() == whole.alerts()
    assert anput.summary() == whole.summary()


@pytest.mark.parametrize(("how", "processes"), [("kill", "1"), ("stop", "2")])
def test_a_broker_that_goes_and_comes_back_is_waited_for(
    broker: Broker, rows: list[Row], whole: Anput, anput: Anput, how: str, processes: str
) -> None:
    topic = f"broken-{how}"
    anput.inputs = (broker.create(topic, PARTITIONS),)
    anput.configure(f'group = "{topic}"\nproperties = {{ "reconnect.backoff.max.ms" = 200 }}')
    half = len(rows) // 2
    broker.produce(topic, rows[:half])
    child = anput.start("--processes", processes)
    wait_until(lambda: anput.read() > 0, child)
    getattr(broker, how)()
    broker.start()
    broker.produce(topic, rows[half:])
    wait_until(lambda: anput.read() == len(rows), child)
    stop(child)
    # Live, nothing was sealed at the end; reading nothing more to the end does that.
    anput.configure("until_end = true")
    anput.run()
    assert anput.summary() == whole.summary()
    assert anput.alerts() == whole.alerts()


def test_topics_and_files_side_by_side(
    broker: Broker, rows: list[Row], tenant: Path, whole: Anput, anput: Anput
) -> None:
    part = anput.folder / "part.jsonl"
    lines = tenant.read_bytes().splitlines()
    part.write_bytes(b"\n".join(line for line, row in zip(lines, rows, strict=True) if row[0] == 0))
    anput.inputs = (str(part), broker.create("mixed", PARTITIONS))
    broker.produce("mixed", [row for row in rows if row[0] > 0])
    anput.run()
    assert anput.alerts() == whole.alerts()
    assert anput.summary() == whole.summary()


def test_live_alerts_come_while_other_partitions_are_silent_and_offsets_are_committed(
    broker: Broker, anput: Anput
) -> None:
    """Of 32 partitions one speaks: StopLogging is known at once; sealed is what the silent ones no longer hold back."""
    anput.inputs = (broker.create("silent", 32),)
    anput.configure('group = "silent"')
    anput.environment["ANPUT_IDLE_TIMEOUT"] = "1"
    child = anput.start()
    day = 86_400_000
    stopped = record(1, user="eve", action="StopLogging", category="audit_config")
    times = [1_770_000_000_000 + day * number for number in range(9)]
    others = [record(number, time=moment, user="bob") for number, moment in enumerate(times)]
    broker.produce("silent", [(7, stopped, times[0])])
    broker.produce("silent", [(7, other, moment) for other, moment in zip(others, times, strict=True)])
    wait_until(lambda: (anput.folder / "alerts.db").exists() and bool(anput.alerts()), child)
    wait_until(lambda: {alert["status_detail"] for alert in anput.alerts().values()} == {"final"}, child)
    wait_until(lambda: broker.committed("silent", "silent", 8)[7] == 10, child)
    stop(child)


def test_messages_hold_lines_lists_or_nothing_and_each_record_counts_once(broker: Broker, anput: Anput) -> None:
    anput.inputs = (broker.create("forms", 1),)
    several = b"\n".join([record(1), record(2), b"", b"broken"])
    values = [record(0), several, None, b"[" + record(3) + b"," + record(4) + b"]", b" ", record(5)]
    broker.produce("forms", [(0, value, 1_770_000_000_000) for value in values])
    anput.run()
    assert anput.summary() | {"in": 7, "out": 6, "rejected": 1} == anput.summary()
    (rejected,) = (anput.folder / "state" / "lanes" / "rejected.jsonl").read_text().splitlines()
    where = json.loads(rejected)["raw"]
    assert (where["partition"], where["file"], where["line"]) == ("kafka:forms/0", "1", 4)
    assert broker.committed("anput", "forms", 1) == [6]


def test_the_ingest_time_is_the_messages_or_the_records(broker: Broker, anput: Anput, tmp_path: Path) -> None:
    """Handed over two days after it happened, it is too late; a log loaded later has to ask for the records' times."""
    late = 1_770_000_000_000 + 2 * 86_400_000
    anput.inputs = (broker.create("times", 1),)
    broker.produce("times", [(0, record(number), late) for number in range(3)])
    anput.run()
    assert anput.summary()["late"] == 3
    other = Anput(tmp_path / "other", *anput.inputs)
    other.folder.mkdir()
    other.configure('until_end = true\ningest_time = "record"')
    other.run()
    assert other.summary()["out"] == 3


def test_where_reading_begins(broker: Broker, anput: Anput, tmp_path: Path) -> None:
    anput.inputs = (broker.create("start", 1),)
    broker.produce("start", [(0, record(number), 1_770_000_000_000 + number * 1000) for number in range(10)])
    for number, (start, expected) in enumerate((("earliest", 10), ("latest", 0), ("2026-02-02T02:40:07Z", 3))):
        other = Anput(tmp_path / str(number), *anput.inputs)
        other.folder.mkdir()
        other.configure(f'until_end = true\nstart = "{start}"')
        other.run()
        assert other.summary()["in"] == expected
    # The state knows now where to go on: at the message after, whatever the setting says.
    latest = Anput(tmp_path / "1", *anput.inputs)
    broker.produce("start", [(0, record(10), 1_770_000_020_000)])
    latest.run()
    assert latest.summary()["in"] == 1


def test_partitions_that_were_added_are_read_from_their_beginning(broker: Broker, anput: Anput) -> None:
    anput.inputs = (broker.create("grown", 1),)
    broker.produce("grown", [(0, record(0), 1_770_000_000_000)])
    anput.run()
    broker.grow("grown", 3)
    broker.produce("grown", [(number, record(number), 1_770_000_000_000) for number in (1, 2)])
    anput.configure('until_end = true\nstart = "latest"')
    anput.run()
    assert anput.summary()["in"] == 3


def test_expired_messages_are_missed_only_when_asked_for(broker: Broker, anput: Anput) -> None:
    anput.inputs = (broker.create("expired", 1),)
    broker.produce("expired", [(0, record(number), 1_770_000_000_000) for number in range(10)])
    anput.run()
    broker.produce("expired", [(0, record(number), 1_770_000_000_000) for number in range(10, 20)])
    broker.expire("expired", 0, 15)
    assert "kafka:expired/0: expected offset 10, up to which was read before, found that the topic begins at 15: 5" in (
        anput.refused()
    )
    anput.configure('until_end = true\non_expired_offset = "earliest"')
    assert "messages have expired unread" in anput.run()
    assert anput.summary()["in"] == 15


def test_a_topic_made_anew_is_refused(kafka: ApacheKafka, anput: Anput) -> None:
    anput.inputs = (kafka.create("anew", 2),)
    rows = [(number % 2, record(number), 1_770_000_000_000) for number in range(4)]
    kafka.produce("anew", rows)
    anput.run()
    kafka.delete("anew")
    kafka.create("anew", 2)
    kafka.produce("anew", rows * 2)
    assert "it was made anew" in anput.refused()
    kafka.delete("anew")
    kafka.create("anew", 1)
    assert "expected at least 2 partitions, as many as were read before, found 1" in anput.refused()


def test_a_missing_topic_is_refused_and_not_created(broker: Broker, anput: Anput) -> None:
    anput.inputs = (f"kafka://{broker.plain}/missing",)
    assert f"kafka://{broker.plain}/missing: expected topic missing, found no such topic" in anput.refused()
    anput.inputs = (str(Path(__file__)),)
    anput.options = ["--alerts-kafka", f"kafka://{broker.plain}/missing"]
    assert "expected topic missing, found no such topic" in anput.refused()
    assert "missing" not in broker.topics()


def test_no_broker_is_said_after_a_while(anput: Anput) -> None:
    anput.inputs = ("kafka://127.0.0.1:1/t",)
    anput.configure("connect_timeout = 1")
    line = anput.refused(code=1)
    assert "kafka://127.0.0.1:1/t: expected a broker to answer within 1 s" in line
    assert "refused" in line


def test_a_wrong_password_is_said_and_not_repeated(kafka: ApacheKafka, anput: Anput) -> None:
    anput.inputs = (f"kafka://{kafka.sasl}/whole",)
    anput.environment["TEST_PASSWORD"] = "wrong-Pa55word"
    anput.configure(
        """
        [kafka.properties]
        "security.protocol" = "SASL_PLAINTEXT"
        "sasl.mechanism" = "PLAIN"
        "sasl.username" = "alice"
        "sasl.password" = { env = "TEST_PASSWORD" }
        """
    )
    line = anput.refused()
    assert "the broker refused the connection" in line
    assert "sasl.password" in line
    assert "Pa55word" not in line


def test_the_same_topic_twice_is_refused(broker: Broker, anput: Anput) -> None:
    anput.inputs = (f"kafka://{broker.plain}/whole", f"kafka://{broker.plain},127.0.0.1:1/whole")
    assert "expected topics of different names" in anput.refused()
