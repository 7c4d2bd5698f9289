"""Structs as people read them: objects with names, also where their compact encoding is an array."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec


@lru_cache(maxsize=256)
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """A struct's fields. Finding them evaluates its annotations, which takes ten times as long as all else here."""
    return msgspec.structs.fields(kind)


def plain(value: Any) -> Any:  # noqa: ANN401
    """`value` for JSON: structs become dicts without the fields that have their default."""
    if isinstance(value, msgspec.Struct):
        found = {}
        for field in _fields(type(value)):
            item = getattr(value, field.name)
            if field.required or item != field.default:
                found[field.encode_name] = plain(item)
        return found
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
