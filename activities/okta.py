"""Okta System Log events.

Source: Okta developer documentation, "System Log API", the object `LogEvent`.
Okta gives no ingest time and names no tenant. Whatever has a wrong type counts as missing; only an event without
a time, a type or an actor is refused. Panther's data lake writes the outer field names in lower case: they are looked
for where `eventType` or `published` is missing.
"""

from __future__ import annotations

import re

from activities.activity import (
    NO_DEVICE,
    NOWHERE,
    Activity,
    Category,
    Device,
    Location,
    Object,
    Outcome,
    Raw,
    User,
    UserType,
)
from activities.category import settled
from activities.country import country_code
from activities.format import Format, Record
from activities.okta_operations import category_of
from activities.okta_tags import tags_of
from activities.record import Unreadable, address, identifier, show, text
from activities.values import (
    Objects,
    add,
    asn,
    derived_id,
    is_email,
    items,
    known,
    mapping,
    moment,
    number,
    objects_in,
    refuse,
    required,
    string,
    user_of,
)

_FIELDS = (
    "eventType", "legacyEventType", "displayMessage", "published", "uuid", "actor", "client", "outcome", "target",
    "authenticationContext", "securityContext", "debugContext", "request", "device",
)  # fmt: skip
_CASES = {field.lower(): field for field in _FIELDS}
_SIGNS = ("published", "uuid", "debugContext", "debugcontext", "legacyEventType", "legacyeventtype")

_OUTCOMES = {
    "SUCCESS": Outcome.SUCCESS,
    "ALLOW": Outcome.SUCCESS,
    "FAILURE": Outcome.FAILURE,
    "ABANDONED": Outcome.FAILURE,
    "UNANSWERED": Outcome.FAILURE,
    "DENY": Outcome.DENIED,
    "RATE_LIMIT": Outcome.DENIED,
}
"""What isn't here (CHALLENGE, SKIPPED, UNKNOWN, SCHEDULED, DEFERRED) has not ended yet."""
_KINDS = {"systemprincipal": UserType.SERVICE, "publicclientapp": UserType.APP, "client": UserType.APP}
_ADDRESS = "ip address"
_APPS = frozenset(("AppInstance", "PublicClientApp"))
_PEOPLE = frozenset(("User", "AppUser"))
_RATE_LIMIT = re.compile(r"system\.org\.rate_limit\.|application\.integration\.rate_limit_exceeded", re.ASCII)
_BY_PROXY = ("proxy",)


def is_okta(record: Record) -> bool:
    """Whether an object looks like an event of Okta's System Log."""
    named = "eventType" in record or "eventtype" in record
    return named and any(sign in record for sign in _SIGNS) and "userIdentity" not in record


def normalise(record: Record, default_tenant: str, raw: Raw) -> Activity:
    """The activity of one event.

    Args:
        record: The decoded event.
        default_tenant: The tenant; an event names none.
        raw: Where the record is.

    Raises:
        Unreadable: It isn't an activity, or has no time, type or actor.
    """
    if "eventType" not in record or "published" not in record:
        record = {_CASES.get(field.lower(), field): value for field, value in record.items()}
    action = required(record, "eventType", "$.eventType")
    _refuse_notices(action)
    time = moment(record.get("published"), "$.published")
    user = _actor(record)
    outcome, error = _outcome(record)
    category = settled(category_of(action, outcome), outcome)
    if category is Category.FAILED_LOGON and outcome is Outcome.SUCCESS:
        outcome = Outcome.DENIED  # `user.mfa.okta_verify.deny_push` succeeds in refusing
    return Activity(
        tenant=identifier(default_tenant),
        id=identifier(known(record.get("uuid")) or derived_id(record)),
        time=time,
        ingested=0,
        user=user,
        action=text(action),
        category=category,
        outcome=outcome,
        app=_app(record, category),
        ip=_address(record),
        location=_location(record),
        device=_device(record),
        session=_session(record),
        objects=_objects(record),
        error=text(error),
        source="okta",
        raw=raw,
        tags=tags_of(record, action, outcome),
    )


def _refuse_notices(action: str) -> None:
    """Warnings that a rate limit of the whole organization is near or reached are about nobody."""
    if _RATE_LIMIT.match(action):
        msg = f"skipped: a notice about the organization's rate limit (`$.eventType`: {show(action)}) isn't an activity"
        raise Unreadable(msg)


