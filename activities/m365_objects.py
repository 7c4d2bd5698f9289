"""What a record of the Microsoft 365 unified audit log was done to.

Sources: Office 365 Management Activity API, "schema": SharePoint base, file operations and sharing; Exchange admin
and mailbox; Microsoft Teams; Azure Active Directory.

Objects have these types: `file`, `folder`, `page`, `site` and other `ItemType`s of SharePoint; `user`, `group`,
`guest`, ... for whom something was shared with or who became a member; `message`, `folder` and `mailbox` of Exchange;
`team`, `channel`, `app`; and, for a cmdlet or a mailbox rule, each parameter under its own name, e.g.
`Object("ForwardTo", "eve@example.org")`, those that forward, hide or delete mail first. Rules that Outlook makes
(`UpdateInboxRules`) have other fields, which get the names of the cmdlet's parameters.
"""

from __future__ import annotations

import re

from activities.activity import Object
from activities.entra_tags import given
from activities.microsoft import Fields, client_address, code, fields, is_guid, listed, pairs, usable
from activities.record import LIST_LIMIT, text
from activities.values import size as size_of

_FIRST = {
    name: position
    for position, name in enumerate(
        "forwardto forwardasattachmentto redirectto forwardingsmtpaddress forwardingaddress delivertomailboxandforward "
        "deletemessage softdeletemessage movetofolder copytofolder markasread stopprocessingrules blindcopyto "
        "redirectmessageto addtorecipients name rulename identity mailbox user trustee accessrights "
        "subjectcontainswords bodycontainswords subjectorbodycontainswords from fromaddresscontainswords "
        "auditenabled unifiedauditlogingestionenabled auditbypassenabled grantsendonbehalfto".split()
    )
}
"""Parameters that tell most, in this order; the others follow in the record's."""
_DULL = frozenset(("domaincontroller", "organization", "ignoredehydratedflag", "force", "confirm"))
_OF_ACTIONS = {
    "forward": "ForwardTo",
    "forwardtorecipients": "ForwardTo",
    "forwardasattachment": "ForwardAsAttachmentTo",
    "forwardasattachmenttorecipients": "ForwardAsAttachmentTo",
    "redirect": "RedirectTo",
    "redirecttorecipients": "RedirectTo",
    "delete": "DeleteMessage",
    "permanentdelete": "DeleteMessage",
    "movetofolder": "MoveToFolder",
    "move": "MoveToFolder",
    "copy": "CopyToFolder",
    "copytofolder": "CopyToFolder",
    "markasread": "MarkAsRead",
    "stopprocessingrules": "StopProcessingRules",
}
"""Actions of a rule that Outlook made, and the parameter of New-InboxRule that does the same."""
_SWITCH = re.compile(r"-(\w{1,64}):? ?(\([^)]{0,1000}\)|\"[^\"]{0,1000}\"|[^\s\"(-][^\s]{0,1000})?", re.ASCII)
_QUOTED = re.compile(r"\"([^\"]{0,1000})\"")
_LONGEST = 16_384
_OF_RULES = {
    "rulename": "Name",
    "rulecondition": "RuleCondition",
    "ruleoperation": "RuleOperation",
    "rulestate": "RuleState",
    "ruleid": "RuleId",
    "forwardto": "ForwardTo",
    "redirectto": "RedirectTo",
    "forwardasattachmentto": "ForwardAsAttachmentTo",
}
_TARGETS = frozenset(("user", "group", "application", "serviceprincipal", "role", "device", "policy", "other"))
Found = dict[tuple[str, str], int | None]
"""Objects by type and name, in their order, with their bytes."""


def parameters_of(record: Fields) -> list[tuple[str, str]]:
    """What a cmdlet or a mailbox rule was given, the most telling first; what is empty or dull is left off."""
    written = record.get("parameters")
    all_of_them = _switches(written) if isinstance(written, str) and written.startswith("-") else pairs(written)
    given = [(name, value) for name, value in all_of_them if _is_given(name, value)]
    if code(record.get("operation")).lower() == "updateinboxrules":
        for name, value in pairs(record.get("operationproperties")):
            if name.lower() == "ruleactions":
                given += _actions(value)
            elif name.lower() == "serverrule":
                given += _actions(fields(value).get("actions"))
            elif name.lower() in _OF_RULES and _is_given(name, value):
                given.append((_OF_RULES[name.lower()], value))
    given = list(dict.fromkeys(given))
    return sorted(given, key=lambda pair: _FIRST.get(pair[0].lower(), len(_FIRST)))


def _is_given(name: str, value: str) -> bool:
    return bool(value) and value not in ("[]", "{}") and name.lower() not in _DULL


def _switches(written: str) -> list[tuple[str, str]]:
    """Parameters as on a command line, `-Name "x" -Types ("a","b")`, as the compliance centre logs them."""
    found = _SWITCH.findall(written[:_LONGEST])
    return [(name, ", ".join(_QUOTED.findall(value)) or value.strip("() ")) for name, value in found[:LIST_LIMIT]]


