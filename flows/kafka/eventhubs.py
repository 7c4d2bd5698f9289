"""Connection strings of Azure Event Hubs, for its Kafka endpoint.

The endpoint listens on port 9093 and takes SASL PLAIN over TLS with the user `$ConnectionString` and the whole string
as the password (https://learn.microsoft.com/azure/event-hubs/azure-event-hubs-kafka-overview); its emulator on port
9092 without TLS (https://learn.microsoft.com/azure/event-hubs/overview-emulator). No message repeats a key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.kafka.address import Address

_ENDPOINT = re.compile(r"sb://([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::([0-9]{1,5}))?/?")
_FORM = "Endpoint=sb://NAMESPACE.servicebus.windows.net/;SharedAccessKeyName=...;SharedAccessKey=..."
_KNOWN = ("Endpoint", "SharedAccessKeyName", "SharedAccessKey", "EntityPath", "UseDevelopmentEmulator")
_PORT, _EMULATOR_PORT = 9093, 9092

RECOMMENDED = {"socket.keepalive.enable": "true", "metadata.max.age.ms": "180000", "request.timeout.ms": "60000"}
"""Azure drops connections that are idle for four minutes
(https://learn.microsoft.com/azure/event-hubs/apache-kafka-configurations)."""


class ConnectionStringError(ValueError):
    """It is no connection string, or not the address's. The message holds nothing of its key."""


@dataclass(frozen=True, slots=True)
class ConnectionString:
    """What a connection string says, but for the key."""

    host: str
    port: int
    entity: str
    """The event hub it is for; "" for all of the namespace."""
    emulator: bool


def parse(text: str) -> ConnectionString:
    """Read a connection string.

    Raises:
        ConnectionStringError: a part is missing, there twice, or unknown.
    """
    parts: dict[str, str] = {}
    names = {name.lower(): name for name in _KNOWN}
    for number, part in enumerate(filter(None, text.strip().split(";")), 1):
        key, equals, value = part.partition("=")
        name = names.get(key.strip().lower())
        # What isn't known may be a piece of a key: it is told by its place only.
        if not equals or name is None:
            msg = f"expected {_FORM}; its part {number} is none of {', '.join(_KNOWN)}"
            raise ConnectionStringError(msg)
        if name in parts:
            msg = f"expected {_FORM}; {name} is there twice"
            raise ConnectionStringError(msg)
        parts[name] = value.strip()
    for name in _KNOWN[:3]:
        if not parts.get(name):
            msg = f"expected {_FORM}; {name} is missing"
            raise ConnectionStringError(msg)
    endpoint = _ENDPOINT.fullmatch(parts["Endpoint"])
    if endpoint is None:
        msg = f"expected {_FORM}; Endpoint is not of the form sb://NAMESPACE.servicebus.windows.net/"
        raise ConnectionStringError(msg)
    emulator = parts.get("UseDevelopmentEmulator", "false").lower() == "true"
    # The emulator's string has the port of AMQP or none; a port of ours can be given for its Kafka endpoint.
    port = int(endpoint[2] or _EMULATOR_PORT) if emulator else _PORT
    return ConnectionString(endpoint[1], port, parts.get("EntityPath", ""), emulator)


def properties(address: Address, text: str) -> dict[str, str]:
    """Librdkafka's properties for a hub.

    Args:
        address: `eventhubs://NAMESPACE/HUB`; NAMESPACE may be the host's whole name or its first label.
        text: the connection string.

    Raises:
        ConnectionStringError: it is malformed, or of another namespace or hub.
    """
    found = parse(text)
    if address.namespace.lower() not in (found.host.lower(), found.host.lower().partition(".")[0]):
        msg = f"expected a connection string of the namespace in {address.given}, found one of {found.host}"
        raise ConnectionStringError(msg)
    if found.entity and found.entity.lower() != address.topic.lower():
        msg = f"expected a connection string of the hub in {address.given}, found one of {found.entity}"
        raise ConnectionStringError(msg)
    return RECOMMENDED | {
        "bootstrap.servers": f"{found.host}:{found.port}",
        "security.protocol": "SASL_PLAINTEXT" if found.emulator else "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "$ConnectionString",
        "sasl.password": text.strip(),
    }
