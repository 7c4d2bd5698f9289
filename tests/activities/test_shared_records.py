"""The vendors' sample records that lie beside a checkout: each is read or refused, and what is read has a category."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from activities.activity import Activity, Category, Raw
from activities.formats import parse_record

SHARED = Path(__file__).parents[3] / "shared" / "data"
RAW = Raw("shared", "samples", 1)
LOG_TYPES = {
    "Okta.SystemLog": "okta",
    "GSuite.ActivityEvent": "google_workspace",
    "GitHub.Audit": "github",
    "GCP.AuditLog": "gcp_audit",
}
RECORDS = {"okta": 72, "google_workspace": 157, "github": 106, "gcp_audit": 179, "ocsf": 14}
REQUIRED = {
    f"`$.{path}`"
    for path in (
        "uuid published actor.type id.time actor created_at @timestamp timestamp protoPayload.methodName "
        "protoPayload.authenticationInfo"
    ).split()
}
TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")


def samples() -> Iterator[tuple[str, bytes]]:
    """The format and the bytes of each record."""
    for line in (SHARED / "panther-tests" / "events.jsonl").read_bytes().splitlines():
        found = json.loads(line)
        fmt = LOG_TYPES.get(found["logtypes"][0])
        if fmt:
            yield fmt, json.dumps(found["event"]).encode()
    for path in sorted((SHARED / "ocsf-mapping-samples").glob("*/*")):
        fmt = "ocsf" if path.suffix == ".ocsf" else path.parent.name
        if fmt in RECORDS:
            # Two of the samples aren't quite JSON.
            yield fmt, TRAILING_COMMA.sub("", path.read_text(encoding="utf-8")).encode()
    for line in (SHARED / "vendor-audit-lines" / "gcp_logging.jsonl").read_bytes().splitlines():
        yield "gcp_audit", line


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the sample records are not at {SHARED}")
def test_the_sample_records_are_read_and_categorised() -> None:
    read: dict[str, list[Activity]] = {fmt: [] for fmt in RECORDS}
    refused: dict[str, Counter[str]] = {fmt: Counter() for fmt in RECORDS}
    for fmt, data in samples():
        result = parse_record(data, fmt, "default", RAW)
        if isinstance(result, Activity):
            read[fmt].append(result)
            assert parse_record(data, "auto", "default", RAW) == result
        else:
            refused[fmt][result.reason.partition(", found")[0]] += 1
    for fmt, activities in read.items():
        shares = {
            "category": [activity.category is not Category.OTHER for activity in activities],
            "user": [bool(activity.user.id) for activity in activities],
            "time": [activity.time > 0 for activity in activities],
            "ip": [bool(activity.ip) for activity in activities],
        }
        shown = ", ".join(f"{name} {sum(has) / len(has):.0%}" for name, has in shares.items())
        print(f"{fmt}: {len(activities) + refused[fmt].total()} records, {len(activities)} activities: {shown}")
        for reason, count in refused[fmt].items():
            print(f"    {count} refused: {reason}")
    assert {fmt: len(read[fmt]) + refused[fmt].total() for fmt in RECORDS} == RECORDS
    known = [activity.category is not Category.OTHER for activities in read.values() for activity in activities]
    assert sum(known) / len(known) >= 0.95
    # What is refused lacks a time, an id, an operation or an actor, or is no activity; nothing else is in the way.
    for reason in (reason for counts in refused.values() for reason in counts):
        assert reason.startswith("skipped: ") or reason.rpartition(" at ")[2] in REQUIRED, reason
