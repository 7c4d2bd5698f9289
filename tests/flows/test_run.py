"""The real process: `anput run` as users start it, killed, stopped, continued, in one process and in several."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from flows.demo import ATTACKS
from simulator.simulate import simulate

ANPUT = [sys.executable, "-c", "from flows.cli import app; app()"]
FIXTURE = Path(__file__).parents[1] / "fixtures" / "cloudtrail-invictus"
QUICK = {**os.environ, "ANPUT_BATCH_SIZE": "500", "ANPUT_KEY_GROUPS": "16"}


def command(source: Path | str, work: Path, *options: str) -> list[str]:
    return [
        *(*ANPUT, "run", "--quiet", "--input", str(source), "--state", str(work / "state")),
        *("--alerts", str(work / "alerts.db"), "--summary", str(work / "summary.json"), "--snapshot-interval", "1"),
        *options,
    ]


def run(source: Path | str, work: Path, *options: str, code: int = 0, **more: Any) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(source, work, *options), env=QUICK, capture_output=True, text=True, timeout=300, check=False, **more
    )
    assert done.returncode == code, done.stderr
    return done


def summary(work: Path) -> dict[str, Any]:
    counts: dict[str, Any] = json.loads((work / "summary.json").read_bytes())
    assert counts["in"] == counts["out"] + counts["late"] + counts["duplicate"] + counts["rejected"]
    return counts


def exported(work: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [*ANPUT, "alerts", "export", "--json", "--store", str(work / "alerts.db")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def content(alerts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Open alerts by uid without what tells the way they came: number, reason and ingest time of the revision.

    Ingest times of open activities aren't stored (docs/state.md), so what is said anew after a restart has others.
    """
    found = {}
    for alert in alerts:
        if alert["activity_id"] != 3:
            metadata = {
                k: v for k, v in alert["metadata"].items() if k not in ("sequence", "uid", "tags", "logged_time")
            }
            rest = {
                k: v
                for k, v in alert.items()
                if k not in ("metadata", "activity_id", "activity_name", "type_uid", "type_name")
            }
            found[alert["finding_info"]["uid"]] = {**rest, "metadata": metadata}
    return found


def wait_for_reading(work: Path, child: subprocess.Popen[bytes]) -> None:
    """Until some records have been read, however slow the machine is."""
    deadline = time.monotonic() + 120
    while child.poll() is None and time.monotonic() < deadline:
        if any(json.loads(file.read_bytes())["records"] for file in (work / "state" / "progress").glob("*.json")):
            return
        time.sleep(0.05)


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tenant")
    simulate(100, 21, 3, ATTACKS, folder)
    return folder / "activities.jsonl"


