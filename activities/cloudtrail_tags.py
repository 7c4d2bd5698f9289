"""Tags of CloudTrail records, and whom a policy or an attribute lets in.

Sources: AWS CloudTrail User Guide, "AWS Management Console sign-in events", "IAM Identity Center sign-in events";
AWS IAM User Guide, "JSON policy elements"; the API references for the parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from activities.activity import Category, Outcome
from activities.privileged import is_privileged
from activities.tags import Tag, by_operation
from activities.values import decoded, items, mapping, string

_OF_NAME = by_operation(
    {
        Tag.KEY_ADDED: "CreateAccessKey UploadSSHPublicKey UploadSigningCertificate CreateServiceSpecificCredential "
        "ResetServiceSpecificCredential CreateKeyPair ImportKeyPair SendSSHPublicKey SendSerialConsoleSSHPublicKey "
        "CreateSAMLProvider UpdateSAMLProvider CreateOpenIDConnectProvider AddClientIDToOpenIDConnectProvider "
        "EnableExternalIdPConfigurationForDirectory AssociateDirectory UpdateOpenIDConnectProviderThumbprint "
        "CreateTrustAnchor UpdateTrustAnchor EnableTrustAnchor CreateApiKey",
        Tag.PASSWORD_SET: "CreateLoginProfile UpdateLoginProfile ChangePassword PasswordUpdated "
        "PasswordRecoveryCompleted AdminSetUserPassword AdminResetUserPassword UpdatePassword",
        Tag.FACTOR_ADDED: "EnableMFADevice RegisterMfaDevice CompleteVirtualMfaDeviceRegistration "
        "CompleteWebAuthnDeviceRegistration",
        Tag.FACTOR_REMOVED: "DeactivateMFADevice DeleteVirtualMFADevice DeleteMfaDeviceForUser DisableMfaDeviceForUser",
        Tag.LOGGING_REDUCED: "guardduty:CreateIPSet guardduty:UpdateIPSet guardduty:CreateFilter "
        "guardduty:UpdateFilter",
        Tag.PUBLIC: "DisableImageBlockPublicAccess DisableSnapshotBlockPublicAccess",
    }
)
_LESS = ("Stop", "Delete", "Disable", "Disassociate", "BatchDisable")
_MORE_AFTER_ALL = frozenset(("DeleteRetentionPolicy", "DeleteConfigRule"))
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_NOBODY_OF_THAT_NAME = "no username found"
_ANYWHERE = re.compile(rb'"(?:0\.0\.0\.0/0|::/0)"')
_ANYBODY = re.compile(rb"groups/(?:global/AllUsers|global/AuthenticatedUsers)|public-read|authenticated-read")
_ACCOUNT = re.compile(r"(?:arn:aws[\w-]{0,20}:[\w-]{0,40}:[\w-]{0,30}:)?(\d{12})(?::.*)?", re.ASCII | re.DOTALL)
_POLICIES = (
    "policyDocument", "policy", "bucketPolicy", "assumeRolePolicyDocument", "resourcePolicy", "policyText",
    "queuePolicy", "topicPolicy",
)  # fmt: skip
_ATTRIBUTES = ("createVolumePermission", "launchPermission", "loadPermission")
_COPIES = frozenset(("PutBucketReplication", "PutReplicationConfiguration", "StartCopyJob"))
"""Operations whose parameters name the account that data is copied to, each in another place."""
_NAMED_ACCOUNT = re.compile(rb"(?<![\w-])\d{12}(?![\w-])")
_CHECKS = frozenset(("CheckMfa",))
_FIRST_FACTORS = frozenset(("PASSWORD", "EXTERNAL_IDP"))
_SECOND_FACTORS = ("TOTP", "WEBAUTHN", "MFA", "EMAIL_OTP")
_ADMINISTRATORS = re.compile(r"(?:.*[-_/])?admin(?:istrator)?s?", re.IGNORECASE)
_LONGEST_POLICY = 65_536
_MOST = 32

_encode = msgspec.json.Encoder().encode


def tags_of(record: dict[str, object], name: str, category: Category, outcome: Outcome) -> tuple[Tag, ...]:
    """The tags of a record.

    Args:
        record: The decoded event.
        name: `eventName`, without an API version behind it.
        category: What kind of thing it is.
        outcome: How it ended.
    """
    parameters = mapping(record.get("requestParameters"))
    identity = mapping(record.get("userIdentity"))
    service = string(record.get("eventSource")).partition(".")[0]
    tags = [*_OF_NAME.get(name, ()), *_OF_NAME.get(f"{service}:{name}", ())]
    if category in (Category.LOGON, Category.FAILED_LOGON):
        tags += _of_logon(record, identity, outcome)
    elif category is Category.AUDIT_CONFIG:
        if (name.startswith(_LESS) and name not in _MORE_AFTER_ALL) or _narrows(name, parameters):
            tags.append(Tag.LOGGING_REDUCED)
    elif category is Category.NETWORK_CONFIG:
        if name.startswith("Authorize") and _ANYWHERE.search(_encode(parameters)):
            tags.append(Tag.PUBLIC)
    elif category in (Category.SHARE, Category.ROLE_GRANT, Category.CREATE):
        tags += _of_rights(record, name, parameters)
    if category is Category.CREDENTIAL and parameters.get("masterUserPassword"):
        tags.append(Tag.PASSWORD_SET)
    attributes = mapping(mapping(identity.get("sessionContext")).get("attributes"))
    if string(attributes.get("mfaAuthenticated")) == "true":
        tags.append(Tag.MFA)
    account, ours = string(identity.get("accountId")), string(record.get("recipientAccountId"))
    if account and ours and account != ours and account.isdigit():
        tags.append(Tag.CROSS_ACCOUNT)
    return tuple(dict.fromkeys(tags))


def let_in(record: dict[str, object]) -> list[str]:
    """Whom the record's policy, permission or attribute lets in: accounts, ARNs, services, `*` for everybody."""
    parameters = mapping(record.get("requestParameters"))
    found = list(_principals(parameters))
    for attribute in _ATTRIBUTES:
        added = mapping(mapping(parameters.get(attribute)).get("add")).get("items")
        for item in map(mapping, items(added)):
            found += [string(item.get("userId")), "*" if item.get("group") == "all" else ""]
    for value in items(parameters.get("valuesToAdd")):
        found.append("*" if value == "all" else string(value))
    if record.get("eventName") in _COPIES:
        found += [account.decode() for account in _NAMED_ACCOUNT.findall(_encode(parameters))]
    principal = parameters.get("principal")
    found += [string(principal), *map(string, items(parameters.get("principals")))]
    return [who for who in dict.fromkeys(found) if who][:_MOST]


