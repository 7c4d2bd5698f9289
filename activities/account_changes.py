"""Whether an activity ends or restores somebody else's account, and whose: by category, operation and the users named.

Sources: Microsoft Entra, "Audit activity reference" (Disable account, Delete user, Enable account, Restore user); Okta,
"Event types" (user.lifecycle.*); Google, "Admin audit activity events" (SUSPEND_USER, ARCHIVE_USER, DELETE_USER); AWS,
"IAM API Reference" (DeleteUser, DeleteLoginProfile, UpdateAccessKey); GitHub, "Audit log events for your enterprise"
(org.remove_member). A native record counts if it has such an operation or category and names the user in `objects`.

What only announces an end, such as an HR system's record of a termination that is entered weeks ahead, does not count.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from activities.activity import Activity, Category, Outcome, User
from activities.microsoft import account
from activities.record import text, user_key


class Change(StrEnum):
    """What became of the account."""

    ENDED = "ended"
    """It was disabled, suspended or deleted: nobody should come in with it any more."""
    CURBED = "curbed"
    """One of the ways in was taken away, or the account in one app; others may be in use, as with a new key."""
    RESTORED = "restored"
    """It was enabled or made anew."""
    RENEWED = "renewed"
    """A way in was given."""


CHANGING = frozenset(
    {
        *(Category.CREATE_USER, Category.MODIFY_USER, Category.DELETE_USER),
        *(Category.CREDENTIAL, Category.ROLE_GRANT, Category.ROLE_REVOKE),
    }
)
"""The categories of such activities."""

_WHOLE = frozenset({"entra_audit", "m365", "okta", "google_workspace", "cloudtrail", "github"})
"""Formats whose users are those of the vendor's own records, or of all apps that log on there."""
_IDENTITY = re.compile(
    r"directory|entra|azure|identity|okta|auth|onelogin|jumpcloud|ping|sso|sailpoint|ldap|workspace|google|admin|iam|"
    r"365|\bhr|human|workday|personio|bamboo|successfactors|people",
    re.IGNORECASE,
)
"""Apps that hold the accounts of people, not just those of their own users."""
IAM = "iam.amazonaws.com"
_AWS = ".amazonaws.com"
_NAMED = {
    "org.remove_member": Change.ENDED,
    "business.remove_member": Change.ENDED,
    "org.add_member": Change.RESTORED,
    "org.restore_member": Change.RESTORED,
    "business.add_member": Change.RESTORED,
    "deleteloginprofile": Change.CURBED,
    "createloginprofile": Change.RENEWED,
    "createaccesskey": Change.RENEWED,
    "account change: 5": Change.ENDED,  # OCSF, where a record has no names
    "account change: 2": Change.RESTORED,
}
_OF_CATEGORY = {Category.DELETE_USER: Change.ENDED, Category.CREATE_USER: Change.RESTORED}
_IN_ONE_APP = {Change.ENDED: Change.CURBED, Change.RESTORED: Change.RENEWED}
_STATUS = "updateaccesskey"
_OF_STATUS = {"inactive": Change.CURBED, "active": Change.RENEWED}
_OTHERS = re.compile(r"application\.|cloudsql\.|.*mailbox", re.ASCII)
"""Operations that are about a user's account in one app, a database's user, or a mailbox."""
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_ENDING = frozenset("disable disabled suspend suspended deactivate deactivated archive archived".split())
_RESTORING = frozenset(
    "enable enabled reenable reenabled unsuspend unsuspended activate activated reactivate reactivated restore "
    "restored undelete undeleted unarchive unarchived".split()
)
_ARN = re.compile(r"arn:([\w-]{1,32}):(?:iam|sts)::(\d{12}):", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_DELETED = re.compile(r"[0-9a-f]{32}(?=[^@\s]+@)", re.ASCII | re.IGNORECASE)
"""Entra ID puts the object's id before the user principal name of a deleted user."""


def change_of(activity: Activity) -> Change | None:
    """What it does to the accounts of `targets_of`; None where it does nothing of the kind, or did not succeed."""
    if activity.category not in CHANGING or activity.outcome is not Outcome.SUCCESS:
        return None
    if activity.app.endswith(_AWS) and activity.app != IAM:
        return None  # `DeleteUser` of a database, a file server, an app's own users
    change = _by_name(activity.action, activity.category)
    if change is None and activity.action.lower() == _STATUS:
        status = next((entry.name for entry in activity.objects if entry.type.lower() == "status"), "")
        return _OF_STATUS.get(status.lower())
    # Who leaves one organization of an enterprise may be in the others.
    if activity.action == "org.remove_member" and any(entry.type == "enterprise" for entry in activity.objects):
        return None
    return _IN_ONE_APP.get(change, change) if change and app_of(activity) else change


def app_of(activity: Activity) -> str:
    """The one app whose account it is about; "" where it is the user's account for all of them."""
    if activity.source in _WHOLE or _IDENTITY.search(activity.app):
        return ""
    return activity.app


def targets_of(activity: Activity) -> list[User]:
    """The users it names, but for the one who acts, as their own activities name them."""
    found: dict[str, User] = {}
    for entry in activity.objects:
        if entry.type.lower() == "user" and entry.name.strip():
            user = _target(activity, entry.name)
            if user.id != activity.user.id:
                found[user.id] = user
    return list(found.values())


@lru_cache(maxsize=4096)
def _by_name(action: str, category: Category) -> Change | None:
    name = action.strip(" .").lower()
    if name in _NAMED or _OTHERS.match(name):
        return _NAMED.get(name)
    if category is not Category.MODIFY_USER:
        return _OF_CATEGORY.get(category)
    words = {word.lower() for word in _WORD.findall(action)}
    if words & _RESTORING:
        return Change.RESTORED
    return Change.ENDED if words & _ENDING else None


def _target(activity: Activity, name: str) -> User:
    if activity.app == IAM and not name.startswith("arn:"):
        actor = next((found for who in (activity.user.id, *activity.groups) if (found := _ARN.match(who))), None)
        # The tenant of a CloudTrail record is the account that it is of.
        here = activity.tenant if activity.source == "cloudtrail" and _ACCOUNT.fullmatch(activity.tenant) else ""
        owner = here or (actor[2] if actor else "")
        if owner:
            arn = f"arn:{actor[1] if actor else 'aws'}:iam::{owner}:user/{name.strip()}"
            return User(user_key(arn), text(name))
    return account(_DELETED.sub("", name.strip(), count=1))
