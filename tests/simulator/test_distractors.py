"""What looks suspicious without being so: it happens as often as in an ordinary company, and is never in the truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from activities.activity import Category, UserType
from simulator.catalogue import COMMON_APPS, SELDOM_APPS
from simulator.devices import current
from simulator.episodes import Episode, episodes
from simulator.occasions import business_day
from simulator.people import Person
from simulator.places import OFFICES, OPENING, office_egress
from simulator.record import DAY, HOUR, MINUTE, Event
from simulator.schedule import Kind
from simulator.simulate import START, simulate
from simulator.staff import opening_day
from simulator.world import World

from .conftest import written

USERS, DAYS = 350, 35
HOMES = {office.city.country for office in OFFICES}


@pytest.fixture(scope="module")
def world() -> World:
    return World(USERS, DAYS, 6, START, "acme")


Lives = dict[str, list[Event]]


@pytest.fixture(scope="module")
def lives(world: World) -> Lives:
    """What people do, by their key."""
    return {person.key: world.life(person) for person in world.people}


@pytest.fixture(scope="module")
def told(world: World) -> list[Episode]:
    return list(episodes(world))


def sessions(events: list[Event]) -> Iterator[list[Event]]:
    found = defaultdict(list)
    for event in events:
        if event.session:
            found[event.session].append(event)
    yield from found.values()


def test_a_session_goes_on_when_its_owner_moves_or_turns_the_vpn_on(world: World, lives: Lives) -> None:
    spread = Counter(
        min(2, len({event.address.location.asn for event in session if not event.device.id.startswith("PH-")}))
        for events in lives.values()
        for session in sessions(events)
    )
    assert 0.01 < spread[2] / spread[1] < 0.2


def test_vpn_users_are_sometimes_switched_to_another_gateway(world: World) -> None:
    users = [person for person in world.people if person.vpn]
    days = [plan for person in users for day in range(DAYS) if (plan := world.plan(person, day)).vpn]
    switched = [plan for plan in days if len(plan.vpn) > 1]
    assert 0.02 < len(switched) / len(days) < 0.12
    assert any(first[2].location.country != second[2].location.country for first, second in (p.vpn for p in switched))
    assert all(first[1] == second[0] for first, second in (plan.vpn for plan in switched))


def test_some_people_work_behind_a_vpn_of_their_own(world: World, lives: Lives) -> None:
    private = [person for person in world.people if person.privacy]
    assert 0.02 < len(private) / USERS < 0.07
    seen = {
        event.address for person in private for event in lives[person.key] if "anonymous" in event.address.location.tags
    }
    assert seen == {person.privacy for person in private} & seen
    assert len(seen) >= 5


def test_phones_are_seen_where_their_gateway_is(world: World, lives: Lives) -> None:
    cities = Counter(
        event.address.location.city == person.city.name
        for person in world.people
        if person.city.country == "US"
        for event in lives[person.key]
        if "mobile" in event.address.location.tags
    )
    assert 0.1 < cities[False] / cities.total() < 0.5


def test_phones_of_travellers_are_mostly_seen_at_home(world: World) -> None:
    abroad = Counter(
        world.plan(person, day).mobile[0].location.country == person.city.country
        for person in world.people
        for trip in person.trips
        if trip.returns < DAYS
        for day in range(trip.departs + 1, trip.returns)
    )
    assert abroad.total() > 30
    assert 0.3 < abroad[True] / abroad.total() < 0.95


def test_many_share_a_carriers_or_an_offices_address(lives: Lives) -> None:
    users = defaultdict(set)
    for key, events in lives.items():
        for event in events:
            users[event.address].add(key)
    assert max(len(users[office_egress(office.city)]) for office in OFFICES) > 30
    mobile = [found for address, found in users.items() if "mobile" in address.location.tags]
    assert sum(len(found) > 1 for found in mobile) > len(mobile) / 4


def test_contractors_have_addresses_of_their_own_and_come_to_no_office(world: World, lives: Lives) -> None:
    contractors = [person for person in world.people if person.contractor]
    assert 0.02 < len(contractors) / USERS < 0.09
    for person in contractors:
        assert not person.user.id.endswith("@acme.example")
        assert "contractors" in person.groups
        assert not any("office" in event.address.location.tags for event in lives[person.key])
    assert {person.city.country for person in contractors} - HOMES


def test_new_people_get_an_account_and_set_it_up(world: World, lives: Lives, told: list[Episode]) -> None:
    joined = [person for person in world.people if person.joins >= 1 and lives[person.key]]
    assert 5 <= len(joined) <= 0.06 * USERS
    made = {item.name: event for episode in told for event in episode.events for item in event.step.objects
            if event.step.category is Category.CREATE_USER}  # fmt: skip
    for person in joined:
        first = lives[person.key][0]
        assert first.time >= world.start + (person.joins - 1) * DAY
        assert made[person.user.id].time < first.time + HOUR
        assert made[person.user.id].actor != person
        actions = {event.step.action for event in lives[person.key][:60]}
        assert {"Change user password.", "User registered security info", "Add device."} <= actions


def test_who_leaves_does_nothing_more_and_is_disabled(world: World, lives: Lives, told: list[Episode]) -> None:
    ended = {item.name: event for episode in told for event in episode.events for item in event.step.objects
             if event.step.action == "Disable account."}  # fmt: skip
    left = [person for person in world.people if person.leaves is not None and person.leaves < DAYS - 5]
    assert 5 <= len(left) <= 0.09 * USERS
    for person in (one for one in left if lives[one.key]):
        assert lives[person.key][-1].time < world.start + ((person.leaves or 0) + 2) * DAY
        assert person.user.id in ended
    for service in world.services:
        assert (service.ends is not None) is (service.user.id in ended)


def test_episodes_are_done_by_people_at_work_in_their_own_session(world: World, told: list[Episode]) -> None:
    assert {episode.name.partition("/")[0] for episode in told} == {
        "joins",
        "leaves",
        "retires",
        "moves",
        "keys",
        "retention",
    }
    for episode in told:
        for event in episode.events:
            assert event.actor
            day = (event.time - world.start) // DAY
            near = [other for near in (day - 1, day, day + 1) for other in world.seen(event.actor, near)]
            assert any((other.address, other.session) == (event.address, event.session) for other in near)


def test_an_administrator_moves_a_library_now_and_then(told: list[Episode]) -> None:
    moves = [episode for episode in told if episode.name.startswith("moves/")]
    assert 1 <= len(moves) <= 8
    for episode in moves:
        kinds = Counter(event.step.category for event in episode.events)
        assert kinds[Category.DOWNLOAD] >= 300
        assert kinds[Category.DOWNLOAD] == kinds[Category.UPLOAD]


def test_apps_are_consented_to_mostly_such_as_many_use(world: World, lives: Lives) -> None:
    apps = Counter(
        event.step.objects[0].name
        for events in lives.values()
        for event in events
        if event.step.action == "Consent to application."
    )
    assert 0.005 < apps.total() / USERS / (DAYS * 5 / 7) < 0.05
    assert set(apps) <= {*COMMON_APPS, *SELDOM_APPS}
    assert 0.02 < sum(apps[app] for app in SELDOM_APPS) / apps.total() < 0.2


def test_a_new_app_is_taken_up_by_many_within_a_week_and_then_acts_itself(world: World, lives: Lives) -> None:
    assert world.rollouts
    day, name = world.rollouts[0]
    consents = Counter(
        (event.time - world.start) // DAY - day
        for events in lives.values()
        for event in events
        if event.step.action == "Consent to application." and event.step.objects[0].name == name
    )
    assert sum(consents[after] for after in range(7)) > 0.08 * USERS
    service = next(one for one in world.services if one.user.name == name)
    assert min(event.time for event in world.life(service)) >= world.start + day * DAY


def test_browsers_are_updated_within_days_of_a_release(world: World, lives: Lives) -> None:
    first = date(2026, 1, 5)
    late = 0
    for person in world.people[:120]:
        for event in lives[person.key]:
            agent = event.device.user_agent
            if event.device.id.startswith("LT-") and "Chrome/" in agent:
                version = int(agent.partition("Chrome/")[2].partition(".")[0])
                today = first + timedelta(days=(event.time - world.start) // DAY)
                assert current(today) - 1 <= version <= current(today + timedelta(days=1))
                late += version < current(today)
    assert late > 0
    agents = Counter(len({device.user_agent for _, device in person.laptops}) for person in world.people)
    assert agents[2] + agents[3] > USERS / 3


def test_a_new_phone_becomes_the_second_factor(world: World, lives: Lives) -> None:
    seen = 0
    for person in world.people:
        for day in range(1, DAYS):
            changed = person.phone(day).id != person.phone(day - 1).id
            if changed and world.plan(person, day).kind is Kind.WORK and person.employed(day):
                seen += 1
                actions = [event.step.action for event in world.day(person, day)]
                assert (
                    actions.count("User registered security info") == actions.count("User deleted security info") == 1
                )
    assert seen > 5


def test_second_factors_sometimes_fail_by_themselves_but_not_over_and_over(world: World, lives: Lives) -> None:
    refused = Counter(
        (key, event.time // DAY) for key, events in lives.items() for event in events if event.step.error == "500121"
    )
    logons = sum(event.step.category is Category.LOGON for events in lives.values() for event in events)
    assert 0.001 < refused.total() / logons < 0.02
    assert max(refused.values()) <= 2


def test_people_tidy_up_and_share_outside(lives: Lives) -> None:
    hours = Counter(
        (key, event.time // HOUR)
        for key, events in lives.items()
        for event in events
        if event.step.action in ("FileRecycled", "SoftDelete")
    )
    assert max(hours.values()) > 40
    shares = Counter(
        "guest" in {item.type for item in event.step.objects} or event.step.action == "AnonymousLinkCreated"
        for events in lives.values()
        for event in events
        if event.step.category is Category.SHARE
    )
    assert 0.03 < shares[True] / shares.total() < 0.3


def test_mailbox_rules_mostly_move_newsletters_and_none_forwards_outside(lives: Lives) -> None:
    rules = [e.step for events in lives.values() for e in events if e.step.category is Category.MAILBOX_RULE]
    assert len(rules) > 50
    kinds = Counter(step.objects[0].type for step in rules)
    assert kinds["MoveToFolder"] > len(rules) / 2
    forwards = [item.name for step in rules for item in step.objects if item.type == "ForwardTo"]
    assert all(name.endswith("@acme.example") or "@" in name for name in forwards)


def test_some_work_in_others_mailboxes_and_apps_in_shared_ones(world: World, lives: Lives) -> None:
    owners = {key for key, events in lives.items() if any(event.step.owner for event in events)}
    assert 0.01 < len(owners) / USERS < 0.25
    apps = [one for one in world.services if one.user.type is UserType.APP]
    assert any(event.step.owner for app in apps for event in world.day(app, 2))


def test_service_accounts_read_only_their_own_secrets_and_start_machines_every_day(world: World) -> None:
    for service in world.services:
        events = world.day(service, 3)
        secrets = [event.step.objects[0].name for event in events if event.step.category is Category.SECRET_READ]
        assert all(name.startswith(service.key) for name in secrets)
        assert len(set(secrets)) <= 3
        if service.job == "batch":
            assert sum(event.step.category is Category.COMPUTE_START for event in events) >= 6


def test_a_quarters_end_is_busier_than_a_months() -> None:
    def exports(start: datetime) -> int:
        world = World(300, 6, 2, start, "acme")
        return sum(
            event.step.action == "ReportExported"
            for person in world.people
            if person.department in ("finance", "sales")
            for event in world.life(person)
        )

    # Both periods hold the last two working days of a month and the first two of the next.
    quarter, month = datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 4, 29, tzinfo=UTC)
    assert [business_day(day.date())[1] for day in (quarter, month)] == [2, 2]
    assert exports(quarter) > 1.5 * exports(month)


def test_an_office_is_opened_with_many_people_on_one_morning(tmp_path: Path) -> None:
    quiet, busy = tmp_path / "quiet", tmp_path / "busy"
    before = written(quiet, simulate(70, 12, 3, [], quiet))
    after = written(busy, simulate(70, 12, 3, [], busy, new_office=True))
    address = office_egress(OPENING.city).ip
    assert address not in {one.ip for one in before.activities}
    arrived = [one for one in after.activities if one.ip == address]
    day = opening_day(date(2026, 1, 5), 12)
    assert (date(2026, 1, 5) + timedelta(days=day)).weekday() == 0
    moved = {one.user.id for one in arrived}
    begins = int(START.timestamp() * 1000) + day * DAY
    morning = {one.user.id for one in arrived if begins + 11 * HOUR < one.time < begins + 17 * HOUR}
    assert len(moved) >= 5
    assert len(morning) >= 0.6 * len(moved)
    assert min(one.time for one in arrived) >= begins
    # Everybody else goes on as without it, except that the help desk has fewer people who are there.
    others = [
        Counter(
            line
            for line, one in zip(found.lines, found.activities, strict=True)
            if one.user.id not in moved and "helpdesk" not in one.groups
        )
        for found in (before, after)
    ]
    assert others[0] == others[1]


def test_distractors_are_not_in_the_truth(tmp_path: Path) -> None:
    simulate(60, 12, 4, ["none"], tmp_path, new_office=True)
    assert (tmp_path / "truth.jsonl").read_bytes() == b""


def test_devices_that_the_company_does_not_know_are_ordinary(world: World, lives: Lives) -> None:
    unknown = {key for key, events in lives.items() if any(not event.device.id for event in events)}
    assert 0.2 < len(unknown) / USERS < 0.7
    for person in world.people:
        if person.computer:
            used = [event for event in lives[person.key] if event.device == person.computer]
            homes = {home.address for home in person.homes} | {trip.address for trip in person.trips}
            assert {event.address for event in used} <= homes
    assert all(not person.laptops[0][1].id for person in world.people if person.contractor)


def test_new_laptops_sometimes_fetch_all_files_at_once(world: World, lives: Lives) -> None:
    synced = [
        (person, event)
        for person in world.people
        for event in lives[person.key]
        if event.step.action == "FileSyncDownloadedFull"
    ]
    assert synced
    for person, event in synced:
        day = (event.time - world.start) // DAY
        assert person.laptop(day).id != person.laptop(max(-1, day - 2)).id
    assert isinstance(synced[0][0], Person)
    assert max(event.time for _, event in synced) - min(event.time for _, event in synced) > MINUTE
