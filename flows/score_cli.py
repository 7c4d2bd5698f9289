"""`anput score`: the risk of single activities. Exit codes: 0 done, 2 an option, a setting or an input is wrong."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from flows import settings as settings_
from flows.exit_codes import USAGE


def score(
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", help="File, folder or pattern, - for standard input: each is one ordered log."),
    ] = None,
    out: Annotated[str, typer.Option(help="Where the lines go; - for standard output.")] = "-",
    fmt: Annotated[str | None, typer.Option("--format", help="As of `anput run`. [default: auto]")] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant of records that name none. [default: default]")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file. [default: anput.toml, if there]")] = None,
) -> None:
    """Write one JSON line for each activity, in event-time order: id, user, time, risk, and what makes it."""
    from activities.enrich_files import EnrichmentError  # noqa: PLC0415  Bytewax and scipy take a second to import
    from flows.score import score as score_  # noqa: PLC0415
    from flows.sources.lines import InputError  # noqa: PLC0415

    options: dict[str, Any] = {"input": inputs or None, "format": fmt, "tenant": tenant}
    environment = dict(os.environ)
    if config is not None:
        environment["ANPUT_CONFIG"] = str(config)
    try:
        settings = settings_.load(environment, options)
        if not settings.input:
            msg = "setting input: expected at least one file, folder, pattern or - for standard input (--input)"
            raise ValueError(msg)
        topics = [name for name in settings.input if "://" in name]
        if topics:
            msg = f"setting input: expected what has an end, a file or standard input; found {', '.join(topics)}"
            raise ValueError(msg)
        with ExitStack() as stack:
            summary = score_(settings, _opened(out, stack))
    except (ValueError, OSError, InputError, EnrichmentError) as error:
        typer.echo(f"anput: {error}", err=True)
        raise typer.Exit(USAGE) from None
    typer.echo(
        f"{summary.scored:,} activities scored, {summary.late:,} of them late; {summary.duplicate:,} duplicates, "
        f"{summary.rejected:,} rejected records",
        err=True,
    )


def _opened(out: str, stack: ExitStack) -> BinaryIO:
    return sys.stdout.buffer if out == "-" else stack.enter_context(Path(out).open("wb"))
