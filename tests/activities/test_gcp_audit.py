"""Google Cloud: entries checked by hand, who acted through whom, outcomes, and records that are damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.activity import Activity, Category, Device, Location, Object, Outcome, Raw, User, UserType
from activities.formats import parse_line
from activities.gcp_operations import NAMES, OPERATIONS

if TYPE_CHECKING:
    from tests.activities.conftest import Vendor

RAW = Raw("vendors", "gcp_audit", 1)
INSIDE = Location(tags=("google-internal",))
ALICE = User("alice@example.com", "Alice@example.com", "Alice@example.com")


def person(email: str) -> User:
    return User(email, email, email)


def service(email: str) -> User:
    return User(email, email, email, UserType.SERVICE)


def golden(entry: str, time: int, ingested: int, user: User, action: str, category: Category, **rest: Any) -> Activity:  # noqa: ANN401, PLR0917
    """`entry` is insertId, timestamp and logName; the last begins with the tenant."""
    tenant = "/".join(entry.rsplit("@", maxsplit=1)[-1].split("/")[:2])
    return Activity(tenant, entry, time, ingested, user, action, category, **rest, source="gcp_audit", raw=RAW)


ACTIVITY, DATA = "logs/cloudaudit.googleapis.com%2Factivity", "logs/cloudaudit.googleapis.com%2Fdata_access"
CHROME = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
INSTANCE = "zones/us-central1-b/instances/fake-compute-instance"
BUILDER = "system:serviceaccount:default:builder"
OURS = "projects/fake-project"

# Made by hand from the lines of the fixture, in their order. Times: `date -u -d ... +%s`.
GOLDEN = [
    golden(
        f"-lmjke7dbt7y@2022-05-05 14:00:48.814294000@organizations/888888888888/{ACTIVITY}", 1_651_759_248_814,
        1_651_759_249_450, service("terraform@platform.iam.gserviceaccount.com"), "SetIamPolicy", Category.ROLE_GRANT,
        app="cloudresourcemanager.googleapis.com", ip="100.100.100.100",
        device=Device(user_agent="Terraform/0.13.2 terraform-provider-google/3.90.1"),
        session="//iam.googleapis.com/projects/platform/serviceAccounts/terraform@platform.iam.gserviceaccount.com/"
        "keys/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        objects=(
            Object("organization", "organizations/888888888888"), Object("role", "roles/owner"),
            Object("member", "user:backdoor@example.com"),
        ),
        tags=("privileged",),
    ),
    golden(
        f"1iyadj0d5bmj@2023-03-09 15:50:36.148@projects/gcp-project1/{ACTIVITY}", 1_678_377_036_148, 1_678_377_037_603,
        person("staging@company.io"), "google.iam.admin.v1.CreateServiceAccountKey", Category.CREDENTIAL,
        app="iam.googleapis.com", ip="1.2.3.4",
        device=Device(user_agent=f"{CHROME} Chrome/110.0.0.0 Safari/537.36,gzip(gfe)"),
        objects=(Object("service_account", "projects/-/serviceAccounts/123456789098765434567"),),
        tags=("key-added",),
    ),
    golden(
        "13ogcded7jh2@2023-03-09T16:28:40.890430163Z@projects/gcpproject/logs/cloudaudit.googleapis.com%2Fpolicy",
        1_678_379_320_890, 1_678_379_322_567, person("user1@serviceaccount.gcp.com"), "google.storage.objects.get",
        Category.DOWNLOAD, outcome=Outcome.DENIED, error="PERMISSION_DENIED", app="storage.googleapis.com",
        ip="1.2.3.4", objects=(Object("audited_resource", "projects/197946410614"),),
    ),
    golden(  # outer field names in lower case
        f"ezyd47c12y@2023-03-09 16:41:30.524@projects/gcp-project1/{ACTIVITY}", 1_678_380_090_524, 1_678_380_092_210,
        person("john@justice.org"), "google.logging.v2.ConfigServiceV2.UpdateSink", Category.AUDIT_CONFIG,
        app="logging.googleapis.com", ip="1.2.3.4",
        device=Device(user_agent=f"{CHROME} Chrome/1.2.3.4 Safari/537.36,gzip(gfe),gzip(gfe)"),
        objects=(Object("logging_sink", "projects/gcp-project1/sinks/log-sink"),),
    ),
    golden(  # a machine of another organisation
        f"1dy9ihte4iyjz@2024-08-29 19:30:36.339983306@projects/mylogs/{DATA}", 1_724_959_836_339, 1_724_959_836_424,
        User("example_principal_subject", "example_principal_subject"), "GenerateAccessToken", Category.TOKEN,
        app="iamcredentials.googleapis.com", location=INSIDE,
        device=Device(user_agent="google-api-go-client/0.5 gke-metadata-server,gzip(gfe)"),
        objects=(Object("service_account", "projects/-/serviceAccounts/11111222223333444455"),),
        tags=("non-interactive",),
    ),
    golden(  # opened to everybody
        f"15cp9rve72xt1@2020-05-15T04:28:42.237027213Z@projects/western-verve-123456/{ACTIVITY}", 1_589_516_922_237,
        1_589_516_922_900, person("user@runpanther.io"), "storage.setIamPermissions", Category.SHARE,
        app="storage.googleapis.com", ip="136.24.229.58",
        device=Device(
            user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_4) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/81.0.4044.138 Safari/537.36,gzip(gfe)"
        ),
        objects=(
            Object("gcs_bucket", "projects/_/buckets/jacks-test-bucket"), Object("role", "roles/storage.objectViewer"),
            Object("member", "allUsers"),
        ),
        tags=("public",),
    ),
    golden(  # SSH keys among the metadata
        f"-6215lve1hil2@2025-05-27 16:44:43.443688000@projects/example-project/{ACTIVITY}", 1_748_364_283_443,
        1_748_364_284_041, person("user@example.com"), "v1.compute.instances.setMetadata", Category.CREDENTIAL,
        app="compute.googleapis.com", ip="192.168.1.100", device=Device(user_agent="example-user-agent"),
        objects=(
            Object("gce_instance", "projects/example-project/zones/us-central1-f/instances/example-instance"),
        ),
        tags=("key-added",),
    ),
    golden(  # the first of two who delegated to each other
        f"-duywnve29mpi@2024-04-26T20:10:10.024055Z@{OURS}/{ACTIVITY}", 1_714_162_210_024, 1_714_162_211_491,
        person("service-account-one@fake-project.com"), "beta.compute.instances.insert", Category.COMPUTE_START,
        impersonated=person("fake-account@fake-project.com"), app="compute.googleapis.com", ip="1.1.1.1",
        device=Device(
            user_agent="fake-user-agent-string command/gcloud.compute.instances.insert invocation-id/a1b2c3d4e5f6 "
            "environment/GCE"
        ),
        objects=(
            Object("gce_instance", f"projects/1234567890/{INSTANCE}"),
            Object("instance_type", "n1-highmem-16"),
            Object("region", "us-central1-b"),
            Object("compute.instances", f"{OURS}/{INSTANCE}"),
            Object("compute.disks", f"{OURS}/zones/us-central1-b/disks/fake-compute-instance"),
            Object("compute.subnetworks", f"{OURS}/regions/us-central1/subnetworks/default"),
        ),
    ),
    golden(  # behind an attached service account is only the machine's agent
        f"1awjxggeaxqgz@2024-12-03T17:58:44.882119699Z@projects/ketchup/{ACTIVITY}", 1_733_248_724_882,
        1_733_248_725_716, service("dvwa-service-account@ketchup.iam.gserviceaccount.com"),
        "google.iam.admin.v1.CreateServiceAccount", Category.CREATE_USER, outcome=Outcome.DENIED,
        error="PERMISSION_DENIED", app="iam.googleapis.com", ip="34.72.217.225",
        device=Device(user_agent="(gzip),gzip(gfe)"), objects=(Object("service_account", "projects/ketchup"),),
    ),
    golden(
        f"iv9wx9d16l2@2021-10-19T02:57:47.339377Z@{OURS}/{ACTIVITY}", 1_634_612_267_339, 1_634_612_267_834,
        person("fakeemailxyz@gmail.com"), "beta.compute.networks.insert", Category.NETWORK_CONFIG,
        app="compute.googleapis.com", ip="1.1.1.1", device=Device(user_agent="UserAgent"),
        objects=(Object("gce_network", f"{OURS}/global/networks/test"),),
    ),
    golden(  # taken away only
        f"ins-11@2026-03-02T10:00:00.123456789Z@organizations/1234/{ACTIVITY}", 1_772_445_600_123, 1_772_445_601_500,
        ALICE, "SetIamPolicy", Category.ROLE_REVOKE, app="cloudresourcemanager.googleapis.com", ip="198.51.100.7",
        device=Device(user_agent="google-cloud-sdk gcloud/480.0.0"),
        objects=(
            Object("organization", "organizations/1234"), Object("role", "roles/viewer"),
            Object("member", "user:bob@example.com"),
        ),
    ),
    golden(  # a person in the name of a service account; a job that writes a table out
        f"ins-12@2026-03-02T10:01:00Z@projects/acme-dwh/{DATA}", 1_772_445_660_000, 1_772_445_660_900, ALICE,
        "google.cloud.bigquery.v2.JobService.InsertJob", Category.DOWNLOAD, app="bigquery.googleapis.com",
        impersonated=service("etl@acme-dwh.iam.gserviceaccount.com"), location=INSIDE,
        objects=(Object("bigquery_project", "projects/acme-dwh/jobs/job1"),),
    ),
    golden(
        f"ins-13@2026-03-02T10:02:00.5Z@projects/acme-prod/{ACTIVITY}", 1_772_445_720_500, 0,
        User(BUILDER, BUILDER, type=UserType.SERVICE), "io.k8s.core.v1.pods.exec.create",
        Category.EXECUTE, outcome=Outcome.DENIED, error="UNAUTHENTICATED", app="k8s.io", ip="10.0.0.5",
        device=Device(user_agent="kubectl/v1.30"),
        objects=(Object("k8s_cluster", "core/v1/namespaces/default/pods/web-1/exec"),),
    ),
    golden(  # a workload without an e-mail address; an ingest time that isn't one
        f"ins-14@2026-03-02T10:03:00Z@projects/acme-prod/{DATA}", 1_772_445_780_000, 0,
        User(
            "principal://iam.googleapis.com/projects/1/locations/global/workloadidentitypools/ci/subject/repo:acme/app",
            "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/subject/repo:acme/app",
            type=UserType.APP,
        ),
        "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion", Category.SECRET_READ,
        app="secretmanager.googleapis.com", ip="192.0.2.44",
        objects=(Object("audited_resource", "projects/1/secrets/db-password/versions/latest"),),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def gcp(vendor_of: Callable[[str], Vendor]) -> Vendor:
    return vendor_of("gcp_audit")


def test_golden(gcp: Vendor) -> None:
    for record, expected in zip(gcp.records, GOLDEN, strict=True):
        for fmt in ("gcp_audit", "auto"):
            assert gcp.parse(record, fmt) == expected


def test_a_page_of_the_api_is_unwrapped(gcp: Vendor) -> None:
    page = json.dumps({"entries": gcp.records, "nextPageToken": "x"}).encode()
    results = parse_line(page, "auto", "default", RAW)
    assert [result.id for result in results if isinstance(result, Activity)] == [activity.id for activity in GOLDEN]


def entry(gcp: Vendor, payload: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    record = gcp.records[10]
    return {**record, "protoPayload": {**record["protoPayload"], **(payload or {})}, **fields}


def test_an_insert_id_is_one_of_its_log_and_time(gcp: Vendor) -> None:
    same = gcp.read(entry(gcp))
    assert same == gcp.read(entry(gcp))
    assert same.id != gcp.read(entry(gcp, timestamp="2026-03-02T10:00:00.123456788Z")).id
    assert same.id != gcp.read(entry(gcp, logName=f"projects/1234/{ACTIVITY}")).id
    without = gcp.read(entry(gcp, insertId=None))
    assert without.id.startswith("blake2b-")
    assert without.id != gcp.read(entry(gcp, insertId=None, severity="ERROR")).id
    assert len(gcp.read(entry(gcp, insertId="i" * 500)).id) == 256


@pytest.mark.parametrize(
    ("log", "labels", "tenant"),
    [
        ("folders/7/logs/x", {}, "folders/7"),
        ("billingAccounts/A-1/logs/x", {}, "billingAccounts/A-1"),
        ("nothing", {"project_id": "p"}, "projects/p"),
        (None, {"project_id": 7}, "default"),
    ],
)
def test_tenants(gcp: Vendor, log: object, labels: dict[str, Any], tenant: str) -> None:
    record = entry(gcp, logName=log, resource={"type": "x", "labels": labels})
    assert gcp.read(record).tenant == tenant


@pytest.mark.parametrize(
    ("authentication", "user", "impersonated"),
    [
        (
            {"principalEmail": "A@X.ORG", "principalSubject": "user:A@X.ORG"},
            User("a@x.org", "A@X.ORG", "A@X.ORG"),
            None,
        ),
        ({"principalSubject": "user:a@x.org"}, person("a@x.org"), None),
        (
            {"principalSubject": "serviceAccount:p.svc.id.goog[ns/sa]"},
            User("p.svc.id.goog[ns/sa]", "p.svc.id.goog[ns/sa]", type=UserType.SERVICE),
            None,
        ),
        ({"principalEmail": "me@x.org", "principalSubject": "serviceAccount:me@x.org"}, service("me@x.org"), None),
        # A chain of service accounts: nobody stands in for anybody.
        (
            {
                "principalEmail": "b@p.iam.gserviceaccount.com",
                "serviceAccountDelegationInfo": [
                    {"firstPartyPrincipal": {"principalEmail": "a@p.iam.gserviceaccount.com"}}
                ],
            },
            service("b@p.iam.gserviceaccount.com"),
            None,
        ),
        # The person behind a service account behind a service account.
        (
            {
                "principalEmail": "b@p.iam.gserviceaccount.com",
                "serviceAccountDelegationInfo": [
                    {"firstPartyPrincipal": {"principalEmail": "a@p.iam.gserviceaccount.com"}},
                    {"principalSubject": "user:carol@x.org"},
                    {"principalSubject": "user:dave@x.org"},
                ],
            },
            person("carol@x.org"),
            service("b@p.iam.gserviceaccount.com"),
        ),
        ({"principalEmail": "a@x.org", "serviceAccountDelegationInfo": [7, {}, None]}, person("a@x.org"), None),
    ],
)
def test_who_acted(gcp: Vendor, authentication: dict[str, Any], user: User, impersonated: User | None) -> None:
    activity = gcp.read(entry(gcp, {"authenticationInfo": authentication}))
    assert (activity.user, activity.impersonated) == (user, impersonated)


@pytest.mark.parametrize(
    ("status", "outcome", "error"),
    [
        ({}, Outcome.SUCCESS, ""),
        (None, Outcome.SUCCESS, ""),
        ({"code": 0}, Outcome.SUCCESS, ""),
        ({"code": "7"}, Outcome.SUCCESS, ""),
        ({"code": 7}, Outcome.DENIED, "PERMISSION_DENIED"),
        ({"code": 16}, Outcome.DENIED, "UNAUTHENTICATED"),
        ({"code": 5}, Outcome.FAILURE, "NOT_FOUND"),
        ({"code": 404, "message": "no such bucket"}, Outcome.FAILURE, "no such bucket"),
        ({"code": -1}, Outcome.FAILURE, "UNKNOWN"),
    ],
)
def test_outcomes(gcp: Vendor, status: object, outcome: Outcome, error: str) -> None:
    activity = gcp.read(entry(gcp, {"status": status}))
    assert (activity.outcome, activity.error) == (outcome, error)


@pytest.mark.parametrize(
    ("sender", "ip", "location"),
    [
        ("private", "", INSIDE),
        ("gce-internal-ip", "", INSIDE),
        ("2001:DB8::1", "2001:db8::1", Location()),
        ("::ffff:192.0.2.1", "192.0.2.1", Location()),
        ("somewhere", "", Location()),
    ],
)
def test_addresses(gcp: Vendor, sender: str, ip: str, location: Location) -> None:
    activity = gcp.read(entry(gcp, {"requestMetadata": {"callerIp": sender}}))
    assert (activity.ip, activity.location) == (ip, location)


def delta(*changes: tuple[str, str]) -> dict[str, Any]:
    bindings = [{"action": action, "role": "roles/x", "member": member} for action, member in changes]
    return {"serviceData": {"policyDelta": {"bindingDeltas": bindings}}}


@pytest.mark.parametrize(
    ("method", "payload", "category"),
    [
        ("SetIamPolicy", {"serviceData": None}, Category.ROLE_GRANT),
        ("SetIamPolicy", delta(("REMOVE", "user:a"), ("ADD", "user:b")), Category.ROLE_GRANT),
        ("google.cloud.run.v1.Services.SetIamPolicy", delta(("ADD", "allAuthenticatedUsers")), Category.SHARE),
        ("SetIamPolicy", {"serviceData": {"policyDelta": {"auditConfigDeltas": [{}]}}}, Category.AUDIT_CONFIG),
        ("v1.compute.snapshots.setIamPolicy", {"serviceData": None}, Category.SHARE),
        ("v1.compute.instances.insert", {}, Category.COMPUTE_START),
        ("v1.compute.instances.stop", {}, Category.COMPUTE_STOP),
        ("v1.compute.instances.setMetadata", {}, Category.MODIFY),
        ("v1.compute.subnetworks.patch", {"request": {"logConfig": {"enable": False}}}, Category.AUDIT_CONFIG),
        ("v1.compute.subnetworks.patch", {"request": {}}, Category.NETWORK_CONFIG),
        ("v1.compute.firewalls.insert", {}, Category.NETWORK_CONFIG),
        ("google.logging.v2.ConfigServiceV2.DeleteSink", {}, Category.AUDIT_CONFIG),
        ("google.logging.v2.ConfigServiceV2.GetSink", {}, Category.READ),
        ("google.logging.v2.LoggingServiceV2.DeleteLog", {}, Category.AUDIT_CONFIG),
        ("google.iam.admin.v1.DisableServiceAccount", {}, Category.MODIFY_USER),
        ("google.iam.admin.v1.CreateRole", {}, Category.CREATE),
        ("google.api.apikeys.v2.ApiKeys.GetKeyString", {}, Category.SECRET_READ),
        ("io.k8s.core.v1.secrets.list", {}, Category.SECRET_READ),
        ("io.k8s.authorization.rbac.v1.clusterrolebindings.create", {}, Category.ROLE_GRANT),
        ("storage.objects.get", {}, Category.DOWNLOAD),
        ("storage.objects.create", {}, Category.UPLOAD),
        ("storage.buckets.delete", {}, Category.DELETE),  # by the verb
        ("google.cloud.bigquery.v2.JobService.InsertJob", {}, Category.EXECUTE),
        ("google.admin.AdminService.grantAdminPrivilege", {}, Category.ROLE_GRANT),
        ("google.login.LoginService.2svDisable", {}, Category.CREDENTIAL),
        ("google.login.LoginService.loginSuccess", {}, Category.LOGON),
    ],
)
def test_categories(gcp: Vendor, method: str, payload: dict[str, Any], category: Category) -> None:
    assert gcp.read(entry(gcp, {"methodName": method, "serviceData": None, **payload})).category is category


@pytest.mark.parametrize(
    ("payload", "fields", "path"),
    [
        ({"authenticationInfo": {}}, {}, "$.protoPayload.authenticationInfo"),
        ({"authenticationInfo": {"principalEmail": "unknown"}}, {}, "$.protoPayload.authenticationInfo"),
        ({"methodName": " "}, {}, "$.protoPayload.methodName"),
        ({}, {"timestamp": None}, "$.timestamp"),
        ({}, {"timestamp": "2026-03-02"}, "$.timestamp"),
    ],
)
def test_what_must_be_there(gcp: Vendor, payload: dict[str, Any], fields: dict[str, Any], path: str) -> None:
    assert f"`{path}`" in gcp.reason(entry(gcp, payload, **fields))


@pytest.mark.parametrize(
    "record",
    [
        {"insertId": "1", "logName": "projects/p/logs/x", "textPayload": "hello", "timestamp": "2026-03-02T10:00:00Z"},
        {"insertId": "1", "logName": "projects/p/logs/x", "jsonPayload": {"actor": "a"}},
        {"insertId": "1", "logName": "projects/p/logs/x", "protoPayload": {"@type": "x.googleapis.com/RequestLog"}},
    ],
)
def test_other_entries_are_skipped(gcp: Vendor, record: dict[str, Any]) -> None:
    for fmt in ("gcp_audit", "auto"):
        result = gcp.parse(record, fmt)
        assert not isinstance(result, Activity)
        assert result.reason.startswith("skipped: ")


def test_the_table_names_each_operation_once() -> None:
    names = [name for group in NAMES.values() for name in group.split()]
    assert len(names) == len(set(names)) == len(OPERATIONS)


@given(st.data())
def test_a_damaged_record_is_an_activity_or_a_reason(gcp: Vendor, data: st.DataObject) -> None:
    gcp.check(gcp.damaged(data))
