"""Distance and speed on the earth."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS = 6371.0088
"""km, the mean radius R1 of WGS 84 (Moritz, Geodetic Reference System 1980, J. Geodesy 74, 2000)."""

SOONEST = 60_000
"""ms. Two activities closer than this are taken as this far apart: records' clocks are no better."""


def distance(latitude: float, longitude: float, latitude2: float, longitude2: float) -> float:
    """Great-circle distance in km, by the haversine formula (Sinnott, Sky and Telescope 68, 1984).

    Within 0.56 % of the geodesic on WGS 84, far less than the error of an address's position. Degrees.
    """
    phi, phi2 = radians(latitude), radians(latitude2)
    half = sin((phi2 - phi) / 2.0) ** 2 + cos(phi) * cos(phi2) * sin(radians(longitude2 - longitude) / 2.0) ** 2
    return 2.0 * EARTH_RADIUS * asin(sqrt(min(1.0, half)))


def slowest(apart: float, radius: float, elapsed: int) -> float:
    """The least speed, km/h, that explains two positions.

    Args:
        apart: km between them.
        radius: km, the sum of their error radii: they may be so much nearer.
        elapsed: ms between them, of either sign.
    """
    return max(0.0, apart - radius) * 3_600_000.0 / max(abs(elapsed), SOONEST)
