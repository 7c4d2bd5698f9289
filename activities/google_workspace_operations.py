"""What kind of thing a Google Workspace event is: a table of those that matter, and the verb for the rest.

Names are of Google's Reports API, "Activity report event names". Those of the Admin console are in capitals; the same
name in two applications that means different things is written `application:name`.
"""

from __future__ import annotations

from activities.activity import Category, Outcome
from activities.category import category_of_verb
from activities.values import known, operation_key, string

NAMES: dict[Category, str] = {
    Category.LOGON: "login_success login_failure login_challenge login_verification passkey_login suspicious_login "
    "suspicious_login_less_secure_app suspicious_programmatic_login",
    Category.FAILED_LOGON: "saml:login_failure FAILED_PASSWORD_ATTEMPTS_EVENT",
    Category.LOGOFF: "logout RESET_SIGNIN_COOKIES",
    Category.TOKEN: "saml:login_success",
    Category.READ: "view preview source_copy request_access token:activity ACCESS ACCESS_DENY_EVENT "
    "ACCESS_DENY_INTERNAL_ERROR_EVENT DEVICE_SYNC_EVENT sheets_import_range interop_freebusy_lookup_successful "
    "interop_freebusy_lookup_unsuccessful livestream_watched SECURITY_INVESTIGATION_CONTENT_ACCESS",
    Category.LIST: "SECURITY_INVESTIGATION_QUERY SECURITY_CHART_DRILLDOWN",
    Category.DOWNLOAD: "download print export attachment_download attachment_downloaded CUSTOMER_TAKEOUT_CREATED "
    "CUSTOMER_TAKEOUT_SUCCEEDED DOWNLOAD_USERLIST_CSV DOWNLOAD_REPORT DOWNLOAD_PENDING_INVITES_LIST DATA_EXPORT "
    "CREATE_DATA_TRANSFER_REQUEST takeout_initiated takeout_completed takeout_downloaded export_calendar "
    "SECURITY_INVESTIGATION_EXPORT_QUERY",
    Category.UPLOAD: "upload attachment_upload attachment_uploaded",
    Category.CREATE: "copy create_group CREATE_ROLE ADD_APPLICATION ADD_APPLICATION_TO_WHITELIST",
    Category.MODIFY: "edit rename move untrash add_to_folder remove_from_folder add_lock remove_lock "
    "shared_drive_settings_change change_event add_event_guest remove_event_guest change_event_guest_response "
    "TOGGLE_SERVICE_ENABLED TOGGLE_NEW_APP_FEATURES TOGGLE_CAA_ENABLEMENT RENAME_ROLE REMOVE_APPLICATION "
    "REMOVE_APPLICATION_FROM_WHITELIST CHANGE_CALENDAR_SETTING CHANGE_DOCS_SETTING CHANGE_APPLICATION_SETTING "
    "CREATE_APPLICATION_SETTING DELETE_APPLICATION_SETTING CHANGE_EMAIL_SETTING CREATE_GMAIL_SETTING "
    "CHANGE_GMAIL_SETTING DELETE_GMAIL_SETTING DEVICE_COMPROMISED_EVENT DEVICE_REGISTER_UNREGISTER_EVENT "
    "SUSPICIOUS_ACTIVITY_EVENT risky_sensitive_action_allowed risky_sensitive_action_blocked moderate_message",
    Category.DELETE: "trash delete REMOVE_TRUSTED_DOMAINS",
    Category.SHARE: "change_user_access change_document_visibility change_document_access_scope change_acl_editors "
    "change_owner change_user_access_hierarchy_reconciled change_document_visibility_hierarchy_reconciled "
    "change_document_access_scope_hierarchy_reconciled change_owner_hierarchy_reconciled "
    "shared_drive_membership_change team_drive_membership_change publish_change change_calendar_acls "
    "ADD_TRUSTED_DOMAINS change_visibility invite_send",
    Category.SEND: "gmail:delivery send email_as_attachment email_collaborators message_posted invitation_sent "
    "direct_message_started notification_triggered",
    Category.CREATE_USER: "CREATE_USER USER_INVITE BULK_UPLOAD",
    Category.MODIFY_USER: "SUSPEND_USER UNSUSPEND_USER ARCHIVE_USER UNARCHIVE_USER RENAME_USER UNDELETE_USER "
    "MOVE_USER_TO_ORG_UNIT CHANGE_USER_ORGANIZATION account_disabled_password_leak account_disabled_spamming "
    "account_disabled_spamming_through_relay account_disabled_generic account_disabled_hijacked",
    Category.DELETE_USER: "DELETE_USER",
    Category.CREDENTIAL: "2sv_enroll 2sv_disable password_edit recovery_email_edit recovery_phone_edit "
    "recovery_secret_qa_edit titanium_enroll titanium_unenroll passkey_enrolled passkey_removed CHANGE_PASSWORD "
    "CHANGE_PASSWORD_ON_NEXT_LOGIN GENERATE_2SV_SCRATCH_CODES DELETE_2SV_SCRATCH_CODES VIEW_TEMP_PASSWORD REVOKE_ASP "
    "REVOKE_SECURITY_KEY REVOKE_3LO_DEVICE_TOKENS REVOKE_3LO_TOKEN TURN_OFF_2_STEP_VERIFICATION "
    "UNENROLL_USER_FROM_STRONG_AUTH UNENROLL_USER_FROM_TITANIUM ADD_RECOVERY_EMAIL ADD_RECOVERY_PHONE "
    "CHANGE_RECOVERY_EMAIL CHANGE_RECOVERY_PHONE ALLOW_STRONG_AUTHENTICATION ENFORCE_STRONG_AUTHENTICATION "
    "CHANGE_ALLOWED_TWO_STEP_VERIFICATION_METHODS CHANGE_TWO_STEP_VERIFICATION_ENROLLMENT_PERIOD_DURATION "
    "CHANGE_TWO_STEP_VERIFICATION_FREQUENCY CHANGE_TWO_STEP_VERIFICATION_GRACE_PERIOD_DURATION "
    "CHANGE_TWO_STEP_VERIFICATION_START_DATE CHANGE_SSO_SETTINGS TOGGLE_SSO_ENABLED ENABLE_SSO DISABLE_SSO "
    "INBOUND_SSO_PROFILE_CREATED INBOUND_SSO_PROFILE_UPDATED INBOUND_SSO_PROFILE_DELETED "
    "SAML_SERVICE_PROVIDER_CREATE WEAK_PROGRAMMATIC_LOGIN_SETTINGS_CHANGED",
    Category.ROLE_GRANT: "GRANT_ADMIN_PRIVILEGE GRANT_DELEGATED_ADMIN_PRIVILEGES ASSIGN_ROLE ADD_PRIVILEGE "
    "UPDATE_ROLE AUTHORIZE_API_CLIENT_ACCESS ADD_GROUP_MEMBER UPDATE_GROUP_MEMBER ALLOW_SERVICE_FOR_OAUTH2_ACCESS "
    "TRUST_DOMAIN_OWNED_OAUTH2_APPS ADD_TO_TRUSTED_OAUTH2_APPS token:authorize add_user add_member invite_user "
    "accept_invitation approve_join_request join change_acl_permission add_room_member change_user_access_level",
    Category.ROLE_REVOKE: "DELETE_ROLE UNTRUST_DOMAIN_OWNED_OAUTH2_APPS REVOKE_ADMIN_PRIVILEGE "
    "REVOKE_DELEGATED_ADMIN_PRIVILEGES UNASSIGN_ROLE REMOVE_PRIVILEGE REMOVE_API_CLIENT_ACCESS REMOVE_GROUP_MEMBER "
    "DISALLOW_SERVICE_FOR_OAUTH2_ACCESS REMOVE_FROM_TRUSTED_OAUTH2_APPS token:revoke remove_user remove_member leave "
    "ban_user_with_moderation reject_join_request revoke_invitation remove_room_member",
    Category.MAILBOX_RULE: "email_forwarding_out_of_domain CREATE_EMAIL_MONITOR DELETE_EMAIL_MONITOR",
}

