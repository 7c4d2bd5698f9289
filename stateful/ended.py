"""Accounts that somebody ended: a notice of it is in the user's own timeline, put there by the source.

It is an activity of the engine's own, made from that of the administrator, with its times. So it has its place in event
time like all else: what the user did before and what arrives late is before it. It is none of the user's activities.
"""

from __future__ import annotations

from typing import Final

import msgspec

from activities.account_changes import Change
from activities.activity import Activity

NOTICE: Final = "AccountChanged"
"""`action` of such an activity; its `source` is the engine's own, which no parser gives."""
CHANGE, BY, ACTION = "change", "by", "action"
"""Types of its objects; their names say which."""

JUDGED_BY: Final = "dormant_account"
"""A benign verdict on this detection's alerts says that the account is in use again."""


class Ended(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An account that was ended, and not restored since."""

    time: int
    """Event time, ms."""
    by: str
    """User id of who did it."""
    action: str
    """As their record names it."""
    whole: bool = True
    """False: only one of the ways in was taken away."""
    used: int = -1
    """Event time, ms, of the last activity of the user that succeeded since; -1 without any."""


def is_notice(activity: Activity) -> bool:
    """Whether an activity of the engine's own is a notice."""
    return activity.action == NOTICE


def changed(ended: Ended | None, notice: Activity) -> Ended | None:
    """What is known of a user's account after a notice: the first end stands until the account is restored."""
    named = {entry.type: entry.name for entry in notice.objects}
    change = named.get(CHANGE)
    if change == Change.RESTORED:
        return None
    if ended is not None and ended.whole:
        return ended
    if change == Change.RENEWED:
        return None
    return Ended(notice.time, named.get(BY, ""), named.get(ACTION, ""), whole=change == Change.ENDED)


def used(ended: Ended, time: int) -> Ended:
    """The account was used all the same, at `time`, event time in ms."""
    return msgspec.structs.replace(ended, used=time)
