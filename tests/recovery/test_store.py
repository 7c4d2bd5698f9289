from __future__ import annotations

import pickle
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rocksdict import Rdict, WriteBatch, WriteOptions

from recovery import history, layout, rocks
from recovery.errors import (
    CorruptStoreError,
    DivergedStoreError,
    DocumentError,
    ForeignStoreError,
    GenerationGoneError,
    LockedError,
    NewerSchemaError,
    StoreBehindError,
    StoreMissingError,
)
from recovery.layout import store_path
from recovery.store import KeyGroupStore
from recovery.token import Token


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def open_store(
    directory: Path,
    token: Token | None = None,
    *,
    step: str = "profile",
    key_group: int = 7,
    cluster: str = "cluster",
    schema: int = 2,
    retain_generations: int = 16,
    retain_seconds: float = 0.0,
    clock: Clock | None = None,
) -> KeyGroupStore:
    return KeyGroupStore.open(
        directory,
        step,
        key_group,
        token,
        cluster,
        schema,
        retain_generations=retain_generations,
        retain_seconds=retain_seconds,
        clock=clock or Clock(),
    )


def committed(directory: Path, generations: int = 3) -> list[Token]:
    """Tokens of generations 0 on; generation g has k = g as text. The store is closed."""
    store = open_store(directory)
    tokens = [store.token]
    tokens += [store.commit({b"k": b"%d" % g}) for g in range(1, generations + 1)]
    store.close()
    return tokens


def test_nothing_is_created_before_the_first_commit(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert store.get(b"k") is None
    assert list(store.scan()) == []
    assert store.commit({}).generation == 0
    assert list(tmp_path.iterdir()) == []
    store.close()
    store = open_store(tmp_path, store.token)
    store.commit({b"k": b"v"})
    store.close()
    store.close()
    assert (tmp_path / "profile" / "00007" / "CURRENT").exists()


def test_a_token_is_small_plain_bytes(tmp_path: Path) -> None:
    token = committed(tmp_path)[-1]
    data = token.encode()
    assert Token.decode(pickle.loads(pickle.dumps(data))) == token
    assert len(data) < 40
    assert (token.key_group, token.generation, token.schema) == (7, 3, 2)


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x00", b"\x00\x01", b"\x00\x01\x93\x01\x02\x03", b"\x00\x01\x01"])
def test_what_is_no_token_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match="Token document"):
        Token.decode(data)


def test_a_newer_token_is_refused() -> None:
    with pytest.raises(NewerSchemaError, match="expected a schema version up to 1; found version 2"):
        Token.decode(b"\x00\x02" + Token(1, 1, 1, b"x").encode()[2:])


def test_tokens_prove_content_and_course(tmp_path: Path) -> None:
    """Same changes, same tokens, on any machine; any difference - content, order, owner, schema - shows for good."""
    tokens = committed(tmp_path / "a")
    assert committed(tmp_path / "b") == tokens
    store = open_store(tmp_path / "c")
    other = [store.commit({b"k": b"1", b"j": None}), store.commit({b"k": b"2"}), store.commit({b"k": b"3"})]
    assert not {token.checksum for token in tokens} & {token.checksum for token in other}
    store.close()
    differences: list[dict[str, Any]] = [{"key_group": 8}, {"step": "correlate"}, {"cluster": "other"}, {"schema": 3}]
    for number, difference in enumerate(differences):
        store = open_store(tmp_path / str(number), **difference)
        assert store.commit({b"k": b"1"}).checksum != tokens[1].checksum
        store.close()


def test_the_order_of_a_mapping_does_not_show(tmp_path: Path) -> None:
    changes = {b"%d" % n: b"v" if n % 3 else None for n in range(50)}
    one, two = open_store(tmp_path / "1"), open_store(tmp_path / "2")
    assert one.commit(changes) == two.commit(dict(reversed(changes.items())))


