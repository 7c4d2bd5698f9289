"""Addresses that intruders come from.

As in `simulator.places`, the packaged country database agrees on each; provider and AS number are those that ran the
block when this was written. Tags are those that an enrichment from published lists gives (`activities.location_tags`):
hosting providers' ranges, commercial VPNs' servers, the Tor project's exits. A home line that somebody rents out as a
proxy has none.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from simulator.places import HUBS, NETWORKS, Block, City, address, carrier, line, rack
from simulator.record import Address


class Exit(NamedTuple):
    """Servers of one operator that relay the traffic of others; `hosts` are the last octets of their addresses."""

    city: City
    block: Block
    hosts: tuple[int, ...]


_CITIES = {
    "AR": City("Buenos Aires", "AR", "America/Argentina/Buenos_Aires", -34.6037, -58.3816),
    "AT": City("Vienna", "AT", "Europe/Vienna", 48.2082, 16.3738),
    "BG": City("Sofia", "BG", "Europe/Sofia", 42.6977, 23.3219),
    "CH": City("Zurich", "CH", "Europe/Zurich", 47.3769, 8.5417),
    "CO": City("Bogota", "CO", "America/Bogota", 4.711, -74.0721),
    "DE": City("Frankfurt am Main", "DE", "Europe/Berlin", 50.1109, 8.6821),
    "EG": City("Cairo", "EG", "Africa/Cairo", 30.0444, 31.2357),
    "FR": City("Roubaix", "FR", "Europe/Paris", 50.6942, 3.1746),
    "GB": City("Manchester", "GB", "Europe/London", 53.4808, -2.2426),
    "GH": City("Accra", "GH", "Africa/Accra", 5.6037, -0.187),
    "ID": City("Jakarta", "ID", "Asia/Jakarta", -6.2088, 106.8456),
    "KE": City("Nairobi", "KE", "Africa/Nairobi", -1.2921, 36.8219),
    "MA": City("Casablanca", "MA", "Africa/Casablanca", 33.5731, -7.5898),
    "MD": City("Chisinau", "MD", "Europe/Chisinau", 47.0105, 28.8638),
    "MX": City("Mexico City", "MX", "America/Mexico_City", 19.4326, -99.1332),
    "MY": City("Kuala Lumpur", "MY", "Asia/Kuala_Lumpur", 3.139, 101.6869),
    "NG": City("Lagos", "NG", "Africa/Lagos", 6.5244, 3.3792),
    "NL": City("Amsterdam", "NL", "Europe/Amsterdam", 52.3676, 4.9041),
    "PH": City("Manila", "PH", "Asia/Manila", 14.5995, 120.9842),
    "PK": City("Karachi", "PK", "Asia/Karachi", 24.8607, 67.0011),
    "RO": City("Bucharest", "RO", "Europe/Bucharest", 44.4268, 26.1025),
    "RU": City("Moscow", "RU", "Europe/Moscow", 55.7558, 37.6173),
    "SE": City("Stockholm", "SE", "Europe/Stockholm", 59.3293, 18.0686),
    "TH": City("Bangkok", "TH", "Asia/Bangkok", 13.7563, 100.5018),
    "TR": City("Istanbul", "TR", "Europe/Istanbul", 41.0082, 28.9784),
    "UA": City("Kyiv", "UA", "Europe/Kyiv", 50.4501, 30.5234),
    "US": City("Chicago", "US", "America/Chicago", 41.8781, -87.6298),
    "VN": City("Hanoi", "VN", "Asia/Ho_Chi_Minh", 21.0278, 105.8342),
    "ZA": City("Johannesburg", "ZA", "Africa/Johannesburg", -26.2041, 28.0473),
}


def _placed(tag: str, *rows: tuple[str, str, int, str]) -> tuple[tuple[City, Block], ...]:
    tags = (tag,) if tag else ()
    return tuple(
        (_CITIES[country], Block(net, isp, asn, tags)) for country, isp, asn, nets in rows for net in nets.split()
    )


HOSTS = _placed(
    "hosting",
    ("RU", "Selectel", 49505, "92.53.100"),
    ("RU", "Timeweb", 9123, "87.249.43"),
    ("VN", "Viettel IDC", 38731, "125.212.200"),
    ("BG", "Tamatiya", 50360, "79.124.60"),
    ("TR", "Cizgi Telekom", 34619, "94.73.140"),
    ("MD", "AlexHost", 200019, "176.123.5"),
    ("ID", "IDCloudHost", 136052, "116.193.190"),
)
"""Rented servers in countries where nobody of the tenant lives, works, travels or leaves a VPN."""

HOMES_FAR = _placed(
    "",
    ("NG", "MTN Nigeria", 29465, "102.95.195 41.220.65"),
    ("NG", "Globacom", 37148, "197.211.61"),
    ("RO", "Digi", 8708, "5.2.234"),
    ("UA", "Ukrtelecom", 6849, "178.93.125"),
    ("VN", "VNPT", 45899, "103.56.158"),
    ("TR", "Turk Telekom", 9121, "88.240.66"),
    ("ID", "Telkom Indonesia", 7713, "36.67.199"),
    ("PK", "PTCL", 17557, "39.52.197"),
    ("MA", "Maroc Telecom", 36903, "105.154.125"),
    ("GH", "Vodafone Ghana", 29614, "41.218.211"),
    ("ZA", "Telkom SA", 37457, "41.149.14"),
)
"""Home lines in such countries."""

PHONES_FAR = _placed(
    "mobile",
    ("NG", "Airtel Nigeria", 36873, "105.113.156"),
    ("UA", "Kyivstar", 15895, "46.119.153"),
    ("GH", "MTN Ghana", 30986, "154.172.227"),
    ("ZA", "Vodacom", 29975, "41.26.164"),
)
"""Mobile networks in such countries."""

HOMES_AWAY = _placed(
    "",
    ("MX", "Totalplay", 22884, "187.189.100"),
    ("KE", "Safaricom Home", 37061, "197.248.10"),
    ("PH", "PLDT", 9299, "124.104.10"),
    ("MY", "Telekom Malaysia", 4788, "175.136.10"),
    ("TH", "True Internet", 17552, "58.8.10"),
    ("CO", "ETB", 19429, "186.28.10"),
    ("EG", "TE Data", 8452, "41.33.10"),
    ("AR", "Telecom Argentina", 7303, "181.29.10"),
)
"""As `HOMES_FAR`, in other countries."""

PHONES_AWAY = _placed(
    "mobile",
    ("TH", "AIS", 131445, "49.230.10"),
    ("KE", "Safaricom", 33771, "105.160.10"),
    ("CO", "Comcel", 26611, "191.156.10"),
    ("ID", "Indosat", 45727, "116.206.10"),
)
"""As `PHONES_FAR`, of other carriers."""

EVERYWHERE = (*HOMES_FAR, *PHONES_FAR, *HOMES_AWAY, *PHONES_AWAY)
"""Lines that a botnet has."""

PUBLIC_CLOUDS = _placed(
    "hosting",
    ("US", "Amazon", 14618, "3.80.10"),
    ("US", "Microsoft", 8075, "20.42.10"),
    ("US", "Google", 396982, "34.72.10"),
    ("US", "Oracle", 31898, "129.146.10"),
    ("FR", "OVH", 16276, "51.91.10"),
    ("FR", "Scaleway", 12876, "51.15.10"),
)
"""Servers that anybody rents by the minute, where the tenant's own services and suppliers may be too."""

