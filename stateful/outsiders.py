"""Names that give away that somebody isn't of the organization."""

from __future__ import annotations

import re
from functools import lru_cache

_GUEST = "#ext#"
"""How Entra marks guests: `a_gmail.com#EXT#@acme.onmicrosoft.com`."""
_PRIVATE = re.compile(
    r"[@_](?:[a-z0-9-]+\.)*"
    r"(?:gmail|googlemail|hotmail|outlook|live|msn|yahoo|ymail|icloud|me|gmx|web|freenet|t-online|proton|protonmail|pm|"
    r"tutanota|tuta|aol|mail|freemail|webmail|privatemail|yandex|inbox|rambler|qq|163|126|naver|orange|laposte|libero)"
    r"\.[a-z.]{2,10}(?:$|#|\s)",
    re.IGNORECASE,
)


def is_guest(name: str) -> bool:
    """Whether it is a guest's name."""
    return _GUEST in name.lower()


@lru_cache(maxsize=4096)
def is_private(name: str) -> bool:
    """Whether it is an address of a provider that anybody has a mailbox with, also as a guest's is written."""
    return _PRIVATE.search(name) is not None
