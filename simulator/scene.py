"""Where an attack is played: the victim, the clock, and from where each step is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from random import Random
from typing import NamedTuple

from simulator.apis import AWS_CALLS, AZURE_CALLS
from simulator.departments import HELP_DESK
from simulator.devices import command_line, copied, ordinary, stranger
from simulator.operations import MFA, logon
from simulator.people import Person
from simulator.places import OFFICES, City
from simulator.presence import present
from simulator.record import DAY, EPOCH_ORDINAL, HOUR, SECOND, Account, Address, Event, NativeDevice, Step
from simulator.schedule import Kind
from simulator.services import Service
from simulator.world import World

LONGEST_REST = 5 * DAY
"""No campaign takes longer, its steps apart."""


class Via(NamedTuple):
    """From where, with what, and in which session."""

    address: Address
    device: NativeDevice
    session: str


class Stage(NamedTuple):
    """A part of a campaign: which attack it is, and which of the campaign's events in time order it is made of."""

    attack: str
    events: tuple[Event, ...]


class Scene:
    """An attack as it is made up. `time` is the clock, ms; each step is taken at it."""

    def __init__(self, world: World, victim: Account, rng: Random, seen: Event | None, begins: int) -> None:
        self.world, self.victim, self.rng = world, victim, rng
        self._seen = seen
        self.time = begins
        self.events: list[Event] = []
        self._stages: list[tuple[str, int]] = []
        self._room = max(HOUR, min(LONGEST_REST, world.end - begins - 3 * HOUR))

    @property
    def seen(self) -> Event:
        """What the victim did just before; for attacks that begin beside something."""
        if self._seen is None:
            msg = f"expected an attack that begins beside something that {self.victim.key} does"
            raise ValueError(msg)
        return self._seen

    @property
    def today(self) -> date:
        """The date in UTC."""
        return date.fromordinal(EPOCH_ORDINAL + self.time // DAY)

    @property
    def city(self) -> City:
        """Where the victim lives; for a service account, one of the offices."""
        return self.victim.city if isinstance(self.victim, Person) else self.rng.choice(OFFICES).city

    @property
    def domain(self) -> str:
        """That of the company's addresses."""
        return f"{self.world.tenant}.example"

    def elsewhere(self) -> City:
        """The city of an office in another country than the victim's."""
        here = self.city.country
        return self.rng.choice([office.city for office in OFFICES if office.city.country != here])

    def number(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        return self.rng.randint(low, high)

    def wait(self, low: float, high: float) -> None:
        """Lets `low` to `high` seconds pass."""
        self.time += int(self.rng.uniform(low, high) * SECOND) + self.rng.randint(1, 999)

    def later(self, low: float, high: float, leave: float = 2) -> None:
        """Lets `low` to `high` hours pass, or fewer, so that `leave` hours of the period are left."""
        latest = self.world.end - int(leave * HOUR)
        self.time = max(self.time, min(self.time + int(self.rng.uniform(low, high) * HOUR), latest))

    def rest(self, share: float) -> None:
        """Lets a share of the days that are left to a campaign pass, so that at least four hours are left."""
        wanted = self.time + int(self._room * share * self.rng.uniform(0.8, 1.0))
        self.time = max(self.time, min(wanted, self.world.end - 4 * HOUR))

    def back_at_work(self) -> Via:
        """Waits until the victim is next at work; from where they are then, or from where they were before."""
        day = (self.time - self.world.start) // DAY
        for ahead in range(day - 1, self.world.days + 1):
            for event in present(self.world, self.victim, ahead, Kind.WORK):
                if event.time > self.time and event.time < self.world.end - 2 * HOUR:
                    self.time, self._seen = event.time, event
                    self.wait(5, 60)
                    return self.own()
        return self.own()

    def own(self) -> Via:
        """As the victim: the same address, device and session."""
        return Via(self.seen.address, self.seen.device, self.seen.session)

    def shell(self) -> Via:
        """As the victim, on the command line."""
        seen = self.seen
        device = command_line(seen.device) if isinstance(self.victim, Person) else seen.device
        return Via(seen.address, device, seen.session)

    def replayed(self, address: Address, device: NativeDevice | None = None) -> Via:
        """In the victim's session, from elsewhere; the victim's user agent copied unless another device is given."""
        return Via(address, device or copied(self.seen.device), self.seen.session)

    def intruder(self, address: Address, device: NativeDevice | None = None, *, session: bool = True) -> Via:
        """Somebody else, in a session of their own; a conspicuous user agent unless a device is given."""
        made = f"{self.rng.getrandbits(64):016x}" if session else ""
        return Via(address, device or stranger(self.rng), made)

    def plain_browser(self) -> NativeDevice:
        """A computer that the company doesn't know, with an ordinary browser, unlike the victim's."""
        return ordinary(self.rng, self.today, self.seen.device.os)

    def act(self, step: Step, via: Via, actor: Account | None = None) -> None:
        """Takes a step now."""
        self.events.append(Event(self.time, step, via.address, via.device, via.session, actor))

    def act_all(self, steps: Iterable[Step], via: Via, low: float, high: float, actor: Account | None = None) -> None:
        """Takes steps one after the other, each after `low` to `high` seconds."""
        for step in steps:
            self.wait(low, high)
            self.act(step, via, actor)

    def log_on(self, via: Via, *facts: str, actor: Account | None = None) -> None:
        """Logs on, by default with what passes for a second factor: a stolen session has one."""
        self.act(logon("0", *(facts or (MFA,))), via, actor)

    def spread(self, steps: Sequence[Step], via: Via | Callable[[], Via], span: int) -> None:
        """Takes steps in their order at random times within the next `span` ms; the clock then stands at their end."""
        offsets = sorted(self.rng.randrange(span) for _ in steps)
        for offset, step in zip(offsets, steps, strict=True):
            used = via if isinstance(via, Via) else via()
            self.events.append(Event(self.time + offset, step, used.address, used.device, used.session))
        self.time += span

    def stage(self, attack: str) -> None:
        """Begins a stage of a campaign: what follows is the attack of that name."""
        self._stages.append((attack, len(self.events)))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages of a campaign, in their order."""
        ends = [*(begins for _, begins in self._stages), len(self.events)][1:]
        return tuple(
            Stage(attack, tuple(self.events[begins:end]))
            for (attack, begins), end in zip(self._stages, ends, strict=True)
            if end > begins
        )

    def colleague(self) -> Person:
        """Another person of the company, or the victim where there is none."""
        others = [person for person in self.world.people if person.key != self.victim.key and person.leaves is None]
        return self.rng.choice(others) if others else self.world.people[0]

    def colleagues(self, count: int, unit: str = "") -> list[Person]:
        """So many others, by chance, of the company itself or of one department, who work there now."""
        day = (self.time - self.world.start) // DAY
        others = [
            person
            for person in self.world.people
            if person.key != self.victim.key
            and not person.contractor
            and person.employed(day)
            and person.department == (unit or person.department)
        ]
        return self.rng.sample(others, k=min(count, len(others)))

    def executives(self, count: int) -> list[Person]:
        """People whose mailboxes are worth reading: executives and finance first."""
        ranked = sorted(
            (person for person in self.world.people if person.key != self.victim.key),
            key=lambda person: (person.department not in ("executive", "finance"), person.index),
        )
        return ranked[:count] or list(self.world.people[:1])

    def at_work(self, people: Sequence[Person]) -> tuple[Person, Via] | None:
        """One of these who is at work now or next, and from where; the clock moves there. None if nobody is."""
        day = (self.time - self.world.start) // DAY
        for ahead in range(day - 1, self.world.days + 1):
            for person in self.rng.sample(people, k=len(people)):
                for event in present(self.world, person, ahead, Kind.WORK):
                    if self.time < event.time < self.world.end - 2 * HOUR:
                        self.time = event.time
                        return person, Via(event.address, event.device, event.session)
        return None

    def helper(self) -> tuple[Account, Via]:
        """Somebody of the help desk who is at work now or next, and from where; the clock moves there.

        Where nobody is any more: who was last, on call, where nothing of the victim's says from where; else the victim.
        """
        staff = [one for one in self.world.people if HELP_DESK in one.groups and one.key != self.victim.key]
        found = self.at_work(staff)
        if found is None and self._seen is None:
            found = self._last_at_work(staff)
        return found or (self.victim, self.own())

    def _last_at_work(self, people: Sequence[Person]) -> tuple[Person, Via] | None:
        """One of these who was at work last, and from where; the clock stays. None if nobody was."""
        for day in range((self.time - self.world.start) // DAY, -1, -1):
            for person in self.rng.sample(people, k=len(people)):
                for event in reversed(present(self.world, person, day, Kind.WORK)):
                    if event.time < self.time:
                        return person, Via(event.address, event.device, event.session)
        return None

    def program(self, agent: str) -> Via:
        """As the victim, with a program on the same device."""
        own = self.own()
        return own._replace(device=NativeDevice(own.device.id, own.device.os, agent))


Fits = Callable[[World, Account], bool]


def anybody(world: World, account: Account) -> bool:
    """Any person of the company itself."""
    return isinstance(account, Person) and not account.contractor


def aws_person(world: World, account: Account) -> bool:
    """An administrator of AWS."""
    return isinstance(account, Person) and account.catalogue is AWS_CALLS


def azure_person(world: World, account: Account) -> bool:
    """An administrator of Azure."""
    return isinstance(account, Person) and account.catalogue is AZURE_CALLS


def aws_service(world: World, account: Account) -> bool:
    """A service account that calls AWS."""
    return isinstance(account, Service) and bool(account.calls)


def aws_account(world: World, account: Account) -> bool:
    """An administrator of AWS, or a service account that calls AWS."""
    return aws_person(world, account) or aws_service(world, account)


def directory_admin(world: World, account: Account) -> bool:
    """Somebody of the help desk."""
    return isinstance(account, Person) and HELP_DESK in account.groups


def coder(world: World, account: Account) -> bool:
    """Somebody who works with the company's repositories."""
    return isinstance(account, Person) and "code" in account.work.items


def seller(world: World, account: Account) -> bool:
    """Somebody who works with customers' records."""
    return isinstance(account, Person) and "crm" in account.work.items


def bookkeeper(world: World, account: Account) -> bool:
    """Somebody who works in the books."""
    return isinstance(account, Person) and "ledger" in account.work.items and not account.contractor


def leader(world: World, account: Account) -> bool:
    """An executive, or somebody of finance."""
    return anybody(world, account) and isinstance(account, Person) and account.department in ("executive", "finance")


def contractor(world: World, account: Account) -> bool:
    """Somebody of another company, with an address and a laptop of theirs."""
    return isinstance(account, Person) and account.contractor


def part_timer(world: World, account: Account) -> bool:
    """Somebody who works half the days, or half of each."""
    return anybody(world, account) and isinstance(account, Person) and account.pattern == "part_time"
