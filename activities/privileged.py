"""Roles and permissions that rule over a tenant, over other identities, or over all data of a service.

Sources: Microsoft Entra, "Microsoft Entra built-in roles" (those labelled privileged); Microsoft Graph, "permissions
reference" (application permissions that let an app give itself more, or read all mail or files); Azure, "Azure
built-in roles", privileged; AWS, "AWS managed policies for job functions"; Google Cloud, "IAM basic roles" and the
roles that give roles or keys; Google Workspace, "Pre-built administrator roles"; Okta, "Standard administrator roles".
"""

from __future__ import annotations

ROLES = frozenset(
    name.strip()
    for name in """
    global administrator|company administrator|privileged role administrator|privileged authentication administrator
    user administrator|application administrator|cloud application administrator|hybrid identity administrator
    security administrator|conditional access administrator|authentication administrator|global reader
    authentication policy administrator|authentication extensibility administrator|domain name administrator
    helpdesk administrator|password administrator|intune administrator|directory writers|exchange administrator
    directory synchronization accounts|on premises directory sync account|external identity provider administrator
    partner tier1 support|partner tier2 support|application developer|b2c ief keyset administrator
    attribute provisioning administrator|sharepoint administrator|lifecycle workflows administrator|security operator
    tenantadmins|user access administrator|owner|contributor|role based access control administrator
    organization management|discovery management|applicationimpersonation|application impersonation|role management
    security administrators|ediscovery manager|mailbox import export
    rolemanagement.readwrite.directory|approleassignment.readwrite.all|application.readwrite.all
    directory.readwrite.all|directory.accessasuser.all|application.readwrite.ownedby|user.readwrite.all
    group.readwrite.all|groupmember.readwrite.all|userauthenticationmethod.readwrite.all|policy.readwrite.all
    policy.readwrite.conditionalaccess|domain.readwrite.all|full_access_as_app|full_access_as_user|mail.read
    mail.readwrite|mail.send|files.read.all|files.readwrite.all|sites.read.all|sites.readwrite.all
    sites.fullcontrol.all|exchange.manageasapp|privilegedaccess.readwrite.azuread
    8e3af657-a8ff-443c-a75c-2fe8c4bcb635|b24988ac-6180-42a0-ab88-20f7382dd24c|18d7d88d-d35e-4fb5-a5c3-7773c20a72d9
    f58310d9-a9f6-439a-9e8d-f62e7b41a168|62e90394-69f5-4237-9190-012177145e10|e8611ab8-c189-46e8-94e1-60213ab1f814
    7be44c8a-adaf-4e2a-84d6-ab2649e08a13
    administratoraccess|poweruseraccess|iamfullaccess|awsorganizationsfullaccess|systemadministrator
    administratoraccess-amplify|awsssomasteraccountadministrator|administratoraccess-awselasticbeanstalk
    roles/owner|roles/editor|roles/iam.securityadmin|roles/iam.serviceaccounttokencreator
    roles/iam.serviceaccountuser|roles/iam.serviceaccountadmin|roles/iam.serviceaccountkeyadmin
    roles/iam.workloadidentityuser|roles/iam.organizationroleadmin|roles/iam.roleadmin|roles/iam.admin
    roles/resourcemanager.organizationadmin|roles/resourcemanager.projectiamadmin
    roles/resourcemanager.folderadmin|roles/resourcemanager.folderiamadmin|roles/orgpolicy.policyadmin
    roles/storage.admin|roles/compute.admin|roles/deploymentmanager.editor|roles/cloudbuild.builds.editor
    roles/securitycenter.admin|roles/logging.admin|roles/secretmanager.admin|roles/accesscontextmanager.policyadmin
    _seed_admin_role|_user_management_admin_role|_help_desk_admin_role|_groups_admin_role|_services_admin_role
    super administrator|super_admin|super admin|organization administrator|org administrator|org_admin
    application administrator|app_admin|group administrator|user_admin|help desk administrator|help_desk_admin
    api access management administrator|api_access_management_admin
    """.replace("|", "\n").splitlines()
    if name.strip()
)
"""In lower case: names, and where records have only those, ids."""

_LONGEST = 300


def is_privileged(name: str) -> bool:
    """Whether a role or permission is one of them: by name or id, at the end of an ARN or path, in any case."""
    lower = name[-_LONGEST:].strip().lower()
    return lower in ROLES or lower.rpartition("/")[2] in ROLES


def any_privileged(text: str) -> bool:
    """Whether one of the permissions in a text is, parted by spaces or commas: `User.Read Mail.ReadWrite`."""
    return any(word in ROLES for word in text[:_LONGEST].lower().replace(",", " ").split())
