"""What a key group's state does with its store: settling, writing ahead, letting go."""

from __future__ import annotations

from pathlib import Path

import pytest

from recovery.store import RETAINED, KeyGroupStore
from stateful.key_group import ASLEEP, KeyGroupState, Memory, Storage


def storage(memory: int = 1 << 30) -> Storage[list[bytes]]:
    """Entities that are lists of bytes."""
    return Storage(
        load=lambda data: [data or b""],
        dump=lambda entity: entity[0],
        wake=lambda _: ASLEEP,
        peek=lambda _: ASLEEP,
        memory=Memory(memory),
    )


def opened(folder: Path, group: int, memory: int = 1 << 30) -> tuple[KeyGroupState[list[bytes]], KeyGroupStore]:
    store = KeyGroupStore.open(folder, "profile", group, None, "c", 1)
    return KeyGroupState(storage(memory), store), store


def touch(state: KeyGroupState[list[bytes]], key: bytes, value: bytes) -> None:
    state.entity(key)[0] = value
    state.changed(key)
    state.ease()


@pytest.mark.parametrize("group", [0, 40, 127, 60_000])
def test_a_group_that_gets_one_batch_an_epoch_settles_too(tmp_path: Path, group: int) -> None:
    """Else its generations would never be given up: disk, index and start would grow for ever."""
    state, store = opened(tmp_path, group)
    for epoch in range(6 * RETAINED):
        touch(state, b"u", b"%d" % epoch)
        state.flush()
    held = store.token.generation - store._settled.generation
    store.close()
    assert held <= 4 * RETAINED
