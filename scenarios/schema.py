"""What a scenario's YAML may hold. docs/scenarios.md says what each field means, with examples.

Every field that isn't here is refused. `document.py` reads files into these.
"""

from __future__ import annotations

from typing import Any

import msgspec

from activities.activity import Category, Outcome, UserType
from stateful.finding import Severity


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts."""


class DeviceSpec(Strict, frozen=True):
    """`device` of a native record."""

    id: str = ""
    os: str = ""
    user_agent: str = ""


class LocationSpec(Strict, frozen=True):
    """`location` of a native record; degrees."""

    country: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    asn: int | None = None
    isp: str = ""
    tags: list[str] = []


class ObjectSpec(Strict, frozen=True):
    """One of `objects` of a native record."""

    type: str = ""
    name: str = ""
    bytes: int | None = None


class UserSpec(Strict, frozen=True):
    """`impersonated` of a native record."""

    id: str
    name: str = ""
    email: str = ""
    type: UserType = UserType.PERSON


class Who(Strict, frozen=True):
    """One entry of `who` where a line isn't enough."""

    baseline: str
    """The line."""
    id: str = ""
    name: str = ""
    email: str = ""
    unit: str = ""
    groups: list[str] = []
    device: str | DeviceSpec = ""
    ip: str = ""
    location: LocationSpec | None = None
    tenant: str = ""


class Entry(Strict, frozen=True):
    """One entry of `timeline`: when, who, what; then any field of a native record."""

    at: str
    user: str = ""
    do: str = ""
    as_: str = msgspec.field(default="", name="as")
    repeat: str | int = ""
    arrives: str = ""
    from_: str = msgspec.field(default="", name="from")
    device: str | DeviceSpec | None = None
    id: str = ""
    action: str = ""
    category: Category | None = None
    outcome: Outcome | None = None
    app: str | None = None
    impersonated: str | UserSpec | None = None
    ip: str | None = None
    location: LocationSpec | None = None
    session: str | None = None
    objects: list[ObjectSpec] | None = None
    bytes: int | None = None
    """Of the step's own object."""
    groups: list[str] | None = None
    unit: str | None = None
    error: str | None = None
    tags: list[str] | None = None


class ExpectedAlert(Strict, frozen=True):
    """An alert, or a finding, that must come. What isn't said may be anything."""

    detection: str = ""
    """"": the scenario's."""
    user: str = ""
    severity: Severity | None = None
    min_risk: int = 0
    max_risk: int = 100
    anchor: str = ""
    """Name of a timeline entry (`as`), or an anchor as it is: an activity's id, `window:...`."""
    raised_by: str = ""
    """Name of the timeline entry on whose arrival it was first said."""
    revisions: int | str | None = None
    """How many were sent up to the end: 2, 2-4."""
    closed: bool | str = False
    """It is closed in the end; a text must be part of the reason."""
    count: int | str = 1
    evidence: int | str | None = None
    """Activities that it rests on: 12, 10-20, 10-."""
    says: str | list[str] = []
    """Words of its title, message or reasons, in any case."""


class ExpectedInsight(Strict, frozen=True):
    """An insight that must hold in the end. What isn't said may be anything."""

    user: str = ""
    kind: str = ""
    feature: str = ""
    value: str = ""
    count: int | str = 1


class Expect(Strict, frozen=True):
    """What must come of it, and what must not."""

    alerts: list[ExpectedAlert] = []
    findings: list[ExpectedAlert] = []
    """What detections said before correlation, suppressed or not."""
    insights: list[ExpectedInsight] = []
    silence: bool | list[str] = False
    """true: no alert but those expected; else none of these detections."""
    suppressed: list[str] = []
    """Names of suppressions that must have hidden something."""
    late: int = 0
    """Activities that came too late to be judged."""
    duplicates: int = 0
    rejected: int = 0


class Scenario(Strict, frozen=True):
    """A whole file."""

    name: str
    who: dict[str, Any]
    """Key -> a line, or a `Who`."""
    expect: Expect
    timeline: list[Entry] = []
    detection: str = ""
    """The detection under test: the default of `expect`."""
    starts: str = "2026-01-05"
    """Date of day 1."""
    settings: dict[str, Any] = {}
    """As in anput.toml."""
    about: str = ""
    """Why the scenario is as it is."""
