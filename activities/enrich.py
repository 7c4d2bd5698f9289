"""What an address says beyond the record: the country it is used in."""

from __future__ import annotations

import ipaddress
from itertools import islice
from pathlib import Path
from typing import Self

import maxminddb
import msgspec

from activities.activity import Activity

PACKAGED = Path(__file__).with_name("data") / "iptoasn-country.mmdb"
"""The database that is used unless the settings name another. See activities/data/README.md."""

_CACHED = 65_536
_SAMPLE = 1_000
_COUNTRY_LENGTH = 2
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""Private use: RFC 1918, RFC 4193."""
# Written out, because what `ipaddress` calls global changed between patch releases of Python.
_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "0.0.0.0/8",  # this network
            "100.64.0.0/10",  # carrier-grade NAT
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
            "::/128",  # unspecified
            "::1/128",  # loopback
            "100::/64",  # discard
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
            "fe80::/10",  # link-local
            "ff00::/8",  # multicast
        ),
    )
)
"""Not reachable from the internet: IANA's IPv4 and IPv6 Special-Purpose Address Registries."""
_REMEDY = "Give another MMDB file with countries, or none to use the one that is packaged."


class DatabaseError(RuntimeError):
    """A country database is missing, damaged, or of another kind."""


class CountryDatabase:
    """Looks up the country of an address in an MMDB file, and fills it into activities.

    Reads the records of ip-location-db (`{"country_code": "US"}`) and of MaxMind (`{"country": {"iso_code": "US"}}`).
    """

    def __init__(self, path: Path | None = None) -> None:
        """Opens the database.

        Args:
            path: An MMDB file; the packaged one if None.

        Raises:
            DatabaseError: It is missing, unreadable, or has no countries; the message names the file.
        """
        self.path = path or PACKAGED
        try:
            self._reader = maxminddb.open_database(self.path)
            sample = [_country_of(record) for _, record in islice(self._reader, _SAMPLE)]
        except FileNotFoundError as error:
            msg = f"expected a country database at {self.path}, found no such file. {_REMEDY}"
            raise DatabaseError(msg) from error
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            msg = f"expected a country database in MMDB format at {self.path}, found: {error}. {_REMEDY}"
            raise DatabaseError(msg) from error
        if not any(sample):
            kind = self._reader.metadata().database_type
            msg = f"expected countries in the database {self.path}, found none: its type is {kind!r}. {_REMEDY}"
            raise DatabaseError(msg)
        self._only_ipv4 = self._reader.metadata().ip_version == 4  # noqa: PLR2004
        self._known: dict[str, tuple[str, str]] = {}

    def enrich(self, activity: Activity) -> Activity:
        """`activity` with the country of its public address, or the tag `private` where the address is private.

        A record that says its country keeps it. Enriching twice changes nothing more.

        Raises:
            DatabaseError: The file turned out to be damaged.
        """
        if not activity.ip or activity.location.country:
            return activity
        country, tag = self.lookup(activity.ip)
        location = activity.location
        if country:
            location = msgspec.structs.replace(location, country=country)
        elif tag and tag not in location.tags:
            location = msgspec.structs.replace(location, tags=(*location.tags, tag))
        else:
            return activity
        return msgspec.structs.replace(activity, location=location)

    def lookup(self, ip: str) -> tuple[str, str]:
        """The country of an address in capitals, "" if unknown; and the tag `private` for a private address, else "".

        Raises:
            DatabaseError: The file turned out to be damaged.
        """
        found = self._known.get(ip)
        if found is None:
            found = self._look_up(ip)
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[ip] = found
        return found

    def close(self) -> None:
        """Closes the file."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _look_up(self, ip: str) -> tuple[str, str]:
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            return "", ""
        if isinstance(address, ipaddress.IPv6Address):
            address = address.ipv4_mapped or address
        if any(address in network for network in _PRIVATE):
            return "", "private"
        if any(address in network for network in _NOT_PUBLIC) or (self._only_ipv4 and address.version != 4):  # noqa: PLR2004
            return "", ""
        try:
            return _country_of(self._reader.get(address)), ""
        except maxminddb.InvalidDatabaseError as error:
            msg = f"expected an undamaged country database at {self.path}, found: {error}. {_REMEDY}"
            raise DatabaseError(msg) from error


def _country_of(record: object) -> str:
    """The code in a record of either shape; "" if it has none, or none of two letters."""
    if not isinstance(record, dict):
        return ""
    country = record.get("country")
    code = record.get("country_code") or (country.get("iso_code") if isinstance(country, dict) else None)
    if not isinstance(code, str) or len(code) != _COUNTRY_LENGTH or not code.isascii() or not code.isalpha():
        return ""
    return code.upper()
