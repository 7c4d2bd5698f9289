"""OCSF 1.x events, as Amazon Security Lake and other normalising pipelines write them.

Source: Open Cybersecurity Schema Framework, schema.ocsf.io, classes 3001 to 3008 and 6001 to 6006.

- `time` is the event time. Where a mapping got it wrong (seconds are common), `time_dt` and then
  `metadata.original_time` are taken.
- `metadata.logged_time`, when the logging system took the event in, is the ingest time.
- `metadata.uid` is the id; it is optional, and derived from the record itself where it is missing.
- Who acted is `actor.user`; in Authentication and Authorize Session it is `user`, who logs on, as the actor may be
  the process that asked. A person is known by e-mail address, else by name, else by uid. An AWS ARN is known as the
  CloudTrail parser knows it: role sessions are the role, or the person behind it.

Whatever has a wrong type counts as missing; only an event without a class, a time or an actor is refused, and events
of other classes (findings, network, process, ...) aren't activities.
"""

from __future__ import annotations

import re

from activities.activity import NO_DEVICE, NOWHERE, Activity, Device, Location, Outcome, Raw, User, UserType
from activities.category import settled
from activities.cloudtrail_identity import actor as aws_actor
from activities.cloudtrail_operations import ASKS
from activities.country import country_code
from activities.format import Format, Record
from activities.ocsf_objects import objects_of
from activities.ocsf_operations import CLASSES, category_of, means_denied
from activities.ocsf_tags import tags_of
from activities.record import Unreadable, address, identifier, text, texts
from activities.values import (
    asn,
    derived_id,
    is_email,
    is_google_service,
    items,
    known,
    mapping,
    moment,
    moment_or_zero,
    number,
    refuse,
    size,
    tenant_or,
    user_of,
    word,
)

SUBJECT_FIRST = frozenset((3002, 3003))
"""Classes in which `user` is who acts."""
_KINDS = {3: UserType.SERVICE, 4: UserType.SERVICE, 5: UserType.SERVICE}
_SUCCESS, _FAILURE = 1, 2
_DENIED_ACTION = 2
_DENIED = re.compile(r"denied|unauthori[sz]ed|forbidden|blocked", re.ASCII | re.IGNORECASE)
_ARN = "arn:aws"
_LONGEST_ERROR = 1024


def is_ocsf(record: Record) -> bool:
    """Whether an object looks like an OCSF event, of any class."""
    return "class_uid" in record and ("metadata" in record or "activity_id" in record)


def normalise(record: Record, default_tenant: str, raw: Raw) -> Activity:
    """The activity of one event.

    Args:
        record: The decoded event.
        default_tenant: The tenant where the event names no cloud account.
        raw: Where the record is.

    Raises:
        Unreadable: It is of a class that isn't one of activities, or has no time or actor.
    """
    class_uid = _class(record)
    # `type_uid` is both: a hundred times the class, and the activity.
    activity_id = _integer(record.get("activity_id")) or _integer(record.get("type_uid")) % 100
    metadata, api = mapping(record.get("metadata")), mapping(record.get("api"))
    time = _time(record, metadata)
    user = _user(record, class_uid)
    operation = known(api.get("operation")) or known(metadata.get("event_code"))
    service = known(mapping(api.get("service")).get("name"))
    product = known(mapping(metadata.get("product")).get("name"))
    outcome, error = _outcome(record, api, class_uid, activity_id)
    if operation in ASKS and outcome is Outcome.SUCCESS:
        outcome = Outcome.UNKNOWN
    parameters = mapping(mapping(api.get("request")).get("data"))
    category = settled(category_of(class_uid, activity_id, operation, service, product, parameters), outcome)
    source = mapping(record.get("src_endpoint"))
    return Activity(
        tenant=_tenant(record, metadata, default_tenant),
        id=identifier(known(metadata.get("uid")) or derived_id(record)),
        time=time,
        ingested=moment_or_zero(metadata.get("logged_time")) or moment_or_zero(metadata.get("logged_time_dt")),
        user=user,
        action=text(operation or known(record.get("type_name")) or _type_name(record, class_uid, activity_id)),
        category=category,
        outcome=outcome,
        app=text(service or known(mapping(record.get("service")).get("name")) or product),
        ip=address(known(source.get("ip"))),
        location=_location(source),
        device=_device(record, source),
        session=_session(record),
        objects=objects_of(record, class_uid not in SUBJECT_FIRST),
        groups=_groups(record, class_uid),
        unit=text(known(mapping(mapping(_who(record, class_uid)).get("org")).get("ou_name"))),
        error=text(error),
        source="ocsf",
        raw=raw,
        tags=tags_of(record, class_uid, activity_id, operation, category, outcome),
    )


