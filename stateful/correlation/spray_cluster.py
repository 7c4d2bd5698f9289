"""What is one spray: waves of a tenant that begin within a day of each other, from whichever networks they come.

A spray from hundreds of addresses is a wave of a provider, of a program, and of the addresses that are used more often.
The one that is known first speaks for all of them, so that what comes in order never takes an alert back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from activities.activity import Category, Outcome, User
from stateful.correlation.documents import Attempt, Spot, Spray
from stateful.correlation.group_alert import group_alert
from stateful.correlation.policy import SPRAY
from stateful.correlation.sprays import ADDRESS, ASN, LASTS, PROGRAM, Wave
from stateful.finding import Alert, Comparison, Evidence, Finding, FindingRevision, Novelty, Severity
from stateful.view import finding_uid
from windowing.watermark import HOUR

USERS_LISTED, EVIDENCE_LISTED, NAMED = 500, 50, 3
MISSED_RISK, BREACH_RISK, LIKELY_RISK = 60, 90, 75
MANY = 50
"""Users, from which on it is grave even if nobody got in."""
ADDRESSES_SEEN = 500
"""Addresses of a spray whose logons are looked at, those by which most users failed."""
AFTER = 2 * HOUR
"""ms after its last failure in which a logon with a spray's program is taken for a part of it."""


def spot(wave: Wave) -> Spot:
    """How others are compared with a wave."""
    return Spot(wave.told, wave.start, wave.kind, wave.network)


def leaders(spots: Mapping[str, Spot]) -> dict[str, str]:
    """Of each wave (by uid), the one that speaks for it: the first that was known and begins within a day."""
    found: dict[str, str] = {}
    first: list[str] = []
    for uid in sorted(spots, key=lambda uid: (spots[uid], uid)):
        near = (other for other in first if abs(spots[other].start - spots[uid].start) < LASTS)
        found[uid] = next(near, uid)
        if found[uid] == uid:
            first.append(uid)
    return found


@dataclass(frozen=True)
class Breach:
    """A logon that the spray was good for."""

    attempt: Attempt
    sure: bool
    """From an address of the spray. Else it is only the same program, from an address that is new to the user."""


@dataclass(frozen=True)
class Cluster:
    """Waves that are one spray."""

    uid: str
    waves: tuple[Wave, ...]
    """The one that speaks for all first."""

    @cached_property
    def failed(self) -> tuple[Attempt, ...]:
        """Each once, in order."""
        found = {(a.time, a.activity, a.user): a for wave in self.waves for a in wave.failed}
        return tuple(found[place] for place in sorted(found))

    @cached_property
    def by_address(self) -> dict[str, set[str]]:
        """Address -> users that failed from it."""
        found: dict[str, set[str]] = {}
        for attempt in self.failed:
            found.setdefault(attempt.address, set()).add(attempt.user)
        return found

    @cached_property
    def by_user(self) -> dict[str, list[Attempt]]:
        """User -> the user's attempts, in order."""
        found: dict[str, list[Attempt]] = {}
        for attempt in self.failed:
            found.setdefault(attempt.user, []).append(attempt)
        return found

    @cached_property
    def networks(self) -> list[str]:
        """Providers that it comes from, those with the most attempts first."""
        counts = Counter(attempt.asn for attempt in self.failed if attempt.asn)
        return [f"AS{asn}" for asn, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]

    @cached_property
    def addresses(self) -> list[str]:
        """Those whose logons are to be looked at."""
        ranked = sorted(self.by_address, key=lambda address: (-len(self.by_address[address]), address))
        return ranked[:ADDRESSES_SEEN]

    @property
    def start(self) -> int:
        """Event time, ms."""
        return self.failed[0].time

    @property
    def until(self) -> int:
        """Event time, ms, up to which it goes on."""
        return max(wave.start for wave in self.waves) + LASTS

    @cached_property
    def users(self) -> list[str]:
        """Those that were tried."""
        return sorted(self.by_user)

    def breaches(self, of: Mapping[tuple[str, str], Spray]) -> list[Breach]:
        """Logons that it was good for, in order.

        Args:
            of: (kind, network) -> what is known of the addresses, and of the programs among its waves.
        """
        own = {wave.network for wave in self.waves if wave.kind == ADDRESS}
        providers = {wave.network for wave in self.waves if wave.kind == ASN}
        tried = set(self.users)
        found: dict[tuple[int, str, str], Breach] = {}
        for (kind, network), spray in of.items():
            failing = self.by_address.get(network, set())
            end = self.until if kind == ADDRESS else self.failed[-1].time + AFTER
            for attempt in spray.entered.values():
                if not self.start <= attempt.time < end:
                    continue
                # Who fails and then logs on somewhere else, while a spray goes on, is mostly somebody who travels.
                others = failing if attempt.asn in providers else failing - {attempt.user}
                sure = kind == ADDRESS and (network in own or (attempt.user in tried and bool(others)))
                if sure or (kind == PROGRAM and attempt.user in tried):
                    place = attempt.time, attempt.activity, attempt.user
                    if place not in found or sure:
                        found[place] = Breach(attempt, sure)
        return [found[place] for place in sorted(found)]


