"""Location and speed: where a user is, and whether they can have come there."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import ClassVar, Self

import msgspec

from stateful.models.geodesic import distance, slowest
from stateful.models.limits import DAY, VALUE_LENGTH

RELAYED = frozenset(
    ("vpn", "proxy", "relay", "tor", "anonymous", "anonymizer", "hosting", "datacenter", "cloud", "aws-service", "cdn")
)
"""Tags of addresses that say where a relay is, not its user."""
SHARED = frozenset(("shared", "office", "corporate", "private", "cgnat"))
"""Tags of addresses that many users share, as a company's only way out: they say where the network ends."""
ROAMING = frozenset(("mobile", "cellular", "satellite", "inflight"))
"""Tags of networks whose addresses come up hundreds of km from where the user is."""

CITY_RADIUS = 50.0
"""km. Databases place most addresses within this of the user's city (MaxMind's `accuracy_radius` is of this order)."""
ROAMING_RADIUS = 500.0
"""km"""
FLIGHT = 900.0
"""km/h, cruising speed of airliners: no slower move surprises."""
_LATITUDES, _LONGITUDES = 90.0, 180.0


class Fix(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An activity that can be located."""

    time: int
    """Event time, ms."""
    latitude: float
    longitude: float
    radius: float = CITY_RADIUS
    """km of error."""
    address: str = ""
    places: bool = True
    """Whether the address says where the user is: not so for relays and shared addresses."""


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place that a user acts from. Copies of `Places` share it."""

    latitude: float
    longitude: float
    first: int
    """Event time, ms."""
    last: int
    days: float = 1.0
    """Days with an activity there, with forgetting, as of `last`."""


class Move(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The least explicable way to have come to a place."""

    origin: Fix
    apart: float
    """km"""
    speed: float
    """km/h at least, error radii granted."""


def fix(
    time: int,
    latitude: float | None,
    longitude: float | None,
    *,
    radius: float = CITY_RADIUS,
    address: str = "",
    tags: Iterable[str] = (),
) -> Fix | None:
    """A fix, or None where there is no valid position.

    Args:
        time: event time, ms.
        latitude: degrees.
        longitude: degrees.
        radius: km of error; of a position that stands for a whole country, the country's.
        address: IP address.
        tags: of the address or its network, see `RELAYED`, `SHARED`, `ROAMING`.
    """
    if latitude is None or longitude is None or not abs(latitude) <= _LATITUDES or not abs(longitude) <= _LONGITUDES:
        return None
    radius = max(0.0, radius) if isfinite(radius) else CITY_RADIUS
    located = True
    for tag in tags:
        if tag in ROAMING:
            radius = max(radius, ROAMING_RADIUS)
        elif tag in RELAYED or tag in SHARED:
            located = False
    return Fix(time, float(latitude), float(longitude), radius, address[:VALUE_LENGTH], located)


class Places(msgspec.Struct, array_like=True, gc=False):
    """A user's last located activities, usual places, and how often they seem to jump.

    A move faster than an airliner is scored by how often this user seems to make one on a day, under a prior of
    `PRIOR_JUMPS` in `PRIOR_DAYS`, and by its speed: of apparent jumps, those at `k` times the speed of an airliner or
    more are taken as one in `k`, since errors of location have no scale. Users whom their network throws about so raise
    their own threshold. Relays and shared addresses don't travel, nor do moves between two usual places.
    """

    recent: list[Fix] = []
    """In order of time, one for each address, the last `RECENT`."""
    usual: list[Place] = []
    days: float = 0.0
    """Active days with forgetting, as of `last`."""
    jumps: float = 0.0
    """Days with a jump, likewise."""
    last: int = -1
    jumped: int = -1
    """Event time of the last jump, ms."""

    RECENT: ClassVar[int] = 8
    PLACES: ClassVar[int] = 16
    HALF_LIFE: ClassVar[float] = 60.0
    """Days."""
    PRIOR_JUMPS: ClassVar[float] = 0.1
    PRIOR_DAYS: ClassVar[float] = 50.0
    USUAL_DAYS: ClassVar[float] = 2.5
    """With forgetting: a place is usual from the third day lately on."""
    SPAN: ClassVar[int] = 2 * DAY
    """ms. Older activities no longer constrain where the user can be: nowhere is farther than a day's flight."""
    BOUND: ClassVar[int] = 8 * (40 + 4 * VALUE_LENGTH) + 16 * 50 + 64
    """Bytes of its encoding at most."""

    def copy(self) -> Self:
        """A copy that learns by itself."""
        return msgspec.structs.replace(self, recent=self.recent.copy(), usual=self.usual.copy())

    def score(self, here: Fix) -> float:
        """P(an apparent move at least as fast on a day of this user's); 1.0 where none is needed that surprises."""
        found = self.move(here)
        return 1.0 if found is None else self._score(found.speed)

    def move(self, here: Fix) -> Move | None:
        """The least explicable move to `here` from the last activities; None if a flight explains all of them."""
        if not here.places:
            return None
        worst: Move | None = None
        for origin in self.recent:
            if not origin.places or abs(here.time - origin.time) > self.SPAN:
                continue
            apart = distance(origin.latitude, origin.longitude, here.latitude, here.longitude)
            speed = slowest(apart, origin.radius + here.radius, here.time - origin.time)
            if speed > (worst.speed if worst else FLIGHT):
                worst = Move(origin, apart, speed)
        if worst and self.is_usual(here) and self.is_usual(worst.origin):
            return None
        return worst

    def is_usual(self, here: Fix) -> bool:
        """Whether the user was there on `USUAL_DAYS` days."""
        place = self._nearest(here)
        return place is not None and place.days * _decay(place.last, here.time) >= self.USUAL_DAYS

    def was_there(self, here: Fix) -> bool:
        """Whether the user was about there within the day before."""
        place = self._nearest(here)
        return place is not None and 0 <= here.time - place.last < DAY

    def stays(self, address: str, latitude: float, longitude: float, time: int) -> bool:
        """Note an activity from where the last one was, on the same day; False if it isn't: then `learn` it.

        What most activities come to: all that changes is the time of the last one.
        """
        if not self.recent or time // DAY != self.last // DAY or time < self.last:
            return False
        last = self.recent[-1]
        if not address or last.address != address or last.latitude != latitude or last.longitude != longitude:
            return False
        self.recent[-1] = Fix(time, latitude, longitude, last.radius, address, last.places)
        self.last = time
        return True

    def learn(self, here: Fix) -> None:
        """Remember that the user acted from there."""
        if self.recent and self._goes_on(here):
            self.recent[-1], self.last = here, here.time
            return
        if here.time // DAY > self.last // DAY or self.last < 0:
            decay = _decay(self.last, here.time)
            self.days = self.days * decay + 1.0
            self.jumps *= decay
        if here.places:
            if self.jumped // DAY != here.time // DAY and self.move(here) is not None:
                self.jumps += 1.0
                self.jumped = here.time
            self._visit(here)
        self.last = max(self.last, here.time)
        kept = [known for known in self.recent if known.address != here.address or not here.address]
        kept.append(here)
        if len(kept) > 1 and kept[-2].time > here.time:
            kept.sort(key=lambda known: known.time)
        self.recent = kept[-self.RECENT :]

    def _goes_on(self, here: Fix) -> bool:
        """Whether it is the last one's place, address and day: nothing is new about it but the time."""
        latest = self.recent[-1]
        return (
            latest.address == here.address
            and latest.time // DAY == here.time // DAY
            and latest.time <= here.time
            and (latest.latitude, latest.longitude, latest.radius, latest.places)
            == (here.latitude, here.longitude, here.radius, here.places)
        )

    def _score(self, speed: float) -> float:
        chance = (self.jumps + self.PRIOR_JUMPS) / (self.days + self.PRIOR_DAYS)
        return min(1.0, chance) * FLIGHT / speed

    def _nearest(self, here: Fix) -> Place | None:
        found, least = None, max(CITY_RADIUS, here.radius)
        for place in self.usual:
            apart = distance(place.latitude, place.longitude, here.latitude, here.longitude)
            if apart <= least:
                found, least = place, apart
        return found

    def _visit(self, here: Fix) -> None:
        place = self._nearest(here)
        if place is None:
            if len(self.usual) >= self.PLACES:
                least = min(self.usual, key=lambda known: (known.days * _decay(known.last, here.time), known.last))
                self.usual.remove(least)
            self.usual.append(Place(here.latitude, here.longitude, here.time, here.time))
        else:
            days, last = place.days, max(place.last, here.time)
            if here.time // DAY > place.last // DAY:
                days = days * _decay(place.last, here.time) + 1.0
            visited = Place(place.latitude, place.longitude, place.first, last, days)
            self.usual = [visited if known is place else known for known in self.usual]


def _decay(last: int, time: int) -> float:
    days = time // DAY - last // DAY
    return float(0.5 ** (days / Places.HALF_LIFE)) if last >= 0 and days > 0 else 1.0
