"""The profile of a user, and its fold: in event-time order, each activity is counted, judged, then learnt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from activities.activity import NO_RAW, Activity, Category
from recovery.codec import Codec
from stateful import held as holding
from stateful import insights as telling
from stateful.detection import Detection, by_correlation
from stateful.features import ADDRESSES, Feature, ValuesFeature, by_person, succeeded, unique
from stateful.finding import Finding, Insight, Severity
from stateful.held import Held
from stateful.insights import Failing
from stateful.models import DAY, Burst, Habits, Places, SeasonalRate, Sessions, Tally, Values
from stateful.tuning import Tuning
from stateful.verdict import is_verdict, read
from stateful.view import Context, UserView

PROFILE_VERSION = 1

OWN = "anput"
"""`source` of activities that the engine puts into a timeline: detections see them, nothing is learnt from them."""

CAP_REACHED = "ActivityCapReached"

HOLD = 14 * DAY
"""ms of event time after which a value that a finding named is learnt all the same, if nobody objects."""

RARE_SHARE, RARE_PAUSE = 0.01, 14 * DAY
"""A known value is uncommon if it makes up less than this share, and was not shown for so many ms."""

Statement = Finding | Insight


class Profile(msgspec.Struct, array_like=True, gc=False):
    """All that is learnt of one user. A change of its shape needs a new version and a migration (docs/state.md)."""

    since: int = -1
    """Event time of the first activity, ms; -1 before it."""
    last: int = -1
    count: int = 0
    values: dict[str, Values] = {}
    tallies: dict[str, Tally] = {}
    bursts: dict[str, Burst] = {}
    held: dict[str, Held] = {}
    """Feature NUL value -> what is not learnt, since a finding named it."""
    failing: dict[str, Failing] = {}
    """Address -> the slot of event time in which failed logons from it were told last."""
    peers: str = ""
    """Department or first group, as last recorded."""
    done: int = -1
    """Event time of the last activity that succeeded, ms."""
    rates: dict[str, SeasonalRate] = {}
    places: dict[str, Places] = {}
    sessions: dict[str, Sessions] = {}
    habits: dict[str, Habits] = {}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What happens to activities of one category."""

    counting: tuple[Feature, ...]
    learning: tuple[Feature, ...]
    values: tuple[ValuesFeature, ...]
    contexts: dict[tuple[bool, bool], tuple[Context, ...]]
    """By whether the activity succeeded, and whether a person was there."""
    addresses: bool
    """Whether it is known which addresses are the user's."""


Plans = dict[Category, _Plan]


