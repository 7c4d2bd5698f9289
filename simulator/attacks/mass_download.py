"""Data is taken: the user's own account, from its usual place, downloads hundreds of files within the hour."""

from __future__ import annotations

from random import Random

from activities.activity import Category
from simulator.habits import LIBRARY_SIZE, SHAREPOINT, file
from simulator.people import Person
from simulator.record import MINUTE, SECOND, Account, Event, Step
from simulator.victims import moment
from simulator.world import World


def fits(account: Account) -> bool:
    """Any person."""
    return isinstance(account, Person)


def strike(world: World, victim: Account, rng: Random) -> list[Event]:
    """150 to 600 distinct files in 20 to 50 minutes, in the session that the victim is at work in."""
    seen = moment(world, victim, rng)
    begins = seen.time + rng.randint(5, 300) * SECOND
    span = rng.randint(20 * MINUTE, 50 * MINUTE)
    first = rng.randrange(LIBRARY_SIZE)
    offsets = sorted(rng.sample(range(span), k=rng.randint(150, 600)))
    events = []
    for number, offset in enumerate(offsets):
        wanted = file(victim.unit, (first + number) % LIBRARY_SIZE)
        step = Step(SHAREPOINT, "FileDownloaded", Category.DOWNLOAD, (wanted,))
        events.append(Event(begins + offset, step, seen.address, seen.device, seen.session))
    return events
