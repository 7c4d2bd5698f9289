"""What happens on some days only and looks suspicious without being so."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from activities.activity import Category
from simulator.apis import step
from simulator.catalogue import modest_consent
from simulator.diary import Diary
from simulator.habits import (
    DEVICE_ADDED,
    FACTOR_ADDED,
    FACTOR_REMOVED,
    FOLDER_SIZE,
    HABITS,
    LIBRARY_SIZE,
    PASSWORD_CHANGE,
    file,
    report,
)
from simulator.operations import MFA, SALESFORCE, WRONG_PASSWORD, exchange, logon, named, other, sharepoint
from simulator.record import HOUR, MINUTE, SECOND, Event, NativeObject
from simulator.schedule import Kind
from simulator.streams import chance, zipf

FOLDER_DOWNLOAD = 0.012
TIDYING = 0.004
"""Working days on which somebody deletes a folder of old files."""
EMPTYING = 0.006
"""Working days on which somebody clears their mailbox."""
EVENING = 0.08
"""Days off and working days on which who has a computer of their own uses it."""
CONSENT = 0.015
ROLLOUT_CONSENT = 0.08
"""Share of people who take up an app on a day of those in which it is rolled out."""
FULL_SYNC = 0.15
"""New laptops that fetch all of their owner's files at once, instead of each when it is opened."""
NEW_CALLS = 0.12
NEW_SERVICE = 0.012
_QUARTER = 3


def password_expires(diary: Diary) -> None:
    """The laptop says so and a new one is set; the phone goes on trying the old one until somebody notices."""
    rng, start = diary.rng, diary.plan.start
    for number in range(rng.randint(1, 2), 0, -1):
        failed = start - 5 * MINUTE - number * 15 * SECOND
        diary.events.append(Event(failed, logon(WRONG_PASSWORD), diary.plan.laptop(failed), diary.device, ""))
    diary.laptop(start + 20 * SECOND, PASSWORD_CHANGE)
    time = start
    for _ in range(rng.randint(3, 8)):
        time += rng.randint(4 * 60, 18 * 60) * SECOND
        diary.events.append(Event(time, logon(WRONG_PASSWORD), diary.plan.phone(time), diary.handset, ""))
    diary.phone(time + rng.randint(20, 200) * SECOND, logon("0", MFA))


def incident(diary: Diary) -> None:
    """Somebody on call is woken up, or called away from a weekend."""
    rng = diary.rng
    earliest = 22.5 if diary.plan.kind is Kind.WORK else 9.0
    time = diary.plan.midnight + int(rng.uniform(earliest, 29) * HOUR)
    diary.log_on(time)
    for _ in range(rng.randint(2, 5)):
        time += rng.randint(60, 600) * SECOND
        diary.burst(time, HABITS[rng.choice(("api", "api", "chat"))], rng.randint(2, 6))


def evening(diary: Diary) -> None:
    """A look at mail and files in the evening, at home on the person's own computer."""
    rng, plan, computer = diary.rng, diary.plan, diary.person.computer
    if computer is None:
        return
    time, session = plan.midnight + int(rng.uniform(18.5, 22) * HOUR), f"{rng.getrandbits(64):016x}"
    diary.events.append(Event(time, logon("0", MFA), plan.home, computer, session))
    for _ in range(rng.randint(3, 12)):
        time += rng.randint(8, 200) * SECOND
        step = HABITS[rng.choice(("mail", "mail", "files"))].step(rng, diary.person)
        diary.events.append(Event(time, step, plan.home, computer, session))


def folder_download(diary: Diary) -> None:
    """A folder is taken along."""
    rng, person = diary.rng, diary.person
    first = (person.index * 37 + zipf(rng, 20) * FOLDER_SIZE) % LIBRARY_SIZE
    time = diary.sometime()
    for number in range(rng.randint(8, 35)):
        wanted = file(person.department, (first + number) % LIBRARY_SIZE)
        diary.laptop(time, sharepoint("FileDownloaded", wanted))
        time += rng.randint(400, 9_000)


def new_calls(diary: Diary, count: int) -> None:
    """An administrator does something new: `count` operations that aren't habits."""
    rng, person = diary.rng, diary.person
    new = [call for call in person.catalogue if call not in person.calls and call.category is not Category.AUDIT_CONFIG]
    first = rng.randrange(len(new))
    time = diary.sometime()
    for number in range(count):
        for _ in range(rng.randint(1, 3)):
            # Neighbours in the catalogue are calls of one service: that is how new work comes up.
            diary.laptop(time, step(rng, new[(first + number) % len(new)]))
            time += rng.randint(3, 300) * SECOND


