"""`anput demo`: a simulated tenant with attacks, and a slice of real CloudTrail, through the real command line."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.printing import display
from flows.sinks.alert_store import AlertStore
from simulator.simulate import simulate

USERS, DAYS, SEED = 200, 21, 7
ATTACKS = (
    "audit_logging_impaired:trail_stopped",
    "brute_force:guessing",
    "first_country:rented_server",
    "mass_download:library",
    "rare_api:stolen_key",
)
FIXTURE = Path("tests/fixtures/cloudtrail-invictus")
MARKER = ".anput-demo"
FINDS = {
    "brute_force": "failed_logon_burst",
}
"""Attack -> the detection that is to find it, where their names differ."""


class Truth(msgspec.Struct):
    """A line of truth.jsonl."""

    attack: str
    user: str
    first: str
    last: str
    first_time: str = ""
    last_time: str = ""


def demo(out: Path) -> int:
    """Simulate, run, show; return 0 if each simulated attack was found on the right user.

    Args:
        out: directory, made anew if it is one of ours.
    """
    console = Console()
    if out.exists() and not (out / MARKER).exists() and any(out.iterdir()):
        console.print(f"{out}: expected no such folder, or one that an earlier demo made; give another by --out")
        return 2
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARKER).touch()
    began = time.monotonic()
    console.rule(f"1  A tenant of {USERS} people over {DAYS} days, with attacks")
    simulate(USERS, DAYS, SEED, ATTACKS, out)
    store = out / "alerts.db"
    _anput("run", "--input", str(out / "activities.jsonl"), "--state", str(out / "state"), "--alerts", str(store))
    truth = [msgspec.json.decode(line, type=Truth) for line in (out / "truth.jsonl").read_bytes().splitlines()]
    with AlertStore(store) as alerts:
        found = list(alerts.latest())
    hits = {id(attack): [alert for alert in found if _is_of(alert, attack)] for attack in truth}
    display(_truth_table(truth, hits))
    _anput("alerts", "list", "--store", str(store), "--limit", "30")
    if FIXTURE.is_dir():
        console.rule("2  Real CloudTrail: a slice of an attack exercise (tests/fixtures/cloudtrail-invictus)")
        real = out / "cloudtrail.db"
        _anput("run", "--input", str(FIXTURE), "--state", str(out / "cloudtrail-state"), "--alerts", str(real))
        _anput("alerts", "list", "--store", str(real), "--limit", "10")
    first = next((alerts[0] for alerts in hits.values() if alerts), None)
    console.rule("What to try next")
    anput = Path(sys.argv[0]) if Path(sys.argv[0]).name == "anput" else Path("anput")
    if first:
        _say(console, f"{anput} alerts show {first['finding_info']['uid'][:8]} --store {store}", "one alert explained")
    _say(console, f"{anput} alerts export --json --store {store}", "OCSF, one object per line")
    _say(console, f"{anput} run --input YOUR_LOGS --state my-state --alerts my-alerts.db", "your own logs")
    console.print(f"\n{time.monotonic() - began:.0f} s")
    return 0 if all(hits.values()) else 1


def _anput(*arguments: str) -> None:
    subprocess.run([sys.executable, "-c", "from flows.cli import app; app()", *arguments], check=True)


def _is_of(alert: dict[str, Any], truth: Truth) -> bool:
    wanted = FINDS.get(truth.attack, truth.attack)
    users = {evidence["actor"]["user"]["uid"] for evidence in alert.get("evidences", []) if "actor" in evidence}
    return wanted in alert["finding_info"]["types"] and truth.user in users


def _truth_table(truth: list[Truth], hits: dict[int, list[dict[str, Any]]]) -> Table:
    table = Table(title="The truth, and what was found of it", title_justify="left", box=None)
    for name in ("attack", "user", "from", "found as", "risk", "why"):
        table.add_column(name, overflow="fold")
    for attack in truth:
        alerts = hits[id(attack)]
        row = [attack.attack, attack.user, attack.first_time[:16].replace("T", " ")]
        if alerts:
            info = alerts[0]["finding_info"]
            row += [info["title"], str(alerts[0].get("risk_score", "")), alerts[0]["message"]]
        else:
            row += ["NOT FOUND", "", ""]
        table.add_row(*(Text(cell) for cell in row))
    return table


def _say(console: Console, command: str, meaning: str) -> None:
    console.print(Text(f"  {command}", style="bold"), Text(f"   # {meaning}", style="dim"))
