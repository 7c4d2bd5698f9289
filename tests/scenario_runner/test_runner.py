"""What the runner makes of scenarios: a wrong expectation fails and says what came, a wrong order is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

import detections
import scenarios.runner
from scenarios.document import ScenarioError, parse
from scenarios.job import Engine, Job, Said, Saved
from scenarios.runner import Result, Runner

ON = ("first_country", "mass_download", "rare_api")
OFF = ", ".join(f"{name}: {{enabled: false}}" for name in detections.load() if name not in ON)
"""Whatever other detections there are, what they find is not the point here."""

BREACH = """
name: a stranger abroad
detection: first_country
who: {ada: "weekdays 9-17 in Berlin, 20 days", bob: "weekdays 9-17 in Berlin, 20 days"}
timeline:
  - {at: day 22 10:00, user: ada, do: logon, from: Lagos, device: unknown, as: breach, arrives: 5h late}
  - {at: +5m, do: read mail, from: Lagos, device: unknown, as: mail, repeat: 3 every 20s}
"""
RUNNER = Runner(shuffles=1)


def run(text: str, runner: Runner = RUNNER, settings: str = "") -> Result:
    whole = f"{text}\nsettings: {{detections: {{{OFF}}}{settings}}}\n"
    return runner.run(parse(whole.encode(), Path("scenario.yaml")))


def expecting(text: str) -> Result:
    return run(f"{BREACH}expect:\n{text}")


def test_what_came_may_be_expected_in_all_its_parts() -> None:
    result = expecting(
        "  alerts:\n"
        "    - {user: ada, severity: medium, min_risk: 70, max_risk: 100, anchor: breach, raised_by: breach,\n"
        "       revisions: 2, evidence: 1, says: [NG, never seen, First activity from a country]}\n"
        "    - {user: ada, anchor: mail, closed: arrived 5.0 h late, count: 1}\n"
        "  findings:\n"
        "    - {user: ada, anchor: breach}\n"
        "    - {user: ada, anchor: mail, closed: true}\n"
    )
    assert result.problems == ()


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("user: bob", "user is ada@acme.example"),
        ("severity: high", "severity is medium"),
        ("min_risk: 101", "risk is "),
        ("max_risk: 50", "risk is "),
        ("anchor: mail", "is closed"),
        ("raised_by: mail", "was raised by breach"),
        ("revisions: 7", "revisions: 2"),
        ("evidence: 2-", "evidence: 1"),
        ("closed: because I say so", "closed because explained by"),
        ("count: 2", "alert first_country of ada"),
        ("says: Narnia", "doesn't say 'Narnia'"),
        ("detection: mass_download", "detection is first_country"),
    ],
)
def test_what_did_not_come_is_named_beside_what_came(wrong: str, why: str) -> None:
    expected, *_ = expecting(f"  alerts: [{{{wrong}}}]").problems
    assert expected.expected.startswith("alert: ")
    assert any(why in line for line in expected.came)
    assert any("NG, a country this user was never seen in" in line for line in expected.came)


@pytest.mark.parametrize("silence", ["true", "[first_country]"])
def test_silence_is_broken_by_alerts_that_were_closed_too(silence: str) -> None:
    problems = expecting(f"  silence: {silence}").problems
    assert [problem.expected for problem in problems] == ["silence of first_country"] * 2
    assert any("closed (explained by" in line for problem in problems for line in problem.came)


def test_silence_of_others_is_kept() -> None:
    assert expecting("  silence: [mass_download]").problems == ()


def test_an_alert_beside_the_expected_one_is_a_problem() -> None:
    result = run(
        BREACH
        + "  - {at: day 23 10:00, user: bob, do: logon, from: Oslo, device: unknown}\n"
        + "expect: {alerts: [{user: ada, anchor: breach}]}"
    )
    (problem,) = result.problems
    assert problem.expected == "no other alert of first_country"
    assert "bob@acme.example" in problem.came[0]


def test_a_suppression_that_hid_nothing_is_a_problem() -> None:
    rule = "{name: lagos, reason: a branch opens there, countries: [NG]}"
    settings = f", suppressions: [{rule}, {{name: vain, reason: none, users: [eve]}}]"
    result = run(f"{BREACH}expect: {{silence: true, suppressed: [lagos, vain]}}", settings=settings)
    assert [problem.expected for problem in result.problems] == ["something suppressed by vain"]


def test_insights_that_hold_in_the_end() -> None:
    expect = """expect:
  insights:
    - {user: ada, kind: first, feature: countries, value: DE}
    - {user: bob, kind: first, feature: countries, value: NG, count: 0}
    - {kind: first, feature: countries, count: 2-}
    - {user: bob, kind: first, feature: countries, value: SE}
