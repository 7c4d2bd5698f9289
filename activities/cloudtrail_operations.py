"""What kind of thing an AWS operation does: a table of those that matter, and the verb for the rest.

Names are of the AWS API references. The same name in two services that mean different things is written
`service:name`, the service being `eventSource` without `.amazonaws.com`.
"""

from __future__ import annotations

import re
from functools import lru_cache

from activities.activity import Category
from activities.category import category_of_verb
from activities.values import mapping

_VERSION = re.compile(r"(?:\d{8}|_?\d{4}_\d\d_\d\d)(?:v\d+)?$", re.ASCII)
"""What Lambda and CloudFront put behind a name: `UpdateFunctionCode20150331v2`, `CreateDistribution2020_05_31`."""

NAMES: dict[Category, str] = {
    Category.LOGON: "ConsoleLogin ExternalIdPDirectoryLogin UserAuthentication CredentialVerification Authenticate "
    "CredentialChallenge CheckMfa",
    Category.LOGOFF: "Logout ExitRole TerminateSession",
    Category.TOKEN: "AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot GetSessionToken "
    "GetFederationToken GetSigninToken SwitchRole RenewRole Federate CreateToken CreateTokenWithIAM GetRoleCredentials "
    "GetAuthorizationToken GetCredentialsForIdentity GetOpenIdToken GetClusterCredentials InitiateAuth",
    Category.SECRET_READ: "GetSecretValue BatchGetSecretValue GetPasswordData DownloadDefaultKeyPair ExportCertificate "
    "RetrieveDomainAuthCode",
    Category.READ: "GetCallerIdentity GetCredentialReport GetRandomPassword Decrypt Encrypt ReEncrypt "
    "GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateDataKeyPair Sign Verify",
    Category.LIST: "GetAccountAuthorizationDetails GetAccountSummary GetResources GetResourceCollection",
    Category.DOWNLOAD: "GetObject GetObjectTorrent SelectObjectContent GetSnapshotBlock DownloadDBLogFilePortion "
    "BatchGetImage GetDownloadUrlForLayer GitPull StartExportTask CreateExportTask ExportTableToPointInTime "
    "CreateInstanceExportTask ExportImage CreateStoreImageTask",
    Category.UPLOAD: "PutObject CopyObject UploadPart UploadPartCopy CreateMultipartUpload CompleteMultipartUpload "
    "PutImage GitPush",
    Category.SHARE: "ModifySnapshotAttribute ModifyImageAttribute ModifyDBSnapshotAttribute "
    "ModifyDBClusterSnapshotAttribute ModifyFpgaImageAttribute PutBucketPolicy PutBucketAcl PutObjectAcl "
    "PutAccessPointPolicy DeletePublicAccessBlock DeleteBucketPublicAccessBlock DeleteAccountPublicAccessBlock "
    "PutKeyPolicy PutResourcePolicy AddPermission AddLayerVersionPermission SetRepositoryPolicy PutRegistryPolicy "
    "CreateFunctionUrlConfig CreateResourceShare AssociateResourceShare UpdateProjectVisibility "
    "ModifyDocumentPermission AuthorizeSnapshotAccess AuthorizeDataShare ModifyVpcEndpointServicePermissions "
    "DisableImageBlockPublicAccess DisableSnapshotBlockPublicAccess PutVaultAccessPolicy PutBackupVaultAccessPolicy "
    "PutBucketReplication PutReplicationConfiguration StartCopyJob",
    Category.SEND: "Publish PublishBatch",
    Category.CREATE_USER: "CreateUser AdminCreateUser SignUp",
    Category.MODIFY_USER: "UpdateUser TagUser UntagUser",
    Category.DELETE_USER: "DeleteUser AdminDeleteUser",
    Category.CREDENTIAL: "CreateAccessKey UpdateAccessKey DeleteAccessKey CreateLoginProfile UpdateLoginProfile "
    "DeleteLoginProfile ChangePassword PasswordUpdated PasswordRecoveryRequested PasswordRecoveryCompleted "
    "CreateVirtualMFADevice DeleteVirtualMFADevice EnableMFADevice DeactivateMFADevice ResyncMFADevice "
    "UploadSSHPublicKey UpdateSSHPublicKey DeleteSSHPublicKey UploadSigningCertificate UpdateSigningCertificate "
    "DeleteSigningCertificate CreateServiceSpecificCredential ResetServiceSpecificCredential "
    "DeleteServiceSpecificCredential UploadServerCertificate DeleteServerCertificate CreateKeyPair ImportKeyPair "
    "DeleteKeyPair SendSSHPublicKey SendSerialConsoleSSHPublicKey CreateSecret PutSecretValue UpdateSecret "
    "UpdateSecretVersionStage RotateSecret RestoreSecret DeleteSecret StartSecretVersionDelete EndSecretVersionDelete "
    "CancelSecretVersionDelete RotationStarted RotationSucceeded RotationFailed ImportKeyMaterial CreateSAMLProvider "
    "UpdateSAMLProvider DeleteSAMLProvider CreateOpenIDConnectProvider DeleteOpenIDConnectProvider "
    "UpdateOpenIDConnectProviderThumbprint AddClientIDToOpenIDConnectProvider CreateTrustAnchor UpdateTrustAnchor "
    "DeleteTrustAnchor EnableExternalIdPConfigurationForDirectory "
    "DisableExternalIdPConfigurationForDirectory AssociateDirectory DisassociateDirectory CreateApiKey "
    "DeleteApiKey UpdateApiKey AdminSetUserPassword AdminResetUserPassword "
    "StartMFADeviceRegistration",
    Category.ROLE_GRANT: "AttachUserPolicy AttachRolePolicy AttachGroupPolicy PutUserPolicy PutRolePolicy "
    "PutGroupPolicy AddUserToGroup UpdateAssumeRolePolicy CreatePolicyVersion SetDefaultPolicyVersion "
    "AddRoleToInstanceProfile AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation AddRoleToDBInstance "
    "AddRoleToDBCluster DeleteUserPermissionsBoundary DeleteRolePermissionsBoundary CreateAccountAssignment "
    "AttachManagedPolicyToPermissionSet AttachCustomerManagedPolicyReferenceToPermissionSet "
    "PutInlinePolicyToPermissionSet CreateGroupMembership CreateGrant GrantPermissions BatchGrantPermissions "
    "RegisterDelegatedAdministrator CreateAccessEntry AssociateAccessPolicy AdminAddUserToGroup "
    "rolesanywhere:CreateProfile rolesanywhere:UpdateProfile rolesanywhere:EnableProfile",
    Category.ROLE_REVOKE: "DetachUserPolicy DetachRolePolicy DetachGroupPolicy DeleteUserPolicy DeleteRolePolicy "
    "DeleteGroupPolicy RemoveUserFromGroup DeletePolicyVersion RemoveRoleFromInstanceProfile "
    "DisassociateIamInstanceProfile RemoveRoleFromDBInstance RemoveRoleFromDBCluster DeleteAccountAssignment "
    "DetachManagedPolicyFromPermissionSet DeleteInlinePolicyFromPermissionSet DeleteGroupMembership RevokeGrant "
    "RetireGrant RevokePermissions BatchRevokePermissions DeregisterDelegatedAdministrator DeleteAccessEntry "
    "DisassociateAccessPolicy RemovePermission RemoveLayerVersionPermission DeleteBucketPolicy "
    "DeleteResourcePolicy DeleteRepositoryPolicy rolesanywhere:DeleteProfile rolesanywhere:DisableProfile",
    Category.AUDIT_CONFIG: "StopLogging StartLogging CreateTrail UpdateTrail DeleteTrail PutEventSelectors "
    "PutInsightSelectors CreateEventDataStore UpdateEventDataStore DeleteEventDataStore RestoreEventDataStore "
    "StartEventDataStoreIngestion StopEventDataStoreIngestion CreateFlowLogs DeleteFlowLogs PutConfigurationRecorder "
    "StartConfigurationRecorder StopConfigurationRecorder DeleteConfigurationRecorder PutDeliveryChannel "
    "DeleteDeliveryChannel DeleteConfigRule DeleteEvaluationResults CreateDetector UpdateDetector DeleteDetector "
    "DeletePublishingDestination UpdatePublishingDestination StopMonitoringMembers DisassociateFromMasterAccount "
    "DisassociateFromAdministratorAccount guardduty:DisassociateMembers guardduty:DeleteMembers guardduty:CreateIPSet "
    "guardduty:UpdateIPSet guardduty:CreateFilter guardduty:UpdateFilter CreateResolverQueryLogConfig "
    "AssociateResolverQueryLogConfig DeleteResolverQueryLogConfig DisassociateResolverQueryLogConfig "
    "CreateQueryLoggingConfig DeleteQueryLoggingConfig PutBucketLogging DeleteLogGroup DeleteLogStream "
    "PutRetentionPolicy DeleteRetentionPolicy PutSubscriptionFilter DeleteSubscriptionFilter DeleteAlarms "
    "DisableAlarmActions EnableSecurityHub DisableSecurityHub BatchDisableStandards DisableImportFindingsForProduct "
    "EnableMacie DisableMacie UpdateMacieSession StartActivityStream StopActivityStream DeleteAnalyzer "
    "PutModelInvocationLoggingConfiguration DeleteModelInvocationLoggingConfiguration PutLoggingConfiguration "
    "DeleteLoggingConfiguration EnableLogging DisableLogging",
    Category.NETWORK_CONFIG: "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress "
    "RevokeSecurityGroupEgress AuthorizeDBSecurityGroupIngress RevokeDBSecurityGroupIngress AllocateAddress "
    "ReleaseAddress AssociateAddress DisassociateAddress AcceptVpcPeeringConnection ChangeResourceRecordSets "
    "ApplySecurityGroupsToLoadBalancer SetSecurityGroups DisableDomainTransferLock TransferDomainToAnotherAwsAccount "
    "TransferDomain",
    Category.COMPUTE_START: "RunInstances StartInstances CreateFleet RequestSpotInstances RequestSpotFleet "
    "CreateAutoScalingGroup CreateNotebookInstance CreateTrainingJob CreateProcessingJob sagemaker:CreateEndpoint "
    "RunJobFlow CreateNodegroup CreateComputeEnvironment CreateEnvironmentEC2 lightsail:CreateInstances "
    "CreateWorkspaces",
    Category.COMPUTE_STOP: "StopInstances TerminateInstances RebootInstances",
    Category.EXECUTE: "Invoke InvokeAsync InvokeFunction InvokeModel InvokeModelWithResponseStream Converse "
    "ConverseStream SendCommand StartSession ResumeSession StartAutomationExecution ExecuteCommand StartExecution "
    "StartBuild StartQueryExecution RunTask SubmitJob StartJobRun ExecuteStatement CreateAssociation "
    "ssm:UpdateAssociation",
    Category.CREATE: "SharedSnapshotVolumeCreated SharedSnapshotCopyInitiated",
    Category.MODIFY: "organizations:AttachPolicy organizations:DetachPolicy PutUserPermissionsBoundary "
    "PutRolePermissionsBoundary LeaveOrganization RemoveAccountFromOrganization CancelKeyDeletion",
    Category.DELETE: "ScheduleKeyDeletion TerminateEnvironment CloseAccount",
}
"""Each operation under its category, and once only."""

