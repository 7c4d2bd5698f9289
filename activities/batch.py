"""What travels between steps: batches in their own compact encoding, since Bytewax pickles what crosses a process.

Inside a process a batch is passed as it is; `__reduce__` is only called when one is sent to another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from activities.activity import Activity


class Packed(msgspec.Struct, frozen=True):
    """Base of messages that pickle as MessagePack."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """As `unpack(class, bytes)`."""
        return unpack, (type(self), msgspec.msgpack.encode(self))


def unpack(kind: type[Any], data: bytes) -> Any:  # noqa: ANN401
    """Inverse of `Packed.__reduce__`."""
    return msgspec.msgpack.decode(data, type=kind)


class ActivityBatch(Packed, frozen=True):
    """Activities of one key group from one source partition, in the order of its log, and how far its time has come."""

    group: int
    partition: str
    watermark: int
    """Event time, ms, of the partition behind these activities."""
    activities: list[Activity]
    idle: bool = False
    """The partition has been silent: until it speaks again, time doesn't wait for it."""
    last: bool = False
    """The partition ends, or stops, with this batch."""
    towards: tuple[int, ...] = ()
    """Key groups of all tenants that the partition has had so far; told now and then, with the watermark."""


def key_group_of(tenant: str, user: str, groups: int) -> int:
    """The key group of a user: a stable hash, the same on every machine and for ever."""
    return _hash(tenant, user) % groups


@lru_cache(maxsize=16_384)
def _hash(tenant: str, user: str) -> int:
    data = f"{len(tenant)}:{tenant}{user}".encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
