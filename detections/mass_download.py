"""Far more downloads in an hour than this user's hours have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain

from activities.activity import Activity, Category
from stateful.attack import CLOUD_STORAGE, CUSTOMER_RECORDS, SHAREPOINT
from stateful.copies import COPIED, unless_copied
from stateful.detection import Detection
from stateful.features import ADDRESSES, DEVICES, DOWNLOADS, DOWNLOADS_DAY, HOUR, TallyFeature
from stateful.finding import Finding, Severity
from stateful.grounds import GROUNDS, SYNCED, SYNCED_NEW, synced
from stateful.kinds import of_business
from stateful.models import DAY
from stateful.strangers import STRANGER, strange_device
from stateful.surge import SURGE, surge
from stateful.view import Context, UserView

WHOLE = re.compile(r"clone|zip|archive|export|migration", re.IGNORECASE)
REPOSITORIES = frozenset({"repository", "repo", "project"})


def whole(activity: Activity) -> bool:
    """Whether a whole repository with its history was taken, not what is new in it."""
    return (
        bool(activity.objects)
        and activity.objects[0].type.lower() in REPOSITORIES
        and WHOLE.search(activity.action) is not None
    )


LOOKED_UP = TallyFeature("records_read", frozenset({Category.READ}), HOUR, only=of_business, prior=4.0)
CLONES = TallyFeature("clones", frozenset({Category.DOWNLOAD}), HOUR, only=whole, prior=2.0)


def setting_up(activity: Activity, user: UserView) -> bool:
    """Whether it is done on a device that has an id and is the user's since less than a day."""
    known = user.values(DEVICES).get(activity.device.id)
    return known is not None and activity.time - known.first < DAY <= known.first - user.since


def starts_over(activity: Activity, user: UserView) -> bool:
    """Whether most of this hour's downloads are a known program's that fetches again what the user's folders hold."""
    synchronised, all_of_hour = user.tally(SYNCED), user.tally(DOWNLOADS)
    fetched = synchronised.last()
    if synchronised.window != all_of_hour.window or 2 * fetched < all_of_hour.last():
        return False
    if 4 * user.burst(SYNCED_NEW).count > fetched:
        return False
    return not synced(activity) or not (
        user.is_recent(ADDRESSES, activity.ip, activity.time) or strange_device(activity, user)
    )


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """This hour's downloads are far above the user's hours, in number or in bytes; or records that are looked up."""
    if activity.category is Category.READ:
        if not of_business(activity):
            return ()
        least = context.settings["min_records"]
        many = context.with_settings(min_count=least, times_highest=context.settings["times_highest_records"])
        return surge(activity, user, many, LOOKED_UP, "records looked up", base=60, least_objects=int(least / 2))
    if starts_over(activity, user):
        return ()
    most = context.with_settings(
        min_count=context.settings["min_count_day"], min_bytes=context.settings["min_bytes_day"]
    )
    # A new laptop of the user's own fetches what its owner has.
    base = 25 if setting_up(activity, user) else 70
    hour = list(surge(activity, user, context, DOWNLOADS, "downloads", base=base, volume=True))
    if not hour and whole(activity):
        # Of an hour one thing is said. Some tens of repositories are what a company has, of files an afternoon's work.
        least = context.settings["min_repositories"]
        few = context.with_settings(min_count=least)
        hour.extend(surge(activity, user, few, CLONES, "whole repositories", base=base - 10, least_objects=int(least)))
    found = chain(
        hour,
        # Slowly, below every hour's threshold.
        surge(activity, user, most, DOWNLOADS_DAY, "downloads", base=base - 10, volume=True, hourly=DOWNLOADS),
    )
    return unless_copied(found, activity, user)


DETECTION = Detection(
    id="mass_download",
    title="Mass download",
    description=(
        "The user downloads, or looks up customers and other records, far more in an hour than ever before: collection "
        "before exfiltration, by whoever took over the account or by somebody about to leave."
    ),
    techniques=(CLOUD_STORAGE, SHAREPOINT, CUSTOMER_RECORDS),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=frozenset({Category.DOWNLOAD, Category.READ}),
    features=(DOWNLOADS_DAY, CLONES, LOOKED_UP, GROUNDS, SYNCED, SYNCED_NEW, *STRANGER, *COPIED),
    settings={
        **SURGE,
        "min_count": 65,
        "max_probability": 1e-4,
        "min_bytes": 1e9,
        "min_count_day": 250,
        "min_bytes_day": 5e9,
        "min_repositories": 25,
        "min_records": 50,
        "times_highest_records": 3,
    },
    learning_days=7,
    runbook=(
        "Look at what was downloaded, and whether it belongs to the user's work.",
        "Check whether the user is leaving, has a backup or sync client, or closes a quarter.",
        "If it isn't explained: revoke sessions, preserve evidence, talk to the data's owner.",
    ),
    quiet="Fewer than twice the user's highest hour, or an hour that this user's hours make likely; or files that "
    "are uploaded elsewhere as they are, or fetched once more by the program that keeps a computer's copy.",
)
