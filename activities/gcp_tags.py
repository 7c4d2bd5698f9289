"""Tags of Google Cloud audit logs: whom a policy lets in, roles that rule, keys, what is logged no longer.

Sources: Google Cloud documentation, "Understanding roles", "Policy", `members`; Compute Engine API, `Firewall`.
"""

from __future__ import annotations

import re

from activities.activity import Category
from activities.privileged import is_privileged
from activities.tags import Tag, by_operation
from activities.values import is_outside, items, mapping, string

_OF_NAME = by_operation(
    {
        Tag.KEY_ADDED: "CreateServiceAccountKey UploadServiceAccountKey EnableServiceAccountKey CreateKey "
        "hmacKeys.create ImportSshPublicKey CreateWorkloadIdentityPool CreateWorkloadIdentityPoolProvider "
        "UpdateWorkloadIdentityPoolProvider CreateWorkforcePool CreateWorkforcePoolProvider "
        "UpdateWorkforcePoolProvider sslCerts.create sslCerts.insert CreateClient",
        Tag.LOGGING_REDUCED: "DeleteSink CreateExclusion UpdateExclusion DeleteLog ConfigServiceV2.DeleteBucket "
        "DeleteAlertPolicy DeleteNotificationChannel DeleteLogMetric CreateMuteConfig SetMute BulkMuteFindings "
        "DeleteNotificationConfig",
        Tag.NON_INTERACTIVE: "GenerateAccessToken GenerateIdToken SignJwt SignBlob SecurityTokenService.ExchangeToken",
    }
)
_EVERYBODY = frozenset(("allusers", "allauthenticatedusers"))
_OF_EVERYWHERE = frozenset(("0.0.0.0/0", "::/0", "*"))
_MEMBER = re.compile(r"(?:user|group|serviceaccount|domain):(.*)", re.IGNORECASE | re.DOTALL)
_GOOGLE = ".gserviceaccount.com"
_MOST = 64


def tags_of(method: str, category: Category, payload: dict[str, object], actor: str) -> tuple[Tag, ...]:
    """The tags of an entry.

    Args:
        method: `methodName`.
        category: What kind of thing it is.
        payload: `protoPayload`.
        actor: The e-mail address of who did it; "" if there is none.
    """
    parts = method.split(".")
    tags = [*_OF_NAME.get(parts[-1], ()), *_OF_NAME.get(".".join(parts[-2:]), ())]
    request = mapping(payload.get("request"))
    for role, member in granted(payload):
        tags += _of_grant(role, member, actor)
    if category is Category.CREDENTIAL and "etadata" in method:
        tags.append(Tag.KEY_ADDED)  # only where it lets SSH keys in
    elif category is Category.AUDIT_CONFIG:
        sink = mapping(request.get("sink"))
        if sink.get("disabled") is True or request.get("disabled") is True or _exempts(payload):
            tags.append(Tag.LOGGING_REDUCED)
    elif category is Category.NETWORK_CONFIG:
        if {string(source) for source in items(request.get("sourceRanges"))} & _OF_EVERYWHERE:
            tags.append(Tag.PUBLIC)
    return tuple(dict.fromkeys(tags))


def granted(payload: dict[str, object]) -> list[tuple[str, str]]:
    """The roles that a policy's change gave, and to whom. Without the change, all of the new policy's bindings."""
    delta = mapping(mapping(payload.get("serviceData")).get("policyDelta"))
    if not delta:
        delta = mapping(mapping(payload.get("metadata")).get("policyDelta"))
    changes = [mapping(change) for change in items(delta.get("bindingDeltas"))]
    if changes:
        added = [change for change in changes if string(change.get("action")).upper() == "ADD"]
        return [(string(change.get("role")), string(change.get("member"))) for change in added]
    policy = mapping(mapping(payload.get("request")).get("policy"))
    return [
        (string(binding.get("role")), string(member))
        for binding in map(mapping, items(policy.get("bindings")))
        for member in items(binding.get("members"))
    ][:_MOST]


def _of_grant(role: str, member: str, actor: str) -> list[Tag]:
    tags: list[Tag] = [Tag.PRIVILEGED] if is_privileged(role) else []
    if member.lower() in _EVERYBODY:
        return [*tags, Tag.PUBLIC]
    named = _MEMBER.fullmatch(member)
    address = named[1] if named else ""
    if "@" not in address and member.lower().startswith("domain:"):
        address = f"anyone@{address}"
    if not address.lower().endswith(_GOOGLE) and not actor.lower().endswith(_GOOGLE) and is_outside(address, actor):
        tags.append(Tag.EXTERNAL)
    return tags


def _exempts(payload: dict[str, object]) -> bool:
    """Whether a change of an audit configuration takes a log type away, or exempts somebody from it."""
    delta = mapping(mapping(payload.get("serviceData")).get("policyDelta"))
    for change in map(mapping, items(delta.get("auditConfigDeltas"))):
        if (string(change.get("action")).upper() == "REMOVE") != bool(change.get("exemptedMember")):
            return True
    return False
