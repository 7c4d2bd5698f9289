"""The packed index of what changed lately, against a dict."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery import recent as recent_module
from recovery.recent import Recent
from recovery.store import KeyGroupStore

KEYS = st.integers(0, 40).map(lambda number: b"%d" % number)


@given(st.lists(st.lists(st.tuples(KEYS, st.booleans()), max_size=12), max_size=30), st.data())
def test_it_is_a_dict(generations: list[list[tuple[bytes, bool]]], data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recent_module, "LOOSE", data.draw(st.sampled_from([1, 5, 10_000])))
        recent, model = Recent(), dict[bytes, int]()
        for generation, changes in enumerate(generations, 1):
            changed = {key: -generation if deleted else generation for key, deleted in changes}
            recent.update(changed.items())
            model |= changed
            if generation % 7 == 0:
                recent.drop(generation - 4)
                model = {key: at for key, at in model.items() if abs(at) > generation - 4}
        for number in range(41):
            assert recent.get(b"%d" % number) == model.get(b"%d" % number)
        assert recent.keys() in (None, model)


def test_a_key_with_the_hash_of_another_has_its_own_value(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_module, "_hash", len)
    monkeypatch.setattr(recent_module, "LOOSE", 1)
    store = KeyGroupStore.open(tmp_path_factory.mktemp("state"), "profile", 0, None, "c", 1, retain_generations=1)
    store.commit({b"old": b"1", b"bad": b"2"})
    for number in range(3):
        store.commit({b"new": b"%d" % number})
    assert [store.get(key) for key in (b"old", b"bad", b"new", b"nil")] == [b"1", b"2", b"2", None]
    store.commit({b"new": None})
    assert [store.get(key) for key in (b"old", b"bad", b"new", b"nil")] == [b"1", b"2", None, None]
    store.close()
