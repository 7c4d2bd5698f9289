"""What kind of thing an OCSF event is: by its class and activity, and for API calls by the operation's name first.

Source: OCSF schema 1.0 to 1.9, the enumerations of `activity_id` in the classes of the categories Identity & Access
Management (3) and Application Activity (6).
"""

from __future__ import annotations

from collections.abc import Callable

from activities import github_operations, okta_operations
from activities.activity import Category, Outcome
from activities.category import category_of_verb
from activities.cloudtrail_operations import category_of as category_of_aws
from activities.format import Record
from activities.values import operation_key

CLASSES: dict[int, tuple[str, dict[int, Category]]] = {
    3001: (
        "Account Change",
        {
            1: Category.CREATE_USER, 2: Category.MODIFY_USER, 3: Category.CREDENTIAL, 4: Category.CREDENTIAL,
            5: Category.MODIFY_USER, 6: Category.DELETE_USER, 7: Category.ROLE_GRANT, 8: Category.ROLE_REVOKE,
            9: Category.MODIFY_USER, 10: Category.CREDENTIAL, 11: Category.CREDENTIAL, 12: Category.MODIFY_USER,
        },
    ),
    3002: (
        "Authentication",
        {
            1: Category.LOGON, 2: Category.LOGOFF, 3: Category.TOKEN, 4: Category.TOKEN, 5: Category.TOKEN,
            6: Category.LOGON, 7: Category.TOKEN,
        },
    ),
    3003: ("Authorize Session", {1: Category.TOKEN, 2: Category.TOKEN, 3: Category.TOKEN}),
    3004: (
        "Entity Management",
        {
            1: Category.CREATE, 2: Category.READ, 3: Category.MODIFY, 4: Category.DELETE, 5: Category.MODIFY,
            6: Category.MODIFY, 7: Category.MODIFY, 8: Category.MODIFY, 9: Category.MODIFY, 10: Category.MODIFY,
            11: Category.MODIFY, 12: Category.MODIFY, 13: Category.MODIFY,
        },
    ),
    3005: (
        "User Access Management",
        {1: Category.ROLE_GRANT, 2: Category.ROLE_REVOKE, 3: Category.ROLE_GRANT, 4: Category.ROLE_REVOKE},
    ),
    3006: (
        "Group Management",
        {
            1: Category.ROLE_GRANT, 2: Category.ROLE_REVOKE, 3: Category.ROLE_GRANT, 4: Category.ROLE_REVOKE,
            5: Category.DELETE, 6: Category.CREATE,
        },
    ),
    3007: (
        "User Management",
        {
            1: Category.CREATE_USER, 2: Category.MODIFY_USER, 3: Category.DELETE_USER, 4: Category.MODIFY_USER,
            5: Category.MODIFY_USER, 6: Category.MODIFY_USER, 7: Category.MODIFY_USER, 8: Category.CREDENTIAL,
            9: Category.CREDENTIAL, 10: Category.ROLE_GRANT, 11: Category.ROLE_REVOKE, 12: Category.CREDENTIAL,
            13: Category.CREDENTIAL, 14: Category.ROLE_GRANT, 15: Category.ROLE_REVOKE, 16: Category.ROLE_GRANT,
            17: Category.ROLE_REVOKE,
        },
    ),
    3008: (
        "Role Management",
        {
            1: Category.CREATE, 2: Category.MODIFY, 3: Category.DELETE, 4: Category.ROLE_GRANT,
            5: Category.ROLE_REVOKE, 6: Category.ROLE_GRANT, 7: Category.ROLE_REVOKE, 8: Category.ROLE_GRANT,
            9: Category.ROLE_REVOKE, 10: Category.CREDENTIAL, 11: Category.CREDENTIAL,
        },
    ),
    6001: (
        "Web Resources Activity",
        {
            1: Category.CREATE, 2: Category.READ, 3: Category.MODIFY, 4: Category.DELETE, 5: Category.LIST,
            6: Category.UPLOAD, 7: Category.DOWNLOAD, 8: Category.SHARE,
        },
    ),
    6002: (
        "Application Lifecycle",
        {
            1: Category.CREATE, 2: Category.DELETE, 3: Category.EXECUTE, 4: Category.MODIFY, 5: Category.EXECUTE,
            6: Category.MODIFY, 7: Category.MODIFY, 8: Category.MODIFY,
        },
    ),
    6003: (
        "API Activity",
        {1: Category.CREATE, 2: Category.READ, 3: Category.MODIFY, 4: Category.DELETE},
    ),
    6004: (
        "Web Resource Access Activity",
        {1: Category.READ, 2: Category.READ, 3: Category.READ, 4: Category.READ},
    ),
    6005: (
        "Datastore Activity",
        {
            1: Category.READ, 2: Category.MODIFY, 3: Category.LOGON, 4: Category.READ, 5: Category.UPLOAD,
            6: Category.CREATE, 7: Category.DELETE, 8: Category.LIST, 9: Category.MODIFY, 10: Category.READ,
        },
    ),
    6006: (
        "File Hosting Activity",
        {
            1: Category.UPLOAD, 2: Category.DOWNLOAD, 3: Category.MODIFY, 4: Category.DELETE, 5: Category.MODIFY,
            6: Category.CREATE, 7: Category.MODIFY, 8: Category.CREATE, 9: Category.READ, 10: Category.MODIFY,
            11: Category.MODIFY, 12: Category.SHARE, 13: Category.ROLE_REVOKE, 14: Category.READ,
            15: Category.DOWNLOAD, 16: Category.MODIFY,
        },
    ),
}  # fmt: skip
"""The classes that are read, by `class_uid`: what each is called, and its activities. 0 and 99 say nothing."""

_NAME_FIRST = frozenset((3004, 6003))
"""Classes whose activities only say create, read, update or delete: the operation's name says more."""
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn")
_BY_PRODUCT: dict[str, Callable[[str], Category]] = {
    "okta": lambda name: okta_operations.category_of(name, Outcome.SUCCESS),
    "github": lambda name: github_operations.category_of(name, "", ""),
}
_DENIED = {6004: frozenset((2, 3))}
"""Activities that mean a refusal."""


def category_of(
    class_uid: int, activity_id: int, operation: str, service: str, product: str, parameters: Record
) -> Category:
    """The category of an event.

    Args:
        class_uid: One of `CLASSES`.
        activity_id: `activity_id`; 0 where it is missing.
        operation: The source's name of the operation, "" if there is none.
        service: `api.service.name`.
        product: `metadata.product.name`: Okta's and GitHub's own tables are used for their operations.
        parameters: `api.request.data`, the parameters of an API call.
    """
    by_activity = CLASSES[class_uid][1].get(activity_id, Category.OTHER)
    if by_activity is not Category.OTHER and class_uid not in _NAME_FIRST:
        return by_activity
    by_name = _by_name(operation_key(operation), service, product, parameters) if operation else Category.OTHER
    return by_name if by_name is not Category.OTHER else by_activity


def means_denied(class_uid: int, activity_id: int) -> bool:
    """Whether the activity itself is that something was refused."""
    return activity_id in _DENIED.get(class_uid, ())


def is_amazon(service: str) -> bool:
    """Whether `api.service.name` is a service of AWS."""
    return service.endswith(_AMAZON)


def _by_name(operation: str, service: str, product: str, parameters: Record) -> Category:
    if is_amazon(service):
        return category_of_aws(service, operation, parameters, None)
    words = product.lower().split()
    table = _BY_PRODUCT.get(words[0]) if words else None
    return table(operation) if table else category_of_verb(operation)