class ProfileFold:
    """A `windowing.timeline.Fold` of activities into a `Profile`, with findings and insights on the way."""

    def __init__(
        self,
        detections: Iterable[Detection],
        tunings: Mapping[str, Tuning],
        expire: int = 0,
        tenants: Mapping[str, Mapping[str, Tuning]] | None = None,
        hold: int = HOLD,
    ) -> None:
        """Plan the work.

        Args:
            detections: all of them.
            tunings: detection id -> what the settings change of it.
            expire: a pause of more than so many ms of event time makes a user a new one; 0: none does.
            tenants: the same of single tenants, laid over `tunings`.
            hold: ms of event time after which what a finding named is learnt.

        Raises:
            ValueError: two features of one name differ, or a tuning is wrong.
        """
        found = list(detections)
        common = _contexts(found, tunings)
        of_tenant = {}
        for tenant, of in (tenants or {}).items():
            own = {name: tuning.over(tunings.get(name, Tuning())) for name, tuning in of.items()}
            of_tenant[tenant] = _contexts(found, {**tunings, **own})
        used = [context.detection for contexts in (common, *of_tenant.values()) for context in contexts]
        self._features = unique({detection.id: detection.features for detection in used})
        self._once = frozenset(f.name for f in self._features if isinstance(f, ValuesFeature) and f.once)
        self._shared = {f.name for f in self._features if isinstance(f, ValuesFeature) and f.shared}
        self._expire, self._hold = expire, hold
        self._codec: Codec[Profile] = Codec(Profile, PROFILE_VERSION)
        self._common = self._plans(common)
        self._of_tenant = {tenant: self._plans(contexts) for tenant, contexts in of_tenant.items()}

    def step(self, state: Profile, item: Activity) -> list[Statement]:
        """Take the user's next activity in event-time order."""
        plan, time, user = (
            self._of_tenant.get(item.tenant, self._common)[item.category],
            item.time,
            UserView(state, self._hold),
        )
        if item.source == OWN:
            return self._own(plan, state, item, user)
        done = succeeded(item)
        if self._expire and state.last >= 0 and time - state.last > self._expire:
            self._forget(state)
        if state.since < 0:
            state.since = time
        peers = item.unit or (item.groups[0] if item.groups else "")
        if peers and peers != state.peers:
            state.peers = peers
        for feature in plan.counting:
            feature.count(state, item, user)
        said = _judged(plan.contexts[done, done and by_person(item)], state, item, user, self._once)
        self._learn(plan, state, item, said, done=done)
        for feature in plan.learning:
            feature.learn(state, item)
        state.last = time
        if done:
            state.done = time
        state.count += 1
        return said

    def encode(self, state: Profile) -> bytes:
        """Serialise."""
        return self._codec.encode(state)

    def decode(self, data: bytes) -> Profile:
        """Deserialise, with the models that the present detections need; empty bytes are a new user."""
        profile = self._codec.decode(data) if data else Profile()
        for feature in self._features:
            models = getattr(profile, feature.slot)
            if feature.name not in models:
                models[feature.name] = feature.fresh()
        return profile

    def _learn(self, plan: _Plan, state: Profile, item: Activity, said: list[Statement], *, done: bool) -> None:
        """Learn the activity's values, but those that are held, and say which are the first of their kind."""
        time, all_held = item.time, state.held
        if not state.count:
            said.append(telling.arrived(item, state.peers))
        own = not plan.addresses or state.values[ADDRESSES.name].get(item.ip) is not None
        # At an own address it is the user who mistypes, be there ever so many users behind it.
        if not own and (told := _logon(state, item, done=done)) is not None:
            said.append(told)
        for feature in plan.values:
            if not done and not feature.tried:
                continue
            value = feature.of(item)
            if not value:
                continue
            values = state.values[feature.name]
            if all_held and (key := holding.held_key(feature.name, value)) in all_held:
                learnt = holding.shown(all_held, key, values, value, time, self._hold)
                if learnt and feature.shared:
                    said.append(telling.first(feature.name, value, item, state.peers))
                continue
            if feature.shared:
                known = values.get(value)
                if known is None:
                    said.append(telling.first(feature.name, value, item, state.peers))
                elif time - known.last > RARE_PAUSE and known.count < RARE_SHARE * values.total:
                    said.append(telling.uncommon(feature.name, value, item, state.peers))
            values.learn(value, time)

    def _own(self, plan: _Plan, state: Profile, item: Activity, user: UserView) -> list[Statement]:
        """What the engine itself put into the timeline: a count of what was not kept, an analyst's verdict."""
        if not is_verdict(item):
            contexts = plan.contexts[True, True]
            return [said for context in contexts for said in context.detection.evaluate(item, user, context)]
        given = read(item)
        said: list[Statement] = [telling.verdict(item, given.alert, given.verdict, given.detections, state.peers)]
        if not given.benign:
            holding.refuse(state.held, given.detections)
            return said
        for key in holding.clear(state.held, state.values, given.detections, item.time):
            feature, _, value = key.partition("\0")
            if feature in self._shared:
                said.append(telling.first(feature, value, item, state.peers))
        return said

    def _forget(self, state: Profile) -> None:
        """Begin anew. Decided here by event time alone; that the store drops the user meanwhile changes nothing."""
        fresh = self.decode(b"")
        for name in state.__struct_fields__:
            setattr(state, name, getattr(fresh, name))

    def _plans(self, contexts: Sequence[Context]) -> Plans:
        return {category: self._plan(category, contexts) for category in Category}

    def _plan(self, category: Category, contexts: Sequence[Context]) -> _Plan:
        features = [feature for feature in self._features if feature.sees(category)]
        values = tuple(feature for feature in features if isinstance(feature, ValuesFeature))
        return _Plan(
            counting=tuple(feature for feature in features if type(feature).count is not Feature.count),
            learning=tuple(feature for feature in features if type(feature).learn is not Feature.learn),
            values=values,
            contexts={
                (done, person): tuple(
                    context for context in contexts if _shown(context.detection, category, done, person)
                )
                for done in (False, True)
                for person in (False, True)
            },
            addresses=ADDRESSES in values,
        )


def prefer(new: Activity, old: Activity) -> bool:
    """Which of two activities of one id is kept: the earlier; else by content. How they arrived doesn't count."""
    return _content(new) < _content(old)


def _content(activity: Activity) -> tuple[int, bytes]:
    stripped = msgspec.structs.replace(activity, ingested=0, raw=NO_RAW)
    return activity.time, msgspec.msgpack.encode(stripped)


def _contexts(detections: Iterable[Detection], tunings: Mapping[str, Tuning]) -> list[Context]:
    tuned = [(detection, tunings.get(detection.id, Tuning())) for detection in detections]
    return [Context.tuned(detection, tuning) for detection, tuning in tuned if tuning.enabled is not False]


def _shown(detection: Detection, category: Category, done: bool, person: bool) -> bool:  # noqa: FBT001
    if detection.evaluate is by_correlation or (detection.categories and category not in detection.categories):
        return False
    return (done or not detection.succeeded) and (person or not detection.people)


def _logon(state: Profile, item: Activity, *, done: bool) -> Insight | None:
    """What a logon from an address that isn't the user's tells the tenant."""
    if item.category is Category.FAILED_LOGON:
        return telling.failed(state.failing, item, state.peers)
    if item.category is Category.LOGON and done and item.ip:
        return telling.entered(item, state.peers)
    return None


def _judged(
    contexts: Sequence[Context], state: Profile, item: Activity, user: UserView, once: frozenset[str]
) -> list[Statement]:
    """What the detections find; what their findings rest on is held back from the baseline, but for features `once`."""
    said: list[Statement] = []
    age = item.time - state.since
    for context in contexts:
        learning = age < context.learning
        if learning and not context.detection.judged_by_others:
            continue
        if context.admits is not None and not context.admits(item):
            continue
        for finding in context.detection.evaluate(item, user, context):
            known = finding
            if learning or state.peers:
                known = msgspec.structs.replace(finding, learning=learning, peers=state.peers)
            said.append(known)
            # What is learnt of a new user is all there is to learn: held back, a phone of the first day would stay new.
            if known.severity is not Severity.INFORMATIONAL and not learning:
                for novelty in known.novelties:
                    if novelty.feature in once:
                        continue
                    holding.hold(
                        state.held, holding.held_key(novelty.feature, novelty.value), item.time, known.detection
                    )
    return said
