"""Stored documents: those of old releases load for ever, a changed schema is migrated, newer ones are refused.

`golden/<kind>.v<version>.bin` are documents as a release wrote them; `<kind>.v<version>-2.bin` follows where a field
with a default was added at the end, which needs no new version. They are never changed. After a change of the stored
form, `python tests/stateful/test_migrations.py` writes the ones that are missing; see docs/state.md.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

import detections
from activities.activity import Activity, Category, Device, Location, Object, Outcome, User
from activities.batch import key_group_of
from flows import state_rewrite
from flows.detect import FLOW, SCHEMA, STEPS
from flows.sources.intake import key_of
from flows.sources.notices import notices_of
from flows.state_documents import ENTITY, META, Documents, user_prefix
from flows.state_reader import StateReader
from flows.state_rewrite import Old, migrate, plan
from flows.state_verify import verify
from recovery import stamp
from recovery.codec import Codec
from recovery.errors import NewerSchemaError
from recovery.store import KeyGroupStore
from stateful.agenda import NOTES_CODEC, Agenda, Notes, row_of
from stateful.correlation import documents as correlation
from stateful.correlation.keys import SCOPE, spray_key, tenant_key, thread_key, value_key
from stateful.correlation.policy import Policy
from stateful.correlation.round import Round
from stateful.ended import Ended
from stateful.finding import Finding, FindingRevision, Insight, InsightRevision, Novelty
from stateful.key_group import META_CODEC, KeyGroupState, Memory, Meta
from stateful.models import DAY, Burst, Tally, Values
from stateful.profile import Profile, ProfileFold, prefer
from stateful.user import User as UserEntity
from stateful.user import user_storage
from windowing.timeline import Revision
from windowing.watermark import HOUR

GOLDEN = Path(__file__).parent / "golden"
NAME = re.compile(r"(?P<kind>[a-z]+)\.v(?P<version>\d+)(-(?P<addition>\d+))?\.bin")
START = 1_767_600_000_000 // DAY * DAY
USERS = user_storage(ProfileFold(detections.load().values(), {}), Memory(0))
CORRELATION = correlation.storage(Memory(0))
TENANT, ADA = "example", "ada@example.com"
FOUND = "first_country"
KEYS = {
    "user": ("profile", user_prefix(TENANT) + ADA.encode()),
    "profile": ("profile", user_prefix(TENANT) + ADA.encode()),
    "thread": ("correlate", ENTITY + thread_key(TENANT, ADA)),
    "value": ("correlate", ENTITY + value_key(TENANT, "countries", "BR")),
    "spray": ("correlate", ENTITY + spray_key(TENANT, "address", "198.51.100.9")),
    "tenant": ("correlate", ENTITY + tenant_key(TENANT)),
    "meta": ("profile", META),
    "notes": ("profile", row_of(b"", START // HOUR, 7)),
}


# What the documents are made of.


def history(user: str) -> Iterator[Activity]:
    """Ten days at work; on the tenth a logon from abroad, after failed ones, and downloads."""

    def activity(at: int, action: str, category: Category, **more: Any) -> Activity:
        fields: dict[str, Any] = {"location": Location("DE", "Berlin"), "ip": "192.0.2.10"} | more
        name = hashlib.blake2b(f"{user} {at} {action}".encode(), digest_size=16).hexdigest()
        person = User(user, user.partition("@")[0].title(), user)
        device = Device("LAPTOP-7", "Windows 11", "Mozilla/5.0 (Windows NT 10.0)")
        return Activity(
            TENANT, name, START + at, START + at + 60_000, person, action, category, device=device, **fields
        )

    for day in range(10):
        morning = day * DAY + 9 * HOUR + day * 60_000
        yield activity(morning, "UserLoggedIn", Category.LOGON, app="AzureActiveDirectory")
        for n in range(3):
            name = f"/plans/{day}-{n}.xlsx"
            objects = (Object("file", name, 1000 * n),)
            at = morning + (n + 1) * HOUR
            yield activity(at, "FileDownloaded", Category.DOWNLOAD, app="SharePoint", objects=objects)
    abroad: dict[str, Any] = {"location": Location("BR", "Recife"), "ip": "198.51.100.9", "app": "AzureActiveDirectory"}
    evening = 9 * DAY + 20 * HOUR
    for n in range(4):
        at = evening + n * 1000
        yield activity(at, "UserLoginFailed", Category.FAILED_LOGON, outcome=Outcome.FAILURE, error="50126", **abroad)
    yield activity(evening + 60_000, "UserLoggedIn", Category.LOGON, **abroad)


def user_of(user: str) -> tuple[UserEntity, list[FindingRevision]]:
    """A user of whom the last day is open, and what was said."""
    entity = USERS.load(None)
    said: list[Revision[Any]] = []
    admin = User("admin@example.com")
    end = Activity(
        TENANT, "end", START + 8 * DAY, START, admin, "Disable account.", Category.MODIFY_USER,
        objects=(Object("user", user),),
    )  # fmt: skip
    for activity in (*history(user), *notices_of(end)):
        entity.timeline.insert(activity, prefer)
    said += entity.timeline.evaluate()
    said += entity.timeline.seal(START + 9 * DAY)
    findings = [r for r in said if isinstance(r.statement, Finding)]
    return entity, [FindingRevision(r.statement, r.revision, r.change, r.final, r.because) for r in findings]


def correlated(folder: Path, revisions: list[FindingRevision], user: str) -> dict[bytes, bytes]:
    """Documents of correlation after these findings, one that rests on a novelty, and some insights."""
    store = KeyGroupStore.open(folder, "correlate", 0, None, "golden", max(SCHEMA.values()))
    state = KeyGroupState(CORRELATION, store)
    taking = Round(state, Policy(detections.load(), budget=1000.0), START + 8 * DAY)
    for revision in revisions:
        if revision.finding.detection == FOUND:
            new = msgspec.structs.replace(revision.finding, novelties=(Novelty("countries", "BR"),))
            taking.take_finding(msgspec.structs.replace(revision, finding=new))
    at = START + 8 * DAY
    for n, (kind, feature, value, note) in enumerate(
        (
            ("first", "users", "", ""),
            ("first", "countries", "BR", ""),
            ("failed", "addresses", "198.51.100.9", ""),
            ("entered", "addresses", "198.51.100.9", ""),
            ("verdict", "alert", "benign", f"0123 {FOUND}"),
        )
    ):
        said = Insight(f"i{n}", kind, feature, value, at + n, f"a{n}", at + n, "Sales", note)
        taking.take_insight(InsightRevision(TENANT, user, said, "create", final=True))
    taking.evaluate()
    state.flush()
    found = {key: data for key, data in store.scan() if key.startswith(ENTITY)}
    store.close()
    return found


def made(folder: Path) -> dict[str, bytes]:
    """A document of each kind, as the present code writes it."""
    user, revisions = user_of(ADA)
    document = USERS.dump(user)
    assert document
    kinds = correlated(folder, revisions, ADA)
    meta = Meta({"logs/cloudtrail": START + 9 * DAY}, START + 9 * DAY, {"out": 47, "duplicate": 2}, START + 10 * DAY)
    base = Documents().user.decode(document).base
    notes = NOTES_CODEC.encode(Notes([f"{TENANT}\0{ADA}".encode(), f"{TENANT}\0eve".encode()]))
    whole = {"user": document, "profile": base, "meta": META_CODEC.encode(meta), "notes": notes}
    return whole | {kind: kinds[KEYS[kind][1]] for kind in ("thread", "value", "spray", "tenant")}


# Golden files.


def golden() -> list[tuple[str, int, int, bytes]]:
    """Kind, version, addition, document; sorted."""
    found = []
    for path in GOLDEN.glob("*"):
        name = NAME.fullmatch(path.name)
        assert name, f"{path}: expected a name such as user.v1.bin"
        found.append((name["kind"], int(name["version"]), int(name["addition"] or 1), path.read_bytes()))
    return sorted(found)


def renewed(kind: str, data: bytes) -> bytes:
    """As the present code writes it; a profile by itself, as it is in a user's base."""
    if kind == "profile":
        profile = Documents().profile
        return profile.encode(profile.decode(data))
    return Documents().renewed(*KEYS[kind], data)


