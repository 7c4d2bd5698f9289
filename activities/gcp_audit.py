"""Google Cloud audit logs: log entries with an `AuditLog` as `protoPayload`.

Source: Google Cloud documentation, "Understanding audit logs", `LogEntry`, `AuditLog`, `AuthenticationInfo`.

- `insertId` is unique among the entries of one log at one time only, so an activity's id is made of all three.
- `receiveTimestamp`, when Cloud Logging received the entry, is the ingest time.
- A long operation is logged when it begins and when it ends; both are activities, with ids of their own.
- Where a service account's credentials were used by way of delegation (impersonation), the principal is the service
  account and `serviceAccountDelegationInfo` says who really asked, the first authority first. The first of those who
  is not a service account is the activity's `user`, and the service account in whose name they acted is
  `impersonated`. A chain of service accounts only, as of a virtual machine with an account attached, leaves the
  principal as the user: nobody stands in for anybody there.

Whatever has a wrong type counts as missing; only an entry without a time, a method or a principal is refused. Panther's
data lake writes outer field names in lower case and `callerIp` as `callerIP`: both are read.
"""

from __future__ import annotations

import re

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
from activities.format import Format, Record
from activities.gcp_operations import category_of
from activities.gcp_tags import granted, tags_of
from activities.record import Unreadable, address, identifier, text
from activities.values import (
    Objects,
    add,
    derived_id,
    is_email,
    is_google_service,
    items,
    known,
    mapping,
    moment,
    moment_or_zero,
    objects_in,
    refuse,
    required,
    string,
    tenant_or,
    user_of,
)

_FIELDS = ("protoPayload", "insertId", "logName", "receiveTimestamp")
_CASES = {field.lower(): field for field in _FIELDS}
_CONTAINER = re.compile(r"((?:projects|organizations|folders|billingAccounts)/[^/]+)/", re.ASCII)
_AUDIT_LOG = "google.cloud.audit.AuditLog"
_INSIDE = Location(tags=("google-internal",))
_INSIDE_GOOGLE = frozenset(("private", "gce-internal-ip"))
"""What stands for an address: the network between Google's services, and a machine of another organisation."""
_SUBJECT_KINDS = {
    "serviceaccount:": UserType.SERVICE,
    "user:": UserType.PERSON,
    "group:": UserType.PERSON,
    "deleted:": UserType.PERSON,
}
_WORKLOADS = "/workloadidentitypools/"
_KUBERNETES = "system:"