def tidying(diary: Diary) -> None:
    """Old files are deleted."""
    rng, person = diary.rng, diary.person
    first = (person.index * 37 + rng.randrange(20) * FOLDER_SIZE) % LIBRARY_SIZE
    time = diary.sometime()
    for number in range(rng.randint(12, 90)):
        diary.laptop(time, sharepoint("FileRecycled", file(person.department, (first + number) % LIBRARY_SIZE)))
        time += rng.randint(200, 6_000)


def emptying(diary: Diary) -> None:
    """Old mail is deleted."""
    rng = diary.rng
    time, folder = diary.sometime(), named("folder", rng.choice(("Inbox", "Sent Items", "Archive")))
    for _ in range(rng.randint(15, 80)):
        diary.laptop(time, exchange("SoftDelete", *folder))
        time += rng.randint(300, 5_000)


def consent(diary: Diary, rollout: str = "") -> None:
    """An app is let act for the person."""
    diary.in_a_row(diary.sometime(), modest_consent(diary.rng, rollout), 200, 1_500)


def new_devices(diary: Diary) -> None:
    """A new laptop is set up, a new phone becomes the second factor."""
    rng, person, day = diary.rng, diary.person, diary.day
    if day <= 0:
        return
    if person.laptop(day).id != person.laptop(day - 1).id:
        diary.laptop(diary.plan.start + 40 * SECOND, DEVICE_ADDED._replace(objects=named("device", diary.device.id)))
        if chance(rng, FULL_SYNC):
            _full_sync(diary)
    if person.phone(day).id != person.phone(day - 1).id:
        diary.in_a_row(diary.at(rng.uniform(0.02, 0.2)), (FACTOR_ADDED, FACTOR_REMOVED), 20_000, 200_000)


def _full_sync(diary: Diary) -> None:
    rng, person = diary.rng, diary.person
    first, time = person.index * 37 % LIBRARY_SIZE, diary.plan.start + rng.randint(5, 40) * MINUTE
    for number in range(rng.randint(60, 300)):
        wanted = file(person.department, (first + number) % LIBRARY_SIZE)
        diary.laptop(time, sharepoint("FileSyncDownloadedFull", wanted))
        time += rng.randint(200, 4_000)


def first_day(diary: Diary) -> None:
    """A new colleague sets up the account that was made for them."""
    rng, start = diary.rng, diary.plan.start
    device = DEVICE_ADDED._replace(objects=named("device", diary.device.id))
    diary.in_a_row(start + 30 * SECOND, (PASSWORD_CHANGE, FACTOR_ADDED, device), 30_000, 300_000)
    time = start + HOUR
    for number in range(rng.randint(6, 25)):
        diary.laptop(time, sharepoint("FileAccessed", file(diary.person.department, number * 7)))
        time += rng.randint(10, 300) * SECOND


@lru_cache(maxsize=512)
def business_day(day: date) -> tuple[int, int]:
    """Which working day of its month `day` is, from 1, counted from the month's start and from its end."""
    month = day.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    days = [month + timedelta(days=number) for number in range((following - month).days)]
    working = [other for other in days if other.weekday() < 5]  # noqa: PLR2004
    before = len([other for other in working if other <= day])
    return before, len(working) - before + 1


def closing(diary: Diary, today: date) -> None:
    """The books are closed on the last and first two working days of a month; salaries are run on the eleventh.

    At a quarter's end there is twice as much of it, and those who sell export what they sold.
    """
    rng, person = diary.rng, diary.person
    first, last = business_day(today)
    ends, begins = last in (1, 2), first in (1, 2)
    quarter = (ends and today.month % _QUARTER == 0) or (begins and today.month % _QUARTER == 1)
    if person.department == "finance" and (ends or begins):
        _reports(diary, rng.randint(20, 55) * (2 if quarter else 1))
    elif person.department in ("finance", "hr") and first == 11 and chance(rng, 0.7):  # noqa: PLR2004
        _reports(diary, rng.randint(8, 25))
    elif person.department == "sales" and ends and quarter:
        time = diary.sometime()
        for _ in range(rng.randint(3, 14)):
            exported = NativeObject("report", f"pipeline-{rng.randrange(60):02d}", 200_000 + zipf(rng, 900) * 5_000)
            diary.laptop(time, other(SALESFORCE, "ReportExported", Category.DOWNLOAD, exported))
            time += rng.randint(20, 400) * SECOND


def _reports(diary: Diary, count: int) -> None:
    rng = diary.rng
    while count > 0:
        time = diary.at(rng.uniform(0.05, 0.9))
        for _ in range(min(count, rng.randint(5, 15))):
            diary.laptop(time, report(rng, rng.randrange(300)))
            time += rng.randint(8, 60) * SECOND
            count -= 1
