"""What the benchmarks of budget and delay count, on small figures."""

from __future__ import annotations

import io
from pathlib import Path

from bench.budget import correlated, made, messages, weeks_of
from bench.delay import arrivals, delays, paced
from simulator.simulate import simulate
from stateful.correlation.policy import Policy
from stateful.models import DAY
from tests.stateful.correlating import START, Step, finding, standing, told


def test_alerts_count_in_the_week_in_which_they_begin() -> None:
    step = Step()
    step.send(told(*(finding(f"u{hour}", hour) for hour in (1, 167, 168, 340, 400))))
    weeks = weeks_of(standing(step.alerts).values(), START, 16, 500)
    assert [(week.days, week.alerts, week.per_1000_users) for week in weeks] == [(7, 2, 4.0), (7, 1, 2.0), (2, 1, 7.0)]


def test_a_month_is_made_once_and_goes_through_correlation_for_each_budget(tmp_path: Path) -> None:
    what = made(tmp_path, 8, 14, 3, 1)
    assert what.activities == len((tmp_path / "activities.jsonl").read_bytes().splitlines())
    assert what.start % DAY == 0
    assert made(tmp_path, 8, 14, 3, 1) == what
    said = list(messages(tmp_path / "messages.bin"))
    (tmp_path / "correlate").mkdir()
    seen, hidden = correlated(said, Policy(Step().policy.detections), str(tmp_path / "correlate"))
    assert seen
    assert hidden


def test_a_delay_is_from_when_a_record_was_due(tmp_path: Path) -> None:
    simulate(3, 2, 1, [], tmp_path)
    lines = (tmp_path / "activities.jsonl").read_bytes().splitlines(keepends=True)[:40]
    times = arrivals(lines)
    assert times == sorted(times)
    pipe = io.BytesIO()
    due, took = paced(pipe, lines, 2000)
    assert pipe.getvalue() == b"".join(lines)
    assert took >= 39 / 2000
    assert [round((later - due[0]) * 2000) for later in due] == list(range(40))
    (late,) = delays([(due[-1] + 0.25, times[-1]), (due[-1], times[-1] + 1)], times, due)
    assert 250 <= late < 250 + 1000 * (due[-1] - due[0]) + 1
