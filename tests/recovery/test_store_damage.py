"""Damage to every kind of file of a store: refused, or without effect; never another content, never another error."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from recovery import rocks
from recovery.errors import CorruptStoreError, StateError, StoreBehindError, StoreMissingError
from recovery.layout import store_path
from recovery.store import KeyGroupStore
from recovery.token import Token


@dataclass(frozen=True)
class Image:
    """Files as a killed process leaves them: table files and a log. Keys that start with `old` are long settled."""

    directory: Path
    token: Token
    state: dict[bytes, bytes]

    def open(self, directory: Path, token: Token | None = None) -> KeyGroupStore:
        return KeyGroupStore.open(directory, "profile", 3, token or self.token, "cluster", 1)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    directory = tmp_path_factory.mktemp("image")
    source = random.Random(5)
    state: dict[bytes, bytes] = {}
    token = None
    for generations in (39, 5):
        store = KeyGroupStore.open(directory / "live", "profile", 3, token, "cluster", 1)
        for _ in range(generations):
            changes = {b"%d" % source.randrange(100): source.randbytes(900) for _ in range(20)}
            if token is None:
                changes |= {b"old%d" % key: source.randbytes(900) for key in range(200)}
            token = store.commit(changes)
            state |= changes
        if generations == 5:
            shutil.copytree(directory / "live", directory / "killed")
        store.close()
    assert token is not None
    return Image(directory / "killed", token, state)


@pytest.fixture(autouse=True)
def _no_cached_blocks() -> None:
    """Copies of a file have its identity, so their blocks would be answered from the process's cache."""
    rocks._options.cache_clear()
    rocks._block_cache.cache_clear()


def _copy(image: Image, directory: Path) -> Path:
    shutil.copytree(image.directory, directory, dirs_exist_ok=True)
    return store_path(directory, "profile", 3)


def _files(path: Path, pattern: str) -> list[Path]:
    found = [file for file in sorted(path.glob(pattern)) if file.stat().st_size]
    assert found, pattern
    return found


