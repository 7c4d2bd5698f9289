from __future__ import annotations

import pytest

from activities import known_operations
from activities.activity import Category
from activities.known_operations import category_of_operation


@pytest.mark.parametrize(
    ("action", "category"),
    [
        ("RunInstances", Category.COMPUTE_START),
        ("StopLogging", Category.AUDIT_CONFIG),
        ("new-inboxrule", Category.MAILBOX_RULE),
        ("Add member to role.", Category.ROLE_GRANT),
        ("UserLoggedIn", Category.LOGON),
        ("downloaded report", Category.DOWNLOAD),
        ("", Category.OTHER),
        ("zzz", Category.OTHER),
    ],
)
def test_operations_by_name_then_by_verb(action: str, category: Category) -> None:
    assert category_of_operation(action) is category


def test_vendors_agree_about_a_name() -> None:
    """Or it would depend on their order which category a name has."""
    for table in known_operations._TABLES:
        for name, category in table.items():
            assert category_of_operation(name) is category, name
