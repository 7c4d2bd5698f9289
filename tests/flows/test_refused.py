"""What a start refuses, on a state that real runs have made: exit code 3, the file, what to do, and nothing changed."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flows.exit_codes import STATE
from flows.settings import Settings
from flows.stores import STEPS
from recovery import rocks
from recovery.errors import StateError
from tests.flows.one_run import Way, refused, run

START = 1_770_000_000_000
GROUPS = 4


def append(path: Path, first: int, count: int) -> None:
    with path.open("a") as file:
        for n in range(first, first + count):
            record = {"id": str(n), "time": START + n * 60_000, "user": f"u{n // 15}", "action": "StopLogging"}
            file.write(json.dumps(record) + "\n")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`early`: after one run; `late`: the same state after more."""
    folder = tmp_path_factory.mktemp("made")
    settings = settings_of(folder / "late", folder / "log.jsonl")
    (folder / "late").mkdir()
    append(Path(settings.input[0]), 0, 300)
    assert run(settings, Way())
    shutil.copytree(folder / "late", folder / "early")
    for n in range(20):  # generations that the early token names are given up
        append(Path(settings.input[0]), 300 + n * 50, 50)
        assert run(settings, Way(interval=0.0, batch=10))
    append(Path(settings.input[0]), 5000, 10)
    return folder


def settings_of(folder: Path, log: Path) -> Settings:
    return Settings(
        input=(str(log),),
        state=str(folder / "state"),
        alerts=str(folder / "alerts.db"),
        key_groups=GROUPS,
        recovery_partitions=2,
        state_memory=16,
        seal_at_end=False,
    )


def stamp_with(**changes: Any) -> Callable[[Path, Path], None]:  # noqa: ANN401
    def change(late: Path, _: Path) -> None:
        path = late / "state" / "stamp.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return change


def some_store(folder: Path, number: int = 0) -> Path:
    return sorted((folder / "state" / "profile").iterdir())[number]


def without_stamp(late: Path, _: Path) -> None:
    (late / "state" / "stamp.json").unlink()


def torn_stamp(late: Path, _: Path) -> None:
    path = late / "state" / "stamp.json"
    path.write_bytes(path.read_bytes()[:40])


def without_partition(late: Path, _: Path) -> None:
    (late / "state" / "recovery" / "part-1.sqlite3").unlink()


def torn_partition(late: Path, _: Path) -> None:
    path = late / "state" / "recovery" / "part-0.sqlite3"
    path.write_bytes(path.read_bytes()[:1000])


def stale_partition(late: Path, early: Path) -> None:
    shutil.copyfile(early / "state" / "recovery" / "part-0.sqlite3", late / "state" / "recovery" / "part-0.sqlite3")


def stale_partitions(late: Path, early: Path) -> None:
    shutil.rmtree(late / "state" / "recovery")
    shutil.copytree(early / "state" / "recovery", late / "state" / "recovery")


def partition_too_many(late: Path, _: Path) -> None:
    recovery = late / "state" / "recovery"
    shutil.copyfile(recovery / "part-0.sqlite3", recovery / "part-2.sqlite3")


def partitions_swapped(late: Path, _: Path) -> None:
    recovery = late / "state" / "recovery"
    (recovery / "part-0.sqlite3").rename(recovery / "x")
    (recovery / "part-1.sqlite3").rename(recovery / "part-0.sqlite3")
    (recovery / "x").rename(recovery / "part-1.sqlite3")


def without_store(late: Path, _: Path) -> None:
    shutil.rmtree(some_store(late))


def without_any_store(late: Path, _: Path) -> None:
    shutil.rmtree(late / "state" / "profile")


def stale_store(late: Path, early: Path) -> None:
    shutil.rmtree(some_store(late))
    shutil.copytree(some_store(early), some_store(late, 0).with_name(some_store(early).name))


def foreign_store(late: Path, _: Path) -> None:
    one, other = some_store(late, 0), some_store(late, 1)
    shutil.rmtree(one)
    shutil.copytree(other, one)


def torn_store(late: Path, _: Path) -> None:
    for path in some_store(late).glob("*"):
        if path.suffix in (".log", ".sst"):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_alerts(late: Path, _: Path) -> None:
    (late / "alerts.db").unlink()


def older_alerts(late: Path, early: Path) -> None:
    shutil.copyfile(early / "alerts.db", late / "alerts.db")


