"""`anput backtest`: the same history through two settings, and what differs in the alerts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from flows import progress
from flows import settings as settings_
from flows.explain import at, printable, user_name, utc
from flows.logs import configure
from flows.run import run
from flows.settings import Settings
from flows.sinks.alert_store import AlertStore

SIDES = ("baseline", "candidate")
_COMMAND = [sys.executable, "-c", "from flows.backtest import run_side; run_side()"]
EVERY = 0.3
"""Seconds between looks at how far the runs are."""
COMPARED = {"severity": "severity", "risk": "risk_score", "title": "finding_info.title", "activities": "count"}
"""What is compared of an alert, and where it is in OCSF."""


class BacktestError(Exception):
    """A run failed; the message is what it said."""


class Difference(msgspec.Struct, frozen=True):
    """An alert that is not the same under both settings."""

    uid: str
    change: str
    """`new`: only with the candidate; `gone`: only with the baseline; `changed`."""
    tenant: str
    user: str
    title: str
    time: int
    """Of its first evidence, event time in ms."""
    severity: str
    risk: int
    what: tuple[str, ...] = ()
    """Of one that changed: what did, in words."""


class Comparison(msgspec.Struct, frozen=True):
    """What differs."""

    baseline: int
    """Alerts that are not closed in the end."""
    candidate: int
    same: int
    new: int
    gone: int
    changed: int
    seconds: float
    differences: list[Difference]
    """By time."""


def backtest(inputs: Sequence[str], baseline: Path, candidate: Path, console: Console, *, quiet: bool) -> Comparison:
    """Run both side by side, each on a state of its own that is thrown away.

    Args:
        inputs: as of `anput run`.
        baseline: settings file.
        candidate: settings file.
        console: for the progress bar.
        quiet: no progress bar.

    Raises:
        BacktestError: one of them failed.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="anput-backtest-") as folder:
        places = {side: Path(folder) / side for side in SIDES}
        errors = {side: Path(folder) / f"{side}.err" for side in SIDES}
        children = {}
        try:
            for side, config in zip(SIDES, (baseline, candidate), strict=True):
                places[side].mkdir()
                environment = _environment(_settings(side, inputs, config, places[side]))
                with errors[side].open("wb") as output:
                    children[side] = subprocess.Popen(
                        _COMMAND, stdout=subprocess.DEVNULL, stderr=output, env=environment
                    )
            _follow(children, places, console, quiet=quiet)
            failed = [side for side in SIDES if children[side].poll()]
        finally:
            for child in children.values():
                if child.poll() is None:
                    child.terminate()
                child.wait()
        for side in failed:
            said = errors[side].read_text("utf-8", "replace").strip() or f"exit code {children[side].returncode}"
            raise BacktestError(_failed(side, said))
        before, after = (_open_alerts(places[side] / "alerts.db") for side in SIDES)
    return compare(before, after, time.monotonic() - began)


def compare(before: Mapping[str, Any], after: Mapping[str, Any], seconds: float) -> Comparison:
    """What differs between alerts (uid -> OCSF object).

    An alert is named by its first finding: one that begins earlier under other settings is another alert.
    """
    found = [_difference(after[uid], "new") for uid in after.keys() - before.keys()]
    found += [_difference(before[uid], "gone") for uid in before.keys() - after.keys()]
    for uid in before.keys() & after.keys():
        what = tuple(
            f"{name} {old} to {new}"
            for name, path in COMPARED.items()
            if (old := at(before[uid], path)) != (new := at(after[uid], path))
        )
        if what:
            found.append(_difference(after[uid], "changed", what))
    found.sort(key=lambda difference: (difference.time, difference.uid))
    new, gone, changed = (sum(d.change == change for d in found) for change in ("new", "gone", "changed"))
    same = len(before) - gone - changed
    return Comparison(len(before), len(after), same, new, gone, changed, round(seconds, 1), found)


def table(comparison: Comparison) -> Table:
    """For the terminal."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("change", "time (UTC)", "severity", "risk", "user", "title", "what changed", "uid"):
        shown.add_column(name, overflow="fold", no_wrap=name in ("change", "time (UTC)"))
    for difference in comparison.differences:
        cells = (difference.severity, difference.risk, difference.user, difference.title)
        row = (difference.change, utc(difference.time), *cells, "; ".join(difference.what), difference.uid[:12])
        shown.add_row(*(Text(printable(cell)) for cell in row))
    return shown


def run_side() -> None:
    """What each of the two processes does."""
    configure()
    settings = settings_.from_process()
    raise SystemExit(run(settings, 1, None, quiet=True))


def _settings(side: str, inputs: Sequence[str], config: Path, place: Path) -> Settings:
    """A side's settings, but for what it reads and writes: nobody is to hear of it.

    Raises:
        BacktestError: something in the file is wrong.
    """
    try:
        given = settings_.load({"ANPUT_CONFIG": str(config)}, {"input": list(inputs)})
    except settings_.SettingsError as error:
        raise BacktestError(_failed(side, str(error))) from None
    return msgspec.structs.replace(
        given,
        state=str(place / "state"),
        alerts=str(place / "alerts.db"),
        alerts_jsonl="",
        alerts_kafka="",
        alerts_webhook="",
        alerts_splunk="",
        dead_letters="",
        lanes=str(place / "lanes"),
        verdicts=given.verdict_inputs,
        follow=False,
        seal_at_end=True,
        kafka=msgspec.structs.replace(given.kafka, group=f"{given.kafka.group}-backtest", until_end=True),
    )


def _failed(side: str, said: str) -> str:
    return f"the run with the {side}'s settings failed: {said}"


def _environment(settings: Settings) -> dict[str, str]:
    """Variables without settings but those: a side is what its file says."""
    kept = {name: value for name, value in os.environ.items() if not _is_setting(name)}
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, kept.get("PYTHONPATH", ""))))
    return kept | {"PYTHONPATH": path} | settings_.to_environment(settings)


def _is_setting(name: str) -> bool:
    return name in {f"ANPUT_{field.name.upper()}" for field in msgspec.structs.fields(Settings)} | {"ANPUT_CONFIG"}


def _follow(
    children: Mapping[str, subprocess.Popen[bytes]], places: Mapping[str, Path], console: Console, *, quiet: bool
) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {side: bar.add_task(side, total=None) for side in children}
        while any(child.poll() is None for child in children.values()):
            for side, task in tasks.items():
                parts = progress.read(places[side] / "state" / "progress")
                total = sum(part.total for part in parts)
                bar.update(task, completed=sum(part.done for part in parts), total=total or None)
            if any(child.poll() for child in children.values()):
                return  # One failed: the other has nothing to be compared with.
            time.sleep(EVERY)


def _open_alerts(path: Path) -> dict[str, Any]:
    with AlertStore(path) as store:
        return {a["finding_info"]["uid"]: a for a in store.latest() if a.get("activity_name") != "Close"}


def _difference(alert: Mapping[str, Any], change: str, what: tuple[str, ...] = ()) -> Difference:
    return Difference(
        uid=alert["finding_info"]["uid"],
        change=change,
        tenant=str(at(alert, "metadata.tenant_uid") or ""),
        user=user_name(alert),
        title=str(at(alert, "finding_info.title") or ""),
        time=int(alert["start_time"]),
        severity=str(alert["severity"]),
        risk=int(alert["risk_score"]),
        what=what,
    )
