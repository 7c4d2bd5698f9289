"""Microsoft 365's unified audit log, as the Office 365 Management Activity API hands it out: blobs of JSON arrays.

Source: Office 365 Management Activity API, "reference" (content types, blobs) and "schema". Times have whole seconds.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import msgspec

from activities.activity import Category, UserType
from activities.entra_errors import ERRORS
from simulator.catalogue import app_id
from simulator.operations import ENTRA, EXCHANGE, MICROSOFT, SHAREPOINT, TEAMS
from simulator.record import MINUTE, SECOND, Account, Event, NativeObject, rfc3339
from simulator.streams import guid, token
from simulator.vendors.microsoft import (
    OFFICE,
    guest_upn,
    is_managed,
    new_value,
    object_id,
    seconds,
    system,
    tenant_id,
    upn,
)
from simulator.vendors.vendor import Recorded, Vendor

_CONTENT = {
    ENTRA: "Audit.AzureActiveDirectory",
    EXCHANGE: "Audit.Exchange",
    SHAREPOINT: "Audit.SharePoint",
    TEAMS: "Audit.General",
}
_RECORD_TYPES = {ENTRA: 8, EXCHANGE: 2, SHAREPOINT: 6, TEAMS: 25}
_SIGN_IN, _CMDLET, _ITEMS_ACCESSED, _SHARING = 15, 1, 50, 14
_WINDOW = 10 * MINUTE
_NAMES_OF_ERRORS = {number: name for name, number in reversed(ERRORS.items())}
_KINDS = {
    "user": "User",
    "group": "Group",
    "serviceprincipal": "ServicePrincipal",
    "device": "Device",
    "administrativeunit": "AdministrativeUnit",
    "policy": "Policy",
}
_CHANGED = {
    "role": "Role.DisplayName",
    "group": "Group.DisplayName",
    "permission": "DelegatedPermissionGrant.Scope",
    "device": "Device.DisplayName",
    "administrativeunit": "AdministrativeUnit.DisplayName",
    "AppAddress": "AppAddress",
}
_NAMED_BY_STEPS = frozenset(("role", "group", "permission", "device"))
"""What is given under the property that a step names, where it isn't that of the kind."""
_BY_METHODS = "security info"
_FACTORS = "StrongAuthenticationMethod"
_ONE_FACTOR = '[{"MethodType": 6, "Default": true}]'
_OUTLOOK_RULE = "UpdateInboxRules"
_NAMES_MEMBERS = frozenset(("ChatCreated", "MemberAdded"))
_encode = msgspec.json.Encoder().encode
Json = dict[str, object]


def _common(event: Event, account: Account, uid: str, tenant: str) -> Json:
    kind = account.user.type
    return {
        "CreationTime": seconds(event.time),
        "Id": uid,
        "Operation": event.step.action,
        "OrganizationId": tenant_id(tenant),
        "RecordType": _RECORD_TYPES[event.step.app],
        "UserKey": object_id(account.user.id),
        "UserType": 5 if kind is not UserType.PERSON else 0,
        "Version": 1,
        "Workload": event.step.app,
        "ClientIP": event.address.ip,
        "UserId": upn(account, tenant),
    }


def _sign_in(made: Json, event: Event, account: Account) -> None:
    step = event.step
    failed = bool(step.error)
    made |= {
        "RecordType": _SIGN_IN,
        "ResultStatus": "Failed" if failed else "Success",
        "ObjectId": OFFICE,
        "AzureActiveDirectoryEventType": 1,
        "ExtendedProperties": [
            {"Name": "ResultStatusDetail", "Value": "UserError" if failed else "Success"},
            {"Name": "UserAgent", "Value": event.device.user_agent},
            {"Name": "RequestType", "Value": "OAuth2:Authorize"},
        ],
        "ModifiedProperties": [],
        "Actor": [{"ID": object_id(account.user.id), "Type": 0}, {"ID": account.user.id, "Type": 5}],
        "ActorIpAddress": event.address.ip,
        "Target": [{"ID": OFFICE, "Type": 0}],
        "ApplicationId": app_id("Microsoft Office"),
        "DeviceProperties": [
            *([{"Name": "Id", "Value": event.device.id}] if event.device.id else []),
            {"Name": "OS", "Value": system(event.device)},
            {"Name": "IsCompliantAndManaged", "Value": str(is_managed(event.device))},
            {"Name": "SessionId", "Value": event.session},
        ],
        "ErrorNumber": step.error or "0",
    }
    if failed:
        made["LogonError"] = _NAMES_OF_ERRORS.get(step.error, "Other")


