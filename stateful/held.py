"""Values that a finding rests on are held back: not learnt as normal until a verdict or time clears them.

Otherwise the second day of an intruder would be normal (poisoning by patience). A held value is news again each day.
"""

from __future__ import annotations

from collections.abc import Container

import msgspec

from stateful.models import DAY, VALUE_LENGTH, Values

HELD_KEPT = 64
"""Values of one user that are held at most; of more, those held longest are let go unlearnt."""


class Held(msgspec.Struct, array_like=True, gc=False):
    """A value that isn't learnt. Times are event times in ms."""

    since: int
    said: int
    """Of the last activity that a finding rested on."""
    last: int
    count: int
    """Times shown since."""
    detection: str
    refused: bool = False
    """An analyst said that it wasn't the user: it is not learnt by time either."""


def held_key(feature: str, value: str) -> str:
    """The name of a value among those of all features."""
    return f"{feature}\0{value[:VALUE_LENGTH]}"


def is_news(held: Held | None, time: int, term: int) -> bool:
    """Whether a value that is not learnt is to be spoken of: once a day while it is held, for `term` ms."""
    if held is None:
        return True
    if not held.refused and time - held.since >= term:
        return False
    return time - held.said >= DAY


def hold(all_held: dict[str, Held], key: str, time: int, detection: str) -> None:
    """Hold a value that a finding named at `time`, event time in ms."""
    held = all_held.get(key)
    if held is not None:
        held.said = time
        return
    if len(all_held) >= HELD_KEPT:
        del all_held[min(all_held, key=lambda name: (all_held[name].since, name))]
    all_held[key] = Held(time, time, time, 0, detection)


def shown(all_held: dict[str, Held], key: str, values: Values, value: str, time: int, term: int) -> bool:
    """Take in that a held value was shown; learn it where its term, ms, is over.

    Returns:
        Whether it was learnt, for the first time.
    """
    held = all_held[key]
    held.last = time
    held.count += 1
    if held.refused or time - held.since < term:
        return False
    del all_held[key]
    values.learn(value, time)
    return True


def clear(
    all_held: dict[str, Held],
    values: dict[str, Values],
    features: Container[str],
    detections: frozenset[str],
    time: int,
) -> list[str]:
    """An analyst said of findings of these detections that all is well: what they hold is learnt at `time`.

    Args:
        all_held: what is held.
        values: by feature; one that is asked for is there.
        features: that there still are.
        detections: of the findings.
        time: event time, ms.

    Returns:
        The keys that were learnt.
    """
    keys = sorted(key for key, held in all_held.items() if held.detection in detections)
    for key in keys:
        feature, _, value = key.partition("\0")
        if feature in features:
            values[feature].learn(value, time)
        del all_held[key]
    return keys


def refuse(all_held: dict[str, Held], detections: frozenset[str]) -> None:
    """An analyst said of findings of these detections that it wasn't the user."""
    for held in all_held.values():
        if held.detection in detections:
            held.refused = True