CASES: list[tuple[Callable[[Path, Path], None], str, str]] = [
    (without_stamp, "state/stamp.json", "expected a stamp beside the state"),
    (torn_stamp, "state/stamp.json", "expected a stamp"),
    (stamp_with(flow="other"), "state/stamp.json", "found flow other"),
    (stamp_with(steps=["read", "profiles"]), "state/stamp.json", "found steps read, profiles"),
    (stamp_with(key_groups=8), "state/stamp.json", "expected 4 key groups; found 8"),
    (stamp_with(schema={"user": 99}), "state/stamp.json", "found 99"),
    (stamp_with(format=99), "state/stamp.json", "found format 99"),
    (without_partition, "state/recovery/part-1.sqlite3", "found no such file"),
    (torn_partition, "state/recovery/part-0.sqlite3", "expected a recovery partition of Bytewax"),
    (stale_partition, "state/recovery/part-0.sqlite3", "expected a recovery partition of run"),
    (partition_too_many, "state/recovery/part-2.sqlite3", "found 3"),
    (partitions_swapped, "state/recovery/part-0.sqlite3", "expected recovery partition 0 of 2; found 1 of 2"),
    (without_store, "state/profile/0000", "found no store"),
    (without_any_store, "state/profile/0000", "found no store"),
    (stale_store, "state/profile/0000", "as the newest"),
    (foreign_store, "state/profile/0000", "found cluster"),
    (torn_store, "state/profile/0000", "expected"),
    (without_alerts, "alerts.db", "expected"),
    (older_alerts, "alerts.db", "expected"),
]


@pytest.mark.parametrize(("spoil", "file", "message"), CASES)
def test_what_does_not_fit_is_refused_and_left_alone(
    made: Path, tmp_path: Path, spoil: Callable[[Path, Path], None], file: str, message: str
) -> None:
    late = tmp_path / "late"
    shutil.copytree(made / "late", late)
    spoil(late, made / "early")
    before = contents(late)
    assert refused(settings_of(late, made / "log.jsonl"), tmp_path / "said") == STATE
    said = (tmp_path / "said").read_text().strip()
    assert said.startswith("anput: ")
    assert "\n" not in said
    assert f"{late}/{file}" in said
    assert message in said
    assert re.search("[.;] ", said.partition("found")[2]), "what to do is missing"
    assert contents(late) == before


def test_partitions_of_an_older_backup_are_refused_even_with_its_stamp(made: Path, tmp_path: Path) -> None:
    """Partitions and stamp agree, but the generations that they name are given up."""
    late = tmp_path / "late"
    shutil.copytree(made / "late", late)
    stale_partitions(late, made / "early")
    shutil.copyfile(made / "early" / "state" / "stamp.json", late / "state" / "stamp.json")
    shutil.copyfile(made / "early" / "alerts.db", late / "alerts.db")
    assert refused(settings_of(late, made / "log.jsonl"), tmp_path / "said") == STATE
    assert "as the oldest" in (tmp_path / "said").read_text()


def test_another_number_of_key_groups_in_the_settings_is_refused(made: Path, tmp_path: Path) -> None:
    late = tmp_path / "late"
    shutil.copytree(made / "late", late)
    settings = msgspec.structs.replace(settings_of(late, made / "log.jsonl"), key_groups=128)
    assert refused(settings, tmp_path / "said") == STATE
    assert "expected 128 key groups; found 4" in (tmp_path / "said").read_text()


def test_the_state_that_was_made_goes_on(made: Path, tmp_path: Path) -> None:
    late = tmp_path / "late"
    shutil.copytree(made / "late", late)
    assert refused(settings_of(late, made / "log.jsonl"), tmp_path / "said") == 0


def contents(folder: Path) -> dict[str, object]:
    """All that is state: of databases what is in them, since SQLite and RocksDB tidy up when they look at one."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.parent.parent == folder / "state" and path.is_dir():
            found[name] = documents(path)
        elif path.name == "stamp.json":
            # The number of the run is that of the last one that was tried.
            found[name] = re.sub(rb'"run": \d+', b"", path.read_bytes())
        elif path.suffix == ".sqlite3":
            found[name] = rows(path)
        elif path.is_file() and path.parts[-3] not in STEPS and path.name not in ("lock", ".initialising"):
            if path.parent.name != "progress" and not path.name.endswith(("-wal", "-shm")):
                found[name] = path.read_bytes()
    return found


def documents(path: Path) -> object:
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(shutil.copytree(path, Path(directory) / "store"))
        try:
            database = rocks.open_database(copy, create=False)
            found = list(rocks.rows(rocks.cursor(database, b""), b"\xff"))
            database.close()
        except StateError:
            return {file.name: file.read_bytes() for file in path.iterdir() if file.suffix in (".log", ".sst")}
    return found


def rows(path: Path) -> object:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return {table: database.execute(f"SELECT * FROM {table}").fetchall() for table in ("parts", "exs", "snaps")}  # noqa: S608
    except sqlite3.Error:
        return path.read_bytes()
