"""Structs as people read them: objects with names, also where their compact encoding is an array."""

from __future__ import annotations

from typing import Any

import msgspec


def plain(value: Any) -> Any:  # noqa: ANN401
    """`value` for JSON: structs become dicts without the fields that have their default."""
    if isinstance(value, msgspec.Struct):
        found = {}
        for field in msgspec.structs.fields(value):
            item = getattr(value, field.name)
            if field.required or item != field.default:
                found[field.encode_name] = plain(item)
        return found
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
