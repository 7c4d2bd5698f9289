"""Scores of single activities: usual ones are low, strange ones high, each feature says its part."""

from __future__ import annotations

import datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest

import detections
from activities.activity import NO_RAW, Activity
from activities.formats import parse_line
from flows.detect import profile_fold
from flows.settings import Settings
from scenarios import timeline
from scenarios.baseline import history
from scenarios.document import parse
from stateful.features import Feature
from stateful.scoring import FEATURES, LEAST, Score, Scoring, tails

SCENARIO = """
name: a stranger abroad
who: {ada: "weekdays 9-17 in Berlin, 40 days"}
timeline:
  - {at: day 43 10:00, do: open file}
  - {at: day 43 10:30, do: logon, from: hosting in Jakarta, device: unknown}
  - {at: +1m, do: share by link, from: hosting in Jakarta, device: unknown, repeat: 60 every 5s}
expect: {silence: true}
"""


def activities() -> list[Activity]:
    document = parse(SCENARIO.encode(), Path("x"))
    starts = datetime.date(2026, 1, 5)
    people = timeline.cast(document)
    planned = [*history(people.everybody[0], starts), *timeline.script(document, people, starts).planned]
    records = [parse_line(msgspec.json.encode(one.record), "native", "t", NO_RAW)[0] for one in planned]
    return [record for record in records if isinstance(record, Activity)]


def scored(found: list[Activity], extra: bool = True) -> list[Score]:  # noqa: FBT001, FBT002
    scoring = Scoring(detections.load().values() if extra else [], partial(profile_fold, Settings()))
    profile = scoring.fold.decode(b"")
    return [scoring.step(profile, activity) for activity in found]


ALL = activities()
SCORES = scored(ALL)


def test_every_activity_has_a_score() -> None:
    assert len(SCORES) == len(ALL) > 300
    for score in SCORES:
        assert 0 <= score.risk <= 100
        assert all(LEAST <= own <= 100 for _, own in score.features)
        assert [own for _, own in score.features] == sorted((own for _, own in score.features), reverse=True)


def test_usual_activities_are_low_and_strange_ones_high() -> None:
    usual, strange = SCORES[100:-61], SCORES[-61:]
    assert len(strange) == 61
    ranked = sorted(score.risk for score in usual)
    assert strange[0].risk > ranked[-1]
    assert sum(score.risk > ranked[len(ranked) * 99 // 100] for score in strange) > 55


def test_features_say_their_part() -> None:
    logon, last = dict(SCORES[-61].features), dict(SCORES[-1].features)
    assert {"countries", "isps", "addresses", "agents"} <= logon.keys()
    assert "detection:first_country" in logon
    assert "shares" in last  # Declared by a detection alone.
    assert dict(SCORES[-60].features)["operations"] > 10  # Later ones are known by then.


def test_without_detections_the_models_alone_are_scored() -> None:
    scores = scored(ALL, extra=False)
    assert not any(name.startswith("detection:") for score in scores for name, _ in score.features)
    assert {name for score in scores for name, _ in score.features} <= {feature.name for feature in FEATURES}
    assert scores[-61].risk > max(score.risk for score in scores[100:-61])


def test_what_detections_name_stays_strange() -> None:
    """A country that a finding rests on is held back: the sixtieth activity from there is as strange as the first."""
    countries = [dict(score.features).get("countries", 0) for score in SCORES[-61:]]
    assert min(countries) == pytest.approx(max(countries), abs=0.5)
    assert min(countries) > 10


def test_the_profile_is_the_same_as_without_scoring() -> None:
    """But for features that nobody else declares."""
    active = detections.load().values()
    plain = profile_fold(Settings(), active)
    scoring = Scoring(active, partial(profile_fold, Settings()))
    one, other = plain.decode(b""), scoring.fold.decode(b"")
    for activity in ALL[:200]:
        plain.step(one, activity)
        scoring.step(other, activity)
    assert one.count == other.count
    assert one.values.items() <= other.values.items()
    assert one.tallies == other.tallies


def test_a_kind_of_feature_without_a_score_says_nothing() -> None:
    class Odd(Feature):
        pass

    assert list(tails(Odd("odd"), ALL[0], None)) == []  # type: ignore[arg-type]
