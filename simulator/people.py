"""People: who works in the tenant, and everything about them that lasts longer than a day."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from activities.activity import UserType
from simulator.apis import AWS_CALLS, AZURE_CALLS, Call, habits
from simulator.devices import laptop, phone
from simulator.names import NAMES
from simulator.places import DESTINATIONS, NETWORKS, OFFICES, City, Office, address, vpn_egress
from simulator.record import Account, Address, NativeDevice, NativeUser
from simulator.streams import Weighted, chance, renewals, stream

BEFORE = -1
"""The local day before the first, part of which falls into the first in some time zones."""
ADDRESS_DAYS = 40
"""Mean days between changes of a home address."""
DEVICE_DAYS = 700
PASSWORD_DAYS = 90
VACATION_DAYS = 55
"""Mean days between vacations."""
SICK_DAYS = 70
TRIP_DAYS = 1000
"""Mean days between a person's business trips abroad: 3 % of people a month."""
HOME_WORKERS = 0.2
"""Share of people who work at home every day."""
VPN_SHARE = 0.15
LEVEL_SPREAD = 0.5
"""Log-normal spread of people's activity within a department."""
FAVOURITE_SPREAD = 0.5
"""Log-normal spread of a person's liking for one kind of work over another."""


class Department(NamedTuple):
    """A department: its weight in the company, mean activities of a person's working day, and what its people do."""

    name: str
    weight: int
    activities: float
    work: dict[str, float]
    """Weights of the kinds of work in `simulator.habits`."""


DEPARTMENTS: tuple[Department, ...] = (
    Department("engineering", 30, 34, {"mail": 2, "files": 1.5, "chat": 3, "code": 5}),
    Department("sales", 18, 32, {"mail": 4, "files": 2, "chat": 2, "crm": 5}),
    Department("support", 14, 38, {"mail": 3, "files": 1.5, "chat": 3, "crm": 4}),
    Department("finance", 9, 33, {"mail": 3, "files": 4, "chat": 1.5, "ledger": 4}),
    Department("marketing", 9, 28, {"mail": 3, "files": 5, "chat": 3, "crm": 1}),
    Department("it", 8, 40, {"mail": 2, "files": 2, "chat": 3, "code": 2}),
    Department("hr", 5, 26, {"mail": 4, "files": 3, "chat": 2, "staff": 4}),
    Department("legal", 4, 25, {"mail": 4, "files": 6, "chat": 1}),
    Department("executive", 3, 22, {"mail": 6, "files": 2, "chat": 2, "ledger": 0.5}),
)
IT = DEPARTMENTS[5]
API_WEIGHT = 5.0
PLATFORM_SHARE = {"it": 0.8, "engineering": 0.12}
"""Share of a department that administers cloud accounts."""

_DEPARTMENT: Weighted[Department] = Weighted(DEPARTMENTS, [department.weight for department in DEPARTMENTS])
_OFFICE: Weighted[Office] = Weighted(OFFICES, [office.weight for office in OFFICES])
_PATTERN: Weighted[str] = Weighted(("regular", "part_time", "night"), (88, 9, 3))


class Trip(NamedTuple):
    """A business trip: under way on the days `departs` and `returns`, at `city` on those between."""

    departs: int
    returns: int
    city: City
    address: Address
    """Of the hotel."""


class Home(NamedTuple):
    """A person's address at home, from `day` on."""

    day: int
    address: Address


class Person(Account, frozen=True, kw_only=True):
    """A member of staff. Days are counted from the simulation's first, 0."""

    index: int
    office: Office
    department: str
    level: float
    """Activities on a usual working day."""
    pattern: str
    """`regular`, `part_time` or `night`."""
    on_call: bool
    workdays: tuple[int, ...]
    """0 is Monday."""
    starts: float
    """Local hour at which work usually begins."""
    hours: float
    """Length of a usual working day."""
    office_share: float
    vpn: Address | None
    homes: tuple[Home, ...]
    laptops: tuple[tuple[int, NativeDevice], ...]
    phones: tuple[tuple[int, NativeDevice], ...]
    absences: tuple[tuple[int, int], ...]
    """First and last day of each vacation or illness."""
    trips: tuple[Trip, ...]
    password_days: frozenset[int]
    work: Weighted[str]
    calls: tuple[Call, ...]
    """Habitual API calls, most used first; empty for who administers nothing."""
    catalogue: tuple[Call, ...]
    """All the calls of the person's cloud."""

    @property
    def city(self) -> City:
        """Where the person lives and has their office."""
        return self.office.city

    def laptop(self, day: int) -> NativeDevice:
        """The laptop in use on `day`."""
        return next(device for since, device in reversed(self.laptops) if since <= day)

    def phone(self, day: int) -> NativeDevice:
        """The phone in use on `day`."""
        return next(device for since, device in reversed(self.phones) if since <= day)

    def home(self, day: int) -> Address:
        """The address of the person's home on `day`."""
        return next(home.address for home in reversed(self.homes) if home.day <= day)


class _Streams:
    """The streams of one person.

    What changes over time takes its days and its values from different ones, so that a longer simulation begins like
    a shorter one.
    """

    def __init__(self, *names: str | int) -> None:
        self._names = names

    def __call__(self, what: str) -> Random:
        return stream(*self._names, what)


