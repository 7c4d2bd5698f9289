"""The tenant as a whole: its accounts, and what any of them does on any day, in any order asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from simulator.day import person_day
from simulator.people import BEFORE, Person, hire
from simulator.record import DAY, EPOCH_ORDINAL, Account, Event, NativeUser
from simulator.schedule import Plan, plan
from simulator.services import Service, service_day, services
from simulator.streams import stream

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _employ(seed: int, tenant: str, users: int, days: int, weekday: int) -> tuple[Person, ...]:
    people = []
    taken: dict[str, int] = {}
    for index in range(users):
        person = hire(seed, tenant, index, days, weekday)
        login = person.user.name.lower().replace(" ", ".")
        taken[login] = taken.get(login, 0) + 1
        # The first keeps the plain name: those who come later never rename the others.
        login += str(taken[login]) if taken[login] > 1 else ""
        mail = f"{login}@{tenant}.example"
        people.append(replace(person, user=NativeUser(mail, person.user.name, person.user.type, mail)))
    return tuple(people)


class World:
    """A tenant of `users` people over `days` days from `start`. Pure: the same question gets the same answer.

    Local dates are counted from that of `start` in UTC, which is day 0; day -1 and day `days` reach into the period in
    some time zones. Times are in ms UTC; the period is [`start`, `end`).
    """

    def __init__(self, users: int, days: int, seed: int, start: datetime, tenant: str) -> None:
        self.seed, self.tenant, self.days = seed, tenant, days
        self.first: date = start.astimezone(UTC).date()
        self.start = (start - EPOCH) // timedelta(milliseconds=1)
        self.end = self.start + days * DAY
        self.people = _employ(seed, tenant, users, days + 1, self.first.weekday())
        self.services = services(seed, tenant, users)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Everybody and everything that acts."""
        return (*self.people, *self.services)

    @property
    def every_day(self) -> range:
        """The local days that reach into the period."""
        return range(BEFORE, self.days + 1)

    def plan(self, person: Person, day: int) -> Plan:
        """The plan of `person` for `day`."""
        rng = stream(self.seed, self.tenant, person.key, "plan", day)
        return plan(rng, person, day, self.first.toordinal() + day)

    def day(self, account: Account, day: int) -> list[Event]:
        """What `account` does on its local `day`, in time order, as far as it is within the period."""
        rng = stream(self.seed, self.tenant, account.key, "day", day)
        if isinstance(account, Person):
            today = self.first + timedelta(days=day)
            events = person_day(account, self.plan(account, day), day, today, rng)
        elif isinstance(account, Service):
            events = service_day(account, (self.first.toordinal() - EPOCH_ORDINAL + day) * DAY, rng)
        else:
            msg = f"account {account.key}: expected a Person or a Service, found {type(account).__name__}"
            raise TypeError(msg)
        return [event for event in events if self.start <= event.time < self.end]

    def life(self, account: Account) -> list[Event]:
        """All that `account` does within the period, in time order."""
        events = [event for day in self.every_day for event in self.day(account, day)]
        return sorted(events, key=lambda event: event.time)
