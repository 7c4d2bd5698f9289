"""Addresses of topics: `kafka://HOST:PORT[,HOST:PORT]/TOPIC` and `eventhubs://NAMESPACE/HUB`."""

from __future__ import annotations

import re
from dataclasses import dataclass

KAFKA = "kafka://"
EVENT_HUBS = "eventhubs://"

_SERVER = r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}"
_SERVERS = re.compile(rf"{_SERVER}(?:,{_SERVER})*")
_NAMESPACE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_TOPIC = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")
"""Kafka's legal names (org.apache.kafka.common.internals.Topic); those of event hubs are among them."""


class AddressError(ValueError):
    """It is no address of a topic; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a topic is."""

    given: str
    """As the user wrote it: for messages."""
    topic: str
    servers: str = ""
    """`bootstrap.servers`; "" with Event Hubs, where the connection string says them."""
    namespace: str = ""
    """Of Event Hubs; "" with Kafka."""


def is_address(text: str) -> bool:
    """Whether an input means a topic, not a file."""
    return text.startswith((KAFKA, EVENT_HUBS))


def parse(text: str) -> Address:
    """Read an address.

    Raises:
        AddressError: it isn't one. A user name or password in it is not repeated.
    """
    for scheme, form, where in (
        (KAFKA, "kafka://HOST:PORT[,HOST:PORT]/TOPIC", _SERVERS),
        (EVENT_HUBS, "eventhubs://NAMESPACE/HUB", _NAMESPACE),
    ):
        if not text.startswith(scheme):
            continue
        place, _, topic = text.removeprefix(scheme).partition("/")
        if "@" in place:
            msg = f"expected {form}, found one with a user or password in it; these belong into [kafka.properties]"
            raise AddressError(msg)
        if not where.fullmatch(place) or not _TOPIC.fullmatch(topic):
            msg = f"expected {form}, found {text!r:.300}"
            raise AddressError(msg)
        return Address(text, topic, place) if scheme == KAFKA else Address(text, topic, namespace=place)
    msg = f"expected kafka://HOST:PORT/TOPIC or eventhubs://NAMESPACE/HUB, found {text!r:.300}"
    raise AddressError(msg)
