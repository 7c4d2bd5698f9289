"""The alerts of one user: findings of a detection within a day are one; of three tactics within a day, one case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from stateful.correlation.policy import CHAIN, Policy
from stateful.finding import Alert, Finding, FindingRevision, Severity
from stateful.models import DAY
from stateful.view import finding_uid
from windowing.watermark import HOUR

FINDINGS_KEPT = 50
"""Findings that an alert carries; the message counts all."""
RELATED_KEPT = 20
AT_ONCE = 2 * HOUR
"""ms within which weak findings support one another in full."""
TACTICS = 3
"""Tactics of one user within a day that make a case."""
CHAIN_RISK = 15
"""What a chain adds to the risk of its worst finding."""
SETTLES = 2 * DAY
"""ms of sealed event time after an alert's beginning, when all that it is compared with can change no more, either."""


@dataclass(frozen=True)
class Unit:
    """Findings that are one alert."""

    uid: str
    detection: str
    members: tuple[FindingRevision, ...]
    """In order; findings as judged."""

    @property
    def start(self) -> int:
        """Event time, ms, of the activity that made the first of them."""
        return self.members[0].finding.start

    @property
    def end(self) -> int:
        """Event time of the last evidence, ms."""
        return max(revision.finding.end for revision in self.members)

    @property
    def worst(self) -> Finding:
        """The gravest of its findings."""
        return max((r.finding for r in self.members), key=lambda f: (f.severity.rank, f.risk, -f.start, f.uid))


def _together(findings: Iterable[Finding]) -> float:
    """The risk of findings, 0 to 100, the worst of each detection: as if each could be wrong by itself.

    What is said of one activity is one thing seen from several sides: the worst of it counts. What is hours away from
    the worst may be by chance, and counts by half.
    """
    ranked = sorted(findings, key=_gravity)
    worst = {finding.detection: finding for finding in ranked}
    of_activity = {finding.anchor: finding for finding in sorted(worst.values(), key=_gravity)}
    main = max(of_activity.values(), key=_gravity, default=None)
    right = 1.0
    for finding in sorted(of_activity.values(), key=_gravity):
        near = main is None or abs(finding.start - main.start) <= AT_ONCE
        right *= 1.0 - finding.risk / (100 if near else 200)
    return 100.0 * (1.0 - right)


def _gravity(finding: Finding) -> tuple[int, str]:
    return finding.risk, finding.uid


