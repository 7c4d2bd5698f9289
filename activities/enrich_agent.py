"""User agents: which program, on which operating system, without versions, so that an update is not a new device."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from ua_parser import Domain, PartialResult
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from activities.enrich_tools import distribution_of, system_in, system_of, tool_of

LONGEST = 512
"""Characters of a user agent that are looked at: the time it takes grows with them, and senders choose them."""
_LONGEST_NAME = 64
_DOMAINS = Domain.USER_AGENT | Domain.OS
_CLIENT = re.compile(r"Client=([\w.]+)", re.ASCII)
"""How Exchange writes which protocol was used."""
_VARIABLE = re.compile(
    r"(?<![a-z0-9])(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[a-f]*\d)[0-9a-f]{8,}|v?\d+(?:[._]\d+)*)(?![a-z0-9])",
    re.IGNORECASE | re.ASCII,
)
"""Ids and versions."""
_EDGES = " \t-_./:;,+*\"'()[]"


class Agent(NamedTuple):
    """What a user agent says: program and system, each "" if it doesn't."""

    program: str
    system: str

    def on(self, system: str) -> str:
        """The family: `Chrome on Windows`, or only the program where its system isn't known.

        Args:
            system: What the record says of the operating system, for where the agent doesn't.
        """
        known = self.system or system_of(system)
        return f"{self.program} on {known}" if self.program and known else self.program


def agent_of(user_agent: str) -> Agent:
    """Which program and system a user agent names.

    A known tool first, then what ua-parser's rules say, then the first product (RFC 9110, 10.1.5) without ids and
    versions.
    """
    head = user_agent[:LONGEST]
    parsed = _resolver()(head, _DOMAINS)
    program = tool_of(head) or _family(parsed) or _product(head)
    return Agent(program, distribution_of(head) or _system(parsed) or system_in(head))


@cache
def _resolver() -> Resolver:
    """Rules for programs and systems; those for makes of devices would take three times as long to load."""
    programs, systems, _ = load_lazy_builtins()
    return Resolver((programs, systems, []))


def _family(parsed: PartialResult) -> str:
    return parsed.user_agent.family[:_LONGEST_NAME] if parsed.user_agent else ""


def _system(parsed: PartialResult) -> str:
    if not parsed.os:
        return ""
    return system_of(parsed.os.family) or parsed.os.family[:_LONGEST_NAME]


def _product(head: str) -> str:
    client = _CLIENT.match(head)
    if client:
        return client[1][:_LONGEST_NAME]
    first = re.split(r"[/;,(]", head.lstrip(_EDGES), maxsplit=1)[0]
    return _VARIABLE.sub("", first).strip(_EDGES)[:_LONGEST_NAME]
