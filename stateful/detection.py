"""What a detection declares. The files that do are under `detections/`, one each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from activities.activity import Activity, Category
from stateful.attack import Technique
from stateful.finding import Finding, Severity

if TYPE_CHECKING:
    from stateful.features import Feature, ValuesFeature
    from stateful.view import Context, UserView

Evaluate = Callable[[Activity, "UserView", "Context"], Iterable[Finding]]
"""Pure: what this activity means for this user."""


def by_correlation(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """`evaluate` of a detection that correlation makes from what several users or detections say: nothing here."""
    return ()


@dataclass(frozen=True)
class Detection:
    """A detection's declaration: all that the engine, the documentation and the alert need to know of it."""

    id: str
    """The name of its file."""
    title: str
    description: str
    """What it looks for and why that matters: two or three sentences."""
    techniques: tuple[Technique, ...]
    severity: Severity
    evaluate: Evaluate = field(repr=False)
    categories: frozenset[Category]
    """Activities of other categories are not shown to it; empty means all are."""
    succeeded: bool = False
    """Only what succeeded is shown to it."""
    people: bool = False
    """Only what a person did who was there: no services, no tokens that renewed themselves."""
    news_of: tuple[ValuesFeature, ...] = ()
    """Only what has a value of one of these that the user never showed is shown to it; empty: all is."""
    features: tuple[Feature, ...] = ()
    """What must be maintained of each user for it."""
    settings: Mapping[str, float] = field(default_factory=dict)
    """Its thresholds with their defaults, which a tenant may override."""
    learning_days: float = 7.0
    """Days of a user's history before it may speak; 0 for what is malicious by itself."""
    judged_by_others: bool = False
    """It may speak before, of novelties; correlation raises it only if peers and tenant find them rare, too."""
    runbook: tuple[str, ...] = ()
    """What an analyst does about it, step by step."""
    quiet: str = ""
    """What would have suppressed it, in words."""
    version: str = "1"
