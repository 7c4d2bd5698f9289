"""Azure Activity Log: what was done to subscriptions and their resources by way of Azure Resource Manager.

Sources: Azure Monitor, "Azure Activity Log event schema", for the REST API's and the portal's records and for those
that a diagnostic setting sends to an event hub or a storage account; Azure Monitor, "AzureActivity", for the table.

A long operation is recorded when it starts, when it is accepted and when it ends, each time with an id of its own:
those that are not the end have the outcome `unknown`. `submissionTimestamp`, when the event became available, is the
ingest time. Events of service and resource health, alerts, autoscaling, advice and security alerts have nobody who did
them and are refused as skipped.

Objects: the resource by its id in lower case, as Azure spells one id in several ways; for a role assignment the
principal and the role.
"""

from __future__ import annotations

import re

from activities.activity import NO_DEVICE, Activity, Category, Device, Object, Outcome, Raw, User, UserType
from activities.azure_operations import category_of
from activities.azure_tags import tags_of
from activities.format import Format, Record
from activities.microsoft import (
    Fields,
    account,
    client_address,
    code,
    fields,
    ingested,
    is_email,
    is_guid,
    listed,
    nobody,
    record_id,
    required,
    tenant_of,
    time_of,
    usable,
)
from activities.record import Unreadable, show, text

_OF_PEOPLE = frozenset(("administrative", "policy", "write", "delete", "action", "read"))
"""Values of `category`; the last four are of the older shape."""
_OF_NOBODY = frozenset(
    ("servicehealth", "resourcehealth", "alert", "autoscale", "recommendation", "security", "activitylogalert")
)
_SUCCEEDED = frozenset(("success", "succeeded", "succeed", "0"))
_FAILED = frozenset(("failure", "failed", "canceled", "cancelled"))
_DENIED = re.compile(r"forbidden|unauthori[sz]ed|authorizationfailed|denied|disallowedbypolicy|\b40[13]\b", re.I)
_CREATED = re.compile(r"\bcreated\b|\b201\b", re.I)
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_ENTRA_CLAIMS = "http://schemas.microsoft.com/identity/claims/"
_MANAGED_IDENTITY = "xms_mirid"
_LONGEST_ID = 2048


def is_activity_log(record: Record) -> bool:
    """Whether an object looks like an event of the Azure Activity Log."""
    if "eventTimestamp" in record or "event_timestamp" in record:
        return "operationName" in record or "operation_name" in record
    if record.get("Type") == "AzureActivity" or "OperationNameValue" in record:
        return True
    category = record.get("category")
    if not isinstance(category, str) or not ("operationName" in record or "operationname" in record):
        return False
    known = category.lower() in _OF_PEOPLE or category.lower() in _OF_NOBODY
    properties = record.get("properties")
    if isinstance(properties, dict) and "activityDisplayName" in properties:
        return False  # Entra ID's audit log, whose own categories (`Policy`) some collectors leave in place.
    return known and ("resourceId" in record or "resourceid" in record or "resultType" in record)


