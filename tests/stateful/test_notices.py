"""Notices of ended accounts in their users' timelines: the laws hold, and nothing of the users' own is touched."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

import detections
from activities.activity import Activity, Category, Object, User
from activities.batch import ActivityBatch
from activities.enrich import Enricher
from flows.sources.intake import Intake, PartitionState
from flows.sources.lines import Line
from flows.sources.notices import notices_of
from scenarios.memory import MemoryStore
from stateful.ended import NOTICE
from stateful.finding import Finding
from stateful.key_group import Memory
from stateful.messages import Counts, FindingBatch, LateBatch
from stateful.models import DAY
from stateful.profile import OWN, ProfileFold
from stateful.profile_step import ProfileLogic
from stateful.user import NOTICES_KEPT, Bounds, user_codec, user_storage
from stateful.verdict import VERDICT
from windowing.lateness import Limits
from windowing.watermark import HOUR

START = 1_770_000_000_000 // DAY * DAY
EXPIRE = 60 * HOUR
FOLD = ProfileFold([detections.load()["dormant_account"]], {}, EXPIRE)
USERS = user_storage(FOLD, Memory(1 << 30), Bounds(expire=EXPIRE))
ENRICHER = Enricher()
DISABLE, ENABLE, DELETE, READ = "Disable account", "Enable account", "Delete user", "MailItemsAccessed"
Record = dict[str, Any]


def record(name: str, hours: float, user: str, action: str = READ, target: str = "", late: float = 0) -> Record:
    """A native record of `hours` after the start, that many hours late."""
    time = START + round(hours * HOUR)
    objects = [{"type": "user", "name": target}] if target else []
    came = time + round(late * HOUR)
    return {"id": name, "time": time, "ingested": came, "user": user, "action": action, "objects": objects}


class Run:
    """Records through the source and the profile step, resumed from its snapshot after each of `stops` lines."""

    def __init__(self, records: Sequence[Record], groups: int = 1, stops: Sequence[int] = (), end: bool = True) -> None:  # noqa: FBT001, FBT002
        self.findings: dict[str, Finding] = {}
        self.changes: list[str] = []
        self.counts: dict[str, int] = {}
        self.late: list[Activity] = []
        self._stores = [MemoryStore() for _ in range(groups)]
        self._logics = [self._logic(group, None) for group in range(groups)]
        self._intake = Intake("in", "native", "t", groups, Limits(), 1_000_000, ENRICHER, PartitionState())
        for number, data in enumerate(records):
            self._intake.feed(Line("f", number + 1, number, number + 1, json.dumps(data).encode()))
            self._send(self._intake.judge(1, ended=True))
            if number in stops:
                tokens = [logic.snapshot() for logic in self._logics if logic is not None]
                self._stores = [store.copy() for store in self._stores]
                self._logics = [self._logic(group, token) for group, token in enumerate(tokens)]
        if end:
            self._send(self._intake.finish(seal=True))
        for logic in self._logics:
            logic.snapshot()

    def _logic(self, group: int, token: bytes | None) -> ProfileLogic:
        logic = ProfileLogic(USERS, lambda _, __: self._stores[group], ("in",), token)
        if token is None:
            logic.on_batch([ActivityBatch(group, "in", -(2**62), [])])
        return logic

    def _send(self, judged: tuple[Any, Any]) -> None:
        for lane in judged[1]:
            self._aside(lane)
        for _, batch in judged[0]:
            for item in self._logics[batch.group].on_batch([batch])[0]:
                self._aside(item)

    def _aside(self, item: object) -> None:
        if isinstance(item, FindingBatch):
            for revision in item.revisions:
                self.changes.append(revision.change)
                self.findings[revision.finding.uid] = revision.finding
                if revision.change == "close":
                    del self.findings[revision.finding.uid]
        elif isinstance(item, LateBatch):
            self.late += [late.activity for late in item.records]
        elif isinstance(item, Counts):
            for name, count in item.counts.items():
                self.counts[name] = self.counts.get(name, 0) + count

    @property
    def documents(self) -> dict[str, bytes]:
        """Stored users."""
        rows = [row for store in self._stores for row in store.scan(b"e")]
        return {key.partition(b"\0")[2].decode(): data for key, data in rows}

    def living(self, newest: int) -> dict[str, bytes]:
        """Those that are not expired."""
        return {
            u: data for u, data in self.documents.items() if user_codec().decode(data).sealed_time + EXPIRE >= newest
        }

    @property
    def said(self) -> list[tuple[str, str]]:
        """Who was spoken of, and the activity."""
        return sorted((finding.user.id, finding.anchor) for finding in self.findings.values())


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Users who read, and end and restore one another's accounts and that of one who never acts."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 96 * 2),
                st.integers(0, 2),
                st.sampled_from([READ, READ, READ, DISABLE, ENABLE, DELETE]),
                st.integers(0, 3),
            ),
            max_size=16,
        )
    )
    return [
        record(f"r{n}", half / 2, f"u{user}", action, "" if action == READ else f"U{target}")
        for n, (half, user, action, target) in enumerate(rows)
    ]


def arriving(history: Sequence[Record], chance: random.Random) -> list[Record]:
    """Each as late as it happens, up to what is allowed."""
    late = [made | {"ingested": made["time"] + chance.randint(0, 24) * HOUR} for made in history]
    return sorted(late, key=lambda made: (made["ingested"], made["id"]))


@settings(deadline=None)
@given(
    histories(), st.randoms(use_true_random=False), st.sampled_from([1, 3]), st.lists(st.integers(0, 15), max_size=2)
)
def test_order_of_arrival_duplicates_crashes_and_key_groups_change_nothing(
    history: list[Record], chance: random.Random, groups: int, stops: list[int]
) -> None:
    one = Run(sorted(history, key=lambda made: (made["time"], made["id"])))
    echo = [made for made in history if chance.random() < 0.3]  # noqa: PLR2004
    other = Run(arriving([*history, *echo], chance), groups, stops)
    assert other.findings == one.findings
    newest = max((made["time"] for made in history), default=0)
    assert other.living(newest) == one.living(newest)
    notices = sum(made["action"] != READ and made["objects"][0]["name"].lower() != made["user"] for made in history)
    for run, read in ((one, len(history)), (other, len(history) + len(echo))):
        counted = Counter(run.counts)
        assert counted["in"] == read == counted["out"] + counted["late"] + counted["duplicate"] + counted["rejected"]
        assert counted["notices"] == notices


def test_the_end_restored_leaves_the_users_state_as_it_was() -> None:
    """Not in counts, rates, habits, pauses: byte for byte."""
    work = [record(f"w{n}", n, "bob") for n in (*range(9, 17), *range(33, 41))]
    admin = [record("d", 20, "admin", DISABLE, "bob"), record("e", 28, "admin", ENABLE, "Bob")]
    together = sorted([*work, *admin], key=lambda made: made["time"])
    assert Run(together).documents["bob"] == Run(work).documents["bob"]


def test_who_never_acts_is_a_few_bytes_until_restored_or_expired() -> None:
    ended = Run([record("d", 1, "admin", DISABLE, "ghost")])
    assert len(ended.documents["ghost"]) < 200  # noqa: PLR2004
    assert user_codec().decode(ended.documents["ghost"]).wake == START + HOUR + EXPIRE
    assert "ghost" not in Run([record("c", 1, "admin", "Add user", "ghost")]).documents
    restored = Run([record("d", 1, "admin", DISABLE, "ghost"), record("e", 2, "admin", ENABLE, "ghost")])
    assert "ghost" not in restored.documents
    later = [record(f"l{n}", 24 * n, "admin") for n in range(1, 7)]
    assert "ghost" not in Run([record("d", 1, "admin", DISABLE, "ghost"), *later], stops=range(7)).documents


def test_a_notice_of_a_user_who_expired_is_of_a_new_one() -> None:
    """Whether the store has dropped the user by then makes no difference."""
    records = [record("a", 1, "bob"), *(record(f"l{n}", 24 * n, "admin") for n in range(1, 7))]
    records.append(record("d", 24 * 6 + 1, "admin", DISABLE, "bob"))
    kept, dropped = Run(records), Run(records, stops=range(len(records)))
    assert kept.documents["bob"] == dropped.documents["bob"]
    assert user_codec().decode(kept.documents["bob"]).sealed_time == START + (24 * 6 + 1) * HOUR


def test_an_account_first_seen_after_its_end_is_spoken_of() -> None:
    run = Run([record("d", 1, "admin", DELETE, "ghost"), record("g", 30, "ghost")])
    assert run.said == [("ghost", "g")]
    assert "29.0 h after admin ended the account (Delete user, " in next(iter(run.findings.values())).reason


def test_it_speaks_once_a_day_of_event_time_until_the_account_is_restored() -> None:
    """Timeline, in hours after midnight:

    disabled 2 ... tail 3 ... used 4, 5 ... next day 25, 26 ... restored 30 ... 31
    said                      4             25
    """
    uses = [record(f"u{hour}", hour, "bob") for hour in (1, 3, 4, 5, 25, 26, 31)]
    ends = [record("d", 2, "admin", DISABLE, "bob"), record("d2", 6, "admin", DELETE, "bob")]
    run = Run(sorted([*uses, *ends, record("e", 30, "admin", ENABLE, "bob")], key=lambda made: made["time"]))
    assert run.said == [("bob", "u25"), ("bob", "u4")]
    assert all("Disable account" in finding.reason for finding in run.findings.values())
    assert "close" not in run.changes


def test_what_arrives_late_is_judged_at_its_place() -> None:
    """The end comes ten hours late, behind the use; then the restoring, later still, takes it back."""
    use, end = record("u", 14, "bob"), record("d", 10, "admin", DISABLE, "bob", late=10)
    restored = record("e", 12, "admin", ENABLE, "bob", late=12)
    assert Run([use, end]).said == [("bob", "u")]
    run = Run([use, end, restored])
    assert run.said == []
    assert run.changes == ["create", "close"]


def test_a_flood_of_changes_of_one_account_is_bounded() -> None:
    flood = [record(f"f{n}", 1 + n / 10_000, "admin", (DISABLE, ENABLE)[n % 2], "bob") for n in range(500)]
    kept = []
    for arrivals in (flood, flood[::-1]):
        run = Run([made | {"ingested": START + 3 * HOUR} for made in arrivals], end=False)
        document = user_codec().decode(run.documents["bob"])
        assert (len(document.log.rows), document.dropped) == (NOTICES_KEPT, {})
        kept.append(sorted(bytes(row) for row in document.log.rows))
    assert kept[0] == kept[1]


def test_a_notice_of_what_is_sealed_is_dropped_and_only_the_activity_is_counted_late() -> None:
    at, bob = START + HOUR, (Object("user", "bob"),)
    end = Activity("t", "d", at, at, User("admin"), DELETE, Category.DELETE_USER, objects=bob)
    logic = ProfileLogic(USERS, lambda _, __: store, ("in",), None)
    store = MemoryStore()
    logic.on_batch([ActivityBatch(0, "in", START + 5 * HOUR, [])])
    out = list(logic.on_batch([ActivityBatch(0, "in", START + 5 * HOUR, [end, *notices_of(end)], last=True)])[0])
    (late,) = [item for item in out if isinstance(item, LateBatch)]
    assert [entry.activity.id for entry in late.records] == ["d"]
    (counts,) = [item for item in out if isinstance(item, Counts)]
    assert (counts.counts["late"], counts.counts["out"], counts.counts.get("notices")) == (1, 0, None)
    logic.snapshot()
    assert not list(store.scan(b"e"))


def test_a_benign_verdict_says_that_the_account_is_in_use_again() -> None:
    words = (Object("alert", "a"), Object("verdict", "benign"), Object("detection", "dormant_account"))
    state = FOLD.decode(b"")
    end = Activity("t", "d", START, START, User("a"), DELETE, Category.DELETE_USER, objects=(Object("user", "bob"),))
    use = Activity("t", "u", START + 3 * HOUR, 0, User("bob"), READ, Category.READ)
    (notice,) = notices_of(end)
    assert (notice.source, notice.action, notice.user.id) == (OWN, NOTICE, "bob")
    assert FOLD.step(state, notice) == []
    assert [said for said in FOLD.step(state, use) if isinstance(said, Finding)]
    verdict = Activity("t", "v", START + 4 * HOUR, 0, User("bob"), VERDICT, objects=words, source=OWN)
    FOLD.step(state, verdict)
    later = msgspec.structs.replace(use, id="w", time=START + 2 * DAY)
    assert not [said for said in FOLD.step(state, later) if isinstance(said, Finding)]


def test_no_record_can_take_a_notices_id_and_two_admins_records_of_one_id_are_two() -> None:
    made = [
        Activity("t", "1", 1, 1, User(who), DELETE, Category.DELETE_USER, objects=(Object("user", "bob"),))
        for who in ("a", "b")
    ]
    names = {notice.id for activity in made for notice in notices_of(activity)}
    assert len(names) == 2  # noqa: PLR2004
    assert all(name.startswith("\0") for name in names)
