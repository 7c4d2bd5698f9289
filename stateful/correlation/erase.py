"""Taking one user out of what is kept of many."""

from __future__ import annotations

import msgspec

from stateful.correlation.documents import Body, Spray, Value
from stateful.correlation.prevalence import hashed
from stateful.finding import Alert


def erase(body: Body, user: str) -> bool:
    """Take a user out of a value or a network; return whether there was anything. How many users there are stays."""
    if isinstance(body, Value):
        own = hashed(user)
        left = [shown for shown in body.earliest if shown.user != own]
        rests = {uid: rest for uid, rest in body.rests.items() if rest.user.id != user}
        found = len(left) < len(body.earliest) or len(rests) < len(body.rests)
        body.earliest, body.rests = left, rests
    elif isinstance(body, Spray):
        failed = {uid: attempt for uid, attempt in body.failed.items() if attempt.user != user}
        entered = {uid: attempt for uid, attempt in body.entered.items() if attempt.user != user}
        breached = {uid: said for uid, said in body.breached.items() if said.finding.user.id != user}
        found = len(failed) + len(entered) + len(breached) < len(body.failed) + len(body.entered) + len(body.breached)
        body.failed, body.entered, body.breached = failed, entered, breached
    else:
        return False
    return _erase(body.alerts, user) | _erase(body.past, user) | found


def _erase(alerts: dict[str, Alert], user: str) -> bool:
    named = [uid for uid, alert in alerts.items() if any(other.id == user for other in alert.users)]
    for uid in named:
        left = tuple(other for other in alerts[uid].users if other.id != user)
        alerts[uid] = msgspec.structs.replace(alerts[uid], users=left)
    return bool(named)
