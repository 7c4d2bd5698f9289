"""Services that fetch for a person: the record names the service's address, not where the person is.

Outlook on a phone is served by Microsoft's cloud, which reads the mailbox itself; documents that are opened in a
browser are fetched by Office's servers (WOPI). Source: Microsoft, "Use mailbox auditing: client information", and what
tenants' unified audit logs show. A virtual machine in the same networks has another program.
"""

from __future__ import annotations

import re
from functools import lru_cache

MICROSOFT = frozenset((3598, 6584, 8068, 8069, 8070, 8071, 8072, 8073, 8074, 8075, 12076))
"""Microsoft's autonomous systems."""
_AGENTS = re.compile(
    r"OutlookService|Outlook-(?:iOS|Android)|\bMSWAC|\bWOPI|OneDriveMpc-Transform|Office ?Online", re.I
)


def fetches_for_people(source: str, asn: int | None, user_agent: str) -> bool:
    """Whether a record of `source` (a format's name), from a system and with a program, is of such a service."""
    return source == "m365" and asn in MICROSOFT and _is_service(user_agent)


@lru_cache(maxsize=4096)
def _is_service(user_agent: str) -> bool:
    return _AGENTS.search(user_agent) is not None
