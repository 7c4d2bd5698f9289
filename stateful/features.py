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

from activities.activity import Activity, Category, Outcome, UserType
from activities.country_area import area_of
from activities.location_tags import PRIVATE
from activities.tags import Tag
from stateful.models import DAY, Burst, Fix, Habits, Origin, Places, SeasonalRate, Sessions, Tally, Values, fix, origin
from stateful.models.places import CITY_RADIUS
from stateful.view import UserView, evidence_of

if TYPE_CHECKING:
    from stateful.profile import Profile

FAILED = frozenset({Category.FAILED_LOGON})
HOUR = 3_600_000


# Looking a member up in its class costs as much as calling a function, and these are called for each activity.
_DONE = frozenset({Outcome.SUCCESS, Outcome.UNKNOWN})
_FAILED_LOGON, _PERSON = Category.FAILED_LOGON, UserType.PERSON
_NON_INTERACTIVE, _MFA_CHALLENGE = Tag.NON_INTERACTIVE, Tag.MFA_CHALLENGE


def has_succeeded(category: Category, outcome: Outcome) -> bool:
    """Whether an activity of this kind was done, not just tried."""
    return outcome in _DONE and category is not _FAILED_LOGON


def succeeded(activity: Activity) -> bool:
    """It was done, not just tried."""
    return activity.outcome in _DONE and activity.category is not _FAILED_LOGON


def of_file(activity: Activity) -> bool:
    """A document's content or name was changed, not a setting."""
    return bool(activity.objects) and ("file" in activity.objects[0].type.lower() or "/" in activity.objects[0].name)


@lru_cache(maxsize=65536)
def object_hash(name: str) -> int:
    """A stable 32-bit hash of an object's name; the lower half is that of what stands behind the last slash."""
    folder, _, base = name.rpartition("/")
    halves = (hashlib.blake2b(part.encode("utf-8", "replace"), digest_size=2).digest() for part in (folder, base))
    return int.from_bytes(b"".join(halves), "big")


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

    @property
    def counts_in(self) -> bool:
        """Whether `count` does anything."""
        return type(self).count is not Feature.count

    @property
    def learns(self) -> bool:
        """Whether `learn` does anything."""
        return type(self).learn is not Feature.learn

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
    once: bool = False
    """Shown once, not day after day: learnt at once, since what is held is learnt when it is shown again."""
    present: bool = False
    """New ones of a person are learnt only where somebody was there: of a token that renews itself nobody speaks, and
    what comes after it would be no news."""

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
    only: Callable[[Activity], bool] | None = None
    """Which activities of these categories are counted; None: all."""
    prior: float = 8.0
    """Count of a window with any that is expected of a user who had none yet."""

    def fresh(self) -> Tally:
        """Nothing counted."""
        return Tally()

    def sees(self, category: Category) -> bool:
        """As declared."""
        return not self.categories or category in self.categories

    def count(self, profile: Profile, activity: Activity, user: UserView) -> None:
        """Count it, with the bytes of its objects and the name of the first."""
        if self.only is not None and not self.only(activity):
            return
        first = activity.objects[0] if activity.objects else None
        size = sum([entry.bytes or 0 for entry in activity.objects]) if first else 0
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

    @property
    def learns(self) -> bool:
        """If something ends a run."""
        return self.ends is not None

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


@dataclass(frozen=True)
class RateFeature(Feature):
    """How many per hour, given the hour of the day and the weekday."""

    slot: ClassVar[str] = "rates"

    categories: frozenset[Category] = frozenset()

    def fresh(self) -> SeasonalRate:
        """Nothing counted."""
        return SeasonalRate()

    def sees(self, category: Category) -> bool:
        """As declared."""
        return not self.categories or category in self.categories

    def count(self, profile: Profile, activity: Activity, user: UserView) -> None:
        """Count it into its hour."""
        profile.rates[self.name].add(activity.time)


@dataclass(frozen=True)
class PlacesFeature(Feature):
    """Where the user is: what succeeded, by a person, from an address that can be located."""

    slot: ClassVar[str] = "places"

    def fresh(self) -> Places:
        """Nowhere."""
        return Places()

    def sees(self, category: Category) -> bool:
        """All but failed logons."""
        return category is not Category.FAILED_LOGON

    def learn(self, profile: Profile, activity: Activity) -> None:
        """Remember where it was done from."""
        if not succeeded(activity) or not by_person(activity):
            return
        places, location = profile.places[self.name], activity.location
        latitude, longitude = location.latitude, location.longitude
        if latitude is not None and longitude is not None:
            if places.stays(activity.ip, latitude, longitude, activity.time):
                return
        here = fix_of(activity)
        if here is not None:
            places.learn(here)


@dataclass(frozen=True)
class SessionsFeature(Feature):
    """From where and with what each session is used."""

    slot: ClassVar[str] = "sessions"

    def fresh(self) -> Sessions:
        """No sessions."""
        return Sessions()

    def sees(self, category: Category) -> bool:
        """All but failed logons, which have no session."""
        return category is not Category.FAILED_LOGON

    def learn(self, profile: Profile, activity: Activity) -> None:
        """Remember its origin."""
        if activity.session:
            profile.sessions[self.name].learn(activity.session, origin_of(activity), activity.time)


@dataclass(frozen=True)
class HabitsFeature(Feature):
    """In which order the user does what."""

    slot: ClassVar[str] = "habits"

    def fresh(self) -> Habits:
        """No habits."""
        return Habits()

    def sees(self, category: Category) -> bool:
        """All but failed logons, which may be anybody's."""
        return category is not Category.FAILED_LOGON

    def count(self, profile: Profile, activity: Activity, user: UserView) -> None:
        """Take the operation in; every so often the last ones are judged."""
        profile.habits[self.name].add(operation(activity))


