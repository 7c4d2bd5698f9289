"""The simulated tenant as its vendors would log it, one file each."""

from __future__ import annotations

from collections.abc import Callable

from simulator.vendors import cloudtrail, entra, m365, native, okta
from simulator.vendors.vendor import Vendor

VENDORS: dict[str, Callable[[str], Vendor]] = {
    "native": native.vendor,
    "cloudtrail": cloudtrail.vendor,
    "entra": entra.vendor,
    "m365": m365.vendor,
    "okta": okta.vendor,
}
"""Each vendor's format by name, for a tenant."""
