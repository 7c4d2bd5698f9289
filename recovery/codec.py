"""Versioned documents: a schema version, then the document in MessagePack.

How a schema evolves
--------------------
A document is a `msgspec.Struct`. Old documents stay in the store until their user is next written, so code must
read every version since its oldest migration.

- A new field with a default at the end needs nothing: documents without it decode, with the default.
- Anything else - a field renamed, moved, removed, retyped, or a new meaning of an old one - needs version + 1 and a
  migration from the version before. With `array_like` structs, removing or inserting a field is moving the others.
- A migration is a pure function from the old document to the new one as plain builtins, as MessagePack decodes
  them: a dict by field name, or a list when the struct is `array_like`. It must not use the struct, which will have
  changed again by the time it runs.
- Migrations are kept for ever; one document of each released version is a golden file under `tests/recovery/golden`.
- Going back is not supported: a document of a newer version than the code is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from recovery.errors import SAME_BACKUP, UPGRADE, DocumentError, NewerSchemaError

T = TypeVar("T", bound=msgspec.Struct)
H = TypeVar("H", bound=msgspec.Struct)

Migration = Callable[[Any], Any]
"""From the document of version v to that of v + 1, both plain builtins."""

VERSION_BYTES = 2
MAX_VERSION = 0xFFFF

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""All that msgspec raises on bytes that are no MessagePack, or not of the struct."""


class Codec(Generic[T]):
    """Encodes documents of one struct and decodes those of all its versions.

    Args:
        struct: The struct as it is now.
        version: Its schema version, from 1.
        migrations: By the version that each starts from, without gaps up to `version` - 1.

    Raises:
        ValueError: The version is out of range, or a migration is missing or superfluous.
    """

    def __init__(self, struct: type[T], version: int, migrations: Mapping[int, Migration] | None = None) -> None:
        migrations = dict(migrations or {})
        self.oldest = min(migrations, default=version)
        """The oldest version that can be read."""
        if not 1 <= self.oldest <= version <= MAX_VERSION or sorted(migrations) != list(range(self.oldest, version)):
            msg = (
                f"{struct.__name__}: expected 1 <= version <= {MAX_VERSION} and one migration for each version "
                f"up to it; found version {version} with migrations from {sorted(migrations)}"
            )
            raise ValueError(msg)
        self.version = version
        self._name = f"{struct.__name__} document"
        self._migrations = migrations
        self._prefix = version.to_bytes(VERSION_BYTES, "big")
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(struct).decode

    def encode(self, document: T) -> bytes:
        """The version in 2 bytes, big-endian, then the document in MessagePack."""
        return self._prefix + self._encode(document)

    def decode(self, data: bytes) -> T:
        """Read a document of any version from `oldest` on.

        Raises:
            NewerSchemaError: It is of a newer version than the code.
            DocumentError: It is damaged, or older than `oldest`.
        """
        version = self.needs_migration(data)
        body = data[VERSION_BYTES:]
        try:
            return self._decode(body if version is None else self._migrate(version, body))
        except _UNREADABLE as error:  # a ValidationError's text has the path of the fault
            raise DocumentError(
                self._name, f"schema version {version or self.version}", str(error), SAME_BACKUP
            ) from error

    def head(self, data: bytes, head: msgspec.msgpack.Decoder[H]) -> H:
        """The first fields of an `array_like` document, by a decoder of a struct that has no others.

        A document of the present version is not decoded behind them; an older one is migrated whole.

        Raises:
            StateError: As `decode`.
        """
        if self.needs_migration(data) is not None:
            data = self.encode(self.decode(data))
        try:
            return head.decode(data[VERSION_BYTES:])
        except msgspec.DecodeError as error:
            raise DocumentError(self._name, f"schema version {self.version}", str(error), SAME_BACKUP) from error

    def needs_migration(self, data: bytes) -> int | None:
        """The version that the document has, where it is not the present one.

        Raises:
            NewerSchemaError: It is of a newer version than the code.
            DocumentError: It has no version, or one older than `oldest`.
        """
        if data.startswith(self._prefix):
            return None
        version = int.from_bytes(data[:VERSION_BYTES], "big")
        if len(data) < VERSION_BYTES or version < self.oldest:
            expected = f"a schema version from {self.oldest} to {self.version}"
            raise DocumentError(self._name, expected, f"{data[:VERSION_BYTES].hex() or 'nothing'}", SAME_BACKUP)
        if version > self.version:
            expected = f"a schema version up to {self.version}"
            raise NewerSchemaError(self._name, expected, f"version {version}", UPGRADE)
        return version

    def _migrate(self, version: int, body: bytes) -> bytes:
        document = msgspec.msgpack.decode(body)
        for step in range(version, self.version):
            try:
                document = self._migrations[step](document)
            except Exception as error:  # a damaged document can break a sound migration in any way
                expected = f"a document that migrates from version {step}"
                raise DocumentError(self._name, expected, repr(error), SAME_BACKUP) from error
        # By way of bytes, so that a migrated document passes the same checks as a stored one.
        return self._encode(document)
