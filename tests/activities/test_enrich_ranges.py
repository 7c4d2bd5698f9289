"""Networks: the narrowest that holds an address, and the files that they are read from."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path

import iporigin
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.enrich import Enricher
from activities.enrich_address import Address, Network, RangeTable, kind
from activities.enrich_files import EnrichmentError
from activities.enrich_ranges import network, networks, networks_of_file
from activities.enrich_settings import EnrichmentSettings


def lists(**files: Path) -> Enricher:
    return Enricher(EnrichmentSettings(lists={tag: (str(path),) for tag, path in files.items()}))  # type: ignore[misc]


few_networks = st.builds(
    lambda number, bits: ipaddress.ip_network((number >> (32 - bits) << (32 - bits), bits)),
    st.integers(0, 15).map(lambda n: n << 28),
    st.integers(0, 8),
) | st.builds(
    lambda number, bits: ipaddress.IPv6Network((number >> (128 - bits) << (128 - bits), bits)),
    st.integers(0, 15).map(lambda n: n << 124),
    st.integers(0, 8),
)
addresses = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address) | st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)


@given(st.lists(few_networks, max_size=12), addresses)
def test_the_table_finds_what_a_search_finds(networks: list[Network], address: Address) -> None:
    table = RangeTable((one, number) for number, one in enumerate(networks))
    holding = [number for number, one in enumerate(networks) if address in one]
    found = [number for numbers in table.containing(address) for number in numbers]
    assert found == sorted(holding, key=lambda number: (-networks[number].prefixlen, number))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("198.51.100.0/24", "198.51.100.0/24"),
        ("198.51.100.7", "198.51.100.7/32"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::ffff:198.51.100.0/120", "198.51.100.0/24"),
        ("::ffff:198.51.100.7", "198.51.100.7/32"),
    ],
)
def test_networks(written: str, expected: str) -> None:
    assert network(written) == ipaddress.ip_network(expected)


@pytest.mark.parametrize("written", ["", "10.0.0.5/8", "10.0.0.0/33", "office", "10.0.0.0-10.0.0.9"])
def test_what_is_no_network_is_refused(written: str) -> None:
    with pytest.raises(EnrichmentError) as refused:
        networks(["192.0.2.0/24", written], "setting x")
    assert str(refused.value).startswith("setting x: expected an address or a network")
    assert repr(written) in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "# Tor exits\n\n192.0.2.1\n198.51.100.0/24 # a remark\n2001:db8::1\n"),
        ("a.txt", "\ufeff192.0.2.1\r\n198.51.100.0/24\r\n2001:db8::1"),
        ("a.csv", "192.0.2.1,DE,Berlin\n198.51.100.0/24;x\n2001:db8::1, y z\n"),
        # As Amazon, Google and Microsoft publish theirs.
        (
            "a.json",
            json.dumps({
                "syncToken": "1712345678",
                "prefixes": [{"ip_prefix": "192.0.2.1/32", "region": "eu"}, {"ipv4Prefix": "198.51.100.0/24"}],
                "values": [{"properties": {"addressPrefixes": ["2001:db8::1/128"], "changeNumber": 7}}],
            }),
        ),
    ],
)  # fmt: skip
def test_files(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    assert list(map(str, networks_of_file(path))) == ["192.0.2.1/32", "198.51.100.0/24", "2001:db8::1/128"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "a.txt",
            b"192.0.2.1\nexit nodes\n",
            ":2: expected an address or a network such as 198.51.100.0/24, found 'exit'",
        ),
        ("a.txt", b"# none\n", "found none"),
        ("a.txt", b"\xff\xfe", "expected a text file of addresses"),
        ("a.json", b"{", "or a JSON document"),
        ("a.json", b"[" * 100_000, "or a JSON document"),
        ("a.json", b"[1, 2]", "found none"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(EnrichmentError) as refused:
        networks_of_file(path)
    assert str(path) in str(refused.value)
    assert reason in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EnrichmentError, match="No such file"):
        networks_of_file(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("ip", "tags"),
    [
        ("185.220.101.1", ("tor",)),
        ("52.95.110.1", ("hosting",)),
        ("79.110.53.1", ("hosting",)),
        ("84.45.12.9", ()),
    ],
)
def test_packaged_lists(ip: str, tags: tuple[str, ...]) -> None:
    with Enricher() as enricher:
        assert enricher.lookup(ip).tags == tags


@pytest.mark.parametrize(
    ("kind", "provider", "tags"),
    [
        ("tor", "Tor", ("tor",)),
        ("vpn", "Mullvad", ("anonymous",)),
        ("vpn", "Apple Private Relay", ("relay",)),
        ("hosting", "Hetzner", ("hosting",)),
        ("bot", "GPTBot", ("hosting",)),
        ("cdn", "Fastly", ("cdn",)),
        ("unknown", "", ()),
        # Without a licence.
        ("cdn", "DataCamp", ()),
        ("hosting", "Cogent", ()),
    ],
)
def test_kinds_of_iporigin(monkeypatch: pytest.MonkeyPatch, kind: str, provider: str, tags: tuple[str, ...]) -> None:
    monkeypatch.setattr(iporigin, "classify", lambda address: iporigin.Origin(str(address), kind, provider))
    with Enricher() as enricher:
        assert enricher.lookup("84.45.12.9").tags == tags


def test_a_list_of_ones_own_stands_instead_of_the_packaged_one(tmp_path: Path) -> None:
    path = tmp_path / "tor.txt"
    path.write_text("84.45.12.9\n8.8.8.0/24\n")
    with lists(tor=path) as enricher:
        assert enricher.lookup("84.45.12.9").tags == ("tor",)
        assert enricher.lookup("8.8.8.8").tags == ("hosting", "tor")
        assert "tor" not in enricher.lookup("185.220.101.1").tags
    with lists(hosting=path) as enricher:
        assert enricher.lookup("8.8.8.8").tags == ("hosting",)
        assert enricher.lookup("88.198.50.1").tags == ()  # by its autonomous system it would be
        assert enricher.lookup("185.220.101.1").tags == ("tor",)


def test_every_special_network_has_one_kind() -> None:
    for written, expected in {"10.0.0.0": "private", "100.64.0.0": "cgnat", "127.0.0.1": "", "8.8.8.8": None}.items():
        assert kind(ipaddress.ip_address(written)) == expected
