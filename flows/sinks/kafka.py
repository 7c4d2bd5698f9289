"""Alerts to a Kafka topic or an event hub, at least once: none counts as written before a broker has it on record.

A message is one revision of an alert: key the tenant, value its OCSF JSON, headers `uid`, `revision`, `content-type`.
Who reads de-duplicates by (uid, revision). Revisions of one alert are in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bytewax.outputs import DynamicSink, StatelessSinkPartition
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from flows.kafka.address import Address, parse
from flows.kafka.connection import Outage, Properties, bad_properties, explain, find_topic
from flows.kafka.errors import BrokerError
from flows.kafka.properties import producer, sink_consumer
from flows.settings import Kafka
from flows.sinks.encoding import AlertBatch, encode_json
from flows.sinks.ocsf import to_ocsf
from stateful.detection import Detection

CONTENT_TYPE = "application/json"

GRACE = 5.0
"""Seconds beyond the delivery time-out for the reports to come in."""


@dataclass(frozen=True)
class KafkaSink(DynamicSink[tuple[str, AlertBatch]]):
    """Sends every revision of every alert. It has no state of its own: what wasn't delivered is made again."""

    address: Address
    properties: Properties = field(repr=False)
    """Of a producer."""
    timeout: float
    """Seconds for a delivery."""
    detections: Mapping[str, Detection] = field(repr=False)
    """By id."""

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _KafkaSinkPartition:
        """A producer for each worker."""
        return _KafkaSinkPartition(self)


def kafka_sink(setting: str, settings: Kafka, detections: Mapping[str, Detection]) -> KafkaSink:
    """The sink of an address. Its topic is looked for right away.

    Args:
        setting: the address.
        settings: of Kafka.
        detections: by id.

    Raises:
        ValueError: the address or a setting is wrong.
        InputError: there is no such topic, or no right to it, or the credentials are wrong.
        BrokerError: no broker answers.
    """
    address = parse(setting)
    find_topic(address, sink_consumer(settings, address), settings.connect_timeout)
    return KafkaSink(address, producer(settings, address), settings.delivery_timeout, detections)


class _KafkaSinkPartition(StatelessSinkPartition[tuple[str, AlertBatch]]):
    def __init__(self, sink: KafkaSink) -> None:
        self._sink = sink
        self._failure: KafkaError | None = None
        properties = {**sink.properties, "error_cb": Outage(sink.address).error, "on_delivery": self._delivered}
        try:
            self._producer = Producer(properties)
        except KafkaException as error:
            raise bad_properties(error, properties) from None

    def write_batch(self, items: list[tuple[str, AlertBatch]]) -> None:
        """Send all and wait until brokers have them.

        Raises:
            BrokerError: they don't take one in time, or at all.
        """
        for _, batch in items:
            for alert in batch.alerts:
                self._send(
                    alert.tenant.encode("utf-8", "replace"),
                    encode_json(to_ocsf(alert, self._sink.detections)),
                    {"uid": alert.uid, "revision": str(alert.revision), "content-type": CONTENT_TYPE},
                )
        waiting = self._producer.flush(self._sink.timeout + GRACE)
        if self._failure is not None or waiting:
            raise self._lost(self._failure)

    def close(self) -> None:
        """Nothing is waiting: each batch is flushed."""

    def _send(self, key: bytes, value: bytes, headers: dict[str, str | bytes | None]) -> None:
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

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self._failure = self._failure or error

    def _lost(self, error: KafkaError | None) -> Exception:
        address, timeout = self._sink.address, self._sink.timeout
        reason = error.str() if error else "no answer"
        final = explain(error, address, self._sink.properties) if error else None
        return final or BrokerError(
            f"setting alerts_kafka: expected {address.given} to take an alert within {timeout:g} s (setting "
            f"kafka.delivery_timeout), found: {reason}. Nothing is lost: the next run sends it again"
        )
