"""The sinks in a real Bytewax flow that is stopped short and resumed."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import pytest
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSource, run_main
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.activity import User
from flows.sinks.alert_store import AlertStore, AlertStoreError
from flows.sinks.alert_store_sink import AlertStoreSink
from flows.sinks.json_lines import JsonLinesError, JsonLinesSink, LaneSink
from stateful.finding import Alert, Severity


@dataclass(frozen=True)
class Batch:
    alerts: tuple[Alert, ...]


def alert(number: int, revision: int = 1) -> Alert:
    return Alert(
        uid=f"uid{number}",
        revision=revision,
        change="create" if revision == 1 else "update",
        tenant="acme",
        user=User("u"),
        detection="new_country",
        severity=Severity.LOW,
        risk=30,
        message=f"alert {number}, revision {revision}",
        created=number,
        modified=number,
        findings=(),
    )


BATCHES = [Batch((alert(number % 5, 1 + number // 5), alert(100 + number))) for number in range(12)]
REVISIONS = [f"{item.uid}:{item.revision}" for batch in BATCHES for item in batch.alerts]
LANES = ("late", "rejected", "suppressed")


@dataclass
class Files:
    folder: Path
    state_id: str = "state-1"

    @property
    def store(self) -> Path:
        return self.folder / "alerts.db"

    @property
    def lines(self) -> Path:
        return self.folder / "alerts.jsonl"

    @property
    def lanes(self) -> Path:
        return self.folder / "lanes"

    @property
    def marks(self) -> Path:
        return self.folder / f"marks-{self.state_id}"

    def recovery(self) -> RecoveryConfig:
        state = self.folder / self.state_id
        if not state.exists():
            state.mkdir()
            init_db_dir(state, 1)  # type: ignore[no-untyped-call]
        return RecoveryConfig(str(state))  # type: ignore[no-untyped-call]

    def revisions(self) -> list[str]:
        with AlertStore(self.store) as store:
            texts = [text for (text,) in store._select("SELECT value FROM history ORDER BY key")]
        return [json.loads(text)["metadata"]["uid"] for text in texts]

    def written(self, lane: str) -> list[Any]:
        return [json.loads(line) for line in (self.lanes / f"{lane}.jsonl").read_text().splitlines()]


def flow(files: Files, items: list[Any]) -> Dataflow:
    described = Dataflow("sinks_test")
    stream = op.input("input", described, TestingSource(items, batch_size=1))
    keyed = op.map("key", stream, lambda batch: ("acme", batch))
    op.output("store", keyed, AlertStoreSink(files.store, {}, files.state_id))
    op.output("lines", keyed, JsonLinesSink(files.lines, {}, files.marks))
    lanes = op.flat_map(
        "lane", stream, lambda batch: [(LANES[int(item.uid[3:]) % 3], item.uid) for item in batch.alerts]
    )
    op.output("lanes", lanes, LaneSink(dict.fromkeys(LANES, files.lanes), files.marks))
    return described


def run(files: Files, items: list[Any], *, recover: bool = True, epoch: float = 0.0) -> None:
    recovery = files.recovery() if recover else None
    run_main(  # type: ignore[no-untyped-call]
        flow(files, items), epoch_interval=timedelta(seconds=epoch), recovery_config=recovery
    )


def check(files: Files) -> None:
    assert files.revisions() == REVISIONS
    assert [json.loads(line)["metadata"]["uid"] for line in files.lines.read_text().splitlines()] == REVISIONS
    with AlertStore(files.store) as store:
        latest = {item["finding_info"]["uid"]: item["metadata"]["sequence"] for item in store.latest()}
    assert latest == {item.uid: item.revision for batch in BATCHES for item in batch.alerts}
    for index, lane in enumerate(LANES):
        uids = [item.uid for batch in BATCHES for item in batch.alerts]
        assert files.written(lane) == [uid for uid in uids if int(uid[3:]) % 3 == index]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_without_a_crash(files: Files) -> None:
    run(files, BATCHES)
    check(files)


@pytest.mark.parametrize("position", [1, 4, 11])
@pytest.mark.parametrize("epoch", [0.0, 60.0], ids=["snapshot-each-epoch", "no-snapshot-yet"])
def test_a_crash_leaves_each_revision_once(files: Files, position: int, epoch: float) -> None:
    items = [*BATCHES[:position], TestingSource.ABORT(), *BATCHES[position:]]
    run(files, items, epoch=epoch)
    assert len(files.revisions()) == 2 * position  # what the crash left behind, snapshotted or not
    if epoch:
        # The JSON lines have no name of the run: without a snapshot they append, as documented.
        files.lines.unlink()
        for lane in files.lanes.iterdir():
            lane.unlink()
    run(files, items)
    check(files)


@given(snapshot_at=st.integers(0, 12), crash_at=st.integers(0, 12))
@settings(max_examples=15, deadline=None)
def test_what_came_after_the_snapshot_is_taken_back(snapshot_at: int, crash_at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder))
        sinks: tuple[tuple[Any, str], ...] = (
            (AlertStoreSink(files.store, {}, "state-1"), "alerts"),
            (JsonLinesSink(files.lines, {}, files.marks), "alerts"),
            (LaneSink(dict.fromkeys(LANES, files.lanes), files.marks), "late"),
        )
        for sink, name in sinks:
            part = sink.build_part("sink", name, None)
            part.write_batch(BATCHES[:snapshot_at])
            position = part.snapshot()
            part.write_batch(BATCHES[snapshot_at:crash_at])
            resumed = sink.build_part("sink", name, position)
            resumed.write_batch(BATCHES[snapshot_at:])
            resumed.close()
            part.close()
        assert files.revisions() == REVISIONS
        assert [json.loads(line)["metadata"]["uid"] for line in files.lines.read_text().splitlines()] == REVISIONS
        assert [item["uid"] for batch in files.written("late") for item in batch["alerts"]] == [
            item.uid for batch in BATCHES for item in batch.alerts
        ]


def test_other_runs_alerts_stay(files: Files) -> None:
    run(files, BATCHES[:3])
    other = Files(files.folder, "state-2")
    run(other, [*BATCHES[3:5], TestingSource.ABORT(), *BATCHES[5:6]], epoch=60.0)
    run(files, [*BATCHES[:3], *BATCHES[6:8]])
    run(other, BATCHES[3:6])
    expected = [BATCHES[index] for index in (0, 1, 2, 6, 7, 3, 4, 5)]
    assert files.revisions() == [f"{item.uid}:{item.revision}" for batch in expected for item in batch.alerts]


def test_a_run_without_recovery_appends(files: Files) -> None:
    run(files, BATCHES[:2], recover=False)
    other = Files(files.folder, "state-2")
    run(other, BATCHES[2:4], recover=False)
    assert files.revisions() == REVISIONS[:8]


def _remove(path: Path) -> None:
    path.unlink()


def _replace_store(path: Path) -> None:
    path.unlink()
    with AlertStore(path, "c") as store:
        store.append([{"time": 0, "finding_info": {"uid": str(number)}} for number in range(99)])


@pytest.mark.parametrize(
    ("damage", "found"),
    [(_remove, "found no such file"), (_replace_store, r"found none of it")],
    ids=["gone", "replaced"],
)
def test_a_store_that_the_snapshot_does_not_fit_is_refused(files: Files, damage: Any, found: str) -> None:
    run(files, BATCHES[:4])
    damage(files.store)
    with pytest.raises(AlertStoreError, match=found):
        AlertStoreSink(files.store, {}, "state-1").build_part("store", "alerts", ("state-1", 9))


def test_a_store_that_is_older_than_the_snapshot_is_refused(files: Files) -> None:
    run(files, BATCHES[:4])
    sink = AlertStoreSink(files.store, {}, "state-1")
    with pytest.raises(AlertStoreError, match=r"up to number 99, found 9 "):
        sink.build_part("store", "alerts", ("state-1", 99))
    with pytest.raises(AlertStoreError, match="running on state state-1"):
        sink.build_part("store", "alerts", ("state-9", 1))
    assert files.revisions() == REVISIONS[:8]


def test_lines_that_the_snapshot_does_not_fit_are_refused(files: Files) -> None:
    run(files, BATCHES[:4])
    sink = JsonLinesSink(files.lines, {}, files.marks)
    size = files.lines.stat().st_size
    with pytest.raises(JsonLinesError, match=rf"at least the {size + 1} bytes written before, found {size} bytes"):
        sink.build_part("lines", "alerts", size + 1)
    files.lines.unlink()
    with pytest.raises(JsonLinesError, match=r"alerts\.jsonl .*found no such file"):
        sink.build_part("lines", "alerts", size)
    with pytest.raises(JsonLinesError, match="can't write"):
        JsonLinesSink(files.folder, {}, files.marks).build_part("lines", "alerts", None)


def test_a_torn_line_is_ended(files: Files) -> None:
    files.lines.write_bytes(b'{"whole":1}\n{"torn":')
    part = JsonLinesSink(files.lines, {}, files.marks).build_part("lines", "alerts", None)
    part.write_batch([Batch((alert(1),))])
    position = part.snapshot()
    part.close()
    lines = files.lines.read_bytes().splitlines()
    assert lines[:2] == [b'{"whole":1}', b'{"torn":']
    assert json.loads(lines[2])["finding_info"]["uid"] == "uid1"
    assert position == files.lines.stat().st_size


def test_an_unknown_lane_is_named(files: Files) -> None:
    with pytest.raises(JsonLinesError, match="late, rejected, suppressed, found 'lost'"):
        LaneSink(dict.fromkeys(LANES, files.lanes), files.marks).part_fn("lost")


def hostile() -> Iterator[Any]:
    yield "a\nb\x00"
    yield {"lone": "\ud800", "bytes": b"\xff", "nan": float("nan"), "big": 2**80}
    yield alert(1)


def test_lanes_take_whatever_was_rejected(files: Files) -> None:
    part = LaneSink(dict.fromkeys(LANES, files.lanes), files.marks).build_part("lanes", "rejected", None)
    part.write_batch(list(hostile()))
    part.close()
    text, odd, struct = files.written("rejected")
    assert text == "a\nb\x00"
    assert odd == {"lone": "?", "bytes": "/w==", "nan": None, "big": 2**80}
    assert struct["uid"] == "uid1"


def test_lanes_of_the_states_own_drop_what_a_crash_left(tmp_path: Path) -> None:
    """Without a snapshot nothing was committed, so what is there comes again. To a user's folder we only add."""
    for owned, rest in ((True, ["new"]), (False, ["left by a crash", "new"])):
        folder = tmp_path / str(owned)
        folder.mkdir()
        (folder / "late.jsonl").write_text('"left by a crash"\n')
        partition = LaneSink({"late": folder}, tmp_path / f"marks-{owned}", ["late"] if owned else []).build_part(
            "lanes", "late", None
        )
        partition.write_batch(["new"])
        partition.close()
        assert [json.loads(line) for line in (folder / "late.jsonl").read_text().splitlines()] == rest
