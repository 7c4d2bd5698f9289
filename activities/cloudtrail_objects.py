"""What a CloudTrail record was done to: its well-known request parameters, whom it lets in, then its `resources`."""

from __future__ import annotations

from activities.activity import Category, Object
from activities.cloudtrail_tags import let_in
from activities.record import LIST_LIMIT, text
from activities.values import mapping, string

_KINDS: dict[str, str] = {
    "instanceId": "instance",
    "instanceIds": "instance",
    "target": "instance",
    "userName": "user",
    "roleName": "role",
    "roleArn": "role",
    "groupName": "group",
    "groupId": "security_group",
    "policyArn": "policy",
    "policyName": "policy",
    "instanceProfileName": "instance_profile",
    "accessKeyId": "access_key",
    "serialNumber": "mfa_device",
    "virtualMFADeviceName": "mfa_device",
    "sAMLProviderArn": "identity_provider",
    "trailName": "trail",
    "trailNameList": "trail",
    "eventDataStore": "event_data_store",
    "detectorId": "detector",
    "configurationRecorderName": "configuration_recorder",
    "deliveryChannelName": "delivery_channel",
    "logGroupName": "log_group",
    "resolverQueryLogConfigId": "query_log_config",
    "functionName": "function",
    "secretId": "secret",
    "names": "parameter",
    "keyId": "key",
    "keyName": "key_pair",
    "dBInstanceIdentifier": "db_instance",
    "dBClusterIdentifier": "db_cluster",
    "dBSnapshotIdentifier": "db_snapshot",
    "dBClusterSnapshotIdentifier": "db_snapshot",
    "dBSecurityGroupName": "security_group",
    "snapshotId": "snapshot",
    "imageId": "image",
    "volumeId": "volume",
    "vpcId": "vpc",
    "subnetId": "subnet",
    "routeTableId": "route_table",
    "internetGatewayId": "internet_gateway",
    "natGatewayId": "nat_gateway",
    "networkAclId": "network_acl",
    "networkInterfaceId": "network_interface",
    "tableName": "table",
    "repositoryName": "repository",
    "projectName": "project",
    "projectArn": "project",
    "clusterName": "cluster",
    "stackName": "stack",
    "streamName": "stream",
    "topicArn": "topic",
    "queueUrl": "queue",
    "documentName": "document",
    "modelId": "model",
    "trustAnchorId": "trust_anchor",
    "instanceType": "instance_type",
    "externalUserId": "user",
    "backupVaultName": "backup_vault",
    "recoveryPointArn": "recovery_point",
    "RegionName": "region",
}
_OF_NAME = {
    "cloudtrail.amazonaws.com": "trail",
    "ssm.amazonaws.com": "parameter",
    "secretsmanager.amazonaws.com": "secret",
    "rolesanywhere.amazonaws.com": "profile",
}
"""What the parameter called just `name` names, by service."""

_SETS = {"instancesSet": ("instanceId", "instance"), "snapshotSet": ("snapshotId", "snapshot")}
"""EC2's lists: `{"items": [{"instanceId": "i-1"}]}`."""

_RECEIVES = frozenset({Category.READ, Category.LIST, Category.DOWNLOAD, Category.SECRET_READ})
_OPENS = frozenset({Category.SHARE, Category.ROLE_GRANT, Category.CREATE})
_PLACED = frozenset({Category.COMPUTE_STOP, Category.CREATE, Category.MODIFY, Category.DELETE})
"""What is made or changed is somewhere; where machines start matters even if nothing else is known of them."""
_MOST_BYTES = 2**63 - 1


def objects_of(record: dict[str, object], category: Category) -> tuple[Object, ...]:
    """At most 32 objects, the main one first.

    An S3 object is `bucket/key`. S3's count of the bytes that moved goes to the first object: those sent to the
    caller where the category reads, else those received.
    """
    parameters = mapping(record.get("requestParameters"))
    source = string(record.get("eventSource"))
    found: dict[tuple[str, str], None] = {}
    bucket, key = _plain(parameters.get("bucketName")), _plain(parameters.get("key"))
    if bucket:
        found["object" if key else "bucket", f"{bucket}/{key}" if key else bucket] = None
    for parameter, value in parameters.items():
        kind = _OF_NAME.get(source, "") if parameter == "name" else _KINDS.get(parameter)
        if kind:
            # Attributes of EC2 are written `{"value": "m5.large"}`.
            plain = value.get("value") if isinstance(value, dict) else value
            for name in plain[:LIST_LIMIT] if isinstance(plain, list) else (plain,):
                if isinstance(name, str) and name:
                    found[kind, name] = None
        elif parameter in _SETS:
            _add_set(parameters, parameter, found)
        elif parameter == "DeleteFlowLogsRequest":
            _add_flow_logs(value, found)
    made = string(mapping(mapping(record.get("responseElements")).get("accessKey")).get("accessKeyId"))
    if made:
        found["access_key", made] = None
    if category in _OPENS:
        found.update(dict.fromkeys(("principal", who) for who in let_in(record)))
    _add_resources(record.get("resources"), found)
    if record.get("eventName") == "UpdateAccessKey":
        status = string(parameters.get("status"))
        if status:
            found["status", status] = None
    region = string(record.get("awsRegion"))
    if region and (category is Category.COMPUTE_START or (found and category in _PLACED)):
        found["region", region] = None
    moved = _bytes_moved(record, category) if bucket else None
    return tuple(
        Object(text(kind), text(name), moved if position == 0 else None)
        for position, (kind, name) in enumerate(list(found)[:LIST_LIMIT])
    )


def _plain(value: object) -> str:
    """A parameter's text; S3 also writes it as a list of one."""
    return string(value[0]) if isinstance(value, list) and value else string(value)


def _add_set(parameters: dict[str, object], parameter: str, found: dict[tuple[str, str], None]) -> None:
    field, kind = _SETS[parameter]
    items = mapping(parameters[parameter]).get("items")
    for item in items[:LIST_LIMIT] if isinstance(items, list) else ():
        name = string(mapping(item).get(field))
        if name:
            found[kind, name] = None


def _add_flow_logs(request: object, found: dict[tuple[str, str], None]) -> None:
    """`{"FlowLogId": {"tag": 1, "content": "fl-1"}}`, or a list of those."""
    ids = mapping(request).get("FlowLogId")
    for item in ids[:LIST_LIMIT] if isinstance(ids, list) else (ids,):
        name = string(mapping(item).get("content"))
        if name:
            found["flow_log", name] = None


def _add_resources(resources: object, found: dict[tuple[str, str], None]) -> None:
    """The ARNs in `resources` that no parameter has named yet."""
    named = tuple(ending for _, name in found for ending in (f":{name}", f"/{name}", name))
    for resource in resources[:LIST_LIMIT] if isinstance(resources, list) else ():
        entry = mapping(resource)
        arn = string(entry.get("ARN")) or string(entry.get("arn"))
        if arn and not arn.endswith(named):
            found[string(entry.get("type")), arn] = None


def _bytes_moved(record: dict[str, object], category: Category) -> int | None:
    data = mapping(record.get("additionalEventData"))
    moved = data.get("bytesTransferredOut" if category in _RECEIVES else "bytesTransferredIn")
    if isinstance(moved, bool) or not isinstance(moved, int | float) or not 0 <= moved <= _MOST_BYTES:
        return None
    return min(int(moved), _MOST_BYTES)