def _integer(value: object) -> int:
    """A whole number as it is, or written as digits; 0 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = size(value) if isinstance(value, str) else None
    return found or 0


def _class(record: Record) -> int:
    class_uid = _integer(record.get("class_uid"))
    if class_uid in CLASSES:
        return class_uid
    if 1_000 <= class_uid < 10_000:  # noqa: PLR2004
        msg = f"skipped: an OCSF event of class {class_uid} (`$.class_uid`) isn't an activity of a user in a cloud app"
        raise Unreadable(msg)
    refuse(f"one of {', '.join(map(str, CLASSES))}", "$.class_uid", record.get("class_uid"))
    return 0


def _time(record: Record, metadata: Record) -> int:
    """The event time.

    Raises:
        Unreadable: None of the three fields has one; the reason is that of `$.time`.
    """
    try:
        return moment(record.get("time"), "$.time")
    except Unreadable:
        found = moment_or_zero(record.get("time_dt")) or moment_or_zero(metadata.get("original_time"))
        if found:
            return found
        raise


def _who(record: Record, class_uid: int) -> Record:
    """The object of who acted; empty if there is none."""
    acting, subject = mapping(mapping(record.get("actor")).get("user")), mapping(record.get("user"))
    first, second = (subject, acting) if class_uid in SUBJECT_FIRST else (acting, {})
    return first if _names_somebody(first) else second


def _names_somebody(user: Record) -> bool:
    return any(word(user.get(field)) for field in ("email_addr", "name", "uid", "uid_alt"))


def _user(record: Record, class_uid: int) -> User:
    user = _who(record, class_uid)
    actor = mapping(record.get("actor"))
    email, name, uid = known(user.get("email_addr")), known(user.get("name")), word(user.get("uid"))
    if uid.startswith(_ARN):
        return _aws_user(user, actor, uid)
    login = email or (uid if is_email(uid) else "") or name or uid or word(user.get("uid_alt"))
    if login:
        kind = _KINDS.get(_integer(user.get("type_id")), UserType.PERSON)
        if is_google_service(login):
            kind = UserType.SERVICE
        return user_of(login, known(user.get("full_name")) or name, email, kind)
    app = known(actor.get("app_name")) or word(actor.get("app_uid"))
    if app:
        return user_of(app, kind=UserType.APP)
    service = known(actor.get("invoked_by"))
    if not service:
        path = "$.user" if class_uid in SUBJECT_FIRST else "$.actor.user"
        refuse("a user with an email_addr, name or uid", path, user or "")
    return user_of(service, kind=UserType.SERVICE)


def _aws_user(user: Record, actor: Record, arn: str) -> User:
    """The user of an ARN, as the CloudTrail parser would have it."""
    kinds = {":assumed-role/": "AssumedRole", ":user/": "IAMUser", ":root": "Root"}
    kind = next((kind for mark, kind in kinds.items() if mark in arn), "")
    identity: Record = {
        "type": kind,
        "arn": arn,
        "userName": known(user.get("name")) if kind == "IAMUser" else "",
        "principalId": known(user.get("uid_alt")),
        "accountId": word(mapping(user.get("account")).get("uid")),
        "sessionContext": {"sessionIssuer": {"arn": known(mapping(actor.get("session")).get("issuer"))}},
    }
    return aws_actor({"userIdentity": identity}).user


def _outcome(record: Record, api: Record, class_uid: int, activity_id: int) -> tuple[Outcome, str]:
    """By `status_id`, else `status`, else the error of the API's response; unknown where none says anything."""
    response = mapping(api.get("response"))
    code = known(response.get("error")) or known(record.get("status_code"))
    error = code or known(record.get("status_detail")) or known(response.get("error_message"))
    status_id, status = _integer(record.get("status_id")), known(record.get("status")).lower()
    if means_denied(class_uid, activity_id) or _integer(record.get("action_id")) == _DENIED_ACTION:
        return Outcome.DENIED, error or status
    failed = status_id == _FAILURE or status in ("failure", "failed") or bool(known(response.get("error")))
    if failed:
        return (Outcome.DENIED if _DENIED.search(error[:_LONGEST_ERROR]) else Outcome.FAILURE), error or "Failure"
    if status_id == _SUCCESS or status in ("success", "succeeded"):
        return Outcome.SUCCESS, ""
    return Outcome.UNKNOWN, ""


