from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

import simulator.attacks
from activities.activity import Activity, UserType
from simulator.record import DAY, HOUR
from simulator.simulate import START, simulate

from .conftest import DAYS, SEED, USERS, Written, written

SMALL = (5, 11, 2)
"""Users, days, seed."""
GOLDEN = {
    "activities.jsonl": "3012532530c25ea45339d8ddaf092b1b1f3a4c6469662f4f868fbb5e5720985b",
    "truth.jsonl": "3998c2c88aac36a38727d971e89c7c3fbd4c52ce9d5b5026b01e1895aceff69a",
}
"""SHA-256 of what SMALL with all attacks writes, on every machine and Python. Changes only when the tenant does.

Without what the parsers of `activities` say of a record: they learn.
"""
READ = ("category", "outcome", "tags")


def digests(folder: Path) -> dict[str, str]:
    found = {}
    for name in GOLDEN:
        digest = hashlib.sha256()
        for line in (folder / name).read_bytes().splitlines():
            record = msgspec.json.decode(line)
            digest.update(msgspec.json.encode({key: value for key, value in record.items() if key not in READ}) + b"\n")
        found[name] = digest.hexdigest()
    return found


def test_every_line_is_an_activity_of_the_tenant_and_period(tenant: Written) -> None:
    start = int(START.timestamp() * 1000)
    assert all(one.tenant == "acme" for one in tenant.activities)
    assert all(start <= one.time < start + DAYS * DAY for one in tenant.activities)
    assert all(one.user.id == one.user.id.casefold() != "" for one in tenant.activities)


def test_empty_fields_are_left_out(tenant: Written) -> None:
    def empty(value: object) -> bool:
        if isinstance(value, dict):
            return any(empty(item) for item in value.values())
        if isinstance(value, list):
            return not value or any(empty(item) for item in value)
        return value in ("", None)

    assert not any(empty(msgspec.json.decode(line)) for line in tenant.lines[::7])


def test_lines_are_in_order_of_arrival(tenant: Written) -> None:
    arrivals = [one.ingested for one in tenant.activities]
    assert arrivals == sorted(arrivals)


def test_ids_are_unique(tenant: Written) -> None:
    assert len({one.id for one in tenant.activities}) == len(tenant.activities)


