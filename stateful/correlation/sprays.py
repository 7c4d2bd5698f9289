"""Password spray: many users fail to log on from one network that isn't theirs, or with one program from many.

What comes in is small: a user tells at most once in ten minutes that logons failed from an address, and only of
addresses that were never the user's; and each logon that succeeded from such an address. What of it is one spray is
said in `spray_parts`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from stateful.correlation.documents import Attempt, Spray
from stateful.insights import SLOT
from stateful.models import DAY
from stateful.view import finding_uid
from windowing.watermark import END_OF_TIME, HOUR

ADDRESS, ASN, PROGRAM = "address", "asn", "program"
"""Kinds of networks; those that fail with one program, wherever from, are taken for one."""

LASTS = DAY
"""ms after its beginning in which a spray goes on, and a logon from there is a breach."""
ATTEMPTS_KEPT = 1000
"""Of each kind, those whose insights' uids are lowest."""
PEAK_DAYS = 14
FORGET = 3 * DAY
"""ms of sealed event time for which attempts are kept."""
FEW = 3
"""Slots of ten minutes in which a sprayed user fails within an hour, at most, on the median."""
SCATTERED = 1.5
"""Times the users of a network: how many must fail with one program from all over."""
CROWD, CROWDS_KEPT, CROWD_KNOWN, CROWD_LASTS = 3, 8, 3, 400
"""Users that log on from an address on a day, to whom it is new, make it a place where people work; days for which that
is remembered, the last of them; days until it counts, and for which it does."""


@dataclass(frozen=True)
class Wave:
    """Failed logons from a network that are a spray."""

    uid: str
    kind: str
    network: str
    start: int
    """Event time, ms."""
    told: int
    """Event time, ms, of the failure by which it is known to be one."""
    failed: tuple[Attempt, ...]
    """In order."""
    usual: float
    """Users that failed within an hour on usual days, at most."""


def take(attempts: dict[str, Attempt], uid: str, attempt: Attempt) -> None:
    """Note an attempt; bounded."""
    attempts[uid] = attempt
    if len(attempts) > ATTEMPTS_KEPT:
        del attempts[max(attempts)]