@dataclass(frozen=True)
class Case:
    """Alerts of one user that begin within a day of the first."""

    uid: str
    units: tuple[Unit, ...]

    @property
    def risk(self) -> float:
        """0 to 100, of all its detections together."""
        return _together(revision.finding for unit in self.units for revision in unit.members)

    def raised(self, least: float) -> int:
        """Ingest time, ms, of the activity with which its risk came to `least`; 0 if unknown.

        Batches of any size give the same: what came in one is taken one by one.
        """
        members = [revision for unit in self.units for revision in unit.members]
        worst: dict[str, Finding] = {}
        for revision in sorted(members, key=lambda revision: (revision.raised, revision.finding.uid)):
            finding = revision.finding
            if finding.severity is Severity.CRITICAL:
                return revision.raised
            known = worst.get(finding.detection)
            if known is None or _gravity(finding) > _gravity(known):
                # What isn't the worst of its detection adds nothing: a flood of findings is looked at once.
                worst[finding.detection] = finding
                if _together(worst.values()) >= least:
                    return revision.raised
        return max(revision.raised for revision in members)

    @property
    def gravest(self) -> Unit:
        """The alert that stands for the case."""
        return max(self.units, key=lambda unit: (unit.worst.severity.rank, unit.worst.risk, -unit.start, unit.uid))

    def below(self, least: float) -> str:
        """Why it is no alert; "" if it is one."""
        if all(unit.worst.severity is Severity.INFORMATIONAL for unit in self.units):
            return "insight: never an alert by itself"
        critical = any(unit.worst.severity is Severity.CRITICAL for unit in self.units)
        if critical or self.risk >= least:
            return ""
        return f"low risk: {self.risk:.0f} together is below {least:.0f}"

    def aside(self, unit: Unit, least: float) -> str:
        """Why an alert of the case is said with its others, and isn't one itself; "" if it is one."""
        if unit.worst.severity is Severity.INFORMATIONAL:
            return "insight: shown beside alerts"
        weak = unit.worst.severity is Severity.LOW and unit.worst.risk < least / 2
        if weak and unit is not self.gravest:
            return f"low risk: {unit.worst.risk} is shown beside the alerts of its case"
        return ""

    @property
    def settles(self) -> int:
        """Event time, ms, that must be sealed before anything of it is final."""
        ends = [unit.end // DAY * DAY + DAY for unit in self.units]
        return max(self.units[0].start + DAY + SETTLES, *ends)


def cases(findings: Iterable[FindingRevision], policy: Policy, tenant: str) -> list[Case]:
    """What the findings of one user make together; a function of their set."""
    ordered = sorted(findings, key=_place)
    chains, left = _chains(ordered, policy, tenant)
    units = sorted([*chains, *_by_detection(left)], key=lambda unit: (unit.start, unit.uid))
    found: list[list[Unit]] = []
    for unit in units:
        if found and unit.start < found[-1][0].start + DAY:
            found[-1].append(unit)
        else:
            found.append([unit])
    gathered = [_gathered(group, policy.least_risk) for group in found]
    return [Case(finding_uid("case", group[0].uid), group) for group in gathered]


def _gathered(units: Sequence[Unit], least: float) -> tuple[Unit, ...]:
    """Units that would be no alert by themselves are one together, or go with the first that would."""
    weak = [unit for unit in units if _weak(unit, least)]
    others = [unit for unit in units if not _weak(unit, least)]
    strong = next((unit for unit in others if unit.worst.severity is not Severity.INFORMATIONAL), None)
    if not weak or (strong is None and len(weak) == 1):
        return tuple(units)
    host = strong or weak[0]
    members = [*host.members, *(revision for unit in weak if unit is not host for revision in unit.members)]
    whole = Unit(host.uid, host.detection, tuple(sorted(members, key=_place)))
    kept = [whole, *(unit for unit in others if unit is not host)]
    return tuple(sorted(kept, key=lambda unit: (unit.start, unit.uid)))


def _weak(unit: Unit, least: float) -> bool:
    if unit.detection == CHAIN or unit.worst.severity in (Severity.INFORMATIONAL, Severity.CRITICAL):
        return False
    return _together(revision.finding for revision in unit.members) < least


def alerts_of(case: Case, policy: Policy, campaigns: Sequence[str], sealed: int) -> Iterator[Alert]:
    """The alerts of a case, as they should be now.

    Args:
        case: what belongs together.
        policy: settings.
        campaigns: uids of alerts on many users that this one is part of on these days.
        sealed: event time, ms, up to which the tenant is sealed.
    """
    final = sealed >= case.settles and all(revision.final for unit in case.units for revision in unit.members)
    units = [unit for unit in case.units if not case.aside(unit, policy.least_risk)]
    uids = [unit.uid for unit in units]
    raised = case.raised(policy.least_risk)
    for unit in units:
        related = [uid for uid in (*uids, *campaigns) if uid != unit.uid]
        first = max(raised, min(revision.raised for revision in unit.members))
        yield _alert(unit, policy, case.uid, tuple(related[:RELATED_KEPT]), final, first)


def merged_into(alert: Alert, all_cases: Sequence[Case]) -> str:
    """Why an alert is not there any more: its findings are part of another, which is named; else ""."""
    uids = {finding.uid for finding in alert.findings}
    for case in all_cases:
        for unit in case.units:
            if any(revision.finding.uid in uids for revision in unit.members):
                if unit.detection == CHAIN:
                    return f"part of case {unit.uid}, a chain of tactics"
                return f"merged into alert {unit.uid}, which begins earlier"
    return ""


def _chains(
    ordered: Sequence[FindingRevision], policy: Policy, tenant: str
) -> tuple[list[Unit], list[FindingRevision]]:
    """Chains of tactics, and the findings that are part of none."""
    settings = policy.thresholds(tenant, CHAIN)
    if settings is None or len(ordered) < TACTICS:
        return [], list(ordered)
    needed = settings["min_tactics"]
    tactics = [_tactic(revision.finding, policy) for revision in ordered]
    chains: list[Unit] = []
    left: list[FindingRevision] = []
    at, until = 0, 0
    within: Counter[str] = Counter()
    while at < len(ordered):
        start = ordered[at].finding.start
        while until < len(ordered) and ordered[until].finding.start < start + DAY:
            within[tactics[until]] += 1
            until += 1
        if sum(1 for tactic, count in within.items() if tactic and count) >= needed:
            members = tuple(ordered[at:until])
            chains.append(Unit(finding_uid("chain", members[0].finding.uid), CHAIN, members))
            at = until
            within.clear()
        else:
            left.append(ordered[at])
            within[tactics[at]] -= 1
            at += 1
    return chains, left


def _tactic(finding: Finding, policy: Policy) -> str:
    tactic = policy.tactics(finding.detection)
    # What is weak by itself would make a chain of one activity that several detections speak of.
    return tactic[0] if tactic and finding.severity.rank > Severity.LOW.rank else ""


def _by_detection(ordered: Iterable[FindingRevision]) -> Iterator[Unit]:
    """Of one detection, those that start less than a day after the first are one."""
    groups: dict[str, list[list[FindingRevision]]] = {}
    for revision in ordered:
        of_detection = groups.setdefault(revision.finding.detection, [])
        if of_detection and revision.finding.start < of_detection[-1][0].finding.start + DAY:
            of_detection[-1].append(revision)
        else:
            of_detection.append([revision])
    for detection, found in groups.items():
        for group in found:
            yield Unit(finding_uid("alert", group[0].finding.uid), detection, tuple(group))


def _place(revision: FindingRevision) -> tuple[int, str, str]:
    """In the order of activities, (time, id): what comes in order then never takes the first place of an alert."""
    finding = revision.finding
    return finding.start, finding.anchor, finding.uid


def _alert(  # noqa: PLR0913, PLR0917
    unit: Unit,
    policy: Policy,
    case: str,
    related: tuple[str, ...],
    final: bool,  # noqa: FBT001
    raised: int,
) -> Alert:
    first, worst = unit.members[0].finding, unit.worst
    severity, risk = worst.severity, worst.risk
    if unit.detection == CHAIN:
        severity = raised_severity(severity)
        risk = min(100, risk + CHAIN_RISK)
        message = _chain_message(unit, policy)
    else:
        count = len(unit.members)
        message = worst.reason + ("" if count == 1 else f" ({count} findings within a day)")
        others = sorted({revision.finding.detection for revision in unit.members} - {worst.detection})
        message += f"; also: {', '.join(map(policy.title, others))}" if others else ""
    return Alert(
        uid=unit.uid,
        revision=1,
        change="create",
        tenant=first.tenant,
        user=first.user,
        detection=unit.detection,
        severity=severity,
        risk=risk,
        message=message,
        created=first.start,
        modified=unit.end,
        findings=tuple(_kept(unit)),
        final=final,
        raised=raised,
        case=case,
        related=related,
    )


def _kept(unit: Unit) -> list[Finding]:
    """The first of each detection, then others in order, so that none of a chain's is missing."""
    findings = [revision.finding for revision in unit.members]
    if len(findings) <= FINDINGS_KEPT:
        return findings
    firsts: Mapping[str, Finding] = {f.detection: f for f in reversed(findings)}
    chosen = {f.uid for f in firsts.values()}
    rest = [f for f in findings if f.uid not in chosen][: max(FINDINGS_KEPT - len(chosen), 0)]
    chosen |= {f.uid for f in rest}
    return [f for f in findings if f.uid in chosen]


def raised_severity(severity: Severity) -> Severity:
    """The next one."""
    order = list(Severity)
    return order[min(order.index(severity) + 1, len(order) - 1)]


def _chain_message(unit: Unit, policy: Policy) -> str:
    tactics: dict[str, str] = {}
    for revision in unit.members:
        tactic = policy.tactics(revision.finding.detection)
        if tactic and tactic[1] not in tactics:
            tactics[tactic[1]] = policy.title(revision.finding.detection)
    hours = (unit.end - min(revision.finding.since for revision in unit.members)) / 3_600_000
    steps = "; then ".join(f"{tactic} ({title})" for tactic, title in tactics.items())
    return f"{len(tactics)} ATT&CK tactics within {hours:.1f} h: {steps}"


def replaced(revision: FindingRevision, finding: Finding) -> FindingRevision:
    """The revision, of the finding as judged."""
    return revision if revision.finding is finding else msgspec.structs.replace(revision, finding=finding)