def _actor(record: Record) -> User:
    """The actor by login, which is what other vendors know a person by, else by Okta's id.

    A logon as nobody known has the login that was tried. An address that a threat came from is nobody.
    """
    actor = mapping(record.get("actor"))
    kind = known(actor.get("type")).lower()
    login, key, name = (known(actor.get(field)) for field in ("alternateId", "id", "displayName"))
    if kind == _ADDRESS:
        refuse("a user or an application", "$.actor.type", "IP address")
    if not login and not key:
        path = "$.actor.id" if actor else "$.actor"
        refuse("an actor's alternateId or id", path, actor.get("id", "") if actor else record.get("actor", ""))
    return user_of(login or key, name, login if is_email(login) else "", _KINDS.get(kind, UserType.PERSON))


def _outcome(record: Record) -> tuple[Outcome, str]:
    """How it ended, and the reason where that isn't success."""
    found = mapping(record.get("outcome"))
    result = known(found.get("result")).upper()
    outcome = _OUTCOMES.get(result, Outcome.UNKNOWN)
    return outcome, "" if outcome is Outcome.SUCCESS else known(found.get("reason")) or result


def _app(record: Record, category: Category) -> str:
    """The application that was signed in to, else Okta itself."""
    if category is Category.TOKEN:
        for target in map(mapping, items(record.get("target"))):
            if string(target.get("type")) in _APPS:
                name = known(target.get("displayName")) or known(target.get("alternateId"))
                if name:
                    return text(name)
    return "Okta"


def _address(record: Record) -> str:
    """The client's address, else the one nearest to it in the chain of the request."""
    sent = address(known(mapping(record.get("client")).get("ipAddress")))
    if sent:
        return sent
    chain = items(mapping(record.get("request")).get("ipChain"))
    return address(known(mapping(chain[0]).get("ip"))) if chain else ""


def _location(record: Record) -> Location:
    place = mapping(mapping(record.get("client")).get("geographicalContext"))
    point = mapping(place.get("geolocation"))
    network = mapping(record.get("securityContext"))
    location = Location(
        country=country_code(known(place.get("country"))),
        city=text(known(place.get("city"))),
        latitude=number(point.get("lat"), 90),
        longitude=number(point.get("lon"), 180),
        asn=asn(network.get("asNumber")),
        isp=text(known(network.get("isp")) or known(network.get("asOrg"))),
        tags=_BY_PROXY if network.get("isProxy") is True else (),
    )
    return NOWHERE if location == NOWHERE else location


def _device(record: Record) -> Device:
    """The registered device, else the browser that Okta marked."""
    client, device = mapping(record.get("client")), mapping(record.get("device"))
    agent = mapping(client.get("userAgent"))
    debug = mapping(mapping(record.get("debugContext")).get("debugData"))
    found = Device(
        id=text(known(device.get("id")) or known(debug.get("deviceFingerprint")) or known(debug.get("dtHash"))),
        os=text(known(agent.get("os")) or known(device.get("os_platform"))),
        user_agent=text(known(agent.get("rawUserAgent"))),
    )
    return NO_DEVICE if found == NO_DEVICE else found


def _session(record: Record) -> str:
    context = mapping(record.get("authenticationContext"))
    return text(known(context.get("externalSessionId")) or known(context.get("rootSessionId")))


def _objects(record: Record) -> tuple[Object, ...]:
    """The targets, people by login, and the admin roles that were granted."""
    found: Objects = {}
    for target in map(mapping, items(record.get("target"))):
        kind = known(target.get("type"))
        login, shown = known(target.get("alternateId")), known(target.get("displayName"))
        name = (login or shown) if kind in _PEOPLE else (shown or login)
        add(found, kind, name or known(target.get("id")))
    debug = mapping(mapping(record.get("debugContext")).get("debugData"))
    for role in known(debug.get("privilegeGranted")).split(",")[:8]:
        add(found, "role", role)
    return objects_in(found)


FORMAT = Format(
    "okta",
    "Okta System Log",
    'Okta developer documentation, "System Log API", LogEvent',
    "eventType with published, uuid or debugContext",
    "System Log API, log streams through EventBridge, data lakes",
    is_okta,
    normalise,
)
