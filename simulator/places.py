"""Cities, and the networks of each country: fixed /24 blocks that the packaged country database agrees with.

The country of each block is tested against `activities/data/iptoasn-country.mmdb`. Provider and AS number are those
that ran the block when this was written; nothing depends on them being current.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import NamedTuple

from simulator.record import Address, NativeLocation
from simulator.streams import chance


class City(NamedTuple):
    """A city. `country` is ISO 3166-1 alpha-2, `zone` an IANA time zone; degrees."""

    name: str
    country: str
    zone: str
    latitude: float
    longitude: float


class Block(NamedTuple):
    """A /24: `net` is its first three octets."""

    net: str
    isp: str
    asn: int
    tags: tuple[str, ...] = ()


class Networks(NamedTuple):
    """A country's blocks by use. `hosting` is empty where the simulator needs none."""

    home: tuple[Block, ...]
    mobile: tuple[Block, ...]
    office: tuple[Block, ...] = ()
    hosting: tuple[Block, ...] = ()


class Office(NamedTuple):
    """A place of work. `holidays` are (month, day) of its fixed public holidays."""

    city: City
    weight: int
    hub: str
    """Country of the VPN gateway that its people use."""
    holidays: tuple[tuple[int, int], ...]


def _blocks(tag: str, *providers: tuple[str, int, str]) -> tuple[Block, ...]:
    tags = (tag,) if tag else ()
    return tuple(Block(net, isp, asn, tags) for isp, asn, nets in providers for net in nets.split())


def _home(*providers: tuple[str, int, str]) -> tuple[Block, ...]:
    return _blocks("", *providers)


def _mobile(*providers: tuple[str, int, str]) -> tuple[Block, ...]:
    return _blocks("mobile", *providers)


def _office(*providers: tuple[str, int, str]) -> tuple[Block, ...]:
    return _blocks("office", *providers)


def _hosting(*providers: tuple[str, int, str]) -> tuple[Block, ...]:
    return _blocks("hosting", *providers)


