"""Proving a state: every store opens at its token, every document decodes and is where it belongs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from activities.batch import key_group_of
from flows.state_documents import ENTITY, META, Documents, owner_of
from flows.state_reader import STORES, StateReader
from recovery import rocks
from recovery.errors import StateError
from recovery.history import read_history
from recovery.layout import KEYS, RECENT, Identity, Keys, content_digest, generation_key, store_path, value_digest
from recovery.store import KeyGroupStore
from stateful.agenda import AGENDA, NEVER, hour_of
from stateful.correlation.keys import SCOPE
from stateful.correlation.legacy import GROUP_BYTES
from stateful.key_group import ASLEEP
from stateful.open_log import OpenLog
from stateful.profile_step import user_key
from windowing.watermark import HOUR

LISTED = 100
"""Problems that are kept; all are counted."""


class Verdict(msgspec.Struct):
    """What was looked at, and what is wrong with it."""

    epoch: int
    stores: int = 0
    generations: int = 0
    """Whose content was proved against its checksum: those that can still be taken back."""
    documents: dict[str, int] = {}
    """By kind."""
    bytes: int = 0
    unclaimed: list[str] = []
    """Stores on disk that nothing is committed of: a run crashed before its first snapshot, or keeps recovery elsewhere
    (`bytewax.run -r`)."""
    problem_count: int = 0
    problems: list[str] = []
    """The first of them."""

    def add(self, problem: str) -> None:
        """Count a problem."""
        self.problem_count += 1
        if len(self.problems) < LISTED:
            self.problems.append(problem)


def verify(reader: StateReader, documents: Documents) -> Verdict:
    """Look at everything that the next run could touch.

    Raises:
        StateError: there is nothing to look at: the stamp or the recovery partitions can't be used.
    """
    verdict = Verdict(reader.committed.epoch)
    groups = reader.stamp.key_groups
    for step in STORES:
        for group, token in sorted(reader.committed.tokens(step).items()):
            path = store_path(reader.state, step, group)
            if group != token.key_group or not group < groups:
                verdict.add(f"{path}: expected a key group below {groups}; found the token of {token.key_group}")
            elif token.generation:
                try:
                    with reader.open(step, group) as store:
                        verdict.stores += 1
                        for problem in _store(reader, documents, step, store, verdict):
                            verdict.add(f"{path}: {problem}")
                except StateError as error:
                    verdict.add(str(error))
        claimed = {f"{group:05d}" for group in reader.groups(step)}
        found = (reader.state / step).iterdir() if (reader.state / step).exists() else ()
        verdict.unclaimed += sorted(str(path) for path in found if path.name not in claimed)
    return verdict


def _store(
    reader: StateReader, documents: Documents, step: str, store: KeyGroupStore, verdict: Verdict
) -> Iterator[str]:
    noted, wanted = dict[bytes, int](), dict[bytes, int]()
    for key, data in store.scan():
        verdict.bytes += len(data)
        try:
            for kind in documents.versions(step, key, data):
                verdict.documents[kind] = verdict.documents.get(kind, 0) + 1
            yield from _document(reader, documents, step, store.token.key_group, key, data)
            _note_sealing(documents, step, key, data, noted, wanted)
        except StateError as error:
            yield f"{key!r:.200}: {error}"
        except Exception as error:  # noqa: BLE001  a damaged document breaks what reads it in any way
            yield f"{key!r:.200}: expected a sound document; found {error!r:.200}"
    for key, hour in wanted.items():
        if noted.get(key, NEVER) > hour:
            yield f"{key!r:.200}: expected a note to seal it in hour {hour} or before; found none"
    store.close()
    owner = Identity(reader.stamp.cluster_id, step, store.token.key_group)
    yield from _contents(store.path, owner, verdict)


def _note_sealing(
    documents: Documents, step: str, key: bytes, data: bytes, noted: dict[bytes, int], wanted: dict[bytes, int]
) -> None:
    """Collect by when what is open has to be sealed, and for when it is noted; hours since 1970."""
    if key.startswith(AGENDA):
        hour = hour_of(key, _scope(step, key))
        for entity in documents.notes.decode(data).keys:
            noted[ENTITY + entity] = min(noted.get(ENTITY + entity, NEVER), hour)
    elif key.startswith(ENTITY) and step == "profile":
        user = documents.user.decode(data)
        if user.log.rows or user.emitted:
            wanted[key] = user.wake // HOUR
    elif key.startswith(ENTITY):
        wake = documents.wake(step, key, data)
        if wake != ASLEEP:
            wanted[key] = wake // HOUR


def _scope(step: str, key: bytes) -> bytes:
    """What the notes of a row are about (stateful/agenda.py)."""
    if step != "correlate":
        return b""
    scoped = key[len(AGENDA) :]
    return SCOPE if scoped.startswith(SCOPE) else scoped[:GROUP_BYTES]


def _document(
    reader: StateReader, documents: Documents, step: str, group: int, key: bytes, data: bytes
) -> Iterator[str]:
    owner = owner_of(step, key)
    if owner is None:
        (documents.meta if key == META else documents.notes).decode(data)
        return
    groups = reader.stamp.key_groups
    home = key_group_of(owner.tenant, owner.user, groups)
    if step == "profile":
        if home != group:
            yield f"{key!r:.200}: expected in key group {home}, where user and tenant hash to"
        yield from _user(documents, key, data)
        return
    documents.wake(step, key, data)
    tenant_home = key_group_of(owner.tenant, "", groups)
    if tenant_home != group:
        yield f"{key!r:.200}: expected in key group {tenant_home}, where the tenant hashes to"
    if owner.about:
        return
    if owner.group not in (-1, home):
        yield f"{key!r:.200}: expected findings of key group {home}, where user and tenant hash to"
    thread = documents.thread.decode(data).thread
    said: list[Any] = [revision.finding for revision in thread.findings.values()]
    for statement in [*said, *thread.alerts.values()]:
        if (statement.tenant, statement.user.id) != (owner.tenant, owner.user):
            yield f"{key!r:.200}: expected its own findings; found {statement.uid} of {statement.user.id!r:.80}"


def _user(documents: Documents, key: bytes, data: bytes) -> Iterator[str]:
    document = documents.user.decode(data)
    if document.base:
        documents.profile.decode(document.base)
    _, activities = OpenLog.load(document.log)
    at = document.sealed_time, document.sealed_id
    for activity in activities:
        if (activity.time, activity.id) <= at:
            yield f"{key!r:.200}: expected open activities in order, after those sealed; found {activity.id!r:.80}"
        if key[1:] != user_key(activity):
            yield f"{key!r:.200}: expected its own activities; found {activity.id!r:.80} of {activity.user.id!r:.80}"
        at = activity.time, activity.id
    for emitted in document.emitted.values():
        finding = emitted.statement
        if (finding.tenant, finding.user.id) != key[1:].decode("utf-8", "replace").partition("\0")[::2]:
            yield f"{key!r:.200}: expected its own findings; found {finding.uid} of {finding.user.id!r:.80}"


def _contents(path: Path, owner: Identity, verdict: Verdict) -> Iterator[str]:
    """Compare what each generation holds with its checksum. Of settled ones only RocksDB's own checksums are left."""
    database = rocks.open_database(path, create=False)
    try:
        history = read_history(database, path, owner)
        for generation, header in enumerate(history.headers, history.settled.generation + 1):
            verdict.generations += 1
            keys = msgspec.msgpack.decode(database.get(generation_key(KEYS, generation)) or b"", type=Keys)
            row = generation_key(RECENT, generation)
            values = [database.get(row + key) for key in keys.changed]
            if content_digest(keys, [value_digest(value) for value in values if value is not None]) != header.content:
                yield f"expected generation {generation} to have the content of its checksum; found another"
    finally:
        database.close()
