"""What the simulator writes: events of an account, and the native record they become.

A native record is an object whose fields are those of `activities.activity.Activity`, with times in RFC 3339 and
empty fields left out.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import NamedTuple

import msgspec

from activities.activity import Category, Outcome, UserType

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


class NativeUser(msgspec.Struct, frozen=True, omit_defaults=True):
    """`user` of a native record."""

    id: str
    name: str
    type: UserType
    email: str = ""


class NativeLocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """`location` of a native record; degrees."""

    country: str
    city: str
    latitude: float | None = None
    longitude: float | None = None
    asn: int | None = None
    isp: str = ""
    tags: tuple[str, ...] = ()


class NativeDevice(msgspec.Struct, frozen=True, omit_defaults=True):
    """`device` of a native record."""

    id: str = ""
    os: str = ""
    user_agent: str = ""


class NativeObject(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of `objects` of a native record."""

    type: str
    name: str
    bytes: int | None = None


class NativeRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of `activities.jsonl`."""

    id: str
    time: str
    ingested: str
    tenant: str
    user: NativeUser
    app: str
    action: str
    category: Category
    outcome: Outcome
    ip: str
    location: NativeLocation
    device: NativeDevice
    session: str = ""
    objects: tuple[NativeObject, ...] = ()
    groups: tuple[str, ...] = ()
    unit: str = ""
    impersonated: NativeUser | None = None
    error: str = ""
    tags: tuple[str, ...] = ()


class Address(NamedTuple):
    """An IP address and where it is."""

    ip: str
    location: NativeLocation


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody or something that acts. `key` names its random streams."""

    key: str
    user: NativeUser
    groups: tuple[str, ...] = ()
    unit: str = ""


class Step(NamedTuple):
    """What is done, apart from who, when and from where. `simulator.operations` makes them."""

    app: str
    action: str
    category: Category
    objects: tuple[NativeObject, ...] = ()
    outcome: Outcome = Outcome.SUCCESS
    error: str = ""
    """The vendor's error code where it didn't succeed."""
    facts: tuple[str, ...] = ()
    """What else the vendor's record says, in the words of `simulator.operations`: `mfa`, a changed property."""
    region: str = ""
    """The AWS region, where it isn't the company's own."""
    owner: NativeUser | None = None
    """On whose behalf, or in whose mailbox, if not the actor's own."""


class Event(NamedTuple):
    """A step taken by an account; `time` in ms since 1970-01-01T00:00:00Z."""

    time: int
    step: Step
    address: Address
    device: NativeDevice
    session: str
    actor: Account | None = None
    """Who, where it isn't the account that the events are asked of."""


@lru_cache(maxsize=64)
def _date(day: int) -> str:
    return date.fromordinal(EPOCH_ORDINAL + day).isoformat()


def rfc3339(time: int) -> str:
    """`time` in ms as RFC 3339 with milliseconds, in UTC: `2026-01-05T09:00:00.123Z`."""
    day, rest = divmod(time, DAY)
    hour, rest = divmod(rest, HOUR)
    minute, rest = divmod(rest, MINUTE)
    second, ms = divmod(rest, SECOND)
    return f"{_date(day)}T{hour:02d}:{minute:02d}:{second:02d}.{ms:03d}Z"


def native(event: Event, account: Account, tenant: str, uid: str, ingested: int, tags: tuple[str, ...]) -> NativeRecord:
    """The record of `event`, done by `account`; `ingested` in ms, `tags` as of `activities.tags`."""
    step = event.step
    return NativeRecord(
        id=uid,
        time=rfc3339(event.time),
        ingested=rfc3339(ingested),
        tenant=tenant,
        user=account.user,
        app=step.app,
        action=step.action,
        category=step.category,
        outcome=step.outcome,
        ip=event.address.ip,
        location=event.address.location,
        device=event.device,
        session=event.session,
        objects=step.objects,
        groups=account.groups,
        unit=account.unit,
        impersonated=step.owner,
        error=step.error,
        tags=tags,
    )
