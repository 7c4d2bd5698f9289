"""Tags of GitHub's audit log: what became public, whose rights grew, which keys and factors came and went.

Source: GitHub documentation, "Audit log events for your enterprise", "Security log events".
"""

from __future__ import annotations

import re

from activities.activity import Category
from activities.format import Record
from activities.tags import Tag, by_operation
from activities.values import known

_OF_NAME = by_operation(
    {
        Tag.PUBLIC: "repo.pages_public members_can_create_public_pages.enable repo.config.enable_anonymous_git_access "
        "enterprise.config.enable_anonymous_git_access",
        Tag.EXTERNAL: "org.add_outside_collaborator repo.transfer repo.transfer_outgoing repo.transfer_start",
        Tag.PRIVILEGED: "business.add_admin business.invite_admin org.add_security_manager "
        "org.integration_manager_added integration.manager_added organization_role.assign enterprise_role.assign "
        "role.create",
        Tag.CONSENT: "oauth_authorization.create integration_installation.create org.oauth_app_access_approved "
        "personal_access_token.access_granted org.oauth_app_access_unblocked "
        "integration_installation.repositories_added org.disable_oauth_app_restrictions",
        Tag.KEY_ADDED: "public_key.create personal_access_token.create oauth_access.create gpg_key.create "
        "personal_access_token.credential_regenerated oauth_application.generate_client_secret "
        "oauth_application.reset_secret integration.generate_client_secret integration.generate_private_key "
        "org_credential_authorization.grant ssh_certificate_authority.create business.enable_saml org.enable_saml "
        "business.update_saml_provider_settings org.update_saml_provider_settings business.enable_oidc",
        Tag.FACTOR_ADDED: "two_factor_authentication.enabled two_factor_authentication.add_factor "
        "two_factor_authentication.recovery_codes_regenerated security_key.register",
        Tag.FACTOR_REMOVED: "two_factor_authentication.disabled two_factor_authentication.remove_factor "
        "security_key.remove org.disable_two_factor_requirement business.disable_two_factor_requirement "
        "org.disable_saml business.disable_saml",
        Tag.PASSWORD_SET: "user.change_password user.reset_password",
        Tag.MFA: "org.recovery_code_used business.recovery_code_used",
        Tag.MFA_FAILED: "user.two_factor_challenge_failure org.recovery_code_failed business.recovery_code_failed",
        Tag.MFA_CHALLENGE: "user.two_factor_requested",
    }
)
_MEMBERS = frozenset(
    ("org.add_member", "org.update_member", "org.invite_member", "repo.add_member", "repo.update_member",
     "team.update_repository_permission", "org.update_default_repository_permission")
)  # fmt: skip
_RULES = frozenset(("admin", "owner"))
_LESS = re.compile(r"disable|destroy|delete|bypass|remove", re.ASCII)


def tags_of(record: Record, action: str, category: Category) -> tuple[Tag, ...]:
    """The tags of an event.

    Args:
        record: The decoded event.
        action: `action`.
        category: What kind of thing it is.
    """
    tags = list(_OF_NAME.get(action, ()))
    if category in (Category.SHARE, Category.CREATE) and known(record.get("visibility")).lower() == "public":
        tags.append(Tag.PUBLIC)
    if action in _MEMBERS and known(record.get("permission")).lower() in _RULES:
        tags.append(Tag.PRIVILEGED)
    if category is Category.AUDIT_CONFIG and _LESS.search(action):
        tags.append(Tag.LOGGING_REDUCED)
    return tuple(dict.fromkeys(tags))
