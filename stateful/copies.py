"""Copies: what is downloaded and uploaded elsewhere under the same name is moved, not taken out and not encrypted."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from activities.activity import Activity
from stateful.features import CHANGES, DOWNLOADS, HOUR
from stateful.finding import Finding, Severity
from stateful.view import UserView

COPIED = (CHANGES, DOWNLOADS)
"""Features that it needs."""
FEWEST_CHANGES, MOST_CHANGES = 0.6, 3.3
"""Of each thing downloaded: it is put elsewhere, and perhaps its class or time is set and the old one moved away."""
ARRIVED = 0.45
"""Share of the names downloaded that are uploaded elsewhere; of a flood, of old and new ones a part is remembered."""
NAME = 0xFFFF
"""Of an object's hash, the half that is its name's without the folder."""


def unless_copied(found: Iterable[Finding], activity: Activity, user: UserView) -> Iterable[Finding]:
    """Findings of a surge; of copies only an insight."""
    for finding in found:
        yield replace(finding, severity=Severity.INFORMATIONAL) if copying(activity, user) else finding


def copying(activity: Activity, user: UserView) -> bool:
    """Whether this hour's downloads are uploaded again, each to another place under its own name.

    Whoever steals uploads nothing; who encrypts gives other names, or writes over what was read.
    """
    down, up = user.tally(DOWNLOADS), user.tally(CHANGES)
    if not FEWEST_CHANGES * down.last() <= up.last() <= MOST_CHANGES * down.last():
        return False
    # What a window holds that nothing was added to lately is of long ago.
    since = activity.time - 2 * HOUR
    read, put = down.objects_of_last(since), up.objects_of_last(since)
    names = {entry & NAME for entry in read}
    arrived = names & {entry & NAME for entry in put - read}
    return bool(names) and len(arrived) >= ARRIVED * len(names)