def test_retention_by_count(tmp_path: Path) -> None:
    """16 generations back are always there; what is older goes, 16 at a time, and generation 0 with it."""
    tokens = committed(tmp_path, 15)
    open_store(tmp_path).close()  # nothing collected: all is taken back
    tokens = committed(tmp_path, 60)
    for back in range(17):
        store = open_store(tmp_path, tokens[60 - back])
        assert store.get(b"k") == b"%d" % (60 - back)
        store.close()
    for gone in (None, tokens[0], tokens[1], tokens[25]):
        with pytest.raises(
            GenerationGoneError, match=r"expected generation \d+, .* found generation \d+ as the oldest"
        ):
            open_store(tmp_path, gone)


def test_retention_by_time_counts_from_the_next_commit(tmp_path: Path) -> None:
    """A backup taken while a generation was the present one must find it for `retain_seconds` afterwards.

    generation  1     2 ... 12
    seconds     0     9000 ... 9010
                |-----| present
                      |------------> restorable for 3600
    """
    clock = Clock()

    def opened(directory: Path, token: Token | None) -> KeyGroupStore:
        return open_store(directory, token, retain_generations=1, retain_seconds=3600, clock=clock)

    store = opened(tmp_path / "state", None)
    tokens = [store.token, store.commit({b"k": b"1"})]
    clock.now += 9000
    for generation in range(2, 13):
        clock.now += 1
        tokens.append(store.commit({b"k": b"%d" % generation}))
    store.close()
    shutil.copytree(tmp_path / "state", tmp_path / "backup")
    store = opened(tmp_path / "backup", tokens[1])
    assert store.get(b"k") == b"1"
    store.close()
    with pytest.raises(GenerationGoneError, match="found generation 1 as the oldest"):
        opened(tmp_path / "state", tokens[0])
    store = opened(tmp_path / "state", tokens[12])
    clock.now += 3601
    store.commit({b"k": b"13"})
    store.close()
    with pytest.raises(GenerationGoneError, match="raise retain_seconds"):
        opened(tmp_path / "state", tokens[1])


def test_settled_rows_survive_with_the_last_value_of_each_key(tmp_path: Path) -> None:
    store = open_store(tmp_path, retain_generations=2)
    model: dict[bytes, bytes] = {}
    source = random.Random(1)
    for _ in range(100):
        changes = {b"%d" % source.randrange(40): source.choice([None, source.randbytes(50)]) for _ in range(5)}
        store.commit(changes)
        model = {key: value for key, value in (model | changes).items() if value is not None}
    store.close()
    rows = _rows(store.path)
    assert len([row for row in rows if row[:1] == layout.HEADER]) <= 4
    assert len([row for row in rows if row[:1] == layout.RECENT]) <= 4 * 5
    store = open_store(tmp_path, store.token)
    assert dict(store.scan()) == model


def test_commits_and_resumes_are_on_disk_when_they_return(tmp_path: Path) -> None:
    """A kill cannot show it, as the kernel keeps what was written; so the write options are looked at."""

    class Recorder:
        synced: list[bool] = []

        def __init__(self, database: Rdict) -> None:
            self.get = database.get
            self.write_through = database.write

        def write(self, batch: WriteBatch, options: WriteOptions) -> None:
            self.synced.append(options.sync)
            self.write_through(batch, options)

    tokens = committed(tmp_path)
    store = open_store(tmp_path, tokens[-1])
    assert store._database is not None
    recorder = Recorder(store._database)
    store._database = recorder  # type: ignore[assignment]
    store.commit({b"k": b"4"})
    history.roll_back(recorder, 3)  # type: ignore[arg-type]
    assert recorder.synced == [True, True]


def _rows(path: Path) -> list[bytes]:
    database = rocks.open_database(path, create=False)
    rows = [key for key, _ in rocks.rows(rocks.cursor(database, b""), b"\xff")]
    database.close()
    return rows


