"""What a run of the engine has come to, and how two runs differ: alerts, users' stored documents, counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bench.recovery_read import snapshots
from flows.detect import FLOW, SCHEMA
from flows.sinks.alert_store import AlertStore
from recovery import stamp
from recovery.store import KeyGroupStore
from recovery.token import Token

WAY = ("sequence", "uid", "tags", "logged_time")
"""Of an alert's metadata: how it came to be, not what it says. Ingest times of open activities aren't stored."""

COUNTS = ("in", "out", "late", "duplicate", "rejected", "alerts")
ENTITY = b"e"
"""How the keys of users begin in a key group's store; beside them is the group's own row (its counts, watermarks)."""
CLOSED = 3
"""OCSF's activity_id."""


@dataclass(frozen=True)
class Outcome:
    """All that is compared."""

    alerts: dict[str, Any]
    """By uid: open alerts, without how they came about."""
    users: dict[bytes, bytes]
    """By key: every user's stored document, of all key groups."""
    counts: dict[str, int]


def read_outcome(work: Path) -> Outcome:
    """Of a run that has ended in `work`: `state`, `alerts.db`, `summary.json`.

    Key-group stores are opened at the tokens that Bytewax would resume from.
    """
    summary = msgspec.json.decode((work / "summary.json").read_bytes())
    with AlertStore(work / "alerts.db") as store:
        alerts = content(store.latest())
    return Outcome(alerts, read_users(work / "state"), {name: summary[name] for name in COUNTS})


def read_users(state: Path) -> dict[bytes, bytes]:
    """Every user's stored document, by key."""
    cluster = stamp.read(state).cluster_id
    users: dict[bytes, bytes] = {}
    for data in snapshots(state / stamp.RECOVERY, f"{FLOW}.profile").values():
        token = Token.decode(data)
        store = KeyGroupStore.open(state, "profile", token.key_group, token, cluster, max(SCHEMA.values()))
        users.update(store.scan(ENTITY))
        store.close()
    return users


def content(alerts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Open alerts by uid, without what tells the way they came: number, kind and reason of the revision."""
    way = {"metadata", "activity_id", "activity_name", "type_uid", "type_name"}
    found = {}
    for alert in alerts:
        if alert["activity_id"] != CLOSED:
            metadata = {k: v for k, v in alert["metadata"].items() if k not in WAY}
            rest = {k: v for k, v in alert.items() if k not in way}
            found[alert["finding_info"]["uid"]] = {**rest, "metadata": metadata}
    return found


def differences(wanted: Outcome, found: Outcome) -> list[str]:
    """What differs, a line each; none when the runs came to the same."""
    return [
        *mapping_differences("alert", wanted.alerts, found.alerts),
        *mapping_differences("user", wanted.users, found.users),
        *mapping_differences("count", wanted.counts, found.counts),
    ]


def mapping_differences(what: str, wanted: Mapping[Any, object], found: Mapping[Any, object]) -> list[str]:
    """What is missing, too much or another, a line each."""
    lines = []
    for key in sorted(wanted.keys() | found.keys()):
        if key not in found:
            lines.append(f"{what} {key!r}: missing")
        elif key not in wanted:
            lines.append(f"{what} {key!r}: not in the uninterrupted run")
        elif wanted[key] != found[key]:
            lines.append(f"{what} {key!r}: expected {wanted[key]!r:.200}, found {found[key]!r:.200}")
    return lines
