"""`truth.jsonl`: what was done to whom, one line for each attack and campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from simulator.record import Account, Event, rfc3339
from simulator.vendors.vendor import Vendor
from simulator.victims import Strike


class TruthStage(msgspec.Struct, frozen=True):
    """A stage of a campaign: which attack it is, and its first and last activity."""

    attack: str
    first: str
    last: str
    first_time: str
    last_time: str


class Truth(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: an attack, its victim, and its first and last activity by event time (times: RFC 3339)."""

    attack: str
    user: str
    first: str
    last: str
    first_time: str
    last_time: str
    variant: str = ""
    first_ingested: str = ""
    """When the first activity arrived."""
    users: tuple[str, ...] = ()
    """All whose activities belong to the attack, where it isn't the victim alone."""
    stages: tuple[TruthStage, ...] = ()
    """Of a campaign."""
    activities: int = 0
    """How many activities the attack has in this log."""
    unseen: int = 0
    """How many more it has that the vendor doesn't log."""


class Written(msgspec.Struct, frozen=True):
    """An event of an attack as it was written."""

    event: Event
    account: Account
    id: str
    ingested: int


def _time(written: Written, vendor: Vendor) -> str:
    return rfc3339(written.event.time // vendor.resolution * vendor.resolution)


def truth_of(strike: Strike, written: Sequence[Written], vendor: Vendor) -> Truth | None:
    """The line of a strike, of whose events those in `written`, in time order, are in the log; None if none is.

    The victim is the one who was attacked, also where the vendor only saw others act.
    """
    if not written:
        return None
    first, last = written[0], written[-1]
    users = sorted({vendor.user(one.account) for one in written})
    user = vendor.user(strike.victim)
    by_event = {id(one.event): one for one in written}
    return Truth(
        attack=strike.attack,
        user=user,
        first=first.id,
        last=last.id,
        first_time=_time(first, vendor),
        last_time=_time(last, vendor),
        variant=strike.variant,
        first_ingested=rfc3339(first.ingested),
        users=() if users == [user] else tuple(users),
        stages=tuple(_stages(strike, by_event, vendor)),
        activities=len(written),
        unseen=len(strike.events) - len(written),
    )


def _stages(strike: Strike, by_event: Mapping[int, Written], vendor: Vendor) -> list[TruthStage]:
    found = []
    for stage in strike.stages:
        seen = [by_event[id(event)] for event in stage.events if id(event) in by_event]
        seen.sort(key=lambda one: one.event.time)
        if seen:
            first, last = seen[0], seen[-1]
            times = _time(first, vendor), _time(last, vendor)
            found.append(TruthStage(stage.attack, first.id, last.id, *times))
    return found
