"""What a CloudTrail record says of the things acted on: `requestParameters`, and `additionalEventData` of S3.

Names are those of the AWS API references.
"""

from __future__ import annotations

import msgspec

from simulator.record import NativeObject
from simulator.streams import guid

_PARAMETERS = {
    "access_key": "accessKeyId",
    "bundle": "bundleId",
    "certificate": "certificateArn",
    "cluster": "clusterName",
    "configuration_recorder": "configurationRecorderName",
    "db_cluster": "dBClusterIdentifier",
    "db_instance": "dBInstanceIdentifier",
    "db_snapshot": "dBSnapshotIdentifier",
    "detector": "detectorId",
    "document": "documentName",
    "domain": "domainName",
    "filter": "name",
    "function": "functionName",
    "group": "groupName",
    "image": "imageId",
    "ip_set": "name",
    "key": "keyId",
    "key_pair": "keyName",
    "load_balancer": "loadBalancerArn",
    "log_group": "logGroupName",
    "mfa_device": "serialNumber",
    "model": "modelId",
    "permission_set": "permissionSetArn",
    "pipeline": "imagePipelineArn",
    "policy": "policyArn",
    "query_log_config": "resolverQueryLogConfigId",
    "queue": "queueUrl",
    "recovery_point": "recoveryPointArn",
    "repository": "repositoryName",
    "role": "roleName",
    "rule": "identifier",
    "secret": "secretId",
    "security_group": "groupId",
    "service": "service",
    "snapshot": "snapshotId",
    "stack": "stackName",
    "table": "tableName",
    "target_group": "targetGroupArn",
    "topic": "topicArn",
    "user": "userName",
    "vault": "backupVaultName",
    "volume": "volumeId",
    "vpc": "vpcId",
    "zone": "id",
}
_OF_ACTIONS = {
    ("AttachManagedPolicyToPermissionSet", "policy"): "managedPolicyArn",
    ("UpdateTrail", "key"): "kmsKeyId",
    ("CreatePermissionSet", "permission_set"): "name",
    ("DeleteStackSet", "stack"): "stackSetName",
    ("DisassociateResolverQueryLogConfig", "vpc"): "resourceId",
}
"""Where an operation calls a kind otherwise."""
_TRAIL_NAME = frozenset(("PutEventSelectors", "PutInsightSelectors", "GetEventSelectors"))
_LISTED = frozenset(("alarm", "feature", "flow_log", "template"))
"""Kinds whose names are in a list, or within another parameter."""
_ADDED = "add"
_EC2_PERMISSIONS = {"ModifySnapshotAttribute": "createVolumePermission", "ModifyImageAttribute": "launchPermission"}
_POLICIES = {
    "PutKeyPolicy": ("policy", "kms:Decrypt"),
    "PutResourcePolicy": ("resourcePolicy", "secretsmanager:GetSecretValue"),
    "SetRepositoryPolicy": ("policyText", "ecr:BatchGetImage"),
}
"""Parameters that a policy is given in as text, and what it allows."""
_DECRYPTING = frozenset(("GetParameter", "GetParameters", "GetParametersByPath"))


def parameters(action: str, objects: tuple[NativeObject, ...]) -> dict[str, object]:
    """`requestParameters` of an operation on `objects`.

    An `account` among them is whom something is shared with; `instance_type` is what RunInstances starts;
    `retention_days` for how long something is kept from now on.
    """
    found: dict[str, object] = {}
    for kind in dict.fromkeys(item.type for item in objects):
        names = [item.name for item in objects if item.type == kind]
        found.update(_of_kind(action, kind, names))
    if action in _DECRYPTING:
        found["withDecryption"] = True
    if action == "PutEventSelectors":
        found["eventSelectors"] = [{"readWriteType": "ReadOnly", "includeManagementEvents": False, "dataResources": []}]
    return found