TOR: tuple[Exit, ...] = (
    Exit(_CITIES["DE"], Block("185.220.101", "Stiftung Erneuerbare Freiheit", 60729, ("tor",)), tuple(range(1, 40))),
    Exit(_CITIES["DE"], Block("185.220.100", "F3 Netze", 205100, ("tor",)), tuple(range(240, 252))),
    Exit(_CITIES["US"], Block("23.191.200", "Unredacted", 401401, ("tor",)), tuple(range(2, 42))),
    Exit(_CITIES["US"], Block("204.8.96", "Quintex Alliance Consulting", 62744, ("tor",)), tuple(range(64, 90))),
    Exit(_CITIES["NL"], Block("192.42.116", "Church of Cyberology", 215125, ("tor",)), tuple(range(42, 69))),
    Exit(
        _CITIES["SE"], Block("171.25.193", "DFRI", 198093, ("tor",)), (20, 25, 35, 36, 37, 38, 39, 40, 77, 78, 79, 80)
    ),
    Exit(_CITIES["AT"], Block("109.70.100", "Foundation for Applied Privacy", 208323, ("tor",)), tuple(range(1, 16))),
)
"""Exits of the Tor network."""

VPNS: tuple[Exit, ...] = (
    Exit(_CITIES["GB"], Block("149.88.27", "Datacamp", 212238, ("anonymous",)), (193, 206, 219, 232, 233, 234, 235)),
    Exit(_CITIES["GB"], Block("45.83.145", "Datacamp", 212238, ("anonymous",)), (1, 25, 50, 74, 79, 84, 89, 94)),
    Exit(_CITIES["US"], Block("68.235.46", "tzulo", 11878, ("anonymous",)), (2, 33, 64, 95, 126, 157, 188, 209)),
    Exit(_CITIES["NL"], Block("46.29.25", "NovoServe", 215224, ("anonymous",)), (2, 3, 4, 5, 6)),
    Exit(_CITIES["SE"], Block("185.65.134", "31173 Services", 39351, ("anonymous",)), (76, 82, 83, 86, 116)),
    Exit(_CITIES["CH"], Block("62.169.136", "Proton", 209103, ("anonymous",)), (7, 8, 9, 10, 11, 12, 13, 27, 35)),
    Exit(_CITIES["RO"], Block("146.70.174", "M247", 9009, ("anonymous",)), (82, 130, 146, 162, 178, 194, 210, 226)),
)
"""Servers of commercial VPNs, of the kind that employees use too."""


