"""What kind of thing an action of GitHub's audit log is: a table of those that matter, and the verb for the rest.

Names are of GitHub's documentation, "Audit log events for your enterprise", "... organization", "Security log events".
Secret scanning, Dependabot and code scanning watch as a detector does, so switching them is `audit_config`; branch
protection and rulesets forbid rather than watch, so changing or removing them is `modify`.
"""

from __future__ import annotations

import re

from activities.activity import Category
from activities.category import category_of_verb
from activities.values import operation_key

NAMES: dict[Category, str] = {
    Category.LOGON: "org.recovery_code_used business.recovery_code_used user.sign_in_from_unrecognized_location "
    "user.correct_password_from_unrecognized_location user.correct_password_from_unrecognized_device_and_location "
    "user.login user.sign_in_from_unrecognized_device user.sign_in_from_unrecognized_device_and_location "
    "org.sso_response business.sso_response user.two_factor_recover user.correct_password_from_unrecognized_device",
    Category.FAILED_LOGON: "org.recovery_code_failed business.recovery_code_failed user.failed_login "
    "user.two_factor_challenge_failure",
    Category.LOGOFF: "org.revoke_sso_session user.logout",
    Category.DOWNLOAD: "git.clone git.fetch repo.download_zip org.audit_log_export org.audit_log_git_event_export "
    "business.audit_log_export business.audit_log_git_event_export migration.create org.export_members "
    "user.export_personal_data artifact.download",
    Category.UPLOAD: "git.push",
    Category.READ: "api.request secret_scanning_alert.view",
    Category.SECRET_READ: "org.recovery_codes_viewed org.recovery_codes_printed business.recovery_codes_viewed "
    "business.recovery_codes_printed org.recovery_codes_downloaded business.recovery_codes_downloaded "
    "two_factor_authentication.recovery_codes_downloaded two_factor_authentication.recovery_codes_viewed "
    "two_factor_authentication.recovery_codes_printed",
    Category.SHARE: "repo.pages_create members_can_create_public_pages.enable integration.transfer "
    "oauth_application.transfer repo.transfer repo.transfer_start repo.transfer_outgoing "
    "repo.config.enable_anonymous_git_access private_repository_forking.enable repo.pages_public "
    "gist.visibility_change enterprise.config.enable_anonymous_git_access",
    Category.CREATE_USER: "user.create external_identity.provision",
    Category.DELETE_USER: "user.destroy user.async_delete external_identity.deprovision",
    Category.MODIFY_USER: "external_identity.scim_api_success user.suspend user.unsuspend user.rename "
    "external_identity.update org.block_user org.unblock_user user.change_email user.add_email user.remove_email "
    "user.promote user.demote",
    Category.CREDENTIAL: "integration.revoke_tokens integration.revoke_all_tokens oauth_application.revoke_tokens "
    "oauth_application.revoke_all_tokens org.create_integration_secret org.remove_integration_secret "
    "repo.create_integration_secret repo.remove_integration_secret org.add_disallowed_two_factor_method "
    "org.remove_disallowed_two_factor_method org.clear_disallowed_two_factor_methods "
    "team_sync_tenant.update_okta_credentials public_key.create public_key.delete public_key.update "
    "public_key.verify public_key.unverify personal_access_token.create personal_access_token.destroy "
    "personal_access_token.credential_regenerated personal_access_token.credential_revoked "
    "personal_access_token.expiration_limit_set personal_access_token.expiration_limit_unset oauth_access.create "
    "oauth_access.destroy oauth_application.generate_client_secret oauth_application.reset_secret "
    "oauth_application.remove_client_secret integration.generate_client_secret integration.remove_client_secret "
    "integration.generate_private_key integration.remove_private_key two_factor_authentication.enabled "
    "two_factor_authentication.disabled two_factor_authentication.add_factor two_factor_authentication.remove_factor "
    "two_factor_authentication.update_factor two_factor_authentication.recovery_codes_regenerated "
    "security_key.register security_key.remove gpg_key.create gpg_key.delete user.change_password "
    "user.forgot_password user.reset_password org.enable_two_factor_requirement org.disable_two_factor_requirement "
    "business.enable_two_factor_requirement business.disable_two_factor_requirement org.enable_saml org.disable_saml "
    "org.saml_enabled org.saml_disabled org.update_saml_provider_settings business.enable_saml business.disable_saml "
    "business.update_saml_provider_settings business.enable_oidc business.disable_oidc org.recovery_codes_generated "
    "business.recovery_codes_generated ssh_certificate_authority.create ssh_certificate_authority.delete "
    "ssh_certificate_requirement.enable ssh_certificate_requirement.disable org_credential_authorization.grant "
    "org_credential_authorization.revoke org_credential_authorization.deauthorize org.revoke_external_identity "
    "org.create_actions_secret org.update_actions_secret org.remove_actions_secret repo.create_actions_secret "
    "repo.update_actions_secret repo.remove_actions_secret environment.create_actions_secret "
    "environment.update_actions_secret environment.remove_actions_secret",
    Category.ROLE_GRANT: "org.add_security_manager org.restore_member org.integration_manager_added "
    "integration.manager_added integration_installation.version_updated org.oauth_app_access_unblocked "
    "team.add_to_organization enterprise_role.update enterprise_team.add_member external_group.add_member "
    "external_group.link auto_approve_personal_access_token_requests.enable "
    "org.codespaces_trusted_repo_access_granted repo.codespaces_trusted_repo_access_granted "
    "business.update_member_repository_creation_permission business.update_member_repository_invitation_permission "
    "repo.set_actions_fork_pr_approvals_policy org.add_member org.update_member org.invite_member org.invite_user "
    "org.invite_to_business org.add_outside_collaborator org.update_member_repository_creation_permission "
    "org.update_default_repository_permission org.add_billing_manager org.set_default_workflow_permissions "
    "org.set_workflow_permission_can_approve_pr org.set_actions_fork_pr_approvals_policy business.add_admin "
    "business.invite_admin business.add_billing_manager business.add_organization "
    "business.update_default_repository_permission business.set_default_workflow_permissions "
    "business.set_actions_fork_pr_approvals_policy business.add_support_entitlee repo.add_member repo.update_member "
    "repo.set_default_workflow_permissions repo.set_workflow_permission_can_approve_pr repository_invitation.create "
    "repository_invitation.accept team.add_member team.add_repository team.update_repository_permission "
    "team.change_parent_team team.promote_maintainer organization_role.assign organization_role.update "
    "enterprise_role.assign repository_role.update organization_moderators.add_user organization_moderators.add_team "
    "integration_installation.create integration_installation.repositories_added "
    "integration_installation_request.create oauth_authorization.create org.oauth_app_access_approved "
    "org.oauth_app_access_requested org.disable_oauth_app_restrictions personal_access_token.access_granted "
    "personal_access_token.request_created invite_member project.update_user_permission "
    "project.update_team_permission project.update_org_permission",
    Category.ROLE_REVOKE: "org.remove_security_manager org.integration_manager_removed integration.manager_removed "
    "business.remove_support_entitlee team.remove_from_organization enterprise_role.destroy "
    "enterprise_team.remove_member external_group.remove_member external_group.unlink "
    "org.codespaces_trusted_repo_access_revoked repo.codespaces_trusted_repo_access_revoked org.remove_member "
    "org.remove_outside_collaborator org.remove_billing_manager org.cancel_invitation org.oauth_app_access_denied "
    "org.oauth_app_access_blocked org.enable_oauth_app_restrictions business.remove_admin "
    "business.remove_billing_manager business.remove_member business.remove_organization repo.remove_member "
    "team.remove_member team.remove_repository team.demote_maintainer organization_role.revoke "
    "organization_role.destroy enterprise_role.revoke repository_role.destroy organization_moderators.remove_user "
    "organization_moderators.remove_team integration_installation.destroy "
    "integration_installation.repositories_removed integration_installation.suspend oauth_authorization.destroy "
    "personal_access_token.access_revoked personal_access_token.request_denied "
    "personal_access_token.request_cancelled repository_invitation.cancel repository_invitation.reject",
    Category.MODIFY: "code_scanning.alert_closed_by_user code_scanning.alert_created "
    "code_scanning.alert_appeared_in_branch code_scanning.alert_reopened_by_user "
    "code_scanning.alert_closed_became_fixed code_scanning.alert_closed_became_outdated "
    "code_scanning.alert_reappeared pull_request.in_progress pull_request.indirect_merge pull_request.rebase "
    "workflows.cancel_workflow_run workflows.bypass_protection_rules protected_branch.create "
    "protected_branch.destroy protected_branch.policy_override protected_branch.rejected_ref_update "
    "protected_branch.update_admin_enforced protected_branch.update_name repository_ruleset.create "
    "repository_ruleset.update repository_ruleset.destroy enterprise.config.disable_anonymous_git_access "
    "repo.config.disable_anonymous_git_access secret_scanning_push_protection.bypass secret_scanning_alert.resolve "
    "secret_scanning_alert.reopen secret_scanning_alert.create repository_vulnerability_alert.create "
    "pull_request.merge pull_request.close pull_request.reopen pull_request.ready_for_review codespaces.connect",
    Category.NETWORK_CONFIG: "ip_allow_list.enable ip_allow_list.disable ip_allow_list.enable_for_installed_apps "
    "ip_allow_list.disable_for_installed_apps ip_allow_list_entry.create ip_allow_list_entry.update "
    "ip_allow_list_entry.destroy network_configuration.create network_configuration.update "
    "network_configuration.delete",
    Category.COMPUTE_START: "org.self_hosted_runner_online repo.self_hosted_runner_online "
    "enterprise.self_hosted_runner_online codespaces.start_environment",
    Category.COMPUTE_STOP: "org.self_hosted_runner_offline repo.self_hosted_runner_offline "
    "enterprise.self_hosted_runner_offline codespaces.suspend_environment",
    Category.EXECUTE: "workflows.created_workflow_run workflows.completed_workflow_run "
    "workflows.prepared_workflow_job workflows.rerun_workflow_run workflows.approve_workflow_job",
}

