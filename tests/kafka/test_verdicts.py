"""Verdicts out of a topic: they change what comes after, survive kill -9, and a replay gives the same."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.sinks.alert_store import AlertStore
from tests.cli.test_verdicts import DAY, EVE, LAST, START, log
from tests.kafka.test_source import PATIENCE, Anput

if TYPE_CHECKING:
    from bench.broker import Broker


def rows(days: range) -> Iterable[tuple[int, bytes, int]]:
    """The log's messages, with the time of the record as theirs."""
    for line in log(days).splitlines():
        at = int(line.partition('"time": ')[2].partition(",")[0])
        yield 0, line.encode(), at


def judged(work: Path) -> set[tuple[int, str]]:
    """Day and verdict of the alerts on Eve's country that are not closed."""
    with AlertStore(work / "alerts.db") as store:
        return {
            ((alert["start_time"] - START) // DAY, alert.get("verdict", ""))
            for alert in store.latest()
            if alert["activity_name"] != "Close"
            and alert["actor"]["user"]["uid"] == EVE
            and alert["finding_info"]["analytic"]["uid"] == "first_country"
        }


def uid_of(work: Path) -> str:
    with AlertStore(work / "alerts.db") as store:
        found = (alert for alert in store.latest() if alert["finding_info"]["analytic"]["uid"] == "first_country")
        uid: str = next(found)["finding_info"]["uid"]
        return uid


@pytest.fixture
def topics(broker: Broker) -> tuple[str, str]:
    """A log and what analysts say, named for the test."""
    names = broker.create("verdicts-log", 1), broker.create("verdicts-said", 1)
    return names


def anput(folder: Path, topics: tuple[str, str]) -> Anput:
    folder.mkdir()
    made = Anput(folder, topics[0])
    made.environment["ANPUT_MIN_ALERT_RISK"] = "0"
    (folder / "anput.toml").write_text(f'verdicts = ["{topics[1]}"]\n[kafka]\nuntil_end = true\n')
    return made


def test_a_verdict_out_of_a_topic(broker: Broker, topics: tuple[str, str], tmp_path: Path) -> None:
    straight, replayed = anput(tmp_path / "straight", topics), anput(tmp_path / "replayed", topics)
    broker.produce("verdicts-log", rows(range(LAST + 2)))
    straight.run("--no-seal-at-end")
    assert judged(straight.folder) == {(LAST, "")}
    # What `anput alerts verdict` appends to a file is what a topic has, told when the analyst says it: much later.
    said = tmp_path / "said.jsonl"
    store = ["--store", str(straight.folder / "alerts.db"), "--verdicts", str(said)]
    command = ["alerts", "verdict", uid_of(straight.folder), "benign", "--reason", "on a journey", *store]
    assert CliRunner().invoke(app, command).exit_code == 0
    broker.produce("verdicts-said", [(0, said.read_bytes().strip(), round(time.time() * 1000))])
    broker.produce("verdicts-log", rows(range(LAST + 2, LAST + 4)))
    child = straight.start()
    try:
        child.wait(3)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
    child.communicate(timeout=PATIENCE)
    straight.run()
    assert judged(straight.folder) == {(LAST, "Benign")}
    assert straight.summary()["rejected"] == straight.summary()["late"] == 0
    replayed.run()
    assert replayed.alerts() == straight.alerts()
