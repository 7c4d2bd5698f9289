"""Accounts that somebody ended: a notice of it is in the user's own timeline, put there by the source.

It is an activity of the engine's own, made from that of the administrator, with its times. So it has its place in event
time like all else: what the user did before and what arrives late is before it. It is none of the user's activities.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from activities.account_changes import Change
from activities.activity import Activity
from stateful.finding import Finding, Insight

NOTICE: Final = "AccountChanged"
"""`action` of such an activity; its `source` is the engine's own, which no parser gives."""
CHANGE, BY, ACTION, APP = "change", "by", "action", "app"
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
    """False: only one of the ways in was taken away, or the account in one app."""
    app: str = ""
    """That app."""
    told: int = -1
    """Event time, ms, of the activity that was last spoken of since; -1 if none was."""


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
    app = named.get(APP, "")
    if change == Change.RENEWED:
        return None if ended is None or ended.app == app else ended
    return Ended(notice.time, named.get(BY, ""), named.get(ACTION, ""), whole=change == Change.ENDED, app=app)


def told(ended: Ended, said: Iterable[Finding | Insight], time: int) -> Ended:
    """After what was said of an activity at `time`, event time in ms."""
    if any(isinstance(one, Finding) and one.detection == JUDGED_BY for one in said):
        return msgspec.structs.replace(ended, told=time)
    return ended
