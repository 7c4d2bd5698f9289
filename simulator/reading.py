"""What a vendor's record says beyond category and outcome: the tags that its parser finds (`activities.tags`).

They are taken from the record itself, as `simulator.vendors` writes it, so that a native record says the same.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from activities import azure_activity, cloudtrail, entra_audit, entra_signin, github, m365
from activities.activity import NO_RAW, Category
from activities.format import Format, Record
from simulator.operations import AZURE, ENTRA, GITHUB, MICROSOFT
from simulator.record import Account, Address, Event, NativeDevice, NativeUser, Step, rfc3339
from simulator.streams import guid
from simulator.vendors import cloudtrail as cloudtrail_wire
from simulator.vendors import entra as entra_wire
from simulator.vendors import m365 as m365_wire

_TELLING = frozenset(
    {
        Category.LOGON, Category.FAILED_LOGON, Category.CREDENTIAL, Category.ROLE_GRANT, Category.ROLE_REVOKE,
        Category.SHARE, Category.MAILBOX_RULE, Category.AUDIT_CONFIG, Category.CREATE_USER, Category.MODIFY_USER,
        Category.DELETE_USER,
    }
)  # fmt: skip
"""Of other categories nothing more is told."""
_ANY = guid("any record")
_SOME_DAY = 1_767_571_200_000
"""2026-01-05, ms: a date that parsers take."""
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
"""Azure's built-in role Owner."""
_GITHUB_FIELDS = {"repository": "repo", "user": "user", "app": "integration", "permission": "permission"}
_decode = msgspec.json.Decoder(dict[str, object]).decode


def tags_of(event: Event, account: Account, tenant: str) -> tuple[str, ...]:
    """The tags of what `account` did."""
    step = event.step
    if step.category not in _TELLING:
        return ()
    return _tags(step, account.user, tenant, event.address, event.device)


@lru_cache(maxsize=16_384)
def _tags(step: Step, user: NativeUser, tenant: str, address: Address, device: NativeDevice) -> tuple[str, ...]:
    # A person as a whole would take longer to look up than the tags to find.
    found = _record(Event(_SOME_DAY, step, address, device, ""), Account(key="", user=user), tenant)
    if found is None:
        return ()
    format_, record = found
    return tuple(str(tag) for tag in format_.parse(record, tenant, NO_RAW).tags)


def _record(event: Event, account: Account, tenant: str) -> tuple[Format, Record] | None:
    """The format and the record of the log that says most; None for apps that have none."""
    app, logon = event.step.app, event.step.category in (Category.LOGON, Category.FAILED_LOGON)
    if app == ENTRA:
        made = entra_wire.vendor(tenant).record(event, account, _ANY, 0)
        return (entra_signin.FORMAT if logon else entra_audit.FORMAT, _decode(made.record)) if made else None
    if app in MICROSOFT:
        made = m365_wire.vendor(tenant).record(event, account, _ANY, 0)
        return (m365.FORMAT, _decode(made.record)) if made else None
    if app == GITHUB:
        return github.FORMAT, _github(event, account, tenant)
    if app.startswith(AZURE):
        return azure_activity.FORMAT, _azure(event, account)
    made = cloudtrail_wire.vendor(tenant).record(event, account, _ANY, 0)
    return (cloudtrail.FORMAT, _decode(made.record)) if made else None


def _github(event: Event, account: Account, tenant: str) -> Record:
    """An event of GitHub's audit log (GitHub documentation, "Audit log events for your enterprise")."""
    record: Record = {
        "@timestamp": event.time,
        "_document_id": _ANY,
        "action": event.step.action,
        "actor": account.user.id,
        "org": tenant,
    }
    return record | {_GITHUB_FIELDS[one.type]: one.name for one in event.step.objects if one.type in _GITHUB_FIELDS}


def _azure(event: Event, account: Account) -> Record:
    """An event of the Azure activity log, as diagnostic settings write it."""
    record: Record = {
        "time": rfc3339(event.time),
        "category": "Administrative",
        "operationName": event.step.action,
        "resourceId": "/subscriptions/0/resourceGroups/rg-prod-01",
        "resultType": "Success",
        "callerIpAddress": event.address.ip,
        "caller": account.user.id,
    }
    if any(one.type == "role" for one in event.step.objects):
        role = f"/providers/Microsoft.Authorization/roleDefinitions/{_OWNER}"
        body = msgspec.json.encode({"properties": {"roleDefinitionId": role}}).decode()
        record["properties"] = {"requestbody": body}
    return record