def _of_kind(action: str, kind: str, names: list[str]) -> dict[str, object]:  # noqa: PLR0911
    if kind == "object":
        bucket, _, key = names[0].partition("/")
        return {"bucketName": bucket, "key": key}
    if kind == "bucket":
        return {"bucketName": names[0]}
    if kind == "trail":
        return {"trailName" if action in _TRAIL_NAME else "name": names[0]}
    if kind == "parameter":
        return {"names": names} if action == "GetParameters" else {"name": names[0]}
    if kind in _LISTED:
        return _listed(action, kind, names)
    if kind == "instance" and action.endswith("Instances"):
        return {"instancesSet": {"items": [{"instanceId": name} for name in names]}}
    if kind == "instance_type":
        return _machines(action, names)
    if kind == "account":
        return _shared(action, names)
    if kind == "retention_days":
        return _kept(action, int(names[0]))
    if kind == "instance":
        return {"instanceId": names[0]}
    if kind == "user" and action == "CreateAccountAssignment":
        # IAM Identity Center's own id of the user, whose name isn't in the record.
        return {"principalType": "USER", "principalId": guid("identity store", names[0])}
    parameter = _OF_ACTIONS.get((action, kind)) or _PARAMETERS.get(kind)
    return {parameter: names[0]} if parameter else {}


def _machines(action: str, types: list[str]) -> dict[str, object]:
    if action == "ModifyInstanceAttribute":
        return {"instanceType": {"value": types[0]}}
    if action == "RunJobFlow":
        sizes = {"masterInstanceType": types[0], "slaveInstanceType": types[0], "instanceCount": len(types)}
        return {"instances": sizes}
    if action == "CreateComputeEnvironment":
        return {"computeResources": {"type": "SPOT", "instanceTypes": [types[0]], "maxvCpus": 1_024}}
    if not action.endswith("Instances"):
        return {"instanceType": types[0]}
    items = [{"imageId": "ami-0c101f26f147fa7fd", "minCount": len(types), "maxCount": len(types)}]
    return {"instanceType": types[0], "instancesSet": {"items": items}}


def _listed(action: str, kind: str, names: list[str]) -> dict[str, object]:
    if kind == "alarm":
        return {"alarmNames": names}
    if kind == "feature":
        return {"features": [{"name": name, "status": "DISABLED"} for name in names]}
    if kind == "template":
        return {f"{action}Request": {"LaunchTemplateId": names[0]}}
    return {f"{action}Request": {"FlowLogId": [{"tag": 1, "content": name} for name in names]}}


def _shared(action: str, accounts: list[str]) -> dict[str, object]:
    if action in _EC2_PERMISSIONS:
        items = [{"userId": account} for account in accounts]
        return {_EC2_PERMISSIONS[action]: {_ADDED: {"items": items}}}
    if action.startswith("ModifyDB"):
        return {"attributeName": "restore", "valuesToAdd": accounts}
    if action in _POLICIES:
        parameter, allowed = _POLICIES[action]
        return {parameter: msgspec.json.encode(_policy(accounts, allowed)).decode()}
    if action == "PutBucketReplication":
        destination = {"Account": accounts[0], "Bucket": f"arn:aws:s3:::mirror-{accounts[0]}"}
        return {"ReplicationConfiguration": {"Rule": {"Status": "Enabled", "Destination": destination}}}
    return {"bucketPolicy": _policy(accounts, "s3:*")}


def _kept(action: str, days: int) -> dict[str, object]:
    if action == "PutBucketLifecycleConfiguration":
        rule = {"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": days}}
        return {"LifecycleConfiguration": {"Rule": rule}}
    return {"retentionInDays": days}


def _policy(accounts: list[str], allowed: str) -> dict[str, object]:
    return {"Statement": [{"Effect": "Allow", "Principal": {"AWS": accounts}, "Action": allowed}]}


_READS = ("Access", "BatchGet", "Describe", "Filter", "Get", "Head", "List", "Lookup", "Search", "Simulate", "Test")
_NOT_READS = frozenset(("GetSigninToken",))


def is_read_only(action: str) -> bool:
    """`readOnly` of an operation."""
    return action.startswith(_READS) and action not in _NOT_READS


def moved(objects: tuple[NativeObject, ...], *, out: bool) -> dict[str, object]:
    """`additionalEventData` of a data event of S3: the bytes that went to (`out`) or came from the caller."""
    size = next((item.bytes for item in objects if item.bytes is not None), 0)
    return {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": 0 if out else size,
        "AuthenticationMethod": "AuthHeader",
        "bytesTransferredOut": size if out else 0,
    }
