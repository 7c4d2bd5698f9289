"""Tags of Google Workspace events: how somebody logged on, whom a document was opened to, whose rights grew.

Source: Google, "Reports API", "Activity report event names" for login, admin, token, drive, user accounts.
"""

from __future__ import annotations

from activities.activity import Category, Outcome
from activities.privileged import any_privileged, is_privileged
from activities.tags import Tag, by_operation
from activities.values import is_outside, items, known, string

_OF_NAME = by_operation(
    {
        Tag.MFA_CHALLENGE: "login_challenge",
        Tag.FACTOR_ADDED: "2sv_enroll titanium_enroll passkey_enrolled GENERATE_2SV_SCRATCH_CODES "
        "ADD_SECURITY_KEY security_key_register",
        Tag.FACTOR_REMOVED: "2sv_disable titanium_unenroll passkey_removed TURN_OFF_2_STEP_VERIFICATION "
        "UNENROLL_USER_FROM_STRONG_AUTH UNENROLL_USER_FROM_TITANIUM REVOKE_SECURITY_KEY DELETE_2SV_SCRATCH_CODES",
        Tag.PASSWORD_SET: "password_edit CHANGE_PASSWORD",
        Tag.KEY_ADDED: "INBOUND_SSO_PROFILE_CREATED INBOUND_SSO_PROFILE_UPDATED SAML_SERVICE_PROVIDER_CREATE "
        "CHANGE_SSO_SETTINGS ENABLE_SSO",
        Tag.CONSENT: "token:authorize AUTHORIZE_API_CLIENT_ACCESS ADD_TO_TRUSTED_OAUTH2_APPS "
        "TRUST_DOMAIN_OWNED_OAUTH2_APPS ALLOW_SERVICE_FOR_OAUTH2_ACCESS",
        Tag.ADMIN_CONSENT: "AUTHORIZE_API_CLIENT_ACCESS TRUST_DOMAIN_OWNED_OAUTH2_APPS",
        Tag.PRIVILEGED: "GRANT_ADMIN_PRIVILEGE GRANT_DELEGATED_ADMIN_PRIVILEGES AUTHORIZE_API_CLIENT_ACCESS",
        Tag.NON_INTERACTIVE: "token:activity",
        Tag.FORWARDING: "email_forwarding_out_of_domain CREATE_EMAIL_MONITOR",
        Tag.EXTERNAL: "email_forwarding_out_of_domain ADD_TRUSTED_DOMAINS",
        Tag.LEGACY_PROTOCOL: "suspicious_login_less_secure_app",
        Tag.RISK_HIGH: "suspicious_login suspicious_login_less_secure_app suspicious_programmatic_login "
        "gov_attack_warning account_disabled_hijacked account_disabled_password_leak "
        "SUSPICIOUS_ACTIVITY_EVENT DEVICE_COMPROMISED_EVENT",
    }
)
_LINK = "people_with_link"
_EVERYWHERE = "public_on_the_web"
_OUTSIDE = "shared_externally"
_EVERYBODY = "__public_principal__"
"""Whom a calendar is opened to that all may see."""
_SECOND_FACTORS = frozenset(
    ("2sv", "google_authenticator", "google_prompt", "backup_code", "security_key", "security_key_otp", "idv_any_phone",
     "idv_preregistered_phone", "internal_two_factor", "offline_otp", "passkey")
)  # fmt: skip
"""Values of `login_challenge_method` that are a second factor."""


def tags_of(
    application: str, name: str, parameters: dict[str, object], category: Category, outcome: Outcome, actor: str
) -> tuple[Tag, ...]:
    """The tags of an event.

    Args:
        application: `id.applicationName`.
        name: The event's name.
        parameters: Its parameters by name.
        category: What kind of thing it is.
        outcome: How it ended.
        actor: The e-mail address of who did it; "" if there is none.
    """
    tags = [*_OF_NAME.get(name, ()), *_OF_NAME.get(f"{application}:{name}", ())]
    if name.startswith("login") or name == "passkey_login":
        tags += _of_login(name, parameters, outcome)
    elif category is Category.SHARE:
        tags += _of_sharing(parameters, actor)
    elif category is Category.ROLE_GRANT:
        if is_privileged(known(parameters.get("ROLE_NAME"))) or any(
            any_privileged(string(scope)) for scope in items(parameters.get("API_SCOPES"))
        ):
            tags.append(Tag.PRIVILEGED)
        targets = (parameters.get(field) for field in ("USER_EMAIL", "target_user", "user_email", "member_email"))
        tags += [Tag.EXTERNAL for target in targets if is_outside(known(target), actor)]
    elif name == "ENFORCE_STRONG_AUTHENTICATION" and known(parameters.get("NEW_VALUE")).lower() == "false":
        tags.append(Tag.FACTOR_REMOVED)
    return tuple(dict.fromkeys(tags))


def _of_login(name: str, parameters: dict[str, object], outcome: Outcome) -> list[Tag]:
    tags: list[Tag] = []
    second = parameters.get("is_second_factor")
    methods = {known(method).lower() for method in items(parameters.get("login_challenge_method"))}
    if outcome is Outcome.FAILURE:
        kind = known(parameters.get("login_failure_type"))
        if name == "login_challenge" or second is True:
            tags.append(Tag.MFA_FAILED)
        elif kind == "login_failure_account_disabled":
            tags.append(Tag.DISABLED_USER)
    elif second in (True, "true") or methods & _SECOND_FACTORS or name == "passkey_login":
        tags.append(Tag.MFA)
    elif name == "login_success" and second in (False, "false"):
        tags.append(Tag.SINGLE_FACTOR)
    if parameters.get("is_suspicious") in (True, "true"):
        tags.append(Tag.RISK_HIGH)
    return tags


def _of_sharing(parameters: dict[str, object], actor: str) -> list[Tag]:
    """Whom a document or calendar was opened to: `visibility` is what it is after the change."""
    tags: list[Tag] = []
    values = {known(value).lower() for value in items(parameters.get("new_value"))}
    values.add(known(parameters.get("visibility")).lower())
    if _EVERYWHERE in values:
        tags.append(Tag.PUBLIC)
    if _LINK in values:
        tags.append(Tag.ANONYMOUS_LINK)
    target = known(parameters.get("target_user")) or known(parameters.get("grantee_email"))
    outside = known(parameters.get("visibility_change")).lower() == "external"
    if target.startswith(_EVERYBODY):
        tags.append(Tag.PUBLIC)
    elif outside or _OUTSIDE in values or is_outside(target, actor):
        tags.append(Tag.EXTERNAL)
    return tags
