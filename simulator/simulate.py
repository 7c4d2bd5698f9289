"""`anput simulate`: writes a tenant's activities as its logs have them, and the truth about the attacks in them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec

from activities.activity import Category
from simulator import attacks as registry
from simulator.delays import Outage, ingested, outages
from simulator.episodes import episodes
from simulator.presence import HISTORY_DAYS
from simulator.record import DAY, EPOCH_ORDINAL, HOUR, Account, Event
from simulator.streams import guid, stream
from simulator.truth import Truth, Written, truth_of
from simulator.vendors import VENDORS
from simulator.vendors.vendor import Files, Lines, Recorded, Vendor, delivery
from simulator.victims import LEAST_DAYS, Strike, strikes
from simulator.world import World

ALL, NONE = "all", "none"
NATIVE = "native"
START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""
_EAST = 14 * HOUR
"""A local day begins at most this long before the UTC day of the same date (Pacific/Kiritimati)."""

Line = tuple[int, int, str, Recorded]
"""Ingest time and event time in ms, id, encoded record: sorted by these, unique by the id."""


@dataclass(frozen=True)
class SimulationSummary:
    """What was written."""

    activities: int
    people: int
    services: int
    attacks: int
    attack_activities: int
    late: int
    """Activities that arrived more than an hour late."""
    countries: dict[str, int]
    """Activities by country, most first."""
    categories: dict[str, int]
    """Activities by category, most first."""
    inputs: tuple[Path, ...]
    """What was written: each is an `--input` of its own, in order when its files are read by name."""


class _Writer:
    """Keeps records until no earlier arrival can come, and writes them in order of arrival."""

    def __init__(self, sink: Lines | Files, vendor: Vendor, tenant: str, down: tuple[Outage, ...]) -> None:
        self._sink, self._record = sink, vendor.record
        self._tenant, self._down = tenant, down
        self._waiting: list[Line] = []
        self.late = 0
        self.countries: Counter[str] = Counter()
        self.categories: Counter[Category] = Counter()

    def add(
        self,
        account: Account,
        events: Iterable[Event],
        rng: Random,
        *name: str | int,
        kept: list[Written] | None = None,
    ) -> None:
        """Takes an account's events, whose ids are made of `name`; what of them the vendor logs is put into `kept`."""
        for number, event in enumerate(events):
            arrives = ingested(event.time, event.step.app, rng, self._down)
            uid, actor = guid(self._tenant, *name, number), event.actor or account
            recorded = self._record(event, actor, uid, arrives)
            if recorded is None:
                continue
            self._waiting.append((arrives, event.time, uid, recorded))
            if kept is not None:
                kept.append(Written(event, actor, uid, arrives))
            self.late += arrives - event.time > HOUR
            self.countries[event.address.location.country] += 1
            self.categories[event.step.category] += 1

    def write(self, before: int) -> None:
        """Writes what arrived before the time `before`, ms."""
        self._waiting.sort()
        ready = bisect_left(self._waiting, before, key=lambda line: line[0])
        for arrives, _, _, recorded in self._waiting[:ready]:
            self._sink.take(arrives, recorded)
        del self._waiting[:ready]

    @property
    def end(self) -> int:
        """A time after all arrivals, ms."""
        return max((line[0] for line in self._waiting), default=0) + 1


def _asked(attacks: Sequence[str], days: int) -> dict[str, tuple[str, ...]]:
    """The attacks asked for, each with the variants asked for, if any."""
    known = registry.attacks()
    if NONE in attacks and len(attacks) > 1:
        msg = f"attacks: {NONE} excludes all others; found {', '.join(attacks)}"
        raise ValueError(msg)
    found: dict[str, tuple[str, ...]] = {}
    for asked in attacks:
        name, _, variant = asked.partition(":")
        if name in (ALL, NONE) and not variant:
            found |= {each: found.get(each, ()) for each in (known if name == ALL else ())}
        elif name not in known:
            names = ", ".join(known)
            msg = f"attacks: expected {ALL}, {NONE} or some of {names}; found {asked}"
            raise ValueError(msg)
        elif variant and variant not in {each.name for each in known[name].variants}:
            variants = ", ".join(each.name for each in known[name].variants)
            msg = f"attacks: expected one of {variants} as a variant of {name}; found {asked}"
            raise ValueError(msg)
        else:
            found[name] = (*found.get(name, ()), *([variant] if variant else []))
    if found and days < LEAST_DAYS:
        msg = (
            f"days: attacks need at least {LEAST_DAYS}, because a victim has {HISTORY_DAYS} days of history before; "
            f"found {days}. Simulate more days, or attack {NONE}"
        )
        raise ValueError(msg)
    return found