def _directory(made: Json, event: Event) -> None:
    step = event.step
    changed = step.facts
    if _BY_METHODS in step.action.lower():
        # What the authentication methods log, this log has as a change of the user.
        made["Operation"], changed = "Update user.", (_FACTORS,)
    # Where a user and something else are linked, the user is the target, and what they got is changed.
    target = next((item for item in step.objects if item.type == "user"), None)
    target = target or next(iter(step.objects), NativeObject("user", str(made["UserId"])))
    given = [item for item in step.objects if item is not target and item.type in _CHANGED]
    named = [{"Name": _property(changed, item.type), "NewValue": new_value(item), "OldValue": ""} for item in given]
    told = {each["Name"] for each in named}
    named += [{"Name": name, "NewValue": "[]", "OldValue": "[]"} for name in changed if name not in told]
    for each in named:
        if each["Name"] == _FACTORS:
            each["OldValue" if "deleted" in step.action else "NewValue"] = _ONE_FACTOR
    made |= {
        "ResultStatus": "Success",
        "ObjectId": target.name if target.type == "user" else app_id(target.name),
        "AzureActiveDirectoryEventType": 1,
        "ExtendedProperties": [
            {"Name": "additionalDetails", "Value": _encode({"User-Agent": event.device.user_agent}).decode()},
            {"Name": "UserAgent", "Value": event.device.user_agent},
        ],
        "ModifiedProperties": named,
        "Target": [
            {"ID": f"{_KINDS.get(target.type, 'Other')}_{object_id(target.name)}", "Type": 2},
            {"ID": _KINDS.get(target.type, "Other"), "Type": 2},
            {"ID": target.name, "Type": 1},
        ],
    }


def _property(changed: tuple[str, ...], kind: str) -> str:
    default = _CHANGED[kind]
    return changed[0] if kind in _NAMED_BY_STEPS and changed and default not in changed else default


def _exchange(made: Json, event: Event, account: Account, tenant: str) -> None:
    step = event.step
    owner = step.owner.id if step.owner else upn(account, tenant)
    made |= {"ResultStatus": "Succeeded", "ClientInfoString": event.device.user_agent, "OriginatingServer": "DB9PR08"}
    if event.session:
        made["SessionId"] = event.session
    if "-" in step.action:
        given = [item for item in step.objects if item.type[:1].isupper()]
        made |= {
            "RecordType": _CMDLET,
            "ResultStatus": "True",
            "ObjectId": f"{tenant}\\{account.user.name}",
            "Parameters": [{"Name": item.type, "Value": item.name} for item in given],
        }
        return
    if step.action == _OUTLOOK_RULE:
        made["OperationProperties"] = _outlook_rule(step.objects)
    folders = [{"Path": f"\\{item.name}"} for item in step.objects if item.type == "folder"]
    made |= {
        "MailboxOwnerUPN": owner,
        "MailboxGuid": object_id(f"mailbox {owner}"),
        "LogonType": 2 if step.owner else 0,
        "ExternalAccess": False,
    }
    if step.action == "MailItemsAccessed":
        made |= {"RecordType": _ITEMS_ACCESSED, "Folders": folders, "OperationCount": 1}
        made["OperationProperties"] = [{"Name": "MailAccessType", "Value": "Bind"}]
    elif folders:
        made["Folder"] = folders[0]


def _outlook_rule(given: tuple[NativeObject, ...]) -> list[Json]:
    """A rule as Outlook makes it: whom it forwards to is among its actions."""
    actions = [{"ActionType": "Forward", "Recipients": [item.name]} for item in given if item.type == "ForwardTo"]
    named: list[Json] = [{"Name": item.type, "Value": item.name} for item in given if item.type != "ForwardTo"]
    return [*named, {"Name": "RuleActions", "Value": _encode(actions).decode()}]


_ITEM_TYPES = {"file": "File", "folder": "Folder", "list": "List", "site": "Site"}


