"""Notices: an activity that ends or restores somebody else's account enters that user's timeline, too.

Users are spread over the key groups, and none sees another's activities. So the source sends such a one twice: as it is
to who did it, and as a notice to whom it was done.
"""

from __future__ import annotations

from activities.account_changes import app_of, change_of, targets_of
from activities.activity import Activity, Object
from stateful.ended import ACTION, APP, BY, CHANGE, NOTICE
from stateful.profile import OWN


def notices_of(activity: Activity) -> list[Activity]:
    """One for each user whose account it ends or restores; mostly none.

    The id is a function of who acted and of the activity's, so that a duplicate's notices are duplicates.
    """
    change = change_of(activity)
    if change is None:
        return []
    by = activity.user.id
    # No parser lets a NUL through, so no record can take this id.
    name = f"\0account:{len(by)}:{by}:{activity.id}"
    objects = (
        Object(CHANGE, change.value),
        Object(BY, by),
        Object(ACTION, activity.action),
        Object(APP, app_of(activity)),
    )
    return [
        Activity(
            activity.tenant,
            name,
            activity.time,
            activity.ingested,
            target,
            NOTICE,
            objects=objects,
            source=OWN,
            raw=activity.raw,
        )
        for target in targets_of(activity)
    ]
