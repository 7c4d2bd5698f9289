"""Correlation: findings of one user and detection within a day are one alert. Pure; the step is in correlate_step.py.

The alerts are a function of the set of findings: sorted by (start, anchor), the first opens an alert, and those that
start less than a day after it belong to it. A finding that arrives late and belongs before the first moves the alert.
"""

from __future__ import annotations

import msgspec

from stateful.finding import Alert, Change, FindingRevision
from stateful.models import DAY
from stateful.view import finding_uid

FINDINGS_KEPT = 50
"""Findings that an alert carries; the message counts all."""


class Thread(msgspec.Struct, array_like=True, gc=False):
    """What one user's one detection said lately."""

    findings: dict[str, FindingRevision] = {}
    """uid -> latest revision."""
    alerts: dict[str, Alert] = {}
    """uid -> last revision sent, closed ones too as long as they could come again."""


def take(thread: Thread, revision: FindingRevision) -> None:
    """Take a finding's revision in; `revise` says what follows."""
    if revision.change == "close":
        thread.findings.pop(revision.finding.uid, None)
    else:
        thread.findings[revision.finding.uid] = revision


def revise(thread: Thread, because: str) -> list[Alert]:
    """Compare what the findings make with what was sent; return what is to be sent."""
    wanted = {alert.uid: alert for alert in map(_alert, _groups(thread))}
    out: list[Alert] = []
    for uid, alert in wanted.items():
        old = thread.alerts.get(uid)
        if old is not None and old.change != "close" and _same(old, alert):
            continue
        change: Change = "create" if old is None or old.change == "close" else "update"
        revision = old.revision + 1 if old else 1
        out.append(msgspec.structs.replace(alert, revision=revision, change=change, because=because))
    for uid, old in thread.alerts.items():
        if uid not in wanted and old.change != "close":
            into = next((a.uid for a in wanted.values() if any(f.uid == old.findings[0].uid for f in a.findings)), "")
            why = f"merged into alert {into}, which begins earlier" if into else because
            out.append(msgspec.structs.replace(old, revision=old.revision + 1, change="close", final=True, because=why))
    thread.alerts.update((alert.uid, alert) for alert in out)
    return out


def settle(thread: Thread, sealed: int) -> None:
    """Drop alerts that nothing can join any more: a day has passed in sealed event time, and all is final."""
    for group in _groups(thread):
        if sealed > group[0].finding.start + DAY and all(revision.final for revision in group):
            for revision in group:
                del thread.findings[revision.finding.uid]
            thread.alerts.pop(_alert_uid(group[0]), None)
    for uid, alert in list(thread.alerts.items()):
        if alert.change == "close" and sealed > alert.created + DAY:
            del thread.alerts[uid]


def wake(thread: Thread) -> int | None:
    """Event time, ms, after which `settle` may find something to drop."""
    starts = [group[0].finding.start for group in _groups(thread)]
    starts += [alert.created for alert in thread.alerts.values() if alert.change == "close"]
    return min(starts) + DAY if starts else None


def _groups(thread: Thread) -> list[list[FindingRevision]]:
    groups: list[list[FindingRevision]] = []
    for revision in sorted(thread.findings.values(), key=_place):
        if groups and revision.finding.start < groups[-1][0].finding.start + DAY:
            groups[-1].append(revision)
        else:
            groups.append([revision])
    return groups


def _place(revision: FindingRevision) -> tuple[int, str, str]:
    """In the order of activities, (time, id): what comes in order then never takes the first place of an alert."""
    finding = revision.finding
    return finding.start, finding.anchor, finding.uid


def _alert_uid(first: FindingRevision) -> str:
    return finding_uid("alert", first.finding.uid)


def _alert(group: list[FindingRevision]) -> Alert:
    first = group[0].finding
    findings = [revision.finding for revision in group]
    worst = max(findings, key=lambda f: (f.severity.rank, f.risk, -f.start, f.uid))
    times = "" if len(group) == 1 else f" ({len(group)} findings within a day)"
    return Alert(
        uid=_alert_uid(group[0]),
        revision=1,
        change="create",
        tenant=first.tenant,
        user=first.user,
        detection=first.detection,
        severity=worst.severity,
        risk=worst.risk,
        message=worst.reason + times,
        created=first.start,
        modified=max(finding.end for finding in findings),
        findings=tuple(findings[:FINDINGS_KEPT]),
        final=all(revision.final for revision in group),
    )


def _same(old: Alert, new: Alert) -> bool:
    return msgspec.structs.replace(old, revision=1, change="create", because="") == new
