"""Tags of Azure's activity log: roles that rule, keys, what is opened to everybody, what is logged no longer.

Sources: Azure, "Azure built-in roles"; Azure Resource Manager references for the properties of network security rules
and storage accounts; Microsoft Entra, "Access token claims reference", `amr`.
"""

from __future__ import annotations

import re

from activities.activity import Category
from activities.microsoft import Fields, code, fields, listed, usable
from activities.privileged import is_privileged
from activities.tags import Tag, by_operation

_OF_NAME = by_operation(
    {
        Tag.PRIVILEGED: "microsoft.authorization/elevateaccess/action microsoft.authorization/roledefinitions/write "
        "microsoft.authorization/classicadministrators/write microsoft.resources/subscriptions/acceptownership/action",
        Tag.KEY_ADDED: "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/write "
        "microsoft.compute/sshpublickeys/write microsoft.compute/sshpublickeys/generatekeypair/action "
        "microsoft.containerregistry/registries/generatecredentials/action "
        "microsoft.containerregistry/registries/tokens/write microsoft.storage/storageaccounts/localusers/write "
        "microsoft.keyvault/vaults/keys/create/action microsoft.keyvault/vaults/keys/write",
        Tag.EXTERNAL: "microsoft.managedservices/registrationassignments/write "
        "microsoft.subscription/changetenantrequest/action microsoft.storage/storageaccounts/localusers/write",
    }
)
_DELETES = re.compile(r"/(?:delete|purge/action|disable/action|stop/action)$")
_ANYWHERE = frozenset(("*", "0.0.0.0/0", "::/0", "internet", "any", "0.0.0.0"))  # noqa: S104
_METHODS = "http://schemas.microsoft.com/claims/authnmethodsreferences"
_MOST = 64


def tags_of(operation: str, category: Category, properties: Fields, claims: dict[str, object]) -> tuple[Tag, ...]:
    """The tags of an event.

    Args:
        operation: `operationName`, in any case.
        category: What kind of thing it is.
        properties: `properties`, whose `requestbody` says what was asked for.
        claims: Of the token that was used, by their names in lower case.
    """
    name = operation[:300].strip().lower()
    tags = list(_OF_NAME.get(name, ()))
    body = fields(properties.get("requestbody"))
    asked = fields(body.get("properties")) or body
    if category is Category.ROLE_GRANT and is_privileged(usable(asked.get("roledefinitionid"))):
        tags.append(Tag.PRIVILEGED)
    elif category is Category.AUDIT_CONFIG and _DELETES.search(name):
        tags.append(Tag.LOGGING_REDUCED)
    elif category is Category.NETWORK_CONFIG and _lets_everybody_in(asked):
        tags.append(Tag.PUBLIC)
    elif code(asked.get("allowblobpublicaccess")).lower() == "true":
        tags.append(Tag.PUBLIC)
    if "mfa" in f"{code(claims.get(_METHODS))} {code(claims.get('amr'))}".lower():
        tags.append(Tag.MFA)
    return tuple(dict.fromkeys(tags))


def _lets_everybody_in(asked: Fields) -> bool:
    """Whether a security rule, or one of a group's, lets in from anywhere."""
    rules = [asked, *(fields(fields(rule).get("properties")) for rule in listed(asked.get("securityrules"))[:_MOST])]
    return any(
        code(rule.get("access")).lower() in ("allow", "")
        and code(rule.get("direction")).lower() in ("inbound", "")
        and {code(source).lower() for source in _sources(rule)} & _ANYWHERE
        for rule in rules
    )


def _sources(rule: Fields) -> list[object]:
    return [
        rule.get("sourceaddressprefix"),
        rule.get("startipaddress"),
        *listed(rule.get("sourceaddressprefixes"))[:_MOST],
    ]