def findings(cluster: Cluster, tenant: str, breaches: Iterable[Breach]) -> dict[str, FindingRevision]:
    """What is said of the users that got in: uid -> finding."""
    said: dict[str, FindingRevision] = {}
    count = len(cluster.users)
    for breach in breaches:
        attempt = breach.attempt
        own = [failed for failed in cluster.by_user.get(attempt.user, ()) if failed.time <= attempt.time]
        if not own and not breach.sure:
            continue
        evidence = (*map(_failure, own[:EVIDENCE_LISTED]), _success(attempt))
        severity = Severity.CRITICAL if own and breach.sure else Severity.HIGH
        program = attempt.program or "a program without a name"
        reason = (
            f"Logged on from {attempt.address}, which is not the user's, while logons of {count} users failed from "
            f"{_places(cluster, attempt.address)}"
            if breach.sure
            else f"Logged on with {program} from {attempt.address}, an address new to the user, while with the same "
            f"program logons of {count} users, this one among them, failed from {_places(cluster)}"
        )
        finding = Finding(
            uid=finding_uid(tenant, SPRAY, attempt.user, attempt.activity),
            tenant=tenant,
            detection=SPRAY,
            user=User(attempt.user),
            anchor=attempt.activity,
            start=attempt.time,
            end=attempt.time,
            closes=attempt.time,
            severity=severity,
            risk=BREACH_RISK if breach.sure else LIKELY_RISK,
            reason=reason,
            comparisons=(_compared(cluster),),
            evidence=evidence,
            evidence_count=len(own) + 1,
            quiet="An earlier logon of the user from this address.",
            novelties=() if breach.sure or not attempt.program else (Novelty("agents", attempt.program),),
        )
        said[finding.uid] = FindingRevision(finding, 1, "create", attempt.final)
    return said


