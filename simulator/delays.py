"""How late a record reaches the log: latency of its vendor, stragglers, and connectors that were down."""

from __future__ import annotations

import math
from random import Random
from typing import NamedTuple

from simulator.operations import AZURE, ENTRA, EXCHANGE, GITHUB, NETSUITE, SALESFORCE, SHAREPOINT, TEAMS, WORKDAY
from simulator.record import DAY, HOUR, MINUTE, SECOND
from simulator.streams import Weighted, chance, log_uniform, stream

MICROSOFT = "Microsoft 365"
AWS = "AWS"
_CONNECTOR = {ENTRA: MICROSOFT, EXCHANGE: MICROSOFT, SHAREPOINT: MICROSOFT, TEAMS: MICROSOFT}
_MEDIAN = {ENTRA: 9, EXCHANGE: 26, SHAREPOINT: 22, TEAMS: 30, GITHUB: 4, SALESFORCE: 35, NETSUITE: 40, WORKDAY: 45}
"""Median delay of an app's records, s."""
_OTHERS = 15
_SPREAD = 0.6
_LEAST = 2 * SECOND
_MOST = DAY - MINUTE
"""Nothing is ever as late as the allowed lateness of 24 h."""

_TAIL: Weighted[tuple[int, int]] = Weighted(
    ((90 * SECOND, HOUR), (HOUR, 6 * HOUR), (6 * HOUR, _MOST)),
    (1.4, 0.9, 0.7),
)
"""Ranges of a straggler's delay, and the share of all records in each, %."""
_TAIL_SHARE = 0.03


class Outage(NamedTuple):
    """A connector that delivers nothing from `begins` to `ends`, and then all at once; ms."""

    connector: str
    begins: int
    ends: int


def connector(app: str) -> str:
    """The connector that brings the records of `app`."""
    if app.endswith(".amazonaws.com"):
        return AWS
    return AZURE if app.startswith(AZURE) else _CONNECTOR.get(app, app)


def outages(seed: int, tenant: str, start: int, days: int) -> tuple[Outage, ...]:
    """One or two outages of 2 to 3 hours within the `days` from `start` (ms), in UTC working hours."""
    rng = stream(seed, tenant, "outages")
    found = []
    for name in (MICROSOFT, rng.choice((MICROSOFT, AWS, SALESFORCE)))[: rng.randint(1, 2)]:
        begins = start + int(rng.random() * days) * DAY + int(rng.uniform(8, 16) * HOUR)
        found.append(Outage(name, begins, begins + int(rng.uniform(2, 3) * HOUR)))
    return tuple(found)


def ingested(time: int, app: str, rng: Random, down: tuple[Outage, ...]) -> int:
    """When a record of `time` (ms) reaches the log: at least 2 s and less than 24 h later."""
    if chance(rng, _TAIL_SHARE):
        delay = log_uniform(rng, *_TAIL.draw(rng))
    else:
        delay = _MEDIAN.get(app, _OTHERS) * SECOND * math.exp(rng.gauss(0, _SPREAD))
    arrives = time + max(_LEAST, int(delay))
    for outage in down:
        if outage.begins <= arrives < outage.ends and connector(app) == outage.connector:
            arrives = outage.ends + rng.randint(0, 90 * SECOND)
    return min(arrives, time + _MOST)
