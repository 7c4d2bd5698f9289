"""Copies of a store that another process commits to as fast as it can: each is exactly what its token says."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recovery import live_store
from recovery.errors import CorruptStoreError, GenerationGoneError, StateError
from recovery.layout import Identity, store_path
from recovery.live_store import copy_proved, files_of
from recovery.store import KeyGroupStore
from recovery.token import Token

KEYS = 400
CHANGED = 120

# What generation g changes is a function of g, so that the parent knows every state without being told. Half a write
# buffer in four generations: tables and logs come and go by the second.
CHANGES = f"""
import random
def changes(generation):
    source = random.Random(generation)
    keys = source.sample(range({KEYS}), {CHANGED})
    return {{b"%d" % key: source.choice([None, source.randbytes(2000)]) for key in keys}}
"""
CHILD = (
    CHANGES
    + """
import sys
from pathlib import Path
from recovery.store import KeyGroupStore
store = KeyGroupStore.open(Path(sys.argv[1]), "profile", 0, None, "cluster", 1, retain_generations=64)
while True:
    print(store.commit(changes(store.token.generation + 1)).encode().hex(), flush=True)
"""
)
OWNER = Identity("cluster", "profile", 0)


class Expected:
    """The documents of each generation, in rising order."""

    def __init__(self) -> None:
        scope: dict[str, Callable[[int], dict[bytes, bytes | None]]] = {}
        exec(CHANGES, scope)
        self._changes = scope["changes"]
        self._generation = 0
        self._documents: dict[bytes, bytes] = {}

    def __call__(self, generation: int) -> dict[bytes, bytes]:
        while self._generation < generation:
            self._generation += 1
            for key, value in self._changes(self._generation).items():
                self._documents.pop(key, None)
                if value is not None:
                    self._documents[key] = value
        return self._documents


def test_copies_under_load_are_exact(tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    latest: list[Token] = []
    heard = threading.Event()
    expected = Expected()
    command = [sys.executable, "-c", CHILD, str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = child.stdout

        def follow() -> None:
            for line in lines:
                if line.endswith("\n"):
                    latest[:] = [Token.decode(bytes.fromhex(line))]
                    heard.set()

        threading.Thread(target=follow, daemon=True).start()
        assert heard.wait(30)
        exact = 0
        end = time.monotonic() + 5
        while time.monotonic() < end or exact < 5:
            (token,) = latest
            try:
                copy_proved(store_path(source, "profile", 0), store_path(copy, "profile", 0), OWNER, token)
            except GenerationGoneError:  # this process was kept waiting for 64 commits
                continue
            store = KeyGroupStore.open(copy, "profile", 0, token, "cluster", 1)
            assert dict(store.scan()) == expected(token.generation)
            store.close()
            exact += 1
        child.kill()
    assert latest[0].generation > 20


def made(directory: Path, generations: int) -> Token:
    expected = Expected()
    store = KeyGroupStore.open(directory, "profile", 0, None, "cluster", 1)
    for generation in range(1, generations + 1):
        store.commit(expected._changes(generation))
    store.close()
    return store.token


def test_a_copy_of_a_store_at_rest_shares_its_tables(tmp_path: Path) -> None:
    token = made(tmp_path / "s", 30)
    source, target = store_path(tmp_path / "s", "profile", 0), store_path(tmp_path / "c", "profile", 0)
    before = {path.name: path.read_bytes() for path in files_of(source)}
    assert copy_proved(source, target, OWNER, token) == 0
    for path in files_of(target):
        if path.suffix == ".sst":
            assert path.samefile(source / path.name)
    KeyGroupStore.open(tmp_path / "c", "profile", 0, token, "cluster", 1).commit({b"k": b"v"})
    assert {path.name: path.read_bytes() for path in files_of(source)} == before


def test_without_hard_links_it_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr("os.link", refuse)
    token = made(tmp_path / "s", 30)
    target = store_path(tmp_path / "c", "profile", 0)
    copy_proved(store_path(tmp_path / "s", "profile", 0), target, OWNER, token)
    store = KeyGroupStore.open(tmp_path / "c", "profile", 0, token, "cluster", 1)
    assert dict(store.scan()) == Expected()(30)
    store.close()


def test_a_table_or_log_that_is_lost_in_the_copying_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once: the copy is made again. Always: refused, naming the store, not its copy."""
    token = made(tmp_path / "s", 30)
    source, target = store_path(tmp_path / "s", "profile", 0), store_path(tmp_path / "c", "profile", 0)
    monkeypatch.setattr(live_store, "PAUSE", 0.001)
    original = live_store._link
    losses = 1

    def lose(file: Path, link: Path) -> None:
        nonlocal losses
        if losses and file.suffix == ".sst":
            losses -= 1
            raise FileNotFoundError
        original(file, link)

    monkeypatch.setattr(live_store, "_link", lose)
    copy_proved(source, target, OWNER, token)
    assert losses == 0
    losses = 10**6
    with pytest.raises(StateError, match=str(source)):
        copy_proved(source, target, OWNER, token)


def test_a_log_that_is_begun_meanwhile_makes_it_copy_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = made(tmp_path / "s", 30)
    source, target = store_path(tmp_path / "s", "profile", 0), store_path(tmp_path / "c", "profile", 0)
    monkeypatch.setattr(live_store, "PAUSE", 0.001)
    original = live_store._link_all
    calls = 0

    def link_all(*arguments: Path) -> str:
        nonlocal calls
        calls += 1
        if calls in (2, 4):
            (source / f"{900000 + calls}.log").touch()
        return original(*arguments)

    monkeypatch.setattr(live_store, "_link_all", link_all)
    copy_proved(source, target, OWNER, token)
    assert calls == 6

    def always(*arguments: Path) -> str:
        (source / f"{900000 + time.monotonic_ns() % 10**5:06}.log").touch()
        return original(*arguments) + str(time.monotonic_ns())

    monkeypatch.setattr(live_store, "_link_all", always)
    with pytest.raises(CorruptStoreError, match="to be the newest; found a newer one"):
        copy_proved(source, target, OWNER, token)
