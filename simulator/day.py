"""A person's day: logons, work in bursts, the phone, and what happens on some days only."""

from __future__ import annotations

from datetime import date
from random import Random

from simulator import occasions
from simulator.diary import WEEK, Diary
from simulator.habits import HABITS, LOGOFF, PHONE
from simulator.operations import MFA, logon
from simulator.people import Person
from simulator.record import HOUR, MINUTE, SECOND, Event
from simulator.schedule import LUNCH, Kind, Plan
from simulator.streams import around, chance

# Shares of days on which something happens; chosen to look like an ordinary company's logs.
AGAIN_AFTER_LUNCH = 0.25
AGAIN_AFTER_MOVE = 0.8
LOGOFF_SHARE = 0.3
PHONE_LOGON = 0.07
PHONE_IDLE_DAY = 0.3
PHONE_TIMES = (4, 2, 5)
"""Weights of before work, the lunch break, and after work (at night: before and after)."""
INCIDENT = 0.3
ON_CALL_WEEKS = 4


def _log_on_and_off(diary: Diary) -> None:
    plan, rng = diary.plan, diary.rng
    times = [plan.start]
    if chance(rng, AGAIN_AFTER_LUNCH) and plan.lunch + LUNCH < plan.end:
        times.append(plan.lunch + LUNCH)
    moves = [time for time, _ in plan.places[1:] if time < plan.end] + [begins for begins, _, _ in plan.vpn]
    times += [time + rng.randint(5, 120) * SECOND for time in moves if chance(rng, AGAIN_AFTER_MOVE)]
    for time in sorted(times):
        diary.log_on(time)
    if chance(rng, LOGOFF_SHARE):
        diary.laptop(plan.end + rng.randint(10, 600) * SECOND, LOGOFF)


def _phone(diary: Diary, count: int) -> None:
    plan, rng = diary.plan, diary.rng
    latest = plan.midnight + (20 if plan.leaving else 22) * HOUR
    working = plan.kind is Kind.WORK
    before = 0 if plan.abroad else 70 * MINUTE
    if working and diary.person.pattern == "night":
        spans = [(plan.start - before, plan.start), (plan.end, plan.end + HOUR)]
    elif working:
        spans = [(plan.start - before, plan.start), (plan.lunch, plan.lunch + LUNCH), (plan.end, max(plan.end, latest))]
    else:
        spans = [(plan.midnight + 9 * HOUR, latest)]
    if working and chance(rng, PHONE_LOGON):
        diary.phone(plan.start, logon("0", MFA))
    while count > 0:
        begin, end = rng.choices(spans, PHONE_TIMES[: len(spans)])[0]
        time = begin + int((end - begin) * rng.random())
        for _ in range(min(count, rng.randint(1, 3))):
            diary.phone(time, HABITS[PHONE.draw(rng)].step(rng, diary.person))
            time += rng.randint(5, 90) * SECOND
            count -= 1


def _occasions(diary: Diary, today: date, rollout: str) -> None:
    rng, person = diary.rng, diary.person
    if diary.day in person.password_days:
        occasions.password_expires(diary)
    # As many draws on every day, so that one occasion never moves another.
    happens = [chance(rng, share) for share in (occasions.FOLDER_DOWNLOAD, occasions.TIDYING, occasions.EMPTYING)]
    for yes, occasion in zip(happens, (occasions.folder_download, occasions.tidying, occasions.emptying), strict=True):
        if yes:
            occasion(diary)
    consents, takes_up = chance(rng, occasions.CONSENT), chance(rng, occasions.ROLLOUT_CONSENT)
    if consents or (rollout and takes_up):
        occasions.consent(diary, rollout if takes_up else "")
    if person.calls:
        some, many = chance(rng, occasions.NEW_CALLS), chance(rng, occasions.NEW_SERVICE)
        if some or many:
            occasions.new_calls(diary, rng.randint(4, 8) if many else rng.randint(1, 2))
    occasions.new_devices(diary)
    occasions.closing(diary, today)


def person_day(
    person: Person, plan: Plan, day: int, today: date, rng: Random, rollout: str, first: bool
) -> list[Event]:
    """What `person` does on `day` (from 0), whose local date is `today`, in time order.

    Args:
        person: Who.
        plan: Their plan for the day.
        day: From 0.
        today: Its date.
        rng: A stream of its own.
        rollout: The app that is rolled out in these days, "" if none is.
        first: Whether it is the person's first day at work.
    """
    diary = Diary(person, plan, day, rng)
    if plan.kind is Kind.ABSENT:
        return []
    if plan.kind is Kind.IDLE:
        if chance(rng, PHONE_IDLE_DAY):
            _phone(diary, rng.randint(1, 4))
    else:
        _log_on_and_off(diary)
        count = max(2, around(rng, person.level * plan.share))
        diary.work(plan.start + 2 * MINUTE, plan.end - plan.start, count)
        _phone(diary, around(rng, 1 + person.level * plan.share * 0.1))
    if plan.kind is Kind.WORK:
        if first:
            occasions.first_day(diary)
        _occasions(diary, today, rollout)
    at_home = not plan.abroad and not plan.leaving and person.pattern != "night"
    if chance(rng, occasions.EVENING) and at_home:
        occasions.evening(diary)
    on_duty = person.on_call and (day // WEEK + person.index) % ON_CALL_WEEKS == 0
    if on_duty and not plan.abroad and not plan.leaving and chance(rng, INCIDENT):
        occasions.incident(diary)
    diary.events.sort(key=lambda event: event.time)
    return diary.events