@pytest.mark.parametrize(("kind", "version", "addition", "data"), golden())
def test_documents_of_all_releases_load_and_mean_the_same(kind: str, version: int, addition: int, data: bytes) -> None:
    documents = Documents()
    assert int.from_bytes(data[:2], "big") == version
    current = renewed(kind, data)
    assert int.from_bytes(current[:2], "big") == documents.current()[kind]
    assert renewed(kind, current) == current
    if kind == "meta":
        meta = documents.meta.decode(current)
        assert (meta.sealed, meta.counts["out"]) == (START + 9 * DAY, 47)
        assert meta.watermarks == {"logs/cloudtrail": START + 9 * DAY}
    elif kind == "notes":
        assert documents.notes.decode(current).keys == [f"{TENANT}\0{ADA}".encode(), f"{TENANT}\0eve".encode()]
    elif kind == "profile":
        check_profile(documents.profile.decode(current), ended=addition >= 4)  # noqa: PLR2004
    elif kind == "user":
        check_profile(documents.profile.decode(documents.user.decode(current).base), ended=addition >= 5)  # noqa: PLR2004
        entity = USERS.load(data)
        log = entity.timeline.open.log
        assert [activity.action for activity in log[-5:]] == ["UserLoginFailed"] * 4 + ["UserLoggedIn"]
        assert (len(log), log[-1].location.city, log[-1].user.id) == (9, "Recife", ADA)
        said = [emitted.statement for emitted in entity.timeline.open.emitted.values()]
        assert FOUND in [statement.detection for statement in said if isinstance(statement, Finding)]
    elif kind == "value":
        value = documents.value.decode(current).value
        assert [shown.time for shown in value.earliest] == [START + 8 * DAY + 1]
        assert [rest.user.id for rest in value.rests.values()] == [ADA]
    elif kind == "spray":
        spray = documents.spray.decode(current).spray
        assert [attempt.user for attempt in (*spray.failed.values(), *spray.entered.values())] == [ADA, ADA]
    elif kind == "tenant":
        tenant = documents.tenant.decode(current).tenant
        assert (tenant.since, tenant.verdicts["0123"].word) == (START + 8 * DAY, "benign")
        assert sum(sum(scores.values()) for scores in tenant.budget.scores.values()) == 1
    else:
        thread = documents.thread.decode(data).thread
        (alert,) = thread.alerts.values()
        assert (alert.detection, alert.user.id, alert.tenant) == (FOUND, ADA, TENANT)
        assert [revision.finding.uid for revision in thread.findings.values()] == [f.uid for f in alert.findings]