def waves(spray: Spray, key: tuple[str, str, str], settings: Mapping[str, float] | None) -> list[Wave]:
    """Sprays from a network; a function of the set of attempts.

    Args:
        spray: what is known of it.
        key: tenant, kind of the network, and its name.
        settings: of the detection; None where it is off.
    """
    if settings is None:
        return []
    kind = key[1]
    fewest = settings["min_users"] * (SCATTERED if kind == PROGRAM else 1)
    if len(spray.failed) < fewest:
        return []
    failed = _ordered(spray.failed)
    # What the last day's peak will be is asked of no day that is here.
    peaks = _peaks(failed, failed[-1].time // DAY) | spray.peaks
    found: list[Wave] = []
    within: Counter[str] = Counter()
    at = until = resumed = 0
    while at < len(failed):
        start = failed[at].time
        while until < len(failed) and failed[until].time < start + HOUR:
            within[failed[until].user] += 1
            until += 1
        # A window begins with a slot: where many fail all day, few of them have to be looked at.
        begins = not at or failed[at - 1].time // SLOT < start // SLOT or at == resumed
        if begins and len(within) >= fewest:
            usual = _usual(peaks, start // DAY, kind)
            least = max(fewest, settings["times_usual"] * usual)
            if len(within) >= least and _is_spray(failed[at:until], spray, kind):
                end = _end(failed[at:], least) if kind == PROGRAM else start + LASTS
                members = tuple(attempt for attempt in failed[at:] if attempt.time < end)
                uid = finding_uid("spray", *key, members[0].activity)
                found.append(Wave(uid, *key[1:], start, _told(members, least), members, usual))
                at = until = resumed = at + len(members)
                within.clear()
                continue
        user = failed[at].user
        within[user] -= 1
        if not within[user]:
            del within[user]
        at += 1
    return found


def is_workplace(spray: Spray, time: int) -> bool:
    """Whether people work at an address: on some day well before `time`, event time in ms, several logged on there."""
    day = time // DAY
    return any(day - CROWD_LASTS <= crowd <= day - CROWD_KNOWN for crowd in {*spray.crowds, *_crowds(spray)})


def settle(spray: Spray, kind: str, over: Sequence[Wave], held: Sequence[Wave], sealed: int) -> None:
    """Forget attempts that can be part of no spray any more, but for how many there were on their days.

    Args:
        spray: what is known of a network.
        kind: of the network.
        over: waves that are let go; each goes as a whole.
        held: waves that are not.
        sealed: event time, ms.
    """
    for day, peak in _peaks(_ordered(spray.failed)).items():
        if (day + 1) * DAY + HOUR <= sealed:
            spray.peaks[day] = max(peak, spray.peaks.get(day, 0))
    first = (sealed - FORGET) // DAY - PEAK_DAYS - 1
    spray.peaks = {day: peak for day, peak in spray.peaks.items() if day >= first}
    if kind == ADDRESS:
        crowds = {*spray.crowds, *(day for day in _crowds(spray) if (day + 1) * DAY + HOUR <= sealed)}
        recent = (day for day in crowds if day >= sealed // DAY - CROWD_LASTS)
        spray.crowds = sorted(recent)[-CROWDS_KEPT:]
    ended = {attempt for wave in over for attempt in wave.failed}
    kept = {attempt for wave in held for attempt in wave.failed}
    # Whole slots, so that what is left of one doesn't begin a window.
    oldest = (sealed - FORGET) // SLOT * SLOT - LASTS
    for uid, attempt in list(spray.failed.items()):
        if attempt in ended or (attempt.final and attempt.time < oldest and attempt not in kept):
            del spray.failed[uid]
    for uid, attempt in list(spray.entered.items()):
        at = attempt.time
        if _during(over, at) or (attempt.final and at < oldest and not _during(held, at)):
            del spray.entered[uid]


def wakes(spray: Spray) -> Iterable[int]:
    """Event times, ms, at which `settle` has something to do."""
    for attempts in (spray.failed, spray.entered):
        if attempts:
            yield min(attempt.time for attempt in attempts.values()) + FORGET + LASTS + HOUR
    if spray.peaks:
        yield (min(spray.peaks) + PEAK_DAYS + 3) * DAY + FORGET
    if spray.crowds:
        yield (spray.crowds[0] + CROWD_LASTS + 1) * DAY


def _end(failed: Sequence[Attempt], least: float) -> int:
    """Event time, ms, up to which it goes on, hour by hour: what fails with a common program has always been there."""
    start = failed[0].time
    hours: dict[int, set[str]] = {}
    for attempt in failed:
        hours.setdefault((attempt.time - start) // HOUR, set()).add(attempt.user)
    lasting = 1
    while lasting * HOUR < LASTS and len(hours.get(lasting, ())) >= least / 2:
        lasting += 1
    return start + lasting * HOUR


def _told(members: Sequence[Attempt], least: float) -> int:
    users: set[str] = set()
    for attempt in members:
        users.add(attempt.user)
        if len(users) >= least:
            return attempt.time
    return members[-1].time


def _is_spray(window: Sequence[Attempt], spray: Spray, kind: str) -> bool:
    """Whether many failed a few times each, and few of the others got in as at a place where people work."""
    start = window[0].time
    if kind == ADDRESS:
        if is_workplace(spray, start):
            return False
    else:
        # Of one address is said what is to be said already.
        by_address = Counter(address for _, address in {(attempt.user, attempt.address) for attempt in window})
        if 2 * max(by_address.values()) > len({attempt.user for attempt in window}):
            return False
    slots = {(attempt.user, attempt.time // SLOT) for attempt in window}
    per_user = Counter(user for user, _ in slots)
    if median(per_user.values()) > FEW:
        return False
    failing = {attempt.user for attempt in window}
    around = {a.user for a in spray.entered.values() if start - LASTS <= a.time < start + HOUR}
    if kind == PROGRAM:
        # With a program that everybody has, others always log on from somewhere.
        around &= failing
    return 2 * len(around) <= len(failing)


def _peaks(failed: Sequence[Attempt], before: int = END_OF_TIME) -> dict[int, int]:
    """Day -> most users that failed within an hour that begins on it; of days before one."""
    peaks: dict[int, int] = {}
    within: Counter[str] = Counter()
    until = users = 0
    for attempt in failed:
        while until < len(failed) and failed[until].time < attempt.time + HOUR:
            within[failed[until].user] += 1
            users += within[failed[until].user] == 1
            until += 1
        day = attempt.time // DAY
        if day >= before:
            break
        peaks[day] = max(peaks.get(day, 0), users)
        within[attempt.user] -= 1
        users -= within[attempt.user] == 0
    return peaks


def _crowds(spray: Spray) -> list[int]:
    """Days on which several users logged on from there to whom it was new, and far fewer failed."""
    entered, failed = (_by_day(attempts) for attempts in (spray.entered, spray.failed))
    return [day for day, users in entered.items() if len(users) >= max(CROWD, 2 * len(failed.get(day, set()) - users))]


def _by_day(attempts: Mapping[str, Attempt]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for attempt in attempts.values():
        found.setdefault(attempt.time // DAY, set()).add(attempt.user)
    return found


def _during(waves_: Iterable[Wave], time: int) -> bool:
    return any(wave.start <= time < wave.start + LASTS for wave in waves_)


def _usual(peaks: Mapping[int, int], day: int, kind: str) -> float:
    found = [peaks.get(day - ago, 0) for ago in range(1, PEAK_DAYS + 1)]
    # What fails all over the company differs from day to day: a busy one counts there.
    return float(quantiles(found)[2]) if kind == PROGRAM else float(median(found))


def _ordered(attempts: Mapping[str, Attempt]) -> list[Attempt]:
    return sorted(attempts.values(), key=lambda a: (a.time, a.activity, a.user))
