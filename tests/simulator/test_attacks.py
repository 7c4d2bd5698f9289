from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import simulator.attacks
from activities.activity import Activity, Category, Outcome, UserType
from simulator.people import Person
from simulator.places import DESTINATIONS, HUBS, OFFICES
from simulator.record import DAY, HOUR, MINUTE
from simulator.schedule import Kind
from simulator.simulate import START, simulate
from simulator.world import World

from .conftest import Written, written

NAMES = ("audit_logging_impaired", "brute_force", "first_country", "mass_download", "rare_api")
DAYS = 15
BEGINS = int(START.timestamp() * 1000)


@pytest.fixture(scope="module", params=[11, 12])
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Written, Written]:
    """The seed, a tenant with all attacks, and the same without."""
    seed = request.param
    evil, good = tmp_path_factory.mktemp("evil"), tmp_path_factory.mktemp("good")
    return (
        seed,
        written(evil, simulate(20, DAYS, seed, ["all"], evil)),
        written(good, simulate(20, DAYS, seed, ["none"], good)),
    )


Attacked = tuple[int, Written, Written]


def injected(attacked: Attacked, name: str) -> list[Activity]:
    """The activities of one attack, in event-time order."""
    _, evil, good = attacked
    usual = {one.id for one in good.activities}
    entry = next(entry for entry in evil.truth if entry.attack == name)
    found = [one for one in evil.activities if one.id not in usual and one.user.id == entry.user]
    found.sort(key=lambda one: one.time)
    assert (found[0].id, found[-1].id) == (entry.first, entry.last)
    return found


def usual(attacked: Attacked, user: str) -> list[Activity]:
    return [one for one in attacked[2].activities if one.user.id == user]


def test_all_attacks_are_found_by_their_file_names() -> None:
    assert simulator.attacks.names() == NAMES
    assert tuple(simulator.attacks.attacks()) == NAMES


def test_each_attack_strikes_once_and_another_victim(attacked: Attacked) -> None:
    _, evil, _ = attacked
    assert sorted(entry.attack for entry in evil.truth) == list(NAMES)
    assert len({entry.user for entry in evil.truth}) == len(NAMES)
    assert [entry.first_time for entry in evil.truth] == sorted(entry.first_time for entry in evil.truth)


def test_the_truth_names_activities_of_the_victim(attacked: Attacked) -> None:
    _, evil, _ = attacked
    by_id = {one.id: (one, line) for one, line in zip(evil.activities, evil.lines, strict=True)}
    for entry in evil.truth:
        for uid, time in ((entry.first, entry.first_time), (entry.last, entry.last_time)):
            one, line = by_id[uid]
            assert one.user.id == entry.user
            assert f'"time":"{time}"'.encode() in line


def test_attacks_add_lines_and_change_none(attacked: Attacked) -> None:
    _, evil, good = attacked
    added = Counter(evil.lines) - Counter(good.lines)
    assert not Counter(good.lines) - Counter(evil.lines)
    assert added.total() == evil.summary.attack_activities
    victims = {entry.user for entry in evil.truth}
    others = [
        [line for line, one in zip(w.lines, w.activities, strict=True) if one.user.id not in victims]
        for w in (evil, good)
    ]
    assert Counter(others[0]) == Counter(others[1])


def test_one_attack_alone_is_the_same_as_among_all(attacked: Attacked, tmp_path: Path) -> None:
    seed, evil, _ = attacked
    alone = written(tmp_path, simulate(20, DAYS, seed, ["mass_download"], tmp_path))
    assert alone.truth == [entry for entry in evil.truth if entry.attack == "mass_download"]


@pytest.mark.parametrize("name", NAMES)
def test_attacks_strike_in_the_last_third_after_eight_days_of_history(attacked: Attacked, name: str) -> None:
    acts = injected(attacked, name)
    history = [one.time for one in usual(attacked, acts[0].user.id) if one.time < acts[0].time]
    assert min(history) <= acts[0].time - 8 * DAY
    assert len(history) >= 30
    assert acts[0].time >= BEGINS + DAYS * DAY * 2 // 3
    assert acts[-1].time < BEGINS + DAYS * DAY
    assert all(2_000 <= one.ingested - one.time < DAY for one in acts)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_attacked_on_a_vacation(attacked: Attacked, name: str) -> None:
    world = World(20, DAYS, attacked[0], START, "acme")
    acts = injected(attacked, name)
    victim = next(account for account in world.accounts if account.user.id == acts[0].user.id)
    if isinstance(victim, Person):
        plans = [world.plan(victim, day) for day in world.every_day]
        today = [plan for plan in plans if plan.midnight <= acts[0].time < plan.midnight + 36 * HOUR]
        assert any(plan.kind in (Kind.WORK, Kind.SPARE) for plan in today)
        assert not any(plan.abroad for plan in today if plan.kind is Kind.WORK)


