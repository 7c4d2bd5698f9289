"""Entra ID, as diagnostic settings archive it in a storage account: a file of JSON lines an hour, for each log.

Source: Azure Monitor, "Resource logs in a storage account"; Microsoft Graph, "signIn resource type" and
"directoryAudit resource type" for what is in `properties`. A sign-out isn't logged.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec

from activities.activity import Category
from simulator.catalogue import app_id
from simulator.operations import (
    DEVICE_CODE,
    ENTRA,
    LEGACY,
    MFA,
    MFA_DENIED,
    MFA_UNANSWERED,
    MFA_WRONG_CODE,
    PASSWORD_GRANT,
)
from simulator.record import HOUR, Account, Event, NativeObject, Step, rfc3339
from simulator.streams import guid
from simulator.vendors.microsoft import is_managed, new_value, object_id, system, tenant_id, upn
from simulator.vendors.vendor import Recorded, Vendor

SIGN_INS, AUDIT = "insights-logs-signinlogs", "insights-logs-auditlogs"
_APPS = ("Office 365 Exchange Online", "Microsoft Office 365 Portal", "Microsoft Teams", "Office 365 SharePoint Online")
_WHY = {
    "50126": "Error validating credentials due to invalid username or password.",
    "50034": "The user account does not exist in the directory.",
    "50053": "The account is locked, because of too many tries with an incorrect user ID or password.",
    "50057": "The user account is disabled.",
    "50074": "Strong Authentication is required.",
    "500121": "Authentication failed during strong authentication request.",
    "53003": "Access has been blocked by Conditional Access policies.",
}
_DETAILS = {
    MFA_DENIED: "MFA denied; user declined the authentication",
    MFA_UNANSWERED: "MFA denied; user did not respond to mobile app notification",
    MFA_WRONG_CODE: "MFA denied; invalid verification code",
}
_BY_METHODS = ("security info",)
_SIGN_IN = (Category.LOGON, Category.FAILED_LOGON)
_encode = msgspec.json.Encoder().encode


def _envelope(event: Event, uid: str, tenant: str, category: str, operation: str, inner: dict[str, object]) -> bytes:
    directory = tenant_id(tenant)
    return _encode(
        {
            "time": rfc3339(event.time),
            "resourceId": f"/tenants/{directory}/providers/Microsoft.aadiam",
            "operationName": operation,
            "operationVersion": "1.0",
            "category": category,
            "tenantId": directory,
            "resultSignature": "None",
            "durationMs": 0,
            "callerIpAddress": event.address.ip,
            "correlationId": guid("correlation", uid),
            "Level": 4,
            "properties": inner,
        }
    )


def _sign_in(event: Event, account: Account, uid: str, tenant: str) -> bytes:
    step, place = event.step, event.address.location
    error = step.error or "0"
    app = _APPS[int(uid[:2], 16) % len(_APPS)]
    legacy, factors = LEGACY in step.facts, MFA in step.facts or step.error in ("50074", "500121")
    inner: dict[str, object] = {
        "id": uid,
        "createdDateTime": rfc3339(event.time),
        "userDisplayName": account.user.name,
        "userPrincipalName": upn(account, tenant),
        "userId": object_id(account.user.id),
        "appId": app_id(app),
        "appDisplayName": app,
        "ipAddress": event.address.ip,
        "clientAppUsed": "IMAP4" if legacy else "Browser",
        "userAgent": event.device.user_agent,
        "correlationId": guid("correlation", uid),
        "conditionalAccessStatus": "failure" if error == "53003" else "success",
        "isInteractive": True,
        "resourceDisplayName": "Office 365 Exchange Online",
        "resourceId": app_id("Office 365 Exchange Online"),
        "authenticationProtocol": "ropc" if PASSWORD_GRANT in step.facts else "none",
        "authenticationRequirement": "multiFactorAuthentication" if factors else "singleFactorAuthentication",
        "autonomousSystemNumber": place.asn,
        "signInEventTypes": ["interactiveUser"],
        "riskLevelDuringSignIn": "none",
        "riskState": "none",
        "uniqueTokenIdentifier": guid("token", uid),
        "sessionId": event.session,
        "status": {
            "errorCode": int(error),
            "failureReason": _WHY.get(error, "Other."),
            "additionalDetails": next((_DETAILS[fact] for fact in step.facts if fact in _DETAILS), ""),
        },
        "deviceDetail": {
            "deviceId": event.device.id,
            "displayName": event.device.id,
            "operatingSystem": system(event.device),
            "browser": "",
            "isCompliant": is_managed(event.device),
            "isManaged": is_managed(event.device),
            "trustType": "Azure AD joined" if is_managed(event.device) else "",
        },
        "location": {
            "city": place.city,
            "state": "",
            "countryOrRegion": place.country,
            "geoCoordinates": {"latitude": place.latitude, "longitude": place.longitude},
        },
    }
    if DEVICE_CODE in step.facts:
        inner["authenticationProtocol"] = "deviceCode"
    return _envelope(event, uid, tenant, "SignInLogs", "Sign-in activity", inner)


_TARGETS = {
    "user": "User",
    "group": "Group",
    "serviceprincipal": "ServicePrincipal",
    "device": "Device",
    "administrativeunit": "AdministrativeUnit",
    "policy": "Policy",
}
_CHANGED = {"role": "Role.DisplayName", "group": "Group.DisplayName", "permission": "DelegatedPermissionGrant.Scope"}


def targets(step: Step) -> list[dict[str, object]]:
    """`targetResources`: users, apps, devices and the like; what the first of them got is a changed property of it."""
    named = [
        item
        for item in step.objects
        if item.type in _TARGETS and not (item.type == "group" and item is not step.objects[0])
    ]
    changes: list[dict[str, object]] = [
        {"displayName": _property(step, item.type), "oldValue": None, "newValue": _value(item)}
        for item in step.objects
        if item not in named
    ]
    told = {change["displayName"] for change in changes}
    changes += [{"displayName": name, "oldValue": "[]", "newValue": "[]"} for name in step.facts if name not in told]
    found: list[dict[str, object]] = [
        {
            "id": object_id(item.name),
            "displayName": item.name,
            "type": _TARGETS[item.type],
            "userPrincipalName": item.name if item.type == "user" else None,
            "modifiedProperties": [],
        }
        for item in named
    ] or [{"id": object_id("directory"), "displayName": "", "type": "Other", "modifiedProperties": []}]
    found[0]["modifiedProperties"] = changes
    return found


def _value(item: NativeObject) -> str:
    """Text is in quotation marks, a list isn't."""
    value = new_value(item)
    return value if value.startswith("[") else f'"{value}"'


