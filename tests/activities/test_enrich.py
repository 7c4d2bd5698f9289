"""Countries of addresses, and databases that can't be used."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple

import pytest

from activities import enrich
from activities.activity import Activity, Location, User
from activities.enrich import PACKAGED, CountryDatabase, DatabaseError


def activity(ip: str, location: Location | None = None) -> Activity:
    return Activity("t", "1", 1, 0, User("u"), "GetObject", ip=ip, location=location or Location())


@pytest.fixture(scope="module")
def packaged() -> CountryDatabase:
    return CountryDatabase()


@pytest.mark.parametrize(
    ("ip", "country", "tags"),
    [
        ("8.8.8.8", "US", ()),
        ("2001:4860:4860::8888", "US", ()),
        ("::ffff:8.8.8.8", "US", ()),
        ("193.0.6.139", "NL", ()),
        ("10.0.0.1", "", ("private",)),
        ("172.31.255.255", "", ("private",)),
        ("192.168.10.20", "", ("private",)),
        ("::ffff:10.0.0.1", "", ("private",)),
        ("fd12::1", "", ("private",)),
        ("127.0.0.1", "", ()),
        ("::1", "", ()),
        ("169.254.169.254", "", ()),
        ("fe80::1", "", ()),
        ("100.64.0.1", "", ()),
        ("192.0.2.1", "", ()),
        ("198.51.100.7", "", ()),
        ("203.0.113.9", "", ()),
        ("2001:db8::1", "", ()),
        ("224.0.0.1", "", ()),
        ("255.255.255.255", "", ()),
        ("253.252.51.07", "", ()),
        ("AWS Internal", "", ()),
        ("", "", ()),
    ],
)
def test_country(packaged: CountryDatabase, ip: str, country: str, tags: tuple[str, ...]) -> None:
    enriched = packaged.enrich(activity(ip))
    assert enriched == activity(ip, Location(country=country, tags=tags))
    assert packaged.enrich(enriched) == enriched


def test_what_the_record_says_stays(packaged: CountryDatabase) -> None:
    known = activity("8.8.8.8", Location("NO", "Oslo", tags=("vpn",)))
    assert packaged.enrich(known) is known
    city = activity("8.8.8.8", Location("", "Oslo", asn=1, tags=("vpn",)))
    assert packaged.enrich(city).location == Location("US", "Oslo", asn=1, tags=("vpn",))
    office = activity("10.0.0.1", Location(tags=("office",)))
    assert packaged.enrich(office).location.tags == ("office", "private")


def test_the_cache_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrich, "_CACHED", 3)
    ips = [f"8.8.{number % 7}.8" for number in range(50)]
    with CountryDatabase() as small, CountryDatabase() as fresh:
        assert [small.lookup(ip) for ip in ips] == [fresh.lookup(ip) for ip in ips]
        assert len(small._known) <= 3


class Unsigned(NamedTuple):
    """A number in as many bits as the format wants for it."""

    value: int
    bits: int


def encoded(value: object) -> bytes:
    """A value in the data section of an MMDB file, short forms only (MaxMind DB File Format Specification 2.0)."""
    if isinstance(value, dict):
        return bytes([7 << 5 | len(value)]) + b"".join(encoded(part) for pair in value.items() for part in pair)
    if isinstance(value, str):
        return bytes([2 << 5 | len(value)]) + value.encode()
    if isinstance(value, list):
        return bytes([len(value), 11 - 7]) + b"".join(map(encoded, value))
    number = value if isinstance(value, Unsigned) else Unsigned(int(str(value)), 32)
    size = number.bits // 8
    head = {16: bytes([5 << 5 | size]), 32: bytes([6 << 5 | size]), 64: bytes([size, 9 - 7])}[number.bits]
    return head + number.value.to_bytes(size, "big")


def mmdb(network: str, record: object, kind: str = "Test") -> bytes:
    """An MMDB file of one IPv4 network and its record."""
    prefix = ip_network(network)
    nodes = b""
    for depth in range(prefix.prefixlen):
        bit = int(prefix.network_address) >> (31 - depth) & 1
        onward = depth + 1 if depth + 1 < prefix.prefixlen else prefix.prefixlen + 16
        left, right = (prefix.prefixlen, onward) if bit else (onward, prefix.prefixlen)
        nodes += left.to_bytes(3, "big") + right.to_bytes(3, "big")
    metadata = {
        "node_count": Unsigned(prefix.prefixlen, 32),
        "record_size": Unsigned(24, 16),
        "ip_version": Unsigned(4, 16),
        "database_type": kind,
        "languages": ["en"],
        "binary_format_major_version": Unsigned(2, 16),
        "binary_format_minor_version": Unsigned(0, 16),
        "build_epoch": Unsigned(1, 64),  # the C reader refuses 0
        "description": {"en": "test"},
    }
    return nodes + bytes(16) + encoded(record) + b"\xab\xcd\xefMaxMind.com" + encoded(metadata)


@pytest.mark.parametrize(
    "record",
    [
        {"country_code": "NO"},
        {"country": {"iso_code": "NO"}},
        {"country_code": "no"},
        {"country": {"iso_code": "NO", "geoname_id": 1}},
    ],
)
def test_a_users_own_database(tmp_path: Path, record: object) -> None:
    path = tmp_path / "own.mmdb"
    path.write_bytes(mmdb("8.8.8.0/24", record))
    with CountryDatabase(path) as own:
        assert own.lookup("8.8.8.8") == ("NO", "")
        assert own.lookup("8.8.4.4") == ("", "")
        assert own.lookup("10.0.0.1") == ("", "private")
        assert own.lookup("2001:4860:4860::8888") == ("", "")  # it has only IPv4


def refusal(path: Path) -> str:
    with pytest.raises(DatabaseError) as refused:
        CountryDatabase(path)
    assert str(path) in str(refused.value)
    assert "Give another MMDB file" in str(refused.value)
    return str(refused.value)


def test_missing(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "none.mmdb")


@pytest.mark.parametrize(
    "content", [b"", b"not a database", PACKAGED.read_bytes()[:1_000_000]], ids=["empty", "text", "cut"]
)
def test_corrupt(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.mmdb"
    path.write_bytes(content)
    assert "MMDB format" in refusal(path)


def test_damaged_tree(tmp_path: Path) -> None:
    good = PACKAGED.read_bytes()
    path = tmp_path / "bad.mmdb"
    path.write_bytes(b"\xff" * (len(good) - 2_000) + good[-2_000:])
    assert "corrupt" in refusal(path)


@pytest.mark.parametrize(
    "record", [{"autonomous_system_number": 15169}, {"country": "NO"}, {"country_code": "NOR"}, {"country": {}}]
)
def test_no_countries(tmp_path: Path, record: object) -> None:
    path = tmp_path / "asn.mmdb"
    path.write_bytes(mmdb("8.8.8.0/24", record, kind="ASN"))
    assert "found none: its type is 'ASN'" in refusal(path)


def test_directory(tmp_path: Path) -> None:
    refusal(tmp_path)
