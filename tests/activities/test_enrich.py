"""What is filled into activities, by whom, and who has the last word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities import enrich
from activities.activity import NOWHERE, Activity, Device, Location, User
from activities.enrich import Enricher
from activities.enrich_files import EnrichmentError
from activities.enrich_settings import EnrichmentSettings, Range
from activities.enrich_sources import complete

Mmdb = Callable[..., Path]
OSLO = {
    "city": {"names": {"de": "Oslo (de)", "en": "Oslo"}},
    "country": {"iso_code": "NO"},
    "location": {"latitude": 59.9, "longitude": 10.7, "accuracy_radius": 20},
}
NET = {"autonomous_system_number": 64496, "autonomous_system_organization": "Example Net"}


def activity(ip: str, location: Location = NOWHERE, device: Device | None = None) -> Activity:
    return Activity("t", "1", 1, 0, User("u"), "GetObject", ip=ip, location=location, device=device or Device())


def own(*, databases: tuple[Path, ...] = (), **settings: Any) -> Enricher:
    """Without what is packaged."""
    return Enricher(EnrichmentSettings(databases=tuple(map(str, databases)), packaged=False, **settings))


@pytest.fixture(scope="module")
def packaged() -> Enricher:
    return Enricher()


@pytest.mark.parametrize(
    ("ip", "country", "asn", "tags"),
    [
        ("193.0.6.139", "NL", 3333, ()),
        ("::ffff:193.0.6.139", "NL", 3333, ()),
        ("2001:67c:2e8:22::c100:68b", "NL", 3333, ()),
        ("8.8.8.8", "US", 15169, ("hosting",)),
        ("2001:4860:4860::8888", "US", 15169, ("hosting",)),
        ("88.198.50.1", "DE", 24940, ("hosting",)),
        ("174.192.6.152", "US", 22394, ("mobile",)),
        ("136.226.60.28", "US", 22616, ("relay",)),
        ("104.28.40.199", "US", 13335, ("relay",)),
        ("10.0.0.1", "", None, ("private",)),
        ("172.31.255.255", "", None, ("private",)),
        ("192.168.10.20", "", None, ("private",)),
        ("::ffff:10.0.0.1", "", None, ("private",)),
        ("fd12::1", "", None, ("private",)),
        ("100.64.0.1", "", None, ("cgnat",)),
        ("100.127.255.255", "", None, ("cgnat",)),
        ("127.0.0.1", "", None, ()),
        ("::1", "", None, ()),
        ("169.254.169.254", "", None, ()),
        ("fe80::1", "", None, ()),
        ("fe80::1%eth0", "", None, ()),
        ("192.0.2.1", "", None, ()),
        ("198.51.100.7", "", None, ()),
        ("203.0.113.9", "", None, ()),
        ("2001:db8::1", "", None, ()),
        ("224.0.0.1", "", None, ()),
        ("255.255.255.255", "", None, ()),
        ("253.252.51.07", "", None, ()),
        ("8.8.8.8:443", "", None, ()),
        ("AWS Internal", "", None, ()),
        ("cloudtrail.amazonaws.com", "", None, ()),
        ("", "", None, ()),
    ],
)
def test_packaged(packaged: Enricher, ip: str, country: str, asn: int | None, tags: tuple[str, ...]) -> None:
    enriched = packaged.enrich(activity(ip))
    found = enriched.location
    assert (found.country, found.asn, found.tags) == (country, asn, tags)
    assert bool(found.isp) == (asn is not None)
    assert packaged.enrich(enriched) is enriched
    if found == NOWHERE:
        assert enriched is not None
        assert enriched == activity(ip)


def test_the_databases_in_order_complete_each_other(mmdb: Mmdb) -> None:
    city = mmdb("city.mmdb", {"8.8.0.0/16": OSLO})
    flat = mmdb(
        "flat.mmdb", {"8.0.0.0/8": {"country_code": "SE", "city": "Malmo", "latitude": 55.6, "longitude": 13.0}}
    )
    net = mmdb("net.mmdb", {"8.8.0.0/16": NET})
    with own(databases=(city, flat, net)) as enricher:
        # Nothing of Malmo, whose country is another.
        assert enricher.lookup("8.8.8.8") == Location("NO", "Oslo", 59.9, 10.7, 64496, "Example Net", (), 20)
        assert enricher.lookup("8.9.9.9") == Location("SE", "Malmo", 55.6, 13.0)
        assert enricher.lookup("9.9.9.9") == NOWHERE
    with own(databases=(flat, city, net)) as enricher:
        assert enricher.lookup("8.8.8.8") == Location("SE", "Malmo", 55.6, 13.0, 64496, "Example Net")


def test_what_is_packaged_comes_last(mmdb: Mmdb) -> None:
    with Enricher(EnrichmentSettings(databases=(str(mmdb("a.mmdb", {"8.8.8.0/24": OSLO})),))) as enricher:
        found = enricher.lookup("8.8.8.8")
        assert (found.country, found.city, found.asn) == ("NO", "Oslo", 15169)
        assert enricher.lookup("193.0.6.139").country == "NL"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # The record's place stays; what agrees with it is added.
        (Location("NO"), Location("NO", "Oslo", 59.9, 10.7, 64496, "Example Net", (), 20)),
        (Location("NO", "Bergen"), Location("NO", "Bergen", asn=64496, isp="Example Net")),
        (Location("NO", "OSLO"), Location("NO", "OSLO", 59.9, 10.7, 64496, "Example Net", (), 20)),
        (Location("NO", "", 1.0, 2.0), Location("NO", "Oslo", 1.0, 2.0, 64496, "Example Net")),
        (Location("SE"), Location("SE", asn=64496, isp="Example Net")),
        (Location("SE", "Malmo", 1.0, 2.0), Location("SE", "Malmo", 1.0, 2.0, 64496, "Example Net")),
        (Location(asn=64500), Location("NO", "Oslo", 59.9, 10.7, 64500, "", (), 20)),
        (Location(asn=64496), Location("NO", "Oslo", 59.9, 10.7, 64496, "Example Net", (), 20)),
        (Location(isp="Mine"), Location("NO", "Oslo", 59.9, 10.7, 64496, "Mine", (), 20)),
        (Location("NO", tags=("a",)), Location("NO", "Oslo", 59.9, 10.7, 64496, "Example Net", ("a",), 20)),
    ],
)
def test_what_the_record_says_stays(mmdb: Mmdb, said: Location, expected: Location) -> None:
    with own(databases=(mmdb("city.mmdb", {"8.8.8.0/24": OSLO | NET}),)) as enricher:
        assert enricher.enrich(activity("8.8.8.8", said)).location == expected


def test_ranges_have_the_first_word(mmdb: Mmdb) -> None:
    berlin = Range(
        name="Berlin", category="office", cidrs=("8.8.8.0/24", "10.1.0.0/16", "2001:db8:7::/48"), country="DE",
        city="Berlin", latitude=52.5, longitude=13.4, isp="Own net",
    )  # fmt: skip
    guests = Range(name="Guests", category="risky", cidrs=("10.1.200.0/24",), tags=("guests",))
    with own(databases=(mmdb("city.mmdb", {"8.8.8.0/24": OSLO | NET}),), ranges=(berlin, guests)) as enricher:
        assert enricher.lookup("8.8.8.8") == Location("DE", "Berlin", 52.5, 13.4, 64496, "Own net", ("office",))
        place = Location("DE", "Berlin", 52.5, 13.4, None, "Own net", ("office", "private"))
        assert enricher.lookup("10.1.2.3") == place
        assert enricher.lookup("::ffff:10.1.2.3") == place
        assert enricher.lookup("2001:db8:7::1").tags == ("office",)
        assert enricher.lookup("10.1.200.3") == Location(tags=("risky", "guests", "private"))
        assert enricher.lookup("10.2.0.1") == Location(tags=("private",))
        wrong = Location("US", "Boston", 42.3, -71.0, tags=("x",))
        moved = enricher.enrich(activity("8.8.8.8", wrong)).location
        assert moved == Location("DE", "Berlin", 52.5, 13.4, 64496, "Own net", ("office", "x"))
        only_tag = enricher.enrich(activity("10.1.200.3", wrong)).location
        assert only_tag == Location("US", "Boston", 42.3, -71.0, tags=("risky", "guests", "x", "private"))


def test_a_network_in_two_ranges_has_the_tags_of_both() -> None:
    ranges = (
        Range(name="a", category="cloud", cidrs=("8.8.8.0/24",), country="DE"),
        Range(name="b", category="admin", cidrs=("8.8.8.0/24",), country="SE", city="Malmo"),
    )
    with own(ranges=ranges) as enricher:
        assert enricher.lookup("8.8.8.8") == Location("DE", tags=("cloud", "admin"))


@pytest.mark.parametrize("category", ["office", "vpn", "admin", "cloud", "risky"])
def test_what_the_organisation_vouches_for_is_not_tagged_by_lists(mmdb: Mmdb, category: Any) -> None:
    database = mmdb("anonymous.mmdb", {"8.8.8.0/24": {"is_anonymous_vpn": True, "connection_type": "Cellular"}})
    mine = Range(name="x", category=category, cidrs=("8.8.8.0/24",))
    with Enricher(EnrichmentSettings(databases=(str(database),), ranges=(mine,))) as enricher:
        listed = {"anonymous", "hosting"} if category in ("cloud", "risky") else set()
        assert set(enricher.lookup("8.8.8.8").tags) == {category, "mobile"} | listed
        # The same, where it is the record that says so.
        said = enricher.enrich(activity("8.8.4.4", Location(tags=(category,)))).location
        assert ("hosting" in said.tags) == (category in ("cloud", "risky"))


def test_only_the_agent_is_filled_in_of_a_device(packaged: Enricher) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"
    found = packaged.enrich(activity("", device=Device("d", "", agent)))
    assert found.device == Device("d", "Windows", agent, "Chrome on Windows")
    assert packaged.enrich(found) is found
    named = activity("", device=Device("d", "Windows 11", agent, "kiosk"))
    assert packaged.enrich(named) is named
    assert packaged.enrich(activity("", device=Device("d", "macOS 14", "curl/8.1"))).device.family == "curl on macOS"
    nameless = activity("", device=Device("d", "macOS 14"))
    assert packaged.enrich(nameless) is nameless


def test_the_caches_are_bounded_and_change_nothing(monkeypatch: pytest.MonkeyPatch, packaged: Enricher) -> None:
    for name in ("_PLACES", "_DEVICES", "_AGENTS"):
        monkeypatch.setattr(enrich, name, 3)
    with Enricher() as small:
        for n in range(40):
            one = activity(f"8.8.{n % 7}.8", device=Device(f"d{n}", "", f"curl/{n}"))
            assert small.enrich(one) == packaged.enrich(one)
        for cache in (small._place, small._device, small._agent):
            assert cache.cache_info().currsize == 3


places = st.builds(
    Location,
    st.sampled_from(["", "NO", "SE"]),
    st.sampled_from(["", "Oslo", "Malmo"]),
    st.none(),
    st.none(),
    st.sampled_from([None, 1, 2]),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from([(), ("x",), ("y", "x")]),
    st.none(),
)
placed = st.builds(
    lambda place, at: msgspec.structs.replace(place, latitude=at[0], longitude=at[1], radius=at[2]),
    places,
    st.sampled_from([(None, None, None), (1.0, 2.0, None), (1.0, 2.0, 5), (3.0, 4.0, 7)]),
)


@given(placed, placed)
def test_completing(first: Location, then: Location) -> None:
    found = complete(first, then)
    for field in ("country", "city", "asn", "isp"):
        assert getattr(found, field) in (getattr(first, field), getattr(then, field))
        if getattr(first, field):
            assert getattr(found, field) == getattr(first, field)
    assert set(found.tags) == {*first.tags, *then.tags}
    assert complete(found, then) == found
    assert complete(found, first) == found
    assert complete(first, NOWHERE) == complete(NOWHERE, first) == first
    if first.country and then.country not in ("", first.country):
        assert (found.city, found.latitude) == (first.city, first.latitude)


@given(st.text(max_size=60), st.text(max_size=60))
def test_nothing_that_a_record_may_have_raises(ip: str, agent: str) -> None:
    with Enricher(EnrichmentSettings(packaged=False)) as enricher:
        one = activity(ip, device=Device(agent, agent, agent))
        assert enricher.enrich(enricher.enrich(one)) == enricher.enrich(one)


def test_a_huge_agent(packaged: Enricher) -> None:
    found = packaged.enrich(activity("", device=Device(user_agent="(" * 1_000_000 + "curl/8"))).device
    assert (found.family, found.os) == ("", "")


def test_a_range_without_networks_is_refused() -> None:
    with pytest.raises(EnrichmentError, match=r"ranges, 'HQ': expected cidrs or files, found neither"):
        own(ranges=(Range(name="HQ", category="office"),))
