"""Okta's System Log, of a tenant that logs on by Okta: pages of `/api/v1/logs`, in the order in which they are had.

Source: Okta developer documentation, "System Log API" and "Event types". The same things are done as in a tenant that
logs on by Entra ID, under the names that Okta has for them; what Okta has no event for isn't there.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from activities.activity import Category, UserType
from simulator.operations import (
    ASKS_ADMIN,
    ENTRA,
    LOCKED,
    MFA_DENIED,
    MFA_WRONG_CODE,
    POLICY,
    SECOND_FACTOR,
    SECOND_FACTOR_FAILED,
    UNKNOWN_USER,
    WRONG_PASSWORD,
)
from simulator.record import HOUR, Account, Event, Step, rfc3339
from simulator.streams import token
from simulator.vendors.vendor import Recorded, Vendor

_COUNTRIES = {
    "AE": "United Arab Emirates", "AR": "Argentina", "AT": "Austria", "AU": "Australia", "BG": "Bulgaria",
    "BR": "Brazil", "CA": "Canada", "CH": "Switzerland", "CO": "Colombia", "DE": "Germany", "EG": "Egypt",
    "ES": "Spain", "FR": "France", "GB": "United Kingdom", "GH": "Ghana", "ID": "Indonesia", "IN": "India",
    "IT": "Italy", "JP": "Japan", "KE": "Kenya", "KR": "South Korea", "MA": "Morocco", "MD": "Moldova",
    "MX": "Mexico", "MY": "Malaysia", "NG": "Nigeria", "NL": "Netherlands", "PH": "Philippines", "PK": "Pakistan",
    "PL": "Poland", "RO": "Romania", "RU": "Russia", "SE": "Sweden", "SG": "Singapore", "TH": "Thailand",
    "TR": "Turkey", "UA": "Ukraine", "US": "United States", "VN": "Vietnam", "ZA": "South Africa",
}  # fmt: skip
"""Okta writes countries in words."""


class _Type(NamedTuple):
    event: str
    message: str
    result: str = "SUCCESS"
    reason: str = ""


_LOGON = _Type("user.session.start", "User login to Okta")
_REFUSED = {
    WRONG_PASSWORD: _LOGON._replace(result="FAILURE", reason="INVALID_CREDENTIALS"),
    UNKNOWN_USER: _LOGON._replace(result="FAILURE", reason="VERIFICATION_ERROR"),
    LOCKED: _LOGON._replace(result="FAILURE", reason="LOCKED_OUT"),
    POLICY: _Type("policy.evaluate_sign_on", "Evaluation of sign-on policy", "DENY", "Sign-on policy evaluation"),
}
_DENIED = _Type("user.mfa.okta_verify.deny_push", "User rejected Okta push verify", "FAILURE")
_UNANSWERED = _Type("user.authentication.auth_via_mfa", "Authentication of user via MFA", "FAILURE", "TIMEOUT")
_WRONG_CODE = _UNANSWERED._replace(reason="INVALID_CREDENTIALS")
_RESET = _Type("user.account.reset_password", "Fired when the user's Okta password is reset")
_TYPES = {
    "UserLoggedOff": _Type("user.session.end", "User logout from Okta"),
    "Change user password": _Type("user.account.update_password", "User update password for Okta"),
    "Reset user password": _RESET,
    "Reset password (self-service)": _RESET,
    "User registered security info": _Type("user.mfa.factor.activate", "Activate factor or authenticator enrollment"),
    "User deleted security info": _Type("user.mfa.factor.deactivate", "Deactivate factor or authenticator enrollment"),
    "Admin deleted security info": _Type("user.mfa.factor.reset_all", "Reset all factors for user"),
    "Admin registered security info": _Type("user.mfa.factor.activate", "Activate factor or authenticator enrollment"),
    "Add user": _Type("user.lifecycle.create", "Create Okta user"),
    "Enable account": _Type("user.lifecycle.reactivate", "Reactivate user"),
    "Disable account": _Type("user.lifecycle.deactivate", "Deactivate user"),
    "Delete user": _Type("user.lifecycle.delete.initiated", "Delete user initiated"),
    "Update user": _Type("user.account.update_profile", "Update user profile for Okta"),
    "Add member to group": _Type("group.user_membership.add", "Add user to group membership"),
    "Remove member from group": _Type("group.user_membership.remove", "Remove user from group membership"),
    "Add member to role": _Type("user.account.privilege.grant", "Grant user privilege"),
    "Consent to application": _Type("app.oauth2.consent.grant", "User granted consent to app"),
    "Add application": _Type("application.lifecycle.create", "Create application"),
    "Add service principal credentials": _Type("app.oauth2.client.lifecycle.new_secret", "New OAuth 2.0 client secret"),
}
_KINDS = {"user": "User", "group": "UserGroup", "serviceprincipal": "AppInstance"}
_encode = msgspec.json.Encoder().encode


def _type(step: Step) -> _Type | None:
    if step.category is Category.LOGON and not step.error:
        return _LOGON
    if step.error == SECOND_FACTOR_FAILED:
        found = {MFA_DENIED: _DENIED, MFA_WRONG_CODE: _WRONG_CODE}
        return next((found[fact] for fact in step.facts if fact in found), _UNANSWERED)
    if step.error in (SECOND_FACTOR, ASKS_ADMIN):
        # Entra stops to ask for more, of which Okta says nothing before it is given.
        return None
    if step.error:
        return _REFUSED.get(step.error, _REFUSED[WRONG_PASSWORD])
    return _TYPES.get(step.action.strip().removesuffix("."))


def _targets(step: Step) -> list[dict[str, object]]:
    return [
        {
            "id": token("okta", item.name, size=10),
            "type": _KINDS[item.type],
            "alternateId": item.name,
            "displayName": item.name,
        }
        for item in step.objects
        if item.type in _KINDS
    ]


def _record(event: Event, account: Account, uid: str) -> Recorded | None:
    step, place = event.step, event.address.location
    kind = _type(step) if step.app == ENTRA else None
    if kind is None or account.user.type is not UserType.PERSON:
        return None
    where = {
        "city": place.city,
        "state": None,
        "country": _COUNTRIES[place.country],
        "postalCode": None,
        "geolocation": {"lat": place.latitude, "lon": place.longitude},
    }
    debug: dict[str, object] = {"requestId": token("request", uid, size=8), "requestUri": "/idp/idx/identify"}
    if event.device.id:
        debug["deviceFingerprint"] = event.device.id
    roles = [item.name for item in step.objects if item.type == "role"]
    if roles:
        debug["privilegeGranted"] = ", ".join(roles)
    made = {
        "actor": {
            "id": token("okta", account.user.id, size=10),
            "type": "User",
            "alternateId": account.user.id,
            "displayName": account.user.name,
            "detailEntry": None,
        },
        "client": {
            "userAgent": {
                "rawUserAgent": event.device.user_agent,
                "os": event.device.os or "Unknown",
                "browser": "UNKNOWN",
            },
            "zone": "null",
            "device": "Mobile" if event.device.id.startswith("PH-") else "Computer",
            "id": None,
            "ipAddress": event.address.ip,
            "geographicalContext": where,
        },
        "device": None,
        "authenticationContext": {
            "authenticationProvider": None,
            "credentialProvider": None,
            "authenticationStep": 0,
            "externalSessionId": event.session or "unknown",
        },
        "displayMessage": kind.message,
        "eventType": kind.event,
        "outcome": {"result": kind.result, "reason": kind.reason or None},
        "published": rfc3339(event.time),
        "securityContext": {
            "asNumber": place.asn,
            "asOrg": place.isp,
            "isp": place.isp,
            "domain": ".",
            "isProxy": bool({"tor", "anonymous"}.intersection(place.tags)),
        },
        "severity": "INFO" if kind.result in ("SUCCESS", "ALLOW") else "WARN",
        "debugContext": {"debugData": debug},
        "legacyEventType": None,
        "transaction": {"type": "WEB", "id": token("transaction", uid, size=8), "detail": {}},
        "uuid": uid,
        "version": "0",
        "request": {
            "ipChain": [{"ip": event.address.ip, "geographicalContext": where, "version": "V4", "source": None}]
        },
        "target": _targets(step) or None,
    }
    return Recorded("system-log", _encode(made))


def _path(log: str, begins: int, part: int) -> Path:
    """`okta/YYYY-MM-DD/HH-NNN.json`: each a page of at most 1,000 events."""
    when = rfc3339(begins)
    return Path("okta", when[:10], f"{when[11:13]}-{part:03d}.json")


def vendor(tenant: str) -> Vendor:
    """The System Log of the tenant's organization."""
    return Vendor(
        name="okta",
        record=lambda event, account, uid, arrives: _record(event, account, uid),
        user=lambda account: account.user.id,
        resolution=1,
        window=HOUR,
        root=lambda log: Path("okta"),
        path=_path,
        pack=lambda records: b"[" + b",".join(records) + b"]",
        most=1_000,
    )
