from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from activities.activity import Activity, Category, Device, Location, Object, Outcome, User, UserType
from simulator.simulate import SimulationSummary, simulate
from simulator.truth import Truth

USERS, DAYS, SEED = 60, 14, 3


class RecordUser(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    type: UserType
    email: str = ""


class RecordLocation(msgspec.Struct, forbid_unknown_fields=True):
    country: str
    city: str
    latitude: float
    longitude: float
    asn: int
    isp: str
    tags: tuple[str, ...] = ()


class RecordDevice(msgspec.Struct, forbid_unknown_fields=True):
    user_agent: str
    id: str = ""
    os: str = ""


class RecordObject(msgspec.Struct, forbid_unknown_fields=True):
    type: str
    name: str
    bytes: int | None = None


class Record(msgspec.Struct, forbid_unknown_fields=True):
    """What a line must be, strictly: written apart from the simulator's own classes."""

    id: str
    time: msgspec.Raw
    ingested: msgspec.Raw
    tenant: str
    user: RecordUser
    app: str
    action: str
    category: Category
    outcome: Outcome
    ip: str
    location: RecordLocation
    device: RecordDevice
    session: str = ""
    objects: tuple[RecordObject, ...] = ()
    groups: tuple[str, ...] = ()
    unit: str = ""
    impersonated: RecordUser | None = None
    error: str = ""
    tags: tuple[str, ...] = ()


def _ms(text: msgspec.Raw) -> int:
    # "2026-01-05T09:00:00.123Z", quoted: as RFC 3339 has it, in UTC, with three digits.
    assert len(bytes(text)) == 26
    assert bytes(text)[-2:] == b'Z"'
    moment = msgspec.json.decode(text, type=datetime)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _user(user: RecordUser) -> User:
    return User(user.id, user.name, user.email, user.type)


def activity(line: bytes) -> Activity:
    """The activity that a line stands for; raises if the line has a wrong field, type or value."""
    record = msgspec.json.decode(line, type=Record)
    where, what = record.location, record.device
    return Activity(
        tenant=record.tenant,
        id=record.id,
        time=_ms(record.time),
        ingested=_ms(record.ingested),
        user=_user(record.user),
        action=record.action,
        category=record.category,
        outcome=record.outcome,
        app=record.app,
        impersonated=_user(record.impersonated) if record.impersonated else None,
        ip=record.ip,
        location=Location(where.country, where.city, where.latitude, where.longitude, where.asn, where.isp, where.tags),
        device=Device(what.id, what.os, what.user_agent),
        session=record.session,
        objects=tuple(Object(item.type, item.name, item.bytes) for item in record.objects),
        groups=record.groups,
        unit=record.unit,
        error=record.error,
        source="native",
        tags=record.tags,
    )


@dataclass(frozen=True)
class Written:
    """A simulation as it was written."""

    folder: Path
    summary: SimulationSummary
    lines: list[bytes]
    activities: list[Activity]
    truth: list[Truth]

    @property
    def attacked(self) -> set[str]:
        """Whoever has a part in an attack."""
        return {user for entry in self.truth for user in (entry.user, *entry.users)}

    @property
    def benign(self) -> list[Activity]:
        """The activities of people who are not attacked, in event-time order."""
        attacked = self.attacked
        found = [one for one in self.activities if one.user.type is UserType.PERSON and one.user.id not in attacked]
        return sorted(found, key=lambda one: one.time)


def written(folder: Path, summary: SimulationSummary) -> Written:
    lines = (folder / "activities.jsonl").read_bytes().splitlines(keepends=True)
    truth = (folder / "truth.jsonl").read_bytes().splitlines()
    return Written(
        folder,
        summary,
        lines,
        [activity(line) for line in lines],
        [msgspec.json.decode(line, type=Truth) for line in truth],
    )


@pytest.fixture(scope="session")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A tenant with the attacks that are done within a few accounts."""
    folder = tmp_path_factory.mktemp("simulated")
    few = ["audit_logging_impaired", "first_country", "mass_download", "oauth_app_misuse", "secret_retrieval"]
    return written(folder, simulate(USERS, DAYS, SEED, few, folder))
