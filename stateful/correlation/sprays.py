"""Password spray: many users fail to log on from one network that isn't theirs, and then one of them succeeds.

What comes in is small: a user tells at most once in ten minutes that logons failed from an address, and only of
addresses that were never the user's; and each logon that succeeded from such an address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from activities.activity import Category, Outcome, User
from stateful.correlation.documents import Attempt, Spray
from stateful.correlation.policy import SPRAY
from stateful.finding import Alert, Comparison, Evidence, Finding, FindingRevision, Severity
from stateful.insights import SLOT
from stateful.models import DAY
from stateful.view import finding_uid
from windowing.watermark import HOUR

LASTS = DAY
"""ms after its beginning in which a spray goes on, and a logon from there is a breach."""
ATTEMPTS_KEPT = 1000
"""Of each kind, those whose insights' uids are lowest."""
PEAK_DAYS = 14
FORGET = 3 * DAY
"""ms of sealed event time for which attempts are kept."""
FEW = 3
"""Slots of ten minutes in which a sprayed user fails within an hour, at most, on the median."""
USERS_LISTED, EVIDENCE_LISTED = 500, 50
ADDRESS, ASN = "address", "asn"
MISSED_RISK, BREACH_RISK = 60, 90


@dataclass(frozen=True)
class Wave:
    """A spray."""

    uid: str
    start: int
    """Event time, ms."""
    failed: tuple[Attempt, ...]
    """In order."""
    entered: tuple[Attempt, ...]
    """Logons of sprayed users that succeeded, and of anybody from the one address."""
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
        key: tenant, `address` or `asn`, and its name.
        settings: of the detection; None where it is off.
    """
    if settings is None or len(spray.failed) < settings["min_users"]:
        return []
    failed = _ordered(spray.failed)
    peaks = _peaks(failed) | spray.peaks
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
        if begins and len(within) >= settings["min_users"]:
            usual = _usual(peaks, start // DAY)
            least = max(settings["min_users"], settings["times_usual"] * usual)
            if len(within) >= least and _is_spray(failed[at:until], spray, key[1]):
                members = tuple(attempt for attempt in failed[at:] if attempt.time < start + LASTS)
                found.append(_wave(spray, key, members, usual))
                at = until = resumed = at + len(members)
                within.clear()
                continue
        user = failed[at].user
        within[user] -= 1
        if not within[user]:
            del within[user]
        at += 1
    return found


def breaches(wave: Wave, key: tuple[str, str, str]) -> dict[str, FindingRevision]:
    """What is said of the users that got in: uid -> finding."""
    tenant, kind, network = key
    said: dict[str, FindingRevision] = {}
    count = len({attempt.user for attempt in wave.failed})
    for attempt in wave.entered:
        own = [failed for failed in wave.failed if failed.user == attempt.user and failed.time <= attempt.time]
        evidence = (*map(_failure, own), _success(attempt))
        finding = Finding(
            uid=finding_uid(tenant, SPRAY, attempt.user, attempt.activity, kind, network),
            tenant=tenant,
            detection=SPRAY,
            user=User(attempt.user),
            anchor=attempt.activity,
            start=evidence[0].time,
            end=attempt.time,
            closes=attempt.time,
            severity=Severity.CRITICAL if own else Severity.HIGH,
            risk=BREACH_RISK,
            reason=(
                f"Logged on from {_name(kind, network)}, which is not the user's, while logons of {count} users "
                f"failed from there"
            ),
            comparisons=(_compared(wave, kind, network, count),),
            evidence=evidence,
            evidence_count=len(evidence),
            quiet="An earlier logon of the user from this address.",
        )
        said[finding.uid] = FindingRevision(finding, 1, "create", attempt.final)
    return said


def alert_of(wave: Wave, key: tuple[str, str, str], sealed: int) -> Alert:
    """The alert on all of them."""
    tenant, kind, network = key
    users = sorted({attempt.user for attempt in wave.failed})
    got_in = sorted({attempt.user for attempt in wave.entered})
    end = max(attempt.time for attempt in (*wave.failed, *wave.entered))
    minutes = (wave.failed[-1].time - wave.start) / 60_000
    reason = f"Logons of {len(users)} users failed from {_name(kind, network)} in {minutes:.0f} min"
    if got_in:
        reason += f", and {len(got_in)} got in: {', '.join(got_in[:5])}"
    evidence = sorted(
        [*map(_failure, wave.failed[:EVIDENCE_LISTED]), *map(_success, wave.entered[:EVIDENCE_LISTED])],
        key=lambda item: (item.time, item.id),
    )
    group = User(f"group:{kind}:{network}", f"users failing from {_name(kind, network)}")
    severity = Severity.CRITICAL if got_in else Severity.HIGH if len(users) >= 50 else Severity.MEDIUM  # noqa: PLR2004
    finding = Finding(
        uid=finding_uid("of spray", wave.uid),
        tenant=tenant,
        detection=SPRAY,
        user=group,
        anchor=wave.uid,
        start=wave.start,
        end=end,
        closes=wave.start + LASTS,
        severity=severity,
        risk=BREACH_RISK if got_in else MISSED_RISK,
        reason=reason,
        comparisons=(_compared(wave, kind, network, len(users)),),
        evidence=tuple(evidence),
        evidence_count=len(wave.failed) + len(wave.entered),
        quiet="Fewer users, addresses that are the users' own, or as many on usual days.",
    )
    return Alert(
        uid=wave.uid,
        revision=1,
        change="create",
        tenant=tenant,
        user=group,
        detection=SPRAY,
        severity=severity,
        risk=finding.risk,
        message=reason,
        created=wave.start,
        modified=end,
        findings=(finding,),
        final=sealed >= wave.start + LASTS + HOUR and all(a.final for a in (*wave.failed, *wave.entered)),
        case=finding_uid("case", wave.uid),
        users=tuple(map(User, users[:USERS_LISTED])),
        user_count=len(users),
    )


def settle(spray: Spray, over: Sequence[Wave], held: Sequence[Wave], sealed: int) -> None:
    """Forget attempts that can be part of no spray any more, but for the most users within an hour of their days.

    Args:
        spray: what is known of a network.
        over: waves that are let go; each goes as a whole.
        held: waves that are not.
        sealed: event time, ms.
    """
    for day, peak in _peaks(_ordered(spray.failed)).items():
        if (day + 1) * DAY + HOUR <= sealed:
            spray.peaks[day] = max(peak, spray.peaks.get(day, 0))
    first = (sealed - FORGET) // DAY - PEAK_DAYS - 1
    spray.peaks = {day: peak for day, peak in spray.peaks.items() if day >= first}
    ended = {attempt for wave in over for attempt in wave.failed}
    kept = {attempt for wave in held for attempt in (*wave.failed, *wave.entered)}
    # Whole slots, so that what is left of one doesn't begin a window.
    oldest = (sealed - FORGET) // SLOT * SLOT
    for attempts, until in ((spray.failed, oldest), (spray.entered, oldest - LASTS)):
        for uid, attempt in list(attempts.items()):
            if attempt in ended or (attempt.final and attempt.time < until and attempt not in kept):
                del attempts[uid]


def wakes(spray: Spray) -> Iterable[int]:
    """Event times, ms, at which `settle` has something to do."""
    for attempts in (spray.failed, spray.entered):
        if attempts:
            yield min(attempt.time for attempt in attempts.values()) + FORGET + LASTS + HOUR
    if spray.peaks:
        yield (min(spray.peaks) + PEAK_DAYS + 3) * DAY + FORGET


def _wave(spray: Spray, key: tuple[str, str, str], members: tuple[Attempt, ...], usual: float) -> Wave:
    start, victims = members[0].time, {attempt.user for attempt in members}
    entered = tuple(
        attempt
        for attempt in _ordered(spray.entered)
        if start <= attempt.time < start + LASTS and (key[1] == ADDRESS or attempt.user in victims)
    )
    return Wave(finding_uid("spray", *key, members[0].activity), start, members, entered, usual)


def _is_spray(window: Sequence[Attempt], spray: Spray, kind: str) -> bool:
    """Whether many failed a few times each, and few of the others got in as at a place where people work."""
    if kind == ASN:
        # Of one address is said what is to be said already.
        by_address = Counter(address for _, address in {(attempt.user, attempt.address) for attempt in window})
        if 2 * max(by_address.values()) > len({attempt.user for attempt in window}):
            return False
    start = window[0].time
    slots = {(attempt.user, attempt.time // SLOT) for attempt in window}
    per_user = Counter(user for user, _ in slots)
    if median(per_user.values()) > FEW:
        return False
    around = {a.user for a in spray.entered.values() if start - LASTS <= a.time < start + HOUR}
    return 2 * len(around) <= len(per_user)


def _peaks(failed: Sequence[Attempt]) -> dict[int, int]:
    """Day -> most users that failed within an hour that begins on it."""
    peaks: dict[int, int] = {}
    within: Counter[str] = Counter()
    until = users = 0
    for attempt in failed:
        while until < len(failed) and failed[until].time < attempt.time + HOUR:
            within[failed[until].user] += 1
            users += within[failed[until].user] == 1
            until += 1
        day = attempt.time // DAY
        peaks[day] = max(peaks.get(day, 0), users)
        within[attempt.user] -= 1
        users -= within[attempt.user] == 0
    return peaks


def _usual(peaks: Mapping[int, int], day: int) -> float:
    return float(median(peaks.get(day - ago, 0) for ago in range(1, PEAK_DAYS + 1)))


def _ordered(attempts: Mapping[str, Attempt]) -> list[Attempt]:
    return sorted(attempts.values(), key=lambda a: (a.time, a.activity, a.user))


def _name(kind: str, network: str) -> str:
    return network if kind == ADDRESS else f"AS{network}"


def _compared(wave: Wave, kind: str, network: str, users: int) -> Comparison:
    usual = f"{wave.usual:.0f} an hour on usual days"
    return Comparison(f"users failing from {_name(kind, network)}", str(users), usual, score=1.0)


def _failure(attempt: Attempt) -> Evidence:
    return Evidence(
        attempt.activity, attempt.time, "failed logon", category=Category.FAILED_LOGON, outcome=Outcome.FAILURE,
        ip=attempt.address,
    )  # fmt: skip


def _success(attempt: Attempt) -> Evidence:
    return Evidence(attempt.activity, attempt.time, "logon", category=Category.LOGON, ip=attempt.address)
