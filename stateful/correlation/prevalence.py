"""How many users show a value, before a time: what tells a common value from a new one."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, insort
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from stateful.correlation.documents import Shown, Tenant, Value
from stateful.models import DAY
from windowing.watermark import HOUR

EARLIEST_KEPT = 64
"""Users that showed a value first, kept by hash; of more it is known how many, by day."""
SETTLED = 26 * HOUR
"""ms: users count who showed a value so long before. They are sealed when a log in order is judged, and within an
hour of sealing and of heartbeats: what is said at once then stays."""
DAYS_KEPT = 40
"""Days for which it is known when users showed a value first."""

COMMON_USERS, COMMON_SHARE = 4, 0.03
"""A value is common that so many other users show, and at least this share of the tenant's."""


_time = attrgetter("time")


@dataclass(frozen=True)
class Prevalence:
    """How many others showed a value before."""

    users: int
    """Of the tenant."""
    peers: int
    """Of the user's peers; a lower bound, as only the earliest users are known one by one."""
    of: int
    """Users that the tenant had."""

    @property
    def common(self) -> bool:
        """Whether so many show it that it is no news that one more does."""
        return self.users >= max(COMMON_USERS, COMMON_SHARE * self.of)


@lru_cache(maxsize=65536)
def hashed(text: str) -> int:
    """48 bits of BLAKE2b (RFC 7693); 0 for no text."""
    if not text:
        return 0
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=6).digest(), "big")


def learn(value: Value, time: int, user: str, peers: str) -> None:
    """Take in that a user showed the value for the first time at `time`, event time in ms, sealed."""
    earliest, shown = value.earliest, Shown(time, hashed(user), hashed(peers))
    # The user may have forgotten it, or be a new one by the same name: the first time counts.
    again = next((other for other in earliest if other.user == shown.user), None)
    if again is not None:
        if again <= shown:
            return
        earliest.remove(again)
        _count(value.days, again.time // DAY, -1)
    _count(value.days, time // DAY, 1)
    if len(earliest) < EARLIEST_KEPT or shown < earliest[-1]:
        insort(earliest, shown)
        del earliest[EARLIEST_KEPT:]


def prevalence(value: Value, tenant: Tenant, time: int, user: str, peers: str) -> Prevalence:
    """How many users other than `user` showed the value before `time`, event time in ms."""
    return Prevalence(*others(value, time, user, peers), users_before(tenant, time))


def others(value: Value, time: int, user: str, peers: str) -> tuple[int, int]:
    """Users other than `user`, and peers among them, that showed the value before `time`, event time in ms."""
    until = time - SETTLED
    if not value.earliest or value.earliest[0].time >= until:
        return 0, 0
    own, group = hashed(user), hashed(peers)
    before = value.earliest[: bisect_left(value.earliest, until, key=_time)]
    found = [shown.peers for shown in before if shown.user != own]
    users, alike = len(found), found.count(group) if group else 0
    if len(value.earliest) >= EARLIEST_KEPT and value.earliest[-1].time < until:
        users = max(users, _before(value, until // DAY))
    return users, alike


def arrive(tenant: Tenant, time: int) -> None:
    """Take in that a new user came, sealed."""
    tenant.days[time // DAY] = tenant.days.get(time // DAY, 0) + 1
    tenant.since = time if tenant.since < 0 else min(tenant.since, time)


def users_before(tenant: Tenant, time: int) -> int:
    """Users that the tenant had on the day before."""
    return _before(tenant, (time - SETTLED) // DAY)


def fold_days(counted: Value | Tenant, sealed: int) -> None:
    """Put days that are long sealed (event time, ms) into one number."""
    old = [day for day in counted.days if day < sealed // DAY - DAYS_KEPT]
    for day in old:
        counted.before += counted.days.pop(day)


def _count(days: dict[int, int], day: int, by: int) -> None:
    days[day] = days.get(day, 0) + by
    if not days[day]:
        del days[day]


def _before(counted: Value | Tenant, day: int) -> int:
    return counted.before + sum(count for of, count in counted.days.items() if of < day)
