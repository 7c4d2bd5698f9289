"""What ends or restores an account, of each vendor, and whose: named as that user's own activities name them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from activities.account_changes import CHANGING, Change, change_of, targets_of
from activities.activity import Activity, Category, Object, Outcome, User

Parse = Callable[[object], Activity]
ACCOUNT = "123456789012"
ADMIN_ARN = f"arn:aws:iam::{ACCOUNT}:user/ops/Admin"


def entra(operation: str, upn: str, result: str = "success") -> dict[str, Any]:
    """Graph, directoryAudit."""
    return {
        "id": "Directory_1", "category": "UserManagement", "activityDateTime": "2026-03-02T10:00:00Z",
        "activityDisplayName": operation, "loggedByService": "Core Directory", "result": result,
        "initiatedBy": {"user": {"id": "b8f1", "userPrincipalName": "Admin@example.com"}},
        "targetResources": [{"id": "c2d4", "displayName": None, "type": "User", "userPrincipalName": upn}],
    }  # fmt: skip


def m365(operation: str, upn: str) -> dict[str, Any]:
    """Office 365 Management Activity API."""
    return {
        "CreationTime": "2026-03-02T10:00:00", "Id": "7c", "Operation": operation, "ResultStatus": "Success",
        "UserId": "admin@example.com", "UserType": 0, "Workload": "AzureActiveDirectory", "ObjectId": upn,
    }  # fmt: skip


def okta(event_type: str, result: str = "SUCCESS") -> dict[str, Any]:
    """System Log API, LogEvent."""
    bob = {"id": "00u2", "type": "User", "alternateId": "Bob@Example.com", "displayName": "Bob"}
    return {
        "uuid": "5d", "published": "2026-03-02T10:00:00.000Z", "eventType": event_type, "outcome": {"result": result},
        "actor": {"id": "00u1", "type": "User", "alternateId": "admin@example.com"}, "target": [bob],
    }  # fmt: skip


def google(event: str) -> dict[str, Any]:
    """Reports API, Activity."""
    return {
        "kind": "admin#reports#activity", "id": {
            "time": "2026-03-02T10:00:00.000Z", "uniqueQualifier": "1", "applicationName": "admin", "customerId": "C1",
        },
        "actor": {"email": "admin@example.com"},
        "events": [{"name": event, "parameters": [{"name": "USER_EMAIL", "value": "bob@example.com"}]}],
    }  # fmt: skip


def aws(event: str, source: str = "iam.amazonaws.com", **parameters: str) -> dict[str, Any]:
    """CloudTrail."""
    return {
        "eventVersion": "1.08", "eventID": "e1", "eventTime": "2026-03-02T10:00:00Z", "eventSource": source,
        "eventName": event, "awsRegion": "us-east-1", "recipientAccountId": ACCOUNT,
        "userIdentity": {"type": "IAMUser", "arn": ADMIN_ARN, "accountId": ACCOUNT, "userName": "Admin"},
        "requestParameters": parameters or {"userName": "Bob"},
    }  # fmt: skip


def github(action: str, **more: str) -> dict[str, Any]:
    """Audit log."""
    return {"action": action, "actor": "admin", "user": "Bob", "org": "acme", "created_at": 1_772_445_600_000} | more


def ocsf(activity_id: int, name: str) -> dict[str, Any]:
    """Account Change."""
    return {
        "class_uid": 3001, "activity_id": activity_id, "type_name": f"Account Change: {name}", "status_id": 1,
        "time": 1_772_445_600_000,
        "metadata": {"uid": "o1", "version": "1.3.0"}, "actor": {"user": {"email_addr": "admin@example.com"}},
        "user": {"email_addr": "Bob@example.com", "name": "Bob"},
    }  # fmt: skip


def native(action: str, kind: str = "user", **more: Any) -> dict[str, Any]:
    """Anput's own."""
    bob = {"type": kind, "name": "Bob@Example.com "}
    record = {"id": "n1", "time": "2026-03-02T10:00:00Z", "user": "admin@example.com", "action": action}
    return record | {"objects": [bob]} | more


MAIL, ARN = "bob@example.com", f"arn:aws:iam::{ACCOUNT}:user/bob"
DELETED = "ba1cb34e6ea84d7ba0fe7b15ea5a7bd4bob@example.com"
GUEST = "bob_example.com#EXT#@tenant.onmicrosoft.com"
INACTIVE = {"userName": "Bob", "accessKeyId": "AKIA1", "status": "Inactive"}


