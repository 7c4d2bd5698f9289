"""Where to begin reading a Kafka partition, and what of a snapshot the broker no longer has."""

from __future__ import annotations

from flows.sources.lines import InputError

REFUSE, EARLIEST = "refuse", "earliest"


def resume_offset(partition: str, offset: int, low: int, high: int, on_expired: str) -> int:
    """The offset to go on from.

    Args:
        partition: its name, for messages.
        offset: of the next message, from the snapshot.
        low: of the oldest message that the broker has.
        high: behind the newest one.
        on_expired: `refuse` or `earliest`.

    Raises:
        InputError: what comes next was deleted, or never was.
    """
    if offset > high:
        msg = (
            f"{partition}: expected offset {offset}, up to which was read before, found that the topic ends at {high}: "
            "it was made anew or has lost messages. Begin with a new --state directory"
        )
        raise InputError(msg)
    if offset < low:
        if on_expired == EARLIEST:
            return low
        msg = (
            f"{partition}: expected offset {offset}, up to which was read before, found that the topic begins at "
            f"{low}: {low - offset} messages have expired unread. To go on without them, set kafka.on_expired_offset = "
            '"earliest"'
        )
        raise InputError(msg)
    return offset


def same_topic(partition: str, known: str, found: str) -> None:
    """Check that a topic is the one that the snapshot is of.

    Raises:
        InputError: both have an id, and not the same.
    """
    if known and found and known != found:
        msg = (
            f"{partition}: expected the topic with id {known}, of which was read before, found one with id {found}: it "
            "was made anew, or is another cluster's. Begin with a new --state directory"
        )
        raise InputError(msg)


def enough_partitions(topic: str, known: set[int], count: int) -> None:
    """Check that all partitions that the state knows are there.

    Raises:
        InputError: they aren't.
    """
    if known and max(known) >= count:
        msg = (
            f"{topic}: expected at least {max(known) + 1} partitions, as many as were read before, found {count}: the "
            "topic was made anew. Begin with a new --state directory"
        )
        raise InputError(msg)
