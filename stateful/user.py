"""A user as one entity of a key group: the timeline, the cap on it, and how both are stored."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TypeVar, cast

import msgspec

from activities.activity import Activity, Category, Object
from recovery.codec import Codec
from stateful.ended import is_notice
from stateful.finding import Finding, Insight
from stateful.key_group import ASLEEP, DECODED_BYTES, DECODED_FACTOR, WAKE, Memory, Storage
from stateful.open_log import OpenLog, StoredLog
from stateful.profile import CAP_REACHED, OWN, Profile, ProfileFold, Statement, prefer
from windowing.cap import HourlyCap
from windowing.timeline import Emitted, Inserted, Open, Timeline
from windowing.watermark import HOUR

USER_VERSION = 1

ACTIVITY_BYTES, EMITTED_BYTES = 1900, 2000
"""Memory that an open activity takes, about, with its place in the timeline and its share of checkpoints (measured);
and what was said of one."""

NOTICES_KEPT = 32
"""Changes of a user's account within an hour that are kept: whose log it is may forge them."""

LIVE_FROM = 3
"""Open activities with which a user who leaves memory takes the live state along, not to be folded again on return."""
PROCESS_BYTES = 8


@dataclass(frozen=True)
class Bounds:
    """What keeps a user's state bounded."""

    hourly_cap: int = 2000
    """Activities of one hour that are kept in detail."""
    expire: int = 0
    """ms of event time without activity after which a user is forgotten; 0: never."""