OPERATIONS: dict[str, Category] = {name: category for category, names in NAMES.items() for name in names.split()}

_NOT_SHARED = frozenset(("private", "none", "remove"))
_TAKEN_AWAY = frozenset(("remove_from_shared_drive", "remove_from_team_drive"))
_DENIED = frozenset(("ACCESS_DENY_EVENT", "ACCESS_DENY_INTERNAL_ERROR_EVENT", "risky_sensitive_action_blocked"))
_FAILED = frozenset(("login_failure", "FAILED_PASSWORD_ATTEMPTS_EVENT", "interop_freebusy_lookup_unsuccessful"))

RANK: dict[Category, int] = {
    category: position
    for position, category in enumerate(
        (
            Category.ROLE_GRANT, Category.CREDENTIAL, Category.AUDIT_CONFIG, Category.MAILBOX_RULE, Category.SHARE,
            Category.CREATE_USER, Category.DELETE_USER, Category.ROLE_REVOKE, Category.SECRET_READ,
            Category.NETWORK_CONFIG, Category.FAILED_LOGON, Category.LOGON, Category.DOWNLOAD, Category.DELETE,
            Category.MODIFY_USER, Category.EXECUTE, Category.SEND, Category.UPLOAD, Category.TOKEN, Category.CREATE,
            Category.COMPUTE_START, Category.COMPUTE_STOP, Category.MODIFY, Category.LOGOFF, Category.READ,
            Category.LIST, Category.OTHER,
        )
    )
}  # fmt: skip
"""Which of the events of one item tells most, the first most."""


def category_of(application: str, name: str, parameters: dict[str, object]) -> Category:
    """The category of an event.

    Args:
        application: `id.applicationName`, e.g. `drive`.
        name: The event's name, e.g. `change_user_access`.
        parameters: Its parameters by name; some changes of access only give it with certain ones.
    """
    name = operation_key(name)
    found = OPERATIONS.get(f"{application}:{name}") or OPERATIONS.get(name) or category_of_verb(name)
    return _shared(parameters) if found is Category.SHARE else found


def outcome_of(name: str, parameters: dict[str, object]) -> Outcome:
    """How an event ended, which only some say."""
    if name in _DENIED:
        return Outcome.DENIED
    status = known(parameters.get("login_challenge_status")).lower()
    if name in _FAILED or "fail" in status:
        return Outcome.FAILURE
    return Outcome.SUCCESS


def _shared(parameters: dict[str, object]) -> Category:
    """Whether a change of access gave some, took some, or neither."""
    if known(parameters.get("membership_change_type")) in _TAKEN_AWAY:
        return Category.ROLE_REVOKE
    if known(parameters.get("visibility_change")) == "internal":
        return Category.MODIFY
    new = parameters.get("new_value")
    values = {string(value).lower() for value in (new if isinstance(new, list) else [new])} - {""}
    if values and values <= _NOT_SHARED:
        return Category.MODIFY if "private" in values else Category.ROLE_REVOKE
    taken = string(parameters.get("access_level")).lower() == "none"
    return Category.ROLE_REVOKE if taken else Category.SHARE
