"""Hiring: how a person comes by everything that lasts longer than a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from activities.activity import UserType
from simulator.apis import AWS_CALLS, AZURE_CALLS, Call, habits
from simulator.departments import (
    ADMINISTRATORS,
    API_WEIGHT,
    DEPARTMENTS,
    ENGINEERING,
    HELP_DESK,
    IT,
    PLATFORM_SHARE,
    Department,
)
from simulator.devices import laptop, ordinary, phone, versions
from simulator.hostile import VPNS, relay
from simulator.names import NAMES
from simulator.people import BEFORE, Home, Person, Trip
from simulator.places import CONTRACTORS, DESTINATIONS, NETWORKS, OFFICES, OPENING, City, Office, line, vpn_egress
from simulator.record import NativeDevice, NativeUser
from simulator.streams import Weighted, chance, renewals, stream

ADDRESS_DAYS = 40
"""Mean days between changes of a home address."""
DEVICE_DAYS = 700
PASSWORD_DAYS = 90
VACATION_DAYS = 55
"""Mean days between vacations."""
SICK_DAYS = 70
LEAVE_DAYS = 1500
"""Mean days between long leaves: parental, sabbaticals."""
TRIP_DAYS = 1000
"""Mean days between a person's business trips abroad: 3 % of people a month."""
STAY_DAYS = 1500
"""Mean days until a place is filled anew, and until somebody leaves: 2 % of people a month, each."""
HOME_WORKERS = 0.2
"""Share of people who work at home every day."""
CONTRACTOR_SHARE = 0.05
VPN_SHARE = 0.15
PRIVACY_SHARE = 0.04
COMPUTER_SHARE = 0.12
OWN_PHONES = 0.35
"""Share of people whose phone is their own, so that the company doesn't know it."""
LEVEL_SPREAD = 0.5
"""Log-normal spread of people's activity within a department."""
FAVOURITE_SPREAD = 0.5
"""Log-normal spread of a person's liking for one kind of work over another."""
OPENING_SHARE = 0.08
"""Share of people who move to the office that is opened; and at least `OPENING_LEAST`."""
OPENING_LEAST = 5
_LEAVERS, _FIRST_LEAVER = 60, 7
_LEAVES_SOON = (4, 5, 6)
"""Days on which they leave."""
_DOMAINS = ("northwind-consulting.example", "bluepeak.example", "freelance-mail.example")

_DEPARTMENT: Weighted[Department] = Weighted(DEPARTMENTS, [department.weight for department in DEPARTMENTS])
_OFFICE: Weighted[Office] = Weighted(OFFICES, [office.weight for office in OFFICES])
_SITE: Weighted[Office] = Weighted(CONTRACTORS, [office.weight for office in CONTRACTORS])
_PATTERN: Weighted[str] = Weighted(("regular", "part_time", "night"), (88, 9, 3))


class _Streams:
    """The streams of one person.

    What changes over time takes its days and its values from different ones, so that a longer simulation begins like
    a shorter one; except that who joins after the end is, in a shorter one, somebody who was there before.
    """

    def __init__(self, *names: str | int) -> None:
        self._names = names

    def __call__(self, what: str) -> Random:
        return stream(*self._names, what)


class _Job(NamedTuple):
    """What a person is."""

    office: Office
    contractor: bool
    department: Department
    platform: bool
    pattern: str
    catalogue: tuple[Call, ...]
    name: str


def _job(rng: Random, index: int) -> _Job:
    office, contractor, site = _OFFICE.draw(rng), chance(rng, CONTRACTOR_SHARE), _SITE.draw(rng)
    department = _DEPARTMENT.draw(rng)
    if index == 0 or leaves_soon(index):
        department = ENGINEERING if index else IT
    platform = chance(rng, PLATFORM_SHARE.get(department.name, 0)) or index == 0
    aws = chance(rng, 0.75) or index == 0
    pattern = _PATTERN.draw(rng) if index else "regular"
    contractor = contractor and index > 0 and pattern != "night"
    office = site if contractor else office
    catalogue = (AWS_CALLS if aws else AZURE_CALLS) if platform else ()
    first, last = (rng.choice(names.split()) for names in NAMES[office.city.country])
    return _Job(office, contractor, department, platform, pattern, catalogue, f"{first} {last}")


