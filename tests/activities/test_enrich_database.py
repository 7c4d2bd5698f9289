"""Shapes of records, and databases that can't be used."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.activity import NOWHERE, Location
from activities.enrich_address import parse
from activities.enrich_database import PACKAGED, Database
from activities.enrich_files import EnrichmentError
from activities.enrich_gateways import _SYSTEMS as GATEWAYS
from activities.enrich_gateways import GATEWAY_SYSTEMS
from activities.enrich_hosting import _SYSTEMS as HOSTS
from activities.enrich_hosting import HOSTING_SYSTEMS
from activities.enrich_mobile import _SYSTEMS as CARRIERS
from activities.enrich_mobile import MOBILE_SYSTEMS
from activities.enrich_records import location_of

Mmdb = Callable[..., Path]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        # MaxMind GeoLite2 City, DB-IP City Lite.
        (
            {
                "city": {"geoname_id": 2643743, "names": {"en": "London", "fr": "Londres"}},
                "country": {"iso_code": "GB", "names": {"en": "United Kingdom"}},
                "registered_country": {"iso_code": "US"},
                "location": {"accuracy_radius": 100, "latitude": 51.5142, "longitude": -0.0931, "time_zone": "x"},
            },
            Location("GB", "London", 51.5142, -0.0931, radius=100),
        ),
        ({"city": {"names": {"fr": "Londres", "de": "Londen"}}}, Location("", "Londen")),
        # MaxMind ASN, ISP; the latter of a mobile carrier.
        (
            {"autonomous_system_number": 1221, "autonomous_system_organization": "Telstra Pty Ltd"},
            Location(asn=1221, isp="Telstra Pty Ltd"),
        ),
        (
            {
                "autonomous_system_number": 1221, "autonomous_system_organization": "Telstra Pty Ltd",
                "isp": "Telstra Internet", "mobile_country_code": "505", "mobile_network_code": "01",
            },
            Location(asn=1221, isp="Telstra Internet", tags=("mobile",)),
        ),
        # MaxMind Enterprise, Connection Type, Anonymous IP.
        (
            {"traits": {"autonomous_system_number": 1, "isp": "I", "user_type": "cellular", "is_anonymous_vpn": True}},
            Location(asn=1, isp="I", tags=("anonymous", "mobile")),
        ),
        ({"connection_type": "Cellular"}, Location(tags=("mobile",))),
        ({"connection_type": "Cable/DSL"}, NOWHERE),
        ({"is_anonymous": True, "is_tor_exit_node": True, "is_public_proxy": True}, Location(tags=("tor", "proxy"))),
        ({"is_hosting_provider": True, "is_tor_exit_node": False}, Location(tags=("hosting",))),
        # ip-location-db.
        ({"country_code": "no"}, Location("NO")),
        (
            {"city": "Oslo", "country_code": "NO", "latitude": 59.9, "longitude": 10.7, "state1": "O"},
            Location("NO", "Oslo", 59.9, 10.7),
        ),
        (
            {"city": "Amsterdam (Centrum)", "country_code": "NL", "latitude": 52.3675994873, "longitude": 4.904139},
            Location("NL", "Amsterdam", 52.3676, 4.9041),
        ),
        # IPinfo.
        (
            {"asn": "AS15169", "as_name": "Google LLC", "country": "US", "country_code": "US"},
            Location("US", asn=15169, isp="Google LLC"),
        ),
        ({"country": "NO"}, Location("NO")),
        # Nothing that is known, or nonsense.
        ({}, NOWHERE),
        ("US", NOWHERE),
        (None, NOWHERE),
        ({"country_code": "NOR"}, NOWHERE),
        ({"country_code": "ZZ"}, NOWHERE),
        ({"country": {"iso_code": 7}, "city": [1], "location": "x", "traits": 3}, NOWHERE),
        ({"location": {"latitude": 59.9, "accuracy_radius": 5}}, NOWHERE),
        ({"location": {"latitude": 99.0, "longitude": 10.7}}, NOWHERE),
        ({"autonomous_system_number": 0, "autonomous_system_organization": ""}, NOWHERE),
        ({"city": "a\x1b[31m"}, Location("", "a\ufffd[31m")),
    ],
)  # fmt: skip
def test_shapes(record: object, expected: Location) -> None:
    assert location_of(record) == expected


_keys = st.sampled_from(
    [
        "country", "iso_code", "country_code", "city", "names", "en", "location", "latitude", "longitude", "traits",
        "isp", "accuracy_radius", "autonomous_system_number", "asn", "user_type", "connection_type", "is_tor_exit_node",
    ]
)  # fmt: skip
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(_keys, _values, max_size=6))
def test_no_record_raises(record: dict[str, Any]) -> None:
    found = location_of(record)
    assert (found.latitude is None) == (found.longitude is None)
    assert found.country == found.country.upper()


@pytest.mark.parametrize("packed", [False, True])
def test_a_users_own_database(mmdb: Mmdb, packed: bool) -> None:
    path = mmdb("own.mmdb", {"8.8.8.0/24": {"country_code": "NO"}}, 4)
    if packed:
        plain, path = path, path.with_suffix(".mmdb.gz")
        path.write_bytes(gzip.compress(plain.read_bytes()))
    own = Database(path)
    for ip, country in {"8.8.8.8": "NO", "8.8.4.4": "", "2001:4860:4860::8888": ""}.items():
        address = parse(ip)
        assert address
        assert own.lookup(address).country == country
    assert own.type == "Test"
    own.close()


def test_a_file_may_be_written_over_while_it_is_used(mmdb: Mmdb) -> None:
    path = mmdb("own.mmdb", {"8.8.8.0/24": {"country_code": "NO"}})
    own, address = Database(path), parse("8.8.8.8")
    assert address
    with path.open("r+b") as file:
        file.truncate(10)  # a mapping of the file itself would end the process here
    assert own.lookup(address).country == "NO"


def refusal(path: Path) -> str:
    with pytest.raises(EnrichmentError) as refused:
        Database(path)
    assert str(path) in str(refused.value)
    assert "Give another MMDB file" in str(refused.value)
    return str(refused.value)


def test_missing(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "none.mmdb")


@pytest.mark.parametrize(
    "content", [b"", b"not a database", PACKAGED[0].read_bytes()[:1_000_000]], ids=["empty", "text", "cut"]
)
@pytest.mark.parametrize("name", ["bad.mmdb", "bad.mmdb.gz"])
def test_corrupt(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert "MMDB format" in refusal(path)


@pytest.mark.parametrize("cut", [5, 500])
def test_corrupt_gzip(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "bad.mmdb.gz"
    path.write_bytes(gzip.compress(PACKAGED[0].read_bytes()[:100_000])[:cut])
    assert "MMDB format" in refusal(path)


def test_damaged_tree(tmp_path: Path) -> None:
    good = PACKAGED[0].read_bytes()
    path = tmp_path / "bad.mmdb"
    path.write_bytes(b"\xff" * (len(good) - 2_000) + good[-2_000:])
    assert "corrupt" in refusal(path)


@pytest.mark.parametrize("record", [{"postcode": "0150"}, {"country_code": "NOR"}, {"country": {}}])
def test_of_no_use(mmdb: Mmdb, record: object) -> None:
    assert "found none: its type is 'Test'" in refusal(mmdb("other.mmdb", {"8.8.8.0/24": record}))


def test_directory(tmp_path: Path) -> None:
    refusal(tmp_path)


def test_a_system_stands_once() -> None:
    numbers = [number for systems in (HOSTS, CARRIERS, GATEWAYS) for numbers in systems.values() for number in numbers]
    assert len(numbers) == len(HOSTING_SYSTEMS | MOBILE_SYSTEMS | GATEWAY_SYSTEMS)
