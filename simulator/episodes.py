"""Benign things that happen between accounts: people come and go, data is moved, keys are rotated."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from activities.activity import Category
from simulator.departments import ADMINISTRATORS, DEPARTMENTS, HELP_DESK
from simulator.habits import LIBRARY_SIZE, file
from simulator.operations import WORKDAY, aws, directory, named, other, sharepoint
from simulator.people import Person
from simulator.presence import present
from simulator.record import HOUR, SECOND, Account, Event, NativeObject, Step
from simulator.schedule import Kind
from simulator.services import Service
from simulator.streams import chance, renewals, stream
from simulator.world import World

MIGRATION_DAYS = 9_000
"""Mean days until the next migration, for one person: one a month in a company of 300."""
ROTATION_DAYS = 90
RETENTION_DAYS = 12
"""Mean days between changes of how long a log is kept, when something new is deployed."""
_DELETED_SHARE = 0.5


class Episode(NamedTuple):
    """Events with their actors, in time order; `name` names their ids and random streams."""

    name: str
    events: list[Event]


def episodes(world: World) -> Iterator[Episode]:
    """All of the period, each known by whom or what it is about: more people only add some."""
    found = [
        *((f"joins/{one.key}", _joins(world, one)) for one in world.people if one.joins >= 0),
        *((f"leaves/{one.key}", _ends(world, one, one.leaves)) for one in world.people if one.leaves is not None),
        *((f"retires/{one.key}", _ends(world, one, one.ends)) for one in world.services if one.ends is not None),
        *((f"moves/{one.key}", _migration(world, one)) for one in world.people if HELP_DESK in one.groups),
        *((f"keys/{one.key}", _rotation(world, one)) for one in world.services if one.calls),
        ("retention", _retention(world)),
    ]
    for name, events in found:
        within = [event for event in events if world.start <= event.time < world.end]
        if within:
            yield Episode(name, sorted(within, key=lambda event: event.time))


def _at_work(world: World, staff: list[Person], day: int, rng: Random) -> tuple[Person, Event] | None:
    """One of `staff` who is at work on `day`, and something they do then."""
    for person in rng.sample(staff, k=len(staff)):
        there = present(world, person, day, Kind.WORK)
        if there:
            return person, rng.choice(there)
    return None


def _staff(world: World, group: str, subject: Account) -> list[Person]:
    """Those of a group who were hired before the subject, so that it is the same ones whoever comes later."""
    latest = subject.index if isinstance(subject, Person) else 1
    return [one for one in world.people[: max(1, latest)] if group in one.groups or one.index == 0][:12]


def _done(seen: tuple[Person, Event] | None, steps: list[Step], rng: Random) -> list[Event]:
    """The steps, done by whoever was found, beside what they do then."""
    if seen is None:
        return []
    person, event = seen
    time, found = event.time, []
    for step in steps:
        time += rng.randint(4, 60) * SECOND
        found.append(Event(time, step, event.address, event.device, event.session, person))
    return found


def _joins(world: World, person: Person) -> list[Event]:
    """The help desk makes the account, a day or two before."""
    rng = stream(world.seed, world.tenant, person.key, "joins episode")
    user = named("user", person.user.id)
    groups = [
        directory("Add member to group.", *user, *named("group", name)) for name in (f"all-{person.unit}", "vpn-users")
    ]
    steps = [directory("Add user.", *user), directory("Change user license.", *user), *groups]
    for before in (1, 2, 3):
        seen = _at_work(world, _staff(world, HELP_DESK, person), person.joins - before, rng)
        if seen:
            return _done(seen, steps, rng)
    return []


def _ends(world: World, account: Account, last: int | None) -> list[Event]:
    """The help desk disables an account after its last day, and sometimes deletes it later."""
    rng = stream(world.seed, world.tenant, account.key, "ends episode")
    user, staff, found = named("user", account.user.id), _staff(world, HELP_DESK, account), []
    if last is None:
        return []
    steps = [
        directory("Disable account.", *user),
        directory("Remove member from group.", *user, *named("group", "vpn-users")),
    ]
    if isinstance(account, Person):
        steps.insert(0, other(WORKDAY, "WorkerTerminated", Category.MODIFY_USER, *named("worker", account.user.id)))
    deleted, pause = chance(rng, _DELETED_SHARE), rng.randint(2, 14)
    for after in range(1, 5):
        seen = _at_work(world, staff, last + after, rng)
        if seen:
            found = _done(seen, steps, rng)
            break
    if deleted:
        found += _done(_at_work(world, staff, last + 4 + pause, rng), [directory("Delete user.", *user)], rng)
    return found


def _migration(world: World, person: Person) -> list[Event]:
    """An administrator moves a department's library to another place: all of it goes down and up again, for hours."""
    found: list[Event] = []
    # The larger the help desk, the less each of them has to move.
    for day in renewals(stream(world.seed, world.tenant, person.key, "migrations"), MIGRATION_DAYS * 0.08, world.days):
        rng = stream(world.seed, world.tenant, person.key, "migration", day)
        there = present(world, person, day, Kind.WORK)
        if not there:
            continue
        first, unit = there[0], rng.choice(DEPARTMENTS).name
        time, start = first.time, rng.randrange(LIBRARY_SIZE)
        for number in range(rng.randint(300, 1_500)):
            moved = file(unit, (start + number) % LIBRARY_SIZE)
            copy = NativeObject("file", moved.name.replace("sites/", "sites/archive-", 1), moved.bytes)
            for step in (sharepoint("FileDownloaded", moved), sharepoint("FileUploaded", copy)):
                time += rng.randint(500, 6_000)
                found.append(Event(time, step, first.address, first.device, first.session, person))
    return [event for event in found if event.time < world.end - HOUR]


def _rotation(world: World, service: Service) -> list[Event]:
    """An administrator gives a service account a new key and takes the old one away."""
    found: list[Event] = []
    for day in renewals(stream(world.seed, world.tenant, service.key, "rotations"), ROTATION_DAYS, world.days):
        rng = stream(world.seed, world.tenant, service.key, "rotation", day)
        user = named("user", service.key)
        steps = [
            aws("iam", "ListAccessKeys", *user),
            aws("iam", "CreateAccessKey", *user),
            aws("iam", "UpdateAccessKey", *user),
            aws("iam", "DeleteAccessKey", *user),
        ]
        found += _done(_at_work(world, _staff(world, ADMINISTRATORS, service), day, rng), steps, rng)
    return found


def _retention(world: World) -> list[Event]:
    """Where something new is deployed, its log is made, and kept for as long as others are."""
    found: list[Event] = []
    delivery = next(one for one in world.services if one.job == "delivery")
    for day in renewals(stream(world.seed, world.tenant, "retention"), RETENTION_DAYS, world.days):
        rng = stream(world.seed, world.tenant, "retention", day)
        there = present(world, delivery, day, Kind.WORK)
        if there:
            event, group = rng.choice(there), named("log_group", f"/ecs/service-{rng.randrange(90):02d}")
            steps = (aws("logs", "CreateLogGroup", *group), aws("logs", "PutRetentionPolicy", *group))
            for number, step in enumerate(steps, 1):
                time = event.time + number * 2 * SECOND
                found.append(Event(time, step, event.address, event.device, event.session, delivery))
    return found
