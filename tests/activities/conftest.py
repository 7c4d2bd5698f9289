"""What the tests of activities share: real CloudTrail records, other vendors' records, and damage done to those."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec
import pytest
from hypothesis import strategies as st
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]

from activities.activity import Activity, Raw
from activities.formats import parse_record
from activities.record import ID_LIMIT, LIST_LIMIT, TEXT_LIMIT, Rejected

FIXTURE = Path(__file__).parents[1] / "fixtures" / "cloudtrail-invictus"


class Mmdb(Protocol):
    """Writes an MMDB file of networks and their records."""

    def __call__(self, name: str, records: dict[str, Any], ip_version: int = 6) -> Path: ...


@pytest.fixture
def mmdb(tmp_path: Path) -> Mmdb:
    def write(name: str, records: dict[str, Any], ip_version: int = 6) -> Path:
        writer = MMDBWriter(ip_version, "Test", ipv4_compatible=ip_version == 6)
        for network, record in records.items():
            writer.insert_network(IPSet([network]), record)
        path = tmp_path / name
        writer.to_db_file(str(path))
        return path

    return write


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


VENDORS = Path(__file__).parents[1] / "fixtures" / "vendors"

_simple = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "x" * 5_000,
            "line\nbreak\x00\x1b[31m\u202e",
            "\ud800",
            "2026-13-45T99:99:99Z",
            "0001-01-01T00:00:00Z",
            10**30,
            -1,
            2**64,
            1e308,
            "unknown",
            "Not Available",
            "1.2.3.999",
            [],
            {},
        ]
    )
)
_wrong = st.recursive(
    _simple,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


class Vendor:
    """The records of a fixture, one a line, and what its format makes of them."""

    def __init__(self, fmt: str) -> None:
        self.fmt = fmt
        path = VENDORS / f"{fmt}.jsonl"
        self.records: list[dict[str, Any]] = [json.loads(line) for line in path.read_bytes().splitlines()]

    def parse(self, record: object, fmt: str = "") -> Activity | Rejected:
        """What becomes of a record, asked for by the vendor's own format unless `fmt` says another."""
        return parse_record(json.dumps(record).encode(), fmt or self.fmt, "default", Raw("vendors", self.fmt, 1))

    def read(self, record: object) -> Activity:
        """The activity of a record that can be read."""
        result = self.parse(record)
        assert isinstance(result, Activity), result
        return result

    def reason(self, record: object) -> str:
        """Why a record can't be read."""
        result = self.parse(record)
        assert isinstance(result, Rejected), result
        return result.reason

    def damaged(self, data: st.DataObject) -> dict[str, Any]:
        """A real record in which up to five things were dropped, or replaced by something of any type."""
        record: dict[str, Any] = json.loads(json.dumps(data.draw(st.sampled_from(self.records))))
        for _ in range(data.draw(st.integers(1, 5))):
            places = _places(record)
            if not places:
                break
            *way, last = data.draw(st.sampled_from(places))
            inner: Any = record
            for step in way:
                inner = inner[step]
            kind = data.draw(st.sampled_from(("drop", "replace", "nest", "list")))
            if kind == "drop":
                del inner[last]
            elif kind == "replace":
                inner[last] = data.draw(_wrong)
            else:
                inner[last] = {last: inner[last]} if kind == "nest" and isinstance(last, str) else [inner[last]]
        return record

    def check(self, record: object) -> None:
        """What holds of any record: an activity or a reason, bounded, clean, and able to be stored."""
        for fmt in (self.fmt, "auto"):
            result = self.parse(record, fmt)
            assert msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=type(result)) == result
            if isinstance(result, Rejected):
                assert result.reason.startswith("skipped: ") or "`$" in result.reason
                continue
            assert result.id and result.user.id and result.tenant and result.action
            assert max(len(result.id), len(result.user.id), len(result.tenant)) <= ID_LIMIT
            assert len(result.objects) <= LIST_LIMIT
            texts = list(_texts(msgspec.to_builtins(result)))
            assert max(map(len, texts)) <= TEXT_LIMIT
            assert not {letter for text in texts for letter in text if letter < " " or "\x7f" <= letter <= "\x9f"}
            if fmt == self.fmt:
                assert result.source == self.fmt


def _places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, item in inner for place in _places(item, (*path, key))]


def _texts(value: object) -> list[str]:
    """All texts inside a plain value."""
    if isinstance(value, str):
        return [value]
    return [found for item in value for found in _texts(item)] if isinstance(value, list | tuple) else []


@pytest.fixture(scope="session")
def vendor_of() -> Callable[[str], Vendor]:
    """The records of a vendor, by the name of its format."""
    return Vendor


@pytest.fixture
def parse_auto() -> Callable[[object], Activity]:
    """What `auto` makes of a record that can be read."""

    def parse(record: object) -> Activity:
        result = parse_record(json.dumps(record).encode(), "auto", "default", Raw("vendors", "auto", 1))
        assert isinstance(result, Activity), result
        return result

    return parse