OPERATIONS: dict[str, Category] = {name: category for category, names in NAMES.items() for name in names.split()}

_WATCHES = re.compile(
    r"secret_scanning|advanced_security|code_scanning|code_security|codeql|dependabot|dependency_graph"
    r"|vulnerability_alerts|vulnerability_alert_rule|audit_log_streaming|source_ip_disclosure",
    re.ASCII,
)
_SWITCHES = re.compile(
    r"enable|disable|custom_pattern|bypass_list|pattern_configuration|streaming|alert_rule|policy_update", re.ASCII
)
_BY_TYPE = {
    "create": Category.CREATE,
    "access": Category.READ,
    "modify": Category.MODIFY,
    "remove": Category.DELETE,
    "authentication": Category.LOGON,
    "transfer": Category.MODIFY,
    "restore": Category.CREATE,
}


def category_of(action: str, operation_type: str, visibility: str) -> Category:
    """The category of an action.

    Args:
        action: `action`, e.g. `repo.access`.
        operation_type: `operation_type`, which decides where the name says nothing; "" if there is none.
        visibility: `visibility`, what a repository is after the action; "" if it isn't said.
    """
    action = operation_key(action)
    if action in ("repo.access", "repo.visibility_change"):
        return Category.MODIFY if visibility == "private" else Category.SHARE
    found = OPERATIONS.get(action)
    if found:
        return found
    if _WATCHES.search(action) and _SWITCHES.search(action):
        return Category.AUDIT_CONFIG
    by_verb = category_of_verb(action)
    return by_verb if by_verb is not Category.OTHER else _BY_TYPE.get(operation_type, Category.OTHER)
