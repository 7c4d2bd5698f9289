"""Who acted in a record of the Microsoft 365 unified audit log, and in whose mailbox.

Source: Office 365 Management Activity API, "schema": common schema (`UserId`, `UserKey`, `UserType`), Exchange mailbox
schema (`LogonType`, `MailboxOwnerUPN`).
"""

from __future__ import annotations

import re

from activities.activity import User, UserType
from activities.microsoft import Fields, account, code, fields, is_email, is_guid, listed, nobody, usable

_APPS = frozenset(("5", "6", "application", "serviceprincipal"))
_SYSTEMS = frozenset(("3", "4", "7", "8", "dcadmin", "system", "custompolicy", "systempolicy"))
"""`UserType`s: 3 is Microsoft's own staff and services, 4 the system, 7 and 8 policies."""
_SERVICES = re.compile(
    r"nt (?:authority|service)\\.*|sharepoint\\system|system ?accounts?|system|s-1-5-(?:18|19|20)|"
    r"securitycompliance\w*|microsoft\.exchange\S*|.*\(microsoft\.exchange\.[^)]*\)|exchange online.*|"
    r"ms-?exchange.*|healthmailbox.*",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST = 512
_PRINCIPAL = "serviceprincipal_"
_USER = "user_"
_APP_ONLY = "app@sharepoint"
_OWNER = frozenset(("0", "owner"))


def actor(record: Fields) -> User:
    """Who acted: the user principal name where one is there, so that records of all workloads are one person's.

    Raises:
        Unreadable: `$.UserId` and what could stand in for it name nobody.
    """
    kind = code(record.get("usertype")).lower()
    user_id = usable(record.get("userid"))
    if not is_email(user_id):
        user_id = next((name for name in _of_actor(record) if is_email(name)), user_id)
    user_id = user_id or usable(record.get("userkey"))
    if not user_id:
        raise nobody(path="$.UserId", names="UserId, UserKey", found=record.get("userid"))
    return user_of(user_id, kind)


def user_of(name: str, kind: str = "") -> User:
    """The user called `name`.

    Args:
        name: `UserId` or what stands in for it; not empty.
        kind: `UserType`, a number or its name, in lower case.
    """
    lower = name.lower()
    if lower.startswith(_PRINCIPAL) and name[len(_PRINCIPAL) :].strip():
        return account(name[len(_PRINCIPAL) :].strip(), kind=UserType.APP)
    if lower.startswith(_USER) and is_guid(name[len(_USER) :]):
        return account(name[len(_USER) :])
    if lower.endswith(_APP_ONLY):
        return account(_APP_ONLY, kind=UserType.APP)
    if _SERVICES.fullmatch(name[:_LONGEST]) or (kind in _SYSTEMS and not is_email(name)):
        return account(name, kind=UserType.SERVICE)
    return account(name, kind=UserType.APP if kind in _APPS else UserType.PERSON)


def _of_actor(record: Fields) -> list[str]:
    return [name for item in listed(record.get("actor")) if (name := usable(fields(item).get("id")))]


def impersonated(record: Fields, user: User) -> User | None:
    """In whose mailbox or name `user` acted, if not their own: as a delegate, an administrator, an app."""
    owner_logged_on = code(record.get("logontype")).lower() in _OWNER and user.type is UserType.PERSON
    for field in ("sendasusersmtp", "sendonbehalfofusersmtp", "mailboxownerupn"):
        owner = usable(record.get(field))
        # An owner's own name may be another alias of theirs.
        if owner and not (field == "mailboxownerupn" and owner_logged_on):
            found = account(owner)
            if found.id != user.id:
                return found
    return None
