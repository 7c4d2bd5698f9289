"""`anput alerts verdict` and `anput alerts stats`: an analyst's word on an alert, and what such words add up to."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from flows.alerts_cli import Store, fail, opened
from flows.explain import at, mappings, printable, utc
from flows.printing import display
from flows.settings import VERDICT_FILE
from flows.sinks.alert_store import AlertStore, AlertStoreError
from flows.sinks.ocsf import RELATED_USER
from flows.sources.verdicts import VerdictRecord
from stateful.verdict import BENIGN, FALSE_POSITIVE, TRUE_POSITIVE


class Word(StrEnum):
    """What an analyst can say."""

    TRUE_POSITIVE = TRUE_POSITIVE
    BENIGN = BENIGN
    FALSE_POSITIVE = FALSE_POSITIVE


class Share(msgspec.Struct, frozen=True):
    """Verdicts on the alerts of one detection."""

    detection: str
    alerts: int
    true_positive: int
    benign: int
    false_positive: int
    false_positive_ratio: float | None
    """Of those with a verdict; None without any."""


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command("verdict")(verdict)
    app.command("stats")(stats)


def verdict(
    uid: Annotated[str, typer.Argument(metavar="UID", help="The alert's uid, or as much of it as is unique.")],
    word: Annotated[Word, typer.Argument(help="What it was.")],
    store: Store,
    reason: Annotated[str, typer.Option(help="Why.")],
    by: Annotated[str, typer.Option(help="Who says so.")] = "",
    at_time: Annotated[
        str, typer.Option("--at", metavar="TIME", help="ISO 8601, event time. [default: that of the newest alert]")
    ] = "",
    verdicts: Annotated[
        Path | None, typer.Option(help=f"File that the flow reads. [default: {VERDICT_FILE} beside the store]")
    ] = None,
) -> None:
    """Says what an alert was. The store shows it at once; the flow learns from it when it next reads the file."""
    target = verdicts or store.parent / VERDICT_FILE
    try:
        with AlertStore(store, "w") as alerts:
            alert = alerts.get(uid)
            given = _record(alert, word, _time(at_time) if at_time else _newest(alerts), reason, by)
            # The file first: what the flow doesn't know must not be shown as said.
            _append(target, given)
            alerts.give(given)
    except (AlertStoreError, LookupError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{target}: can't be written: {error.strerror}; check the path and your rights to it")
    typer.echo(f"{given.alert}: {given.verdict}, from {utc(given.time)} UTC on; appended to {target}")


def stats(store: Store, json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:  # noqa: FBT002
    """Alerts by detection and verdict, with the ratio of false positives."""
    with opened(store) as alerts:
        shares = ratios(list(alerts.latest()))
    if json:
        typer.echo(msgspec.json.encode(shares).decode())
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("detection", "alerts", "true positive", "benign", "false positive", "false positive ratio"):
        table.add_column(name, justify="left" if name == "detection" else "right")
    for share in shares:
        ratio = "" if share.false_positive_ratio is None else f"{share.false_positive_ratio:.0%}"
        counts = (share.alerts, share.true_positive, share.benign, share.false_positive)
        table.add_row(Text(printable(share.detection)), *(f"{count:,}" for count in counts), ratio)
    display(table)


def ratios(alerts: list[dict[str, Any]]) -> list[Share]:
    """Verdicts by detection; an alert of several detections counts for each. Closed ones without one don't count."""
    counts: dict[str, Counter[str]] = {}
    for alert in alerts:
        said = str(alert.get("verdict", ""))
        if alert.get("activity_name") == "Close" and not said:
            continue
        for name in at(alert, "finding_info.types") or []:
            counts.setdefault(name, Counter())[said] += 1
    shares = []
    for name, of in sorted(counts.items()):
        true, benign, false = of["True Positive"], of["Benign"], of["False Positive"]
        judged = true + benign + false
        shares.append(Share(name, of.total(), true, benign, false, false / judged if judged else None))
    return shares


def _record(alert: Mapping[str, Any], word: Word, time: int, reason: str, by: str) -> VerdictRecord:
    related = mappings(alert, "finding_info.related_events")
    many = tuple(str(item["uid"]) for item in related if item.get("type") == RELATED_USER)
    return VerdictRecord(
        alert=alert["finding_info"]["uid"],
        verdict=word.value,
        tenant=alert["metadata"]["tenant_uid"],
        users=many or (alert["actor"]["user"]["uid"],),
        detections=tuple(at(alert, "finding_info.types") or ()),
        time=time,
        reason=reason,
        by=by,
    )


def _newest(alerts: AlertStore) -> int:
    """The log's clock, as far as the store knows it: a verdict on a replay of old logs belongs into their time."""
    return max((int(alert["time"]) for alert in alerts.latest()), default=0) + 1


def _time(text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        msg = f"expected ISO 8601, such as 2026-05-01T08:30Z, found {text!r:.80}"
        raise typer.BadParameter(msg, param_hint="--at") from None
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def _append(path: Path, record: VerdictRecord) -> None:
    with path.open("ab") as file:
        file.write(msgspec.json.encode(record) + b"\n")
        file.flush()
        os.fsync(file.fileno())
