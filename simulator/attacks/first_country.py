"""An account is taken over: a logon and some mail reading from a country where the tenant never was."""

from __future__ import annotations

from random import Random

from activities.activity import Category
from simulator.devices import stranger
from simulator.habits import EXCHANGE, logon
from simulator.people import Person
from simulator.places import HOSTS, address
from simulator.record import HOUR, SECOND, Account, Event, NativeObject, Step
from simulator.victims import moment
from simulator.world import World

_SEARCHES = ("password", "invoice", "wire transfer", "payroll", "vpn")


def fits(account: Account) -> bool:
    """Any person."""
    return isinstance(account, Person)


def strike(world: World, victim: Account, rng: Random) -> list[Event]:
    """6 to 15 events in about ten minutes, some hours after the victim was seen at work."""
    time = min(moment(world, victim, rng).time + int(rng.uniform(0.5, 8) * HOUR), world.end - 2 * HOUR)
    source = address(*rng.choice(HOSTS), rng.randint(2, 250))
    device = stranger(rng)
    session = f"{rng.getrandbits(64):016x}"
    steps = [logon()]
    for _ in range(rng.randint(4, 11)):
        steps.append(Step(EXCHANGE, "MailItemsAccessed", Category.READ, (NativeObject("folder", "Inbox"),)))
    query = NativeObject("query", rng.choice(_SEARCHES))
    steps.insert(rng.randint(2, len(steps)), Step(EXCHANGE, "SearchQueryPerformed", Category.LIST, (query,)))
    events = []
    for step in steps:
        events.append(Event(time, step, source, device, session))
        time += rng.randint(4, 100) * SECOND + rng.randint(0, 999)
    return events
