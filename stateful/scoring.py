"""How surprising single activities are: every feature's score, one risk. For analysis beside the detections.

Each model that sees an activity says how likely one at least as strange is under the user's baseline as it was before;
what detections find is laid over. `tails` is the one place where a kind of feature is told how it scores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from activities.activity import Activity
from stateful.detection import Detection
from stateful.features import (
    ACTIVITY_RATE,
    ADDRESSES,
    AGENTS,
    APPS,
    CITIES,
    COUNTRIES,
    DEVICES,
    DOWNLOADS,
    HABITS,
    ISPS,
    OPERATIONS,
    PLACES,
    RESOURCES,
    SESSIONS,
    Feature,
    HabitsFeature,
    PlacesFeature,
    RateFeature,
    SessionsFeature,
    TallyFeature,
    ValuesFeature,
    fix_of,
    origin_of,
    succeeded,
    unique,
)
from stateful.finding import Finding, Severity
from stateful.models import combine, risk_of
from stateful.profile import Profile, ProfileFold
from stateful.view import Context, UserView

FEATURES: tuple[Feature, ...] = (
    *(COUNTRIES, CITIES, ISPS, ADDRESSES, AGENTS, DEVICES, APPS, RESOURCES, OPERATIONS),
    *(ACTIVITY_RATE, PLACES, SESSIONS, HABITS, DOWNLOADS),
)
"""What is scored; those that only detections declare are, too."""

LEAST = 3.0
"""Scores below it say nothing: a chance of one in two."""


class Score(msgspec.Struct, frozen=True):
    """One activity's. All are 0 to 100: of features, 10 points for each power of ten of rarity."""

    risk: float
    """That of all features together, or of the worst finding if that is higher."""
    features: tuple[tuple[str, float], ...]
    """Those that say something, the most telling first; `detection:NAME` for what a detection found."""


class Scoring:
    """The fold of a profile, with a score of each activity."""

    def __init__(
        self, detections: Iterable[Detection], make_fold: Callable[[Iterable[Detection]], ProfileFold]
    ) -> None:
        """Plan the work.

        Args:
            detections: what they find holds values back from the baseline, and is a contribution.
            make_fold: makes the fold of detections, such as `flows.detect.profile_fold`.

        Raises:
            ValueError: as `make_fold`.
        """
        found = list(detections)
        self._features = unique({"": FEATURES, **{detection.id: detection.features for detection in found}})
        self._tails: list[tuple[str, float]] = []
        # One more detection, which is shown every activity when all is counted and nothing learnt, and finds nothing.
        looks = Detection(
            id="\0scoring",
            title="",
            description="",
            techniques=(),
            severity=Severity.INFORMATIONAL,
            evaluate=self._look,
            categories=frozenset(),
            features=FEATURES,
            learning_days=0,
        )
        self.fold = make_fold([*found, looks])

    def step(self, profile: Profile, activity: Activity) -> Score:
        """Take the user's next activity in event-time order into the profile; return what it is worth."""
        self._tails = []
        said = self.fold.step(profile, activity)
        found = [(f"detection:{one.detection}", float(one.risk)) for one in said if isinstance(one, Finding)]
        own = [(name, round(risk_of(tail), 1)) for name, tail in self._tails]
        together = risk_of(combine(tail for _, tail in self._tails))
        telling = [each for each in (*found, *own) if each[1] >= LEAST]
        return Score(
            round(max(together, *(risk for _, risk in found), 0.0), 1),
            tuple(sorted(telling, key=lambda each: (-each[1], each[0]))),
        )

    def _look(self, activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
        self._tails = [
            found
            for feature in self._features
            if feature.sees(activity.category)
            for found in tails(feature, activity, user)
        ]
        return ()


def tails(feature: Feature, activity: Activity, user: UserView) -> Iterator[tuple[str, float]]:
    """What a feature says of an activity: name, P(one at least as strange under the user's baseline).

    Nothing where it has no say: no value, not counted, a kind that has no score by itself.
    """
    match feature:
        case ValuesFeature():
            value = feature.of(activity) if feature.tried or succeeded(activity) else ""
            if value:
                yield feature.name, user.values(feature).score(value, activity.time)
        case RateFeature():
            yield feature.name, user.rate(feature).tail()
        case TallyFeature():
            if feature.only is None or feature.only(activity):
                tally = user.tally(feature)
                yield feature.name, tally.tail(tally.last(), feature.prior)
        case PlacesFeature():
            here = fix_of(activity) if succeeded(activity) else None
            if here is not None:
                yield feature.name, user.places(feature).score(here)
        case SessionsFeature():
            if activity.session:
                here_now = origin_of(activity)
                yield feature.name, user.sessions(feature).score(activity.session, here_now, activity.time)
        case HabitsFeature():
            yield feature.name, user.habits(feature).latest
