"""What a scenario expected against what came, as problems that a person can read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from scenarios.document import Document
from scenarios.job import Said
from scenarios.schema import ExpectedAlert
from scenarios.timeline import Cast, Script
from stateful.finding import Alert, Finding, FindingRevision, Severity

Kind = Literal["alert", "finding"]

_RANGE = re.compile(r"(\d+)(?:(-)(\d+)?)?")
_MANY = 1_000_000
RULE = "suppression "
"""In front of the names of the settings' own suppressions, which a scenario leaves out."""


@dataclass(frozen=True)
class Problem:
    """Something that is not as expected."""

    expected: str
    came: tuple[str, ...]
    """One line each; empty: nothing did."""


@dataclass(frozen=True)
class Statement:
    """An alert or a finding after its last revision, with how it got there."""

    kind: Kind
    uid: str
    detection: str
    detections: frozenset[str]
    """Of it and of all findings in it: an alert on a chain of them has several."""
    users: frozenset[str]
    user: str
    severity: Severity
    risk: int
    anchors: frozenset[str]
    revisions: int
    closed: bool
    because: str
    """Of the last revision."""
    raised_by: str
    """Id of the activity on whose arrival it was first said."""
    evidence: int
    reason: str
    text: str
    """All words of it."""

    def line(self) -> str:
        """It in a line."""
        state = f"closed ({self.because})" if self.closed else "open"
        anchors = ", ".join(sorted(self.anchors)[:3])
        return (
            f"{self.kind} {self.detection} of {self.user}, {self.severity.value}, risk {self.risk}, {state}, "
            f"revisions {self.revisions}, evidence {self.evidence}, anchor {anchors}: {self.reason}"
        )


def check(document: Document, people: Cast, script: Script, said: Said, titles: dict[str, str]) -> list[Problem]:
    """All that is not as the scenario expects.

    Raises:
        ScenarioError: what it expects can't be read.
    """
    expect = document.scenario.expect
    alerts, findings = alert_statements(said, titles), finding_statements(said, titles)
    problems: list[Problem] = []
    wanted: set[str] = set()
    known: set[str] = set()
    for kind, expected, came in (("alerts", expect.alerts, alerts), ("findings", expect.findings, findings)):
        for index, one in enumerate(expected):
            matcher = _Matcher(document, people, script, one, ("expect", kind, index))
            found = [statement for statement in came if not matcher.differences(statement)]
            if kind == "alerts":
                known.update(statement.uid for statement in found)
                wanted.add(matcher.detection)
            if len(found) not in matcher.count:
                problems.append(Problem(f"{kind[:-1]}: {matcher.text()}", matcher.nearest(found or came)))
    problems += _insights(document, people, said)
    problems += _silence(document, alerts, wanted, known)
    hidden = {record.rule.removeprefix(RULE) for record in said.suppressed}
    for rule in expect.suppressed:
        if rule not in hidden:
            problems.append(Problem(f"something suppressed by {rule}", tuple(sorted(hidden))))
    for name, number, reasons in (
        ("late", expect.late, said.late),
        ("rejected", expect.rejected, said.rejected),
        ("duplicates", expect.duplicates, ["a duplicate"] * said.duplicates),
    ):
        if number != len(reasons):
            problems.append(Problem(f"{name}: {number}", (f"{len(reasons)}", *reasons[:5])))
    return problems


def alert_statements(said: Said, titles: dict[str, str]) -> list[Statement]:
    """Every alert that was ever sent, in the order of first sending."""
    revisions: dict[str, list[tuple[str, Alert]]] = {}
    for by, alert in said.alerts:
        revisions.setdefault(alert.uid, []).append((by, alert))
    return [_of_alert(history, titles) for history in revisions.values()]


def finding_statements(said: Said, titles: dict[str, str]) -> list[Statement]:
    """Every finding that was ever made."""
    revisions: dict[str, list[tuple[str, FindingRevision]]] = {}
    for by, revision in said.findings:
        revisions.setdefault(revision.finding.uid, []).append((by, revision))
    return [_of_finding(history, titles) for history in revisions.values()]