def test_first_country(attacked: Attacked) -> None:
    acts = injected(attacked, "first_country")
    before = usual(attacked, acts[0].user.id)
    country = acts[0].location.country
    assert 6 <= len(acts) <= 15
    assert (acts[0].category, acts[0].outcome) == (Category.LOGON, Outcome.SUCCESS)
    assert sum(one.action == "MailItemsAccessed" for one in acts) >= 4
    assert {one.location.country for one in acts} == {country}
    assert country not in {one.location.country for one in attacked[2].activities}
    assert country not in {city.country for city in (*DESTINATIONS, *HUBS.values())}
    assert all("hosting" in one.location.tags for one in acts)
    assert acts[0].device.user_agent not in {one.device.user_agent for one in before}


def test_brute_force(attacked: Attacked) -> None:
    acts = injected(attacked, "brute_force")
    failed = [one for one in acts if one.category is Category.FAILED_LOGON]
    rest = acts[len(failed) :]
    assert acts[: len(failed)] == failed
    assert 15 <= len(failed) <= 60
    assert 10 * MINUTE <= failed[-1].time - failed[0].time <= 30 * MINUTE
    assert {one.outcome for one in failed} == {Outcome.FAILURE}
    assert len({one.ip for one in failed}) <= 4
    assert (rest[0].category, rest[0].outcome) == (Category.LOGON, Outcome.SUCCESS)
    assert len(rest) >= 4
    assert {one.location.country for one in acts} <= {office.city.country for office in OFFICES}


def test_mass_download(attacked: Attacked) -> None:
    acts = injected(attacked, "mass_download")
    before = usual(attacked, acts[0].user.id)
    hours = Counter(one.time // HOUR for one in before if one.category is Category.DOWNLOAD)
    assert 150 <= len({one.objects[0].name for one in acts}) == len(acts) <= 600
    assert {one.category for one in acts} == {Category.DOWNLOAD}
    assert acts[-1].time - acts[0].time <= 50 * MINUTE
    assert len(acts) > 3 * max(hours.values(), default=0)
    # The victim's own laptop, session and surroundings.
    assert {(one.ip, one.device, one.session) for one in acts} <= {(one.ip, one.device, one.session) for one in before}


def test_audit_logging_impaired(attacked: Attacked) -> None:
    acts = injected(attacked, "audit_logging_impaired")
    before = usual(attacked, acts[0].user.id)
    harm = [one for one in acts if one.category is Category.AUDIT_CONFIG]
    assert {one.app for one in acts} == {"cloudtrail.amazonaws.com"}
    assert "StopLogging" in {one.action for one in harm}
    assert all(one.category in (Category.LIST, Category.READ) for one in acts if one not in harm)
    assert "cloud-admins" in acts[0].groups
    assert {(one.ip, one.session) for one in acts} <= {(one.ip, one.session) for one in before}


def test_rare_api(attacked: Attacked) -> None:
    acts = injected(attacked, "rare_api")
    before = usual(attacked, acts[0].user.id)
    assert 8 <= len({one.action for one in acts}) <= 20
    assert not {one.action for one in acts} & {one.action for one in before}
    assert acts[-1].time - acts[0].time <= HOUR
    assert {Outcome.SUCCESS, Outcome.DENIED} == {one.outcome for one in acts}
    assert {one.location.country for one in acts} <= {office.city.country for office in OFFICES}
    assert acts[0].user.type is UserType.SERVICE or "cloud-admins" in acts[0].groups


@pytest.mark.parametrize("users", [1, 2, 4])
def test_few_users_share_the_attacks(tmp_path: Path, users: int) -> None:
    found = written(tmp_path, simulate(users, 10, 5, ["all", "rare_api"], tmp_path))
    owners = {one.id: one.user.id for one in found.activities}
    assert len(found.truth) == len(NAMES)
    assert all(owners[entry.first] == owners[entry.last] == entry.user for entry in found.truth)


def test_no_victim_at_work_is_an_error(tmp_path: Path) -> None:
    # A period that begins on a Friday ends with a weekend, on which the only administrator is off.
    friday = START.replace(day=9)
    with pytest.raises(ValueError, match="attack audit_logging_impaired: expected a fitting user .* among 1"):
        simulate(1, 10, 4, ["audit_logging_impaired"], tmp_path / "out", start=friday)
