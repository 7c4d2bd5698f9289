"""Sign-ins to Entra ID: of people, with and without them present, of service principals and managed identities.

Sources: Microsoft Graph, "signIn resource type"; Azure Monitor, "SigninLogs", "AADNonInteractiveUserSignInLogs",
"AADServicePrincipalSignInLogs", "AADManagedIdentitySignInLogs"; Microsoft Entra, "Stream activity logs to an event
hub" for the envelope `{"time", "category", "properties"}`.

A sign-in without a person present is `TOKEN`, not `LOGON`; `entra_errors` says what error codes make of either. The
objects are the resource that the token is for, the kind of client, the protocol, where it is a named one, and the id of
the app (`app` is its name). The log gives no ingest time but the one that Log Analytics adds (`_TimeReceived`).
"""

from __future__ import annotations

from typing import NamedTuple

from activities.activity import NO_DEVICE, NOWHERE, Activity, Device, Location, Object, Outcome, Raw, User, UserType
from activities.country import country_code
from activities.entra_errors import Ending, interactive, issued
from activities.entra_portal import is_sign_in_row, sign_in_of
from activities.entra_tags import of_sign_in
from activities.format import Format, Record
from activities.microsoft import (
    Fields,
    account,
    client_address,
    code,
    fields,
    ingested,
    is_email,
    listed,
    merged,
    nobody,
    record_id,
    tenant_of,
    time_of,
    usable,
)
from activities.record import text
from activities.values import asn, number

_LOGS = frozenset(
    (
        "signinlogs",
        "noninteractiveusersigninlogs",
        "serviceprincipalsigninlogs",
        "managedidentitysigninlogs",
        "microsoftserviceprincipalsigninlogs",
        "adfssigninlogs",
        "aadnoninteractiveusersigninlogs",
        "aadserviceprincipalsigninlogs",
        "aadmanagedidentitysigninlogs",
    )
)
_ACTION = "Sign-in activity"
"""`operationName` of every sign-in; Graph writes none."""


class Kind(NamedTuple):
    """Who signs in, and whether a person was there."""

    interactive: bool
    type: UserType


def is_sign_in(record: Record) -> bool:
    """Whether an object looks like a sign-in of Entra ID."""
    for name in ("category", "Category", "Type", "type"):
        value = record.get(name)
        if isinstance(value, str) and value.lower() in _LOGS:
            return True
    if "createdDateTime" in record and "status" in record:
        return "appId" in record or "appDisplayName" in record
    return is_sign_in_row(record)


def normalise(record: Record, default_tenant: str, raw: Raw) -> Activity:
    """The activity of one sign-in.

    Args:
        record: The decoded record.
        default_tenant: The tenant where the record names none.
        raw: Where the record is.

    Raises:
        Unreadable: It has no time or no actor.
    """
    outer = fields(sign_in_of(record) if is_sign_in_row(record) else record)
    found = merged(outer)
    time = time_of(found, ("createddatetime", "time", "timegenerated"), "$.createdDateTime")
    kind = _kind(found)
    error = code(fields(found.get("status")).get("errorcode")) or code(found.get("resulttype"))
    person = kind.type is UserType.PERSON
    ending: Ending = interactive(error) if kind.interactive else issued(error, person=person)
    return Activity(
        tenant=tenant(outer, found, default_tenant),
        id=record_id(record, found.get("id")),
        time=time,
        ingested=ingested(outer, "timereceived", "ingestiontime"),
        user=_user(found, kind),
        action=text(usable(found.get("operationname")) or _ACTION),
        category=ending.category,
        outcome=ending.outcome,
        app=text(_first(found, "appdisplayname", "appid", "resourcedisplayname")),
        ip=client_address(found.get("ipaddress"), found.get("calleripaddress")),
        location=_location(found, outer),
        device=_device(found),
        session=text(_first(found, "sessionid", "uniquetokenidentifier")),
        objects=_objects(found),
        error="" if ending.outcome is Outcome.SUCCESS else text(error),
        source="entra_signin",
        raw=raw,
        tags=of_sign_in(found, error, ending.outcome, interactive=kind.interactive),
    )


