"""What is said about users: findings, their revisions, and the alerts that analysts see.

These cross process borders and are stored, so they are plain, immutable and encoded as MessagePack maps
(unknown fields are ignored, new ones need a default).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from activities.activity import Category, Outcome, User


class Severity(StrEnum):
    """How bad it is if it is what it looks like. Ordered by `rank`."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """1 to 5, as OCSF's `severity_id`."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity, 1)}


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An activity that a finding rests on, with what an analyst needs to see of it. Times in ms."""

    id: str
    time: int
    action: str
    app: str = ""
    category: Category = Category.OTHER
    outcome: Outcome = Outcome.SUCCESS
    ip: str = ""
    country: str = ""
    city: str = ""
    isp: str = ""
    user_agent: str = ""
    object: str = ""
    bytes: int | None = None
    program: str = ""
    """The user agent without versions, where it is known."""


class Comparison(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Observed v usual for one feature, in words that need no legend."""

    feature: str
    observed: str
    usual: str
    since: int = 0
    """When the baseline of `usual` began, event time in ms; 0 where it needs none."""
    score: float = 0.0
    """Surprise under the baseline: 0 is usual, 1 is never seen."""


class Novelty(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A value that a finding rests on since the user never showed it: correlation asks how many others did."""

    feature: str
    """Name of a `ValuesFeature` that is `shared`."""
    value: str


class Finding(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A detection's verdict on one user over one anchor. Equal content is equal evidence: no clock, no order."""

    uid: str
    """Hash of tenant, detection, user and anchor: see `finding_uid`."""
    tenant: str
    detection: str
    user: User
    anchor: str
    """Activity id, or `window:<length>:<start ms>`."""
    start: int
    """Event time, ms, of the activity that first made one say so. Earlier ones may be among the evidence, so this is
    the finding's place: what comes in order then never comes before what was said already."""
    end: int
    """Last evidence, event time in ms."""
    closes: int
    """Event time, ms, up to which later activities can change it: the activity's own, or its window's end."""
    severity: Severity
    risk: int
    """0 to 100."""
    reason: str
    """One sentence: why."""
    comparisons: tuple[Comparison, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    """The first activities it rests on, bounded; `evidence_count` counts all of them."""
    evidence_count: int = 0
    quiet: str = ""
    """What would have suppressed it, in words."""
    novelties: tuple[Novelty, ...] = ()
    """What is new about it; the same novelty of many users is one alert, and one that is common is none."""
    learning: bool = False
    """The user is still being learnt: to be raised only if peers and tenant find the novelties rare, too."""
    peers: str = ""
    """The user's department or first group; "" if unknown."""

    @property
    def since(self) -> int:
        """First evidence, event time in ms."""
        return min((evidence.time for evidence in self.evidence), default=self.start)


class Insight(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One observation worth noting of one user, never shown alone. Compact: there are many, and they are stored."""

    uid: str
    """Unique within the user, and shorter than any finding's: see `insights.insight_uid`."""
    kind: str
    """`first`, `uncommon`: of the user's own values of `feature`; `failed`: a logon failed; `entered`: a logon
    succeeded from an address that is not the user's; `verdict`: an analyst's word."""
    feature: str
    value: str
    time: int
    """Event time, ms, of the activity it rests on; the first one where it rests on several."""
    activity: str
    """Its id."""
    closes: int
    """Event time, ms, up to which other activities can still change it."""
    peers: str = ""
    note: str = ""
    """What else correlation needs to know: for a verdict, the alert; for a logon, AS number and program."""


Change = Literal["create", "update", "close"]


class FindingRevision(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is sent on when a finding appears, changes, becomes final or no longer holds."""

    finding: Finding
    revision: int
    """From 1; raised by each change. Downstream de-duplicates by (uid, revision)."""
    change: Change
    final: bool = False
    because: str = ""
    """Why it changed or was closed, in words."""
    raised: int = 0
    """Ingest time, ms, of the activity that made one say so; 0 where none did. Never part of a result."""


class InsightRevision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is sent on when an insight appears, changes, becomes final or no longer holds."""

    tenant: str
    user: str
    insight: Insight
    change: Change
    final: bool = False


class Alert(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What an analyst sees: the findings of one user that belong together. Times are event times in ms."""

    uid: str
    revision: int
    change: Change
    tenant: str
    user: User
    detection: str
    severity: Severity
    risk: int
    message: str
    """One sentence: why."""
    created: int
    """Event time, ms, of the activity that first made it an alert, of those known when this revision was made."""
    modified: int
    """Time of the last evidence."""
    findings: tuple[Finding, ...]
    final: bool = False
    because: str = ""
    """Why this revision was made, in words; for a closed alert, why it was closed."""
    raised: int = 0
    """Ingest time, ms, of the activity that first made it an alert; 0 if unknown. Never part of a result."""
    case: str = ""
    """Alerts of one user that belong together share it."""
    related: tuple[str, ...] = ()
    """uids of other alerts that bear on it: those of its case, and campaigns that the user is part of; bounded."""
    users: tuple[User, ...] = ()
    """Of an alert on many users: who; bounded, `user_count` counts all."""
    user_count: int = 1
    insights: tuple[str, ...] = ()
    """What else was new or uncommon about the user on these days, in words, the most telling first; bounded."""
    verdict: str = ""
    """An analyst's, see stateful/verdict.py."""
