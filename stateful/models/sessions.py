"""Session and token consistency: whether one session goes on from where it began."""

from __future__ import annotations

import hashlib
import re
from enum import IntEnum
from functools import lru_cache
from typing import ClassVar, Self

import msgspec

from stateful.models.limits import DAY, VALUE_LENGTH
from stateful.models.places import ROAMING

_FAMILY = re.compile(
    r"edg|opr|samsungbrowser|firefox|chrome|safari|msie|trident|outlook|teams|onedrive|okhttp|curl|python|boto|aws-cli|"
    r"aws-sdk|terraform|powershell|axios|go-http|java|dart|electron|postman|node"
)
_SYSTEM = re.compile(r"windows|android|iphone|ipad|mac os|macintosh|cros|linux")
_SAME_SYSTEM = {"mac os": "macintosh", "iphone": "ios", "ipad": "ios"}


class Changed(IntEnum):
    """What is other than at the session's last activity, rarer downwards in honest use."""

    NOTHING = 0
    ADDRESS = 1
    """Inside one network, or between a mobile network and another in the same country: roaming."""
    NETWORK = 2
    """Another ASN in the same country."""
    AGENT = 3
    """Another program or system, same network."""
    COUNTRY = 4
    NETWORK_AND_AGENT = 5
    COUNTRY_AND_AGENT = 6


