"""What service accounts and apps do, round the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from activities.activity import Category, UserType
from simulator.apis import ACCOUNTS, resource, step
from simulator.departments import DEPARTMENTS
from simulator.habits import LIBRARY_SIZE, SHARED_MAILBOXES, file
from simulator.operations import SALESFORCE, TEAMS, aws, exchange, github, m365, named, other, sharepoint
from simulator.record import DAY, HOUR, MINUTE, SECOND, Event, NativeObject, NativeUser, Step
from simulator.services import Service
from simulator.streams import around, chance, token, zipf

BACKUP_FILES = 320
"""Mean number of files that the backup downloads in a night."""
_LIBRARIES = [department.name for department in DEPARTMENTS]

Timed = tuple[int, Step]


def _backup(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    time = begins + HOUR + rng.randint(0, 20) * MINUTE
    for _ in range(around(rng, BACKUP_FILES)):
        unit = rng.choice(_LIBRARIES)
        yield time, sharepoint("FileDownloaded", file(unit, rng.randrange(LIBRARY_SIZE)))
        time += rng.randint(5, 50) * SECOND


def _batch(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    run, get, put, terminate = service.calls
    for hour in (2, 14):
        time = begins + hour * HOUR + rng.randint(0, 10) * MINUTE
        machines = rng.randint(3, 9)
        for _ in range(machines):
            yield time, step(rng, run)
            for _ in range(rng.randint(2, 6)):
                time += rng.randint(5, 120) * SECOND
                yield time, step(rng, get if chance(rng, 0.7) else put)
        for number in range(machines):
            time += rng.randint(2, 60) * SECOND
            ended = resource(terminate.app, "instance", 100 + number)
            yield time, Step(terminate.app, terminate.action, terminate.category, (ended,))


def _snapshots(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    look, create, find, delete = service.calls
    time = begins + 3 * HOUR + rng.randint(0, 5) * MINUTE
    day = begins // DAY
    yield time, step(rng, look)
    for number in range(14):
        time += rng.randint(1, 20) * SECOND
        yield time, Step(create.app, create.action, create.category, (resource(create.app, "volume", number),))
        if number < 2:  # noqa: PLR2004
            time += rng.randint(1, 5) * SECOND
            shared = resource(create.app, "snapshot", day * 20 + number)
            yield time, aws("ec2", "ModifySnapshotAttribute", shared, NativeObject("account", ACCOUNTS[0]))
    yield time + MINUTE, step(rng, find)
    time += 2 * MINUTE
    for number in range(14):
        time += rng.randint(1, 8) * SECOND
        old = resource(delete.app, "snapshot", (day - 30) * 20 + number)
        yield time, Step(delete.app, delete.action, delete.category, (old,))


def _sync(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    for time in range(begins + 7 * MINUTE, begins + DAY, HOUR):
        at = time + rng.randint(0, 40) * SECOND
        yield at, other(SALESFORCE, "QueryExecuted", Category.READ, NativeObject("object", "Account"))
        for _ in range(around(rng, 1.5)):
            at += rng.randint(1, 20) * SECOND
            updated = NativeObject("account", f"001A{zipf(rng, 20_000):05d}")
            yield at, other(SALESFORCE, "RecordUpdated", Category.MODIFY, updated)


def _monitoring(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    for time in range(begins, begins + DAY, 12 * MINUTE):
        yield time + rng.randint(0, 9_000), step(rng, service.calls[zipf(rng, len(service.calls))])


def _own_secret(service: Service, made: Step, rng: Random) -> Step:
    """The same step; where it reads a secret, one of the few that are the service's own."""
    if made.category is not Category.SECRET_READ:
        return made
    return made._replace(objects=(NativeObject("secret", f"{service.key}/key-{zipf(rng, 3)}"),))


def _delivery(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    for hour in range(24):
        # Most deliveries follow the working hours of Europe and America.
        for _ in range(around(rng, 3 if 8 <= hour <= 22 else 0.7)):  # noqa: PLR2004
            time = begins + hour * HOUR + rng.randint(0, HOUR)
            yield time, github("git.clone", NativeObject("repository", f"service-{zipf(rng, 80):02d}"))
            for call in service.calls:
                time += rng.randint(5, 90) * SECOND
                if chance(rng, 0.5):
                    yield time, _own_secret(service, step(rng, call), rng)


def _function(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    time = begins + rng.randint(0, 30) * MINUTE
    while time < begins + DAY:
        for _ in range(rng.randint(1, 3)):
            yield time, _own_secret(service, step(rng, service.calls[zipf(rng, len(service.calls))]), rng)
            time += rng.randint(1, 30) * SECOND
        time += int(rng.expovariate(1 / (40 * MINUTE)))


def _in_working_hours(begins: int, rng: Random, mean: float) -> Iterator[int]:
    """Times at which people somewhere in the company make an app do something."""
    for hour in range(24):
        for _ in range(around(rng, mean if 6 <= hour <= 20 else mean / 4)):  # noqa: PLR2004
            yield begins + hour * HOUR + rng.randint(0, HOUR - 1)


def _calendar(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    domain = service.user.id.partition("@")[2]
    for time in _in_working_hours(begins, rng, 3):
        box = f"{SHARED_MAILBOXES[zipf(rng, 3)]}@{domain}"
        owner = NativeUser(box, box.partition("@")[0], UserType.PERSON)
        action = "MailItemsAccessed" if chance(rng, 0.8) else "Update"
        yield time, exchange(action, *named("folder", "Calendar" if chance(rng, 0.6) else "Inbox"), owner=owner)


def _documents(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    for time in _in_working_hours(begins, rng, 2.5):
        wanted = file(_LIBRARIES[zipf(rng, 4)], zipf(rng, 120))
        yield time, sharepoint("FileUploaded" if chance(rng, 0.2) else "FileAccessed", wanted)


def _chat(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    for time in _in_working_hours(begins, rng, 3):
        channel = NativeObject("channel", f"{_LIBRARIES[zipf(rng, 3)]}-{zipf(rng, 6):02d}")
        yield time, m365(TEAMS, "MessageSent" if chance(rng, 0.7) else "ChatRetrieved", channel)


def _legacy(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    for hour in range(24):
        time = begins + hour * HOUR + rng.randint(0, 30) * MINUTE
        for _ in range(rng.randint(1, 3)):
            yield time, sharepoint("FileAccessed", file("finance", zipf(rng, 200)))
            time += rng.randint(1, 20) * SECOND


JOBS: dict[str, Callable[[Service, int, Random], Iterator[Timed]]] = {
    "backup": _backup,
    "batch": _batch,
    "calendar": _calendar,
    "chat": _chat,
    "delivery": _delivery,
    "documents": _documents,
    "function": _function,
    "legacy": _legacy,
    "monitoring": _monitoring,
    "snapshots": _snapshots,
    "sync": _sync,
}


def service_day(service: Service, day: int, begins: int, rng: Random) -> list[Event]:
    """What `service` does on `day`, the UTC day that begins at `begins` ms, in time order."""
    if day < service.starts or (service.ends is not None and day > service.ends):
        return []
    session = token(service.key, begins, size=8)
    events = [
        Event(time, action, service.address, service.device, session)
        for time, action in JOBS[service.job](service, begins, rng)
    ]
    events.sort(key=lambda event: event.time)
    return events
