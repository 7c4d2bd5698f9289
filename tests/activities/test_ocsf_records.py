"""OCSF: events checked by hand, classes, who acted, times, outcomes, and records that are damaged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.activity import Activity, Category, Device, Location, Object, Outcome, Raw, User, UserType
from activities.ocsf_operations import CLASSES

if TYPE_CHECKING:
    from tests.activities.conftest import Vendor

RAW = Raw("vendors", "ocsf", 1)
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
ALICE = User("alice@example.com", "Alice Example", "Alice@example.com")
OSLO = Location("NO", "Oslo", 59.9, 10.7, 64496, "Example Net")
PC = Device(os="Windows 11")
ACCOUNT = "112233445566"


def golden(event_id: str, time: int, user: User, action: str, category: Category, **rest: Any) -> Activity:  # noqa: ANN401
    rest = {"tenant": "default", "ingested": 0, "app": "Example IdP", **rest}
    return Activity(id=event_id, time=time, user=user, action=action, category=category, **rest, source="ocsf", raw=RAW)


# Made by hand from the lines of the fixture, in their order.
GOLDEN = [
    golden(  # who logs on, not the process that asks; an ingest time
        "ev-1", 1_772_445_600_001, ALICE, "user.login", Category.LOGON, tenant="acct-1", ingested=1_772_445_660_000,
        app="Example Portal", ip="198.51.100.7", location=OSLO, device=Device("", "Windows 11", WINDOWS),
        session="s-1", groups=("finance",), unit="Accounting",
    ),
    golden(
        "ev-2", 1_772_445_601_002, User("mallory", "mallory"), "Authentication: Logon", Category.FAILED_LOGON,
        outcome=Outcome.FAILURE, error="INVALID_CREDENTIALS", ip="203.0.113.9", location=Location("NL", "", 52.4, 4.9),
    ),
    golden(  # a role, known as CloudTrail's records of it are
        "ev-3", 1_772_445_602_003, User(f"arn:aws:iam::{ACCOUNT}:role/ops", "Ops"), "DescribeInstances",
        Category.LIST, tenant=ACCOUNT, app="ec2.amazonaws.com", device=Device(user_agent="ec2.amazonaws.com"),
        session="ASIA1",
    ),
    golden(
        "ev-4", 1_772_445_603_004, User(f"arn:aws:iam::{ACCOUNT}:user/bob", "Bob"), "CreateAccessKey",
        Category.CREDENTIAL, outcome=Outcome.DENIED, error="AccessDenied", tenant=ACCOUNT, app="iam.amazonaws.com",
        ip="192.0.2.10", session="AKIA1", objects=(Object("AWS::IAM::User", f"arn:aws:iam::{ACCOUNT}:user/carol"),),
        tags=("key-added",),
    ),
    golden(
        "ev-5", 1_772_445_604_005, ALICE, "Account Change: Password Reset", Category.CREDENTIAL, tenant="tenant-9",
        ip="198.51.100.7", location=OSLO, device=PC, session="s-1", objects=(Object("user", "bob@example.com"),),
        tags=("password-set",),
    ),
    golden(
        "ev-6", 1_772_445_605_006, ALICE, "User Access Management: Assign Role", Category.ROLE_GRANT,
        objects=(
            Object("user", "bob@example.com"), Object("role", "Global Administrator"), Object("privilege", "*"),
        ),
        tags=("privileged",),
    ),
    golden(
        "ev-7", 1_772_445_606_007, ALICE, "group.user_membership.add", Category.ROLE_GRANT,
        objects=(Object("user", "bob"), Object("group", "Admins")),
    ),
    golden(
        "ev-8", 1_772_445_607_008, ALICE, "file_shared", Category.SHARE, ip="198.51.100.7", location=OSLO, device=PC,
        objects=(Object("document", "https://docs.example.com/d/1"),),
    ),
    golden(
        "ev-9", 1_772_445_608_009, ALICE, "FileDownloaded", Category.DOWNLOAD, ip="198.51.100.7", location=OSLO,
        device=PC, objects=(Object("file", "/finance/plan.pdf", 48213),),
    ),
    golden(
        "ev-10", 1_772_445_609_010, User("00uadmin", "00uadmin"), "User Management: 13", Category.CREDENTIAL,
        objects=(Object("user", "bob"),), tags=("factor-removed",),
    ),
    golden(  # an application on its own; by the verb
        "ev-11", 1_772_445_610_011, User("backup bot", "Backup Bot", type=UserType.APP), "ExportMailbox",
        Category.DOWNLOAD, outcome=Outcome.UNKNOWN, app="mail",
    ),
    golden(  # seconds for milliseconds: `time_dt` instead. By Okta's own name
        "ev-12", 1_772_445_611_012, ALICE, "policy.rule.update", Category.MODIFY, app="Okta System Log",
        objects=(Object("policy", "Require MFA"),),
    ),
    golden(  # without an id
        "", 1_772_445_612_013,
        User("etl@acme-dwh.iam.gserviceaccount.com", "etl@acme-dwh.iam.gserviceaccount.com",
             "etl@acme-dwh.iam.gserviceaccount.com", UserType.SERVICE),
        "Datastore Activity: 4", Category.READ, ip="10.1.2.3",
        objects=(Object("database", "dwh"), Object("table", "salaries")),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def ocsf(vendor_of: Callable[[str], Vendor]) -> Vendor:
    return vendor_of("ocsf")


def derived(record: dict[str, Any]) -> str:
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    return "blake2b-" + hashlib.blake2b(canonical, digest_size=16).hexdigest()


def test_golden(ocsf: Vendor) -> None:
    for record, activity in zip(ocsf.records, GOLDEN, strict=True):
        expected = activity if activity.id else msgspec.structs.replace(activity, id=derived(record))
        for fmt in ("ocsf", "auto"):
            assert ocsf.parse(record, fmt) == expected


@pytest.mark.parametrize("class_uid", sorted(CLASSES))
def test_every_activity_of_every_class_has_a_category(ocsf: Vendor, class_uid: int) -> None:
    for activity_id, category in CLASSES[class_uid][1].items():
        record = {
            "class_uid": class_uid,
            "activity_id": activity_id,
            "time": 1_772_445_600_000,
            "metadata": {"uid": "1"},
            "actor": {"user": {"name": "alice"}},
            "status_id": 1,
        }
        assert ocsf.read(record).category is category is not Category.OTHER
    assert ocsf.read({**record, "activity_id": 99}).category is Category.OTHER
    assert ocsf.read({**record, "activity_id": "1"}).category is CLASSES[class_uid][1][1]


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({"type_name": "Authentication: Logon", "activity_name": "Other words"}, "Authentication: Logon"),
        ({"activity_name": "Logon"}, "Authentication: Logon"),
        ({}, "Authentication: 1"),
    ],
)
def test_actions_without_an_operation(ocsf: Vendor, fields: dict[str, Any], action: str) -> None:
    record = {"class_uid": 3002, "activity_id": 1, "time": 1_772_445_601_002, "user": {"name": "bob"}, **fields}
    assert ocsf.read(record).action == action


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"class_uid": 2004}, "skipped: an OCSF event of class 2004"),
        ({"class_uid": 4001}, "skipped: an OCSF event of class 4001"),
        ({"class_uid": None}, "`$.class_uid`"),
        ({"class_uid": "x"}, "`$.class_uid`"),
        ({"time": None}, "`$.time`"),
        ({"time": 1_772_445_600, "time_dt": 7}, "looks like epoch seconds"),
        ({"actor": None}, "`$.actor.user`"),
        ({"actor": {"user": {"name": "unknown", "uid": ""}}}, "`$.actor.user`"),
        ({"class_uid": 3002, "actor": {}, "user": {"name": "Not Available"}}, "`$.user`"),
    ],
)
def test_what_must_be_there(ocsf: Vendor, fields: dict[str, Any], says: str) -> None:
    assert says in ocsf.reason({**ocsf.records[8], **fields})


@pytest.mark.parametrize(
    ("actor", "user"),
    [
        ({"user": {"name": "bob", "uid": "7"}}, User("bob", "bob")),
        ({"user": {"uid": 7}}, User("7", "7")),
        ({"user": {"uid": "bob@x.org", "name": "Bob"}}, User("bob@x.org", "Bob", "bob@x.org")),
        ({"user": {"uid_alt": "x-1"}}, User("x-1", "x-1")),
        ({"user": {"name": "SYSTEM", "type_id": 3}}, User("system", "SYSTEM", type=UserType.SERVICE)),
        ({"invoked_by": "ecs.amazonaws.com"}, User("ecs.amazonaws.com", "ecs.amazonaws.com", type=UserType.SERVICE)),
        ({"user": {"uid": "arn:aws:iam::1:root", "name": "x"}}, User("arn:aws:iam::1:root", "root")),
        (
            {"user": {"uid": "arn:aws:sts::1:assumed-role/Ops/alice@example.com"}},
            User("alice@example.com", "alice@example.com", "alice@example.com"),
        ),
        ({"user": {"uid": "arn:aws"}}, User("arn:aws", "arn:aws")),
    ],
)
def test_who_acted(ocsf: Vendor, actor: dict[str, Any], user: User) -> None:
    assert ocsf.read({**ocsf.records[8], "actor": actor}).user == user


def test_the_actor_stands_in_for_a_missing_user_who_logs_on(ocsf: Vendor) -> None:
    record = {**ocsf.records[0], "user": None, "actor": {"user": {"name": "bob"}}}
    assert ocsf.read(record).user == User("bob", "bob")


@pytest.mark.parametrize(
    ("fields", "outcome", "error"),
    [
        ({"status_id": 1}, Outcome.SUCCESS, ""),
        ({"status_id": 2}, Outcome.FAILURE, "Failure"),
        ({"status_id": 2, "status_code": "403 Forbidden"}, Outcome.DENIED, "403 Forbidden"),
        ({"status": "failure", "status_detail": "NO"}, Outcome.FAILURE, "NO"),
        ({"status_id": 1, "action_id": 2}, Outcome.DENIED, ""),
        ({"status": 7, "status_id": "x"}, Outcome.UNKNOWN, ""),
        ({"api": {"response": {"error": "ThrottlingException"}}}, Outcome.FAILURE, "ThrottlingException"),
        ({"class_uid": 6004, "activity_id": 2}, Outcome.DENIED, ""),
    ],
)
def test_outcomes(ocsf: Vendor, fields: dict[str, Any], outcome: Outcome, error: str) -> None:
    activity = ocsf.read({**ocsf.records[8], "status_id": None, **fields})
    assert (activity.outcome, activity.error) == (outcome, error)


@given(st.data())
def test_a_damaged_record_is_an_activity_or_a_reason(ocsf: Vendor, data: st.DataObject) -> None:
    ocsf.check(ocsf.damaged(data))
