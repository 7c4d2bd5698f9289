"""Traces are hidden: an administrator's account looks at the audit trails and switches them off."""

from __future__ import annotations

from random import Random

from activities.activity import Category
from simulator.apis import AWS_CALLS, CLOUDTRAIL
from simulator.devices import command_line
from simulator.people import Person
from simulator.record import SECOND, Account, Event, NativeObject, Step
from simulator.victims import moment
from simulator.world import World

_TRAILS = ("management-events", "organization-trail", "s3-data-events")
_LOOKS = (("DescribeTrails", Category.LIST), ("GetTrailStatus", Category.READ), ("GetEventSelectors", Category.READ))
_WEAKENS = ("PutEventSelectors", "UpdateTrail", "PutInsightSelectors")


def fits(account: Account) -> bool:
    """An administrator of AWS."""
    return isinstance(account, Person) and account.catalogue is AWS_CALLS


def strike(world: World, victim: Account, rng: Random) -> list[Event]:
    """3 to 7 events within a few minutes, in the session that the victim is at work in; the first that harms, first."""
    seen = moment(world, victim, rng)
    trail = (NativeObject("trail", rng.choice(_TRAILS)),)
    looks = _LOOKS[: rng.randint(1, 3)]
    harms = ["StopLogging"] + (["DeleteTrail"] if rng.randint(0, 1) else [])
    harms[:0] = rng.sample(_WEAKENS, k=rng.randint(0, 2))
    steps = [Step(CLOUDTRAIL, action, category, trail) for action, category in looks]
    steps += [Step(CLOUDTRAIL, action, Category.AUDIT_CONFIG, trail) for action in harms]
    device = command_line(seen.device)
    events = []
    time = seen.time
    for step in steps:
        time += rng.randint(3, 45) * SECOND + rng.randint(0, 999)
        events.append(Event(time, step, seen.address, device, seen.session))
    return events
