"""Prevalence: how many distinct users of a group (peers, tenant) ever showed a value."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from stateful.models.limits import DAY, VALUE_LENGTH


class Shown(msgspec.Struct, array_like=True, gc=False):
    """One value: the users who showed it, and when one did so for the first and the last time (event time, ms)."""

    users: int
    first: int
    last: int


class Prevalence(msgspec.Struct, array_like=True, gc=False):
    """Distinct users per value, learnt from one "first for this user" each. Order of learning doesn't matter.

    Keeps `KEPT` values: those of one user that are longest ago go first. How many users there are is the caller's to
    say, since most of them are never seen to do anything new.
    """

    shown: dict[str, Shown] = {}

    KEPT: ClassVar[int] = 2048
    BOUND: ClassVar[int] = 2048 * (4 * VALUE_LENGTH + 32) + 16
    """Bytes of its encoding at most."""
    LEAST_USERS: ClassVar[int] = 5
    """With fewer nothing is rare among them."""

    def learn(self, value: str, time: int) -> None:
        """One more user showed `value` for the first time, at `time` (event time, ms)."""
        value = value[:VALUE_LENGTH]
        known = self.shown.get(value)
        if known is not None:
            known.users += 1
            known.first = min(known.first, time)
            known.last = max(known.last, time)
            return
        if len(self.shown) >= self.KEPT:
            ranked = sorted((entry.users, entry.last, value) for value, entry in self.shown.items())
            for _, _, rare in ranked[: self.KEPT // 8]:
                del self.shown[rare]
        self.shown[value] = Shown(1, time, time)

    def users(self, value: str) -> int:
        """Distinct users who showed it."""
        known = self.shown.get(value[:VALUE_LENGTH])
        return known.users if known else 0

    def score(self, value: str, population: int, besides: int = 0) -> float:
        """P(a user of the group shows this value), smoothed as by a Beta(0.5, 0.5) prior (Jeffreys).

        Args:
            value: the value.
            population: users of the group.
            besides: of those who showed it, how many not to count: 1 when the user in question already did.
        """
        if population < self.LEAST_USERS:
            return 1.0
        return min(1.0, (max(0, self.users(value) - besides) + 0.5) / (population + 1.0))

    def recent(self, value: str, time: int, span: int = 7 * DAY) -> bool:
        """Whether the first user showed it less than `span` ms before `time`: something new for the whole group."""
        known = self.shown.get(value[:VALUE_LENGTH])
        return known is not None and time - known.first < span
