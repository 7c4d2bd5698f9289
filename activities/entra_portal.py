"""Sign-ins and audit records as the Entra admin centre downloads them: rows with columns for people.

Source: Microsoft Entra, "Customize and filter the activity logs", "Download"; the columns are those of the files. A row
becomes the record that Microsoft Graph would give.
"""

from __future__ import annotations

from activities.format import Record
from activities.microsoft import Fields, fields, usable

_TIME = "date (utc)"
_SIGN_IN = {
    _TIME: "createdDateTime",
    "request id": "id",
    "user id": "userId",
    "user": "userDisplayName",
    "username": "userPrincipalName",
    "sign-in identifier": "signInIdentifier",
    "service principal id": "servicePrincipalId",
    "service principal name": "servicePrincipalName",
    "application": "appDisplayName",
    "application id": "appId",
    "resource": "resourceDisplayName",
    "ip address": "ipAddress",
    "autonomous system number": "autonomousSystemNumber",
    "user agent": "userAgent",
    "client app": "clientAppUsed",
    "authentication protocol": "authenticationProtocol",
    "original transfer method": "originalTransferMethod",
    "session id": "sessionId",
    "unique token identifier": "uniqueTokenIdentifier",
}
_DEVICE = {
    "device id": "deviceId",
    "operating system": "operatingSystem",
    "compliant": "isCompliant",
    "managed": "isManaged",
}
_ENDED = frozenset(("success", "0"))
_AUDIT = {
    _TIME: "activityDateTime",
    "activity": "activityDisplayName",
    "service": "loggedByService",
    "result": "result",
    "resultreason": "resultReason",
    "useragent": "userAgent",
}
_MOST_TARGETS = 3
_MOST_CHANGES = 5


def is_sign_in_row(record: Record) -> bool:
    """Whether an object has the columns of downloaded sign-ins."""
    return "Date (UTC)" in record and ("Sign-in error code" in record or "Incoming token type" in record)


def is_audit_row(record: Record) -> bool:
    """Whether an object has the columns of downloaded audit records."""
    return "Date (UTC)" in record and "Activity" in record


def sign_in_of(record: Record) -> Record:
    """A downloaded sign-in as Graph has it."""
    row = fields(record)
    found: Record = {name: row[column] for column, name in _SIGN_IN.items() if column in row}
    status = usable(row.get("status")).lower()
    code = usable(row.get("sign-in error code"))
    found["status"] = {
        "errorCode": "0" if status in _ENDED else code,
        "additionalDetails": usable(row.get("multifactor authentication result")),
    }
    required = usable(row.get("authentication requirement"))
    found["authenticationRequirement"] = required.replace("-", "").replace(" ", "")
    found["deviceDetail"] = {name: row[column] for column, name in _DEVICE.items() if column in row}
    # `Oslo, Oslo, NO`: city, region, country.
    city, _, rest = usable(row.get("location")).partition(", ")
    if rest:
        found["location"] = {"city": city, "countryOrRegion": rest.rpartition(", ")[2]}
    return found


def audit_of(record: Record) -> Record:
    """A downloaded audit record as Graph has it; it has no id of its own."""
    row = fields(record)
    found: Record = {name: row[column] for column, name in _AUDIT.items() if column in row}
    name = usable(row.get("actoruserprincipalname"))
    if name or usable(row.get("actortype")).lower() == "user":
        person: Record = {
            "userPrincipalName": name,
            "id": row.get("actorobjectid"),
            "displayName": row.get("actordisplayname"),
            "ipAddress": row.get("ipaddress"),
        }
        found["initiatedBy"] = {"user": person}
    else:
        app: Record = {
            "servicePrincipalId": row.get("actorserviceprincipalid") or row.get("actorobjectid"),
            "displayName": row.get("actordisplayname") or row.get("actorserviceprincipalname"),
        }
        found["initiatedBy"] = {"app": app}
        found["ipAddress"] = row.get("ipaddress")
    found["targetResources"] = [
        target for number in range(1, _MOST_TARGETS + 1) if (target := _target(row, f"target{number}"))
    ]
    return found


def _target(row: Fields, start: str) -> Record:
    """`Target1Type`, `Target1DisplayName`, `Target1ModifiedProperty1Name`, ..."""
    target: Record = {
        name: row[column]
        for name, column in (
            ("type", f"{start}type"),
            ("displayName", f"{start}displayname"),
            ("id", f"{start}objectid"),
            ("userPrincipalName", f"{start}userprincipalname"),
        )
        if usable(row.get(column))
    }
    changes: list[Record] = []
    for number in range(1, _MOST_CHANGES + 1):
        column = f"{start}modifiedproperty{number}"
        if usable(row.get(f"{column}name")):
            changes.append(
                {
                    "displayName": row[f"{column}name"],
                    "oldValue": row.get(f"{column}oldvalue"),
                    "newValue": row.get(f"{column}newvalue"),
                }
            )
    if changes:
        target["modifiedProperties"] = changes
    return target