def test_a_resume_deletes_exactly_what_was_newer(tmp_path: Path) -> None:
    tokens = committed(tmp_path, 5)
    path = store_path(tmp_path, "profile", 7)
    before = _rows(path)
    store = open_store(tmp_path, tokens[5])
    store.commit({b"k": None, b"new": b"x", b"\xff" * 20: b"y"})
    store.commit({b"k": b"again"})
    store.close()
    open_store(tmp_path, tokens[5]).close()
    assert _rows(path) == before


def test_the_old_course_is_refused_after_another_was_taken(tmp_path: Path) -> None:
    tokens = committed(tmp_path, 5)
    store = open_store(tmp_path, tokens[3])
    with_same_number = store.commit({b"k": b"another"})
    store.close()
    with pytest.raises(DivergedStoreError, match=f"expected checksum {tokens[4].checksum.hex()} of generation 4"):
        open_store(tmp_path, tokens[4])
    with pytest.raises(StoreBehindError, match="expected generation 5, .* found generation 4 as the newest"):
        open_store(tmp_path, tokens[5])
    assert open_store(tmp_path, with_same_number).get(b"k") == b"another"


def test_a_missing_store_is_refused(tmp_path: Path) -> None:
    token = committed(tmp_path)[-1]
    path = store_path(tmp_path, "profile", 7)
    shutil.rmtree(path)
    with pytest.raises(StoreMissingError, match=r"profile/00007: expected a store with generation 3.* found no store"):
        open_store(tmp_path, token)
    path.mkdir()
    with pytest.raises(StoreMissingError):
        open_store(tmp_path, token)
    assert list(path.iterdir()) == []


def test_an_older_copy_is_refused(tmp_path: Path) -> None:
    old = committed(tmp_path)[-1]
    shutil.copytree(tmp_path / "profile", tmp_path / "old")
    store = open_store(tmp_path, old)
    token = store.commit({b"k": b"4"})
    store.close()
    shutil.rmtree(tmp_path / "profile")
    (tmp_path / "old").rename(tmp_path / "profile")
    with pytest.raises(StoreBehindError, match="expected generation 4, .* found generation 3 as the newest"):
        open_store(tmp_path, token)


@pytest.mark.parametrize("difference", [{"cluster": "other"}, {"step": "correlate"}, {"key_group": 8}])
@pytest.mark.parametrize("generation", [0, 3])
def test_another_owner_is_refused(tmp_path: Path, difference: dict[str, Any], generation: int) -> None:
    token = committed(tmp_path)[generation]
    other = {"cluster": "cluster", "step": "profile", "key_group": 7} | difference
    theirs = store_path(tmp_path, str(other["step"]), 8 if "key_group" in difference else 7)
    if not theirs.exists():
        theirs.parent.mkdir(exist_ok=True)
        shutil.copytree(store_path(tmp_path, "profile", 7), theirs)
    with pytest.raises(ForeignStoreError, match=r"profile/0000[78]|correlate/00007"):
        open_store(tmp_path, token, **difference)


def test_a_store_of_another_owner_is_refused_without_a_token(tmp_path: Path) -> None:
    committed(tmp_path)
    with pytest.raises(ForeignStoreError, match="expected cluster other, step profile, .* found cluster cluster"):
        open_store(tmp_path, cluster="other")


def test_an_empty_store_of_another_owner_is_told_by_its_token(tmp_path: Path) -> None:
    token = open_store(tmp_path).token
    with pytest.raises(ForeignStoreError, match="of the empty store of cluster other, step profile, key group 7"):
        open_store(tmp_path, token, cluster="other")


def test_newer_documents_and_a_newer_layout_are_refused(tmp_path: Path) -> None:
    token = committed(tmp_path)[-1]
    with pytest.raises(NewerSchemaError, match="expected documents of schema up to 1; found schema 2"):
        open_store(tmp_path, token, schema=1)
    database = rocks.open_database(store_path(tmp_path, "profile", 7), create=False)
    database.put(layout.IDENTITY, b"\x00\x02" + database.get(layout.IDENTITY)[2:])  # type: ignore[index]
    database.close()
    with pytest.raises(NewerSchemaError, match="Identity document: expected a schema version up to 1; found version 2"):
        open_store(tmp_path, token)


