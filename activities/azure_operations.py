"""What kind of thing an operation of Azure Resource Manager does.

Source: Azure RBAC, "Azure resource provider operations". An operation is `Provider/type[/type...]/verb`, the verb being
`read`, `write`, `delete` or `name/action`; Azure writes it in any case. A table goes before the type, the type before
the verb: everything written under `Microsoft.Network` is a change of the network, and so on.
"""

from __future__ import annotations

import re
from functools import lru_cache

from activities.activity import Category
from activities.category import category_of_verb

NAMES: dict[Category, str] = {
    Category.ROLE_GRANT: """
        microsoft.authorization/roleassignments/write microsoft.authorization/elevateaccess/action
        microsoft.authorization/roledefinitions/write microsoft.authorization/classicadministrators/write
        microsoft.authorization/roleeligibilityschedulerequests/write
        microsoft.authorization/roleassignmentschedulerequests/write microsoft.authorization/denyassignments/delete
        microsoft.authorization/rolemanagementpolicies/write microsoft.keyvault/vaults/accesspolicies/write
        microsoft.managedidentity/userassignedidentities/assign/action
        microsoft.managedservices/registrationassignments/write
        microsoft.managedservices/registrationdefinitions/write microsoft.sql/servers/administrators/write
        microsoft.documentdb/databaseaccounts/sqlroleassignments/write
        microsoft.kusto/clusters/principalassignments/write microsoft.resources/subscriptions/acceptownership/action
        microsoft.subscription/changetenantrequest/action microsoft.management/managementgroups/subscriptions/write""",
    Category.ROLE_REVOKE: """
        microsoft.authorization/roleassignments/delete microsoft.authorization/roledefinitions/delete
        microsoft.authorization/classicadministrators/delete microsoft.authorization/denyassignments/write
        microsoft.managedservices/registrationassignments/delete
        microsoft.managedservices/registrationdefinitions/delete microsoft.keyvault/vaults/accesspolicies/delete
        microsoft.sql/servers/administrators/delete""",
    Category.CREDENTIAL: """
        microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/write
        microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/delete
        microsoft.keyvault/vaults/keys/create microsoft.keyvault/vaults/keys/create/action
        microsoft.containerregistry/registries/generatecredentials/action
        microsoft.containerregistry/registries/tokens/write microsoft.web/sites/publishxml/reset/action
        microsoft.web/sites/newpassword/action microsoft.web/sites/basicpublishingcredentialspolicies/write
        microsoft.compute/sshpublickeys/write microsoft.compute/sshpublickeys/delete
        microsoft.compute/sshpublickeys/generatekeypair/action
        microsoft.automation/automationaccounts/credentials/write microsoft.sql/servers/keys/write
        microsoft.insights/components/apikeys/action microsoft.adhybridhealthservice/services/servicemembers/action""",
    Category.SECRET_READ: """
        microsoft.web/sites/publishxml/action microsoft.web/sites/config/list/action
        microsoft.web/sites/functions/masterkey/read microsoft.web/sites/host/listkeys/action
        microsoft.keyvault/vaults/secrets/getsecret/action microsoft.keyvault/vaults/secrets/read
        microsoft.keyvault/vaults/secrets/backup/action microsoft.keyvault/vaults/keys/backup/action
        microsoft.keyvault/vaults/keys/read/action microsoft.keyvault/vaults/certificates/backup/action
        microsoft.keyvault/vaults/secrets/readmetadata/action
        microsoft.automation/automationaccounts/listkeys/action
        microsoft.machinelearningservices/workspaces/listkeys/action
        microsoft.operationalinsights/workspaces/sharedkeys/action
        microsoft.operationalinsights/workspaces/sharedkeys/read microsoft.batch/batchaccounts/listkeys/action""",
    Category.SHARE: """
        microsoft.compute/disks/begingetaccess/action microsoft.compute/snapshots/begingetaccess/action
        microsoft.compute/restorepointcollections/restorepoints/retrievesasuris/action
        microsoft.compute/galleries/share/action microsoft.storage/storageaccounts/listaccountsas/action
        microsoft.storage/storageaccounts/listservicesas/action
        microsoft.storage/storageaccounts/blobservices/generateuserdelegationkey/action
        microsoft.datashare/accounts/shares/write microsoft.datashare/accounts/shares/invitations/write
        microsoft.storage/storageaccounts/localusers/write
        microsoft.storage/storageaccounts/objectreplicationpolicies/write""",
    Category.DOWNLOAD: """
        microsoft.sql/servers/databases/export/action microsoft.sql/servers/export/action
        microsoft.storage/storageaccounts/blobservices/containers/blobs/read microsoft.web/sites/backup/action
        microsoft.containerregistry/registries/pull/read
        microsoft.containerregistry/registries/exportpipelines/write
        microsoft.storage/storageaccounts/fileservices/fileshares/files/read
        microsoft.resources/subscriptions/resourcegroups/exporttemplate/action microsoft.cache/redis/export/action""",
    Category.AUDIT_CONFIG: """
        microsoft.network/networkwatchers/delete microsoft.network/networkwatchers/write
        microsoft.operationalinsights/workspaces/delete microsoft.operationalinsights/workspaces/write
        microsoft.operationalinsights/workspaces/purge/action microsoft.adhybridhealthservice/services/delete
        microsoft.eventhub/namespaces/eventhubs/delete""",
    Category.EXECUTE: """
        microsoft.compute/virtualmachines/runcommand/action microsoft.compute/virtualmachines/runcommands/write
        microsoft.compute/virtualmachinescalesets/virtualmachines/runcommand/action
        microsoft.compute/virtualmachinescalesets/virtualmachines/runcommands/write
        microsoft.compute/virtualmachines/extensions/write
        microsoft.compute/virtualmachinescalesets/extensions/write
        microsoft.compute/virtualmachines/loginasadmin/action microsoft.compute/virtualmachines/login/action
        microsoft.compute/galleries/applications/versions/write
        microsoft.containerservice/managedclusters/runcommand/action
        microsoft.hybridcompute/machines/extensions/write microsoft.hybridcompute/machines/runcommands/write
        microsoft.serialconsole/serialports/connect/action microsoft.automation/automationaccounts/jobs/write
        microsoft.automation/automationaccounts/runbooks/draft/testjob/write
        microsoft.automation/automationaccounts/webhooks/action
        microsoft.automation/automationaccounts/runbooks/testjob/action microsoft.web/sites/hostruntime/host/action
        microsoft.web/sites/functions/action microsoft.logic/workflows/run/action
        microsoft.logic/workflows/triggers/run/action microsoft.resources/deploymentscripts/write
        microsoft.portal/consoles/write microsoft.containerinstance/containergroups/containers/exec/action
        microsoft.app/containerapps/getauthtoken/action microsoft.network/networkwatchers/startpacketcapture/action
        microsoft.network/networkwatchers/packetcaptures/write
        microsoft.network/networkwatchers/vpnconnections/startpacketcapture/action
        microsoft.containerregistry/registries/buildtasks/queuebuild/action
        microsoft.containerregistry/registries/schedulerun/action microsoft.batch/batchaccounts/jobs/write
        microsoft.machinelearningservices/workspaces/jobs/write""",
    Category.COMPUTE_START: """
        microsoft.compute/virtualmachines/write microsoft.compute/virtualmachines/start/action
        microsoft.compute/virtualmachines/restart/action microsoft.compute/virtualmachinescalesets/write
        microsoft.compute/virtualmachinescalesets/start/action microsoft.containerservice/managedclusters/write
        microsoft.containerservice/managedclusters/start/action microsoft.containerinstance/containergroups/write
        microsoft.containerinstance/containergroups/start/action microsoft.classiccompute/virtualmachines/write
        microsoft.compute/virtualmachines/redeploy/action microsoft.compute/virtualmachines/reimage/action""",
    Category.COMPUTE_STOP: """
        microsoft.compute/virtualmachines/delete microsoft.compute/virtualmachines/deallocate/action
        microsoft.compute/virtualmachines/poweroff/action microsoft.compute/virtualmachinescalesets/delete
        microsoft.compute/virtualmachinescalesets/deallocate/action
        microsoft.compute/virtualmachinescalesets/poweroff/action microsoft.containerservice/managedclusters/delete
        microsoft.containerservice/managedclusters/stop/action microsoft.containerinstance/containergroups/delete
        microsoft.containerinstance/containergroups/stop/action microsoft.classiccompute/virtualmachines/delete""",
    Category.CREATE: """
        microsoft.resources/deployments/write microsoft.authorization/policies/deployifnotexists/action
        microsoft.compute/snapshots/write microsoft.compute/restorepointcollections/write""",
    Category.READ: """
        microsoft.resources/deployments/validate/action microsoft.resources/checkpolicycompliance/read
        microsoft.resources/deployments/whatif/action microsoft.authorization/policies/audit/action
        microsoft.authorization/policies/auditifnotexists/action""",
    Category.MODIFY: """
        microsoft.authorization/policies/modify/action microsoft.authorization/policies/append/action
        microsoft.authorization/policies/deny/action microsoft.keyvault/vaults/deploy/action
        microsoft.compute/disks/endgetaccess/action microsoft.compute/snapshots/endgetaccess/action
        microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/refresh/action
        microsoft.automation/automationaccounts/runbooks/publish/action
        microsoft.resources/subscriptions/resourcegroups/moveresources/action""",
}
"""Each operation under its category, and once only."""

