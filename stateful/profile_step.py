"""The profile step: activities of a key group in, findings out. Keyed by key group; one timeline per user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
from bytewax.operators import StatefulBatchLogic

from activities.activity import Activity
from activities.batch import ActivityBatch
from recovery.store import KeyGroupStore
from recovery.token import Token
from stateful.ended import is_notice
from stateful.finding import Finding, FindingRevision, InsightRevision
from stateful.key_group import AT_ONCE, KeyGroupState, Storage
from stateful.messages import Counts, FindingBatch, Late, LateBatch
from stateful.models import DAY
from stateful.profile import OWN, Statement
from stateful.user import User
from windowing.timeline import Inserted, Revision
from windowing.watermark import END_OF_TIME, HOUR, GroupWatermark

Out = FindingBatch | LateBatch | Counts

TELL_EVERY = 6 * HOUR
"""ms of event time after which tenants are told how far a key group is sealed, where there is nothing else to tell."""


def user_key(activity: Activity) -> bytes:
    """A user's key inside its key group. NUL can't be part of a tenant: parsers replace control characters."""
    return f"{activity.tenant}\0{activity.user.id}".encode("utf-8", "replace")


class ProfileLogic(StatefulBatchLogic[ActivityBatch, Out, bytes]):
    """Bytewax's logic for one key group."""

    def __init__(
        self,
        storage: Storage[User],
        open_store: Callable[[int, Token | None], KeyGroupStore],
        partitions: Sequence[str],
        resume: bytes | None,
    ) -> None:
        """Begin or resume.

        Args:
            storage: how users are stored.
            open_store: opens a key group's store as of a token.
            partitions: all source partitions.
            resume: the token that `snapshot` returned.
        """
        self._storage, self._open_store, self._partitions = storage, open_store, partitions
        self._group = -1
        if resume is not None:
            token = Token.decode(resume)
            self._begin(token.key_group, token)

    def on_batch(self, values: list[ActivityBatch]) -> tuple[Iterable[Out], bool]:
        """Insert all, then say once what that means, then seal."""
        if self._group < 0:
            self._begin(values[0].group, None)
        state, meta = self._state, self._state.meta
        late: list[Late] = []
        touched: dict[bytes, User] = {}
        found, notices = dict.fromkeys(Inserted, 0), 0
        for batch in values:
            # Before any user is touched: a flood of late ones under forged names must not make users.
            keys = [None if _too_late(activity, meta.sealed) else user_key(activity) for activity in batch.activities]
            state.fetch(key for key in keys if key is not None)
            for key, activity in zip(keys, batch.activities, strict=True):
                inserted = Inserted.SEALED if key is None else self._insert(key, activity, touched)
                if activity.source == OWN and is_notice(activity):
                    # The activity that it was made of is counted where it went, or is late there.
                    notices += inserted is Inserted.TAKEN
                    continue
                found[inserted] += 1
                if inserted is Inserted.SEALED:
                    late.append(Late("its place in event time was sealed before it came", activity))
            self._watermark.advance(batch.partition, batch.watermark, idle=batch.idle)
            if batch.towards:
                meta.towards = sorted({*meta.towards, *batch.towards})
        said = _Said()
        for key, user in touched.items():
            user.mark()
            said.add(key, user.timeline.evaluate())
        for key in touched:
            state.changed(key)
        towards = self._seal(touched, said)
        state.ease()
        self._count("out", found[Inserted.TAKEN] + found[Inserted.CAPPED])
        self._count("duplicate", found[Inserted.DUPLICATE])
        self._count("late", found[Inserted.SEALED])
        self._count("capped", found[Inserted.CAPPED])
        if notices:
            self._count("notices", notices)
        meta.watermarks = self._watermark.stored()
        out: list[Out] = []
        if said.findings or said.insights or towards:
            out.append(FindingBatch(self._group, self._watermark.seal, said.findings, said.insights, towards))
        if late:
            out.append(LateBatch(late))
        if any(batch.last for batch in values):
            out.append(Counts(f"profile/{self._group:05d}", dict(meta.counts)))
        return out, StatefulBatchLogic.RETAIN

    def snapshot(self) -> bytes:
        """Write what changed; the token goes into Bytewax's recovery."""
        return self._state.flush().encode()

    def _begin(self, group: int, token: Token | None) -> None:
        self._group = group
        self._state = KeyGroupState(self._storage, self._open_store(group, token))
        self._watermark = GroupWatermark(self._partitions, self._state.meta.watermarks)

    def _insert(self, key: bytes, activity: Activity, touched: dict[bytes, User]) -> Inserted:
        user = touched.get(key)
        if user is None:
            user = touched[key] = self._state.entity(key)
        if activity.source == OWN and not is_notice(activity):
            earliest = max(self._state.meta.sealed, user.timeline.sealed_time + 1)
            if activity.time < earliest:
                activity = msgspec.structs.replace(activity, time=earliest)
        self._state.meta.newest = max(self._state.meta.newest, activity.time)
        return user.insert(activity)

    def _count(self, name: str, count: int) -> None:
        counts = self._state.meta.counts
        counts[name] = counts.get(name, 0) + count

    def _seal(self, touched: Iterable[bytes], said: _Said) -> tuple[int, ...]:
        """Seal the users whose time has come, and those that were touched.

        Returns:
            Key groups of tenants that are to be told how far this one is sealed.
        """
        seal, state, meta = self._watermark.seal, self._state, self._state.meta
        if seal <= meta.sealed:
            return ()
        # At the end of time only what is open is due: nothing open wakes more than a day after the newest activity.
        due = dict.fromkeys(state.due(min(seal, meta.newest + DAY)))
        if seal // DAY > meta.sealed // DAY and seal < END_OF_TIME and self._storage.expires:
            due.update(dict.fromkeys(state.past(seal)))
        due.update(dict.fromkeys(touched))
        keys = list(due)
        for start in range(0, len(keys), AT_ONCE):
            portion = keys[start : start + AT_ONCE]
            state.fetch(portion)
            for key in portion:
                user = state.entity(key)
                said.add(key, user.timeline.seal(seal))
                user.settle(seal)
                if seal < END_OF_TIME and user.expired(seal):
                    state.forget(key)
                    self._count("expired", 1)
                else:
                    state.changed(key)
            state.ease()
        tell = seal // TELL_EVERY > meta.sealed // TELL_EVERY
        if seal < END_OF_TIME:
            meta.sealed = seal
        return tuple(meta.towards) if tell else ()


def _too_late(activity: Activity, sealed: int) -> bool:
    """A verdict on what is sealed holds from there on: it can't come too late."""
    return activity.time < sealed and (activity.source != OWN or is_notice(activity))


class _Said:
    """What is sent on, collected."""

    def __init__(self) -> None:
        self.findings: list[FindingRevision] = []
        self.insights: list[InsightRevision] = []

    def add(self, key: bytes, revisions: Iterable[Revision[Statement]]) -> None:
        """Take in what a user's timeline said."""
        for revision in revisions:
            statement = revision.statement
            if isinstance(statement, Finding):
                self.findings.append(
                    FindingRevision(
                        finding=statement,
                        revision=revision.revision,
                        change=revision.change,
                        final=revision.final,
                        because=revision.because,
                        raised=revision.raised,
                    )
                )
            else:
                tenant, _, user = key.decode().partition("\0")
                self.insights.append(InsightRevision(tenant, user, statement, revision.change, revision.final))
