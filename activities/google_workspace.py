"""Google Workspace activities: the items of the Reports API's `activities.list`.

Source: Google, "Reports API", the resource `Activity`, and "Activity report event names".

An item is what one user did at one moment in one application, and may have several events, as when a document that is
opened to the public is also changed for each of those who may see it. One item is one activity: the event that tells
most (`google_workspace_operations.RANK`; the first of equals) gives the action, the category and the outcome, and the
others are objects of type `event`, before what they were all done to. So nothing is counted twice and the id stays
the item's.

Google gives no ingest time. Whatever has a wrong type counts as missing; only an item without a time, an event or an
actor is refused. Panther's data lake moves the events out of their list, one a record, with the parameters as an
object: that form is read, too. As its records share the item's id, a hash of the event is added to it; an item without
a `uniqueQualifier` has an id derived from all of it.
"""

from __future__ import annotations

from typing import NamedTuple

from activities.activity import (
    NO_DEVICE,
    NOWHERE,
    Activity,
    Category,
    Device,
    Location,
    Object,
    Outcome,
    Raw,
    User,
    UserType,
)
from activities.category import settled
from activities.country import country_code
from activities.format import Format, Record
from activities.google_workspace_operations import RANK, category_of, outcome_of
from activities.google_workspace_tags import tags_of
from activities.record import address, identifier, text
from activities.values import (
    Objects,
    add,
    asn,
    derived_id,
    is_google_service,
    items,
    known,
    mapping,
    moment,
    objects_in,
    refuse,
    tenant_or,
    user_of,
    word,
)

_KIND = "admin#reports#activity"
_PLACEHOLDER = "105250506097979753968"
"""The profile id of everybody who isn't a user of Google Workspace."""
_CONTENT_OPENED = "SECURITY_INVESTIGATION_CONTENT_ACCESS"
_MOST_EVENTS = 256
_VALUES = ("value", "intValue", "boolValue", "multiValue", "multiIntValue", "multiBoolValue", "messageValue")

_OBJECTS = {
    "target_user": "user",
    "target": "user",
    "target_domain": "domain",
    "new_owner": "user",
    "USER_EMAIL": "user",
    "user_email": "user",
    "member_email": "user",
    "grantee_email": "user",
    "GROUP_EMAIL": "group",
    "group_email": "group",
    "group_id": "group",
    "ROLE_NAME": "role",
    "PRIVILEGE_NAME": "privilege",
    "APPLICATION_NAME": "application",
    "application_name": "application",
    "app_name": "application",
    "API_CLIENT_NAME": "application",
    "client_id": "app_id",
    "scope": "permission",
    "API_SCOPES": "permission",
    "SETTING_NAME": "setting",
    "DOMAIN_NAME": "domain",
    "ORG_UNIT_NAME": "org_unit",
    "DEVICE_ID": "device",
    "calendar_id": "calendar",
    "event_title": "event_title",
    "email_forwarding_destination_address": "forwarding_address",
    "shared_drive_id": "shared_drive",
    "room_name": "room",
    "meeting_code": "meeting",
    "visibility": "visibility",
}
"""The parameters that name what was acted on, and what each names. Documents are named by title, else by id."""


class _Event(NamedTuple):
    name: str
    parameters: dict[str, object]
    category: Category
    outcome: Outcome


def is_google_workspace(record: Record) -> bool:
    """Whether an object looks like an item of an activity report."""
    if record.get("kind") == _KIND:
        return True
    item_id = record.get("id")
    return isinstance(item_id, dict) and "applicationName" in item_id


def normalise(record: Record, default_tenant: str, raw: Raw) -> Activity:
    """The activity of one item.

    Args:
        record: The decoded item.
        default_tenant: The tenant where the item names no customer.
        raw: Where the record is.

    Raises:
        Unreadable: It has no time, event or actor.
    """
    item_id = mapping(record.get("id"))
    application = known(item_id.get("applicationName"))
    time = moment(item_id.get("time"), "$.id.time")
    events = _events(record, application)
    if not events:
        path = "$.events" if "events" in record else "$.name"
        refuse("an event with a name", path, record.get(path[2:], ""))
    main = min(events, key=lambda event: RANK[event.category])
    user = _actor(record, main)
    return Activity(
        tenant=tenant_or(default_tenant, item_id.get("customerId")),
        id=_id(record, item_id, application, time),
        time=time,
        ingested=0,
        user=user,
        action=text(main.name),
        category=settled(main.category, main.outcome),
        outcome=main.outcome,
        app=text(application),
        ip=address(known(record.get("ipAddress"))),
        location=_location(record),
        device=_device(main),
        objects=_objects(events, main),
        error=text(_error(main)) if main.outcome is not Outcome.SUCCESS else "",
        source="google_workspace",
        raw=raw,
        tags=_tags(events, application, user.email),
        impersonated=_looked_into(main, user),
    )


