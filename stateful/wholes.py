"""Types of objects that hold many others, by which one record stands for much."""

from __future__ import annotations

import re
from functools import lru_cache

from activities.activity import Activity

WHOLES = frozenset(
    {"site", "folder", "library", "list", "bucket", "drive", "repository", "container", "database", "disk"}
)
_LAST = re.compile(r"[a-z]+$")


def whole(activity: Activity) -> bool:
    """It is of something that holds many others."""
    return bool(activity.objects) and is_whole(activity.objects[0].type)


@lru_cache(maxsize=1024)
def is_whole(kind: str) -> bool:
    """Whether things of a type hold many others: `bucket`, `gcs_bucket`, `AWS::S3::Bucket`."""
    last = _LAST.search(kind.lower())
    return last is not None and last[0] in WHOLES
