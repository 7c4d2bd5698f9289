"""When an account is there: what else happens is put beside something that it does."""

from __future__ import annotations

from simulator.people import Person
from simulator.record import DAY, HOUR, MINUTE, Account, Event
from simulator.schedule import Kind
from simulator.world import World

HISTORY_DAYS = 8
"""A victim's first activity is at least that many days before the attack."""
HISTORY_EVENTS = 30


def present(world: World, account: Account, day: int, kind: Kind) -> list[Event]:
    """What an account does on a day of that kind: a person on the laptop in usual surroundings, while at work."""
    if not isinstance(account, Person):
        return [event for event in world.seen(account, day) if event.session] if kind is Kind.WORK else []
    plan = world.plan(account, day)
    if plan.kind is not kind or plan.abroad:
        return []
    ends, device = plan.end - 30 * MINUTE, account.laptop(day)
    return [
        event
        for event in world.seen(account, day)
        if plan.start <= event.time <= ends and event.device == device and event.session
    ]


def earliest(world: World) -> int:
    """When attacks may begin, ms: in the last third, and with some history before."""
    return world.start + max(HISTORY_DAYS * DAY, -(-(world.end - world.start) * 2 // 3))


def known_since(world: World, account: Account) -> int | None:
    """From when on an account has enough history, ms; None if it never has."""
    times: list[int] = []
    for day in world.every_day:
        times += [event.time for event in world.seen(account, day)]
        if len(times) >= HISTORY_EVENTS:
            times.sort()
            return max(times[0] + HISTORY_DAYS * DAY, times[HISTORY_EVENTS - 1])
    return None


def moments(world: World, account: Account, kind: Kind, hours: float) -> list[Event]:
    """The account's own events on days of that kind beside which an attack of that length may begin."""
    begins, ends = earliest(world), world.end - int(hours * HOUR)
    found = [
        event
        for day in range((begins - world.start) // DAY - 1, world.days + 1)
        for event in present(world, account, day, kind)
        if begins <= event.time <= ends
    ]
    if not found:
        return []
    since = known_since(world, account)
    return [event for event in found if since is not None and event.time > since]
