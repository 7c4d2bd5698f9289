"""Campaigns of the same users on several values (a new office: country, provider, addresses) are one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stateful.correlation.documents import Kin
from stateful.correlation.prevalence import hashed
from stateful.models import DAY

SKETCH = 64
"""Users of a campaign that are compared: those whose hashes are lowest (bottom-k sketch, Cohen and Kaplan, 2007)."""
ALIKE = 0.5
"""Share of the users of the smaller of two campaigns that are in both, from which on they are one."""


def kin(start: int, feature: str, value: str, users: Iterable[str]) -> Kin:
    """A campaign of these users."""
    return Kin(start, feature, value, tuple(sorted(map(hashed, users))[:SKETCH]))


def leaders(campaigns: Mapping[str, Kin]) -> dict[str, str]:
    """Of each campaign (by uid), the one that speaks for it: the earliest that it is like; maybe itself."""
    found: dict[str, str] = {}
    leading: list[str] = []
    of_user: dict[int, list[int]] = {}
    """Places in `leading` by user: those without a user in common aren't alike, and there are many of them."""
    for uid in sorted(campaigns, key=lambda uid: (campaigns[uid].start, uid)):
        own = campaigns[uid]
        common: dict[int, int] = {}
        for user in own.users:
            for place in of_user.get(user, ()):
                common[place] = common.get(place, 0) + 1
        near = (leading[place] for place in sorted(common) if _alike(campaigns[leading[place]], own, common[place]))
        found[uid] = next(near, uid)
        if found[uid] == uid:
            for user in own.users:
                of_user.setdefault(user, []).append(len(leading))
            leading.append(uid)
    return found


def _alike(one: Kin, other: Kin, common: int) -> bool:
    """Whether they are on the same users, of whom the sketches have `common`."""
    if abs(one.start - other.start) >= DAY:
        return False
    if len(one.users) < SKETCH > len(other.users):
        return common >= ALIKE * min(len(one.users), len(other.users))
    # Below the lesser of the two greatest hashes both sketches are complete.
    limit = min(users[-1] for users in (one.users, other.users) if len(users) >= SKETCH)
    left = {user for user in one.users if user <= limit}
    right = {user for user in other.users if user <= limit}
    return len(left & right) >= ALIKE * min(len(left), len(right)) > 0
