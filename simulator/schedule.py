"""A person's plan for one day: at work or not, when, and at which addresses."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from simulator.people import Person, Trip
from simulator.places import HUBS, NETWORKS, OFFICES, City, carrier, office_egress, vpn_egress
from simulator.record import EPOCH_ORDINAL, HOUR, MINUTE, Address
from simulator.streams import chance

MOBILE_SLOT = 3 * HOUR
"""How long a phone keeps a carrier's address."""
LUNCH = 50 * MINUTE
VPN_DAY_SHARE = 0.6
VPN_FIRST_DAYS = 3
"""VPN users use theirs on each working day among the first ones: it is part of what they have always done."""
SWITCH_SHARE = 0.06
"""Days with a VPN on which the nearest gateway is down and the next one is used for a while."""
PRIVACY_DAY_SHARE = 0.4
"""Days at home on which those who pay for a commercial VPN leave it on while they work."""
ROAMING_SHARE = 0.65
"""Trips on which the phone is seen at home: carriers route what roams through their own gateways."""
MOVE_SHARE = 0.12
"""Days begun at home and continued in the office."""
DESK_ABROAD = 0.7
"""Travellers to a country with an office who work there."""
SATURDAY = 5
WEEKDAY_SHARE = (1.08, 1.05, 1.0, 1.0, 0.85, 0.6, 0.6)
SPARE_WORK = 0.06
"""Days off on which a person does some work all the same."""
SPARE_SHARE = 0.25


class Kind(Enum):
    """What a day is for a person."""

    WORK = "work"
    SPARE = "spare"
    """Off, with some work all the same."""
    IDLE = "idle"
    """Off, but perhaps a look at the phone."""
    ABSENT = "absent"
    """On vacation, ill, or under way: nothing at all."""


