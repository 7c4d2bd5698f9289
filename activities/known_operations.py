"""What an operation's name says where it isn't known whose it is: as its vendor names it, else by its verb."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from activities import (
    azure_operations,
    cloudtrail_operations,
    entra_operations,
    gcp_operations,
    github_operations,
    google_workspace_operations,
    m365_operations,
    okta_operations,
)
from activities.activity import Category
from activities.category import category_of_verb

_TABLES = (
    cloudtrail_operations.OPERATIONS,
    m365_operations.OPERATIONS,
    entra_operations.OPERATIONS,
    okta_operations.OPERATIONS,
    github_operations.OPERATIONS,
    gcp_operations.OPERATIONS,
    azure_operations.OPERATIONS,
    google_workspace_operations.OPERATIONS,
)
_KNOWN = {name.lower(): category for table in _TABLES for name, category in table.items()}


@lru_cache(maxsize=8192)
def category_of_operation(action: str) -> Category:
    """The category of an operation, e.g. `RunInstances`, `New-InboxRule`, `Add member to role.`, `sent mail`.

    Args:
        action: Its name, in any case.
    """
    return _KNOWN.get(entra_operations.folded(action)) or category_of_verb(action)


def by_parameters(action: str, parameters: Iterable[tuple[str, str]]) -> Category | None:
    """The category where the parameters tell it, as that of `Set-Mailbox`, which may forward; None where they don't.

    Args:
        action: The operation's name.
        parameters: Their names, in any case, and values. Looked at only where they may tell it.
    """
    if action.lower() not in m365_operations.BY_PARAMETERS:
        return None
    return m365_operations.category_of(action, {name.lower(): value for name, value in parameters})
