"""Files that are replaced while they are in use.

look at the files   0     60        120         180
file                old   new
in force            old   old       new                 noticed at 60, the same at 120
file                old   half new  new
in force            old   old       old         new     still being written at 60
"""  # noqa: D208

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from activities.activity import Activity, Location, User
from activities.enrich import Enricher
from activities.enrich_settings import EnrichmentSettings, Range

Mmdb = Callable[..., Path]
IP = "8.8.8.8"


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    with capture_logs() as entries:
        yield entries


class Clock:
    """Wall clock that is moved by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def country(enricher: Enricher) -> str:
    return enricher.enrich(Activity("t", "1", 1, 0, User("u"), "GetObject", ip=IP)).location.country


def later(enricher: Enricher, clock: Clock, seconds: float = 60) -> bool:
    clock.now += seconds
    return enricher.refresh()


def database(mmdb: Mmdb, code: str, name: str = "new.mmdb") -> Path:
    return mmdb(name, {"8.8.8.0/24": {"country_code": code}})


@pytest.mark.parametrize("in_place", [False, True])
def test_a_replaced_database_is_in_force_after_two_looks(mmdb: Mmdb, in_place: bool) -> None:
    clock, path = Clock(), database(mmdb, "NO", "own.mmdb")
    with Enricher(EnrichmentSettings(databases=(str(path),), packaged=False), clock) as enricher:
        assert country(enricher) == "NO"
        assert not later(enricher, clock)
        new = database(mmdb, "SE")
        if in_place:
            path.write_bytes(new.read_bytes())
            os.utime(path, ns=(1, 1))
        else:
            new.replace(path)
        assert not later(enricher, clock, 59)
        assert not later(enricher, clock, 1)
        assert country(enricher) == "NO"
        assert later(enricher, clock)
        assert country(enricher) == "SE"
        assert not later(enricher, clock)


def test_a_file_that_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "office.txt"
    path.write_text("8.8.8.0/24\n")
    office = Range(name="HQ", category="office", files=(str(path),), country="DE")
    with Enricher(EnrichmentSettings(ranges=(office,), packaged=False), clock) as enricher:
        assert country(enricher) == "DE"
        for size in range(1, 5):
            path.write_text("192.0.2.1\n" * size)
            assert not later(enricher, clock)
            assert country(enricher) == "DE"
        assert later(enricher, clock)
        assert country(enricher) == ""


def test_what_cannot_be_used_leaves_the_former_in_force(mmdb: Mmdb, logs: list[MutableMapping[str, Any]]) -> None:
    clock, path = Clock(), database(mmdb, "NO", "own.mmdb")
    with Enricher(EnrichmentSettings(databases=(str(path),), packaged=False), clock) as enricher:
        path.unlink()
        path.write_bytes(b"not a database")
        for _ in range(3):
            assert not later(enricher, clock)
        assert [(one["event"], one["files"]) for one in logs] == [("enrichment_not_reloaded", [str(path)])]  # once
        assert country(enricher) == "NO"
        path.unlink()
        assert not later(enricher, clock)
        assert not later(enricher, clock)
        assert country(enricher) == "NO"
        database(mmdb, "SE").replace(path)
        assert not later(enricher, clock)
        assert later(enricher, clock)
        assert country(enricher) == "SE"


def test_all_files_are_watched(mmdb: Mmdb, tmp_path: Path) -> None:
    clock, tor, office = Clock(), tmp_path / "tor.txt", tmp_path / "office.txt"
    for path in (tor, office):
        path.write_text("192.0.2.1\n")
    settings = EnrichmentSettings(
        databases=(str(database(mmdb, "NO")),),
        lists={"tor": (str(tor),)},
        ranges=(Range(name="HQ", category="risky", files=(str(office),)),),
        packaged=False,
    )
    with Enricher(settings, clock) as enricher:
        assert enricher.lookup(IP) == Location("NO")
        tor.write_text("8.8.8.8\n")
        assert not later(enricher, clock)
        office.write_text("8.8.0.0/16\n")
        assert not later(enricher, clock)
        assert later(enricher, clock)
        assert enricher.lookup(IP) == Location("NO", tags=("risky", "tor"))


@pytest.mark.parametrize("interval", [0, 600])
def test_nothing_is_looked_at_before_its_time(mmdb: Mmdb, interval: float) -> None:
    clock, path = Clock(), database(mmdb, "NO", "own.mmdb")
    settings = EnrichmentSettings(databases=(str(path),), packaged=False, reload_interval=interval)
    with Enricher(settings, clock) as enricher:
        database(mmdb, "SE").replace(path)
        for _ in range(9):
            assert not later(enricher, clock)
        assert country(enricher) == "NO"
