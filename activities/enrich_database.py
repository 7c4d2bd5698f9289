"""One MMDB: opened, proved to be of use, asked."""

from __future__ import annotations

import zlib
from itertools import islice
from pathlib import Path

import maxminddb

from activities.activity import NOWHERE, Location
from activities.enrich_address import Address
from activities.enrich_files import EnrichmentError, open_mmdb
from activities.enrich_records import location_of

_DATA = Path(__file__).with_name("data")
PACKAGED = (_DATA / "iptoasn-country.mmdb", _DATA / "asn.mmdb")
"""Asked last. See activities/data/README.md."""

_SAMPLE = 1_000
_REMEDY = "Give another MMDB file (setting enrichment.databases), or none to use the packaged ones."


class Database:
    """Looks addresses up in one MMDB file."""

    def __init__(self, path: Path) -> None:
        """Opens the database.

        Args:
            path: An MMDB file, which may be gzipped. One that isn't packaged is copied, so it may be written over.

        Raises:
            EnrichmentError: It is missing, unreadable, or says nothing that is of use; the message names the file.
        """
        self.path = path
        try:
            self._reader = open_mmdb(path, copy=path not in PACKAGED)
            sample = [location_of(record) for _, record in islice(self._reader, _SAMPLE)]
        except FileNotFoundError as error:
            msg = f"expected a database of addresses at {path}, found no such file. {_REMEDY}"
            raise EnrichmentError(msg) from error
        except (OSError, EOFError, ValueError, zlib.error, maxminddb.InvalidDatabaseError) as error:
            msg = f"expected a database of addresses in MMDB format at {path}, found: {error}. {_REMEDY}"
            raise EnrichmentError(msg) from error
        metadata = self._reader.metadata()
        self.type, self.built = metadata.database_type, metadata.build_epoch
        """Its own word for what it holds; seconds since 1970."""
        self._only_ipv4 = metadata.ip_version == 4  # noqa: PLR2004
        if all(found is NOWHERE for found in sample):
            msg = (
                f"expected countries, cities, autonomous systems or providers in the database {path}, found none: its "
                f"type is {self.type!r}. {_REMEDY}"
            )
            raise EnrichmentError(msg)

    def lookup(self, address: Address) -> Location:
        """What it says of a public address, `NOWHERE` if nothing.

        Raises:
            EnrichmentError: The file turned out to be damaged.
        """
        if self._only_ipv4 and address.version != 4:  # noqa: PLR2004
            return NOWHERE
        try:
            return location_of(self._reader.get(address))
        except (ValueError, maxminddb.InvalidDatabaseError) as error:
            msg = f"expected an undamaged database at {self.path}, found: {error}. {_REMEDY}"
            raise EnrichmentError(msg) from error

    def close(self) -> None:
        """Closes the file."""
        self._reader.close()