NETWORKS: dict[str, Networks] = {
    "GB": Networks(
        _home(
            ("BT", 2856, "81.129.10 86.150.44 86.180.20"),
            ("Virgin Media", 5089, "82.31.5 80.194.20"),
            ("Sky", 5607, "90.200.33"),
            ("TalkTalk", 13285, "79.79.63"),
        ),
        _mobile(("Three UK", 206067, "92.40.170"), ("Vodafone UK", 25135, "212.183.140")),
        _office(("BT Business", 2856, "217.38.7")),
        _hosting(("iomart", 20860, "78.129.150"), ("Leaseweb UK", 205544, "212.135.128")),
    ),
    "DE": Networks(
        _home(
            ("Deutsche Telekom", 3320, "84.150.12 93.210.40 217.230.8"),
            ("Vodafone", 3209, "88.70.11 91.64.32"),
            ("1&1 Versatel", 8881, "87.123.214"),
        ),
        _mobile(("Telekom Mobile", 3320, "80.187.96"), ("O2 Telefonica", 6805, "46.114.3 89.204.130")),
        _office(("Deutsche Telekom", 3320, "217.6.30")),
        _hosting(("Hetzner", 24940, "116.202.10"), ("Contabo", 51167, "45.85.249")),
    ),
    "US": Networks(
        _home(
            ("Comcast", 7922, "73.162.40 98.207.10 24.6.30"),
            ("Verizon Fios", 701, "71.190.20 96.246.15"),
            ("Charter", 12271, "68.174.100 72.229.60"),
            ("AT&T", 7018, "99.24.40 107.140.30"),
        ),
        _mobile(
            ("T-Mobile USA", 21928, "172.58.20"),
            ("AT&T Mobility", 20057, "166.137.10"),
            ("Verizon Wireless", 6167, "174.248.182"),
        ),
        _office(("AT&T", 7018, "12.130.20"), ("Zayo", 6461, "64.124.10")),
        _hosting(("DigitalOcean", 14061, "165.227.50 104.248.10"), ("Vultr", 20473, "108.61.122")),
    ),
    "IN": Networks(
        _home(
            ("Bharti Airtel", 24560, "182.70.10 122.170.10"),
            ("ACT Fibernet", 24309, "106.51.30"),
            ("BSNL", 9829, "59.92.10 117.200.20"),
        ),
        _mobile(("Reliance Jio", 55836, "49.37.30 157.45.10"), ("Vodafone Idea", 38266, "42.106.20")),
        _office(("Tata Communications", 4755, "115.112.40")),
        _hosting(("E2E Networks", 132420, "164.52.200")),
    ),
    "SG": Networks(
        _home(
            ("SingNet", 9506, "119.74.30 219.74.10"),
            ("StarHub", 55430, "116.86.20"),
            ("MyRepublic", 56300, "103.6.150"),
        ),
        _mobile(("Singtel Mobile", 45143, "111.65.60"), ("M1", 4773, "119.56.100")),
        _office(("Singtel", 3758, "165.21.10")),
        _hosting(("Contabo Asia", 141995, "62.146.232"), ("Leaseweb Singapore", 59253, "45.39.62")),
    ),
    "AU": Networks(
        _home(
            ("Telstra", 1221, "101.165.10 58.172.20 124.180.10"),
            ("Optus", 4804, "122.106.10"),
            ("TPG", 7545, "14.202.20 60.242.10"),
        ),
        _mobile(("Telstra Mobile", 1221, "1.128.20"), ("Vodafone Australia", 133612, "120.16.10")),
        _office(("Telstra", 1221, "203.45.20")),
        _hosting(("Servers Australia", 58940, "103.18.42"), ("Leaseweb Australia", 136988, "103.64.16")),
    ),
    "BR": Networks(
        _home(
            ("Claro NET", 28573, "177.32.100 201.6.30"),
            ("Vivo", 27699, "189.46.20 187.74.10"),
        ),
        _mobile(("Vivo Movel", 26599, "177.79.20 177.26.30"), ("TIM", 26615, "179.16.99")),
        _office(("Embratel", 4230, "200.244.10")),
        _hosting(("Locaweb", 27715, "186.202.30 191.252.20")),
    ),
    "NL": Networks(
        _home(("KPN", 1136, "77.165.20 86.85.10 84.82.20"), ("Ziggo", 33915, "83.80.10")),
        _mobile(
            ("KPN Mobile", 1136, "188.207.70"),
        ),
        hosting=_hosting(("LeaseWeb", 60781, "95.211.20 5.79.70")),
    ),
    "JP": Networks(
        _home(("NTT OCN", 4713, "153.130.20 114.150.10"), ("KDDI", 2516, "106.150.30")),
        _mobile(
            ("NTT Docomo", 9605, "49.98.10 1.75.20"),
        ),
    ),
    "FR": Networks(
        _home(("Orange", 3215, "90.20.10 86.200.20"), ("Free", 12322, "88.170.30")),
        _mobile(
            ("Orange Mobile", 3215, "92.184.100"),
        ),
    ),
    "ES": Networks(
        _home(
            ("Telefonica", 3352, "83.40.10 88.10.20"),
        ),
        _mobile(
            ("Movistar", 3352, "176.83.10"),
        ),
    ),
    "IT": Networks(
        _home(
            ("TIM", 3269, "79.10.20 87.10.30"),
        ),
        _mobile(
            ("Vodafone Italia", 30722, "5.90.20"),
        ),
    ),
    "CH": Networks(
        _home(
            ("Swisscom", 3303, "85.2.30 178.195.20"),
        ),
        _mobile(
            ("Swisscom Mobile", 3303, "178.197.200"),
        ),
    ),
    "CA": Networks(
        _home(("Rogers", 812, "99.230.20"), ("Bell Canada", 577, "70.27.30")),
        _mobile(
            ("Rogers Wireless", 812, "72.143.20"),
        ),
        _office(("Bell Canada", 577, "67.68.40")),
    ),
    "AE": Networks(
        _home(
            ("Etisalat", 5384, "86.98.20 92.97.10"),
        ),
        _mobile(
            ("du", 15802, "94.204.10"),
        ),
    ),
    "SE": Networks(
        _home(
            ("Telia", 3301, "78.70.20 81.230.10"),
        ),
        _mobile(
            ("Telia Mobile", 3301, "95.193.10"),
        ),
    ),
    "KR": Networks(
        _home(
            ("KT", 4766, "121.130.20 175.200.10"),
        ),
        _mobile(
            ("SK Telecom", 9644, "223.38.20 223.62.10"),
        ),
    ),
    "PL": Networks(
        _home(("Orange Polska", 5617, "83.10.20 79.190.10"), ("Vectra", 29314, "195.191.162")),
        _mobile(("Orange Polska Mobile", 5617, "37.47.100"), ("T-Mobile Polska", 12912, "37.30.96")),
    ),
}