@pytest.fixture(scope="module")
def whole(tenant: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing interrupts."""
    work = tmp_path_factory.mktemp("whole")
    run(tenant, work)
    return work


def test_every_simulated_attack_is_found_on_the_right_user(tenant: Path, whole: Path) -> None:
    truth = [json.loads(line) for line in (tenant.parent / "truth.jsonl").read_text().splitlines()]
    wanted = {(("failed_logon_burst" if t["attack"] == "brute_force" else t["attack"]), t["user"]) for t in truth}
    found = {
        (detection, alert["actor"]["user"]["uid"])
        for alert in exported(whole)
        for detection in alert["finding_info"]["types"]
    }
    assert len(wanted) == len(ATTACKS)
    assert wanted <= found
    assert all(alert["status_detail"] == "final" for alert in exported(whole))
    assert summary(whole)["in"] == len(tenant.read_bytes().splitlines())
    assert summary(whole)["alerts"] == len(content(exported(whole)))


@pytest.mark.parametrize("processes", [1, 2])
def test_killed_at_random_and_continued_gives_the_same_alerts(
    tenant: Path, whole: Path, tmp_path: Path, processes: int
) -> None:
    chance = random.Random(processes)
    kills = 0
    for _ in range(30):
        child = subprocess.Popen(
            command(tenant, tmp_path, "--processes", str(processes)),
            env=QUICK,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            child.wait(chance.uniform(0.8, 2.2) if kills < 4 else None)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.communicate()
            kills += 1
            continue
        _, errors = child.communicate()
        assert child.returncode == 0, errors.decode()
        break
    assert kills >= 2
    assert {k: v for k, v in summary(tmp_path).items() if k in ("in", "out", "late", "duplicate", "alerts")} == {
        k: v for k, v in summary(whole).items() if k in ("in", "out", "late", "duplicate", "alerts")
    }
    if processes == 1:
        assert exported(tmp_path) == exported(whole)
    assert content(exported(tmp_path)) == content(exported(whole))


def test_another_number_of_processes_and_inputs_gives_the_same_alerts(
    tenant: Path, whole: Path, tmp_path: Path
) -> None:
    """Users are spread over two inputs, three processes, then stopped and continued with one."""
    halves = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    files = [half.open("w") for half in halves]
    for line in tenant.read_text().splitlines(keepends=True):
        files[len(json.loads(line)["user"]["id"]) % 2].write(line)
    for file in files:
        file.close()
    child = subprocess.Popen(
        command(halves[0], tmp_path, "--input", str(halves[1]), "--processes", "3"), env=QUICK, stderr=subprocess.PIPE
    )
    wait_for_reading(tmp_path, child)
    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate(timeout=120)
    assert child.returncode in (0, 128 + signal.SIGTERM), errors.decode()
    run(halves[0], tmp_path, "--input", str(halves[1]))
    assert content(exported(tmp_path)) == content(exported(whole))
    assert summary(tmp_path)["in"] == summary(whole)["in"]


def test_stopped_by_a_signal_saves_all_that_was_read(tenant: Path, whole: Path, tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        shutil.rmtree(tmp_path / "state" / "progress", ignore_errors=True)
        child = subprocess.Popen(command(tenant, tmp_path), env=QUICK, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for_reading(tmp_path, child)
        child.send_signal(number)
        _, errors = child.communicate(timeout=120)
        assert child.returncode in (0, 128 + number), errors.decode()
        assert summary(tmp_path)["in"] > 0
    run(tenant, tmp_path)
    assert exported(tmp_path) == exported(whole)


def test_shuffled_within_a_day_and_duplicated_gives_the_same_alerts(tenant: Path, whole: Path, tmp_path: Path) -> None:
    """Without ingest times, in an order in which nothing is more than a day behind the newest before it."""
    chance = random.Random(5)
    records = [json.loads(line) for line in tenant.read_text().splitlines()]
    for record in records:
        record.pop("ingested")
    echo = chance.sample(records, len(records) // 10)

    def arrival(record: dict[str, Any]) -> float:
        moment = time.mktime(time.strptime(record["time"][:19], "%Y-%m-%dT%H:%M:%S"))
        return moment + chance.uniform(0, 23.5 * 3600)

    rows = [json.dumps(record) for _, _, record in sorted((arrival(r), n, r) for n, r in enumerate([*records, *echo]))]
    shuffled = tmp_path / "shuffled.jsonl"
    shuffled.write_text("\n".join(rows))
    run(shuffled, tmp_path)
    counts = summary(tmp_path)
    assert (counts["late"], counts["rejected"], counts["duplicate"]) == (0, 0, len(echo))
    assert content(exported(tmp_path)) == content(exported(whole))


def test_another_tenants_activities_change_nothing(tenant: Path, whole: Path, tmp_path: Path) -> None:
    rows = []
    for line in tenant.read_text().splitlines():
        rows.append(line)
        rows.append(line.replace('"tenant":"acme"', '"tenant":"other"'))
    both = tmp_path / "both.jsonl"
    both.write_text("\n".join(rows))
    run(both, tmp_path)
    ours = [alert for alert in exported(tmp_path) if alert["metadata"]["tenant_uid"] == "acme"]
    assert content(ours) == content(exported(whole))


def test_running_again_over_the_same_input_reads_nothing(tenant: Path, tmp_path: Path) -> None:
    run(tenant, tmp_path)
    before, alerts = summary(tmp_path), exported(tmp_path)
    run(tenant, tmp_path)
    assert summary(tmp_path)["read"] == 0
    assert summary(tmp_path)["in"] == before["in"]
    assert exported(tmp_path) == alerts


def test_standard_input(tenant: Path, whole: Path, tmp_path: Path) -> None:
    with tenant.open("rb") as file:
        run("-", tmp_path, stdin=file)
    assert exported(tmp_path) == exported(whole)


def test_a_live_pipe_is_judged_while_it_is_open(tmp_path: Path) -> None:
    """StopLogging comes through standard input, and the alert is there before the pipe is closed."""
    child = subprocess.Popen(command("-", tmp_path), env=QUICK, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert child.stdin is not None
    record = {"id": "1", "time": 1_770_000_000_000, "user": "eve", "action": "StopLogging", "category": "audit_config"}
    child.stdin.write(json.dumps(record).encode() + b"\n")
    child.stdin.flush()
    deadline = time.monotonic() + 60
    found: list[dict[str, Any]] = []
    while not found and time.monotonic() < deadline:
        time.sleep(0.5)
        if (tmp_path / "alerts.db").exists():
            found = exported(tmp_path)
    child.stdin.close()
    assert child.wait(60) == 0
    assert [alert["status_detail"] for alert in found] == ["provisional"]


def test_bytewax_run_with_settings_from_the_environment(tmp_path: Path) -> None:
    state = tmp_path / "state"
    subprocess.run([*ANPUT, "state", "init", "--state", str(state)], check=True, env=QUICK)
    environment = {
        **QUICK,
        "ANPUT_INPUT": str(FIXTURE),
        "ANPUT_STATE": str(state),
        "ANPUT_ALERTS": str(tmp_path / "alerts.db"),
    }
    for _ in range(2):
        subprocess.run(
            [
                sys.executable,
                "-m",
                "bytewax.run",
                "flows.detect:flow",
                "-r",
                str(state / "recovery"),
                "-s",
                "1",
                "-b",
                "0",
            ],
            env=environment,
            cwd=Path(__file__).parents[2],
            check=True,
            timeout=120,
        )
        assert {alert["finding_info"]["analytic"]["uid"] for alert in exported(tmp_path)} == {"audit_logging_impaired"}


def test_cloudtrail_fixture(tmp_path: Path) -> None:
    run(FIXTURE, tmp_path)
    counts = summary(tmp_path)
    assert (counts["in"], counts["rejected"]) == (551, 0)
    (alert,) = exported(tmp_path)
    assert alert["actor"]["user"]["name"] == "bert-jan"
    assert {evidence["api"]["operation"] for evidence in alert["evidences"]} >= {"PutEventSelectors", "DeleteFlowLogs"}
