"""A person's day: logons, work in bursts, the phone, and what looks suspicious without being so."""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from activities.activity import Category, Outcome
from simulator.apis import AWS_CALLS, step
from simulator.devices import command_line
from simulator.habits import (
    ASSUME_ROLE,
    CONSOLE_LOGON,
    FOLDER_SIZE,
    HABITS,
    LIBRARY_SIZE,
    LOGOFF,
    PASSWORD_CHANGE,
    PHONE,
    SHAREPOINT,
    Habit,
    file,
    logon,
    report,
)
from simulator.people import Person
from simulator.record import HOUR, MINUTE, SECOND, Event, Step
from simulator.schedule import LUNCH, Kind, Plan
from simulator.streams import Weighted, around, chance, token, zipf

# Shares of logons or days on which something happens; chosen to look like an ordinary company's logs.
TYPO = 0.06
FORGOTTEN = 0.003
AGAIN_AFTER_LUNCH = 0.25
AGAIN_AFTER_MOVE = 0.8
BREAK = 0.8
"""Tasks that would begin during the lunch break and don't."""
LOGOFF_SHARE = 0.3
PHONE_LOGON = 0.07
PHONE_IDLE_DAY = 0.3
PHONE_TIMES = (4, 2, 5)
"""Weights of before work, the lunch break, and after work (at night: before and after)."""
FOLDER_DOWNLOAD = 0.012
NEW_CALLS = 0.12
NEW_SERVICE = 0.012
INCIDENT = 0.3
ROLE = 0.35
ON_CALL_WEEKS = 4
WEEK = 7

_SLICES = 9
_BUSY: Weighted[int] = Weighted(range(_SLICES), (9, 11, 12, 11, 10, 11, 11, 11, 8))
"""How busy each slice of a working day is, apart from the break for lunch."""


