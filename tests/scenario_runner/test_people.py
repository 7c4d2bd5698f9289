"""Baselines: a line becomes a history that keeps its hours, places, devices and work."""

from __future__ import annotations

import datetime
from collections import Counter
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.activity import NO_RAW, Category, UserType
from activities.enrich import Enricher
from activities.formats import parse_line
from activities.record import Rejected
from scenarios import devices, places, steps
from scenarios.baseline import Planned, history
from scenarios.people import Account, accounts
from scenarios.phrases import DAY, HOUR, MINUTE, UnclearError, arrives, clock, duration, moment, repeat
from scenarios.schema import Who

STARTS = datetime.date(2026, 1, 5)


def one(line: str, key: str = "ada") -> Account:
    (account,) = accounts(key, Who(line))
    return account


def lived(line: str, key: str = "ada") -> list[Planned]:
    return history(one(line, key), STARTS)


def clocks(planned: list[Planned], zone: str) -> list[datetime.datetime]:
    return [datetime.datetime.fromtimestamp(p.time / 1000, ZoneInfo(zone)) for p in planned]


def test_weekdays_in_a_city() -> None:
    times = clocks(lived("weekdays 9-17 in Berlin, 30 days"), "Europe/Berlin")
    assert {time.weekday() for time in times} == {0, 1, 2, 3, 4}
    assert len({time.date() for time in times}) == 22
    assert (times[0].date(), max(times).date()) == (STARTS, STARTS + datetime.timedelta(days=29))
    assert all(9 <= time.hour + time.minute / 60 <= 17 for time in times)
    per_day = Counter(time.date() for time in times)
    assert 9 <= sum(per_day.values()) / len(per_day) <= 16
    assert len(set(per_day.values())) > 3


def test_days_and_hours_of_other_lines() -> None:
    assert {t.weekday() for t in clocks(lived("tue-thu 8-12 in Tokyo, 2 weeks"), "Asia/Tokyo")} == {1, 2, 3}
    assert {t.weekday() for t in clocks(lived("mon wed sat 8-12 in Tokyo, 2 weeks"), "Asia/Tokyo")} == {0, 2, 5}
    assert {t.weekday() for t in clocks(lived("weekends 8-12 in Oslo, 2 weeks"), "Europe/Oslo")} == {5, 6}
    night = {t.hour for t in clocks(lived("every day 22-6 in Oslo, 2 weeks, 40 a day"), "Europe/Oslo")}
    assert night <= {22, 23, 0, 1, 2, 3, 4, 5, 6}
    assert {1, 3, 23} <= night


def test_hours_are_local_on_both_sides_of_a_change_of_the_clocks() -> None:
    times = clocks(history(one("every day 9-10 in Berlin, 120 days"), STARTS), "Europe/Berlin")
    assert {time.utcoffset() for time in times} == {datetime.timedelta(hours=1), datetime.timedelta(hours=2)}
    assert {time.hour for time in times} <= {9, 10}


def test_a_service_account_works_like_a_clock() -> None:
    planned = lived("service account every hour, 3 days")
    assert len(planned) == 72
    assert {p.record["user"]["type"] for p in planned} == {"service"}
    assert {p.record["location"]["tags"][0] for p in planned} == {"hosting"}
    assert all(p.time % HOUR < MINUTE for p in planned)
    backup = lived("service account every day at 2:00 in Frankfurt, 3 days, with backup, 50 a day")
    assert len(backup) == 150
    assert {t.hour for t in clocks(backup, "Europe/Berlin")} == {2}
    assert Counter(p.record["category"] for p in backup).most_common(1)[0][0] is Category.DOWNLOAD


def test_phrases_of_a_line() -> None:
    planned = lived("weekdays 9-17, 10 days, in Paris, via free, on mac, also on iphone, with code, unit it, 30 a day")
    at_desk = [p.record for p in planned if "phone" not in p.record["id"]]
    on_phone = [p.record for p in planned if "phone" in p.record["id"]]
    assert {r["location"]["isp"] for r in at_desk} == {"Free"}
    assert {r["location"]["city"] for r in at_desk} == {"Paris"}
    assert {r["device"]["os"] for r in at_desk} == {"macOS 15"}
    assert {r["app"] for r in at_desk} == {steps.ENTRA, steps.GITHUB}
    assert {r["unit"] for r in at_desk} == {"it"}
    assert len(on_phone) == 2 * 8
    assert {tuple(r["location"]["tags"]) for r in on_phone} == {("mobile",)}
    assert {r["device"]["os"] for r in on_phone} == {"iOS 18.7"}
    assert not {r["session"] for r in on_phone} & {r["session"] for r in at_desk}


def test_somebody_new_has_no_history_but_a_place_and_a_device() -> None:
    account = one("new in Lagos, on android")
    assert history(account, STARTS) == []
    assert account.place()["country"] == "NG"


def test_several_users_have_each_their_own() -> None:
    found = accounts("20 colleagues", Who("weekdays 9-17 in Berlin, 5 days, on mac"))
    assert [account.key for account in found] == [f"colleague-{n}" for n in range(1, 21)]
    assert len({account.user["id"] for account in found}) == 20
    assert len({account.device["id"] for account in found}) == 20
    assert len({account.address for account in found}) > 15
    assert [account.key for account in accounts("3 boss", Who("new in Oslo"))] == ["boss-1", "boss-2", "boss-3"]


