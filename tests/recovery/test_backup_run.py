"""The real process: `anput run`, backed up while it reads, restored elsewhere, run on with more processes or fewer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.sinks.alert_store import AlertStore
from recovery import partitions, stamp
from recovery.errors import StateError
from simulator.simulate import simulate

if TYPE_CHECKING:
    from tests.recovery.conftest import Storage

ANPUT = [sys.executable, "-c", "from flows.cli import app; app()"]
QUICK = {"ANPUT_KEY_GROUPS": "16", "ANPUT_BATCH_SIZE": "500"}
SLOW = {**QUICK, "ANPUT_BATCH_SIZE": "20"}
"""Small batches make a run last; they change nothing that it finds."""


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
                metadata = {k: v for k, v in alert["metadata"].items() if k not in ("sequence", "uid", "tags")}
                way = ("metadata", "activity_id", "activity_name", "type_uid", "type_name")
                found[alert["finding_info"]["uid"]] = {k: v for k, v in alert.items() if k not in way} | {
                    "metadata": metadata
                }
    return found


def lines(path: Path) -> list[str]:
    return sorted(path.read_text().splitlines()) if path.exists() else []


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
    simulate(80, 18, 3, ["all"], source)
    source /= "activities.jsonl"
    backups = {}
    slowly = {**os.environ, **SLOW}
    run = arguments(source, work)
    with ExitStack() as stack:
        child = stack.enter_context(
            subprocess.Popen(run, env=slowly, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        )
        stack.callback(child.kill)
        deadline = time.monotonic() + 60
        while (epoch(work / "state") < 3 or not alerts(work)) and time.monotonic() < deadline:
            time.sleep(0.1)
        print("alerts after", time.monotonic() - deadline + 60)
        for storage in (folder, s3, azure):
            made = command("backup", storage.url("live"), work, storage, "--json")
            assert child.poll() is None, "the run ended before the backups: let it last longer"
            backups[storage.root] = json.loads(made)
        again = json.loads(command("backup", folder.url("live"), work, folder, "--json"))
        print("backups after", time.monotonic() - deadline + 60)
        _, errors = child.communicate(timeout=120)
        print("end after", time.monotonic() - deadline + 60)
        assert child.returncode == 0, errors.decode()
    return Live(source, work, backups, again)


def epoch(state: Path) -> int:
    try:
        return partitions.resume_epoch(state / "recovery", stamp.read(state).partitions)
    except StateError:
        return 0


@pytest.mark.parametrize(("kind", "processes"), [("folder", 2), ("s3", 3), ("azure", 1)])
def test_a_restored_run_ends_with_the_same_alerts(
    live: Live, request: pytest.FixtureRequest, tmp_path: Path, kind: str, processes: int
) -> None:
    storage: Storage = request.getfixturevalue(kind)
    made = live.backups[storage.root]
    command("restore", storage.url("live"), tmp_path, storage, "--backup", made["backup"])
    assert 3 <= epoch(tmp_path / "state") == made["epoch"] < epoch(live.work / "state")
    assert len(alerts(tmp_path)) <= len(alerts(live.work))
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
    assert 0 < summary["read"] < summary["in"] == len(live.source.read_bytes().splitlines())
    assert lines(tmp_path / "lanes" / "suppressed.jsonl") == lines(live.work / "lanes" / "suppressed.jsonl")
    assert lines(tmp_path / "lanes" / "late.jsonl") == lines(live.work / "lanes" / "late.jsonl")


def test_a_second_backup_uploads_less(live: Live, folder: Storage) -> None:
    first = live.backups[folder.root]
    assert live.again["epoch"] >= first["epoch"]
    assert live.again["new_objects"] < first["new_objects"]
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