class User:
    """One user: what is open in event-time order, bounded, with its encoded form."""

    __slots__ = ("_bounds", "_cap", "_marked", "_notices", "log", "timeline")

    def __init__(
        self, timeline: Timeline[Profile, Activity, Statement], log: OpenLog, dropped: dict[int, int], bounds: Bounds
    ) -> None:
        self.timeline, self.log, self._bounds = timeline, log, bounds
        held = ((item.time, item.id) for item in timeline.open.log if item.source != OWN)
        self._cap = HourlyCap(bounds.hourly_cap, held, dropped)
        self._notices: HourlyCap | None = None
        self._marked: dict[int, Activity] = {}
        """Hours whose cap was passed since the last `mark`, with an activity of each."""

    @property
    def dropped(self) -> dict[int, int]:
        """Open hour -> how many of its activities are counted but not kept."""
        return self._cap.dropped

    @property
    def wake(self) -> int:
        """Event time, ms, at which sealing changes something; else when the user expires; `ASLEEP` if it never does."""
        wake = self.timeline.wake
        if wake is not None:
            return wake
        sealed = self.timeline.sealed_time
        return sealed + self._bounds.expire if self._bounds.expire and sealed >= 0 else ASLEEP

    def insert(self, activity: Activity) -> Inserted:
        """Take an activity in; call `mark` after the last of a batch."""
        timeline = self.timeline
        own = activity.source == OWN
        if own and not is_notice(activity):
            return timeline.insert(activity, prefer)
        cap = self._cap_of_notices() if own else self._cap
        old = timeline.find(activity.id)
        if old is not None:
            inserted = timeline.insert(activity, prefer)
            cap.moved(activity.id, old.time, (timeline.find(activity.id) or old).time)
            return inserted
        if timeline.is_sealed(activity):
            return Inserted.SEALED
        displaced = cap.offer(activity.time, activity.id)
        if displaced:
            if not own:
                self._marked[activity.time // HOUR] = activity
            if displaced == activity.id:
                return Inserted.CAPPED
            held = timeline.find(displaced)
            if held is not None:
                timeline.remove(held)
        timeline.insert(activity, prefer)
        return Inserted.CAPPED if displaced else Inserted.TAKEN

    def mark(self) -> None:
        """Put into each capped hour, at its end, an activity of our own that says how many were not kept."""
        for hour, example in self._marked.items():
            # No parser lets a NUL through, so no record can take this id.
            name, time = f"\0cap:{hour}", (hour + 1) * HOUR - 1
            old = self.timeline.find(name)
            if old is not None:
                self.timeline.remove(old)
            count = Object("activities not kept", "", self.dropped[hour])
            own = Activity(
                example.tenant,
                name,
                time,
                time,
                example.user,
                CAP_REACHED,
                Category.OTHER,
                objects=(count,),
                source=OWN,
            )
            self.timeline.insert(own, prefer)
        self._marked.clear()

    def settle(self, seal: int) -> None:
        """Forget the counts of sealed hours."""
        self._cap.settle(seal)
        if self._notices is not None:
            self._notices.settle(seal)

    def _cap_of_notices(self) -> HourlyCap:
        """Made when it is needed: few users ever get one."""
        if self._notices is None:
            log = self.timeline.open.log
            held = ((item.time, item.id) for item in log if item.source == OWN and is_notice(item))
            self._notices = HourlyCap(NOTICES_KEPT, held, {})
        return self._notices

    def expired(self, seal: int) -> bool:
        """Whether the user has been idle for so long that it is to be forgotten."""
        expire, timeline = self._bounds.expire, self.timeline
        return bool(expire) and timeline.wake is None and timeline.sealed_time + expire < seal


class UserDocument(msgspec.Struct, array_like=True, gc=False):
    """How a user is stored. A change of its shape needs a new version and a migration (docs/state.md)."""

    wake: int
    base: bytes
    sealed_time: int
    sealed_id: str
    log: StoredLog
    settled: dict[str, Finding]
    emitted: dict[str, Emitted[Finding]]
    dropped: dict[int, int] = {}
    settled_insights: dict[str, Insight] = {}
    emitted_insights: dict[str, Emitted[Insight]] = {}
    live: bytes = b""
    """A process's random id, then the timeline's live state. Of no use to another process: its code or settings may
    differ, and then the open activities are to be judged anew."""


S = TypeVar("S", Finding, Insight)


def _settled(kind: type[S], settled: dict[str, Statement]) -> dict[str, S]:
    return {uid: said for uid, said in settled.items() if isinstance(said, kind)} if settled else {}


def _emitted(kind: type[S], emitted: dict[str, Emitted[Statement]]) -> dict[str, Emitted[S]]:
    if not emitted:
        return {}
    return cast(
        "dict[str, Emitted[S]]", {uid: last for uid, last in emitted.items() if isinstance(last.statement, kind)}
    )


def user_codec() -> Codec[UserDocument]:
    """Encoding of users, with all migrations."""
    return Codec(UserDocument, USER_VERSION)


def user_storage(fold: ProfileFold, memory: Memory, bounds: Bounds | None = None) -> Storage[User]:
    """Storage of users."""
    codec, limits = user_codec(), bounds or Bounds()
    blank = fold.encode(fold.decode(b""))
    process = os.urandom(PROCESS_BYTES)

    def load(data: bytes | None) -> User:
        if data is None:
            return User(Timeline(fold, Open()), OpenLog(), {}, limits)
        stored = codec.decode(data)
        log, activities = OpenLog.load(stored.log)
        opened: Open[Activity, Statement] = Open(
            stored.base,
            stored.sealed_time,
            stored.sealed_id,
            activities,
            {**stored.settled, **stored.settled_insights},
            cast("dict[str, Emitted[Statement]]", {**stored.emitted, **stored.emitted_insights}),
        )
        live = stored.live[PROCESS_BYTES:] if stored.live.startswith(process) else b""
        return User(Timeline(fold, opened, live), log, stored.dropped, limits)

    def document(user: User) -> UserDocument:
        opened = user.timeline.open
        settled, emitted = opened.settled, opened.emitted
        return UserDocument(
            user.wake,
            opened.base,
            opened.sealed_time,
            opened.sealed_id,
            user.log.dump(opened.log),
            _settled(Finding, settled),
            _emitted(Finding, emitted),
            user.dropped,
            _settled(Insight, settled),
            _emitted(Insight, emitted),
        )

    def dump(user: User) -> bytes | None:
        opened = user.timeline.open
        if opened.base in (b"", blank) and not (opened.log or opened.emitted or opened.settled or user.dropped):
            return None  # Only notices of an account that was made or restored: of nobody that anything is known of.
        return codec.encode(document(user))

    def dump_leaving(user: User) -> bytes | None:
        if not user.timeline.open.log:
            return dump(user)
        stored = document(user)
        live = user.timeline.live if len(stored.log.rows) >= LIVE_FROM else b""
        if live:
            stored.live = process + live
        return codec.encode(stored)

    def wake(user: User) -> int:
        time = user.timeline.wake
        return ASLEEP if time is None else time

    def weight(user: User, _: int) -> int:
        base, items, emitted = user.timeline.sizes
        return DECODED_BYTES + DECODED_FACTOR * base + ACTIVITY_BYTES * items + EMITTED_BYTES * emitted

    return Storage(
        load,
        dump,
        wake,
        lambda data: codec.head(data, WAKE).wake,
        memory,
        expires=bool(limits.expire),
        weight=weight,
        dump_leaving=dump_leaving,
    )