def normalise(record: Record, default_tenant: str, raw: Raw) -> Activity:
    """The activity of one event.

    Args:
        record: The decoded record.
        default_tenant: The tenant where the record names none.
        raw: Where the record is.

    Raises:
        Unreadable: Nobody did it, or it has no time, no operation or no actor.
    """
    found = fields(record)
    _refuse_others(found)
    operation = required(
        _value(found.get("operationnamevalue")) or _value(found.get("operationname")), "$.operationName"
    )
    time = time_of(found, ("eventtimestamp", "time", "timegenerated"), "$.eventTimestamp")
    properties = fields(found.get("properties")) or fields(found.get("propertiesd"))
    identity = fields(found.get("identity"))
    claims = _claims(found, identity)
    user = _user(found, identity, claims)
    outcome, error, created = _ending(found, properties)
    category = category_of(operation, created=created)
    request = fields(found.get("httprequest"))
    agent = usable(found.get("useragent")) or usable(properties.get("useragent"))
    workspace = "timegenerated" in found and "eventtimestamp" not in found
    return Activity(
        tenant=tenant_of(
            default_tenant,
            claims.get(_ENTRA_CLAIMS + "tenantid") or claims.get("tid"),
            None if workspace else found.get("tenantid"),
            properties.get("tenantid"),
        ),
        id=record_id(record, found.get("eventdataid"), properties.get("eventdataid")),
        time=time,
        ingested=ingested(found, "submissiontimestamp", "eventsubmissiontimestamp", "timereceived", "ingestiontime"),
        user=user,
        action=text(operation),
        category=category,
        outcome=outcome,
        app=text(_provider(found, operation)),
        ip=client_address(
            found.get("calleripaddress"), request.get("clientipaddress"), request.get("clientip"), claims.get("ipaddr")
        ),
        device=Device(user_agent=text(agent)) if agent else NO_DEVICE,
        session=text(usable(claims.get("sid")) or usable(claims.get("uti"))),
        objects=objects_of(found, properties, category),
        error=text(error),
        source="azure_activity",
        raw=raw,
        tags=tags_of(operation, category, properties, claims),
    )


def _refuse_others(found: Fields) -> None:
    category = (_value(found.get("categoryvalue")) or _value(found.get("category"))).replace(" ", "").lower()
    if category in _OF_NOBODY:
        msg = f"skipped: nobody did what an event of `$.category` {show(category)} tells"
        raise Unreadable(msg)


def _value(content: object) -> str:
    """A text, or the value of `{"value": "Administrative", "localizedValue": "..."}`."""
    if isinstance(content, str) and not content.startswith("{"):
        return usable(content)
    return usable(fields(content).get("value")) or usable(content)


def _claims(found: Fields, identity: Fields) -> dict[str, object]:
    """The claims of the token that was used, by their names in lower case."""
    for content in (found.get("claims"), identity.get("claims"), found.get("claimsd")):
        claims = _lowered(content)
        if claims:
            return claims
    return {}


def _lowered(content: object) -> dict[str, object]:
    items = listed(content)
    found = items[0] if len(items) == 1 else None
    return {name.lower(): value for name, value in found.items()} if isinstance(found, dict) else {}


def _user(found: Fields, identity: Fields, claims: dict[str, object]) -> User:
    """The user principal name of the token, else the caller, else the object's id.

    A token of an app has no user: it is known by its object id, as in sign-in and audit logs.
    """
    caller = usable(found.get("caller"))
    display = usable(claims.get("name")) or code(claims.get(_MANAGED_IDENTITY)).rpartition("/")[2]
    app_only = code(claims.get("idtyp")).lower() == "app" or _MANAGED_IDENTITY in claims
    kind = UserType.SERVICE if _MANAGED_IDENTITY in claims else UserType.APP
    if not app_only:
        for name in (
            usable(claims.get(_CLAIMS + "upn")),
            usable(claims.get("upn")),
            usable(claims.get("unique_name")),
            usable(claims.get("preferred_username")),
            usable(claims.get(_CLAIMS + "name")),
            usable(claims.get(_CLAIMS + "emailaddress")),
            caller,
            display,
        ):
            if is_email(name):
                return account(name, display)
    evidence = fields(fields(found.get("authorization")).get("evidence")) or fields(
        fields(identity.get("authorization")).get("evidence")
    )
    of_person = code(evidence.get("principaltype")).lower() == "user" and not app_only
    for name in (
        usable(claims.get(_ENTRA_CLAIMS + "objectidentifier")),
        usable(claims.get("oid")),
        caller,
        usable(evidence.get("principalid")),
        usable(claims.get("appid")),
    ):
        if name:
            # A name that is neither an address nor an id is one of Azure's own services: Microsoft.Advisor.
            service = name == caller and "." in name and not is_guid(name) and not is_email(name)
            return account(name, display, UserType.PERSON if of_person else UserType.SERVICE if service else kind)
    if display:
        return account(display)
    raise nobody(path="$.caller", names="caller, identity.claims, claims", found=found.get("caller"))


