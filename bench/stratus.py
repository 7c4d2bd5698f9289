"""Techniques of Stratus Red Team against a quiet account: which of them raise a finding, and which.

    python -m bench.stratus ../shared/data/cloudtrail-stratus/docs/detonation-logs --out bench/stratus.json

Each file is one technique's CloudTrail. Its events are given to an account that has done the same few calls on working
days for 30 days, in their order and at their distances, on the day after. Twice: with the account's own address and
program, so that only what is done can tell (`own`), and as recorded (`recorded`).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

import detections
from activities.activity import Activity, Category, Device, Location, Object, Raw, User
from activities.enrich import Enricher
from activities.formats import parse_line
from stateful.finding import Finding
from stateful.profile import Profile, ProfileFold, Statement, prefer
from windowing.timeline import Open, Timeline

HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_767_571_200_000
"""Monday 2026-01-05, ms."""
DAYS = 30
LEAST = 55
"""Default of the setting min_alert_risk."""
QUIET = (
    ("ec2.amazonaws.com", "DescribeInstances", Category.LIST),
    ("s3.amazonaws.com", "ListBuckets", Category.LIST),
    ("s3.amazonaws.com", "GetObject", Category.DOWNLOAD),
    ("s3.amazonaws.com", "PutObject", Category.UPLOAD),
    ("logs.amazonaws.com", "FilterLogEvents", Category.READ),
    ("monitoring.amazonaws.com", "GetMetricData", Category.READ),
)
ADDRESS, AGENT = "203.0.113.7", "aws-cli/2.15.30 Python/3.11.8 Linux/6.1 exe/x86_64"


def quiet(user: User, tenant: str) -> Iterator[Activity]:
    """What the account always does: a logon in the morning, then a few calls an hour."""
    for day in range(DAYS):
        if day % 7 > 4:  # noqa: PLR2004
            continue
        for hour in range(8, 18):
            for number in range(4):
                app, action, category = QUIET[(day * 7 + hour * 3 + number) % len(QUIET)]
                time = START + day * DAY + hour * HOUR + number * 13 * 60_000
                objects = (Object("bucket", "reports"),) if app.startswith("s3") else ()
                yield own(Activity(tenant, f"q{time}", time, time, user, action, category, app=app, objects=objects))


def own(activity: Activity) -> Activity:
    """From the account's own address with its own program."""
    place = Location("DE", "Berlin", 52.52, 13.40, 3320, "Deutsche Telekom AG")
    return msgspec.structs.replace(
        activity, ip=ADDRESS, location=place, device=Device(user_agent=AGENT, family="aws-cli on Linux"), session=""
    )


def events(path: Path, enricher: Enricher) -> list[Activity]:
    """A technique's activities, in order of time."""
    found = parse_line(path.read_bytes(), "auto", "default", Raw(file=path.name))
    return sorted((enricher.enrich(a) for a in found if isinstance(a, Activity)), key=lambda a: (a.time, a.id))


def findings(history: list[Activity], attack: list[Activity], fold: ProfileFold) -> list[Finding]:
    """What is said of an attack."""
    timeline: Timeline[Profile, Activity, Statement] = Timeline(fold, Open())
    for activity in [*history, *attack]:
        timeline.insert(activity, prefer)
    said = {revision.statement.uid: revision.statement for revision in timeline.evaluate()}
    times = {activity.id for activity in attack}
    return [
        one
        for one in said.values()
        if isinstance(one, Finding) and any(evidence.id in times for evidence in one.evidence)
    ]


def together(risks: Mapping[str, int]) -> float:
    """The risk of what was found together, as correlation weighs it (stateful/correlation/threads.py)."""
    return 100 * (1 - prod(1 - risk / 100 for risk in risks.values()))


def technique(path: Path, enricher: Enricher, fold: ProfileFold) -> dict[str, dict[str, int]]:
    """Detection -> highest risk, of each way."""
    recorded = events(path, enricher)
    begin = START + DAYS * DAY + 10 * HOUR
    user = User("quiet.account", "quiet.account")
    shifted = [
        msgspec.structs.replace(
            a, tenant="t", user=user, time=begin + a.time - recorded[0].time, ingested=0, id=f"x{n}"
        )
        for n, a in enumerate(recorded)
    ]
    history = list(quiet(user, "t"))
    found: dict[str, dict[str, int]] = {}
    for way, attack in (("own", [own(a) for a in shifted]), ("recorded", shifted)):
        risks: dict[str, int] = {}
        for finding in findings(history, attack, fold):
            risks[finding.detection] = max(risks.get(finding.detection, 0), finding.risk)
        found[way] = risks
    return found


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of one JSON file for each technique")
    parser.add_argument("--out", type=Path, help="where to write the figures")
    arguments = parser.parse_args()
    fold = ProfileFold(detections.load().values(), {})
    table = Table("technique", "own address and program", "as recorded")
    found: dict[str, dict[str, dict[str, int]]] = {}
    with Enricher() as enricher:
        for path in sorted(arguments.folder.glob("*.json")):
            found[path.stem] = technique(path, enricher, fold)
            cells = [
                ", ".join(f"{name} {risk}" for name, risk in sorted(way.items())) for way in found[path.stem].values()
            ]
            table.add_row(path.stem, *(cell or "-" for cell in cells))
    Console(width=200).print(table)
    counts = {way: sum(bool(ways[way]) for ways in found.values()) for way in ("own", "recorded")}
    print(f"of {len(found)} techniques: {counts['own']} by what was done alone, {counts['recorded']} as recorded")  # noqa: T201
    alerts = {way: sum(together(ways[way]) >= LEAST for ways in found.values()) for way in ("own", "recorded")}
    print(f"alerts by themselves (risk {LEAST} or more together): {alerts['own']} and {alerts['recorded']}")  # noqa: T201
    if arguments.out is not None:
        result = {"techniques": len(found), "found": counts, "alerts": alerts, "by_technique": found}
        arguments.out.write_bytes(msgspec.json.format(msgspec.json.encode(result)) + b"\n")


if __name__ == "__main__":
    main()
