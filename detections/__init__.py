"""Detections: one file each, found by its name; others add theirs by the entry point group `anput.detections`."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

from stateful.detection import Detection

GROUP = "anput.detections"


def load() -> dict[str, Detection]:
    """All detections by id, in the order of their ids.

    Raises:
        ValueError: a file's `DETECTION` is missing, has another id than the file's name, or an id is taken twice.
    """
    found: dict[str, Detection] = {}
    for module in iter_modules(__path__):
        _add(
            found,
            f"detections/{module.name}.py",
            getattr(import_module(f"{__name__}.{module.name}"), "DETECTION", None),
        )
        if module.name not in found:
            msg = f"detections/{module.name}.py: expected DETECTION.id {module.name!r}, the name of its file"
            raise ValueError(msg)
    for point in entry_points(group=GROUP):
        _add(found, f"entry point {point.name} = {point.value}", point.load())
    return dict(sorted(found.items()))


def _add(found: dict[str, Detection], where: str, detection: object) -> None:
    if not isinstance(detection, Detection):
        msg = f"{where}: expected a stateful.detection.Detection named DETECTION, found {type(detection).__name__}"
        raise ValueError(msg)  # noqa: TRY004
    if detection.id in found:
        msg = f"{where}: detection id {detection.id!r} is taken already: choose another"
        raise ValueError(msg)
    found[detection.id] = detection
