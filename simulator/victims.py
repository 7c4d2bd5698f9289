"""Who is attacked and when: fitting accounts with enough history, at a time when they are there."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from simulator.attacks import Attack
from simulator.people import Person
from simulator.record import DAY, HOUR, MINUTE, Account, Event
from simulator.schedule import Kind
from simulator.streams import token
from simulator.world import World

HISTORY_DAYS = 8
"""A victim's first activity is at least that many days before the attack."""
HISTORY_EVENTS = 30
LEAST_DAYS = HISTORY_DAYS + 2
"""The shortest simulation that attacks fit into."""
_LONGEST = 2 * HOUR
"""No attack takes longer."""


def _present(world: World, account: Account, kind: Kind) -> list[Event]:
    """What the account does from the last third of the period on: a person on the laptop in usual surroundings."""
    earliest = world.start + max(HISTORY_DAYS * DAY, -(-(world.end - world.start) * 2 // 3))
    latest = world.end - _LONGEST
    found = []
    for day in range((earliest - world.start) // DAY - 1, world.days + 1):
        begins, ends, device = earliest, latest, None
        if isinstance(account, Person):
            plan = world.plan(account, day)
            if plan.kind is not kind or plan.abroad:
                continue
            begins, ends, device = max(begins, plan.start), min(ends, plan.end - 30 * MINUTE), account.laptop(day)
        elif kind is not Kind.WORK:
            continue
        found += [
            event
            for event in world.day(account, day)
            if begins <= event.time <= ends and device in (None, event.device) and event.session
        ]
    return found


def moments(world: World, account: Account, kind: Kind) -> list[Event]:
    """The account's own events on days of that kind beside which an attack may begin, its history being long enough."""
    present = _present(world, account, kind)
    if not present:
        return []
    times = [event.time for event in world.life(account)[:HISTORY_EVENTS]]
    if len(times) < HISTORY_EVENTS:
        return []
    enough = max(times[0] + HISTORY_DAYS * DAY, times[-1])
    return [event for event in present if event.time > enough]


def moment(world: World, victim: Account, rng: Random) -> Event:
    """One of the victim's own events beside which an attack begins: on a working day if there is one left."""
    return rng.choice(moments(world, victim, Kind.WORK) or moments(world, victim, Kind.SPARE))


def _choose(world: World, attack: Attack, taken: list[Account]) -> Account | None:
    fitting = [account for account in world.accounts if attack.fits(account)]
    fitting.sort(key=lambda account: token(world.seed, world.tenant, "victim", attack.name, account.key))
    free = [account for account in fitting if account not in taken]
    for kind in (Kind.WORK, Kind.SPARE):
        for account in (*free, *fitting):
            if moments(world, account, kind):
                return account
    return None


def victims(world: World, attacks: Mapping[str, Attack]) -> dict[str, Account | None]:
    """The victim of each attack, another one for each as long as there are enough; None where nobody will do.

    Pass all the attacks there are, so that a victim doesn't depend on which of them are asked for.
    """
    chosen: dict[str, Account | None] = {}
    taken: list[Account] = []
    for name, attack in attacks.items():
        victim = chosen[name] = _choose(world, attack, taken)
        taken += [victim] if victim else []
    return chosen
