"""Kafka topics, and event hubs through their Kafka endpoint: each partition of a topic is a source partition.

The offset of the next message is in Bytewax's snapshot, and it alone decides where a run resumes; it is committed to
the consumer group too, so that tools see the lag. Each partition has a consumer of its own: librdkafka keeps what it
fetched for one apart from the others, and nothing here ever waits for a broker once reading has begun.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import structlog
from bytewax.inputs import StatefulSourcePartition
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaError, KafkaException, Message, TopicPartition

from flows import stop
from flows.kafka.connection import explain, make_consumer
from flows.progress import ProgressWriter
from flows.sources.alignment import Alignment
from flows.sources.intake import Intake, Keyed, Lane
from flows.sources.kafka_message import behind, message_lines
from flows.sources.kafka_offsets import resume_offset, same_topic
from flows.sources.kafka_topic import TopicReader, ends, first_offset
from flows.sources.lines import InputError

Out = Keyed | Lane

LOOK_AHEAD_PATIENCE = 2.0
"""Seconds of silence at the end of a partition after which a record is judged without those behind it."""

SHORTEST, LONGEST = 0.005, 0.1
"""Seconds between looks at a partition that has nothing; they double."""

logger = structlog.get_logger()


def open_partition(
    reader: TopicReader,
    number: int,
    intake: Intake,
    *,
    added: bool,
    batch: int,
    limit: int,
    seal: bool,
    idle_timeout: float,
    progress: ProgressWriter,
    alignment: Alignment,
) -> KafkaPartition:
    """Begin or go on reading a partition.

    Args:
        reader: its topic.
        number: of the partition.
        intake: with the state to go on from.
        added: the partition is new in a topic of which the state knows others, so it is read from its beginning.
        batch: records at once.
        limit: bytes of the longest message.
        seal: make all final at the end (setting `kafka.until_end`).
        idle_timeout: seconds of silence after which nobody waits for it.
        progress: where to report.
        alignment: with the other partitions of this process.

    Raises:
        InputError: the broker doesn't have what comes next.
        BrokerError: it doesn't answer.
    """
    topic, settings, state = reader.topic, reader.settings, intake.state
    same_topic(intake.partition, state.topic, topic.id)
    consumer = make_consumer({**reader.properties, "error_cb": reader.outage.error, "on_commit": _committed})
    try:
        low, high = ends(consumer, reader, number)
        if state.position.file:
            start = resume_offset(intake.partition, state.position.offset, low, high, settings.on_expired_offset)
        else:
            start = low if added else first_offset(consumer, reader, number, low, high)
        if start != state.position.offset or not state.position.file:
            if state.position.file:
                lost = start - state.position.offset
                logger.warning("messages have expired unread", partition=intake.partition, messages=lost)
            state.position = behind(start - 1)
        state.topic = topic.id
        consumer.assign([TopicPartition(topic.address.topic, number, start)])
    except BaseException:
        consumer.close()
        raise
    if not settings.until_end:
        reader.watch.start()
    return KafkaPartition(
        consumer,
        reader,
        number,
        intake,
        end=high if settings.until_end else None,
        batch=batch,
        limit=limit,
        seal=seal,
        idle_timeout=idle_timeout,
        progress=progress,
        alignment=alignment,
    )


class KafkaPartition(StatefulSourcePartition[Out, bytes]):
    """A partition of a topic."""

    def __init__(
        self,
        consumer: Consumer,
        reader: TopicReader,
        number: int,
        intake: Intake,
        *,
        end: int | None,
        batch: int,
        limit: int,
        seal: bool,
        idle_timeout: float,
        progress: ProgressWriter,
        alignment: Alignment,
    ) -> None:
        """As `open_partition` says; `end` is the offset before which reading ends, None for never."""
        self._consumer, self._reader, self._number, self._intake, self._end = consumer, reader, number, intake, end
        self._batch, self._limit, self._seal, self._idle_timeout = batch, limit, seal, idle_timeout
        self._progress, self._alignment = progress, alignment
        self._start = self._next = intake.state.position.offset
        self._snapshotted = self._committed = -1
        self._ended = end is not None and self._next >= end
        self._finished = self._idle = self._at_end = False
        self._heard = time.monotonic()
        self._pause, self._awake = 0.0, datetime.now(UTC)
        alignment.report(intake.partition, intake.state.clock.high)

    def next_batch(self) -> Iterable[Out]:
        """Judge what has come, without waiting."""
        if self._finished:
            raise StopIteration
        intake = self._intake
        if stop.requested():
            return self._finish([], [], seal=False)
        if self._alignment.must_wait(intake.partition):
            self._rest()
            return []
        if not self._ended and intake.wants(self._batch):
            self._receive()
        silent = time.monotonic() - self._heard
        # What looks ahead gives up after a while, or a single record would never be judged.
        no_more = self._ended or (self._at_end and silent > LOOK_AHEAD_PATIENCE)
        batches, lanes = intake.judge(self._batch, ended=no_more)
        if self._ended and not intake.pending:
            return self._finish(batches, lanes, seal=self._seal)
        if self._at_end:
            self._alignment.end(intake.partition)
        else:
            self._alignment.report(intake.partition, intake.state.clock.high)
        # While no broker can be reached, silence doesn't say that there is nothing.
        idle = self._at_end and silent > self._idle_timeout and not self._reader.outage.down
        if idle and (batches or not self._idle):
            # Said again behind what was judged late, which told that it is awake.
            batches += intake.idle()
        self._idle = idle
        self._report()
        return [*batches, *lanes]

    def next_awake(self) -> datetime | None:
        """Soon, if there was nothing: idle partitions take no time from busy ones."""
        return self._awake if self._pause and not self._ended else None

    def snapshot(self) -> bytes:
        """Where the next record to judge is. What the snapshot before it had is on disk by now, and is committed."""
        self._commit()
        self._snapshotted = self._intake.state.position.offset
        return self._intake.snapshot()

    def close(self) -> None:
        """Commit the last snapshot's offset and leave."""
        self._commit()
        self._reader.watch.stop()
        self._consumer.close()

    def _receive(self) -> None:
        messages = self._consumer.consume(self._batch, timeout=0)
        taken = False
        for message in messages:
            error = message.error()
            if error is not None:
                self._handle(error, message.offset())
            elif self._end is not None and _offset(message) >= self._end:
                self._ended = True
            else:
                self._take(message)
                taken = True
        if taken:
            self._heard, self._pause = time.monotonic(), 0.0
            self._reader.outage.heard()
        if not messages:
            self._rest()

    def _take(self, message: Message) -> None:
        offset = _offset(message)
        if offset < self._next:
            msg = (
                f"{self._intake.partition}: expected offset {self._next} or more, found {offset}: the topic was made "
                "anew while it was read. Begin with a new --state directory"
            )
            raise InputError(msg)
        self._next = offset + 1
        self._ended = self._next == self._end
        self._at_end = False
        lines = message_lines(message.value(), offset, self._ingested(message), self._limit)
        if lines:
            self._intake.feed(*lines)
        else:
            self._intake.passed(behind(offset))

    def _ingested(self, message: Message) -> int:
        kind, moment = message.timestamp()
        used = self._reader.settings.ingest_time == "message" and kind != TIMESTAMP_NOT_AVAILABLE
        return moment if used and moment > 0 else 0

    def _handle(self, error: KafkaError, offset: int | None) -> None:
        """Errors that come in the place of messages."""
        if error.code() == KafkaError._PARTITION_EOF:
            # Behind the last message there may be marks of transactions, so that no message has the last offset.
            self._at_end = True
            self._ended = self._ended or (self._end is not None and (offset or 0) >= self._end)
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:
            self._expired()
        elif error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise explain(error, self._reader.topic.address, self._reader.properties) or KafkaException(error)
        else:
            self._reader.outage.error(error)

    def _expired(self) -> None:
        """What comes next was deleted before it was read."""
        low, high = ends(self._consumer, self._reader, self._number)
        settings = self._reader.settings
        start = resume_offset(self._intake.partition, self._next, low, high, settings.on_expired_offset)
        logger.warning("messages have expired unread", partition=self._intake.partition, messages=start - self._next)
        self._next = start
        self._intake.passed(behind(start - 1))
        self._consumer.assign([TopicPartition(self._reader.topic.address.topic, self._number, start)])

    def _rest(self) -> None:
        self._pause = min(max(self._pause * 2, SHORTEST), LONGEST)
        self._awake = datetime.now(UTC) + timedelta(seconds=self._pause)

    def _finish(self, batches: list[Keyed], lanes: list[Lane], *, seal: bool) -> list[Out]:
        self._finished, self._pause = True, 0.0
        self._alignment.end(self._intake.partition)
        last, counts = self._intake.finish(seal=seal)
        self._report(force=True)
        return [*batches, *lanes, *last, *counts]

    def _report(self, *, force: bool = False) -> None:
        total = self._end - self._start if self._end is not None else 0
        done = self._intake.state.position.offset - self._start if total else 0
        self._progress.write(max(done, 0), max(total, 0), self._intake.state.counts.get("in", 0), force=force)

    def _commit(self) -> None:
        if self._snapshotted <= self._committed:
            return
        self._committed = self._snapshotted
        offset = TopicPartition(self._reader.topic.address.topic, self._number, self._snapshotted)
        try:
            self._consumer.commit(offsets=[offset], asynchronous=True)
        except KafkaException as error:
            self._reader.outage.error(error.args[0])


def _committed(error: KafkaError | None, offsets: list[TopicPartition]) -> None:
    """The group's offsets are for others to look at: what goes wrong with them is only said."""
    if error is not None:
        partitions = ", ".join(f"{offset.topic}/{offset.partition}" for offset in offsets)
        logger.warning("offsets not committed to the consumer group", partitions=partitions, error=error.str())


def _offset(message: Message) -> int:
    offset = message.offset()
    if offset is None:
        msg = "expected an offset of every message of a consumer"
        raise TypeError(msg)
    return offset
