"""Tags of Entra ID: of sign-ins by what they say of factors, clients and risk; of changes by name and properties.

Sources: Microsoft Graph, "signIn resource type", for `authenticationRequirement`, `authenticationDetails`,
`clientAppUsed`, `authenticationProtocol`; Microsoft Entra, "Sign-in event details for multifactor authentication", for
what `authenticationStepResultDetail` and `additionalDetails` say; "Microsoft Entra authentication and authorization
error codes". The unified audit log of Microsoft 365 has the same changes and error codes.
"""

from __future__ import annotations

import re

from activities.activity import Outcome
from activities.entra_operations import folded
from activities.microsoft import Fields, code, fields, is_guid, listed, usable
from activities.privileged import any_privileged, is_privileged
from activities.tags import Tag

OF_CODE: dict[str, tuple[Tag, ...]] = {
    "50034": (Tag.UNKNOWN_USER,),
    "51004": (Tag.UNKNOWN_USER,),
    "50053": (Tag.LOCKED_OUT,),
    "50057": (Tag.DISABLED_USER,),
    "50074": (Tag.MFA_CHALLENGE,),
    "50076": (Tag.MFA_CHALLENGE,),
    "50078": (Tag.MFA_CHALLENGE,),
    "50158": (Tag.MFA_CHALLENGE,),
    "500121": (Tag.MFA_FAILED,),
}
"""What an error code says besides how the sign-in ended."""

_OF_NAME: dict[Tag, str] = {
    Tag.FACTOR_ADDED: """
        user registered security info|user registered all required security info|admin registered security info
        enable strong authentication|add fido2 security key|add windows hello for business credential
        add passkey (device-bound) credential|add passkey credential|add passwordless phone sign-in credential
        register software oath token|add temporary access pass""",
    Tag.FACTOR_REMOVED: """
        user deleted security info|admin deleted security info|disable strong authentication
        delete fido2 security key|delete windows hello for business credential|delete passkey credential
        delete passkey (device-bound) credential|delete passwordless phone sign-in credential
        delete software oath token""",
    Tag.PASSWORD_SET: """
        change user password|reset user password|reset password (by admin)|reset password (self-service)
        reset password|password reset|change password|change password (self-service)|set user password""",
    Tag.KEY_ADDED: """
        add service principal credentials|add application credentials
        update application – certificates and secrets management|set domain authentication
        update application - certificates and secrets management|set federation settings on domain
        add federated identity credential|create app password for user""",
    Tag.CONSENT: """
        consent to application|add delegated permission grant|add oauth2permissiongrant|add oauth2 permission grant
        add app role assignment to service principal""",
    Tag.ADMIN_CONSENT: """
        add app role assignment to service principal""",
    Tag.PRIVILEGED: """
        user has elevated their access to user access administrator for their azure resources
        assigns the caller to user access admin""",
    Tag.EXTERNAL: """
        invite external user|bulk invite users - finished (bulk)|add external user to group|viral user creation
        redeem external user invite""",
    Tag.REPORTED: """
        fraud reported - user is blocked for mfa|fraud reported - no action taken""",
    Tag.LOGGING_REDUCED: """
        disable pim alert""",
}

OPERATIONS: dict[str, tuple[Tag, ...]] = {}
for _tag, _names in _OF_NAME.items():
    for _name in _names.replace("|", "\n").splitlines():
        if _name.strip():
            OPERATIONS[_name.strip()] = (*OPERATIONS.get(_name.strip(), ()), _tag)

_LEGACY = frozenset(
    name.strip()
    for name in """
    imap|imap4|pop|pop3|smtp|authenticated smtp|exchange activesync|exchange activesync (supported)|other clients
    exchange activesync (unsupported)|mapi over http|mapi|autodiscover|exchange web services|offline address book
    exchange online powershell|outlook anywhere (rpc over http)|reporting web services|other clients; imap
    other clients; pop|other clients; smtp|other clients; mapi|other clients; older office clients
    """.replace("|", "\n").splitlines()
    if name.strip()
)
"""Values of `clientAppUsed` that are legacy authentication clients."""
_SATISFIED = re.compile(r"mfa requirement satisfied|mfa successfully completed|mfa completed", re.I)
_DECLINED = re.compile(r"declined|denied \(user|mfa denied|user denied", re.I)
_UNANSWERED = re.compile(r"did ?n[o']t respond|no response|timed ?out|time-?out|expired", re.I)
_FRAUD = re.compile(r"fraud", re.I)
_SCOPE = re.compile(r"\bScope ?[:=] ?([^\],]{1,2000})")
_EVERYBODY = re.compile(r"\bConsentType ?[:=] ?AllPrincipals|^AllPrincipals$", re.I)
_RISKS = {"high": (Tag.RISK_HIGH,), "medium": (Tag.RISK_MEDIUM,)}
_GIVEN = {
    "role.displayname": "role",
    "group.displayname": "group",
    "approle.value": "permission",
    "delegatedpermissiongrant.scope": "permission",
    "consentaction.permissions": "permission",
    "serviceprincipal.appid": "app_id",
}
"""Properties that say what was given to whom, as the log names them, in lower case, and what each names.

`TargetId.ServicePrincipalNames` has the app's id where a user consented; elsewhere it is of the API."""
_LONGEST = 4096
_MOST_SCOPES = 8


