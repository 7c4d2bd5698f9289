"""A key group's store in memory: what `recovery.store` promises, without a disk, and cheap to copy."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from recovery.store import KeyGroupStore
from recovery.token import Token


class MemoryStore(KeyGroupStore):
    """Bytes by key. Only the present generation can be had."""

    def __init__(self, rows: Mapping[bytes, bytes] | None = None, token: Token | None = None) -> None:
        self.token = token or Token(0, 0, 0, b"")
        self.settling_due = False
        self.closed = False
        self._rows: dict[bytes, bytes] = dict(rows or {})
        self._ahead: dict[bytes, bytes | None] = {}

    def copy(self) -> MemoryStore:
        """Another store of the same content, all of it committed."""
        return MemoryStore(self._rows, self.token)

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, staged ones too."""
        return self._ahead[key] if key in self._ahead else self._rows.get(key)

    def get_first(self, key: bytes) -> bytes | None:
        """The same: nothing is read from a disk."""
        return self.get(key)

    def scan(self, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """All keys that start with `prefix` and their values, in key order, as of this call."""
        present: dict[bytes, bytes | None] = {**self._rows, **self._ahead}
        found = [(key, value) for key, value in present.items() if value is not None and key.startswith(prefix)]
        return iter(sorted(found))

    @property
    def staged(self) -> Container[bytes]:
        """The keys that are written and not committed."""
        return self._ahead.keys()

    def stage(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Write a part of the next generation."""
        self._ahead.update(changes)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of keys."""
        return [self.get(key) for key in keys]

    def commit(self, changes: Mapping[bytes, bytes | None], *, tidy: bool = True, sync: bool = True) -> Token:
        """Make what is staged and `changes` the present generation."""
        self._ahead.update(changes)
        for key, value in self._ahead.items():
            if value is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = value
        self._ahead = {}
        self.token = Token(self.token.key_group, self.token.generation + 1, 0, b"")
        return self.token

    def sync(self) -> None:
        """Nothing to do."""

    def tidy(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""
