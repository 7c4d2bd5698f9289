"""The seasonal model alone, online, on a table of times and values.

    python -m bench.seasonal INPUT.csv --out OUT.csv

INPUT has the columns `timestamp` and `value`, or the first two are these: times in ISO 8601 or as seconds or
milliseconds since 1970, UTC if they don't say, at any regular step; rows may be missing. OUT has
`timestamp,value,score`, timestamps and values as they were.

Each row is scored by what the rows before it taught, then learnt. Within a spell, strange rows are taken for one
event. A spell is the geometric mean of a day and a hundred rows: 14 hours of 5-minute rows, 2 days of hourly ones. The
row that opens an event, or shows it to be graver than had been said, scores 1 / (1 + sqrt(50 rate)), where `rate` rows
of a spell are as strange by chance: 0.5 once in 50 spells. All other rows score below every such row, strange ones
most, and fade with half a spell rather than with the next row, as an anomaly does. So a threshold of 0.22 or more gives
one alarm an event; the ranks of all rows tell how long it lasted. A row without a number scores 0.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from math import isfinite, log10, sqrt
from pathlib import Path
from statistics import median

from stateful.models import DAY, SeasonalValue

OPENS = 0.25
"""Strange rows a spell by chance, at most, for a row to open an event."""
GRAVER = 1.25
"""Times the evidence (-log10 of the tail probability) given before that shows an event to be graver."""
MORE = 0.3
"""And by how much more it must be."""
FADES = 0.5
"""Spells in which evidence halves."""
ALARM = 0.5
MILLISECONDS_FROM = 1e11
"""Numbers from here on are milliseconds: as seconds this is the year 5138."""


class TableError(ValueError):
    """The input isn't what was expected; the message names the row."""


def time_of(text: str) -> int:
    """Milliseconds since 1970.

    Raises:
        ValueError: it is no time.
    """
    try:
        number = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text.strip().replace("/", "-"))
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return round(number if number >= MILLISECONDS_FROM else number * 1000)


def value_of(text: str) -> float:
    """A number; NaN if it is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def step_of(times: Sequence[int]) -> int:
    """The usual distance of rows, ms."""
    steps = [after - before for before, after in pairwise(times) if after > before]
    return int(median(steps)) if steps else 5 * 60_000


def scores_of(rows: Iterable[tuple[int, float]], step: int) -> list[float]:
    """The score of each row, 0 to 1; times and step in ms."""
    model, spell = SeasonalValue(step=step), sqrt(100.0 * DAY / step)
    least, quiet = log10(spell / OPENS), score_of(OPENS)
    told, held, before = 0.0, 0.0, 0
    found = []
    for time, value in rows:
        if not isfinite(value):
            found.append(0.0)
            continue
        evidence = -log10(model.take(time, value))
        fading = 0.5 ** (max(0, time - before) / (FADES * spell * step))
        before = max(before, time)
        held = max(held * fading, evidence)
        # What goes on doesn't become news again.
        told = max(told * fading, min(told, evidence))
        if evidence >= max(least, GRAVER * told, told + MORE):
            told = evidence
            found.append(score_of(spell * 10.0**-evidence))
        else:
            found.append(quiet * held / (held + 6.0))
    return found


def score_of(rate: float) -> float:
    """Of a row as strange as come `rate` times a spell by chance."""
    return 1.0 / (1.0 + sqrt(50.0 * rate))


def read(path: Path) -> tuple[list[str], list[str], list[int]]:
    """Timestamps and values as they are written, and the times in ms.

    Raises:
        TableError: a row has no time, or there are no rows.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    if not rows:
        msg = f"{path}: expected a table of timestamp,value; found nothing"
        raise TableError(msg)
    names = [name.strip().lower() for name in rows[0]]
    headed = "timestamp" in names or not isfinite(value_of(rows[0][-1]))
    when = names.index("timestamp") if "timestamp" in names else 0
    what = names.index("value") if "value" in names else 1
    stamps, values, times = [], [], []
    for number, row in enumerate(rows[headed:], 1 + headed):
        try:
            times.append(time_of(row[when]))
            values.append(row[what])
        except (ValueError, IndexError) as error:
            msg = f"{path}: row {number}: expected a time and a value; found {','.join(row)[:80]!r}"
            raise TableError(msg) from error
        stamps.append(row[when])
    return stamps, values, times


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, score, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    stamps, values, times = read(chosen.input)
    scores = scores_of(zip(times, map(value_of, values), strict=True), step_of(times))
    with chosen.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("timestamp", "value", "score"))
        writer.writerows(zip(stamps, values, (f"{score:.6g}" for score in scores), strict=True))
    print(f"{len(scores)} rows, {sum(score >= ALARM for score in scores)} of them at {ALARM} or above")


if __name__ == "__main__":
    main()
