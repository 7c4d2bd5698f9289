"""Makes `asn.mmdb` from the CSV files of the npm package `@ip-location-db/asn`. README.md says how to run it."""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPRange, IPSet  # type: ignore[import-untyped]


class _Dated(MMDBWriter):
    """A writer whose file depends on what it is made from alone, not on when."""

    epoch = 0

    def _build_meta(self) -> dict[str, Any]:
        return super()._build_meta() | {"build_epoch": self.epoch}


def main() -> None:
    """Read, merge, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--built", type=date.fromisoformat, required=True, help="date of the package")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("asn.mmdb"))
    arguments = parser.parse_args()
    ranges: dict[int, list[IPRange]] = defaultdict(list)
    names: dict[int, str] = {}
    for file in arguments.files:
        with file.open(encoding="utf-8", newline="") as lines:
            for first, last, number, name in csv.reader(lines):
                ranges[int(number)].append(IPRange(first, last))
                names[int(number)] = name
    writer = _Dated(
        6,
        "ip-location-db-ASN",
        ["en"],
        "ip-location-db asn: RouteViews, NRO, DB-IP; CC BY 4.0",
        ipv4_compatible=True,
        int_type="u32",
    )
    writer.epoch = int(datetime.combine(arguments.built, datetime.min.time(), UTC).timestamp())
    for system in sorted(ranges):
        record = {"autonomous_system_number": system, "autonomous_system_organization": names[system]}
        writer.insert_network(IPSet(ranges[system]), record)
    writer.to_db_file(str(arguments.out))


if __name__ == "__main__":
    main()