@pytest.mark.parametrize(
    "arguments",
    [{"schema": -1}, {"retain_generations": 0}, {"retain_seconds": -1.0}, {"key_group": -1}, {"step": "../x"}],
)
def test_arguments_out_of_range(tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected .* found"):
        open_store(tmp_path, **arguments)


def test_a_held_store_is_named_after_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rocks, "LOCK_SECONDS", 0.3)
    token = committed(tmp_path)[-1]
    with (
        _holder(tmp_path, token) as child,
        pytest.raises(LockedError, match="profile/00007: expected no other process"),
    ):
        try:
            open_store(tmp_path, token)
        finally:
            child.kill()


def test_a_store_is_had_once_its_killed_holder_is_gone(tmp_path: Path) -> None:
    token = committed(tmp_path)[-1]
    with _holder(tmp_path, token) as child:
        subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -9 {child.pid}"])
        assert open_store(tmp_path, token).get(b"k") == b"3"
        assert child.wait() == -signal.SIGKILL


def _holder(directory: Path, token: Token) -> subprocess.Popen[bytes]:
    script = """
import sys
from pathlib import Path
from recovery.store import KeyGroupStore
from recovery.token import Token
held = KeyGroupStore.open(Path(sys.argv[1]), "profile", 7, Token.decode(bytes.fromhex(sys.argv[2])), "cluster", 2)
print("held", flush=True)
sys.stdin.read()
"""
    arguments = [sys.executable, "-c", script, str(directory), token.encode().hex()]
    child = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    return child


def test_errors_survive_pickling() -> None:
    error = StoreMissingError(Path("/x"), "a", "b", "Do c.")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (StoreMissingError, "/x: expected a; found b. Do c.")


def test_rows_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    """RocksDB's own checksums hold in each of these: what is wrong only shows in the chain."""
    token = committed(tmp_path)[-1]
    path = store_path(tmp_path, "profile", 7)
    header, keys, recent = (layout.generation_key(kind, 2) for kind in layout.BY_GENERATION)
    for number, (row, value, message) in enumerate(
        [
            (header, None, "expected generation 2; found generation 3"),
            (header, b"", "expected a row of type Header"),
            (header, msgspec.msgpack.encode([2, b"x" * 16, b"y" * 16, 1, 0.0]), "of generation 2"),
            (layout.SETTLED, None, "expected a row of type Settled"),
            (layout.IDENTITY, None, "expected an identity row; found none"),
            (keys, None, "expected a row of type Keys"),
            (
                layout.generation_key(layout.RECENT, 3) + b"k",
                None,
                "expected key b'k' in generation 3; found no such row",
            ),
        ]
    ):
        copy = tmp_path / str(number)
        shutil.copytree(path, copy / "profile" / "00007")
        database = rocks.open_database(copy / "profile" / "00007", create=False)
        if value is None:
            database.delete(row)
        else:
            database.put(row, value)
        database.close()
        for read in (lambda store: store.get(b"k"), lambda store: list(store.scan())):
            with pytest.raises(CorruptStoreError) as refusal:
                read(open_store(copy, token))
            assert message in str(refusal.value)


def test_a_failed_write_is_reported_and_nothing_of_it_counts(tmp_path: Path) -> None:
    """A file-size limit stands in for a full disk."""
    script = """
import resource, signal, sys
from pathlib import Path
from recovery.errors import StateError
from recovery.store import KeyGroupStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = KeyGroupStore.open(Path(sys.argv[1]), "profile", 7, None, "cluster", 2)
token = store.commit({b"k": b"1"})
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    store.commit({b"k": b"x" * 30000})
except StateError as error:
    assert "File too large" in str(error), error
    assert store.token == token and store.get(b"k") == b"1"
    print(token.encode().hex())
"""
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    store = open_store(tmp_path, Token.decode(bytes.fromhex(run.stdout)))
    assert dict(store.scan()) == {b"k": b"1"}
