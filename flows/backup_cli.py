"""`anput state backup`, `restore`, `backups`: a state directory and what a run writes beside it, in object storage.

Exit codes: 0 done; 1 the storage failed; 2 a wrong option, setting or URL; 3 the state or the backup can't be used, and
nothing was changed. Standard error says why.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows import settings as settings_
from flows.exit_codes import FAILED, STATE, USAGE
from flows.explain import printable
from flows.settings import Settings, SettingsError
from flows.sinks.alert_store import AlertStore, AlertStoreError
from flows.sinks.json_lines import LANES

if TYPE_CHECKING:
    from recovery.manifest import Manifest
    from recovery.state_copy import Contents, Growing

ALERTS = "alerts.db"
ALERTS_JSONL = "alerts.jsonl"
LANES_PREFIX = "lanes/"
ALERTS_KEY = ("alerts", "alerts")
"""Step and key of the alert store's snapshot."""

Url = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="s3://BUCKET/PREFIX, az://CONTAINER/PREFIX, gs://BUCKET/PREFIX or a folder. Credentials: AWS_*, AZURE_*, "
        "GOOGLE_* variables.",
    ),
]
State = Annotated[str | None, typer.Option(help="Directory of state and recovery. [default: anput-state]")]
Alerts = Annotated[str | None, typer.Option(help='Alert store, as of `anput run`; "" for none.')]
AlertsJsonl = Annotated[str | None, typer.Option(help="File of alert revisions, as of `anput run`.")]
LanesDirectory = Annotated[str | None, typer.Option(help="Directory of lanes, as of `anput run`.")]
Config = Annotated[Path | None, typer.Option(help="Settings file. [default: anput.toml, if there]")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `anput state`."""
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("backups")(list_backups)


def backup(
    url: Url,
    *,
    state: State = None,
    alerts: Alerts = None,
    alerts_jsonl: AlertsJsonl = None,
    lanes: LanesDirectory = None,
    config: Config = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Then delete all but the newest so many backups. [default: all stay]")
    ] = None,
    json: Json = False,
) -> None:
    """Backs up a state, also while a run is using it: one consistent set, of which only what is new is uploaded."""
    from recovery import backup as backups  # noqa: PLC0415  Bytewax and obstore take a second to import
    from recovery import manifest, stamp  # noqa: PLC0415
    from recovery.blob import Blob  # noqa: PLC0415

    with _refusing():
        settings = _settings(state, alerts, alerts_jsonl, lanes, config)
        cluster = stamp.read(Path(settings.state)).cluster_id
        blob = Blob(url, create=True)
        report, copy = backups.backup(blob, Path(settings.state), _contents(settings))
        pruned = manifest.prune(blob, keep, backups.now()) if keep else manifest.Pruned(0, 0, 0)
        _warn_of_alerts(settings, cluster, copy.snapshots)
    if json:
        typer.echo(msgspec.json.encode({**msgspec.to_builtins(report), "pruned": msgspec.to_builtins(pruned)}))
        return
    typer.echo(
        f"{report.backup}: {report.files:,} files, {_size(report.size)}; uploaded {report.new_objects:,} objects, "
        f"{_size(report.new_size)}, in {report.seconds:.1f} s; resumes at epoch {report.epoch}"
    )
    if keep:
        typer.echo(f"deleted {pruned.backups:,} backups and {pruned.objects:,} objects, {_size(pruned.size)}")


def restore(
    url: Url,
    *,
    state: State = None,
    wanted: Annotated[str, typer.Option("--backup", metavar="ID", help="Which; `anput state backups` lists them.")] = (
        "latest"
    ),
    alerts: Alerts = None,
    alerts_jsonl: AlertsJsonl = None,
    lanes: LanesDirectory = None,
    config: Config = None,
    with_outputs: Annotated[
        bool,
        typer.Option(
            "--outputs/--no-outputs", help="Also what lies outside the state directory: alert store, JSON lines, lanes."
        ),
    ] = True,
) -> None:
    """Restores a state to a directory that is empty or not there; run on it with any number of processes."""
    from flows.state_reader import STORES  # noqa: PLC0415
    from recovery import manifest  # noqa: PLC0415
    from recovery.blob import Blob  # noqa: PLC0415
    from recovery.restore import restore as restore_  # noqa: PLC0415

    with _refusing():
        settings = _settings(state, alerts, alerts_jsonl, lanes, config)
        blob = Blob(url)
        found = manifest.resolve(blob, wanted)
        directory = Path(settings.state).absolute()
        places = _places(settings)
        if not with_outputs:
            places = {name: path for name, path in places.items() if path.absolute().is_relative_to(directory)}
        restored, outside = restore_(blob, found, directory, STORES, places)
    typer.echo(
        f"{found} restored to {settings.state}: {_size(restored.size)}, as of {restored.created}; "
        f"resumes at epoch {restored.epoch}"
    )
    for path in outside:
        typer.echo(f"restored {path}")
    for file in restored.files:
        if not file.name.startswith("state/") and file.name not in places:
            typer.echo(f"left out {file.name}: a run goes on only beside the one that was in use then", err=True)


def list_backups(url: Url, *, json: Json = False) -> None:
    """Lists the backups at a URL, the oldest first."""
    from recovery import manifest  # noqa: PLC0415
    from recovery.blob import Blob  # noqa: PLC0415

    with _refusing():
        blob = Blob(url)
        found = [(name, manifest.read(blob, name)) for name in manifest.ids(blob)]
    if json:
        for name, entry in found:
            typer.echo(msgspec.json.encode(_summary(name, entry)))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "created (UTC)", "epoch", "files", "size", "anput", "cluster"):
        table.add_column(title, no_wrap=True, justify="right" if title in ("epoch", "files", "size") else "left")
    for name, entry in found:
        summary = _summary(name, entry)
        cells = (*list(summary.values())[:4], _size(entry.size), entry.anput, entry.cluster_id)
        table.add_row(*(Text(printable(str(cell))) for cell in cells))
    Console(width=None if os.isatty(1) else 200, highlight=False, emoji=False, markup=False).print(table)


def _summary(name: str, entry: Manifest) -> dict[str, Any]:
    return {
        "id": name,
        "created": entry.created,
        "epoch": entry.epoch,
        "files": len(entry.files),
        "size": entry.size,
        "anput": entry.anput,
        "cluster": entry.cluster_id,
    }


def _settings(
    state: str | None, alerts: str | None, alerts_jsonl: str | None, lanes: str | None, config: Path | None
) -> Settings:
    """The settings that `anput run` would have, given the same options."""
    environment = dict(os.environ)
    if config is not None:
        environment["ANPUT_CONFIG"] = str(config)
    options = {"state": state, "alerts": alerts, "alerts_jsonl": alerts_jsonl, "lanes": lanes}
    return settings_.load(environment, options)


def _places(settings: Settings) -> dict[str, Path]:
    """What a run writes beside the stores: name in a backup -> file."""
    folders = {lane: settings.lane_folder(lane) for lane in LANES}
    places = {f"{LANES_PREFIX}{lane}.jsonl": folder / f"{lane}.jsonl" for lane, folder in folders.items() if folder}
    if settings.alerts:
        places[ALERTS] = Path(settings.alerts)
    if settings.alerts_jsonl:
        places[ALERTS_JSONL] = Path(settings.alerts_jsonl)
    return places


def _contents(settings: Settings) -> Contents:
    """What a backup with these settings holds."""
    from flows.sinks.counts import FILE as COUNTS  # noqa: PLC0415  it imports Bytewax
    from flows.state_reader import STORES  # noqa: PLC0415
    from recovery.state_copy import Contents, Database, Growing  # noqa: PLC0415

    places = _places(settings)
    growing: list[Growing] = []
    for name, path in places.items():
        if name.startswith(LANES_PREFIX):
            growing.append(Growing(name, path, "lanes", path.stem))
        elif name == ALERTS_JSONL:
            growing.append(Growing(name, path, "alerts_jsonl", "alerts"))
    store = Path(settings.alerts)
    databases = [Database(ALERTS, store, *ALERTS_KEY)] if settings.alerts and store.exists() else []
    return Contents(STORES, (COUNTS,), growing, databases)


def _warn_of_alerts(settings: Settings, cluster: str, snapshots: Mapping[tuple[str, str], Any]) -> None:
    """A run resumes only beside the alert store that it wrote: say so where the backup is without."""
    if not settings.alerts or ALERTS_KEY not in snapshots:
        return
    found = "is not there"
    if Path(settings.alerts).exists():
        with AlertStore(settings.alerts) as store:
            found = "" if store.has_run(cluster) else "is another state's"
    if found:
        typer.echo(
            f"anput: the state's alert store is not in this backup: {settings.alerts} {found}. Name the one that the "
            "run writes by --alerts, or --alerts '' if it is kept otherwise: a restored state goes on only beside it.",
            err=True,
        )


@contextmanager
def _refusing() -> Iterator[None]:
    from recovery.blob import BlobError, UrlError  # noqa: PLC0415
    from recovery.errors import StateError  # noqa: PLC0415

    codes = (
        ((SettingsError, UrlError), USAGE),
        ((StateError, AlertStoreError), STATE),
        ((BlobError, OSError, sqlite3.Error), FAILED),
    )
    try:
        yield
    except Exception as error:
        for kinds, code in codes:
            if isinstance(error, kinds):
                typer.echo(f"anput: {printable(str(error), 2000)}", err=True)
                raise typer.Exit(code) from None
        raise


def _size(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
