"""`anput score`: one line for each activity, in event-time order, whatever the order of arrival and the memory."""

from __future__ import annotations

import gzip
import tempfile
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from activities.activity import Activity, Category, User
from flows import score_buckets
from flows.cli import app
from flows.score_buckets import Buckets
from scenarios.document import parse
from scenarios.runner import Runner

SCENARIO = b"""
name: two users
who:
  ada: weekdays 9-17 in Berlin, 16 days
  3 colleagues: weekdays 9-17 in Oslo, 16 days, 8 a day
timeline:
  - {at: day 17 10:00, user: ada, do: logon, from: hosting in Jakarta, device: unknown}
expect: {silence: true}
"""
RECORDS = [msgspec.json.decode(data) for data in Runner().records(parse(SCENARIO, Path("x")))]
HOUR = 3_600_000


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["score", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def written(path: Path, records: list[Any]) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
    return path


def scores(path: Path, *inputs: Path) -> list[dict[str, Any]]:
    given_ = [option for each in inputs for option in ("--input", each)]
    code, output = call(*given_, "--out", path)
    assert code == 0, output
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("expected")
    return scores(folder / "scores.jsonl", written(folder / "log.jsonl", RECORDS))


def delayed(seed: int) -> list[Any]:
    rng = Random(seed)
    moved = [record | {"ingested": record["time"] + rng.randint(0, 24 * HOUR)} for record in RECORDS]
    return sorted(moved, key=lambda record: record["ingested"])


def test_one_line_for_each_activity_in_the_order_of_time(expected: list[dict[str, Any]]) -> None:
    assert {line["id"] for line in expected} == {record["id"] for record in RECORDS}
    assert len(expected) == len(RECORDS)
    order = [(line["time"], line["id"]) for line in expected]
    assert order == sorted(order)
    times = {record["id"]: record["time"] for record in RECORDS}
    for line in expected:
        assert datetime.fromisoformat(line["time"]).timestamp() * 1000 == times[line["id"]]
        assert list(line) == ["id", "tenant", "user", "time", "risk", "features"]


def test_what_ends_an_account_is_scored_once_and_not_for_its_user(tmp_path: Path) -> None:
    bob = {"type": "user", "name": "bob"}
    end = {"id": "end", "time": RECORDS[0]["time"], "user": "admin", "action": "Delete user", "objects": [bob]}
    use = {"id": "use", "time": RECORDS[0]["time"] + 3 * HOUR, "user": "bob", "action": "MailItemsAccessed"}
    lines = scores(tmp_path / "scores.jsonl", written(tmp_path / "log.jsonl", [end, use]))
    assert [(line["id"], line["user"]) for line in lines] == [("end", "admin"), ("use", "bob")]


def test_the_stranger_is_the_riskiest(expected: list[dict[str, Any]]) -> None:
    worst = max(expected, key=lambda line: line["risk"])
    assert (worst["id"], worst["user"]) == ("step-1", "ada@acme.example")
    assert worst["features"]["countries"] > 10
    assert next(iter(worst["features"].values())) == max(worst["features"].values())


def test_any_order_of_arrival_and_any_cut_gives_the_same(expected: list[dict[str, Any]], tmp_path: Path) -> None:
    late = delayed(1)
    assert scores(tmp_path / "a", written(tmp_path / "late.jsonl", late)) == expected
    halves = [written(tmp_path / f"{n}.jsonl", late[n::2]) for n in (0, 1)]
    assert scores(tmp_path / "b", *halves) == expected
    (tmp_path / "late.jsonl.gz").write_bytes(gzip.compress((tmp_path / "late.jsonl").read_bytes()))
    assert scores(tmp_path / "c", tmp_path / "late.jsonl.gz") == expected


def test_little_memory_gives_the_same(
    expected: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_buckets, "BUFFERED", 7)
    monkeypatch.setenv("ANPUT_STATE_MEMORY", "0")
    assert scores(tmp_path / "a", written(tmp_path / "late.jsonl", delayed(2))) == expected


def test_duplicates_rejected_and_late_ones_are_told(expected: list[dict[str, Any]], tmp_path: Path) -> None:
    middle = len(RECORDS) // 2
    odd = RECORDS[middle - 3]
    records = [*RECORDS[:middle], odd, {"id": "x"}, *RECORDS[middle:]]
    behind = RECORDS[5] | {"id": "behind", "ingested": RECORDS[-1]["time"]}
    code, output = call("--input", written(tmp_path / "log.jsonl", [*records, behind]), "--out", tmp_path / "scores")
    assert (
        code,
        f"{len(RECORDS) + 1} activities scored, 1 of them late; 1 duplicates, 1 rejected records" in output,
    ) == (0, True)
    lines = [msgspec.json.decode(line) for line in (tmp_path / "scores").read_bytes().splitlines()]
    assert [line["id"] for line in lines if line.get("late")] == ["behind"]
    assert [line for line in lines if not line.get("late")] == expected


def test_standard_output(expected: list[dict[str, Any]], tmp_path: Path) -> None:
    file = written(tmp_path / "log.jsonl", RECORDS)
    result = CliRunner().invoke(app, ["score", "--input", str(file)])
    assert [msgspec.json.decode(line) for line in result.stdout_bytes.splitlines()] == expected


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "setting input: expected at least one file, folder, pattern or -"),
        (("--input", "nowhere.jsonl"), "nowhere.jsonl: expected a file, a folder or a pattern that matches files"),
        (("--input", "kafka://localhost:9092/x"), "expected what has an end, a file or standard input; found kafka:"),
        (("--input", ".", "--format", "odd"), "setting format: expected one of"),
        (("--input", __file__, "--out", "/nowhere/x"), "No such file or directory"),
    ],
)
def test_what_is_wrong_is_named(
    arguments: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output = call(*arguments)
    assert code == 2
    assert says in output


def act(time: int, name: str, action: str = "View") -> Activity:
    return Activity("t", name, time, time, User("u"), action, Category.READ)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 30 * 6), st.integers(0, 40)), max_size=60),
    st.lists(st.integers(0, 32), max_size=5),
    st.integers(1, 9),
)
def test_buckets_hand_out_all_in_order(drawn: list[tuple[int, int]], seals: list[int], buffered: int) -> None:
    items = [act(ten * 600_000, f"a{number}") for ten, number in drawn]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(score_buckets, "BUFFERED", buffered)
        buckets = Buckets(Path(folder))
        for item in items:
            buckets.add(item)
        taken: list[Activity] = []
        for hour in sorted(seals):
            part = list(buckets.take(hour * HOUR))
            assert all(item.time < hour * HOUR for item in part)
            taken += part
        taken += buckets.take(2**62)
        assert list(Path(folder).iterdir()) == []
    assert [(item.time, item.id) for item in taken] == sorted((item.time, item.id) for item in items)


def test_of_two_records_of_one_id_the_same_comes_first(tmp_path: Path) -> None:
    one, other = act(0, "a", "View"), act(0, "a", "Open")
    orders = []
    for items in ((one, other), (other, one)):
        buckets = Buckets(tmp_path)
        for item in items:
            buckets.add(item)
        orders.append(list(buckets.take(HOUR)))
    assert orders[0] == orders[1]
