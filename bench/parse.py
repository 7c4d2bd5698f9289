"""How fast each format is parsed, beside decoding the same JSON: one process, one core, records of the tests.

    python -m bench.parse --out bench/results.json

CPU time of the best of several rounds. `auto` finds the format out record by record. The ratio to decoding travels
between machines; absolute figures don't.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from activities.activity import Activity, Raw
from activities.formats import DEFAULT_TENANT, NATIVE, VENDORS, parse_line
from bench.fuzz import EXAMPLE
from bench.samples import fixtures

ROUND = 0.1
"""Seconds that a round takes at least."""
_RAW = Raw("bench", "", 1)
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def best(work: Callable[[bytes], object], records: Sequence[bytes], rounds: int) -> float:
    """CPU seconds a record, of the best round."""
    repeats = 1
    while True:
        spent = min(_round(work, records, repeats) for _ in range(rounds))
        if spent >= ROUND:
            return spent / repeats / len(records)
        repeats = max(repeats * 2, int(repeats * ROUND / max(spent, ROUND / 100)))


def _round(work: Callable[[bytes], object], records: Sequence[bytes], repeats: int) -> float:
    began = time.process_time()
    for _ in range(repeats):
        for record in records:
            work(record)
    return time.process_time() - began


def bench(rounds: int) -> dict[str, dict[str, float]]:
    """Figures of each format."""
    found: dict[str, dict[str, float]] = {}
    of_tests: dict[str, list[bytes]] = {NATIVE.name: [EXAMPLE], **{vendor.name: [] for vendor in VENDORS}}
    for sample in fixtures():
        of_tests[sample.format].append(sample.data)
    for name, given in of_tests.items():
        records = [data for data in given if isinstance(_parse(data, name), Activity)]
        decoding = best(_decode, records, rounds)
        named = best(lambda data, name=name: _parse(data, name), records, rounds)  # type: ignore[misc]
        auto = best(lambda data: _parse(data, "auto"), records, rounds)
        found[name] = {
            "records_per_second": round(1 / named),
            "records_per_second_auto": round(1 / auto),
            "us_per_record": round(named * 1e6, 2),
            "bytes_per_record": round(sum(map(len, records)) / len(records)),
            "ratio_to_decoding": round(named / decoding, 2),
            "ratio_of_auto": round(auto / named, 2),
        }
    return found


def _parse(data: bytes, fmt: str) -> object:
    return parse_line(data, fmt, DEFAULT_TENANT, _RAW)[0]


def main() -> None:
    """Measure, print, and put the figures beside the other results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="Results to add to, under `parse`.")
    arguments = parser.parse_args()
    results = bench(arguments.rounds)
    row = "{:18}{:>12}{:>12}{:>10}{:>10}{:>12}"
    print(row.format("format", "records/s", "auto", "us", "bytes", "x decoding"))  # noqa: T201
    for name, figures in results.items():
        print(  # noqa: T201
            row.format(
                name,
                f"{figures['records_per_second']:,.0f}",
                f"{figures['records_per_second_auto']:,.0f}",
                figures["us_per_record"],
                f"{figures['bytes_per_record']:,.0f}",
                figures["ratio_to_decoding"],
            )
        )
    if arguments.out is not None:
        known = msgspec.json.decode(arguments.out.read_bytes()) if arguments.out.exists() else {}
        text = msgspec.json.format(msgspec.json.encode({**known, "parse": results})).decode()
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
