"""The real process: `anput run`, backed up while it reads, restored elsewhere, run on with more processes or fewer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.sinks.alert_store import AlertStore
from recovery.committed import committed
from recovery.errors import StateError
from simulator.simulate import simulate

WAY = ("sequence", "uid", "tags", "logged_time")
"""Of an alert's metadata: how it came to be, not what it says. Ingest times of open activities aren't stored."""

if TYPE_CHECKING:
    from tests.recovery.conftest import Storage

ANPUT = [sys.executable, "-c", "from flows.cli import app; app()"]
QUICK = {"ANPUT_KEY_GROUPS": "16", "ANPUT_BATCH_SIZE": "500"}


def arguments(source: Path, work: Path, *more: str) -> list[str]:
    files = ["--alerts", str(work / "alerts.db"), "--alerts-jsonl", str(work / "alerts.jsonl")]
    files += ["--state", str(work / "state"), "--lanes", str(work / "lanes")]
    return [*ANPUT, "run", "--quiet", "--input", str(source), "--snapshot-interval", "1", *files, *more]


def command(name: str, url: str, work: Path | None, storage: Storage, *more: str, code: int = 0) -> str:
    """`anput state NAME`, in this process, with the files of `work`; what it printed."""
    files = []
    if work is not None:
        files = ["--state", str(work / "state"), "--alerts", str(work / "alerts.db"), "--lanes", str(work / "lanes")]
        files += ["--alerts-jsonl", str(work / "alerts.jsonl")]
    done = CliRunner().invoke(app, ["state", name, url, *files, *more], env=storage.environment)
    assert done.exit_code == code, (done.stderr, done.exception)
    return done.stdout if code == 0 else done.stderr


def alerts(work: Path) -> dict[str, dict[str, Any]]:
    """Open alerts by uid without what tells the way they came: number and reason of the revision."""
    found = {}
    with AlertStore(work / "alerts.db") as store:
        for alert in store.latest():
            if alert["activity_id"] != 3:
                metadata = {k: v for k, v in alert["metadata"].items() if k not in WAY}
                way = ("metadata", "activity_id", "activity_name", "type_uid", "type_name")
                found[alert["finding_info"]["uid"]] = {k: v for k, v in alert.items() if k not in way} | {
                    "metadata": metadata
                }
    return found


def lines(path: Path) -> list[str]:
    return sorted(path.read_text().splitlines()) if path.exists() else []


def hidden(work: Path) -> set[tuple[str, str]]:
    """What is finally in the lane, and why: provisional records before it depend on when others were heard of."""
    records = [json.loads(line) for line in lines(work / "lanes" / "suppressed.jsonl")]
    final = [record for record in records if record["finding"].get("final")]
    return {(record["finding"]["finding"]["uid"], record["rule"].partition(":")[0]) for record in final}


@dataclass
class Live:
    """A run that nothing interrupted, and the backups that were made while it went on."""

    source: Path
    work: Path
    backups: dict[str, dict[str, Any]]
    again: dict[str, Any]
    """The second one to the folder."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, folder: Storage, s3: Storage, azure: Storage) -> Live:
    source, work = tmp_path_factory.mktemp("tenant"), tmp_path_factory.mktemp("work")
    simulate(50, 21, 3, ["all"], source)
    source /= "activities.jsonl"
    backups = {}
    run = arguments(source, work)
    with ExitStack() as stack:
        environment = {**os.environ, **QUICK}
        child = subprocess.Popen(run, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        stack.enter_context(child)
        stack.callback(child.kill)
        with slowed(child):
            while ("alerts", "alerts") not in resumed(work / "state"):
                assert child.poll() is None
                time.sleep(0.02)
            for storage in (folder, s3, azure):
                made = command("backup", storage.url("live"), work, storage, "--json")
                assert child.poll() is None, "the run ended before the backups: slow it down more"
                backups[storage.root] = json.loads(made)
            again = json.loads(command("backup", folder.url("live"), work, folder, "--json"))
        _, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors.decode()
    return Live(source, work, backups, again)


@contextmanager
def slowed(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let the process run a third of the time, in short turns, so that a small input lasts."""
    done = threading.Event()

    def slow() -> None:
        while not done.is_set() and child.poll() is None:
            child.send_signal(signal.SIGSTOP)
            done.wait(0.06)
            child.send_signal(signal.SIGCONT)
            done.wait(0.03)

    thread = threading.Thread(target=slow)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def resumed(state: Path) -> Mapping[tuple[str, str], Any]:
    """Snapshots that a run on it resumes with."""
    try:
        return committed(state).snapshots
    except StateError:  # there is no stamp yet
        return {}


@pytest.mark.parametrize(("kind", "processes"), [("folder", 2), ("s3", 3), ("azure", 1)])
def test_a_restored_run_ends_with_the_same_alerts(
    live: Live, request: pytest.FixtureRequest, tmp_path: Path, kind: str, processes: int
) -> None:
    storage: Storage = request.getfixturevalue(kind)
    made = live.backups[storage.root]
    command("restore", storage.url("live"), tmp_path, storage, "--backup", made["backup"])
    assert committed(tmp_path / "state").epoch == made["epoch"] < committed(live.work / "state").epoch
    assert (
        resumed(tmp_path / "state")["read", str(live.source)] != resumed(live.work / "state")["read", str(live.source)]
    )
    assert 0 < len(alerts(tmp_path)) <= len(alerts(live.work))
    done = subprocess.run(
        arguments(live.source, tmp_path, "--processes", str(processes), "--summary", str(tmp_path / "summary.json")),
        env={**os.environ, **QUICK},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert alerts(tmp_path) == alerts(live.work) != {}
    summary = json.loads((tmp_path / "summary.json").read_bytes())
    assert summary["in"] == len(live.source.read_bytes().splitlines())
    assert hidden(tmp_path) == hidden(live.work) != set()
    assert lines(tmp_path / "lanes" / "late.jsonl") == lines(live.work / "lanes" / "late.jsonl")


def test_backups_are_listed(live: Live, folder: Storage) -> None:
    first = live.backups[folder.root]
    listed = [json.loads(line) for line in command("backups", folder.url("live"), None, folder, "--json").splitlines()]
    assert [entry["id"] for entry in listed] == [first["backup"], live.again["backup"]]
    assert listed[0]["size"] == first["size"]
    assert first["backup"] in command("backups", folder.url("live"), None, folder)


def test_offline_and_pruned_and_nothing_is_read_again(live: Live, s3: Storage, tmp_path: Path) -> None:
    for _ in range(2):
        made = json.loads(command("backup", s3.url("offline"), live.work, s3, "--keep", "1", "--json"))
    assert (made["new_objects"], made["pruned"]["backups"]) == (0, 1)
    printed = command("restore", s3.url("offline"), tmp_path, s3)
    assert made["backup"] in printed
    assert f"restored {tmp_path / 'alerts.db'}" in printed
    refused = command("restore", s3.url("offline"), tmp_path, s3, code=3)
    assert f"{tmp_path / 'state'}: expected no directory, or an empty one" in refused
    done = subprocess.run(
        arguments(live.source, tmp_path, "--summary", str(tmp_path / "summary.json")),
        env={**os.environ, **QUICK},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "summary.json").read_bytes())["read"] == 0
    with AlertStore(tmp_path / "alerts.db") as restored, AlertStore(live.work / "alerts.db") as original:
        assert list(restored.latest()) == list(original.latest()) != []
    assert (tmp_path / "alerts.jsonl").read_bytes() == (live.work / "alerts.jsonl").read_bytes()


def test_without_the_alert_store_it_says_so(live: Live, folder: Storage, tmp_path: Path) -> None:
    state = ["--state", str(live.work / "state"), "--lanes", str(live.work / "lanes")]
    none = tmp_path / "none.db"
    done = CliRunner().invoke(app, ["state", "backup", folder.url("without"), *state, "--alerts", str(none)])
    assert (done.exit_code, "alert store is not in this backup" in done.stderr) == (0, True), done.stderr
    assert "expected backup nothing; found 1 others" in command(
        "restore", folder.url("without"), tmp_path, folder, "--backup", "nothing", code=3
    )
    assert "expected a folder" in command("backups", "http://somewhere", None, folder, code=2)
    assert "expected a stamp; found none" in command("backup", folder.url("none"), tmp_path, folder, code=3)
