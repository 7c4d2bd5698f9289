"""Types of objects that say more than others: those that hold many others, and records of a business."""

from __future__ import annotations

import re
from functools import lru_cache

from activities.activity import Activity

WHOLES = frozenset(
    {"site", "folder", "library", "list", "bucket", "drive", "repository", "container", "database", "disk"}
)
RECORDS = re.compile(r"account|contact|lead|opportunity|record|case|customer|invoice|worker|ticket|issue|project|site")
"""Types of objects that are records of a business."""
_LAST = re.compile(r"[a-z]+$")


TRIAL = re.compile(
    r"(?:^|[^a-z])(?:staging|stg|tests?|testing|dev|development|sandbox|preview|demo|te?mp|ephemeral|load-?test|pr-?\d+)"
    r"(?:[^a-z]|$)",
    re.IGNORECASE,
)
"""Names of what is made to be taken down again."""


def for_trial(activity: Activity) -> bool:
    """One of its objects is named as what isn't in production."""
    return any(is_trial(entry.name) for entry in activity.objects[:4])


@lru_cache(maxsize=4096)
def is_trial(name: str) -> bool:
    """Whether a thing's name says that it isn't in production: `staging`, `web-dev-2`, `pr-17`."""
    return TRIAL.search(name) is not None


def whole(activity: Activity) -> bool:
    """It is of something that holds many others."""
    return bool(activity.objects) and is_whole(activity.objects[0].type)


@lru_cache(maxsize=1024)
def is_whole(kind: str) -> bool:
    """Whether things of a type hold many others: `bucket`, `gcs_bucket`, `AWS::S3::Bucket`."""
    last = _LAST.search(kind.lower())
    return last is not None and last[0] in WHOLES


def of_business(activity: Activity) -> bool:
    """It is of a customer, a worker, an invoice or the like."""
    return bool(activity.objects) and RECORDS.fullmatch(activity.objects[0].type.lower()) is not None
