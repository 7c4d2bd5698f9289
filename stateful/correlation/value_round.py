"""Values judged anew: what many users show for the first time, and the alerts that stand for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stateful.correlation import campaigns as campaigning
from stateful.correlation import verdicts
from stateful.correlation.campaigns import Campaign
from stateful.correlation.documents import Kin, Rest, Value
from stateful.correlation.keys import parts_of, thread_key, value_key
from stateful.correlation.kinship import kin, leaders
from stateful.correlation.policy import CAMPAIGN
from stateful.correlation.prevalence import DAYS_KEPT, SETTLED, fold_days, learn, others
from stateful.correlation.revisions import judged as revise_past
from stateful.correlation.revisions import revise, wakes
from stateful.finding import Alert, Finding, FindingRevision, Novelty, Severity
from stateful.models import DAY
from windowing.watermark import HOUR

if TYPE_CHECKING:
    from stateful.correlation.round import Round

CAMPAIGN_OVER = campaigning.LASTS + 5 * DAY

Span = tuple[int, str]
"""When a campaign begins (event time, ms), and the campaign that speaks for it."""


@dataclass
class _Before:
    """What was true of a value before a round: just what tells whose alerts may be other ones now."""

    rested: bool
    """Whether there were findings on it."""
    spans: tuple[Span, ...]
    others: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Finding -> users and peers that showed the value before it; of those for which the round may change it."""
    moved: list[int] = field(default_factory=list)
    """Event time, ms, of findings that came, went or were changed, if there are rules that count their users."""


class Values:
    """Those that a round touches."""

    def __init__(self, current: Round) -> None:
        self._round = current
        self._before: dict[bytes, _Before] = {}
        """Touched ones."""
        self._campaigns: dict[bytes, list[Campaign]] = {}
        self._leaders: dict[str, dict[str, str]] = {}
        self._starts: dict[str, dict[tuple[str, str], list[Span]]] = {}
        """Tenant -> feature and value -> when the campaigns that the tenant was told of begin, and their uids."""

    @property
    def touched(self) -> list[bytes]:
        """Keys of those that were touched."""
        return list(self._before)

    def campaign(self, tenant: str, novelty: Novelty, time: int) -> str:
        """The campaign that a finding of this time with this novelty is part of, or ""."""
        # Worked out, not looked up: it may depend on how many users there are by now.
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
            key = value_key(finding.tenant, novelty.feature, novelty.value)
            value = self.touch(key)
            if self._round.policy.rules.needs_users:
                self._before[key].moved += [finding.start] if old is None else [finding.start, old.finding.start]
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

    def learn(self, key: bytes, time: int, user: str, peers: str) -> None:
        """Take in that a user showed a value for the first time at `time`, event time in ms, sealed."""
        value = self.touch(key)
        known = self._before[key].others
        for uid, rest in value.rests.items():
            # Only to findings so much later it is known.
            if rest.start - SETTLED > time and uid not in known:
                known[uid] = others(value, rest.start, rest.user.id, rest.peers)
        learn(value, time, user, peers)
        if len(value.days) > 2 * DAYS_KEPT:
            fold_days(value, self._round.sealed)

    def touch(self, key: bytes) -> Value:
        """A value that is going to be changed."""
        self._remember(key)
        self._campaigns.pop(key, None)
        return self._of(key)

    def judge(self, keys: Iterable[bytes]) -> None:
        """Say what campaigns there are, and touch the users of whom something else is true now."""
        told: dict[bytes, None] = {}
        for key in keys:
            value = self._of(key)
            self._remember(key)
            if value.rests or value.alerts or value.past or self._before[key].rested:
                told[key] = None
            else:
                self._round.changed(key)  # Only who shows it is known: nothing follows from that by itself.
        new = list(told)
        while new:
            new = [key for key in self._register(new) if key not in told]
            told |= dict.fromkeys(new)
        for key in told:
            self._revise(key)
        for key, before in self._before.items():
            self._touch_users(key, before)
        self._before.clear()

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
            self._register([key])
        self._rewake(key, value)

    def _remember(self, key: bytes) -> None:
        if key not in self._before:
            self._before[key] = _Before(bool(self._of(key).rests), self._spans(*parts_of(key)))

    def _touch_users(self, key: bytes, before: _Before) -> None:
        """Touch those whose findings are part of another campaign now, or of whose value others know more or less.

        Users of findings that came, went or were changed are touched anyway.
        """
        value, (tenant, feature, shown) = self._of(key), parts_of(key)
        now = self._spans(tenant, feature, shown)
        moved: set[str] = set()
        if now != before.spans:
            for uid, rest in value.rests.items():
                if _covering(now, rest.start) != _covering(before.spans, rest.start):
                    moved.add(uid)
        for uid, known in before.others.items():
            held = value.rests.get(uid)
            if held is not None and others(value, held.start, held.user.id, held.peers) != known:
                moved.add(uid)
        for start in before.moved:
            moved |= {uid for uid, rest in value.rests.items() if abs(rest.start - start) < DAY}
        for uid in moved:
            self._round.touch(thread_key(tenant, value.rests[uid].user.id))

    def _spans(self, tenant: str, feature: str, value: str) -> tuple[Span, ...]:
        """The campaigns on a value that the tenant was told of, in order."""
        found = self._starts_of(tenant).get((feature, value))
        if not found:
            return ()
        lead = self._leaders_of(tenant)
        return tuple((start, lead.get(uid, uid)) for start, uid in sorted(found))

    def _starts_of(self, tenant: str) -> dict[tuple[str, str], list[Span]]:
        found = self._starts.get(tenant)
        if found is None:
            found = self._starts[tenant] = {}
            for uid, own in self._round.tenant(tenant).campaigns.items():
                found.setdefault((own.feature, own.value), []).append((own.start, uid))
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

    def _register(self, keys: Iterable[bytes]) -> list[bytes]:
        """Tell tenants of the campaigns on values; return the values whose campaigns another one speaks for now."""
        changes: dict[str, dict[str, Kin]] = {}
        for key in keys:
            name, feature, shown = parts_of(key)
            tenant = self._round.tenant(name)
            known = {uid for _, uid in self._starts_of(name).get((feature, shown), ())}
            now = {c.uid: kin(c.start, feature, shown, c.founders) for c in self._campaigns_of(key)}
            if known == now.keys() and all(tenant.campaigns[uid] == own for uid, own in now.items()):
                continue
            changed = changes.setdefault(name, tenant.campaigns.copy())
            for uid in known - now.keys():
                del changed[uid]
            changed |= now
        return sorted(key for name, changed in changes.items() for key in self._retell(name, changed))

    def _retell(self, name: str, campaigns: dict[str, Kin]) -> set[bytes]:
        """Replace what a tenant knows of campaigns; the values of those whose leader is another one now."""
        tenant, before, after = self._round.tenant(name), self._leaders_of(name), leaders(campaigns)
        every = {**tenant.campaigns, **campaigns}
        moved = {uid for uid in every if before.get(uid) != after.get(uid)}
        moved |= {before[uid] for uid in moved if uid in before} | {after[uid] for uid in moved if uid in after}
        keys = {value_key(name, every[uid].feature, every[uid].value) for uid in moved}
        for key in keys:
            self._remember(key)
        tenant.campaigns = campaigns
        self._leaders[name] = after
        self._starts.pop(name, None)
        self._round.tenant_changed(name)
        return keys

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


def _covering(spans: tuple[Span, ...], time: int) -> str:
    """The campaign that a finding of an event time, ms, is part of; "" if none. Spans don't overlap."""
    return next((leader for start, leader in spans if start <= time < start + campaigning.LASTS), "")
