"""What kind of thing a Google Cloud method does: a table of those that matter, and the verb for the rest.

Names are of the services' API references and of the IAM documentation, "Audit logging". One without a version
(`compute.instances.insert`) also stands for `v1.compute.instances.insert`; one without dots
(`CreateServiceAccountKey`) for every service's method that ends so.
"""

from __future__ import annotations

import re
from functools import lru_cache

from activities import google_workspace_operations
from activities.activity import Category
from activities.category import category_of_verb
from activities.values import items, mapping, operation_key, string

NAMES: dict[Category, str] = {
    Category.LOGON: "cloudsql.instances.connect google.ssh-serialport.v1.connect",
    Category.TOKEN: "GenerateAccessToken GenerateIdToken SignJwt SignBlob AuthorizeUser "
    "google.identity.sts.v1.SecurityTokenService.ExchangeToken serviceaccounts.token.create",
    Category.SECRET_READ: "AccessSecretVersion GetKeyString secrets.get secrets.list",
    Category.READ: "Encrypt Decrypt AsymmetricSign AsymmetricDecrypt MacSign RawEncrypt RawDecrypt GetIamPolicy "
    "storage.getIamPermissions TestIamPermissions CheckPolicy compute.instances.getSerialPortOutput "
    "compute.instances.getScreenshot projects.content.reidentify",
    Category.LIST: "SearchAllResources SearchAllIamPolicies AnalyzeIamPolicy ListAssets QueryGrantableRoles "
    "storage.buckets.listChannels",
    Category.DOWNLOAD: "storage.objects.get google.storage.objects.get cloudsql.instances.export ExportAssets "
    "google.datastore.admin.v1.DatastoreAdmin.ExportEntities compute.images.export DownloadArtifact",
    Category.UPLOAD: "storage.objects.create google.storage.objects.create storage.objects.update "
    "storage.objects.compose storage.objects.rewrite storage.objects.copy",
    Category.EXECUTE: "InsertJob jobservice.insert jobservice.jobcompleted CreateBuild RunJob CallFunction pods.exec "
    "pods.exec.create pods.exec.get pods.attach.create pods.portforward.create RunWorkflow CreateExecution "
    "CreatePipelineJob cronjobs.create cronjobs.patch cronjobs.update jobs.create",
    Category.COMPUTE_START: "compute.instances.insert compute.instances.bulkInsert compute.instances.start "
    "compute.instances.resume compute.instances.startWithEncryptionKey CreateCluster",
    Category.COMPUTE_STOP: "compute.instances.stop compute.instances.suspend DeleteCluster",
    Category.CREATE_USER: "CreateServiceAccount UndeleteServiceAccount cloudsql.users.create "
    "iam.serviceAccounts.create iam.serviceAccounts.undelete",
    Category.MODIFY_USER: "UpdateServiceAccount PatchServiceAccount EnableServiceAccount DisableServiceAccount "
    "iam.serviceAccounts.patch iam.serviceAccounts.update iam.serviceAccounts.enable iam.serviceAccounts.disable",
    Category.DELETE_USER: "DeleteServiceAccount cloudsql.users.delete iam.serviceAccounts.delete",
    Category.CREDENTIAL: "CreateServiceAccountKey UploadServiceAccountKey DeleteServiceAccountKey "
    "EnableServiceAccountKey DisableServiceAccountKey CreateKey UpdateKey DeleteKey UndeleteKey "
    "storage.hmacKeys.create storage.hmacKeys.update storage.hmacKeys.delete cloudsql.users.update "
    "cloudsql.sslCerts.create cloudsql.sslCerts.insert ImportSshPublicKey DeleteSshPublicKey UpdateSshPublicKey "
    "CreateWorkloadIdentityPool UpdateWorkloadIdentityPool DeleteWorkloadIdentityPool "
    "CreateWorkloadIdentityPoolProvider UpdateWorkloadIdentityPoolProvider DeleteWorkloadIdentityPoolProvider "
    "CreateWorkforcePool UpdateWorkforcePool DeleteWorkforcePool CreateWorkforcePoolProvider "
    "UpdateWorkforcePoolProvider DeleteWorkforcePoolProvider DestroyCryptoKeyVersion UpdateCryptoKeyVersion "
    "UpdateCryptoKeyPrimaryVersion RestoreCryptoKeyVersion CreateCryptoKey CreateCryptoKeyVersion UpdateCryptoKey "
    "ImportCryptoKeyVersion CreateBrand CreateClient",
    Category.ROLE_GRANT: "SetIamPolicy SetIAMPolicy UpdateRole InsertProjectOwnershipInvite "
    "compute.instances.setServiceAccount compute.instances.setIamPolicy storage.setIamPermissions CreateGrant "
    "ApproveGrant CreateEntitlement rolebindings.create rolebindings.patch rolebindings.update "
    "clusterrolebindings.create clusterrolebindings.patch clusterrolebindings.update roles.patch roles.update "
    "clusterroles.patch clusterroles.update certificatesigningrequests.approval.update",
    Category.ROLE_REVOKE: "DeleteRole RevokeGrant DenyGrant rolebindings.delete clusterrolebindings.delete "
    "roles.delete clusterroles.delete",
    Category.SHARE: "compute.disks.setIamPolicy compute.images.setIamPolicy compute.snapshots.setIamPolicy "
    "compute.machineImages.setIamPolicy google.cloud.bigquery.analyticshub.v1.AnalyticsHubService.CreateListing",
    Category.AUDIT_CONFIG: "CreateSink UpdateSink DeleteSink CreateExclusion UpdateExclusion DeleteExclusion "
    "DeleteLog ConfigServiceV2.CreateBucket ConfigServiceV2.UpdateBucket ConfigServiceV2.DeleteBucket "
    "UpdateCmekSettings ConfigServiceV2.UpdateSettings ConfigServiceV2.DeleteView ConfigServiceV2.UpdateView "
    "DeleteLogMetric UpdateLogMetric CreateAlertPolicy UpdateAlertPolicy DeleteAlertPolicy DeleteNotificationChannel "
    "UpdateNotificationChannel CreateMuteConfig UpdateMuteConfig DeleteMuteConfig UpdateOrganizationSettings "
    "UpdateSecurityHealthAnalyticsSettings UpdateEventThreatDetectionSettings DeleteNotificationConfig SetMute "
    "BulkMuteFindings",
    Category.NETWORK_CONFIG: "dns.changes.create dns.managedZones.create dns.managedZones.delete "
    "dns.managedZones.patch dns.managedZones.update dns.policies.create dns.policies.patch dns.policies.delete "
    "compute.packetMirrorings.insert compute.packetMirrorings.patch compute.packetMirrorings.delete "
    "compute.subnetworks.insert compute.subnetworks.patch compute.subnetworks.delete compute.networks.addPeering "
    "compute.networks.removePeering compute.vpnTunnels.insert compute.vpnTunnels.delete compute.routers.patch "
    "compute.routers.insert compute.forwardingRules.insert compute.addresses.insert "
    "compute.instances.addAccessConfig compute.instances.deleteAccessConfig compute.securityPolicies.insert "
    "compute.securityPolicies.patch compute.securityPolicies.delete compute.securityPolicies.addRule "
    "compute.securityPolicies.removeRule CreateServicePerimeter UpdateServicePerimeter DeleteServicePerimeter "
    "ReplaceServicePerimeters CommitServicePerimeters CreateAccessLevel UpdateAccessLevel DeleteAccessLevel "
    "ReplaceAccessLevels accessPolicies.accessLevels.delete accessPolicies.accessZones.delete",
}

