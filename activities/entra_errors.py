"""How a sign-in to Entra ID ended, judged by its error code.

Source: Microsoft identity platform, "Microsoft Entra authentication and authorization error codes" (AADSTS). Microsoft
says that codes may be added; one that isn't known here is a failure.

An *interrupt* is neither a success nor a guessed password: Entra stopped to ask for more. Two kinds:

- *accepted*: the first factor was right and something else is still wanted (a second factor, a new password, consent,
  "stay signed in?"). A logon whose outcome is unknown: what follows says how it ended, in a record of its own. It must
  not count as a failed logon, because every second logon with a second factor has one.
- *asked*: no credential was shown yet (no session for single sign-on, pick an account, the form timed out). Of no
  category, outcome unknown.
"""

from __future__ import annotations

from typing import NamedTuple

from activities.activity import Category, Outcome


class Ending(NamedTuple):
    """The category and outcome of a sign-in."""

    category: Category
    outcome: Outcome


ACCEPTED = frozenset(
    "50074 50076 50078 50079 50072 50055 50144 50097 50125 50127 50129 50135 50140 50158 50199 50201 50203 50206 65001 "
    "65004 90094 90095 399218 502031".split()
)
"""Interrupts behind a first factor that was right."""
ASKED = frozenset(
    "16000 16001 16002 16003 50058 50059 50061 50089 50132 50133 50168 50173 50180 51006 70016 70043 70044 81010 81012 "
    "160011 9002341".split()
)
"""Interrupts before any credential was shown."""
DENIED = frozenset(
    "50005 50020 50105 50131 50155 50177 53000 53001 53002 53003 53004 53009 53010 53011 500021 500022 500212 500213 "
    "530002 530003 530004 530021 530031 530032 530034 530035".split()
)
"""A policy or a missing assignment refused the sign-in, though the credential may be right."""
GUESSED = frozenset("50126 50053 50034 50056 50057 50064 50128 500121".split())
"""What trying passwords or second factors leaves: also where the sign-in was not interactive (IMAP, ROPC)."""

ERRORS: dict[str, str] = {
    "InvalidUserNameOrPassword": "50126",
    "IdsLocked": "50053",
    "UserAccountNotFound": "50034",
    "UserDisabled": "50057",
    "InvalidPasswordExpiredPassword": "50055",
    "UserStrongAuthClientAuthNRequired": "50076",
    "UserStrongAuthClientAuthNRequiredInterrupt": "50074",
    "UserStrongAuthEnrollmentRequired": "50079",
    "UserStrongAuthEnrollmentRequiredInterrupt": "50072",
    "UserStrongAuthExpired": "50078",
    "AuthenticationFailedSasError": "500121",
    "KmsiInterrupt": "50140",
    "CmsiInterrupt": "50199",
    "DeviceAuthenticationRequired": "50097",
    "DeviceAuthenticationFailed": "50155",
    "ExternalSecurityChallenge": "50158",
    "PasswordResetRegistrationRequiredInterrupt": "50125",
    "BrokerAppNotInstalled": "50127",
    "DeviceIsNotWorkplaceJoined": "50129",
    "DelegationDoesNotExist": "65001",
    "UserDeclinedConsent": "65004",
    "AdminConsentRequired": "90094",
    "UserInformationNotProvided": "50058",
    "SsoArtifactInvalidOrExpired": "50132",
    "SsoArtifactRevoked": "50133",
    "FreshTokenNeeded": "50173",
    "SelectUserAccount": "16000",
    "SelectAccount": "16000",
    "FlowTokenExpired": "50089",
    "SignoutMessage": "50061",
    "BlockedByConditionalAccess": "53003",
    "BlockedByConditionalAccessOnSecurityPolicy": "53003",
    "ConditionalAccessFailed": "50131",
    "DeviceNotCompliant": "53000",
    "DeviceNotDomainJoined": "53001",
    "ApplicationUsedIsNotAnApprovedApp": "53002",
    "ProofUpBlockedDueToRisk": "53004",
    "EntitlementGrantsNotFound": "50105",
}
"""The names that the unified audit log writes in `LogonError`, and their codes."""

_SUCCESS = frozenset(("0", "success", "succeeded"))


def interactive(error: str) -> Ending:
    """How a person's sign-in with `error` ended; "" is an ending that the record doesn't say."""
    if error.casefold() in _SUCCESS:
        return Ending(Category.LOGON, Outcome.SUCCESS)
    if not error or error in ACCEPTED:
        return Ending(Category.LOGON, Outcome.UNKNOWN)
    if error in ASKED:
        return Ending(Category.OTHER, Outcome.UNKNOWN)
    return Ending(Category.FAILED_LOGON, Outcome.DENIED if error in DENIED else Outcome.FAILURE)


def issued(error: str, *, person: bool) -> Ending:
    """How a sign-in without a person present ended: a token was issued on a refresh token, a session, an app's secret.

    A password that was tried that way is a failed logon all the same.
    """
    found = interactive(error)
    if person and error in GUESSED:
        return found
    return Ending(Category.TOKEN, found.outcome)


def has_succeeded(error: str) -> bool:
    """Whether the code of an error says that there was none."""
    return error.casefold() in _SUCCESS
