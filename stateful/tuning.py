"""What a tenant may change of a detection: on or off, how sensitive, its thresholds, and whom it is for."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

import msgspec

from activities.activity import Activity

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Sensitivity = Literal["low", "medium", "high"]

FACTORS: Mapping[Sensitivity, tuple[float, float]] = {"low": (1.5, 0.1), "medium": (1.0, 1.0), "high": (2 / 3, 10.0)}
"""By what a sensitivity multiplies thresholds named `min_...` and `times_...`, and those named `max_probability...`."""


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Activities by who, through what, from where; any of its values fits. `*` and `?` allowed, case-insensitive."""

    users: tuple[str, ...] = ()
    """Ids, names or e-mail addresses."""
    groups: tuple[str, ...] = ()
    """Groups, roles or the organizational unit."""
    apps: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    """CIDR ranges."""


EVERYTHING = Scope()


class Tuning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[detections.NAME]`, and `[tenants.TENANT.detections.NAME]` laid over it."""

    enabled: bool | None = None
    """None: as without this; a detection is on unless something says otherwise."""
    sensitivity: Sensitivity | None = None
    """See `FACTORS`. Thresholds in `settings` are taken as they are."""
    settings: dict[str, float] = {}
    """Thresholds that differ from the detection's defaults."""
    include: Scope = EVERYTHING
    """If not empty: only these activities are shown to it."""
    exclude: Scope = EVERYTHING
    """These are not; wins over `include`."""

    def over(self, below: Tuning) -> Tuning:
        """This one, completed by what it leaves open."""
        return Tuning(
            below.enabled if self.enabled is None else self.enabled,
            self.sensitivity or below.sensitivity,
            {**below.settings, **self.settings},
            below.include if self.include == EVERYTHING else self.include,
            below.exclude if self.exclude == EVERYTHING else self.exclude,
        )

    def thresholds(self, defaults: Mapping[str, float]) -> dict[str, float]:
        """A detection's thresholds under this tuning."""
        count, probability = FACTORS[self.sensitivity or "medium"]
        scaled = {}
        for name, value in defaults.items():
            if name.startswith(("min_", "times_")):
                scaled[name] = value * count
            elif name.startswith("max_probability"):
                scaled[name] = min(value * probability, 1.0)
            else:
                scaled[name] = value
        return {**scaled, **self.settings}

    def admits(self) -> Callable[[Activity], bool] | None:
        """Whether an activity is shown to the detection; None where all are.

        Raises:
            ValueError: an address range is none.
        """
        if self.include == EVERYTHING and self.exclude == EVERYTHING:
            return None
        included, excluded = _matcher(self.include), _matcher(self.exclude)
        everything = self.include == EVERYTHING
        return lambda activity: not excluded(activity) and (everything or included(activity))


def _matcher(scope: Scope) -> Callable[[Activity], bool]:
    networks = parse_networks(scope.addresses)

    def matches(activity: Activity) -> bool:
        user = activity.user
        return (
            (bool(scope.users) and fits(scope.users, (user.id, user.name, user.email)))
            or (bool(scope.groups) and fits(scope.groups, (*activity.groups, activity.unit)))
            or (bool(scope.apps) and fits(scope.apps, (activity.app,)))
            or (bool(networks) and inside(activity.ip, networks))
        )

    return matches


def fits(patterns: Sequence[str], names: Sequence[str]) -> bool:
    """Whether any of the names, empty ones apart, matches any of the patterns."""
    lowered = [name.lower() for name in names if name]
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns for name in lowered)


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Ranges in CIDR notation.

    Raises:
        ValueError: one isn't.
    """
    try:
        return tuple(ipaddress.ip_network(text) for text in texts)
    except ValueError as error:
        msg = f"addresses must be CIDR ranges such as 192.0.2.0/24: {error}"
        raise ValueError(msg) from None


@lru_cache(maxsize=65536)
def inside(ip: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address is inside any of the ranges; what is no address isn't."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(address in network for network in networks)
