"""Backup and restore of states made by hand: what is uploaded, what is refused, what a crash leaves."""

from __future__ import annotations

import os
import pickle
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from recovery import live_store, manifest, partitions, stamp
from recovery import state_copy as copying
from recovery.backup import STAGE, Report, backup, now
from recovery.blob import Blob, BlobError
from recovery.errors import (
    DivergedStoreError,
    GenerationGoneError,
    LockedError,
    NewerSchemaError,
    PartitionsError,
    StateError,
    StoreMissingError,
)
from recovery.manifest import BackupError
from recovery.restore import restore
from recovery.state_copy import Contents, Database, Growing
from recovery.store import KeyGroupStore
from recovery.token import Token

if TYPE_CHECKING:
    from tests.recovery.conftest import Storage

GROUPS = 4
PARTS = 3


class State:
    """A state directory as runs leave it: stamp, partitions, a store per key group, a lane, an alert store."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stamp = stamp.ensure(path, "f", ["profile", "lanes"], GROUPS, {"user": 1}, PARTS)
        self.epoch = 1
        self.tokens: dict[int, Token | None] = dict.fromkeys(range(GROUPS))
        self.lane = path.parent / f"{path.name}-lanes" / "late.jsonl"
        self.lane.parent.mkdir()
        self.database = path.parent / f"{path.name}-alerts.db"
        with closing(sqlite3.connect(self.database)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("CREATE TABLE alerts (n INTEGER)")
        self.snapshot("lanes", "late", 0)

    @property
    def contents(self) -> Contents:
        return Contents(
            ["profile"],
            ["counts.json", "none.json"],
            [Growing("lanes/late.jsonl", self.lane, "lanes", "late")],
            [Database("alerts.db", self.database, "alerts", "alerts")],
        )

    def advance(self, groups: Mapping[int, int] | None = None, size: int = 2000) -> None:
        """One epoch, in which key groups commit so many generations; only the last one's token is snapshotted."""
        for group, generations in (groups or dict.fromkeys(range(GROUPS), 1)).items():
            store = KeyGroupStore.open(self.path, "profile", group, self.tokens[group], self.stamp.cluster_id, 1)
            for _ in range(generations):
                source = random.Random(store.token.generation * GROUPS + group)
                store.commit({b"user%d" % source.randrange(50): source.randbytes(size) for _ in range(20)})
            self.tokens[group] = store.token
            store.close()
            self.snapshot("profile", f"{group:05d}", store.token.encode())
        with self.lane.open("a") as file:
            file.write(f'{{"late": {self.epoch}}}\n')
        self.snapshot("lanes", "late", self.lane.stat().st_size)
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute("INSERT INTO alerts VALUES (?)", (self.epoch,))
        self.snapshot("alerts", "alerts", ("id", self.epoch))
        (self.path / "counts.json").write_text(f'{{"in": {self.epoch}}}')
        self.finish()

    def snapshot(self, step: str, key: str, value: object) -> None:
        """Of the present epoch, which a resume doesn't load before it is finished."""
        path = self.path / "recovery" / f"part-{sum(key.encode()) % PARTS}.sqlite3"
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute(
                "INSERT OR REPLACE INTO snaps (step_id, state_key, snap_epoch, ser_change) VALUES (?, ?, ?, ?)",
                (f"f.{step}", key, self.epoch, pickle.dumps(value)),
            )

    def finish(self) -> None:
        """The epoch."""
        self.epoch += 1
        with closing(sqlite3.connect(self.path / "recovery" / "part-1.sqlite3")) as database, database:
            database.execute("INSERT OR REPLACE INTO exs (ex_num, worker_count, resume_epoch) VALUES (0, 1, 1)")
            database.execute(
                "INSERT OR REPLACE INTO fronts (ex_num, worker_index, worker_frontier) VALUES (0, 0, ?)", (self.epoch,)
            )


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path / "state")
    for _ in range(3):
        made.advance()
    return made


@pytest.fixture
def blob(tmp_path: Path) -> Blob:
    return Blob(str(tmp_path / "storage"), create=True)


