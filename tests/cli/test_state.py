"""`anput state` on states that real runs made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from activities.batch import key_group_of
from flows import state_rewrite
from flows.cli import app
from flows.detect import SCHEMA
from flows.state_documents import META, user_prefix
from flows.state_reader import StateReader
from recovery import rocks, stamp
from recovery.committed import amend, committed
from recovery.layout import RECENT, generation_key, store_path
from recovery.store import KeyGroupStore
from stateful.key_group import META_CODEC, Meta

ROOT = Path(__file__).parents[2]
DAY, HOUR = 86_400_000, 3_600_000
START = 1_767_600_000_000 // DAY * DAY
GROUPS = 8
PEOPLE = [f"person-{n}@example.com" for n in range(12)]
EVE = "eve-4711@example.com"
LAST = 10
"""Days of the first run."""


def record(user: str, at: int, action: str, country: str = "DE", **more: Any) -> dict[str, Any]:
    name = f"{user} {at} {action}"
    place = {"location": {"country": country}, "device": {"user_agent": f"Browser/{len(user)}"}, "ip": "192.0.2.1"}
    return {"tenant": "acme", "id": name, "time": START + at, "user": user, "action": action, **place, **more}


def day(number: int) -> list[dict[str, Any]]:
    """A day at work, of all; on the last but one, Eve logs on from abroad."""
    found = []
    for n, user in enumerate([*PEOPLE, EVE]):
        morning = number * DAY + 8 * HOUR + n * 60_000
        found.append(record(user, morning, "UserLoggedIn"))
        found += [
            record(user, morning + k * HOUR, "FileDownloaded", objects=[{"type": "file", "name": f"{number}-{k}"}])
            for k in range(1, 5)
        ]
    if number == LAST - 1:
        found.append(record(EVE, number * DAY + 20 * HOUR, "UserLoggedIn", "BR"))
        found.append(record(EVE, number * DAY + 20 * HOUR + 1, "FileDownloaded", "BR"))
    return sorted(found, key=lambda entry: entry["time"])


def write(path: Path, days: range) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps(entry) + "\n" for number in days for entry in day(number))


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANPUT_")}
    # Findings of low risk are alerts, too: there is more to look at.
    own = {"ANPUT_STATE": "state", "ANPUT_KEY_GROUPS": str(GROUPS), "ANPUT_MIN_ALERT_RISK": "0"}
    return {**kept, "PYTHONPATH": str(ROOT), **own}


def command(*more: str) -> list[str]:
    """To be run where the state is: an input's name is part of it."""
    program = [sys.executable, "-c", "from flows.cli import app; app()", "run", "--quiet", "--input", "log.jsonl"]
    return [*program, "--alerts", "alerts.db", "--no-seal-at-end", "--snapshot-interval", "1", *more]


