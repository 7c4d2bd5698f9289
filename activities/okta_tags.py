"""Tags of Okta System Log events.

Sources: Okta developer documentation, "Event types" and "System Log API", `DebugContext`; Okta support, "Clarifying if
rejecting an Okta Verify push notification counts as failed MFA": a push that was refused is
`user.authentication.auth_via_mfa` with FAILURE, `INVALID_CREDENTIALS` and `pushOnlyResponseType` OV_RESPONSE_DENY.
"""

from __future__ import annotations

import re

from activities.activity import Outcome
from activities.format import Record
from activities.tags import Tag, by_operation
from activities.values import decoded, known, mapping, string

_OF_NAME = by_operation(
    {
        Tag.MFA_CHALLENGE: "system.push.send_factor_verify_push system.sms.send_factor_verify_message "
        "system.sms.send_okta_push_verify_message system.voice.send_mfa_challenge_call "
        "system.email.send_factor_verify_message",
        Tag.MFA_DENIED: "user.mfa.okta_verify.deny_push user.mfa.okta_verify.deny_push_upgrade_needed",
        Tag.FACTOR_ADDED: "user.mfa.factor.activate user.mfa.factor.unsuspend user.credential.enroll",
        Tag.FACTOR_REMOVED: "user.mfa.factor.deactivate user.mfa.factor.reset_all user.mfa.factor.suspend "
        "system.mfa.factor.deactivate user.credential.revoke security.authenticator.lifecycle.deactivate",
        Tag.PASSWORD_SET: "user.account.reset_password user.account.update_password "
        "application.user_membership.change_password user.import.password",
        Tag.KEY_ADDED: "system.api_token.create system.api_token.enable app.keys.generate app.keys.clone "
        "app.oauth2.client.lifecycle.new_secret system.idp.lifecycle.create system.idp.lifecycle.activate "
        "system.idp.key.create",
        Tag.CONSENT: "app.oauth2.consent.grant app.oauth2.as.consent.grant app.oauth2.scope.grant",
        Tag.PRIVILEGED: "user.account.privilege.grant group.privilege.grant iam.resourceset.bindings.add "
        "iam.resourceset.bindings.addmember iam.role.permissions.add app.oauth2.client.privilege.grant "
        "user.session.impersonation.grant",
        Tag.REPORTED: "user.account.report_suspicious_activity_by_enduser",
        Tag.LOCKED_OUT: "user.account.lock user.account.lock.limit",
        Tag.LOGGING_REDUCED: "system.log_stream.lifecycle.delete system.log_stream.lifecycle.deactivate "
        "event_hook.deleted event_hook.deactivated workflows.user.flow.execution_history.deactivate "
        "workflows.user.flow.execution_history.delete workflows.user.flow.execution_log_stream.deactivate "
        "workflows.user.execution_log_stream_connection.deactivate",
    }
)
_TOKEN_GRANT = re.compile(r"app\.oauth2\.(?:as\.)?token\.grant(?:\.\w+)?", re.ASCII)
_PASSWORDS = frozenset(("PASSWORD_AS_FACTOR", "PASSWORD"))
_GRANT_TYPES = {
    "password": (Tag.NON_INTERACTIVE, Tag.PASSWORD_GRANT),
    "urn:ietf:params:oauth:grant-type:device_code": (Tag.DEVICE_CODE,),
    "authorization_code": (),
    "implicit": (),
}
_DECLINED = re.compile(r"reject|denied|declin", re.IGNORECASE)
_UNANSWERED = re.compile(r"time-?\s?d?out|expired|unanswered|did not respond|cancel", re.IGNORECASE)
_LEVEL = re.compile(r"level[\"\s]*[=:][\"\s]*(HIGH|MEDIUM)", re.IGNORECASE)
_LONGEST = 2048


def tags_of(record: Record, event_type: str, outcome: Outcome) -> tuple[Tag, ...]:
    """The tags of an event.

    Args:
        record: The decoded event.
        event_type: `eventType`.
        outcome: How it ended.
    """
    tags = list(_OF_NAME.get(event_type, ()))
    debug = mapping(mapping(record.get("debugContext")).get("debugData"))
    ending = mapping(record.get("outcome"))
    reason, result = known(ending.get("reason")), known(ending.get("result")).upper()
    if event_type == "user.authentication.auth_via_mfa":
        tags += _of_factor(debug, reason, result, outcome)
    elif result == "CHALLENGE":
        tags.append(Tag.MFA_CHALLENGE)
    if reason.upper() == "LOCKED_OUT":
        tags.append(Tag.LOCKED_OUT)
    if event_type == "user.session.start" and outcome is Outcome.FAILURE:
        if known(mapping(record.get("actor")).get("id")) == "":
            tags.append(Tag.UNKNOWN_USER)
    if _TOKEN_GRANT.fullmatch(event_type):
        tags += _GRANT_TYPES.get(known(debug.get("grantType")).lower(), (Tag.NON_INTERACTIVE,))
    risk = _LEVEL.search(_said_of_risk(debug))
    if risk:
        tags.append(Tag.RISK_HIGH if risk[1].upper() == "HIGH" else Tag.RISK_MEDIUM)
    if mapping(record.get("device")).get("managed") is True:
        tags.append(Tag.MANAGED_DEVICE)
    return tuple(dict.fromkeys(tags))


def _of_factor(debug: Record, reason: str, result: str, outcome: Outcome) -> tuple[Tag, ...]:
    """How a factor was answered. A password that is a factor like others is no second one."""
    if known(debug.get("factor")).upper() in _PASSWORDS:
        return ()
    if outcome is Outcome.SUCCESS:
        return (Tag.MFA,)
    response = string(debug.get("pushOnlyResponseType")).upper()
    if response == "OV_RESPONSE_DENY" or _DECLINED.search(reason[:_LONGEST]):
        return (Tag.MFA_DENIED,)
    if result in ("UNANSWERED", "ABANDONED") or _UNANSWERED.search(reason[:_LONGEST]):
        return (Tag.MFA_UNANSWERED,)
    return (Tag.MFA_FAILED,) if outcome in (Outcome.FAILURE, Outcome.DENIED) else (Tag.MFA_CHALLENGE,)


def _said_of_risk(debug: Record) -> str:
    """`{level=HIGH, reasons=...}`, or the same as JSON inside `logOnlySecurityData`."""
    risk = debug.get("risk")
    if risk is None:
        risk = mapping(decoded(debug.get("logOnlySecurityData"))).get("risk")
    return f"level={mapping(risk).get('level')}" if isinstance(risk, dict) else string(risk)[:_LONGEST]
