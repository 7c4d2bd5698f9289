"""What makes the tenant believable, as laws over what is written."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from activities.activity import Category, UserType
from simulator.occasions import business_day
from simulator.people import Person
from simulator.places import OFFICES
from simulator.record import DAY, HOUR, Address, Event
from simulator.schedule import Kind
from simulator.simulate import START
from simulator.world import World

from .conftest import DAYS, SEED, USERS, Written


@pytest.fixture(scope="module")
def world() -> World:
    """The tenant behind the fixture `tenant`."""
    return World(USERS, DAYS, SEED, START, "acme")


@pytest.fixture(scope="module")
def large() -> World:
    """A company large and long enough for what is rare."""
    return World(600, 60, SEED, START, "acme")


def local(person: Person, time: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time)).astimezone(ZoneInfo(person.city.zone))


Hours = Counter[tuple[bool, float]]


@pytest.fixture(scope="module")
def hours(world: World) -> Hours:
    """Activities by (weekend, local half-hour), of people who work by day."""
    found: Hours = Counter()
    for person in world.people:
        if person.pattern != "night":
            times = [local(person, event.time) for event in world.life(person)]
            found.update((time.weekday() >= 5, time.hour + time.minute // 30 / 2) for time in times)
    return found


def test_weekends_are_nearly_idle(hours: Hours) -> None:
    weekend = sum(count for (off, _), count in hours.items() if off)
    assert 0.005 < weekend / hours.total() < 0.06


def test_nights_are_quiet_but_not_silent(hours: Hours) -> None:
    night = sum(count for (_, hour), count in hours.items() if hour < 6)
    assert 0.0005 < night / hours.total() < 0.03


def test_there_is_a_dip_at_lunch(hours: Hours) -> None:
    assert hours[False, 12.5] < 0.7 * hours[False, 10.5]
    assert hours[False, 12.5] < 0.7 * hours[False, 14.5]


def test_work_follows_the_sun(tenant: Written) -> None:
    busiest = {}
    for country in ("IN", "DE", "US"):
        found = [one for one in tenant.benign if one.location.country == country and not one.location.tags]
        busiest[country] = Counter(one.time % DAY // HOUR for one in found)
    at = {country: sum(hour * n for hour, n in c.items()) / c.total() for country, c in busiest.items()}
    assert at["IN"] + 2 < at["DE"] < at["US"] - 4


def test_some_people_do_far_more_than_others(large: World) -> None:
    levels = [math.log(person.level) for person in large.people]
    mean = math.fsum(levels) / len(levels)
    spread = math.sqrt(math.fsum((level - mean) ** 2 for level in levels) / len(levels))
    skew = math.fsum((level - mean) ** 3 for level in levels) / len(levels) / spread**3
    assert 0.4 < spread < 0.7
    assert abs(skew) < 0.3


def test_most_people_are_seen_in_few_countries(tenant: Written) -> None:
    countries = defaultdict(set)
    for one in tenant.benign:
        countries[one.user.id].add(one.location.country)
    counts = Counter(len(found) for found in countries.values())
    assert counts[1] / counts.total() > 0.7
    assert max(counts) <= 3


def test_an_office_shares_one_address(tenant: Written) -> None:
    users = defaultdict(set)
    for one in tenant.benign:
        if "office" in one.location.tags:
            users[one.ip].add(one.user.id)
    assert len(users) <= len(OFFICES)
    assert max(len(found) for found in users.values()) >= 8


def test_vpn_users_use_it_from_their_first_working_day(large: World) -> None:
    users = [person for person in large.people if person.vpn]
    assert len(users) > 10
    for person in users:
        working = [day for day in range(3) if large.plan(person, day).kind is Kind.WORK]
        assert all(large.plan(person, day).vpn for day in working)
    abroad = [person for person in users if person.vpn and person.vpn.location.country != person.city.country]
    assert abroad


def test_home_addresses_change_now_and_then_within_the_provider(large: World) -> None:
    for person in large.people:
        assert {home.address.location.country for home in person.homes} == {person.city.country}
        assert len({home.address.location.isp for home in person.homes}) == 1
    changes = sum(len(person.homes) - 1 for person in large.people) / len(large.people)
    assert 1 < changes < 2


def test_devices_are_two_to_a_person_and_rarely_replaced(large: World) -> None:
    managed = [person for person in large.people if person.phones[0][1].id and person.laptops[0][1].id]
    assert len(managed) > len(large.people) / 2
    owned = [{device.id for _, device in (*person.laptops, *person.phones)} for person in managed]
    assert all(len(devices) >= 2 for devices in owned)
    assert 0 < sum(len(devices) - 2 for devices in owned) < 0.3 * len(managed)
    assert len(set().union(*owned)) == sum(map(len, owned))


def test_two_to_four_percent_of_people_travel_a_month(large: World) -> None:
    trips = sum(len([trip for trip in person.trips if trip.departs < 60]) for person in large.people)
    assert 0.02 < trips / len(large.people) / 2 < 0.04


def kilometres(here: Address, there: Address) -> float:
    """Great-circle distance by the haversine formula, km."""
    (lat1, lon1), (lat2, lon2) = (
        (math.radians(place.location.latitude or 0), math.radians(place.location.longitude or 0))
        for place in (here, there)
    )
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(half))


def test_nobody_travels_faster_than_an_airliner_except_through_the_vpn(large: World) -> None:
    travellers = [person for person in large.people if person.trips]
    moved = 0
    for person in travellers:
        # A phone is seen where its carrier's gateway is, and abroad mostly at home.
        seen = [
            event
            for event in large.life(person)
            if not {"vpn", "anonymous", "mobile"} & set(event.address.location.tags)
        ]
        for before, after in pairwise(seen):
            distance = kilometres(before.address, after.address)
            if distance > 100:
                moved += 1
                assert distance / ((after.time - before.time) / HOUR) < 900, (person.user.id, before, after)
    assert moved > len(travellers)


def test_nothing_happens_on_a_vacation(large: World) -> None:
    absent = 0
    for person in large.people[:100]:
        for day in range(0, 20):
            if any(first <= day <= last for first, last in person.absences):
                absent += 1
                assert large.day(person, day) == []
    assert absent > 20


def test_part_timers_night_workers_and_people_on_call_exist(large: World) -> None:
    patterns = Counter(person.pattern for person in large.people)
    assert 0.05 < patterns["part_time"] / len(large.people) < 0.15
    assert 0.01 < patterns["night"] / len(large.people) < 0.06
    on_call = [person for person in large.people if person.on_call]
    assert on_call
    nights = [local(on_call[0], event.time).hour for event in large.life(on_call[0])]
    assert any(hour < 5 or hour == 23 for hour in nights)
    worker = next(person for person in large.people if person.pattern == "night")
    night = [local(worker, event.time).hour for event in large.life(worker)]
    assert sum(hour >= 21 or hour < 8 for hour in night) / len(night) > 0.9


def test_logons_sometimes_fail_first_but_not_often(tenant: Written) -> None:
    logons = Counter(one.category for one in tenant.benign)
    assert 0.05 < logons[Category.FAILED_LOGON] / logons[Category.LOGON] < 0.3
    hours = Counter((one.user.id, one.time // HOUR) for one in tenant.benign if one.category is Category.FAILED_LOGON)
    assert max(hours.values()) < 15


def test_a_phone_retries_the_old_password(large: World) -> None:
    def failures(person: Person, day: int) -> list[Event]:
        phone = person.phone(day)
        events = large.day(person, day)
        return [one for one in events if one.device == phone and one.step.category is Category.FAILED_LOGON]

    changed = [
        (person, day)
        for person in large.people[:200]
        for day in person.password_days
        if day < 60 and large.plan(person, day).kind is Kind.WORK
    ]
    assert len(changed) > 20
    for person, day in changed:
        assert 3 <= len(failures(person, day)) <= 8
        assert any(one.step.category is Category.CREDENTIAL for one in large.day(person, day))
        assert not failures(person, day - 1) or day - 1 in person.password_days


def test_services_act_round_the_clock_from_fixed_cloud_addresses(tenant: Written, world: World) -> None:
    for service in world.services:
        found = [one for one in tenant.activities if one.user.id == service.user.id]
        addresses = {one.ip for one in found if one.user.id not in {entry.user for entry in tenant.truth}}
        assert len(addresses) <= 1
        assert found[0].user.type in (UserType.SERVICE, UserType.APP)
        assert len({one.time // DAY for one in found}) == (DAYS if service.ends is None else service.ends + 1)
    monitoring = [one.time % DAY // HOUR for one in tenant.activities if one.user.id.startswith("svc-monitoring")]
    assert len(set(monitoring)) == 24


def test_the_backup_downloads_a_lot_every_night(tenant: Written) -> None:
    nights = Counter(one.time // DAY for one in tenant.activities if one.user.id.startswith("svc-backup@"))
    assert len(nights) == DAYS
    assert 200 < min(nights.values()) <= max(nights.values()) < 450


def test_people_download_little_in_an_hour_with_a_tail(tenant: Written) -> None:
    hours = Counter((one.user.id, one.time // HOUR) for one in tenant.benign if one.category is Category.DOWNLOAD)
    counts = sorted(hours.values())
    assert counts[len(counts) // 2] <= 3
    assert 8 <= counts[-1] < 100


def test_finance_downloads_reports_when_the_books_are_closed(large: World) -> None:
    def reports(day: int) -> float:
        people = [one for one in large.people if one.department == "finance"]
        working = [one for one in people if large.plan(one, day).kind is Kind.WORK]
        events = [event for person in working for event in large.day(person, day)]
        return sum(event.step.action == "ReportExported" for event in events) / len(working)

    # Friday, 30 January, and Monday, 2 February; an ordinary Tuesday, 20 January.
    assert reports(25) > 15
    assert reports(28) > 15
    assert reports(15) < 4


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 1, 1), (1, 22)),
        (date(2026, 1, 30), (22, 1)),
        (date(2026, 2, 27), (20, 1)),
        (date(2026, 1, 15), (11, 12)),
    ],
)
def test_business_days(day: date, expected: tuple[int, int]) -> None:
    assert business_day(day) == expected


def test_administrators_have_habits_and_meet_new_calls_slowly(large: World) -> None:
    administrators = [person for person in large.people if person.calls][:30]
    weeks: Counter[int] = Counter()
    shares = []
    for person in administrators:
        seen: dict[str, int] = {}
        calls = [event for event in large.life(person) if event.step.app in {call.app for call in person.catalogue}]
        for event in calls:
            seen.setdefault(event.step.action, (event.time - large.start) // (7 * DAY))
        weeks.update(seen.values())
        top = Counter(event.step.action for event in calls).most_common(5)
        shares.append(sum(count for _, count in top) / len(calls))
    assert weeks[0] > 5 * weeks[3] > 0
    # New calls of a person a week, once a month has passed.
    assert 0.2 < (weeks[4] + weeks[5] + weeks[6] + weeks[7]) / 4 / len(administrators) < 3
    assert sorted(shares)[len(shares) // 2] > 0.4
    assert len({person.calls for person in administrators}) == len(administrators)
