"""Damaged records, by the million: no parser raises, and nothing is lost.

    python -m bench.fuzz --n 1000000

Records of the tests, and where there are those of `../shared/data`, are damaged (`bench.mutations`) and read, half of
them as `auto`. Each must give an activity that can be stored or a reason, and each of an envelope its own:
in = parsed + rejected. A line per parser; exit code 1, and how to see it again, if one fails. The same seed gives the
same bytes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

import msgspec

from activities.activity import Activity, Raw
from activities.formats import DEFAULT_TENANT, NATIVE, VENDORS, parse_line
from activities.record import ID_LIMIT, LIST_LIMIT, TEXT_LIMIT, Rejected
from bench.mutations import many, mutated
from bench.samples import SHARED, Sample, fixtures, shared

CHUNK = 5_000
"""Records of one parser that a process reads at once."""
MOST_SEEDS = 400
"""Records of a format to begin from."""
_RAW = Raw("fuzz", "", 1)
EXAMPLE = msgspec.json.encode({
    "id": "7f3a", "time": "2026-01-02T03:04:05.678+01:00", "ingested": 1767319450000, "tenant": "example",
    "user": {"id": "alice@example.com", "name": "Alice", "email": "alice@example.com", "type": "person"},
    "action": "FileDownloaded", "category": "download", "outcome": "success", "app": "SharePoint",
    "impersonated": {"id": "bob"}, "ip": "198.51.100.7", "location": {"country": "NO", "tags": ["office"]},
    "device": {"id": "L-7"}, "session": "s", "objects": [{"type": "file", "name": "/q3.xlsx", "bytes": 7}],
    "groups": ["finance"], "unit": "U", "error": "", "tags": ["external"],
})  # fmt: skip
"""A native record with everything."""


class Job(NamedTuple):
    """Some records of one parser."""

    format: str
    number: int
    """Of the chunk: with the seed it decides all that is in it."""
    records: int
    seed: int


class Found(NamedTuple):
    """What became of a job."""

    format: str
    counts: Counter[str]
    """in, parsed, rejected, failed."""
    failures: list[str]
    seconds: float


class Fault(AssertionError):
    """A result that isn't one."""


@cache
def seeds() -> dict[str, list[bytes]]:
    """Records to begin from, by format."""
    found: dict[str, list[bytes]] = {NATIVE.name: [EXAMPLE], **{vendor.name: [] for vendor in VENDORS}}
    samples: list[Sample] = [*fixtures(), *(shared() if SHARED.is_dir() else ())]
    for sample in samples:
        document = json.loads(sample.data)
        records = document.get("Records", [document]) if isinstance(document, dict) else document
        found[sample.format] += [data for record in records[:20] if _is_read(data := json.dumps(record).encode())]
    # Every so manyth, so that each folder is among them.
    return {name: records[:: max(1, len(records) // MOST_SEEDS)] for name, records in found.items()}


def _is_read(data: bytes) -> bool:
    return isinstance(parse_line(data, "auto", DEFAULT_TENANT, _RAW)[0], Activity)


def work(job: Job) -> Found:
    """Reads the damaged records of a job."""
    random = Random(f"{job.seed}/{job.format}/{job.number}")
    records = seeds()[job.format]
    counts: Counter[str] = Counter()
    failures: list[str] = []
    began = time.perf_counter()
    while counts["in"] < job.records:
        data = mutated(random, random.choice(records), random.choice(records))
        alone = 1
        if random.random() < 0.05:  # noqa: PLR2004
            alone = random.randint(1, 4)
            data = many(random, [data] * alone) if _is_json(data) else data
            alone = alone if _is_json(data) else 1
        fmt = job.format if random.random() < 0.5 else "auto"  # noqa: PLR2004
        try:
            results = parse_line(data, fmt, DEFAULT_TENANT, _RAW)
            check(results)
            if alone > 1 and len(results) % alone:
                msg = f"expected {alone} records, or all of them envelopes themselves, found {len(results)}"
                raise Fault(msg)
        except Exception as error:  # noqa: BLE001
            counts.update({"in": 1, "failed": 1})
            where = "".join(traceback.format_exception_only(error)) + traceback.format_exc(limit=-2)
            failures.append(f"{job} format {fmt}: {where}\n{data[:2000]!r}")
            continue
        parsed = sum(isinstance(result, Activity) for result in results)
        counts.update({"in": len(results), "parsed": parsed, "rejected": len(results) - parsed})
    return Found(job.format, counts, failures, time.perf_counter() - began)


def check(results: Sequence[Activity | Rejected]) -> None:
    """What holds of the results of any bytes.

    Raises:
        Fault: It doesn't.
    """
    _must(bool(results), "at least one result")
    for result in results:
        stored = msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=type(result))
        _must(stored == result, "what is stored to come back")
        if isinstance(result, Rejected):
            _must(0 < len(result.reason) <= TEXT_LIMIT, "a short reason")
            continue
        ids = (result.id, result.user.id, result.tenant)
        _must(all((*ids, result.action, result.time > 0)), "id, user, tenant, action and time")
        _must(max(map(len, ids)) <= ID_LIMIT, "ids of at most 256 characters")
        _must(len(result.objects) <= LIST_LIMIT, "at most 32 objects")
        _must(all(len(item.name) <= TEXT_LIMIT for item in result.objects), "short names of objects")


def _must(holds: bool, what: str) -> None:
    if not holds:
        msg = f"expected {what}"
        raise Fault(msg)


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True


def jobs(count: int, seed: int, formats: Sequence[str]) -> list[Job]:
    """`count` records spread over the formats, in chunks."""
    found: list[Job] = []
    for place, name in enumerate(formats):
        left = count // len(formats) + (place < count % len(formats))
        for number in range(0, left, CHUNK):
            found.append(Job(name, number // CHUNK, min(CHUNK, left - number), seed))
    return found


def report(results: Iterable[Found], formats: Sequence[str]) -> int:
    """Prints a line per parser; returns the number of failures."""
    totals = {name: Counter[str]() for name in formats}
    seconds: Counter[str] = Counter()
    failures: list[str] = []
    for result in results:
        totals[result.format] += result.counts
        seconds[result.format] += result.seconds  # type: ignore[assignment]
        failures += result.failures
    row = "{:18}{:>12}{:>12}{:>12}{:>12}{:>14}"
    print(row.format("parser", "in", "parsed", "rejected", "exceptions", "us a record"))
    for name, counts in [*totals.items(), ("all", sum(totals.values(), Counter()))]:
        spent = seconds[name] if name in totals else sum(seconds.values())
        numbers = (counts["in"], counts["parsed"], counts["rejected"], counts["failed"])
        cost = spent / max(1, counts["in"]) * 1e6
        print(row.format(name, *(f"{number:,}" for number in numbers), f"{cost:.0f}"))
        if counts["in"] != counts["parsed"] + counts["rejected"] + counts["failed"]:
            failures.append(f"{name}: in is not parsed + rejected")
    for failure in failures[:20]:
        print(failure, file=sys.stderr)
    return len(failures)


def main() -> int:
    """Read so many damaged records in all processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=100_000, help="Records.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--format", action="append", help="Only this parser; may be given several times.")
    arguments = parser.parse_args()
    formats = arguments.format or list(seeds())
    began = time.perf_counter()
    todo = jobs(arguments.n, arguments.seed, formats)
    if arguments.processes == 1:
        failed = report(map(work, todo), formats)
    else:
        with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
            failed = report(pool.imap_unordered(work, todo), formats)
    print(f"{time.perf_counter() - began:.0f} s in {arguments.processes} processes, seed {arguments.seed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
