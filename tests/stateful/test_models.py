"""What the models say in the situations that they are for."""

from __future__ import annotations

from random import Random

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stateful.finding import Evidence
from stateful.models import (
    DAY,
    Changed,
    Fix,
    Origin,
    Places,
    Prevalence,
    SeasonalRate,
    Sessions,
    Tally,
    Values,
    Volume,
    combine,
    fix,
    origin,
    probability_of,
    risk,
    risk_of,
)
from stateful.models.geodesic import distance
from stateful.models.sessions import family

HOUR = DAY // 24
START = 20_000 * DAY
CHANCE = st.floats(0.0, 1.0)


# Values.


def lived(days: int = 60) -> Values:
    values = Values()
    for day in range(days):
        for n in range(10):
            values.learn("DE" if n else "AT", START + day * DAY + n * HOUR)
    return values


def test_chances_of_known_values_and_a_new_one_are_about_a_distribution() -> None:
    values, now = lived(), START + 60 * DAY
    (first, chance), (second, other) = values.top(2, now)
    assert (first, second) == ("DE", "AT")
    assert chance == pytest.approx(0.9, abs=0.01)
    assert other == pytest.approx(0.1, abs=0.01)
    total = values.chance("DE", now) + values.chance("AT", now) + values.chance("BR", now)
    assert total == pytest.approx(1.0, abs=0.01)
    assert values.score("DE", now) == 1.0
    assert values.score("BR", now) < 0.002


def test_what_was_usual_long_ago_becomes_rare_again() -> None:
    values = lived(30)
    for day in range(30, 500):
        values.learn("US", START + day * DAY)
    known = values.get("DE")
    assert known
    assert (known.count, known.first) == (270, START + HOUR)
    assert values.score("DE", START + 31 * DAY) == 1.0
    assert 0.001 < values.score("DE", START + 500 * DAY) < 0.05
    assert values.score("BR", START + 500 * DAY) < values.score("DE", START + 500 * DAY)


