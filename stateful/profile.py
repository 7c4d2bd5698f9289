"""The profile of a user, and its fold: in event-time order, each activity is counted, judged, then learnt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from activities.activity import NO_RAW, Activity, Category, Outcome
from stateful import held as holding
from stateful import insights as telling
from stateful.detection import Detection, by_correlation
from stateful.ended import JUDGED_BY, Ended, changed, is_notice, told
from stateful.features import ADDRESSES, ValuesFeature, by_person, has_succeeded, unique, unproven
from stateful.finding import Finding, Insight, Severity
from stateful.held import Held
from stateful.insights import Failing
from stateful.lazy_models import Slots
from stateful.models import DAY, VALUE_LENGTH, Burst, Habits, Places, SeasonalRate, Seen, Sessions, Tally, Values
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
    ended: Ended | None = None
    """Set while the account is ended."""


_Judge = tuple[int, float, Context, Callable[[Activity, UserView, Context], Iterable[Finding]]]
"""Of which values (bits) one must be new, for how long a user is learnt first (ms), and a detection at work."""

_ANY = -1
"""The bits of what is shown all activities, whatever is new."""


@dataclass(frozen=True, slots=True)
class _Judges:
    """The detections that activities are shown to."""

    all: tuple[_Judge, ...]
    usual: tuple[_Judge, ...]
    """Those to which also an activity is shown whose values are all known."""

    @classmethod
    def of(cls, contexts: Iterable[Context], bits: Mapping[ValuesFeature, int]) -> _Judges:
        """`bits` are those of the values that are looked at."""
        judges = tuple(
            (_bits(context.detection.news_of, bits), context.learning, context, context.detection.evaluate)
            for context in contexts
        )
        return cls(judges, tuple(judge for judge in judges if judge[0] == _ANY))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What happens to activities of one category and outcome."""

    done: bool
    counting: tuple[Callable[[Profile, Activity, UserView], None], ...]
    learning: tuple[Callable[[Profile, Activity], None], ...]
    values: tuple[tuple[str, Callable[[Activity], str], int, bool, bool, bool], ...]
    """Of each feature: name, value of an activity, bit, whether it is learnt, also where nobody was there, and whether
    the tenant is told."""
    people: _Judges
    """Where a person was there."""
    others: _Judges
    logon: bool
    """It may tell the tenant of a logon, but from the user's own addresses."""
    addresses: bool
    """Whether it is known which addresses are the user's."""


