"""What a record says beyond category and outcome, in words that are the same for all vendors.

Detections ask `Tag.MFA_DENIED in activity.tags`. A tag is only set where the record says so: that one is missing means
that nothing is known. `docs/activities.md` describes each.
"""

from __future__ import annotations

from enum import StrEnum


class Tag(StrEnum):
    """One word about an activity."""

    # How somebody logged on.
    NON_INTERACTIVE = "non-interactive"
    """Nobody was present: a token was renewed, or an app or service logged on with a credential of its own."""
    MFA = "mfa"
    """More than one factor was shown, now or earlier in the session."""
    SINGLE_FACTOR = "single-factor"
    """The record says that one factor was all."""
    MFA_CHALLENGE = "mfa-challenge"
    """Another factor was asked for; the answer is in a record of its own, if there was one."""
    MFA_DENIED = "mfa-denied"
    """The person refused the request, e.g. a push."""
    MFA_FAILED = "mfa-failed"
    """The other factor was wrong."""
    MFA_UNANSWERED = "mfa-unanswered"
    """Nobody answered in time."""
    REPORTED = "reported"
    """The person reported it as not theirs."""
    LEGACY_PROTOCOL = "legacy-protocol"
    """IMAP, POP, SMTP and others that know no second factor."""
    PASSWORD_GRANT = "password-grant"  # noqa: S105
    """The password was handed to a program (OAuth 2.0, RFC 6749, 4.3)."""
    DEVICE_CODE = "device-code"
    """The code of another device was confirmed (RFC 8628)."""
    UNKNOWN_USER = "unknown-user"
    """Nobody has the name that was tried."""
    LOCKED_OUT = "locked-out"
    """The account is locked after failed attempts."""
    DISABLED_USER = "disabled-user"
    """The account is disabled."""
    RISK_MEDIUM = "risk-medium"
    RISK_HIGH = "risk-high"
    """The vendor's own rating of the logon or the user."""
    MANAGED_DEVICE = "managed-device"
    """The organization manages the device, or found it compliant."""

    # Credentials.
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    """A second factor was taken away, reset or no longer asked for."""
    PASSWORD_SET = "password-set"  # noqa: S105
    """A password was set, changed or reset; an object names whose, where it isn't the user's own."""
    KEY_ADDED = "key-added"
    """Something that logs on without a person was made: key, secret, certificate, token, trust in another issuer."""

    # Rights.
    CONSENT = "consent"
    """An app got rights to act for a user, or by itself."""
    ADMIN_CONSENT = "admin-consent"
    """It got them for all users of the tenant."""
    PRIVILEGED = "privileged"
    """A role or permission that rules over the tenant, over other identities or over all data."""

    # Sharing.
    PUBLIC = "public"
    """Open to anybody."""
    ANONYMOUS_LINK = "anonymous-link"
    """By a link that works without logging on."""
    EXTERNAL = "external"
    """With, or to, somebody outside: a guest, another domain, another account."""

    # Mail.
    FORWARDING = "forwarding"
    """Mail is forwarded or redirected."""
    HIDING = "hiding"
    """Mail is deleted, marked as read, or moved out of sight."""

    # The rest.
    LOGGING_REDUCED = "logging-reduced"
    """Less is logged or watched than before."""
    CROSS_ACCOUNT = "cross-account"
    """Somebody of another account acted in this one."""


def by_operation(names: dict[Tag, str]) -> dict[str, tuple[Tag, ...]]:
    """The tags of each operation, from the operations of each tag, parted by white space."""
    found: dict[str, tuple[Tag, ...]] = {}
    for tag, operations in names.items():
        for operation in operations.split():
            found[operation] = (*found.get(operation, ()), tag)
    return found