class _Day:
    """The events of one person on one day, as they are made up."""

    def __init__(self, person: Person, plan: Plan, day: int, rng: Random) -> None:
        self.person, self.plan, self.day, self.rng = person, plan, day, rng
        self.device = person.laptop(day)
        self.shell = command_line(self.device) if person.calls and person.catalogue is AWS_CALLS else self.device
        self.handset = person.phone(day)
        self.handset_session = token("phone", person.key, day // WEEK, size=8)
        self.sessions: list[tuple[int, str]] = []
        self.events: list[Event] = []

    def laptop(self, time: int, action: Step) -> None:
        """Adds a step on the laptop, in the session that is open then."""
        number = bisect_right(self.sessions, time, key=lambda session: session[0])
        session = self.sessions[max(0, number - 1)][1]
        device = self.shell if action.app.endswith(".amazonaws.com") else self.device
        self.events.append(Event(time, action, self.plan.laptop(time), device, session))

    def phone(self, time: int, action: Step) -> None:
        """Adds a step on the phone: through the carrier, or at home through the house's own line."""
        at_home = not self.plan.start <= time < self.plan.end and chance(self.rng, 0.5)
        address = self.plan.home if at_home else self.plan.phone(time)
        self.events.append(Event(time, action, address, self.handset, self.handset_session))

    def log_on(self, time: int) -> None:
        """Logs on at `time` on the laptop, perhaps not at the first try."""
        self.sessions.append((time, f"{self.rng.getrandbits(64):016x}"))
        tries = self.rng.randint(1, 2) if chance(self.rng, TYPO) else 0
        tries = self.rng.randint(4, 6) if chance(self.rng, FORGOTTEN) else tries
        for number in range(tries, 0, -1):
            failed = time - number * self.rng.randint(6, 20) * SECOND
            device, address = self.device, self.plan.laptop(time)
            self.events.append(Event(failed, logon(Outcome.FAILURE), address, device, ""))
        self.laptop(time, logon())

    def burst(self, time: int, habit: Habit, count: int) -> None:
        """`count` steps of one kind of work in a row from `time` on."""
        spread = math.log(habit.pause)
        for _ in range(count):
            self.laptop(time, habit.step(self.rng, self.person))
            time += int(self.rng.lognormvariate(spread, 0.9) * SECOND) + self.rng.randint(1, 999)

    def work(self, start: int, length: int, count: int) -> None:
        """About `count` activities from `start` on, over `length` ms."""
        rng = self.rng
        while count > 0:
            kind = self.person.work.draw(rng)
            habit = HABITS[kind]
            steps = min(count, 1 + int(rng.expovariate(1 / habit.length)))
            time = start + int(length * (_BUSY.draw(rng) + rng.random()) / _SLICES)
            if self.plan.lunch <= time < self.plan.lunch + LUNCH and chance(rng, BREAK):
                continue
            if kind == "api" and self.shell is not self.device and chance(rng, ROLE):
                self.laptop(time - rng.randint(2, 20) * SECOND, rng.choice((CONSOLE_LOGON, ASSUME_ROLE)))
            self.burst(time, habit, steps)
            count -= steps


def _log_on_and_off(day: _Day) -> None:
    plan, rng = day.plan, day.rng
    times = [plan.start]
    if chance(rng, AGAIN_AFTER_LUNCH) and plan.lunch + LUNCH < plan.end:
        times.append(plan.lunch + LUNCH)
    moves = [time for time, _ in plan.places[1:] if time < plan.end] + list(plan.vpn[:1] if plan.vpn else ())
    times += [time + rng.randint(5, 120) * SECOND for time in moves if chance(rng, AGAIN_AFTER_MOVE)]
    for time in sorted(times):
        day.log_on(time)
    if chance(rng, LOGOFF_SHARE):
        day.laptop(plan.end + rng.randint(10, 600) * SECOND, LOGOFF)


def _phone(day: _Day, count: int) -> None:
    plan, rng = day.plan, day.rng
    latest = plan.midnight + (20 if plan.leaving else 22) * HOUR
    working = plan.kind is Kind.WORK
    before = 0 if plan.abroad else 70 * MINUTE
    if working and day.person.pattern == "night":
        spans = [(plan.start - before, plan.start), (plan.end, plan.end + HOUR)]
    elif working:
        spans = [(plan.start - before, plan.start), (plan.lunch, plan.lunch + LUNCH), (plan.end, max(plan.end, latest))]
    else:
        spans = [(plan.midnight + 9 * HOUR, latest)]
    if working and chance(rng, PHONE_LOGON):
        day.phone(plan.start, logon())
    while count > 0:
        begin, end = rng.choices(spans, PHONE_TIMES[: len(spans)])[0]
        time = begin + int((end - begin) * rng.random())
        for _ in range(min(count, rng.randint(1, 3))):
            day.phone(time, HABITS[PHONE.draw(rng)].step(rng, day.person))
            time += rng.randint(5, 90) * SECOND
            count -= 1


def _password_expires(day: _Day) -> None:
    # The laptop says so and a new one is set; the phone goes on trying the old one until somebody notices.
    rng, start = day.rng, day.plan.start
    for number in range(rng.randint(1, 2), 0, -1):
        failed = start - 5 * MINUTE - number * 15 * SECOND
        day.events.append(Event(failed, logon(Outcome.FAILURE), day.plan.laptop(failed), day.device, ""))
    day.laptop(start + 20 * SECOND, PASSWORD_CHANGE)
    time = start
    for _ in range(rng.randint(3, 8)):
        time += rng.randint(4 * 60, 18 * 60) * SECOND
        day.events.append(Event(time, logon(Outcome.FAILURE), day.plan.phone(time), day.handset, ""))
    day.phone(time + rng.randint(20, 200) * SECOND, logon())


def _incident(day: _Day) -> None:
    rng = day.rng
    time = day.plan.midnight + int(rng.uniform(22.5, 29) * HOUR)
    day.log_on(time)
    for _ in range(rng.randint(2, 5)):
        time += rng.randint(60, 600) * SECOND
        day.burst(time, HABITS[rng.choice(("api", "api", "chat"))], rng.randint(2, 6))


def _folder_download(day: _Day) -> None:
    rng, person = day.rng, day.person
    first = (person.index * 37 + zipf(rng, 20) * FOLDER_SIZE) % LIBRARY_SIZE
    time = day.plan.start + int((day.plan.end - day.plan.start) * rng.uniform(0.1, 0.9))
    for number in range(rng.randint(8, 35)):
        object_ = file(person.department, (first + number) % LIBRARY_SIZE)
        day.laptop(time, Step(SHAREPOINT, "FileDownloaded", Category.DOWNLOAD, (object_,)))
        time += rng.randint(400, 9_000)


def _new_calls(day: _Day, count: int) -> None:
    rng, person = day.rng, day.person
    new = [call for call in person.catalogue if call not in person.calls]
    first = rng.randrange(len(new))
    time = day.plan.start + int((day.plan.end - day.plan.start) * rng.uniform(0.1, 0.9))
    for number in range(count):
        for _ in range(rng.randint(1, 3)):
            # Neighbours in the catalogue are calls of one service: that is how new work comes up.
            day.laptop(time, step(rng, new[(first + number) % len(new)]))
            time += rng.randint(3, 300) * SECOND


@lru_cache(maxsize=512)
def business_day(day: date) -> tuple[int, int]:
    """Which working day of its month `day` is, from 1, counted from the month's start and from its end."""
    month = day.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    days = [month + timedelta(days=number) for number in range((following - month).days)]
    working = [other for other in days if other.weekday() < 5]  # noqa: PLR2004
    before = len([other for other in working if other <= day])
    return before, len(working) - before + 1


def _closing(day: _Day, today: date) -> None:
    # The books are closed on the last and first two working days of a month; salaries are run on the eleventh.
    rng = day.rng
    first, last = business_day(today)
    if day.person.department == "finance" and (first in (1, 2) or last in (1, 2)):
        count = rng.randint(20, 55)
    elif day.person.department in ("finance", "hr") and first == 11 and chance(rng, 0.7):  # noqa: PLR2004
        count = rng.randint(8, 25)
    else:
        return
    span = day.plan.end - day.plan.start
    while count > 0:
        time = day.plan.start + int(span * rng.uniform(0.05, 0.9))
        for _ in range(min(count, rng.randint(5, 15))):
            day.laptop(time, report(rng, rng.randrange(300)))
            time += rng.randint(8, 60) * SECOND
            count -= 1


def person_day(person: Person, plan: Plan, day: int, today: date, rng: Random) -> list[Event]:
    """What `person` does on `day` (from 0), whose local date is `today`, in time order."""
    made = _Day(person, plan, day, rng)
    if plan.kind is Kind.ABSENT:
        return []
    if plan.kind is Kind.IDLE:
        if chance(rng, PHONE_IDLE_DAY):
            _phone(made, rng.randint(1, 4))
    else:
        _log_on_and_off(made)
        count = max(2, around(rng, person.level * plan.share))
        span = plan.end - plan.start
        made.work(plan.start + 2 * MINUTE, span, count)
        _phone(made, around(rng, 1 + person.level * plan.share * 0.1))
    if plan.kind is Kind.WORK:
        if day in person.password_days:
            _password_expires(made)
        if chance(rng, FOLDER_DOWNLOAD):
            _folder_download(made)
        if person.calls:
            # Two draws on every day, so that one never moves the other.
            some, many = chance(rng, NEW_CALLS), chance(rng, NEW_SERVICE)
            if some or many:
                _new_calls(made, rng.randint(4, 8) if many else rng.randint(1, 2))
        _closing(made, today)
    on_duty = person.on_call and (day // WEEK + person.index) % ON_CALL_WEEKS == 0
    if on_duty and not plan.abroad and not plan.leaving and chance(rng, INCIDENT):
        _incident(made)
    made.events.sort(key=lambda event: event.time)
    return made.events
