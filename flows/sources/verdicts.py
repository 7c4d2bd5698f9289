"""Verdicts as records: what `anput alerts verdict` writes, and what the flow reads from files and topics.

One JSON object a line. Only inputs of the setting `verdicts` are read as such: no log can forge one.
"""

from __future__ import annotations

import msgspec

from activities.activity import Activity, Object, Raw, User
from activities.record import Rejected, rejected
from stateful.profile import OWN
from stateful.verdict import VERDICT, VERDICTS

FORMAT = "verdict"
USERS_KEPT = 1000


class VerdictRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An analyst's word on an alert."""

    alert: str
    """uid."""
    verdict: str
    """One of `stateful.verdict.VERDICTS`."""
    tenant: str
    users: tuple[str, ...]
    """Whose activities it was about: their baselines learn from it."""
    detections: tuple[str, ...]
    """Of the alert's findings."""
    time: int
    """Event time, ms, from which on it holds."""
    reason: str = ""
    by: str = ""


_decode = msgspec.json.Decoder(VerdictRecord).decode


def parse(line: bytes, raw: Raw) -> list[Activity | Rejected]:
    """The verdict of a line, as an activity of the engine's own in the timeline of each of the users."""
    try:
        given = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return [rejected(f"expected a verdict as `anput alerts verdict` writes it, found: {error}", line, raw)]
    if given.verdict not in VERDICTS or not given.alert or not given.users or given.time < 0:
        expected = f"expected an alert, users, a time and a verdict out of {', '.join(VERDICTS)}"
        return [rejected(f"{expected}, found {given.verdict!r:.40} on {given.alert!r:.40}", line, raw)]
    objects = (
        Object("alert", given.alert),
        Object("verdict", given.verdict),
        *(Object("detection", name) for name in sorted(set(given.detections))),
    )
    return [
        Activity(
            given.tenant,
            # No parser lets a NUL through, so no record can take this id.
            f"\0verdict:{given.alert}:{given.time}:{given.verdict}",
            given.time,
            given.time,
            User(user),
            VERDICT,
            objects=objects,
            source=OWN,
            raw=raw,
        )
        for user in given.users[:USERS_KEPT]
    ]
