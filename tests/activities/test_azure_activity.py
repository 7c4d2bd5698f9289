"""Azure Activity Log: records checked by hand, in all shapes; who acted, how it ended, what the operations are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from activities.activity import Activity, Category, Object, Outcome, Raw, User, UserType
from activities.azure_operations import NAMES, OPERATIONS
from activities.formats import parse_record
from activities.record import Rejected

RAW = Raw("logs", "azure.jsonl", 1)
FIXTURE = Path(__file__).parents[1] / "fixtures" / "microsoft" / "azure_activity.jsonl"
RECORDS: list[dict[str, Any]] = [json.loads(line)["record"] for line in FIXTURE.read_bytes().splitlines()]
SERVICE, APP, PERSON = UserType.SERVICE, UserType.APP, UserType.PERSON
HIDDEN = "12345678-9abc-defg-hijk-lmnopqrstuvw"
PLASO = f"/subscriptions/{HIDDEN}/resourcegroups/test-resource-group/providers/microsoft.compute"
PANTHER = "/subscriptions/12345678-1234-1234-1234-123456789abc"
THEIRS = "87654321-4321-4321-4321-111111111111"
OURS = "2f4a9838-26b7-47ee-be60-ccc1fdec5953"
SUBSCRIPTION = "/subscriptions/089bd33f-d4ec-47fe-8ba5-0753aa5c5b33"
FAKE = User("fakeemail@fakedomain.com", "fakename", "fakeemail@fakedomain.com")
DENETHOR = User("denethor@lotr.com", "denethor@lotr.com", "denethor@lotr.com")
ADMIN = User("compromised-admin@company.com", "compromised-admin@company.com", "compromised-admin@company.com")
ATTACKER = User("attacker@example.com", "attacker@example.com", "attacker@example.com")
CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def golden(
    tenant: str, record_id: str, time: int, ingested: int, user: User, action: str, category: Category, ip: str,
    kind: str, resource: str, *others: Object, **rest: Any,  # noqa: ANN401
) -> Activity:  # fmt: skip
    return Activity(
        tenant, record_id, time, ingested, user, action, category, app=action.partition("/")[0].lower(), ip=ip,
        objects=(Object(kind, resource), *others), source="azure_activity", raw=RAW, **rest,
    )  # fmt: skip


# Made by hand from the records of the fixture, in their order; ids that begin with "blake2b" are of records that have
# none. Times: `date -u -d ... +%s`.
GOLDEN = [
    golden(  # as the Python SDK has it; only the beginning of the operation
        HIDDEN, "587eda65-125e-48c2-9b04-ab5e8d3a1d8e", 1_644_375_894_297, 1_644_375_960_182,
        User(HIDDEN, HIDDEN, type=APP), "Microsoft.Compute/disks/delete", Category.DELETE, "1.2.3.4",
        "microsoft.compute/disks", f"{PLASO}/disks/test-vm_disk1_cd8883de78cb4cda97cb858dfe0cda3a",
        outcome=Outcome.UNKNOWN, session="AAAAAAAAAAAAAAAAAAAAAA",
    ),
    golden(
        HIDDEN, "648230f9-fba4-4def-8a83-118b158b748a", 1_644_375_866_492, 1_644_375_952_293, FAKE,
        "Microsoft.Compute/virtualMachines/delete", Category.COMPUTE_STOP, "1.2.3.4",
        "microsoft.compute/virtualmachines", f"{PLASO}/virtualmachines/test-vm", outcome=Outcome.UNKNOWN,
        session="-AAAAAAAAAAAAAAAA_AAAA",
    ),
    golden(
        HIDDEN, "bd04315c-9658-451e-943f-27ed6fc345a4", 1_644_375_637_136, 1_644_375_685_154, FAKE,
        "Microsoft.Compute/virtualMachines/write", Category.COMPUTE_START, "1.2.3.4",
        "microsoft.compute/virtualmachines", f"{PLASO}/virtualmachines/test-vm", outcome=Outcome.UNKNOWN,
        session="-AAAAAAAAAAAAAAAA_AAAA",
    ),
    golden(  # from here on as an event hub has it
        THEIRS, "blake2b-d2d4c4c0ea9e986800a38305a7103e2d", 1_734_431_400_000, 0, DENETHOR,
        "Microsoft.Storage/storageAccounts/write", Category.MODIFY, "1.1.1.1", "microsoft.storage/storageaccounts",
        f"{PANTHER}/resourcegroups/myresourcegroup/providers/microsoft.storage/storageaccounts/mystorageaccount",
    ),
    golden(
        THEIRS, "blake2b-55325b46028422dfaa8df72a9bba8a75", 1_735_036_200_000, 0, DENETHOR,
        "Microsoft.Storage/storageAccounts/listkeys/action", Category.SECRET_READ, "1.1.1.1",
        "microsoft.storage/storageaccounts",
        f"{PANTHER}/resourcegroups/prod-rg/providers/microsoft.storage/storageaccounts/prodstorage123",
    ),
    golden(  # the token's claims are missing: the principal whose rights were used
        THEIRS, "blake2b-4ef7c1d64a7a6ee603ab503fbe22ee9e", 1_734_431_400_000, 0,
        User("6b6d44f0-b13a-46a0-bfde-161324d4c34d", "6b6d44f0-b13a-46a0-bfde-161324d4c34d"),
        "Microsoft.Authorization/roleAssignments/write", Category.ROLE_GRANT, "1.1.1.1",
        "microsoft.authorization/roleassignments",
        f"{PANTHER}/providers/microsoft.authorization/roleassignments/a1b2c3d4-e5f6-7890-abcd-ef1234567890",
        Object("principal", "770797c4-e05a-43f9-bda2-1f1f379987ae"),
        Object("role", "/providers/microsoft.authorization/roledefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
        tags=("privileged",),
    ),
    golden(
        THEIRS, "blake2b-7ddce6ecc1f8a349a931c8b040170ab3", 1_737_987_780_000, 0, ADMIN,
        "MICROSOFT.AUTHORIZATION/LOCKS/DELETE", Category.DELETE, "203.0.113.42", "microsoft.authorization/locks",
        f"{PANTHER}/resourcegroups/critical-data-rg/providers/microsoft.storage/storageaccounts/criticaldata001"
        "/providers/microsoft.authorization/locks/donotdelete",
    ),
    golden(
        THEIRS, "blake2b-2582d86bec52f914286819fa3587fc2f", 1_735_055_100_000, 0, ATTACKER,
        "Microsoft.Authorization/elevateAccess/action", Category.ROLE_GRANT, "203.0.113.42", "tenant",
        "/providers/microsoft.authorization",
        tags=("privileged",),
    ),
    golden(  # as the REST API has it
        OURS, "b1b3d6b5-8a0c-4c63-9a3c-8d3a1c5f0001", 1_772_442_001_123, 1_772_442_090_000,
        User("bob@example.com", "Bob Example", "Bob@Example.com"),
        "Microsoft.Network/networkSecurityGroups/securityRules/write", Category.NETWORK_CONFIG, "198.51.100.78",
        "microsoft.network/networksecuritygroups/securityrules",
        f"{SUBSCRIPTION}/resourcegroups/web/providers/microsoft.network/networksecuritygroups/edge/securityrules/any",
        session="1b1f",
    ),
    golden(  # a managed identity
        OURS, "blake2b-9e8c318ce3c18936bf8ba938a4785535", 1_772_442_300_000, 0,
        User("7c2b5a90-3e44-4d1a-b6f7-0000000000b2", "backup-vm", type=SERVICE),
        "MICROSOFT.COMPUTE/DISKS/BEGINGETACCESS/ACTION", Category.SHARE, "203.0.113.9", "microsoft.compute/disks",
        f"{SUBSCRIPTION}/resourcegroups/prod/providers/microsoft.compute/disks/db1", outcome=Outcome.DENIED,
        error="AuthorizationFailed",
    ),
    golden(  # a row of Log Analytics
        OURS, "b1b3d6b5-8a0c-4c63-9a3c-8d3a1c5f0002", 1_772_442_600_500, 1_772_442_720_000,
        User("bob@example.com", "Bob Example", "bob@example.com"), "MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/DELETE",
        Category.AUDIT_CONFIG, "198.51.100.78", "microsoft.insights/diagnosticsettings",
        f"{SUBSCRIPTION}/providers/microsoft.insights/diagnosticsettings/siem",
        tags=("logging-reduced",),
    ),
]  # fmt: skip


@pytest.mark.parametrize("fmt", ["auto", "azure_activity"])
@pytest.mark.parametrize(("record", "expected"), list(zip(RECORDS, GOLDEN, strict=True)))
def test_golden(record: dict[str, Any], expected: Activity, fmt: str) -> None:
    assert parse_record(json.dumps(record).encode(), fmt, "default", RAW) == expected


REST = RECORDS[8]


def parse(**fields: object) -> Activity | Rejected:
    return parse_record(json.dumps(REST | fields).encode(), "auto", "default", RAW)


def read(**fields: object) -> Activity:
    result = parse(**fields)
    assert isinstance(result, Activity), result
    return result


@pytest.mark.parametrize(
    ("caller", "claims", "user"),
    [
        ("live.com#eve@example.org", {}, User("eve@example.org", "eve@example.org", "eve@example.org")),
        ("7C2B5A90-3E44-4D1A-B6F7-0000000000B2", {"appid": "9f1d"},
         User("7c2b5a90-3e44-4d1a-b6f7-0000000000b2", "7C2B5A90-3E44-4D1A-B6F7-0000000000B2", type=APP)),
        ("7c2b", {OBJECT_ID: "0A1B", "idtyp": "app"}, User("0a1b", "0A1B", type=APP)),
        ("eve@example.org", {"idtyp": "app", "appid": "9f1d"},
         User("eve@example.org", "eve@example.org", "eve@example.org", APP)),
        (None, {CLAIM + "name": "eve@example.org", "name": "Eve"}, User("eve@example.org", "Eve", "eve@example.org")),
        (None, {CLAIM + "UPN": "eve@example.org"}, User("eve@example.org", "eve@example.org", "eve@example.org")),
        ("Microsoft.RecoveryServices", {},
         User("microsoft.recoveryservices", "Microsoft.RecoveryServices", type=SERVICE)),
    ],
)  # fmt: skip
def test_who_acted(caller: object, claims: object, user: User) -> None:
    assert read(caller=caller, claims=claims, authorization=None).user == user
    assert read(caller=caller, claims=json.dumps(claims), authorization=None).user == user


@pytest.mark.parametrize("caller", [None, "", "Unknown", "00000000-0000-0000-0000-000000000000", 7, []])
@pytest.mark.parametrize("claims", [None, {}, "{}", "{", {CLAIM + "upn": ""}, []])
def test_nobody_is_rejected(caller: object, claims: object) -> None:
    result = parse(caller=caller, claims=claims)
    assert isinstance(result, Rejected)
    assert "`$.caller`" in result.reason


@pytest.mark.parametrize(
    ("status", "sub", "properties", "outcome", "error"),
    [
        ("Succeeded", "", {}, Outcome.SUCCESS, ""),
        ("Started", "", {}, Outcome.UNKNOWN, ""),
        ("Accepted", "Accepted", {}, Outcome.UNKNOWN, ""),
        ("Failed", "Conflict", {}, Outcome.FAILURE, "Conflict"),
        ("Failed", "Forbidden", {}, Outcome.DENIED, "Forbidden"),
        ("Failed", "", {"statusMessage": '{"error": {"code": "RequestDisallowedByPolicy"}}'}, Outcome.DENIED,
         "RequestDisallowedByPolicy"),
        ("Failed", "", {"statusMessage": {"error": {"code": "QuotaExceeded"}}}, Outcome.FAILURE, "QuotaExceeded"),
        ("Failed", "", {}, Outcome.FAILURE, "failed"),
        ("", "", {}, Outcome.UNKNOWN, ""),
    ],
)  # fmt: skip
def test_outcomes(status: str, sub: str, properties: dict[str, object], outcome: Outcome, error: str) -> None:
    for shown in ({"value": status}, status):
        activity = read(status=shown, subStatus={"value": sub, "localizedValue": ""}, properties=properties)
        assert (activity.outcome, activity.error) == (outcome, error)


def test_what_is_made_is_told_from_what_is_changed() -> None:
    name = {"value": "Microsoft.Web/sites/write"}
    assert read(operationName=name).category is Category.CREATE
    assert read(operationName=name, subStatus={"value": "OK"}, properties={}).category is Category.MODIFY


@pytest.mark.parametrize(
    ("operation", "category"),
    [
        ("Microsoft.Compute/virtualMachines/start/action", Category.COMPUTE_START),
        ("Microsoft.Compute/virtualMachines/deallocate/action", Category.COMPUTE_STOP),
        ("Microsoft.Compute/virtualMachines/runCommand/action", Category.EXECUTE),
        ("Microsoft.Compute/virtualMachines/extensions/write", Category.EXECUTE),
        ("Microsoft.Compute/snapshots/beginGetAccess/action", Category.SHARE),
        ("Microsoft.Storage/storageAccounts/listAccountSas/action", Category.SHARE),
        ("Microsoft.DocumentDB/databaseAccounts/listKeys/action", Category.SECRET_READ),
        ("Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action", Category.SECRET_READ),
        ("Microsoft.Web/sites/config/list/action", Category.SECRET_READ),
        ("Microsoft.Storage/storageAccounts/regenerateKey/action", Category.CREDENTIAL),
        ("Microsoft.KeyVault/vaults/secrets/write", Category.CREDENTIAL),
        ("Microsoft.KeyVault/vaults/keys/purge/action", Category.CREDENTIAL),
        ("Microsoft.KeyVault/vaults/accessPolicies/write", Category.ROLE_GRANT),
        ("Microsoft.Authorization/roleAssignments/delete", Category.ROLE_REVOKE),
        ("MICROSOFT.KUBERNETES/CONNECTEDCLUSTERS/RBAC.AUTHORIZATION.K8S.IO/CLUSTERROLEBINDINGS/WRITE",
         Category.ROLE_GRANT),
        ("Microsoft.Network/networkSecurityGroups/providers/microsoft.insights/diagnosticSettings/write",
         Category.AUDIT_CONFIG),
        ("Microsoft.Security/alertsSuppressionRules/write", Category.AUDIT_CONFIG),
        ("Microsoft.Network/networkWatchers/flowLogs/delete", Category.AUDIT_CONFIG),
        ("Microsoft.Network/networkWatchers/delete", Category.AUDIT_CONFIG),
        ("Microsoft.Network/virtualNetworks/delete", Category.NETWORK_CONFIG),
        ("Microsoft.Sql/servers/firewallRules/write", Category.NETWORK_CONFIG),
        ("Microsoft.Sql/servers/databases/export/action", Category.DOWNLOAD),
        ("Microsoft.Network/networkSecurityGroups/read", Category.READ),
        ("Microsoft.Insights/diagnosticSettings/read", Category.READ),
        ("Microsoft.Frob/nications/delete", Category.DELETE),
        ("Microsoft.Frob/nications/frobnicate/action", Category.MODIFY),
        ("Frobnicate", Category.OTHER),
    ],
)  # fmt: skip
def test_categories(operation: str, category: Category) -> None:
    for name in (operation, operation.upper(), operation.lower()):
        assert read(operationName=name, subStatus=None, properties=None).category is category
        assert read(operationName=name, subStatus=None, properties=None).action == name


@pytest.mark.parametrize("category", ["ServiceHealth", "Resource Health", "Alert", "Autoscale", "Recommendation"])
def test_what_nobody_did_is_skipped(category: str) -> None:
    for shown in (category, {"value": category}):
        result = parse(category=shown)
        assert isinstance(result, Rejected)
        assert result.reason.startswith("skipped: ")


@pytest.mark.parametrize(("field", "shown"), [("eventTimestamp", "eventTimestamp"), ("operationName", "operationName")])
@pytest.mark.parametrize("value", [None, "", {}, [], True])
def test_required_fields(field: str, shown: str, value: object) -> None:
    result = parse(**{field: value})
    assert isinstance(result, Rejected)
    assert f"`$.{shown}`" in result.reason


def test_the_table_names_each_operation_once() -> None:
    names = [name for group in NAMES.values() for name in group.split()]
    assert len(names) == len(set(names)) == len(OPERATIONS)
    assert all(name == name.lower() for name in names)
