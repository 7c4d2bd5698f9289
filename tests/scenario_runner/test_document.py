"""Reading scenarios: strict, and what is wrong is said with file, line and path."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios import timeline
from scenarios.document import ScenarioError, find, parse, read
from scenarios.runner import Runner

GOOD = b"""name: quiet
detection: first_country
who:
  ada: weekdays 9-17 in Berlin, 10 days
  10 colleagues:
    baseline: weekdays 9-17 in Oslo, 10 days
    unit: sales
timeline:
  - at: day 11 10:00
    user: ada
    do: logon
    location: {country: NO}
expect:
  silence: true
"""


def changed(old: str, new: str) -> bytes:
    assert old.encode() in GOOD
    return GOOD.replace(old.encode(), new.encode(), 1)


def error_of(data: bytes) -> str:
    with pytest.raises(ScenarioError) as error:
        Runner(shuffles=0).run(parse(data, Path("dir/x.yaml")))
    return str(error.value)


def test_a_good_one() -> None:
    assert Runner(shuffles=0).run(parse(GOOD, Path("x.yaml"))).activities > 100


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name: quiet\n", "", "dir/x.yaml:1: $: Object missing required field `name`"),
        ("name: quiet", "nmae: quiet", "dir/x.yaml:1: $: expected one of name, who, expect"),
        ("do: logon", "doo: logon", "dir/x.yaml:9: $.timeline[0]: expected one of at, user, do, as, repeat, arrives"),
        ("{country: NO}", "{contry: NO}", "dir/x.yaml:12: $.timeline[0].location: expected one of country, city"),
        (
            "silence: true",
            "silent: true",
            "dir/x.yaml:14: $.expect: expected one of alerts, findings, insights, silence",
        ),
        ("silence: true", "alerts: [{risk: 3}]", "dir/x.yaml:14: $.expect.alerts[0]: expected one of detection, user"),
        ("unit: sales", "untis: sales", "dir/x.yaml:6: $.who.10 colleagues: expected one of baseline, id"),
        (
            "silence: true",
            "late: 0",
            "dir/x.yaml:14: $.expect: expected alerts, findings, insights, suppressed or silence",
        ),
        ("do: logon", "do: 7", "dir/x.yaml:11: $.timeline[0].do: Expected `str`, got `int`"),
        ("do: logon", "do: fly", "dir/x.yaml:11: $.timeline[0].do: expected a shortcut, found 'fly'; known are logon"),
        ("do: logon", "app: x", "dir/x.yaml:9: $.timeline[0]: expected do, a shortcut such as logon, or action"),
        ("user: ada", "user: eve", "dir/x.yaml:10: $.timeline[0].user: expected one of who (ada, colleague-1,"),
        ("    user: ada\n", "", "dir/x.yaml:9: $.timeline[0]: expected user, one of ada, colleague-1"),
        ("day 11 10:00", "day 11", "dir/x.yaml:9: $.timeline[0].at: expected a moment such as day 31 10:00"),
        ("day 11 10:00", "+5m", "dir/x.yaml:9: $.timeline[0].at: expected a moment such as day 31 10:00 in the first"),
        ("do: logon", "do: logon\n    repeat: 40", "$.timeline[0].repeat: expected a repetition such as 40 every 20s"),
        ("do: logon", "do: logon\n    arrives: later", "$.timeline[0].arrives: expected an arrival such as on time"),
        ("do: logon", "do: logon\n    from: Atlantis", "$.timeline[0].from: expected a city, found 'Atlantis'"),
        ("do: logon", "do: logon\n    from: tor in Oslo", "$.timeline[0].from: expected a tor network in NO"),
        ("do: logon", "do: logon\n    device: abacus", "$.timeline[0].device: expected a device, found 'abacus'"),
        ("weekdays 9-17 in Berlin", "sometimes", "dir/x.yaml:4: $.who.ada: expected when they work first, such as"),
        ("10 days\n  10", "10 days, at sea\n  10", "$.who.ada: expected one of the phrases 30 days or 6 weeks"),
        ("in Berlin, 10 days", "in Berlin", "$.who.ada: expected how long they have been there"),
        ("9-17 in Berlin", "9-17", "$.who.ada: expected in CITY behind the hours"),
        ("10 colleagues", "9000 colleagues", "$.who.9000 colleagues: expected 1 to 500 of a kind, found 9000"),
        ("10 colleagues", "some of them", "expected a name such as ada or several such as 20 colleagues"),
        ("unit: sales", "email: a@b.example", "expected no id, email or ip for several users"),
        ("  ada: weekdays", "  ada: new in Oslo\n  ada: weekdays", "dir/x.yaml:5: expected YAML: 'ada' is given twice"),
        ("name: quiet", "name: [", "expected YAML"),
        ("name: quiet", "name: \x00", "expected YAML"),
        ("name: quiet", "name: !!python/object:os.system x", "expected YAML: could not determine a constructor"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(old: str, new: str, says: str) -> None:
    message = error_of(changed(old, new))
    assert says in message
    assert message.startswith("dir/x.yaml")


def test_the_same_user_by_two_keys_is_refused() -> None:
    assert "expected each user once, found colleague-1 twice" in error_of(
        changed("  ada:", "  colleague-1: new in Oslo\n  ada:")
    )


def test_two_entries_of_one_name_are_refused() -> None:
    entry = "  - {at: +5m, do: logon, as: x}\n"
    assert "$.timeline[2].as: expected a name that no other entry has" in error_of(
        changed("expect:", f"{entry}{entry}expect:")
    )


@pytest.mark.parametrize("data", [b"", b"- a\n", b"text", b"\xff\xfe", b"x" * 1_000_001])
def test_no_scenario_at_all(data: bytes) -> None:
    assert error_of(data).startswith("dir/x.yaml: expected")


def test_texts_that_yaml_would_take_for_something_else_stay_texts() -> None:
    """Norway is no, 10:30 is 630, 1_000 is 1000 and 0o17 is 15 in YAML 1.1."""
    document = parse(changed("do: logon", "do: logon\n    unit: no\n    error: 10:30\n    session: 1_000"), Path("x"))
    entry = document.scenario.timeline[0]
    assert entry.location is not None
    assert (entry.location.country, entry.unit, entry.error, entry.session) == ("NO", "no", "10:30", "1_000")


def test_files_are_found_in_folders_once(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    for name in ("b/c/2.yaml", "b/1.yml", "b/not.txt"):
        (tmp_path / name).write_text("x")
    assert find([tmp_path, tmp_path / "b" / "1.yml"]) == [tmp_path / "b" / "1.yml", tmp_path / "b" / "c" / "2.yaml"]


def test_a_path_without_scenarios_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="expected scenarios, \\*.yaml, in this folder"):
        find([tmp_path])
    with pytest.raises(ScenarioError, match="found nothing there"):
        find([tmp_path / "x.yaml"])
    with pytest.raises(ScenarioError, match="expected a scenario: "):
        read(tmp_path)


def test_a_runner_says_what_is_wrong_with_a_file_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("name: x")
    result = Runner().run_file(tmp_path / "x.yaml")
    assert not result.passed
    assert "missing required field" in result.error


def test_a_cast_knows_single_users_and_groups_of_them() -> None:
    people = timeline.cast(parse(GOOD, Path("x")))
    assert [account.key for account in people.find("Colleagues")] == [f"colleague-{n}" for n in range(1, 11)]
    assert people.find("colleague-3")[0].unit == "sales"
