"""Each detection on small timelines of one user: what it says, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import detections
from activities.activity import NO_DEVICE, Activity, Category, Device, Location, Object, Outcome, Raw, User, UserType
from stateful.finding import Finding, Severity
from stateful.profile import CAP_REACHED, OWN, Profile, ProfileFold, Statement, prefer
from windowing.timeline import Open, Timeline

HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_767_571_200_000  # Monday 2026-01-05
LAPTOP = Device("laptop-1", "Windows 11", "Mozilla/5.0 (Windows NT 10.0)")
STRANGE = Device("", "", "python-requests/2.32")
BERLIN = Location("DE", "Berlin", 52.5, 13.4, 3320, "Deutsche Telekom")
JAKARTA = Location("ID", "Jakarta", -6.2, 106.8, 7713, "Telkomnet")
numbers = count()


def act(time: int, action: str = "FileViewed", category: Category = Category.READ, **more: Any) -> Activity:
    fields: dict[str, Any] = {"app": "SharePoint", "ip": "87.128.0.10", "location": BERLIN, "device": LAPTOP} | more
    user = fields.pop("user", User("ada@acme.example", "Ada"))
    return Activity("acme", f"a{next(numbers)}", time, time, user, action, category, **fields)


def weeks(days: int = 14, actions: Iterable[str] = ("FileViewed", "FileModified", "MailSend")) -> list[Activity]:
    """Working days of a quiet user: a logon, then every action once an hour from 9 to 17."""
    history = []
    for day in range(days):
        if day % 7 < 5:
            history.append(act(START + day * DAY + 9 * HOUR - 60_000, "UserLoggedIn", Category.LOGON))
            history += [
                act(START + day * DAY + hour * HOUR + n * 60_000, action)
                for hour in range(9, 17)
                for n, action in enumerate(actions)
            ]
    return history


def findings(activities: Iterable[Activity], detection: str = "") -> list[Finding]:
    """The last word on every finding, once all is in."""
    timeline: Timeline[Profile, Activity, Statement] = Timeline(ProfileFold(detections.load().values(), {}), Open())
    for activity in activities:
        timeline.insert(activity, prefer)
    said = {revision.statement.uid: revision.statement for revision in timeline.evaluate()}
    found = [statement for statement in said.values() if isinstance(statement, Finding)]
    return [finding for finding in found if not detection or finding.detection == detection]


NOON = START + 14 * DAY + 12 * HOUR


def test_a_quiet_user_raises_nothing() -> None:
    assert findings(weeks(28)) == []


def test_first_country_on_a_strange_device() -> None:
    strange = act(NOON, location=JAKARTA, ip="36.66.1.1", device=STRANGE)
    (finding,) = findings([*weeks(), strange], "first_country")
    assert (finding.anchor, finding.severity) == (strange.id, Severity.MEDIUM)
    assert finding.risk > 70
    assert finding.comparisons[0].observed == "ID"
    assert finding.comparisons[0].usual == "DE"


def test_first_country_on_the_users_own_device_is_a_journey() -> None:
    (finding,) = findings([*weeks(), act(NOON, location=JAKARTA)], "first_country")
    assert finding.severity is Severity.LOW


@pytest.mark.parametrize(
    "quiet",
    [
        act(NOON, "UserLoginFailed", Category.FAILED_LOGON, location=JAKARTA, outcome=Outcome.FAILURE),
        act(NOON, location=JAKARTA, outcome=Outcome.DENIED),
        act(NOON, location=Location("NL", tags=("vpn",))),
        act(NOON, location=Location()),
    ],
)
def test_first_country_is_silent_about(quiet: Activity) -> None:
    assert findings([*weeks(), quiet], "first_country") == []


def test_first_country_waits_for_the_learning_period() -> None:
    (finding,) = findings([*weeks(5), act(START + 5 * DAY, location=JAKARTA)], "first_country")
    assert finding.learning


def failures(number: int, **more: Any) -> list[Activity]:
    fields: dict[str, Any] = {"outcome": Outcome.FAILURE, "ip": "186.202.30.5", "device": STRANGE} | more
    return [act(NOON + n * 20_000, "UserLoginFailed", Category.FAILED_LOGON, **fields) for n in range(number)]


def test_failed_logons_then_success() -> None:
    success = act(NOON + 20 * 60_000, "UserLoggedIn", Category.LOGON, ip="186.202.30.5", device=STRANGE)
    (finding,) = findings([*weeks(), *failures(20), success], "failed_logon_burst")
    assert (finding.anchor, finding.severity, finding.evidence_count) == (success.id, Severity.HIGH, 21)
    assert finding.evidence[-1].id == success.id


@pytest.mark.parametrize(
    ("tries", "success"),
    [
        pytest.param(failures(9), act(NOON + 10 * 60_000, "UserLoggedIn", Category.LOGON), id="too few"),
        pytest.param(failures(40), act(NOON + 3 * HOUR, "UserLoggedIn", Category.LOGON), id="hours later"),
        pytest.param(
            failures(60, ip="87.128.0.10", device=LAPTOP),
            act(NOON + 30 * 60_000, "UserLoggedIn", Category.LOGON),
            id="a phone that retries an old password",
        ),
    ],
)
def test_failed_logons_that_mean_nothing(tries: list[Activity], success: Activity) -> None:
    assert findings([*weeks(), *tries, success], "failed_logon_burst") == []


def downloads(number: int, start: int = NOON, minutes: int = 40) -> list[Activity]:
    step = minutes * 60_000 // number
    return [
        act(start + n * step, "FileDownloaded", Category.DOWNLOAD, objects=(Object("file", f"f{n}", 1_000_000),))
        for n in range(number)
    ]


def test_mass_download() -> None:
    (finding,) = findings([*weeks(), *downloads(200)], "mass_download")
    assert finding.anchor == f"window:{HOUR}:{NOON}"
    assert finding.closes == NOON + HOUR - 1
    assert finding.evidence_count == 200
    assert finding.comparisons[1].observed == "200"


def test_a_backup_that_downloads_every_night_is_usual() -> None:
    nights = [activity for day in range(20) for activity in downloads(200, START + day * DAY + 2 * HOUR)]
    assert findings(nights, "mass_download") == []


def test_a_month_end_somewhat_over_usual_is_no_mass_download() -> None:
    usual = [a for day in range(14) for a in downloads(40, START + day * DAY + 10 * HOUR)]
    assert findings([*usual, *downloads(75)], "mass_download") == []


def audit(action: str, time: int = NOON, **more: Any) -> Activity:
    trail = (Object("trail", "organization"),)
    return act(time, action, Category.AUDIT_CONFIG, app="cloudtrail.amazonaws.com", objects=trail, **more)


def test_audit_logging_impaired() -> None:
    (finding,) = findings([*weeks(), audit("StopLogging")], "audit_logging_impaired")
    assert (finding.severity, finding.risk) == (Severity.HIGH, 90)
    assert "StopLogging on organization" in finding.reason


def test_audit_logging_impaired_needs_no_history_and_denied_counts_less() -> None:
    (finding,) = findings([audit("DeleteTrail", outcome=Outcome.DENIED)], "audit_logging_impaired")
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize("action", ["StartLogging", "CreateTrail", "GetTrailStatus"])
def test_audit_logging_begun_or_looked_at_is_fine(action: str) -> None:
    assert findings([audit(action)], "audit_logging_impaired") == []


def test_an_automation_that_rewrites_selectors_daily_becomes_routine() -> None:
    daily = [audit("PutEventSelectors", START + day * DAY) for day in range(40)]
    said = findings(daily, "audit_logging_impaired")
    assert len(said) == 20


def apis(names: Iterable[str]) -> list[Activity]:
    return [act(NOON + n * 60_000, name, Category.LIST, app="iam.amazonaws.com") for n, name in enumerate(names)]


DISCOVERY = (
    "ListUsers",
    "ListRoles",
    "ListPolicies",
    "ListAccessKeys",
    "ListGroups",
    "GetAccountSummary",
    "ListMFADevices",
    "GetCredentialReport",
    "ListSAMLProviders",
    "ListInstanceProfiles",
)


def test_rare_api() -> None:
    calls = apis(DISCOVERY)
    (finding,) = findings([*weeks(), *calls], "rare_api")
    assert (finding.anchor, finding.evidence_count) == (calls[0].id, len(DISCOVERY))
    assert finding.closes == calls[-1].time + HOUR


def test_rare_api_is_silent_about_who_always_does_something_new() -> None:
    """A user half of whose operations are new, as in the first weeks of a job."""
    history = [act(START + n * HOUR, f"Op{n if n % 2 else 0}") for n in range(300)]
    assert findings([*history, *apis(DISCOVERY)], "rare_api") == []


def test_rare_api_is_silent_about_a_few() -> None:
    assert findings([*weeks(), *apis(DISCOVERY[:3])], "rare_api") == []


# What holds for every detection.

APP = User("app-1", "Sync", "", UserType.APP)


def rule(action: str, *objects: Object) -> Activity:
    return act(NOON, action, Category.MAILBOX_RULE, app="Exchange", objects=objects)


def many(number: int, action: str, category: Category, app: str = "SharePoint") -> list[Activity]:
    """So many within forty minutes, of different objects."""
    step = 40 * 60_000 // number
    names = [(Object("file", f"/x/{n}", 1000),) for n in range(number)]
    return [act(NOON + n * step, action, category, app=app, objects=name) for n, name in enumerate(names)]


EPISODES = [
    [act(NOON, location=JAKARTA, ip="36.66.1.1", device=STRANGE)],
    [*failures(20), act(NOON + 20 * 60_000, "UserLoggedIn", Category.LOGON, ip="186.202.30.5", device=STRANGE)],
    downloads(100),
    [audit("StopLogging"), audit("DeleteTrail", NOON + 60_000)],
    apis(DISCOVERY),
    [act(NOON, CAP_REACHED, Category.OTHER, source=OWN, objects=(Object("activities not kept", "", 7),))],
    [act(NOON - 60_000, device=LAPTOP), act(NOON, ip="36.66.1.1", location=JAKARTA, device=STRANGE)],
    [act(NOON, ip="192.0.2.7", location=Location("DE", "Kiel", None, None, 64500, "Other Net"), device=STRANGE)],
    [act(NOON, ip="192.0.2.9", location=Location("DE", tags=("tor",)), device=STRANGE)],
    [act(NOON + 60 * DAY, ip="192.0.2.8", location=Location("DE", isp="Other Net"), device=STRANGE)],
    [
        act(NOON - 60_000, session="s1"),
        act(NOON, session="s1", ip="192.0.2.7", location=Location("DE", asn=64500), device=STRANGE),
    ],
    [act(NOON + 14 * HOUR, "FileViewed")],
    [rule("New-InboxRule", Object("rule", "x"), Object("parameter", "ForwardTo=eve@evil.example"))],
    [act(NOON, "Consent to application.", Category.ROLE_GRANT, objects=(Object("app", "Mail Sync Pro"),))],
    [
        *(
            act(NOON + n * 60_000, "LoginFailed", Category.FAILED_LOGON, outcome=Outcome.FAILURE, tags=("mfa-denied",))
            for n in range(9)
        ),
        act(NOON + 10 * 60_000, "UserLoggedIn", Category.LOGON, tags=("mfa",)),
    ],
    [act(NOON, "Add member to role.", Category.ROLE_GRANT, objects=(Object("role", "Global Administrator"),))],
    many(200, "FileDeleted", Category.DELETE),
    many(40, "SharingSet", Category.SHARE),
    [
        act(NOON + n * 30_000, f"Get{n % 8}", Category.READ, outcome=Outcome.DENIED, app="s3", error="AccessDenied")
        for n in range(40)
    ],
    many(25, "GetSecretValue", Category.SECRET_READ, app="secretsmanager"),
    many(20, "RunInstances", Category.COMPUTE_START, app="ec2"),
    many(20, "DeleteBucket", Category.DELETE, app="s3"),
    many(300, "MailItemsAccessed", Category.READ, app="Exchange"),
    [act(NOON, "Add-MailboxPermission", Category.ROLE_GRANT, app="Exchange", objects=(Object("mailbox", "ceo"),))],
    [
        *(act(START + n * 10 * 60_000, f"Usual{n % 7}", Category.READ) for n in range(14 * 144)),
        *(act(NOON + n * 9_000, f"Odd{n * n % 53}", Category.READ, app="Elsewhere") for n in range(220)),
    ],
    [
        *(act(START + n * HOUR, "Sync", Category.READ, user=APP) for n in range(14 * 24)),
        act(NOON, "Sync", Category.READ, user=APP, location=Location("NL", isp="Other Net"), device=STRANGE),
    ],
]


def by_uid(said: list[Finding]) -> dict[str, Finding]:
    return {finding.uid: finding for finding in said}


@given(st.sampled_from(EPISODES), st.randoms(use_true_random=False))
def test_any_order_of_arrival_finds_the_same(episode: list[Activity], random: Any) -> None:
    whole = [*weeks(10), *episode]
    shuffled = list(whole)
    random.shuffle(shuffled)
    assert by_uid(findings(shuffled)) == by_uid(findings(whole)) != {}


def in_order(episode: list[Activity]) -> list[Activity]:
    return sorted([*weeks(10), *episode], key=lambda a: (a.time, a.id))


@pytest.mark.parametrize("episode", EPISODES, ids=range(len(EPISODES)))
def test_copies_of_a_profile_are_folded_on_by_themselves(episode: list[Activity]) -> None:
    fold = ProfileFold(detections.load().values(), {})
    state, copies = fold.decode(b""), []
    history = in_order(episode)
    for place, activity in enumerate(history):
        if place % 23 == 0 or place > len(history) - 4:
            copies.append((place, fold.copy(state), fold.encode(state)))
        fold.step(state, activity)
    assert all(fold.encode(copy) == before for _, copy, before in copies)
    for place, copy, _ in copies[-4:]:
        for activity in history[place:]:
            fold.step(copy, activity)
        assert fold.encode(copy) == fold.encode(state)


@pytest.mark.parametrize("episode", EPISODES, ids=range(len(EPISODES)))
def test_a_detection_of_news_has_nothing_to_say_where_there_is_none(episode: list[Activity]) -> None:
    found = detections.load().values()
    assert sum(bool(detection.news_of) for detection in found) > 3
    assert all(set(detection.news_of) <= set(detection.features) for detection in found)
    fold = ProfileFold(found, {})
    shown_all = ProfileFold([replace(detection, news_of=()) for detection in found], {})
    state, other = fold.decode(b""), shown_all.decode(b"")
    for activity in in_order(episode):
        assert fold.step(state, activity) == shown_all.step(other, activity)


def test_a_verdict_on_what_was_stored_in_between_is_learnt() -> None:
    fold = ProfileFold(detections.load().values(), {})
    state = fold.decode(b"")
    for activity in in_order([act(NOON, location=JAKARTA, ip="36.66.1.1", device=STRANGE)]):
        fold.step(state, activity)
    assert any(key.startswith("countries\0") for key in state.held)
    names = ("first_country", "unfamiliar_access", "impossible_travel")
    objects = (Object("verdict", "benign"), *(Object("detection", name) for name in names))
    verdict = act(NOON + HOUR, "Verdict", Category.OTHER, source=OWN, objects=objects)
    stored = fold.decode(fold.encode(state))
    assert fold.step(stored, verdict) == fold.step(state, verdict)
    assert fold.encode(stored) == fold.encode(state)
    assert stored.values["countries"].get("ID") is not None


def test_each_episode_is_found() -> None:
    """That each detection finds something is told by its scenarios (tests/scenarios)."""
    assert all(findings([*weeks(), *episode]) for episode in EPISODES)


@given(st.data())
def test_missing_fields_are_survived_and_state_round_trips(data: st.DataObject) -> None:
    """One state is stored and loaded after each activity, the other never: they say and store the same."""
    fold = ProfileFold(detections.load().values(), {})
    state, again = fold.decode(b""), fold.decode(b"")
    categories = st.sampled_from(list(Category))
    time = START
    for _ in range(data.draw(st.integers(1, 40))):
        time += data.draw(st.integers(0, DAY))
        sparse = act(
            time,
            data.draw(st.sampled_from(["StopX", "a", ""])),
            data.draw(categories),
            app="",
            ip="",
            location=Location(),
            device=NO_DEVICE,
            outcome=data.draw(st.sampled_from(list(Outcome))),
        )
        assert fold.step(again, sparse) == fold.step(state, sparse)
        stored = fold.encode(state)
        assert fold.encode(again) == stored
        again = fold.decode(stored)


def test_state_is_bounded_however_many_values_a_user_shows() -> None:
    fold = ProfileFold(detections.load().values(), {})
    state = fold.decode(b"")
    sizes = []
    for n in range(12000):
        flood = act(
            START + n * 1000,
            f"Op{n}",
            Category.DOWNLOAD,
            ip=f"10.0.{n // 256}.{n % 256}",
            device=Device("", "", f"agent {n} " + "x" * 1000),
            location=Location(f"{n % 999:03}"),
        )
        fold.step(state, flood)
        if n % 4000 == 3999:
            sizes.append(len(fold.encode(state)))
    assert max(sizes) < 165_000
    assert sizes[-1] < sizes[0] * 1.1


def test_findings_do_not_depend_on_how_an_activity_came() -> None:

    for episode in EPISODES:
        whole = [*weeks(10), *episode]
        moved = [msgspec.structs.replace(a, ingested=a.time + 7 * HOUR, raw=Raw("p", "f", 3, 1)) for a in whole]
        assert by_uid(findings(moved)) == by_uid(findings(whole))


def test_learning_periods_are_respected() -> None:
    for detection in detections.load().values():
        if detection.learning_days:
            for episode in EPISODES:
                begin = episode[-1].time - (detection.learning_days - 0.5) * DAY
                early = [activity for activity in [*weeks(14), *episode] if activity.time > begin]
                early_words = findings(early, detection.id)
                # Those that others judge may speak before: correlation raises them only if nobody has the like.
                assert [finding for finding in early_words if not finding.learning] == []


def test_mass_download_across_a_full_hour_is_not_halved() -> None:
    found = findings([*weeks(), *downloads(150, NOON + 45 * 60_000, minutes=50)], "mass_download")
    assert max(finding.evidence_count for finding in found) > 120
