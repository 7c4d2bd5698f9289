"""Tags of Okta, Google Workspace, GitHub, Azure, Google Cloud and OCSF; others have theirs beside their records."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from activities.activity import Activity, Category, Outcome
from activities.privileged import any_privileged, is_privileged
from activities.tags import Tag, by_operation
from activities.values import is_outside

if TYPE_CHECKING:
    from tests.activities.conftest import Vendor

VendorOf = Callable[[str], "Vendor"]


def test_a_tag_is_its_word() -> None:
    assert Tag.MFA_DENIED in ("mfa", "mfa-denied")
    assert {str(Tag.MFA): 1}[Tag.MFA] == 1
    assert by_operation({Tag.MFA: "a b", Tag.EXTERNAL: "b"}) == {"a": (Tag.MFA,), "b": (Tag.MFA, Tag.EXTERNAL)}


@pytest.mark.parametrize(
    ("name", "privileged"),
    [
        ("Global Administrator", True),
        ("arn:aws:iam::aws:policy/AdministratorAccess", True),
        (
            "/subscriptions/1/providers/Microsoft.Authorization/roleDefinitions/8E3AF657-a8ff-443c-a75c-2fe8c4bcb635",
            True,
        ),
        ("roles/owner", True),
        ("roles/viewer", False),
        ("Reports Reader", False),
        ("", False),
        ("x" * 1_000_000, False),
    ],
)
def test_roles_that_rule(name: str, privileged: bool) -> None:
    assert is_privileged(name) is privileged
    assert any_privileged("User.Read Mail.Read") and not any_privileged("User.Read")


@pytest.mark.parametrize(
    ("address", "own", "outside"),
    [
        ("eve@example.org", "a@example.com", True),
        ("bob@EXAMPLE.com", "a@example.com", False),
        ("bob@mail.example.com", "a@example.com", False),
        ("bob@example.com", "a@mail.example.com", False),
        ("bob@notexample.com", "a@example.com", True),
        ("bob@example.onmicrosoft.com", "a@example.com", False),
        ("bob@other.onmicrosoft.com", "a@example.com", True),
        ("bob", "a@example.com", False),
        ("eve@example.org", "", False),
    ],
)
def test_who_is_outside(address: str, own: str, outside: bool) -> None:
    assert is_outside(address, own) is outside


def okta(event_type: str, result: str = "SUCCESS", reason: str | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    debug = fields.pop("debug", {})
    return {
        "uuid": "1", "published": "2026-03-02T08:15:42.000Z", "eventType": event_type,
        "actor": {"id": "00u1", "type": "User", "alternateId": "alice@example.com"},
        "outcome": {"result": result, "reason": reason}, "debugContext": {"debugData": debug}, **fields,
    }  # fmt: skip


MFA = "user.authentication.auth_via_mfa"
NOBODY = {"id": "unknown", "type": "User", "alternateId": "bob@example.com"}


@pytest.mark.parametrize(
    ("event", "category", "outcome", "tags"),
    [
        (okta(MFA, debug={"factor": "OKTA_VERIFY_PUSH"}), "logon", "success", ("mfa",)),
        (okta(MFA, debug={"factor": "PASSWORD_AS_FACTOR"}), "logon", "success", ()),
        (okta(MFA, "FAILURE", "INVALID_CREDENTIALS", debug={"factor": "SMS_FACTOR"}), "failed_logon", "failure",
         ("mfa-failed",)),
        (okta(MFA, "FAILURE", "INVALID_CREDENTIALS", debug={
            "factor": "OKTA_VERIFY_PUSH", "pushOnlyResponseType": "OV_RESPONSE_DENY"}), "failed_logon", "failure",
         ("mfa-denied",)),
        (okta(MFA, "FAILURE", "User rejected Okta push verify"), "failed_logon", "failure", ("mfa-denied",)),
        (okta(MFA, "UNANSWERED"), "failed_logon", "failure", ("mfa-unanswered",)),
        (okta("user.mfa.okta_verify.deny_push"), "failed_logon", "denied", ("mfa-denied",)),
        (okta("system.push.send_factor_verify_push"), "send", "success", ("mfa-challenge",)),
        (okta("policy.evaluate_sign_on", "CHALLENGE"), "read", "unknown", ("mfa-challenge",)),
        (okta("user.session.start", "FAILURE", "LOCKED_OUT"), "failed_logon", "failure", ("locked-out",)),
        (okta("user.session.start", "FAILURE", actor=NOBODY), "failed_logon", "failure", ("unknown-user",)),
        (okta("user.session.start", debug={"risk": "{level=HIGH, reasons=Anomalous}"}), "logon", "success",
         ("risk-high",)),
        (okta("user.session.start", debug={"logOnlySecurityData": '{"risk":{"level":"MEDIUM"}}'}), "logon", "success",
         ("risk-medium",)),
        (okta("user.session.start", debug={"risk": "{level=LOW}"}), "logon", "success", ()),
        (okta("user.session.start", device={"managed": True}), "logon", "success", ("managed-device",)),
        (okta("app.oauth2.token.grant.refresh_token", debug={"grantType": "refresh_token"}), "token", "success",
         ("non-interactive",)),
        (okta("app.oauth2.as.token.grant", debug={"grantType": "password"}), "token", "success",
         ("non-interactive", "password-grant")),
        (okta("app.oauth2.token.grant", debug={"grantType": "authorization_code"}), "token", "success", ()),
        (okta("user.mfa.factor.activate"), "credential", "success", ("factor-added",)),
        (okta("user.account.update_password"), "credential", "success", ("password-set",)),
        (okta("app.oauth2.as.consent.grant"), "role_grant", "success", ("consent",)),
        (okta("system.log_stream.lifecycle.delete"), "audit_config", "success", ("logging-reduced",)),
        (okta("user.account.report_suspicious_activity_by_enduser"), "send", "success", ("reported",)),
    ],
)  # fmt: skip
def test_okta(vendor_of: VendorOf, event: dict[str, Any], category: str, outcome: str, tags: tuple[str, ...]) -> None:
    found = vendor_of("okta").read(event)
    assert (found.category, found.outcome, found.tags) == (Category(category), Outcome(outcome), tags)


def workspace(application: str, name: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "kind": "admin#reports#activity",
        "id": {"time": "2026-03-02T08:15:42.000Z", "uniqueQualifier": "1", "applicationName": application},
        "actor": {"email": "alice@example.com"},
        "events": [{"name": name, "parameters": [
            {"name": key, ("boolValue" if isinstance(value, bool) else "multiValue" if isinstance(value, list)
                           else "value"): value} for key, value in parameters.items()]}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "tags"),
    [
        (workspace("login", "login_success", is_second_factor=True), ("mfa",)),
        (workspace("login", "login_success", is_second_factor=False), ("single-factor",)),
        (workspace("login", "login_success", login_challenge_method=["password", "security_key"]), ("mfa",)),
        (workspace("login", "login_success", is_suspicious=True), ("risk-high",)),
        (workspace("login", "login_challenge"), ("mfa-challenge",)),
        (workspace("login", "login_verification", login_challenge_status="Challenge Failed", is_second_factor=True),
         ("mfa-failed",)),
        (workspace("login", "login_failure", login_failure_type="login_failure_account_disabled"), ("disabled-user",)),
        (workspace("login", "login_failure", login_failure_type="login_failure_invalid_password"), ()),
        (workspace("token", "authorize", app_name="Reader"), ("consent",)),
        (workspace("token", "activity"), ("non-interactive",)),
        (workspace("admin", "AUTHORIZE_API_CLIENT_ACCESS", API_CLIENT_NAME="1"),
         ("consent", "admin-consent", "privileged")),
        (workspace("admin", "ASSIGN_ROLE", ROLE_NAME="_SEED_ADMIN_ROLE"), ("privileged",)),
        (workspace("admin", "ASSIGN_ROLE", ROLE_NAME="Storage"), ()),
        (workspace("admin", "ADD_GROUP_MEMBER", USER_EMAIL="eve@example.org"), ("external",)),
        (workspace("admin", "ENFORCE_STRONG_AUTHENTICATION", NEW_VALUE="false"), ("factor-removed",)),
        (workspace("admin", "CHANGE_PASSWORD"), ("password-set",)),
        (workspace("drive", "change_user_access", new_value=["can_edit"], target_user="eve@example.org"),
         ("external",)),
        (workspace("drive", "change_user_access", new_value=["can_edit"], target_user="bob@example.com"), ()),
        (workspace("drive", "change_document_visibility", new_value=["people_with_link"], visibility="people_with_link",
                   visibility_change="external"), ("anonymous-link", "external")),
        (workspace("drive", "change_document_visibility", new_value=["public_on_the_web"]), ("public",)),
        (workspace("drive", "view", visibility="people_with_link"), ()),
        (workspace("user_accounts", "email_forwarding_out_of_domain"), ("forwarding", "external")),
    ],
)  # fmt: skip
def test_google_workspace(vendor_of: VendorOf, event: dict[str, Any], tags: tuple[str, ...]) -> None:
    assert vendor_of("google_workspace").read(event).tags == tags


@pytest.mark.parametrize(
    ("fields", "tags"),
    [
        ({"action": "repo.access", "visibility": "public"}, ("public",)),
        ({"action": "repo.access", "visibility": "private"}, ()),
        ({"action": "repo.create", "visibility": "public"}, ("public",)),
        ({"action": "org.update_member", "permission": "admin"}, ("privileged",)),
        ({"action": "org.update_member", "permission": "read"}, ()),
        ({"action": "org.add_outside_collaborator"}, ("external",)),
        ({"action": "org.disable_two_factor_requirement"}, ("factor-removed",)),
        ({"action": "personal_access_token.create"}, ("key-added",)),
        ({"action": "oauth_authorization.create"}, ("consent",)),
        ({"action": "org.recovery_code_failed"}, ("mfa-failed",)),
        ({"action": "audit_log_streaming.destroy"}, ("logging-reduced",)),
        ({"action": "git.clone"}, ()),
    ],
)
def test_github(vendor_of: VendorOf, fields: dict[str, Any], tags: tuple[str, ...]) -> None:
    event = {"@timestamp": 1_772_439_342_000, "_document_id": "1", "actor": "alice", "org": "acme", **fields}
    assert vendor_of("github").read(event).tags == tags


def azure(operation: str, claims: dict[str, str] | None = None, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "time": "2026-03-02T08:15:42Z", "operationName": operation, "category": "Administrative",
        "resultType": "Success", "resourceId": "/subscriptions/1",
        "identity": {"claims": {"upn": "alice@example.com", **(claims or {})}},
        "properties": {"requestbody": json.dumps({"properties": asked})},
    }  # fmt: skip


OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
RULE: dict[str, Any] = {"access": "Allow", "direction": "Inbound", "sourceAddressPrefix": "*"}


@pytest.mark.parametrize(
    ("event", "tags"),
    [
        (azure("Microsoft.Authorization/roleAssignments/write", roleDefinitionId=f"/x/{OWNER}"), ("privileged",)),
        (azure("Microsoft.Authorization/roleAssignments/write", roleDefinitionId="/x/acdd72a7"), ()),
        (azure("Microsoft.Network/networkSecurityGroups/securityRules/write", **RULE), ("public",)),
        (azure("Microsoft.Network/networkSecurityGroups/securityRules/write", **RULE | {"access": "Deny"}), ()),
        (azure("Microsoft.Network/networkSecurityGroups/write", securityRules=[{"properties": RULE}, 7]), ("public",)),
        (azure("Microsoft.Storage/storageAccounts/write", allowBlobPublicAccess=True), ("public",)),
        (azure("Microsoft.Storage/storageAccounts/write", allowBlobPublicAccess=False), ()),
        (azure("Microsoft.Insights/diagnosticSettings/delete"), ("logging-reduced",)),
        (azure("Microsoft.Insights/diagnosticSettings/write"), ()),
        (azure("Microsoft.Web/sites/write", {"http://schemas.microsoft.com/claims/authnmethodsreferences": "pwd,mfa"}),
         ("mfa",)),
    ],
)  # fmt: skip
def test_azure_activity(parse_auto: Callable[[object], Activity], event: dict[str, Any], tags: tuple[str, ...]) -> None:
    assert parse_auto(event).tags == tags


def gcp(method: str, delta: list[dict[str, str]] | None = None, **request: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "insertId": "1", "timestamp": "2026-03-02T08:15:42Z", "logName": "projects/p/logs/l",
        "protoPayload": {
            "methodName": method, "authenticationInfo": {"principalEmail": "alice@example.com"}, "request": request,
            "serviceData": {"policyDelta": {"bindingDeltas": delta or []}},
        },
    }  # fmt: skip


def grant(role: str, member: str, action: str = "ADD") -> list[dict[str, str]]:
    return [{"action": action, "role": role, "member": member}]


@pytest.mark.parametrize(
    ("event", "tags"),
    [
        (gcp("SetIamPolicy", grant("roles/owner", "user:eve@example.org")), ("privileged", "external")),
        (gcp("SetIamPolicy", grant("roles/owner", "user:eve@example.org", "REMOVE")), ()),
        (gcp("SetIamPolicy", grant("roles/viewer", "user:bob@example.com")), ()),
        (gcp("SetIamPolicy", grant("roles/viewer", "serviceAccount:x@p.iam.gserviceaccount.com")), ()),
        (gcp("SetIamPolicy", grant("roles/viewer", "domain:example.org")), ("external",)),
        (gcp("storage.setIamPermissions", grant("roles/storage.objectViewer", "allUsers")), ("public",)),
        (gcp("SetIamPolicy", policy={"bindings": [{"role": "roles/viewer", "members": ["allUsers", 7]}, 7]}),
         ("public",)),
        (gcp("google.iam.admin.v1.CreateServiceAccountKey"), ("key-added",)),
        (gcp("GenerateAccessToken"), ("non-interactive",)),
        (gcp("google.logging.v2.ConfigServiceV2.DeleteSink"), ("logging-reduced",)),
        (gcp("google.logging.v2.ConfigServiceV2.UpdateSink", sink={"disabled": True}), ("logging-reduced",)),
        (gcp("google.logging.v2.ConfigServiceV2.UpdateSink", sink={}), ()),
        (gcp("v1.compute.firewalls.insert", sourceRanges=["0.0.0.0/0"]), ("public",)),
        (gcp("v1.compute.firewalls.insert", sourceRanges=["10.0.0.0/8"]), ()),
    ],
)  # fmt: skip
def test_gcp_audit(vendor_of: VendorOf, event: dict[str, Any], tags: tuple[str, ...]) -> None:
    assert vendor_of("gcp_audit").read(event).tags == tags


def ocsf(class_uid: int, activity_id: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    user = {"name": "alice", "email_addr": "alice@example.com"}
    return {
        "class_uid": class_uid, "activity_id": activity_id, "time": 1_772_439_342_000, "status_id": 1,
        "metadata": {"uid": "1", "product": {"name": "X"}}, "user": user, "actor": {"user": user}, **fields,
    }  # fmt: skip


AWS = {
    "operation": "ModifyDBSnapshotAttribute", "service": {"name": "rds.amazonaws.com"},
    "request": {"data": {"valuesToAdd": ["all"]}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("event", "tags"),
    [
        (ocsf(3002, 1, is_mfa=True), ("mfa",)),
        (ocsf(3002, 1, is_mfa=False), ("single-factor",)),
        (ocsf(3002, 1, is_mfa=True, status_id=2), ("mfa-failed",)),
        (ocsf(3002, 1, auth_factors=[{}, {}]), ("mfa",)),
        (ocsf(3002, 1, risk_level_id=4, device={"is_managed": True}), ("risk-high", "managed-device")),
        (ocsf(3001, 4), ("password-set",)),
        (ocsf(3001, 10), ("factor-added",)),
        (ocsf(3001, 11), ("factor-removed",)),
        (ocsf(3001, 0, type_uid=300111), ("factor-removed",)),
        (ocsf(3001, 7, policy={"name": "AdministratorAccess"}), ("privileged",)),
        (ocsf(3005, 1, privileges=["roles/viewer"]), ()),
        (ocsf(3007, 16, iam_roles=[{"name": "Global Administrator"}]), ("privileged",)),
        (ocsf(3007, 13), ("factor-removed",)),
        (ocsf(3008, 10), ("key-added",)),
        (ocsf(6003, 3, api=AWS), ("public",)),
        (ocsf(6003, 1, api={"operation": "user.mfa.okta_verify.deny_push"},
              metadata={"uid": "1", "product": {"name": "Okta System Log"}}), ("mfa-denied",)),
        (ocsf(6003, 1, api={"operation": "public_key.create"}, metadata={"uid": "1", "product": {"name": "GitHub"}}),
         ("key-added",)),
    ],
)  # fmt: skip
def test_ocsf(vendor_of: VendorOf, event: dict[str, Any], tags: tuple[str, ...]) -> None:
    assert vendor_of("ocsf").read(event).tags == tags
