"""A user as one entity of a key group: the timeline, and how it is stored."""

from __future__ import annotations

import msgspec

from activities.activity import Activity
from recovery.codec import Codec
from stateful.finding import Finding
from stateful.key_group import ASLEEP, WAKE, Storage
from stateful.open_log import OpenLog, StoredLog
from stateful.profile import Profile, ProfileFold
from windowing.timeline import Emitted, Open, Timeline

USER_VERSION = 1


class User:
    """One user's timeline with the encoded form of its open log."""

    __slots__ = ("log", "timeline")

    def __init__(self, timeline: Timeline[Profile, Activity, Finding], log: OpenLog) -> None:
        self.timeline, self.log = timeline, log

    @property
    def wake(self) -> int:
        """Event time, ms, at which sealing changes something; `ASLEEP` if nothing is open."""
        wake = self.timeline.wake
        return ASLEEP if wake is None else wake


class UserDocument(msgspec.Struct, array_like=True):
    """How a user is stored. A change of its shape needs a new version and a migration (docs/state.md)."""

    wake: int
    base: bytes
    sealed_time: int
    sealed_id: str
    log: StoredLog
    settled: dict[str, Finding]
    emitted: dict[str, Emitted[Finding]]


def user_codec() -> Codec[UserDocument]:
    """Encoding of users, with all migrations."""
    return Codec(UserDocument, USER_VERSION)


def user_storage(fold: ProfileFold, memory: int) -> Storage[User]:
    """Storage of users; `memory` in bytes of stored form per key group."""
    codec = user_codec()

    def load(data: bytes | None) -> User:
        if data is None:
            return User(Timeline(fold, Open()), OpenLog())
        stored = codec.decode(data)
        log, activities = OpenLog.load(stored.log)
        opened = Open(stored.base, stored.sealed_time, stored.sealed_id, activities, stored.settled, stored.emitted)
        return User(Timeline(fold, opened), log)

    def dump(user: User) -> bytes:
        opened = user.timeline.open
        log = user.log.dump(opened.log)
        return codec.encode(
            UserDocument(
                user.wake, opened.base, opened.sealed_time, opened.sealed_id, log, opened.settled, opened.emitted
            )
        )

    return Storage(load, dump, lambda user: user.wake, lambda data: codec.head(data, WAKE).wake, memory)
