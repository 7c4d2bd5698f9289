from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from ipaddress import ip_address

import maxminddb
import pytest

from simulator.hostile import EVERYWHERE, HOSTS, PUBLIC_CLOUDS, TOR, VPNS, home_proxy, phone_line, relay, server
from simulator.places import (
    CLOUD,
    CONTRACTORS,
    DESTINATIONS,
    GATEWAYS,
    HUBS,
    NETWORKS,
    OFFICES,
    OPENING,
    VPN,
    Block,
    City,
    address,
    carrier,
    office_egress,
    vpn_egress,
)
from simulator.record import HOUR, NativeLocation
from simulator.schedule import midnight
from simulator.simulate import START
from simulator.streams import stream


def placed() -> Iterator[tuple[str, Block]]:
    for country, networks in NETWORKS.items():
        for blocks in networks:
            for block in blocks:
                yield country, block
    yield from VPN.items()
    for city, block in (*FAR, *CLOUD, *PUBLIC_CLOUDS, *((exit_.city, exit_.block) for exit_ in (*TOR, *VPNS))):
        yield city.country, block


FAR = (*HOSTS, *EVERYWHERE)
CITIES = (
    *DESTINATIONS,
    *HUBS.values(),
    *(office.city for office in (*OFFICES, *CONTRACTORS, OPENING)),
    *(city for city, _ in (*FAR, *CLOUD, *PUBLIC_CLOUDS)),
    *(exit_.city for exit_ in (*TOR, *VPNS)),
    *(city for cities in GATEWAYS.values() for city in cities),
)


@pytest.fixture(scope="module")
def countries() -> Iterator[maxminddb.Reader]:
    with maxminddb.open_database(str(files("activities") / "data" / "iptoasn-country.mmdb")) as reader:
        yield reader


@pytest.mark.parametrize(("country", "block"), sorted(set(placed())))
def test_the_packaged_database_agrees_on_the_country_of_every_address(
    countries: maxminddb.Reader, country: str, block: Block
) -> None:
    hosts = {exit_.block: exit_.hosts for exit_ in (*TOR, *VPNS)}.get(block, range(256))
    for host in hosts:
        found = countries.get(f"{block.net}.{host}")
        assert isinstance(found, dict)
        assert found["country_code"] == country


@pytest.mark.parametrize("block", sorted({block for _, block in placed()}))
def test_blocks_are_public(block: Block) -> None:
    assert ip_address(f"{block.net}.1").is_global


def test_rented_servers_are_where_the_tenant_never_is() -> None:
    used = {city.country for city in (*DESTINATIONS, *HUBS.values(), *(office.city for office in OFFICES))}
    used |= {city.country for city, _ in CLOUD}
    used |= {office.city.country for office in (*CONTRACTORS, OPENING)}
    assert not used & {city.country for city, _ in FAR}


def test_every_place_people_go_to_has_networks_for_them() -> None:
    for city in (*DESTINATIONS, *(office.city for office in (*OFFICES, *CONTRACTORS, OPENING))):
        assert NETWORKS[city.country].home
        assert NETWORKS[city.country].mobile
    for office in OFFICES:
        assert NETWORKS[office.city.country].hosting
        assert office.hub in HUBS


def test_each_office_has_an_egress_of_its_own() -> None:
    egress = {office_egress(office.city).ip for office in OFFICES}
    assert len(egress) == len(OFFICES)
    assert all("office" in office_egress(office.city).location.tags for office in OFFICES)


def test_vpn_gateways_are_tagged_and_are_where_the_hub_is() -> None:
    for hub in HUBS:
        assert vpn_egress(hub, 3).location.country == hub
        assert vpn_egress(hub, 3).location.tags == ("vpn",)


def test_an_address_carries_city_and_provider() -> None:
    city = City("Utrecht", "NL", "Europe/Amsterdam", 52.09, 5.12)
    found = address(city, Block("77.165.20", "KPN", 1136), 7)
    assert found.ip == "77.165.20.7"
    assert (found.location.city, found.location.isp, found.location.asn) == ("Utrecht", "KPN", 1136)


@pytest.mark.parametrize("city", sorted(set(CITIES)))
def test_time_zones_exist_and_fit_the_longitude(city: City) -> None:
    offset = (START.timestamp() * 1000 - midnight(city.zone, START.toordinal())) / HOUR
    assert abs(offset - city.longitude / 15) <= 2.5


@pytest.mark.parametrize("city", sorted({office.city for office in OFFICES}))
def test_an_address_is_in_one_place_whoever_asks(city: City) -> None:
    rng = stream("places", city.name)
    known: dict[str, NativeLocation] = {}
    for other in (office.city for office in OFFICES):
        for _ in range(200):
            block = rng.choice(NETWORKS[other.country].mobile)
            for found in (
                carrier(rng, other, block),
                home_proxy(rng, other),
                phone_line(rng, other),
                server(rng, other),
            ):
                assert known.setdefault(found.ip, found.location) == found.location


def test_relays_are_tagged_and_in_the_country_asked_for_if_there_are_any() -> None:
    rng = stream("relays")
    assert {relay(rng, TOR, "DE").location.country for _ in range(50)} == {"DE"}
    assert len({relay(rng, VPNS, "BR").location.country for _ in range(50)}) > 2
    assert all(
        "tor" in relay(rng, TOR).location.tags and "anonymous" in relay(rng, VPNS).location.tags for _ in range(50)
    )


def test_home_lines_of_others_have_no_tag_and_another_provider() -> None:
    rng = stream("lines")
    for office in OFFICES:
        own = NETWORKS[office.city.country].home[0].isp
        found = [home_proxy(rng, office.city, frozenset({own})) for _ in range(20)]
        assert not any(one.location.tags for one in found)
        assert own not in {one.location.isp for one in found}


def test_a_server_can_be_rented_near_everybody() -> None:
    """Also near who travels, to countries of which no such block is known."""
    for city in (*DESTINATIONS, *(office.city for office in OFFICES)):
        found = server(stream("server", city.name), city)
        assert "hosting" in found.location.tags
        assert found.location.country == (city.country if NETWORKS[city.country].hosting else "NL")