def _of_alert(history: Sequence[tuple[str, Alert]], titles: dict[str, str]) -> Statement:
    (first, _), (_, last) = history[0], history[-1]
    texts = [titles.get(last.detection, ""), last.message, *(_words(finding) for finding in last.findings)]
    return Statement(
        "alert",
        last.uid,
        last.detection,
        frozenset([last.detection, *(finding.detection for finding in last.findings)]),
        frozenset(user.id for user in (last.user, *last.users, *(finding.user for finding in last.findings))),
        last.user.id,
        last.severity,
        last.risk,
        frozenset(finding.anchor for finding in last.findings),
        len(history),
        last.change == "close",
        last.because,
        first,
        sum(finding.evidence_count for finding in last.findings),
        last.message,
        "\n".join(texts),
    )


def _of_finding(history: Sequence[tuple[str, FindingRevision]], titles: dict[str, str]) -> Statement:
    (first, _), (_, last) = history[0], history[-1]
    finding = last.finding
    return Statement(
        "finding",
        finding.uid,
        finding.detection,
        frozenset([finding.detection]),
        frozenset([finding.user.id]),
        finding.user.id,
        finding.severity,
        finding.risk,
        frozenset([finding.anchor]),
        len(history),
        last.change == "close",
        last.because,
        first,
        finding.evidence_count,
        finding.reason,
        f"{titles.get(finding.detection, '')}\n{_words(finding)}",
    )


def _words(finding: Finding) -> str:
    compared = (f"{one.feature} {one.observed} {one.usual}" for one in finding.comparisons)
    return "\n".join([finding.reason, *compared])


class _Matcher:
    """One expectation, read."""

    def __init__(
        self, document: Document, people: Cast, script: Script, one: ExpectedAlert, path: tuple[str | int, ...]
    ) -> None:
        self._one = one
        self.detection = one.detection or document.scenario.detection
        if not self.detection:
            document.fail(path, "expected detection here, or for the whole scenario; found neither")
        self._user = _user_id(document, people, one.user, (*path, "user"))
        self._anchors = script.ids.get(one.anchor, (one.anchor,))
        if one.raised_by and one.raised_by not in script.ids:
            names = ", ".join(script.ids) or "there are none"
            document.fail((*path, "raised_by"), f"expected a timeline entry ({names}), found {one.raised_by!r}")
        self._raised = script.ids.get(one.raised_by, ())
        self.count = _within(document, (*path, "count"), one.count)
        self._revisions = None if one.revisions is None else _within(document, (*path, "revisions"), one.revisions)
        self._evidence = None if one.evidence is None else _within(document, (*path, "evidence"), one.evidence)
        self._says = [one.says] if isinstance(one.says, str) else one.says

    def differences(self, statement: Statement) -> list[str]:
        """Why a statement is not what is expected; empty if it is."""
        one = self._one
        checks: list[tuple[bool, str]] = [
            (self.detection in statement.detections, f"detection is {statement.detection}"),
            (not self._user or self._user in statement.users, f"user is {statement.user}"),
            (one.severity in (None, statement.severity), f"severity is {statement.severity.value}"),
            (one.min_risk <= statement.risk <= one.max_risk, f"risk is {statement.risk}"),
            (not one.anchor or bool(statement.anchors.intersection(self._anchors)), "anchor is another"),
            (
                not one.raised_by or statement.raised_by in self._raised,
                f"was raised by {statement.raised_by or 'none'}",
            ),
            (self._revisions is None or statement.revisions in self._revisions, f"revisions: {statement.revisions}"),
            (self._evidence is None or statement.evidence in self._evidence, f"evidence: {statement.evidence}"),
            (bool(one.closed) == statement.closed, "is closed" if statement.closed else "is open"),
        ]
        if isinstance(one.closed, str) and statement.closed:
            checks.append((one.closed.lower() in statement.because.lower(), f"closed because {statement.because}"))
        checks += [(word.lower() in statement.text.lower(), f"doesn't say {word!r}") for word in self._says]
        return [what for holds, what in checks if not holds]

    def nearest(self, statements: Sequence[Statement]) -> tuple[str, ...]:
        """What came instead, the most alike first, each with what is different."""
        found = [(self.differences(statement), statement) for statement in statements]
        found.sort(key=lambda pair: (self.detection not in pair[1].detections, len(pair[0])))
        return tuple(
            statement.line() + (f" [{'; '.join(different)}]" if different else "") for different, statement in found[:5]
        )

    def text(self) -> str:
        """What is expected, in a line."""
        one = self._one
        parts = [self.detection]
        parts += [f"of {one.user}"] if one.user else []
        parts += [one.severity.value] if one.severity else []
        parts += [f"risk {one.min_risk}-{one.max_risk}"] if (one.min_risk, one.max_risk) != (0, 100) else []
        for name in ("anchor", "raised_by", "revisions", "evidence", "closed", "says"):
            value = getattr(one, name)
            parts += [f"{name} {value}"] if value not in (None, "", False, []) else []
        return ", ".join(parts) + f" (times: {one.count})"


