"""GitHub: events checked by hand, who acted, visibility, what only watches, and records that are damaged."""

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
from activities.github_operations import NAMES, OPERATIONS

if TYPE_CHECKING:
    from tests.activities.conftest import Vendor

RAW = Raw("vendors", "github", 1)
WINDOWS = Device(
    user_agent="Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
    "Safari/537.36"
)
ALICE = User("alice", "alice")
NORWAY = Location("NO")
DYNAMITE = Object("repository", "acme/dynamite")


def golden(  # noqa: PLR0917
    tenant: str, event_id: str, time: int, user: User, action: str, category: Category, **rest: Any  # noqa: ANN401
) -> Activity:  # fmt: skip
    return Activity(
        tenant, event_id, time, 0, user, action, category, app="GitHub", **rest, source="github", raw=RAW
    )  # fmt: skip


# Made by hand from the lines of the fixture, in their order. Times: `date -u -d ... +%s`, or as the record has them.
GOLDEN = [
    golden(
        "acme-inc", "KCYtigpnShPBSohA4OXbRg==", 1_700_515_209_423, User("acme-inc-user", "acme-inc-user"), "git.clone",
        Category.DOWNLOAD, ip="5.6.7.8", location=Location("US"), device=Device(user_agent="git/2.30.2"),
        session="0771cae4d170dc02a6ff393d9946cd684d6145c1=", objects=(Object("repository", "acme-inc/a-repo"),),
    ),
    golden(  # `created_at` is the alert's
        "acme", "Z7JUOWzi2wKeWsZcOhbS9w", 1_712_643_475_186, User("badger", "badger", "badger@acme.com"),
        "repository_vulnerability_alert.dismiss", Category.MODIFY,
        device=Device(
            user_agent="Mozilla/5.0 (Macintosh Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/123.0.0.0 Safari/537.36"
        ),
        objects=(Object("repository", "acme/repo"),),
    ),
    golden(
        "your-organization", "A-2345", 1_670_736_485_542, User("user_name", "user_name"),
        "integration_installation.create", Category.ROLE_GRANT, location=Location("US"),
        objects=(Object("name", "Microsoft Teams for GitHub"),),
        tags=("consent",),
    ),
    golden(
        "github-business-only-if-enterprise-audit-log", "pWWWWWWWWWWWWWWWWWWWWW", 1_675_191_507_638,
        User("github_handle", "github_handle"), "workflows.completed_workflow_run", Category.EXECUTE,
        objects=(
            Object("repository", "your-org/panther-analysis-copy"),
            Object("name", "sync-panther-analysis-from-upstream"), Object("workflow", "44444444"),
        ),
    ),
    golden(  # an export without ids
        "my-org", "", 1_621_305_118_553, User("cat", "cat"), "org.add_member", Category.ROLE_GRANT,
        objects=(Object("organization", "my-org"),),
    ),
    golden(
        "acme-inc", "doc-6==", 1_772_440_200_001, User("alice", "Alice", "alice@example.com"), "git.push",
        Category.UPLOAD, ip="198.51.100.7", location=NORWAY, device=Device(user_agent="git/2.45.0"),
        objects=(DYNAMITE,),
    ),
    golden(
        "acme", "doc-7==", 1_772_440_201_002, ALICE, "repo.access", Category.SHARE, ip="198.51.100.7", location=NORWAY,
        device=WINDOWS, objects=(DYNAMITE, Object("visibility", "public")),
        tags=("public",),
    ),
    golden(
        "acme", "doc-8==", 1_772_440_202_003, ALICE, "repo.access", Category.MODIFY,
        objects=(DYNAMITE, Object("visibility", "private")),
    ),
    golden(
        "acme", "doc-9==", 1_772_440_203_004, ALICE, "protected_branch.destroy", Category.MODIFY,
        objects=(DYNAMITE, Object("name", "main")),
    ),
    golden(  # of a person's own account: no organization
        "default", "doc-10==", 1_772_440_204_005, ALICE, "public_key.create", Category.CREDENTIAL, ip="2001:db8::7",
        location=Location("DE", "Berlin"), session="3495",
        objects=(Object("key", "SHA256:abc"), Object("title", "laptop")),
        tags=("key-added",),
    ),
    golden(
        "acme-inc", "doc-11==", 1_772_440_205_006, ALICE, "repository_secret_scanning.disable", Category.AUDIT_CONFIG,
        objects=(DYNAMITE,),
        tags=("logging-reduced",),
    ),
    golden(
        "acme", "doc-12==", 1_772_440_206_007, User("github-actions[bot]", "github-actions[bot]", type=UserType.APP),
        "pull_request.merge", Category.MODIFY, session="tO8q=", objects=(DYNAMITE,),
    ),
    golden(
        "acme", "doc-13==", 1_772_440_207_008, ALICE, "org.update_member", Category.ROLE_GRANT,
        objects=(Object("user", "bob"), Object("permission", "admin")),
        tags=("privileged",),
    ),
    golden(
        "default", "doc-14==", 1_772_440_208_009, User("bob", "bob"), "user.failed_login", Category.FAILED_LOGON,
        outcome=Outcome.FAILURE, ip="203.0.113.9", location=Location("NL"), device=WINDOWS,
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def github(vendor_of: Callable[[str], Vendor]) -> Vendor:
    return vendor_of("github")


def derived(record: dict[str, Any]) -> str:
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    return "blake2b-" + hashlib.blake2b(canonical, digest_size=16).hexdigest()


def test_golden(github: Vendor) -> None:
    for record, activity in zip(github.records, GOLDEN, strict=True):
        expected = activity if activity.id else msgspec.structs.replace(activity, id=derived(record))
        for fmt in ("github", "auto"):
            assert github.parse(record, fmt) == expected


def test_a_native_record_is_not_taken_for_github_s(github: Vendor) -> None:
    native = {
        "id": "1",
        "time": 1_772_440_200_001,
        "user": "alice",
        "action": "git.push",
        "actor": "bob",
        "org": "acme",
    }
    result = github.parse(native, "auto")
    assert isinstance(result, Activity)
    assert (result.source, result.user.id) == ("native", "alice")


def event(github: Vendor, action: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    return {**github.records[6], "action": action, **fields}


@pytest.mark.parametrize(
    ("action", "fields", "category"),
    [
        ("repo.access", {"visibility": None}, Category.SHARE),
        ("repo.access", {"visibility": "internal"}, Category.SHARE),
        ("git.fetch", {}, Category.DOWNLOAD),
        ("repo.download_zip", {}, Category.DOWNLOAD),
        ("repo.destroy", {}, Category.DELETE),
        ("repo.transfer", {}, Category.SHARE),
        ("org.disable_two_factor_requirement", {}, Category.CREDENTIAL),
        ("org.create_actions_secret", {}, Category.CREDENTIAL),
        ("oauth_authorization.create", {}, Category.ROLE_GRANT),
        ("personal_access_token.access_granted", {}, Category.ROLE_GRANT),
        ("org_credential_authorization.grant", {}, Category.CREDENTIAL),
        ("org.remove_member", {}, Category.ROLE_REVOKE),
        ("audit_log_streaming.destroy", {}, Category.AUDIT_CONFIG),
        ("org.advanced_security_disabled_on_all_repos", {}, Category.AUDIT_CONFIG),
        ("repo.codeql_disabled", {}, Category.AUDIT_CONFIG),
        ("org_secret_scanning_custom_pattern.delete", {}, Category.AUDIT_CONFIG),
        ("dependabot_alerts.disable", {}, Category.AUDIT_CONFIG),
        ("secret_scanning_alert.create", {}, Category.MODIFY),
        ("code_scanning.alert_closed_by_user", {}, Category.MODIFY),
        ("protected_branch.policy_override", {}, Category.MODIFY),
        ("repository_ruleset.destroy", {}, Category.MODIFY),
        ("ip_allow_list.disable", {}, Category.NETWORK_CONFIG),
        ("workflows.created_workflow_run", {}, Category.EXECUTE),
        ("org.sso_response", {}, Category.LOGON),
        ("org.recovery_codes_viewed", {}, Category.SECRET_READ),
        ("hook.create", {}, Category.CREATE),  # by the verb
        ("team.frobnicated", {"operation_type": "remove"}, Category.DELETE),  # by the type
        ("team.frobnicated", {"operation_type": 7}, Category.OTHER),
    ],
)
def test_categories(github: Vendor, action: str, fields: dict[str, Any], category: Category) -> None:
    assert github.read(event(github, action, **fields)).category is category


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"actor_is_bot": True}, UserType.APP),
        ({"actor_is_bot": "True"}, UserType.APP),
        ({"actor_is_bot": "False"}, UserType.PERSON),
        ({"actor": "dependabot[bot]"}, UserType.APP),
        ({"programmatic_access_type": "GitHub App server-to-server token"}, UserType.APP),
        ({"programmatic_access_type": "GitHub App user-to-server token"}, UserType.PERSON),
        ({"programmatic_access_type": ["x"]}, UserType.PERSON),
    ],
)
def test_who_acted(github: Vendor, fields: dict[str, Any], kind: UserType) -> None:
    assert github.read(event(github, "git.push", **fields)).user.type is kind


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"actor": ""}, "$.actor"),
        ({"actor": None}, "$.actor"),
        ({"actor": "unknown"}, "$.actor"),
        ({"action": ""}, "$.action"),
        ({"action": 7}, "$.action"),
        ({"@timestamp": None, "created_at": None}, "$.@timestamp"),
        ({"@timestamp": "soon"}, "$.@timestamp"),
        ({"@timestamp": None, "created_at": "2024-12-17 00:00:00000000"}, "$.created_at"),
    ],
)
def test_what_must_be_there(github: Vendor, fields: dict[str, Any], path: str) -> None:
    assert f"`{path}`" in github.reason({**github.records[6], **fields})


def test_seconds_are_named_as_such(github: Vendor) -> None:
    assert "looks like epoch seconds" in github.reason({**github.records[6], "@timestamp": 1_772_440_201})


def test_the_table_names_each_operation_once() -> None:
    names = [name for group in NAMES.values() for name in group.split()]
    assert len(names) == len(set(names)) == len(OPERATIONS)


@given(st.data())
def test_a_damaged_record_is_an_activity_or_a_reason(github: Vendor, data: st.DataObject) -> None:
    github.check(github.damaged(data))