def _attack(world: World, writer: _Writer, vendor: Vendor, made: Iterable[Strike]) -> tuple[list[Truth], int]:
    """Writes the attacks; the truth about those that the vendor saw anything of, and of how many activities."""
    truth, count = [], 0
    for strike in made:
        name = ("attack", strike.key, strike.number)
        rng = stream(world.seed, world.tenant, *name, "arrival")
        written: list[Written] = []
        writer.add(strike.victim, strike.events, rng, world.seed, *name, kept=written)
        line = truth_of(strike, written, vendor)
        count += len(written)
        truth += [line] if line else []
    truth.sort(key=lambda line: (line.first_time, line.attack, line.first))
    return truth, count


def _live(world: World, writer: _Writer) -> None:
    for episode in episodes(world):
        rng = stream(world.seed, world.tenant, "episode", episode.name, "arrival")
        writer.add(world.people[0], episode.events, rng, world.seed, "episode", episode.name)
    for day in world.every_day:
        for account in world.accounts:
            rng = stream(world.seed, world.tenant, account.key, "arrival", day)
            writer.add(account, world.day(account, day), rng, world.seed, account.key, day)
        writer.write(before=(world.first.toordinal() - EPOCH_ORDINAL + day + 1) * DAY - _EAST)
    writer.write(before=writer.end)


def _check(users: int, days: int, attack_count: int, start: datetime, vendor: str) -> None:
    for name, value in (("users", users), ("days", days), ("attack_count", attack_count)):
        if value < 1:
            msg = f"{name}: expected at least 1, found {value}"
            raise ValueError(msg)
    if start.tzinfo is None:
        msg = f"start: expected a time with a time zone, found {start.isoformat()}; add +00:00 for UTC"
        raise ValueError(msg)
    if vendor not in VENDORS:
        msg = f"vendor: expected one of {', '.join(VENDORS)}; found {vendor}"
        raise ValueError(msg)


def simulate(  # noqa: PLR0917
    users: int,
    days: int,
    seed: int,
    attacks: Sequence[str],
    out: Path,
    start: datetime = START,
    tenant: str = "acme",
    *,
    attack_count: int = 1,
    vendor: str = NATIVE,
    new_office: bool = False,
) -> SimulationSummary:
    """Writes a tenant's activities in order of arrival and `truth.jsonl` in time order into the folder `out`.

    The same arguments give the same records on any machine. More users, or other attacks, leave the records of those
    who are not attacked as they are.

    Args:
        users: People, at least 1; service accounts and apps come on top.
        days: Days of 24 hours from `start`, at least 1; at least 10 with attacks.
        seed: Any integer.
        attacks: Names as in `simulator.attacks`, each perhaps with a variant (`mass_download:slowly`), or `all`;
            `none` or nothing for none.
        out: Made if missing; files in it are replaced.
        start: With a time zone.
        tenant: Its name, which is also the domain of its users.
        attack_count: How often each attack is done, on different victims as long as there are enough.
        vendor: `native` for `activities.jsonl`, with everything; else what that vendor logs, as it delivers it, in a
            folder of its name. The truth then has the attacks that it saw anything of, as far as it did.
        new_office: Whether an office is opened, in which many people begin to work on one morning.

    Raises:
        ValueError: An argument is out of range, or no victim fits.
    """
    _check(users, days, attack_count, start, vendor)
    asked = _asked(attacks, days)
    world = World(users, days, seed, start, tenant, new_office=new_office)
    made = list(strikes(world, registry.attacks(), asked, attack_count)) if asked else []

    out.mkdir(parents=True, exist_ok=True)
    format_ = VENDORS[vendor](tenant)
    sink = delivery(format_, out)
    writer = _Writer(sink, format_, tenant, outages(seed, tenant, world.start, days))
    truth, count = _attack(world, writer, format_, made)
    _live(world, writer)
    inputs = sink.close()
    (out / "truth.jsonl").write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in truth))
    return SimulationSummary(
        activities=writer.categories.total(),
        people=users,
        services=len(world.services),
        attacks=len(truth),
        attack_activities=count,
        late=writer.late,
        countries=dict(writer.countries.most_common()),
        categories={category.value: count for category, count in writer.categories.most_common()},
        inputs=inputs,
    )