def _ending(found: Fields, properties: Fields) -> tuple[Outcome, str, bool]:
    """The outcome, the error where it isn't a success, and whether something new was made."""
    status = next(
        (
            value
            for name in ("activitystatusvalue", "status", "resulttype", "activitystatus")
            if (value := _value(found.get(name)))
        ),
        "",
    ).lower()
    detail = next(
        (
            value
            for content in (
                found.get("activitysubstatusvalue"),
                found.get("substatus"),
                properties.get("statuscode"),
                found.get("resultsignature"),
            )
            if (value := _value(content) or code(content))
        ),
        "",
    )
    if status in _SUCCEEDED:
        return Outcome.SUCCESS, "", _CREATED.search(detail[:200]) is not None
    if status in _FAILED:
        error = _error_code(properties) or detail or status
        denied = _DENIED.search(f"{error[:200]} {detail[:200]}") is not None
        return (Outcome.DENIED if denied else Outcome.FAILURE), error, False
    return Outcome.UNKNOWN, "", False


def _error_code(properties: Fields) -> str:
    """The code in `statusMessage`, an object or the text of one: `{"error": {"code": "AuthorizationFailed"}}`."""
    message = fields(properties.get("statusmessage"))
    return usable(fields(message.get("error")).get("code")) or usable(message.get("code"))


def _provider(found: Fields, operation: str) -> str:
    """The resource provider, in lower case, as the operation has it: `microsoft.compute`."""
    provider = operation[:200].partition("/")[0].lower()
    named = _value(found.get("resourceprovidervalue")) or _value(found.get("resourceprovidername"))
    return provider if "." in provider else named.lower()


def objects_of(found: Fields, properties: Fields, category: Category) -> tuple[Object, ...]:
    """The resource; of a role assignment also the principal and the role, of a machine its kind and place."""
    resource = next(
        (
            value
            for content in (
                found.get("resourceid"),
                found.get("resourceuri"),
                fields(found.get("authorization")).get("scope"),
                properties.get("entity"),
            )
            if (value := _value(content))
        ),
        "",
    ).lower()
    objects = [Object(text(_type(resource)), text(resource))] if resource else []
    if category is Category.ROLE_GRANT:
        body = fields(properties.get("requestbody"))
        asked = fields(body.get("properties")) or body
        for kind, name in (("principal", "principalid"), ("role", "roledefinitionid")):
            value = usable(asked.get(name)).lower()
            if value:
                objects.append(Object(kind, text(value)))
    elif category is Category.COMPUTE_START:
        body = fields(properties.get("requestbody"))
        machine = fields(fields(body.get("properties")).get("hardwareprofile")).get("vmsize")
        for kind, place in (("instance_type", machine), ("region", body.get("location") or found.get("location"))):
            if usable(place):
                objects.append(Object(kind, text(usable(place))))
    return tuple(objects)


def _type(resource: str) -> str:
    """The type of a resource id, without names: `microsoft.compute/virtualmachines`."""
    _, found, inner = resource[:_LONGEST_ID].rpartition("/providers/")
    provider, *path = inner.split("/")
    if found and path:
        return "/".join((provider, *path[::2]))
    if "/resourcegroups/" in resource:
        return "resource_group"
    return "subscription" if resource.startswith("/subscriptions/") else "tenant"


FORMAT = Format(
    "azure_activity",
    "Azure Activity Log",
    'Azure Monitor, "Azure Activity Log event schema"',
    "eventTimestamp or OperationNameValue; a category such as Administrative with resourceId or resultType",
    'REST, diagnostic settings ({"records": [...]} or a record a line), Log Analytics (JSON, CSV)',
    is_activity_log,
    normalise,
)
