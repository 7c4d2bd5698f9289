"""Models by feature: decoded or made at first touch, and left out of the stored form as long as nothing is learnt.

There are many more features than an activity touches, and than most users ever show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar, cast

import msgspec

from recovery.codec import Codec
from recovery.errors import SAME_BACKUP, DocumentError
from stateful.features import Feature

P = TypeVar("P", bound=msgspec.Struct)


class Models(dict[str, Any]):
    """The models of one slot of a profile, by name of their feature; one that is asked for is there."""

    __slots__ = ("slot", "stored")

    slot: Slot
    stored: dict[str, msgspec.Raw]
    """Those that nobody has asked for yet. Both are set after: an `__init__` would cost more than all the rest."""

    def __missing__(self, name: str) -> Any:  # noqa: ANN401
        data = self.stored.pop(name, None)
        model = self[name] = self.slot.makers[name]() if data is None else self.slot.decode(name, data)
        return model

    def copy(self) -> Models:
        """Copies of the models, which learn by themselves."""
        copied = Models({name: model.copy() for name, model in self.items()})
        copied.slot, copied.stored = self.slot, self.stored.copy()
        return copied


class Slot:
    """A field of the profile."""

    def __init__(self) -> None:
        self.makers: dict[str, Callable[[], Any]] = {}
        self._blank: dict[str, Any] = {}
        self._decoders: dict[type, Callable[[msgspec.Raw], Any]] = {}

    def add(self, feature: Feature) -> None:
        """Have a feature's models."""
        blank = self._blank[feature.name] = feature.fresh()
        self.makers[feature.name] = feature.fresh
        self._decoders.setdefault(type(blank), msgspec.msgpack.Decoder(type(blank)).decode)

    def decode(self, name: str, data: msgspec.Raw) -> Any:  # noqa: ANN401
        """A model as stored.

        Raises:
            DocumentError: It is damaged.
        """
        try:
            return self._decoders[type(self._blank[name])](data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            where, expected = "Profile document", f"a model of feature {name}"
            raise DocumentError(where, expected, str(error), SAME_BACKUP) from error

    def learnt(self, models: Models) -> Mapping[str, Any]:
        """What is stored: in the order of names, so that the order of first touch doesn't show."""
        if not models:
            return models.stored
        blank, found = self._blank, dict[str, Any](models.stored)
        for name, model in models.items():
            if model != blank[name]:
                found[name] = model
        return {name: found[name] for name in sorted(found)}


class Slots(Generic[P]):
    """A profile's struct, with the models of its features laid into the fields that their `slot` names."""

    def __init__(self, struct: type[P], version: int, features: Iterable[Feature]) -> None:
        """`struct` and `version` as for `Codec`."""
        self._slots: dict[str, Slot] = {}
        for feature in features:
            self._slots.setdefault(feature.slot, Slot()).add(feature)
        undecoded: list[tuple[str, Any, Any]] = [
            (name, dict[str, msgspec.Raw], msgspec.field(default_factory=dict)) for name in self._slots
        ]
        self._struct = msgspec.defstruct(struct.__name__, undecoded, bases=(struct,), array_like=True, gc=False)
        self._codec = Codec(self._struct, version)

    def decode(self, data: bytes) -> P:
        """A profile as stored; empty bytes are a new one.

        Raises:
            StateError: see `Codec.decode`; at the first touch of a model, that this one is damaged.
        """
        profile = self._codec.decode(data) if data else self._struct()
        for name, slot in self._slots.items():
            models = Models()
            models.slot, models.stored = slot, getattr(profile, name)
            setattr(profile, name, models)
        return cast("P", profile)

    def copied(self, profile: P) -> dict[str, Models]:
        """The slots of a profile, to go into a copy that learns by itself."""
        return {name: getattr(profile, name).copy() for name in self._slots}

    def encode(self, profile: P) -> bytes:
        """The inverse: the same bytes whichever models were touched, and in which order."""
        learnt = {name: slot.learnt(getattr(profile, name)) for name, slot in self._slots.items()}
        return self._codec.encode(msgspec.structs.replace(profile, **learnt))