def tenant(outer: Fields, found: Fields, default: str) -> str:
    """The tenant whose log it is. `TenantId` in a table of Log Analytics is the workspace's, so that isn't asked."""
    named = () if "timegenerated" in outer else (outer.get("tenantid"), found.get("tenantid"))
    # In Graph's records `resourceId` is the application that the token is for.
    resource = usable(outer.get("resourceid"))
    return tenant_of(default, outer.get("aadtenantid"), *named, resource if resource.startswith("/") else "")


def _first(found: Fields, *names: str) -> str:
    for name in names:
        value = usable(found.get(name))
        if value:
            return value
    return ""


def _kind(found: Fields) -> Kind:
    """By the log it is of; else by `signInEventTypes`, `isInteractive` and who signs in."""
    log = f"{code(found.get('category'))} {code(found.get('type'))}".lower()
    events = " ".join(item for item in listed(found.get("signineventtypes")) if isinstance(item, str)).lower()
    if "managedidentity" in log or "managedidentity" in events:
        return Kind(False, UserType.SERVICE)
    nameless = not _first(found, "userprincipalname", "userid", "signinidentifier")
    if "serviceprincipal" in log or "serviceprincipal" in events or (nameless and _first(found, "serviceprincipalid")):
        return Kind(False, UserType.APP)
    absent = "noninteractive" in log or code(found.get("isinteractive")).lower() == "false"
    if not absent and events:
        absent = "interactiveuser" not in events.replace("noninteractiveuser", "")
    return Kind(not absent, UserType.PERSON)


def _user(found: Fields, kind: Kind) -> User:
    if kind.type is not UserType.PERSON:
        # The object id is what audit and activity logs call a service principal by, too.
        key = _first(found, "serviceprincipalid", "appid", "serviceprincipalname")
        if key:
            return account(key, _first(found, "serviceprincipalname", "appdisplayname"), kind.type)
        raise nobody(
            path="$.servicePrincipalId", names="servicePrincipalId, appId", found=found.get("serviceprincipalid")
        )
    key = _first(found, "userprincipalname")
    if not key:
        typed = _first(found, "signinidentifier", "alternatesigninname")
        key = typed if is_email(typed) else _first(found, "userid") or typed
    if key:
        return account(key, _first(found, "userdisplayname"))
    raise nobody(path="$.userPrincipalName", names="userPrincipalName, userId", found=found.get("userprincipalname"))


def _objects(found: Fields) -> tuple[Object, ...]:
    named = (
        ("resource", _first(found, "resourcedisplayname", "resourceidentity")),
        ("client", _first(found, "clientappused")),
        ("protocol", _first(found, "authenticationprotocol")),
        ("app_id", _first(found, "appid")),
    )
    return tuple(Object(kind, text(name)) for kind, name in named if name)


def _device(found: Fields) -> Device:
    details, agent = fields(found.get("devicedetail")), usable(found.get("useragent"))
    device, system = _first(details, "deviceid", "displayname"), _first(details, "operatingsystem")
    return Device(text(device), text(system), text(agent)) if device or system or agent else NO_DEVICE


def _location(found: Fields, outer: Fields) -> Location:
    """What Entra says of the address. A country that it names in a way of its own is left to be looked up."""
    details = fields(found.get("locationdetails")) or fields(found.get("location"))
    point = fields(details.get("geocoordinates"))
    named = (details.get("countryorregion"), found.get("location"), outer.get("location"))
    country = next((known for value in named if (known := country_code(usable(value)))), "")
    latitude = longitude = None
    for place in (point, found):
        if latitude is None or longitude is None:
            latitude, longitude = number(place.get("latitude"), 90), number(place.get("longitude"), 180)
    where = Location(
        country=country,
        city=text(_first(details, "city")),
        latitude=None if longitude is None else latitude,
        longitude=None if latitude is None else longitude,
        asn=asn(found.get("autonomoussystemnumber")),
    )
    return NOWHERE if where == NOWHERE else where


FORMAT = Format(
    "entra_signin",
    "Microsoft Entra ID sign-ins",
    'Microsoft Graph, "signIn resource type"',
    "a category or Type such as SignInLogs; createdDateTime, status and appId",
    'Graph ({"value": [...]}), diagnostic settings, Log Analytics (JSON, CSV), the portal\'s CSV',
    is_sign_in,
    normalise,
)
