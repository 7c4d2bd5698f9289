"""The profile and correlation steps on real stores: crashes, batch sizes, snapshot times, key groups change nothing.

With a cap of 12 activities an hour and users that expire after 30 hours, so that both happen all the time.

A small cluster without Bytewax: batches go to the logics of their key groups, what comes out goes to correlation; at a
snapshot all logics return their tokens; a crash throws the logics away, and everything since the snapshot comes again.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import detections
from activities.activity import NO_RAW, Activity, Category, Location, Object, Outcome, User
from activities.batch import ActivityBatch, key_group_of
from flows.sources.notices import notices_of
from recovery.store import KeyGroupStore
from recovery.token import Token
from stateful import user as user_module
from stateful.correlate_step import CorrelateLogic
from stateful.correlation import documents as correlation
from stateful.correlation.policy import Policy
from stateful.finding import Alert, Finding, FindingRevision
from stateful.key_group import Memory, Storage
from stateful.messages import AlertBatch, FindingBatch
from stateful.profile import ProfileFold
from stateful.profile_step import ProfileLogic
from stateful.user import Bounds, user_storage
from stateful.user import User as Entity
from tests.stateful.releases import LACKING, OldCodec, new_codec
from windowing.lateness import Limits, PartitionClock
from windowing.watermark import END_OF_TIME, HOUR

START = 1_770_000_000_000 // HOUR * HOUR
EXPIRE = 30 * HOUR
FOLD = ProfileFold(detections.load().values(), {}, EXPIRE)
POLICY = Policy(detections.load(), budget=2000)
BOUNDS = Bounds(hourly_cap=12, expire=EXPIRE)
LIMITS = Limits()


SCHEMA = 3
EXAMPLES = 2000 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 200


class Cluster:
    """All key groups of both steps, of two workers: those with even numbers, those with odd ones."""

    def __init__(
        self, folder: Path, groups: int, partitions: Sequence[str], memory: int, fold: ProfileFold = FOLD
    ) -> None:
        self._folder, self._groups, self._partitions = folder, groups, partitions
        self._users = [user_storage(fold, Memory(memory), BOUNDS) for _ in range(2)]
        self._threads = correlation.storage(Memory(memory))
        self._open: list[KeyGroupStore] = []
        self.profile: dict[int, ProfileLogic] = {}
        self.correlate: dict[int, CorrelateLogic] = {}
        self.tokens: dict[tuple[str, int], bytes] = {}
        self.alerts: list[Alert] = []
        self.said: list[FindingRevision] = []
        self.stored: dict[bytes, bytes] = {}

    def _store(self, step: str, group: int, token: Token | None) -> KeyGroupStore:
        store = KeyGroupStore.open(self._folder, step, group, token, "c", SCHEMA)
        self._open.append(store)
        return store

    def send(self, batch: ActivityBatch) -> None:
        if batch.group not in self.profile:
            resume = self.tokens.get(("profile", batch.group))
            open_store = lambda group, token: self._store("profile", group, token)  # noqa: E731
            users: Storage[Entity] = self._users[batch.group % 2]
            self.profile[batch.group] = ProfileLogic(users, open_store, self._partitions, resume)
        out, _ = self.profile[batch.group].on_batch([batch])
        for item in out:
            if isinstance(item, FindingBatch):
                self.said += item.revisions
                self._correlate(msgspec.msgpack.decode(msgspec.msgpack.encode(item), type=FindingBatch))

    def _correlate(self, batch: FindingBatch) -> None:
        for group, part in batch.parted(lambda tenant: key_group_of(tenant, "", self._groups)):
            if group not in self.correlate:
                resume = self.tokens.get(("correlate", group))
                self.correlate[group] = CorrelateLogic(
                    self._threads,
                    lambda number, token: self._store("correlate", number, token),
                    POLICY,
                    self._groups,
                    resume,
                )
            out, _ = self.correlate[group].on_batch([part])
            self.alerts += [alert for item in out if isinstance(item, AlertBatch) for alert in item.alerts]

    def snapshot(self) -> None:
        for group, logic in self.profile.items():
            self.tokens["profile", group] = logic.snapshot()
        for group, step in self.correlate.items():
            self.tokens["correlate", group] = step.snapshot()

    def crash(self) -> None:
        """One worker had written the next generation already, the other had not."""
        for group, logic in self.profile.items():
            if group % 2:
                logic.snapshot()
        self.close()
        self.profile, self.correlate = {}, {}

    def close(self) -> None:
        for store in self._open:
            store.close()
        self._open = []

    def users(self) -> dict[bytes, bytes]:
        """Stored timelines by user, all groups."""
        found: dict[bytes, bytes] = {}
        for group in range(self._groups):
            token = self.tokens.get(("profile", group))
            if token:
                store = KeyGroupStore.open(self._folder, "profile", group, Token.decode(token), "c", SCHEMA)
                found |= {key: value for key, value in store.scan() if key.startswith(b"e")}
                store.close()
        return found


def living(users: dict[bytes, bytes], newest: int) -> dict[bytes, bytes]:
    """Those that are not expired at the end of the history."""
    codec = user_module.user_codec()
    return {key: data for key, data in users.items() if codec.decode(data).sealed_time + EXPIRE >= newest}


def final(alerts: Sequence[Alert]) -> dict[str, Alert]:
    """The last revision of each alert that is not closed, without its number and reason."""
    last = {alert.uid: alert for alert in alerts}
    return {
        uid: msgspec.structs.replace(alert, revision=0, change="create", because="", raised=0)
        for uid, alert in last.items()
        if alert.change != "close"
    }


def batches(
    arrivals: Sequence[Activity], sizes: Sequence[int], groups: int, partition: str
) -> list[list[ActivityBatch]]:
    """The arrivals of one partition cut into batches; the last one ends it."""
    clock, cut, at = PartitionClock(), [], 0
    towards = tuple(sorted({key_group_of(tenant, "", groups) for tenant in ("t", "other")}))
    for size in [*sizes, len(arrivals)]:
        part, at = arrivals[at : at + size], at + size
        by_group: dict[int, list[Activity]] = {}
        for activity in part:
            clock.judge(activity.time, activity.ingested, [activity.ingested], LIMITS)
            for sent in (activity, *notices_of(activity)):
                by_group.setdefault(key_group_of(sent.tenant, sent.user.id, groups), []).append(sent)
        watermark = clock.watermark(LIMITS)
        cut.append(
            [ActivityBatch(g, partition, watermark, by_group.get(g, []), towards=towards) for g in range(groups)]
        )
    cut.append([ActivityBatch(g, partition, END_OF_TIME, [], last=True, towards=towards) for g in range(groups)])
    return cut


KINDS = [
    ("StopLogging", Category.AUDIT_CONFIG, Outcome.SUCCESS),
    ("StartLogging", Category.AUDIT_CONFIG, Outcome.SUCCESS),
    ("UserLoginFailed", Category.FAILED_LOGON, Outcome.FAILURE),
    ("UserLoggedIn", Category.LOGON, Outcome.SUCCESS),
    ("FileDownloaded", Category.DOWNLOAD, Outcome.SUCCESS),
    ("Disable account.", Category.MODIFY_USER, Outcome.SUCCESS),
    ("Enable account.", Category.MODIFY_USER, Outcome.SUCCESS),
]


@st.composite
def histories(draw: st.DrawFn) -> list[Activity]:
    """Activities of a few users over four days, in order of arrival, each up to 24 hours late."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 96 * 6),  # event time, ten minutes
                st.integers(0, 24 * 6),  # delay, ten minutes
                st.integers(0, 2),  # user
                st.sampled_from(KINDS),
                st.sampled_from(["DE", "FR", ""]),
                st.integers(1, 25),  # repeats
            ),
            max_size=14,
        )
    )
    found = []
    for n, (event, delay, user, (action, category, outcome), country, repeats) in enumerate(rows):
        changing = category is Category.MODIFY_USER  # the next one's account: also that of a fourth, who never acts
        for again in range(repeats):
            time = START + event * 600_000 + again * 1000
            found.append(
                Activity(
                    "t", f"{n}-{again}", time, time + delay * 600_000, User(f"u{user}"), action, category, outcome,
                    location=Location(country), raw=NO_RAW,
                    objects=(Object("user", f"U{user + 1}") if changing else Object("file", f"f{again}", 10),),
                )
            )  # fmt: skip
    return sorted(found, key=lambda a: (a.ingested, a.id))