def _actions(value: object) -> list[tuple[str, str]]:
    """`[{"ActionType": "Forward", "Recipients": ["x"]}]`; a text that isn't JSON is kept under its own name."""
    found: list[tuple[str, str]] = []
    actions = listed(value)
    if not actions and isinstance(value, str) and value not in ("", "[]"):
        return [("RuleActions", value)]
    for action in actions[:LIST_LIMIT]:
        entry = fields(action)
        kind = code(entry.get("actiontype")) or code(entry.get("$type")).partition(",")[0].rpartition(".")[2]
        name = _OF_ACTIONS.get(kind.lower().removesuffix("action"), kind)
        to = _recipients(entry.get("recipients"))
        folder = code(entry.get("folder")) or code(entry.get("foldername")) or code(entry.get("folderid"))
        found += [(name, each) for each in to or [folder or "True"] if name]
    return found


def _recipients(value: object) -> list[str]:
    """Addresses, written as texts, or as objects with an `Address`, or with `Values` one of which is an address."""
    found: list[str] = []
    for item in listed(value) or [value]:
        entry = fields(item)
        for part in [item, entry.get("address"), *(fields(each).get("value") for each in listed(entry.get("values")))]:
            name = code(part)
            if name and ("@" in name or part is item):
                found.append(name)
    return list(dict.fromkeys(found))[:LIST_LIMIT]


def objects_of(record: Fields, parameters: list[tuple[str, str]]) -> tuple[Object, ...]:
    """At most 32 objects, the main one first."""
    found: Found = {}
    workload = code(record.get("workload") or record.get("officeworkload")).lower()
    if workload == "azureactivedirectory":
        _add_directory(record, found)
    elif workload == "exchange":
        _add_mailbox(record, found)
    else:
        _add_file(record, found)
        _add_team(record, found)
    for name, value in parameters:
        found.setdefault((name, value), None)
    return tuple(Object(text(kind), text(name), size) for (kind, name), size in list(found.items())[:LIST_LIMIT])


def _add(found: Found, kind: str, value: object, size: int | None = None) -> None:
    name = usable(value)
    if name:
        found.setdefault((kind, name), size)


def _add_file(record: Fields, found: Found) -> None:
    """SharePoint and OneDrive: the item, whom it was shared with, its site."""
    kind = code(record.get("itemtype")).lower() or "object"
    item = usable(record.get("objectid")) or usable(record.get("officeobjectid"))
    size = next(
        (
            size
            for name in ("filesizebytes", "filesyncbytescommitted")
            if (size := size_of(record.get(name))) is not None
        ),
        None,
    )
    _add(found, kind, item or usable(record.get("sourcefilename")), size)
    shared = code(record.get("targetuserorgrouptype")).lower() or "user"
    _add(found, shared, record.get("targetuserorgroupname"))
    if item.startswith("http") or not item:
        _add(found, "site", usable(record.get("siteurl")) or usable(record.get("officesiteurl")))
    _add(found, "destination", record.get("destinationfilename"))


def _add_team(record: Fields, found: Found) -> None:
    for kind, field in (
        ("team", "teamname"),
        ("team", "teamguid") if not usable(record.get("teamname")) else ("", ""),
        ("channel", "channelname"),
        ("app", "addonname"),
        ("chat", "chatthreadid"),
    ):
        _add(found, kind, record.get(field))
    for member in listed(record.get("members"))[:LIST_LIMIT]:
        entry = fields(member)
        _add(found, "user", usable(entry.get("upn")) or usable(entry.get("displayname")))


def _add_mailbox(record: Fields, found: Found) -> None:
    """Exchange: a cmdlet's object by its noun; else the mailbox, folders and messages."""
    operation = code(record.get("operation"))
    noun = operation.partition("-")[2].lower()
    if noun:
        _add(found, noun, usable(record.get("objectid")) or usable(record.get("officeobjectid")))
    _add(found, "mailbox", usable(record.get("mailboxownerupn")) or usable(record.get("mailboxguid")))
    for field in ("sendasusersmtp", "sendonbehalfofusersmtp"):
        _add(found, "mailbox", record.get(field))
    items = [fields(record.get("item")), *(fields(item) for item in listed(record.get("affecteditems"))[:LIST_LIMIT])]
    for folder in (record.get("folder"), *listed(record.get("folders"))[:LIST_LIMIT]):
        entry = fields(folder)
        _add(found, "folder", entry.get("path"))
        items += [fields(item) for item in listed(entry.get("folderitems"))[:LIST_LIMIT]]
    for item in items:
        name = next((n for f in ("subject", "internetmessageid", "id") if (n := usable(item.get(f)))), "")
        _add(found, "message", name, size_of(item.get("sizeinbytes")))
        for attachment in code(item.get("attachments"))[:4096].split(";"):
            _add(found, "attachment", attachment)
    _add(found, "folder", fields(record.get("destfolder")).get("path"))


def _add_directory(record: Fields, found: Found) -> None:
    """Entra ID: the target, with the kind that `Target` says, then the role or permission that was given."""
    target = [code(fields(item).get("id")) for item in listed(record.get("target"))]
    kind = next((name.lower() for name in target if name.lower() in _TARGETS), "")
    name = usable(record.get("objectid"))
    if not kind:
        kind = "application" if is_guid(name) else "user" if "@" in name else "object"
    if not client_address(name):
        _add(found, kind, name)
    for given_kind, given_name in given([fields(item) for item in listed(record.get("modifiedproperties"))]):
        found.setdefault((given_kind, given_name), None)
    _add(found, "app_id", record.get("applicationid"))