def _absences(of: _Streams, days: int) -> tuple[tuple[int, int], ...]:
    vacations, illnesses, leaves = of("vacation"), of("illness"), of("leave")
    found = [(day, day + vacations.randint(3, 14)) for day in renewals(of("vacation days"), VACATION_DAYS, days)]
    found += [(day, day + illnesses.randint(0, 2)) for day in renewals(of("illness days"), SICK_DAYS, days)]
    found += [(day, day + leaves.randint(35, 150)) for day in renewals(of("leave days"), LEAVE_DAYS, days)]
    return tuple(sorted(found))


def _trips(of: _Streams, days: int, first: date, abroad: list[City]) -> Iterator[Trip]:
    rng = of("trip")
    free = 0
    for day in renewals(of("trip days"), TRIP_DAYS, days):
        # Most people fly on a Sunday or a Monday; the drawn day moves forward to the next Sunday.
        departs = day + (6 - (first.weekday() + day)) % 7 + rng.randint(0, 1)
        city = rng.choice(abroad)
        hotel = line(rng, city, rng.choice(NETWORKS[city.country].home))
        returns = departs + rng.randint(3, 5)
        if departs >= free:
            free = returns + 2
            yield Trip(departs, returns, city, hotel)


def _homes(of: _Streams, city: City, days: int) -> tuple[Home, ...]:
    rng = of("home")
    provider = rng.choice(NETWORKS[city.country].home).isp
    blocks = [block for block in NETWORKS[city.country].home if block.isp == provider]
    return tuple(
        Home(day, line(rng, city, rng.choice(blocks)))
        for day in (BEFORE, *renewals(of("home days"), ADDRESS_DAYS, days))
    )


def _devices(
    of: _Streams, kind: str, technical: bool, days: int, first: date, workdays: tuple[int, ...], unknown: bool
) -> tuple[tuple[int, NativeDevice], ...]:
    """The devices by the days from which they are used. The company has no id for those that it doesn't know."""
    rng, updates = of(kind), of(f"{kind} updates")
    # A device is handed over at work.
    handed_over = {
        next(other for other in range(day, day + 7) if (first.weekday() + other) % 7 in workdays)
        for day in renewals(of(f"{kind} days"), DEVICE_DAYS, days)
    }
    since = (BEFORE, *sorted(handed_over), days + 7)
    found = []
    for day, until in zip(since, since[1:], strict=False):
        device = laptop(rng, technical) if kind == "laptop" else phone(rng)
        device = replace(device, id="") if unknown else device
        found += versions(device, day, until, first, updates)
    return tuple(found)


def _workdays(rng: Random, pattern: str) -> tuple[int, ...]:
    if pattern == "part_time" and chance(rng, 0.6):
        return tuple(sorted(rng.sample(range(5), k=3)))
    if pattern == "night":
        return tuple(sorted(rng.sample(range(7), k=5)))
    return (0, 1, 2, 3, 4)


def leaves_soon(index: int) -> bool:
    """Whether person number `index` is one of those whose last week it is."""
    return index % _LEAVERS == _FIRST_LEAVER


def _employment(of: _Streams, index: int, days: int) -> tuple[int, int | None]:
    joins = int(of("joins").expovariate(1 / STAY_DAYS)) + 1
    leaves = int(of("leaves").expovariate(1 / STAY_DAYS)) + 1
    if index == 0:
        return BEFORE, None
    if leaves_soon(index):
        last = _LEAVES_SOON[leaves % len(_LEAVES_SOON)]
        return BEFORE, last if last < days - 1 else None
    if joins < days - 1:
        return joins, None
    return BEFORE, leaves if leaves < days - 1 else None