OPERATIONS: dict[str, Category] = {name: category for category, names in NAMES.items() for name in names.split()}

_READ = re.compile(r"/read$")
_BY_TYPE: tuple[tuple[re.Pattern[str], Category], ...] = (
    (re.compile(r"/(?:diagnosticsettings|logprofiles|flowlogs|activitylogalerts|auditingsettings|auditingpolicies)(?:/|$)"),
     Category.AUDIT_CONFIG),
    (re.compile(r"/(?:extendedauditingsettings|securityalertpolicies|advancedthreatprotectionsettings)(?:/|$)"),
     Category.AUDIT_CONFIG),
    (re.compile(r"^microsoft\.(?:insights/(?:actiongroups|alertrules|metricalerts|scheduledqueryrules|datacollection\w+)"
                r"|alertsmanagement|security|securityinsights|aadiam/diagnosticsettings)(?:/|$)"),
     Category.AUDIT_CONFIG),
    (re.compile(r"/(?:cluster)?rolebindings/write$|/(?:cluster)?roles/(?:write|bind/action|escalate/action)$"),
     Category.ROLE_GRANT),
    (re.compile(r"/(?:cluster)?rolebindings/delete$|/(?:cluster)?roles/delete$"), Category.ROLE_REVOKE),
    (re.compile(r"/serviceaccounts/impersonate/action$"), Category.TOKEN),
    (re.compile(r"/(?:cronjobs|jobs)/write$"), Category.EXECUTE),
    (re.compile(r"/list\w*(?:keys?|secrets?|credentials?|connectionstrings?|tokens?)(?:/action)?$"),
     Category.SECRET_READ),
    (re.compile(r"/(?:regenerate\w*|rotate\w*|reset\w*password|resetserviceprincipalprofile|updatepassword)"
                r"(?:/action)?$"), Category.CREDENTIAL),
    (re.compile(r"/(?:secrets|keys|certificates|apikeys|authorizationkeys|sshpublickeys)/"
                r"(?:write|delete|purge/action|restore/action|recover/action|update/action|import/action|setsecret/action"
                r"|create/action)$"), Category.CREDENTIAL),
    (re.compile(r"^microsoft\.(?:network|cdn|classicnetwork)/|/(?:firewallrules|virtualnetworkrules|networkpolicies"
                r"|networkrulesets|ipfilterrules|privateendpointconnections|outboundfirewallrules)/"),
     Category.NETWORK_CONFIG),
)  # fmt: skip
"""What decides where no table does, for everything but reading."""
_VERBS = {"write": Category.MODIFY, "delete": Category.DELETE}


def category_of(operation: str, *, created: bool) -> Category:
    """The category of an operation.

    Args:
        operation: `operationName`, in any case.
        created: Whether the record says that a `write` made something that was not there before.
    """
    category = _by_name(operation[:300].strip().lower())
    return Category.CREATE if created and category is Category.MODIFY else category


@lru_cache(maxsize=8192)
def _by_name(name: str) -> Category:
    found = OPERATIONS.get(name)
    if found:
        return found
    if _READ.search(name) or name.endswith("/list/action"):
        return Category.READ
    for pattern, category in _BY_TYPE:
        if pattern.search(name):
            return category
    path, _, verb = name.rpartition("/")
    if verb in _VERBS:
        return _VERBS[verb]
    found = category_of_verb(path.rpartition("/")[2] if verb == "action" else verb)
    return Category.MODIFY if found is Category.OTHER and verb == "action" else found