def back_up(blob: Blob, state: State) -> Report:
    report, _ = backup(blob, state.path, state.contents)
    assert not (state.path / STAGE).exists()
    return report


def put_back(blob: Blob, wanted: str, target: Path) -> dict[str, bytes]:
    """Restore to `target`; content of what was restored, beside stores and partitions, which are proved to open."""
    outputs = {name: target.parent / f"{target.name}-{Path(name).name}" for name in ("lanes/late.jsonl", "alerts.db")}
    _, outside = restore(blob, wanted, target, ["profile"], outputs)
    files = [*outside, target / "counts.json"]
    return {path.name.removeprefix(f"{target.name}-"): path.read_bytes() for path in files if path.exists()}


def users(path: Path, tokens: Mapping[int, Token | None]) -> dict[int, dict[bytes, bytes]]:
    """All documents of all stores, opened as a run would."""
    cluster = stamp.read(path).cluster_id
    found = {}
    for group, token in tokens.items():
        store = KeyGroupStore.open(path, "profile", group, token, cluster, 1)
        found[group] = dict(store.scan())
        store.close()
    return found


def test_what_is_restored_is_what_was_backed_up(state: State, storage: Storage, tmp_path: Path) -> None:
    """As of the last finished epoch, though the run was past it: in stores, partitions and lane."""
    blob = Blob(storage.url(tmp_path.name), create=True)
    (tmp_path / "then").mkdir()
    shutil.copytree(state.path, tmp_path / "then" / "state")
    then = dict(state.tokens)
    lane = state.lane.read_bytes()
    state.advance({0: 2, 3: 1})
    state.epoch -= 1
    state.finish()
    with closing(sqlite3.connect(state.path / "recovery" / "part-1.sqlite3")) as database, database:
        database.execute("UPDATE fronts SET worker_frontier = ?", (state.epoch - 1,))
    report = back_up(blob, state)
    assert (report.epoch, report.moved_on) == (4, 2)
    restored = put_back(blob, report.backup, tmp_path / "else" / "where")
    assert users(tmp_path / "else" / "where", then) == users(tmp_path / "then" / "state", then)
    assert restored["late.jsonl"] == lane
    assert restored["counts.json"] == b'{"in": 4}'
    with closing(sqlite3.connect(tmp_path / "else" / "where-alerts.db")) as database:
        assert database.execute("SELECT n FROM alerts").fetchall() == [(1,), (2,), (3,), (4,)]
    assert partitions.resume_epoch(tmp_path / "else" / "where" / "recovery", PARTS) == 4
    stamp.begin_run(tmp_path / "else" / "where")
    assert sorted(path.name for path in (tmp_path / "else").iterdir()) == [
        "where",
        "where-alerts.db",
        "where-late.jsonl",
    ]


def test_only_what_is_new_is_uploaded(state: State, blob: Blob, tmp_path: Path) -> None:
    state.advance(dict.fromkeys(range(GROUPS), 40), size=20_000)
    first = back_up(blob, state)
    again = back_up(blob, state)
    assert again.backup > first.backup
    assert (again.new_objects, again.new_size, again.size) == (0, 0, first.size)
    state.advance({2: 1})
    third = back_up(blob, state)
    assert 0 < third.new_size < first.new_size / 4
    assert 0 < third.new_objects < first.new_objects / 2
    assert manifest.ids(blob) == [first.backup, again.backup, third.backup]
    for number, report in enumerate((first, third)):
        put_back(blob, report.backup, tmp_path / f"r{number}")
    assert users(tmp_path / "r1", state.tokens) == users(state.path, state.tokens)


def test_a_new_state_is_backed_up_as_well(tmp_path: Path, blob: Blob) -> None:
    state = State(tmp_path / "state")
    report = back_up(blob, state)
    assert put_back(blob, report.backup, tmp_path / "restored") == {}
    assert stamp.read(tmp_path / "restored") == state.stamp


