"""Models by feature: made at first touch, and left out of the stored form as long as nothing is learnt.

There are many more features than most users ever show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from stateful.features import Feature

SLOTS = ("values", "tallies", "bursts", "rates", "places", "sessions", "habits")
"""Fields of a profile that hold models by name of their feature."""

Makers = Mapping[str, Callable[[], Any]]


class Models(dict[str, Any]):
    """The models of one slot of a profile, by name of their feature; one that is asked for is there."""

    __slots__ = ("makers",)

    makers: Makers
    """Set right after: an `__init__` of its own would cost more than all the rest."""

    def __missing__(self, name: str) -> Any:  # noqa: ANN401
        model = self[name] = self.makers[name]()
        return model

    def copy(self) -> Models:
        """Copies of the models, which learn by themselves."""
        copied = Models({name: model.copy() for name, model in self.items()})
        copied.makers = self.makers
        return copied


class Slots:
    """What the features of a profile are kept in."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self._makers: dict[str, dict[str, Callable[[], Any]]] = {slot: {} for slot in SLOTS}
        for feature in features:
            self._makers[feature.slot][feature.name] = feature.fresh
        self._blank = {slot: {name: make() for name, make in of.items()} for slot, of in self._makers.items()}

    def filled(self, profile: object) -> None:
        """Have all models there, in a profile as decoded."""
        for slot, makers in self._makers.items():
            models = Models(getattr(profile, slot))
            models.makers = makers
            setattr(profile, slot, models)

    def copied(self, profile: object) -> dict[str, Models]:
        """The slots of a profile, to go into a copy that learns by itself."""
        return {slot: getattr(profile, slot).copy() for slot in SLOTS}

    def stored(self, profile: object) -> dict[str, dict[str, Any]]:
        """The slots as they are stored: in the order of names, so that the order of first touch doesn't show."""
        return {slot: _learnt(getattr(profile, slot), blank) for slot, blank in self._blank.items()}


def _learnt(models: Mapping[str, Any], blank: Mapping[str, Any]) -> dict[str, Any]:
    return {name: models[name] for name in sorted(models) if models[name] != blank.get(name)}