OPERATIONS: dict[str, Category] = {name: category for category, names in NAMES.items() for name in names.split()}

ASKS = frozenset(("CheckMfa", "CredentialChallenge"))
"""Steps of a sign-in that only ask; another record says how it ended."""

# Of these, only the ones that add somebody share; taking somebody away is a plain change.
_MAY_UNSHARE = frozenset(
    "ModifySnapshotAttribute ModifyImageAttribute ModifyDBSnapshotAttribute ModifyDBClusterSnapshotAttribute "
    "ModifyFpgaImageAttribute ModifyVpcEndpointServicePermissions".split()
)
_BY_PARAMETER = (
    ("GetParameter", "withDecryption", Category.SECRET_READ),
    ("ModifyDBInstance", "masterUserPassword", Category.CREDENTIAL),
    ("ModifyDBCluster", "masterUserPassword", Category.CREDENTIAL),
    # A machine runs its user data when it starts.
    ("ModifyInstanceAttribute", "userData", Category.EXECUTE),
)
"""Operations, by the beginning of their name, that a parameter makes something more telling."""
_ADDED = ("valuesToAdd", "createVolumePermission", "launchPermission", "loadPermission")


def category_of(event_source: str, event_name: str, parameters: dict[str, object], read_only: object) -> Category:
    """The category of an operation.

    Args:
        event_source: `eventSource`, e.g. `s3.amazonaws.com`.
        event_name: `eventName`, with or without an API version behind it.
        parameters: `requestParameters`; some operations only share, or only read a secret, with certain ones.
        read_only: `readOnly`, which decides where nothing else does; anything but a boolean says nothing.
    """
    category = _by_name(event_source, event_name)
    if category is Category.SHARE and event_name in _MAY_UNSHARE:
        return Category.SHARE if any(_adds(parameters.get(name)) for name in _ADDED) else Category.MODIFY
    for name, parameter, special in _BY_PARAMETER:
        if event_name.startswith(name) and parameters.get(parameter):
            return special
    if event_name == "ModifyInstanceAttribute" and parameters.get("attribute") == "userData":
        return Category.EXECUTE
    if category is Category.OTHER and isinstance(read_only, bool):
        return Category.READ if read_only else Category.MODIFY
    return category


@lru_cache(maxsize=8192)
def plain_name(event_name: str) -> str:
    """An operation's name without the API version that some services put behind it."""
    return _VERSION.sub("", event_name[:200])


@lru_cache(maxsize=8192)
def _by_name(event_source: str, event_name: str) -> Category:
    name = plain_name(event_name)
    found = OPERATIONS.get(f"{event_source.partition('.')[0]}:{name}") or OPERATIONS.get(name)
    return found or category_of_verb(name)


def _adds(value: object) -> bool:
    """Whether a permission's change adds somebody: `["123"]` of RDS, `{"add": {"items": [...]}}` of EC2."""
    return bool(value) if isinstance(value, list) else bool(mapping(value).get("add"))