def damage_flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def damage_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [damage_flip, damage_cut, Path.unlink])
def test_a_damaged_object_is_named_and_nothing_is_restored(
    state: State, blob: Blob, tmp_path: Path, damage: object
) -> None:
    report = back_up(blob, state)
    objects = sorted(path for path in Path(blob.url).rglob("objects/*/*") if path.stat().st_size)
    for victim in random.Random(7).sample(objects, 5):
        whole = victim.read_bytes()
        damage(victim)  # type: ignore[operator]
        with pytest.raises(BackupError, match=f"{victim}: expected {len(whole)} bytes with digest {victim.name}"):
            put_back(blob, report.backup, tmp_path / "target" / "state")
        assert list((tmp_path / "target").iterdir()) == []
        victim.write_bytes(whole)
    put_back(blob, report.backup, tmp_path / "target" / "state")


@pytest.mark.parametrize("damage", [damage_flip, damage_cut])
def test_a_damaged_manifest_is_named(state: State, blob: Blob, tmp_path: Path, damage: object) -> None:
    report = back_up(blob, state)
    path = Path(blob.url) / "backups" / f"{report.backup}.json"
    damage(path)  # type: ignore[operator]
    with pytest.raises(BackupError, match=f"{path}: expected a manifest with digest"):
        put_back(blob, report.backup, tmp_path / "target")
    # What it names is not known, so nothing may be deleted.
    state.advance()
    with pytest.raises(BackupError, match=f"{path}: expected a manifest"):
        manifest.prune(blob, 1, now() + timedelta(days=9))
    with pytest.raises(BackupError, match=f"{path}: expected a manifest"):
        back_up(blob, state)


def test_a_hostile_or_newer_manifest_is_refused(state: State, blob: Blob, tmp_path: Path) -> None:
    whole = manifest.read(blob, back_up(blob, state).backup)
    for name in ("../../escaped", "/etc/escaped", "state/../../escaped", "state//double", "", "state/a\0b"):
        file = msgspec.structs.replace(whole.files[0])
        msgspec.structs.force_setattr(file, "name", name)
        bad = manifest.write(blob, msgspec.structs.replace(whole, files=(file,)), None)
        with pytest.raises(BackupError, match="expected a manifest; found expected a relative path"):
            put_back(blob, bad, tmp_path / "target")
    newer = manifest.write(blob, msgspec.structs.replace(whole, format=2), None)
    with pytest.raises(NewerSchemaError, match="expected format 1; found format 2"):
        put_back(blob, newer, tmp_path / "target")
    with pytest.raises(BackupError, match="expected backup 20200101T000000Z-0123456789abcdef; found 8 others"):
        manifest.resolve(blob, "20200101T000000Z-0123456789abcdef")
    with pytest.raises(BackupError, match="found none at all"):
        manifest.resolve(Blob(str(tmp_path / "empty"), create=True), "latest")


def test_restore_refuses_what_is_in_the_way(state: State, blob: Blob, tmp_path: Path) -> None:
    report = back_up(blob, state)
    target = tmp_path / "target"
    target.mkdir()
    (target / "mine").touch()
    with pytest.raises(BackupError, match=f"{target}: expected no directory, or an empty one; found something in it"):
        put_back(blob, report.backup, target)
    (target / "mine").unlink()
    alerts = tmp_path / "target-alerts.db"
    alerts.touch()
    with pytest.raises(BackupError, match=f"{alerts}: expected no such file yet"):
        put_back(blob, report.backup, target)
    assert list(target.iterdir()) == []
    alerts.unlink()
    with pytest.raises(BackupError, match="/proc: expected a directory that can be replaced; found a mount point"):
        put_back(blob, report.backup, Path("/proc"))
    put_back(blob, report.backup, target)


def test_a_url_belongs_to_one_state(state: State, blob: Blob, tmp_path: Path) -> None:
    back_up(blob, state)
    other = State(tmp_path / "other")
    with pytest.raises(BackupError, match=f"expected backups of cluster {other.stamp.cluster_id}; found 2"):
        back_up(blob, other)


