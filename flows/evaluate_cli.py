"""`anput evaluate`: alerts against the truth about attacks. Exit codes: 0 evaluated, 2 something can't be read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from flows.exit_codes import USAGE


def evaluate(
    alerts: Annotated[Path, typer.Option(help="An alert store, or OCSF objects as JSON lines.")],
    truth: Annotated[Path, typer.Option(help="One attack a line, as `anput simulate` writes it.")],
    users: Annotated[int, typer.Option(min=1, help="Users in the log.")],
    days: Annotated[float, typer.Option(min=0.001, help="Days of the log.")],
    margin: Annotated[float, typer.Option(min=0, help="Minutes around an attack in which alerts are about it.")] = 15,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Measure recall, precision, false alerts per 1,000 users and week, and the delay of alerts."""
    from flows.evaluation import alerts as alerts_  # noqa: PLC0415  Bytewax takes a second to import
    from flows.evaluation import measure, report  # noqa: PLC0415
    from flows.evaluation import truth as truth_  # noqa: PLC0415

    try:
        seen, attacks = alerts_.read(alerts), truth_.read(truth)
    except truth_.EvaluationError as error:
        typer.echo(f"anput: {error}", err=True)
        raise typer.Exit(USAGE) from None
    measured = measure.measure(seen, attacks, users, days, round(margin * 60_000))
    if as_json:
        typer.echo(msgspec.json.encode(measure.summary(measured)).decode())
    else:
        report.show(measured)