def hire(seed: int, tenant: str, index: int, days: int, first: date) -> Person:
    """Person number `index`, known up to `days` days after the first, whose date is `first`.

    Person 0 is always an administrator of AWS who takes no leave and goes on no trips: the smallest tenant has one.
    One of sixty, the first of them person 7, is an engineer who leaves in the first week.
    The identifiers of the user are given when all are hired: see `simulator.world`.
    """
    of = _Streams(seed, tenant, "person", index)
    job = _job(of("job"), index)
    rng = of("habits")
    technical = job.department.name in PLATFORM_SHARE
    work = dict(job.department.work, api=API_WEIGHT) if job.platform else job.department.work
    weights = [weight * rng.lognormvariate(0, FAVOURITE_SPREAD) for weight in work.values()]
    workdays = _workdays(rng, job.pattern)
    half_days = job.pattern == "part_time"
    city = job.office.city
    vpn = vpn_egress(job.office.hub, rng.randint(0, 3)) if chance(rng, VPN_SHARE) else None
    private = of("privacy")
    privacy = relay(private, VPNS, city.country) if chance(private, PRIVACY_SHARE) else None
    known = {city.country, vpn.location.country if vpn else ""}
    abroad = [place for place in (*DESTINATIONS, *(other.city for other in OFFICES)) if place.country not in known]
    stays = job.pattern == "night" or index == 0 or job.contractor
    joins, leaves = _employment(of, index, days)
    own = of("own devices")
    own_phone, has_computer = chance(own, OWN_PHONES) or job.contractor, chance(own, COMPUTER_SHARE)
    computer = ordinary(own, first) if has_computer else None
    groups = [job.department.name]
    groups += [ADMINISTRATORS] if job.platform else []
    groups += [HELP_DESK] if job.department is IT else []
    groups += ["contractors"] if job.contractor else []
    return Person(
        key=f"person/{index}",
        user=NativeUser("", job.name, UserType.PERSON),
        groups=tuple(groups),
        unit=job.department.name,
        index=index,
        office=job.office,
        department=job.department.name,
        contractor=job.contractor,
        level=job.department.activities * rng.lognormvariate(-(LEVEL_SPREAD**2) / 2, LEVEL_SPREAD),
        pattern=job.pattern,
        on_call=job.platform and job.pattern == "regular" and chance(rng, 0.6),
        joins=joins,
        leaves=leaves,
        workdays=workdays,
        starts=22.0 if job.pattern == "night" else min(11.0, max(6.5, rng.gauss(8.7 + 0.7 * technical, 0.8))),
        hours=4.5 if half_days and workdays == (0, 1, 2, 3, 4) else min(10.5, max(7.0, rng.gauss(8.6, 0.6))),
        office_share=0.0 if chance(rng, HOME_WORKERS) or job.contractor else rng.uniform(0.2, 0.95),
        vpn=vpn,
        privacy=privacy,
        homes=_homes(of, city, days),
        laptops=_devices(of, "laptop", technical, days, first, workdays, job.contractor),
        phones=_devices(of, "phone", technical, days, first, workdays, own_phone),
        computer=computer,
        absences=_absences(of, days) if index and not leaves_soon(index) else (),
        trips=() if stays else tuple(_trips(of, days, first, abroad)),
        password_days=frozenset(renewals(of("password days"), PASSWORD_DAYS, days)),
        work=Weighted(tuple(work), weights),
        calls=habits(of("calls"), job.catalogue, min(rng.randint(14, 32), len(job.catalogue) // 2))
        if job.platform
        else (),
        catalogue=job.catalogue,
    )


def login(person: Person, tenant: str, taken: dict[str, int]) -> str:
    """The address that a person logs on with; who comes later never renames the others."""
    domain = _DOMAINS[person.index % len(_DOMAINS)] if person.contractor else f"{tenant}.example"
    name = person.user.name.lower().replace(" ", ".")
    number = taken[f"{name}@{domain}"] = taken.get(f"{name}@{domain}", 0) + 1
    return f"{name}{number if number > 1 else ''}@{domain}"


def opening_day(first: date, days: int) -> int:
    """The Monday on which the new office is opened, with at least a week before it if there is one."""
    mondays = [day for day in range(days) if (first + timedelta(days=day)).weekday() == 0]
    late = [day for day in mondays if day >= max(7, days * 3 // 5)]
    return (late or mondays or [0])[0]


def moved(seed: int, tenant: str, people: list[Person], first: date, days: int) -> list[Person]:
    """The same people, some of whom work in the new office from the day on which it is opened."""
    day = opening_day(first, days)
    fitting = [
        one
        for one in people
        if one.index and one.pattern == "regular" and not one.contractor and one.city != OPENING.city
        and not any(trip.returns >= day - 2 for trip in one.trips) and one.employed(day)
    ]  # fmt: skip
    fitting.sort(key=lambda one: stream(seed, tenant, one.key, "opening").random())
    chosen = {one.index for one in fitting[: max(OPENING_LEAST, round(len(people) * OPENING_SHARE))]}
    return [_to_opening(seed, tenant, one, day, days) if one.index in chosen else one for one in people]


def _to_opening(seed: int, tenant: str, person: Person, day: int, days: int) -> Person:
    rng = stream(seed, tenant, person.key, "opening home")
    flat = line(rng, OPENING.city, rng.choice(NETWORKS[OPENING.city.country].home))
    trip = Trip(day - 1, max(day, days) + 30, OPENING.city, flat, to_work=True)
    return replace(person, trips=(*person.trips, trip))
