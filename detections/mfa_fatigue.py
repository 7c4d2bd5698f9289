"""The second factor is worn down, taken away, or becomes another's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from activities.activity import Activity, Category
from activities.tags import Tag
from stateful.attack import DEVICE_REGISTRATION, MFA_MODIFICATION, MFA_REQUESTS
from stateful.detection import Detection
from stateful.features import ADDRESSES, HOUR, ISPS, BurstFeature, isp, succeeded
from stateful.finding import Comparison, Finding, Severity
from stateful.strangers import STRANGER, by_stranger, strange_device
from stateful.view import Context, UserView

REFUSED = frozenset({Tag.MFA_DENIED, Tag.MFA_UNANSWERED, Tag.MFA_FAILED, Tag.REPORTED})
REFUSED_CODES = frozenset({"500121", "50074", "50076"})
"""Entra ID: strong authentication failed, is required. https://learn.microsoft.com/entra/identity-platform/reference-error-codes"""
FACTOR = re.compile(
    r"mfa|factor|authenticator|strong ?auth|security ?info|totp|webauthn|fido|phone ?app|otp", re.IGNORECASE
)
PUSH = re.compile(r"(mfa|push|factor|challenge)\W*\w*(den|reject|fail|timeout|fraud)|fraud", re.IGNORECASE)
CHANGING = frozenset({Category.CREDENTIAL, Category.MODIFY_USER, Category.MODIFY, Category.CREATE})
CHANGES = re.compile(r"add|regist|enrol|creat|reset|delet|remov|deactivat|disabl|updat|chang|set", re.IGNORECASE)


def refused(activity: Activity) -> bool:
    """A request for the second factor was refused, failed or not answered."""
    if not REFUSED.isdisjoint(activity.tags):
        return True
    failed = not succeeded(activity)
    return failed and (
        activity.error in REFUSED_CODES or PUSH.search(f"{activity.action} {activity.error}") is not None
    )


REFUSALS = BurstFeature(
    "mfa_refusals",
    counts=lambda a, _: refused(a),
    mark=lambda a: a.ip,
    gap=HOUR,
    categories=frozenset(Category) - {Category.READ, Category.DOWNLOAD, Category.LIST, Category.SEND},
)


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A logon after refused requests; or a factor changed after such, or from what isn't the user's device."""
    burst = user.burst(REFUSALS)
    running = burst.running(activity.time, REFUSALS.gap)
    if Tag.REPORTED in activity.tags:
        yield _finding(activity, context, user, 85, "The user reported a request for the second factor as not theirs")
    elif not succeeded(activity):
        return
    elif activity.category is Category.LOGON and running and burst.count >= _least(activity, user, context):
        minutes = (activity.time - burst.start) / 60_000
        text = f"{burst.count} requests for the second factor were refused in {minutes:.0f} min, then a logon succeeded"
        yield _finding(activity, context, user, 70 + min(2 * burst.count, 25), text)
    elif changes_factor(activity):
        strange = by_stranger(activity, user)
        if strange or running:
            why = "after refused requests" if running else "from a device and an address that aren't the user's"
            # A device that has an id may be the user's new one.
            risk = 65 + 15 * (strange and running) - 20 * (bool(activity.device.id) and not running)
            yield _finding(activity, context, user, risk, f"{activity.action} {why}")


def _least(activity: Activity, user: UserView, context: Context) -> float:
    """Refusals that are too many: a phone in a bag isn't heard, while its owner tries to log on where they work."""
    # At home the address changes, the provider doesn't.
    network = isp(activity)
    moved = user.is_recent(ISPS, network, activity.time) if network else True
    elsewhere = strange_device(activity, user) or (moved and user.is_recent(ADDRESSES, activity.ip, activity.time))
    return context.settings["min_refusals" if elsewhere else "min_refusals_own"]


def changes_factor(activity: Activity) -> bool:
    """A second factor was added, taken away or reset."""
    if Tag.FACTOR_ADDED in activity.tags or Tag.FACTOR_REMOVED in activity.tags:
        return True
    if activity.category not in CHANGING:
        return False
    words = " ".join([activity.action, *(entry.name for entry in activity.objects[:2])])
    return FACTOR.search(words) is not None and CHANGES.search(activity.action) is not None


def _finding(activity: Activity, context: Context, user: UserView, risk: float, reason: str) -> Finding:
    burst = user.burst(REFUSALS)
    last = context.seen(activity)
    evidence = (*(known for known in burst.evidence if known.id != last.id), last) if burst.evidence else (last,)
    return context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=risk,
        reason=reason,
        comparisons=(
            Comparison("refused requests within an hour", str(burst.count), "none", since=user.since, score=1.0),
        ),
        evidence=evidence,
        evidence_count=max(burst.count, 1) + 1 if burst.evidence else 1,
    )


DETECTION = Detection(
    id="mfa_fatigue",
    title="Second factor worn down or changed",
    description=(
        "A user refuses request after request and then lets one through; or a factor is reset or enrolled right "
        "after such, "
        "or from a device and an address that aren't the user's. Then the account is somebody else's, second factor "
        "and all."
    ),
    techniques=(MFA_REQUESTS, MFA_MODIFICATION, DEVICE_REGISTRATION),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.READ, Category.DOWNLOAD, Category.LIST, Category.SEND},
    features=(REFUSALS, ISPS, *STRANGER),
    settings={"min_refusals": 3, "min_refusals_own": 8},
    learning_days=0,
    runbook=(
        "Ask the user whether they asked for the requests and made the change.",
        "If not: the password is known to others. Revoke sessions, reset it, remove factors and devices added since.",
        "Switch to number matching or phishing-resistant factors.",
    ),
    quiet="Fewer than three refused requests in a row, or eight where the user works; a factor changed from the user's "
    "own device or address.",
)
