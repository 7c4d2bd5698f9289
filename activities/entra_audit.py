"""Audit log of Entra ID: what was done to users, groups, roles, applications, devices and policies.

Sources: Microsoft Graph, "directoryAudit resource type"; Azure Monitor, "AuditLogs"; Microsoft Entra, "Audit activity
reference" and, for the envelope, "Stream activity logs to an event hub".

The objects are the targets, the main one first, then what the change gave: roles, groups, permissions, app ids. The log
gives no ingest time but the one that Log Analytics adds (`_TimeReceived`).
"""

from __future__ import annotations

from activities.activity import NO_DEVICE, Activity, Device, Object, Outcome, Raw, User, UserType
from activities.entra_operations import category_of
from activities.entra_portal import audit_of, is_audit_row
from activities.entra_signin import tenant
from activities.entra_tags import given, of_change
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
    pairs,
    record_id,
    required,
    time_of,
    usable,
)
from activities.record import LIST_LIMIT, text, texts

_LOGS = frozenset(("auditlogs",))


def is_audit(record: Record) -> bool:
    """Whether an object looks like a record of Entra ID's audit log."""
    if "activityDateTime" in record or ("AADOperationType" in record and "OperationName" in record):
        return "action" not in record
    for name in ("category", "Type"):
        value = record.get(name)
        if isinstance(value, str) and value.lower() in _LOGS:
            return True
    properties = record.get("properties")
    if isinstance(properties, dict) and "activityDateTime" in properties and "activityDisplayName" in properties:
        return True
    return is_audit_row(record)


def normalise(record: Record, default_tenant: str, raw: Raw) -> Activity:
    """The activity of one record of the audit log.

    Args:
        record: The decoded record.
        default_tenant: The tenant where the record names none.
        raw: Where the record is.

    Raises:
        Unreadable: It has no time, no operation or no actor.
    """
    outer = fields(audit_of(record) if is_audit_row(record) else record)
    found = merged(outer)
    action = required(found.get("activitydisplayname") or found.get("operationname"), "$.activityDisplayName").strip()
    time = time_of(found, ("activitydatetime", "time", "timegenerated"), "$.activityDateTime")
    initiator = fields(found.get("initiatedby"))
    person = fields(initiator.get("user"))
    details = {name.lower(): value for name, value in pairs(found.get("additionaldetails"))}
    targets = [fields(item) for item in listed(found.get("targetresources"))]
    changes = [fields(item) for target in targets for item in listed(target.get("modifiedproperties"))]
    outcome, error = _outcome(found)
    agent = usable(found.get("useragent")) or details.get("user-agent", "")
    return Activity(
        tenant=tenant(outer, found, default_tenant),
        id=record_id(record, found.get("id")),
        time=time,
        ingested=ingested(outer, "timereceived", "ingestiontime"),
        user=_user(initiator, person, found),
        action=text(action),
        category=category_of(action, [code(change.get("displayname")) for change in changes]),
        outcome=outcome,
        app=text(usable(found.get("loggedbyservice")) or "Core Directory"),
        ip=client_address(
            person.get("ipaddress"), found.get("calleripaddress"), found.get("ipaddress"), details.get("ipaddr")
        ),
        device=Device(user_agent=text(agent)) if agent else NO_DEVICE,
        objects=objects_of(targets, changes),
        groups=texts([usable(role) or usable(fields(role).get("displayname")) for role in listed(person.get("roles"))]),
        error=text(error),
        source="entra_audit",
        raw=raw,
        tags=of_change(action, changes),
    )


def _user(initiator: Fields, person: Fields, found: Fields) -> User:
    app = fields(initiator.get("app"))
    name = usable(person.get("userprincipalname"))
    display = usable(person.get("displayname"))
    if name or usable(person.get("id")):
        return account(name or usable(person.get("id")), display)
    key = usable(app.get("serviceprincipalid")) or usable(app.get("appid"))
    if key:
        return account(key, usable(app.get("displayname")) or usable(app.get("serviceprincipalname")), UserType.APP)
    service = usable(app.get("displayname")) or usable(app.get("serviceprincipalname"))
    if service:
        return account(service, kind=UserType.SERVICE)
    for written in (display, usable(found.get("initiatinguserorapp")), usable(found.get("identity"))):
        if is_email(written):
            return account(written)
    raise nobody(
        path="$.initiatedBy",
        names="user.userPrincipalName, user.id, app.servicePrincipalId",
        found=found.get("initiatedby"),
    )


def _outcome(found: Fields) -> tuple[Outcome, str]:
    """By `result`, which the envelope also has as `resultType` or `resultSignature`; the reason is free text."""
    result = ""
    for name in ("result", "resulttype", "resultsignature"):
        result = usable(found.get(name)).lower()
        if result:
            break
    if result in ("success", "succeeded", "0"):
        return Outcome.SUCCESS, ""
    if result in ("failure", "failed", "fail"):
        return Outcome.FAILURE, usable(found.get("resultreason")) or usable(found.get("resultdescription")) or result
    return Outcome.UNKNOWN, "" if result in ("", "unknownfuturevalue") else result


def objects_of(targets: list[Fields], changes: list[Fields]) -> tuple[Object, ...]:
    """At most 32 objects: the targets by name (a user by user principal name), then what was given."""
    named: dict[tuple[str, str], None] = {}
    for target in targets:
        name = next(
            (found for field in ("userprincipalname", "displayname", "id") if (found := usable(target.get(field)))), ""
        )
        if name:
            named[code(target.get("type")).lower(), name] = None
    named.update(dict.fromkeys(given(changes)))
    return tuple(Object(text(kind), text(name)) for kind, name in list(named)[:LIST_LIMIT])


FORMAT = Format(
    "entra_audit",
    "Microsoft Entra ID audit log",
    'Microsoft Graph, "directoryAudit resource type"',
    "activityDateTime; category AuditLogs",
    'Graph ({"value": [...]}), diagnostic settings, Log Analytics (JSON, CSV), the portal\'s CSV',
    is_audit,
    normalise,
)