_NEW_YEAR, _CHRISTMAS = (1, 1), (12, 25)

OFFICES: tuple[Office, ...] = (
    Office(City("London", "GB", "Europe/London", 51.5074, -0.1278), 22, "NL", (_NEW_YEAR, _CHRISTMAS, (12, 26))),
    Office(City("Berlin", "DE", "Europe/Berlin", 52.52, 13.405), 18, "NL", (_NEW_YEAR, (5, 1), (10, 3), _CHRISTMAS)),
    Office(City("New York", "US", "America/New_York", 40.7128, -74.006), 18, "US", (_NEW_YEAR, (7, 4), _CHRISTMAS)),
    Office(
        City("San Francisco", "US", "America/Los_Angeles", 37.7749, -122.4194),
        12,
        "US",
        (_NEW_YEAR, (7, 4), _CHRISTMAS),
    ),
    Office(City("Bengaluru", "IN", "Asia/Kolkata", 12.9716, 77.5946), 12, "SG", ((1, 26), (8, 15), (10, 2))),
    Office(City("Singapore", "SG", "Asia/Singapore", 1.3521, 103.8198), 7, "SG", (_NEW_YEAR, (8, 9), _CHRISTMAS)),
    Office(City("Sydney", "AU", "Australia/Sydney", -33.8688, 151.2093), 6, "SG", (_NEW_YEAR, (1, 26), _CHRISTMAS)),
    Office(City("Sao Paulo", "BR", "America/Sao_Paulo", -23.5505, -46.6333), 5, "US", (_NEW_YEAR, (4, 21), (9, 7))),
)

HUBS: dict[str, City] = {
    "NL": City("Amsterdam", "NL", "Europe/Amsterdam", 52.3676, 4.9041),
    "US": City("Ashburn", "US", "America/New_York", 39.0438, -77.4874),
    "SG": OFFICES[5].city,
}
"""Where the company's VPN gateways are."""

VPN: dict[str, Block] = {
    "NL": Block("46.166.180", "NForce", 43350, ("vpn",)),
    "US": Block("159.65.30", "DigitalOcean", 14061, ("vpn",)),
    "SG": Block("203.116.30", "StarHub", 4657, ("vpn",)),
}

CLOUD: tuple[tuple[City, Block], ...] = (
    (HUBS["US"], Block("52.20.10", "Amazon", 14618, ("hosting",))),
    (City("Falkenstein", "DE", "Europe/Berlin", 50.4779, 12.3713), Block("88.198.50", "Hetzner", 24940, ("hosting",))),
    (City("Boydton", "US", "America/New_York", 36.6676, -78.3875), Block("20.69.139", "Microsoft", 8075, ("hosting",))),
    (
        City("Council Bluffs", "US", "America/Chicago", 41.2619, -95.8608),
        Block("104.196.0", "Google", 396982, ("hosting",)),
    ),
)
"""Where the company's own service accounts and its suppliers' apps run."""

DESTINATIONS: tuple[City, ...] = (
    HUBS["NL"],
    City("Tokyo", "JP", "Asia/Tokyo", 35.6762, 139.6503),
    City("Paris", "FR", "Europe/Paris", 48.8566, 2.3522),
    City("Madrid", "ES", "Europe/Madrid", 40.4168, -3.7038),
    City("Milan", "IT", "Europe/Rome", 45.4642, 9.19),
    City("Zurich", "CH", "Europe/Zurich", 47.3769, 8.5417),
    City("Toronto", "CA", "America/Toronto", 43.6532, -79.3832),
    City("Dubai", "AE", "Asia/Dubai", 25.2048, 55.2708),
    City("Stockholm", "SE", "Europe/Stockholm", 59.3293, 18.0686),
    City("Seoul", "KR", "Asia/Seoul", 37.5665, 126.978),
    City("Warsaw", "PL", "Europe/Warsaw", 52.2297, 21.0122),
)
"""Where business trips go, besides the other offices."""


