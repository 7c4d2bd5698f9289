"""Verdicts: an analyst's word on an alert. It enters the user's timeline as an activity of the engine's own.

So it has its place in event time like all else: what comes after it is judged knowing it, a replay gives the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from activities.activity import Activity

VERDICT: Final = "Verdict"
"""`action` of such an activity; its `source` is the engine's own, which no parser gives."""

TRUE_POSITIVE, BENIGN, FALSE_POSITIVE = "true-positive", "benign", "false-positive"
VERDICTS: Final = (TRUE_POSITIVE, BENIGN, FALSE_POSITIVE)

_ALERT, _WORD, _DETECTION = "alert", "verdict", "detection"
"""Types of its objects; their names say which."""


@dataclass(frozen=True)
class Verdict:
    """What an analyst said."""

    alert: str
    """Its uid."""
    verdict: str
    detections: frozenset[str]
    """Of the alert's findings."""

    @property
    def benign(self) -> bool:
        """Whether it was the user, doing nothing bad."""
        return self.verdict != TRUE_POSITIVE


def is_verdict(activity: Activity) -> bool:
    """Whether an activity of the engine's own is a verdict."""
    return activity.action == VERDICT


def read(activity: Activity) -> Verdict:
    """The verdict in such an activity."""
    named: dict[str, list[str]] = {}
    for entry in activity.objects:
        named.setdefault(entry.type, []).append(entry.name)
    return Verdict(
        alert=named.get(_ALERT, [""])[0],
        verdict=named.get(_WORD, [""])[0],
        detections=frozenset(named.get(_DETECTION, ())),
    )
