"""One round of correlation: statements are taken in, then all documents that they touch are judged anew.

The order inside a round doesn't matter for what comes out in the end, only for how much is said twice: values and
networks are judged before users, since users' alerts follow from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from stateful.correlation import budget as budgeting
from stateful.correlation import campaigns as campaigning
from stateful.correlation import grid, verdicts
from stateful.correlation.campaigns import Campaign
from stateful.correlation.documents import Body, Counted, Hidden, Rest, Spray, Tenant, Thread, Value
from stateful.correlation.keys import SPRAY, THREAD, VALUE, parts_of, tenant_key, thread_key, value_key
from stateful.correlation.kinship import kin, leaders
from stateful.correlation.policy import CAMPAIGN, Policy
from stateful.correlation.prevalence import DAYS_KEPT, arrive, fold_days, learn, others, users_before
from stateful.correlation.revisions import judged as revise_past
from stateful.correlation.revisions import revise, settle, wakes
from stateful.correlation.spray_round import judge_sprays, seal_sprays, take_attempt
from stateful.correlation.user_round import judge_user
from stateful.finding import Alert, Change, Finding, FindingRevision, InsightRevision, Novelty, Severity
from stateful.insights import USERS
from stateful.key_group import ASLEEP, AT_ONCE, KeyGroupState
from stateful.messages import Suppressed
from stateful.models import DAY
from windowing.watermark import END_OF_TIME, HOUR

B = TypeVar("B", bound=Body)

AGAIN = 6 * HOUR
"""ms of event time after which a document is looked at again that should be over and is not."""
OVER = 4 * DAY
"""ms after its beginning, when a finding that is no alert of its own is let go."""
CAMPAIGN_OVER = campaigning.LASTS + OVER + DAY


class Round:
    """What is taken in and said at once. Documents it has in hand are valid until the state's next `ease`."""

    def __init__(self, state: KeyGroupState[Body], policy: Policy, sealed: int) -> None:
        self._state, self.policy, self.sealed = state, policy, sealed
        self.alerts: list[Alert] = []
        self.hidden: list[Suppressed] = []
        self.suppressed = 0
        """Findings that went to the lane, less those that came back."""
        self._because: dict[bytes, str] = {}
        """Touched threads -> why."""
        self._before: dict[bytes, dict[str, tuple[str, int]]] = {}
        """Touched values -> what their findings were part of."""
        self._sprays: dict[bytes, None] = {}
        self._tenants: dict[bytes, None] = {}
        self._campaigns: dict[bytes, list[Campaign]] = {}
        self._leaders: dict[str, dict[str, str]] = {}

    def take_finding(self, revision: FindingRevision) -> None:
        """Take a finding's revision in."""
        finding = revision.finding
        key = thread_key(finding.tenant, finding.user.id)
        thread = self._get(key, Thread)
        self.touch(key, revision.because)
        old = thread.findings.pop(finding.uid, None)
        if revision.change == "close":
            hidden = thread.hidden.pop(finding.uid, None)
            if hidden is not None:
                self.hidden.append(Suppressed(hidden.rule, revision))
                self.suppressed -= 1
        else:
            if old is not None and old.raised:
                revision = replace(revision, raised=old.raised)
            thread.findings[finding.uid] = revision
            self._state.meta.newest = max(self._state.meta.newest, finding.end, finding.closes)
        self._rest(revision, old)

    def take_insight(self, revision: InsightRevision) -> None:
        """Take an insight's revision in."""
        insight, tenant = revision.insight, revision.tenant
        gone = revision.change == "close"
        self._state.meta.newest = max(self._state.meta.newest, insight.time, insight.closes)
        if insight.kind in grid.KINDS:
            if insight.feature == USERS:
                if revision.final and not gone:
                    self._arrive(tenant, insight.time)
                return
            key = thread_key(tenant, revision.user)
            thread = self._get(key, Thread)
            if gone:
                thread.insights.pop(insight.uid, None)
            elif grid.over(insight) > self.sealed or self.sealed == END_OF_TIME:
                grid.take(thread.insights, insight)
            if thread.findings:
                self.touch(key)
            else:
                self._rewake(key, thread, ())
            if revision.final and not gone and insight.kind == "first":
                key = value_key(tenant, insight.feature, insight.value)
                value = self._value(key)
                learn(value, insight.time, revision.user, insight.peers)
                if len(value.days) > 2 * DAYS_KEPT:
                    fold_days(value, self.sealed)
        elif insight.kind == "verdict":
            self._take_verdict(revision)
        else:
            self._sprays |= dict.fromkeys(take_attempt(self, revision))

    def _take_verdict(self, revision: InsightRevision) -> None:
        doc = self._get(tenant_key(revision.tenant), Tenant)
        self._tenants[tenant_key(revision.tenant)] = None
        uid = (verdicts.withdraw if revision.change == "close" else verdicts.give)(doc, revision.insight)
        self._touch_alerts_of(revision.tenant, revision.user)
        place = doc.placed.get(uid, b"")
        if place[:1] == VALUE:
            self._value(place)
        elif place:
            self._sprays[place] = None

    def evaluate(self) -> None:
        """Judge what was touched."""
        self._judge_values(list(self._before))
        judge_sprays(self, self._sprays)
        judge_user(self, list(self._because))
        self._finish()

    def seal(self, keys: Iterable[bytes], *, drop: bool) -> None:
        """Judge documents whose time has come, and let go of what is over in them; values last."""
        due = sorted(keys)
        values = [key for key in due if key[:1] == VALUE]
        self._each(values, self._judge_values)
        networks = [key for key in due if key[:1] == SPRAY]
        self._each(networks, lambda some: seal_sprays(self, some, drop=drop))
        users = dict.fromkeys([*(key for key in due if key[:1] == THREAD), *self._because])
        self._each(list(users), lambda some: judge_user(self, some, drop=drop))
        for key in values:
            self._settle_value(key, drop=drop)
        self._finish()

    # What documents ask of each other.

    def thread(self, key: bytes) -> Thread:
        """A user's thread."""
        return self._get(key, Thread)

    def why(self, key: bytes) -> str:
        """Why a thread was touched."""
        return self._because.get(key, "")

    def spray(self, key: bytes) -> Spray:
        """What is known of a network."""
        return self._get(key, Spray)

    @property
    def newest(self) -> int:
        """Event time, ms, of the newest statement."""
        return self._state.meta.newest

    def tenant(self, name: str) -> Tenant:
        """A tenant as a whole."""
        return self._get(tenant_key(name), Tenant)

    def tenant_changed(self, name: str) -> None:
        """Note that a tenant was changed."""
        self._tenants[tenant_key(name)] = None
        self._state.changed(tenant_key(name))

    def changed(self, key: bytes) -> None:
        """Note that a document was changed."""
        self._state.changed(key)

    def value(self, tenant: str, novelty: Novelty) -> Value:
        """Who shows a value. Not to be changed."""
        return self._get(value_key(tenant, novelty.feature, novelty.value), Value)

    def campaign(self, tenant: str, novelty: Novelty, time: int) -> str:
        """The campaign that a finding of this time with this novelty is part of, or ""."""
        key = value_key(tenant, novelty.feature, novelty.value)
        for campaign in self._campaigns_of(key):
            if campaign.covers(time):
                return self._leaders_of(tenant).get(campaign.uid, campaign.uid)
        return ""

    def users_with(self, finding: Finding) -> int:
        """Most users that have a finding on one of the same new values within a day."""
        values = (self.value(finding.tenant, novelty) for novelty in finding.novelties)
        return max((campaigning.users_within(value, finding.start) for value in values), default=0)

    def least_risk(self, name: str) -> float:
        """The least risk that a case of a tenant must have. With a budget, its controller looks further down."""
        least = self.policy.least_risk
        return min(least, budgeting.LOWEST) if self.policy.budget_of(name) else least

    def count(self, name: str, old: Mapping[str, Counted], new: Mapping[str, Counted]) -> None:
        """Keep a tenant's budget informed of what could be alerts."""
        if old != new:
            for uid in {*old, *new}:
                budgeting.change(self.tenant(name).budget, old.get(uid), new.get(uid))
            self.tenant_changed(name)

    def over_budget(self, name: str, entry: Counted) -> str:
        """Why an alert is not sent; "" if it is."""
        tenant, share = self.tenant(name), self.policy.budget_of(name)

        def weekly(hour: int) -> float:
            return max(share * users_before(tenant, hour * HOUR) / 1000, budgeting.LEAST)

        least = budgeting.threshold(tenant.budget, entry.hour, weekly)
        return "" if budgeting.passes(entry, least) else budgeting.words(entry, least)

    def wake_of(self, times: Iterable[int]) -> int:
        """The first of some event times, ms; of one that is past, later."""
        wake = min(times, default=ASLEEP)
        return wake if wake >= self.sealed or self.sealed >= END_OF_TIME else self.sealed + AGAIN

    # Below.

    def _finish(self) -> None:
        for key in self._tenants:
            tenant = self._get(key, Tenant)
            if self.sealed < END_OF_TIME:
                fold_days(tenant, self.sealed)
                budgeting.settle(tenant.budget, self.sealed)
            self._state.changed(key)
        self._tenants.clear()

    def _get(self, key: bytes, kind: type[B]) -> B:
        body = self._state.entity(key)
        if not isinstance(body, kind):
            msg = f"correlation: expected {kind.__name__} under {key!r:.100}, found {type(body).__name__}"
            raise TypeError(msg)
        return body

    def _each(self, keys: list[bytes], work: Callable[[list[bytes]], object]) -> None:
        for at in range(0, len(keys), AT_ONCE):
            work(keys[at : at + AT_ONCE])
            self._state.ease()

    def touch(self, key: bytes, because: str = "") -> None:
        """Note that a user is to be judged anew, and why."""
        self._because[key] = self._because.get(key) or because

    def _touch_alerts_of(self, tenant: str, user: str) -> None:
        """The alerts of a user, and those on many that the user is part of."""
        key = thread_key(tenant, user)
        self.touch(key)
        for revision in self._get(key, Thread).findings.values():
            for novelty in revision.finding.novelties:
                self._value(value_key(tenant, novelty.feature, novelty.value))

    def _rewake(self, key: bytes, thread: Thread, more: Iterable[int]) -> None:
        times = [*map(grid.over, thread.insights.values()), *wakes(thread.alerts, thread.past), *more]
        thread.wake = self.wake_of(times)
        self._state.changed(key)

    def _arrive(self, tenant: str, time: int) -> None:
        key = tenant_key(tenant)
        doc = self._get(key, Tenant)
        arrive(doc, time)
        budgeting.forget(doc.budget, (time // DAY + 1) * DAY // HOUR)
        self._tenants[key] = None

    def _rest(self, revision: FindingRevision, old: FindingRevision | None) -> None:
        """Keep the values that a finding rests on informed of it."""
        finding = revision.finding
        tells = revision.change != "close" and finding.severity is not Severity.INFORMATIONAL
        now = finding.novelties if tells and not self.policy.rules.match(finding) else ()
        before = old.finding.novelties if old is not None else ()
        for novelty in {*now, *before}:
            value = self._value(value_key(finding.tenant, novelty.feature, novelty.value))
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

    def _value(self, key: bytes) -> Value:
        """A value that is going to be changed."""
        value = self._get(key, Value)
        if key not in self._before:
            self._before[key] = self._standing(key, value)
        self._campaigns.pop(key, None)
        return value

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
            if self.policy.rules.needs_users:
                users = users * 1000 + campaigning.users_within(value, rest.start)
            found[uid] = lead.get(campaign, campaign), users
        return found

    def _campaigns_of(self, key: bytes) -> list[Campaign]:
        found = self._campaigns.get(key)
        if found is None:
            tenant, feature, shown = parts_of(key)
            settings = self.policy.thresholds(tenant, CAMPAIGN)
            value = self._get(key, Value)
            found = campaigning.campaigns(
                value, self.tenant(tenant), (tenant, feature, shown), settings, self.policy.least_risk
            )
            self._campaigns[key] = found
        return found

    def _leaders_of(self, tenant: str) -> dict[str, str]:
        found = self._leaders.get(tenant)
        if found is None:
            found = self._leaders[tenant] = leaders(self.tenant(tenant).campaigns)
        return found

    def _judge_values(self, keys: list[bytes]) -> None:
        """Say what campaigns there are, and touch the users of whom something else is true now."""
        pending = dict.fromkeys(keys)
        while pending:
            key = next(iter(pending))
            del pending[key]
            value = self._get(key, Value)
            if not (value.rests or value.alerts or value.past or self._before.get(key)):
                self._state.changed(key)  # Only who shows it is known: nothing follows from that by itself.
                continue
            if key not in self._before:
                self._before[key] = self._standing(key, value)
            pending |= dict.fromkeys(self._register(key))
            self._revise_value(key)
        for key, before in self._before.items():
            value = self._get(key, Value)
            if not value.rests and not before:
                continue
            tenant = parts_of(key)[0]
            for uid, standing in self._standing(key, value).items():
                if before.get(uid) != standing:
                    self.touch(thread_key(tenant, value.rests[uid].user.id))

    def _register(self, key: bytes) -> list[bytes]:
        """Tell the tenant of a value's campaigns; return the values whose campaigns another one speaks for now."""
        name, feature, shown = parts_of(key)
        tenant = self.tenant(name)
        known = {uid for uid, other in tenant.campaigns.items() if (other.feature, other.value) == (feature, shown)}
        now = {c.uid: kin(c.start, feature, shown, c.founders) for c in self._campaigns_of(key)}
        if all(tenant.campaigns.get(uid) == own for uid, own in now.items()) and known == now.keys():
            return []
        before = self._leaders_of(name)
        for other in tenant.campaigns.values():
            beside = value_key(name, other.feature, other.value)
            if beside not in self._before:
                self._before[beside] = self._standing(beside, self._get(beside, Value))
        gone = {uid: tenant.campaigns.pop(uid) for uid in known - now.keys()}
        tenant.campaigns |= now
        self._tenants[tenant_key(name)] = None
        self._state.changed(tenant_key(name))
        after = self._leaders[name] = leaders(tenant.campaigns)
        moved = {uid for uid in {*before, *after} if before.get(uid) != after.get(uid)}
        moved |= {before[uid] for uid in moved if uid in before} | {after[uid] for uid in moved if uid in after}
        every = {**gone, **tenant.campaigns}
        keys = {value_key(name, every[uid].feature, every[uid].value) for uid in moved if uid in every}
        return sorted(keys - {key})

    def _revise_value(self, key: bytes) -> None:
        name, feature, shown = parts_of(key)
        value, tenant, lead = self._get(key, Value), self.tenant(name), self._leaders_of(name)
        wanted: dict[str, Alert] = {}
        for campaign in self._campaigns_of(key):
            if lead.get(campaign.uid, campaign.uid) == campaign.uid:
                led = sorted(uid for uid, leader in lead.items() if leader == campaign.uid != uid)
                more = [Novelty(tenant.campaigns[uid].feature, tenant.campaigns[uid].value) for uid in led]
                alert = campaigning.alert_of(campaign, value, tenant, (name, feature, shown), more, self.sealed)
                if self._is_suppressed(campaign, alert.findings[0]):
                    continue  # Its members are in the lane, each by itself.
                word = verdicts.verdict_on(tenant, alert.uid)
                wanted[campaign.uid] = replace(alert, verdict=word) if word else alert

        def gone(alert: Alert) -> str:
            leader = lead.get(alert.uid, "")
            return f"part of alert {leader}, on the same users" if leader else "fewer users than make a campaign"

        if wanted or value.alerts or value.past or value.hidden:
            live = {uid: alert for uid, alert in wanted.items() if uid not in value.past}
            live, why = self.shown(name, key, value, live)
            self.alerts += revise(value.alerts, live, "", lambda alert: why.get(alert.uid) or gone(alert))
            self.alerts += revise_past(value.past, lambda uid: verdicts.verdict_on(tenant, uid))
        self._rewake_value(key, value)

    def shown(
        self, name: str, key: bytes, body: Value | Spray, wanted: Mapping[str, Alert]
    ) -> tuple[dict[str, Alert], dict[str, str]]:
        """Of alerts on many users, those that are sent, and why others, which the lane is told of, are not."""
        tenant = self.tenant(name)
        why = {
            uid: rule
            for uid, alert in wanted.items()
            if (rule := verdicts.below_bar(tenant, alert.detection, alert.created, alert.risk, alert.severity))
        }
        if self.policy.budget_of(name):
            counted = {
                uid: budgeting.counted(uid, alert.created, alert.risk, alert.severity)
                for uid, alert in wanted.items()
                if uid not in why
            }
            self.count(name, body.counted, counted)
            body.counted = counted
            why |= {uid: rule for uid, entry in counted.items() if (rule := self.over_budget(name, entry))}
        self._tell_lane(body, wanted, why)
        live = {uid: alert for uid, alert in wanted.items() if uid not in why}
        if any(uid not in tenant.placed for uid in live):
            tenant.placed |= dict.fromkeys(live, key)
            self.tenant_changed(name)
        return live, {uid: f"suppressed by {rule}" for uid, rule in why.items()}

    def _tell_lane(self, body: Value | Spray, wanted: Mapping[str, Alert], why: Mapping[str, str]) -> None:
        for uid in body.hidden.keys() - why.keys():
            del body.hidden[uid]
            self.suppressed -= 1
        for uid, rule in why.items():
            revision, known = 1 + wanted[uid].final, body.hidden.get(uid)
            if known is None or known.revision < revision:
                self.suppressed += known is None
                body.hidden[uid] = Hidden(rule, revision)
                change: Change = "update" if wanted[uid].final else "create"
                said = FindingRevision(wanted[uid].findings[0], revision, change, wanted[uid].final)
                self.hidden.append(Suppressed(rule, said))

    def let_go(self, name: str, body: Value | Spray, over: Iterable[str]) -> None:
        """Forget alerts on many users that can change no more, but for what a verdict needs."""
        uids = list(over)
        known = {*body.alerts, *body.past}
        settle(body.alerts, body.past, uids, self.sealed)
        for uid in uids:
            body.counted.pop(uid, None)
            body.hidden.pop(uid, None)
        forgotten = known - body.alerts.keys() - body.past.keys()
        if forgotten & self.tenant(name).placed.keys():
            for uid in forgotten:
                self.tenant(name).placed.pop(uid, None)
            self.tenant_changed(name)

    def _is_suppressed(self, campaign: Campaign, finding: Finding) -> bool:
        """Whether rules hide it, whichever of its members' detections it is taken for."""
        found = (replace(finding, detection=name) for name in {rest.detection for rest in campaign.members})
        return all(self.policy.rules.match(taken, lambda: len(campaign.users)) for taken in found)

    def _rewake_value(self, key: bytes, value: Value) -> None:
        times = [rest.start + CAMPAIGN_OVER + HOUR for rest in value.rests.values()]
        times += [
            campaign.start + campaigning.LASTS + DAY
            for campaign in self._campaigns_of(key)
            if value.alerts or value.hidden
        ]
        final = {alert.created + campaigning.LASTS + DAY for alert in value.alerts.values() if alert.final}
        value.wake = self.wake_of([*(time for time in times if time not in final), *wakes(value.alerts, value.past)])
        self._state.changed(key)

    def _settle_value(self, key: bytes, *, drop: bool) -> None:
        value = self._get(key, Value)
        if drop:
            past = self.sealed - CAMPAIGN_OVER
            over = [c for c in self._campaigns_of(key) if c.start < past and all(rest.final for rest in c.members)]
            keep = [c for c in self._campaigns_of(key) if c not in over]
            for uid, rest in list(value.rests.items()):
                # A campaign goes as a whole: what would be left of it might be taken for another.
                ended = any(c.covers(rest.start) for c in over)
                held = any(c.covers(rest.start) for c in keep)
                if ended or (not held and rest.final and rest.start < past):
                    del value.rests[uid]
            self.let_go(parts_of(key)[0], value, [c.uid for c in over])
            self._campaigns.pop(key, None)
            self._register(key)
        self._rewake_value(key, value)
