"""`truth.jsonl`: what was done to whom and when, one JSON object a line, as `anput simulate` writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from activities.record import Unreadable, parse_time

ACTIVITIES = "activities.jsonl"
"""The log that a truth is about, where it lies beside it."""


class EvaluationError(ValueError):
    """Something can't be evaluated; the message names the file and line, what was expected and found."""


class Line(msgspec.Struct):
    """A line of the file. Times are RFC 3339, or ms since 1970. Fields that aren't here are ignored."""

    attack: str
    user: str
    first_time: str | int
    last_time: str | int
    first: str = ""
    """Id of the first activity."""
    variant: str = ""
    first_ingested: str | int = ""
    users: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()


class Stage(msgspec.Struct):
    """Of a campaign."""

    attack: str


@dataclass(frozen=True)
class Attack:
    """One attack. Times in ms."""

    name: str
    variant: str
    user: str
    users: frozenset[str]
    """All whose activities belong to it, the victim among them."""
    begins: int
    ends: int
    arrived: int
    """When the log handed over its first activity."""
    stages: tuple[str, ...] = ()
    """Names of the attacks that it consists of."""


class _Arrival(msgspec.Struct):
    id: str
    ingested: str | int = ""


def read(path: Path) -> list[Attack]:
    """The attacks of a file, in its order.

    Where a line doesn't say when its first activity arrived, the file `activities.jsonl` beside it does; else the
    activity's own time stands in.

    Raises:
        EvaluationError: a line isn't as above, or there is no such file.
    """
    lines = _lines(path)
    wanted = {line.first for line in lines if line.first and not line.first_ingested}
    log = path.with_name(ACTIVITIES)
    arrivals = _arrivals(log, wanted) if wanted and log.is_file() else {}
    attacks = []
    for number, line in enumerate(lines, 1):
        where = f"{path}:{number}"
        begins, ends = _time(line.first_time, f"{where}: $.first_time"), _time(line.last_time, f"{where}: $.last_time")
        arrived = line.first_ingested or arrivals.get(line.first, "")
        attacks.append(
            Attack(
                line.attack,
                line.variant,
                _key(line.user),
                frozenset(map(_key, (line.user, *line.users))),
                begins,
                max(begins, ends),
                _time(arrived, f"{where}: $.first_ingested") if arrived else begins,
                tuple(dict.fromkeys(stage.attack for stage in line.stages)),
            )
        )
    return attacks


def _lines(path: Path) -> list[Line]:
    found = []
    try:
        with path.open("rb") as file:
            for number, data in enumerate(file, 1):
                if data.strip():
                    found.append(_decoded(data, f"{path}:{number}"))
    except OSError as error:
        msg = f"{path}: expected the truth about attacks: {error.strerror}"
        raise EvaluationError(msg) from None
    return found


def _decoded(data: bytes, where: str) -> Line:
    try:
        return msgspec.json.decode(data, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        msg = f"{where}: expected an attack with attack, user, first_time and last_time: {error}"
        raise EvaluationError(msg) from None


def _arrivals(log: Path, wanted: set[str]) -> dict[str, str | int]:
    """Ingest times of some activities in a log of native records; other lines are of no concern."""
    decode, found = msgspec.json.Decoder(_Arrival).decode, dict[str, str | int]()
    with log.open("rb") as file:
        for data in file:
            try:
                record = decode(data)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if record.id in wanted and record.ingested:
                found[record.id] = record.ingested
    return found


def _time(value: str | int, where: str) -> int:
    try:
        return parse_time(value, "")
    except Unreadable:
        msg = f"{where}: expected a time such as 2026-01-31T00:00:00Z, found {value!r:.80}"
        raise EvaluationError(msg) from None


def _key(user: str) -> str:
    """As the engine names users: trimmed and case-folded."""
    return user.strip().casefold()
