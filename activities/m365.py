"""Records of the Microsoft 365 unified audit log: Exchange, SharePoint, OneDrive, Teams, Entra ID and the others.

Sources: Office 365 Management Activity API, "schema"; Azure Monitor, "OfficeActivity", for the same records under the
names of Microsoft Sentinel's table. The `AuditData` column of an export from Microsoft Purview is such a record, too,
and `activities.envelopes` finds it.

`CreationTime` is UTC without saying so. The log gives no ingest time but the one that Log Analytics adds
(`_TimeReceived`). Microsoft delivers a record again under the same id. Whatever has a wrong type counts as missing;
only a record without a time, an operation or an actor is refused.
"""

from __future__ import annotations

from activities import entra_operations, m365_operations
from activities.activity import NO_DEVICE, Activity, Category, Device, Outcome, Raw
from activities.entra_errors import ERRORS, interactive
from activities.format import Format, Record
from activities.m365_identity import actor, impersonated
from activities.m365_objects import objects_of, parameters_of
from activities.m365_tags import shares_with_nobody, tags_of
from activities.microsoft import (
    Fields,
    client_address,
    code,
    fields,
    ingested,
    listed,
    pairs,
    record_id,
    required,
    tenant_of,
    time_of,
    usable,
)
from activities.record import text
from activities.values import decoded, refuse

_SUCCEEDED = frozenset(("", "success", "succeeded", "true", "0", "partiallysucceeded", "completed", "ok"))
_FAILED = frozenset(("failed", "failure", "false", "fail", "error", "partialfailure"))
_DENIED = frozenset(("denied", "accessdenied", "unauthorized", "forbidden", "blocked"))
_SIGN_INS = frozenset(("userloggedin", "userloginfailed"))


def is_audit_record(record: Record) -> bool:
    """Whether an object looks like a record of the unified audit log, or of Sentinel's table of them."""
    if "CreationTime" in record or "creationtime" in record:
        return "Operation" in record or "operation" in record
    if "AuditData" in record:
        return not isinstance(decoded(record["AuditData"]), dict)  # to say what is wrong with it
    return "OfficeWorkload" in record or record.get("Type") == "OfficeActivity"


def normalise(record: Record, default_tenant: str, raw: Raw) -> Activity:
    """The activity of one record.

    Args:
        record: The decoded record.
        default_tenant: The tenant where the record names none.
        raw: Where the record is.

    Raises:
        Unreadable: It has no time, no operation or no actor.
    """
    found = fields(record)
    if "AuditData" in record:
        refuse("the JSON of a record", "$.AuditData", record["AuditData"])
    operation = required(found.get("operation"), "$.Operation")
    time = time_of(found, ("creationtime", "timegenerated", "starttime"), "$.CreationTime")
    user = actor(found)
    extended = {name.lower(): value for name, value in pairs(found.get("extendedproperties"))}
    details = {name.lower(): value for name, value in pairs(found.get("deviceproperties"))}
    parameters = parameters_of(found)
    category, outcome, error = _ending(found, operation, parameters, extended)
    name = operation.strip().rstrip(".").lower()
    return Activity(
        tenant=tenant_of(default_tenant, found.get("organizationid"), found.get("officetenantid")),
        id=record_id(record, found.get("id"), found.get("officeid"), found.get("sourcerecordid")),
        time=time,
        ingested=ingested(found, "timereceived", "ingestiontime"),
        user=user,
        action=text(operation),
        category=category,
        outcome=outcome,
        app=text(usable(found.get("workload")) or usable(found.get("officeworkload"))),
        impersonated=impersonated(found, user),
        ip=client_address(
            found.get("clientip"), found.get("clientipaddress"), found.get("actoripaddress"), found.get("clientipaddr")
        ),
        device=_device(found, extended, details),
        session=_session(found, details),
        objects=objects_of(found, parameters),
        error=text(error),
        source="m365",
        raw=raw,
        tags=tags_of(found, name, category, user, parameters, extended, _error_number(found, extended)),
    )


def _ending(
    found: Fields, operation: str, parameters: list[tuple[str, str]], extended: dict[str, str]
) -> tuple[Category, Outcome, str]:
    """The category and outcome, and the error where it isn't a success."""
    name = operation.strip().rstrip(".").lower()
    if name in _SIGN_INS:
        return _sign_in(found, name, extended)
    if usable(found.get("workload") or found.get("officeworkload")).lower() == "azureactivedirectory":
        changed = [code(fields(item).get("name")) for item in listed(found.get("modifiedproperties"))]
        category = entra_operations.category_of(operation, changed)
    else:
        category = m365_operations.category_of(operation, {key.lower(): value for key, value in parameters})
    if category is Category.SHARE and shares_with_nobody(found):
        category = Category.MODIFY
    status = code(found.get("resultstatus")).lower()
    if status in _SUCCEEDED:
        outcome = Outcome.SUCCESS
    elif status in _FAILED:
        outcome = Outcome.FAILURE
    elif status in _DENIED:
        outcome = Outcome.DENIED
    else:
        outcome = Outcome.UNKNOWN
    if category is Category.LOGON and outcome in (Outcome.FAILURE, Outcome.DENIED):
        category = Category.FAILED_LOGON
    if outcome is Outcome.SUCCESS:
        return category, outcome, ""
    return category, outcome, usable(found.get("error")) or usable(found.get("resultreasontype")) or status


def _sign_in(found: Fields, name: str, extended: dict[str, str]) -> tuple[Category, Outcome, str]:
    """A sign-in's ending by its error, as of a sign-in record: some that "failed" only asked for a second factor."""
    named = usable(found.get("logonerror")) or extended.get("logonerror", "")
    number = _error_number(found, extended)
    if name == "userloggedin":
        return Category.LOGON, Outcome.SUCCESS, ""
    if not number or number == "0":
        return Category.FAILED_LOGON, Outcome.FAILURE, named or "UserLoginFailed"
    ending = interactive(number)
    return ending.category, ending.outcome, named or number


def _error_number(found: Fields, extended: dict[str, str]) -> str:
    named = usable(found.get("logonerror")) or extended.get("logonerror", "")
    return code(found.get("errornumber")) or ERRORS.get(named, "")


def _device(found: Fields, extended: dict[str, str], details: dict[str, str]) -> Device:
    agent = (
        usable(found.get("useragent"))
        or usable(extended.get("useragent"))
        or usable(found.get("clientinfostring"))
        or usable(fields(extended.get("additionaldetails")).get("useragent"))
    )
    device = usable(details.get("id")) or usable(details.get("displayname")) or usable(found.get("machineid"))
    system = usable(details.get("os")) or usable(found.get("platform"))
    return Device(text(device), text(system), text(agent)) if device or system or agent else NO_DEVICE


def _session(found: Fields, details: dict[str, str]) -> str:
    """The session of Entra ID, which sign-in records have, too; else the service's own."""
    context = fields(found.get("appaccesscontext"))
    for value in (
        context.get("aadsessionid"),
        found.get("aadsessionid"),
        details.get("sessionid"),
        found.get("sessionid"),
        context.get("uniquetokenid"),
    ):
        session = usable(value)
        if session:
            return text(session)
    return ""


FORMAT = Format(
    "m365",
    "Microsoft 365 unified audit log",
    'Office 365 Management Activity API, "schema"',
    "CreationTime and Operation; OfficeWorkload; AuditData",
    "Management Activity API, CSV of Purview and PowerShell (AuditData), Sentinel, Defender",
    is_audit_record,
    normalise,
)
