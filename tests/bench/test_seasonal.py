"""The seasonal bench: what it reads and writes, and that it tells made-up anomalies from made-up noise."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from bench import seasonal
from bench.ranking import auc
from bench.seasonal import TableError, read, scores_of, step_of, time_of, value_of

MINUTE = 60_000
DAY = 86_400_000
START = 1_700_006_400_000
Series = list[tuple[int, float]]


def series(days: int, step: int, value: Callable[[Random, float], float], seed: int = 1) -> Series:
    """`value` of a source of chance and the time in days, every `step` minutes."""
    chance = Random(seed)
    times = range(START, START + days * DAY, step * MINUTE)
    return [(at, value(chance, (at - START) / DAY)) for at in times]


def cpu(chance: Random, _: float) -> float:
    return 40 + chance.gauss(0, 2) + (10 if chance.random() < 0.003 else 0)


def taxi(chance: Random, day: float) -> float:
    base = 15_000 - 9000 * math.cos(2 * math.pi * day) + (3000 if day % 7 < 2 else 0)
    return base * (1 + chance.gauss(0, 0.04)) * (1 + 0.001 * day)


def bursts(chance: Random, day: float) -> float:
    return float(int(chance.gammavariate(1.5, 8 + 6 * math.sin(2 * math.pi * day))))


SIGNALS = {"cpu": (14, 5, cpu), "taxi": (60, 30, taxi), "bursts": (30, 10, bursts)}


def judged(rows: Series) -> list[float]:
    return scores_of(rows, step_of([at for at, _ in rows]))


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("seed", range(3))
def test_ordinary_days_raise_little_and_the_first_ones_nothing(name: str, seed: int) -> None:
    days, step, signal = SIGNALS[name]
    rows = series(days, step, signal, seed)
    scores = judged(rows)
    assert all(0.0 <= score <= 1.0 for score in scores)
    daily = 24 * 60 // step
    assert max(scores[: 2 * daily]) < 0.5
    alarms = sum(after >= 0.5 > before for before, after in zip(scores, scores[1:], strict=False))
    assert alarms <= 1 + days / 15


@pytest.mark.parametrize(
    ("name", "change", "length"),
    [
        ("cpu", lambda value: value + 35, 3),
        ("cpu", lambda value: value + 15, 2000),
        ("cpu", lambda value: value - 30, 6),
        ("cpu", lambda _: 41.5, 60),
        ("taxi", lambda value: value * 0.5, 48),
        ("taxi", lambda value: value * 1.8, 6),
        ("bursts", lambda value: value * 8 + 100, 12),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_spikes_shifts_drops_and_flat_lines_stand_out(
    name: str, change: Callable[[float], float], length: int, seed: int
) -> None:
    days, step, signal = SIGNALS[name]
    rows = series(days, step, signal, seed)
    begin = len(rows) * 2 // 3
    for place in range(begin, min(len(rows), begin + length)):
        rows[place] = rows[place][0], change(rows[place][1])
    scores = judged(rows)
    end = min(begin + max(length, 12), begin + 24 * 60 // step)
    before = scores[: begin - 1]
    assert max(scores[begin:end]) > 0.5
    assert max(scores[begin:end]) > sorted(before)[-max(1, len(before) // 500)]


def test_windows_with_anomalies_are_told_from_the_rest() -> None:
    chance = Random(5)
    rows = series(40, 10, lambda r, day: 50 + 20 * math.sin(2 * math.pi * day) + r.gauss(0, 2), 5)
    labels = [False] * len(rows)
    for begin in range(1500, len(rows) - 100, 1200):
        size = chance.choice((-25, 25, 40))
        for place in range(begin, begin + 36):
            rows[place] = rows[place][0], rows[place][1] + size
            labels[place] = True
    area = auc(judged(rows), labels)
    assert area
    assert area > 0.95


def test_missing_rows_and_no_numbers_are_no_anomaly() -> None:
    rows = series(20, 10, lambda r, day: 50 + 20 * math.sin(2 * math.pi * day) + r.gauss(0, 2))
    gaps = [row for place, row in enumerate(rows) if not 1800 <= place < 1900 and place % 97]
    gaps[2000] = gaps[2000][0], float("nan")
    scores = judged(gaps)
    assert scores[2000] == 0.0
    assert max(scores[1760:1860]) < 0.9


def test_no_row_looks_ahead() -> None:
    rows = series(10, 30, taxi)
    cut = len(rows) // 2
    step = 30 * MINUTE
    assert scores_of(rows[:cut], step) == scores_of(rows[:cut] + [(at, -1e9) for at, _ in rows[cut:]], step)[:cut]


@pytest.mark.parametrize(
    "text", ["2023-11-15 00:00:00", "2023-11-15T00:00:00Z", "2023-11-15T01:00:00+01:00", "1700006400", "1700006400000"]
)
def test_times_in_all_forms_are_the_same(text: str) -> None:
    assert time_of(text) == START


def test_a_table_is_written_with_its_rows_as_they_were(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("timestamp,value\n2024-01-01 00:00:00,1.50\n2024-01-01 00:05:00,n/a\n2024-01-01 00:10:00,2\n")
    seasonal.main([str(source), "--out", str(out)])
    rows = list(csv.reader(out.open()))
    assert rows[0] == ["timestamp", "value", "score"]
    assert [row[:2] for row in rows[1:]] == [
        ["2024-01-01 00:00:00", "1.50"],
        ["2024-01-01 00:05:00", "n/a"],
        ["2024-01-01 00:10:00", "2"],
    ]
    assert all(0.0 <= float(row[2]) <= 1.0 for row in rows[1:])


def test_columns_are_found_by_name_or_place_and_bad_rows_are_named(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("id,value,timestamp\n7,3.5,1700006400\n")
    assert read(path) == (["1700006400"], ["3.5"], [START])
    path.write_text("1700006400,3.5\n1700006700,4\n")
    assert read(path)[1] == ["3.5", "4"]
    path.write_text("timestamp,value\nyesterday,1\n")
    with pytest.raises(TableError, match="row 2: expected a time and a value; found 'yesterday,1'"):
        read(path)
    path.write_text("")
    with pytest.raises(TableError, match="found nothing"):
        read(path)
    assert math.isnan(value_of("n/a"))