def _type_name(record: Record, class_uid: int, activity_id: int) -> str:
    """As `type_name` says it, which is optional: "Authentication: Logon"."""
    return f"{CLASSES[class_uid][0]}: {known(record.get('activity_name')) or activity_id}"


def _tenant(record: Record, metadata: Record, default: str) -> str:
    cloud = mapping(record.get("cloud"))
    account = mapping(cloud.get("account")).get("uid")
    return tenant_or(default, account, cloud.get("account_uid"), metadata.get("tenant_uid"))


def _location(source: Record) -> Location:
    place, system = mapping(source.get("location")), mapping(source.get("autonomous_system"))
    longitude, latitude = place.get("long"), place.get("lat")
    coordinates = place.get("coordinates")
    if isinstance(coordinates, list) and len(coordinates) == 2 and latitude is None:  # noqa: PLR2004
        longitude, latitude = coordinates
    location = Location(
        country=country_code(known(place.get("country"))),
        city=text(known(place.get("city"))),
        latitude=number(latitude, 90),
        longitude=number(longitude, 180),
        asn=asn(system.get("number")),
        isp=text(known(place.get("isp")) or known(system.get("name"))),
    )
    return NOWHERE if location == NOWHERE else location


def _device(record: Record, source: Record) -> Device:
    device = mapping(record.get("device"))
    system = mapping(source.get("os")) or mapping(device.get("os"))
    found = Device(
        id=text(word(device.get("uid")) or known(device.get("hostname")) or word(source.get("uid"))),
        os=text(known(system.get("name"))),
        user_agent=text(known(mapping(record.get("http_request")).get("user_agent"))),
    )
    return NO_DEVICE if found == NO_DEVICE else found


def _session(record: Record) -> str:
    actor = mapping(record.get("actor"))
    for session in (mapping(record.get("session")), mapping(actor.get("session"))):
        uid = word(session.get("uid"))
        if uid:
            return text(uid)
    return text(word(mapping(actor.get("user")).get("credential_uid")))


def _groups(record: Record, class_uid: int) -> tuple[str, ...]:
    groups = items(_who(record, class_uid).get("groups"))
    return texts([known(group.get("name")) or word(group.get("uid")) for group in map(mapping, groups)])


FORMAT = Format(
    "ocsf",
    "OCSF",
    "Open Cybersecurity Schema Framework 1.x, schema.ocsf.io",
    "class_uid with metadata or activity_id",
    "JSON of OCSF 1.0 to 1.9: Amazon Security Lake and others",
    is_ocsf,
    normalise,
)
