"""`anput alerts`: what the alert store holds, for people and for other programs.

Exit codes: 0 done (also where the reader of the output went away), 2 the store or the alert can't be read; then
standard error says why.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.table import Table
from rich.text import Text

from flows.explain import SEVERITY_STYLES, at, explain, mappings, printable, state, user_name, utc
from flows.printing import display, json_lines, write
from flows.sinks.alert_store import AlertNotFoundError, AlertStore, AlertStoreError
from flows.sinks.encoding import encode_json
from flows.sinks.ocsf import RELATED_ALERT
from stateful.finding import Severity

UNREADABLE: Final = 2
SHORT_UID: Final = 8

_AGE: Final = re.compile(r"(\d{1,6})([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}

alerts_app = typer.Typer(name="alerts", help="Show and export the alerts in an alert store.", no_args_is_help=True)

Store = Annotated[
    Path, typer.Option("--store", envvar="ANPUT_ALERTS", metavar="FILE.db", help="The alert store to read.")
]
Json = Annotated[bool, typer.Option("--json", help="One OCSF object (Detection Finding) a line.")]


@alerts_app.command("list")
def list_alerts(
    *,
    store: Store,
    all_: Annotated[bool, typer.Option("--all", help="Closed alerts too.")] = False,
    severity: Annotated[Severity | None, typer.Option(help="This severity and worse.")] = None,
    user: Annotated[str, typer.Option(help="Part of the user's name, e-mail address or id.")] = "",
    detection: Annotated[str, typer.Option(help="Id of the detection.")] = "",
    since: Annotated[
        str, typer.Option(metavar="TIME", help="ISO 8601 (UTC unless it says), or an age before the newest: 24h, 7d.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    json: Json = False,
) -> None:
    """Lists alerts, the newest first."""
    with opened(store) as known:
        alerts = list(known.latest())
    earliest = _since(since, alerts) if since else -math.inf
    shown = [
        alert
        for alert in reversed(alerts)
        if (all_ or not _is_closed(alert))
        and (severity is None or alert["severity_id"] >= severity.rank)
        and _is_of(alert, user)
        and (not detection or detection in at(alert, "finding_info.types"))
        and alert["time"] >= earliest
    ]
    if json:
        write(json_lines(map(encode_json, shown[:limit])))
    else:
        uids = _short_uids(alert["finding_info"]["uid"] for alert in alerts)
        display(_table(shown[:limit], uids))
    if len(shown) > limit:
        typer.echo(f"{limit} of {len(shown)} alerts; more with --limit", err=True)


@alerts_app.command()
def show(
    uid: Annotated[str, typer.Argument(metavar="UID", help="The alert's uid, or as much of it as is unique.")],
    store: Store,
    json: Json = False,
) -> None:
    """Explains one alert."""
    with opened(store) as known:
        alert = known.get(uid)
        history = known.history(alert["finding_info"]["uid"])
        others = dict(_related(known, alert))
    if json:
        write(json_lines([encode_json(alert)]))
    else:
        display(explain(alert, history, others))


@alerts_app.command()
def export(
    store: Store,
    json: Annotated[bool, typer.Option("--json", help="One OCSF object a line: the only format so far.")] = True,
    open_only: Annotated[bool, typer.Option("--open-only", help="Without closed alerts.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write here, not to standard output.")
    ] = None,
) -> None:
    """Writes the latest revision of each alert, closed ones too, by time."""
    with opened(store) as known:
        alerts = (alert for alert in known.latest() if not (open_only and _is_closed(alert)))
        lines = json_lines(map(encode_json, alerts))
        if out is None:
            write(lines)
            return
        try:
            with out.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(lines)
        except OSError as error:
            fail(f"{out}: can't be written: {error.strerror}; check the path and your rights to it")


@contextmanager
def opened(path: Path) -> Iterator[AlertStore]:
    """The store, to be read; what is wrong with it ends the command."""
    try:
        with AlertStore(path) as store:
            yield store
    except (AlertStoreError, AlertNotFoundError) as error:
        fail(str(error))


def fail(message: str) -> NoReturn:
    """End the command with a message on standard error."""
    typer.echo(printable(message, 2000), err=True)
    raise typer.Exit(UNREADABLE)


def _related(known: AlertStore, alert: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Those of the related alerts that the store has."""
    for item in mappings(alert, "finding_info.related_events"):
        if item.get("type") == RELATED_ALERT:
            with suppress(AlertNotFoundError):
                yield item["uid"], known.get(item["uid"])


def _is_closed(alert: dict[str, Any]) -> bool:
    return alert["activity_name"] == "Close"  # type: ignore[no-any-return]


def _is_of(alert: dict[str, Any], wanted: str) -> bool:
    user = alert["actor"]["user"]
    names = (str(user.get(key, "")) for key in ("uid", "name", "email_addr"))
    return any(wanted.casefold() in name.casefold() for name in names)


def _since(text: str, alerts: Sequence[dict[str, Any]]) -> float:
    """`text` as event time in ms; an age counts back from the newest alert, as time is the log's."""
    if age := _AGE.fullmatch(text):
        newest: float = max((alert["time"] for alert in alerts), default=0)
        return newest - timedelta(**{_UNITS[age[2]]: int(age[1])}) / timedelta(milliseconds=1)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        msg = f"expected ISO 8601, such as 2026-05-01 or 2026-05-01T08:30Z, or an age such as 24h or 7d, found {text!r}"
        raise typer.BadParameter(msg, param_hint="--since") from None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000


def _short_uids(uids: Iterable[str]) -> dict[str, str]:
    """Of each uid the shortest beginning that no other has, at least 8 characters."""
    ordered = sorted(uids)
    shared = [len(os.path.commonprefix(pair)) for pair in pairwise(ordered)]
    return {
        uid: uid[: max(SHORT_UID, before + 1, after + 1)]
        for uid, before, after in zip(ordered, [0, *shared], [*shared, 0], strict=True)
    }


def _table(alerts: Iterable[dict[str, Any]], uids: dict[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("time (UTC)", "severity", "user", "title", "from", "risk", "status", "uid"):
        table.add_column(name, no_wrap=name in ("time (UTC)", "uid"), justify="right" if name == "risk" else "left")
    for alert in alerts:
        severity = printable(alert["severity"])
        table.add_row(
            Text(utc(alert["time"])),
            Text(severity, SEVERITY_STYLES.get(severity, "")),
            Text(user_name(alert)),
            Text(printable(alert["finding_info"]["title"], 80)),
            Text(_origin(alert)),
            Text(printable(alert["risk_score"])),
            Text(state(alert)),
            Text(printable(uids[alert["finding_info"]["uid"]])),
        )
    return table


def _origin(alert: dict[str, Any]) -> str:
    """Countries of the evidence in order, at most three, and its last address."""
    endpoints = [evidence["src_endpoint"] for evidence in mappings(alert, "evidences") if "src_endpoint" in evidence]
    countries = dict.fromkeys(at(endpoint, "location.country") for endpoint in endpoints)
    known = [printable(country, 16) for country in countries if country][:3]
    addresses = [printable(endpoint["ip"], 40) for endpoint in endpoints if "ip" in endpoint][-1:]
    return " ".join([*known, *addresses])