CONTRACTORS: tuple[Office, ...] = (
    Office(DESTINATIONS[10], 5, "NL", (_NEW_YEAR, (5, 1), _CHRISTMAS)),
    Office(DESTINATIONS[3], 2, "NL", (_NEW_YEAR, (5, 1), _CHRISTMAS)),
    Office(OFFICES[4].city, 4, "SG", OFFICES[4].holidays),
)
"""Where contractors live and work, who come to no office."""

OPENING = Office(DESTINATIONS[6], 0, "US", (_NEW_YEAR, (7, 1), _CHRISTMAS))
"""The office that is opened where the simulation is asked for one."""

_LOW, _MIDDLE, _HIGH = 2, 126, 250
_SHARES = {"New York": (_LOW, _MIDDLE), "San Francisco": (_MIDDLE + 2, _HIGH)}
"""Hosts of a block that are in each of two cities of one country: an address is in one place."""
_RACKS = {"DE": City("Nuremberg", "DE", "Europe/Berlin", 49.4521, 11.0767)}
"""Where a country's rented servers are, if not in the office's city."""

_GATEWAY_SIZE = 62
GATEWAYS: dict[str, tuple[City, ...]] = {
    "US": (
        OFFICES[2].city,
        City("Dallas", "US", "America/Chicago", 32.7767, -96.797),
        OFFICES[3].city,
        City("Chicago", "US", "America/Chicago", 41.8781, -87.6298),
    ),
    "DE": (
        OFFICES[1].city,
        City("Frankfurt am Main", "DE", "Europe/Berlin", 50.1109, 8.6821),
        City("Dusseldorf", "DE", "Europe/Berlin", 51.2277, 6.7735),
    ),
    "IN": (
        OFFICES[4].city,
        City("Mumbai", "IN", "Asia/Kolkata", 19.076, 72.8777),
        City("New Delhi", "IN", "Asia/Kolkata", 28.6139, 77.209),
    ),
    "AU": (OFFICES[6].city, City("Melbourne", "AU", "Australia/Melbourne", -37.8136, 144.9631)),
    "BR": (OFFICES[7].city, City("Rio de Janeiro", "BR", "America/Sao_Paulo", -22.9068, -43.1729)),
}
"""Where carriers' gateways are, by quarters of a block. A phone is seen where its gateway is, not where it is."""
_NEAREST_GATEWAY = 0.7


@lru_cache(maxsize=65_536)
def address(city: City, block: Block, host: int) -> Address:
    """The address `host` (1 to 254) of `block`, located at `city`."""
    location = NativeLocation(city.country, city.name, city.latitude, city.longitude, block.asn, block.isp, block.tags)
    return Address(f"{block.net}.{host}", location)


def line(rng: Random, city: City, block: Block) -> Address:
    """An address that a fixed line in `city` may have."""
    return address(city, block, rng.randint(*_SHARES.get(city.name, (_LOW, _HIGH))))


def rack(rng: Random, city: City, block: Block) -> Address:
    """An address of a rented server in the country of `city`."""
    return line(rng, _RACKS.get(city.country, city), block)


def carrier(rng: Random, city: City, block: Block) -> Address:
    """An address that a phone in `city` may have: mostly of the nearest gateway, else of another of the country."""
    gateways = GATEWAYS.get(city.country, (city,))
    nearest, other = chance(rng, _NEAREST_GATEWAY), rng.randrange(len(gateways))
    number = gateways.index(city) if nearest and city in gateways else other
    return address(gateways[number], block, number * _GATEWAY_SIZE + rng.randint(_LOW, _GATEWAY_SIZE))


def office_egress(city: City) -> Address:
    """The one address that everybody in the office at `city` comes from."""
    blocks = NETWORKS[city.country].office
    # Two offices of one country leave through different providers.
    number = [office.city for office in (*OFFICES, OPENING) if office.city.country == city.country].index(city)
    return address(city, blocks[number], 10)


def vpn_egress(hub: str, gateway: int) -> Address:
    """Gateway 0 to 3 of the company's VPN at `hub`."""
    return address(HUBS[hub], VPN[hub], 20 + gateway)