def test_a_mapping_says_what_a_line_can_not() -> None:
    who = Who(
        "weekdays 9-17 in Berlin, 5 days",
        id="S-1-5",
        name="Ada L.",
        email="ada@other.example",
        groups=["admins"],
        ip="192.0.2.7",
        tenant="other",
    )
    (account,) = accounts("ada", who)
    record = history(account, STARTS)[0].record
    assert record["user"] == {"id": "S-1-5", "name": "Ada L.", "email": "ada@other.example", "type": "person"}
    assert (record["groups"], record["ip"], record["tenant"]) == (("admins",), "192.0.2.7", "other")


def test_a_history_is_the_same_every_time_and_a_longer_one_begins_like_it() -> None:
    short, again = (lived("weekdays 9-17 in Berlin, 10 days") for _ in range(2))
    assert short == again
    assert lived("weekdays 9-17 in Berlin, 20 days")[: len(short)] == short
    assert lived("weekdays 9-17 in Berlin, 10 days", "bob") != short


def test_records_are_read_as_they_are_meant() -> None:
    account = one("weekdays 9-17 in Berlin, 20 days, with mail and files and chat and code and crm and aws")
    for planned in history(account, STARTS):
        (activity,) = parse_line(msgspec.json.encode(planned.record), "native", "t", NO_RAW)
        assert not isinstance(activity, Rejected)
        assert (activity.category, activity.time) == (planned.record["category"], planned.time)
        assert activity.user.type is UserType.PERSON


def test_every_step_of_an_app_is_a_step() -> None:
    assert {name for app in steps.APPS.values() for name in app} <= steps.STEPS.keys()


@pytest.mark.parametrize("block", places.blocks(), ids=lambda block: block.net)
def test_blocks_are_where_the_country_database_has_them(block: places.Block) -> None:
    with Enricher() as enricher:
        assert {enricher.lookup(f"{block.net}.{host}").country for host in (2, 250)} == {block.country}


def test_every_city_has_a_home_network_and_a_time_zone() -> None:
    assert len(places.cities()) > 70
    for city in places.cities().values():
        assert places.place(city).block.kind == "home"
        assert ZoneInfo(city.zone)
    assert {block.kind for block in places.blocks()} == set(places.KINDS)


def test_where_from() -> None:
    assert places.parse_from("mobile in Berlin").block.kind == "mobile"
    assert places.parse_from("office Berlin").block.kind == "office"
    assert places.parse_from("Berlin via vodafone").block.isp == "Vodafone"
    assert places.parse_from("hosting in New York via amazon").location() == {
        "country": "US",
        "city": "New York",
        "latitude": 40.7128,
        "longitude": -74.006,
        "asn": 14618,
        "isp": "Amazon",
        "tags": ["hosting"],
    }
    assert places.parse_from("tor").location()["tags"] == ["tor"]


def test_a_new_device_is_another_one_of_the_same_kind() -> None:
    own, new = devices.device("mac", "ada"), devices.device("new mac", "ada")
    assert own["id"] != new["id"]
    assert own["user_agent"] == new["user_agent"]
    assert "id" not in devices.device("unknown", "ada")


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_durations_and_clocks(hours: int, minutes: int, seconds: int) -> None:
    whole = hours * HOUR + minutes * MINUTE + seconds * 1000
    assert duration(f"{hours}h{minutes}m{seconds}s") == duration(f"{hours}h {minutes}min {seconds}s") == whole
    assert clock(f"{hours}:{minutes:02}:{seconds:02}") == whole
    assert moment(f"day 3 {hours:02}:{minutes:02}:{seconds:02}").offset == whole


def test_moments_repetitions_arrivals() -> None:
    assert (moment("+1d").day, moment("+1d").offset) == (0, DAY)
    assert (repeat("40 every 20s").count, repeat("40 every 20s").gap) == (40, 20_000)
    assert repeat("41 times within 10m").gap == 15_000
    assert repeat("1 within 10m").gap == 600_000
    assert (arrives("5h late"), arrives("90s early"), arrives("on time")) == (5 * HOUR, -90_000, 0)


@pytest.mark.parametrize("text", ["", "5", "h5", "-5m", "1h 5", "5 minutes", "5m!"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UnclearError, match="expected a duration"):
        duration(text)


@pytest.mark.parametrize("text", ["", "25", "9:75", "24:01", "9.30", "noon"])
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(UnclearError, match="expected a time of day"):
        clock(text)


@pytest.mark.parametrize("text", ["day 0 9:00", "day 801 9:00", "day 3", "9:00", "5m"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(UnclearError, match="expected a moment"):
        moment(text)


@pytest.mark.parametrize("text", ["0 every 5s", "100001 every 5s", "many", "5 every now", "5"])
def test_what_is_no_repetition(text: str) -> None:
    with pytest.raises(UnclearError, match="expected a (repetition|duration)"):
        repeat(text)


def test_an_office_has_one_address_and_services_run_on_rented_servers() -> None:
    office = accounts("5 colleagues", Who("weekdays 9-17 in Berlin, 5 days, through the office"))
    assert len({account.address for account in office}) == 1
    assert office[0].address == places.parse_from("office in Berlin").address("anybody")
    assert one("service account every hour in Berlin, 2 days").home.block.kind == "hosting"
    assert one("service account every hour in Oslo, 2 days").home.block.kind == "home"
