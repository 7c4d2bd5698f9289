"""librdkafka's properties from the settings: what the user passes through, secrets resolved, what is ours laid over."""

from __future__ import annotations

from collections.abc import Mapping

from flows.kafka import eventhubs
from flows.kafka.address import Address
from flows.secret import resolve
from flows.settings import Kafka, Property, Secret, SettingsError

SECRETS = frozenset(
    {
        "sasl.password",
        "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.assertion.private.key.passphrase",
        "sasl.oauthbearer.assertion.private.key.pem",
        "ssl.key.password",
        "ssl.key.pem",
        "ssl.keystore.password",
    }
)
"""Properties that may not stand in a settings file as they are."""

OURS = {
    "bootstrap.servers": "the address kafka://HOST:PORT/TOPIC",
    "metadata.broker.list": "the address kafka://HOST:PORT/TOPIC",
    "group.id": "kafka.group",
    "auto.offset.reset": "kafka.start and kafka.on_expired_offset",
    "message.timeout.ms": "kafka.delivery_timeout",
    "delivery.timeout.ms": "kafka.delivery_timeout",
    "enable.auto.commit": "",
    "enable.auto.offset.store": "",
    "enable.partition.eof": "",
    "allow.auto.create.topics": "",
    "enable.idempotence": "",
    "acks": "",
    "request.required.acks": "",
}
"""Properties that can't be passed through, and the setting to use instead, if there is one."""

FETCHING = {"queued.max.messages.kbytes": "8192", "fetch.queue.backoff.ms": "20"}
"""What is fetched ahead of each partition, and the pause when that is full. librdkafka's own 64 MB for each of many
partitions is too much, and its second of pause lets a worker that is quicker than 8 MB/s starve."""


def common(kafka: Kafka, address: Address, more: Mapping[str, Property] | None = None) -> dict[str, str]:
    """Properties of any connection to an address.

    Args:
        kafka: the settings.
        address: what is connected to.
        more: properties laid over those of the settings.

    Raises:
        SettingsError: a property is not for passing through, or a secret is missing or written out.
        flows.kafka.eventhubs.ConnectionStringError: see there.
    """
    found = _passed_through(kafka.properties, "kafka.properties") | _passed_through(more or {}, "kafka.sink_properties")
    if not {"log_level", "debug"} & found.keys():
        # Outages are logged by ourselves, once, instead of by each connection.
        found["log_level"] = "0"
    found["client.id"] = found.get("client.id", "anput")
    if not address.namespace:
        return found | {"bootstrap.servers": address.servers}
    where = "setting kafka.eventhubs_connection_string"
    if kafka.eventhubs_connection_string is None:
        msg = f'{where}: expected {{ env = "VARIABLE" }} or {{ file = "PATH" }} for {address.given}, found none'
        raise SettingsError(msg)
    text = resolve(kafka.eventhubs_connection_string, where)
    try:
        return found | eventhubs.properties(address, text)
    except eventhubs.ConnectionStringError as error:
        msg = f"{where}: {error}"
        raise SettingsError(msg) from None


def sink_consumer(kafka: Kafka, address: Address) -> dict[str, str]:
    """Properties of a consumer that only looks at what a producer is to write to."""
    return common(kafka, address, kafka.sink_properties) | {"group.id": kafka.group}


def consumer(kafka: Kafka, address: Address) -> dict[str, str]:
    """Properties of a consumer that is told what to read, and by us alone."""
    return (
        FETCHING
        | common(kafka, address)
        | {
            "group.id": kafka.group,
            "enable.auto.commit": "false",
            "enable.auto.offset.store": "false",
            "enable.partition.eof": "true",
            # The source looks itself where to go on, and says what it missed.
            "auto.offset.reset": "error",
            "allow.auto.create.topics": "false",
            # A partition that waits for the others isn't polled meanwhile.
            "max.poll.interval.ms": "86400000",
        }
    )


def producer(kafka: Kafka, address: Address) -> dict[str, str]:
    """Properties of a producer that neither loses nor doubles nor reorders within its life."""
    return common(kafka, address, kafka.sink_properties) | {
        "enable.idempotence": "true",
        "acks": "all",
        "message.timeout.ms": str(round(kafka.delivery_timeout * 1000)),
    }


def _passed_through(properties: Mapping[str, Property], setting: str) -> dict[str, str]:
    found = {}
    for name, value in properties.items():
        where = f'setting {setting}."{name}"'
        if name in OURS:
            instead = f"use {OURS[name]}" if OURS[name] else "it follows from how offsets and alerts are kept"
            msg = f"{where}: expected a property that can be passed through: {instead}"
            raise SettingsError(msg)
        if isinstance(value, Secret):
            found[name] = resolve(value, where)
        elif name in SECRETS:
            msg = f'{where}: expected {{ env = "VARIABLE" }} or {{ file = "PATH" }}, found the secret itself'
            raise SettingsError(msg)
        else:
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found
