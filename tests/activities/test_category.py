"""Categories by the verb."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.activity import Category, Outcome
from activities.category import category_of_verb, settled

EXAMPLES = {
    # AWS, Google Cloud, Azure
    "GetObject": Category.READ,
    "ListUsers": Category.LIST,
    "DescribeInstances": Category.LIST,
    "CreateBucket": Category.CREATE,
    "UpdateLoginProfile": Category.CREDENTIAL,
    "CreateKeyPair": Category.CREDENTIAL,
    "GetAccessKeyLastUsed": Category.READ,
    "DescribeSecret": Category.LIST,
    "CreateSecurityGroup": Category.NETWORK_CONFIG,
    "DescribeSecurityGroups": Category.LIST,
    "DeleteFlowLogs": Category.AUDIT_CONFIG,
    "StopLogging": Category.AUDIT_CONFIG,
    "StartDBInstance": Category.COMPUTE_START,
    "StopInstances": Category.COMPUTE_STOP,
    "StartQueryExecution": Category.EXECUTE,
    "storage.objects.get": Category.READ,
    "v1.compute.instances.insert": Category.CREATE,
    "beta.compute.firewalls.patch": Category.NETWORK_CONFIG,
    "SetIamPolicy": Category.ROLE_GRANT,
    "Microsoft.Compute/virtualMachines/delete": Category.DELETE,
    "SecretGet": Category.SECRET_READ,
    # Okta
    "user.session.start": Category.LOGON,
    "user.session.end": Category.LOGOFF,
    "user.account.reset_password": Category.CREDENTIAL,
    "user.mfa.factor.deactivate": Category.CREDENTIAL,
    "user.lifecycle.create": Category.CREATE_USER,
    "user.lifecycle.deactivate": Category.MODIFY_USER,
    "user.lifecycle.delete": Category.DELETE_USER,
    "group.user_membership.add": Category.ROLE_GRANT,
    "group.user_membership.remove": Category.ROLE_REVOKE,
    "policy.rule.update": Category.MODIFY,
    "app.oauth2.token.grant.access_token": Category.TOKEN,
    # Microsoft
    "FileDownloaded": Category.DOWNLOAD,
    "FileUploaded": Category.UPLOAD,
    "FileCopied": Category.CREATE,
    "FileAccessed": Category.READ,
    "MailItemsAccessed": Category.READ,
    "Send": Category.SEND,
    "HardDelete": Category.DELETE,
    "UserLoggedIn": Category.LOGON,
    "UserLoginFailed": Category.FAILED_LOGON,
    "Sign-in activity": Category.LOGON,
    "Add member to role.": Category.ROLE_GRANT,
    "Remove member from role.": Category.ROLE_REVOKE,
    "Add user.": Category.CREATE_USER,
    "Add group.": Category.CREATE,
    "Reset user password.": Category.CREDENTIAL,
    "Consent to application.": Category.ROLE_GRANT,
    "New-InboxRule": Category.MAILBOX_RULE,
    "UpdateInboxRules": Category.MAILBOX_RULE,
    "Get-InboxRule": Category.READ,
    "Add-MailboxPermission": Category.ROLE_GRANT,
    "AnonymousLinkCreated": Category.SHARE,
    "SharingSet": Category.SHARE,
    # GitHub, Google Workspace
    "repo.download_zip": Category.DOWNLOAD,
    "git.clone": Category.DOWNLOAD,
    "pull_request.create": Category.CREATE,
    "org.add_member": Category.ROLE_GRANT,
    "personal_access_token.create": Category.CREDENTIAL,
    "login_failure": Category.FAILED_LOGON,
    "CHANGE_USER_PASSWORD": Category.CREDENTIAL,
    # Plain words, and none
    "download": Category.DOWNLOAD,
    "logout": Category.LOGOFF,
    "user login": Category.LOGON,
    "assume role": Category.TOKEN,
    "": Category.OTHER,
    "日本語": Category.OTHER,
    "blorp": Category.OTHER,
}


@pytest.mark.parametrize(("action", "category"), EXAMPLES.items())
def test_verbs(action: str, category: Category) -> None:
    assert category_of_verb(action) is category


@given(
    st.one_of(st.text(), st.lists(st.sampled_from([word for name in EXAMPLES for word in name.split()])).map(" ".join))
)
def test_any_name_has_a_category(action: str) -> None:
    assert isinstance(category_of_verb(action), Category)


def test_the_name_is_bounded() -> None:
    assert category_of_verb("x" * 10_000_000 + ".delete") is Category.OTHER


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("category", Category)
def test_only_a_logon_that_did_not_succeed_is_settled_otherwise(category: Category, outcome: Outcome) -> None:
    failed = category is Category.LOGON and outcome in {Outcome.FAILURE, Outcome.DENIED}
    assert settled(category, outcome) is (Category.FAILED_LOGON if failed else category)
