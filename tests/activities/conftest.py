"""What the tests of activities share: real CloudTrail records."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import NamedTuple

import pytest

FIXTURE = Path(__file__).parents[1] / "fixtures" / "cloudtrail-invictus"


class Log(NamedTuple):
    """A file of a log: its name, its bytes uncompressed, its records."""

    name: str
    data: bytes
    records: list[dict[str, object]]


@pytest.fixture(scope="session")
def logs() -> list[Log]:
    """The files of the fixture in the order of their names."""
    files = []
    for path in sorted(FIXTURE.glob("*.json*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        files.append(Log(path.name, data, json.loads(data)["Records"]))
    return files


@pytest.fixture(scope="session")
def events(logs: list[Log]) -> list[dict[str, object]]:
    """All CloudTrail events of the fixture."""
    return [record for log in logs for record in log.records]