def of_sign_in(found: Fields, error: str, outcome: Outcome, *, interactive: bool) -> tuple[Tag, ...]:
    """The tags of a sign-in.

    Args:
        found: The record.
        error: Its error code.
        outcome: How it ended.
        interactive: Whether a person was there.
    """
    tags: list[Tag] = [] if interactive else [Tag.NON_INTERACTIVE]
    tags += _factors(found, error, outcome)
    if usable(found.get("clientappused")).lower() in _LEGACY:
        tags.append(Tag.LEGACY_PROTOCOL)
    protocol = usable(found.get("authenticationprotocol")).lower()
    if protocol in ("ropc", "rpoc"):
        tags.append(Tag.PASSWORD_GRANT)
    if protocol == "devicecode" or usable(found.get("originaltransfermethod")).lower().startswith("devicecode"):
        tags.append(Tag.DEVICE_CODE)
    tags += _RISKS.get((usable(found.get("risklevelduringsignin")) or usable(found.get("risklevel"))).lower(), ())
    device = fields(found.get("devicedetail"))
    if "true" in (code(device.get("ismanaged")).lower(), code(device.get("iscompliant")).lower()):
        tags.append(Tag.MANAGED_DEVICE)
    return tuple(tags)


def _factors(found: Fields, error: str, outcome: Outcome) -> tuple[Tag, ...]:
    """How the second factor ended, where there was one."""
    said = _said_of_factors(found)
    if outcome is Outcome.SUCCESS:
        required = usable(found.get("authenticationrequirement")).lower()
        if required == "multifactorauthentication" or _SATISFIED.search(said):
            return (Tag.MFA,)
        return (Tag.SINGLE_FACTOR,) if required == "singlefactorauthentication" else ()
    if _FRAUD.search(said):
        return (Tag.MFA_DENIED, Tag.REPORTED)
    if _UNANSWERED.search(said):
        return (Tag.MFA_UNANSWERED,)
    if _DECLINED.search(said):
        return (Tag.MFA_DENIED,)
    return OF_CODE.get(error, ())


def _said_of_factors(found: Fields) -> str:
    """What the record says of a second factor, in one text."""
    said = [
        usable(fields(found.get("status")).get("additionaldetails")),
        usable(fields(found.get("mfadetail")).get("authdetail")),
    ]
    for step in listed(found.get("authenticationdetails")):
        entry = fields(step)
        detail = usable(entry.get("authenticationstepresultdetail"))
        said.append(detail if "mfa" in detail.lower() else "")
    return "; ".join(filter(None, said))[:_LONGEST]


def of_change(action: str, changes: list[Fields]) -> tuple[Tag, ...]:
    """The tags of an activity of the audit log.

    Args:
        action: Its name.
        changes: The properties that changed: `displayname` or `name`, `oldvalue`, `newvalue`.
    """
    tags = list(OPERATIONS.get(folded(action), ()))
    values = {name: (old, new) for name, old, new in map(_change, changes)}
    for name, (old, new) in values.items():
        if name.startswith("role.") and is_privileged(new or old):
            tags.append(Tag.PRIVILEGED)
        elif "strongauthentication" in name or "searchabledevicekey" in name:
            tags += _more_or_less(old, new)
        elif (name == "keydescription" or name.startswith("trustedca")) and len(new) > len(old):
            tags.append(Tag.KEY_ADDED)
    if _for_everybody(values):
        tags.append(Tag.ADMIN_CONSENT)
    if Tag.ADMIN_CONSENT in tags and any(
        kind == "permission" and any_privileged(name) for kind, name in given(changes)
    ):
        tags.append(Tag.PRIVILEGED)
    return tuple(dict.fromkeys(tags))


def _change(change: Fields) -> tuple[str, str, str]:
    """Name in lower case, old and new value of a property that changed."""
    name, old, new = (change.get("displayname") or change.get("name")), change.get("oldvalue"), change.get("newvalue")
    return code(name)[:200].lower(), _value(old), _value(new)


def _value(value: object) -> str:
    """A value without the quotes that the log puts around it."""
    return code(value)[:_LONGEST].strip().strip('"').strip()


def _for_everybody(values: dict[str, tuple[str, str]]) -> bool:
    """Whether consent was given for all users: an administrator may also consent for themselves only.

    Logs of before 2021 lack `ConsentContext.OnBehalfOfAll`; there an administrator's consent is for all.
    """
    for name in ("consentcontext.onbehalfofall", "consentcontext.isadminconsent"):
        if name in values:
            if values[name][1].lower() == "true":
                return True
            break
    for name in ("delegatedpermissiongrant.consenttype", "consentaction.permissions"):
        if _EVERYBODY.search(values.get(name, ("", ""))[1].rpartition("=>")[2]):
            return True
    return False


def _more_or_less(old: str, new: str) -> tuple[Tag, ...]:
    """Whether a list of factors grew or shrank; nothing where it only changed."""
    if len(new) == len(old):
        return ()
    return (Tag.FACTOR_ADDED,) if len(new) > len(old) else (Tag.FACTOR_REMOVED,)


def given(changes: list[Fields]) -> list[tuple[str, str]]:
    """What the changes gave, as kind and name: roles, groups, permissions, and the ids of the apps that got them."""
    found: list[tuple[str, str]] = []
    consented = any(_change(change)[0] == "consentaction.permissions" for change in changes)
    for change in changes:
        name, old, new = _change(change)
        kind, value = _GIVEN.get(name, ""), new or old
        if name == "consentaction.permissions":
            # `[old] => [new]`: the right side is all that the app has now.
            scopes = _SCOPE.findall(value.rpartition("=>")[2])
            found += [(kind, " ".join(scope.split())) for scope in scopes[:_MOST_SCOPES] if scope.strip()]
        elif kind == "app_id" or (consented and name == "targetid.serviceprincipalnames"):
            found += [("app_id", part) for part in re.split(r'[;,\s"\[\]]+', value) if is_guid(part)][:1]
        elif kind and value:
            found.append((kind, value))
    return found