def test_one_address_among_ever_new_ones_surprises_nobody() -> None:
    """A phone: far more addresses than are remembered, each of them seen once."""
    values = Values()
    for n in range(3000):
        values.learn(f"10.0.{n // 256}.{n % 256}", START + n * HOUR // 4)
    now = START + 3000 * HOUR // 4
    assert values.score("10.9.9.9", now) > 0.5
    assert values.score("10.0.11.180", now) > 0.5


def test_a_document_without_weights_stands_for_its_counts() -> None:
    old = msgspec.convert([{"DE": [90, START, START], "AT": [10, START, START]}, 100, 0], Values)
    assert old.score("DE", START) == 1.0
    assert old.score("BR", START) == pytest.approx(0.5 / 101)
    old.learn("AT", START + DAY)
    assert old.chance("DE", START + DAY) == pytest.approx(0.88, abs=0.02)


def test_prevalence_counts_users_and_forgives_the_one_in_question() -> None:
    prevalence = Prevalence()
    for user in range(40):
        prevalence.learn("DE", START + user)
    prevalence.learn("KP", START + 9 * DAY)
    assert prevalence.users("DE") == 40
    assert prevalence.score("DE", 50) > 0.7
    assert prevalence.score("KP", 50, besides=1) == prevalence.score("never", 50) < 0.01
    assert prevalence.score("never", Prevalence.LEAST_USERS - 1) == 1.0
    assert prevalence.recent("KP", START + 10 * DAY)
    assert not prevalence.recent("DE", START + 10 * DAY)


# Places.

BERLIN, SYDNEY, POTSDAM = (52.52, 13.405), (-33.87, 151.21), (52.39, 13.06)


def settled(tags: tuple[str, ...] = ()) -> Places:
    places = Places()
    for day in range(30):
        here = fix(START + day * DAY + 9 * HOUR, *BERLIN, address="192.0.2.1", tags=tags)
        assert here
        places.learn(here)
    return places


def later(minutes: int, where: tuple[float, float], **more: object) -> Fix:
    here = fix(START + 29 * DAY + 9 * HOUR + minutes * 60_000, *where, address="198.51.100.1", **more)  # type: ignore[arg-type]
    assert here
    return here


def test_distances_are_those_of_the_geodesic_within_its_error() -> None:
    """WGS 84 geodesics (Karney, J. Geodesy 87, 2013): JFK to LHR 5554.9 km; pole to pole 20,003.9 km; a degree."""
    assert distance(40.6413, -73.7781, 51.4700, -0.4543) == pytest.approx(5554.9, rel=0.0056)
    assert distance(90, 0, -90, 0) == pytest.approx(20003.9, rel=0.0056)
    assert distance(0, 0, 0, 180) == pytest.approx(distance(0, 179.5, 0, -0.5), rel=1e-9)
    assert distance(0, 179.5, 0, -179.5) == pytest.approx(111.3, rel=0.0056)


def test_nobody_is_in_sydney_an_hour_after_berlin() -> None:
    places = settled()
    move = places.move(later(60, SYDNEY))
    assert move
    assert (round(move.apart, -2), round(move.speed, -3)) == (16100, 16000)
    assert places.score(later(60, SYDNEY)) < 1e-3
    assert places.score(later(60, POTSDAM)) == 1.0
    assert places.score(later(24 * 60, SYDNEY)) == 1.0


@pytest.mark.parametrize("tags", [("vpn",), ("proxy", "hosting"), ("relay",), ("office",), ("mobile", "vpn")])
def test_relays_and_shared_addresses_do_not_travel(tags: tuple[str, ...]) -> None:
    assert settled().score(later(60, SYDNEY, tags=tags)) == 1.0
    assert settled(tags).score(later(60, SYDNEY)) == 1.0


def test_error_radii_shorten_the_way() -> None:
    """A carrier's address that comes up 600 km away; a position that stands for all of a country."""
    munich_and_more = (47.3, 8.5)
    assert settled().score(later(15, munich_and_more)) < 0.01
    assert settled().score(later(30, munich_and_more, tags=("mobile",))) == 1.0
    assert settled().score(later(15, munich_and_more, radius=600.0)) == 1.0


def test_where_the_user_was_within_a_day_is_known_whatever_was_seen_in_between() -> None:
    places = settled()
    assert not places.was_there(later(60, SYDNEY))
    places.learn(later(60, SYDNEY))
    places.learn(later(61, BERLIN))
    assert places.was_there(later(62, SYDNEY))
    assert not places.was_there(later(62, (48.2, 16.4)))
    assert not places.was_there(later(60 + 24 * 60, SYDNEY))


def test_a_user_between_two_usual_places_is_left_alone_and_one_who_jumps_often_raises_the_threshold() -> None:
    places = settled()
    before = places.score(later(60, SYDNEY))
    for day in range(3):
        here = fix(START + (29 + day) * DAY + 10 * HOUR, *SYDNEY, address="203.0.113.7")
        home = fix(START + (30 + day) * DAY + 9 * HOUR, *BERLIN, address="192.0.2.1")
        assert here
        assert home
        places.learn(here)
        places.learn(home)
    at = START + 32 * DAY + 10 * HOUR
    known, elsewhere = fix(at, *SYDNEY), fix(at, 35.7, 139.7)
    assert known
    assert elsewhere
    assert places.score(known) == 1.0
    assert before < places.score(elsewhere) < 0.02


# Windows.


def test_a_tally_says_how_likely_bytes_and_distinct_objects_are() -> None:
    tally = Tally()
    for day in range(20):
        for n in range(10):
            time = START + day * DAY + n * 60_000
            tally.add(Evidence(f"{day}-{n}", time, "Get"), HOUR, 1_000_000, n % 5)
    assert (tally.volume.windows, tally.variety.windows) == (18, 18)
    assert tally.tail_bytes(10_000_000) > 0.1
    assert tally.tail_bytes(10_000_000_000) < 1e-3
    assert tally.tail_objects(5) > 0.1
    assert tally.tail_objects(2000) < 1e-3


def test_one_flood_does_not_become_the_yardstick() -> None:
    volume = Volume()
    for _ in range(50):
        volume.learn(1e6)
    volume.learn(1e12)
    assert volume.score(1e9) < 1e-6
    assert volume.most == 1e12


def office(weeks: int, hour: int = 9) -> SeasonalRate:
    rate, chance = SeasonalRate(), Random(5)
    for day in range(7 * weeks):
        for at in range(hour, hour + 8):
            start = START + day * DAY + at * HOUR
            if (start // DAY + 3) % 7 < 5:
                rate.add(start + 5, chance.randrange(5, 20))
    return rate


MONDAY = START - (START // DAY + 3) % 7 * DAY + 70 * DAY


def test_a_rate_knows_hours_and_weekdays() -> None:
    rate = office(10)
    assert 3 < rate.expected(MONDAY + 11 * HOUR) < 20
    assert rate.expected(MONDAY + 2 * HOUR) < 0.5
    assert rate.expected(MONDAY + 6 * DAY + 11 * HOUR) < 0.2 * rate.expected(MONDAY + 11 * HOUR)
    assert rate.score(MONDAY + 11 * HOUR, 12) > 0.2
    assert rate.score(MONDAY + 3 * HOUR, 12) < 0.02
    assert rate.score(MONDAY + 11 * HOUR, 400) < 1e-4


def test_a_rate_tolerates_the_change_to_summer_time_and_a_holiday() -> None:
    rate = office(10)
    assert rate.score(MONDAY + 8 * HOUR, 10) > 0.05
    away = MONDAY + 28 * DAY
    rate.add(away + 10 * HOUR, 10)
    rate.add(away + 11 * HOUR, 10)
    assert rate.score(away + 12 * HOUR, 15) > 0.05


def test_a_window_is_judged_while_it_is_counted() -> None:
    rate, scores = office(4), []
    at = START + 28 * DAY + 10 * HOUR
    for n in range(300):
        rate.add(at + n * 1000)
        scores.append(rate.tail())
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 1e-3


# Sessions.

WIFI, CARRIER = Origin("192.0.2.1", 64500, "DE", "safari/ios"), Origin("198.51.100.2", 64501, "DE", "safari/ios", True)


def test_what_changes_inside_a_session() -> None:
    sessions = Sessions()
    sessions.learn("s", WIFI, START)

    def changed(here: Origin) -> Changed:
        return sessions.changed("s", here, START + HOUR)

    assert changed(WIFI) == Changed.NOTHING
    assert changed(Origin()) == Changed.NOTHING
    assert changed(CARRIER) == changed(Origin("192.0.2.9", 64500, "DE", "safari/ios")) == Changed.ADDRESS
    assert changed(Origin("203.0.113.1", 64510, "DE", "safari/ios")) == Changed.NETWORK
    assert changed(Origin("203.0.113.1", 64510, "DE", "python/")) == Changed.NETWORK_AND_AGENT
    assert changed(Origin("203.0.113.1", 64510, "NG", "python/")) == Changed.COUNTRY_AND_AGENT
    assert sessions.changed("another", CARRIER, START) == sessions.changed("", CARRIER, START) == Changed.NOTHING
    assert sessions.score("s", Origin("203.0.113.1", 64510, "NG", "python/"), START + HOUR) < 1e-3
    assert sessions.score("s", CARRIER, START + HOUR) > 0.1


def test_going_back_to_where_the_session_was_is_no_change() -> None:
    sessions = Sessions()
    for n in range(20):
        sessions.learn("s", CARRIER if n % 2 else WIFI, START + n * HOUR)
    assert sessions.score("s", WIFI, START + DAY) == 1.0


def test_a_user_whose_sessions_often_change_raises_the_threshold() -> None:
    steady, roaming = Sessions(), Sessions()
    other = Origin("203.0.113.1", 64510, "FR", "chrome/windows")
    for n in range(200):
        for sessions in (steady, roaming):
            sessions.learn(f"s{n}", WIFI, START + n * DAY)
        if n % 4 == 0:
            abroad = Origin("203.0.113.1", 64510, "FR", "safari/ios")
            roaming.learn(f"s{n}", abroad, START + n * DAY + HOUR)
    found = [sessions.score("s199", other, START + 200 * DAY) for sessions in (steady, roaming)]
    assert found[0] <= found[1] < 0.01
    abroad = Origin("203.0.113.1", 64510, "FR", "safari/ios")
    assert steady.score("s199", abroad, START + 200 * DAY) < 0.01 < roaming.score("s199", abroad, START + 200 * DAY)


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "chrome/windows"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Edg/126.0", "edg/windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "safari/ios"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/126.0 Mobile Safari/537.36", "chrome/android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Firefox/127.0", "firefox/macintosh"),
        ("aws-cli/2.15 Python/3.11 Linux/5.15", "aws-cli/linux"),
        ("SomeAgent/1.0", "someagent"),
        ("", ""),
    ],
)
def test_families_of_user_agents(user_agent: str, expected: str) -> None:
    assert family(user_agent) == expected
    assert origin("192.0.2.1", 1, "DE", user_agent).agent == expected


# Risk.


@given(st.lists(CHANCE, max_size=12))
def test_a_combination_is_a_probability_and_neither_order_nor_neutral_scores_raise_it(scores: list[float]) -> None:
    combined = combine(scores)
    assert 0.0 <= combined <= 1.0
    assert combined == pytest.approx(combine(scores[::-1]), rel=1e-9)
    assert combine([*scores, 1.0]) >= combined * (1 - 1e-9)
    assert 0.0 <= risk(scores) <= 100.0
    if scores:
        assert combined >= min(scores) * (1 - 1e-6)


@given(st.lists(CHANCE, min_size=1, max_size=8), st.integers(0, 7), st.floats(0.0, 1.0))
def test_a_stranger_feature_never_lowers_the_risk(scores: list[float], place: int, share: float) -> None:
    stranger = list(scores)
    stranger[place % len(scores)] *= share
    assert risk(stranger) >= risk(scores) - 1e-9


def test_risks_are_ten_points_a_power_of_ten_and_broken_scores_are_left_out() -> None:
    assert risk_of(1e-3) == pytest.approx(30)
    assert risk_of(0.0) == risk_of(1e-10) == 100
    assert risk_of(1.0) == risk_of(float("nan")) == risk([]) == 0
    assert probability_of(30) == pytest.approx(1e-3)
    assert combine([float("nan"), -1.0, 7.0, 1e-4]) == pytest.approx(1e-4, rel=1e-3)
    assert combine([1e-9] * 5) == pytest.approx(1e-9)
    assert combine([1e-12, 0.5, 0.5, 0.5]) == pytest.approx(4e-12)
    assert combine([1e-4, 1e-2], [3.0, 1.0]) == pytest.approx(1 / (0.75 / 1e-4 + 0.25 / 1e-2), rel=1e-2)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.95])
def test_combined_scores_are_calibrated_whatever_the_dependence(correlation: float) -> None:
    from scipy.special import ndtr  # noqa: PLC0415

    chance = np.random.default_rng(7)
    shared, own = chance.normal(size=(20_000, 1)), chance.normal(size=(20_000, 6))
    scores = ndtr(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own)
    combined = np.array([combine(row) for row in scores.tolist()])
    assert 0.5 < np.mean(combined <= 0.001) / 0.001 < 2.0
    assert 0.5 < np.mean(combined <= 0.01) / 0.01 < 1.6
