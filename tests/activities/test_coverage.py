"""The vendors' sample records that lie beside a checkout: each is read or refused, and what is read has a category.

docs/formats.md has what is measured here; `python -m bench.coverage --write docs/formats.md` writes it anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from activities.formats import FORMATS
from bench.coverage import Coverage, coverage_table, formats_table, measure, written
from bench.samples import SHARED, fixtures, shared

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
REQUIRED = frozenset(
    "$.caller $.eventTimestamp $.eventName $.eventTime $.userIdentity $.actor $.actor.type $.eventType $.published "
    "$.id.time $.@timestamp $.created_at $.protoPayload.authenticationInfo $.protoPayload.methodName "
    "$.timestamp".split()
)


@pytest.fixture(scope="module")
def measured() -> dict[str, Coverage]:
    if not SHARED.is_dir():
        pytest.skip(f"the sample records are not at {SHARED}")
    return measure(shared())


def test_the_page_lists_the_formats() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, "formats", formats_table()) == page
    assert all(f"`{name}`" in page for name in FORMATS)


def test_the_page_has_what_is_measured(measured: dict[str, Coverage]) -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = coverage_table(measured)
    print(table)
    assert written(page, "coverage", table) == page


def test_the_samples_are_read_and_categorised(measured: dict[str, Coverage]) -> None:
    for name, coverage in measured.items():
        assert coverage.activities, name
        assert coverage.categorised >= 0.95, (name, coverage.uncategorised)
        assert coverage.said["user"] == coverage.said["time"] == coverage.activities
        # By itself or told apart, a record is the same.
        assert coverage.otherwise == 0, name
        # What is refused lacks a time, an operation or an actor; nothing else is in the way.
        assert coverage.rejected.keys() <= REQUIRED, (name, coverage.rejected)


def test_the_fixtures_are_read_whole() -> None:
    for name, coverage in measure(fixtures()).items():
        assert coverage.records == coverage.activities >= 10, name
        assert coverage.categorised >= 0.9, (name, coverage.uncategorised)
        assert coverage.otherwise == 0, name
