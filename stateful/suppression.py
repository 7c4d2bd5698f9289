"""Suppressions: findings that analysts decided not to see. They go to the `suppressed` lane, never into a hole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from stateful.finding import Finding
from stateful.tuning import Network, fits, inside, parse_networks


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


def compile_rules(rules: Sequence[Suppression]) -> Callable[[Finding], str]:
    """A function from a finding to the name of the first rule that hides it, or "".

    Raises:
        ValueError: a range is not a CIDR range, or a rule has no condition at all.
    """
    compiled = [(rule, _networks(rule)) for rule in rules]

    def match(finding: Finding) -> str:
        return next((rule.name for rule, networks in compiled if _holds(rule, networks, finding)), "")

    return match


def _networks(rule: Suppression) -> tuple[Network, ...]:
    if not (rule.users or rule.detections or rule.addresses or rule.countries):
        msg = f"suppression {rule.name!r}: expected users, detections, addresses or countries: else it hides all"
        raise ValueError(msg)
    try:
        return parse_networks(rule.addresses)
    except ValueError as error:
        msg = f"suppression {rule.name!r}: {error}"
        raise ValueError(msg) from None


def _holds(rule: Suppression, networks: tuple[Network, ...], finding: Finding) -> bool:
    if rule.detections and finding.detection not in rule.detections:
        return False
    if rule.users and not fits(rule.users, (finding.user.id, finding.user.name, finding.user.email)):
        return False
    if networks and not all(inside(evidence.ip, networks) for evidence in finding.evidence):
        return False
    return not rule.countries or all(evidence.country in rule.countries for evidence in finding.evidence)
