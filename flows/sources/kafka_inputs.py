"""The source partitions that the topics among the inputs have: asked of the brokers once, when the flow is built."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flows.kafka.address import is_address, parse
from flows.kafka.connection import Outage, find_topic
from flows.kafka.properties import consumer
from flows.settings import Kafka, Settings, SettingsError
from flows.sources.kafka import TopicReader
from flows.sources.kafka_offsets import enough_partitions
from recovery.committed import committed

READ = "read"
"""The step under which recovery keeps positions."""


@dataclass(frozen=True)
class KafkaInput:
    """A source partition on Kafka."""

    reader: TopicReader
    number: int
    added: bool
    """The state knows others of its topic, but not this one."""


def partition_name(topic: str, number: int) -> str:
    """The name of a source partition, part of the state: brokers may move, and their addresses with them."""
    return f"kafka:{topic}/{number}"


def kafka_inputs(settings: Settings) -> dict[str, KafkaInput]:
    """Source partitions of all topics among the inputs, by name. The state directory is prepared.

    Raises:
        ValueError: an address or a setting is wrong.
        InputError: a topic isn't there, or isn't what the state remembers.
        BrokerError: no broker answers.
    """
    given = [name for name in settings.input if is_address(name)]
    if not given:
        return {}
    known = [key for step, key in committed(Path(settings.state)).snapshots if step == READ]
    found: dict[str, KafkaInput] = {}
    for text in given:
        inputs = _partitions(text, settings.kafka, known)
        if not found.keys().isdisjoint(inputs):
            msg = (
                f"setting input: expected topics of different names, found {parse(text).topic} twice: the state knows a "
                "topic by its name"
            )
            raise SettingsError(msg)
        found |= inputs
    return found


def check_addresses(inputs: Iterable[str]) -> None:
    """Check the addresses among the inputs without connecting.

    Raises:
        ValueError: one is wrong.
    """
    for text in filter(is_address, inputs):
        parse(text)


def _partitions(text: str, settings: Kafka, known: Iterable[str]) -> dict[str, KafkaInput]:
    address = parse(text)
    properties = consumer(settings, address)
    topic = find_topic(address, properties, settings.connect_timeout)
    numbers = _numbers(address.topic, known)
    enough_partitions(text, numbers, topic.partitions)
    reader = TopicReader(topic, properties, settings, Outage(address))
    return {
        partition_name(address.topic, number): KafkaInput(reader, number, bool(numbers) and number not in numbers)
        for number in range(topic.partitions)
    }


def _numbers(topic: str, names: Iterable[str]) -> set[int]:
    prefix = partition_name(topic, 0).removesuffix("0")
    return {int(name.removeprefix(prefix)) for name in names if name.startswith(prefix)}
