"""What kind of thing an activity of Entra ID does: a table of those that matter, and the verb for the rest.

Names are of the Microsoft Entra "audit activity reference", in lower case and without the full stop that the Microsoft
365 unified audit log puts behind them (workload AzureActiveDirectory), so that both logs say the same.
"""

from __future__ import annotations

import re

from activities.activity import Category
from activities.category import category_of_verb

NAMES: dict[Category, str] = {
    Category.ROLE_GRANT: """
        add member to role|add eligible member to role|add scoped member to role|add member to role outside of pim
        add member to role in pim completed (permanent)|add member to role in pim completed (timebound)
        add eligible member to role in pim completed (permanent)
        add eligible member to role in pim completed (timebound)|add member to role completed (pim activation)
        add member to role request approved (pim activation)|add eligible member (eligible)
        add eligible member (permanent)|add member from group|request approved|add member to group
        add eligible member to group in pim completed (permanent)|add external user to group|add owner to group
        add owner to application|add owner to service principal|add owner to policy
        add app role assignment to service principal|add app role assignment grant to user
        add app role assignment to group|add delegated permission grant|add oauth2permissiongrant
        add oauth2 permission grant|consent to application|add role assignment to role definition
        add role definition|update role definition|add role from template|add delegation entry
        add partner to company|add role assignment|create role assignment
        user has elevated their access to user access administrator for their azure resources
        assigns the caller to user access admin|add member to administrative unit|add scoped role member
        add user to access package|bulk import group members|set group owner|set delegation entry""",
    Category.ROLE_REVOKE: """
        remove member from role|remove eligible member from role|remove scoped member from role
        remove eligible member (eligible)|remove eligible member (permanent)
        remove member from role completed (pim deactivate)|remove member from role in pim completed (permanent)
        remove member from role in pim completed (timebound)|remove permanent eligible role assignment
        remove permanent direct role assignment|remove eligible member from role in pim completed (permanent)
        remove eligible member from role in pim completed (timebound)|remove member from group
        remove owner from group|remove owner from application|remove owner from service principal
        remove app role assignment from service principal|remove app role assignment from user
        remove app role assignment from group|remove delegated permission grant|remove oauth2permissiongrant
        remove oauth2 permission grant|revoke consent|delete role definition|delete role assignment
        remove role assignment|remove partner from company|remove delegation entry
        remove member from administrative unit|user has removed their elevated access
        the role assignment of user has been removed from the azure resources""",
    Category.CREDENTIAL: """
        add service principal credentials|remove service principal credentials|add application credentials
        update application – certificates and secrets management
        update application - certificates and secrets management|change user password|reset user password
        reset password (by admin)|reset password (self-service)|reset password|password reset|change password
        change password (self-service)|set force change user password
        self-service password reset flow activity progress|set user password
        blocked from self-service password reset|user registered security info
        user registered all required security info|user deleted security info|user updated security info
        user changed default security info|user started security info registration|user reviewed security info
        user canceled security info registration|admin registered security info|admin updated security info
        admin deleted security info|admin started password reset|enable strong authentication
        disable strong authentication|update stsrefreshtoken valid from timestamp|revoke user sign-in sessions
        revoke user signinsessions|set domain authentication|set federation settings on domain
        add passwordless phone sign-in credential|delete passwordless phone sign-in credential
        update passwordless phone sign-in credential|add fido2 security key|delete fido2 security key
        add windows hello for business credential|delete windows hello for business credential
        update windows hello for business credential|add passkey (device-bound) credential|add passkey credential
        delete passkey (device-bound) credential|delete passkey credential|create app password for user
        delete application password for user|fraud reported - user is blocked for mfa
        fraud reported - no action taken|add temporary access pass|delete temporary access pass|set dirsync feature
        delete software oath token|register software oath token|add federated identity credential
        bulk upload hardware oath tokens|hardware token upload""",
    Category.SECRET_READ: """
        read bitlocker key|recover device local administrator password|get recovery key""",
    Category.CREATE_USER: """
        add user|invite external user|invite internal user|create user|bulk create users - finished (bulk)
        viral user creation|bulk invite users - finished (bulk)|restore user""",
    Category.MODIFY_USER: """
        update user|enable account|disable account|change user license|set license properties|set user manager
        convert federated user to managed|convert external user to internal member|unlock user account
        unlock user account (self-service)|unlock user account (by admin)|redeem external user invite
        update external user|set user oath token metadata|set preferred data location|set usage location
        confirm compromised user|confirm user compromised|dismiss user risk|dismiss user's risk
        admin dismissed user risk|confirm user safe|admin confirmed user compromised|admin confirmed user safe
        add user sponsor""",
    Category.DELETE_USER: """
        delete user|hard delete user|remove user|bulk delete users - finished (bulk)|delete external user""",
    Category.AUDIT_CONFIG: """
        disable pim alert|enable pim alert|update alert settings|refresh pim alert""",
    Category.CREATE: """
        add application|add service principal|add policy|added policy|add group|add device
        add conditional access policy|create conditional access policy|add named location|add unverified domain
        add domain to company|add owned device|add administrative unit|add contact|add policy to service principal
        add policy to application|create policy|add registered owner to device|add registered users to device
        register device|create access review|add configuration|restore application|restore service principal
        restore group|create access package|add entitlement management role assignment""",
    Category.MODIFY: """
        update policy|update conditional access policy|update named location|verify domain
        verify email verified domain|update domain|update application|update service principal|update group
        update device|set company information|set password policy|set device registration policies
        update role setting in pim|update authorization policy|authentication methods policy update
        update authentication methods policy|update authentication method policy
        authentication strength policy update|update user risk and mfa registration policy|update company settings
        set company multinational feature enabled|set dirsyncenabled flag on company|set dirsyncenabled flag
        update cross-tenant access setting|update external identities policy|device no longer compliant
        device no longer managed|set group license|add member to role in pim requested (permanent)
        add member to role in pim requested (timebound)|add eligible member to role in pim requested (permanent)
        add eligible member to role in pim requested (timebound)
        add eligible member to role in pim requested (renew)|add member to role in pim requested (renew)
        add member to role requested (pim activation)|add member to role request denied (pim activation)
        add member to role approval requested (pim activation)|add member to role canceled (pim activation)
        add member to role canceled|request denied|request approved/denied
        add eligible member to role in pim canceled|remove member from role in pim requested (permanent)
        remove member from role requested (pim deactivate)|process role update request|triggered pim alert
        resolve pim alert|set group to be managed by user|disable desktop sso|disable passthrough authentication
        enable desktop sso|enable passthrough authentication|update b2c directory resource
        create b2c directory resource|add allowed data location""",
    Category.DELETE: """
        delete application|hard delete application|remove service principal|hard delete service principal
        delete policy|delete group|hard delete group|delete device|delete conditional access policy
        delete named location|delete administrative unit|remove unverified domain|remove verified domain
        delete device configuration|remove policy from service principal|remove policy from application
        remove registered owner from device|remove registered users from device|unregister device|delete contact""",
    Category.LIST: """
        download users - started (bulk)|download groups - started (bulk)|download users - finished (bulk)
        download group members - started (bulk)|download devices - started (bulk)
        download group members - finished (bulk)""",
}
"""Each activity under its category, and once only; separated by bars and line ends."""

