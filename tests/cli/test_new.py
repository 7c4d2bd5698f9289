"""`anput new detection` and `anput docs detections`: what is written passes as it is, and pages are up to date."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import detections
from flows import detection_docs
from flows.cli import app
from scenarios import skeleton

ROOT = Path(__file__).parents[2]


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def in_process(cwd: Path, *command: object) -> str:
    """Run with the packages of `cwd` before all others."""
    environment = os.environ | {"PYTHONPATH": str(cwd), "PYTHONDONTWRITEBYTECODE": "1"}
    arguments = [sys.executable, *map(str, command)]
    done = subprocess.run(arguments, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


ANPUT = ("-c", "from flows.cli import app; app()")
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_in_a_checkout_everything_passes_as_written(tmp_path: Path) -> None:
    for name in ("detections", "tests/scenarios", "docs/detections", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, tmp_path / name)
    output = in_process(tmp_path, *ANPUT, "new", "detection", "odd_thing")
    assert str(tmp_path / "detections" / "odd_thing.py") in output
    assert len((tmp_path / "detections" / "odd_thing.py").read_text().splitlines()) < 65
    in_process(tmp_path, *PYTEST, "tests/detections/test_odd_thing.py")
    in_process(tmp_path, *PYTEST, "tests/scenarios", "-k", "odd_thing")
    in_process(tmp_path, *ANPUT, "docs", "detections", "--check")
    assert "[Odd thing](odd_thing.md)" in (tmp_path / "docs" / "detections" / "README.md").read_text()
    # Which imports are our own, ruff sees by the folders beside: not all are copied.
    in_process(tmp_path, "-m", "ruff", "check", "--ignore", "I001", ".")
    in_process(tmp_path, "-m", "ruff", "format", "--check", ".")


def test_in_a_folder_everything_passes_as_written(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    code, output = call("new", "detection", "odd_thing", "--folder", folder)
    assert code == 0
    assert f"anput test {folder}/scenarios/odd_thing --detections-folder {folder}" in output
    in_process(folder, *PYTEST, "tests")
    assert call("test", folder / "scenarios", "--detections-folder", folder)[0] == 0
    code, output = call("test", folder / "scenarios")
    assert code == 2
    assert "expected a detection that is on" in output


@pytest.mark.parametrize(
    "name", ["", "Odd", "odd-thing", "odd thing", "1odd", "_odd", "odd_", "odd__thing", "../odd", "class", "x" * 49]
)
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    code, output = call("new", "detection", "--folder", tmp_path, "--", name)
    assert code == 2
    assert "expected a name such as rare_api" in output
    assert not list(tmp_path.rglob("*.py"))


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    assert "there is one of this name already" in call("new", "detection", "rare_api", "--folder", tmp_path)[1]
    assert call("new", "detection", "odd_thing", "--folder", tmp_path)[0] == 0
    assert call("new", "detection", "odd_thing", "--folder", tmp_path)[0] == 2


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "scenarios" / "odd_thing" / "first_time.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    code, output = call("new", "detection", "odd_thing", "--folder", tmp_path)
    assert code == 2
    assert f"{mine}: expected no such file" in output
    assert mine.read_text() == "mine"
    assert not (tmp_path / "odd_thing.py").exists()


def test_every_name_that_is_taken_is_a_good_one() -> None:
    for name in detections.load():
        skeleton.check_name(name, ())


def test_the_pages_of_this_checkout_are_up_to_date() -> None:
    """If not: make them by `anput docs detections`."""
    out = ROOT / "docs" / "detections"
    made = detection_docs.pages(detections.load(), detection_docs.scenarios_in(ROOT / "tests" / "scenarios"), out)
    assert detection_docs.outdated(out, made) == []


def test_pages_are_written_checked_and_removed(tmp_path: Path) -> None:
    out = tmp_path / "pages"
    assert call("docs", "detections", "--out", out, "--check")[0] == 1
    assert call("docs", "detections", "--out", out)[0] == 0
    assert call("docs", "detections", "--out", out, "--check") == (0, "")
    (out / "gone.md").write_text(f"{detection_docs.MARK}\nof a detection that is gone")
    (out / "mine.md").write_text("somebody's own page")
    (out / "rare_api.md").write_text("changed by hand")
    code, output = call("docs", "detections", "--out", out, "--check")
    assert (code, output.count(": not up to date")) == (1, 2)
    code, output = call("docs", "detections", "--out", out)
    assert (code, output.count(": removed"), output.count(": written")) == (0, 1, 1)
    assert {page.name for page in out.iterdir()} == {
        "README.md",
        "mine.md",
        *(f"{name}.md" for name in detections.load()),
    }


def test_a_page_says_what_is_declared(tmp_path: Path) -> None:
    scenarios = detection_docs.scenarios_in(ROOT / "tests" / "scenarios")
    made = detection_docs.pages(detections.load(), scenarios, ROOT / "docs" / "detections")
    for name, detection in detections.load().items():
        page = made[f"{name}.md"]
        for text in (detection.title, detection.description, *detection.runbook, *detection.settings):
            assert text in page
        for technique in detection.techniques:
            assert technique.id in page
            assert technique.name in page
        assert f"({name}.md)" in made[detection_docs.INDEX]
        for link in (line.split("](")[1].split(")")[0] for line in page.splitlines() if "](../../" in line):
            assert (ROOT / "docs" / "detections" / link).is_file()
