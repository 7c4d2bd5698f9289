"""An alert on many users: it has one finding, which says it all."""

from __future__ import annotations

from collections.abc import Sequence

from activities.activity import User
from stateful.finding import Alert, Finding, Severity
from stateful.view import finding_uid


def group_alert(
    finding: Finding, severity: Severity, users: Sequence[User], count: int, *, final: bool, raised: int = 0
) -> Alert:
    """The alert of a finding whose anchor is the alert's uid.

    Args:
        finding: what is said of them.
        severity: the alert's.
        users: those that are listed.
        count: how many there are.
        final: whether it can change no more.
        raised: ingest time, ms, of the activity that made it one; 0 if unknown.
    """
    return Alert(
        uid=finding.anchor,
        revision=1,
        change="create",
        tenant=finding.tenant,
        user=finding.user,
        detection=finding.detection,
        severity=severity,
        risk=finding.risk,
        message=finding.reason,
        created=finding.start,
        modified=finding.end,
        findings=(finding,),
        final=final,
        raised=raised,
        case=finding_uid("case", finding.anchor),
        users=tuple(users),
        user_count=count,
    )
