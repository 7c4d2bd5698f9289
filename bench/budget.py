"""Whether a tenant's alerts keep to its budget, and what is still found at each budget.

    python -m bench.budget --out bench/budget.json       # 2,000 people, 30 days: 1.7 million activities
    python -m bench.budget --users 300 --keep work       # while working on the controller

A tenant with every attack and campaign is simulated once, and goes once through the profile step, which knows nothing
of budgets; what that says goes through the correlation step again for each budget. `--keep` keeps both for the next.
An alert counts in the week in which it begins, by event time; one that was closed again isn't counted, how many were is
told apart.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

import detections
from activities.activity import Activity, Raw
from activities.batch import ActivityBatch, key_group_of
from activities.formats import parse_line
from bench.correlation import opened
from flows.evaluation import alerts as alerts_
from flows.evaluation import measure
from flows.evaluation import truth as truth_
from flows.settings import Settings
from flows.sinks.encoding import encode_json
from flows.sinks.ocsf import to_ocsf
from simulator.simulate import simulate
from stateful.correlate_step import CorrelateLogic
from stateful.correlation import documents as correlation
from stateful.correlation.policy import Policy
from stateful.finding import Alert
from stateful.key_group import Memory
from stateful.messages import AlertBatch, FindingBatch, SuppressedBatch
from stateful.models import DAY
from stateful.profile import ProfileFold
from stateful.profile_step import ProfileLogic
from stateful.user import user_storage
from windowing.watermark import END_OF_TIME

GROUPS = 16
BATCH = 500
TENANT = "acme"
WEEK = 7 * DAY
LENGTH = 4
"""Bytes before each message that is kept."""


class Week(msgspec.Struct):
    """Alerts that began in a week of the log."""

    days: float
    alerts: int
    critical: int
    per_1000_users: float
    """And seven days."""


class Kept(msgspec.Struct):
    """What a budget made of the same findings."""

    budget: float
    """Alerts per 1,000 users and week; 0: no limit."""
    weeks: list[Week]
    from_week_two: float
    """Alerts per 1,000 users and week."""
    off_budget: float | None
    """By how much that is more or less than the budget, as a share of it."""
    closed: int
    """Alerts that were sent and closed again, for any reason."""
    closed_by_budget: int
    suppressed: int
    """Findings that are in the lane in the end because of the budget."""
    recall: float
    found: int
    attacks: int
    precision: float


class Result(msgspec.Struct):
    """What was measured."""

    people: int
    users: int
    """With services and apps: of them, and of those the log has seen, the budget is."""
    days: int
    activities: int
    seed: int
    seconds: float
    budgets: list[Kept]


def activities_of(path: Path) -> Iterator[list[Activity]]:
    """A simulated log in batches, in the order of arrival."""
    pending: list[Activity] = []
    with path.open("rb") as file:
        for line in file:
            pending += [item for item in parse_line(line, "native", TENANT, Raw()) if isinstance(item, Activity)]
            if len(pending) >= BATCH:
                yield pending
                pending = []
    if pending:
        yield pending


def profiled(log: Path, folder: str, out: Path) -> int:
    """Write what the profile step says of a log; return how many activities there were."""
    users = user_storage(ProfileFold(detections.load().values(), {}), Memory(1 << 30))
    profiles = {
        group: ProfileLogic(users, lambda g, token: opened(folder, "profile", g, token), ["p"], None)
        for group in range(GROUPS)
    }
    count, clock = 0, 0
    encoder = msgspec.msgpack.Encoder()
    with out.open("wb") as file:

        def say(group: int, watermark: int, some: list[Activity]) -> None:
            said, _ = profiles[group].on_batch([ActivityBatch(group, "p", watermark, some, towards=(0,))])
            for batch in said:
                if isinstance(batch, FindingBatch):
                    for _, part in batch.parted(lambda _: 0):
                        data = encoder.encode(part)
                        file.write(len(data).to_bytes(LENGTH, "big") + data)

        for some in activities_of(log):
            count += len(some)
            clock = max(clock, *(activity.ingested for activity in some))
            by_group: dict[int, list[Activity]] = {}
            for activity in some:
                by_group.setdefault(key_group_of(activity.tenant, activity.user.id, GROUPS), []).append(activity)
            for group in range(GROUPS):
                say(group, clock - DAY, by_group.get(group, []))
        for group in range(GROUPS):
            say(group, END_OF_TIME, [])
    return count


def messages(path: Path) -> Iterator[FindingBatch]:
    """What was written by `profiled`."""
    decoder = msgspec.msgpack.Decoder(FindingBatch)
    with path.open("rb") as file:
        while head := file.read(LENGTH):
            yield decoder.decode(file.read(int.from_bytes(head, "big")))


def correlated(said: Iterable[FindingBatch], policy: Policy, folder: str) -> tuple[dict[str, Alert], Counter[str]]:
    """The last revision of each alert, and how many findings are in the lane in the end, by the kind of rule."""
    step = CorrelateLogic(
        correlation.storage(Memory(1 << 30)),
        lambda g, token: opened(folder, "correlate", g, token),
        policy,
        GROUPS,
        None,
    )
    seen: dict[str, Alert] = {}
    hidden: dict[str, str] = {}
    for batch in said:
        for item in step.on_batch([batch])[0]:
            if isinstance(item, AlertBatch):
                seen |= {alert.uid: msgspec.structs.replace(alert, raised=_first(seen, alert)) for alert in item.alerts}
            elif isinstance(item, SuppressedBatch):
                hidden |= {record.finding.finding.uid: record.rule for record in item.records}
    shown = {f.uid for alert in seen.values() if alert.change != "close" for f in alert.findings}
    return seen, Counter(rule.partition(":")[0] for uid, rule in hidden.items() if uid not in shown)


def _first(seen: dict[str, Alert], alert: Alert) -> int:
    """Closed and raised again, it was known since it was first raised."""
    known = seen.get(alert.uid)
    return known.raised if known is not None and known.raised else alert.raised


def weeks_of(alerts: Iterable[Alert], start: int, days: int, users: int) -> list[Week]:
    """Alerts by week; the last one may be shorter."""
    found = []
    for first in range(0, days, 7):
        length = min(7, days - first)
        begins = start + first * DAY
        own = [alert for alert in alerts if begins <= alert.created < begins + length * DAY]
        critical = sum(alert.severity.rank == 5 for alert in own)  # noqa: PLR2004
        found.append(Week(length, len(own), critical, round(len(own) / (users / 1000) / (length / 7), 2)))
    return found


def kept_to(budget: float, work: Path, start: int, days: int, users: int) -> Kept:
    """What a budget makes of what the profile step said."""
    settings, active = Settings(), detections.load()
    policy = Policy(active, budget=budget, least_risk=settings.min_alert_risk)
    with tempfile.TemporaryDirectory() as folder:
        seen, hidden = correlated(messages(work / "messages.bin"), policy, folder)
    standing = [alert for alert in seen.values() if alert.change != "close"]
    closed = [alert for alert in seen.values() if alert.change == "close"]
    (work / "alerts.jsonl").write_bytes(b"".join(encode_json(to_ocsf(a, active)) + b"\n" for a in seen.values()))
    measured = measure.measure(alerts_.read(work / "alerts.jsonl"), truth_.read(work / "truth.jsonl"), users, days)
    weeks = weeks_of(standing, start, days, users)
    later = weeks[1:]
    rate = (
        sum(week.alerts for week in later) / (users / 1000) / (sum(week.days for week in later) / 7) if later else 0.0
    )
    return Kept(
        budget=budget,
        weeks=weeks,
        from_week_two=round(rate, 2),
        off_budget=round(rate / budget - 1, 3) if budget else None,
        closed=len(closed),
        closed_by_budget=sum("suppressed by budget" in alert.because for alert in closed),
        suppressed=hidden["budget"],
        recall=round(measured.recall, 4),
        found=sum(one.found for one in measured.found),
        attacks=len(measured.found),
        precision=round(measured.precision, 4),
    )


@contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """A folder, which is kept if it is named."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="anput-budget-") as folder:
        yield Path(folder)


