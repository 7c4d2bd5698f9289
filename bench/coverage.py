"""How much of the vendors' records is read: per format records, activities, and what share of those says what.

    python -m bench.coverage --write docs/formats.md

writes the tables of that page anew, between their markers. The samples are those of `bench.samples`.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from activities.activity import Activity, Category, Raw
from activities.formats import DEFAULT_TENANT, NATIVE, VENDORS, parse_line
from bench.samples import SHARED, Sample, shared

_PATH = re.compile(r"`(\$[^`]*)`")
_RAW = Raw("samples", "", 1)


@dataclass
class Coverage:
    """What became of the records of one format."""

    records: int = 0
    activities: int = 0
    said: Counter[str] = field(default_factory=Counter)
    """Of the activities: which have a user, a category, an address, a time, tags."""
    skipped: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """By what was missing: a JSON path."""
    otherwise: int = 0
    """Activities of which `auto` made something else than the format itself."""
    uncategorised: Counter[str] = field(default_factory=Counter)
    """Operations."""

    @property
    def categorised(self) -> float:
        """Share of the activities whose category is known."""
        return self.said["category"] / self.activities if self.activities else 1.0


SAID = ("user", "category", "ip", "time", "tags")


def measure(samples: Iterable[Sample]) -> dict[str, Coverage]:
    """What becomes of records, by format; each is read both by name and by `auto`."""
    found = {vendor.name: Coverage() for vendor in VENDORS}
    for sample in samples:
        coverage = found[sample.format]
        named = parse_line(sample.data, sample.format, DEFAULT_TENANT, _RAW)
        auto = parse_line(sample.data, "auto", DEFAULT_TENANT, _RAW)
        for result, other in zip(named, auto, strict=True):
            coverage.records += 1
            if isinstance(result, Activity):
                coverage.otherwise += result != other
                _add(coverage, result)
            elif result.skipped:
                coverage.skipped += 1
            else:
                path = _PATH.search(result.reason)
                coverage.rejected[path[1] if path else result.reason[:40]] += 1
    return found


def _add(coverage: Coverage, activity: Activity) -> None:
    coverage.activities += 1
    known = (
        bool(activity.user.id),
        activity.category is not Category.OTHER,
        bool(activity.ip),
        activity.time > 0,
        bool(activity.tags),
    )
    coverage.said.update(dict(zip(SAID, map(int, known), strict=True)))
    if activity.category is Category.OTHER:
        coverage.uncategorised[activity.action] += 1


def formats_table() -> str:
    """The formats, as a table of Markdown."""
    rows = ["| format | what | known by | forms | source |", "|---|---|---|---|---|"]
    for each in (NATIVE, *VENDORS):
        cells = (f"`{each.name}`", each.title, each.signs, each.forms, each.reference)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def coverage_table(found: dict[str, Coverage]) -> str:
    """The measured shares, as a table of Markdown."""
    rows = [
        "| format | records | read | skipped | rejected | user | category | address | time | tags | rejected for |",
        "|---|" + "--:|" * 9 + "---|",
    ]
    for name, coverage in found.items():
        shares = [f"{_percent(coverage.said[what], coverage.activities)}" for what in SAID]
        why = ", ".join(f"`{path}` {count}" for path, count in sorted(coverage.rejected.items()))
        counts = (coverage.records, coverage.activities, coverage.skipped, coverage.rejected.total())
        cells = [f"`{name}`", *(f"{count:,}" for count in counts), *shares, why]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}".removesuffix(".0") + " %" if whole else ""


def written(page: str, name: str, table: str) -> str:
    """`page` with the block between the markers of `name` made `table`.

    Raises:
        ValueError: The page has no such markers.
    """
    begin, end = f"<!-- {name} -->\n", f"\n<!-- /{name} -->"
    start, stop = page.find(begin), page.find(end)
    if start < 0 or stop < start:
        msg = f"expected the markers {begin.strip()} and {end.strip()} in the page, found none"
        raise ValueError(msg)
    return page[: start + len(begin)] + table + page[stop:]


def main() -> None:
    """Print the tables, or write them into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, help="A page with the markers.")
    arguments = parser.parse_args()
    tables = {"formats": formats_table()}
    if SHARED.is_dir():
        tables["coverage"] = coverage_table(measure(shared()))
    if arguments.write is None:
        print("\n\n".join(tables.values()))  # noqa: T201
        return
    page = arguments.write.read_text(encoding="utf-8")
    for name, table in tables.items():
        page = written(page, name, table)
    arguments.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
