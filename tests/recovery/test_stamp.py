from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recovery import stamp
from recovery.errors import LockedError, NewerSchemaError, PartitionsError, StampError, StateError

STEPS = ("read", "profile")


def ensure(state: Path, **changes: object) -> stamp.Stamp:
    arguments: dict[str, object] = {
        "flow": "f",
        "steps": STEPS,
        "key_groups": 8,
        "schema": {"user": 2},
        "partitions": 3,
    }
    return stamp.ensure(state, **arguments | changes)  # type: ignore[arg-type]


def test_first_use_initialises_and_later_uses_agree(tmp_path: Path) -> None:
    first = ensure(tmp_path / "state")
    assert ensure(tmp_path / "state") == first == stamp.read(tmp_path / "state")
    assert len({ensure(tmp_path / f"s{n}").cluster_id for n in range(5)}) == 5
    assert sorted(path.name for path in (tmp_path / "state" / "recovery").glob("*.sqlite3")) == [
        f"part-{n}.sqlite3" for n in range(3)
    ]


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"flow": "g"}, StampError, "expected flow g; found flow f"),
        ({"steps": ("read", "profiles")}, StampError, "expected steps read, profiles; found steps read, profile"),
        ({"steps": ("read",)}, StampError, "expected steps read;"),
        ({"key_groups": 16}, StampError, "expected 16 key groups; found 8"),
        ({"schema": {"user": 1}}, NewerSchemaError, "expected schema 1 of user; found 2"),
        ({"schema": {}}, NewerSchemaError, "expected schema 0 of user; found 2"),
    ],
)
def test_another_flow_is_refused_with_file_expected_and_found(
    tmp_path: Path, changes: dict[str, object], kind: type[StateError], message: str
) -> None:
    before = ensure(tmp_path)
    with pytest.raises(kind, match="stamp.json") as refusal:
        ensure(tmp_path, **changes)
    assert message in str(refusal.value)
    assert refusal.value.remedy
    assert stamp.read(tmp_path) == before


def test_a_step_may_be_added_and_older_code_then_refuses(tmp_path: Path) -> None:
    before = ensure(tmp_path)
    after = ensure(tmp_path, steps=("read", "profile", "notify"))
    assert (after.steps, after.cluster_id) == (("read", "profile", "notify"), before.cluster_id)
    with pytest.raises(StampError, match="expected steps read, profile; found steps read, profile, notify"):
        ensure(tmp_path)


def test_a_newer_schema_of_ours_is_noted_so_that_older_code_refuses(tmp_path: Path) -> None:
    ensure(tmp_path)
    assert ensure(tmp_path, schema={"user": 3, "thread": 1}).schema == {"user": 3, "thread": 1}
    with pytest.raises(NewerSchemaError):
        ensure(tmp_path)


def test_damage_is_refused(tmp_path: Path) -> None:
    ensure(tmp_path)
    path = tmp_path / "stamp.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:40])
    with pytest.raises(StampError, match=r"stamp\.json: expected a stamp"):
        ensure(tmp_path)
    path.write_text(json.dumps(json.loads(whole) | {"format": 99}))
    with pytest.raises(NewerSchemaError, match="format 99"):
        ensure(tmp_path)
    path.unlink()
    (tmp_path / "profile" / "00001").mkdir(parents=True)
    with pytest.raises(StampError, match="expected a stamp beside the state"):
        ensure(tmp_path)


def test_recovery_partitions_must_be_those_that_were_made(tmp_path: Path) -> None:
    ensure(tmp_path)
    part = tmp_path / "recovery" / "part-1.sqlite3"
    whole = part.read_bytes()
    part.unlink()
    with pytest.raises(
        PartitionsError, match=r"part-1\.sqlite3: expected recovery partition 1 of 3; found no such file"
    ):
        ensure(tmp_path)
    part.write_bytes(whole[:100])
    with pytest.raises(PartitionsError, match=r"part-1\.sqlite3"):
        ensure(tmp_path)
    part.write_bytes((tmp_path / "recovery" / "part-0.sqlite3").read_bytes())
    with pytest.raises(PartitionsError, match="found 0 of 3"):
        ensure(tmp_path)
    part.write_bytes(whole)
    (tmp_path / "recovery" / "part-3.sqlite3").write_bytes(whole)
    with pytest.raises(PartitionsError, match="expected 3 recovery partitions; found 4"):
        ensure(tmp_path)


@pytest.mark.parametrize("left", ["nothing", "fresh", "partitions"])
def test_a_crash_while_initialising_is_got_over(tmp_path: Path, left: str) -> None:
    """Left behind: nothing but the directory; half-made partitions; whole partitions without a stamp."""
    ensure(tmp_path / "other")
    if left == "fresh":
        (tmp_path / "state" / ".recovery.new").mkdir(parents=True)
        (tmp_path / "state" / ".recovery.new" / "part-0.sqlite3").write_bytes(b"half")
    elif left == "partitions":
        (tmp_path / "state").mkdir()
        (tmp_path / "other" / "recovery").rename(tmp_path / "state" / "recovery")
    ensure(tmp_path / "state")
    ensure(tmp_path / "state")


def test_one_run_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamp, "PATIENCE", 0.2)
    script = f"from pathlib import Path; from recovery import stamp; held = stamp.lock(Path({str(tmp_path)!r})); "
    script += "held.__enter__(); "
    child = subprocess.Popen(
        [sys.executable, "-c", script + "print('held', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.readline()
    with pytest.raises(LockedError, match=f"in use by process {child.pid}"), stamp.lock(tmp_path):
        pass
    child.kill()
    child.wait()
    with stamp.lock(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())