def _halve(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _empty(file: Path) -> None:
    os.truncate(file, 0)


def _shorten(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


@pytest.mark.parametrize("damage", [_halve, _empty, _shorten, Path.unlink])
@pytest.mark.parametrize(
    ("pattern", "refusal"), [("*.sst", CorruptStoreError), ("*.log", StoreBehindError), ("CURRENT", CorruptStoreError)]
)
def test_what_holds_state_is_refused(
    image: Image, tmp_path: Path, pattern: str, refusal: type[StateError], damage: Callable[[Path], None]
) -> None:
    path = _copy(image, tmp_path)
    damage(_files(path, pattern)[-1])
    with pytest.raises(refusal, match="profile/00003.*: expected .* found .*Restore the state directory whole"):
        image.open(tmp_path)


@pytest.mark.parametrize("damage", [_halve, _empty, Path.unlink])
def test_a_damaged_manifest_is_refused(image: Image, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = _copy(image, tmp_path)
    damage(_files(path, "MANIFEST-*")[-1])
    with pytest.raises(CorruptStoreError, match="MANIFEST"):
        image.open(tmp_path)


@pytest.mark.parametrize("damage", [_halve, _empty, _shorten, Path.unlink])
@pytest.mark.parametrize("pattern", ["OPTIONS-*", "IDENTITY", "LOG", "rocksdict-config.json"])
def test_what_holds_none_has_no_effect(
    image: Image, tmp_path: Path, pattern: str, damage: Callable[[Path], None]
) -> None:
    path = _copy(image, tmp_path)
    for file in _files(path, pattern):
        damage(file)
    store = image.open(tmp_path)
    assert dict(store.scan()) == image.state
    store.close()


def test_flipped_bits_are_refused_when_they_are_read(image: Image, tmp_path: Path) -> None:
    """All over the state's files. A flip in what is never read may pass; one in the content must not."""
    source = random.Random(7)
    refused = 0
    for number in range(40):
        rocks._options.cache_clear()
        rocks._block_cache.cache_clear()
        path = _copy(image, tmp_path / str(number))
        file = source.choice([*_files(path, "*.sst"), *_files(path, "*.log"), *_files(path, "MANIFEST-*")])
        content = bytearray(file.read_bytes())
        content[source.randrange(len(content))] ^= 1 << source.randrange(8)
        file.write_bytes(content)
        try:
            store = image.open(tmp_path / str(number))
            assert dict(store.scan()) == image.state
            assert {key: store.get(key) for key in image.state} == image.state
            store.close()
        except (CorruptStoreError, StoreBehindError):
            refused += 1
    assert refused >= 10


def test_get_and_scan_both_report_a_damaged_block(image: Image, tmp_path: Path) -> None:
    path = _copy(image, tmp_path)
    for file in _files(path, "*.sst"):
        content = bytearray(file.read_bytes())
        for position in range(0, len(content) * 3 // 4, 500):
            content[position] ^= 0xFF
        file.write_bytes(content)
    reads: list[Callable[[KeyGroupStore], object]] = [
        lambda store: list(store.scan()),
        lambda store: list(store.scan(b"old")),
        lambda store: [store.get(key) for key in image.state],
        lambda store: [store.get(key) for key in image.state if key.startswith(b"old")],
    ]
    for read in reads:
        with pytest.raises(CorruptStoreError, match="Corruption"):
            read(image.open(tmp_path))


def test_a_broken_tail_of_the_log_is_dropped_when_the_token_does_not_need_it(image: Image, tmp_path: Path) -> None:
    """What a kill in the middle of a commit leaves: part of a generation that no token names."""
    path = _copy(image, tmp_path)
    store = KeyGroupStore.open(tmp_path, "profile", 3, image.token, "cluster", 1)
    store.commit({b"half": b"x" * 5000})
    shutil.copytree(tmp_path, tmp_path / "killed")
    store.close()
    killed = store_path(tmp_path / "killed", "profile", 3)
    file = _files(killed, "*.log")[-1]
    os.truncate(file, file.stat().st_size - 2000)
    store = image.open(tmp_path / "killed")
    assert store.get(b"half") is None
    assert dict(store.scan()) == image.state
    assert path.exists()


def test_an_unfinished_creation_is_finished(tmp_path: Path) -> None:
    """A crash while the first commit makes the database: every set of files it can leave, with no generation yet."""
    store = KeyGroupStore.open(tmp_path / "whole", "profile", 3, None, "cluster", 1)
    token = store.commit({b"k": b"v"})
    shutil.copytree(tmp_path / "whole", tmp_path / "killed")
    store.close()
    killed = store_path(tmp_path / "killed", "profile", 3)
    for log in killed.glob("*.log"):
        _empty(log)  # the first commit itself is lost
    stages: list[tuple[str, ...]] = [
        ("CURRENT", "MANIFEST-*", "OPTIONS-*", "*.log", "IDENTITY", "LOG", "LOCK", "rocksdict-config.json"),
        ("OPTIONS-*", "*.log"),
        (),
    ]
    for number, lost in enumerate(stages):
        directory = tmp_path / str(number)
        shutil.copytree(tmp_path / "killed", directory)
        for pattern in lost:
            for file in store_path(directory, "profile", 3).glob(pattern):
                file.unlink()
        with pytest.raises((StoreBehindError, StoreMissingError)):
            KeyGroupStore.open(directory, "profile", 3, token, "cluster", 1)
        store = KeyGroupStore.open(directory, "profile", 3, None, "cluster", 1)
        assert list(store.scan()) == []
        assert store.commit({b"k": b"v"}) == token
        store.close()
        assert KeyGroupStore.open(directory, "profile", 3, token, "cluster", 1).get(b"k") == b"v"
