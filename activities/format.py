"""What a log format is: how its records are known, and how one becomes an activity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from activities.activity import Activity, Raw

Record = dict[str, object]
"""A decoded JSON object. Whatever has a wrong type in it counts as missing."""


@dataclass(frozen=True, slots=True)
class Format:
    """One vendor's records. Each parser module declares one; `activities.formats` lists them."""

    name: str
    """As settings and `Activity.source` have it."""
    title: str
    """As people call it."""
    reference: str
    """The vendor's document that describes the records."""
    signs: str
    """How `auto` knows them, for people."""
    forms: str
    """In which forms and envelopes they are read, for people."""
    fits: Callable[[Record], bool]
    """Whether an object is a record of this format, by a few field names: it is asked of every record."""
    parse: Callable[[Record, str, Raw], Activity]
    """The activity of a record, given the tenant where it names none and where it is; raises `Unreadable`."""
