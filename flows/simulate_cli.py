"""`anput simulate`: a believable tenant's logs, with attacks in them, and the truth about the attacks.

Exit codes: 0 done; 2 a wrong option, or nobody whom an attack fits. Standard error says why.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from flows.exit_codes import USAGE


def simulate(
    out: Annotated[Path, typer.Option(help="Directory for activities.jsonl (or the vendor's folder) and truth.jsonl.")],
    users: Annotated[int, typer.Option(help="People in the tenant.")] = 200,
    days: Annotated[int, typer.Option(help="Days from the start.")] = 21,
    seed: Annotated[int, typer.Option(help="Same seed, same records.")] = 1,
    attack: Annotated[
        str, typer.Option(help="all, none, or names with commas between, each perhaps as NAME:VARIANT.")
    ] = "all",
    attack_count: Annotated[int, typer.Option(help="How often each attack is done, on different victims.")] = 1,
    vendor: Annotated[
        str, typer.Option(help="native, or what one vendor would log: cloudtrail, entra, m365, okta.")
    ] = "native",
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day, UTC.")] = datetime(2026, 1, 5),  # noqa: DTZ001
    new_office: Annotated[
        bool, typer.Option("--new-office", help="Many people begin to work in a new office on one morning.")
    ] = False,
) -> None:
    """Write a believable tenant's activities, with attacks in them, and the truth about the attacks."""
    from simulator.simulate import simulate as simulate_  # noqa: PLC0415

    attacks = [name.strip() for name in attack.split(",") if name.strip()]
    try:
        summary = simulate_(
            users,
            days,
            seed,
            attacks,
            out,
            start.replace(tzinfo=UTC),
            attack_count=attack_count,
            vendor=vendor,
            new_office=new_office,
        )
    except (ValueError, OSError) as error:
        typer.echo(f"anput: {error}", err=True)
        raise typer.Exit(USAGE) from error
    typer.echo(
        f"{summary.activities:,} activities of {summary.people} people and {summary.services} services over {days} "
        f"days, {summary.attacks} attacks among them, the truth in {out / 'truth.jsonl'}. Read them by"
    )
    typer.echo("  anput run " + " ".join(f"--input {path}" for path in summary.inputs))