def test_one_backup_at_a_time_and_what_a_killed_one_leaves_is_cleared(state: State, blob: Blob, tmp_path: Path) -> None:
    """Killed in the middle of the uploads: the backup before is as it was, and the next one uploads the rest."""
    first = back_up(blob, state)
    state.advance(size=5000)
    code = """
import os, sys
from pathlib import Path
from recovery.backup import backup
from recovery.blob import Blob
from recovery.state_copy import Contents
count = 0
put = Blob.put
def dying(self, name, data):
    global count
    count += 1
    if count > 5:
        os.write(1, b"holding\\n")
        sys.stdin.readline()
        os.kill(os.getpid(), 9)
    put(self, name, data)
Blob.put = dying
backup(Blob(sys.argv[1]), Path(sys.argv[2]), Contents(["profile"]))
"""
    command = [sys.executable, "-c", code, blob.url, str(state.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "holding\n"
        with pytest.raises(LockedError, match=f"{STAGE}: expected no other backup at work"):
            backup(blob, state.path, state.contents)
        child.stdin.write("die\n")
        child.stdin.flush()
    assert child.returncode == -9
    assert (state.path / STAGE).exists()
    assert manifest.ids(blob) == [first.backup]
    put_back(blob, first.backup, tmp_path / "before")
    second = back_up(blob, state)
    put_back(blob, second.backup, tmp_path / "after")
    assert users(tmp_path / "after", state.tokens) == users(state.path, state.tokens)


def test_a_store_that_collected_its_generation_is_refused(
    state: State, blob: Blob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """17 generations on, or more, while an epoch's copy was made; the same state is fine once the epoch has ended."""
    monkeypatch.setattr(copying, "PAUSE", 0.001)
    state.advance()
    store = KeyGroupStore.open(state.path, "profile", 1, state.tokens[1], state.stamp.cluster_id, 1)
    for number in range(40):
        store.commit({b"k": b"%d" % number})
    with pytest.raises(GenerationGoneError, match="profile/00001: expected generation 4, which Bytewax resumes from"):
        backup(blob, state.path, state.contents)
    assert manifest.ids(blob) == []
    state.snapshot("profile", "00001", store.token.encode())
    state.finish()
    assert back_up(blob, state).moved_on == 0
    store.close()


def test_an_epoch_that_ends_while_partitions_are_copied_is_seen(
    state: State, blob: Blob, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first partition is copied before the epoch's snapshots come, the one with the workers' progress after."""
    monkeypatch.setattr(copying, "PAUSE", 0.001)
    original = copying._copy_database
    ends = 2

    def copy(source: Path, target: Path) -> None:
        nonlocal ends
        original(source, target)
        if source.name == "part-0.sqlite3" and ends:
            ends -= 1
            state.advance()

    monkeypatch.setattr(copying, "_copy_database", copy)
    report = back_up(blob, state)
    assert (ends, report.epoch) == (0, state.epoch)
    put_back(blob, report.backup, tmp_path / "target")
    assert users(tmp_path / "target", state.tokens) == users(state.path, state.tokens)
    ends = 1000
    with pytest.raises(PartitionsError, match=r"expected to resume at epoch \d+; found epoch \d+, after the copy"):
        backup(blob, state.path, state.contents)


def test_a_run_that_starts_meanwhile_is_seen(
    state: State, blob: Blob, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It counts up the partitions and the stamp, which must stay together."""
    monkeypatch.setattr(copying, "PAUSE", 0.001)
    original = live_store.copy_proved
    starts = 1

    def copy(*arguments: object) -> int:
        nonlocal starts
        if starts:
            starts -= 1
            stamp.begin_run(state.path)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(copying, "copy_proved", copy)
    report = back_up(blob, state)
    put_back(blob, report.backup, tmp_path / "target")
    assert stamp.read(tmp_path / "target").run == 1
    stamp.begin_run(tmp_path / "target")


def test_a_damaged_or_foreign_store_is_refused(state: State, blob: Blob, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PAUSE", 0.001)
    path = state.path / "profile" / "00002"
    path.rename(state.path / "kept")
    with pytest.raises(StoreMissingError, match="profile/00002: expected a store"):
        backup(blob, state.path, state.contents)
    shutil.copytree(state.path / "profile" / "00001", path)
    with pytest.raises(StateError, match="key group 2"):
        backup(blob, state.path, state.contents)
    shutil.rmtree(path)
    (state.path / "kept").rename(path)
    other = KeyGroupStore.open(state.path, "profile", 2, None, state.stamp.cluster_id, 1)
    for _ in range(3):
        other.commit({b"other": b"course"})
    other.close()
    with pytest.raises(DivergedStoreError, match="profile/00002: expected checksum"):
        backup(blob, state.path, state.contents)
    (path / "CURRENT").write_text("MANIFEST-999999\n")
    with pytest.raises(StateError, match="profile/00002"):
        backup(blob, state.path, state.contents)
    assert manifest.ids(blob) == []


def test_a_lane_shorter_than_its_snapshot_is_refused(state: State, blob: Blob) -> None:
    os.truncate(state.lane, 3)
    with pytest.raises(StateError, match=f"{state.lane}: expected the .* bytes that step lanes had written; found 3"):
        backup(blob, state.path, state.contents)


def test_pruning_keeps_what_kept_backups_name_and_what_is_new(state: State, blob: Blob, tmp_path: Path) -> None:
    reports = []
    for _ in range(4):
        reports.append(back_up(blob, state))
        state.advance(size=4000)
    blob.put("objects/ab/" + "ab" * 32, b"left by a crash")
    before = {entry.name for entry in blob.entries("objects/")}
    young = manifest.prune(blob, 2, now())
    assert (young.backups, young.objects) == (2, 0)
    assert manifest.ids(blob) == [report.backup for report in reports[2:]]
    old = manifest.prune(blob, 2, now() + timedelta(days=2))
    left = {entry.name for entry in blob.entries("objects/")}
    named = {chunk.object for report in reports[2:] for chunk in manifest.read(blob, report.backup).chunks()}
    assert left == named
    assert (old.backups, old.objects) == (0, len(before - named))
    for number, report in enumerate(reports[2:]):
        put_back(blob, report.backup, tmp_path / f"r{number}")


def test_objects_that_a_prune_may_be_about_to_delete_are_uploaded_again(
    state: State, blob: Blob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is used that the newest backup doesn't name, unless it is young; one lost all the same is noticed."""
    first = back_up(blob, state)
    (Path(blob.url) / "backups" / f"{first.backup}.json").unlink()
    assert back_up(blob, state).new_objects == 0
    (manifested,) = manifest.ids(blob)
    (Path(blob.url) / "backups" / f"{manifested}.json").unlink()
    later, _ = backup(blob, state.path, state.contents, clock=lambda: now() + timedelta(hours=13))
    assert later.new_objects == first.new_objects
    victim = manifest.read(blob, later.backup).files[0].chunks[0]
    original = manifest.missing

    def pruned_before(*arguments: object) -> object:
        blob.delete([victim.object])
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(manifest, "missing", pruned_before)
    with pytest.raises(BackupError, match=f"{victim.object}: expected an object of {victim.size} bytes; found none"):
        back_up(blob, state)
    assert manifest.ids(blob) == [later.backup]


def test_ids_rise_whatever_the_clock_says(state: State, blob: Blob) -> None:
    first = back_up(blob, state)
    state.advance()
    second, _ = backup(blob, state.path, state.contents, clock=lambda: now() - timedelta(days=400))
    assert manifest.ids(blob) == [first.backup, second.backup]
    assert manifest.resolve(blob, "latest") == second.backup


def test_storage_that_fails_leaves_no_backup(state: State, blob: Blob, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Blob, name: str, data: bytes) -> None:
        msg = f"{name}: no space left"
        raise BlobError(msg)

    monkeypatch.setattr(Blob, "put", full)
    with pytest.raises(BlobError, match="no space left"):
        backup(blob, state.path, state.contents)
    assert manifest.ids(blob) == []
    assert not (state.path / STAGE).exists()
