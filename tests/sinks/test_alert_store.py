"""The alert store against a model in memory, across kills, and on files that are none."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlitedict import SqliteDict, identity

from flows.sinks.alert_store import AlertNotFoundError, AlertStore, AlertStoreError


def record(uid: str, revision: int = 1, time: int = 0, text: str = "") -> dict[str, Any]:
    return {"time": time, "message": text, "metadata": {"sequence": revision}, "finding_info": {"uid": uid}}


records = st.builds(
    record,
    uid=st.sampled_from(["a", "b", "ab", "Z", "ü", "x'y"]),
    revision=st.integers(1, 9),
    time=st.integers(-(10**12), 10**12),
    text=st.sampled_from(["", "\x00", '"}]', "[red]", "'; DROP TABLE alerts; --", "\u202e", "😀"]),
)
runs = st.sampled_from(["one", "two"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(records, max_size=4)),
        st.tuples(st.just("begin"), runs),
        st.tuples(st.just("truncate"), st.tuples(st.integers(0, 20), st.none() | runs)),
        st.tuples(st.just("reopen"), st.none()),
    ),
    max_size=12,
)


class Model:
    """What the store should hold, as a list of (sequence, run, record)."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, str, dict[str, Any]]] = []
        self.sequence = 0
        self.run = ""

    def append(self, added: list[dict[str, Any]]) -> None:
        for item in added:
            self.sequence += 1
            self.rows.append((self.sequence, self.run, item))

    def begin(self, run: str) -> None:
        if run != self.run:
            self.sequence += 1
            self.run = run

    def truncate(self, sequence: int, run: str | None) -> None:
        self.rows = [row for row in self.rows if row[0] <= sequence or (run is not None and row[1] != run)]

    def latest(self) -> list[dict[str, Any]]:
        newest = {item["finding_info"]["uid"]: item for _, _, item in self.rows}
        return sorted(newest.values(), key=lambda item: (item["time"], item["finding_info"]["uid"].encode()))


@given(steps)
@settings(max_examples=40, deadline=None)
def test_the_store_is_what_the_model_says(steps: list[tuple[str, Any]]) -> None:
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        store = AlertStore(Path(folder) / "alerts.db", "c")
        for step, argument in steps:
            if step == "append":
                store.append(argument)
                model.append(argument)
            elif step == "begin":
                store.begin(argument)
                model.begin(argument)
            elif step == "truncate":
                store.truncate(*argument)
                model.truncate(*argument)
            else:
                store.close()
                store = AlertStore(store.path, "w")
            assert store.sequence == model.sequence
        assert list(store.latest()) == model.latest()
        for uid in {item["finding_info"]["uid"] for _, _, item in model.rows}:
            assert store.history(uid) == [item for _, _, item in model.rows if item["finding_info"]["uid"] == uid]
        store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


@pytest.fixture
def store(path: Path) -> Iterator[AlertStore]:
    with AlertStore(path, "c") as opened:
        yield opened


def test_an_alert_falls_back_to_its_latest_earlier_revision(store: AlertStore) -> None:
    store.append([record("a", 1), record("a", 2), record("b", 1)])
    store.append([record("a", 3), record("c", 1)])
    store.truncate(3)
    latest = [(item["finding_info"]["uid"], item["metadata"]["sequence"]) for item in store.latest()]
    assert latest == [("a", 2), ("b", 1)]
    store.append([record("a", 3, text="replayed")])
    assert store.get("a")["message"] == "replayed"
    assert [item["metadata"]["sequence"] for item in store.history("a")] == [1, 2, 3]


def test_get_takes_a_unique_beginning_or_the_whole_uid(store: AlertStore) -> None:
    store.append([record("abc1"), record("abd2"), record("ab")])
    assert store.get("abc")["finding_info"]["uid"] == "abc1"
    assert store.get("ab")["finding_info"]["uid"] == "ab"
    with pytest.raises(AlertNotFoundError, match="more than one"):
        store.get("a")
    for missing in ("zz", "AB", "%", "ab_"):
        with pytest.raises(AlertNotFoundError, match="no alert"):
            store.get(missing)


def test_readers_see_what_is_committed_while_the_flow_writes(store: AlertStore, path: Path) -> None:
    with AlertStore(path) as reader:
        store.append([record("a")])
        assert [item["finding_info"]["uid"] for item in reader.latest()] == ["a"]
        with pytest.raises(AlertStoreError, match="opened for reading"):
            reader.append([record("b")])
        store.append([record("c")])
        assert len(list(reader.latest())) == 2


