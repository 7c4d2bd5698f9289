"""Features: what is maintained of each user, declared by the detections that need it, kept once however many do.

A kind of feature says how an activity reaches its model: `count` before the detections judge the activity, so that they
see a window or a run with it; `learn` after, so that they see what was usual without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from activities.activity import Activity, Category, Outcome
from stateful.models import Burst, Tally, Values
from stateful.view import UserView, evidence_of

if TYPE_CHECKING:
    from stateful.profile import Profile

FAILED = frozenset({Category.FAILED_LOGON})
HOUR = 3_600_000


def succeeded(activity: Activity) -> bool:
    """It was done, not just tried."""
    return activity.outcome in (Outcome.SUCCESS, Outcome.UNKNOWN) and activity.category != Category.FAILED_LOGON


@lru_cache(maxsize=65536)
def object_hash(name: str) -> int:
    """A stable 32-bit hash of an object's name."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=4).digest(), "big")


@dataclass(frozen=True)
class Feature:
    """What all kinds have."""

    slot: ClassVar[str]
    """The field of `Profile` that holds the models of this kind, by name of the feature."""

    name: str

    def fresh(self) -> Any:  # noqa: ANN401
        """The model of a user of whom nothing is known."""
        raise NotImplementedError

    def sees(self, category: Category) -> bool:
        """Whether activities of a category matter to it."""
        raise NotImplementedError

    def count(self, profile: Profile, activity: Activity, user: UserView) -> None:
        """Take an activity in before it is judged."""

    def learn(self, profile: Profile, activity: Activity) -> None:
        """Take an activity in after it was judged."""


@dataclass(frozen=True)
class ValuesFeature(Feature):
    """Which values a user shows: `of` gives an activity's value, "" for none. Learnt by the profile's own fold."""

    slot: ClassVar[str] = "values"

    of: Callable[[Activity], str]
    categories: frozenset[Category] = frozenset()
    """Empty: all."""
    tried: bool = False
    """Learn from what was only tried, too; else only from what succeeded."""
    shared: bool = False
    """Each first is told to the tenant, so that it is known how many users show a value."""

    def fresh(self) -> Values:
        """No values."""
        return Values()

    def sees(self, category: Category) -> bool:
        """As declared."""
        return not self.categories or category in self.categories


@dataclass(frozen=True)
class TallyFeature(Feature):
    """How many per window of event time, with bytes and distinct objects."""

    slot: ClassVar[str] = "tallies"

    categories: frozenset[Category]
    length: int
    """Window, ms."""
    only: Callable[[Activity], bool] = lambda _: True
    """Which activities of these categories are counted."""

    def fresh(self) -> Tally:
        """Nothing counted."""
        return Tally()

    def sees(self, category: Category) -> bool:
        """As declared."""
        return not self.categories or category in self.categories

    def count(self, profile: Profile, activity: Activity, user: UserView) -> None:
        """Count it, with the bytes of its objects and the name of the first."""
        if not self.only(activity):
            return
        first = activity.objects[0] if activity.objects else None
        size = sum([entry.bytes or 0 for entry in activity.objects])
        name = object_hash(first.name if first else activity.id)
        profile.tallies[self.name].add(evidence_of(activity), self.length, size, name)


@dataclass(frozen=True)
class BurstFeature(Feature):
    """Runs of like activities: `counts` says which, seeing the user as before the activity; `ends` which ends a run."""

    slot: ClassVar[str] = "bursts"

    counts: Callable[[Activity, UserView], bool]
    mark: Callable[[Activity], str]
    gap: int
    """Longest pause inside a run, ms."""
    ends: Callable[[Activity], bool] | None = None
    categories: frozenset[Category] = frozenset()

    def fresh(self) -> Burst:
        """No run."""
        return Burst()

    def sees(self, category: Category) -> bool:
        """As declared."""
        return not self.categories or category in self.categories

    def count(self, profile: Profile, activity: Activity, user: UserView) -> None:
        """Count it into the run, or the pause."""
        burst = profile.bursts[self.name]
        if self.counts(activity, user):
            burst.add(evidence_of(activity), self.mark(activity), self.gap)
        elif burst.count:
            if burst.running(activity.time, self.gap):
                burst.since_last += 1
            else:
                burst.clear()

    def learn(self, profile: Profile, activity: Activity) -> None:
        """End the run, if the activity does."""
        if self.ends is not None and self.ends(activity):
            profile.bursts[self.name].clear()


def operation(activity: Activity) -> str:
    """What was called, as one text: `service:operation`."""
    return f"{activity.app}:{activity.action}"


def _new_operation(activity: Activity, user: UserView) -> bool:
    return user.values(OPERATIONS).get(operation(activity)) is None


COUNTRIES = ValuesFeature("countries", lambda a: a.location.country, shared=True)
ADDRESSES = ValuesFeature("addresses", lambda a: a.ip)
AGENTS = ValuesFeature("agents", lambda a: a.device.user_agent, shared=True)
OPERATIONS = ValuesFeature("operations", operation, tried=True, shared=True)
DOWNLOADS = TallyFeature("downloads", frozenset({Category.DOWNLOAD}), HOUR)
FAILED_LOGONS = BurstFeature(
    "failed_logons",
    counts=lambda a, _: a.category == Category.FAILED_LOGON,
    mark=lambda a: a.ip,
    gap=HOUR // 2,
    ends=lambda a: a.category == Category.LOGON and succeeded(a),
    categories=frozenset({Category.FAILED_LOGON, Category.LOGON}),
)
NEW_OPERATIONS = BurstFeature("new_operations", counts=_new_operation, mark=operation, gap=HOUR)


def unique(features: Mapping[str, tuple[Feature, ...]]) -> list[Feature]:
    """The features that detections (by id) declare, each once.

    Raises:
        ValueError: two of one name differ.
    """
    found: dict[str, Feature] = {}
    for detection, declared in features.items():
        for feature in declared:
            if found.setdefault(feature.name, feature) != feature:
                msg = (
                    f"detection {detection} declares a feature {feature.name!r} that differs from another "
                    "detection's of the same name: share the one in stateful/features.py or choose another name"
                )
                raise ValueError(msg)
    return list(found.values())
