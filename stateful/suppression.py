"""Suppressions: findings that analysts decided not to see. They go to the `suppressed` lane, never into a hole."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from stateful.finding import Finding
from stateful.models import DAY
from stateful.tuning import Network, fits, inside, parse_networks
from windowing.watermark import HOUR

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKLY = re.compile(r"(?:(\w{3})(?:-(\w{3}))?\s+)?(\d\d):(\d\d)-(\d\d):(\d\d)", re.IGNORECASE)
_THURSDAY = 3
"""1970-01-01."""
MINUTE = 60_000


class Suppression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule; all of its conditions must hold, each by any of its values. Empty conditions hold always."""

    name: str
    reason: str
    users: tuple[str, ...] = ()
    """User ids, names or e-mail addresses, `*` and `?` allowed, case-insensitive."""
    detections: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    """CIDR ranges; every address of the evidence must be inside one."""
    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-2; every country of the evidence must be one of them."""
    owner: str = ""
    """Who answers for it."""
    expires: str = ""
    """Event time (a date, UTC, or RFC 3339) from which on it hides nothing; "" for never."""
    groups: tuple[str, ...] = ()
    """The user's department or first group; `*` and `?` allowed."""
    apps: tuple[str, ...] = ()
    """Every app of the evidence must be one of them; `*` and `?` allowed."""
    country_pairs: tuple[tuple[str, str], ...] = ()
    """Two countries, bordering ones, say, that the evidence moves between, or from a usual one of the user's."""
    windows: tuple[str, ...] = ()
    """Maintenance: `FROM/TO` in RFC 3339, or hours of the week in UTC such as `sat-sun 22:00-04:00` or `02:00-03:00`;
    all of the finding must be inside one."""
    min_users: int = 0
    """At least so many users have findings that rest on the same new value within a day."""


_CONDITIONS = ("users", "detections", "addresses", "countries", "groups", "apps", "country_pairs", "windows")


@dataclass(frozen=True)
class _Rule:
    given: Suppression
    networks: tuple[Network, ...]
    expires: int | None
    windows: tuple[Callable[[int], bool], ...]

    def holds(self, finding: Finding, users: Callable[[], int]) -> bool:
        given, user = self.given, finding.user
        countries = {evidence.country for evidence in finding.evidence}
        return (
            (self.expires is None or finding.start < self.expires)
            and (not given.detections or finding.detection in given.detections)
            and (not given.users or fits(given.users, (user.id, user.name, user.email)))
            and (not given.groups or fits(given.groups, (finding.peers,)))
            and (not given.apps or all(fits(given.apps, (evidence.app,)) for evidence in finding.evidence))
            and (not self.networks or all(inside(evidence.ip, self.networks) for evidence in finding.evidence))
            and (not given.countries or countries <= set(given.countries))
            and (not given.country_pairs or any(_moves(finding, countries, set(pair)) for pair in given.country_pairs))
            and (not self.windows or any(within(finding.since) and within(finding.end) for within in self.windows))
            and (not given.min_users or users() >= given.min_users)
        )


class Rules:
    """All rules of a run."""

    def __init__(self, rules: Sequence[Suppression] = ()) -> None:
        """Compile them.

        Raises:
            ValueError: a rule has no condition, or a range, time or window in it is none.
        """
        self._rules = tuple(map(_compile, rules))
        self.needs_users = any(rule.min_users for rule in rules)

    def match(self, finding: Finding, users: Callable[[], int] = lambda: 0) -> str:
        """The name of the first rule that hides a finding, or "".

        Args:
            finding: what a detection said.
            users: how many users have a finding that rests on the same new value.
        """
        return next((rule.given.name for rule in self._rules if rule.holds(finding, users)), "")


def _moves(finding: Finding, countries: set[str], pair: set[str]) -> bool:
    """Whether a finding is about moving between two countries."""
    if countries == pair:
        return True
    usual = {name for said in finding.comparisons if said.feature == "country" for name in said.usual.split(", ")}
    return len(countries) == 1 and countries < pair and bool(usual & (pair - countries))


def _compile(rule: Suppression) -> _Rule:
    if not rule.min_users and not any(getattr(rule, name) for name in _CONDITIONS):
        msg = (
            f"suppression {rule.name!r}: expected one of {', '.join(_CONDITIONS)}, min_users: without any it hides all"
        )
        raise ValueError(msg)
    try:
        expires = _time(rule.expires) if rule.expires else None
        return _Rule(rule, parse_networks(rule.addresses), expires, tuple(map(_window, rule.windows)))
    except ValueError as error:
        msg = f"suppression {rule.name!r}: {error}"
        raise ValueError(msg) from None


def _time(text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        msg = f"expected a date or a time such as 2026-12-31 or 2026-12-31T18:00:00Z, found {text!r:.80}"
        raise ValueError(msg) from None
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def _window(text: str) -> Callable[[int], bool]:
    begin, parted, end = text.partition("/")
    if parted:
        first, last = _time(begin), _time(end)
        return lambda time: first <= time < last
    found = _WEEKLY.fullmatch(text.strip())
    days = [] if found is None else [(found[n] or "").lower() for n in (1, 2)]
    if found is None or any(day and day not in _DAYS for day in days):
        msg = f"expected a window FROM/TO in RFC 3339 or hours such as `sat-sun 22:00-04:00`, found {text!r:.80}"
        raise ValueError(msg)
    on = _weekdays(*days)
    opens, closes = (int(found[n]) * HOUR + int(found[n + 1]) * MINUTE for n in (3, 5))
    length = (closes - opens) % DAY or DAY

    def within(time: int) -> bool:
        # Hours past midnight belong to the day on which they began.
        began = (time - opens) // DAY
        return (began + _THURSDAY) % 7 in on and time - opens - began * DAY < length

    return within


def _weekdays(first: str, last: str) -> frozenset[int]:
    if not first:
        return frozenset(range(7))
    begin = _DAYS.index(first)
    return frozenset((begin + n) % 7 for n in range((_DAYS.index(last or first) - begin) % 7 + 1))


NO_RULES = Rules()