def _absences(of: _Streams, days: int) -> tuple[tuple[int, int], ...]:
    vacations, illnesses = of("vacation"), of("illness")
    found = [(day, day + vacations.randint(3, 14)) for day in renewals(of("vacation days"), VACATION_DAYS, days)]
    found += [(day, day + illnesses.randint(0, 2)) for day in renewals(of("illness days"), SICK_DAYS, days)]
    return tuple(sorted(found))


def _trips(of: _Streams, days: int, first_weekday: int, abroad: list[City]) -> Iterator[Trip]:
    rng = of("trip")
    free = 0
    for day in renewals(of("trip days"), TRIP_DAYS, days):
        # Most people fly on a Sunday or a Monday; the drawn day moves forward to the next Sunday.
        departs = day + (6 - (first_weekday + day)) % 7 + rng.randint(0, 1)
        city = rng.choice(abroad)
        hotel = address(city, rng.choice(NETWORKS[city.country].home), rng.randint(2, 250))
        returns = departs + rng.randint(3, 5)
        if departs >= free:
            free = returns + 2
            yield Trip(departs, returns, city, hotel)


def _homes(of: _Streams, city: City, days: int) -> tuple[Home, ...]:
    rng = of("home")
    provider = rng.choice(NETWORKS[city.country].home).isp
    blocks = [block for block in NETWORKS[city.country].home if block.isp == provider]
    return tuple(
        Home(day, address(city, rng.choice(blocks), rng.randint(2, 250)))
        for day in (BEFORE, *renewals(of("home days"), ADDRESS_DAYS, days))
    )


def _workdays(rng: Random, pattern: str) -> tuple[int, ...]:
    if pattern == "part_time" and chance(rng, 0.6):
        return tuple(sorted(rng.sample(range(5), k=3)))
    if pattern == "night":
        return tuple(sorted(rng.sample(range(7), k=5)))
    return (0, 1, 2, 3, 4)


def hire(seed: int, tenant: str, index: int, days: int, first_weekday: int) -> Person:
    """Person number `index`, known up to `days` days after the first, which is `first_weekday` (0: Monday).

    Person 0 is always an administrator of AWS who takes no leave and goes on no trips: the smallest tenant has one.
    """
    of = _Streams(seed, tenant, "person", index)
    rng = of("job")
    office = _OFFICE.draw(rng)
    department = _DEPARTMENT.draw(rng) if index else IT
    platform = chance(rng, PLATFORM_SHARE.get(department.name, 0)) or index == 0
    aws = chance(rng, 0.75) or index == 0
    pattern = _PATTERN.draw(rng) if index else "regular"
    technical = department.name in PLATFORM_SHARE
    catalogue: tuple[Call, ...] = ()
    if platform:
        catalogue = AWS_CALLS if aws else AZURE_CALLS
    work = dict(department.work, api=API_WEIGHT) if platform else department.work
    weights = [weight * rng.lognormvariate(0, FAVOURITE_SPREAD) for weight in work.values()]

    first, last = (rng.choice(names.split()) for names in NAMES[office.city.country])
    rng = of("habits")
    half_days = pattern == "part_time"
    workdays = _workdays(rng, pattern)
    city = office.city
    vpn = vpn_egress(office.hub, rng.randint(0, 3)) if chance(rng, VPN_SHARE) else None
    known = {city.country, vpn.location.country if vpn else ""}
    places = (*DESTINATIONS, *(other.city for other in OFFICES))
    abroad = [place for place in places if place.country not in known]
    stays = pattern == "night" or index == 0
    trips = () if stays else tuple(_trips(of, days, first_weekday, abroad))
    laptops, phones = of("laptop"), of("phone")
    return Person(
        key=f"person/{index}",
        user=NativeUser("", f"{first} {last}", UserType.PERSON),
        groups=(department.name, "cloud-admins") if platform else (department.name,),
        unit=department.name,
        index=index,
        office=office,
        department=department.name,
        level=department.activities * rng.lognormvariate(-(LEVEL_SPREAD**2) / 2, LEVEL_SPREAD),
        pattern=pattern,
        on_call=platform and pattern == "regular" and chance(rng, 0.6),
        workdays=workdays,
        starts=22.0 if pattern == "night" else min(11.0, max(6.5, rng.gauss(8.7 + 0.7 * technical, 0.8))),
        hours=4.5 if half_days and workdays == (0, 1, 2, 3, 4) else min(10.5, max(7.0, rng.gauss(8.6, 0.6))),
        office_share=0.0 if chance(rng, HOME_WORKERS) else rng.uniform(0.2, 0.95),
        vpn=vpn,
        homes=_homes(of, city, days),
        laptops=tuple(
            (day, laptop(laptops, technical)) for day in (BEFORE, *renewals(of("laptop days"), DEVICE_DAYS, days))
        ),
        phones=tuple((day, phone(phones)) for day in (BEFORE, *renewals(of("phone days"), DEVICE_DAYS, days))),
        absences=_absences(of, days) if index else (),
        trips=trips,
        password_days=frozenset(renewals(of("password days"), PASSWORD_DAYS, days)),
        work=Weighted(tuple(work), weights),
        calls=habits(of("calls"), catalogue, min(rng.randint(14, 32), len(catalogue) // 2)) if platform else (),
        catalogue=catalogue,
    )