OPERATIONS: dict[str, Category] = {name: category for category, names in NAMES.items() for name in names.split()}

_VERSION = re.compile(r"^(?:v\d\w*|alpha|beta)\.", re.ASCII)
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORKSPACE = ("google.admin.AdminService.", "google.login.LoginService.")
_POLICY_SETTERS = frozenset((Category.ROLE_GRANT, Category.SHARE))
_EVERYBODY = ("allusers", "allauthenticatedusers")
_SSH_KEYS = frozenset(("ssh-keys", "sshkeys"))
_FLOW_LOGS = ("logConfig", "enableFlowLogs")


def category_of(method: str, payload: dict[str, object]) -> Category:
    """The category of a method.

    Args:
        method: `methodName`, e.g. `google.iam.admin.v1.CreateServiceAccountKey`.
        payload: `protoPayload`: what a change of a policy, of metadata or of a subnetwork is about decides.
    """
    method = operation_key(method)
    category = _by_name(method)
    request = mapping(payload.get("request"))
    if category in _POLICY_SETTERS and "setiam" in method.lower():
        return _of_policy(payload, category)
    if category is Category.NETWORK_CONFIG and "ubnetworks.patch" in method:
        return Category.AUDIT_CONFIG if any(field in request for field in _FLOW_LOGS) else category
    if "etadata" in method and _adds_ssh_keys(mapping(payload.get("metadata"))):
        return Category.CREDENTIAL
    if category is Category.EXECUTE and _exports(mapping(payload.get("metadata"))):
        return Category.DOWNLOAD
    return category


@lru_cache(maxsize=8192)
def _by_name(method: str) -> Category:
    """By the whole name, its last parts, the Workspace event it stands for, and its verb."""
    name = _VERSION.sub("", method)
    parts = name.split(".")
    for start in (0, -3, -2, -1):
        found = OPERATIONS.get(".".join(parts[start:]))
        if found:
            return found
    if method.startswith(_WORKSPACE):
        # Google writes `GRANT_ADMIN_PRIVILEGE` as `grantAdminPrivilege` here, and `login_success` as `loginSuccess`.
        event = _CAPITAL.sub("_", parts[-1])
        for spelt in (event.upper(), event.lower()):
            if spelt in google_workspace_operations.OPERATIONS:
                return google_workspace_operations.OPERATIONS[spelt]
    return category_of_verb(name)


def _of_policy(payload: dict[str, object], category: Category) -> Category:
    """What a change of an IAM policy does, by the changes that the log says."""
    delta = mapping(mapping(payload.get("serviceData")).get("policyDelta"))
    if delta.get("auditConfigDeltas"):
        return Category.AUDIT_CONFIG
    changes = [mapping(change) for change in items(delta.get("bindingDeltas"))]
    added = [change for change in changes if string(change.get("action")).upper() == "ADD"]
    if any(string(change.get("member")).lower() in _EVERYBODY for change in added):
        return Category.SHARE
    return Category.ROLE_REVOKE if changes and not added else category


def _adds_ssh_keys(metadata: dict[str, object]) -> bool:
    """Whether a change of an instance's or a project's metadata lets keys in."""
    for delta in ("instanceMetadataDelta", "projectMetadataDelta"):
        for field in ("addedMetadataKeys", "modifiedMetadataKeys"):
            keys = items(mapping(metadata.get(delta)).get(field))
            if any(string(key).lower() in _SSH_KEYS for key in keys):
                return True
    return False


def _exports(metadata: dict[str, object]) -> bool:
    """Whether a BigQuery job writes a table out to storage."""
    for field in ("jobInsertion", "jobChange"):
        job = mapping(mapping(metadata.get(field)).get("job"))
        if string(mapping(job.get("jobConfig")).get("type")).upper() == "EXPORT":
            return True
    return False
