"""What verdicts change for a tenant: the status of their alert, and how much risk a detection's findings must have.

The bar of a detection is 90 x (f - t) / (f + t + 5), at least 0: f are false positives, plus half of those that were
benign; t true positives; of the 90 days of event time before the finding. The 5 is a prior: one word changes little.
"""

from __future__ import annotations

from stateful.correlation.documents import Given, Tenant
from stateful.finding import Insight, Severity
from stateful.models import DAY
from stateful.verdict import BENIGN, FALSE_POSITIVE, TRUE_POSITIVE

REMEMBERED = 90 * DAY
VERDICTS_KEPT = 2000
MOST, PRIOR = 90, 5
WEIGHTS = {FALSE_POSITIVE: 1.0, BENIGN: 0.5, TRUE_POSITIVE: -1.0}


def give(tenant: Tenant, insight: Insight) -> str:
    """Take a verdict in; the latest on an alert counts. Return the alert's uid."""
    uid, *detections = insight.note.split(" ")
    given = Given(insight.time, insight.value, tuple(detections))
    known = tenant.verdicts.get(uid)
    if known is None or (known.time, known.word) < (given.time, given.word):
        tenant.verdicts[uid] = given
    if len(tenant.verdicts) > VERDICTS_KEPT:
        del tenant.verdicts[min(tenant.verdicts, key=lambda uid: (tenant.verdicts[uid].time, uid))]
    return uid


def below_bar(tenant: Tenant, detection: str, time: int, risk: int, severity: Severity) -> str:
    """Why what a detection says at `time`, event time in ms, is no alert; "" if it may be one."""
    least, why = bar(tenant, detection, time)
    if risk >= least or severity is Severity.CRITICAL:
        return ""
    return f"verdicts: risk {risk} is below {least}, {why}"


def withdraw(tenant: Tenant, insight: Insight) -> str:
    """Take back a verdict that a change in the user's timeline undid. Return the alert's uid."""
    uid, *detections = insight.note.split(" ")
    if tenant.verdicts.get(uid) == Given(insight.time, insight.value, tuple(detections)):
        del tenant.verdicts[uid]
    return uid


def verdict_on(tenant: Tenant, uid: str) -> str:
    """The latest verdict on an alert, or ""."""
    given = tenant.verdicts.get(uid)
    return given.word if given else ""


def bar(tenant: Tenant, detection: str, time: int) -> tuple[int, str]:
    """The least risk that a finding of a detection at `time`, event time in ms, must have to be an alert, and why."""
    count = false = 0
    balance = total = 0.0
    for given in tenant.verdicts.values():
        if detection in given.detections and time - REMEMBERED <= given.time < time:
            weight = WEIGHTS.get(given.word, 0.0)
            balance += weight
            total += abs(weight)
            count += 1
            false += given.word != TRUE_POSITIVE
    if balance <= 0:
        return 0, ""
    return round(MOST * balance / (total + PRIOR)), f"since {false} of {count} alerts of {detection} were not attacks"
