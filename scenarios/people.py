"""Who there is: `weekdays 9-17 in Berlin, 30 days, on mac, with mail and files` becomes accounts with habits."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from activities.activity import UserType
from scenarios import devices, phrases, places
from scenarios.phrases import DAY, HOUR, MINUTE, UnclearError
from scenarios.schema import DeviceSpec, Who
from scenarios.steps import APPS, DEFAULT_APPS, SERVICE_APPS

DOMAIN = "acme.example"
MOST_OF_A_KIND = 500
PER_DAY = 12
"""Activities of a working day, unless a line says otherwise: enough to learn from, quick to fold."""
SERVICE_CITY = "Ashburn"

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = "|".join(_WEEKDAYS)
_HOURS = r"(?P<begins>\d{1,2}(?::\d\d)?)-(?P<ends>\d{1,2}(?::\d\d)?)"
_KIND = r"(?:(?P<kind>person|service account|service|app) )?"
_IN = r"(?: in (?P<city>.+))?"
_SHIFT = re.compile(
    rf"{_KIND}(?P<days>weekdays|weekends|every day|(?:{_DAY})-(?:{_DAY})|(?:{_DAY})(?: (?:{_DAY}))*) {_HOURS}{_IN}"
)
_CLOCKWORK = re.compile(rf"{_KIND}every (?P<every>hour|minute|\d[\d.a-z]*){_IN}")
_DAILY = re.compile(rf"{_KIND}(?P<days>every day|weekdays|weekends) at (?P<at>\d{{1,2}}(?::\d\d)?){_IN}")
_NEW = re.compile(rf"{_KIND}new{_IN}")
_KEY = re.compile(r"(?:(?P<count>\d+) )?(?P<name>[a-z0-9][a-z0-9._@+-]*)", re.IGNORECASE)

SCHEDULES = (
    "weekdays 9-17, weekends 10-14, every day 6-22, mon-thu 9-15, tue sat 22-6, every hour, every 10m, "
    "every day at 2:00, or new for somebody without history; with person, service account or app in front and "
    "in CITY behind"
)


@dataclass(frozen=True)
class Account:
    """Somebody who acts, with the habits of their baseline. Times in ms."""

    key: str
    """What the scenario calls them."""
    user: dict[str, str]
    """`user` of their records."""
    home: places.Place
    device: dict[str, str]
    schedule: str = "new"
    """`shift`, `clockwork`, `daily` or `new`."""
    weekdays: frozenset[int] = frozenset(range(7))
    """Days that work begins on, 0 is Monday."""
    begins: int = 0
    """Of the local day."""
    ends: int = 0
    """Of the local day; more than a day where it is after midnight."""
    every: int = HOUR
    days: int = 0
    """Of history, from day 1."""
    per_day: int = PER_DAY
    apps: tuple[str, ...] = DEFAULT_APPS
    phone: dict[str, str] = field(default_factory=dict)
    """Empty: none."""
    ip: str = ""
    location: dict[str, Any] = field(default_factory=dict)
    unit: str = ""
    groups: tuple[str, ...] = ()
    tenant: str = "acme"

    @property
    def address(self) -> str:
        """Where they usually come from."""
        return self.ip or self.home.address(self.key)

    def place(self) -> dict[str, Any]:
        """`location` of their usual address."""
        return self.location or self.home.location()

    def as_text(self) -> str:
        """All of it, for a key of a cache."""
        return repr(self)


def accounts(key: str, who: Who) -> list[Account]:
    """The accounts of one entry of `who`: `ada` is one, `20 colleagues` are colleague-1 to colleague-20.

    Raises:
        UnclearError: a phrase can't be read.
    """
    match = _KEY.fullmatch(key.strip())
    if match is None:
        msg = f"expected a name such as ada or several such as 20 colleagues, found {key!r}"
        raise UnclearError(msg)
    count = int(match["count"] or 1)
    if not 1 <= count <= MOST_OF_A_KIND:
        msg = f"expected 1 to {MOST_OF_A_KIND} of a kind, found {count}"
        raise UnclearError(msg)
    if match["count"] is None:
        return [_account(match["name"], who)]
    if who.id or who.email or who.ip:
        msg = "expected no id, email or ip for several users: each has one of their own"
        raise UnclearError(msg)
    single = _single(match["name"])
    return [_account(f"{single}-{number}", who) for number in range(1, count + 1)]


def _single(name: str) -> str:
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def _account(name: str, who: Who) -> Account:
    line = _Line(name)
    first, *others = [phrase.strip() for phrase in who.baseline.split(",")]
    line.schedule(first)
    for phrase in others:
        line.phrase(phrase)
    account = line.account()
    kind = {"service account": UserType.SERVICE, "service": UserType.SERVICE, "app": UserType.APP}.get(line.kind)
    email = who.email or ("" if kind else f"{name.lower()}@{DOMAIN}")
    user = {"id": who.id or f"{name.lower()}@{DOMAIN}", "name": who.name or name, "email": email}
    return replace(
        account,
        user={**user, "type": (kind or UserType.PERSON).value},
        device=_device(who.device, account.device, name),
        ip=who.ip,
        location=msgspec.to_builtins(who.location) if who.location else {},
        unit=who.unit or account.unit,
        groups=tuple(who.groups),
        tenant=who.tenant or account.tenant,
    )


def _device(wanted: str | DeviceSpec, usual: dict[str, str], owner: str) -> dict[str, str]:
    if isinstance(wanted, DeviceSpec):
        return {"id": wanted.id, "os": wanted.os, "user_agent": wanted.user_agent}
    return devices.device(wanted, owner) if wanted else usual


class _Line:
    """Collects what the phrases of a line say."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.kind = ""
        self._city = ""
        self._isp, self._network = "", "home"
        self._device = ""
        self._values: dict[str, Any] = {}

    def schedule(self, phrase: str) -> None:
        """Read the first phrase."""
        for pattern, read in (
            (_SHIFT, self._shift),
            (_CLOCKWORK, self._clockwork),
            (_DAILY, self._daily),
            (_NEW, lambda _: None),
        ):
            match = pattern.fullmatch(phrase)
            if match:
                self.kind = match["kind"] or ""
                self._city = match["city"] or ""
                read(match)
                return
        msg = f"expected when they work first, such as {SCHEDULES}; found {phrase!r}"
        raise UnclearError(msg)

    def phrase(self, phrase: str) -> None:
        """Read another phrase."""
        for pattern, _, read in _PHRASES:
            match = re.fullmatch(pattern, phrase)
            if match:
                read(self, match)
                return
        forms = ", ".join(form for _, form, _ in _PHRASES)
        msg = f"expected one of the phrases {forms}; found {phrase!r}"
        raise UnclearError(msg)

    def account(self) -> Account:
        """What all of them make."""
        automatic = self.kind in ("service account", "service", "app")
        if not self._city and not automatic:
            msg = "expected in CITY behind the hours, such as weekdays 9-17 in Berlin; found no city"
            raise UnclearError(msg)
        if "days" not in self._values and self._values.get("schedule"):
            msg = "expected how long they have been there, such as 30 days or 6 weeks; found no such phrase"
            raise UnclearError(msg)
        city = places.city(self._city or SERVICE_CITY)
        network = self._network
        if automatic and network == "home" and places.has(city, "hosting"):
            network = "hosting"
        if automatic:
            self._values.setdefault("apps", SERVICE_APPS)
        return Account(
            key=self._name,
            user={},
            home=places.place(city, network, self._isp),
            device=devices.device(self._device or ("sdk" if automatic else "windows"), self._name),
            **self._values,
        )

    def _shift(self, match: re.Match[str]) -> None:
        begins, ends = phrases.clock(match["begins"]), phrases.clock(match["ends"])
        if ends <= begins:
            ends += DAY
        self._values |= {"schedule": "shift", "weekdays": _weekdays(match["days"]), "begins": begins, "ends": ends}

    def _clockwork(self, match: re.Match[str]) -> None:
        every = {"hour": HOUR, "minute": MINUTE}.get(match["every"]) or phrases.duration(match["every"])
        if every < MINUTE:
            msg = f"expected every minute or less often, found every {match['every']}"
            raise UnclearError(msg)
        self._values |= {"schedule": "clockwork", "every": every}

    def _daily(self, match: re.Match[str]) -> None:
        at = phrases.clock(match["at"])
        self._values |= {"schedule": "daily", "weekdays": _weekdays(match["days"]), "begins": at}

    def _history(self, match: re.Match[str]) -> None:
        days = int(match[1]) * (7 if match[2] == "week" else 1)
        if not 1 <= days <= phrases.MOST_DAYS:
            msg = f"expected a history of 1 to {phrases.MOST_DAYS} days, found {days}"
            raise UnclearError(msg)
        self._values["days"] = days

    def _level(self, match: re.Match[str]) -> None:
        self._values["per_day"] = int(match[1])

    def _where(self, match: re.Match[str]) -> None:
        self._city = match[1]

    def _provider(self, match: re.Match[str]) -> None:
        self._isp = match[1]

    def _through(self, match: re.Match[str]) -> None:
        self._network = {
            "the office": "office",
            "a phone network": "mobile",
            "a vpn": "vpn",
            "rented servers": "hosting",
        }[match[1]]

    def _laptop(self, match: re.Match[str]) -> None:
        self._device = match[1]

    def _handset(self, match: re.Match[str]) -> None:
        name = match[1]
        if name not in devices.PHONES:
            msg = f"expected also on {' or also on '.join(devices.PHONES)}, found {name!r}"
            raise UnclearError(msg)
        self._values["phone"] = devices.device(name, self._name)

    def _work(self, match: re.Match[str]) -> None:
        apps = tuple(re.split(r" and | ", match[1]))
        unknown = [app for app in apps if app not in APPS]
        if unknown:
            msg = f"expected with some of {', '.join(APPS)} (and between them), found {', '.join(unknown)}"
            raise UnclearError(msg)
        self._values["apps"] = apps

    def _unit(self, match: re.Match[str]) -> None:
        self._values["unit"] = match[1]


