"""A scenario's timeline as records: moments, repetitions, shortcuts, then the fields that the entry sets itself."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from activities.activity import Category
from scenarios import baseline, devices, phrases, places, steps
from scenarios.baseline import Planned
from scenarios.document import Document
from scenarios.people import Account, accounts
from scenarios.phrases import UnclearError
from scenarios.schema import DeviceSpec, Entry
from scenarios.steps import Step


@dataclass(frozen=True)
class Cast:
    """Who there is, by the names that a timeline may use."""

    everybody: tuple[Account, ...]
    names: Mapping[str, tuple[Account, ...]]

    def find(self, name: str) -> tuple[Account, ...]:
        """One user, or all of a kind.

        Raises:
            UnclearError: nobody has that name.
        """
        found = self.names.get(name.strip().lower())
        if found is None:
            msg = f"expected one of who ({', '.join(self.names)}), found {name!r}; add them there, as new if need be"
            raise UnclearError(msg)
        return found


@dataclass(frozen=True)
class Script:
    """A timeline's records in the order written, and which entry made which."""

    planned: tuple[Planned, ...]
    ids: Mapping[str, tuple[str, ...]]
    """Name of an entry (`as`) -> ids of its activities."""
    paths: Mapping[str, int]
    """Id of an activity -> index of its entry."""


def cast(document: Document) -> Cast:
    """Read `who`.

    Raises:
        ScenarioError: something in it is wrong.
    """
    names: dict[str, tuple[Account, ...]] = {}
    everybody: list[Account] = []
    for key in document.scenario.who:
        try:
            found = accounts(key, document.who(key))
        except UnclearError as error:
            document.fail(("who", key), error)
        everybody += found
        for account in found:
            if account.key.lower() in names:
                document.fail(("who", key), f"expected each user once, found {account.key} twice")
            names[account.key.lower()] = (account,)
        if len(found) > 1:
            names[key.split(" ", 1)[1].lower()] = tuple(found)
    return Cast(tuple(everybody), names)


def script(document: Document, people: Cast, starts: datetime.date) -> Script:
    """Make the records of a timeline.

    Raises:
        ScenarioError: something in it is wrong.
    """
    planned: list[Planned] = []
    ids: dict[str, tuple[str, ...]] = {}
    paths: dict[str, int] = {}
    last: int | None = None
    user = people.everybody[0].key if len(people.everybody) == 1 else ""
    for index, entry in enumerate(document.scenario.timeline):
        at = ("timeline", index)
        user = entry.user or user
        if not user:
            document.fail(at, f"expected user, one of {', '.join(people.names)}; found none")
        name = entry.as_ or f"step-{index + 1}"
        if name in ids:
            document.fail((*at, "as"), f"expected a name that no other entry has, found {name!r}")
        made: list[Planned] = []
        acting = _read(document, (*at, "user"), lambda user=user: people.find(user))
        moment = _read(document, (*at, "at"), lambda entry=entry: phrases.moment(entry.at))
        repeat = _read(document, (*at, "repeat"), lambda e=entry: phrases.repeat(str(e.repeat) or "1 every 0s"))
        delay = _read(document, (*at, "arrives"), lambda entry=entry: phrases.arrives(entry.arrives or "on time"))
        step = _step(document, index, entry)
        for account in acting:
            if moment.day:
                date = starts + datetime.timedelta(days=moment.day - 1)
                begins = baseline.local(account.home.city.zone, date, moment.offset)
            elif last is None:
                document.fail(
                    (*at, "at"), "expected a moment such as day 31 10:00 in the first entry, found a distance"
                )
            else:
                begins = last + moment.offset
            surroundings = _surroundings(document, index, entry, account)
            for number in range(1, repeat.count + 1):
                time = begins + (number - 1) * repeat.gap
                uid = _uid(entry, name, number, repeat.count, account if len(acting) > 1 else None)
                record = baseline.record(account, step, time, uid, number)
                record |= _own(entry, step, record, number, surroundings(time))
                record["ingested"] = time + delay
                made.append(Planned(time, delay, record))
        ids[name] = tuple(dict.fromkeys(one.record["id"] for one in made))
        paths |= dict.fromkeys(ids[name], index)
        last = max(one.time for one in made)
        planned += made
    return Script(tuple(planned), ids, paths)


def _read(document: Document, path: Sequence[str | int], read: Any) -> Any:  # noqa: ANN401
    try:
        return read()
    except UnclearError as error:
        document.fail(path, error)


def _uid(entry: Entry, name: str, number: int, count: int, account: Account | None) -> str:
    if entry.id:
        return entry.id.replace("{n}", str(number))
    return name + (f"-{account.key}" if account else "") + (f"-{number}" if count > 1 else "")


def _step(document: Document, index: int, entry: Entry) -> Step:
    if entry.do:
        step: Step = _read(document, ("timeline", index, "do"), lambda: steps.step(entry.do))
        return step
    if not entry.action:
        document.fail(("timeline", index), "expected do, a shortcut such as logon, or action; found neither")
    return Step("", entry.action, Category.OTHER)


def _own(entry: Entry, step: Step, record: dict[str, Any], number: int, surroundings: dict[str, Any]) -> dict[str, Any]:
    """The fields that the entry sets itself; null unsets."""
    own: dict[str, Any] = dict(surroundings)
    for field in ("action", "category", "outcome", "app", "impersonated", "session", "groups", "unit", "error", "tags"):
        value = getattr(entry, field)
        if value not in (None, ""):
            own[field] = value
    if entry.outcome is not None and step.category is Category.LOGON:
        own["category"] = Category.LOGON  # The parser makes it a failed logon where it fails.
    if not entry.do and entry.category is None:
        own["category"] = None  # The parser goes by the verb.
    if record.get("category") is Category.FAILED_LOGON and "session" not in own:
        own.pop("session", None)
    if entry.objects is not None:
        own["objects"] = entry.objects
    elif entry.bytes is not None and record.get("objects"):
        own["objects"] = [{**record["objects"][0], "bytes": entry.bytes}]
    counted: dict[str, Any] = _count(msgspec.to_builtins(own), str(number))
    return counted


def _count(value: Any, number: str) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return value.replace("{n}", number)
    if isinstance(value, dict):
        return {key: _count(item, number) for key, item in value.items()}
    return [_count(item, number) for item in value] if isinstance(value, list) else value


def _surroundings(document: Document, index: int, entry: Entry, account: Account) -> Any:  # noqa: ANN401
    """A function from an activity's time to the fields of where it comes from, with what, in which session."""
    fields: dict[str, Any] = {}
    if entry.from_:
        place = _read(document, ("timeline", index, "from"), lambda: places.parse_from(entry.from_))
        fields["ip"] = place.address(f"{account.key}/{place.city.name}/{place.block.isp}")
        fields["location"] = place.location()
    if entry.ip is not None:
        # An address without a place is looked up, as in the job.
        fields |= {"ip": entry.ip, "location": None}
    if entry.location is not None:
        fields["location"] = msgspec.to_builtins(entry.location)
        if entry.ip is None and not entry.from_:
            fields["ip"] = ""
    if isinstance(entry.device, DeviceSpec):
        fields["device"] = msgspec.to_builtins(entry.device)
    elif entry.device is not None:
        name = entry.device
        fields["device"] = _read(
            document, ("timeline", index, "device"), lambda: devices.device(name or "none", account.key)
        )
    if not fields:
        return lambda time: {}
    # Other surroundings are another session, the same one for a day.
    other = hashlib.blake2b(msgspec.json.encode(fields), digest_size=4).hexdigest()
    return lambda time: {**fields, "session": baseline.session(account, time, other)}
