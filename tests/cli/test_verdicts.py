"""A verdict given in the middle: it changes what comes after, survives kill -9, and a replay gives the same."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.sinks.alert_store import AlertStore

ROOT = Path(__file__).parents[2]
START, DAY, HOUR = 1_767_571_200_000, 86_400_000, 3_600_000
EVE = "eve@example.com"
LAST = 10


def record(user: str, at: int, country: str) -> dict[str, Any]:
    place = {"location": {"country": country}, "device": {"user_agent": "Browser/1"}, "ip": "192.0.2.1"}
    fields = {"action": "UserLoggedIn", "category": "logon", "app": "portal"}
    return {"tenant": "acme", "id": f"{user} {at}", "time": START + at, "user": user, **fields, **place}


def log(days: range) -> str:
    """Logons from Germany each hour; Eve's in the evening of days 10 and 12 from Brazil, with an agent never seen."""
    found = []
    for number in days:
        for n, user in enumerate([*(f"u{n}@example.com" for n in range(6)), EVE]):
            found += [record(user, number * DAY + (8 + k) * HOUR + n * 60_000, "DE") for k in range(6)]
        if number in (LAST, LAST + 2):
            found.append(record(EVE, number * DAY + 20 * HOUR, "BR") | {"device": {"user_agent": f"Other/{number}"}})
    return "".join(json.dumps(entry) + "\n" for entry in sorted(found, key=lambda entry: entry["time"]))


def command(*more: str) -> list[str]:
    program = [sys.executable, "-c", "from flows.cli import app; app()", "run", "--quiet", "--input", "log.jsonl"]
    return [
        *program,
        "--state",
        "state",
        "--alerts",
        "alerts.db",
        "--key-groups",
        "4",
        "--snapshot-interval",
        "1",
        *more,
    ]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANPUT_")}
    # A new country on the user's own device is of low risk, and here an alert all the same.
    return {**kept, "PYTHONPATH": str(ROOT), "ANPUT_MIN_ALERT_RISK": "0"}


def run(work: Path, *more: str) -> None:
    done = subprocess.run(command(*more), cwd=work, env=environment(), capture_output=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr.decode()


def found(work: Path) -> dict[str, tuple[int, str, str]]:
    """Alerts on Eve from Brazil that are not closed: uid -> day, detection, verdict."""
    with AlertStore(work / "alerts.db") as store:
        return {
            alert["finding_info"]["uid"]: (
                (alert["start_time"] - START) // DAY,
                alert["finding_info"]["analytic"]["uid"],
                alert.get("verdict", ""),
            )
            for alert in store.latest()
            if alert["activity_name"] != "Close" and alert["actor"]["user"]["uid"] == EVE
        }


def say(work: Path, uid: str, *more: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["alerts", "verdict", uid, *more, "--store", str(work / "alerts.db")])
    assert result.exit_code == code, (result.output, result.stderr)
    return result.output


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve days, and what was said of the first evening from Brazil."""
    work = tmp_path_factory.mktemp("judged")
    (work / "log.jsonl").write_text(log(range(LAST + 2)))
    run(work, "--no-seal-at-end")
    alerts = found(work)
    assert {(day, name) for day, name, _ in alerts.values()} >= {(LAST, "first_country")}
    uid = next(uid for uid, (_, name, _) in alerts.items() if name == "first_country")
    assert "benign, from 2026-" in say(work, uid[:10], "benign", "--reason", "on a journey", "--by", "ana")
    assert found(work)[uid][2] == "Benign"
    return work


def goes_on(work: Path) -> None:
    with (work / "log.jsonl").open("a") as file:
        file.write(log(range(LAST + 2, LAST + 4)))


def countries(work: Path) -> set[tuple[int, str]]:
    return {(day, verdict) for day, name, verdict in found(work).values() if name == "first_country"}


def test_a_verdict_changes_what_comes_after_survives_a_kill_and_replays_identically(
    judged: Path, tmp_path: Path
) -> None:
    without, within, killed, replay = (tmp_path / name for name in ("without", "within", "killed", "replay"))
    for work in (without, within, killed):
        shutil.copytree(judged, work)
        goes_on(work)
    (without / "anput-verdicts.jsonl").unlink()
    run(without)
    assert {day for day, _ in countries(without)} == {LAST, LAST + 2}, "held back, it is news again"
    run(within)
    assert countries(within) == {(LAST, "Benign")}
    # Killed somewhere in the middle, or a moment after its end: the state is the same then.
    child = subprocess.Popen(command(), cwd=killed, env=environment(), stderr=subprocess.DEVNULL)
    try:
        child.wait(4)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
    run(killed)
    assert found(killed) == found(within)
    replay.mkdir()
    for name in ("log.jsonl", "anput-verdicts.jsonl"):
        shutil.copyfile(within / name, replay / name)
    run(replay)
    # The replay's store was told nothing by a command: the flow itself says what the verdict was.
    assert found(replay) == found(within)


def test_a_record_in_a_log_can_not_forge_a_verdict(judged: Path, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes((judged / "anput-verdicts.jsonl").read_bytes())
    run(tmp_path, "--summary", "summary.json")
    assert json.loads((tmp_path / "summary.json").read_bytes())["rejected"] == 1


def test_verdicts_add_up_to_ratios(judged: Path) -> None:
    result = CliRunner().invoke(app, ["alerts", "stats", "--json", "--store", str(judged / "alerts.db")])
    shares = {share["detection"]: share for share in json.loads(result.stdout)}
    assert shares["first_country"]["benign"] == 1
    assert shares["first_country"]["false_positive_ratio"] == 0.0


def test_what_can_not_be_said_is_refused(judged: Path) -> None:
    assert "no alert has a uid that begins with 'ffffffffff'" in say(
        judged, "ffffffffff", "benign", "--reason", "x", code=2
    )


def test_a_rule_is_tried_on_the_store(judged: Path, tmp_path: Path) -> None:
    rule = tmp_path / "rule.toml"
    rule.write_text('name = "brazil"\nreason = "journeys"\nowner = "it"\ncountries = ["BR"]\n')
    arguments = ["suppressions", "test", "--rule", str(rule), "--store", str(judged / "alerts.db"), "--json"]
    tried = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert tried["rule"] == "brazil"
    assert {alert["uid"] for alert in tried["hidden"]} >= set(found(judged))
    rule.write_text(
        'name = "pair"\nreason = "commuters"\ncountry_pairs = [["BR", "DE"]]\ndetections = ["first_country"]\n'
    )
    paired = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert {alert["title"] for alert in paired["hidden"]} == {"First activity from a country"}
    rule.write_text('name = "none"\nreason = "hides all"\n')
    refused = CliRunner().invoke(app, arguments)
    assert (refused.exit_code, "without any it hides all" in refused.stderr) == (2, True)
    config = tmp_path / "anput.toml"
    config.write_text('[[suppressions]]\nname = "vpn"\nreason = "ours"\nowner = "net"\naddresses = ["192.0.2.0/24"]\n')
    listed = CliRunner().invoke(app, ["suppressions", "list", "--config", str(config)]).stdout
    assert "vpn" in listed and "net" in listed and '["192.0.2.0/24"]' in listed
