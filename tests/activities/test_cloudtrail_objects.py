"""CloudTrail: what was acted on, how many bytes were moved, and which category an operation gets."""

from __future__ import annotations

from typing import Any

import pytest

from activities.activity import Category, Object
from activities.cloudtrail_operations import NAMES, OPERATIONS
from tests.activities.cloudtrail_event import read


def test_bytes_follow_the_direction() -> None:
    assert read().objects == (
        Object("object", "reports/2026/q3.csv", 4096),
        Object("AWS::S3::Bucket", "arn:aws:s3:::reports"),
    )
    assert read(eventName="PutObject").objects[0].bytes == 7
    for moved in (-1, 2**64, "4096", True, None):
        assert read(additionalEventData={"bytesTransferredOut": moved}).objects[0].bytes is None
    assert read(additionalEventData={"bytesTransferredOut": 12.0}).objects[0].bytes == 12


@pytest.mark.parametrize(
    ("source", "parameters", "objects"),
    [
        (
            "ec2", {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}},
            (("instance", "i-1"), ("instance", "i-2")),
        ),
        (
            "ssm", {"instanceIds": ["i-1"], "documentName": "AWS-RunShellScript"},
            (("instance", "i-1"), ("document", "AWS-RunShellScript")),
        ),
        ("iam", {"userName": "bob", "policyArn": "arn:p"}, (("user", "bob"), ("policy", "arn:p"))),
        ("cloudtrail", {"name": "main"}, (("trail", "main"),)),
        ("lambda", {"functionName": "f", "name": "not known here"}, (("function", "f"),)),
        ("s3", {"bucketName": ["b"], "key": ["k"]}, (("object", "b/k"),)),
        (
            "ec2", {"DeleteFlowLogsRequest": {"FlowLogId": [{"content": "fl-1"}, {"content": "fl-2"}]}},
            (("flow_log", "fl-1"), ("flow_log", "fl-2")),
        ),
        ("ec2", {"instancesSet": {"items": "x"}, "userName": {"a": 1}, "roleName": [1, None, "r"]}, (("role", "r"),)),
        ("ec2", {"instanceIds": ["i-1", "i-1"]}, (("instance", "i-1"),)),
        ("ec2", None, ()),
    ],
)  # fmt: skip
def test_objects(source: str, parameters: object, objects: tuple[tuple[str, str], ...]) -> None:
    activity = read(eventSource=f"{source}.amazonaws.com", eventName="X", requestParameters=parameters, resources=None)
    assert tuple((item.type, item.name) for item in activity.objects) == objects


def test_objects_are_bounded() -> None:
    many = read(requestParameters={"instanceIds": [f"i-{number}" for number in range(500)], "userName": "u" * 5000})
    assert len(many.objects) == 32
    assert len(read(requestParameters={"userName": "u" * 5000}).objects[0].name) == 1024


def test_an_attribute_is_an_object_by_its_value() -> None:
    parameters = {"instanceId": "i-1", "instanceType": {"value": "p3.16xlarge"}}
    found = read(eventSource="ec2.amazonaws.com", eventName="ModifyInstanceAttribute", requestParameters=parameters)
    assert {("instance", "i-1"), ("instance_type", "p3.16xlarge")} <= {
        (entry.type, entry.name) for entry in found.objects
    }


@pytest.mark.parametrize(
    ("source", "name", "fields", "category"),
    [
        (
            "ec2",
            "ModifySnapshotAttribute",
            {"createVolumePermission": {"add": {"items": [{"userId": "1"}]}}},
            Category.SHARE,
        ),
        ("ec2", "ModifySnapshotAttribute", {"createVolumePermission": {"remove": {"items": []}}}, Category.MODIFY),
        ("ec2", "ModifyImageAttribute", {"launchPermission": {"add": {"items": [{"group": "all"}]}}}, Category.SHARE),
        ("ec2", "ModifyImageAttribute", {"description": "x"}, Category.MODIFY),
        ("rds", "ModifyDBSnapshotAttribute", {"valuesToAdd": ["193672423079"]}, Category.SHARE),
        ("rds", "ModifyDBSnapshotAttribute", {"valuesToRemove": ["1"], "valuesToAdd": []}, Category.MODIFY),
        ("ssm", "GetParameter", {"withDecryption": True}, Category.SECRET_READ),
        ("ec2", "ModifyInstanceAttribute", {"userData": "<sensitiveDataRemoved>"}, Category.EXECUTE),
        ("ec2", "ModifyInstanceAttribute", {"attribute": "userData"}, Category.EXECUTE),
        ("ec2", "ModifyInstanceAttribute", {"attribute": "instanceType"}, Category.MODIFY),
        ("rds", "ModifyDBInstance", {"masterUserPassword": "****"}, Category.CREDENTIAL),
        ("rds", "ModifyDBInstance", {"multiAZ": True}, Category.MODIFY),
        ("elasticloadbalancing", "SetSecurityGroups", {}, Category.NETWORK_CONFIG),
        ("sso-directory", "EnableExternalIdPConfigurationForDirectory", {}, Category.CREDENTIAL),
        ("ssm", "GetParameter", {"withDecryption": False}, Category.READ),
        ("lambda", "UpdateFunctionCode20150331v2", {}, Category.MODIFY),
        ("lambda", "AddPermission20150331v2", {}, Category.SHARE),
        ("guardduty", "DeleteMembers", {}, Category.AUDIT_CONFIG),
        ("macie2", "DeleteMembers", {}, Category.DELETE),
        ("iam", "GetLoginProfile", {}, Category.READ),
        ("ses", "Frobnicate", {}, Category.READ),  # by readOnly
    ],
)
def test_categories(source: str, name: str, fields: dict[str, Any], category: Category) -> None:
    activity = read(eventSource=f"{source}.amazonaws.com", eventName=name, requestParameters=fields)
    assert activity.category is category


def test_read_only_decides_last() -> None:
    assert read(eventName="Frobnicate", readOnly=False).category is Category.MODIFY
    assert read(eventName="Frobnicate", readOnly="yes").category is Category.OTHER


def test_the_table_names_each_operation_once() -> None:
    names = [name for group in NAMES.values() for name in group.split()]
    assert len(names) == len(set(names)) == len(OPERATIONS)


AUDIT = "StopLogging DeleteTrail UpdateTrail PutEventSelectors DeleteFlowLogs DeleteEventDataStore PutInsightSelectors"
AUDIT += " StopConfigurationRecorder DeleteDetector DeleteResolverQueryLogConfig PutBucketLogging"


@pytest.mark.parametrize("name", AUDIT.split())
def test_audit_configuration(name: str) -> None:
    assert OPERATIONS[name] is Category.AUDIT_CONFIG
