"""Detections: one file each, found by its name.

Others add theirs by the entry point group `anput.detections`, or as files in a folder (setting `detections_folder`),
which are run as they are: let nobody write there who may not run code as Anput.
"""

from __future__ import annotations

import hashlib
import sys
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from stateful.detection import Detection

GROUP = "anput.detections"


def load(folder: str = "") -> dict[str, Detection]:
    """All detections by id, in the order of their ids.

    Args:
        folder: where others' files are, `*.py` but for those whose name begins with `_`; "" for none.

    Raises:
        ValueError: a file can't be imported, its `DETECTION` is missing, or has another id than the file's name; an id
            is taken twice; the folder is missing. The message names the file or entry point.
    """
    found: dict[str, Detection] = {}
    for module in iter_modules(__path__):
        where = f"detections/{module.name}.py"
        _add_named(found, module.name, where, getattr(import_module(f"{__name__}.{module.name}"), "DETECTION", None))
    for point in entry_points(group=GROUP):
        where = f"entry point {point.name} = {point.value}"
        try:
            detection = point.load()
        except Exception as error:
            msg = f"{where}: expected a detection, found that it can't be loaded: {type(error).__name__}: {error}"
            raise ValueError(msg) from error
        _add(found, where, detection)
    for file in files(folder) if folder else ():
        _add_named(found, file.stem, str(file), getattr(_imported(file), "DETECTION", None))
    return dict(sorted(found.items()))


def files(folder: str) -> list[Path]:
    """The files of detections in a folder, sorted.

    Raises:
        ValueError: there is no such folder.
    """
    path = Path(folder)
    if not path.is_dir():
        msg = f"setting detections_folder: expected a folder with detections, found none at {folder}"
        raise ValueError(msg)
    return sorted(file for file in path.glob("*.py") if not file.name.startswith("_"))


def _imported(file: Path) -> ModuleType:
    """The module of a file: imported once, by a name that no other folder's has."""
    digest = hashlib.blake2b(str(file.resolve()).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    name = f"anput_detections_{digest}_{file.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        msg = f"{file}: expected a Python file, found what can't be imported"
        raise ValueError(msg)
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        msg = f"{file}: expected a detection, found that it can't be imported: {type(error).__name__}: {error}"
        raise ValueError(msg) from error
    return module


def _add_named(found: dict[str, Detection], name: str, where: str, detection: object) -> None:
    _add(found, where, detection)
    if isinstance(detection, Detection) and detection.id != name:
        msg = f"{where}: expected DETECTION.id {name!r}, the name of its file; found {detection.id!r}"
        raise ValueError(msg)


def _add(found: dict[str, Detection], where: str, detection: object) -> None:
    if not isinstance(detection, Detection):
        msg = f"{where}: expected a stateful.detection.Detection named DETECTION, found {type(detection).__name__}"
        raise ValueError(msg)  # noqa: TRY004
    if detection.id in found:
        msg = f"{where}: detection id {detection.id!r} is taken already: choose another"
        raise ValueError(msg)
    found[detection.id] = detection
