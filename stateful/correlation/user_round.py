"""Users judged anew: which of their findings are alerts, what goes to the lane, what is final and what is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from stateful.correlation import budget as budgeting
from stateful.correlation import grid, verdicts
from stateful.correlation.documents import Hidden, Tenant, Thread, Value
from stateful.correlation.judgement import Judged, judge
from stateful.correlation.keys import parts_of
from stateful.correlation.prevalence import Prevalence, prevalence
from stateful.correlation.revisions import judged as revise_past
from stateful.correlation.revisions import revise, settle, wakes
from stateful.correlation.threads import Case, alerts_of, cases, merged_into, replaced
from stateful.finding import Alert, Finding, FindingRevision, Insight, Novelty
from stateful.messages import Suppressed
from stateful.models import DAY
from windowing.watermark import END_OF_TIME

if TYPE_CHECKING:
    from stateful.correlation.round import Round

BESIDE = 0.5
"""What the risk of another alert of a case is worth to the budget: under a narrow one a case is one alert."""
OVER = 4 * DAY
"""ms after its beginning, when a finding that is no alert of its own is let go."""


@dataclass(frozen=True)
class _Look:
    """What a judgement may ask, of one tenant."""

    round: Round
    name: str
    tenant: Tenant

    def value(self, novelty: Novelty) -> Value:
        return self.round.value(self.name, novelty)

    def campaign(self, novelty: Novelty, time: int) -> str:
        return self.round.campaign(self.name, novelty, time)

    def rule(self, finding: Finding) -> str:
        return self.round.policy.rules.match(finding, lambda: self.round.users_with(finding))

    def bar(self, finding: Finding) -> str:
        return verdicts.below_bar(self.tenant, finding.detection, finding.start, finding.risk, finding.severity)

    def grade(self, insight: Insight, user: str) -> Prevalence:
        value = self.value(Novelty(insight.feature, insight.value))
        return prevalence(value, self.tenant, insight.time, user, insight.peers)


@dataclass
class _Standing:
    """A user's findings as judged, and what they make."""

    key: bytes
    thread: Thread
    judged: dict[str, Judged]
    cases: list[Case]
    alerts: dict[str, Alert]
    """Before the budget."""
    hidden: dict[str, str]
    """Finding -> rule."""


def judge_user(current: Round, keys: Sequence[bytes], *, drop: bool = False) -> None:
    """Judge users anew: all of them first, so that the budget knows what there could be, then say what changed."""
    standing = [found for key in keys if (found := _stand(current, key)) is not None]
    for one in standing:
        _count(current, one)
    for one in standing:
        _say(current, one)
        if drop:
            _let_go(current, one)
        _rewake(current, one)


def _stand(current: Round, key: bytes) -> _Standing | None:
    thread = current.thread(key)
    name, user = parts_of(key)
    if not thread.findings and not thread.alerts and not thread.past:
        if current.sealed < END_OF_TIME:
            thread.insights = {
                uid: insight for uid, insight in thread.insights.items() if grid.over(insight) > current.sealed
            }
        thread.wake = current.wake_of(map(grid.over, thread.insights.values()))
        current.changed(key)
        return None
    look = _Look(current, name, current.tenant(name))
    judged = {uid: judge(revision.finding, look) for uid, revision in thread.findings.items()}
    stand = [
        replaced(thread.findings[uid], found.finding)
        for uid, found in judged.items()
        if not found.hidden and not found.campaign
    ]
    found = cases(stand, current.policy, name)
    least = current.least_risk(name)
    hidden = {uid: verdict.hidden for uid, verdict in judged.items() if verdict.hidden}
    alerts: dict[str, Alert] = {}
    insights = list(thread.insights.values())
    for case in found:
        low = case.below(least)
        for unit in case.units:
            why = low or case.aside(unit, current.policy.least_risk)
            if why:
                hidden |= {revision.finding.uid: why for revision in unit.members}
        if low:
            continue
        noted = [unit.worst.reason for unit in case.units if case.aside(unit, current.policy.least_risk)]
        first = case.units[0].start
        near = {judged[uid].campaign for uid, r in thread.findings.items() if abs(r.finding.start - first) < DAY}
        for alert in alerts_of(case, current.policy, sorted(near - {""}), current.sealed):
            texts = grid.texts(insights, alert, lambda insight: look.grade(insight, user)) if insights else ()
            word = verdicts.verdict_on(look.tenant, alert.uid)
            alerts[alert.uid] = msgspec.structs.replace(alert, insights=(*noted, *texts), verdict=word)
    return _Standing(key, thread, judged, found, alerts, hidden)


