"""`anput test`: runs scenarios without a server (docs/scenarios.md).

Exit codes: 0 all passed, 1 some failed, 2 a file can't be read or run as it is written.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from flows.exit_codes import FAILED, OK, USAGE


def test(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Scenarios, or folders of them.")],
    shuffles: Annotated[
        int, typer.Option(min=0, max=1000, help="Orders of arrival to try beside the written one.")
    ] = 2,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the results as JUnit XML.")] = None,
    detections_folder: Annotated[
        str, typer.Option(envvar="ANPUT_DETECTIONS_FOLDER", help="Folder with detections of your own.")
    ] = "",
    show: Annotated[bool, typer.Option("--show", help="Print all alerts of each scenario, expected or not.")] = False,
) -> None:
    """Run scenarios: as written, then in other orders of arrival, where the final alerts must be the same."""
    from scenarios import report  # noqa: PLC0415  Bytewax and scipy take a second to import
    from scenarios.document import ScenarioError, find  # noqa: PLC0415
    from scenarios.runner import Result, Runner  # noqa: PLC0415

    try:
        files = find(paths)
    except ScenarioError as error:
        typer.echo(f"anput: {error}", err=True)
        raise typer.Exit(USAGE) from None
    runner, console = Runner(shuffles, detections_folder), report.console()
    results: list[Result] = []
    for folder, group in groupby(files, key=lambda file: file.parent):
        of_folder = [runner.run_file(file) for file in group]
        console.print(report.tree(folder.name, of_folder))
        if show:
            for result in of_folder:
                console.print(report.said(result))
        results += of_folder
    console.print(report.summary(results))
    if junit is not None:
        try:
            report.junit(results, junit)
        except OSError as error:
            typer.echo(f"anput: {junit}: can't be written: {error.strerror}; check the path and your rights", err=True)
            raise typer.Exit(USAGE) from None
    raise typer.Exit(
        USAGE if any(result.error for result in results) else OK if all(r.passed for r in results) else FAILED
    )
