"""Service accounts and third-party apps: who they are, and where they run."""

from __future__ import annotations

from typing import NamedTuple

from activities.activity import UserType
from simulator.apis import AWS_CALLS, Call
from simulator.people import BEFORE
from simulator.places import CLOUD, address
from simulator.record import Account, Address, NativeDevice, NativeUser
from simulator.streams import stream

PEOPLE_PER_FUNCTION = 60
"""One more account of an own automation for that many people."""
PEOPLE_PER_APP = 25
"""One more third-party app for that many people; at least three."""
PEOPLE_PER_RETIRED = 150
"""One more account that is retired soon after the beginning for that many people."""
AMAZON, HETZNER, MICROSOFT, GOOGLE = CLOUD
_BY_NAME = {(call.app.split(".", 1)[0], call.action): call for call in AWS_CALLS}


class Service(Account, frozen=True, kw_only=True):
    """A service account or app. `job` is what it does: a key of `simulator.jobs.JOBS`."""

    job: str
    address: Address
    device: NativeDevice
    calls: tuple[Call, ...]
    starts: int
    """The first day on which it does something; `BEFORE` for what was there before."""
    ends: int | None
    """The last day on which it does something, for what is retired."""


class _Row(NamedTuple):
    name: str
    title: str
    kind: UserType
    job: str
    place: int
    agent: str
    calls: tuple[Call, ...] = ()
    starts: int = BEFORE
    ends: int | None = None


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
    "secretsmanager.GetSecretValue",
    "lambda.UpdateFunctionCode20150331v2",
)
_FUNCTION = _calls(
    "s3.GetObject", "s3.PutObject", "sqs.GetQueueAttributes", "kms.Decrypt", "secretsmanager.GetSecretValue"
)
_BATCH = _calls("ec2.RunInstances", "s3.GetObject", "s3.PutObject", "ec2.TerminateInstances")
_SNAPSHOTS = _calls("ec2.DescribeVolumes", "ec2.CreateSnapshot", "ec2.DescribeSnapshots", "ec2.DeleteSnapshot")
_AWS, _APP = UserType.SERVICE, UserType.APP

_STANDARD = (
    _Row("svc-backup", "Nightly Backup", _APP, "backup", 1, "Backup-Agent/7.4"),
    _Row("svc-batch", "Batch", _AWS, "batch", 0, "Boto3/1.40 Botocore", _BATCH),
    _Row("svc-crm-sync", "CRM Sync", _APP, "sync", 0, "crm-connector/3.18"),
    _Row("svc-delivery", "Continuous Delivery", _AWS, "delivery", 0, "aws-sdk-go-v2/1.39", _DELIVERY),
    _Row("svc-monitoring", "Monitoring", _AWS, "monitoring", 1, "Boto3/1.40 Botocore", _MONITORING),
    _Row("svc-snapshots", "Snapshots", _AWS, "snapshots", 0, "aws-cli/2.32.6 md/Linux#6.1.0", _SNAPSHOTS),
)
_APPS = (
    ("app-calendly", "Calendly", "calendar", 2, "Calendly/2.0"),
    ("app-docusign", "DocuSign", "documents", 2, "DocuSign-Connect/25.4"),
    ("app-hubspot", "HubSpot", "calendar", 0, "HubSpot-Integration/1.0"),
    ("app-reporting", "Reporting", "documents", 3, "Looker-Fetch/6.2"),
    ("app-slack", "Slack", "chat", 0, "Slackbot 1.0"),
    ("app-archive", "Mail Archive", "calendar", 1, "MailArchive/9.1"),
    ("app-translate", "Translate", "documents", 3, "Translate-Connector/2.7"),
    ("app-esign", "Adobe Sign", "documents", 2, "AdobeSign/15"),
    ("app-assistant", "Meeting Assistant", "calendar", 3, "MeetingAssistant/0.9"),
    ("app-survey", "Survey", "documents", 0, "Typeform/3"),
    ("app-desk", "Service Desk", "calendar", 2, "Zendesk/1.0"),
    ("app-expenses", "Expenses", "documents", 0, "Expensify/8.4"),
)
_LEAST_APPS = 3


def services(seed: int, tenant: str, people: int, rollouts: tuple[tuple[int, str], ...]) -> tuple[Service, ...]:
    """The service accounts and apps of a tenant with that many people; `rollouts` are (day, name) of new apps."""
    rows = list(_STANDARD)
    for number in range(people // PEOPLE_PER_FUNCTION):
        name = f"svc-function-{number:02d}"
        rows.append(_Row(name, name, _AWS, "function", 0, "aws-sdk-nodejs/3.9", _FUNCTION))
    for name, title, job, place, agent in _APPS[: max(_LEAST_APPS, people // PEOPLE_PER_APP)]:
        rows.append(_Row(name, title, _APP, job, place, agent))
    for number in range(1 + people // PEOPLE_PER_RETIRED):
        name = f"svc-legacy-{number:02d}"
        ends = 2 + stream(seed, tenant, "retired", number).randrange(2)
        rows.append(_Row(name, name, _APP, "legacy", 1, "import-job/1.2", ends=ends))
    for day, title in rollouts:
        name = f"app-{title.lower().replace(' ', '-').replace('.', '-')}"
        rows.append(_Row(name, title, _APP, "documents", day % len(CLOUD), f"{title}/1.0", starts=day))
    return tuple(
        Service(
            key=row.name,
            user=NativeUser(f"{row.name}@{tenant}.example", row.title, row.kind),
            groups=("service-accounts",),
            job=row.job,
            address=address(*CLOUD[row.place], 10 + stream(seed, tenant, "service", row.name).randrange(200)),
            device=NativeDevice(user_agent=row.agent),
            calls=row.calls,
            starts=row.starts,
            ends=row.ends,
        )
        for row in rows
    )
