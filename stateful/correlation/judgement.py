"""A finding in the light of other users: an alert, part of a campaign, or only an insight; its risk, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from activities.activity import UserType
from stateful.correlation.documents import Tenant, Value
from stateful.correlation.prevalence import COMMON_USERS, Prevalence, prevalence
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.models import DAY

TENANT_LEARNT = 7 * DAY
"""ms after a tenant's first activity, before which nothing is said of users that are being learnt themselves."""
OTHERS_LEARNING, PEERS_OF_COUNTRY, PEERS_OF_OPERATION, PEERS_OF_PROGRAM = 2, 2, 3, 3

FIRST_IN_TENANT, FIRST_AMONG_PEERS, COMMON_COUNTRY = 10, 5, -20
"""What is added to the risk."""

COUNTRIES, UNREGISTERED, OPERATIONS, CONSENTS = "countries", "unregistered", "operations", "consents"
REGIONS, APPS = "regions", "apps"

OTHERS: Mapping[str, int] = {CONSENTS: 3, REGIONS: 2}
"""Users that are enough to explain a value, however large the tenant: an app that so many let act for them is being
rolled out (the first ones were told of), a region where so many have machines is one where the tenant works."""
FEWEST = min(COMMON_USERS, PEERS_OF_OPERATION, *OTHERS.values())
"""Users below which nothing is explained by them."""


class Look(Protocol):
    """What a judgement may ask."""

    @property
    def tenant(self) -> Tenant:
        """The user's tenant."""

    def value(self, novelty: Novelty) -> Value:
        """Who shows a value."""

    def campaign(self, novelty: Novelty, time: int) -> str:
        """Uid of the campaign that a finding of this time with this novelty belongs to, or ""."""

    def rule(self, finding: Finding) -> str:
        """The suppression that hides a finding, or ""."""

    def bar(self, finding: Finding) -> str:
        """Why verdicts on others of its detection hide a finding, or ""."""


EXPLAINED, STRONG = 30, 60
"""What it takes from a finding's risk that its novelties are common, and what must be left of it to be spoken of."""


@dataclass(frozen=True)
class Judged:
    """What becomes of a finding."""

    finding: Finding
    hidden: str = ""
    """The rule for which it goes to the lane."""
    campaign: str = ""
    """uid of the alert that it is part of."""


def judge(finding: Finding, look: Look) -> Judged:
    """Compare a finding with what other users do and did before it."""
    rule = look.rule(finding)
    if rule:
        return Judged(finding, f"suppression {rule}")
    if (finding.learning or _is_plain_consent(finding)) and _is_tenant_new(finding, look.tenant):
        return Judged(finding, "learning: the tenant is not known for 7 days yet")
    if finding.learning and (why := _not_yet(finding, look)):
        return Judged(finding, why)
    judged = finding
    if finding.novelties:
        known = [(novelty, _known(novelty, finding, look)) for novelty in finding.novelties]
        common = [(novelty, found) for novelty, found in known if explains(novelty.feature, found, finding.user.type)]
        if len(common) == len(known):
            if finding.risk - EXPLAINED < STRONG:
                return Judged(finding, _common(common))
            # That others come from there doesn't explain a strange device, or a speed.
            judged = msgspec.structs.replace(finding, risk=finding.risk - EXPLAINED)
        left = [novelty for novelty, found in known if (novelty, found) not in common]
        campaigns = [look.campaign(novelty, finding.start) for novelty in left]
        if left and all(campaigns):
            return Judged(finding, campaign=min(campaigns))
        judged = _graded(judged, known)
    return Judged(judged, look.bar(judged))


def word(feature: str) -> str:
    """The singular of a feature's name."""
    if feature.endswith("ies"):
        return feature[:-3] + "y"
    return feature.removesuffix("es" if feature.endswith("sses") else "s")


def share(found: Prevalence) -> str:
    """How many of the tenant's users show a value, in words."""
    return f"{found.users} of {found.of} users" if found.of else f"{found.users} users"


def explains(feature: str, found: Prevalence, kind: UserType = UserType.PERSON) -> bool:
    """A country may be common because others live there: that explains a journey only if peers go there, too.

    That others have devices of their own doesn't explain whose this one is. Of what one is employed for, peers know:
    an app that others' work is done with is what somebody who looks around looks at.
    Programs stay where they run: only their likes moving as well explains that one is elsewhere.
    """
    if kind is not UserType.PERSON:
        return found.peers >= PEERS_OF_PROGRAM
    if feature == OPERATIONS and found.peers >= PEERS_OF_OPERATION:
        return True
    if feature in OTHERS and found.users >= OTHERS[feature]:
        return True
    if feature == APPS:
        return found.peers >= PEERS_OF_OPERATION
    return found.common and feature != UNREGISTERED and (feature != COUNTRIES or found.peers >= PEERS_OF_COUNTRY)


def _known(novelty: Novelty, finding: Finding, look: Look) -> Prevalence:
    return prevalence(look.value(novelty), look.tenant, finding.start, finding.user.id, finding.peers)


def _common(known: list[tuple[Novelty, Prevalence]]) -> str:
    shown = [f"{share(found)} show {word(novelty.feature)} {novelty.value}" for novelty, found in known]
    return f"common in the tenant: {'; '.join(shown)}"


def _is_plain_consent(finding: Finding) -> bool:
    """Bad only if nobody knows the app: of which nothing is known as long as the tenant is new."""
    return finding.severity.rank < Severity.HIGH.rank and any(
        novelty.feature == CONSENTS for novelty in finding.novelties
    )


def _is_tenant_new(finding: Finding, tenant: Tenant) -> bool:
    return tenant.since < 0 or finding.start - tenant.since < TENANT_LEARNT


def _not_yet(finding: Finding, look: Look) -> str:
    """Why nothing is said yet of a user that is being learnt; "" if peers and tenant find it rare, too."""
    for novelty in finding.novelties:
        found = _known(novelty, finding, look)
        if not found.peers and found.users < OTHERS_LEARNING:
            return ""
    return "learning: the user is new, and others show the same" if finding.novelties else "learning: the user is new"


def _graded(finding: Finding, known: list[tuple[Novelty, Prevalence]]) -> Finding:
    """With what peers and tenant say of the novelties."""
    more, said = 0, []
    for novelty, found in known:
        name = word(novelty.feature)
        if found.common and novelty.feature == COUNTRIES:
            more = min(more, COMMON_COUNTRY)
        elif not found.users and novelty.feature != APPS:
            more = max(more, FIRST_IN_TENANT)
        elif finding.peers and not found.peers:
            more = max(more, FIRST_AMONG_PEERS)
        scored = 1.0 - min(found.users / found.of, 1.0) if found.of else 0.0
        said.append(Comparison(f"{name} in the tenant", novelty.value, f"shown by {share(found)}", score=scored))
        if finding.peers:
            usual = f"shown by {found.peers or 'nobody'} in {finding.peers}"
            said.append(Comparison(f"{name} among peers", novelty.value, usual))
    risk = max(0, min(100, finding.risk + more))
    return msgspec.structs.replace(finding, risk=risk, comparisons=(*finding.comparisons, *said))
