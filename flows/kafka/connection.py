"""Connecting to brokers: what there is of a topic, and what went wrong, in a line."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from flows.kafka.address import Address
from flows.kafka.errors import BrokerError
from flows.settings import SettingsError
from flows.sources.lines import InputError

ATTEMPT = 2.0
"""Seconds of one attempt to get an answer; what is being connected meanwhile goes on."""

_NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"
"""Kafka's zero UUID: a broker without topic ids."""

_REFUSED = (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError._SSL)
_FORBIDDEN = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED)

Properties = Mapping[str, Any]

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Topic:
    """What the brokers say of a topic."""

    address: Address
    partitions: int
    id: str = ""
    """Kafka's id; "" where it tells none."""


class Outage:
    """Whether brokers can be reached; says so once when it changes, however many connections notice."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self.down = False
        self._said: set[int] = set()

    def error(self, error: KafkaError) -> None:
        """What librdkafka calls with what goes wrong; it tries again by itself."""
        code = error.code()
        if code == KafkaError._ALL_BROKERS_DOWN:
            if not self.down:
                logger.warning("no broker reachable: waiting for one", address=self._address.given)
            self.down = True
        elif code != KafkaError._TRANSPORT and code not in self._said:
            self._said.add(code)
            logger.warning("kafka: going on", address=self._address.given, error=error.str())

    def heard(self) -> None:
        """Something came from a broker."""
        if self.down:
            logger.info("a broker is reachable again", address=self._address.given)
        self.down = False
        self._said.clear()


def make_consumer(properties: Properties) -> Consumer:
    """A consumer that is not connected yet.

    Raises:
        SettingsError: librdkafka refuses a property.
    """
    try:
        return Consumer(dict(properties))
    except KafkaException as error:
        raise bad_properties(error, properties) from None


def bad_properties(error: KafkaException, properties: Properties) -> SettingsError:
    """Says which property librdkafka refuses, and nothing of passwords."""
    return SettingsError(f"setting kafka.properties: {_say(error.args[0], properties)}")


def find_topic(address: Address, properties: Properties, timeout: float) -> Topic:
    """Ask the brokers for a topic, waiting for one to answer. It is never created.

    Args:
        address: of the topic.
        properties: of a consumer: a producer that asks for a topic has it created on brokers that allow this.
        timeout: seconds.

    Raises:
        BrokerError: none answers in time.
        InputError: there is no such topic, or no right to it, or the credentials are wrong.
        SettingsError: librdkafka refuses a property.
    """
    errors: list[KafkaError] = []
    consumer = make_consumer({**properties, "allow.auto.create.topics": "false", "error_cb": errors.append})
    try:
        count = _count_partitions(consumer, address, properties, timeout, errors)
    finally:
        consumer.close()
    return Topic(address, count, _topic_id(address, properties))


def explain(error: KafkaError, address: Address, properties: Properties) -> Exception | None:
    """What to tell of an error that waiting doesn't help; None of others."""
    if error.code() in _REFUSED:
        return InputError(
            f"{address.given}: the broker refused the connection: {_say(error, properties)}; check [kafka.properties] "
            "security.protocol, sasl.mechanism, sasl.username, sasl.password, ssl.ca.location, or the connection string"
        )
    if error.code() in _FORBIDDEN:
        return InputError(
            f"{address.given}: expected the right to use topic {address.topic}, found none ({error.name()}); have the "
            "user granted it"
        )
    if error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC):
        return InputError(
            f"{address.given}: expected topic {address.topic}, found no such topic; create it: Anput doesn't"
        )
    return None


def _count_partitions(
    consumer: Consumer, address: Address, properties: Properties, timeout: float, errors: list[KafkaError]
) -> int:
    deadline = time.monotonic() + timeout
    last: KafkaError | None = None
    while (left := deadline - time.monotonic()) > 0:
        try:
            topic = consumer.list_topics(address.topic, timeout=min(ATTEMPT, left)).topics[address.topic]
            if topic.error is None and topic.partitions:
                return len(topic.partitions)
            last = topic.error
        except KafkaException as exception:
            last = exception.args[0]
        consumer.poll(min(0.05, left))  # delivers to `errors`
        for error in (last, *errors):
            if error is not None and (final := explain(error, address, properties)):
                raise final
    # What connections met with says more than that there was no answer.
    reason = _say(errors[-1] if errors else last, properties)
    msg = (
        f"{address.given}: expected a broker to answer within {timeout:g} s (setting kafka.connect_timeout), found: "
        f"{reason}; check the address, the network, and security.protocol in [kafka.properties]"
    )
    raise BrokerError(msg)


def _topic_id(address: Address, properties: Properties) -> str:
    """Not all that speak Kafka's protocol know topic ids."""
    found = ""
    with suppress(KafkaException):
        client = AdminClient(dict(properties))
        futures = client.describe_topics(TopicCollection([address.topic]), request_timeout=10)
        found = str(futures[address.topic].result().topic_id)
    return "" if found == _NO_ID else found


def _say(error: KafkaError | None, properties: Properties) -> str:
    """An error in a line, without anything of a password."""
    text = " ".join((error.str() if error else "no answer").split())[:500]
    for name, value in properties.items():
        if isinstance(value, str) and value and any(part in name for part in ("password", "secret", "pem")):
            text = text.replace(value, "***")
    return text