def _user_id(document: Document, people: Cast, name: str, path: tuple[str | int, ...]) -> str:
    """The id of a user of the scenario; "" for ""."""
    if not name:
        return ""
    found = people.names.get(name.lower())
    if found is None or len(found) > 1:
        document.fail(path, f"expected one of {', '.join(people.names)}; found {name!r}")
    return found[0].user["id"].lower()


def _insights(document: Document, people: Cast, said: Said) -> list[Problem]:
    """Insights that were expected and don't hold in the end, or not as often."""
    last = {(revision.tenant, revision.user, revision.insight.uid): revision for revision in said.insights}
    held = [revision for revision in last.values() if revision.change != "close"]
    problems: list[Problem] = []
    for index, one in enumerate(document.scenario.expect.insights):
        path = ("expect", "insights", index)
        user = _user_id(document, people, one.user, (*path, "user"))
        wanted = {name: value for name in ("kind", "feature", "value") if (value := getattr(one, name))}
        found = [
            revision
            for revision in held
            if user in ("", revision.user)
            and all(getattr(revision.insight, name) == value for name, value in wanted.items())
        ]
        if len(found) not in _within(document, (*path, "count"), one.count):
            of_user = [revision for revision in held if user in ("", revision.user)]
            near = (
                found or [revision for revision in of_user if one.feature in ("", revision.insight.feature)] or of_user
            )
            lines = [f"insight {r.insight.kind} {r.insight.feature} {r.insight.value} of {r.user}" for r in near]
            expected = " ".join([*wanted.values(), *([f"of {user}"] if user else [])])
            problems.append(Problem(f"insight: {expected} (times: {one.count})", tuple(lines[-5:])))
    return problems


def _within(document: Document, path: tuple[str | int, ...], value: int | str) -> range:
    """`2`, `2-4`, `2-` as a range."""
    match = _RANGE.fullmatch(str(value))
    if match is None:
        document.fail(path, f"expected a number or a range such as 2, 2-4 or 2-, found {value!r}")
    least = int(match[1])
    most = least if not match[2] else int(match[3]) if match[3] else _MANY
    return range(least, most + 1)


def _silence(document: Document, alerts: Iterable[Statement], wanted: set[str], known: set[str]) -> list[Problem]:
    """Alerts that must not be: of the detections that are to be silent, and open ones that weren't expected."""
    silence = document.scenario.expect.silence
    problems: list[Problem] = []
    for alert in alerts:
        if alert.uid in known:
            continue
        if silence is True or (silence and alert.detections.intersection(silence)):
            problems.append(Problem(f"silence of {alert.detection}", (alert.line(),)))
        elif alert.detections & wanted and not alert.closed:
            problems.append(Problem(f"no other alert of {alert.detection}", (alert.line(),)))
    return problems