def _property(step: Step, kind: str) -> str:
    """The name of the property that says what was given: the one that the step names, if it is of that kind."""
    default = _CHANGED.get(kind, kind)
    return default if default in step.facts or not step.facts else step.facts[0]


def _audit(event: Event, account: Account, uid: str, tenant: str) -> bytes:
    step = event.step
    action = step.action.strip().removesuffix(".")
    service = "Authentication Methods" if _BY_METHODS[0] in action.lower() else "Core Directory"
    inner: dict[str, object] = {
        "id": uid,
        "category": "UserManagement",
        "correlationId": guid("correlation", uid),
        "result": "success",
        "resultReason": "",
        "activityDisplayName": action,
        "activityDateTime": rfc3339(event.time),
        "loggedByService": service,
        "operationType": "Update",
        "userAgent": event.device.user_agent,
        "initiatedBy": {
            "user": {
                "id": object_id(account.user.id),
                "displayName": account.user.name,
                "userPrincipalName": upn(account, tenant),
                "ipAddress": event.address.ip,
                "roles": [],
            }
        },
        "targetResources": targets(step),
        "additionalDetails": [{"key": "User-Agent", "value": event.device.user_agent}],
    }
    return _envelope(event, uid, tenant, "AuditLogs", action, inner)


def _record(event: Event, account: Account, uid: str, tenant: str) -> Recorded | None:
    step = event.step
    if step.app != ENTRA or step.category is Category.LOGOFF:
        return None
    if step.category in _SIGN_IN:
        return Recorded(SIGN_INS, _sign_in(event, account, uid, tenant))
    return Recorded(AUDIT, _audit(event, account, uid, tenant))


def _path(log: str, begins: int, part: int, directory: str) -> Path:
    """`LOG/tenantId=ID/y=2026/m=01/d=05/h=09/m=00/PT1H.json`."""
    when = rfc3339(begins)
    parts = (f"y={when[:4]}", f"m={when[5:7]}", f"d={when[8:10]}", f"h={when[11:13]}", "m=00", "PT1H.json")
    return Path("entra", log, f"tenantId={directory}", *parts)


def vendor(tenant: str) -> Vendor:
    """Entra ID of the tenant."""
    return Vendor(
        name="entra",
        record=lambda event, account, uid, arrives: _record(event, account, uid, tenant),
        user=lambda account: account.user.id,
        resolution=1,
        window=HOUR,
        root=lambda log: Path("entra", log),
        path=partial(_path, directory=tenant_id(tenant)),
        pack=lambda records: b"\n".join(records) + b"\n",
        most=10**9,
    )
