"""Passwords are tried until one works: many failed logons in minutes, then a successful one."""

from __future__ import annotations

from random import Random

from activities.activity import Category, Outcome
from simulator.devices import stranger
from simulator.habits import EXCHANGE, SHAREPOINT, logon
from simulator.people import Person
from simulator.places import NETWORKS, OFFICES, address
from simulator.record import HOUR, MINUTE, SECOND, Account, Event, NativeObject, Step
from simulator.victims import moment
from simulator.world import World

_READ = Step(EXCHANGE, "MailItemsAccessed", Category.READ, (NativeObject("folder", "Inbox"),))
_SEARCH = Step(SHAREPOINT, "SearchQueryPerformed", Category.LIST)


def fits(account: Account) -> bool:
    """Any person."""
    return isinstance(account, Person)


def strike(world: World, victim: Account, rng: Random) -> list[Event]:
    """15 to 60 failed logons in 10 to 30 minutes, from rented servers in a country of one of the tenant's offices."""
    time = min(moment(world, victim, rng).time + int(rng.uniform(0, 8) * HOUR), world.end - 2 * HOUR)
    city = rng.choice(OFFICES).city
    blocks = NETWORKS[city.country].hosting
    sources = [address(city, rng.choice(blocks), rng.randint(100, 250)) for _ in range(rng.randint(1, 4))]
    device = stranger(rng)
    span = rng.randint(10 * MINUTE, 30 * MINUTE)
    tries = sorted(rng.sample(range(1, span), k=rng.randint(13, 58)))
    events = [
        Event(time + offset, logon(Outcome.FAILURE), rng.choice(sources), device, "") for offset in (0, *tries, span)
    ]
    time += span + rng.randint(3, 60) * SECOND
    source, session = rng.choice(sources), f"{rng.getrandbits(64):016x}"
    events.append(Event(time, logon(), source, device, session))
    for _ in range(rng.randint(3, 10)):
        time += rng.randint(5, 120) * SECOND
        events.append(Event(time, rng.choice((_READ, _READ, _SEARCH)), source, device, session))
    return events