def _looked_into(event: _Event, user: User) -> User | None:
    """Whose messages an administrator opens in the security investigation tool."""
    whose = known(event.parameters.get("USER_EMAIL")) if event.name == _CONTENT_OPENED else ""
    return user_of(whose, whose, whose) if whose and whose.casefold() != user.email.casefold() else None


def _events(record: Record, application: str) -> list[_Event]:
    """The events that have a name: those of the list, else the one that Panther moved out of it."""
    listed = record.get("events")
    found = []
    for event in map(mapping, listed[:_MOST_EVENTS] if isinstance(listed, list) else [record]):
        name = known(event.get("name"))
        if name:
            parameters = _parameters(event.get("parameters"))
            found.append(
                _Event(name, parameters, category_of(application, name, parameters), outcome_of(name, parameters))
            )
    return found


def _tags(events: list[_Event], application: str, actor: str) -> tuple[str, ...]:
    """The tags of all events of the item."""
    found: dict[str, None] = {}
    for event in events:
        found.update(
            dict.fromkeys(tags_of(application, event.name, event.parameters, event.category, event.outcome, actor))
        )
    return tuple(found)


def _parameters(parameters: object) -> dict[str, object]:
    """Parameters by name: `[{"name": "doc_id", "value": "1"}]` of Google, `{"doc_id": "1"}` of Panther."""
    if isinstance(parameters, dict):
        return parameters
    found: dict[str, object] = {}
    for parameter in map(mapping, parameters[:_MOST_EVENTS] if isinstance(parameters, list) else ()):
        name = known(parameter.get("name"))
        for field in _VALUES:
            if name and field in parameter:
                found[name] = parameter[field]
    return found


def _id(record: Record, item_id: Record, application: str, time: int) -> str:
    """An item is known by application, time and qualifier together."""
    qualifier = word(item_id.get("uniqueQualifier"))
    if not qualifier:
        return derived_id(record)
    key = f"{application}:{time}:{qualifier}"
    if not isinstance(record.get("events"), list):
        key += ":" + derived_id({field: record.get(field) for field in ("type", "name", "parameters")})
    return identifier(key)


def _actor(record: Record, main: _Event) -> User:
    """The actor by e-mail address, else profile id, else key; of an account warning, the account."""
    actor = mapping(record.get("actor"))
    email = known(actor.get("email")) or known(main.parameters.get("affected_email_address"))
    if email:
        return user_of(email, email, email, UserType.SERVICE if is_google_service(email) else UserType.PERSON)
    profile = word(actor.get("profileId"))
    if profile and profile != _PLACEHOLDER:
        return user_of(profile)
    application = mapping(actor.get("applicationInfo"))
    client = known(actor.get("key")) or known(application.get("oauthClientId"))
    if not client:
        refuse("an actor's email, profileId or key", "$.actor", record.get("actor", ""))
    return user_of(client, known(application.get("applicationName")), kind=UserType.APP)


def _location(record: Record) -> Location:
    """Where Google says the address is; newer reports do."""
    network = mapping(record.get("networkInfo"))
    numbers = items(network.get("ipAsn"))
    location = Location(
        country=country_code(known(network.get("regionCode"))),
        asn=asn(numbers[0]) if numbers else None,
    )
    return NOWHERE if location == NOWHERE else location


def _device(main: _Event) -> Device:
    parameters = main.parameters
    device = Device(
        id=text(known(parameters.get("DEVICE_ID")) or known(parameters.get("device_id"))),
        os=text(known(parameters.get("OS_VERSION"))),
        user_agent=text(known(parameters.get("user_agent")) or known(parameters.get("USER_AGENT"))),
    )
    return NO_DEVICE if device == NO_DEVICE else device


def _objects(events: list[_Event], main: _Event) -> tuple[Object, ...]:
    """The other events, then what they all were done to, that of the main one first."""
    found: Objects = {}
    for event in events:
        if event is not main:
            add(found, "event", event.name)
    for event in (main, *(other for other in events if other is not main)):
        document = known(event.parameters.get("doc_title")) or known(event.parameters.get("doc_id"))
        add(found, known(event.parameters.get("doc_type")) or "document", document)
        for parameter, kind in _OBJECTS.items():
            for name in items(event.parameters.get(parameter)):
                add(found, kind, name)
    return objects_in(found)


def _error(main: _Event) -> str:
    return known(main.parameters.get("login_failure_type")) or main.name


FORMAT = Format(
    "google_workspace",
    "Google Workspace",
    'Google, "Reports API", Activity',
    "kind admin#reports#activity; id.applicationName",
    'Reports API ({"items": [...]}), data lakes with an event a record',
    is_google_workspace,
    normalise,
)