def alert_of(cluster: Cluster, tenant: str, breaches: Iterable[Breach], sealed: int) -> Alert:
    """The one alert on all of it."""
    entered = [breach.attempt for breach in breaches if breach.sure]
    users, got_in = cluster.users, sorted({attempt.user for attempt in entered})
    end = max(attempt.time for attempt in (*cluster.failed, *entered))
    minutes = (cluster.failed[-1].time - cluster.start) / 60_000
    reason = f"Logons of {len(users)} users failed from {_places(cluster)} in {max(minutes, 1):.0f} min"
    if got_in:
        reason += f", and {len(got_in)} got in: {', '.join(got_in[:5])}"
    evidence = sorted(
        [*map(_failure, _spread(cluster.failed)), *map(_success, entered[:EVIDENCE_LISTED])],
        key=lambda item: (item.time, item.id),
    )
    first = cluster.waves[0]
    group = User(f"group:{first.kind}:{first.network}", f"users failing from {_places(cluster)}")
    severity = Severity.CRITICAL if got_in else Severity.HIGH if len(users) >= MANY else Severity.MEDIUM
    finding = Finding(
        uid=finding_uid("of spray", cluster.uid),
        tenant=tenant,
        detection=SPRAY,
        user=group,
        anchor=cluster.uid,
        start=first.told,
        end=end,
        closes=cluster.until,
        severity=severity,
        risk=BREACH_RISK if got_in else MISSED_RISK,
        reason=reason,
        comparisons=(_compared(cluster), *_tries(cluster)),
        evidence=tuple(evidence),
        evidence_count=len(cluster.failed) + len(entered),
        quiet="Fewer users, addresses that are the users' own, or as many on usual days.",
    )
    listed = [*got_in, *(user for user in users if user not in set(got_in))][:USERS_LISTED]
    return group_alert(
        finding,
        severity,
        list(map(User, listed)),
        len({*users, *got_in}),
        final=sealed >= cluster.until + HOUR and all(a.final for a in (*cluster.failed, *entered)),
    )


def _spread(failed: Sequence[Attempt]) -> list[Attempt]:
    """As many as are listed: of each user the first."""
    firsts = {attempt.user: attempt for attempt in reversed(failed)}
    chosen = sorted(firsts.values(), key=lambda a: (a.time, a.activity, a.user))[:EVIDENCE_LISTED]
    more = [attempt for attempt in failed if firsts[attempt.user] is not attempt]
    return [*chosen, *more[: EVIDENCE_LISTED - len(chosen)]]


def _places(cluster: Cluster, besides: str = "") -> str:
    """Where it comes from, in words."""
    addresses = list(cluster.by_address)
    if addresses == [besides]:
        return "there"
    if len(addresses) == 1:
        return addresses[0]
    networks = cluster.networks
    if not networks:
        return f"{len(addresses)} addresses"
    if len(networks) > NAMED:
        return f"{len(addresses)} addresses of {len(networks)} networks ({', '.join(networks[:NAMED])}, ...)"
    return f"{len(addresses)} addresses of {', '.join(networks)}"


def _compared(cluster: Cluster) -> Comparison:
    first = cluster.waves[0]
    name = {ADDRESS: f"from {first.network}", ASN: f"from AS{first.network}", PROGRAM: "with the same program"}
    count = len({attempt.user for attempt in first.failed})
    usual = f"{first.usual:.0f} an hour on usual days"
    return Comparison(f"users failing {name[first.kind]}", str(count), usual, score=1.0)


def _tries(cluster: Cluster) -> tuple[Comparison, ...]:
    """How it is spread: few tries of each user, and from each address."""
    slots, count = len(cluster.failed), len(cluster.by_address)
    if count == 1:
        return ()
    each = f"{len(cluster.users) / count:.1f} users to each"
    return (Comparison("addresses", str(count), f"{each}, {slots / len(cluster.users):.1f} tries of each user"),)


def _failure(attempt: Attempt) -> Evidence:
    return Evidence(
        attempt.activity, attempt.time, "failed logon", category=Category.FAILED_LOGON, outcome=Outcome.FAILURE,
        ip=attempt.address, isp=_isp(attempt), user_agent=attempt.program, object=attempt.user,
    )  # fmt: skip


def _success(attempt: Attempt) -> Evidence:
    return Evidence(
        attempt.activity, attempt.time, "logon", category=Category.LOGON, ip=attempt.address, isp=_isp(attempt),
        user_agent=attempt.program, object=attempt.user,
    )  # fmt: skip


def _isp(attempt: Attempt) -> str:
    return f"AS{attempt.asn}" if attempt.asn else ""
