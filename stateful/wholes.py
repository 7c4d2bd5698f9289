"""Types of objects that hold many others, by which one record stands for much."""

from __future__ import annotations

WHOLES = frozenset(
    {"site", "folder", "library", "list", "bucket", "drive", "repository", "container", "database", "disk"}
)
"""In lower case, as parsers and native records name them."""