def relay(rng: Random, exits: tuple[Exit, ...], country: str = "") -> Address:
    """An exit, in `country` if there is one."""
    found = [exit_ for exit_ in exits if exit_.city.country == country] or list(exits)
    chosen = rng.choice(found)
    return address(chosen.city, chosen.block, rng.choice(chosen.hosts))


def anywhere(rng: Random, placed: tuple[tuple[City, Block], ...]) -> Address:
    """An address of one of the blocks."""
    return address(*rng.choice(placed), rng.randint(2, 250))


def server(rng: Random, city: City) -> Address:
    """A rented server in the country of `city`; in the Netherlands where none is known there, as for who travels."""
    at = city if NETWORKS[city.country].hosting else HUBS["NL"]
    return rack(rng, at, rng.choice(NETWORKS[at.country].hosting))


def home_proxy(rng: Random, city: City, avoid: frozenset[str] = frozenset()) -> Address:
    """Somebody's home line in `city`, rented out as a proxy; not of a provider in `avoid` if there is another."""
    return line(rng, city, rng.choice(_others(NETWORKS[city.country].home, avoid)))


def phone_line(rng: Random, city: City, avoid: frozenset[str] = frozenset()) -> Address:
    """A carrier's address in the country of `city`; not of a carrier in `avoid` if there is another."""
    return carrier(rng, city, rng.choice(_others(NETWORKS[city.country].mobile, avoid)))


def _others(blocks: tuple[Block, ...], avoid: frozenset[str]) -> tuple[Block, ...]:
    return tuple(block for block in blocks if block.isp not in avoid) or blocks
