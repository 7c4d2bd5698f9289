"""GitHub audit log events, as the REST API, the export and the streams of an enterprise or organization write them.

Source: GitHub documentation, "Audit log events for your enterprise", "Using the audit log API for your enterprise".
GitHub gives no ingest time: `created_at` is when the event was recorded, which is when it happened. Whatever has a
wrong type counts as missing; only an event without an action, a time or an actor is refused. `_document_id` is missing
in older exports: the id is then derived from the record itself.
"""

from __future__ import annotations

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
from activities.github_operations import category_of
from activities.github_tags import tags_of
from activities.record import address, identifier, text
from activities.values import (
    Objects,
    add,
    derived_id,
    is_email,
    known,
    mapping,
    moment,
    objects_in,
    refuse,
    required,
    string,
    tenant_or,
    user_of,
    word,
)

_SIGNS = ("@timestamp", "_document_id", "at_sign_timestamp")
_PLACES = ("org", "repo", "business", "created_at", "actor_id")
_TIMES = ("@timestamp", "at_sign_timestamp", "created_at")
"""`at_sign_timestamp` is what Panther's data lake calls the first. The last can be of the thing acted on."""
_OBJECTS = {
    "repo": "repository",
    "repository": "repository",
    "team": "team",
    "user": "user",
    "blocked_user": "user",
    "invitee": "user",
    "email": "email",
    "branch": "branch",
    "ruleset_name": "ruleset",
    "environment_name": "environment",
    "integration": "app",
    "oauth_application": "app",
    "oauth_application_name": "app",
    "oauth_application_id": "app_id",
    "hook_id": "hook",
    "deploy_key_fingerprint": "key",
    "fingerprint": "key",
    "title": "title",
    "key": "name",
    "name": "name",
    "workflow_id": "workflow",
    "permission": "permission",
    "role": "role",
    "visibility": "visibility",
}
"""The fields that name what was acted on, the main ones first, and what each names."""
_BOT = "[bot]"
_SERVER_TO_SERVER = "server-to-server"


def is_github(record: Record) -> bool:
    """Whether an object looks like an event of GitHub's audit log."""
    if not isinstance(record.get("action"), str) or not isinstance(record.get("actor", ""), str):
        return False
    return any(sign in record for sign in _SIGNS) or ("actor" in record and any(place in record for place in _PLACES))


def normalise(record: Record, default_tenant: str, raw: Raw) -> Activity:
    """The activity of one event.

    Args:
        record: The decoded event.
        default_tenant: The tenant where the event names neither an enterprise nor an organization.
        raw: Where the record is.

    Raises:
        Unreadable: It has no action, time or actor.
    """
    action = required(record, "action", "$.action")
    time = _time(record)
    user = _actor(record)
    category = category_of(action, known(record.get("operation_type")), known(record.get("visibility")).lower())
    outcome = Outcome.FAILURE if category is Category.FAILED_LOGON else Outcome.SUCCESS
    return Activity(
        tenant=tenant_or(default_tenant, record.get("business"), record.get("org")),
        id=identifier(known(record.get("_document_id")) or derived_id(record)),
        time=time,
        ingested=0,
        user=user,
        action=text(action),
        category=settled(category, outcome),
        outcome=outcome,
        app="GitHub",
        ip=address(known(record.get("actor_ip"))),
        location=_location(record),
        device=_device(record),
        session=text(known(record.get("hashed_token")) or word(record.get("actor_session"))),
        objects=_objects(record, user),
        source="github",
        raw=raw,
        tags=tags_of(record, action, category),
    )


def _time(record: Record) -> int:
    """When it happened, by the first of the fields that say so which is there."""
    for field in _TIMES:
        if record.get(field) is not None:
            return moment(record[field], f"$.{field}")
    refuse("a time", "$.@timestamp", record.get("@timestamp", ""))
    return 0


def _actor(record: Record) -> User:
    """The actor by login, which all events of a person have; the identity provider's name of them is the e-mail."""
    login = known(record.get("actor"))
    if not login:
        refuse("an actor's login", "$.actor", record.get("actor", ""))
    name_id = known(record.get("external_identity_nameid"))
    flagged = string(record.get("actor_is_bot")).lower() == "true" or record.get("actor_is_bot") is True
    by_app = _SERVER_TO_SERVER in string(record.get("programmatic_access_type")).lower()
    kind = UserType.APP if flagged or by_app or login.lower().endswith(_BOT) else UserType.PERSON
    return user_of(login, login, name_id if is_email(name_id) else "", kind)


def _location(record: Record) -> Location:
    place = mapping(record.get("actor_location"))
    country = country_code(known(place.get("country_code"))) or country_code(known(place.get("country_name")))
    city = text(known(place.get("city")))
    return Location(country=country, city=city) if country or city else NOWHERE


def _device(record: Record) -> Device:
    agent = text(known(record.get("user_agent")))
    return Device(user_agent=agent) if agent else NO_DEVICE


def _objects(record: Record, user: User) -> tuple[Object, ...]:
    """What the fields name; the enterprise or organization where they name nothing."""
    found: Objects = {}
    for field, kind in _OBJECTS.items():
        if field in record:
            name = word(record[field])
            if kind != "user" or name.casefold() != user.id:
                add(found, kind, name)
    if string(record.get("action")) == "org.remove_member":
        add(found, "enterprise", record.get("business"))
    if not found:
        add(found, "organization", record.get("org"))
        add(found, "enterprise", record.get("business"))
    return objects_in(found)


FORMAT = Format(
    "github",
    "GitHub audit log",
    'GitHub documentation, "Audit log events for your enterprise"',
    "action and actor with @timestamp, _document_id, org or repo",
    "REST API, exports, streams of an enterprise or organization",
    is_github,
    normalise,
)
