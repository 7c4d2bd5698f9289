"""Everything that says something of an address, and who has the last word."""

from __future__ import annotations

from pathlib import Path

import msgspec

from activities.activity import NOWHERE, Location
from activities.enrich_address import Address, Network, RangeTable, kind, parse
from activities.enrich_database import PACKAGED, Database
from activities.enrich_files import EnrichmentError
from activities.enrich_lists import Lists
from activities.enrich_ranges import networks, networks_of_file
from activities.enrich_settings import EnrichmentSettings, Range
from activities.location_tags import LISTED, OWN
from activities.record import LIST_LIMIT, text


def complete(first: Location, then: Location) -> Location:
    """`first`, with what it lacks taken from `then`; tags of both.

    A place is never put together from two that disagree: a city comes only with the same country, coordinates only with
    the same city, a provider's name only with the same autonomous system.
    """
    if first == NOWHERE:
        return then
    if then == NOWHERE:
        return first
    country, city = first.country or then.country, first.city
    latitude, longitude, radius = first.latitude, first.longitude, first.radius
    if then.country == country:
        city = city or then.city
        same = not first.city or first.city.casefold() == then.city.casefold()
        if same and then.latitude is not None and (latitude is None or longitude is None):
            latitude, longitude, radius = then.latitude, then.longitude, then.radius
    asn, isp = first.asn, first.isp
    if asn is None or asn == then.asn:
        asn, isp = then.asn, isp or then.isp
    tags = tuple(dict.fromkeys(first.tags + then.tags))[:LIST_LIMIT]
    return Location(country, city, latitude, longitude, asn, isp, tags, radius)


class Sources:
    """Databases, ranges and lists as they were when they were read."""

    def __init__(self, settings: EnrichmentSettings) -> None:
        """Reads and opens everything that the settings name.

        Raises:
            EnrichmentError: Something can't be used.
        """
        self.ranges = RangeTable((network, one) for one in settings.ranges for network in _networks(one))
        self.lists = Lists(settings)
        packaged = PACKAGED if settings.packaged else ()
        self.databases = [Database(path) for path in (*map(Path, settings.databases), *packaged)]

    def place(self, ip: str, said: Location) -> Location:
        """Where `ip` is: the organisation's ranges have the first word, then the record, then the databases in order.

        Args:
            ip: An address, or something else, of which nothing is known.
            said: What the record says; it is returned as it is where nothing is added.

        Raises:
            EnrichmentError: A database turned out to be damaged.
        """
        address = parse(ip)
        if address is None:
            return said
        found = complete(self.own(address), said)
        special = kind(address)
        if special is None:
            mine = OWN.intersection(found.tags)
            for database in self.databases:
                found = complete(found, _without_lists(database.lookup(address)) if mine else database.lookup(address))
            tags = () if mine else self.lists.tags(address, found.asn)
        else:
            tags = (special,) if special else ()
        found = _tagged(found, tags)
        return said if found == said else found

    def own(self, address: Address) -> Location:
        """What the narrowest of the organisation's ranges that holds the address says of it."""
        found = NOWHERE
        for one in next(self.ranges.containing(address), []):
            found = complete(found, location_of_range(one))
        return found

    def close(self) -> None:
        """Closes the databases."""
        for database in self.databases:
            database.close()


def location_of_range(one: Range) -> Location:
    """What a range says of its addresses."""
    tags = tuple(dict.fromkeys((one.category, *map(text, one.tags))))
    placed = one.latitude is not None and one.longitude is not None
    latitude, longitude = (one.latitude, one.longitude) if placed else (None, None)
    return Location(one.country, text(one.city), latitude, longitude, None, text(one.isp), tags)


def files_of(settings: EnrichmentSettings) -> tuple[Path, ...]:
    """The files that are the user's, and may be replaced."""
    ranges = (file for one in settings.ranges for file in one.files)
    lists = (file for files in settings.lists.values() for file in files)
    return tuple(dict.fromkeys(map(Path, (*settings.databases, *ranges, *lists))))


def _networks(one: Range) -> list[Network]:
    where = f"setting enrichment.ranges, {one.name!r}"
    found = networks(one.cidrs, where)
    for file in one.files:
        found += networks_of_file(Path(file))
    if not found:
        msg = f"{where}: expected cidrs or files, found neither"
        raise EnrichmentError(msg)
    return found


def _without_lists(location: Location) -> Location:
    tags = tuple(tag for tag in location.tags if tag not in LISTED)
    return location if tags == location.tags else msgspec.structs.replace(location, tags=tags)


def _tagged(location: Location, tags: tuple[str, ...]) -> Location:
    missing = tuple(tag for tag in tags if tag not in location.tags)
    if not missing:
        return location
    return msgspec.structs.replace(location, tags=(*location.tags, *missing)[:LIST_LIMIT])
