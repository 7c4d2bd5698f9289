"""Where the user works: the folders, repositories and kinds of record whose contents they touch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

from activities.activity import Activity, Category
from stateful.features import HOUR, BurstFeature, TallyFeature, ValuesFeature, succeeded
from stateful.view import UserView

HOLDERS = frozenset({"repository", "repo", "bucket", "site", "folder", "mailbox", "project", "vault"})
"""Types of objects that hold others. Of others without a path, such as records, the type itself is the place."""
NAMED_BY_TIME = re.compile(r"\d{4,}|\d{2}(?=[-_/]\d{2})|(?<=\d{2}[-_/])\d{2}")
"""Dates and serial numbers: a job's folder of today is that of yesterday."""
HOST = re.compile(r"^[^:]*:(?:https?://[^/]*)?/*")
"""What stands before the path in a place: the app and a server."""
WORK = frozenset(Category) - {Category.FAILED_LOGON, Category.LOGON, Category.LOGOFF, Category.TOKEN}


@lru_cache(maxsize=65536)
def _place(app: str, kind: str, name: str) -> str:
    if "/" in name:
        return f"{app}:{NAMED_BY_TIME.sub('#', name.rpartition('/')[0])}"
    return f"{app}:{name if kind in HOLDERS else kind}"


def place(activity: Activity) -> str:
    """The folder or holder of the first object; "" without one."""
    if not activity.objects:
        return ""
    first = activity.objects[0]
    return _place(activity.app, first.type, first.name)


def areas(places: Iterable[str]) -> int:
    """How many sites, buckets or shares places lie in: by the first two names of their paths."""
    return len({tuple(HOST.sub("", where).split("/")[:2]) for where in places})


@lru_cache(maxsize=65536)
def _short(where: str) -> str:
    return hashlib.blake2b(where.encode("utf-8", "replace"), digest_size=6).hexdigest() if where else ""


def ground(activity: Activity) -> str:
    """The place as 48 bits: hundreds are kept of each user, and only whether they were seen is asked."""
    return _short(place(activity))


GROUNDS = ValuesFeature("grounds", ground, WORK)


def _new(activity: Activity, user: UserView) -> bool:
    where = ground(activity)
    return bool(where) and user.values(GROUNDS).get(where) is None and succeeded(activity)


def _reads(activity: Activity, user: UserView) -> bool:
    if not user.is_recent(GROUNDS, ground(activity), activity.time) or not succeeded(activity):
        return False
    if activity.category is Category.READ:
        return True
    # Who looks around takes a thing along now and then; who only takes is a matter of mass_download.
    seen = user.burst(NEW_READS).evidence
    return 2 * sum(entry.category is Category.READ for entry in seen) > len(seen)


NEW_GROUNDS = BurstFeature("new_grounds", _new, place, HOUR, categories=WORK)
"""Places never seen before, in a row."""
NEW_READS = BurstFeature("new_reads", _reads, place, HOUR, categories=frozenset({Category.READ, Category.DOWNLOAD}))
"""Things read in places that weren't seen before today, and downloaded between."""


SYNC = re.compile(r"sync|drivefs|box ?drive|dropbox ?desktop", re.IGNORECASE)
"""Names of programs, and of what they do, that keep a computer's copy of a folder."""


def synced(activity: Activity) -> bool:
    """Whether a program fetched it for the copy that a computer keeps."""
    return _syncs(activity.action) or _syncs(activity.device.user_agent)


@lru_cache(maxsize=4096)
def _syncs(name: str) -> bool:
    return SYNC.search(name) is not None


SYNCED = TallyFeature("synced", frozenset({Category.DOWNLOAD}), HOUR, only=synced)
SYNCED_NEW = BurstFeature(
    "synced_new",
    lambda a, user: synced(a) and user.is_recent(GROUNDS, ground(a), a.time),
    place,
    HOUR,
    categories=frozenset({Category.DOWNLOAD}),
)
"""Of those: in places that weren't seen before today."""


CLOUD = re.compile(r"amazonaws\.com$|googleapis\.com$|^microsoft\.", re.IGNORECASE)
"""A cloud's services are parts of one product: its console calls a dozen of them for a page."""


@lru_cache(maxsize=4096)
def _product(app: str) -> str:
    found = CLOUD.search(app)
    return found[0].lower() if found else app


def product(activity: Activity) -> str:
    """What is worked with, as the user sees it: the app, of a cloud's services the cloud."""
    return _product(activity.app)


PRODUCTS = ValuesFeature("products", product, WORK)


def _new_product(activity: Activity, user: UserView) -> bool:
    return bool(activity.app) and user.values(PRODUCTS).get(product(activity)) is None and succeeded(activity)


NEW_PRODUCTS = BurstFeature("new_products", _new_product, product, HOUR, categories=WORK)
"""Apps that the user never worked with, in a row."""