def test_delays_have_a_short_middle_and_a_tail_below_a_day(tenant: Written) -> None:
    delays = sorted(one.ingested - one.time for one in tenant.activities)
    total = len(delays)
    assert delays[0] >= 2_000
    assert delays[-1] < DAY
    assert delays[total // 2] < 60_000
    assert sum(2_000 <= delay <= 90_000 for delay in delays) / total > 0.9
    assert 0.01 < sum(delay > HOUR for delay in delays) / total < 0.05
    assert 0.005 < sum(delay > 6 * HOUR for delay in delays) / total < 0.01


def test_an_outage_delivers_hours_of_a_connector_at_its_end(tenant: Written) -> None:
    minutes = Counter(one.ingested // 60_000 for one in tenant.activities if one.app == "Exchange")
    minute, most = minutes.most_common(1)[0]
    held = [one for one in tenant.activities if one.app == "Exchange" and one.ingested // 60_000 == minute]
    assert most > 5 * sorted(minutes.values())[len(minutes) * 99 // 100]
    assert sum(HOUR // 4 < one.ingested - one.time < 3 * HOUR for one in held) / len(held) > 0.8


def test_the_summary_counts_what_was_written(tenant: Written) -> None:
    summary = tenant.summary
    assert summary.activities == len(tenant.lines)
    assert (summary.people, summary.attacks) == (USERS, len(tenant.truth))
    assert summary.people + summary.services >= len({one.user.id for one in tenant.activities}) > 0.9 * USERS
    assert summary.inputs == (tenant.folder / "activities.jsonl",)
    assert summary.late == sum(one.ingested - one.time > HOUR for one in tenant.activities)
    assert summary.countries == dict(Counter(one.location.country for one in tenant.activities))
    assert summary.categories == dict(Counter(one.category.value for one in tenant.activities))


def test_a_person_does_some_thirty_things_on_a_day_of_a_week(tenant: Written) -> None:
    people = [one for one in tenant.benign if one.user.type is UserType.PERSON]
    assert 18 < len(people) / len({one.user.id for one in people}) / DAYS < 40


def test_the_cost_of_an_activity_does_not_grow_with_the_company(tmp_path: Path) -> None:
    def cost(users: int) -> float:
        begun = time.process_time()
        written = simulate(users, 3, SEED, [], tmp_path).activities
        return (time.process_time() - begun) / written

    small = min(cost(30) for _ in range(3))
    assert min(cost(240) for _ in range(2)) < 2 * small


def test_the_same_arguments_give_the_same_bytes_on_any_machine(tmp_path: Path) -> None:
    simulate(*SMALL, ["all"], tmp_path)
    assert digests(tmp_path) == GOLDEN


def test_nothing_depends_on_the_hash_seed_or_the_time_zone_of_the_machine(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from simulator.simulate import simulate; "
        f"simulate(*{SMALL}, ['all'], Path(sys.argv[1]))"
    )
    for hash_seed, zone in (("1", "Asia/Tokyo"), ("2", "America/Lima")):
        folder = tmp_path / hash_seed
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": zone, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=environment)
        assert digests(folder) == GOLDEN


def test_another_seed_or_tenant_is_another_company(tmp_path: Path) -> None:
    users, days, seed = SMALL
    for number, (other, name) in enumerate(((seed, "acme"), (seed + 1, "acme"), (seed, "umbrella"))):
        simulate(users, days, other, [], tmp_path / str(number), tenant=name)
    first, *others = (written_ids(tmp_path / str(number)) for number in range(3))
    assert all(not first & other for other in others)


def written_ids(folder: Path) -> set[str]:
    return {msgspec.json.decode(line)["id"] for line in (folder / "activities.jsonl").read_bytes().splitlines()}


def test_more_users_leave_the_others_as_they_are(tmp_path: Path) -> None:
    simulate(6, 5, SEED, [], tmp_path / "few")
    simulate(9, 5, SEED, [], tmp_path / "more")
    few = Counter((tmp_path / "few" / "activities.jsonl").read_bytes().splitlines())
    more = Counter((tmp_path / "more" / "activities.jsonl").read_bytes().splitlines())
    assert few <= more
    assert few != more


def test_the_start_may_be_in_any_time_zone(tmp_path: Path) -> None:
    kolkata = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    for name, start in (("utc", START), ("kolkata", kolkata)):
        simulate(3, 2, SEED, [], tmp_path / name, start=start)
    assert digests(tmp_path / "utc") == digests(tmp_path / "kolkata")


def test_a_start_within_a_day_and_a_single_day(tmp_path: Path) -> None:
    start = datetime(2026, 3, 3, 15, 30, tzinfo=UTC)
    found = written(tmp_path, simulate(4, 1, SEED, [], tmp_path, start=start)).activities
    begins = int(start.timestamp() * 1000)
    assert found
    assert all(begins <= one.time < begins + DAY for one in found)


@pytest.mark.parametrize("attacks", [[], ["none"]])
def test_no_attacks(tmp_path: Path, attacks: list[str]) -> None:
    summary = simulate(2, 1, SEED, attacks, tmp_path)
    assert (summary.attacks, summary.attack_activities) == (0, 0)
    assert (tmp_path / "truth.jsonl").read_bytes() == b""


def test_what_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    known = ", ".join(simulator.attacks.names())
    ways = ", ".join(each.name for each in simulator.attacks.attacks()["inbox_rule"].variants)
    with pytest.raises(ValueError, match="users: expected at least 1, found 0"):
        simulate(0, 5, 1, [], out)
    with pytest.raises(ValueError, match="days: expected at least 1, found -1"):
        simulate(1, -1, 1, [], out)
    with pytest.raises(ValueError, match=f"expected all, none or some of {known}; found phishing"):
        simulate(1, 12, 1, ["brute_force", "phishing"], out)
    with pytest.raises(ValueError, match=f"expected one of {ways} as a variant of inbox_rule; found inbox_rule:loud"):
        simulate(1, 12, 1, ["inbox_rule:loud"], out)
    with pytest.raises(ValueError, match="attack_count: expected at least 1, found 0"):
        simulate(1, 12, 1, ["brute_force"], out, attack_count=0)
    with pytest.raises(ValueError, match="none excludes all others; found none, brute_force"):
        simulate(1, 12, 1, ["none", "brute_force"], out)
    with pytest.raises(ValueError, match="attacks need at least 10, .* found 9"):
        simulate(1, 9, 1, ["brute_force"], out)
    with pytest.raises(ValueError, match="start: expected a time with a time zone"):
        simulate(1, 9, 1, [], out, start=datetime(2026, 1, 5))  # noqa: DTZ001
    assert not out.exists()


def test_files_are_replaced(tmp_path: Path) -> None:
    simulate(4, 2, SEED, [], tmp_path)
    simulate(1, 1, SEED, [], tmp_path)
    found: list[Activity] = written(tmp_path, simulate(1, 1, SEED, [], tmp_path)).activities
    assert len({one.user.id for one in found if one.user.type.value == "person"}) <= 1
