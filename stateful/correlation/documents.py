"""What correlation keeps, by entity, and how it is stored. A change of a shape: see docs/state.md."""

from __future__ import annotations

from typing import Any

import msgspec

from activities.activity import User
from recovery.codec import Codec
from stateful.correlation.keys import SCOPE, SPRAY, TENANT, THREAD, VALUE
from stateful.finding import Alert, Evidence, FindingRevision, Insight, Severity
from stateful.key_group import ASLEEP, WAKE, Memory, Storage
from stateful.models import DAY

THREAD_VERSION = 2
VALUE_VERSION = 1
SPRAY_VERSION = 1
TENANT_VERSION = 1

KEEP = 30 * DAY
"""ms of event time for which a sent alert is remembered, so that a verdict finds it."""


class Hidden(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """That a finding went to the lane."""

    rule: str
    revision: int


class Counted(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """How an alert stands in the tenant's budget."""

    hour: int
    score: int
    critical: bool


class Thread(msgspec.Struct, array_like=True, gc=False):
    """What is said of one user lately. The first two fields are those of version 1, of one user's one detection."""

    findings: dict[str, FindingRevision] = {}
    """uid -> latest revision."""
    alerts: dict[str, Alert] = {}
    """uid -> last revision sent, closed ones too as long as they could come again."""
    insights: dict[str, Insight] = {}
    """uid -> of days that are not over."""
    hidden: dict[str, Hidden] = {}
    """Finding -> what the lane was told."""
    counted: dict[str, Counted] = {}
    """Alert -> how it is counted in the tenant's budget, sent or not."""
    past: dict[str, Alert] = {}
    """Alerts that can change no more but for a verdict, as last sent."""
    wake: int = ASLEEP
    """Event time, ms, at which sealing changes something."""


class Shown(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """That a user showed a value for the first time. `user` and `peers` are hashes."""

    time: int
    user: int
    peers: int


class Rest(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A finding that rests on a value."""

    start: int
    end: int
    user: User
    detection: str
    severity: Severity
    risk: int
    evidence: Evidence
    final: bool = False
    raised: int = 0
    peers: str = ""


class Value(msgspec.Struct, array_like=True, gc=False):
    """Who shows a value of a feature: sealed, how many and the earliest; open, whose findings rest on it."""

    earliest: list[Shown] = []
    """Sorted, bounded."""
    before: int = 0
    """Users whose first was on days that are not in `days` any more."""
    days: dict[int, int] = {}
    """Day since 1970 -> users whose first it was."""
    rests: dict[str, Rest] = {}
    """Finding -> what it says."""
    alerts: dict[str, Alert] = {}
    """Campaigns, as last sent."""
    past: dict[str, Alert] = {}
    wake: int = ASLEEP
    counted: dict[str, Counted] = {}
    hidden: dict[str, Hidden] = {}
    """Campaign -> what the lane was told."""


class Attempt(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A failed logon, or one that succeeded, of a user from a network that isn't the user's."""

    time: int
    user: str
    activity: str
    address: str
    final: bool = False
    asn: str = ""
    program: str = ""


class Spray(msgspec.Struct, array_like=True, gc=False):
    """Logons from one network by users whose network it is not."""

    failed: dict[str, Attempt] = {}
    """Insight and user -> attempt; bounded."""
    entered: dict[str, Attempt] = {}
    peaks: dict[int, int] = {}
    """Day that is over -> most users that failed within an hour."""
    alerts: dict[str, Alert] = {}
    breached: dict[str, FindingRevision] = {}
    """uid -> what was put into users' threads."""
    past: dict[str, Alert] = {}
    wake: int = ASLEEP
    counted: dict[str, Counted] = {}
    hidden: dict[str, Hidden] = {}
    """Spray -> what the lane was told."""
    crowds: list[int] = []
    """Days on which several users logged on from there to whom it was new; of an address."""


class Given(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A verdict on an alert."""

    time: int
    word: str
    detections: tuple[str, ...]


class Kin(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A campaign, as others are compared with it."""

    start: int
    feature: str
    value: str
    users: tuple[int, ...]


class Spot(msgspec.Struct, array_like=True, frozen=True, order=True, gc=False):
    """A wave of failed logons, as others are compared with it."""

    told: int
    start: int
    kind: str
    network: str
    over: bool = False
    """Its network has let go of it."""


class Budget(msgspec.Struct, array_like=True, gc=False):
    """Alerts of a tenant that there could be, by the hour of event time (since 1970) in which they begin."""

    scores: dict[int, dict[int, int]] = {}
    """Hour -> score (see budget.py) -> alerts."""
    criticals: dict[int, int] = {}
    thresholds: dict[int, int] = {}
    """Hour -> the least score that was an alert, as far as it was asked for."""


class Tenant(msgspec.Struct, array_like=True, gc=False):
    """What is known of a tenant as a whole."""

    since: int = -1
    """Event time, ms, of the first activity of its first user; -1 before any is sealed."""
    before: int = 0
    """Users that came on days that are not in `days` any more."""
    days: dict[int, int] = {}
    """Day since 1970 -> users whose first it was."""
    verdicts: dict[str, Given] = {}
    """Alert -> latest verdict; bounded."""
    budget: Budget = msgspec.field(default_factory=Budget)
    campaigns: dict[str, Kin] = {}
    """Those that are not over."""
    wake: int = ASLEEP
    sprays: dict[str, Spot] = {}
    """Waves that are not over."""
    placed: dict[str, bytes] = {}
    """Alert on many users -> key of the document that it is in, as long as it is remembered: a verdict looks there."""


Body = Thread | Value | Spray | Tenant


class ThreadDocument(msgspec.Struct, array_like=True, gc=False):
    """How a thread is stored."""

    wake: int
    thread: Thread


class ValueDocument(msgspec.Struct, array_like=True, gc=False):
    """How a value is stored."""

    wake: int
    value: Value


class SprayDocument(msgspec.Struct, array_like=True, gc=False):
    """How a network is stored."""

    wake: int
    spray: Spray


class TenantDocument(msgspec.Struct, array_like=True, gc=False):
    """How a tenant is stored."""

    wake: int
    tenant: Tenant


def _thread_of_one_user(document: Any) -> Any:  # noqa: ANN401
    """Version 1 was of a user's one detection: as a part of a user's thread it is the same."""
    return document


def thread_codec() -> Codec[ThreadDocument]:
    """Encoding of threads, with all migrations."""
    return Codec(ThreadDocument, THREAD_VERSION, {1: _thread_of_one_user})


def value_codec() -> Codec[ValueDocument]:
    """Encoding of values."""
    return Codec(ValueDocument, VALUE_VERSION)


def spray_codec() -> Codec[SprayDocument]:
    """Encoding of networks."""
    return Codec(SprayDocument, SPRAY_VERSION)


def tenant_codec() -> Codec[TenantDocument]:
    """Encoding of tenants."""
    return Codec(TenantDocument, TENANT_VERSION)


class _Kind:
    def __init__(self, codec: Codec[Any], document: type[Any], body: type[Body], field: str) -> None:
        self.codec, self._document, self.body, self._field = codec, document, body, field

    def load(self, data: bytes | None) -> Any:  # noqa: ANN401
        return self.body() if data is None else getattr(self.codec.decode(data), self._field)

    def dump(self, body: Body) -> bytes | None:
        fresh = all(not getattr(body, name) for name in body.__struct_fields__ if name not in ("wake", "budget"))
        return None if fresh else self.codec.encode(self._document(body.wake, body))


def storage(memory: Memory) -> Storage[Body]:
    """Storage of all of correlation's documents."""
    kinds = {
        THREAD: _Kind(thread_codec(), ThreadDocument, Thread, "thread"),
        VALUE: _Kind(value_codec(), ValueDocument, Value, "value"),
        SPRAY: _Kind(spray_codec(), SprayDocument, Spray, "spray"),
        TENANT: _Kind(tenant_codec(), TenantDocument, Tenant, "tenant"),
    }
    by_body = {kind.body: kind for kind in kinds.values()}
    threads = kinds[THREAD]

    def load_of(key: bytes, data: bytes | None) -> Body:
        loaded: Body = kinds.get(key[:1], threads).load(data)
        return loaded

    return Storage(
        load=threads.load,
        dump=lambda body: by_body[type(body)].dump(body),
        wake=lambda body: body.wake,
        peek=lambda data: threads.codec.head(data, WAKE).wake,
        memory=memory,
        scope=lambda key: SCOPE if key[:1] != b"\0" else key[:4],
        load_of=load_of,
    )
