"""People: who works in the tenant, and everything about them that lasts longer than a day."""

from __future__ import annotations

from typing import NamedTuple

from simulator.apis import Call
from simulator.places import City, Office
from simulator.record import Account, Address, NativeDevice, NativeUser
from simulator.streams import Weighted

BEFORE = -1
"""The local day before the first, part of which falls into the first in some time zones."""


class Trip(NamedTuple):
    """A business trip: under way on the days `departs` and `returns`, at `city` on those between."""

    departs: int
    returns: int
    city: City
    address: Address
    """Of the hotel."""
    to_work: bool = False
    """To work in an office there every day, not to see customers too."""


class Home(NamedTuple):
    """A person's address at home, from `day` on."""

    day: int
    address: Address


class Person(Account, frozen=True, kw_only=True):
    """A member of staff, or a contractor. Days are counted from the simulation's first, 0."""

    index: int
    office: Office
    department: str
    contractor: bool
    level: float
    """Activities on a usual working day."""
    pattern: str
    """`regular`, `part_time` or `night`."""
    on_call: bool
    joins: int
    """The first working day; `BEFORE` for who was there before."""
    leaves: int | None
    """The last working day of who leaves."""
    workdays: tuple[int, ...]
    """0 is Monday."""
    starts: float
    """Local hour at which work usually begins."""
    hours: float
    """Length of a usual working day."""
    office_share: float
    vpn: Address | None
    """The company's VPN gateway, for who uses one."""
    privacy: Address | None
    """A server of a commercial VPN, for who uses one at home."""
    homes: tuple[Home, ...]
    laptops: tuple[tuple[int, NativeDevice], ...]
    phones: tuple[tuple[int, NativeDevice], ...]
    computer: NativeDevice | None
    """The person's own at home, for who sometimes uses it for work; the company doesn't know it."""
    absences: tuple[tuple[int, int], ...]
    """First and last day of each vacation, illness or leave."""
    trips: tuple[Trip, ...]
    password_days: frozenset[int]
    work: Weighted[str]
    calls: tuple[Call, ...]
    """Habitual API calls, most used first; empty for who administers nothing."""
    catalogue: tuple[Call, ...]
    """All the calls of the person's cloud."""
    colleagues: tuple[str, ...] = ()
    """Addresses of those whom the person deals with."""
    mailboxes: tuple[NativeUser, ...] = ()
    """Others' mailboxes that the person works in, too: a shared one, or that of whom they assist."""

    @property
    def city(self) -> City:
        """Where the person lives and has their office."""
        return self.office.city

    def laptop(self, day: int) -> NativeDevice:
        """The laptop in use on `day`."""
        return _on(self.laptops, day)

    def phone(self, day: int) -> NativeDevice:
        """The phone in use on `day`."""
        return _on(self.phones, day)

    def home(self, day: int) -> Address:
        """The address of the person's home on `day`."""
        return next(home.address for home in reversed(self.homes) if home.day <= day)

    def employed(self, day: int) -> bool:
        """Whether the person works for the company on `day`."""
        return self.joins <= day and (self.leaves is None or day <= self.leaves)


def _on(devices: tuple[tuple[int, NativeDevice], ...], day: int) -> NativeDevice:
    return next(device for since, device in reversed(devices) if since <= day)