def test_an_append_that_fails_leaves_nothing_and_the_store_usable(store: AlertStore) -> None:
    store.append([record("a")])
    broken: dict[str, Any] = {"finding_info": {}}
    with pytest.raises(KeyError):
        store.append([record("b"), broken])
    with pytest.raises(AlertStoreError, match=r"alerts\.db.*UNIQUE"):
        _insert_twice(store)
    store.append([record("c")])
    assert [item["finding_info"]["uid"] for item in store.latest()] == ["a", "c"]


def _insert_twice(store: AlertStore) -> None:
    """An append that meets a number that is taken, as it would if the file were damaged."""
    store._select("UPDATE meta SET value = '0' WHERE key = 'sequence'")
    try:
        store._select("COMMIT")
        store.append([record("x"), record("y")])
    finally:
        store._select("UPDATE meta SET value = '9' WHERE key = 'sequence'")
        store._select("COMMIT")


def test_values_are_json_in_sqlitedicts_layout(store: AlertStore, path: Path) -> None:
    store.append([record("a", text="ü")])
    store.begin("run")
    with SqliteDict(str(path), "history", flag="r", journal_mode="WAL", decode=identity) as table:
        assert list(table.keys()) == ["0000000000000001"]
        assert '"message":"ü"' in table["0000000000000001"]
    with SqliteDict(str(path), "alerts", flag="r", journal_mode="WAL", decode=identity) as table:
        assert table["a"].startswith('{"sequence":1,"alert":{')


def test_commits_are_synced_and_the_journal_is_written_ahead(store: AlertStore) -> None:
    assert store._select("PRAGMA synchronous") == [(2,)]
    assert store._select("PRAGMA journal_mode") == [("wal",)]


WRITER = """
import sys
from flows.sinks.alert_store import AlertStore
store = AlertStore(sys.argv[1], "w")
for number in range(100_000):
    store.append([{"time": number, "finding_info": {"uid": f"{number}-{part}"}} for part in range(5)])
    print(number, flush=True)
"""


def test_kill_9_loses_nothing_that_was_appended(path: Path) -> None:
    AlertStore(path, "c").close()
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        lines += writer.stdout.read().splitlines()
    appended = max(int(line) for line in lines if line.strip()) + 1
    with AlertStore(path) as reader:
        found = list(reader.latest())
        assert len(found) in (appended * 5, appended * 5 + 5)
        assert reader.sequence == len(found)
    with AlertStore(path, "w") as writer_again:
        assert writer_again._select("PRAGMA integrity_check") == [("ok",)]
        writer_again.append([record("after")])


def _not_sqlite(path: Path) -> None:
    path.write_text("an access log, not a database\n" * 100)


def _other_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE people (name TEXT)")
    connection.close()


def _newer_format(path: Path) -> None:
    AlertStore(path, "c").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = 'anput-alerts/2' WHERE key = 'format'")
    connection.close()


def _truncated(path: Path) -> None:
    with AlertStore(path, "c") as store:
        store.append([record(str(number), text="x" * 500) for number in range(100)])
    path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda path: None, "found no such file"),
        (_not_sqlite, "not a database"),
        (lambda path: path.write_bytes(b""), "found no tables"),
        (lambda path: path.mkdir(), "found a folder"),
        (_other_database, "found another SQLite database"),
        (_newer_format, "expected an alert store .anput-alerts/1., found anput-alerts/2"),
        (_truncated, "malformed"),
    ],
    ids=["missing", "not-sqlite", "empty", "folder", "other-database", "newer-format", "truncated"],
)
def test_what_is_no_alert_store_is_refused(
    make: Any, found: str, path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(AlertStoreError, match=rf"alerts\.db: .*{found}"):
        list(AlertStore(path).latest())
    assert (path.read_bytes() if path.is_file() else None) == before
    assert capfd.readouterr() == ("", "")


def test_another_database_is_not_written_to_either(path: Path) -> None:
    _other_database(path)
    before = path.read_bytes()
    with pytest.raises(AlertStoreError, match="another SQLite database"):
        AlertStore(path, "c")
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AlertStoreError, match=r"create .*missing"):
        AlertStore(tmp_path / "missing" / "alerts.db", "c")


def test_a_locked_store_is_named(store: AlertStore, path: Path) -> None:
    store._select("PRAGMA busy_timeout = 100")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(AlertStoreError, match=r"alerts\.db: .*locked"):
        store.append([record("a")])
    other.execute("COMMIT")
    other.close()
    store.append([record("b")])
    assert [item["finding_info"]["uid"] for item in store.latest()] == ["b"]


def test_odd_file_names(tmp_path: Path) -> None:
    path = tmp_path / "al#rts? 100%.db"
    with AlertStore(path, "c") as store:
        store.append([record("a")])
    with AlertStore(path) as store:
        assert len(list(store.latest())) == 1
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_closing_leaves_no_thread(path: Path) -> None:
    before = threading.active_count()
    AlertStore(path, "c").close()
    assert threading.active_count() == before
