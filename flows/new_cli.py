"""`anput new`: the beginning of a detection, with its scenarios and test. Exit codes: 0 written, 2 refused."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

import typer

from flows.exit_codes import USAGE

new_app = typer.Typer(name="new", help="Begin something of your own.", no_args_is_help=True)


@new_app.callback()
def _main() -> None:
    """Keeps `detection` a command of its own."""


@new_app.command("detection")
def new_detection(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as rare_api: the id, and the file's name.")],
    folder: Annotated[
        Path | None,
        typer.Option(help="A folder of your own detections (setting detections_folder), not a checkout of Anput."),
    ] = None,
) -> None:
    """Write a detection that works, four scenarios and a test that pass: then make them yours."""
    try:
        written = _write(name, folder)
    except (ValueError, OSError) as error:
        typer.echo(f"anput: {error}", err=True)
        raise typer.Exit(USAGE) from None
    for path in written:
        typer.echo(path)
    of_folder = f" --detections-folder {folder}" if folder else ""
    scenarios = next(path.parent for path in written if path.suffix == ".yaml")
    typer.echo(f"\nNow make them yours; then: anput test {scenarios}{of_folder}")


def _write(name: str, folder: Path | None) -> list[Path]:
    import detections  # noqa: PLC0415
    from flows import detection_docs  # noqa: PLC0415
    from scenarios import skeleton  # noqa: PLC0415

    checkout = Path(detections.__file__ or "").parents[1]
    root = folder or checkout
    if folder is None and not (checkout / "tests" / "scenarios").is_dir():
        msg = (
            f"expected a checkout of Anput that is installed with pip install -e, found {checkout}; else give --folder"
        )
        raise ValueError(msg)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    skeleton.check_name(name, detections.load(str(folder or "")))
    made = {root / path: text for path, text in skeleton.files(name, folder=folder is not None).items()}
    for path in made:
        if path.exists():
            msg = f"{path}: expected no such file, found one; choose another name or remove it"
            raise ValueError(msg)
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    if folder is not None:
        return list(made)
    importlib.invalidate_caches()
    docs = checkout / "docs" / "detections"
    scenarios = detection_docs.scenarios_in(checkout / "tests" / "scenarios")
    pages = detection_docs.pages(detections.load(), scenarios, docs)
    return [*made, *(docs / page for page in detection_docs.write(docs, pages))]
