"""A simulated tenant with attacks as several logs, with duplicates, late and unreadable records among them."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from simulator.simulate import simulate

DUPLICATES, LATE, UNREADABLE = 0.02, 0.002, 0.001
"""Shares of the records that come a second time, that come as a copy too late, and beside which there is junk."""
LATENESS = timedelta(hours=30)
NEAR = 200
"""A duplicate comes at most this many lines behind its original."""


def write_inputs(folder: Path, users: int, days: int, seed: int, inputs: int) -> list[Path]:
    """Simulate a tenant and write its records to `inputs` files, by a hash of the record's id.

    A user's activities are in all of the files, so that how the files are interleaved decides the order in which they
    arrive. What is late, a duplicate or unreadable is so by its own file alone.

    Returns:
        The files.
    """
    simulate(users, days, seed, ["all"], folder)
    chance = Random(seed)
    lines: list[list[tuple[float, bytes]]] = [[] for _ in range(inputs)]
    with (folder / "activities.jsonl").open("rb") as file:
        for line in file:
            record = msgspec.json.decode(line)
            own = lines[_number(record["id"], inputs)]
            place = float(len(own))
            own.append((place, line))
            if chance.random() < DUPLICATES:
                own.append((place + chance.uniform(0, NEAR), line))
            if chance.random() < LATE:
                own.append((place, msgspec.json.encode(_late(record)) + b"\n"))
            if chance.random() < UNREADABLE:
                own.append((place, b'{"id": "torn\n'))
    files = [folder / f"input-{number}.jsonl" for number in range(inputs)]
    for path, found in zip(files, lines, strict=True):
        found.sort(key=lambda entry: entry[0])
        path.write_bytes(b"".join(line for _, line in found))
    return files


def _number(identifier: str, inputs: int) -> int:
    return int.from_bytes(hashlib.blake2b(identifier.encode(), digest_size=4).digest(), "big") % inputs


def _late(record: dict[str, Any]) -> dict[str, Any]:
    """The record under another id, as if it had happened 30 hours before it was handed over."""
    happened = datetime.fromisoformat(record["ingested"]) - LATENESS
    return {**record, "id": f"late-{record['id']}", "time": happened.isoformat(timespec="milliseconds")}
