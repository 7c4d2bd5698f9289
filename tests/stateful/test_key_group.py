"""What a key group's state does with its store: settling, writing ahead, letting go, writing together."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.errors import StateError
from recovery.store import RETAINED, KeyGroupStore
from recovery.token import Token
from stateful.key_group import ASLEEP, DECODED_BYTES, KeyGroupState, Memory, Storage

Entity = list[bytes]
"""What is stored of it."""


def storage(memory: Memory) -> Storage[Entity]:
    return Storage(
        load=lambda data: [data or b""],
        dump=lambda entity: entity[0] or None,
        wake=lambda _: ASLEEP,
        peek=lambda _: ASLEEP,
        memory=memory,
    )


def opened(
    folder: Path, group: int, kind: Storage[Entity], token: Token | None = None
) -> tuple[KeyGroupState[Entity], KeyGroupStore]:
    store = KeyGroupStore.open(folder, "profile", group, token, "c", 1)
    return KeyGroupState(kind, store), store


def touch(state: KeyGroupState[Entity], key: bytes, value: bytes) -> None:
    state.entity(key)[0] = value
    state.changed(key)
    state.ease()


def stored(state: KeyGroupState[Entity]) -> dict[bytes, bytes]:
    return {key: entity[0] for key, entity in state.scan()}


KEYS = st.integers(0, 9).map(lambda number: b"%d" % number)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.lists(KEYS, min_size=1, max_size=6)),
        st.tuples(st.just("look"), st.lists(KEYS, min_size=1, max_size=3)),
        st.tuples(st.just("forget"), KEYS),
        st.tuples(st.just("flush"), st.none()),
        st.tuples(st.just("restart"), st.none()),
    ),
    max_size=40,
)


@given(OPERATIONS, st.sampled_from([0, 2 * DECODED_BYTES, 5 * DECODED_BYTES, 1 << 30]))
def test_it_is_a_dict_whatever_the_memory(operations: list[tuple[str, object]], limit: int) -> None:
    """A batch changes some entities, looks at others without a change; a restart loses what was not flushed."""
    with tempfile.TemporaryDirectory() as folder:
        kind = storage(Memory(limit))
        state, store = opened(Path(folder), 3, kind)
        now, saved, token = dict[bytes, bytes](), dict[bytes, bytes](), None
        for number, (what, keys) in enumerate(operations):
            if what == "change":
                assert isinstance(keys, list)
                state.fetch(keys[:3])
                for key in keys:
                    entity = state.entity(key)
                    assert entity[0] == now.get(key, b"")
                    entity[0] = now[key] = b"%d" % number
                    state.changed(key)
                state.ease()
            elif what == "look":
                assert isinstance(keys, list)
                assert [state.entity(key)[0] for key in keys] == [now.get(key, b"") for key in keys]
                state.ease()
            elif what == "forget":
                assert isinstance(keys, bytes)
                state.entity(keys)
                state.forget(keys)
                now.pop(keys, None)
                state.ease()
            elif what == "flush":
                token, saved = state.flush(), dict(now)
                assert stored(state) == now
            else:
                store.close()
                state, store = opened(Path(folder), 3, storage(Memory(limit)), token)
                now = dict(saved)
        state.flush()
        assert stored(state) == now
        store.close()


@pytest.mark.parametrize("group", [0, 40, 127, 60_000])
def test_a_group_that_gets_one_batch_an_epoch_settles_too(tmp_path: Path, group: int) -> None:
    """Else its generations would never be given up: disk, index and start would grow for ever."""
    state, store = opened(tmp_path, group, storage(Memory(1 << 30)))
    for epoch in range(6 * RETAINED):
        touch(state, b"u", b"%d" % epoch)
        state.flush()
    held = store.token.generation - store._settled.generation
    store.close()
    assert held <= 4 * RETAINED


def test_who_comes_once_does_not_drive_out_who_comes_again(tmp_path: Path) -> None:
    """Ten busy entities, then a thousand that come once: the busy ones are never loaded again."""
    kind, loads = storage(Memory(20 * DECODED_BYTES)), list[bytes | None]()

    def load(data: bytes | None) -> Entity:
        loads.append(data)
        return [data or b""]

    object.__setattr__(kind, "load", load)
    state, store = opened(tmp_path, 0, kind)
    busy = [b"busy%d" % number for number in range(10)]
    for number in range(1000):
        touch(state, b"once%d" % number, b"1")
        touch(state, busy[number % 10], b"busy")
        assert state._memory.held <= 20 * DECODED_BYTES
    # At first there is room for all; what fills it then has to leave once.
    assert loads.count(b"busy") <= len(busy)
    store.close()


def test_groups_of_a_worker_are_written_together_and_each_has_its_token(tmp_path: Path) -> None:
    kind = storage(Memory(1 << 30))
    groups = [opened(tmp_path, group, kind) for group in range(20)]
    for number, (state, _) in enumerate(groups):
        if number % 2:
            touch(state, b"u", b"%d" % number)
    tokens = [state.flush() for state, _ in groups]
    assert [token.generation for token in tokens] == [number % 2 for number in range(20)]
    assert [state.flush() for state, _ in groups] == tokens
    for _, store in groups:
        store.close()
    for number, token in enumerate(tokens):
        state, store = opened(tmp_path, number, kind, token)
        assert stored(state) == ({b"u": b"%d" % number} if number % 2 else {})
        store.close()


def test_a_group_that_cannot_be_synced_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = storage(Memory(1 << 30))
    (one, first), (other, second) = opened(tmp_path, 0, kind), opened(tmp_path, 1, kind)
    touch(one, b"u", b"1")
    touch(other, b"u", b"1")

    def fail() -> None:
        raise StateError(second.path, "the file system to serve the store", "No space left on device", "Free some.")

    monkeypatch.setattr(second, "sync", fail)
    with pytest.raises(StateError, match="No space left"):
        one.flush()
    first.close()
    second.close()


def test_a_group_is_written_whatever_thread_asks(tmp_path: Path) -> None:
    """Bytewax's worker threads are not Python's: what is local to a thread is gone at the next call."""
    made: list[tuple[KeyGroupState[Entity], KeyGroupStore]] = []
    thread = threading.Thread(target=lambda: made.append(opened(tmp_path, 0, storage(Memory(1 << 30)))))
    thread.start()
    thread.join()
    state, store = made[0]
    touch(state, b"u", b"1")
    assert state.flush().generation == 1
    store.close()


def test_a_group_that_took_more_when_there_was_enough_gives_it_back(tmp_path: Path) -> None:
    memory = Memory(12 * DECODED_BYTES)
    kind = storage(memory)
    (first, _), (second, _) = opened(tmp_path, 1, kind), opened(tmp_path, 2, kind)
    for state in (first, second):
        for number in range(10):
            touch(state, b"%d" % number, b"x")
            assert memory.held <= memory.limit
    first.flush()
    assert len(stored(first)) == len(stored(second)) == 10
