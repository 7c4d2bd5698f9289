"""Real and made records to measure parsers on: those that lie beside a checkout, and the tests' fixtures.

`../shared/data` has logs and the vendors' samples; its SOURCE.txt files say from where. Without it there are only the
fixtures, which are enough to fuzz with.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
FIXTURES = ROOT / "tests" / "fixtures"

_OF_PANTHER = {
    "AWS.CloudTrail": "cloudtrail",
    "Okta.SystemLog": "okta",
    "GSuite.ActivityEvent": "google_workspace",
    "GitHub.Audit": "github",
    "GCP.AuditLog": "gcp_audit",
    "Microsoft365.Audit.AzureActiveDirectory": "m365",
    "Microsoft365.Audit.Exchange": "m365",
    "Microsoft365.Audit.SharePoint": "m365",
    "Azure.MonitorActivity": "azure_activity",
    "Azure.Audit": "entra_audit",
}
_LINES = {
    "aws_cloudtrail": "cloudtrail",
    "azure_activity_log": "azure_activity",
    "gcp_logging": "gcp_audit",
    "microsoft_audit_log": "m365",
}
_OTRF = {
    "ec2_proxy_s3_exfiltration.zip": "cloudtrail",
    "AADAuditEvents.Zip": "entra_audit",
    "OfficeActivityEvents.Zip": "m365",
}
_STORAGE = re.compile(r"Storage(?:Read|Write|Delete)")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")


class Sample(NamedTuple):
    """One record, or a file of them."""

    folder: str
    """Of `../shared/data`, or `fixtures`."""
    format: str
    """Whose it is."""
    data: bytes


def shared() -> Iterator[Sample]:
    """Every record beside the checkout that belongs to one of the vendors."""
    for folder in ("cloudtrail-invictus", "cloudtrail-stratus"):
        for path in sorted((SHARED / folder).rglob("*.json")):
            yield Sample(folder, "cloudtrail", path.read_bytes())
    for path in sorted((SHARED / "otrf-cloud").rglob("*")):
        if path.name in _OTRF:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    for line in archive.read(name).splitlines():
                        yield Sample("otrf-cloud", _OTRF[path.name], line)
    for line in (SHARED / "entra-signins" / "entra-signins.jsonl").read_bytes().splitlines():
        yield Sample("entra-signins", "entra_signin", line)
    for name, fmt in _LINES.items():
        for line in (SHARED / "vendor-audit-lines" / f"{name}.jsonl").read_bytes().splitlines():
            yield Sample("vendor-audit-lines", fmt, line)
    for path in sorted((SHARED / "ocsf-mapping-samples").glob("*/*")):
        # Two of the samples aren't quite JSON.
        data = _TRAILING_COMMA.sub("", path.read_text(encoding="utf-8")).encode()
        yield Sample("ocsf-mapping-samples", "ocsf" if path.suffix == ".ocsf" else path.parent.name, data)
    yield from _of_panther()


def _of_panther() -> Iterator[Sample]:
    for line in (SHARED / "panther-tests" / "events.jsonl").read_bytes().splitlines():
        test = json.loads(line)
        # A test of many vendors' rules says in the event whose it is, if it says. Storage is no vendor here.
        event, types = test["event"], test["logtypes"]
        kind = _OF_PANTHER.get(types[0] if len(types) == 1 else str(event.get("p_log_type")))
        if kind is None or _STORAGE.fullmatch(str(event.get("category"))):
            continue
        if kind == "entra_audit" and "signin" in str(event.get("category", event.get("operationName"))).lower():
            kind = "entra_signin"
        yield Sample("panther-tests", kind, json.dumps(event).encode())


def fixtures() -> Iterator[Sample]:
    """The records of the tests."""
    for path in sorted((FIXTURES / "vendors").glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            yield Sample("fixtures", path.stem, line)
    for path in sorted((FIXTURES / "microsoft").glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            yield Sample("fixtures", path.stem, json.dumps(json.loads(line)["record"]).encode())
    for path in sorted((FIXTURES / "cloudtrail-invictus").glob("*.json")):
        for record in json.loads(path.read_bytes())["Records"]:
            yield Sample("fixtures", "cloudtrail", json.dumps(record).encode())
