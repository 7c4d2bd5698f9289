"""What the correlation step costs: its share of CPU, its messages, its state and its delay, with one very large tenant.

    python -m bench.correlation --out bench/correlation.json

First a simulated tenant goes through both steps, each timed by itself (CPU time, stores on disk, no Bytewax): this says
how many messages a thousand activities make, of which kinds, once users are learnt, and what both steps cost for each
activity. Then the same mix goes to the correlation step as 25,000 activities a second would bring it: most of it of one
tenant of a million users, whose arrivals it has been told before, beside a thousand small ones.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

import detections
from activities.activity import Activity, Raw, User
from activities.batch import ActivityBatch, key_group_of
from activities.formats import parse_line
from recovery.store import KeyGroupStore
from recovery.token import Token
from simulator.simulate import simulate
from stateful.correlate_step import CorrelateLogic
from stateful.correlation import documents as correlation
from stateful.correlation.policy import Policy
from stateful.finding import Evidence, Finding, FindingRevision, Insight, InsightRevision, Novelty, Severity
from stateful.insights import insight_uid
from stateful.key_group import Memory
from stateful.messages import AlertBatch, FindingBatch
from stateful.models import DAY
from stateful.profile import ProfileFold
from stateful.profile_step import ProfileLogic
from stateful.user import user_storage
from windowing.watermark import HOUR

RATE = 25_000
"""Activities a second."""
GROUPS = 16
BATCH = 500
LEARNT = 10
"""Days of the simulated tenant that are not measured."""
LARGE, SMALL = "large", "small{}"
SHARE = 0.8
"""Of the messages, those of the large tenant."""


class Result(msgspec.Struct):
    """What was measured. CPU times in microseconds of this process."""

    activities: int
    messages_per_1000: float
    mix_per_1000: dict[str, float]
    profile_us_per_activity: float
    correlate_us_per_activity: float
    share_of_cpu: float
    """Of both steps together; parsing and Bytewax are not counted, which would make it less."""
    users: int
    learn_us_per_user: float
    seconds: int
    hot_us_per_activity: float
    hot_share_of_cpu: float
    hot_share_of_a_core: float
    delay_p50_ms: float
    """From a batch of messages to the alerts that it makes, in the step."""
    delay_p99_ms: float
    state_bytes: int
    state_bytes_per_user: float


def opened(folder: str, step: str, group: int, token: Token | None) -> KeyGroupStore:
    """A store of the benchmark."""
    return KeyGroupStore.open(Path(folder), step, group, token, "bench", 100)


def kind_of(batch: FindingBatch) -> Iterator[str]:
    """Kinds of the messages in a batch."""
    yield from ("finding" for _ in batch.revisions)
    yield from (f"{said.insight.kind}{' final' if said.final else ''}" for said in batch.insights)


def simulated(people: int, days: int, folder: str) -> tuple[int, Counter[str], float, float]:
    """Activities, messages by kind, and CPU seconds of profile and correlation, after the first days."""
    out = Path(folder) / "simulated"
    out.mkdir()
    simulate(people, days, 1, [], out)
    fold, policy = ProfileFold(detections.load().values(), {}), Policy(detections.load())
    memory = Memory(1 << 30)
    users, documents = user_storage(fold, memory), correlation.storage(memory)
    profiles = {
        group: ProfileLogic(users, lambda g, token: opened(folder, "profile", g, token), ["p"], None)
        for group in range(GROUPS)
    }
    step = CorrelateLogic(documents, lambda g, token: opened(folder, "correlate", g, token), policy, GROUPS, None)
    spent, kinds, count, began = Counter[str](), Counter[str](), 0, 0
    pending: list[Activity] = []
    with (out / "activities.jsonl").open("rb") as file:
        for line in file:
            for record in parse_line(line, "native", "default", Raw()):
                if isinstance(record, Activity):
                    pending.append(record)
            if len(pending) < BATCH:
                continue
            began = began or pending[0].ingested
            watermark = max(activity.ingested for activity in pending) - DAY
            measured = watermark > began + (LEARNT - 1) * DAY
            by_group: dict[int, list[Activity]] = {group: [] for group in range(GROUPS)}
            for activity in pending:
                by_group[key_group_of(activity.tenant, activity.user.id, GROUPS)].append(activity)
            for group, found in by_group.items():
                at = time.process_time()
                said, _ = profiles[group].on_batch([ActivityBatch(group, "p", watermark, found, towards=(0,))])
                sent = [item for item in said if isinstance(item, FindingBatch)]
                between = time.process_time()
                for batch in sent:
                    step.on_batch([part for _, part in batch.parted(lambda _: 0)])
                if measured:
                    spent["profile"] += round((between - at) * 1e9)
                    spent["correlate"] += round((time.process_time() - between) * 1e9)
                    kinds.update(kind for batch in sent for kind in kind_of(batch))
            count += len(pending) * measured
            pending = []
    return count, kinds, spent["profile"] / 1e9, spent["correlate"] / 1e9


class Stream:
    """Messages of the kinds and numbers that were counted, of users of all tenants."""

    def __init__(self, mix: dict[str, float], users: int, small: int) -> None:
        self._mix, self._users, self._small, self._number = mix, users, small, 0
        self._chance = random.Random(1)

    def second(self, now: int) -> list[FindingBatch]:
        """What each key group says in a second; `now` is event time in ms."""
        found = [FindingBatch(group, now - DAY, [], [], to=0) for group in range(GROUPS)]
        for kind, rate in self._mix.items():
            for _ in range(round(rate * RATE / 1000)):
                self._add(found, kind, now)
        return found

    def _add(self, found: list[FindingBatch], kind: str, now: int) -> None:
        chance = self._chance
        self._number += 1
        large = chance.random() < SHARE
        tenant = LARGE if large else SMALL.format(chance.randrange(self._small))
        user = f"user{chance.randrange(self._users if large else 50)}@example.com"
        batch = found[key_group_of(tenant, user, GROUPS)]
        name, _, final = kind.partition(" ")
        time_of = now - (DAY if final else 0)
        value = f"value {int(chance.paretovariate(0.6))}"
        if name == "finding":
            evidence = Evidence(str(self._number), now, "act", ip="192.0.2.1", country="DE")
            detection = chance.choice(["first_country", "mass_download", "rare_api"])
            uid = insight_uid(str(self._number))
            novelties = (Novelty("isps", value),)
            said = Finding(
                uid, tenant, detection, User(user), uid, now, now, now, Severity.MEDIUM, 50, "why", (), (evidence,), 1,
                "", novelties,
            )  # fmt: skip
            batch.revisions.append(FindingRevision(said, 1, "create", raised=now))
            return
        if name in ("failed", "entered"):
            address = f"198.51.{chance.randrange(256)}.{chance.randrange(256)}"
            told = Insight(str(self._number), name, "addresses", address, time_of, "a", time_of, "", "64500")
        else:
            told = Insight(str(self._number), name, "operations", value, time_of, "a", time_of, "Sales")
        batch.insights.append(InsightRevision(tenant, user, told, "update" if final else "create", bool(final)))


def hot(
    mix: dict[str, float], users: int, small: int, seconds: int, folder: str
) -> tuple[float, float, list[float], int]:
    """CPU seconds per arrival and in the stream, delays in ms, and bytes of documents in the end."""
    now = 1_770_000_000_000 // HOUR * HOUR
    stores: list[KeyGroupStore] = []

    def keep(group: int, token: Token | None) -> KeyGroupStore:
        stores.append(opened(folder, "hot", group, token))
        return stores[-1]

    step = CorrelateLogic(correlation.storage(Memory(1 << 29)), keep, Policy(detections.load()), GROUPS, None)
    began = time.process_time()
    for first in range(0, users, 10_000):
        arrived = [
            InsightRevision(
                LARGE,
                f"user{n}@example.com",
                Insight(str(n), "first", "users", "", now - 30 * DAY, "a", 0),
                "update",
                True,
            )
            for n in range(first, min(first + 10_000, users))
        ]
        step.on_batch([FindingBatch(0, now - 29 * DAY, [], arrived, to=0)])
    learnt = time.process_time() - began
    stream, spent, delays = Stream(mix, users, small), 0.0, []
    for second in range(seconds):
        for batch in stream.second(now + 1000 * second):
            at, clock = time.process_time(), time.perf_counter()
            out, _ = step.on_batch([batch])
            list(out)
            spent += time.process_time() - at
            if any(isinstance(item, AlertBatch) for item in out):
                delays.append((time.perf_counter() - clock) * 1000)
        if second % 10 == 9:  # noqa: PLR2004
            at = time.process_time()
            step.snapshot()
            spent += time.process_time() - at
    step.snapshot()
    return learnt / users, spent, sorted(delays), sum(len(data) for _, data in stores[0].scan(b"e"))


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100, help="of the simulated tenant")
    parser.add_argument("--days", type=int, default=16)
    parser.add_argument("--users", type=int, default=1_000_000, help="of the large tenant")
    parser.add_argument("--small", type=int, default=1000, help="small tenants")
    parser.add_argument("--seconds", type=int, default=60, help="of 25,000 activities each")
    parser.add_argument("--out", type=Path, default=Path("bench/correlation.json"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        count, kinds, profile, correlate = simulated(given.people, given.days, folder)
        mix = {kind: 1000 * number / count for kind, number in sorted(kinds.items())}
        learn, spent, delays, size = hot(mix, given.users, given.small, given.seconds, folder)
    activities = RATE * given.seconds
    profile_us, hot_us = 1e6 * profile / count, 1e6 * spent / activities
    result = Result(
        activities=count,
        messages_per_1000=round(sum(mix.values()), 1),
        mix_per_1000={kind: round(rate, 2) for kind, rate in mix.items()},
        profile_us_per_activity=round(profile_us, 1),
        correlate_us_per_activity=round(1e6 * correlate / count, 2),
        share_of_cpu=round(correlate / (correlate + profile), 3),
        users=given.users,
        learn_us_per_user=round(1e6 * learn, 1),
        seconds=given.seconds,
        hot_us_per_activity=round(hot_us, 2),
        hot_share_of_cpu=round(hot_us / (hot_us + profile_us), 3),
        hot_share_of_a_core=round(spent / given.seconds, 3),
        delay_p50_ms=round(delays[len(delays) // 2], 1),
        delay_p99_ms=round(delays[len(delays) * 99 // 100], 1),
        state_bytes=size,
        state_bytes_per_user=round(size / given.users, 2),
    )
    text = msgspec.json.format(msgspec.json.encode(result)).decode()
    print(text)
    given.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
