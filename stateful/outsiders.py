"""Names that give away that somebody isn't of the organization."""

from __future__ import annotations

import re
from functools import lru_cache

_GUEST = "#ext#"
"""How Entra marks guests: `a_gmail.com#EXT#@acme.onmicrosoft.com`."""
_PRIVATE = re.compile(
    r"[@_][\w.-]*(mail|outlook|hotmail|live\.|yahoo|icloud|gmx|proton|aol\.|yandex|tutanota|web\.de|qq\.|163\.)",
    re.IGNORECASE,
)


def is_guest(name: str) -> bool:
    """Whether it is a guest's name."""
    return _GUEST in name.lower()


@lru_cache(maxsize=4096)
def is_private(name: str) -> bool:
    """Whether it is an address of a provider that anybody has a mailbox with, also as a guest's is written."""
    return _PRIVATE.search(name) is not None