class _Made(msgspec.Struct):
    people: int
    users: int
    activities: int
    start: int


def made(work: Path, users: int, days: int, seed: int, count: int) -> _Made:
    """Simulate and profile, unless that is there."""
    done = work / "made.json"
    if done.exists():
        return msgspec.json.decode(done.read_bytes(), type=_Made)
    summary = simulate(users, days, seed, ["all"], work, tenant=TENANT, attack_count=count)
    with tempfile.TemporaryDirectory() as folder:
        activities = profiled(work / "activities.jsonl", folder, work / "messages.bin")
    first = next(activities_of(work / "activities.jsonl"))
    start = min(activity.time for activity in first) // DAY * DAY
    found = _Made(summary.people, summary.people + summary.services, activities, start)
    done.write_bytes(msgspec.json.encode(found))
    return found


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--attack-count", type=int, default=1, help="how often each attack is done")
    parser.add_argument("--budgets", type=float, nargs="+", default=[1, 5, 20])
    parser.add_argument("--keep", type=Path, help="folder for what is simulated; what is there is taken as it is")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    began = time.monotonic()
    with workplace(given.keep) as work:
        what = made(work, given.users, given.days, given.seed, given.attack_count)
        results = []
        for budget in given.budgets:
            kept = kept_to(budget, work, what.start, given.days, what.users)
            results.append(kept)
            by_week = "  ".join(f"{week.per_1000_users:5.1f}" for week in kept.weeks)
            off = "" if kept.off_budget is None else f" ({kept.off_budget:+.0%})"
            print(  # noqa: T201
                f"budget {budget:g}: by week {by_week}; from week two {kept.from_week_two:.2f}{off}; "
                f"recall {kept.found}/{kept.attacks}; closed by budget {kept.closed_by_budget}"
            )
    seconds = round(time.monotonic() - began, 1)
    result = Result(what.people, what.users, given.days, what.activities, given.seed, seconds, results)
    if given.out is not None:
        given.out.write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")


if __name__ == "__main__":
    main()
