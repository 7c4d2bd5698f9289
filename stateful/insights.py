"""Insights: what a user's activity says to the tenant, small, and once each."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable

import msgspec

from activities.activity import Activity, Category
from stateful.features import agent
from stateful.finding import Insight
from stateful.models import VALUE_LENGTH

SLOT = 600_000
"""ms: failed logons of a user from one address are told once in each such slice of event time."""
USERS = "users"
"""Feature of the first activity of a user."""
FAILING_KEPT = 32
"""Addresses of one user that are failing at a time."""
PROGRAM_LENGTH = VALUE_LENGTH
"""Characters of a program's name that are told: as many as of a value of the feature."""


class Failing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The first failed logon from an address in a slot."""

    slot: int
    time: int
    activity: str


def insight_uid(*parts: str) -> str:
    """A name that is unique within a user: 72 bits of BLAKE2b (RFC 7693) over the length-prefixed parts, 12 letters."""
    digest = hashlib.blake2b(digest_size=9)
    for part in parts:
        data = part.encode("utf-8", "replace")
        digest.update(len(data).to_bytes(4, "big"))
        digest.update(data)
    return urlsafe_b64encode(digest.digest()).decode()


def first(feature: str, value: str, activity: Activity, peers: str) -> Insight:
    """The user shows a value for the first time."""
    # With the activity: a user may forget a value and show it anew, and both are said.
    uid = insight_uid("first", feature, value, activity.id)
    return Insight(uid, "first", feature, value, activity.time, activity.id, activity.time, peers)


def uncommon(feature: str, value: str, activity: Activity, peers: str) -> Insight:
    """The user shows a value that was seldom shown, and not lately."""
    uid = insight_uid("uncommon", feature, value, activity.id)
    return Insight(uid, "uncommon", feature, value, activity.time, activity.id, activity.time, peers)


def failed(failing: dict[str, Failing], activity: Activity, peers: str) -> Insight | None:
    """A logon failed; None where the same was said of this address and slot. `failing` is kept up to date."""
    address, slot = activity.ip, activity.time // SLOT
    known = failing.get(address)
    if not address or (known is not None and known.slot == slot):
        return None
    if known is None and len(failing) >= FAILING_KEPT:
        del failing[min(failing, key=lambda name: (failing[name].slot, name))]
    failing[address] = Failing(slot, activity.time, activity.id)
    uid = insight_uid("failed", address, str(slot))
    return _network(uid, "failed", activity, (slot + 1) * SLOT - 1, peers)


def entered(activity: Activity, peers: str) -> Insight:
    """A logon succeeded from an address that isn't the user's."""
    return _network(insight_uid("entered", activity.id), "entered", activity, activity.time, peers)


def verdict(activity: Activity, alert: str, word: str, detections: Iterable[str], peers: str) -> Insight:
    """An analyst's word on an alert passes through the user's timeline to correlation."""
    uid = insight_uid("verdict", activity.id)
    note = " ".join([alert, *sorted(detections)])
    return Insight(uid, "verdict", "alert", word, activity.time, activity.id, activity.time, peers, note)


def arrived(activity: Activity, peers: str) -> Insight:
    """The user is a new one: so the tenant's users are counted."""
    return first(USERS, "", activity, peers)


def _network(uid: str, kind: str, activity: Activity, closes: int, peers: str) -> Insight:
    asn = "" if activity.location.asn is None else str(activity.location.asn)
    note = f"{asn} {agent(activity)[:PROGRAM_LENGTH]}".rstrip()
    return Insight(uid, kind, "addresses", activity.ip, activity.time, activity.id, closes, peers, note)


def tells_of_failure(activity: Activity) -> bool:
    """Whether it is a logon that failed."""
    return activity.category is Category.FAILED_LOGON