OPERATIONS: dict[str, Category] = {
    name.strip(): category
    for category, names in NAMES.items()
    for line in names.splitlines()
    for name in line.split("|")
    if name.strip()
}

_ABOUT_KEYS = re.compile(r"keydescription|passwordcredential|keycredential|federatedidentitycredential|appkey")
_ABOUT_FACTORS = re.compile(r"strongauthentication|passwordprofile|searchabledevicekey|alternativesecurityid|passkey")
_WITH_KEYS = frozenset(("update application", "update service principal"))
_WITH_FACTORS = frozenset(("update user",))
_ABOUT_ISSUERS = re.compile(r"trustedca")
_WITH_ISSUERS = frozenset(("set company information",))


_POLICY = re.compile(r"(add|create|new|install|set|update|enable|disable|remove|delete)[ -].*polic(?:y|ies)", re.DOTALL)
_POLICY_VERBS = {
    "add": Category.CREATE,
    "create": Category.CREATE,
    "new": Category.CREATE,
    "install": Category.CREATE,
    "remove": Category.DELETE,
    "delete": Category.DELETE,
}


def of_policy(name: str) -> Category | None:
    """The category of what is done to a policy, which in Microsoft's clouds is a setting and gives nobody rights.

    Args:
        name: An operation's name in lower case: `remove-safelinkspolicy`, `add named location policy`.
    """
    found = _POLICY.match(name)
    return _POLICY_VERBS.get(found[1], Category.MODIFY) if found else None


def folded(action: str) -> str:
    """An activity's name as the table has it."""
    return " ".join(action[:200].split()).rstrip(".").lower()


def category_of(action: str, changed: list[str]) -> Category:
    """The category of an activity.

    Args:
        action: `activityDisplayName`, or the operation of the unified audit log.
        changed: The names of the properties that changed. An application whose keys change gets a credential, and so
            does a user whose strong authentication changes; the activity itself only says that it was updated.
    """
    name = folded(action)
    if name in _WITH_KEYS and any(_ABOUT_KEYS.search(each[:200].lower()) for each in changed):
        return Category.CREDENTIAL
    if name in _WITH_ISSUERS and any(_ABOUT_ISSUERS.search(each[:200].lower()) for each in changed):
        return Category.CREDENTIAL
    if name in _WITH_FACTORS and any(_ABOUT_FACTORS.search(each[:200].lower()) for each in changed):
        return Category.CREDENTIAL
    return OPERATIONS.get(name) or of_policy(name) or category_of_verb(action)