def _sharepoint(made: Json, event: Event, tenant: str) -> None:
    step = event.step
    item = next((item for item in step.objects if item.type in _ITEM_TYPES), None)
    host = f"https://{tenant}.sharepoint.com"
    made |= {
        "AppAccessContext": {"AADSessionId": event.session, "CorrelationId": guid("correlation", str(made["Id"]))},
        "EventSource": "SharePoint",
        "UserAgent": event.device.user_agent,
        "Platform": system(event.device),
        "MachineId": event.device.id,
        "IsManagedDevice": is_managed(event.device),
        "SiteUrl": f"{host}/",
        "ResultStatus": "Succeeded",
    }
    if item:
        made |= {"ItemType": _ITEM_TYPES[item.type], "ObjectId": f"{host}/{item.name}"}
        made["SourceFileName"] = item.name.rpartition("/")[2]
        if item.bytes is not None:
            made["FileSizeBytes"] = item.bytes
    with_ = next((other for other in step.objects if other.type in ("user", "guest")), None)
    if with_:
        made |= {
            "RecordType": _SHARING,
            "TargetUserOrGroupName": with_.name,
            "TargetUserOrGroupType": "Guest" if with_.type == "guest" else "Member",
        }


def _teams(made: Json, event: Event, account: Account, tenant: str) -> None:
    """What was done in a team or channel, or in a chat with one other, whom only the making of the chat names."""
    objects, action = event.step.objects, event.step.action
    channel = next((item.name for item in objects if item.type == "channel"), "")
    team = next((item.name for item in objects if item.type == "team"), "")
    made |= {
        "ChannelName": channel,
        "TeamName": team or channel.rpartition("-")[0],
        "UserAgent": event.device.user_agent,
        "AppAccessContext": {"AADSessionId": event.session},
        "ResultStatus": "Succeeded",
    }
    others = [item for item in objects if item.type in ("user", "guest")]
    if others and not team:
        members = "_".join(sorted(object_id(name) for name in (account.user.id, others[0].name)))
        made |= {"ChatThreadId": f"19:{members}@unq.gbl.spaces", "CommunicationType": "OneOnOne"}
    if action in _NAMES_MEMBERS:
        made["Members"] = [
            {
                "DisplayName": one.name.partition("@")[0],
                "Role": 0,
                "UPN": guest_upn(one.name, tenant) if one.type == "guest" else one.name,
            }
            for one in others
        ]


def _record(event: Event, account: Account, uid: str, tenant: str) -> Recorded | None:
    step = event.step
    if step.app not in MICROSOFT:
        return None
    made = _common(event, account, uid, tenant)
    if step.app == ENTRA:
        if step.category in (Category.LOGON, Category.FAILED_LOGON):
            _sign_in(made, event, account)
        else:
            _directory(made, event)
    elif step.app == EXCHANGE:
        _exchange(made, event, account, tenant)
    elif step.app == SHAREPOINT:
        _sharepoint(made, event, tenant)
    else:
        _teams(made, event, account, tenant)
    if step.outcome.value == "failure" and step.app != ENTRA:
        made["ResultStatus"] = "Failed"
    elif step.error == "denied":
        made["ResultStatus"] = "AccessDenied"
    return Recorded(_CONTENT[step.app], _encode(made))


def _path(log: str, begins: int, part: int) -> Path:
    """`LOG/YYYYMMDD/YYYYMMDDHHmm-NN-UNIQUE.json`: content blobs by the time at which they became available."""
    stamp = rfc3339(begins + _WINDOW)[:16].translate(str.maketrans("", "", "-:T"))
    return Path("m365", log, stamp[:8], f"{stamp}-{part:02d}-{token('blob', log, begins, part, size=6)}.json")


def vendor(tenant: str) -> Vendor:
    """The unified audit log of the tenant."""
    return Vendor(
        name="m365",
        record=lambda event, account, uid, arrives: _record(event, account, uid, tenant),
        user=lambda account: account.user.id,
        resolution=SECOND,
        window=_WINDOW,
        root=lambda log: Path("m365", log),
        path=partial(_path),
        pack=lambda records: b"[" + b",".join(records) + b"]",
        most=500,
    )
