"""Runs scenarios: as written, then shuffled within the allowed lateness, where the final alerts must be the same."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from flows.settings import SettingsError
from flows.settings import load as load_settings
from scenarios import baseline, document, timeline, verdict
from scenarios.baseline import Planned
from scenarios.document import Document, ScenarioError
from scenarios.job import Engine, Said, Saved
from scenarios.people import Account
from scenarios.verdict import Problem
from stateful.finding import Alert
from windowing.watermark import END_OF_TIME, HOUR

SHUFFLES = 2
SHUFFLED_BATCH = 50
"""Activities that a shuffled run takes in at once: as in the job, late ones that come together cost one refold."""
BASELINES_KEPT = 64
HISTORIES_KEPT = 512


@dataclass(frozen=True)
class Result:
    """How one scenario went."""

    path: Path
    name: str
    detection: str
    problems: tuple[Problem, ...] = ()
    error: str = ""
    """Why it couldn't be run."""
    seconds: float = 0.0
    """Of wall clock."""
    activities: int = 0
    came: tuple[str, ...] = ()
    """All alerts, a line each."""

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.problems and not self.error


@dataclass
class Runner:
    """Runs any number of scenarios. Histories that several of them share are folded once."""

    shuffles: int = SHUFFLES
    folder: str = ""
    """Of others' detections."""
    _engines: dict[bytes, Engine] = field(default_factory=dict)
    _baselines: dict[tuple[Any, ...], Saved] = field(default_factory=dict)
    _made: dict[tuple[str, datetime.date], list[Planned]] = field(default_factory=dict)

    def run_file(self, path: Path) -> Result:
        """Run the scenario in a file; what is wrong with the file is the result's `error`."""
        try:
            return self.run(document.read(path))
        except ScenarioError as error:
            return Result(path, path.stem, "", error=str(error))

    def run(self, scenario: Document) -> Result:
        """Run a scenario.

        Raises:
            ScenarioError: it can't be run as it is written.
        """
        began = time.perf_counter()
        plan = self._plan(scenario)
        written = self._said(plan, plan.live)
        problems = verdict.check(scenario, plan.people, plan.script, written, plan.titles)
        for seed in range(1, self.shuffles + 1):
            shuffled = self._said(
                plan, _shuffled(plan.live, seed, plan.engine.settings.limits.allowed_lateness), SHUFFLED_BATCH
            )
            problems += _differences(written, shuffled, seed)
        return Result(
            scenario.path,
            scenario.scenario.name,
            scenario.scenario.detection,
            tuple(problems),
            "",
            time.perf_counter() - began,
            plan.count,
            tuple(statement.line() for statement in verdict.alert_statements(written, plan.titles)),
        )

    def said(self, scenario: Document) -> Said:
        """All that the scenario as written made the job say.

        Raises:
            ScenarioError: it can't be run as it is written.
        """
        plan = self._plan(scenario)
        return self._said(plan, plan.live)

    def records(self, scenario: Document) -> list[bytes]:
        """The scenario's activities as native records, in order of arrival.

        Raises:
            ScenarioError: it can't be run as it is written.
        """
        people, starts = timeline.cast(scenario), _starts(scenario)
        script = timeline.script(scenario, people, starts)
        return _encoded(_arrivals([*self._histories(people.everybody, starts), *script.planned]))

    def _plan(self, scenario: Document) -> _Plan:
        engine = self._engine(scenario)
        _check_names(scenario, engine)
        people, starts = timeline.cast(scenario), _starts(scenario)
        script = timeline.script(scenario, people, starts)
        lateness = engine.settings.limits.allowed_lateness
        begins = min((planned.time for planned in script.planned), default=END_OF_TIME)
        # What is sealed by the time of the first entry can't be disturbed by it: folded once, in order.
        cut = (begins - lateness) // HOUR * HOUR - HOUR
        whole = self._histories(people.everybody, starts)
        past = [planned for planned in whole if planned.time < cut]
        live = [planned for planned in whole if planned.time >= cut]
        key = (tuple(account.as_text() for account in people.everybody), starts, cut, id(engine))
        return _Plan(
            engine,
            people,
            script,
            self._baseline(key, engine, past),
            _arrivals([*live, *script.planned]),
            {name: detection.title for name, detection in engine.detections.items()},
            len(whole) + len(script.planned),
        )

    def _engine(self, scenario: Document) -> Engine:
        options: dict[str, Any] = dict(scenario.scenario.settings)
        if self.folder and "detections_folder" not in options:
            options["detections_folder"] = self.folder
        try:
            # Whatever anput.toml is in the working directory, a scenario says by itself what it needs.
            settings = load_settings({"ANPUT_CONFIG": os.devnull}, options)
            key = msgspec.json.encode(settings)
            if key not in self._engines:
                self._engines[key] = Engine(settings)
        except (SettingsError, ValueError) as error:
            scenario.fail(("settings",), error)
        return self._engines[key]

    def _histories(self, people: Sequence[Account], starts: datetime.date) -> list[Planned]:
        if len(self._made) >= HISTORIES_KEPT:
            self._made.clear()
        found: list[Planned] = []
        for account in people:
            key = account.as_text(), starts
            if key not in self._made:
                self._made[key] = baseline.history(account, starts)
            found += self._made[key]
        return found

    def _baseline(self, key: tuple[Any, ...], engine: Engine, past: Sequence[Planned]) -> Saved:
        saved = self._baselines.get(key)
        if saved is None:
            job = engine.run()
            job.feed(_encoded(_arrivals(past)))
            saved = job.save()
            if len(self._baselines) >= BASELINES_KEPT:
                self._baselines.clear()
            self._baselines[key] = saved
        return saved

    def _said(self, plan: _Plan, live: Sequence[Planned], batch: int = 1) -> Said:
        job = plan.engine.run(plan.saved)
        job.feed(_encoded(live), [planned.record["id"] for planned in live] if batch == 1 else (), batch)
        job.end()
        return job.said


