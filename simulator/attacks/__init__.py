"""Attacks, one file each, found by the file's name, which is that of the detection that is to find it.

A file provides `VARIANTS`: ways in which the attack is done, each with accounts that it fits, and a function that
plays it on a `simulator.scene.Scene`. What is drawn comes from the scene's `rng` only, and every event is within the
simulated period. Attacks follow reports of incidents and the techniques of MITRE ATT&CK, not what detections ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

from simulator import campaigns
from simulator.presence import earliest
from simulator.record import HOUR
from simulator.scene import Fits, Scene
from simulator.world import World

_SHARE = 0.6
"""Of the time in which attacks may begin, the most that a campaign takes."""


class Variant(NamedTuple):
    """One way of doing an attack."""

    name: str
    fits: Fits
    strike: Callable[[Scene], None]
    hours: float = 2
    """It never takes longer; a campaign has at least so many left of the period when it begins."""
    days: float = 0
    """A campaign has so many days left, or fewer where the period is short."""
    beside: bool = True
    """Whether it begins beside something that the victim does."""
    held_out: bool = False
    """Whether it measures detections that were written without it: nothing was changed for what was found of it.

    It is played only where it is asked for by name, never by chance. Whoever looks at it to change a detection takes
    this away, and writes another one.
    """
    quiet: bool = False
    """Of those held out: whether it is meant to be hard to see, not the form that is met most."""


def hours_of(variant: Variant, world: World) -> float:
    """How long before the period's end the variant must begin."""
    room = (world.end - earliest(world)) / HOUR
    return max(variant.hours, min(24 * variant.days, _SHARE * room))


class Attack(NamedTuple):
    """An attack that the simulator can inject."""

    name: str
    variants: tuple[Variant, ...]

    @property
    def tuned(self) -> tuple[Variant, ...]:
        """The variants that detections may be changed by."""
        return tuple(variant for variant in self.variants if not variant.held_out)

    @property
    def held_out(self) -> tuple[Variant, ...]:
        """The variants that only measure: two, of a campaign one."""
        return tuple(variant for variant in self.variants if variant.held_out)


def names() -> tuple[str, ...]:
    """The names of all attacks and campaigns, sorted."""
    return tuple(sorted([module.name for module in iter_modules(__path__)] + list(campaigns.names())))


def attacks() -> dict[str, Attack]:
    """All attacks and campaigns by name, sorted."""
    found = {}
    for name in names():
        package = campaigns.__name__ if name.startswith(campaigns.PREFIX) else __name__
        found[name] = Attack(name, import_module(f"{package}.{name}").VARIANTS)
    return found