def _of_logon(record: dict[str, object], identity: dict[str, object], outcome: Outcome) -> list[Tag]:
    """A sign-in to the console or to the access portal."""
    data = mapping(record.get("additionalEventData"))
    used = string(data.get("MFAUsed")).lower()
    kinds = string(data.get("CredentialType")).upper()
    if outcome in (Outcome.FAILURE, Outcome.DENIED):
        if record.get("eventName") in _CHECKS:
            return [Tag.MFA_FAILED]
        unknown = identity.get("userName") == _HIDDEN
        message = string(record.get("errorMessage"))[:200].lower()
        return [Tag.UNKNOWN_USER] if unknown or _NOBODY_OF_THAT_NAME in message else []
    if outcome is not Outcome.SUCCESS:
        return [Tag.MFA_CHALLENGE] if kinds not in _FIRST_FACTORS or record.get("eventName") in _CHECKS else []
    if used == "yes" or any(kind in kinds for kind in _SECOND_FACTORS):
        return [Tag.MFA]
    # Who comes from another identity provider showed their factors there.
    return [Tag.SINGLE_FACTOR] if used == "no" and identity.get("type") in ("IAMUser", "Root") else []


def _narrows(name: str, parameters: dict[str, object]) -> bool:
    """Whether a change of what is logged, which may also log more, says that it logs less."""
    selectors = [mapping(item) for item in items(parameters.get("eventSelectors"))]
    return (
        any(item.get("includeManagementEvents") is False for item in selectors)
        or any(item.get("readWriteType") not in (None, "All") for item in selectors)
        or (name == "PutInsightSelectors" and parameters.get("insightSelectors") == [])
        or parameters.get("isMultiRegionTrail") is False
        or parameters.get("includeGlobalServiceEvents") is False
        or (name == "UpdateDetector" and parameters.get("enable") is False)
        or (name == "PutBucketLogging" and not mapping(parameters.get("BucketLoggingStatus")).get("LoggingEnabled"))
        or mapping(mapping(parameters.get("configurationRecorder")).get("recordingGroup")).get("allSupported") is False
    )


def _of_rights(record: dict[str, object], name: str, parameters: dict[str, object]) -> list[Tag]:
    """Whom something was opened to, and whether rights are those of an administrator."""
    tags: list[Tag] = []
    ours = string(record.get("recipientAccountId"))
    guarded = any(parameters.get(field) for field in ("sourceArn", "sourceAccount", "principalOrgID"))
    for who in let_in(record):
        account = _ACCOUNT.fullmatch(who)
        if who == "*" and not guarded:
            tags.append(Tag.PUBLIC)
        elif account and ours and account[1] != ours:
            tags.append(Tag.EXTERNAL)
    if parameters.get("authType") == "NONE" or parameters.get("publiclyAccessible") is True:
        tags.append(Tag.PUBLIC)
    if "Acl" in name and _ANYBODY.search(_encode(parameters)):
        tags.append(Tag.PUBLIC)
    names = [string(parameters.get(field)) for field in ("policyArn", "policyName", "managedPolicyArn")]
    group = string(parameters.get("groupName"))
    everything = name.startswith(("Put", "CreatePolicy")) and any(map(_allows_everything, _statements(parameters)))
    if any(map(is_privileged, names)) or everything or (group and _ADMINISTRATORS.fullmatch(group[:128])):
        tags.append(Tag.PRIVILEGED)
    return tags


def _statements(parameters: dict[str, object]) -> Iterator[dict[str, object]]:
    """The statements that allow something, of the policies in the parameters."""
    for field in _POLICIES:
        policy = parameters.get(field)
        if isinstance(policy, str):
            policy = decoded(policy) if len(policy) <= _LONGEST_POLICY else None
        for statement in map(mapping, items(mapping(policy).get("Statement"))):
            if statement.get("Effect") == "Allow":
                yield statement


def _principals(parameters: dict[str, object]) -> Iterator[str]:
    """The accounts, ARNs and `*` that the policies allow; who only may under a condition is left out."""
    for statement in _statements(parameters):
        principal = statement.get("Principal")
        values = [principal] if isinstance(principal, str) else items(mapping(principal).get("AWS"))
        if not statement.get("Condition"):
            yield from map(string, values)


def _allows_everything(statement: dict[str, object]) -> bool:
    actions = {string(action) for action in items(statement.get("Action"))}
    return bool(actions & {"*", "*:*", "iam:*"}) and "*" in items(statement.get("Resource"))