class Origin(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where an activity comes from. An unknown text is "", an unknown number None: it differs from nothing."""

    address: str = ""
    asn: int | None = None
    country: str = ""
    agent: str = ""
    """Family of the user agent and system, see `family`."""
    roams: bool = False
    """A mobile network: its addresses change by themselves, and phones change between it and others."""


@lru_cache(maxsize=16384)
def origin(address: str, asn: int | None, country: str, user_agent: str, tags: tuple[str, ...] = ()) -> Origin:
    """An origin, from an activity's fields; `tags` of the address as in `stateful.models.places`."""
    roams = any(tag in ROAMING for tag in tags)
    return Origin(address[:VALUE_LENGTH], asn, country[:VALUE_LENGTH], family(user_agent), roams)


@lru_cache(maxsize=4096)
def family(user_agent: str) -> str:
    """Program and system of a user agent, without versions: `chrome/windows`; "" if it names neither.

    Where several program names occur, the rule is as for browsers, which name those they imitate behind (RFC 9110,
    section 10.1.5, has products in decreasing order of significance; Edge and Opera name themselves last).
    """
    text = user_agent[: 4 * VALUE_LENGTH].lower()
    names = set(_FAMILY.findall(text))
    program = next((name for name in ("edg", "opr", "samsungbrowser", "firefox", "chrome") if name in names), "")
    if not program and names:
        program = min(names, key=text.index)
    found = _SYSTEM.search(text)
    system = found.group() if found else ""
    system = "android" if "android" in text else _SAME_SYSTEM.get(system, system)
    return f"{program}/{system}" if program or system else text.partition("/")[0].strip()[:32]


class Session(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One session: where it began, where it was last, and when (event time, ms). Copies of `Sessions` share it."""

    start: int
    last: int
    first: Origin
    latest: Origin
    known: list[Origin] = []
    """Others of it that were learnt."""


class Sessions(msgspec.Struct, array_like=True, gc=False):
    """The user's latest sessions, and how often each kind of change happens inside one.

    An activity is compared with all origins of its session and its least change counts. Scored by the share of this
    user's sessions that had a change of the kind or a rarer one, under a prior of `PRIOR` in `PRIOR_SESSIONS` sessions.
    """

    sessions: dict[str, Session] = {}
    """By a hash of the id: it may be a token."""
    total: float = 0.0
    """Sessions with forgetting."""
    changes: list[float] = []
    """Sessions with a change of each kind, likewise."""

    KEPT: ClassVar[int] = 32
    KNOWN: ClassVar[int] = 4
    MEMORY: ClassVar[float] = 400.0
    """Sessions that what was learnt weighs as at most."""
    PRIOR_SESSIONS: ClassVar[float] = 100.0
    PRIOR: ClassVar[tuple[float, ...]] = (100.0, 20.0, 5.0, 0.5, 0.2, 0.02, 0.01)
    """Sessions of a hundred in which an honest user changes so."""
    LONGEST: ClassVar[int] = 30 * DAY
    """ms without an activity after which a session's id is taken for a new session."""
    BOUND: ClassVar[int] = 32 * (40 + 6 * (2 * 4 * VALUE_LENGTH + 160)) + 128
    """Bytes of its encoding at most."""

    def copy(self) -> Self:
        """A copy that learns by itself."""
        return msgspec.structs.replace(self, sessions=self.sessions.copy())

    def changed(self, session: str, here: Origin, time: int) -> Changed:
        """What is other than before in this session; NOTHING for a new one."""
        known = self.sessions.get(_key(session)) if session else None
        if known is None or here == known.latest or time - known.last > self.LONGEST:
            return Changed.NOTHING
        return min(_change(before, here) for before in (known.latest, known.first, *known.known))

    def score(self, session: str, here: Origin, time: int) -> float:
        """P(a session of this user has such a change or a rarer one); 1.0 where nothing changed.

        Args:
            session: the session's or token's id; "" is none.
            here: where the activity comes from.
            time: event time, ms.
        """
        changed = self.changed(session, here, time)
        if changed == Changed.NOTHING:
            return 1.0
        seen = sum(self.changes[changed:]) + sum(self.PRIOR[changed:])
        return min(1.0, seen / (self.total + self.PRIOR_SESSIONS))

    def learn(self, session: str, here: Origin, time: int) -> None:
        """Take an activity of a session as this user's own."""
        if not session:
            return
        key = _key(session)
        known = self.sessions.get(key)
        if known is not None and here == known.latest and time - known.last <= self.LONGEST:
            # What most activities come to.
            last = time if time > known.last else known.last
            self.sessions[key] = Session(known.start, last, known.first, known.latest, known.known)
            return
        changed = self.changed(session, here, time)
        if known is None or time - known.last > self.LONGEST:
            if known is None and len(self.sessions) >= self.KEPT:
                ranked = sorted((entry.last, name) for name, entry in self.sessions.items())
                for _, name in ranked[: self.KEPT // 8]:
                    del self.sessions[name]
            self.sessions[key] = Session(time, time, here, here)
            self._age()
            self.total += 1.0
            return
        if changed != Changed.NOTHING:
            self.changes = self.changes.copy() or [0.0] * len(self.PRIOR)
            self.changes[changed] += 1.0
        others = known.known
        if known.latest not in (here, known.first) and known.latest not in others:
            others = [*others, known.latest][-self.KNOWN :]
        self.sessions[key] = Session(known.start, max(known.last, time), known.first, here, others)

    def _age(self) -> None:
        if self.total >= self.MEMORY:
            left = (self.MEMORY - 1.0) / self.total
            self.total *= left
            self.changes = [count * left for count in self.changes]


def _change(before: Origin, here: Origin) -> Changed:
    agent = bool(before.agent and here.agent and before.agent != here.agent)
    if before.country and here.country and before.country != here.country:
        return Changed.COUNTRY_AND_AGENT if agent else Changed.COUNTRY
    if before.asn is not None and here.asn is not None and before.asn != here.asn:
        if agent:
            return Changed.NETWORK_AND_AGENT
        return Changed.ADDRESS if before.roams or here.roams else Changed.NETWORK
    if agent:
        return Changed.AGENT
    if before.address and here.address and before.address != here.address:
        return Changed.ADDRESS
    return Changed.NOTHING


@lru_cache(maxsize=16384)
def _key(session: str) -> str:
    return hashlib.blake2b(session.encode("utf-8", "replace"), digest_size=8).hexdigest()
