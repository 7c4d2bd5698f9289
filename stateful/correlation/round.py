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
from stateful.correlation.documents import Body, Counted, Hidden, Spray, Tenant, Thread, Value
from stateful.correlation.keys import SPRAY, THREAD, VALUE, tenant_key, thread_key, value_key
from stateful.correlation.policy import Policy
from stateful.correlation.prevalence import arrive, fold_days, users_before
from stateful.correlation.revisions import settle, wakes
from stateful.correlation.spray_round import judge_sprays, seal_sprays, take_attempt
from stateful.correlation.user_round import judge_user
from stateful.correlation.value_round import Values
from stateful.finding import Alert, Change, Finding, FindingRevision, InsightRevision, Novelty
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
        self._sprays: dict[bytes, None] = {}
        self._tenants: dict[bytes, None] = {}
        self._values = Values(self)

    def take_finding(self, revision: FindingRevision) -> None:
        """Take a finding's revision in."""
        finding = revision.finding
        key = thread_key(finding.tenant, finding.user.id)
        thread = self._get(key, Thread)
        # That it is final is no reason for anything but that.
        self.touch(key, "" if revision.final and revision.change == "update" else revision.because)
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
        self._values.rest(revision, old)

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
                self._values.learn(key, insight.time, revision.user, insight.peers)
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
            self._values.touch(place)
        elif place:
            self._sprays[place] = None

    def evaluate(self) -> None:
        """Judge what was touched."""
        self._values.judge(self._values.touched)
        judge_sprays(self, self._sprays)
        judge_user(self, list(self._because))
        self._finish()

    def seal(self, keys: Iterable[bytes], *, drop: bool) -> None:
        """Judge documents whose time has come, and let go of what is over in them; values last."""
        due = sorted(keys)
        values = [key for key in due if key[:1] == VALUE]
        self._each(values, self._values.judge)
        networks = [key for key in due if key[:1] == SPRAY]
        self._each(networks, lambda some: seal_sprays(self, some, drop=drop))
        users = dict.fromkeys([*(key for key in due if key[:1] == THREAD), *self._because])
        self._each(list(users), lambda some: judge_user(self, some, drop=drop))
        for key in values:
            self._values.settle(key, drop=drop)
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

    def value_of(self, key: bytes) -> Value:
        """Who shows a value."""
        return self._get(key, Value)

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
        return self._values.campaign(tenant, novelty, time)

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
                self._values.touch(value_key(tenant, novelty.feature, novelty.value))

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
