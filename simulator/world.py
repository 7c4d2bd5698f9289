"""The tenant as a whole: its accounts, and what any of them does on any day, in any order asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from activities.activity import UserType
from simulator.catalogue import COMMON_APPS
from simulator.day import person_day
from simulator.habits import SHARED_MAILBOXES
from simulator.jobs import service_day
from simulator.people import BEFORE, Person
from simulator.places import City
from simulator.record import DAY, EPOCH_ORDINAL, Account, Event, NativeUser
from simulator.schedule import Kind, Plan, plan
from simulator.services import Service, services
from simulator.staff import hire, login, moved, opening_day
from simulator.streams import chance, renewals, stream

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROLLOUT_DAYS = 45
"""Mean days between the roll-outs of new apps, each of which takes a week."""
_WEEK = 7
_MOST_COLLEAGUES = 24
_MOST_SEEN = 20_000
"""Days of accounts that are kept."""
_SHARED = {"support": 0, "finance": 1, "hr": 2, "marketing": 3}
"""Which of the shared mailboxes a department works in."""
_SHARED_SHARE = 0.3
_ASSISTANT_SHARE = 0.02


def _acquainted(seed: int, tenant: str, person: Person, before: list[Person]) -> Person:
    """The person with colleagues among those hired before, who are the same however many are hired later."""
    rng = stream(seed, tenant, person.key, "colleagues")
    known = rng.sample(before, k=min(len(before), _MOST_COLLEAGUES))
    shares, assists = chance(rng, _SHARED_SHARE), chance(rng, _ASSISTANT_SHARE)
    mailboxes: tuple[NativeUser, ...] = ()
    if shares and person.department in _SHARED:
        box = f"{SHARED_MAILBOXES[_SHARED[person.department]]}@{tenant}.example"
        mailboxes = (NativeUser(box, box.partition("@")[0], UserType.PERSON),)
    elif assists and known:
        mailboxes = (known[0].user,)
    return replace(person, colleagues=tuple(other.user.id for other in known), mailboxes=mailboxes)


def _employ(seed: int, tenant: str, users: int, days: int, first: date) -> list[Person]:
    people: list[Person] = []
    taken: dict[str, int] = {}
    for index in range(users):
        person = hire(seed, tenant, index, days, first)
        address = login(person, tenant, taken)
        person = replace(person, user=NativeUser(address, person.user.name, person.user.type, address))
        people.append(_acquainted(seed, tenant, person, people))
    return people


def _rollouts(seed: int, tenant: str, days: int) -> tuple[tuple[int, str], ...]:
    """(day, app) of the apps that are rolled out, each once."""
    apps = stream(seed, tenant, "rollout apps").sample(COMMON_APPS[5:], k=10)
    return tuple(zip(renewals(stream(seed, tenant, "rollouts"), ROLLOUT_DAYS, days), apps, strict=False))


class World:
    """A tenant of `users` people over `days` days from `start`. Pure: the same question gets the same answer.

    Local dates are counted from that of `start` in UTC, which is day 0; day -1 and day `days` reach into the period in
    some time zones. Times are in ms UTC; the period is [`start`, `end`).
    """

    def __init__(
        self, users: int, days: int, seed: int, start: datetime, tenant: str, *, new_office: bool = False
    ) -> None:
        self.seed, self.tenant, self.days = seed, tenant, days
        self.first: date = start.astimezone(UTC).date()
        self.start = (start - EPOCH) // timedelta(milliseconds=1)
        self.end = self.start + days * DAY
        people = _employ(seed, tenant, users, days + 1, self.first)
        self.people = tuple(moved(seed, tenant, people, self.first, days) if new_office else people)
        self.opening = opening_day(self.first, days) if new_office else None
        self.rollouts = _rollouts(seed, tenant, days)
        self.services = services(seed, tenant, users, self.rollouts)
        self._seen: dict[tuple[str, int], list[Event]] = {}
        self._first_days = {person.key: self._first_day(person) for person in self.people if person.joins >= 0}

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Everybody and everything that acts."""
        return (*self.people, *self.services)

    @property
    def every_day(self) -> range:
        """The local days that reach into the period."""
        return range(BEFORE, self.days + 1)

    @property
    def cities(self) -> tuple[City, ...]:
        """Where people live, each once, in the order of its first person."""
        return tuple(dict.fromkeys(person.city for person in self.people))

    def plan(self, person: Person, day: int) -> Plan:
        """The plan of `person` for `day`."""
        rng = stream(self.seed, self.tenant, person.key, "plan", day)
        return plan(rng, person, day, self.first.toordinal() + day)

    def _first_day(self, person: Person) -> int:
        """The first day on which somebody who joined works."""
        days = range(person.joins, self.days + 1)
        return next((day for day in days if self.plan(person, day).kind is Kind.WORK), self.days + 1)

    def day(self, account: Account, day: int) -> list[Event]:
        """What `account` does on its local `day`, in time order, as far as it is within the period."""
        rng = stream(self.seed, self.tenant, account.key, "day", day)
        if isinstance(account, Person):
            today = self.first + timedelta(days=day)
            rollout = next((app for since, app in self.rollouts if since <= day < since + _WEEK), "")
            first = self._first_days.get(account.key) == day
            events = person_day(account, self.plan(account, day), day, today, rng, rollout, first)
        elif isinstance(account, Service):
            events = service_day(account, day, (self.first.toordinal() - EPOCH_ORDINAL + day) * DAY, rng)
        else:
            msg = f"account {account.key}: expected a Person or a Service, found {type(account).__name__}"
            raise TypeError(msg)
        return [event for event in events if self.start <= event.time < self.end]

    def seen(self, account: Account, day: int) -> list[Event]:
        """As `day`, and kept for the next who asks; not to be changed."""
        key = (account.key, day)
        if key not in self._seen:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[key] = self.day(account, day)
        return self._seen[key]

    def life(self, account: Account) -> list[Event]:
        """All that `account` does within the period, in time order."""
        events = [event for day in self.every_day for event in self.day(account, day)]
        return sorted(events, key=lambda event: event.time)
