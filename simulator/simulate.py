"""`anput simulate`: writes a tenant's activities as native JSON records, and the truth about the attacks in them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import BinaryIO

import msgspec

from activities.activity import Category
from simulator import attacks as registry
from simulator.delays import Outage, ingested, outages
from simulator.record import DAY, EPOCH_ORDINAL, HOUR, Account, Event, native, rfc3339
from simulator.streams import stream, token
from simulator.victims import HISTORY_DAYS, LEAST_DAYS, victims
from simulator.world import World

ALL, NONE = "all", "none"
START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""
_EAST = 14 * HOUR
"""A local day begins at most this long before the UTC day of the same date (Pacific/Kiritimati)."""

Line = tuple[int, int, str, bytes]
"""Ingest time and event time in ms, id, encoded record: sorted by these, unique by the id."""


class Truth(msgspec.Struct, frozen=True):
    """One line of `truth.jsonl`: an attack, its victim, and its first and last activity by event time (RFC 3339)."""

    attack: str
    user: str
    first: str
    last: str
    first_time: str
    last_time: str


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


class _Writer:
    """Keeps records until no earlier arrival can come, and writes them in order of arrival."""

    def __init__(self, file: BinaryIO, tenant: str, down: tuple[Outage, ...]) -> None:
        self._file, self._tenant, self._down = file, tenant, down
        self._encoder = msgspec.json.Encoder()
        self._waiting: list[Line] = []
        self.late = 0
        self.countries: Counter[str] = Counter()
        self.categories: Counter[Category] = Counter()

    def add(self, account: Account, events: Iterable[Event], rng: Random, *name: str | int) -> list[tuple[int, str]]:
        """Takes an account's events, whose ids are made of `name`; (event time, id) of each."""
        added = []
        for number, event in enumerate(events):
            arrives = ingested(event.time, event.step.app, rng, self._down)
            uid = token(self._tenant, *name, number)
            record = native(event, account, self._tenant, uid, arrives)
            self._waiting.append((arrives, event.time, uid, self._encoder.encode(record)))
            added.append((event.time, uid))
            self.late += arrives - event.time > HOUR
            self.countries[event.address.location.country] += 1
            self.categories[event.step.category] += 1
        return added

    def write(self, before: int) -> None:
        """Writes what arrived before the time `before`, ms."""
        self._waiting.sort()
        ready = bisect_left(self._waiting, before, key=lambda line: line[0])
        self._file.writelines(line[3] + b"\n" for line in self._waiting[:ready])
        del self._waiting[:ready]

    @property
    def end(self) -> int:
        """A time after all arrivals, ms."""
        return max((line[0] for line in self._waiting), default=0) + 1


def _selected(attacks: Sequence[str], days: int) -> tuple[str, ...]:
    known = registry.names()
    asked = [name for name in attacks if name != NONE]
    unknown = [name for name in asked if name not in known and name != ALL]
    if unknown:
        msg = f"attacks: expected {ALL}, {NONE} or some of {', '.join(known)}; found {', '.join(unknown)}"
        raise ValueError(msg)
    if asked and len(asked) < len(attacks):
        msg = f"attacks: {NONE} excludes all others; found {', '.join(attacks)}"
        raise ValueError(msg)
    if asked and days < LEAST_DAYS:
        msg = (
            f"days: attacks need at least {LEAST_DAYS}, because a victim has {HISTORY_DAYS} days of history before; "
            f"found {days}. Simulate more days, or attack {NONE}"
        )
        raise ValueError(msg)
    return known if ALL in asked else tuple(name for name in known if name in asked)


def _strikes(world: World, selected: Sequence[str]) -> Iterator[tuple[str, Account, list[Event]]]:
    if not selected:
        return
    known = registry.attacks()
    chosen = victims(world, known)
    for name in selected:
        victim = chosen[name]
        if victim is None:
            msg = (
                f"attack {name}: expected a fitting user who works in the last third of the period and has "
                f"{HISTORY_DAYS} days of history; found none among {len(world.people)}. Simulate more users or days"
            )
            raise ValueError(msg)
        rng = stream(world.seed, world.tenant, "attack", name)
        yield name, victim, sorted(known[name].strike(world, victim, rng), key=lambda event: event.time)


def _attack(world: World, writer: _Writer, strikes: Iterable[tuple[str, Account, list[Event]]]) -> Iterator[Truth]:
    for name, victim, events in strikes:
        rng = stream(world.seed, world.tenant, "attack", name, "arrival")
        (first, first_id), *_, (last, last_id) = writer.add(victim, events, rng, world.seed, "attack", name)
        yield Truth(name, victim.user.id, first_id, last_id, rfc3339(first), rfc3339(last))


def _live(world: World, writer: _Writer) -> None:
    for day in world.every_day:
        for account in world.accounts:
            rng = stream(world.seed, world.tenant, account.key, "arrival", day)
            writer.add(account, world.day(account, day), rng, world.seed, account.key, day)
        writer.write(before=(world.first.toordinal() - EPOCH_ORDINAL + day + 1) * DAY - _EAST)
    writer.write(before=writer.end)


def simulate(  # noqa: PLR0917
    users: int,
    days: int,
    seed: int,
    attacks: Sequence[str],
    out: Path,
    start: datetime = START,
    tenant: str = "acme",
) -> SimulationSummary:
    """Writes `activities.jsonl` in order of arrival and `truth.jsonl` in time order into the folder `out`.

    The same arguments give the same bytes on any machine. More users, or other attacks, leave the lines of those who
    are not attacked as they are.

    Args:
        users: People, at least 1; a few service accounts come on top.
        days: Days of 24 hours from `start`, at least 1; at least 10 with attacks.
        seed: Any integer.
        attacks: Names as in `simulator.attacks`, or `all`; `none` or nothing for none.
        out: Made if missing; files in it are replaced.
        start: With a time zone.
        tenant: Its name, which is also the domain of its users.

    Raises:
        ValueError: An argument is out of range, or no victim fits.
    """
    for name, value in (("users", users), ("days", days)):
        if value < 1:
            msg = f"{name}: expected at least 1, found {value}"
            raise ValueError(msg)
    if start.tzinfo is None:
        msg = f"start: expected a time with a time zone, found {start.isoformat()}; add +00:00 for UTC"
        raise ValueError(msg)
    selected = _selected(attacks, days)
    world = World(users, days, seed, start, tenant)
    strikes = list(_strikes(world, selected))

    out.mkdir(parents=True, exist_ok=True)
    with (out / "activities.jsonl").open("wb") as file:
        writer = _Writer(file, tenant, outages(seed, tenant, world.start, days))
        truth = sorted(_attack(world, writer, strikes), key=lambda line: (line.first_time, line.attack))
        _live(world, writer)
    (out / "truth.jsonl").write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in truth))
    return SimulationSummary(
        activities=writer.categories.total(),
        people=users,
        services=len(world.services),
        attacks=len(truth),
        attack_activities=sum(len(events) for _, _, events in strikes),
        late=writer.late,
        countries=dict(writer.countries.most_common()),
        categories={category.value: count for category, count in writer.categories.most_common()},
    )