Plans = dict[Category, dict[Outcome, _Plan]]
_Shown = tuple[str, str, Values, Seen | None, bool]
"""A value to be learnt: feature, value, the user's values before, what is known of it, whether the tenant is told."""


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
        self._values = {f.name for f in self._features if isinstance(f, ValuesFeature)}
        self._shared = {f.name for f in self._features if isinstance(f, ValuesFeature) and f.shared}
        self._slots = Slots(Profile, PROFILE_VERSION, self._features)
        self._expire, self._hold = expire, hold
        self._common = self._plans(common)
        self._of_tenant = {tenant: self._plans(contexts) for tenant, contexts in of_tenant.items()}

    def step(self, state: Profile, item: Activity) -> list[Statement]:
        """Take the user's next activity in event-time order."""
        plan = self._of_tenant.get(item.tenant, self._common)[item.category][item.outcome]
        time, user = item.time, UserView(state, self._hold)
        if item.source == OWN:
            return self._own(plan, state, item, user)
        if self._expire and (state.ended is not None or time - state.last > self._expire):
            self._lapse(state, time)
        if state.since < 0:
            state.since = time
        peers = item.unit or (item.groups[0] if item.groups else "")
        if peers and peers != state.peers:
            state.peers = peers
        for count in plan.counting:
            count(state, item, user)
        news, shown, models = 0, list[_Shown](), state.values
        doubtful = unproven(item)
        for name, of, bit, learnt, unattended, shared in plan.values:
            value = of(item)
            if value:
                values = models[name]
                known = values.seen.get(value[:VALUE_LENGTH])
                if known is None:
                    news |= bit
                if learnt and (unattended or not doubtful or known is not None):
                    shown.append((name, value, values, known, shared))
        judges = plan.people if by_person(item) else plan.others
        said = _judged(judges.all if news else judges.usual, news, state, item, user, self._once)
        self._learn(plan, state, item, shown, said)
        for learn in plan.learning:
            learn(state, item)
        state.last = time
        if plan.done:
            state.done = time
        if state.ended is not None:
            state.ended = told(state.ended, said, time)
        state.count += 1
        return said

    def again(self, before: Statement, now: Statement) -> Statement:
        """A finding begins with the activity that first made one say so, whatever comes to it."""
        if isinstance(now, Finding) and isinstance(before, Finding) and now.start != before.start:
            return msgspec.structs.replace(now, start=before.start)
        return now

    def copy(self, state: Profile) -> Profile:
        """A copy that is folded on by itself."""
        held = {key: msgspec.structs.replace(entry) for key, entry in state.held.items()}
        return msgspec.structs.replace(state, held=held, failing=state.failing.copy(), **self._slots.copied(state))

    def encode(self, state: Profile) -> bytes:
        """Serialise."""
        return self._slots.encode(state)

    def decode(self, data: bytes) -> Profile:
        """Deserialise, with the models that the present detections need; empty bytes are a new user."""
        return self._slots.decode(data)

    def _learn(
        self, plan: _Plan, state: Profile, item: Activity, shown: Iterable[_Shown], said: list[Statement]
    ) -> None:
        """Learn the activity's values, but those that are held, and say which are the first of their kind."""
        time, all_held = item.time, state.held
        if not state.count:
            said.append(telling.arrived(item, state.peers))
        # At an own address it is the user who mistypes, be there ever so many users behind it.
        if plan.logon and plan.addresses and state.values[ADDRESSES.name].get(item.ip) is None:
            told = _logon(state, item)
            if told is not None:
                said.append(told)
        for name, value, values, known, shared in shown:
            if all_held and (key := holding.held_key(name, value)) in all_held:
                learnt = holding.shown(all_held, key, values, value, time, self._hold)
                if learnt and shared:
                    said.append(telling.first(name, value, item, state.peers))
                continue
            if shared:
                if known is None:
                    said.append(telling.first(name, value, item, state.peers))
                elif time - known.last > RARE_PAUSE and known.count < RARE_SHARE * values.total:
                    said.append(telling.uncommon(name, value, item, state.peers))
            values.learn(value, time)

    def _own(self, plan: _Plan, state: Profile, item: Activity, user: UserView) -> list[Statement]:
        """What the engine itself put into the timeline: a count of what was not kept, an analyst's verdict."""
        if is_notice(item):
            if self._expire:
                self._lapse(state, item.time)
            state.ended = changed(state.ended, item)
            return []
        if not is_verdict(item):
            judges = plan.people.all
            return [said for _, _, context, evaluate in judges for said in evaluate(item, user, context)]
        given = read(item)
        said: list[Statement] = [telling.verdict(item, given.alert, given.verdict, given.detections, state.peers)]
        if not given.benign:
            holding.refuse(state.held, given.detections)
            return said
        if JUDGED_BY in given.detections:
            state.ended = None
        for key in holding.clear(state.held, state.values, self._values, given.detections, item.time):
            feature, _, value = key.partition("\0")
            if feature in self._shared:
                said.append(telling.first(feature, value, item, state.peers))
        return said

    def _lapse(self, state: Profile, time: int) -> None:
        """Forget what is too old at `time`, event time in ms: that the account was ended, or the whole user.

        Decided here by event time alone; that the store drops the user meanwhile changes nothing.
        """
        if state.ended is not None and time - state.ended.time > self._expire:
            state.ended = None
        if state.last >= 0 and time - state.last > self._expire:
            self._forget(state)

    def _forget(self, state: Profile) -> None:
        """Begin anew, but for the account's end, which is later than all else."""
        fresh = self.decode(b"")
        fresh.ended = state.ended
        for name in state.__struct_fields__:
            setattr(state, name, getattr(fresh, name))

    def _plans(self, contexts: Sequence[Context]) -> Plans:
        return {
            category: {outcome: self._plan(category, outcome, contexts) for outcome in Outcome} for category in Category
        }

    def _plan(self, category: Category, outcome: Outcome, contexts: Sequence[Context]) -> _Plan:
        done = has_succeeded(category, outcome)
        features = [feature for feature in self._features if feature.sees(category)]
        values = [feature for feature in features if isinstance(feature, ValuesFeature)]
        bits = {feature: 1 << place for place, feature in enumerate(values)}

        def judges(*, person: bool) -> _Judges:
            shown = [context for context in contexts if _shown(context.detection, category, done, person)]
            return _Judges.of(shown, bits)

        return _Plan(
            done=done,
            counting=tuple(feature.count for feature in features if feature.counts_in),
            learning=tuple(feature.learn for feature in features if feature.learns),
            values=tuple(
                (feature.name, feature.of, bit, done or feature.tried, not feature.present, feature.shared)
                for feature, bit in bits.items()
            ),
            people=judges(person=done),
            others=judges(person=False),
            logon=category is Category.FAILED_LOGON or (category is Category.LOGON and done),
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


def _bits(features: Iterable[ValuesFeature], bits: Mapping[ValuesFeature, int]) -> int:
    """Those of features; `_ANY` where there are none, or one is not looked at."""
    found = 0
    for feature in features:
        if feature not in bits:
            return _ANY
        found |= bits[feature]
    return found or _ANY


def _logon(state: Profile, item: Activity) -> Insight | None:
    """What a logon from an address that isn't the user's tells the tenant."""
    if item.category is Category.FAILED_LOGON:
        return telling.failed(state.failing, item, state.peers)
    return telling.entered(item, state.peers) if item.ip else None


def _judged(
    judges: Iterable[_Judge], news: int, state: Profile, item: Activity, user: UserView, once: frozenset[str]
) -> list[Statement]:
    """What the detections find; what their findings rest on is held back from the baseline, but for features `once`."""
    said: list[Statement] = []
    age = item.time - state.since
    for bits, term, context, evaluate in judges:
        if news and not bits & news:
            continue
        learning = age < term
        if learning and not context.detection.judged_by_others:
            continue
        if context.admits is not None and not context.admits(item):
            continue
        for finding in evaluate(item, user, context):
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
