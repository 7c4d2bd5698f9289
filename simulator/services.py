"""Service accounts and third-party apps: round the clock, from fixed cloud addresses."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from activities.activity import Category, UserType
from simulator.apis import AWS_CALLS, Call, step
from simulator.habits import GITHUB, LIBRARY_SIZE, SALESFORCE, SHAREPOINT, file
from simulator.people import DEPARTMENTS
from simulator.places import CLOUD, address
from simulator.record import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Account,
    Address,
    Event,
    NativeDevice,
    NativeObject,
    NativeUser,
    Step,
)
from simulator.streams import around, chance, stream, token, zipf

PEOPLE_PER_FUNCTION = 60
"""One more account of an own automation for that many people."""
BACKUP_FILES = 320
"""Mean number of files that the backup downloads in a night."""
_BY_NAME = {(call.app.split(".", 1)[0], call.action): call for call in AWS_CALLS}


class Service(Account, frozen=True, kw_only=True):
    """A service account. `job` is what it does: a key of `_JOBS`."""

    job: str
    address: Address
    device: NativeDevice
    calls: tuple[Call, ...]


def _calls(*names: str) -> tuple[Call, ...]:
    return tuple(_BY_NAME[service, action] for service, action in (name.split(".") for name in names))


_MONITORING = _calls(
    "monitoring.GetMetricData",
    "ec2.DescribeInstances",
    "rds.DescribeDBInstances",
    "elasticloadbalancing.DescribeTargetHealth",
    "monitoring.DescribeAlarms",
    "ec2.DescribeInstanceStatus",
)
_DELIVERY = _calls(
    "ecr.GetAuthorizationToken",
    "s3.PutObject",
    "ecr.PutImage",
    "ecs.UpdateService",
    "ecs.DescribeServices",
    "s3.GetObject",
    "lambda.UpdateFunctionCode20150331v2",
)
_FUNCTION = _calls("s3.GetObject", "s3.PutObject", "sqs.GetQueueAttributes", "kms.Decrypt", "kms.GenerateDataKey")


def services(seed: int, tenant: str, people: int) -> tuple[Service, ...]:
    """The service accounts of a tenant with that many people."""
    rows = [
        ("svc-backup", "Nightly Backup", UserType.APP, "backup", CLOUD[1], "Backup-Agent/7.4", ()),
        ("svc-crm-sync", "CRM Sync", UserType.APP, "sync", CLOUD[0], "crm-connector/3.18", ()),
        (
            "svc-delivery",
            "Continuous Delivery",
            UserType.SERVICE,
            "delivery",
            CLOUD[0],
            "aws-sdk-go-v2/1.39",
            _DELIVERY,
        ),
        ("svc-monitoring", "Monitoring", UserType.SERVICE, "monitoring", CLOUD[1], "Boto3/1.40 Botocore", _MONITORING),
    ]
    for number in range(people // PEOPLE_PER_FUNCTION):
        name = f"svc-function-{number:02d}"
        rows.append((name, name, UserType.SERVICE, "function", CLOUD[0], "aws-sdk-nodejs/3.9", _FUNCTION))
    return tuple(
        Service(
            key=name,
            user=NativeUser(f"{name}@{tenant}.example", title, kind),
            groups=("service-accounts",),
            job=job,
            address=address(*place, 10 + stream(seed, tenant, "service", name).randrange(200)),
            device=NativeDevice(user_agent=agent),
            calls=calls,
        )
        for name, title, kind, job, place, agent, calls in rows
    )


Timed = tuple[int, Step]


def _backup(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    time = begins + HOUR + rng.randint(0, 20) * MINUTE
    libraries = [department.name for department in DEPARTMENTS]
    for _ in range(around(rng, BACKUP_FILES)):
        unit = rng.choice(libraries)
        yield time, Step(SHAREPOINT, "FileDownloaded", Category.DOWNLOAD, (file(unit, rng.randrange(LIBRARY_SIZE)),))
        time += rng.randint(5, 50) * SECOND


def _sync(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    for time in range(begins + 7 * MINUTE, begins + DAY, HOUR):
        at = time + rng.randint(0, 40) * SECOND
        yield at, Step(SALESFORCE, "QueryExecuted", Category.READ, (NativeObject("object", "Account"),))
        for _ in range(around(rng, 1.5)):
            at += rng.randint(1, 20) * SECOND
            number = zipf(rng, 20_000)
            yield (
                at,
                Step(SALESFORCE, "RecordUpdated", Category.MODIFY, (NativeObject("account", f"001A{number:05d}"),)),
            )


def _monitoring(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    for time in range(begins, begins + DAY, 12 * MINUTE):
        yield time + rng.randint(0, 9_000), step(rng, service.calls[zipf(rng, len(service.calls))])


def _delivery(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    for hour in range(24):
        # Most deliveries follow the working hours of Europe and America.
        for _ in range(around(rng, 3 if 8 <= hour <= 22 else 0.7)):  # noqa: PLR2004
            time = begins + hour * HOUR + rng.randint(0, HOUR)
            repository = NativeObject("repository", f"service-{zipf(rng, 80):02d}")
            yield time, Step(GITHUB, "git.clone", Category.DOWNLOAD, (repository,))
            for call in service.calls:
                time += rng.randint(5, 90) * SECOND
                if chance(rng, 0.5):
                    yield time, step(rng, call)


def _function(service: Service, begins: int, rng: Random) -> Iterator[Timed]:
    time = begins + rng.randint(0, 30) * MINUTE
    while time < begins + DAY:
        for _ in range(rng.randint(1, 3)):
            yield time, step(rng, service.calls[zipf(rng, len(service.calls))])
            time += rng.randint(1, 30) * SECOND
        time += int(rng.expovariate(1 / (40 * MINUTE)))


_JOBS = {
    "backup": _backup,
    "sync": _sync,
    "monitoring": _monitoring,
    "delivery": _delivery,
    "function": _function,
}


def service_day(service: Service, begins: int, rng: Random) -> list[Event]:
    """What `service` does in the UTC day that begins at `begins` ms, in time order."""
    session = token(service.key, begins, size=8)
    events = [
        Event(time, action, service.address, service.device, session)
        for time, action in _JOBS[service.job](service, begins, rng)
    ]
    events.sort(key=lambda event: event.time)
    return events
