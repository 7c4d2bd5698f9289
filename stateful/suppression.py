"""Suppressions: findings that analysts decided not to see. They go to the `suppressed` lane, never into a hole."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

import msgspec

from stateful.finding import Finding


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


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(rule: Suppression) -> list[Network]:
    if not (rule.users or rule.detections or rule.addresses or rule.countries):
        msg = f"suppression {rule.name!r}: expected users, detections, addresses or countries: else it hides all"
        raise ValueError(msg)
    try:
        return [ipaddress.ip_network(text) for text in rule.addresses]
    except ValueError as error:
        msg = f"suppression {rule.name!r}: addresses must be CIDR ranges such as 192.0.2.0/24: {error}"
        raise ValueError(msg) from None


def _holds(rule: Suppression, networks: list[Network], finding: Finding) -> bool:
    if rule.detections and finding.detection not in rule.detections:
        return False
    if rule.users:
        names = [name.lower() for name in (finding.user.id, finding.user.name, finding.user.email) if name]
        if not any(fnmatchcase(name, pattern.lower()) for pattern in rule.users for name in names):
            return False
    if networks:
        addresses = {evidence.ip for evidence in finding.evidence}
        if not all(ip and any(ipaddress.ip_address(ip) in network for network in networks) for ip in addresses):
            return False
    return not rule.countries or all(evidence.country in rule.countries for evidence in finding.evidence)
