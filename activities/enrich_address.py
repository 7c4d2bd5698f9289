"""Addresses and networks: longest prefix match, and the kinds of address that the internet doesn't know."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from activities.location_tags import CGNAT, PRIVATE

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_Said = TypeVar("_Said")
_BITS = {4: 32, 6: 128}


class RangeTable(Generic[_Said]):
    """Networks of both versions; what is said of one network twice is kept twice."""

    def __init__(self, entries: Iterable[tuple[Network, _Said]] = ()) -> None:
        tables: dict[int, dict[int, dict[int, list[_Said]]]] = {4: {}, 6: {}}
        for network, said in entries:
            shift = _BITS[network.version] - network.prefixlen
            table = tables[network.version].setdefault(shift, {})
            table.setdefault(int(network.network_address) >> shift, []).append(said)
        self._tables = {version: sorted(found.items()) for version, found in tables.items()}

    def containing(self, address: Address) -> Iterator[list[_Said]]:
        """What is said of each network that holds `address`, the narrowest first; of equal ones, in their order."""
        number = int(address)
        for shift, table in self._tables[address.version]:
            found = table.get(number >> shift)
            if found is not None:
                yield found


_SPECIAL = {
    "10.0.0.0/8": PRIVATE,
    "172.16.0.0/12": PRIVATE,
    "192.168.0.0/16": PRIVATE,
    "fc00::/7": PRIVATE,
    "100.64.0.0/10": CGNAT,
    "0.0.0.0/8": "",  # this network
    "127.0.0.0/8": "",  # loopback
    "169.254.0.0/16": "",  # link-local
    "192.0.0.0/24": "",  # protocol assignments
    "192.0.2.0/24": "",  # documentation
    "198.18.0.0/15": "",  # benchmarks
    "198.51.100.0/24": "",  # documentation
    "203.0.113.0/24": "",  # documentation
    "224.0.0.0/4": "",  # multicast
    "240.0.0.0/4": "",  # reserved, broadcast
    "::/128": "",  # unspecified
    "::1/128": "",  # loopback
    "100::/64": "",  # discard
    "2001:db8::/32": "",  # documentation
    "3fff::/20": "",  # documentation
    "fe80::/10": "",  # link-local
    "ff00::/8": "",  # multicast
}
"""Not reachable from the internet: IANA's IPv4 and IPv6 Special-Purpose Address Registries.

Written out, because what `ipaddress` calls global changed between patch releases of Python.
"""
_SPECIALS = RangeTable((ipaddress.ip_network(written), tag) for written, tag in _SPECIAL.items())


def parse(ip: str) -> Address | None:
    """The address written as `ip`, None if it is none. IPv4 mapped into IPv6 (RFC 4291, 2.5.5.2) is IPv4."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address
    return address


def kind(address: Address) -> str | None:
    """`private`, `cgnat`, "" for what else isn't public, None for a public address."""
    return next((tag for (tag,) in _SPECIALS.containing(address)), None)
