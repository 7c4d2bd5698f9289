"""Where detections come from: their files, an entry point, a folder; and what is said when one can't be had."""

from __future__ import annotations

from pathlib import Path

import pytest

import detections
from flows.detect import declared
from flows.settings import Settings, load
from scenarios.document import parse
from scenarios.runner import Runner
from scenarios.skeleton import files

OWN = set(detections.load())


def put(folder: Path, name: str, text: str | None = None) -> Path:
    """A file of a detection: one that works, or of that text."""
    file = folder / f"{name}.py"
    file.write_text(files(name, folder=True)[f"{name}.py"] if text is None else text)
    return file


def refused(folder: Path) -> str:
    with pytest.raises(ValueError, match=".") as error:
        detections.load(str(folder))
    return str(error.value)


def test_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "odd_thing")
    put(tmp_path, "_helper", "raise SystemExit")
    (tmp_path / "notes.txt").touch()
    (tmp_path / "tests").mkdir()
    put(tmp_path / "tests", "test_odd_thing", "raise SystemExit")
    assert set(detections.load(str(tmp_path))) == OWN | {"odd_thing"}
    assert set(detections.load()) == OWN
    # A second look gives the same objects: a detection's features are compared by identity of their functions.
    assert detections.load(str(tmp_path))["odd_thing"] is detections.load(str(tmp_path))["odd_thing"]


def test_two_folders_may_have_files_of_one_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        put(tmp_path / name, "odd_thing")
    first, second = (detections.load(str(tmp_path / name))["odd_thing"] for name in ("a", "b"))
    assert first is not second


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1", "expected a stateful.detection.Detection named DETECTION, found NoneType"),
        ("DETECTION = 'x'", "expected a stateful.detection.Detection named DETECTION, found str"),
        ("def (", "expected a detection, found that it can't be imported: SyntaxError"),
        ("import nowhere", "found that it can't be imported: ModuleNotFoundError: No module named 'nowhere'"),
        ("1 / 0", "found that it can't be imported: ZeroDivisionError"),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str, says: str) -> None:
    file = put(tmp_path, "odd_thing", text)
    for _ in range(2):
        message = refused(tmp_path)
        assert message.startswith(str(file))
        assert says in message


def test_a_file_that_was_mended_is_read_again(tmp_path: Path) -> None:
    put(tmp_path, "odd_thing", "1 / 0")
    refused(tmp_path)
    put(tmp_path, "odd_thing")
    assert "odd_thing" in detections.load(str(tmp_path))


def test_the_id_is_the_files_name(tmp_path: Path) -> None:
    file = put(tmp_path, "other", files("odd_thing", folder=True)["odd_thing.py"])
    expected = f"{file}: expected DETECTION.id 'other', the name of its file; found 'odd_thing'"
    assert refused(tmp_path) == expected


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    file = put(tmp_path, "rare_api")
    assert refused(tmp_path) == f"{file}: detection id 'rare_api' is taken already: choose another"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "x") == (
        f"setting detections_folder: expected a folder with detections, found none at {tmp_path / 'x'}"
    )


def test_the_setting(tmp_path: Path) -> None:
    put(tmp_path, "odd_thing")
    assert set(declared(Settings(detections_folder=str(tmp_path)))) == OWN | {"odd_thing"}
    config = tmp_path / "anput.toml"
    config.write_text(f'detections_folder = "{tmp_path}"\n[detections.odd_thing]\nsettings = {{ usual_count = 5 }}\n')
    settings = load({"ANPUT_CONFIG": str(config)})
    assert "odd_thing" in declared(settings)
    assert load({"ANPUT_DETECTIONS_FOLDER": str(tmp_path)}).detections_folder == str(tmp_path)


def test_scenarios_of_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "odd_thing")
    text = files("odd_thing", folder=True)["scenarios/odd_thing/first_time.yaml"].encode()
    assert Runner(folder=str(tmp_path)).run(parse(text, Path("x"))).problems == ()


def installed(folder: Path, value: str) -> None:
    """A distribution with an entry point, as pip leaves it."""
    info = folder / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{detections.GROUP}]\nodd = {value}\n")


def test_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "their_detections_a:DETECTION")
    (tmp_path / "their_detections_a.py").write_text(files("odd_thing", folder=True)["odd_thing.py"])
    monkeypatch.syspath_prepend(tmp_path)
    assert set(detections.load()) == OWN | {"odd_thing"}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("nowhere:DETECTION", "can't be loaded: ModuleNotFoundError: No module named 'nowhere'"),
        ("their_detections_b:MISSING", "can't be loaded: AttributeError"),
        ("their_detections_b:__name__", "expected a stateful.detection.Detection named DETECTION, found str"),
    ],
)
def test_an_entry_point_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, says: str
) -> None:
    installed(tmp_path, value)
    (tmp_path / "their_detections_b.py").write_text(files("odd_thing", folder=True)["odd_thing.py"])
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=".") as error:
        detections.load()
    assert str(error.value).startswith(f"entry point odd = {value}: expected")
    assert says in str(error.value)
