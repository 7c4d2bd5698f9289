"""Features: what is maintained of each user, declared by the detections that need it, kept once however many do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from activities.activity import Activity, Category, Outcome
from stateful.view import UserView


@dataclass(frozen=True)
class ValuesFeature:
    """Which values a user shows: `of` gives an activity's value, "" for none."""

    name: str
    of: Callable[[Activity], str]
    categories: frozenset[Category] = frozenset()
    """Empty: all."""
    tried: bool = False
    """Learn from what was only tried, too; else only from what succeeded."""


@dataclass(frozen=True)
class TallyFeature:
    """How many per window of event time, with bytes and distinct objects."""

    name: str
    categories: frozenset[Category]
    length: int
    """Window, ms."""


@dataclass(frozen=True)
class BurstFeature:
    """Runs of like activities: `counts` says which, seeing the user as before the activity; `ends` which ends a run."""

    name: str
    counts: Callable[[Activity, UserView], bool]
    mark: Callable[[Activity], str]
    gap: int
    """Longest pause inside a run, ms."""
    ends: Callable[[Activity], bool] = lambda _: False
    categories: frozenset[Category] = frozenset()


Feature = ValuesFeature | TallyFeature | BurstFeature

FAILED = frozenset({Category.FAILED_LOGON})
HOUR = 3_600_000


def succeeded(activity: Activity) -> bool:
    """It was done, not just tried."""
    return activity.outcome in (Outcome.SUCCESS, Outcome.UNKNOWN) and activity.category != Category.FAILED_LOGON


@lru_cache(maxsize=65536)
def object_hash(name: str) -> int:
    """A stable 32-bit hash of an object's name."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=4).digest(), "big")


def operation(activity: Activity) -> str:
    """What was called, as one text: `service:operation`."""
    return f"{activity.app}:{activity.action}"


def _new_operation(activity: Activity, user: UserView) -> bool:
    return user.values(OPERATIONS).get(operation(activity)) is None


COUNTRIES = ValuesFeature("countries", lambda a: a.location.country)
ADDRESSES = ValuesFeature("addresses", lambda a: a.ip)
AGENTS = ValuesFeature("agents", lambda a: a.device.user_agent)
OPERATIONS = ValuesFeature("operations", operation, tried=True)
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
