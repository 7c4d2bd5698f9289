"""The events of one person on one day, as they are made up."""

from __future__ import annotations

import math
from bisect import bisect_right
from random import Random

from simulator.apis import AWS_CALLS
from simulator.devices import command_line
from simulator.habits import ASSUME_ROLE, CONSOLE_LOGON, HABITS, Habit
from simulator.operations import (
    MFA,
    MFA_DENIED,
    MFA_UNANSWERED,
    SECOND_FACTOR,
    SECOND_FACTOR_FAILED,
    WRONG_PASSWORD,
    logon,
)
from simulator.people import Person
from simulator.record import SECOND, Event, Step
from simulator.schedule import LUNCH, Plan
from simulator.streams import Weighted, chance, token

TYPO = 0.06
FORGOTTEN = 0.003
ASKED = 0.25
"""Logons for which a second factor is asked for in a record of its own."""
FACTOR_TROUBLE = 0.006
"""Logons whose second factor isn't confirmed at the first try: a push missed, or refused by mistake."""
BREAK = 0.8
"""Tasks that would begin during the lunch break and don't."""
ROLE = 0.35
WEEK = 7

_SLICES = 9
_BUSY: Weighted[int] = Weighted(range(_SLICES), (9, 11, 12, 11, 10, 11, 11, 11, 8))
"""How busy each slice of a working day is, apart from the break for lunch."""


class Diary:
    """A day of a person, to be filled."""

    def __init__(self, person: Person, plan: Plan, day: int, rng: Random) -> None:
        self.person, self.plan, self.day, self.rng = person, plan, day, rng
        self.device = person.laptop(day)
        self.shell = command_line(self.device) if person.calls and person.catalogue is AWS_CALLS else self.device
        self.handset = person.phone(day)
        self.handset_session = token("phone", person.key, day // WEEK, size=8)
        self.sessions: list[tuple[int, str]] = []
        self.events: list[Event] = []

    def at(self, share: float) -> int:
        """The time by which that share of the working day has passed."""
        return self.plan.start + int((self.plan.end - self.plan.start) * share)

    def sometime(self) -> int:
        """Some time of the working day, not at its very ends."""
        return self.at(self.rng.uniform(0.1, 0.9))

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

    def in_a_row(self, time: int, steps: tuple[Step, ...], least: int, most: int) -> int:
        """Adds steps on the laptop, `least` to `most` ms apart; when the last was done."""
        for action in steps:
            self.laptop(time, action)
            time += self.rng.randint(least, most)
        return time

    def log_on(self, time: int) -> None:
        """Logs on at `time` on the laptop, perhaps not at the first try."""
        rng = self.rng
        self.sessions.append((time, f"{rng.getrandbits(64):016x}"))
        tries = rng.randint(1, 2) if chance(rng, TYPO) else 0
        tries = rng.randint(4, 6) if chance(rng, FORGOTTEN) else tries
        for number in range(tries, 0, -1):
            self._unsuccessful(time - (number + 1) * rng.randint(6, 20) * SECOND, logon(WRONG_PASSWORD))
        if chance(rng, ASKED):
            self._unsuccessful(time - rng.randint(5, 15) * SECOND, logon(SECOND_FACTOR))
        if chance(rng, FACTOR_TROUBLE):
            fact = MFA_DENIED if chance(rng, 0.3) else MFA_UNANSWERED
            self._unsuccessful(time - rng.randint(16, 90) * SECOND, logon(SECOND_FACTOR_FAILED, fact))
        self.laptop(time, logon("0", MFA))

    def _unsuccessful(self, time: int, step: Step) -> None:
        self.events.append(Event(time, step, self.plan.laptop(time), self.device, ""))

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
