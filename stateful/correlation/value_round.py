"""Values judged anew: what many users show for the first time, and the alerts that stand for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stateful.correlation import campaigns as campaigning
from stateful.correlation import verdicts
from stateful.correlation.campaigns import Campaign
from stateful.correlation.documents import Rest, Value
from stateful.correlation.keys import parts_of, thread_key, value_key
from stateful.correlation.kinship import kin, leaders
from stateful.correlation.policy import CAMPAIGN
from stateful.correlation.prevalence import others
from stateful.correlation.revisions import judged as revise_past
from stateful.correlation.revisions import revise, wakes
from stateful.finding import Alert, Finding, FindingRevision, Novelty, Severity
from stateful.models import DAY
from windowing.watermark import HOUR

if TYPE_CHECKING:
    from stateful.correlation.round import Round

CAMPAIGN_OVER = campaigning.LASTS + 5 * DAY


class Values:
    """Those that a round touches."""

    def __init__(self, current: Round) -> None:
        self._round = current
        self._before: dict[bytes, dict[str, tuple[str, int]]] = {}
        """Touched ones -> what their findings were part of."""
        self._campaigns: dict[bytes, list[Campaign]] = {}
        self._leaders: dict[str, dict[str, str]] = {}

    @property
    def touched(self) -> list[bytes]:
        """Keys of those that were touched."""
        return list(self._before)

    def campaign(self, tenant: str, novelty: Novelty, time: int) -> str:
        """The campaign that a finding of this time with this novelty is part of, or ""."""
        for campaign in self._campaigns_of(value_key(tenant, novelty.feature, novelty.value)):
            if campaign.covers(time):
                return self._leaders_of(tenant).get(campaign.uid, campaign.uid)
        return ""

    def rest(self, revision: FindingRevision, old: FindingRevision | None) -> None:
        """Keep the values that a finding rests on informed of it."""
        finding = revision.finding
        tells = revision.change != "close" and finding.severity is not Severity.INFORMATIONAL
        now = finding.novelties if tells and not self._round.policy.rules.match(finding) else ()
        before = old.finding.novelties if old is not None else ()
        for novelty in {*now, *before}:
            value = self.touch(value_key(finding.tenant, novelty.feature, novelty.value))
            if novelty not in now:
                value.rests.pop(finding.uid, None)
                continue
            campaigning.rest(
                value,
                finding.uid,
                Rest(
                    finding.start,
                    finding.end,
                    finding.user,
                    finding.detection,
                    finding.severity,
                    finding.risk,
                    finding.evidence[0],
                    revision.final,
                    revision.raised,
                    finding.peers,
                ),
            )

    def touch(self, key: bytes) -> Value:
        """A value that is going to be changed."""
        value = self._of(key)
        if key not in self._before:
            self._before[key] = self._standing(key, value)
        self._campaigns.pop(key, None)
        return value

    def judge(self, keys: Iterable[bytes]) -> None:
        """Say what campaigns there are, and touch the users of whom something else is true now."""
        pending = dict.fromkeys(keys)
        while pending:
            key = next(iter(pending))
            del pending[key]
            value = self._of(key)
            if not (value.rests or value.alerts or value.past or self._before.get(key)):
                self._round.changed(key)  # Only who shows it is known: nothing follows from that by itself.
                continue
            if key not in self._before:
                self._before[key] = self._standing(key, value)
            pending |= dict.fromkeys(self._register(key))
            self._revise(key)
        for key, before in self._before.items():
            value = self._of(key)
            if not value.rests and not before:
                continue
            tenant = parts_of(key)[0]
            for uid, standing in self._standing(key, value).items():
                if before.get(uid) != standing:
                    self._round.touch(thread_key(tenant, value.rests[uid].user.id))

    def settle(self, key: bytes, *, drop: bool) -> None:
        """Let go of what is over."""
        value = self._of(key)
        if drop:
            past = self._round.sealed - CAMPAIGN_OVER
            over = [c for c in self._campaigns_of(key) if c.start < past and all(rest.final for rest in c.members)]
            keep = [c for c in self._campaigns_of(key) if c not in over]
            for uid, rest in list(value.rests.items()):
                # A campaign goes as a whole: what would be left of it might be taken for another.
                ended = any(c.covers(rest.start) for c in over)
                held = any(c.covers(rest.start) for c in keep)
                if ended or (not held and rest.final and rest.start < past):
                    del value.rests[uid]
            self._round.let_go(parts_of(key)[0], value, [c.uid for c in over])
            self._campaigns.pop(key, None)
            self._register(key)
        self._rewake(key, value)

    def _standing(self, key: bytes, value: Value) -> dict[str, tuple[str, int]]:
        """Of each finding on a value: the campaign that it is part of, and how many showed the value before it."""
        if not value.rests:
            return {}
        name = parts_of(key)[0]
        lead = self._leaders_of(name)
        found = {}
        for uid, rest in value.rests.items():
            covering = (c.uid for c in self._campaigns_of(key) if c.covers(rest.start))
            campaign = next(covering, "")
            users, _ = others(value, rest.start, rest.user.id, rest.peers)
            if self._round.policy.rules.needs_users:
                users = users * 1000 + campaigning.users_within(value, rest.start)
            found[uid] = lead.get(campaign, campaign), users
        return found

    def _campaigns_of(self, key: bytes) -> list[Campaign]:
        found = self._campaigns.get(key)
        if found is None:
            tenant, feature, shown = parts_of(key)
            settings = self._round.policy.thresholds(tenant, CAMPAIGN)
            value = self._of(key)
            found = campaigning.campaigns(
                value, self._round.tenant(tenant), (tenant, feature, shown), settings, self._round.least_risk(tenant)
            )
            self._campaigns[key] = found
        return found

    def _leaders_of(self, tenant: str) -> dict[str, str]:
        found = self._leaders.get(tenant)
        if found is None:
            found = self._leaders[tenant] = leaders(self._round.tenant(tenant).campaigns)
        return found

    def _register(self, key: bytes) -> list[bytes]:
        """Tell the tenant of a value's campaigns; return the values whose campaigns another one speaks for now."""
        name, feature, shown = parts_of(key)
        tenant = self._round.tenant(name)
        known = {uid for uid, other in tenant.campaigns.items() if (other.feature, other.value) == (feature, shown)}
        now = {c.uid: kin(c.start, feature, shown, c.founders) for c in self._campaigns_of(key)}
        if all(tenant.campaigns.get(uid) == own for uid, own in now.items()) and known == now.keys():
            return []
        before = self._leaders_of(name)
        for other in tenant.campaigns.values():
            beside = value_key(name, other.feature, other.value)
            if beside not in self._before:
                self._before[beside] = self._standing(beside, self._of(beside))
        gone = {uid: tenant.campaigns.pop(uid) for uid in known - now.keys()}
        tenant.campaigns |= now
        self._round.tenant_changed(name)
        after = self._leaders[name] = leaders(tenant.campaigns)
        moved = {uid for uid in {*before, *after} if before.get(uid) != after.get(uid)}
        moved |= {before[uid] for uid in moved if uid in before} | {after[uid] for uid in moved if uid in after}
        every = {**gone, **tenant.campaigns}
        keys = {value_key(name, every[uid].feature, every[uid].value) for uid in moved if uid in every}
        return sorted(keys - {key})

    def _revise(self, key: bytes) -> None:
        name, feature, shown = parts_of(key)
        value, tenant, lead = self._of(key), self._round.tenant(name), self._leaders_of(name)
        wanted: dict[str, Alert] = {}
        for campaign in self._campaigns_of(key):
            if lead.get(campaign.uid, campaign.uid) == campaign.uid:
                led = sorted(uid for uid, leader in lead.items() if leader == campaign.uid != uid)
                more = [Novelty(tenant.campaigns[uid].feature, tenant.campaigns[uid].value) for uid in led]
                alert = campaigning.alert_of(campaign, value, tenant, (name, feature, shown), more, self._round.sealed)
                if self._is_suppressed(campaign, alert.findings[0]):
                    continue  # Its members are in the lane, each by itself.
                word = verdicts.verdict_on(tenant, alert.uid)
                wanted[campaign.uid] = replace(alert, verdict=word) if word else alert

        def gone(alert: Alert) -> str:
            leader = lead.get(alert.uid, "")
            return f"part of alert {leader}, on the same users" if leader else "fewer users than make a campaign"

        if wanted or value.alerts or value.past or value.hidden:
            live = {uid: alert for uid, alert in wanted.items() if uid not in value.past}
            live, why = self._round.shown(name, key, value, live)
            self._round.alerts += revise(value.alerts, live, "", lambda alert: why.get(alert.uid) or gone(alert))
            self._round.alerts += revise_past(value.past, lambda uid: verdicts.verdict_on(tenant, uid))
        self._rewake(key, value)

    def _is_suppressed(self, campaign: Campaign, finding: Finding) -> bool:
        """Whether rules hide it, whichever of its members' detections it is taken for."""
        found = (replace(finding, detection=name) for name in {rest.detection for rest in campaign.members})
        return all(self._round.policy.rules.match(taken, lambda: len(campaign.users)) for taken in found)

    def _rewake(self, key: bytes, value: Value) -> None:
        times = [rest.start + CAMPAIGN_OVER + HOUR for rest in value.rests.values()]
        times += [
            campaign.start + campaigning.LASTS + DAY
            for campaign in self._campaigns_of(key)
            if value.alerts or value.hidden
        ]
        final = {alert.created + campaigning.LASTS + DAY for alert in value.alerts.values() if alert.final}
        value.wake = self._round.wake_of(
            [*(time for time in times if time not in final), *wakes(value.alerts, value.past)]
        )
        self._round.changed(key)

    def _of(self, key: bytes) -> Value:
        return self._round.value_of(key)
