"""Campaigns: many users with the same novelty within a day are one alert of the tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

from activities.activity import User, UserType
from stateful.correlation.documents import Rest, Tenant, Value
from stateful.correlation.group_alert import group_alert
from stateful.correlation.judgement import FEWEST, TENANT_LEARNT, explains, share, word
from stateful.correlation.policy import CAMPAIGN
from stateful.correlation.prevalence import SETTLED, Prevalence, others, prevalence, users_before
from stateful.finding import Alert, Comparison, Finding, Novelty, Severity
from stateful.models import DAY
from stateful.view import finding_uid

LASTS = 3 * DAY
"""ms after its beginning in which findings still join a campaign: over a weekend."""
RESTS_KEPT = 1000
"""Findings on one value that are kept, those whose uids are lowest; of more, a campaign is certain anyway."""
USERS_LISTED, EVIDENCE_LISTED, MORE_LISTED = 500, 50, 5


@dataclass(frozen=True)
class Campaign:
    """Findings of many users on one value."""

    uid: str
    start: int
    """Event time, ms."""
    members: tuple[Rest, ...]
    """In order."""

    def covers(self, time: int) -> bool:
        """Whether a finding of this event time, ms, is part of it."""
        return self.start <= time < self.start + LASTS

    def risk(self, least_users: float) -> int:
        """That of its worst finding; each doubling of the users beyond the least that make a campaign adds 10."""
        worst = max(rest.risk for rest in self.members)
        return min(100, round(worst + 10 * log2(max(len(self.users) / least_users, 1))))

    @property
    def founders(self) -> set[str]:
        """Users of its first day."""
        return {rest.user.id for rest in self.members if rest.start < self.start + DAY}

    @property
    def users(self) -> dict[str, User]:
        """By id, in the order in which they came."""
        return {rest.user.id: rest.user for rest in reversed(self.members)}


def rest(value: Value, uid: str, found: Rest) -> None:
    """Note a finding that rests on the value."""
    value.rests[uid] = found
    if len(value.rests) > RESTS_KEPT:
        del value.rests[max(value.rests)]


def campaigns(
    value: Value,
    tenant: Tenant,
    key: tuple[str, str, str],
    settings: Mapping[str, float] | None,
    least_risk: float = 0.0,
) -> list[Campaign]:
    """Those on a value; a function of the set of its findings.

    Args:
        value: with its findings; those that are explained by others' habits don't count.
        tenant: whose it is.
        key: tenant, feature, value.
        settings: of the detection; None where it is off.
        least_risk: below it, its members are left to be judged each by itself.
    """
    if settings is None or len(value.rests) < settings["min_users"]:
        return []
    least = settings["min_users"]
    ordered = sorted((rest.start, uid) for uid, rest in value.rests.items())
    # Most values are new to the tenant: then no one finding has to be asked.
    if value.earliest and value.earliest[0].time < ordered[-1][0] - SETTLED:
        ordered = [item for item in ordered if not _explained(value.rests[item[1]], value, tenant, key[1])]
    ordered = [item for item in ordered if not 0 <= item[0] - tenant.since < TENANT_LEARNT]
    found: list[Campaign] = []
    within: Counter[str] = Counter()
    at = until = users = 0
    while at < len(ordered):
        start, uid = ordered[at]
        while until < len(ordered) and ordered[until][0] < start + DAY:
            user = value.rests[ordered[until][1]].user.id
            within[user] += 1
            users += within[user] == 1
            until += 1
        if users >= least:
            end = until
            while end < len(ordered) and ordered[end][0] < start + LASTS:
                end += 1
            members = tuple(value.rests[member] for _, member in ordered[at:end])
            campaign = Campaign(finding_uid("campaign", *key, uid), start, members)
            if campaign.risk(least) >= least_risk:
                found.append(campaign)
            at = until = end
            within.clear()
            users = 0
        else:
            user = value.rests[uid].user.id
            within[user] -= 1
            users -= within[user] == 0
            at += 1
    return found


def _explained(rest: Rest, value: Value, tenant: Tenant, feature: str) -> bool:
    users, peers = others(value, rest.start, rest.user.id, rest.peers)
    # How many users the tenant has is asked last: most values are new to nearly all of them.
    return users >= FEWEST and explains(feature, Prevalence(users, peers, users_before(tenant, rest.start)))


def users_within(value: Value, time: int) -> int:
    """Users with a finding on the value within a day before or after an event time, ms."""
    return len({found.user.id for found in value.rests.values() if abs(found.start - time) < DAY})


def alert_of(
    campaign: Campaign,
    value: Value,
    tenant: Tenant,
    key: tuple[str, str, str],
    more: Sequence[Novelty],
    sealed: int,
) -> Alert:
    """The one alert in place of many.

    Args:
        campaign: what it is about.
        value: what is known of the value.
        tenant: whose it is.
        key: tenant, feature, value.
        more: other values that are new with the same users.
        sealed: event time, ms, up to which the tenant is sealed.
    """
    name, feature, shown = key
    members, users = campaign.members, campaign.users
    worst = max(members, key=lambda rest: (rest.severity.rank, rest.risk))
    end = max(rest.end for rest in members)
    known = prevalence(value, tenant, campaign.start, "", "")
    detections = ", ".join(sorted({rest.detection for rest in members}))
    group = User(f"group:{feature}:{shown}", f"users new to {word(feature)} {shown}", type=UserType.PERSON)
    reason = (
        f"{len(users)} users show {word(feature)} {shown} for the first time, {share(known)} did before: {detections}"
    )
    if more:
        reason += f"; also {', '.join(f'{word(novelty.feature)} {novelty.value}' for novelty in more[:MORE_LISTED])}"
    finding = Finding(
        uid=finding_uid("of campaign", campaign.uid),
        tenant=name,
        detection=CAMPAIGN,
        user=group,
        anchor=campaign.uid,
        start=campaign.start,
        end=end,
        closes=campaign.start + LASTS,
        severity=worst.severity,
        risk=worst.risk,
        reason=reason,
        comparisons=(Comparison(f"users new to {word(feature)} {shown}", str(len(users)), share(known), score=1.0),),
        evidence=tuple(rest.evidence for rest in members[:EVIDENCE_LISTED]),
        evidence_count=len(members),
        quiet="Fewer users within a day, a suppression with min_users, or a verdict on this alert.",
        novelties=(Novelty(feature, shown), *more),
    )
    return group_alert(
        finding,
        worst.severity if worst.severity is not Severity.INFORMATIONAL else Severity.LOW,
        [users[user] for user in sorted(users)[:USERS_LISTED]],
        len(users),
        final=sealed >= campaign.start + LASTS + DAY and all(rest.final for rest in members),
        raised=max(rest.raised for rest in members),
    )