def _count(current: Round, one: _Standing) -> None:
    """Keep the tenant's budget informed of what could be an alert."""
    name = parts_of(one.key)[0]
    if not current.policy.budget_of(name):
        return
    # What else there is of a case is told by its gravest alert: it counts for all of them, and goes before them.
    risks = {case.gravest.uid: case.risk for case in one.cases}
    counted = {
        uid: budgeting.counted(uid, alert.created, risks.get(uid, alert.risk * BESIDE), alert.severity)
        for uid, alert in one.alerts.items()
    }
    current.count(name, one.thread.counted, counted)
    one.thread.counted = counted


def _say(current: Round, one: _Standing) -> None:
    thread, name = one.thread, parts_of(one.key)[0]
    tenant = current.tenant(name)
    wanted = one.alerts
    if current.policy.budget_of(name):
        why = {uid: current.over_budget(name, thread.counted[uid]) for uid in one.alerts}
        for uid, rule in why.items():
            if rule:
                one.hidden |= dict.fromkeys(_members(one, uid), rule)
        wanted = {
            uid: msgspec.structs.replace(alert, related=tuple(other for other in alert.related if not why.get(other)))
            for uid, alert in one.alerts.items()
            if not why[uid]
        }

    def gone(alert: Alert) -> str:
        for finding in alert.findings:
            judged = one.judged.get(finding.uid)
            if judged is not None and judged.campaign:
                return f"part of alert {judged.campaign}, on many users with the same novelty"
            if finding.uid in one.hidden:
                return f"suppressed by {one.hidden[finding.uid]}"
        return merged_into(alert, one.cases)

    current.alerts += revise(thread.alerts, wanted, current.why(one.key), gone)
    current.alerts += revise_past(thread.past, lambda uid: verdicts.verdict_on(tenant, uid))
    _hide(current, one)


def _hide(current: Round, one: _Standing) -> None:
    """Tell the lane what is hidden, by which rule: once, again when the rule is another, and when it is final."""
    thread = one.thread
    for uid in [uid for uid in thread.hidden if uid not in one.hidden]:
        del thread.hidden[uid]
        current.suppressed -= 1
    for uid, rule in one.hidden.items():
        revision, known = thread.findings[uid], thread.hidden.get(uid)
        same = known is not None and known.rule.partition(":")[0] == rule.partition(":")[0]
        if same and known is not None and (known.revision == revision.revision or not revision.final):
            continue
        current.suppressed += known is None
        thread.hidden[uid] = Hidden(rule, revision.revision)
        current.hidden.append(Suppressed(rule, revision))


def _members(one: _Standing, uid: str) -> list[str]:
    units = (unit for case in one.cases for unit in case.units if unit.uid == uid)
    return [revision.finding.uid for unit in units for revision in unit.members]


def _over(one: _Standing, sealed: int) -> tuple[list[Case], list[str]]:
    """Cases and findings that can change no more."""
    done = [
        case
        for case in one.cases
        if sealed >= case.settles and all(revision.final for unit in case.units for revision in unit.members)
    ]
    aside = [
        uid
        for uid, judged in one.judged.items()
        if (judged.hidden or judged.campaign) and _is_aside_over(one.thread.findings[uid], sealed)
    ]
    return done, aside


def _is_aside_over(revision: FindingRevision, sealed: int) -> bool:
    return revision.final and sealed > revision.finding.start + OVER


def _let_go(current: Round, one: _Standing) -> None:
    thread, sealed = one.thread, current.sealed
    done, aside = _over(one, sealed)
    units = [unit for case in done for unit in case.units]
    for uid in [*aside, *(revision.finding.uid for unit in units for revision in unit.members)]:
        del thread.findings[uid]
        thread.hidden.pop(uid, None)
    for unit in units:
        thread.counted.pop(unit.uid, None)
    settle(thread.alerts, thread.past, [unit.uid for unit in units], sealed)
    one.cases = [case for case in one.cases if case not in done]
    days = {revision.finding.start // DAY for revision in thread.findings.values()}
    days |= {revision.finding.end // DAY for revision in thread.findings.values()}
    thread.insights = {
        uid: insight
        for uid, insight in thread.insights.items()
        if grid.over(insight) > sealed or insight.time // DAY in days
    }


def _rewake(current: Round, one: _Standing) -> None:
    thread = one.thread
    times = [*map(grid.over, thread.insights.values()), *wakes(thread.alerts, thread.past)]
    times += [case.settles for case in one.cases]
    times += [revision.finding.start + OVER for revision in thread.findings.values()]
    thread.wake = current.wake_of(times)
    current.changed(one.key)
