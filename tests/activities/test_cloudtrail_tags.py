"""CloudTrail: tags: whom something is opened to, what is added or weakened, how somebody proved who they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activities.activity import Outcome
from tests.activities.cloudtrail_event import read


def policy(principal: object, **more: object) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:*", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ANYWHERE = {"items": [{"ipProtocol": "tcp", "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}
EVERYBODY = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}}
STAR = '{"Statement": {"Effect": "Allow", "Action": ["*"], "Resource": "*"}}'
OURS, OTHERS = "444455556666", "999988887777"


@pytest.mark.parametrize(
    ("name", "parameters", "tags"),
    [
        ("PutBucketPolicy", {"bucketPolicy": json.loads(policy("*"))}, ("public",)),
        ("PutBucketPolicy", {"bucketPolicy": policy({"AWS": "*"})}, ("public",)),
        ("PutBucketPolicy", {"bucketPolicy": policy("*", Condition={"Bool": {}})}, ()),
        ("PutBucketPolicy", {"bucketPolicy": policy({"AWS": [f"arn:aws:iam::{OTHERS}:root"]})}, ("external",)),
        ("PutBucketPolicy", {"bucketPolicy": policy({"AWS": f"arn:aws:iam::{OURS}:role/x"})}, ()),
        ("PutBucketPolicy", {"bucketPolicy": policy({"Service": "cloudtrail.amazonaws.com"})}, ()),
        ("PutBucketPolicy", {"bucketPolicy": policy("*", Effect="Deny")}, ()),
        ("PutBucketAcl", {"AccessControlPolicy": {"AccessControlList": {"Grant": [EVERYBODY]}}}, ("public",)),
        ("PutBucketAcl", {"x-amz-acl": ["public-read"]}, ("public",)),
        ("PutBucketAcl", {"x-amz-acl": ["private"]}, ()),
        (
            "ModifySnapshotAttribute",
            {"createVolumePermission": {"add": {"items": [{"userId": OTHERS}]}}},
            ("external",),
        ),
        ("ModifyImageAttribute", {"launchPermission": {"add": {"items": [{"group": "all"}]}}}, ("public",)),
        ("ModifyDBSnapshotAttribute", {"valuesToAdd": ["all", OTHERS]}, ("public", "external")),
        ("ModifyDBSnapshotAttribute", {"valuesToAdd": []}, ()),
        (
            "PutBucketReplication",
            {
                "ReplicationConfiguration": {
                    "Role": f"arn:aws:iam::{OURS}:role/x",
                    "Rule": {"Destination": {"Account": OTHERS, "Bucket": "arn:aws:s3:::mirror"}},
                }
            },
            ("external",),
        ),
        (
            "PutBucketReplication",
            {
                "ReplicationConfiguration": {
                    "Role": f"arn:aws:iam::{OURS}:role/x",
                    "Rule": [{"Destination": {"Bucket": "arn:aws:s3:::mirror-999988887777"}}],
                }
            },
            (),
        ),
        (
            "PutReplicationConfiguration",
            {
                "replicationConfiguration": {
                    "rules": [{"destinations": [{"region": "us-west-2", "registryId": OTHERS}]}]
                }
            },
            ("external",),
        ),
        (
            "StartCopyJob",
            {"destinationBackupVaultArn": f"arn:aws:backup:eu-west-1:{OTHERS}:backup-vault:v"},
            ("external",),
        ),
        ("AddPermission20150331v2", {"principal": "*"}, ("public",)),
        ("AddPermission20150331v2", {"principal": "*", "sourceArn": "arn:aws:s3:::x"}, ()),
        ("AddPermission20150331v2", {"principal": OTHERS}, ("external",)),
        ("CreateFunctionUrlConfig", {"authType": "NONE"}, ("public",)),
        ("CreateRole", {"assumeRolePolicyDocument": policy({"AWS": OTHERS})}, ("external",)),
        ("UpdateAssumeRolePolicy", {"policyDocument": policy({"AWS": f"arn:aws:iam::{OTHERS}:root"})}, ("external",)),
        ("AttachUserPolicy", {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}, ("privileged",)),
        ("AttachUserPolicy", {"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, ()),
        ("PutUserPolicy", {"policyDocument": STAR}, ("privileged",)),
        ("CreatePolicyVersion", {"policyDocument": STAR}, ("privileged",)),
        ("AddUserToGroup", {"groupName": "prod-Admins"}, ("privileged",)),
        ("AddUserToGroup", {"groupName": "badminton"}, ()),
        ("AuthorizeSecurityGroupIngress", {"ipPermissions": ANYWHERE}, ("public",)),
        ("RevokeSecurityGroupIngress", {"ipPermissions": ANYWHERE}, ()),
        ("CreateAccessKey", {}, ("key-added",)),
        ("ModifyDBCluster", {"masterUserPassword": "****"}, ("password-set",)),
        ("UpdateLoginProfile", {}, ("password-set",)),
        ("EnableMFADevice", {}, ("factor-added",)),
        ("DeactivateMFADevice", {}, ("factor-removed",)),
        ("StopConfigurationRecorder", {}, ("logging-reduced",)),
        ("StartLogging", {}, ()),
        ("DeleteRetentionPolicy", {}, ()),
        ("PutEventSelectors", {"eventSelectors": [{"readWriteType": "All"}]}, ()),
        ("PutEventSelectors", {"eventSelectors": [{"readWriteType": "WriteOnly"}]}, ("logging-reduced",)),
        ("UpdateTrail", {"isMultiRegionTrail": False}, ("logging-reduced",)),
        ("UpdateDetector", {"enable": False}, ("logging-reduced",)),
        ("UpdateDetector", {"enable": True}, ()),
    ],
)
def test_tags(name: str, parameters: dict[str, object], tags: tuple[str, ...]) -> None:
    own = {"type": "IAMUser", "arn": f"arn:aws:iam::{OURS}:user/a", "accountId": OURS, "userName": "a"}
    assert read(eventName=name, requestParameters=parameters, userIdentity=own).tags == tags


def test_whom_something_is_opened_to_is_an_object() -> None:
    shared = read(eventName="ModifyDBSnapshotAttribute", requestParameters={"valuesToAdd": ["all", OTHERS]})
    assert [item.name for item in shared.objects if item.type == "principal"] == ["*", OTHERS]


@pytest.mark.parametrize(
    ("name", "fields", "outcome", "tags"),
    [
        ("ConsoleLogin", {"additionalEventData": {"MFAUsed": "Yes"}}, Outcome.SUCCESS, ("mfa",)),
        ("ConsoleLogin", {"additionalEventData": {"MFAUsed": "No"}}, Outcome.SUCCESS, ("single-factor",)),
        ("ConsoleLogin", {"additionalEventData": {"MFAUsed": "No"}, "userIdentity": {"type": "SAMLUser", "arn": "a"}},
         Outcome.SUCCESS, ()),
        ("ConsoleLogin", {"errorMessage": "No username found in supplied account"}, Outcome.FAILURE, ("unknown-user",)),
        ("ConsoleLogin", {"errorMessage": "Failed authentication"}, Outcome.FAILURE, ()),
        ("CheckMfa", {"responseElements": {"CheckMfa": "Success"}}, Outcome.UNKNOWN, ("mfa-challenge",)),
        ("CheckMfa", {"responseElements": {"CheckMfa": "Failure"}}, Outcome.FAILURE, ("mfa-failed",)),
        ("CredentialChallenge", {"additionalEventData": {"CredentialType": "TOTP"}}, Outcome.UNKNOWN,
         ("mfa-challenge",)),
        ("CredentialChallenge", {"additionalEventData": {"CredentialType": "PASSWORD"}}, Outcome.UNKNOWN, ()),
        ("UserAuthentication", {"additionalEventData": {"CredentialType": "PASSWORD,TOTP"}}, Outcome.SUCCESS, ("mfa",)),
        ("GetObject", {"userIdentity": {"type": "IAMUser", "arn": "a", "sessionContext": {"attributes": {
            "mfaAuthenticated": "true"}}}}, Outcome.SUCCESS, ("mfa",)),
        ("GetObject", {"userIdentity": {"type": "AWSAccount", "accountId": OTHERS, "principalId": "p"}},
         Outcome.SUCCESS, ("cross-account",)),
        ("GetObject", {"userIdentity": {"type": "AWSAccount", "accountId": "ANONYMOUS_PRINCIPAL"}},
         Outcome.SUCCESS, ()),
    ],
)  # fmt: skip
def test_tags_of_who_acts(name: str, fields: dict[str, Any], outcome: Outcome, tags: tuple[str, ...]) -> None:
    own = {"type": "IAMUser", "accountId": OURS, "userName": "a"}
    activity = read(**{"eventName": name, "userIdentity": own, "additionalEventData": None, **fields})
    assert (activity.outcome, activity.tags) == (outcome, tags)
