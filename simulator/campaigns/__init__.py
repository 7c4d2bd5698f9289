"""Attacks in several stages over days, one file each, found by the file's name; otherwise like those of one stage."""

from __future__ import annotations

from pkgutil import iter_modules

PREFIX = "campaign_"


def names() -> tuple[str, ...]:
    """The names of all campaigns, sorted."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))