def check_profile(profile: Profile, *, ended: bool) -> None:
    """`ended`: the release that wrote it knew that an account can be."""
    assert (profile.since, profile.count) == (START + 9 * HOUR, 36)
    assert profile.values["countries"].seen["DE"].count == 36
    assert profile.tallies["downloads"].windows > 20
    told = START + 8 * DAY + 9 * HOUR + 480_000
    expected = Ended(START + 8 * DAY, "admin@example.com", "Disable account.", told=told)
    assert profile.ended == (expected if ended else None)


def test_the_newest_golden_files_are_what_is_written_now(tmp_path: Path) -> None:
    """If this fails, the stored form has changed: follow "Changing the schema" in docs/state.md."""
    newest = {kind: (version, data) for kind, version, _, data in golden()}
    assert newest.keys() == made(tmp_path).keys()
    for kind, (version, data) in newest.items():
        assert version == Documents().current()[kind], f"{kind}: no golden file of the present version"
        assert renewed(kind, data) == data, f"{kind}: written otherwise now"
    entity = USERS.load(newest["user"][1])
    assert USERS.dump(entity) == newest["user"][1]
    for kind in ("thread", "value", "spray", "tenant"):
        data = newest[kind][1]
        assert CORRELATION.dump(CORRELATION.loaded(KEYS[kind][1][1:], data)) == data


def test_there_is_a_golden_file_of_every_version_that_can_be_read() -> None:
    documents = Documents()
    for kind, current in documents.current().items():
        versions = {version for of, version, _, _ in golden() if of == kind}
        assert versions == set(range(getattr(documents, kind).oldest, current + 1)), kind


# A change of schema, from beginning to end: the values of version 1 are split into places and habits.


class ProfileV2(msgspec.Struct, array_like=True):
    since: int = -1
    last: int = -1
    count: int = 0
    places: dict[str, Values] = {}
    habits: dict[str, Values] = {}
    tallies: dict[str, Tally] = {}
    bursts: dict[str, Burst] = {}


PLACES = ("addresses", "countries")


def split(profile: list[Any]) -> list[Any]:
    """A profile of version 1 as one of version 2. Plain builtins: it must not depend on the structs of today."""
    # What was appended since, with defaults, is left out: this change is made as if right after the first release.
    since, last, count, values, tallies, bursts = profile[:6]
    places = {name: known for name, known in values.items() if name in PLACES}
    habits = {name: known for name, known in values.items() if name not in PLACES}
    return [since, last, count, places, habits, tallies, bursts]


V1, V2 = Documents(), Documents(profile=Codec(ProfileV2, 2, {1: split}))
SCHEMA_V1, SCHEMA_V2 = max(SCHEMA.values()), max(SCHEMA.values()) + 1

