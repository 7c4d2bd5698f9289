"""AWS CloudTrail records.

Source: AWS CloudTrail User Guide, "CloudTrail record contents for management, data, and network activity events".
CloudTrail gives no ingest time. Whatever has a wrong type counts as missing; only a record without an id, a time, an
operation or an actor is refused.
"""

from __future__ import annotations

import re

from activities.activity import NO_DEVICE, NOWHERE, Activity, Device, Location, Outcome, Raw
from activities.category import settled
from activities.cloudtrail_identity import actor, mapping, session, string, tenant
from activities.cloudtrail_objects import objects_of
from activities.cloudtrail_operations import category_of
from activities.format import Format
from activities.record import Unreadable, address, identifier, parse_time, show, text

_DENIED = re.compile(r"access\.?denied|unauthori[sz]ed|notauthori[sz]ed|forbidden", re.ASCII | re.IGNORECASE)
_SERVICE = re.compile(r"AWS Internal|[a-z0-9.-]{1,200}\.(?:amazonaws\.com(?:\.cn)?|aws\.internal)", re.ASCII)
_FROM_SERVICE = Location(tags=("aws-service",))
_SIGNS = ("eventVersion", "eventName", "userIdentity", "digestStartTime", "insightDetails")


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
        Unreadable: It isn't an activity, or has no id, time, operation or actor.
    """
    _refuse_others(record)
    event_id, event_name = _required(record, "eventID"), _required(record, "eventName")
    time = parse_time(record.get("eventTime"), "$.eventTime")
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
        id=identifier(event_id),
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
    )


def _refuse_others(record: dict[str, object]) -> None:
    """Insights and digests are also written by CloudTrail, but nobody did them."""
    if record.get("eventCategory") == "Insight" or "insightDetails" in record:
        msg = "skipped: a CloudTrail Insights record (`$.eventCategory`) sums up activities and isn't one"
        raise Unreadable(msg)
    if "digestStartTime" in record:
        msg = "skipped: a CloudTrail digest file (`$.digestStartTime`) lists log files and isn't an activity"
        raise Unreadable(msg)


def _required(record: dict[str, object], field: str) -> str:
    value = record.get(field)
    if isinstance(value, str) and value and not value.isspace():
        return value
    found = show(value) if field in record else "no such field"
    msg = f"expected a text that isn't empty at `$.{field}`, found {found}"
    raise Unreadable(msg)


def _outcome(record: dict[str, object], event_name: str) -> tuple[Outcome, str]:
    """How it ended, and the error. A sign-in has no error code but says `{"ConsoleLogin": "Failure"}`."""
    code, message = string(record.get("errorCode")), string(record.get("errorMessage"))
    if code:
        return (Outcome.DENIED if _DENIED.search(code) else Outcome.FAILURE), code
    for details in ("responseElements", "serviceEventDetails"):
        if mapping(record.get(details)).get(event_name) == "Failure":
            return Outcome.FAILURE, message or "Failure"
    return (Outcome.FAILURE, message) if message else (Outcome.SUCCESS, "")


FORMAT = Format(
    "cloudtrail",
    "AWS CloudTrail",
    'AWS CloudTrail User Guide, "CloudTrail record contents"',
    is_cloudtrail,
    normalise,
)