def truth(history: Sequence[Activity], partitions: int) -> tuple[dict[str, Alert], dict[bytes, bytes]]:
    """All in one batch per partition, one key group, no crash."""
    names = [f"p{n}" for n in range(partitions)]
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder), 1, names, 1 << 30)
        for n, name in enumerate(names):
            for part in batches(history[n::partitions], [], 1, name):
                for batch in part:
                    cluster.send(batch)
        cluster.snapshot()
        cluster.close()
        return final(cluster.alerts), cluster.users()


# Without shrinking: each step is a real store, and a smaller example would take minutes.
@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(histories(), st.data())
def test_crashes_batches_snapshots_and_key_groups_change_nothing(history: list[Activity], data: st.DataObject) -> None:
    partitions, groups = data.draw(st.integers(1, 2)), data.draw(st.sampled_from([1, 3]))
    names = [f"p{n}" for n in range(partitions)]
    cut = [
        batches(history[n::partitions], data.draw(st.lists(st.integers(1, 40), max_size=6)), groups, name)
        for n, name in enumerate(names)
    ]
    sent = dict.fromkeys(range(partitions), 0)
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder), groups, names, data.draw(st.sampled_from([0, 100_000, 1 << 30])))
        saved, kept, crashes = dict(sent), 0, 0
        while waiting := [n for n, parts in enumerate(cut) if sent[n] < len(parts)]:
            what = data.draw(st.sampled_from(["send", "send", "send", "snapshot", "crash"]))
            if what == "send":
                # Partitions take turns as it happens; each one's own order holds.
                partition = data.draw(st.sampled_from(waiting))
                for batch in cut[partition][sent[partition]]:
                    cluster.send(batch)
                sent[partition] += 1
            elif what == "snapshot":
                cluster.snapshot()
                saved, kept = dict(sent), len(cluster.alerts)
            elif crashes < 3:
                crashes += 1
                cluster.crash()
                # A source that resumes at its end says again that it has ended.
                sent = {n: min(count, len(cut[n]) - 1) for n, count in saved.items()}
                # The alert store takes back what was written after the snapshot.
                del cluster.alerts[kept:]
        cluster.snapshot()
        cluster.close()
        alerts, users = truth(history, partitions)
        assert final(cluster.alerts) == alerts
        # Whether an expired user has been dropped yet depends on the way; that it begins anew doesn't (docs/time.md).
        newest = max((activity.time for activity in history), default=0)
        assert living(cluster.users(), newest) == living(users, newest)
        assert all(alert.final for alert in final(cluster.alerts).values())


