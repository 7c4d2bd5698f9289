"""`anput alerts resend`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.alerts_cli import alerts_app


@alerts_app.command("resend")
def resend_command(
    dead_letters: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The dead letters. [default: dead-letters.jsonl of the state directory]"),
    ] = None,
    state: Annotated[str | None, typer.Option(help="Directory of state and recovery. [default: anput-state]")] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Send all there: https://... (webhook) or splunk-hec://HOST:PORT."),
    ] = None,
    alerts_webhook: Annotated[str | None, typer.Option(metavar="URL", help="As of `anput run`.")] = None,
    alerts_splunk: Annotated[str | None, typer.Option(metavar="URL", help="As of `anput run`.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file. [default: anput.toml, if there]")] = None,
) -> None:
    """Sends dead letters again, to the receivers of the settings; what isn't taken stays in the file.

    A run may go on meanwhile.
    """
    from flows.resend import run  # noqa: PLC0415  HTTP takes a while to import

    options = {"state": state, "alerts_webhook": alerts_webhook, "alerts_splunk": alerts_splunk}
    raise typer.Exit(run(dead_letters, to, options, config))
