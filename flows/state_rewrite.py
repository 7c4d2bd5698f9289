"""Changing a state between runs: migrating documents, and forgetting a user.

A change is a commit like any other: a new generation of the key group's store. Bytewax must then resume from the new
token, so each change is two steps, in this order:

1. the store commits the generation, synced; the one that Bytewax resumes from stays restorable beside it;
2. the token in the recovery partition is replaced, one row in one synced transaction.

A crash before 2 leaves the old token: the next run, or the command run again, drops the generation as it drops those of
a crashed run. Key groups don't depend on one another, so each may be before or after: a crash at any point leaves a
state that is whole, of which some key groups are done. All of it needs the state directory's lock.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import unified_diff
from pathlib import Path
from typing import Any

import msgspec

from activities.batch import key_group_of
from flows.sources.intake import key_of
from flows.state_documents import ENTITY, META, Documents, old_thread_prefix, owner_of, thread_of, user_prefix
from flows.state_reader import STORES, StateReader
from recovery import partitions, rocks, stamp
from recovery.backup import STAGE
from recovery.committed import amend, committed
from recovery.store import KeyGroupStore
from recovery.transfer import working_directory
from stateful.agenda import AGENDA, NOTES_CODEC, Notes
from stateful.correlation import documents as correlation
from stateful.correlation.erase import erase
from stateful.key_group import Memory

CHUNK = 8 << 20
"""Bytes of documents that are migrated in one generation, about."""
WIDTH = 100
"""Characters of a line of the example."""


class Old(msgspec.Struct, frozen=True):
    """Documents of an old version."""

    kind: str
    version: int
    current: int
    count: int


class Plan(msgspec.Struct, frozen=True):
    """What a migration changes."""

    documents: int
    """Looked at."""
    stale: int
    """Of them, those to be rewritten."""
    old: list[Old]
    """A user that is current may hold a profile that is not: both kinds are counted."""
    example: str
    """One document before and after, as a unified diff of JSON; "" where nothing changes."""


def plan(reader: StateReader, documents: Documents) -> Plan:
    """What `migrate` would do.

    Raises:
        StateError: the state can't be used, or a document can't be migrated.
    """
    current = documents.current()
    found: Counter[tuple[str, int]] = Counter()
    count = stale = 0
    example = ""
    for step in STORES:
        for group in reader.groups(step):
            with reader.open(step, group) as store:
                for key, data in store.scan():
                    count += 1
                    versions = documents.versions(step, key, data)
                    old = {kind: version for kind, version in versions.items() if version != current[kind]}
                    found.update(old.items())
                    if old:
                        stale += 1
                        # Migrated each, so that one that can't be is known before anything is changed.
                        renewed = documents.renewed(step, key, data)
                        example = example or _diff(documents, step, key, data, renewed)
    listed = [Old(kind, version, current[kind], number) for (kind, version), number in sorted(found.items())]
    return Plan(count, stale, listed, example)


def migrate(state: Path, documents: Documents, schema: int) -> int:
    """Rewrite all documents of old versions; return how many. May be interrupted and run again.

    Args:
        state: the state directory, locked.
        documents: all kinds.
        schema: the newest version of documents, as a run passes it to its stores.

    Raises:
        StateError: the state can't be used; what was done is done.
    """
    current = documents.current()
    count = 0
    cluster = _begin(state)
    for step in STORES:
        for group, token in sorted(committed(state).tokens(step).items()):
            store = KeyGroupStore.open(state, step, group, token, cluster, schema)
            try:
                changes: dict[bytes, bytes | None] = {}
                size = 0
                for key, data in store.scan():
                    versions = documents.versions(step, key, data)
                    if any(version != current[kind] for kind, version in versions.items()):
                        renewed = changes[key] = documents.renewed(step, key, data)
                        size += len(renewed)
                    if size >= CHUNK:
                        _commit(state, step, store, changes)
                        count, changes, size = count + len(changes), {}, 0
                _commit(state, step, store, changes)
                count += len(changes)
            finally:
                store.close()
    return count


class Forgotten(msgspec.Struct, frozen=True):
    """What was erased."""

    documents: int
    bytes: int


def forget(state: Path, tenant: str, user: str, schema: int) -> Forgotten:
    """Erase a user's documents, then all older generations that held them, then their bytes in RocksDB's files.

    Also where there are none: a crash between erasing and the rest is got over by running it again.

    Args:
        state: the state directory, locked.
        tenant: exactly as stored.
        user: exactly as stored.
        schema: the newest version of documents, as a run passes it to its stores.

    Raises:
        LockedError: a backup is being made.
        StateError: the state can't be used.
    """
    # A backup that was killed has left links to tables there; one that is being made would.
    with working_directory(state / STAGE, "backup"):
        return _forget(state, tenant, user, schema)


def _forget(state: Path, tenant: str, user: str, schema: int) -> Forgotten:
    cluster = _begin(state)
    groups = stamp.read(state).key_groups
    home = key_group_of(tenant, user, groups)
    places = (
        ("profile", home, (user_prefix(tenant),)),
        ("correlate", key_group_of(tenant, "", groups), (thread_of(tenant, user), old_thread_prefix(tenant, home))),
    )
    count = size = 0
    for step, group, prefixes in places:
        token = committed(state).tokens(step).get(group)
        if token is None or not token.generation:
            continue
        # With one generation retained, each commit lets go of all before the present one, for good.
        store = KeyGroupStore.open(state, step, group, token, cluster, schema, retain_generations=1)
        try:
            erased = {
                key: len(data)
                for prefix in prefixes
                for key, data in store.scan(prefix)
                if (owner := owner_of(step, key)) is not None and owner[:2] == (tenant, user)
            }
            count, size = count + len(erased), size + sum(erased.values())
            scrubbed = _scrubbed(store, tenant, user) if step == "correlate" else {}
            _commit(state, step, store, {**dict.fromkeys(erased), **scrubbed, **_without(store, erased)})
            # Another generation, so that the one in which the user was last there is let go of, too.
            _commit(state, step, store, {META: store.get(META)})
        finally:
            store.close()
        rocks.compact(store.path)
    return Forgotten(count, size)


def _scrubbed(store: KeyGroupStore, tenant: str, user: str) -> dict[bytes, bytes | None]:
    """What is kept of many users of a tenant, without one of them."""
    stored = correlation.storage(Memory(0))
    changes: dict[bytes, bytes | None] = {}
    for key, data in store.scan(ENTITY):
        owner = owner_of("correlate", key)
        if owner is not None and owner.tenant == tenant and owner.about:
            body = stored.loaded(key[len(ENTITY) :], data)
            if erase(body, user):
                changes[key] = stored.dump(body)
    return changes


def _without(store: KeyGroupStore, erased: Iterable[bytes]) -> dict[bytes, bytes | None]:
    """Changes to the notes of when to seal whom, so that they name nobody who is erased."""
    keys = {key[len(ENTITY) :] for key in erased}
    changes: dict[bytes, bytes | None] = {}
    for row, data in store.scan(AGENDA):
        notes = NOTES_CODEC.decode(data).keys
        if not keys.isdisjoint(notes):
            left = [key for key in notes if key not in keys]
            changes[row] = NOTES_CODEC.encode(Notes(left)) if left else None
    return changes


def _begin(state: Path) -> str:
    """Make the recovery partitions fit to be changed; return the cluster's id."""
    stamped = stamp.read(state)
    partitions.check(state / stamp.RECOVERY, stamped.partitions)
    partitions.discard_unfinished(state / stamp.RECOVERY, stamped.partitions)
    return stamped.cluster_id


