"""Times and counts as scenarios write them: `day 31 10:00`, `+5m`, `40 every 20s`, `5h late`. All results in ms."""

from __future__ import annotations

import re
from dataclasses import dataclass

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

MOST_REPEATS = 100_000
MOST_DAYS = 800

_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_PART = r"(?:\d+(?:\.\d+)?(?:ms|s|min|m|h|d|w))"
_DURATION = re.compile(rf"{_PART}(?:\s*{_PART})*")
_PARTS = re.compile(r"(\d+(?:\.\d+)?)(ms|s|min|m|h|d|w)")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d)(?::(\d\d))?)?")
_ABSOLUTE = re.compile(r"day (\d+) (\d{1,2}:\d\d(?::\d\d)?)")
_REPEAT = re.compile(r"(\d+)(?: times)? (every|within) (.+)")
_ARRIVES = re.compile(r"(?:on time|(?P<time>.+?) (?P<side>late|early))")

DURATION_FORMS = "20s, 5m, 1h30m, 2d"


class UnclearError(ValueError):
    """A phrase can't be read; the message says what was expected and found. Callers add where it is."""


@dataclass(frozen=True)
class Moment:
    """A point of a timeline: a day (from 1) and a time of that local day, or a distance from what came before."""

    day: int
    """0: relative."""
    offset: int
    """ms since midnight, or after the activity before."""


@dataclass(frozen=True)
class Repeat:
    """How many, and ms from each to the next."""

    count: int = 1
    gap: int = 0


def duration(text: str) -> int:
    """`20s`, `5m`, `1h30m`, `2d`.

    Raises:
        UnclearError: it is none.
    """
    if not _DURATION.fullmatch(text.strip()):
        msg = f"expected a duration such as {DURATION_FORMS}, found {text!r}"
        raise UnclearError(msg)
    return round(sum(float(number) * _UNITS[unit] for number, unit in _PARTS.findall(text)))


def clock(text: str) -> int:
    """`9`, `9:30`, `17:00:05`: ms since midnight; up to 24:00.

    Raises:
        UnclearError: it is no time of day.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match:
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        time = hours * HOUR + minutes * MINUTE + seconds * SECOND
        if minutes * MINUTE < HOUR and seconds * SECOND < MINUTE and time <= DAY:
            return time
    msg = f"expected a time of day such as 9, 9:30 or 17:00:05, found {text!r}"
    raise UnclearError(msg)


def moment(text: str) -> Moment:
    """`day 31 10:00` or `+5m`.

    Raises:
        UnclearError: it is neither.
    """
    text = text.strip()
    if text.startswith("+"):
        return Moment(0, duration(text[1:]))
    match = _ABSOLUTE.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= MOST_DAYS:
        msg = f"expected a moment such as day 31 10:00 (day 1 to {MOST_DAYS}) or +5m, found {text!r}"
        raise UnclearError(msg)
    return Moment(int(match[1]), clock(match[2]))


def repeat(text: str) -> Repeat:
    """`40 every 20s`, `40 within 10m`.

    Raises:
        UnclearError: it is neither, or too many.
    """
    match = _REPEAT.fullmatch(text.strip())
    if match is None or not 1 <= int(match[1]) <= MOST_REPEATS:
        msg = f"expected a repetition such as 40 every 20s or 40 within 10m, up to {MOST_REPEATS}, found {text!r}"
        raise UnclearError(msg)
    count, time = int(match[1]), duration(match[3])
    return Repeat(count, time if match[2] == "every" else time // max(count - 1, 1))


def arrives(text: str) -> int:
    """`5h late`, `10m early`, `on time`: ingest time less event time, ms.

    Raises:
        UnclearError: it is none of these.
    """
    match = _ARRIVES.fullmatch(text.strip())
    if match is None:
        msg = f"expected an arrival such as on time, 5h late or 10m early, found {text!r}"
        raise UnclearError(msg)
    time = duration(match["time"]) if match["time"] else 0
    return -time if match["side"] == "early" else time
