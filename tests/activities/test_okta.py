"""Okta: records checked by hand, who acted, outcomes, places, and records that are damaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.activity import Activity, Category, Device, Location, Object, Outcome, Raw, User, UserType
from activities.okta_operations import NAMES, OPERATIONS

if TYPE_CHECKING:
    from tests.activities.conftest import Vendor

RAW = Raw("vendors", "okta", 1)
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
ALICE = User("alice@example.com", "Alice Example", "Alice@Example.com")
HOMER = User("homer.simpson@duff.com", "Homer Simpson", "homer.simpson@duff.com")
SPRINGFIELD = Location("US", "Springfield", 20.0, -25.0, 701, "verizon")
HOMERS_MAC = Device("", "Mac OS X", f"{MAC} Chrome/102.0.0.0 Safari/537.36")
OSLO = Location("NO", "Oslo", 59.9, 10.7, 64496, "example net as")
PC = Device("", "Windows 10", WINDOWS)


def golden(event_id: str, time: int, user: User, action: str, category: Category, **rest: Any) -> Activity:  # noqa: ANN401
    return Activity(
        "default", event_id, time, 0, user, action, category, **{"app": "Okta", **rest}, source="okta", raw=RAW
    )


# Made by hand from the lines of the fixture, in their order. Times: `date -u -d ... +%s`.
GOLDEN = [
    golden(
        "aac560bd-f125-11ee-9caa-cd5d09945def", 1_712_085_457_621,
        User("casey.hill@hey.com", "Casey Hill", "casey.hill@hey.com"), "user.session.start", Category.LOGON,
        ip="99.108.5.25", location=Location("US", "Atlanta", 33.9794, -84.3459, 7018, "att services inc"),
        device=Device(
            "f23be3b6d8bfd69c14e0d1b33e790b84fa5358eab0a09a1058816ad65d633da4", "Mac OS 14.4.1 (Sonoma)",
            f"{MAC} Chrome/123.0.0.0 Safari/537.36",
        ),
        session="idxvF50v_5sT2-GOA7_K0Amyw",
        objects=(Object("AuthenticatorEnrollment", "Password"), Object("AppInstance", "Okta Dashboard")),
    ),
    golden(
        "2a992f80-d1ad-4f62-900e-8c68bb72a21b", 1_606_339_623_496,
        User("jack@acme.io", "Jack Naglieri", "jack@acme.io"), "user.account.privilege.grant", Category.ROLE_GRANT,
        ip="136.24.229.58", location=Location("US", "San Francisco", 37.7852, -122.3874),
        device=Device("", "Mac OS X", f"{MAC} Chrome/86.0.4240.198 Safari/537.36"),
        objects=(
            Object("User", "alice@acme.io"), Object("role", "Organization administrator"),
            Object("role", "Application administrator (all)"),
        ),
        tags=("privileged",),
    ),
    golden(  # outer field names in lower case
        "AbC-123-XyZ", 1_655_921_909_015, HOMER, "user.mfa.factor.reset_all", Category.CREDENTIAL, ip="1.3.2.4",
        location=SPRINGFIELD, device=HOMERS_MAC, session="100-abc-9999",
        objects=(Object("User", "peter.griffin@company.com"),),
        tags=("factor-removed",),
    ),
    golden(  # no client at all
        "2a992f80-d1ad-4f62-900e-8c68bb72a21b", 1_610_141_314_875,
        User("user@example.com", "Test User", "user@example.com"), "system.api_token.create", Category.CREDENTIAL,
        objects=(Object("Token", "test_key"),),
        tags=("key-added",),
    ),
    golden(
        "abc-1234-aaa", 1_670_944_978_759, User("123456", "Okta User", type=UserType.APP), "app.oauth2.authorize.code",
        Category.TOKEN, ip="1.2.3.4", location=Location("US", "Queens", 40.0, -70.0, 701, "verizon"),
        device=Device(
            "11aabbccc", "Mac OS X",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.1 "
            "Safari/605.1.15",
        ),
        session="123456789", objects=(Object("User", "abcd123"), Object("code", "Authorization Code")),
    ),
    golden(  # a challenge says nothing yet
        "AbC-123-XyZ", 1_655_921_909_015, HOMER, "policy.evaluate_sign_on", Category.READ, outcome=Outcome.UNKNOWN,
        error="Sign-on policy evaluation resulted in CHALLENGE", ip="1.3.2.4", location=SPRINGFIELD, device=HOMERS_MAC,
        session="100-abc-9999",
        objects=(Object("AppInstance", "Okta Admin Console"), Object("User", "peter.griffin@company.com")),
        tags=("mfa-challenge",),
    ),
    golden(
        "XXXXXXXXXXXXXXXX", 1_662_697_569_792,
        User("eric.montgomery@email.com", "Eric Montgomery", "eric.montgomery@email.com"),
        "application.user_membership.show_password", Category.SECRET_READ, ip="218.56.201.220",
        location=Location("IS", "", 81.09596, -10.30578, 940252, "t-mobile usa  inc."),
        device=Device(
            "", "Android 1.x",
            "Mozilla/5.0 (Linux; Android 11; ONEPLUS A6013) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/104.0.0.0 Mobile Safari/537.36",
        ),
        session="XXXXXXXXXXXXXXXXX",
        objects=(
            Object("AppUser", "eric.montgomery@email.com"), Object("AppInstance", "Application2"),
            Object("User", "eric.montgomery@email.com"),
        ),
    ),
    golden(  # whoever it was has the login that was tried
        "b1d1a3f0-0001", 1_772_439_330_125, User("mallory", "mallory"), "user.session.start", Category.FAILED_LOGON,
        outcome=Outcome.FAILURE, error="VERIFICATION_ERROR", ip="203.0.113.9",
        location=Location("RU", "Moscow", 55.7, 37.6, 64511, "hosting example", ("proxy",)),
        device=Device("", "", "python-requests/2.32"),
        tags=("unknown-user",),
    ),
    golden(
        "b1d1a3f0-0002", 1_772_439_360_000, ALICE, "user.mfa.okta_verify.deny_push", Category.FAILED_LOGON,
        outcome=Outcome.FAILURE, error="User rejected Okta push verify", ip="198.51.100.7", location=OSLO, device=PC,
        session="idx-example-1", objects=(Object("AuthenticatorEnrollment", "Okta Verify"),),
        tags=("mfa-denied",),
    ),
    golden(  # the application signed in to, a registered device
        "b1d1a3f0-0003", 1_772_439_600_000, ALICE, "user.authentication.sso", Category.TOKEN, app="Salesforce",
        ip="198.51.100.7", location=OSLO, device=Device("guo1", "Windows 10", WINDOWS), session="idx-example-1",
        objects=(Object("AppInstance", "Salesforce"), Object("AppUser", "alice@example.com")),
        tags=("managed-device",),
    ),
    golden(
        "b1d1a3f0-0004", 1_772_442_000_000, ALICE, "zone.update", Category.NETWORK_CONFIG, ip="198.51.100.7",
        location=OSLO, device=PC, session="idx-example-1", objects=(Object("NetworkZone", "Office"),),
    ),
    golden(  # Okta itself, by a group rule
        "b1d1a3f0-0005", 1_772_442_300_000, User("system@okta.com", "Okta System", "system@okta.com", UserType.SERVICE),
        "group.user_membership.add", Category.ROLE_GRANT,
        objects=(Object("User", "bob@example.com"), Object("UserGroup", "Admins")),
    ),
    golden(
        "b1d1a3f0-0006", 1_772_442_600_000, ALICE, "policy.evaluate_sign_on", Category.FAILED_LOGON,
        outcome=Outcome.DENIED, error="Sign-on policy evaluation resulted in DENY", ip="198.51.100.7", location=OSLO,
        device=PC, session="idx-example-1",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def okta(vendor_of: Callable[[str], Vendor]) -> Vendor:
    return vendor_of("okta")


def test_golden(okta: Vendor) -> None:
    for record, expected in zip(okta.records, GOLDEN, strict=True):
        for fmt in ("okta", "auto"):
            assert okta.parse(record, fmt) == expected


def event(okta: Vendor, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    return {**okta.records[9], **fields}


@pytest.mark.parametrize(
    ("actor", "user"),
    [
        ({"id": "00u1", "type": "User", "alternateId": "unknown", "displayName": "unknown"}, User("00u1", "00u1")),
        ({"id": "00u1", "type": "User", "alternateId": " Bob@X.ORG "}, User("bob@x.org", "Bob@X.ORG", "Bob@X.ORG")),
        ({"id": "0oa1", "type": "PublicClientApp", "displayName": "CI"}, User("0oa1", "CI", type=UserType.APP)),
        ({"alternateId": "x", "type": 7}, User("x", "x")),
    ],
)
def test_who_acted(okta: Vendor, actor: dict[str, Any], user: User) -> None:
    assert okta.read(event(okta, actor=actor)).user == user


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("actor", {"id": "unknown", "type": "User", "alternateId": "Not Available"}, "$.actor.id"),
        ("actor", {"id": "10.0.0.1", "type": "IP address", "alternateId": "unknown"}, "$.actor.type"),
        ("actor", None, "$.actor"),
        ("actor", "alice", "$.actor"),
        ("eventType", [], "$.eventType"),
        ("published", "yesterday", "$.published"),
        ("published", None, "$.published"),
    ],
)
def test_what_must_be_there(okta: Vendor, field: str, value: object, path: str) -> None:
    assert f"`{path}`" in okta.reason(event(okta, **{field: value}))


def test_an_event_without_an_id_gets_a_stable_one(okta: Vendor) -> None:
    one, other = okta.read(event(okta, uuid=None)), okta.read(event(okta, uuid=None, severity="DEBUG"))
    assert one.id == okta.read(event(okta, uuid=None)).id
    assert one.id != other.id


@pytest.mark.parametrize("name", ["system.org.rate_limit.warning", "application.integration.rate_limit_exceeded"])
def test_notices_about_nobody_are_skipped(okta: Vendor, name: str) -> None:
    assert okta.reason(event(okta, eventType=name)).startswith("skipped: ")


@pytest.mark.parametrize(
    ("result", "outcome", "category"),
    [
        ("SUCCESS", Outcome.SUCCESS, Category.LOGON),
        ("ALLOW", Outcome.SUCCESS, Category.LOGON),
        ("FAILURE", Outcome.FAILURE, Category.FAILED_LOGON),
        ("UNANSWERED", Outcome.FAILURE, Category.FAILED_LOGON),
        ("ABANDONED", Outcome.FAILURE, Category.FAILED_LOGON),
        ("DENY", Outcome.DENIED, Category.FAILED_LOGON),
        ("CHALLENGE", Outcome.UNKNOWN, Category.LOGON),
        ("", Outcome.UNKNOWN, Category.LOGON),
        (None, Outcome.UNKNOWN, Category.LOGON),
    ],
)
def test_outcomes(okta: Vendor, result: object, outcome: Outcome, category: Category) -> None:
    activity = okta.read(event(okta, eventType="user.authentication.auth_via_mfa", outcome={"result": result}))
    assert (activity.outcome, activity.category) == (outcome, category)


@pytest.mark.parametrize(
    ("place", "location"),
    [
        ({"country": "Türkiye"}, Location("TR")),
        ({"country": "TURKEY"}, Location("TR")),
        ({"country": "Nowhere", "city": "X"}, Location(city="X")),
        ({"country": "United Kingdom", "geolocation": {"lat": 91, "lon": "east"}}, Location("GB")),
        ({"country": 7, "geolocation": [1, 2]}, Location()),
        (None, Location()),
    ],
)
def test_places(okta: Vendor, place: object, location: Location) -> None:
    client = {"ipAddress": "198.51.100.7", "geographicalContext": place}
    assert okta.read(event(okta, client=client, securityContext=None)).location == location


def test_the_first_of_the_chain_stands_in_for_a_missing_address(okta: Vendor) -> None:
    chain = {"ipChain": [{"ip": "2001:DB8::1", "version": "V6"}, {"ip": "192.0.2.1"}]}
    assert okta.read(event(okta, client={}, request=chain)).ip == "2001:db8::1"
    assert okta.read(event(okta, client={"ipAddress": "1.2.3.999"}, request={"ipChain": "x"})).ip == ""


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("user.lifecycle.create", Category.CREATE_USER),
        ("user.lifecycle.suspend", Category.MODIFY_USER),
        ("user.lifecycle.delete.initiated", Category.DELETE_USER),
        ("user.session.end", Category.LOGOFF),
        ("user.mfa.factor.activate", Category.CREDENTIAL),
        ("system.api_token.revoke", Category.CREDENTIAL),
        ("group.privilege.grant", Category.ROLE_GRANT),
        ("user.account.privilege.revoke", Category.ROLE_REVOKE),
        ("application.user_membership.add", Category.ROLE_GRANT),
        ("policy.rule.update", Category.MODIFY),
        ("zone.deactivate", Category.NETWORK_CONFIG),
        ("system.log_stream.lifecycle.deactivate", Category.AUDIT_CONFIG),
        ("system.push.send_factor_verify_push", Category.SEND),
        ("application.lifecycle.delete", Category.DELETE),  # by the verb
        ("workflows.user.flow.export", Category.DOWNLOAD),
    ],
)
def test_categories(okta: Vendor, name: str, category: Category) -> None:
    assert okta.read(event(okta, eventType=name)).category is category


def test_the_table_names_each_operation_once() -> None:
    names = [name for group in NAMES.values() for name in group.split()]
    assert len(names) == len(set(names)) == len(OPERATIONS)


@given(st.data())
def test_a_damaged_record_is_an_activity_or_a_reason(okta: Vendor, data: st.DataObject) -> None:
    okta.check(okta.damaged(data))
