"""What kind of thing an Okta event is: a table of those that matter, and the verb for the rest.

Names are of Okta's event type catalogue (developer.okta.com, "Event types").
"""

from __future__ import annotations

from activities.activity import Category, Outcome
from activities.category import category_of_verb
from activities.values import operation_key

NAMES: dict[Category, str] = {
    Category.LOGON: "user.session.start user.device_session.start user.authentication.auth "
    "user.authentication.auth_via_mfa user.authentication.auth_via_AD_agent user.authentication.auth_via_IDP "
    "user.authentication.auth_via_LDAP_agent user.authentication.auth_via_inbound_SAML "
    "user.authentication.auth_via_inbound_delauth user.authentication.auth_via_iwa "
    "user.authentication.auth_via_radius user.authentication.auth_via_richclient user.authentication.auth_via_social "
    "user.authentication.authenticate user.authentication.verify user.authentication.auth_identifier_not_in_policy "
    "user.authentication.auth_unconfigured_identifier user.authentication.dsso_via_non_priority_source "
    "user.mfa.okta_verify user.mfa.attempt_bypass user.session.impersonation.initiate user.identity_verification",
    Category.FAILED_LOGON: "user.mfa.okta_verify.deny_push user.mfa.okta_verify.deny_push_upgrade_needed "
    "app.generic.unauth_app_access_attempt application.policy.sign_on.deny_access",
    Category.LOGOFF: "user.session.end user.session.clear user.session.expire user.session.impersonation.end "
    "user.authentication.slo user.authentication.universal_logout user.authentication.universal_logout.scheduled "
    "user.device_session.end",
    Category.TOKEN: "user.authentication.sso user.session.access_admin_app app.oauth2.authorize "
    "app.oauth2.authorize.code app.oauth2.authorize.implicit.access_token app.oauth2.authorize.implicit.id_token "
    "app.oauth2.as.authorize app.oauth2.as.authorize.code app.oauth2.as.authorize.implicit.access_token "
    "app.oauth2.as.authorize.implicit.id_token app.oauth2.token.grant app.oauth2.token.grant.access_token "
    "app.oauth2.token.grant.id_token app.oauth2.token.grant.refresh_token app.oauth2.as.token.grant "
    "app.oauth2.as.token.grant.access_token app.oauth2.as.token.grant.id_token "
    "app.oauth2.as.token.grant.refresh_token app.oauth2.token.detect_reuse app.oauth2.as.token.detect_reuse "
    "app.token.reuse user.identity_snapshot.attestation.create",
    Category.SECRET_READ: "application.user_membership.show_password application.configuration.read_client_secret "
    "app.oauth2.client.read_client_secret",
    Category.READ: "policy.evaluate_sign_on policy.evaluate_mfa policy.auth_reevaluate.enforce "
    "user.session.context.change user.risk.detect",
    Category.SEND: "system.push.send_factor_verify_push system.sms.send_factor_verify_message "
    "system.sms.send_okta_push_verify_message system.voice.send_mfa_challenge_call system.voice.send_call "
    "system.email.send_factor_verify_message system.email.challenge_factor_redeemed system.email.delivery "
    "user.account.report_suspicious_activity_by_enduser",
    Category.CREDENTIAL: "user.mfa.factor.activate user.mfa.factor.deactivate user.mfa.factor.reset_all "
    "user.mfa.factor.suspend user.mfa.factor.unsuspend user.mfa.factor.update system.mfa.factor.activate "
    "system.mfa.factor.deactivate user.account.reset_password user.account.update_password "
    "user.account.expire_password user.account.update_primary_email user.account.update_secondary_email "
    "user.account.unlock_token user.account.use_token user.lifecycle.password_mass_expiry user.credential.enroll "
    "user.credential.revoke user.import.password application.user_membership.change_password "
    "application.user_membership.change_username application.provision.user.push_password "
    "application.provision.user.push_okta_password application.provision.user.password system.api_token.create "
    "system.api_token.update system.api_token.revoke system.api_token.enable system.api_token.disable app.keys.clone "
    "app.keys.generate app.keys.rotate app.oauth2.client.lifecycle.new_secret "
    "app.oauth2.client.lifecycle.delete_secret system.idp.lifecycle.create system.idp.lifecycle.update "
    "system.idp.lifecycle.delete system.idp.lifecycle.activate system.idp.lifecycle.deactivate system.idp.key.create "
    "system.idp.key.update system.idp.key.delete security.authenticator.lifecycle.activate "
    "security.authenticator.lifecycle.create security.authenticator.lifecycle.deactivate "
    "security.authenticator.lifecycle.update app.oauth2.token.revoke app.oauth2.as.token.revoke",
    Category.MODIFY: "policy.lifecycle.create policy.lifecycle.update policy.lifecycle.delete "
    "policy.lifecycle.activate policy.lifecycle.deactivate policy.lifecycle.overwrite policy.rule.add "
    "policy.rule.update policy.rule.delete policy.rule.activate policy.rule.deactivate policy.rule.invalidate "
    "application.policy.sign_on.rule.create application.policy.sign_on.rule.delete application.policy.sign_on.update",
    Category.NETWORK_CONFIG: "zone.create zone.update zone.delete zone.activate zone.deactivate zone.make_blacklist "
    "zone.remove_blacklist security.trusted_origin.create security.trusted_origin.update "
    "security.trusted_origin.delete security.trusted_origin.activate security.trusted_origin.deactivate "
    "network_zone.rule.disabled",
    Category.AUDIT_CONFIG: "system.log_stream.lifecycle.create system.log_stream.lifecycle.update "
    "system.log_stream.lifecycle.delete system.log_stream.lifecycle.activate system.log_stream.lifecycle.deactivate "
    "event_hook.created event_hook.updated event_hook.deleted event_hook.activated event_hook.deactivated "
    "security.threat.configuration.update workflows.user.flow.execution_history.deactivate "
    "workflows.user.flow.execution_history.delete workflows.user.flow.execution_log_stream.deactivate "
    "workflows.user.execution_log_stream_connection.deactivate workflows.user.execution_log_stream_connection.update",
    Category.ROLE_GRANT: "user.account.privilege.grant group.privilege.grant user.session.impersonation.grant "
    "user.session.impersonation.extend iam.resourceset.bindings.add iam.resourceset.bindings.addmember "
    "iam.role.permissions.add iam.role.update group.user_membership.add application.user_membership.add "
    "application.user_membership.approve group.application_assignment.add app.oauth2.as.consent.grant "
    "app.oauth2.consent.grant app.oauth2.client.privilege.grant app.oauth2.scope.grant workflows.user.role.user.add "
    "workflows.user.role.group.add app.access_request.approver.approve",
    Category.ROLE_REVOKE: "user.account.privilege.revoke group.privilege.revoke user.session.impersonation.revoke "
    "iam.resourceset.bindings.delete iam.resourceset.bindings.removemember iam.role.permissions.delete "
    "group.user_membership.remove application.user_membership.remove application.user_membership.revoke "
    "group.application_assignment.remove app.oauth2.as.consent.revoke app.oauth2.consent.revoke "
    "app.oauth2.client.privilege.revoke workflows.user.role.user.remove workflows.user.role.group.remove",
    Category.CREATE_USER: "user.lifecycle.create application.provision.user.push",
    Category.MODIFY_USER: "user.lifecycle.activate user.lifecycle.deactivate user.lifecycle.reactivate "
    "user.lifecycle.suspend user.lifecycle.unsuspend user.account.lock user.account.lock.limit "
    "user.account.update_profile user.account.update_user_type user.account.unlock user.account.unlock_by_admin "
    "user.account.access_super_user_app user.behavior.profile.reset application.provision.user.deactivate "
    "application.provision.user.activate application.provision.user.reactivate application.provision.user.sync "
    "application.provision.user.push_profile user.risk.change",
    Category.DELETE_USER: "user.lifecycle.delete.initiated user.lifecycle.delete.completed "
    "application.provision.user.deprovision",
    Category.EXECUTE: "workflows.user.delegatedflow.run",
    Category.DOWNLOAD: "system.csv.export_profile_completed system.report.export workflows.user.table.export "
    "workflows.user.flow.export workflows.user.folder.export",
}

OPERATIONS: dict[str, Category] = {name: category for category, names in NAMES.items() for name in names.split()}

_ATTEMPTS = frozenset(("policy.evaluate_sign_on", "policy.evaluate_mfa", "security.threat.detected"))
"""Part of logging on: an attempt that was denied is a failed logon, one that went on says nothing yet."""


def category_of(event_type: str, outcome: Outcome) -> Category:
    """The category of an event.

    Args:
        event_type: `eventType`, e.g. `user.session.start`.
        outcome: How it ended; a refused sign-on policy is a failed logon.
    """
    event_type = operation_key(event_type)
    if event_type in _ATTEMPTS and outcome in (Outcome.DENIED, Outcome.FAILURE):
        return Category.FAILED_LOGON
    return OPERATIONS.get(event_type) or category_of_verb(event_type)
