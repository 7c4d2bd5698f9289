"""`anput formats` and `anput parse`: what logs are read, and what becomes of each record of one.

Exit codes: 0 done, also where records were rejected; 2 a wrong option or input. Standard error says why, and sums up.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from activities.activity import Activity, Category, Raw
from activities.enrich_files import EnrichmentError
from activities.formats import FORMATS, NATIVE, VENDORS, parse_line
from activities.plain import plain
from activities.record import Rejected, rejected
from flows import settings as settings_
from flows.exit_codes import USAGE
from flows.explain import printable, utc
from flows.printing import display, json_lines, write
from flows.settings import Settings, SettingsError
from flows.sources.files import expand
from flows.sources.intake import renamed
from flows.sources.lines import InputError, Line, Position, read_lines
from flows.sources.stdin import STDIN, StdinLines

SHOWN = 50
"""Records that a table shows, where nothing else is asked for."""
COLUMNS = (
    "line", "time (UTC)", "format", "user", "action", "category", "outcome", "app", "from", "objects", "tags",
    "rejected because",
)  # fmt: skip
_PAUSE = 0.05
"""Seconds between looks at a standard input that says nothing."""

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def formats(*, json: Json = False) -> None:
    """List the log formats that are read, how they are known, and in which forms they may come."""
    known = (NATIVE, *VENDORS)
    if json:
        fields = ("name", "title", "reference", "signs", "forms")
        write(json_lines(msgspec.json.encode({field: getattr(each, field) for field in fields}) for each in known))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("format", "what", "known by", "forms"):
        table.add_column(name, no_wrap=name == "format")
    for each in known:
        table.add_row(each.name, each.title, each.signs, each.forms)
    display(table)


def parse(
    inputs: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files, folders, patterns; - for standard input.")
    ],
    *,
    fmt: Annotated[str, typer.Option("--format", help="One of `anput formats`.")] = "auto",
    tenant: Annotated[str | None, typer.Option(help="Tenant of records that name none. [default: default]")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"Records to read. [default: {SHOWN} in a table, all with --json]")
    ] = None,
    rejected_only: Annotated[bool, typer.Option("--rejected", help="Only what can't be read.")] = False,
    config: Annotated[Path | None, typer.Option(help="Settings file. [default: anput.toml, if there]")] = None,
    json: Json = False,
) -> None:
    """Show the activity that each record becomes, or why it becomes none. Nothing is stored."""
    if fmt not in FORMATS:
        _fail(f"option --format: expected one of {', '.join(FORMATS)}, found {fmt!r:.80}")
    settings = _settings(config, tenant)
    counts: Counter[str] = Counter()
    try:
        found = _enriched(_records(inputs, fmt, settings), settings)
        read = islice(found, limit if limit is not None or json else SHOWN)
        shown = (record for record in _counted(read, counts) if isinstance(record, Rejected) or not rejected_only)
        if json:
            write(json_lines(map(_json, shown)))
        else:
            display(_table(shown))
    except (InputError, EnrichmentError) as error:
        _fail(printable(str(error), 2000))
    typer.echo(_summary(counts), err=True)


def _settings(config: Path | None, tenant: str | None) -> Settings:
    environment = dict(os.environ)
    if config is not None:
        environment["ANPUT_CONFIG"] = str(config)
    try:
        return settings_.load(environment, {"tenant": tenant})
    except SettingsError as error:
        _fail(str(error))
        raise


def _records(inputs: list[str], fmt: str, settings: Settings) -> Iterator[Activity | Rejected]:
    """The records of all inputs, in the order of their files and lines."""
    for name in inputs:
        for line in _lines(name, settings.max_document_bytes):
            raw = Raw(name, line.file, line.number)
            if line.problem:
                yield rejected(line.problem, line.data, raw)
            elif line.data.strip():
                yield from renamed(parse_line(line.data, fmt, settings.tenant, raw), settings.tenant_names)


def _enriched(records: Iterator[Activity | Rejected], settings: Settings) -> Iterator[Activity | Rejected]:
    from activities.enrich import Enricher  # noqa: PLC0415  ua-parser and iporigin take a third of a second to import

    with Enricher(settings.enrichment) as enricher:
        for record in records:
            yield enricher.enrich(record) if isinstance(record, Activity) else record


def _lines(name: str, limit: int) -> Iterator[Line]:
    if name != STDIN:
        for item in read_lines(expand(name), Position(), limit):
            if isinstance(item, Line):
                yield item
        return
    lines = StdinLines(limit)
    while not lines.ended:
        yield from lines.available(SHOWN)
        if lines.silent() > _PAUSE:
            time.sleep(_PAUSE)


def _counted(records: Iterator[Activity | Rejected], counts: Counter[str]) -> Iterator[Activity | Rejected]:
    for record in records:
        counts["records"] += 1
        if isinstance(record, Activity):
            counts[record.source] += 1
            counts["without a category"] += record.category is Category.OTHER
        else:
            counts["skipped" if record.skipped else "rejected"] += 1
        yield record


def _json(record: Activity | Rejected) -> bytes:
    if isinstance(record, Rejected):
        return msgspec.json.encode({"rejected": plain(record)})
    said = {"category": record.category, "outcome": record.outcome}
    return msgspec.json.encode({"activity": plain(record) | said})


def _table(records: Iterator[Activity | Rejected]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in COLUMNS:
        table.add_column(name, no_wrap=name in COLUMNS[:2], overflow="fold")
    for record in records:
        place = f"{record.raw.line}" + (f"[{record.raw.index}]" if record.raw.index else "")
        if isinstance(record, Activity):
            cells = _cells(record)
        else:
            cells = [*[""] * (len(COLUMNS) - 2), printable(record.reason)]
        table.add_row(place, *map(Text, cells))
    return table


def _cells(activity: Activity) -> list[str]:
    user = activity.user.id + ("" if activity.user.type == "person" else f" ({activity.user.type})")
    if activity.impersonated is not None:
        user += f" as {activity.impersonated.id}"
    objects = ", ".join(f"{item.type}: {item.name}" for item in activity.objects[:4])
    more = len(activity.objects) - 4
    cells = [
        utc(activity.time),
        activity.source,
        user,
        activity.action,
        activity.category,
        activity.outcome + (f": {activity.error}" if activity.error else ""),
        activity.app,
        f"{activity.location.country} {activity.ip}".strip(),
        objects + (f", and {more} more" if more > 0 else ""),
        ", ".join(activity.tags),
    ]
    return [printable(cell, 300) for cell in cells]


def _summary(counts: Counter[str]) -> str:
    activities = {name: number for name, number in counts.items() if name in FORMATS}
    read = ", ".join(f"{number:,} {name}" for name, number in sorted(activities.items()))
    return (
        f"{counts['records']:,} records: {sum(activities.values()):,} activities{f' ({read})' if read else ''}, "
        f"{counts['without a category']:,} of them of no known category; {counts['skipped']:,} skipped, "
        f"{counts['rejected']:,} rejected"
    )


def _fail(message: str) -> None:
    typer.echo(f"anput: {message}", err=True)
    raise typer.Exit(USAGE)
