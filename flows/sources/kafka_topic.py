"""A topic as a process reads it, and what the brokers are asked of its partitions before reading begins."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from flows.kafka.connection import ATTEMPT, Outage, Properties, Topic, explain
from flows.kafka.errors import BrokerError
from flows.settings import Kafka
from flows.sources.kafka_offsets import EARLIEST
from flows.sources.kafka_watch import TopicWatch

X = TypeVar("X")

PAUSE = 0.01
"""Seconds before asking again."""


@dataclass(frozen=True)
class TopicReader:
    """What the partitions of a topic share in a process."""

    topic: Topic
    properties: Properties = field(repr=False)
    """Of a consumer."""
    settings: Kafka
    outage: Outage
    watch: TopicWatch = field(repr=False)


def ends(consumer: Consumer, reader: TopicReader, number: int) -> tuple[int, int]:
    """The first offset of a partition, and the one behind its last.

    Raises:
        BrokerError, InputError: the broker doesn't say.
    """
    partition = TopicPartition(reader.topic.address.topic, number)
    return _ask(reader, number, lambda: consumer.get_watermark_offsets(partition, timeout=ATTEMPT, cached=False))


def first_offset(consumer: Consumer, reader: TopicReader, number: int, low: int, high: int) -> int:
    """Where the settings say to begin; `low` and `high` are those of `ends`.

    Raises:
        BrokerError, InputError: the broker doesn't say.
    """
    moment = reader.settings.start_time
    if moment is None:
        return low if reader.settings.start == EARLIEST else high
    wanted = TopicPartition(reader.topic.address.topic, number, moment)

    def ask() -> int | None:
        (found,) = consumer.offsets_for_times([wanted], timeout=ATTEMPT)
        return found.offset if found.error is None else None

    offset = _ask(reader, number, ask)
    return offset if offset >= 0 else high


def _ask(reader: TopicReader, number: int, question: Callable[[], X | None]) -> X:
    """Ask until there is an answer: the partition may be changing its leader."""
    address, reason = reader.topic.address, "no answer"
    deadline = time.monotonic() + reader.settings.connect_timeout
    while time.monotonic() < deadline:
        try:
            answer = question()
        except KafkaException as error:
            cause: KafkaError = error.args[0]
            if final := explain(cause, address, reader.properties):
                raise final from None
            reason = cause.str()
        else:
            if answer is not None:
                return answer
        time.sleep(PAUSE)
    msg = (
        f"{address.given}: expected the offsets of partition {number} within {reader.settings.connect_timeout:g} s "
        f"(setting kafka.connect_timeout), found: {reason}; check the state of the cluster"
    )
    raise BrokerError(msg)
