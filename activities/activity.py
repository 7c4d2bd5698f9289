"""The activity: one thing a user did, normalised from a vendor's audit record.

Everything behind the parsers sees only this. `docs/activities.md` describes it field by field.
Times are integers, milliseconds since 1970-01-01T00:00:00Z; sizes are bytes; an unknown text is "" and an
unknown number is None, so that nothing downstream has to ask twice.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Category(StrEnum):
    """What kind of thing was done, whatever the vendor calls it."""

    LOGON = "logon"
    FAILED_LOGON = "failed_logon"
    LOGOFF = "logoff"
    TOKEN = "token"
    """A session or temporary credential was issued without a person logging on (AssumeRole, refresh token)."""
    READ = "read"
    """Looked at one thing: an object's content, a setting."""
    LIST = "list"
    """Looked at what there is: enumeration, description, search."""
    DOWNLOAD = "download"
    UPLOAD = "upload"
    CREATE = "create"
    MODIFY = "modify"
    DELETE = "delete"
    SHARE = "share"
    """Opened something to people or accounts that had no access before."""
    SEND = "send"
    CREATE_USER = "create_user"
    MODIFY_USER = "modify_user"
    DELETE_USER = "delete_user"
    CREDENTIAL = "credential"
    """A password, key, factor or secret was made, changed or taken away."""
    SECRET_READ = "secret_read"  # noqa: S105
    """A stored secret, key or password was read."""
    ROLE_GRANT = "role_grant"
    """Rights were given: role, policy, group, delegation, consent."""
    ROLE_REVOKE = "role_revoke"
    MAILBOX_RULE = "mailbox_rule"
    AUDIT_CONFIG = "audit_config"
    """What is logged was changed: more, less, elsewhere, no longer."""
    NETWORK_CONFIG = "network_config"
    COMPUTE_START = "compute_start"
    COMPUTE_STOP = "compute_stop"
    EXECUTE = "execute"
    """Code or a command was run: function, job, remote command."""
    OTHER = "other"


class Outcome(StrEnum):
    """How it ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"
    UNKNOWN = "unknown"


class UserType(StrEnum):
    """Who or what acted."""

    PERSON = "person"
    SERVICE = "service"
    """A cloud service or service account acting on its own."""
    APP = "app"
    """A third-party or own application acting with its own identity."""


class User(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An actor. `id` is the key of all its state: stable, case-folded, never empty."""

    id: str
    name: str = ""
    email: str = ""
    type: UserType = UserType.PERSON


class Location(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where an address is. `country`: ISO 3166-1 alpha-2 in capitals; `tags`: see activities/location_tags.py."""

    country: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    asn: int | None = None
    isp: str = ""
    tags: tuple[str, ...] = ()
    radius: int | None = None
    """How far off the coordinates may be, km."""


class Device(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was used: a device's id or name where the record has one, its system, and the user agent as sent."""

    id: str = ""
    os: str = ""
    user_agent: str = ""
    family: str = ""
    """Program and system without versions, e.g. `Chrome on Windows`, `aws-cli on Linux`: the same after an update."""


class Object(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something acted on: `type` is the vendor's or a plain word (`file`, `user`); `bytes` its size or what moved."""

    type: str = ""
    name: str = ""
    bytes: int | None = None


class Raw(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where the raw record is: partition (the `--input`), file, line (from 1), index in the line's list (from 0)."""

    partition: str = ""
    file: str = ""
    line: int = 0
    index: int = 0


NOWHERE = Location()
NO_DEVICE = Device()
NO_RAW = Raw()


class Activity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing a user did. Immutable; new fields are added at the end, with a default."""

    tenant: str
    id: str
    time: int
    """Event time: when it happened, ms."""
    ingested: int
    """Ingest time: when the log handed it to us, ms. Where the log has none, see docs/time.md."""
    user: User
    action: str
    """The vendor's own name of the operation."""
    category: Category = Category.OTHER
    outcome: Outcome = Outcome.SUCCESS
    app: str = ""
    """The cloud app or service acted on, e.g. `s3.amazonaws.com`, `Exchange`."""
    impersonated: User | None = None
    """On whose behalf `user` acted, if not their own."""
    ip: str = ""
    location: Location = NOWHERE
    device: Device = NO_DEVICE
    session: str = ""
    objects: tuple[Object, ...] = ()
    groups: tuple[str, ...] = ()
    """Groups or roles of the user that the record names."""
    unit: str = ""
    """Organizational unit or department."""
    error: str = ""
    """The vendor's error code, when the outcome isn't success."""
    source: str = ""
    """The format it was read from: `native`, `cloudtrail`, ..."""
    raw: Raw = NO_RAW
    tags: tuple[str, ...] = ()
    """What else the record says, in words that are the same for all vendors: see `activities.tags`."""
