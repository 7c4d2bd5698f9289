"""Documents of the first release: a thread for each user and detection, by the user's key group."""

from __future__ import annotations

from stateful.correlation.documents import Body, Thread
from stateful.correlation.keys import thread_key
from stateful.key_group import KeyGroupState

GROUP_BYTES = 4
EVER = 2**61


def adopt(state: KeyGroupState[Body], groups: int) -> None:
    """Put what is left of them into the users' threads."""
    for group in range(groups):
        for key in state.due(EVER, group.to_bytes(GROUP_BYTES, "big")):
            old = state.entity(key)
            if isinstance(old, Thread):
                tenant, _, user = key[GROUP_BYTES:].decode("utf-8", "replace").split("\0", 2)
                findings, alerts = old.findings, old.alerts
                state.forget(key)
                own = state.entity(thread_key(tenant, user))
                if isinstance(own, Thread):
                    own.findings |= findings
                    own.alerts |= alerts
                    # It is looked at as soon as anything is sealed, and then says itself when next.
                    own.wake = min((alert.created for alert in alerts.values()), default=0)
                state.changed(thread_key(tenant, user))