@dataclass(frozen=True)
class _Plan:
    engine: Engine
    people: timeline.Cast
    script: timeline.Script
    saved: Saved
    """The job at the end of what no entry of the timeline can disturb."""
    live: Sequence[Planned]
    titles: dict[str, str]
    count: int


def _starts(scenario: Document) -> datetime.date:
    try:
        return datetime.date.fromisoformat(scenario.scenario.starts)
    except ValueError:
        scenario.fail(("starts",), f"expected a date such as 2026-01-05, found {scenario.scenario.starts!r}")


def _check_names(scenario: Document, engine: Engine) -> None:
    """Detections that the scenario names exist and are on."""
    expect = scenario.scenario.expect
    named: list[tuple[tuple[str | int, ...], str]] = [(("detection",), scenario.scenario.detection)]
    for kind, expected in (("alerts", expect.alerts), ("findings", expect.findings)):
        named += [(("expect", kind, n, "detection"), one.detection) for n, one in enumerate(expected)]
    if isinstance(expect.silence, list):
        named += [(("expect", "silence", n), name) for n, name in enumerate(expect.silence)]
    for path, name in named:
        if name and name not in engine.on:
            scenario.fail(path, f"expected a detection that is on ({', '.join(engine.on)}), found {name!r}")


def _arrivals(planned: Sequence[Planned]) -> list[Planned]:
    """In order of arrival; what arrives at once, in the order written."""
    return sorted(planned, key=lambda one: one.time + one.delay)


def _shuffled(live: Sequence[Planned], seed: int, lateness: int) -> list[Planned]:
    """The same with other delays within the allowed lateness. What was too late, or from the future, stays so."""
    rng = Random(seed)
    moved = []
    for one in live:
        delay = rng.randint(0, lateness) if 0 <= one.delay <= lateness else one.delay
        moved.append(Planned(one.time, delay, {**one.record, "ingested": one.time + delay}))
    return _arrivals(moved)


def _encoded(planned: Sequence[Planned]) -> list[bytes]:
    return [msgspec.json.encode(one.record) for one in planned]


def _final(said: Said) -> dict[str, Alert]:
    """The alerts that are open in the end, without what depends on the way there."""
    last = {alert.uid: alert for _, alert in said.alerts}
    return {
        uid: msgspec.structs.replace(alert, revision=0, change="create", because="", raised=0)
        for uid, alert in last.items()
        if alert.change != "close"
    }


def _differences(written: Said, shuffled: Said, seed: int) -> list[Problem]:
    before, after = _final(written), _final(shuffled)
    problems = []
    for uid in dict.fromkeys([*before, *after]):
        if before.get(uid) != after.get(uid):
            was, now = (f"{_line(found[uid])}" if uid in found else "no such alert" for found in (before, after))
            problems.append(
                Problem(f"the same final alerts in any order of arrival: {was}", (f"shuffle {seed}: {now}",))
            )
    return problems


def _line(alert: Alert) -> str:
    return (
        f"alert {alert.detection} of {alert.user.id}, {alert.severity.value}, risk {alert.risk}, "
        f"findings {len(alert.findings)}{'' if alert.final else ', not final'}: {alert.message}"
    )
