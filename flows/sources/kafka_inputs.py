"""The source partitions that the topics among the inputs have: asked of the brokers once, when the flow is built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flows.kafka.address import is_address, parse
from flows.kafka.connection import Outage, find_topic, make_consumer
from flows.kafka.properties import consumer
from flows.settings import Kafka, Settings, SettingsError
from flows.sources.intake import PartitionState
from flows.sources.kafka_offsets import enough_partitions, resume_offset, same_topic
from flows.sources.kafka_topic import TopicReader, ends
from flows.sources.kafka_watch import TopicWatch
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
    stored = {key: state for (step, key), state in committed(Path(settings.state)).snapshots.items() if step == READ}
    found: dict[str, KafkaInput] = {}
    for text in given:
        inputs = _partitions(text, settings.kafka, stored)
        if not found.keys().isdisjoint(inputs):
            topic = parse(text).topic
            msg = f"setting input: expected topics of different names; the state knows {topic} by nothing else"
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


def _partitions(text: str, settings: Kafka, stored: Mapping[str, bytes]) -> dict[str, KafkaInput]:
    address = parse(text)
    properties = consumer(settings, address)
    topic = find_topic(address, properties, settings.connect_timeout)
    prefix = partition_name(address.topic, 0).removesuffix("0")
    known = {int(name.removeprefix(prefix)): name for name in stored if name.startswith(prefix)}
    enough_partitions(text, set(known), topic.partitions)
    reader = TopicReader(topic, properties, settings, Outage(address), TopicWatch(topic, properties))
    _check_resumable(reader, {number: stored[name] for number, name in known.items()})
    return {
        partition_name(address.topic, number): KafkaInput(reader, number, bool(known) and number not in known)
        for number in range(topic.partitions)
    }


def _check_resumable(reader: TopicReader, stored: Mapping[int, bytes]) -> None:
    """Refuse here what `open_partition` would refuse: inside Bytewax the message comes with a panic's trace."""
    asking = make_consumer(reader.properties)
    try:
        for number, snapshot in stored.items():
            state = msgspec.msgpack.decode(snapshot, type=PartitionState)
            name = partition_name(reader.topic.address.topic, number)
            same_topic(name, state.topic, reader.topic.id)
            low, high = ends(asking, reader, number)
            resume_offset(name, state.position.offset, low, high, reader.settings.on_expired_offset)
    finally:
        asking.close()
