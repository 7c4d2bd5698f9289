"""Alerts and lanes to a Kafka topic or an event hub, at least once: none counts as written before a broker has it.

A message is one revision of an alert: key the tenant, value its OCSF JSON, headers `uid`, `revision`, `content-type`.
Who reads de-duplicates by (uid, revision). Revisions of one alert are in order. Records of lanes have a header `lane`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from bytewax.outputs import DynamicSink, StatelessSinkPartition
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Delivered

from flows.delivery.message import ALERT, Message
from flows.kafka.address import Address, parse
from flows.kafka.connection import Outage, Properties, bad_properties, explain, find_topic
from flows.kafka.errors import BrokerError
from flows.kafka.properties import producer, sink_consumer
from flows.settings import Kafka

X = TypeVar("X")

CONTENT_TYPE = "application/json"

Headers = dict[str, str | bytes | None]

GRACE = 5.0
"""Seconds beyond the delivery time-out for the reports to come in."""


@dataclass(frozen=True)
class KafkaSink(DynamicSink[X]):
    """Sends what its items hold. It has no state of its own: what wasn't delivered is made again."""

    address: Address
    properties: Properties = field(repr=False)
    """Of a producer."""
    timeout: float
    """Seconds for a delivery."""
    setting: str
    """That has the address, for messages."""
    messages: Callable[[list[X]], list[Message]] = field(repr=False)
    """What is sent of items."""

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _KafkaSinkPartition[X]:
        """A producer for each worker."""
        return _KafkaSinkPartition(self)


def kafka_sink(given: str, settings: Kafka, setting: str, messages: Callable[[list[X]], list[Message]]) -> KafkaSink[X]:
    """The sink of an address. Its topic is looked for right away.

    Args:
        given: the address.
        settings: of Kafka.
        setting: that has the address, for messages.
        messages: what is sent of items.

    Raises:
        ValueError: the address or a setting is wrong.
        InputError: there is no such topic, or no right to it, or the credentials are wrong.
        BrokerError: no broker answers.
    """
    address = parse(given)
    find_topic(address, sink_consumer(settings, address), settings.connect_timeout)
    return KafkaSink(address, producer(settings, address), settings.delivery_timeout, setting, messages)


class _KafkaSinkPartition(StatelessSinkPartition[X]):
    def __init__(self, sink: KafkaSink[X]) -> None:
        self._sink = sink
        self._failure: KafkaError | None = None
        properties = {**sink.properties, "error_cb": Outage(sink.address).error, "on_delivery": self._delivered}
        try:
            self._producer = Producer(properties)
        except KafkaException as error:
            raise bad_properties(error, properties) from None

    def write_batch(self, items: list[X]) -> None:
        """Send all and wait until brokers have them.

        Raises:
            BrokerError: they don't take one in time, or at all.
        """
        for message in self._sink.messages(items):
            self._send(message.tenant.encode("utf-8", "replace"), message.body, _headers(message))
        waiting = self._producer.flush(self._sink.timeout + GRACE)
        if self._failure is not None or waiting:
            raise self._lost(self._failure)

    def close(self) -> None:
        """Nothing is waiting: each batch is flushed."""

    def _send(self, key: bytes, value: bytes, headers: Headers) -> None:
        while self._failure is None:
            try:
                self._producer.produce(self._sink.address.topic, value, key, headers=headers)
            except BufferError:
                # Each message in the queue is delivered or fails within the time-out, so that there is room.
                self._producer.poll(0.1)
            except KafkaException as error:
                self._failure = error.args[0]
            else:
                return

    def _delivered(self, error: KafkaError | None, _: Delivered) -> None:
        self._failure = self._failure or error

    def _lost(self, error: KafkaError | None) -> Exception:
        address, timeout = self._sink.address, self._sink.timeout
        reason = error.str() if error else "no answer"
        final = explain(error, address, self._sink.properties) if error else None
        return final or BrokerError(
            f"setting {self._sink.setting}: expected {address.given} to take a message within {timeout:g} s (setting "
            f"kafka.delivery_timeout), found: {reason}. Nothing is lost: the next run sends it again"
        )


def _headers(message: Message) -> Headers:
    if message.kind == ALERT:
        return {"uid": message.uid, "revision": str(message.revision), "content-type": CONTENT_TYPE}
    return {"lane": message.kind, "content-type": CONTENT_TYPE}