_CODES = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""Names of `google.rpc.Code` by number."""
_DENIED = frozenset(("PERMISSION_DENIED", "UNAUTHENTICATED"))


def is_gcp_audit(record: Record) -> bool:
    """Whether an object looks like an entry of Cloud Logging, audit or other."""
    if isinstance(record.get("protoPayload", record.get("protopayload")), dict):
        return True
    return "logName" in record and "insertId" in record


def normalise(record: Record, default_tenant: str, raw: Raw) -> Activity:
    """The activity of one log entry.

    Args:
        record: The decoded entry.
        default_tenant: The tenant where the entry names no project or organization.
        raw: Where the record is.

    Raises:
        Unreadable: It is no audit log entry, or has no time, method or principal.
    """
    if "protoPayload" not in record or "insertId" not in record or "logName" not in record:
        record = {_CASES.get(field.lower(), field): value for field, value in record.items()}
    payload = _payload(record)
    action = required(payload, "methodName", "$.protoPayload.methodName")
    time = moment(record.get("timestamp"), "$.timestamp")
    authentication = mapping(payload.get("authenticationInfo"))
    principal = _principal(authentication)
    behind = _behind(authentication, principal)
    outcome, error = _outcome(payload)
    category = settled(category_of(action, payload), outcome)
    request = mapping(payload.get("requestMetadata"))
    sender = known(request.get("callerIp")) or known(request.get("callerIP"))
    agent = text(known(request.get("callerSuppliedUserAgent")))
    return Activity(
        tenant=_tenant(record, default_tenant),
        id=_id(record),
        time=time,
        ingested=moment_or_zero(record.get("receiveTimestamp")),
        user=behind or principal,
        action=text(action),
        category=category,
        outcome=outcome,
        app=text(known(payload.get("serviceName"))),
        impersonated=principal if behind else None,
        ip=address(sender),
        location=_INSIDE if sender.lower() in _INSIDE_GOOGLE else NOWHERE,
        device=Device(user_agent=agent) if agent else NO_DEVICE,
        session=text(known(authentication.get("serviceAccountKeyName"))),
        objects=_objects(record, payload, category),
        error=text(error),
        source="gcp_audit",
        raw=raw,
        tags=tags_of(action, category, payload, (behind or principal).email),
    )


def _payload(record: Record) -> Record:
    payload = record.get("protoPayload")
    kind = string(mapping(payload).get("@type"))
    if not isinstance(payload, dict) or (kind and not kind.endswith(_AUDIT_LOG)):
        msg = "skipped: a log entry without an `AuditLog` at `$.protoPayload` isn't an activity"
        raise Unreadable(msg)
    return payload


def _id(record: Record) -> str:
    """Entry, time and log together; the time as it is written, which is to the nanosecond."""
    entry = known(record.get("insertId"))
    if not entry:
        return derived_id(record)
    return identifier(f"{entry}@{record.get('timestamp')}@{string(record.get('logName'))}")


def _tenant(record: Record, default: str) -> str:
    """The project, organization, folder or billing account whose log it is, e.g. `projects/acme`."""
    found = _CONTAINER.match(string(record.get("logName")))
    project = known(mapping(mapping(record.get("resource")).get("labels")).get("project_id"))
    return tenant_or(default, found[1] if found else "", project and f"projects/{project}")


def _principal(authentication: Record) -> User:
    """Who is authenticated: by e-mail address, else by subject without what kind of subject it is."""
    email, subject = known(authentication.get("principalEmail")), known(authentication.get("principalSubject"))
    if not email and not subject:
        names = "principalEmail or principalSubject"
        refuse(names, "$.protoPayload.authenticationInfo", authentication or "")
    return _user(email, subject)


def _user(email: str, subject: str) -> User:
    kind = UserType.PERSON
    key = email or subject
    for prefix, said in _SUBJECT_KINDS.items():
        if subject.lower().startswith(prefix):
            kind = said
            key = email or subject[len(prefix) :] or subject
    if is_google_service(key) or key.lower().startswith(_KUBERNETES):
        kind = UserType.SERVICE
    elif _WORKLOADS in subject.lower():
        kind = UserType.APP
    return user_of(key, key, key if is_email(key) else "", kind)


def _behind(authentication: Record, principal: User) -> User | None:
    """The first in the chain of delegation who isn't a service account; None if there is nobody but the principal."""
    for step in map(mapping, items(authentication.get("serviceAccountDelegationInfo"))):
        email = known(mapping(step.get("firstPartyPrincipal")).get("principalEmail"))
        subject = known(step.get("principalSubject"))
        if email or subject:
            user = _user(email, subject)
            if user.type is UserType.PERSON and user.id != principal.id:
                return user
    return None


def _outcome(payload: Record) -> tuple[Outcome, str]:
    """By `google.rpc.Status`, which is empty or missing where all went well."""
    status = mapping(payload.get("status"))
    code = status.get("code")
    if isinstance(code, bool) or not isinstance(code, int) or code == 0:
        return Outcome.SUCCESS, ""
    name = _CODES[code] if 0 < code < len(_CODES) else known(status.get("message")) or "UNKNOWN"
    return (Outcome.DENIED if name in _DENIED else Outcome.FAILURE), name


def _objects(record: Record, payload: Record, category: Category) -> tuple[Object, ...]:
    """The resource, what a policy's change names, a machine's kind and place, what else access was checked for."""
    found: Objects = {}
    add(found, known(mapping(record.get("resource")).get("type")) or "resource", payload.get("resourceName"))
    for change in map(
        mapping, items(mapping(mapping(payload.get("serviceData")).get("policyDelta")).get("bindingDeltas"))
    ):
        add(found, "role", change.get("role"))
        add(found, "member", change.get("member"))
    if len(found) <= 1:
        for role, member in granted(payload):
            add(found, "role", role)
            add(found, "member", member)
    if category is Category.COMPUTE_START:
        labels = mapping(mapping(record.get("resource")).get("labels"))
        machine = known(mapping(payload.get("request")).get("machineType")).rpartition("/")[2]
        add(found, "instance_type", machine)
        add(found, "region", known(labels.get("zone")) or known(labels.get("location")))
    named = {name for _, name in found}
    for check in map(mapping, items(payload.get("authorizationInfo"))):
        attributes = mapping(check.get("resourceAttributes"))
        name = known(check.get("resource")) or known(attributes.get("name"))
        if name not in named:
            add(found, known(attributes.get("type")) or "resource", name)
    return objects_in(found)


FORMAT = Format(
    "gcp_audit",
    "Google Cloud audit logs",
    'Google Cloud documentation, "Understanding audit logs", AuditLog',
    "protoPayload; logName and insertId",
    'Cloud Logging ({"entries": [...]}), sinks to storage and Pub/Sub, data lakes',
    is_gcp_audit,
    normalise,
)
