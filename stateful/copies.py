"""Copies: what is downloaded and uploaded elsewhere under the same name is moved, not taken out and not encrypted."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import basename

from msgspec.structs import replace

from activities.activity import Activity, Category
from stateful.features import CHANGES, DOWNLOADS, HOUR
from stateful.finding import Evidence, Finding, Severity
from stateful.view import UserView

COPIED = (CHANGES, DOWNLOADS)
"""Features that it needs."""
FEWEST = 4
"""Uploads to look at."""
FEWEST_CHANGES, MOST_CHANGES = 0.6, 3.3
"""Of each thing downloaded: it is put elsewhere, and perhaps its class or time is set and the old one moved away."""


def unless_copied(found: Iterable[Finding], activity: Activity, user: UserView) -> Iterable[Finding]:
    """Findings of a surge; of copies only an insight."""
    for finding in found:
        yield replace(finding, severity=Severity.INFORMATIONAL) if copying(activity, user) else finding


def copying(activity: Activity, user: UserView) -> bool:
    """Whether this hour's downloads are uploaded again, each to another place under its own name.

    Whoever steals uploads nothing; who encrypts gives other names, or writes over what was read.
    """
    down, up = user.tally(DOWNLOADS), user.tally(CHANGES)
    read = {basename(seen.object): seen.object for seen in _lately(down.evidence, activity.time)}
    put = [seen.object for seen in _lately(up.evidence, activity.time) if seen.category is Category.UPLOAD]
    moved = [name for name in put if read.get(basename(name), name) != name]
    changes = up.last() / max(down.last(), 1)
    return len(put) >= FEWEST and 2 * len(moved) >= len(put) and FEWEST_CHANGES <= changes <= MOST_CHANGES


def _lately(evidence: list[Evidence], time: int) -> list[Evidence]:
    # What a window holds that nothing was added to lately is of long ago.
    return [seen for seen in evidence if seen.time > time - HOUR]
