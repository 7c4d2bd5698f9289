"""Attacks, one file each, found by the file's name.

A file provides `fits(account)`: whether the account is a fitting victim; and `strike(world, victim, rng)`: the
attack's events, all of them acts of the victim's account, within the simulated period. `simulator.victims.moment`
gives a fitting moment. What is drawn comes from `rng` only.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from random import Random
from typing import NamedTuple

from simulator.record import Account, Event
from simulator.world import World


class Attack(NamedTuple):
    """An attack that the simulator can inject."""

    name: str
    fits: Callable[[Account], bool]
    strike: Callable[[World, Account, Random], list[Event]]


def names() -> tuple[str, ...]:
    """The names of all attacks, sorted."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


def attacks() -> dict[str, Attack]:
    """All attacks by name, sorted."""
    found = {}
    for name in names():
        module = import_module(f"{__name__}.{name}")
        found[name] = Attack(name, module.fits, module.strike)
    return found
