"""Looks from time to time whether a topic still is what it was when reading began, and says what has changed."""

from __future__ import annotations

import threading

import structlog
from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from flows.kafka.connection import Properties, Topic

EVERY = 60.0
"""Seconds between looks."""

logger = structlog.get_logger()


class TopicWatch:
    """Watches one topic for all its partitions in a process, in a thread of its own: asking waits for brokers."""

    def __init__(self, topic: Topic, properties: Properties) -> None:
        """Nothing is connected before `start`; `properties` are of a consumer."""
        self._topic, self._properties = topic, properties
        self._stopping = threading.Event()
        self._started = False

    def start(self) -> None:
        """Begin, unless it has begun."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._run, daemon=True, name=f"watch-{self._topic.address.topic}").start()

    def stop(self) -> None:
        """Let it end."""
        self._stopping.set()

    def _run(self) -> None:
        client: AdminClient | None = None
        known = self._topic
        while not self._stopping.wait(EVERY):
            client = client or AdminClient(dict(self._properties))
            found = _describe(client, known)
            if found is None or found == known:
                continue
            if found.id != known.id:
                logger.error(
                    "the topic was made anew: nothing of it is read. Begin with a new --state directory",
                    topic=known.address.given,
                )
            elif found.partitions > known.partitions:
                logger.warning(
                    "partitions were added: they are read from the next start on",
                    topic=known.address.given,
                    read=self._topic.partitions,
                    there=found.partitions,
                )
            known = found


def _describe(client: AdminClient, topic: Topic) -> Topic | None:
    """The topic as it is now; None if nobody says. Asking for a description creates no topic."""
    name = topic.address.topic
    try:
        found = client.describe_topics(TopicCollection([name]), request_timeout=10)[name].result()
    except KafkaException:
        return None
    return Topic(topic.address, len(found.partitions), str(found.topic_id) if topic.id else "")
