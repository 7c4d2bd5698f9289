"""How large a state is, and what it consists of."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from heapq import nlargest
from pathlib import Path
from statistics import median

import msgspec

from flows.state_documents import Documents, owner_of
from flows.state_reader import STORES, StateReader

LARGEST = 10
"""Users that are listed."""


class Spread(msgspec.Struct, frozen=True):
    """Least, middle and greatest of the key groups that hold anything."""

    least: float = 0
    median: float = 0
    most: float = 0


class StepStats(msgspec.Struct, frozen=True):
    """One step's stores. Sizes are bytes."""

    key_groups: int
    """That hold anything."""
    documents: int
    size: int
    """Of the documents as encoded."""
    size_per_group: Spread
    documents_per_group: Spread
    generations: Spread
    """Commits so far."""
    disk: int


class UserSize(msgspec.Struct, frozen=True):
    """A user by size."""

    tenant: str
    user: str
    size: int
    open_activities: int


class Stats(msgspec.Struct, frozen=True):
    """All of it. Sizes are bytes."""

    epoch: int
    tenants: int
    users: int
    open_activities: int
    users_with_open: int
    threads: int
    steps: dict[str, StepStats]
    largest: list[UserSize]
    versions: dict[str, dict[int, int]]
    """Kind of document -> schema version -> how many."""
    disk: dict[str, int]
    """Of each directory in the state directory; "" for the files beside them."""


def measure(reader: StateReader, documents: Documents) -> Stats:
    """Read every document.

    Raises:
        StateError: the state can't be used.
    """
    versions: dict[str, Counter[int]] = {}
    users: list[UserSize] = []
    steps: dict[str, StepStats] = {}
    tenants: set[str] = set()
    user_count = open_count = with_open = 0
    disk = _disk(reader.state)
    for step in STORES:
        counts, sizes, generations = [], [], []
        for group in reader.groups(step):
            count = size = 0
            with reader.open(step, group) as store:
                generations.append(store.token.generation)
                for key, data in store.scan():
                    count, size = count + 1, size + len(data)
                    for kind, version in documents.versions(step, key, data).items():
                        versions.setdefault(kind, Counter())[version] += 1
                    owner = owner_of(step, key)
                    if step == "profile" and owner is not None:
                        opened = len(documents.user.decode(data).log.rows)
                        users.append(UserSize(owner.tenant, owner.user, len(data), opened))
                        tenants.add(owner.tenant)
                        user_count, open_count, with_open = (
                            user_count + 1,
                            open_count + opened,
                            with_open + (opened > 0),
                        )
            users = nlargest(LARGEST, users, key=lambda user: (user.size, user.tenant, user.user))
            counts.append(count)
            sizes.append(size)
        spreads = _spread(sizes), _spread(counts), _spread(generations)
        steps[step] = StepStats(len(counts), sum(counts), sum(sizes), *spreads, disk.get(step, 0))
    return Stats(
        epoch=reader.committed.epoch,
        tenants=len(tenants),
        users=user_count,
        open_activities=open_count,
        users_with_open=with_open,
        threads=sum(versions.get("thread", Counter()).values()),
        steps=steps,
        largest=users,
        versions={kind: dict(sorted(found.items())) for kind, found in sorted(versions.items())},
        disk=disk,
    )


def _spread(values: Sequence[int]) -> Spread:
    return Spread(min(values), median(values), max(values)) if values else Spread()


def _disk(state: Path) -> dict[str, int]:
    """Bytes of files; a run may delete some meanwhile."""
    sizes: dict[str, int] = {}
    for directory, _, names in os.walk(state):
        parts = Path(directory).relative_to(state).parts
        for name in names:
            try:
                size = (Path(directory) / name).stat().st_size
            except FileNotFoundError:
                continue
            sizes[parts[0] if parts else ""] = sizes.get(parts[0] if parts else "", 0) + size
    return dict(sorted(sizes.items()))
