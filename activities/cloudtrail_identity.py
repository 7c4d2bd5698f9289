"""Who acted in a CloudTrail record.

Source: AWS CloudTrail User Guide, "CloudTrail userIdentity element".
"""

from __future__ import annotations

import re
from typing import NamedTuple

from activities.activity import User, UserType
from activities.record import Unreadable, identifier, show, text, user_key
from activities.values import is_email, mapping, string

_INSTANCE = re.compile(r"i-[0-9a-z]{8,17}", re.ASCII | re.IGNORECASE)
_FUNCTION_ISSUER = "AWS::Lambda::Function"
_SSO_ROLE = "AWSReservedSSO_"
_SSO_PATH = "/aws-reserved/sso.amazonaws.com/"
_SERVICE_ROLE = "AWSServiceRoleFor"
_SERVICE_PATH = "/aws-service-role/"
_WORKLOADS = {"system:serviceaccount:": UserType.SERVICE, "repo:": UserType.APP}
"""How the user names of workloads begin that log on with a web identity: Kubernetes, GitHub Actions."""


class Actor(NamedTuple):
    """The user of a record, the role they acted with, and on whose behalf, where the record says so."""

    user: User
    groups: tuple[str, ...] = ()
    impersonated: User | None = None
    device: str = ""
    """The EC2 instance whose credentials were used."""


def actor(record: dict[str, object]) -> Actor:
    """Who acted.

    An IAM user and a role are known by their ARN without its path, which is unique in an account and which a
    record without an ARN still allows to build. A role session is the person behind it where the record says who
    that is (a source identity, an IAM Identity Center user, an e-mail address as session name); else it is the
    role, because session names are mostly random.

    Raises:
        Unreadable: `$.userIdentity` names nobody.
    """
    identity = mapping(record.get("userIdentity"))
    kind = string(identity.get("type"))
    if kind in ("AssumedRole", "Role"):
        found = _role_session(identity)
    elif kind == "Root":
        account = string(identity.get("accountId"))
        found = _actor(string(identity.get("arn")) or (account and f"arn:aws:iam::{account}:root"), "root")
    elif kind == "IAMUser":
        found = _iam_user(identity)
    elif kind == "AWSAccount":
        found = _other_account(identity)
    elif kind == "IdentityCenterUser":
        person = mapping(identity.get("onBehalfOf")).get("userId") or identity.get("principalId")
        name = string(mapping(record.get("additionalEventData")).get("UserName")) or string(identity.get("userName"))
        found = _actor(string(person) or name, name)
    elif kind == "AWSService" or (identity.get("invokedBy") and not kind):
        found = _actor(string(identity.get("invokedBy")), kind=UserType.SERVICE)
    else:
        found = _federated(identity)
    if found is None:
        names = "arn, userName, principalId, invokedBy"
        msg = f"expected an actor at `$.userIdentity` ({names}), found none for type {show(identity.get('type'))}"
        if not identity:
            msg = f"expected an object with an actor at `$.userIdentity`, found {show(record.get('userIdentity'))}"
        raise Unreadable(msg)
    return found


def _actor(key: str, name: str = "", kind: UserType = UserType.PERSON) -> Actor | None:
    """An actor known by `key`; None if that is empty."""
    if not key or key.isspace():
        return None
    name = name or key
    email = text(name) if is_email(name) else ""
    return Actor(User(user_key(key), text(name), email, kind))


def _iam_user(identity: dict[str, object]) -> Actor | None:
    name, account, arn = (string(identity.get(field)) for field in ("userName", "accountId", "arn"))
    if ":user/" in arn:
        # Records of failed logons have no ARN: the one built for them must be the same, and knows no path.
        prefix, _, path = arn.partition(":user/")
        return _actor(f"{prefix}:user/{path.rpartition('/')[2]}", name or path.rpartition("/")[2])
    if name and account:
        return _actor(f"arn:aws:iam::{account}:user/{name}", name)
    principal = string(identity.get("principalId"))
    return _actor(arn or (principal and account and f"{account}:{principal}") or name or principal, name)


