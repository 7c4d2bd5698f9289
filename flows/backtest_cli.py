"""`anput backtest`: what new settings would change, before they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console, Group
from rich.text import Text

from flows.exit_codes import FAILED, USAGE
from flows.printing import display


def backtest(
    inputs: Annotated[list[str], typer.Option("--input", "-i", help="The history: file, folder or pattern.")],
    baseline: Annotated[Path, typer.Option(metavar="OLD.toml", help="Settings as they are.")],
    candidate: Annotated[Path, typer.Option(metavar="NEW.toml", help="Settings as they might be.")],
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the difference as JSON.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,  # noqa: FBT002
) -> None:
    """Runs the same history through two settings; shows the alerts that are new, gone or changed."""
    from flows.backtest import BacktestError, table  # noqa: PLC0415  the store takes a while to import
    from flows.backtest import backtest as backtest_  # noqa: PLC0415

    for config in (baseline, candidate):
        if not config.is_file():
            typer.echo(f"anput: {config}: expected a settings file, found none", err=True)
            raise typer.Exit(USAGE)
    try:
        found = backtest_(inputs, baseline, candidate, Console(stderr=True), quiet=quiet)
    except BacktestError as error:
        typer.echo(f"anput: {error}", err=True)
        raise typer.Exit(FAILED) from None
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    counts = f"{found.baseline} alerts before, {found.candidate} after: {found.same} the same, "
    counts += f"{found.new} new, {found.gone} gone, {found.changed} changed; {found.seconds:.0f} s"
    display(Group(table(found), Text(counts)))
