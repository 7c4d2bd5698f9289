"""`anput docs`: documentation made from declarations.

Exit codes: 0 written, or up to date; 1 `--check` found pages that aren't; 2 something can't be read or written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.exit_codes import FAILED, USAGE

docs_app = typer.Typer(name="docs", help="Make documentation from what the code declares.", no_args_is_help=True)


@docs_app.command("detections")
def detection_pages(
    out: Annotated[Path, typer.Option(help="Folder of the pages.")] = Path("docs/detections"),
    scenarios: Annotated[Path, typer.Option(help="Folder of the scenarios that the pages list.")] = Path(
        "tests/scenarios"
    ),
    detections_folder: Annotated[
        str, typer.Option(envvar="ANPUT_DETECTIONS_FOLDER", help="Folder with detections of your own.")
    ] = "",
    check: Annotated[bool, typer.Option("--check", help="Write nothing; say which pages aren't up to date.")] = False,
) -> None:
    """Write a page for each detection, and an index."""
    import detections  # noqa: PLC0415
    from flows import detection_docs  # noqa: PLC0415

    try:
        found = detections.load(detections_folder)
        made = detection_docs.pages(found, detection_docs.scenarios_in(scenarios), out)
        changed = detection_docs.outdated(out, made) if check else detection_docs.write(out, made)
    except (ValueError, OSError) as error:
        typer.echo(f"anput: {error}", err=True)
        raise typer.Exit(USAGE) from None
    for name in changed:
        typer.echo(f"{out / name}: {'not up to date' if check else 'written' if name in made else 'removed'}")
    if check and changed:
        raise typer.Exit(FAILED)


@docs_app.command("attacks")
def attack_tables(
    page: Annotated[Path, typer.Option(help="The page with the tables.")] = Path("docs/simulator.md"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; say whether it isn't up to date.")] = False,
) -> None:
    """Write the tables of the simulator's attacks and campaigns."""
    import simulator.attacks  # noqa: PLC0415
    from flows import attack_docs  # noqa: PLC0415

    try:
        before = page.read_text("utf-8")
        made = attack_docs.page(before, simulator.attacks.attacks())
        if made != before and not check:
            page.write_text(made, "utf-8")
    except (ValueError, OSError) as error:
        typer.echo(f"anput: {page}: {error}", err=True)
        raise typer.Exit(USAGE) from None
    if made != before:
        typer.echo(f"{page}: {'not up to date' if check else 'written'}")
        if check:
            raise typer.Exit(FAILED)
