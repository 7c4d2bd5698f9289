"""What the alerts are worth: which attacks they found, how fast, and how many were about nothing.

An alert is about an attack when it is about one of the attack's users and one of its findings rests on a time between
the attack's first and last activity, a margin granted. Whether its detection is one that is meant for such an attack is
told apart. Closed alerts count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

import msgspec

from flows.evaluation.alerts import Seen
from flows.evaluation.truth import Attack

MARGIN = 15 * 60_000
"""ms around an attack in which an alert is still about it."""
WEEK = 7.0
"""Days."""

FITTING: Mapping[str, frozenset[str]] = {
    "brute_force": frozenset({"failed_logon_burst", "password_spray"}),
    "password_spray": frozenset({"password_spray", "failed_logon_burst"}),
}
"""Attack -> detections that are meant for it, where it isn't the one of its name."""
CHAIN = "attack_chain"
"""Fits every campaign."""


@dataclass(frozen=True)
class Found:
    """An attack with what was said about it."""

    attack: Attack
    alerts: tuple[Seen, ...]
    rank: int
    """Of the attacked user among all users by risk: 1 is the highest."""

    @property
    def found(self) -> bool:
        """Whether there was any alert about it."""
        return bool(self.alerts)

    @property
    def fitting(self) -> bool:
        """Whether one of them is of a detection that is meant for it."""
        own = self.attack.name
        meant = FITTING.get(own, frozenset({own})).union(*({*FITTING.get(s, ()), s} for s in self.attack.stages))
        if self.attack.stages:
            meant |= {CHAIN}
        return any(meant.intersection(alert.detections) for alert in self.alerts)

    @property
    def delay(self) -> float | None:
        """Seconds from the arrival of its first activity to the first alert about it; None if there is none."""
        if not self.alerts:
            return None
        return max(0.0, (min(alert.raised for alert in self.alerts) - self.attack.arrived) / 1000)


class Row(msgspec.Struct, frozen=True):
    """All attacks of one name."""

    attacks: int
    found: int
    recall: float
    fitting: int
    """Found by a detection that is meant for it."""
    delay_p50_s: float | None
    rank_p50: float | None
    missed_variants: list[str]


@dataclass(frozen=True)
class Measured:
    """All of it."""

    found: tuple[Found, ...]
    alerts: int
    """Open ones."""
    false: tuple[Seen, ...]
    closed: int
    users: int
    days: float

    @property
    def recall(self) -> float:
        """Share of attacks with an alert; 1 where there are none."""
        return _share(sum(one.found for one in self.found), len(self.found))

    @property
    def precision(self) -> float:
        """Share of alerts that are about an attack; 1 where there are none."""
        return _share(self.alerts - len(self.false), self.alerts)

    @property
    def false_rate(self) -> float:
        """Alerts about no attack per 1,000 users and week."""
        return len(self.false) / (self.users / 1000) / (self.days / WEEK)

    @property
    def delays(self) -> list[float]:
        """Seconds, of the attacks that were found."""
        return sorted(one.delay for one in self.found if one.delay is not None)


def measure(
    alerts: Sequence[Seen], attacks: Sequence[Attack], users: int, days: float, margin: int = MARGIN
) -> Measured:
    """Compare alerts with the truth.

    Args:
        alerts: all of them.
        attacks: all of them.
        users: in the log, attacked or not.
        days: of the log.
        margin: ms.

    Raises:
        ValueError: `users` or `days` isn't positive.
    """
    if users < 1 or days <= 0:
        msg = f"expected at least 1 user and more than 0 days, found {users} and {days}"
        raise ValueError(msg)
    open_ = [alert for alert in alerts if not alert.closed]
    by_user: dict[str, list[Seen]] = {}
    for alert in open_:
        for user in alert.users:
            by_user.setdefault(user, []).append(alert)
    ranks = _ranks(open_)
    about: set[str] = set()
    found = []
    for attack in attacks:
        near = {alert.uid: alert for user in sorted(attack.users) for alert in by_user.get(user, ())}
        own = [alert for alert in near.values() if _about(alert, attack, margin)]
        about.update(alert.uid for alert in own)
        found.append(Found(attack, tuple(own), ranks.get(attack.user, len(ranks) + 1)))
    false = tuple(alert for alert in open_ if alert.uid not in about)
    return Measured(tuple(found), len(open_), false, len(alerts) - len(open_), users, days)


def summary(measured: Measured) -> dict[str, object]:
    """The figures, by the keys that `anput evaluate --json` prints."""
    delays = measured.delays
    return {
        "recall": round(measured.recall, 4),
        "precision": round(measured.precision, 4),
        "false_alerts_per_1000_users_per_week": round(measured.false_rate, 3),
        "delay_p50_s": percentile(delays, 50),
        "delay_p95_s": percentile(delays, 95),
        "per_attack": per_attack(measured.found),
    }


def per_attack(found: Iterable[Found]) -> dict[str, Row]:
    """What became of the attacks of each name."""
    by_name: dict[str, list[Found]] = {}
    for one in found:
        by_name.setdefault(one.attack.name, []).append(one)
    return {name: _row(ones) for name, ones in sorted(by_name.items())}


def _row(ones: Sequence[Found]) -> Row:
    hits = sum(one.found for one in ones)
    return Row(
        attacks=len(ones),
        found=hits,
        recall=round(_share(hits, len(ones)), 4),
        fitting=sum(one.fitting for one in ones),
        delay_p50_s=percentile(sorted(one.delay for one in ones if one.delay is not None), 50),
        rank_p50=percentile(sorted(float(one.rank) for one in ones), 50),
        missed_variants=sorted({one.attack.variant for one in ones if not one.found and one.attack.variant}),
    )


def percentile(values: Sequence[float], percent: int) -> float | None:
    """Of sorted values, interpolated; None of none."""
    if not values:
        return None
    if len(values) == 1:
        return round(values[0], 3)
    return round(quantiles(values, n=100, method="inclusive")[percent - 1], 3)


def _about(alert: Seen, attack: Attack, margin: int) -> bool:
    return any(first <= attack.ends + margin and last >= attack.begins - margin for first, last in alert.spans)


def _ranks(alerts: Iterable[Seen]) -> dict[str, int]:
    """User -> place by the highest risk of their alerts; those of equal risk share the better place."""
    risks: dict[str, float] = {}
    for alert in alerts:
        for user in alert.users:
            risks[user] = max(risks.get(user, 0.0), alert.risk)
    ordered = sorted(risks.values(), reverse=True)
    return {user: ordered.index(risk) + 1 for user, risk in risks.items()}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
