"""CloudTrail: records checked by hand, who acted, outcomes, addresses, forms, and the share that gets a category."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.activity import Activity, Category, Device, Location, Object, Outcome, Raw, User, UserType
from activities.formats import parse_line, parse_record
from activities.record import Rejected
from tests.activities.cloudtrail_event import EVENT, RAW, parse, read

if TYPE_CHECKING:
    from tests.activities.conftest import Log

SHARED = Path(__file__).parents[3] / "shared" / "data"
ACCOUNT = "123837392027"
BERT_JAN = User(f"arn:aws:iam::{ACCOUNT}:user/bert-jan", "bert-jan")
KEY = "AKIATFQR7NSC8Q4X20BJ"
SERVICE = Location(tags=("aws-service",))
TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) terraform-provider-aws/3.76.1 "
    "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go/1.44.157 (go1.19.3; linux; amd64) "
)


def golden(event_id: str, time: int, user: User, action: str, category: Category, **rest: Any) -> Activity:  # noqa: ANN401
    return Activity(ACCOUNT, event_id, time, 0, user, action, category, source="cloudtrail", **rest)


# Made by hand from the records, one of each kind that the fixture has. Times: `date -u -d ... +%s`.
GOLDEN = [
    golden(  # what was sent stands in brackets, as S3 writes it
        "d9a07e9d-28ac-45d9-b8ef-43433808f2f0", 1_688_989_364_000,
        User(f"arn:aws:iam::{ACCOUNT}:user/benjamin", "benjamin"), "GetBucketAcl", Category.READ,
        app="s3.amazonaws.com", ip="10.248.16.43", session="AKIATFQZ7NSC8Q4X21BJ", tags=("mfa",),
        device=Device(
            user_agent="S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488 "
            "Linux/5.4.247-169.350.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/25.372-b08 java/1.8.0_372 "
            "vendor/Oracle_Corporation cfg/retry-mode/standard"
        ),
        objects=(Object("bucket", "baker221b-bucketssecuritylogsbef08b3e-13nrzhi7fcs7w", 552),),
    ),
    golden(  # an instance's role
        "c26863eb-33e7-4783-8a8d-40a0eddb4cbf", 1_688_990_521_000,
        User(
            f"arn:aws:iam::{ACCOUNT}:role/stratus-red-team-ec2-steal-credentials-role",
            "stratus-red-team-ec2-steal-credentials-role",
            type=UserType.SERVICE,
        ),
        "UpdateInstanceInformation", Category.MODIFY, app="ssm.amazonaws.com", ip="3.225.16.109",
        session="ASIATFQR7NSCSHSEVYP5",
        objects=(Object("instance", "i-0dbc91f429e48eeed"), Object("region", "us-east-1")),
        device=Device("i-0dbc91f429e48eeed", "", "aws-sdk-go/1.41.4 (go1.18.3; linux; amd64) amazon-ssm-agent/"),
    ),
    golden(
        "f6e10706-705c-47f2-94d4-112a9527ab8b", 1_688_990_487_000, BERT_JAN, "StopLogging", Category.AUDIT_CONFIG,
        tags=("logging-reduced",),
        outcome=Outcome.FAILURE, error="TrailNotFoundException", app="cloudtrail.amazonaws.com", ip="192.168.10.20",
        session=KEY, device=Device(user_agent="stratus-red-team_e27c7b82-502b-4432-a99a-be984762c413"),
        objects=(Object("trail", "stratus-red-team-ct-stop-trail-qzbgnfqisx"),),
    ),
    golden(
        "de58d903-38d7-4f30-a84b-b79d858e8376", 1_688_990_546_000, BERT_JAN, "DeleteFlowLogs", Category.AUDIT_CONFIG,
        tags=("logging-reduced",),
        app="ec2.amazonaws.com", ip="192.168.10.20", session=KEY, objects=(Object("flow_log", "fl-064ed3a785e4a37ef"),),
        device=Device(user_agent="stratus-red-team_20f9795b-aa02-4c8e-bad6-bd338ec09f59"),
    ),
    golden(
        "076e96d5-2983-473f-920a-2fc2d7e02777", 1_688_990_408_000, BERT_JAN, "PutEventSelectors", Category.AUDIT_CONFIG,
        tags=("logging-reduced",),
        app="cloudtrail.amazonaws.com", ip="192.168.10.20", session=KEY,
        device=Device(user_agent="stratus-red-team_1d949e3e-4092-4c96-a6ef-96a967510a46"),
        objects=(Object("trail", "stratus-red-team-ctes-trail-qyxyekjbtk"),),
    ),
    golden(
        "b7e19efd-92be-4182-bbbc-b6468296710b", 1_688_990_342_000, BERT_JAN, "DeleteTrail", Category.AUDIT_CONFIG,
        tags=("logging-reduced",),
        outcome=Outcome.FAILURE, error="TrailNotFoundException", app="cloudtrail.amazonaws.com", ip="192.168.10.20",
        session=KEY, device=Device(user_agent="stratus-red-team_99607e74-534a-4298-98da-1d4f09e66dea"),
        objects=(Object("trail", "stratus-red-team-cloudtraild-trail-aueolsaccp"),),
    ),
    golden(  # a service, by name and address
        "2e59bbc2-ff35-43a5-835a-ba9239af22b1", 1_688_990_605_000,
        User("ec2.amazonaws.com", "ec2.amazonaws.com", type=UserType.SERVICE), "AssumeRole", Category.TOKEN,
        app="sts.amazonaws.com", location=SERVICE, device=Device(user_agent="ec2.amazonaws.com"),
        objects=(Object("role", f"arn:aws:iam::{ACCOUNT}:role/stratus-red-team-ec2-enumerate-role"),),
    ),
    golden(  # a service without a type
        "6b70c0d5-e0b2-4bc0-b903-556e0346a7ac", 1_688_990_606_000,
        User("ec2.amazonaws.com", "ec2.amazonaws.com", type=UserType.SERVICE), "SharedSnapshotVolumeCreated",
        Category.CREATE, app="ec2.amazonaws.com", location=SERVICE, device=Device(user_agent="ec2.amazonaws.com"),
    ),
    golden(
        "988f1043-3e3d-4d84-803b-1b4d00e0df90", 1_688_990_398_000, BERT_JAN, "PutBucketPolicy", Category.SHARE,
        app="s3.amazonaws.com", ip="192.168.10.20", session=KEY,
        device=Device(
            user_agent=TERRAFORM
            + "stratus-red-team_1d949e3e-4092-4c96-a6ef-96a967510a46 HashiCorp-terraform-exec/0.17.3"
        ),
        objects=(Object("bucket", "stratus-red-team-ctes-bucket-qyxyekjbtk", 494),),
    ),
    golden(
        "073c57c4-c3bb-4d4c-908e-29fa31eefc0d", 1_688_990_516_000, BERT_JAN, "AssumeRole", Category.TOKEN,
        outcome=Outcome.DENIED, error="AccessDenied", app="sts.amazonaws.com", ip="192.168.10.20", session=KEY,
        device=Device(user_agent="stratus-red-team_7d2a6913-ded3-49c6-a31c-0cdeebcc259c"),
    ),
    golden(
        "b5b0961f-1d1e-423f-9944-1024a7267042", 1_688_990_307_000, BERT_JAN, "GetParameters", Category.SECRET_READ,
        app="ssm.amazonaws.com", ip="192.168.10.20", session=KEY,
        device=Device(user_agent="stratus-red-team_11a6ef34-e130-4579-a1d3-79c915cee6ec"),
        objects=tuple(
            Object("parameter", f"/credentials/stratus-red-team/credentials-{number}")
            for number in (11, 13, 20, 22, 23, 27, 28, 36, 5, 7)
        ),
    ),
    golden(
        "3a38e984-dba2-4a02-95d5-67ed3f682059", 1_688_990_877_000, BERT_JAN, "GetSecretValue", Category.SECRET_READ,
        app="secretsmanager.amazonaws.com", ip="192.168.10.20", session=KEY,
        device=Device(user_agent=TERRAFORM + "HashiCorp-terraform-exec/0.17.3"),
        objects=(
            Object(
                "secret", f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:stratus-red-team-retrieve-secret-7-nFvpuv"
            ),
        ),
    ),
    golden(  # a role session of nobody in particular
        "8e865acb-b1e1-41d1-bdf3-47462f79d24c", 1_688_990_802_000,
        User(
            f"arn:aws:iam::{ACCOUNT}:role/stratus-red-team-ec2lui-role-pcccexdthk",
            "stratus-red-team-ec2lui-role-pcccexdthk",
        ),
        "RunInstances", Category.COMPUTE_START, outcome=Outcome.FAILURE, error="Client.VcpuLimitExceeded",
        app="ec2.amazonaws.com", ip="192.168.10.20", session="ASIATFQR7NSC7TITDFL2",
        device=Device(user_agent="stratus-red-team_bc31c885-5ea0-4a6e-8bec-b6b10058bc44"),
        objects=(
            Object("instance_type", "p2.xlarge"), Object("subnet", "subnet-096553f59d783f082"),
            Object("region", "us-east-1"),
        ),
    ),
    golden(
        "70e5932e-9022-4b38-837e-ca10dad94eb7", 1_688_991_795_000,
        User(
            f"arn:aws:iam::{ACCOUNT}:user/stratus-red-team-nmfalu-gfjyeaypjt", "stratus-red-team-nmfalu-gfjyeaypjt"
        ),
        "ConsoleLogin", Category.LOGON, app="signin.amazonaws.com", ip="192.168.10.20", tags=("single-factor",),
        device=Device(user_agent="stratus-red-team_01190e38-873e-4cc4-aede-7ceb7ffc2a4a"),
    ),
    golden(  # no ARN, yet the same user
        "74b4a7d6-764d-4ec8-bbd4-91e7a84e6780", 1_688_992_051_000, BERT_JAN, "CheckMfa", Category.LOGON,
        app="signin.amazonaws.com", ip="10.8.8.10", outcome=Outcome.UNKNOWN, tags=("mfa-challenge",),
        device=Device(user_agent="Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("expected", GOLDEN, ids=lambda activity: f"{activity.action}-{activity.id[:8]}")
def test_golden(expected: Activity, events: list[dict[str, Any]]) -> None:
    (record,) = [record for record in events if record["eventID"] == expected.id]
    assert parse_record(json.dumps(record).encode(), "auto", "default", expected.raw) == expected


def role(session: str, path: str = "", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    name = path.rpartition("/")[2] or "Ops"
    return {
        "type": "AssumedRole",
        "principalId": f"AROA1:{session}",
        "arn": f"arn:aws:sts::111122223333:assumed-role/{name}/{session}",
        "accountId": "111122223333",
        "accessKeyId": "ASIA1",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROA1",
                "arn": f"arn:aws:iam::111122223333:role/{path or 'Ops'}",
                "userName": name,
            },
            **more,
        },
    }


OPS = "arn:aws:iam::111122223333:role/ops"
SSO = "aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef"
LINKED = "aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
PERSON, SERVICE_USER, APP = UserType.PERSON, UserType.SERVICE, UserType.APP

IDENTITIES: list[tuple[dict[str, Any], User]] = [
    (EVENT["userIdentity"], User("arn:aws:iam::111122223333:user/alice", "Alice")),
    # With a path, without an ARN, called by a service: the same user.
    (
        {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/eu/it/Alice", "userName": "Alice"},
        User("arn:aws:iam::111122223333:user/alice", "Alice"),
    ),
    (
        {"type": "IAMUser", "accountId": "111122223333", "userName": "ALICE", "accessKeyId": ""},
        User("arn:aws:iam::111122223333:user/alice", "ALICE"),
    ),
    (
        {**EVENT["userIdentity"], "invokedBy": "AWS Internal"},
        User("arn:aws:iam::111122223333:user/alice", "Alice"),
    ),
    ({"type": "IAMUser", "principalId": "AIDA9", "accountId": "1"}, User("1:aida9", "1:AIDA9")),
    ({"type": "Root", "arn": "arn:aws:iam::1:root", "accountId": "1"}, User("arn:aws:iam::1:root", "root")),
    ({"type": "Root", "arn": "", "accountId": "1", "userName": "alias"}, User("arn:aws:iam::1:root", "root")),
    # Role sessions: the person where the record says who, else the role.
    (role("botocore-session-1700000000"), User(OPS, "Ops")),
    (role("Alice@Example.com"), User("alice@example.com", "Alice@Example.com", "Alice@Example.com")),
    (role("alice", SSO), User("alice", "alice")),
    (
        role("any", sourceIdentity="alice@example.com"),
        User("alice@example.com", "alice@example.com", "alice@example.com"),
    ),
    (role("bob@example.com", sourceIdentity="Alice"), User("alice", "Alice")),
    (role("i-0dbc91f429e48eeed"), User(OPS, "Ops", type=SERVICE_USER)),
    (
        role("abc", LINKED),
        User("arn:aws:iam::111122223333:role/awsserviceroleforrds", "AWSServiceRoleForRDS", type=SERVICE_USER),
    ),
    (
        {**role("fn"), "inScopeOf": {"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": "arn:aws:lambda:f"}},
        User(OPS, "Ops", type=SERVICE_USER),
    ),
    (
        {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/Ops/xyz",
            "invokedBy": "eks.amazonaws.com",
        },
        User(OPS, "Ops"),
    ),
    # Others
    (
        {"type": "FederatedUser", "arn": "arn:aws:sts::1:federated-user/Bob", "principalId": "1:Bob"},
        User("arn:aws:sts::1:federated-user/bob", "Bob"),
    ),
    (
        {"type": "SAMLUser", "principalId": "x=:Alice@example.com", "userName": "Alice@example.com"},
        User("alice@example.com", "Alice@example.com", "Alice@example.com"),
    ),
    (
        {"type": "WebIdentityUser", "userName": "system:serviceaccount:prod:api", "identityProvider": "oidc"},
        User("system:serviceaccount:prod:api", "system:serviceaccount:prod:api", type=SERVICE_USER),
    ),
    (
        {"type": "WebIdentityUser", "userName": "repo:acme/app:ref:refs/heads/main"},
        User("repo:acme/app:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main", type=APP),
    ),
    (
        {"type": "IdentityCenterUser", "accountId": "1", "onBehalfOf": {"userId": "544894E8", "identityStoreArn": "a"}},
        User("544894e8", "544894E8"),
    ),
    ({"type": "Directory", "userName": "carol"}, User("carol", "carol")),
    ({"type": "Unknown", "principalId": "9067", "userName": "carol"}, User("carol", "carol")),
    ({"type": "AWSAccount", "accountId": "1", "principalId": "AROA2:random"}, User("1:aroa2", "AROA2")),
    (
        {"type": "AWSAccount", "accountId": "ANONYMOUS_PRINCIPAL", "principalId": ""},
        User("anonymous_principal", "ANONYMOUS_PRINCIPAL"),
    ),
    (
        {"type": "AWSService", "invokedBy": "health.amazonaws.com"},
        User("health.amazonaws.com", "health.amazonaws.com", type=SERVICE_USER),
    ),
    ({"accountId": "1", "invokedBy": "AWS Internal"}, User("aws internal", "AWS Internal", type=SERVICE_USER)),
]


@pytest.mark.parametrize(("identity", "user"), IDENTITIES)
def test_who_acted(identity: dict[str, Any], user: User) -> None:
    assert read(userIdentity=identity).user == user


def test_a_person_in_a_role_has_the_role_as_group() -> None:
    activity = read(userIdentity=role("alice@example.com", SSO))
    assert activity.groups == ("arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_0123456789abcdef",)
    assert read(userIdentity=role("random")).groups == ()


def test_an_instance_is_the_device() -> None:
    assert read(userIdentity=role("i-0dbc91f429e48eeed")).device == Device("i-0dbc91f429e48eeed", "", "aws-cli/2.13")


def test_on_behalf_of() -> None:
    identity = {**role("app"), "onBehalfOf": {"userId": "544894E8"}}
    assert read(userIdentity=identity).impersonated == User("544894e8", "544894E8")


@pytest.mark.parametrize(
    "identity",
    [None, {}, [], "alice", {"type": "IAMUser"}, {"type": "AWSService"}, {"type": "Root"}, {"accountId": "1"},
     {"type": "AssumedRole", "sessionContext": []}, {"type": ["IAMUser"], "userName": 3}, {"type": "AWSAccount"}],
)  # fmt: skip
def test_nobody_is_rejected(identity: object) -> None:
    result = parse(userIdentity=identity)
    assert isinstance(result, Rejected)
    assert "`$.userIdentity`" in result.reason


def test_tenant() -> None:
    assert read().tenant == "444455556666"
    assert read(recipientAccountId=None).tenant == "111122223333"
    assert (
        read(recipientAccountId=None, userIdentity={"type": "Directory", "userName": "c"}, tenant="acme").tenant
        == "acme"
    )


@pytest.mark.parametrize(
    ("fields", "category", "outcome", "error"),
    [
        ({"responseElements": {"ConsoleLogin": "Success"}}, Category.LOGON, Outcome.SUCCESS, ""),
        (
            {"responseElements": {"ConsoleLogin": "Failure"}, "errorMessage": "Failed authentication"},
            Category.FAILED_LOGON, Outcome.FAILURE, "Failed authentication",
        ),
        ({"responseElements": {"ConsoleLogin": "Failure"}}, Category.FAILED_LOGON, Outcome.FAILURE, "Failure"),
        ({"serviceEventDetails": {"ConsoleLogin": "Failure"}}, Category.FAILED_LOGON, Outcome.FAILURE, "Failure"),
        ({"errorMessage": "No username found in supplied account"}, Category.FAILED_LOGON, Outcome.FAILURE,
         "No username found in supplied account"),
    ],
)  # fmt: skip
def test_sign_in(fields: dict[str, Any], category: Category, outcome: Outcome, error: str) -> None:
    activity = read(eventSource="signin.amazonaws.com", eventName="ConsoleLogin", **fields)
    assert (activity.category, activity.outcome, activity.error) == (category, outcome, error)


@pytest.mark.parametrize(
    "code",
    ["AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "UnauthorizedOperation",
     "VpceAccessDenied", "UnauthorizedAccess", "NotAuthorizedException", "AccessDenied.Exception", "Forbidden"],
)  # fmt: skip
def test_denied(code: str) -> None:
    assert read(errorCode=code).outcome is Outcome.DENIED
    assert read(errorCode=code).error == code


@pytest.mark.parametrize("code", ["ThrottlingException", "NoSuchEntity", "Client.DryRunOperation", "ExpiredToken"])
def test_failure(code: str) -> None:
    assert read(errorCode=code).outcome is Outcome.FAILURE


@pytest.mark.parametrize(
    ("sender", "ip", "tags"),
    [
        ("198.51.100.7", "198.51.100.7", ()),
        ("2001:DB8::0:1", "2001:db8::1", ()),
        ("253.252.51.07", "", ()),
        ("AWS Internal", "", ("aws-service",)),
        ("health.amazonaws.com", "", ("aws-service",)),
        ("s3.amazonaws.com.cn", "", ("aws-service",)),
        ("evil.com/.amazonaws.com", "", ()),
        ("redacted", "", ()),
        (None, "", ()),
        (7, "", ()),
    ],
)
def test_addresses(sender: object, ip: str, tags: tuple[str, ...]) -> None:
    activity = read(sourceIPAddress=sender)
    assert (activity.ip, activity.location) == (ip, Location(tags=tags))


def test_session() -> None:
    assert read().session == "AKIA1"
    identity = role("s", attributes={"creationDate": "2026-01-02T00:00:00Z"})
    del identity["accessKeyId"]
    assert read(userIdentity=identity).session == "AROA1:s@2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"eventCategory": "Insight", "insightDetails": {}, "eventVersion": "1.07"}, "isn't one"),
        ({"awsAccountId": "1", "digestStartTime": "2026-01-01T00:00:00Z", "logFiles": []}, "digest"),
    ],
)
@pytest.mark.parametrize("fmt", ["auto", "cloudtrail"])
def test_insights_and_digests_are_skipped(record: dict[str, Any], says: str, fmt: str) -> None:
    result = parse_record(json.dumps(record).encode(), fmt, "default", RAW)
    assert isinstance(result, Rejected)
    assert result.reason.startswith("skipped: ")
    assert says in result.reason


@pytest.mark.parametrize("field", ["eventName", "eventTime"])
@pytest.mark.parametrize("value", [None, "", " ", 7, [], {}])
def test_required_fields(field: str, value: object) -> None:
    fields: dict[str, Any] = {field: value}
    result = parse(**fields)
    assert isinstance(result, Rejected)
    assert f"`$.{field}`" in result.reason


@pytest.mark.parametrize("value", [None, "", " ", 7])
def test_an_event_without_an_id_gets_a_stable_one(value: object) -> None:
    one, again, other = (parse(eventID=value, awsRegion=region) for region in ("eu-1", "eu-1", "us-1"))
    assert isinstance(one, Activity) and isinstance(other, Activity)
    assert one == again
    assert one.id != other.id


def test_the_forms_of_an_event_are_one() -> None:
    """As CloudTrail writes it, as `aws cloudtrail lookup-events` does, as data lakes do."""
    looked_up = {
        "EventId": "e-1", "EventName": "GetObject", "ReadOnly": "true", "EventTime": 1767323045.0,
        "Username": "carol", "Resources": [], "CloudTrailEvent": json.dumps(EVENT),
    }  # fmt: skip
    lowered = {name.lower(): value for name, value in EVENT.items()} | {"eventtime": "2026-01-02 03:04:05.000000000"}
    shipped = {name: value for name, value in EVENT.items() if name != "eventTime"} | {
        "@timestamp": "2026-01-02T03:04:05.000Z"
    }
    activity = parse()
    assert isinstance(activity, Activity)
    for record in (looked_up, lowered, shipped):
        for fmt in ("auto", "cloudtrail"):
            assert parse_record(json.dumps(record).encode(), fmt, "default", RAW) == activity
    pages = json.dumps({"Events": [looked_up], "NextToken": "x"}).encode()
    assert parse_line(pages, "auto", "default", RAW) == [activity]


@pytest.mark.parametrize("inner", [None, "", "{", "7", 7, []])
def test_a_looked_up_event_without_its_record(inner: object) -> None:
    result = parse_record(json.dumps({"EventId": "1", "CloudTrailEvent": inner}).encode(), "auto", "default", RAW)
    assert isinstance(result, Rejected)
    assert "`$.CloudTrailEvent`" in result.reason


wrong = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, item in inner for place in places(item, (*path, key))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_wrong_type_anywhere_never_raises(events: list[dict[str, Any]], data: st.DataObject) -> None:
    record = json.loads(json.dumps(events[data.draw(st.integers(0, len(events) - 1))]))
    # The deepest first, so that the way to each is still there.
    for path in sorted(data.draw(st.lists(st.sampled_from(places(record)), min_size=1, max_size=3)), key=len)[::-1]:
        inner: Any = record
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = data.draw(wrong)
    result = parse_record(json.dumps(record).encode(), "cloudtrail", "default", RAW)
    if isinstance(result, Rejected):
        assert "`$." in result.reason


def categorised(results: list[Activity | Rejected]) -> float:
    assert all(isinstance(result, Activity) for result in results)
    known = sum(result.category is not Category.OTHER for result in results if isinstance(result, Activity))
    return known / len(results)


def test_the_fixture_is_read_and_categorised(logs: list[Log]) -> None:
    results = [result for log in logs for result in parse_line(log.data, "auto", "default", Raw("logs", log.name, 1))]
    assert len(results) == sum(len(log.records) for log in logs) == 551
    assert categorised(results) >= 0.95
    names = {
        result.action for result in results if isinstance(result, Activity) and result.category is Category.AUDIT_CONFIG
    }
    assert names >= {"StopLogging", "DeleteTrail", "PutEventSelectors", "DeleteFlowLogs"}


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the sample logs are not at {SHARED}")
def test_the_sample_logs_are_read_and_categorised() -> None:
    files = [*SHARED.glob("cloudtrail-invictus/CloudTrail/*.json"), *SHARED.glob("cloudtrail-stratus/**/*.json")]
    results = [result for path in sorted(files) for result in parse_line(path.read_bytes(), "auto", "default", RAW)]
    assert len(results) == 2900 + 310
    assert categorised(results) >= 0.95


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the sample logs are not at {SHARED}")
def test_other_vendors_records_never_raise() -> None:
    lines = (SHARED / "panther-tests" / "events.jsonl").read_bytes().splitlines()
    results = [result for line in lines for fmt in ("auto", "cloudtrail") for result in parse_line(line, fmt, "t", RAW)]
    assert len(results) == 2 * len(lines)