@pytest.mark.parametrize(
    ("record", "change", "target"),
    [
        (entra("Disable account", "Bob@example.com"), Change.ENDED, MAIL),
        (entra("Delete user", DELETED), Change.ENDED, MAIL),
        (entra("Disable account", GUEST), Change.ENDED, MAIL),
        (entra("Enable account", MAIL), Change.RESTORED, MAIL),
        (entra("Restore user", MAIL), Change.RESTORED, MAIL),
        (m365("Disable account.", MAIL), Change.ENDED, MAIL),
        (m365("Delete user.", DELETED), Change.ENDED, MAIL),
        (okta("user.lifecycle.deactivate"), Change.ENDED, MAIL),
        (okta("user.lifecycle.suspend"), Change.ENDED, MAIL),
        (okta("user.lifecycle.delete.initiated"), Change.ENDED, MAIL),
        (okta("user.lifecycle.unsuspend"), Change.RESTORED, MAIL),
        (okta("user.lifecycle.reactivate"), Change.RESTORED, MAIL),
        (google("SUSPEND_USER"), Change.ENDED, MAIL),
        (google("DELETE_USER"), Change.ENDED, MAIL),
        (google("ARCHIVE_USER"), Change.ENDED, MAIL),
        (google("UNSUSPEND_USER"), Change.RESTORED, MAIL),
        (google("UNDELETE_USER"), Change.RESTORED, MAIL),
        (aws("DeleteUser"), Change.ENDED, ARN),
        (aws("CreateUser"), Change.RESTORED, ARN),
        (aws("DeleteLoginProfile"), Change.CURBED, ARN),
        (aws("CreateLoginProfile"), Change.RENEWED, ARN),
        (aws("UpdateAccessKey", **INACTIVE), Change.CURBED, ARN),
        (aws("UpdateAccessKey", **INACTIVE | {"status": "Active"}), Change.RENEWED, ARN),
        (aws("CreateAccessKey"), Change.RENEWED, ARN),
        (github("org.remove_member"), Change.ENDED, "bob"),
        (github("org.add_member"), Change.RESTORED, "bob"),
        (github("business.remove_member", business="acme-inc"), Change.ENDED, "bob"),
        (github("user.suspend"), Change.ENDED, "bob"),
        (ocsf(5, "Disable"), Change.ENDED, MAIL),
        (ocsf(6, "Delete"), Change.ENDED, MAIL),
        (ocsf(2, "Enable"), Change.RESTORED, MAIL),
        (ocsf(5, "") | {"type_name": None}, Change.ENDED, MAIL),
        (native("Disable account"), Change.ENDED, MAIL),
        (native("user.lifecycle.deactivate", kind="User"), Change.ENDED, MAIL),
        (native("SuspendUser"), Change.ENDED, MAIL),
        (native("offboarding", category="delete_user"), Change.ENDED, MAIL),
        (native("offboarding", category="delete_user", app="Workday"), Change.ENDED, MAIL),
        (native("SuspendUser", app="Salesforce"), Change.CURBED, MAIL),
        (native("CreateUser", app="Salesforce"), Change.RENEWED, MAIL),
        (native("account re-enabled", category="modify_user"), Change.RESTORED, MAIL),
        (native("DeleteUser", app="iam.amazonaws.com", user=ADMIN_ARN, objects=[{"type": "user", "name": "Bob"}]),
         Change.ENDED, ARN),
    ],
)  # fmt: skip
def test_an_operation_ends_or_restores_the_account_of_whom_it_names(
    parse_auto: Parse, record: dict[str, Any], change: Change, target: str
) -> None:
    activity = parse_auto(record)
    assert change_of(activity) is change
    assert [user.id for user in targets_of(activity)] == [target]


@pytest.mark.parametrize(
    "record",
    [
        entra("Disable account", MAIL, "failure"),
        entra("Update user", MAIL),
        entra("Change user license", MAIL),
        okta("user.lifecycle.deactivate", "FAILURE"),
        okta("application.provision.user.deactivate"),
        okta("application.provision.user.deprovision"),
        okta("user.account.lock"),
        google("RENAME_USER"),
        aws("DeleteUser", source="transfer.amazonaws.com"),
        aws("UpdateLoginProfile"),
        aws("DeleteAccessKey", userName="Bob", accessKeyId="AKIA1"),
        github("org.remove_member", business="acme-inc"),
        github("team.remove_member"),
        ocsf(9, "Lock"),
        native("WorkerTerminated", category="modify_user"),
        native("Remove-Mailbox"),
        native("GetUser"),
    ],
)
def test_what_leaves_the_account_as_it_is(parse_auto: Parse, record: dict[str, Any]) -> None:
    assert change_of(parse_auto(record)) is None


def test_a_users_path_is_not_part_of_their_id_and_the_partition_is_the_actors(parse_auto: Parse) -> None:
    record = aws("DeleteUser")
    record["userIdentity"]["arn"] = f"arn:aws-cn:iam::{ACCOUNT}:user/Admin"
    assert [user.id for user in targets_of(parse_auto(record))] == [f"arn:aws-cn:iam::{ACCOUNT}:user/bob"]
    bob = aws("ListBuckets", source="s3.amazonaws.com")
    bob["userIdentity"] = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/sales/Bob", "accountId": ACCOUNT}
    assert parse_auto(bob).user.id == ARN


def test_who_ends_their_own_account_is_nobody_elses_business(parse_auto: Parse) -> None:
    assert targets_of(parse_auto(native("DeactivateAccount", user="BOB@example.com"))) == []
    assert targets_of(parse_auto(github("org.remove_member", actor="bob"))) == []


def test_several_users_are_several_targets_once_each() -> None:
    objects = (Object("user", "a"), Object("group", "g"), Object("User", "A"), Object("user", " "), Object("user", "b"))
    activity = Activity("t", "1", 1, 1, User("admin"), "DeleteUsers", Category.DELETE_USER, objects=objects)
    assert [user.id for user in targets_of(activity)] == ["a", "b"]


@pytest.mark.parametrize("category", sorted(set(Category) - CHANGING))
def test_other_categories_are_not_looked_at(category: Category) -> None:
    activity = Activity("t", "1", 1, 1, User("a"), "org.remove_member", category, Outcome.SUCCESS)
    assert change_of(activity) is None
