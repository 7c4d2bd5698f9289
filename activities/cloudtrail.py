"""AWS CloudTrail records.

Sources: AWS CloudTrail User Guide, "CloudTrail record contents for management, data, and network activity events"; AWS
CLI reference, "cloudtrail lookup-events", which gives the record as a text in `CloudTrailEvent`.

CloudTrail gives no ingest time. Whatever has a wrong type counts as missing; only a record without a time, an operation
or an actor is refused. `@timestamp` is the time where a shipper took `eventTime` out. Data lakes write the outer field
names in lower case: they are looked for where `eventName` or `userIdentity` is missing.
"""

from __future__ import annotations

import re

from activities.activity import NO_DEVICE, NOWHERE, Activity, Device, Location, Outcome, Raw
from activities.category import settled
from activities.cloudtrail_identity import actor, session, tenant
from activities.cloudtrail_objects import objects_of
from activities.cloudtrail_operations import ASKS, category_of, plain_name
from activities.cloudtrail_tags import tags_of
from activities.format import Format
from activities.record import Unreadable, address, identifier, text
from activities.values import decoded, derived_id, mapping, moment, refuse, required, string

_DENIED = re.compile(r"access\.?denied|unauthori[sz]ed|notauthori[sz]ed|forbidden", re.ASCII | re.IGNORECASE)
_SERVICE = re.compile(r"AWS Internal|[a-z0-9.-]{1,200}\.(?:amazonaws\.com(?:\.cn)?|aws\.internal)", re.ASCII)
_FROM_SERVICE = Location(tags=("aws-service",))
_SIGNS = (
    "eventVersion", "eventName", "userIdentity", "CloudTrailEvent", "digestStartTime", "insightDetails", "eventname",
    "useridentity",
)  # fmt: skip
_FIELDS = (
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
    "userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData",
    "requestID", "eventID", "readOnly", "eventType", "eventCategory", "recipientAccountId", "sharedEventID",
    "serviceEventDetails", "insightDetails", "vpcEndpointId", "managementEvent", "resources", "tlsDetails",
)  # fmt: skip
_CASES = {field.lower(): field for field in _FIELDS}


def is_cloudtrail(record: dict[str, object]) -> bool:
    """Whether an object looks like something that CloudTrail writes: an event, an insight, a digest."""
    return any(sign in record for sign in _SIGNS) and "action" not in record


def normalise(record: dict[str, object], default_tenant: str, raw: Raw) -> Activity:
    """The activity of one CloudTrail event.

    Args:
        record: The decoded event.
        default_tenant: The tenant where the event names no account.
        raw: Where the record is.

    Raises:
        Unreadable: It isn't an activity, or has no time, operation or actor.
    """
    record = _plain(record)
    _refuse_others(record)
    event_name = required(record, "eventName", "$.eventName")
    time = _time(record)
    who = actor(record)
    source = string(record.get("eventSource"))
    outcome, error = _outcome(record, event_name)
    category = settled(
        category_of(source, event_name, mapping(record.get("requestParameters")), record.get("readOnly")), outcome
    )
    sender, agent = string(record.get("sourceIPAddress")), string(record.get("userAgent"))
    if agent.startswith("[") and agent.endswith("]"):
        agent = agent[1:-1]  # S3 puts brackets around what was sent.
    return Activity(
        tenant=tenant(record, default_tenant),
        id=identifier(string(record.get("eventID")).strip() or derived_id(record)),
        time=time,
        ingested=0,
        user=who.user,
        action=text(event_name),
        category=category,
        outcome=outcome,
        app=text(source),
        impersonated=who.impersonated,
        ip=address(sender),
        location=_FROM_SERVICE if _SERVICE.fullmatch(sender) else NOWHERE,
        device=Device(id=who.device, user_agent=text(agent)) if who.device or agent else NO_DEVICE,
        session=session(record),
        objects=objects_of(record, category),
        groups=who.groups,
        error=text(error),
        source="cloudtrail",
        raw=raw,
        tags=tags_of(record, plain_name(event_name), category, outcome),
    )


def _refuse_others(record: dict[str, object]) -> None:
    """Insights and digests are also written by CloudTrail, but nobody did them."""
    if record.get("eventCategory") == "Insight" or "insightDetails" in record:
        msg = "skipped: a CloudTrail Insights record (`$.eventCategory`) sums up activities and isn't one"
        raise Unreadable(msg)
    if "digestStartTime" in record:
        msg = "skipped: a CloudTrail digest file (`$.digestStartTime`) lists log files and isn't an activity"
        raise Unreadable(msg)


def _plain(record: dict[str, object]) -> dict[str, object]:
    """The record itself, its outer fields named as CloudTrail names them."""
    if "CloudTrailEvent" in record:
        inner = decoded(record["CloudTrailEvent"])
        if not isinstance(inner, dict):
            refuse("the JSON of a record", "$.CloudTrailEvent", record["CloudTrailEvent"])
        record = mapping(inner)
    if "eventName" not in record or "userIdentity" not in record:
        record = {_CASES.get(field.lower(), field): value for field, value in record.items()}
    return record


def _time(record: dict[str, object]) -> int:
    if record.get("eventTime") is None and record.get("@timestamp") is not None:
        return moment(record["@timestamp"], "$.@timestamp")
    return moment(record.get("eventTime"), "$.eventTime")


def _outcome(record: dict[str, object], event_name: str) -> tuple[Outcome, str]:
    """How it ended, and the error. A sign-in has no error code but says `{"ConsoleLogin": "Failure"}`."""
    code, message = string(record.get("errorCode")), string(record.get("errorMessage"))
    if code:
        return (Outcome.DENIED if _DENIED.search(code) else Outcome.FAILURE), code
    for details in ("responseElements", "serviceEventDetails"):
        if mapping(record.get(details)).get(event_name) == "Failure":
            return Outcome.FAILURE, message or "Failure"
    if event_name in ASKS and not message:
        return Outcome.UNKNOWN, ""
    return (Outcome.FAILURE, message) if message else (Outcome.SUCCESS, "")


FORMAT = Format(
    "cloudtrail",
    "AWS CloudTrail",
    'AWS CloudTrail User Guide, "CloudTrail record contents"',
    "eventVersion, eventName, userIdentity or CloudTrailEvent",
    'files of S3 ({"Records": [...]}), a record a line, lookup-events, EventBridge, CloudWatch Logs, data lakes',
    is_cloudtrail,
    normalise,
)