NAMES = [f"user{n}@example.com" for n in range(12)]
GROUPS = 4


def initialise(state: Path) -> None:
    """A state as a run leaves it, of twelve users, in version 1."""
    stamped = stamp.ensure(state, FLOW, STEPS, GROUPS, SCHEMA, 2)
    changes: dict[tuple[str, int], dict[bytes, bytes | None]] = {}
    for name in NAMES:
        user, revisions = user_of(name)
        home = key_group_of(TENANT, name, GROUPS)
        key = user_prefix(TENANT) + name.encode()
        changes.setdefault(("profile", home), {META: META_CODEC.encode(Meta())})[key] = USERS.dump(user)
        tenants = changes.setdefault(("correlate", key_group_of(TENANT, "", GROUPS)), {META: META_CODEC.encode(Meta())})
        thread = ENTITY + thread_key(TENANT, name)
        tenants[thread] = correlated(state / "apart" / name, revisions, name)[thread]
    parts = sorted((state / stamp.RECOVERY).glob("*.sqlite3"))
    for (step, group), documents in changes.items():
        store = KeyGroupStore.open(state, step, group, None, stamped.cluster_id, SCHEMA_V1)
        agenda = Agenda(store)
        for key in documents.keys() - {META}:
            agenda.note(SCOPE if step == "correlate" else b"", START // HOUR, key[1:])
        token = store.commit(documents | agenda.flush())
        store.close()
        with closing(sqlite3.connect(parts[group % 2])) as database, database:
            database.execute(
                "INSERT INTO snaps (step_id, state_key, snap_epoch, ser_change) VALUES (?, ?, 1, ?)",
                (f"{FLOW}.{step}", key_of(group), pickle.dumps(token.encode())),
            )
    with closing(sqlite3.connect(parts[0])) as database, database:
        database.execute("INSERT INTO exs (ex_num, worker_count, resume_epoch) VALUES (0, 1, 1)")
        database.execute("INSERT INTO fronts (ex_num, worker_index, worker_frontier) VALUES (0, 0, 2)")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    initialise(tmp_path / "state")
    return tmp_path / "state"


def contents(state: Path, documents: Documents, schema: int) -> dict[tuple[str, bytes], bytes]:
    """All documents, as version 1 of `documents` or the present one would be migrated to `V2`."""
    reader = StateReader(state, schema)
    found = {}
    for step in ("profile", "correlate"):
        for group in reader.groups(step):
            with reader.open(step, group) as store:
                for key, data in store.scan():
                    found[step, key] = documents.renewed(step, key, data)
    return found


def files(state: Path) -> dict[str, bytes]:
    """All that is not a passing file of SQLite's."""
    return {
        str(path): path.read_bytes()
        for path in state.rglob("*")
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


@pytest.mark.parametrize("data", [data for kind, version, _, data in golden() if (kind, version) == ("profile", 1)])
def test_a_profile_of_version_1_is_read_as_version_2(data: bytes) -> None:
    profile = V2.profile.decode(data)
    assert isinstance(profile, ProfileV2)
    assert set(profile.places) == {"addresses", "countries"}
    assert profile.places["countries"].seen["DE"].count == 36
    assert "operations" in profile.habits
    assert "downloads" in profile.tallies


def test_a_dry_run_says_what_would_change_and_changes_nothing(state: Path) -> None:
    before = files(state)
    planned = plan(StateReader(state, SCHEMA_V2), V2)
    assert (planned.documents, planned.stale) == (2 * len(NAMES) + 2 * (GROUPS + 1), len(NAMES))
    assert planned.old == [Old("profile", 1, 2, len(NAMES))]
    lines = planned.example.splitlines()
    assert lines[0].startswith("--- profile example user")
    assert '-   "version": 1,' in lines
    assert '+   "version": 2,' in lines
    assert plan(StateReader(state, SCHEMA_V1), V1).stale == 0
    assert files(state) == before


def test_migrating_rewrites_what_is_old_and_nothing_else(state: Path) -> None:
    expected, generations = contents(state, V2, SCHEMA_V2), tokens(state)
    assert migrate(state, V2, SCHEMA_V2) == len(NAMES)
    assert contents(state, V2, SCHEMA_V2) == expected
    assert plan(StateReader(state, SCHEMA_V2), V2).stale == 0
    assert verify(StateReader(state, SCHEMA_V2), V2).problem_count == 0
    homes = {key_group_of(TENANT, name, GROUPS) for name in NAMES}
    for step, group in generations:
        moved = tokens(state)[step, group] - generations[step, group]
        assert moved == (step == "profile" and group in homes)
    assert migrate(state, V2, SCHEMA_V2) == 0


def tokens(state: Path) -> dict[tuple[str, int], int]:
    reader = StateReader(state, SCHEMA_V2)
    return {
        (step, group): token.generation
        for step in ("profile", "correlate")
        for group, token in reader.committed.tokens(step).items()
    }


def test_older_code_refuses_a_migrated_state(state: Path) -> None:
    migrate(state, V2, SCHEMA_V2)
    reader = StateReader(state, SCHEMA_V1)
    with pytest.raises(
        NewerSchemaError,
        match=rf"profile/\d{{5}}: expected documents of schema up to {SCHEMA_V1}; found schema {SCHEMA_V2}",
    ):
        contents(state, V1, SCHEMA_V1)
    assert all(f"found schema {SCHEMA_V2}" in problem for problem in verify(reader, V1).problems)
    migrated = contents(state, V2, SCHEMA_V2)
    key = user_prefix(TENANT) + NAMES[0].encode()
    with pytest.raises(NewerSchemaError, match="Profile document: expected a schema version up to 1; found version 2"):
        V1.versions("profile", key, migrated["profile", key])
    stamp.ensure(state, FLOW, STEPS, GROUPS, SCHEMA | {"profile": 2}, 2)
    with pytest.raises(NewerSchemaError, match=r"stamp\.json: expected schema 1 of profile; found 2"):
        stamp.ensure(state, FLOW, STEPS, GROUPS, SCHEMA, 2)


def test_killed_at_any_point_a_migration_leaves_a_whole_state_and_goes_on(state: Path) -> None:
    """Each document in a generation of its own, so that there is much to be killed between."""
    expected = contents(state, V2, SCHEMA_V2)
    chance = random.Random(1)
    server = subprocess.Popen(
        [sys.executable, __file__, "migrate", str(state)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin
    assert server.stdout
    kills, stale = 0, {len(NAMES)}
    while True:
        server.stdin.write(f"{chance.randrange(1, 6)}\n")
        server.stdin.flush()
        if server.stdout.readline() == "0\n":
            break
        kills += 1
        if kills % 4 == 0:
            stale.add(plan(StateReader(state, SCHEMA_V2), V2).stale)
            assert contents(state, V2, SCHEMA_V2) == expected
    server.stdin.close()
    assert server.wait(10) == 0
    assert kills >= 3
    assert stale - {0, len(NAMES)}, "never killed in the middle"
    assert contents(state, V2, SCHEMA_V2) == expected
    assert plan(StateReader(state, SCHEMA_V2), V2).stale == 0
    assert verify(StateReader(state, SCHEMA_V2), V2).problems == []


def serve(state: Path) -> None:
    """Migrate in a child whenever asked, killed before or after so many writes; say how it ended."""
    state_rewrite.CHUNK = 1
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            dying = Dying(int(line))
            KeyGroupStore.commit = dying.around(KeyGroupStore.commit)  # type: ignore[method-assign]
            state_rewrite.amend = dying.around(state_rewrite.amend)  # type: ignore[attr-defined]
            migrate(state, V2, SCHEMA_V2)
            os._exit(0)
        print(os.waitpid(child, 0)[1], flush=True)


class Dying:
    """Kills its own process at a moment that is counted, not timed."""

    def __init__(self, moments: int) -> None:
        self.left = moments

    def around(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*arguments: Any, **more: Any) -> Any:
            self._pass()
            result = write(*arguments, **more)
            self._pass()
            return result

        return dying

    def _pass(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def write_golden() -> None:
    GOLDEN.mkdir(exist_ok=True)
    known = golden()
    with tempfile.TemporaryDirectory() as folder:
        new = made(Path(folder))
    for kind, data in new.items():
        version = Documents().current()[kind]
        same = [(addition, old) for of, number, addition, old in known if (of, number) == (kind, version)]
        if not same or renewed(kind, same[-1][1]) != same[-1][1]:
            name = f"{kind}.v{version}{f'-{same[-1][0] + 1}' if same else ''}.bin"
            (GOLDEN / name).write_bytes(data)
            print(f"wrote {GOLDEN / name}, {len(data):,} bytes")


if __name__ == "__main__":
    if sys.argv[1:2] == ["migrate"]:
        serve(Path(sys.argv[2]))
    else:
        write_golden()