_PHRASES: tuple[tuple[str, str, Callable[[_Line, re.Match[str]], None]], ...] = (
    (r"(\d+) (day|week)s?", "30 days or 6 weeks", _Line._history),
    (r"(\d+) a day", "40 a day", _Line._level),
    (r"in (.+)", "in CITY", _Line._where),
    (r"via (.+)", "via PROVIDER", _Line._provider),
    (
        r"through (the office|a phone network|a vpn|rented servers)",
        "through the office, a phone network, a vpn or rented servers",
        _Line._through,
    ),
    (r"on (?:an? )?(.+)", "on DEVICE", _Line._laptop),
    (r"also on (?:an? )?(.+)", "also on iphone or android", _Line._handset),
    (r"with (.+)", "with APP and APP", _Line._work),
    (r"unit (.+)", "unit NAME", _Line._unit),
)


def _weekdays(text: str) -> frozenset[int]:
    named = {"weekdays": range(5), "weekends": range(5, 7), "every day": range(7)}.get(text)
    if named is not None:
        return frozenset(named)
    if "-" in text:
        first, last = (_WEEKDAYS.index(day) for day in text.split("-"))
        return frozenset((first + number) % 7 for number in range((last - first) % 7 + 1))
    return frozenset(_WEEKDAYS.index(day) for day in text.split())
