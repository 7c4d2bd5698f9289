"""The store against a model: a list of dicts, one per generation."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from recovery import history
from recovery.errors import DivergedStoreError, GenerationGoneError, StoreBehindError
from recovery.store import KeyGroupStore
from recovery.token import Token

# Few keys, so that they meet again; prefixes of each other and of the next generation's rows, so that order matters.
KEYS = st.one_of(
    st.sampled_from([b"", b"a", b"a\x00", b"a\xff", b"a\xff\xff", b"b", b"\x00", b"\xff", b"\xff" * 9]),
    st.binary(max_size=2),
)
CHANGES = st.dictionaries(KEYS, st.one_of(st.none(), st.binary(max_size=3)), min_size=1, max_size=6)


class StoreMachine(RuleBasedStateMachine):
    """Commit, look back, crash, resume at any restorable generation.

    `self.states[g]` is what generation g held and `self.tokens[g]` its token; `self.ahead` is what is staged for the
    next; `self.dropped` are tokens of generations that a resume took back.
    """

    @initialize(
        retain=st.sampled_from([1, 2, 5]),
        key_group=st.integers(0, 7),
        settle_bytes=st.sampled_from([1, history.SETTLE_BYTES]),
    )
    def begin(self, retain: int, key_group: int, settle_bytes: int) -> None:
        self.settle_bytes, history.SETTLE_BYTES = history.SETTLE_BYTES, settle_bytes
        self.directory = Path(tempfile.mkdtemp())
        self.copies = 0
        self.retain, self.key_group = retain, key_group
        self.states: list[dict[bytes, bytes]] = [{}]
        self.ahead: dict[bytes, bytes | None] = {}
        self.floor = 0
        self.dropped: list[Token] = []
        self.store = self.open(None)
        self.tokens = [self.store.token]

    def open(self, token: Token | None) -> KeyGroupStore:
        return KeyGroupStore.open(
            self.directory / str(self.copies),
            "profile",
            self.key_group,
            token,
            "cluster",
            1,
            retain_generations=self.retain,
        )

    @property
    def present(self) -> dict[bytes, bytes]:
        """What is read: the newest generation, and what is staged."""
        return {key: value for key, value in (self.states[-1] | self.ahead).items() if value is not None}

    @rule(changes=CHANGES)
    def stage(self, changes: dict[bytes, bytes | None]) -> None:
        self.store.stage(changes)
        self.ahead |= changes

    @rule(changes=CHANGES, tidy=st.booleans())
    def commit(self, changes: dict[bytes, bytes | None], tidy: bool = True) -> None:
        self.ahead |= changes
        self.states.append(self.present)
        self.ahead = {}
        self.tokens.append(self.store.commit(changes, tidy=tidy))
        assert self.tokens[-1].generation == len(self.tokens) - 1
        self.floor = max(self.floor, len(self.tokens) - 1 - self.retain)

    @rule(burst=st.lists(CHANGES, min_size=3, max_size=8))
    def commit_many(self, burst: list[dict[bytes, bytes | None]]) -> None:
        for changes in burst:
            self.commit(changes)

    @rule()
    def commit_nothing_more(self) -> None:
        if self.ahead:
            self.commit({})
        assert self.store.commit({}) == self.tokens[-1]

    @rule()
    def tidy(self) -> None:
        self.store.tidy()

    @rule(back=st.integers(0, 6), crash=st.booleans())
    def resume(self, back: int, crash: bool) -> None:
        """Within retention it must succeed. A crash leaves the files as they are while the store is open."""
        generation = max(self.floor, len(self.tokens) - 1 - back, 0)
        if crash:
            now = self.directory / str(self.copies)
            self.copies += 1
            if now.exists():
                shutil.copytree(now, self.directory / str(self.copies))
        self.store.close()
        self.dropped += self.tokens[generation + 1 :]
        del self.tokens[generation + 1 :], self.states[generation + 1 :]
        self.ahead = {}
        self.store = self.open(Token.decode(self.tokens[-1].encode()))

    @rule(back=st.integers(1, 30))
    def resume_beyond_retention(self, back: int) -> None:
        """It is refused and changes nothing, or it is exact."""
        generation = len(self.tokens) - 1 - back
        if not 0 <= generation < self.floor:
            return
        self.store.close()
        self.ahead = {}
        try:
            self.store = self.open(self.tokens[generation])
        except GenerationGoneError:
            self.store = self.open(self.tokens[-1])
        else:
            self.dropped += self.tokens[generation + 1 :]
            del self.tokens[generation + 1 :], self.states[generation + 1 :]

    @rule(data=st.data())
    def resume_a_dropped_course(self, data: st.DataObject) -> None:
        """A token whose generation was taken back is refused, unless the very same was committed again."""
        if not self.dropped:
            return
        token = data.draw(st.sampled_from(self.dropped))
        if token in self.tokens:
            return
        self.store.close()
        self.ahead = {}
        try:
            self.open(token)
        except (DivergedStoreError, GenerationGoneError, StoreBehindError):
            self.store = self.open(self.tokens[-1])
        else:
            raise AssertionError(token)

    @invariant()
    def holds_the_newest_generation(self) -> None:
        state = self.present
        assert self.store.token == self.tokens[-1]
        assert list(self.store.scan()) == sorted(state.items())
        for key in {key for past in self.states for key in past} | set(self.ahead) | {b"never"}:
            assert self.store.get(key) == state.get(key)

    @rule(prefix=KEYS)
    def scan_prefix(self, prefix: bytes) -> None:
        expected = sorted(item for item in self.present.items() if item[0].startswith(prefix))
        assert list(self.store.scan(prefix)) == expected

    @rule(changes=st.lists(CHANGES, min_size=1, max_size=7))
    def scan_while_committing(self, changes: list[dict[bytes, bytes | None]]) -> None:
        expected = sorted(self.present.items())
        scan = self.store.scan()
        seen = [item for _, item in zip(range(1), scan, strict=False)]
        self.commit_many(changes)
        assert seen + list(scan) == expected

    def teardown(self) -> None:
        if hasattr(self, "store"):
            history.SETTLE_BYTES = self.settle_bytes
            self.store.close()
            shutil.rmtree(self.directory)


TestStoreLaws = StoreMachine.TestCase
EXAMPLES = 500 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 50
TestStoreLaws.settings = settings(max_examples=EXAMPLES, stateful_step_count=25)
