"""From what alerts there should be to what is sent: only what an analyst would act on is worth an update."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from stateful.correlation.documents import KEEP
from stateful.finding import Alert, Change, Finding
from stateful.models import DAY

CLOSED_KEPT = 5 * DAY
"""ms of event time for which a closed alert may come again."""
RISK_STEP = 5
"""A smaller change of the risk is no update."""


def revise(
    sent: dict[str, Alert], wanted: Mapping[str, Alert], because: str, gone: Callable[[Alert], str]
) -> list[Alert]:
    """Compare what there should be with what was sent last; return what is to be sent, and note it in `sent`.

    Args:
        sent: uid -> last revision, closed ones too.
        wanted: uid -> alert as it should be.
        because: why something changed, where nothing better is known.
        gone: why an alert is not there any more, or "".
    """
    out: list[Alert] = []
    for uid, alert in wanted.items():
        old = sent.get(uid)
        if old is None or old.change == "close":
            why = because if old is None else f"reopened: {because or 'its findings hold again'}"
            out.append(_numbered(alert, old.revision + 1 if old else 1, "create", why))
        elif changes := list(_changes(old, alert)):
            why = "; ".join([*([because] if because else []), *changes])
            out.append(_numbered(alert, old.revision + 1, "update", why, old.raised))
    for uid, old in sent.items():
        if uid not in wanted and old.change != "close":
            closed = _numbered(old, old.revision + 1, "close", gone(old) or because, old.raised)
            out.append(msgspec.structs.replace(closed, final=True))
    sent.update((alert.uid, alert) for alert in out)
    return out


def judged(past: dict[str, Alert], verdict_on: Callable[[str], str]) -> list[Alert]:
    """Revisions of alerts that are over, on which there is a new verdict."""
    out = []
    for uid, alert in past.items():
        word = verdict_on(uid)
        if word != alert.verdict:
            said = msgspec.structs.replace(alert, verdict=word)
            out.append(_numbered(said, alert.revision + 1, "update", "; ".join(_changes(alert, said))))
    past.update((alert.uid, alert) for alert in out)
    return out


def settle(sent: dict[str, Alert], past: dict[str, Alert], over: Iterable[str], sealed: int) -> None:
    """Let go of alerts.

    Args:
        sent: those that can still change.
        past: those that can't; they are remembered for `KEEP`.
        over: uids of those that can change no more.
        sealed: event time, ms, up to which the tenant is sealed.
    """
    for uid in over:
        if uid in sent:
            past[uid] = sent.pop(uid)
    for uid, alert in list(sent.items()):
        if alert.change == "close" and sealed > alert.created + CLOSED_KEPT:
            del sent[uid]
    for uid, alert in list(past.items()):
        if sealed > alert.created + KEEP:
            del past[uid]


def wakes(sent: dict[str, Alert], past: dict[str, Alert]) -> Iterator[int]:
    """Event times, ms, at which `settle` has something to do."""
    yield from (alert.created + CLOSED_KEPT for alert in sent.values() if alert.change == "close")
    yield from (alert.created + KEEP for alert in past.values())


def novelties_of(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    """All that is new in some findings."""
    return {(novelty.feature, novelty.value) for finding in findings for novelty in finding.novelties}


def evidence_count(alert: Alert) -> int:
    """Activities that an alert rests on."""
    return sum(finding.evidence_count for finding in alert.findings)


def _changes(old: Alert, new: Alert) -> Iterator[str]:
    """What an analyst would act on, in words."""
    if old.severity is not new.severity:
        yield f"severity {old.severity} to {new.severity}"
    if abs(old.risk - new.risk) >= RISK_STEP:
        yield f"risk {old.risk} to {new.risk}"
    detections = {finding.detection for finding in new.findings} - {finding.detection for finding in old.findings}
    if detections:
        yield f"also {', '.join(sorted(detections))}"
    more = novelties_of(new.findings) - novelties_of(old.findings)
    if more:
        yield f"new: {', '.join(f'{feature} {value}' for feature, value in sorted(more))}"
    before, after = evidence_count(old), evidence_count(new)
    if after >= 2 * before > 0:
        yield f"activities {before} to {after}"
    if new.user_count >= 2 * old.user_count:
        yield f"users {old.user_count} to {new.user_count}"
    if new.verdict != old.verdict:
        yield f"verdict {new.verdict or 'withdrawn'}"
    if new.final and not old.final:
        yield "final"


def _numbered(alert: Alert, revision: int, change: Change, because: str, raised: int | None = None) -> Alert:
    return msgspec.structs.replace(
        alert,
        revision=revision,
        change=change,
        because=because,
        raised=alert.raised if raised is None else raised,
    )
