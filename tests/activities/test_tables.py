"""Exported tables, from their header to activities: Purview, PowerShell, Log Analytics, the Entra admin centre."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from activities.activity import Activity, Category, Location, Object, Outcome, Raw, User
from activities.csv_records import header_of
from activities.formats import parse_line
from activities.record import Rejected

RAW = Raw("logs", "a.csv", 2)
NOON = 1_772_452_800_000  # 2026-03-02T12:00:00Z
RULE = {
    "CreationTime": "2026-03-02T12:00:00", "Id": "r-1", "Operation": "New-InboxRule", "OrganizationId": "org-1",
    "UserId": "Alice@Example.com", "Workload": "Exchange", "UserType": 0,
    "Parameters": [{"Name": "Name", "Value": "a, \"b\"\nc"}, {"Name": "ForwardTo", "Value": "eve@example.org"}],
}  # fmt: skip


def table(delimiter: str = ",", **columns: str) -> tuple[str, bytes]:
    """A header and a row."""
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=delimiter)
    writer.writerow(columns)
    head = lines.tell()
    writer.writerow(columns.values())
    return lines.getvalue()[:head], lines.getvalue()[head:].encode()


def parse(head: str, row: bytes, fmt: str = "auto") -> Activity | Rejected:
    header = header_of(head.encode())
    assert header is not None
    (result,) = parse_line(header.record(row), fmt, "default", RAW)
    return result


def read(head: str, row: bytes, fmt: str = "auto") -> Activity:
    result = parse(head, row, fmt)
    assert isinstance(result, Activity), result
    return result


def purview(audit_data: str) -> dict[str, str]:
    return {
        "RecordId": "r-1", "CreationDate": "2026-03-02T12:00:00.0000000Z", "RecordType": "1",
        "Operation": "New-InboxRule", "UserId": "alice@example.com", "AuditData": audit_data,
        "AssociatedAdminUnits": "", "AssociatedAdminUnitsNames": "",
    }  # fmt: skip


def powershell(audit_data: str) -> dict[str, str]:
    return {
        "PSComputerName": "outlook.office365.com", "RunspaceId": "1", "PSShowComputerName": "False",
        "RecordType": "ExchangeAdmin", "CreationDate": "3/2/2026 12:00:00 PM", "UserIds": "alice@example.com",
        "Operations": "New-InboxRule", "AuditData": audit_data, "ResultIndex": "1", "ResultCount": "1",
        "Identity": "r-1", "IsValid": "True", "ObjectState": "Unchanged",
    }  # fmt: skip


@pytest.mark.parametrize("columns", [purview(json.dumps(RULE)), powershell(json.dumps(RULE, indent=2))])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("fmt", ["auto", "m365"])
def test_audit_data(columns: dict[str, str], delimiter: str, fmt: str) -> None:
    (alone,) = parse_line(json.dumps(RULE).encode(), "m365", "default", RAW)
    assert read(*table(delimiter, **columns), fmt=fmt) == alone
    assert isinstance(alone, Activity)
    assert alone.time == NOON
    assert Object("ForwardTo", "eve@example.org") in alone.objects


@pytest.mark.parametrize("audit_data", ["", "{", json.dumps(RULE)[:100], "[]", "7"])
def test_audit_data_that_was_cut_off(audit_data: str) -> None:
    result = parse(*table(**purview(audit_data)))
    assert isinstance(result, Rejected)
    assert "`$.AuditData`" in result.reason or not audit_data


def test_the_path_is_inside_audit_data() -> None:
    result = parse(*table(**purview(json.dumps({**RULE, "CreationTime": None}))))
    assert isinstance(result, Rejected)
    assert "`$.AuditData.CreationTime`" in result.reason


SIGN_IN = {
    "Category": "SignInLogs", "ResultType": "50126", "UserPrincipalName": "alice@example.com", "Id": "s-1",
    "AppDisplayName": "Azure Portal", "IPAddress": "198.51.100.7", "IsInteractive": "true", "AADTenantId": "t-1",
    "LocationDetails": '{"city": "Oslo", "countryOrRegion": "NO"}', "Type": "SigninLogs",
}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("TimeGenerated", "2026-03-02T12:00:00Z"),
        ("TimeGenerated [UTC]", "3/2/2026, 12:00:00.000 PM"),
        ("TimeGenerated [UTC]", "3/2/2026 12:00:00 PM"),
        ("TimeGenerated [UTC]", "2026-03-02 12:00:00.0000000"),
    ],
)
def test_log_analytics(column: str, value: str) -> None:
    assert read(*table(**{column: value, **SIGN_IN})) == Activity(
        "t-1", "s-1", NOON, 0, User("alice@example.com", "alice@example.com", "alice@example.com"),
        "Sign-in activity", Category.FAILED_LOGON, Outcome.FAILURE, "Azure Portal", ip="198.51.100.7",
        location=Location("NO", "Oslo"), error="50126", source="entra_signin", raw=RAW,
    )  # fmt: skip


@pytest.mark.parametrize("value", ["13/2/2026, 12:00:00 PM", "3/2/2026, 13:00:00 PM", "3/2/2026, 0:00:00 AM", "noon"])
def test_a_time_that_does_not_exist(value: str) -> None:
    result = parse(*table(**{"TimeGenerated": value, **SIGN_IN}))
    assert isinstance(result, Rejected)
    assert "`$.createdDateTime`" in result.reason


DOWNLOADED: dict[str, str] = {
    "Date (UTC)": "2026-03-02T12:00:00Z", "Request ID": "s-2", "User agent": "Mozilla/5.0", "User ID": "u-1",
    "User": "Alice Example", "Username": "Alice@example.com", "Application": "OfficeHome", "Application ID ": "a-1",
    "Resource": "Microsoft Graph", "IP address": "198.51.100.7", "Location": "Oslo, Oslo, NO", "Status": "Failure",
    "Sign-in error code": "500121", "Client app": "Browser", "Device ID": "", "Operating System": "Windows 10",
    "Compliant": "false", "Managed": "true",
    "Multifactor authentication result": "MFA denied; user declined the authentication",
    "Authentication requirement": "Multifactor authentication",
}  # fmt: skip


def test_a_downloaded_sign_in() -> None:
    found = read(*table(**DOWNLOADED))
    assert (found.id, found.time, found.source, found.category) == ("s-2", NOON, "entra_signin", Category.FAILED_LOGON)
    assert found.user == User("alice@example.com", "Alice Example", "Alice@example.com")
    assert found.location == Location("NO", "Oslo")
    assert (found.error, found.tags) == ("500121", ("mfa-denied", "managed-device"))
    assert [item.name for item in found.objects] == ["Microsoft Graph", "Browser", "a-1"]
    success = read(*table(**DOWNLOADED | {"Status": "Success", "Multifactor authentication result": ""}))
    assert (success.category, success.outcome, success.tags) == (
        Category.LOGON, Outcome.SUCCESS, ("mfa", "managed-device"),
    )  # fmt: skip


AUDITED: dict[str, str] = {
    "Date (UTC)": "2026-03-02T12:00:00.1234567Z", "CorrelationId": "c-1", "Service": "Core Directory",
    "Category": "RoleManagement", "Activity": "Add member to role", "Result": "success", "ActorType": "User",
    "ActorDisplayName": "Alice", "ActorObjectId": "u-1", "ActorUserPrincipalName": "alice@example.com",
    "IPAddress": "198.51.100.7", "ActorServicePrincipalId": "", "Target1Type": "User", "Target1ObjectId": "u-2",
    "Target1UserPrincipalName": "bob@example.com", "Target1ModifiedProperty1Name": "Role.DisplayName",
    "Target1ModifiedProperty1OldValue": "", "Target1ModifiedProperty1NewValue": '"Global Administrator"',
}  # fmt: skip


def test_a_downloaded_audit_record() -> None:
    found = read(*table(**AUDITED))
    assert (found.action, found.category, found.ip) == ("Add member to role", Category.ROLE_GRANT, "198.51.100.7")
    assert found.user == User("alice@example.com", "Alice", "alice@example.com")
    assert found.objects == (Object("user", "bob@example.com"), Object("role", "Global Administrator"))
    assert found.tags == ("privileged",)
    app = AUDITED | {"ActorType": "Application", "ActorUserPrincipalName": "", "ActorServicePrincipalId": "sp-1"}
    assert read(*table(**app)).user.id == "sp-1"
    nobody = dict.fromkeys(("ActorObjectId", "ActorDisplayName", "ActorUserPrincipalName"), "")
    assert isinstance(parse(*table(**AUDITED | nobody)), Rejected)


def test_a_table_of_cloudtrail_in_a_data_lake() -> None:
    columns: dict[str, Any] = {
        "eventtime": "2026-03-02 12:00:00.000", "eventname": "GetObject", "eventsource": "s3.amazonaws.com",
        "useridentity.type": "IAMUser", "useridentity.arn": "arn:aws:iam::111122223333:user/alice",
        "requestparameters": '{"bucketName": "b", "key": "k"}', "eventid": "e-1",
    }  # fmt: skip
    found = read(*table(**columns))
    assert (found.id, found.time, found.category, found.source) == ("e-1", NOON, Category.DOWNLOAD, "cloudtrail")
    assert found.user.name == "alice"
    assert found.objects == (Object("object", "b/k"),)
