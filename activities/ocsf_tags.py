"""Tags of OCSF events, and for operations of AWS, Okta and GitHub those that their own logs have.

Source: schema.ocsf.io, the classes of Identity & Access Management, the attributes `is_mfa` and `risk_level_id`.
"""

from __future__ import annotations

from activities import cloudtrail_tags, github_tags, okta_tags
from activities.activity import Category, Outcome
from activities.cloudtrail_operations import plain_name
from activities.format import Record
from activities.ocsf_operations import is_amazon
from activities.privileged import is_privileged
from activities.tags import Tag
from activities.values import items, known, mapping

_OF_ACTIVITY: dict[tuple[int, int], tuple[Tag, ...]] = {
    (3001, 3): (Tag.PASSWORD_SET,),
    (3001, 4): (Tag.PASSWORD_SET,),
    (3001, 9): (Tag.LOCKED_OUT,),
    (3001, 10): (Tag.FACTOR_ADDED,),
    (3001, 11): (Tag.FACTOR_REMOVED,),
    (3007, 6): (Tag.LOCKED_OUT,),
    (3007, 8): (Tag.PASSWORD_SET,),
    (3007, 9): (Tag.PASSWORD_SET,),
    (3007, 12): (Tag.FACTOR_ADDED,),
    (3007, 13): (Tag.FACTOR_REMOVED,),
    (3008, 10): (Tag.KEY_ADDED,),
}
_RISKS = {2: (Tag.RISK_MEDIUM,), 3: (Tag.RISK_HIGH,), 4: (Tag.RISK_HIGH,)}


def tags_of(
    record: Record, class_uid: int, activity_id: int, operation: str, category: Category, outcome: Outcome
) -> tuple[Tag, ...]:
    """The tags of an event.

    Args:
        record: The decoded event.
        class_uid: Its class.
        activity_id: Its activity; 0 where it is missing.
        operation: The source's name of the operation, "" if there is none.
        category: What kind of thing it is.
        outcome: How it ended.
    """
    tags = [*_OF_ACTIVITY.get((class_uid, activity_id), ()), *_of_source(record, operation, category, outcome)]
    mfa = record.get("is_mfa")
    factors = items(record.get("auth_factors"))
    if category in (Category.LOGON, Category.TOKEN) and outcome is Outcome.SUCCESS:
        if mfa is True or len(factors) > 1:
            tags.append(Tag.MFA)
        elif mfa is False and category is Category.LOGON:
            tags.append(Tag.SINGLE_FACTOR)
    elif mfa is True and category is Category.FAILED_LOGON:
        tags.append(Tag.MFA_FAILED)
    if category is Category.ROLE_GRANT and any(map(is_privileged, _rights(record))):
        tags.append(Tag.PRIVILEGED)
    risk = record.get("risk_level_id")
    if isinstance(risk, int):
        tags += _RISKS.get(risk, ())
    device = mapping(record.get("device"))
    if device.get("is_managed") is True or device.get("is_compliant") is True:
        tags.append(Tag.MANAGED_DEVICE)
    return tuple(dict.fromkeys(tags))


def _rights(record: Record) -> list[str]:
    """Names and ids of the roles, policies and privileges that the event is about."""
    found = [known(privilege) for privilege in items(record.get("privileges"))]
    for field in ("iam_roles", "policies", "policy", "iam_role"):
        for entry in map(mapping, items(record.get(field))):
            found += [known(entry.get("name")), known(entry.get("uid"))]
    return found


def _of_source(record: Record, operation: str, category: Category, outcome: Outcome) -> tuple[Tag, ...]:
    """What the tables of the log that the event came from say of the operation."""
    api = mapping(record.get("api"))
    service = known(mapping(api.get("service")).get("name"))
    product = known(mapping(mapping(record.get("metadata")).get("product")).get("name")).lower()
    if is_amazon(service):
        account = mapping(mapping(record.get("cloud")).get("account")).get("uid")
        event: Record = {
            "eventName": operation,
            "eventSource": service,
            "requestParameters": mapping(api.get("request")).get("data"),
            "recipientAccountId": account,
        }
        return cloudtrail_tags.tags_of(event, plain_name(operation), category, outcome)
    if product.startswith("okta"):
        return okta_tags.tags_of({}, operation, outcome)
    return github_tags.tags_of({}, operation, category) if product.startswith("github") else ()