def run(work: Path) -> None:
    done = subprocess.run(command(), cwd=work, env=environment(), capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over ten days; of the last one, everything is open."""
    work = tmp_path_factory.mktemp("made")
    write(work / "log.jsonl", range(LAST))
    run(work)
    return work


@pytest.fixture
def work(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of its state; the commands find it by the environment."""
    monkeypatch.setenv("ANPUT_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("ANPUT_KEY_GROUPS", raising=False)
    monkeypatch.setattr(stamp, "PATIENCE", 0.2)
    monkeypatch.chdir(tmp_path)
    for name in ("state", "log.jsonl", "alerts.db"):
        source = made / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, tmp_path / name)
    return tmp_path


def state(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["state", *arguments])
    assert result.exit_code == code, (result.output, result.stderr, result.exception)
    return result


def state_json(*arguments: str, code: int = 0) -> Any:
    return json.loads(state(*arguments, "--json", code=code).stdout)


def files(directory: Path) -> dict[str, bytes]:
    """All that is not a passing file of SQLite's."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


def test_init_makes_a_state_that_a_run_uses_and_checks_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = state("init", "--state", "new", "--key-groups", "16", "--recovery-partitions", "3").stdout
    assert "new, initialised" in made
    known = stamp.read(tmp_path / "new")
    assert (known.key_groups, known.partitions) == (16, 3)
    assert "new, as it was" in state("init", "--state", "new", "--key-groups", "16").stdout
    refused = state("init", "--state", "new", code=3).stderr
    assert "stamp.json: expected 128 key groups; found 16" in refused
    assert stamp.read(tmp_path / "new") == known
    assert "setting key_groups: expected 1 to 65536" in state("init", "--key-groups", "0", code=2).stderr
    assert "next run             from epoch 1" in made


def test_commands_need_a_state(tmp_path: Path) -> None:
    for name, *arguments in (["show", "t", "u"], ["verify"], ["stats"], ["migrate"], ["migrate", "--dry-run"]):
        assert "expected a stamp; found none" in state(name, *arguments, "--state", str(tmp_path), code=3).stderr
    assert "expected a stamp" in state("forget", "t", "u", "--state", str(tmp_path), code=3).stderr
    assert not list(tmp_path.iterdir())


def test_show_has_baseline_open_activities_and_findings(work: Path) -> None:
    known = state_json("show", "acme", EVE)
    assert (known["tenant"], known["user"], known["name"]) == ("acme", EVE, EVE)
    morning = START + 8 * HOUR + len(PEOPLE) * 60_000
    end = START + (LAST - 1) * DAY + 20 * HOUR + 1
    profile = known["profile"]
    assert (profile["since"], profile["last"], profile["count"]) == (morning, end, LAST * 5 + 2)
    assert known["sealed_activities"] + known["open_activities"] == profile["count"]
    assert known["sealed_to"] < known["group_sealed_to"] <= known["open_from"] < known["open_to"] == end
    (seen,) = profile["values"]["countries"]["seen"].items()
    assert (seen[0], seen[1]["count"], seen[1]["first"]) == ("DE", LAST * 5, morning)
    held = profile["held"]["countries\0BR"]
    assert (held["since"], held["last"], held["count"]) == (end - 1, end, 2)
    assert ("first_country", False) in {(said["statement"]["detection"], said["closed"]) for said in known["findings"]}
    assert {alert["user"]["id"] for alert in known["alerts"]} == {EVE}
    assert "first_country" in {finding["detection"] for alert in known["alerts"] for finding in alert["findings"]}
    assert known["size"] > 1000 < known["threads_size"]

    shown = state("show", "acme", EVE.upper()).stdout
    for text in (
        EVE,
        "Learning since  2026-01-05 08:12:00, 52 activities",
        "countries",
        "first_country",
        "provisional",
        "Held back",
    ):
        assert text in shown


def test_show_of_an_unknown_user_names_those_alike(work: Path) -> None:
    refused = state("show", "acme", "person_3@example.com", code=2).stderr
    assert "user person_3@example.com: expected one that tenant acme has, such as " in refused
    assert "person-3@example.com" in refused
    assert f"such as {EVE}" in state("show", "acme", "eve", code=2).stderr
    assert "tenant acne: expected one that the state knows, such as acme;" in state("show", "acne", EVE, code=2).stderr


def test_looking_changes_nothing(work: Path) -> None:
    before = files(work)
    state("show", "acme", EVE)
    state("verify")
    state("stats")
    state("migrate", "--dry-run")
    assert files(work) == before


def test_stats_add_up(work: Path) -> None:
    stats = state_json("stats")
    assert (stats["users"], stats["tenants"], stats["threads"]) == (len(PEOPLE) + 1, 1, 1)
    known = [state_json("show", "acme", user) for user in (*PEOPLE[:2], EVE)]
    largest = {user["user"]: user for user in stats["largest"]}
    assert len(largest) == 10
    for user in known:
        if user["user"] in largest:
            assert largest[user["user"]]["size"] == user["size"]
            assert largest[user["user"]]["open_activities"] == user["open_activities"]
    sizes = [user["size"] for user in stats["largest"]]
    assert sizes == sorted(sizes, reverse=True)
    profile = stats["steps"]["profile"]
    assert (
        profile["size_per_group"]["least"] <= profile["size_per_group"]["median"] <= profile["size_per_group"]["most"]
    )
    kinds = {kind: sum(counts.values()) for kind, counts in stats["versions"].items() if kind != "profile"}
    assert kinds["user"] == len(PEOPLE) + 1
    assert kinds["meta"] == sum(step["key_groups"] for step in stats["steps"].values())
    assert sum(kinds.values()) == sum(step["documents"] for step in stats["steps"].values())
    assert stats["versions"]["user"] == {str(SCHEMA["user"]): len(PEOPLE) + 1}
    assert stats["disk"]["profile"] == sum(
        path.stat().st_size for path in (work / "state" / "profile").rglob("*") if path.is_file()
    )
    assert "Largest users" in state("stats").stdout


def test_verify_finds_a_sound_state_sound(work: Path) -> None:
    verdict = state_json("verify")
    assert verdict["problems"] == [] == verdict["unclaimed"]
    assert verdict["documents"]["user"] == len(PEOPLE) + 1 == verdict["documents"]["profile"]
    assert verdict["documents"]["thread"] == 1
    assert verdict["generations"] >= verdict["stores"] > 1
    assert "problems   0" in state("verify").stdout


def change(work: Path, group: int, changes: dict[bytes, bytes | None]) -> None:
    """Commit to a store of `profile` between runs, as `anput state` does."""
    directory = work / "state"
    token = committed(directory).tokens("profile")[group]
    cluster = stamp.read(directory).cluster_id
    store = KeyGroupStore.open(directory, "profile", group, token, cluster, max(SCHEMA.values()))
    amend(directory, "profile", f"{group:05d}", store.commit(changes).encode())
    store.close()


def stored(work: Path, group: int, key: bytes) -> bytes:
    with StateReader(work / "state", max(SCHEMA.values())).open("profile", group) as store:
        data = store.get(key)
    assert data is not None
    return data


def home(user: str) -> int:
    group: int = state_json("show", "acme", user)["key_group"]
    return group


def test_verify_finds_what_is_wrong_with_documents(work: Path) -> None:
    eve, person = user_prefix("acme") + EVE.encode(), user_prefix("acme") + PEOPLE[0].encode()
    group, other = home(EVE), home(PEOPLE[0])
    elsewhere = (key_group_of("acme", "lost", GROUPS) + 1) % GROUPS
    cut = stored(work, group, eve)[:-20]
    change(work, group, {eve: cut, b"x": b"", META: b"\x00\x63"})
    lost = stored(work, other, person)
    change(work, elsewhere, {user_prefix("acme") + b"lost": lost})
    problems = state_json("verify", code=3)["problems"]
    texts = "\n".join(problems)
    assert f"profile/{group:05d}: b'eacme\\x00{EVE}': UserDocument document: expected schema version 1; found" in texts
    assert "b'x': document of step profile: expected a key that says whose it is; found b'x'" in texts
    assert "b'm': Meta document: expected a schema version up to 1; found version 99" in texts
    assert "lost': expected its own activities; found" in texts
    assert "lost': expected in key group" in texts
    assert all("state/profile/" in problem for problem in problems)
    printed = state("verify", code=3)
    assert f"problems   {len(problems)}" in printed.stdout
    assert "UserDocument document" in printed.stderr


def test_verify_finds_what_is_wrong_with_stores(work: Path) -> None:
    profile = work / "state" / "profile"
    gone, damaged, foreign = (home(PEOPLE[n]) for n in distinct(work))
    shutil.rmtree(profile / f"{gone:05d}")
    for table in (profile / f"{damaged:05d}").glob("*.sst"):
        table.write_bytes(b"\0" * table.stat().st_size)
    shutil.rmtree(profile / f"{foreign:05d}")
    shutil.copytree(work / "state" / "correlate" / alerts_of(work), profile / f"{foreign:05d}")
    (profile / "99999").mkdir()
    verdict = state_json("verify", code=3)
    texts = "\n".join(verdict["problems"])
    assert verdict["problem_count"] == 3
    assert f"state/profile/{gone:05d}: expected a store with generation" in texts
    assert f"state/profile/{damaged:05d}: expected intact files" in texts
    assert f"state/profile/{foreign:05d}: expected cluster" in texts
    assert verdict["unclaimed"] == [str(profile / "99999")]
    assert "which Bytewax resumes from" not in texts


def test_verify_finds_content_that_is_not_its_checksums(work: Path) -> None:
    token = committed(work / "state").tokens("profile")[home(EVE)]
    path = store_path(work / "state", "profile", token.key_group)
    database = rocks.open_database(path, create=False)
    row = generation_key(RECENT, token.generation) + META
    assert database.get(row)
    database.put(row, META_CODEC.encode(Meta(sealed=1)))
    database.close()
    (problem,) = state_json("verify", code=3)["problems"]
    assert problem.startswith(f"{path}: expected generation {token.generation} to have the content of its checksum")


def distinct(work: Path) -> list[int]:
    """Three people of different key groups."""
    found: dict[int, int] = {}
    for n, user in enumerate(PEOPLE):
        found.setdefault(home(user), n)
    return list(found.values())[:3]


def alerts_of(work: Path) -> str:
    return next((work / "state" / "correlate").iterdir()).name


def test_verify_finds_a_partition_that_is_missing(work: Path) -> None:
    (work / "state" / "recovery" / "part-2.sqlite3").unlink()
    assert "part-2.sqlite3: expected recovery partition 2 of 4; found no such file" in state("verify", code=3).stderr


def test_a_run_that_goes_on_is_looked_at_and_not_touched(work: Path) -> None:
    """A run on standard input, to which a day more is given, and which then waits for another."""
    before = state_json("show", "acme", PEOPLE[0])
    child = subprocess.Popen(
        command("--input", "-"), cwd=work, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        assert child.stdin
        child.stdin.write(b"".join(json.dumps(entry).encode() + b"\n" for entry in day(LAST)))
        child.stdin.flush()
        deadline = time.monotonic() + 60
        known = before
        while known["profile"]["count"] < before["profile"]["count"] + 5:
            assert time.monotonic() < deadline
            known = state_json("show", "acme", PEOPLE[0])
        assert known["epoch"] > before["epoch"]
        assert state_json("verify")["problems"] == []
        assert state_json("stats")["users"] == len(PEOPLE) + 1
        assert state_json("migrate", "--dry-run")["stale"] == 0
        for arguments in (["init", "--key-groups", str(GROUPS)], ["migrate"], ["forget", "acme", EVE]):
            refused = state(*arguments, code=3).stderr
            assert "state/lock: expected to be alone; found " in refused
            assert f"is in use by process {child.pid}" in refused
        child.stdin.close()
        assert child.wait(60) == 0
    finally:
        child.kill()
        child.wait()


def holding(directory: Path, text: str) -> list[str]:
    """But for the lanes, which `forget` says that it doesn't reach."""
    return [name for name, data in files(directory).items() if text.encode() in data and "lanes/" not in name]


def test_forgetting_leaves_nothing_of_a_user_and_all_of_the_others(work: Path) -> None:
    """And the next run goes on with what was committed between runs, in every key group."""
    places = {name.split("/")[0] for name in holding(work / "state", EVE)}
    assert places == {"profile", "correlate"}
    others = [state_json("show", "acme", user) for user in PEOPLE]
    killed_backup = work / "state" / ".backup"
    killed_backup.mkdir()
    (killed_backup / "table.sst").write_text(EVE)
    said = state("forget", "acme", EVE).stdout
    assert f"Erased user {EVE} of tenant acme: 2 documents" in said
    for place in ("backups", "alert store", "lanes"):
        assert place in said
    assert holding(work / "state", EVE) == []
    assert holding(work, EVE) == ["alerts.db", "log.jsonl"]
    state("show", "acme", EVE, code=2)
    assert state_json("verify")["problems"] == []
    for before, user in zip(others, PEOPLE, strict=True):
        assert {**state_json("show", "acme", user), "generation": 0} == {**before, "generation": 0}
    for group in StateReader(work / "state", max(SCHEMA.values())).groups("profile"):
        change(work, group, {META: stored(work, group, META)})
    # It learns of her as of somebody new.
    write(work / "log.jsonl", range(LAST, LAST + 1))
    run(work)
    known = state_json("show", "acme", EVE)
    assert (known["profile"]["count"], known["profile"]["since"]) == (5, START + LAST * DAY + 8 * HOUR + 12 * 60_000)
    for before, user in zip(others, PEOPLE, strict=True):
        after = state_json("show", "acme", user)
        assert (after["profile"]["count"], after["profile"]["since"]) == ((LAST + 1) * 5, before["profile"]["since"])
        assert after["generation"] > before["generation"] + 1
    assert state_json("verify")["problems"] == []


@pytest.mark.parametrize("at", ["amend", "compact"])
def test_forgetting_that_was_cut_short_is_done_by_doing_it_again(
    work: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    class Crash(BaseException):
        pass

    def crash(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr({"amend": state_rewrite, "compact": rocks}[at], at, crash)
        with pytest.raises(Crash):
            CliRunner().invoke(app, ["state", "forget", "acme", EVE], catch_exceptions=False)
    assert holding(work / "state", EVE)
    assert state_json("verify")["problems"] == []
    if at == "amend":
        assert state_json("show", "acme", EVE)["profile"]["count"] == LAST * 5 + 2
    state("forget", "acme", EVE)
    assert holding(work / "state", EVE) == []
    assert state_json("verify")["problems"] == []
    assert "found none" in state("forget", "acme", EVE, code=2).stderr


def test_migrating_a_current_state_changes_nothing(work: Path) -> None:
    before = files(work / "state" / "profile") | files(work / "state" / "recovery")
    assert "0 of " in state("migrate").stdout
    assert files(work / "state" / "profile") | files(work / "state" / "recovery") == before
