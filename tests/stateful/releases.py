"""An upgrade: the old release has fewer detections, and stores a user's seal as one pair."""

from __future__ import annotations

from typing import Any

import msgspec

from recovery.codec import Codec
from stateful.user import UserDocument

LACKING = "mass_download"
"""The detection that the old release hasn't got."""


class OldCodec(Codec[UserDocument]):
    """Version 1 as the old release wrote it."""

    def __init__(self) -> None:
        super().__init__(UserDocument, 1)

    def encode(self, document: UserDocument) -> bytes:
        wake, base, time, name, *rest = msgspec.to_builtins(document, builtin_types=(bytes, msgspec.Raw))
        return b"\0\1" + msgspec.msgpack.encode([wake, base, [time, name], *rest])

    def decode(self, data: bytes) -> UserDocument:
        return msgspec.msgpack.decode(
            msgspec.msgpack.encode(parted(msgspec.msgpack.decode(data[2:]))), type=UserDocument
        )


def parted(document: list[Any]) -> list[Any]:
    """The migration to version 2."""
    wake, base, (time, name), *rest = document
    return [wake, base, time, name, *rest]


def new_codec() -> Codec[UserDocument]:
    """Of the new release."""
    return Codec(UserDocument, 2, {1: parted})
