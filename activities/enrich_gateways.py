"""Web gateways that companies send their people's traffic through, by autonomous system, and relays by range.

Behind them is somebody at work, whose place the address doesn't tell: databases name the gateway's country or its
owner's. Numbers and names are as registered. Gateways that run on rented servers can't be told from those.
"""

from __future__ import annotations

_SYSTEMS = {
    "Cato Networks": (13150, 138627),
    "Check Point SSE": (213176,),
    "Cisco Umbrella": (36692,),
    "Forcepoint": (13448, 43251, 44444),
    "Fortinet": (40934, 53928),
    "iboss": (137922, 202276, 396253),
    "Menlo Security": (15188, 62654),
    "Netskope": (55256,),
    "Palo Alto Networks": (54538, 396421),
    "Skyhigh Security (McAfee)": (7754, 17370),
    "Versa Networks": (400318,),
    "Zscaler": (22616, 53444, 53813, 62044),
}

GATEWAY_SYSTEMS = frozenset(number for numbers in _SYSTEMS.values() for number in numbers)
"""Autonomous system numbers (RFC 6793)."""

RELAY_RANGES = ("104.28.0.0/16", "2a09:bac0::/29")
"""Where Cloudflare's WARP and the part of Apple's Private Relay that it runs come out (its `local-ip-ranges.csv`)."""