def run_through(history: Sequence[Activity], sizes: Sequence[int]) -> Cluster:
    """One partition's history, cut as given, without a crash."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder), 2, ["p"], 1 << 30)
        for part in batches(history, sizes, 2, "p"):
            for batch in part:
                cluster.send(batch)
        cluster.snapshot()
        cluster.close()
        cluster.stored = cluster.users()
        return cluster


def arriving(history: Sequence[Activity], chance: random.Random) -> list[Activity]:
    """The same activities, each as late as it happens, up to what is allowed."""
    late = [msgspec.structs.replace(a, ingested=a.time + chance.randint(0, LIMITS.allowed_lateness)) for a in history]
    return sorted(late, key=lambda a: (a.ingested, a.id))


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(histories(), st.randoms(use_true_random=False), st.lists(st.integers(1, 40), max_size=6))
def test_any_order_of_arrival_gives_the_same_alerts_and_the_same_state(
    history: list[Activity], chance: random.Random, sizes: list[int]
) -> None:
    newest = max((activity.time for activity in history), default=0)
    one, other = run_through(history, []), run_through(arriving(history, chance), sizes)
    assert final(other.alerts) == final(one.alerts)
    assert living(other.stored, newest) == living(one.stored, newest)


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(histories(), st.lists(st.integers(1, 30), max_size=8))
def test_in_order_nothing_is_taken_back_and_final_is_what_was_said(history: list[Activity], sizes: list[int]) -> None:
    ordered = [msgspec.structs.replace(a, ingested=a.time) for a in sorted(history, key=lambda a: (a.time, a.id))]
    cluster = run_through(ordered, sizes)
    # Passing the cap takes back what was said of activities that are not kept after all.
    per_hour = Counter((a.user.id, a.time // HOUR) for a in history)
    if max(per_hour.values(), default=0) > BOUNDS.hourly_cap:
        return
    assert not [alert for alert in cluster.alerts if alert.change == "close"]
    last = dict[str, Finding]()
    for revision in cluster.said:
        assert revision.change != "close"
        if revision.final:
            assert revision.finding == last[revision.finding.uid]
        last[revision.finding.uid] = revision.finding
    assert {revision.finding.uid for revision in cluster.said if revision.final} == last.keys()


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(histories(), histories(), st.lists(st.integers(1, 30), max_size=8))
def test_another_tenant_changes_nothing(ours: list[Activity], theirs: list[Activity], sizes: list[int]) -> None:
    other = [msgspec.structs.replace(activity, tenant="other") for activity in theirs]
    both = sorted([*ours, *other], key=lambda a: (a.ingested, a.tenant, a.id))
    alone, together = run_through(ours, []), run_through(both, sizes)
    of_ours = {uid: alert for uid, alert in final(together.alerts).items() if alert.tenant == "t"}
    assert of_ours == final(alone.alerts)
    newest = max((activity.time for activity in both), default=0)
    users = {key: data for key, data in together.stored.items() if key.startswith(b"et\0")}
    assert living(users, newest) == living(alone.stored, newest)


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(histories(), st.data())
def test_duplicates_change_nothing(history: list[Activity], data: st.DataObject) -> None:
    """An echo within the open 24 hours, in detail below the cap: beyond it duplicates can't be known (docs/time.md)."""
    per_hour = Counter((a.user.id, a.time // HOUR) for a in history)
    few = [a for a in history if per_hour[a.user.id, a.time // HOUR] <= BOUNDS.hourly_cap]
    echo = [a for a in few if data.draw(st.booleans())]
    late = [msgspec.structs.replace(a, ingested=min(a.ingested + HOUR, a.time + 24 * HOUR)) for a in echo]
    doubled = sorted([*few, *late], key=lambda a: (a.ingested, a.id))
    once, twice = run_through(few, []), run_through(doubled, [])
    assert final(twice.alerts) == final(once.alerts)
    newest = max((activity.time for activity in history), default=0)
    assert living(twice.stored, newest) == living(once.stored, newest)


OLD_FOLD = ProfileFold([d for name, d in detections.load().items() if name != LACKING], {}, EXPIRE)


def migrate_all(folder: Path, cluster: Cluster, groups: int) -> None:
    """As `anput state migrate`: all users, before the new release runs."""
    codec = new_codec()
    for group in range(groups):
        token = cluster.tokens.get(("profile", group))
        if token is not None:
            store = KeyGroupStore.open(folder, "profile", group, Token.decode(token), "c", SCHEMA)
            old = {key: data for key, data in store.scan(b"e") if codec.needs_migration(data) is not None}
            cluster.tokens["profile", group] = store.commit(
                {key: codec.encode(codec.decode(data)) for key, data in old.items()}
            ).encode()
            store.close()


@settings(max_examples=EXAMPLES // 2, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(histories(), st.lists(st.integers(1, 30), min_size=1, max_size=6), st.data())
def test_an_upgrade_in_mid_stream_is_the_new_release_on_migrated_state(
    history: list[Activity], sizes: list[int], data: st.DataObject
) -> None:
    cut = batches(history, sizes, 2, "p")
    at = data.draw(st.integers(0, len(cut) - 1))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        kept, migrated = Path(folder) / "kept", Path(folder) / "migrated"
        patch.setattr(user_module, "user_codec", OldCodec)
        old = Cluster(kept, 2, ["p"], 1 << 30, OLD_FOLD)
        for batch in [batch for part in cut[:at] for batch in part]:
            old.send(batch)
        old.snapshot()
        old.close()
        if kept.exists():
            shutil.copytree(kept, migrated)
        patch.setattr(user_module, "user_codec", new_codec)
        found = []
        memory = data.draw(st.sampled_from([0, 1 << 30]))
        for where, prepare in ((kept, None), (migrated, migrate_all)):
            new = Cluster(where, 2, ["p"], memory)
            new.tokens, new.alerts = dict(old.tokens), list(old.alerts)
            if prepare is not None:
                prepare(where, new, 2)
            for batch in [batch for part in cut[at:] for batch in part]:
                new.send(batch)
            new.snapshot()
            new.close()
            users = {key: new_codec().encode(new_codec().decode(stored)) for key, stored in new.users().items()}
            found.append((final(new.alerts), living(users, max((a.time for a in history), default=0))))
        assert found[0] == found[1]
