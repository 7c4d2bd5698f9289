"""First activity of a user from a country."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import CLOUD_ACCOUNTS
from stateful.detection import Detection
from stateful.features import AGENTS, COUNTRIES, succeeded
from stateful.finding import Comparison, Finding, Severity
from stateful.view import Context, UserView, evidence_of

EXPECTED_ELSEWHERE = frozenset({"vpn", "office", "aws-service", "private"})
"""Addresses that say nothing about where a person is."""


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Succeeded from a country that the user was never seen in."""
    country, known = activity.location.country, user.values(COUNTRIES)
    if not country or known.get(country) or not succeeded(activity):
        return
    if EXPECTED_ELSEWHERE.intersection(activity.location.tags):
        return
    if known.total < context.settings["min_located"]:
        return
    # A new country on a device that is known is how a journey looks; on a new device, how a stolen account looks.
    agent = activity.device.user_agent
    known_device = bool(agent) and user.values(AGENTS).get(agent) is not None
    usual = ", ".join(sorted(known.seen, key=lambda c: (-known.seen[c].count, c))[:5])
    device = "a device seen before" if known_device else "a device never seen before"
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=(35 if known_device else 75) + 20 * (1 - known.chance_of_new()) * (not known_device),
        severity=Severity.LOW if known_device else None,
        reason=f"{activity.action} from {country}, a country this user was never seen in, on {device}",
        comparisons=(
            Comparison("country", country, usual, since=user.since, score=1 - known.chance_of_new()),
            Comparison(
                "device", agent or "not recorded", "seen before" if known_device else "others", since=user.since
            ),
        ),
        evidence=(evidence_of(activity),),
    )


DETECTION = Detection(
    id="first_country",
    title="First activity from a country",
    description=(
        "A user succeeds from a country where this user has never been seen. Accounts taken over by phishing or bought "
        "credentials are mostly used from elsewhere first."
    ),
    techniques=(CLOUD_ACCOUNTS,),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON},
    features=(COUNTRIES, AGENTS),
    settings={"min_located": 20},
    runbook=(
        "Ask the user, by a channel other than the account, whether they are in that country.",
        "Look at what the same session did next: mail rules, consent, downloads, new factors.",
        "If it wasn't them: revoke sessions and tokens, reset the password, check factors and forwarding.",
    ),
    quiet="An earlier activity of the user from that country, or an address tagged vpn or office.",
)
