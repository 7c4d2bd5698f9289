"""Tags of the Microsoft 365 unified audit log: what a rule on mail does, who is shared with, what is logged no longer.

Sources: Exchange PowerShell reference, `New-InboxRule`, `Set-Mailbox`, `New-TransportRule`, `New-JournalRule`; Office
365 Management Activity API, "SharePoint sharing schema"; Microsoft Purview, "Use sharing auditing in the audit log".
"""

from __future__ import annotations

import re

from activities.activity import Category, User
from activities.entra_tags import OF_CODE, of_change
from activities.microsoft import Fields, code, fields, listed, usable
from activities.privileged import is_privileged
from activities.tags import Tag, by_operation
from activities.values import is_outside

_OF_NAME = by_operation(
    {
        Tag.ANONYMOUS_LINK: "anonymouslinkcreated anonymouslinkupdated anonymouslinkused",
        Tag.PUBLIC: "publishtowebreport allowanonymousaccesschanged",
        Tag.PRIVILEGED: "add-rolegroupmember update-rolegroupmember new-managementroleassignment "
        "set-managementroleassignment sitecollectionadminadded siteadminchangerequest add-ediscoverycaseadmin",
        Tag.LOGGING_REDUCED: "remove-unifiedauditlogretentionpolicy disable-protectionalert remove-protectionalert "
        "disable-activityalert remove-activityalert",
        Tag.KEY_ADDED: "add-federateddomain new-federationtrust new-authserver new-partnerapplication",
        Tag.CONSENT: "new-serviceprincipal performedresourcespecificconsent",
    }
)
_FORWARDS = frozenset(
    "forwardto forwardasattachmentto redirectto forwardingsmtpaddress forwardingaddress blindcopyto copyto "
    "redirectmessageto addtorecipients journalemailaddress".split()
)
_DELETES = frozenset("deletemessage softdeletemessage markasread quarantine".split())
_OUT_OF_SIGHT = re.compile(
    r"rss (?:feeds|subscriptions)|conversation history|archive|junk e-?mail|deleted items|sync issues|notes|\W{0,3}",
    re.IGNORECASE,
)
"""Folders that nobody looks into, and names without a letter."""
_TAKEN_AWAY = re.compile(r"(?:remove|disable)", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+'-]{1,64}@[\w.-]{1,255}", re.ASCII)
_SWITCHES: dict[str, str] = {
    "unifiedauditlogingestionenabled": "false",
    "adminauditlogenabled": "false",
    "auditenabled": "false",
    "auditdisabled": "true",
    "auditbypassenabled": "true",
}
"""Parameters that make the log see less, and the value that does."""
_SHARED_WITH = re.compile(r"SharingLinks\.[\w-]{1,64}\.(\w{1,40})", re.ASCII)
_EVERYBODY = frozenset(("everyone", "all users", "all users (windows)", "everyone including external users"))
_OUTSIDE = "#ext#"
_GUEST_ROLE = "3"
_LIMITED_ACCESS = "limited access system group"
_LEGACY_AGENT = "bav2ropc"
_CHECKED = 32


def tags_of(
    found: Fields,
    operation: str,
    category: Category,
    user: User,
    parameters: list[tuple[str, str]],
    extended: dict[str, str],
    error_number: str,
) -> tuple[Tag, ...]:
    """The tags of a record.

    Args:
        found: The record.
        operation: `Operation`, in lower case and without the full stop that Entra ID's have.
        category: What kind of thing it is.
        user: Who did it.
        parameters: What a cmdlet or a rule was given.
        extended: `ExtendedProperties`, by name in lower case.
        error_number: Of a sign-in that failed.
    """
    if operation in ("userloggedin", "userloginfailed"):
        return _of_sign_in(found, extended, error_number, failed=operation == "userloginfailed")
    if usable(found.get("workload") or found.get("officeworkload")).lower() == "azureactivedirectory":
        return of_change(operation, [fields(item) for item in listed(found.get("modifiedproperties"))])
    tags = list(_OF_NAME.get(operation, ()))
    if category is Category.MAILBOX_RULE:
        tags += _of_rule(found, operation, user, parameters)
    elif category is Category.AUDIT_CONFIG:
        given = {name.lower(): value.lower() for name, value in parameters}
        tags += [Tag.LOGGING_REDUCED for name, value in _SWITCHES.items() if given.get(name) == value]
    elif category in (Category.SHARE, Category.ROLE_GRANT):
        tags += _of_sharing(found, user)
        tags += [Tag.PRIVILEGED for name, value in parameters if name.lower() == "role" and is_privileged(value)]
    return tuple(dict.fromkeys(tags))


def shares_with_nobody(found: Fields) -> bool:
    """Whether a sharing event only keeps the books: SharePoint lets a group through to the folders above."""
    return usable(found.get("targetuserorgroupname")).lower() == _LIMITED_ACCESS


def _of_sign_in(found: Fields, extended: dict[str, str], error_number: str, *, failed: bool) -> tuple[Tag, ...]:
    tags: list[Tag] = []
    request = extended.get("requesttype", "").lower()
    agent = (usable(found.get("useragent")) or extended.get("useragent", "")).lower()
    if agent.startswith(_LEGACY_AGENT):
        tags += (Tag.PASSWORD_GRANT, Tag.LEGACY_PROTOCOL)
    elif request == "oauth2:token":
        tags.append(Tag.NON_INTERACTIVE)
    if failed:
        tags += OF_CODE.get(error_number, (Tag.MFA_FAILED,) if request.startswith("sas:") else ())
    elif request.startswith("sas:"):
        tags.append(Tag.MFA)
    return tuple(tags)


def _of_rule(found: Fields, operation: str, user: User, parameters: list[tuple[str, str]]) -> list[Tag]:
    """What a rule does that was made or changed."""
    given = [(name.lower(), value) for name, value in parameters]
    if _TAKEN_AWAY.match(operation) or any(
        name == "ruleoperation" and _TAKEN_AWAY.match(value) for name, value in given
    ):
        return []
    own = user.email or usable(found.get("mailboxownerupn"))
    tags: list[Tag] = []
    for name, value in given:
        if name in _FORWARDS:
            tags.append(Tag.FORWARDING)
            addresses = _ADDRESS.findall(value[:1024])[:_CHECKED]
            tags += [Tag.EXTERNAL for address in addresses if is_outside(address, own)]
        elif name in _DELETES and value.lower() != "false":
            tags.append(Tag.HIDING)
        elif name == "movetofolder" and _OUT_OF_SIGHT.fullmatch(value.rpartition("\\")[2].rpartition(":")[2].strip()):
            tags.append(Tag.HIDING)
    return tags


def _of_sharing(found: Fields, user: User) -> list[Tag]:
    """Whom something was shared with: people outside, everybody who has the link, everybody."""
    tags: list[Tag] = []
    target = usable(found.get("targetuserorgroupname"))
    kind = usable(found.get("targetuserorgrouptype")).lower()
    if kind == "guest" or _OUTSIDE in target.lower() or is_outside(target, user.email):
        tags.append(Tag.EXTERNAL)
    link = _SHARED_WITH.match(target)
    scope = (link[1] if link else usable(found.get("sharinglinkscope"))).lower()
    if scope.startswith(("anonymous", "anyone")):
        tags.append(Tag.ANONYMOUS_LINK)
    if target.lower() in _EVERYBODY:
        tags.append(Tag.PUBLIC)
    for member in listed(found.get("members"))[:_CHECKED]:
        entry = fields(member)
        if code(entry.get("role")) == _GUEST_ROLE or _OUTSIDE in usable(entry.get("upn")).lower():
            tags.append(Tag.EXTERNAL)
    return tags
