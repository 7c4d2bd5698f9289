"""The history of an account: what it does on its usual days. The same account gives the same records anywhere."""

from __future__ import annotations

import datetime
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from activities.activity import Category, Outcome
from scenarios import places, steps
from scenarios.people import Account
from scenarios.phrases import DAY, HOUR, MINUTE, SECOND
from scenarios.steps import Step

WORKING_SET = 40
"""Files, records, channels that somebody's work turns around."""
LOGON_WITHIN = 20 * MINUTE
_PHONE_HOURS = (7.5, 20.25)


class Planned(NamedTuple):
    """A record, when it happens and how much later the log has it, ms."""

    time: int
    delay: int
    record: dict[str, Any]


@lru_cache(maxsize=16384)
def local(zone: str, date: datetime.date, offset: int) -> int:
    """`offset` ms after local midnight of `date` by the clocks there, in ms UTC."""
    days, rest = divmod(offset, DAY)
    naive = datetime.datetime.combine(date, datetime.time()) + datetime.timedelta(days=days, milliseconds=rest)
    return round(naive.replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def history(account: Account, starts: datetime.date) -> list[Planned]:
    """What the account does from day 1, which is `starts`, to the end of its history."""
    if account.schedule == "new":
        return []
    found: list[Planned] = []
    for day in range(1, account.days + 1):
        date = starts + datetime.timedelta(days=day - 1)
        if date.weekday() in account.weekdays:
            found += _day(account, date, day)
    return found


def _day(account: Account, date: datetime.date, day: int) -> list[Planned]:
    rng = Random(f"{account.key}/{day}")
    if account.schedule == "clockwork":
        offsets = [
            at + rng.randint(0, 20) * SECOND + rng.randint(0, 999) for at in range(0, DAY - MINUTE, account.every)
        ]
        done = [(offset, _draw(account, rng)) for offset in offsets]
    elif account.schedule == "daily":
        offset, done = account.begins + rng.randint(0, 60) * SECOND, []
        for _ in range(account.per_day):
            offset += rng.randint(1_000, 8_000)
            done.append((offset, _draw(account, rng)))
    else:
        begins = account.begins + rng.randint(0, LOGON_WITHIN)
        count = max(1, round(account.per_day * rng.gauss(1, 0.2)))
        offsets = sorted(rng.randint(begins + MINUTE, max(account.ends, begins + HOUR)) for _ in range(count))
        done = [(begins, steps.step("logon")), *((offset, _draw(account, rng)) for offset in offsets)]
    zone = account.home.city.zone
    planned = [
        Planned(time := local(zone, date, offset), 0, usual(account, step, time, f"{account.key}-d{day}-{n}", rng))
        for n, (offset, step) in enumerate(done)
    ]
    if account.phone:
        planned += [
            Planned(time := local(zone, date, at), 0, on_phone(account, time, f"{account.key}-d{day}-phone-{n}", rng))
            for n, at in enumerate(int(hour * HOUR) + rng.randint(0, 30 * MINUTE) for hour in _PHONE_HOURS)
        ]
    return planned


def _draw(account: Account, rng: Random) -> Step:
    app = steps.APPS[rng.choice(account.apps)]
    return steps.STEPS[rng.choices(list(app), list(app.values()))[0]]


def usual(account: Account, step: Step, time: int, uid: str, rng: Random) -> dict[str, Any]:
    """A record of a step in the account's usual surroundings."""
    # Few objects often, many seldom.
    number = 1 + int(WORKING_SET * rng.random() ** 2)
    return record(account, step, time, uid, number)


def record(account: Account, step: Step, time: int, uid: str, number: int) -> dict[str, Any]:
    """The native record of a step in the account's usual surroundings; `number` is put for `{n}`."""
    made: dict[str, Any] = {
        "tenant": account.tenant,
        "id": uid,
        "time": time,
        "ingested": time,
        "user": account.user,
        "action": step.action,
        "category": step.category,
        "outcome": step.outcome,
        "app": step.app,
        "ip": account.address,
        "location": account.place(),
        "device": account.device,
    }
    if step.category is not Category.FAILED_LOGON:
        made["session"] = session(account, time)
    if step.object is not None:
        kind, name = step.object
        name = name.replace("{n}", str(number)).replace("{unit}", account.unit or account.key)
        made["objects"] = [{"type": kind, "name": name, "bytes": step.bytes}]
    if account.groups:
        made["groups"] = account.groups
    if account.unit:
        made["unit"] = account.unit
    if step.error and step.outcome is not Outcome.SUCCESS:
        made["error"] = step.error
    return made


def on_phone(account: Account, time: int, uid: str, rng: Random) -> dict[str, Any]:
    """A look at the mailbox on the phone, through a phone network of the account's city."""
    network = places.place(account.home.city, "mobile")
    made = record(account, steps.step("read mail"), time, uid, 1)
    # Carriers put many customers behind changing addresses.
    made["ip"] = network.address(f"{account.key}/{rng.randint(0, 3)}")
    made["location"], made["device"] = network.location(), account.phone
    made["session"] = session(account, time, "phone")
    return made


def session(account: Account, time: int, other: str = "") -> str:
    """The session of a day (UTC): that of the usual surroundings, or another one."""
    day = time // DAY
    return f"{account.key}-{day}-{other}" if other else f"{account.key}-{day}"