class Plan(NamedTuple):
    """A day of a person. Times in ms UTC."""

    kind: Kind
    city: City
    midnight: int
    """When the person's local day begins."""
    start: int
    end: int
    lunch: int
    """When the break of `LUNCH` in the middle of the day begins."""
    share: float
    """Of a usual day's activities."""
    home: Address
    """Of the person's home, or of the hotel."""
    places: tuple[tuple[int, Address], ...]
    """(from, address) of the laptop in time order; the first holds before its time too."""
    vpn: tuple[tuple[int, int, Address], ...]
    """(from, to, egress) while the laptop is connected through a VPN."""
    mobile: tuple[Address, ...]
    """The phone's carrier addresses, one for each `MOBILE_SLOT` since midnight, cyclic."""
    abroad: bool
    leaving: bool
    """Travels on the next day."""

    def laptop(self, time: int) -> Address:
        """The address that the laptop is seen from."""
        for begins, ends, egress in self.vpn:
            if begins <= time < ends:
                return egress
        return self.places[max(0, bisect_right(self.places, time, key=lambda place: place[0]) - 1)][1]

    def phone(self, time: int) -> Address:
        """The phone's carrier address."""
        return self.mobile[(time - self.midnight) // MOBILE_SLOT % len(self.mobile)]


@lru_cache(maxsize=4096)
def midnight(zone: str, ordinal: int) -> int:
    """When the local date with that proleptic ordinal begins, in ms UTC, by the offset in force at noon."""
    day = date.fromordinal(ordinal)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
    offset = noon.utcoffset() or timedelta(0)
    return (ordinal - EPOCH_ORDINAL) * 24 * HOUR - round(offset.total_seconds() * 1_000)


def _kind(rng: Random, person: Person, day: int, today: date, abroad: bool) -> Kind:
    spare = chance(rng, SPARE_WORK)
    if not person.employed(day) or any(first <= day <= last for first, last in person.absences):
        return Kind.ABSENT
    if any(day in (trip.departs, trip.returns) for trip in person.trips):
        return Kind.ABSENT
    if abroad and today.weekday() < SATURDAY:
        return Kind.WORK
    if today.weekday() in person.workdays and (today.month, today.day) not in person.office.holidays:
        return Kind.WORK
    return Kind.SPARE if spare else Kind.IDLE


def _egress(rng: Random, person: Person, city: City, trip: Trip | None) -> Address | None:
    """That of the office the person goes to, if any."""
    share = DESK_ABROAD if trip else person.office_share
    goes = chance(rng, share) and any(office.city == city for office in OFFICES)
    return office_egress(city) if goes or (trip and trip.to_work) else None


Tunnel = tuple[int, int, Address]


def _tunnels(rng: Random, person: Person, day: int, start: int, end: int, at_home: bool) -> tuple[Tunnel, ...]:
    """While the laptop is connected through a VPN on a working day; the numbers drawn are always as many."""
    connects, begin, length = chance(rng, VPN_DAY_SHARE), rng.uniform(0.05, 0.5), rng.uniform(0.2, 0.5)
    switches, hub, private = chance(rng, SWITCH_SHARE), rng.choice(sorted(HUBS)), chance(rng, PRIVACY_DAY_SHARE)

    def at(share: float) -> int:
        return start + int((end - start) * share)

    if person.vpn and (connects or day < VPN_FIRST_DAYS):
        if switches:
            middle = begin + length / 2
            return (at(begin), at(middle), person.vpn), (at(middle), at(begin + length), vpn_egress(hub, 0))
        return ((at(begin), at(begin + length), person.vpn),)
    if person.privacy and at_home and (private or day < VPN_FIRST_DAYS):
        return ((start, at(0.99), person.privacy),)
    return ()


def _mobile(rng: Random, person: Person, trip: Trip | None) -> tuple[Address, ...]:
    """The phone's addresses; on most trips those of its carrier at home."""
    roams = trip is not None and (person.index * 7 + trip.departs) % 20 < ROAMING_SHARE * 20
    city = trip.city if trip and not roams else person.city
    carriers = NETWORKS[city.country].mobile
    own = carriers[person.index % len(carriers)]
    return tuple(carrier(rng, city, own) for _ in range(4))


def plan(rng: Random, person: Person, day: int, ordinal: int) -> Plan:
    """The plan of `person` for `day`, whose date has that proleptic ordinal. Needs a stream of its own."""
    today = date.fromordinal(ordinal)
    trip = next((trip for trip in person.trips if trip.departs < day < trip.returns), None)
    city = trip.city if trip else person.city
    kind = _kind(rng, person, day, today, trip is not None)
    begins = midnight(city.zone, ordinal)
    shift = rng.gauss(0, 0.4)
    starts = 10 + 4 * abs(shift) if kind is not Kind.WORK else person.starts + shift
    hours = person.hours if kind is Kind.WORK else 1.5
    if trip and kind is Kind.WORK:
        # People keep to their hosts' hours.
        starts, hours = 9.0 + shift, 7.5
    start = begins + int(starts * HOUR)
    end = start + int((hours + rng.gauss(0, 0.35)) * HOUR)

    noon = begins + int(rng.gauss(12.4, 0.3) * HOUR)
    lunch = start + 4 * HOUR if person.pattern == "night" else max(noon, start + HOUR)

    home = trip.address if trip else person.home(day)
    egress = _egress(rng, person, city, trip)
    moves, when = chance(rng, MOVE_SHARE), rng.uniform(0.2, 0.6)
    places: tuple[tuple[int, Address], ...] = ((start, home),)
    if kind is Kind.WORK and egress:
        places = ((start, egress), (end + 40 * MINUTE, home))
        if moves and not trip:
            places = ((start, home), (start + int((end - start) * when), egress))
    tunnels = _tunnels(rng, person, day, start, end, egress is None and trip is None)
    mobile = _mobile(rng, person, trip)
    factor = WEEKDAY_SHARE[today.weekday()] if kind is Kind.WORK else SPARE_SHARE
    if person.pattern == "part_time":
        factor *= min(1, person.hours / 8)
    return Plan(
        kind=kind,
        city=city,
        midnight=begins,
        start=start,
        end=end,
        lunch=lunch,
        share=factor * rng.lognormvariate(0, 0.3),
        home=home,
        places=places,
        vpn=tunnels if kind is Kind.WORK else (),
        mobile=mobile,
        abroad=trip is not None,
        leaving=any(day + 1 in (other.departs, other.returns) for other in person.trips),
    )