def _commit(state: Path, step: str, store: KeyGroupStore, changes: Mapping[bytes, bytes | None]) -> None:
    if changes:
        amend(state, step, key_of(store.token.key_group), store.commit(changes).encode())


def _diff(documents: Documents, step: str, key: bytes, before: bytes, after: bytes) -> str:
    owner = owner_of(step, key)
    name = " ".join([step, *filter(None, owner[:3])] if owner else [step, "meta"])
    old, new = (list(_lines(documents.plain(step, key, data), "")) for data in (before, after))
    return "\n".join(unified_diff(old, new, name, "migrated", n=2, lineterm=""))


def _lines(value: Any, indent: str, label: str = "", end: str = "") -> Iterator[str]:
    """JSON, in which what fits a line is one."""
    whole = msgspec.json.format(msgspec.json.encode(value), indent=0).decode()
    if len(whole) <= WIDTH or not isinstance(value, Mapping | list):
        yield f"{indent}{label}{whole}{end}"
        return
    if named := isinstance(value, Mapping):
        items = [(f"{json.dumps(str(key))}: ", item) for key, item in value.items()]
    else:
        items = [("", item) for item in value]
    yield f"{indent}{label}{'{' if named else '['}"
    for number, (name, item) in enumerate(items, 1):
        yield from _lines(item, indent + " ", name, "," if number < len(items) else "")
    yield f"{indent}{'}' if named else ']'}{end}"
