"""Google Workspace: items checked by hand, several events in one, who acted, sharing, and records that are damaged."""

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
from activities.formats import parse_line
from activities.google_workspace_operations import NAMES, OPERATIONS, RANK

if TYPE_CHECKING:
    from tests.activities.conftest import Vendor

RAW = Raw("vendors", "google_workspace", 1)
ALICE = User("alice@example.com", "Alice@example.com", "Alice@example.com")
SYNC = "sync@acme-prod.iam.gserviceaccount.com"
USER_IO = User("user@example.io", "user@example.io", "user@example.io")


def digest(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return "blake2b-" + hashlib.blake2b(canonical, digest_size=16).hexdigest()


def golden(event_id: str, time: int, user: User, action: str, category: Category, **rest: Any) -> Activity:  # noqa: ANN401
    tenant = rest.pop("tenant", "C03az79cb")
    return Activity(tenant, event_id, time, 0, user, action, category, **rest, source="google_workspace", raw=RAW)


# Made by hand from the lines of the fixture, in their order. Times: `date -u -d ... +%s`. The ids of the first six end
# with a hash of the event, as Panther gives each event of an item a record of its own.
GOLDEN = [
    golden(
        "drive:1599493849617:1111111111111111111", 1_599_493_849_617,
        User("example@acme.com", "example@acme.com", "example@acme.com"), "change_user_access", Category.SHARE,
        tenant="C010qxghg", app="drive",
        objects=(
            Object("document", "1 Document Title Primary"), Object("user", "outside@acme.com"),
            Object("visibility", "shared_externally"),
        ),
        tags=("external",),
    ),
    golden(
        "token:1705314600000:987654321098765432", 1_705_314_600_000,
        User("user@example.com", "user@example.com", "user@example.com"), "authorize", Category.ROLE_GRANT,
        tenant="C01234abc", app="token", ip="192.0.2.1",
        objects=(
            Object("application", "SuspiciousThirdPartyApp"),
            Object("app_id", "123456789012-abcdefghijklmnopqrstuvwxyz123456.apps.googleusercontent.com"),
            Object("permission", "https://www.googleapis.com/auth/admin.directory.user"),
            Object("permission", "https://www.googleapis.com/auth/ediscovery"),
            Object("permission", "https://www.googleapis.com/auth/drive"),
            Object("permission", "https://www.googleapis.com/auth/cloud_search.query"),
        ),
        tags=("consent",),
    ),
    golden(
        "admin:1670716764470:-334478670839567761", 1_670_716_764_470, USER_IO, "ADD_TRUSTED_DOMAINS", Category.SHARE,
        tenant="D12345", app="admin", objects=(Object("domain", "evilexample.com"),),
        tags=("external",),
    ),
    golden(
        "user_accounts:1672353764467:517500000000000000", 1_672_353_764_467, USER_IO, "recovery_email_edit",
        Category.CREDENTIAL, tenant="C00000000", app="user_accounts", ip="2600:2600:2600:2600:2600:2600:2600:2600",
    ),
    golden(
        "calendar:1670711611852:-2888888888888888888", 1_670_711_611_852, USER_IO, "change_calendar_acls",
        Category.SHARE, tenant="D12345", app="calendar", ip="1.2.3.4", device=Device(user_agent="Mozilla/5.0"),
        objects=(
            Object("user", "__public_principal__@public.calendar.google.com"), Object("calendar", "user@example.io"),
        ),
        tags=("public",),
    ),
    golden(  # neither a qualifier nor a customer
        "", 1_653_578_769_421, User("some.user@somedomain.com", "some.user@somedomain.com", "some.user@somedomain.com"),
        "login_success", Category.TOKEN, tenant="default", app="saml", ip="10.10.10.10",
        objects=(Object("application", "Some SAML Application"),),
    ),
    golden(
        "login:1772434800100:3001", 1_772_434_800_100, User("bob@example.com", "bob@example.com", "bob@example.com"),
        "login_failure", Category.FAILED_LOGON, outcome=Outcome.FAILURE, error="login_failure_invalid_password",
        app="login", ip="203.0.113.9", location=Location("NL", asn=64511),
    ),
    golden(  # three events: opening the document tells most, the first of two that do
        "drive:1772435400200:-3002", 1_772_435_400_200, ALICE, "change_document_visibility", Category.SHARE,
        app="drive", ip="198.51.100.7",
        objects=(
            Object("event", "edit"), Object("event", "change_document_access_scope"),
            Object("spreadsheet", "Salaries 2026"), Object("domain", "all"), Object("visibility", "people_with_link"),
        ),
        tags=("anonymous-link", "external"),
    ),
    golden(
        "drive:1772435460300:3003", 1_772_435_460_300, ALICE, "download", Category.DOWNLOAD, app="drive",
        ip="198.51.100.7", objects=(Object("pdf", "Plan.pdf"), Object("visibility", "shared_internally")),
    ),
    golden(
        "admin:1772435520400:3004", 1_772_435_520_400, ALICE, "ASSIGN_ROLE", Category.ROLE_GRANT, app="admin",
        ip="198.51.100.7", objects=(Object("user", "bob@example.com"), Object("role", "_SEED_ADMIN_ROLE")),
        tags=("privileged",),
    ),
    golden(
        "login:1772435580500:3005", 1_772_435_580_500, ALICE, "2sv_disable", Category.CREDENTIAL, app="login",
        ip="198.51.100.7",
        tags=("factor-removed",),
    ),
    golden(  # the actor is nobody, but the account that the warning is about
        "login:1772435640600:3006", 1_772_435_640_600,
        User("carol@example.com", "carol@example.com", "carol@example.com"), "suspicious_login", Category.LOGON,
        app="login",
        tags=("risk-high",),
    ),
    golden(  # a key instead of a user; a membership tells more than a new user
        "admin:1772435700700:3007", 1_772_435_700_700, User("system", "SYSTEM", type=UserType.APP), "ADD_GROUP_MEMBER",
        Category.ROLE_GRANT, app="admin",
        objects=(
            Object("event", "CREATE_USER"), Object("user", "dave@example.com"), Object("group", "finance@example.com"),
        ),
    ),
    golden(
        "token:1772435760800:3008", 1_772_435_760_800,
        User(SYNC, SYNC, SYNC, UserType.SERVICE), "activity", Category.READ,
        app="token", ip="2001:db8::1",
        objects=(Object("application", "Sync"), Object("app_id", "109.apps.googleusercontent.com")),
        tags=("non-interactive",),
    ),
    golden(
        "drive:1772435820900:3009", 1_772_435_820_900, ALICE, "change_user_access", Category.ROLE_REVOKE, app="drive",
        ip="198.51.100.7",
        objects=(
            Object("spreadsheet", "Salaries 2026"), Object("user", "eve@example.org"), Object("visibility", "private"),
        ),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def google(vendor_of: Callable[[str], Vendor]) -> Vendor:
    return vendor_of("google_workspace")


def expected_id(record: dict[str, Any], item: str) -> str:
    if not item:
        return digest(record)
    event = {field: record.get(field) for field in ("type", "name", "parameters")}
    return item if "events" in record else f"{item}:{digest(event)}"


def test_golden(google: Vendor) -> None:
    for record, activity in zip(google.records, GOLDEN, strict=True):
        expected = msgspec.structs.replace(activity, id=expected_id(record, activity.id))
        for fmt in ("google_workspace", "auto"):
            assert google.parse(record, fmt) == expected


def test_a_page_of_the_api_is_unwrapped(google: Vendor) -> None:
    page = json.dumps({"kind": "admin#reports#activities", "etag": "x", "items": google.records}).encode()
    results = parse_line(page, "auto", "default", RAW)
    assert [result.raw.index for result in results] == list(range(len(google.records)))
    assert all(isinstance(result, Activity) for result in results)


def item(google: Vendor, name: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
    """An item of the Admin console, or of Drive for names in small letters."""
    application = "admin" if name.isupper() else "drive"
    return {
        **google.records[8],
        "id": {**google.records[8]["id"], "applicationName": application},
        "events": [{"type": "x", "name": name, "parameters": [{"name": k, "value": v} for k, v in parameters.items()]}],
    }


@pytest.mark.parametrize(
    ("name", "parameters", "category"),
    [
        ("change_document_visibility", {"visibility_change": "external"}, Category.SHARE),
        ("change_document_visibility", {"visibility_change": "internal"}, Category.MODIFY),
        ("change_document_visibility", {"new_value": "private"}, Category.MODIFY),
        ("change_document_access_scope", {"new_value": "none"}, Category.ROLE_REVOKE),
        ("shared_drive_membership_change", {"membership_change_type": "add_to_shared_drive"}, Category.SHARE),
        (
            "shared_drive_membership_change",
            {"membership_change_type": "remove_from_shared_drive"},
            Category.ROLE_REVOKE,
        ),
        ("change_calendar_acls", {"access_level": "none"}, Category.ROLE_REVOKE),
        ("change_owner", {}, Category.SHARE),
        ("trash", {}, Category.DELETE),
        ("print", {}, Category.DOWNLOAD),
        ("GRANT_ADMIN_PRIVILEGE", {}, Category.ROLE_GRANT),
        ("REVOKE_ADMIN_PRIVILEGE", {}, Category.ROLE_REVOKE),
        ("AUTHORIZE_API_CLIENT_ACCESS", {}, Category.ROLE_GRANT),
        ("TURN_OFF_2_STEP_VERIFICATION", {}, Category.CREDENTIAL),
        ("ENFORCE_STRONG_AUTHENTICATION", {}, Category.CREDENTIAL),
        ("CHANGE_PASSWORD", {}, Category.CREDENTIAL),
        ("SUSPEND_USER", {}, Category.MODIFY_USER),
        ("DELETE_USER", {}, Category.DELETE_USER),
        ("CUSTOMER_TAKEOUT_CREATED", {}, Category.DOWNLOAD),
        ("CREATE_DATA_TRANSFER_REQUEST", {}, Category.DOWNLOAD),
        ("email_forwarding_out_of_domain", {}, Category.MAILBOX_RULE),
        ("DELETE_GROUP", {}, Category.DELETE),  # by the verb
    ],
)
def test_categories(google: Vendor, name: str, parameters: dict[str, Any], category: Category) -> None:
    assert google.read(item(google, name, **parameters)).category is category


def test_a_challenge_that_failed_is_a_failed_logon(google: Vendor) -> None:
    passed = google.read(item(google, "login_challenge", login_challenge_status="Challenge Passed."))
    failed = google.read(item(google, "login_challenge", login_challenge_status="Challenge Failed."))
    assert (passed.category, passed.outcome) == (Category.LOGON, Outcome.SUCCESS)
    assert (failed.category, failed.outcome) == (Category.FAILED_LOGON, Outcome.FAILURE)
    denied = google.read(item(google, "ACCESS_DENY_EVENT"))
    assert (denied.category, denied.outcome, denied.error) == (Category.READ, Outcome.DENIED, "ACCESS_DENY_EVENT")


@given(st.data())
def test_the_order_of_events_decides_only_between_equals(google: Vendor, data: st.DataObject) -> None:
    choice = st.sampled_from(["view", "edit", "download", "2sv_disable", "x"])
    names = data.draw(st.lists(choice, min_size=1, unique=True))
    events = [{"name": name} for name in names]
    activity = google.read({**google.records[8], "events": events})
    again = google.read({**google.records[8], "events": events[::-1]})
    assert (activity.action, activity.category) == (again.action, again.category)
    assert {activity.action} | {item.name for item in activity.objects} == set(names)


def test_whose_messages_an_administrator_opens(google: Vendor) -> None:
    opened = google.read(item(google, "SECURITY_INVESTIGATION_CONTENT_ACCESS", USER_EMAIL="bob@example.com"))
    assert opened.impersonated == User("bob@example.com", "bob@example.com", "bob@example.com")
    own = google.read(item(google, "SECURITY_INVESTIGATION_CONTENT_ACCESS", USER_EMAIL=opened.user.email.upper()))
    assert own.impersonated is None
    assert google.read(item(google, "CREATE_USER", USER_EMAIL="bob@example.com")).impersonated is None


def test_every_category_has_a_rank() -> None:
    assert set(RANK) == set(Category)


@pytest.mark.parametrize(
    ("actor", "user"),
    [
        ({"profileId": "103550000000000000002"}, User("103550000000000000002", "103550000000000000002")),
        ({"profileId": 103550000000000002}, User("103550000000000002", "103550000000000002")),
        ({"callerType": "KEY", "key": "Consumer"}, User("consumer", "Consumer", type=UserType.APP)),
        (
            {"callerType": "APPLICATION", "applicationInfo": {"oauthClientId": "1.apps", "applicationName": "Sync"}},
            User("1.apps", "Sync", type=UserType.APP),
        ),
    ],
)
def test_who_acted(google: Vendor, actor: dict[str, Any], user: User) -> None:
    assert google.read({**google.records[8], "actor": actor}).user == user


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"actor": {"email": "", "profileId": "105250506097979753968"}}, "$.actor"),
        ({"actor": {"email": "unknown"}}, "$.actor"),
        ({"actor": None}, "$.actor"),
        ({"id": {"applicationName": "drive", "uniqueQualifier": "1"}}, "$.id.time"),
        ({"id": None}, "$.id.time"),
        ({"events": []}, "$.events"),
        ({"events": [{"name": ""}, 7, None]}, "$.events"),
    ],
)
def test_what_must_be_there(google: Vendor, fields: dict[str, Any], path: str) -> None:
    assert f"`{path}`" in google.reason({**google.records[8], **fields})


def test_events_of_one_item_that_were_taken_apart_stay_apart(google: Vendor) -> None:
    flat = google.records[0]
    other = {**flat, "parameters": {**flat["parameters"], "target_user": "eve@example.org"}}
    assert google.read(flat).id != google.read(other).id
    assert google.read(flat).id == google.read(dict(reversed(flat.items()))).id


def test_objects_are_bounded(google: Vendor) -> None:
    events = [{"name": "view", "parameters": {"doc_title": f"d{number}" * 900}} for number in range(500)]
    activity = google.read({**google.records[8], "events": events})
    assert len(activity.objects) == 32
    assert all(len(item.name) <= 1024 for item in activity.objects)


def test_the_table_names_each_operation_once() -> None:
    names = [name for group in NAMES.values() for name in group.split()]
    assert len(names) == len(set(names)) == len(OPERATIONS)


@given(st.data())
def test_a_damaged_record_is_an_activity_or_a_reason(google: Vendor, data: st.DataObject) -> None:
    google.check(google.damaged(data))
