"""The token of a key group: all that Bytewax snapshots of its state."""

from __future__ import annotations

from typing import Annotated

import msgspec

from recovery.codec import Codec

Natural = Annotated[int, msgspec.Meta(ge=0)]


class Token(msgspec.Struct, frozen=True, array_like=True):
    """Names one generation of one key group's store, and proves it.

    It travels through Bytewax's recovery as `encode()`'s bytes (about 30 of them), never as a pickled class.
    """

    key_group: Natural
    generation: Natural
    """0 is the empty store; each commit adds one."""
    schema: Natural
    """The version of the documents in the newest commit up to this generation."""
    checksum: bytes
    """Cumulative over cluster, step, key group and every change up to this generation."""

    def encode(self) -> bytes:
        """The token for Bytewax's snapshot."""
        return _CODEC.encode(self)

    @staticmethod
    def decode(data: bytes) -> Token:
        """Read what `encode()` wrote.

        Raises:
            NewerSchemaError: A newer release wrote it.
            DocumentError: It is no token.
        """
        return _CODEC.decode(data)


_CODEC = Codec(Token, version=1)