def _role_session(identity: dict[str, object]) -> Actor | None:
    context = mapping(identity.get("sessionContext"))
    issuer = mapping(context.get("sessionIssuer"))
    arn, issuer_arn, name = string(identity.get("arn")), string(issuer.get("arn")), string(issuer.get("userName"))
    session = arn.rpartition("/")[2] if ":assumed-role/" in arn else ""
    session = session or string(identity.get("principalId")).partition(":")[2]
    role = _role_key(arn, issuer_arn)
    name = name or role.rpartition("/")[2]
    scope = mapping(identity.get("inScopeOf"))
    if _SERVICE_PATH in issuer_arn or name.startswith(_SERVICE_ROLE):
        return _actor(role, name, UserType.SERVICE)
    if _INSTANCE.fullmatch(session):
        found = _actor(role, name, UserType.SERVICE)
        return found and found._replace(device=text(session))
    if scope.get("issuerType") == _FUNCTION_ISSUER:
        return _actor(role, name, UserType.SERVICE)
    person = string(context.get("sourceIdentity"))
    if not person and (is_email(session) or name.startswith(_SSO_ROLE) or _SSO_PATH in issuer_arn):
        person = session
    if person:
        found = _actor(person, person)
        found = found and found._replace(groups=(text(role),) if role else ())
    else:
        found = _actor(role or string(identity.get("userName")) or string(identity.get("principalId")), name)
    behalf = _actor(string(mapping(identity.get("onBehalfOf")).get("userId")))
    return found and found._replace(impersonated=behalf.user if behalf else None)


def _role_key(arn: str, issuer_arn: str) -> str:
    """A role's ARN without its path, from the session issuer, else from the session's own ARN."""
    if ":role/" in issuer_arn:
        prefix, _, path = issuer_arn.partition(":role/")
        return f"{prefix}:role/{path.rpartition('/')[2]}"
    if ":assumed-role/" in arn:
        prefix, _, rest = arn.partition(":assumed-role/")
        return f"{prefix.replace(':sts:', ':iam:', 1)}:role/{rest.partition('/')[0]}"
    return issuer_arn or arn


def _other_account(identity: dict[str, object]) -> Actor | None:
    """A principal of another account, known by its unique id; a role's session name is left off as random."""
    account, principal = string(identity.get("accountId")), string(identity.get("principalId")).partition(":")[0]
    return _actor(":".join(part for part in (account, principal) if part), principal or account)


def _federated(identity: dict[str, object]) -> Actor | None:
    """A federated, SAML, web identity, directory or unknown user."""
    name, arn = string(identity.get("userName")), string(identity.get("arn"))
    for start, kind in _WORKLOADS.items():
        if name.startswith(start):
            return _actor(name, name, kind)
    principal, invoker = string(identity.get("principalId")), string(identity.get("invokedBy"))
    if name or arn or principal:
        # A person's own name is the key that their role sessions have, too.
        return _actor(name or arn or principal, name or arn.rpartition("/")[2] or principal)
    return _actor(invoker, kind=UserType.SERVICE)


def tenant(record: dict[str, object], default: str) -> str:
    """The account that received the record, else the actor's, else `default`."""
    account = string(record.get("recipientAccountId")) or string(mapping(record.get("userIdentity")).get("accountId"))
    return identifier(account or default)


def session(record: dict[str, object]) -> str:
    """The access key used, which temporary credentials have one of per session; else the principal and its start."""
    identity = mapping(record.get("userIdentity"))
    key = string(identity.get("accessKeyId"))
    if key:
        return text(key)
    started = string(mapping(mapping(identity.get("sessionContext")).get("attributes")).get("creationDate"))
    return text(f"{string(identity.get('principalId'))}@{started}") if started else ""