def fix_of(activity: Activity) -> Fix | None:
    """Where an activity was done, None if that can't be told: the position of its address, else its country's."""
    location = activity.location
    if location.latitude is not None and location.longitude is not None:
        known = CITY_RADIUS if location.radius is None else location.radius
        position = location.latitude, location.longitude
        return fix(activity.time, *position, radius=known, address=activity.ip, tags=location.tags)
    area = area_of(location.country)
    if area is None:
        return None
    latitude, longitude, radius = area
    return fix(activity.time, latitude, longitude, radius=radius, address=activity.ip, tags=location.tags)


def origin_of(activity: Activity) -> Origin:
    """Where an activity of a session comes from."""
    location = activity.location
    return origin(activity.ip, location.asn, location.country, activity.device.user_agent, location.tags)


def operation(activity: Activity) -> str:
    """What was called, as one text: `service:operation`."""
    return f"{activity.app}:{activity.action}"


FIRST_DAYS = 2 * DAY
"""ms in which a user's usual operations come for the first time."""


def _new_operation(activity: Activity, user: UserView) -> bool:
    # At first all is new: that says nothing of how much will be.
    return user.values(OPERATIONS).get(operation(activity)) is None and activity.time - user.since >= FIRST_DAYS


def isp(activity: Activity) -> str:
    """Whose network it came from: the provider's name, else its autonomous system's number; or a private one."""
    location = activity.location
    if location.isp or location.asn is not None:
        return location.isp or f"AS{location.asn}"
    return "a private network" if PRIVATE in location.tags else ""


def agent(activity: Activity) -> str:
    """The program that was used, without its version: an update is not news."""
    return activity.device.family or activity.device.user_agent


def resource(activity: Activity) -> str:
    """What was acted on, coarsely: the bucket, site, repository or first folder of the first object."""
    if not activity.objects:
        return ""
    name = activity.objects[0].name
    head, slash, rest = name.partition("/")
    return head if head or not slash else "/" + rest.partition("/")[0]


def anonymity(activity: Activity) -> str:
    """How the address hides who is behind it: `tor`, `proxy`, `hosting`; "" if it doesn't, or is expected to."""
    tags = activity.location.tags
    if not tags or EXPECTED.intersection(tags):
        return ""
    return next((kind for kind in ANONYMOUS if kind in tags), "")


ANONYMOUS = ("tor", "proxy", "anonymous", "hosting")
"""Tags of addresses behind which anybody may be, the most telling first."""
EXPECTED = frozenset({"vpn", "office", "corporate", "admin", "aws-service", "cloud", "private", "relay"})
"""Tags of addresses that say nothing of where a person is: the company's own, a known VPN, a service."""

COUNTRIES = ValuesFeature("countries", lambda a: a.location.country, shared=True, present=True)
CITIES = ValuesFeature("cities", lambda a: a.location.city, present=True)
ISPS = ValuesFeature("isps", isp, shared=True, present=True)
ADDRESSES = ValuesFeature("addresses", lambda a: a.ip, present=True)
AGENTS = ValuesFeature("agents", agent, shared=True, present=True)
DEVICES = ValuesFeature("devices", lambda a: a.device.id)
APPS = ValuesFeature("apps", lambda a: a.app, shared=True)
RESOURCES = ValuesFeature("resources", resource, shared=True)
OPERATIONS = ValuesFeature("operations", operation, tried=True, shared=True, once=True)
ANONYMITY = ValuesFeature("anonymity", anonymity, shared=True, present=True)
ACTIVITY_RATE = RateFeature("activity_rate")
PLACES = PlacesFeature("places")
SESSIONS = SessionsFeature("sessions")
HABITS = HabitsFeature("habits")
DOWNLOADS = TallyFeature("downloads", frozenset({Category.DOWNLOAD}), HOUR)
DOWNLOADS_DAY = TallyFeature("downloads_day", frozenset({Category.DOWNLOAD}), DAY, prior=20.0)
CHANGES = TallyFeature(
    "changes", frozenset({Category.MODIFY, Category.UPLOAD}), HOUR, only=lambda a: succeeded(a) and of_file(a)
)
FAILED_LOGONS = BurstFeature(
    "failed_logons",
    counts=lambda a, _: a.category == Category.FAILED_LOGON,
    mark=lambda a: a.ip,
    gap=HOUR // 2,
    ends=lambda a: succeeded(a) and (a.category == Category.LOGON or Tag.PASSWORD_SET in a.tags),
    categories=frozenset({Category.FAILED_LOGON, Category.LOGON, Category.CREDENTIAL}),
)
"""Whoever has forgotten it sets another one before they come in; who guesses can't."""
NEW_OPERATIONS = BurstFeature("new_operations", counts=_new_operation, mark=operation, gap=HOUR)


def by_person(activity: Activity) -> bool:
    """Somebody was there: not a service, not a token that renewed itself."""
    return activity.user.type is _PERSON and _NON_INTERACTIVE not in activity.tags


def unproven(activity: Activity) -> bool:
    """A person's token or program, with nobody there; or a logon that stopped before the second factor was given."""
    tags = activity.tags
    stopped = _MFA_CHALLENGE in tags and activity.outcome is not Outcome.SUCCESS
    return activity.user.type is _PERSON and (stopped or _NON_INTERACTIVE in tags)


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
