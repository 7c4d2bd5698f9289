"""The profile of a user, and its fold: in event-time order, each activity is counted, judged, then learnt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from activities.activity import NO_RAW, Activity, Category
from recovery.codec import Codec
from stateful.detection import Detection
from stateful.features import BurstFeature, TallyFeature, ValuesFeature, object_hash, succeeded
from stateful.finding import Finding
from stateful.models import DAY, Burst, Tally, Values
from stateful.view import Context, UserView, evidence_of

PROFILE_VERSION = 1

OWN = "anput"
"""`source` of activities that the engine puts into a timeline: detections see them, nothing is learnt from them."""

CAP_REACHED = "ActivityCapReached"


class Profile(msgspec.Struct, array_like=True, gc=False):
    """All that is learnt of one user. A change of its shape needs a new version and a migration (docs/state.md)."""

    since: int = -1
    """Event time of the first activity, ms; -1 before it."""
    last: int = -1
    count: int = 0
    values: dict[str, Values] = {}
    tallies: dict[str, Tally] = {}
    bursts: dict[str, Burst] = {}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What happens to activities of one category."""

    values: tuple[ValuesFeature, ...]
    tallies: tuple[TallyFeature, ...]
    bursts: tuple[BurstFeature, ...]
    contexts: tuple[Context, ...]


class ProfileFold:
    """A `windowing.timeline.Fold` of activities into a `Profile`, with findings on the way."""

    def __init__(
        self, detections: Iterable[Detection], settings: Mapping[str, Mapping[str, float]], expire: int = 0
    ) -> None:
        """Plan the work.

        Args:
            detections: those that are enabled.
            settings: detection id -> settings that differ from its defaults.
            expire: a pause of more than so many ms of event time makes a user a new one; 0: none does.

        Raises:
            ValueError: two features of one name differ.
        """
        contexts = [Context(d, {**d.settings, **settings.get(d.id, {})}) for d in detections]
        self._features = _unique(contexts)
        self._expire = expire
        self._codec: Codec[Profile] = Codec(Profile, PROFILE_VERSION)
        self._plans = {category: self._plan(category, contexts) for category in Category}

    def step(self, state: Profile, item: Activity) -> list[Finding]:
        """Take the user's next activity in event-time order."""
        plan, time, user = self._plans[item.category], item.time, UserView(state)
        if item.source == OWN:
            return [finding for context in plan.contexts for finding in context.detection.evaluate(item, user, context)]
        if self._expire and state.last >= 0 and time - state.last > self._expire:
            self._forget(state)
        if state.since < 0:
            state.since = time
        for tally in plan.tallies:
            _tally(state.tallies[tally.name], tally, item)
        for burst in plan.bursts:
            _burst(state.bursts[burst.name], burst, item, user)
        findings: list[Finding] = []
        age = time - state.since
        for context in plan.contexts:
            if age >= context.detection.learning_days * DAY:
                findings += context.detection.evaluate(item, user, context)
        done = succeeded(item)
        for feature in plan.values:
            if done or feature.tried:
                value = feature.of(item)
                if value:
                    state.values[feature.name].learn(value, time)
        for burst in plan.bursts:
            if burst.ends(item):
                state.bursts[burst.name].clear()
        state.last = time
        state.count += 1
        return findings

    def encode(self, state: Profile) -> bytes:
        """Serialise."""
        return self._codec.encode(state)

    def decode(self, data: bytes) -> Profile:
        """Deserialise, with the models that the present detections need; empty bytes are a new user."""
        profile = self._codec.decode(data) if data else Profile()
        for feature in self._features:
            if isinstance(feature, ValuesFeature):
                profile.values.setdefault(feature.name, Values())
            elif isinstance(feature, TallyFeature):
                profile.tallies.setdefault(feature.name, Tally())
            else:
                profile.bursts.setdefault(feature.name, Burst())
        return profile

    def _forget(self, state: Profile) -> None:
        """Begin anew. Decided here by event time alone; that the store drops the user meanwhile changes nothing."""
        fresh = self.decode(b"")
        for name in state.__struct_fields__:
            setattr(state, name, getattr(fresh, name))

    def _plan(self, category: Category, contexts: Sequence[Context]) -> _Plan:
        features = [f for f in self._features if not f.categories or category in f.categories]
        return _Plan(
            values=tuple(f for f in features if isinstance(f, ValuesFeature)),
            tallies=tuple(f for f in features if isinstance(f, TallyFeature)),
            bursts=tuple(f for f in features if isinstance(f, BurstFeature)),
            contexts=tuple(c for c in contexts if not c.detection.categories or category in c.detection.categories),
        )


def prefer(new: Activity, old: Activity) -> bool:
    """Which of two activities of one id is kept: the earlier; else by content. How they arrived doesn't count."""
    return _content(new) < _content(old)


def _content(activity: Activity) -> tuple[int, bytes]:
    stripped = msgspec.structs.replace(activity, ingested=0, raw=NO_RAW)
    return activity.time, msgspec.msgpack.encode(stripped)


def _unique(contexts: Iterable[Context]) -> list[ValuesFeature | TallyFeature | BurstFeature]:
    features: dict[str, ValuesFeature | TallyFeature | BurstFeature] = {}
    for context in contexts:
        for feature in context.detection.features:
            if features.setdefault(feature.name, feature) != feature:
                msg = (
                    f"detection {context.detection.id} declares a feature {feature.name!r} that differs from another "
                    "detection's of the same name: share the one in stateful/features.py or choose another name"
                )
                raise ValueError(msg)
    return list(features.values())


def _tally(tally: Tally, feature: TallyFeature, item: Activity) -> None:
    first = item.objects[0] if item.objects else None
    size = sum(entry.bytes or 0 for entry in item.objects)
    tally.add(evidence_of(item), feature.length, size, object_hash(first.name if first else item.id))


def _burst(burst: Burst, feature: BurstFeature, item: Activity, user: UserView) -> None:
    if feature.counts(item, user):
        burst.add(evidence_of(item), feature.mark(item), feature.gap)
    elif burst.count:
        if burst.running(item.time, feature.gap):
            burst.since_last += 1
        else:
            burst.clear()