"""
    (problem,) = run(f"{BREACH}{expect}").problems
    assert problem.expected == "insight: first countries SE of bob@acme.example (times: 1)"
    assert "insight first countries DE of bob@acme.example" in problem.came


def test_what_can_not_be_used_must_be_expected() -> None:
    odd = (
        "  - {at: day 23 9:00, user: bob, do: open file, arrives: 30h late}\n"
        "  - {at: day 25 9:00, user: bob, do: open file, arrives: 2h early}\n"
        "  - {at: day 25 10:00, user: bob, do: open file, id: twice}\n"
        "  - {at: day 25 10:00, user: bob, do: open file, id: twice}\n"
        "  - {at: day 25 11:00, user: bob, do: open file, ip: 300.1.1.1}\n"
    )
    expect = "expect: {alerts: [{anchor: breach}], late: 1, rejected: 2, duplicates: 1}"
    assert run(f"{BREACH}{odd}{expect}").problems == ()
    named = {
        problem.expected: problem.came for problem in run(f"{BREACH}{odd}expect: {{silence: [rare_api]}}").problems
    }
    assert named.keys() == {"late: 0", "rejected: 0", "duplicates: 0"}
    assert any("300.1.1.1" in line for line in named["rejected: 0"])
    assert any("30.0 h" in line for line in named["late: 0"])


def test_alerts_that_depend_on_the_order_of_arrival_are_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Runner._said

    def forgetful(self: Runner, *arguments: object) -> Said:
        said = plan(self, *arguments)  # type: ignore[arg-type]
        return said if len(arguments) == 2 else Said()

    monkeypatch.setattr(Runner, "_said", forgetful)
    (problem,) = expecting("  alerts: [{anchor: breach}]").problems
    assert problem.expected.startswith("the same final alerts in any order of arrival: alert first_country")
    assert problem.came == ("shuffle 1: no such alert",)


def test_shuffles_move_activities_and_only_within_the_allowed_lateness() -> None:
    runner, document = Runner(), parse(f"{BREACH}expect: {{silence: true}}".encode(), Path("scenario.yaml"))
    plan = runner._plan(document)
    day = 86_400_000
    orders = [scenarios.runner._shuffled(plan.live, seed, day) for seed in (1, 2)]
    assert len({tuple(one.record["id"] for one in order) for order in (plan.live, *orders)}) == 3
    for order in orders:
        assert sorted(one.record["id"] for one in order) == sorted(one.record["id"] for one in plan.live)
        assert all(0 <= one.record["ingested"] - one.record["time"] <= day for one in order)


def test_a_shared_history_is_folded_once_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    runner, text = Runner(shuffles=0), f"{BREACH}expect: {{alerts: [{{anchor: breach}}]}}"
    begun: list[bool] = []
    start = Engine.run

    def counting(self: Engine, saved: Saved | None = None) -> Job:
        begun.append(saved is None)
        return start(self, saved)

    monkeypatch.setattr(Engine, "run", counting)
    first, second = run(text, runner), run(text, runner)
    assert sum(begun) == 1
    assert (first.problems, first.came) == (second.problems, second.came) == ((), first.came)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("detection: nonsense", "scenario.yaml:1: $.detection: expected a detection that is on (activity_cap"),
        (
            "detection: rare_api\nsettings: {detections: {rare_api: {enabled: false}}}",
            "$.detection: expected a detection that is on (activity_cap",
        ),
        ("starts: soon", "$.starts: expected a date such as 2026-01-05, found 'soon'"),
        ("settings: {hourly_cap: 0}", "$.settings: setting hourly_cap: expected at least 1, found 0"),
        ("settings: {detections: {nonsense: {}}}", "$.settings: setting detections.nonsense: no such detection"),
        ("settings: {suppressions: [{name: all, reason: none}]}", "suppression 'all': expected one of users"),
    ],
)
def test_what_can_not_be_run_is_named(text: str, says: str) -> None:
    body = "name: x\nwho: {ada: new in Berlin}\nexpect: {silence: true}\n"
    with pytest.raises(ScenarioError) as error:
        RUNNER.run(parse(f"{text}\n{body}".encode(), Path("scenario.yaml")))
    assert says in str(error.value)
