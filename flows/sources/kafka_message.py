"""What a Kafka message holds: lines, as a file would have them."""

from __future__ import annotations

from flows.sources.lines import BYTE_ORDER_MARK, OPENING, Line, Position


def behind(offset: int) -> Position:
    """The position behind a message."""
    return Position(str(offset), offset + 1)


def message_lines(value: bytes | None, offset: int, ingested: int, limit: int) -> list[Line]:
    """The lines of a message: one, several parted by line feeds, or a pretty-printed document as one.

    Args:
        value: the message's; None, as in one that deletes a key, has no lines.
        offset: the message's. It stands as the file's name in what is said of a line.
        ingested: ingest time of what it holds, ms; 0 for the records' own.
        limit: bytes of the longest value that is read.

    Returns:
        Lines that are not blank, all with the message's offset.
    """
    if value is None:
        return []
    name, end = str(offset), offset + 1
    if len(value) > limit:
        problem = f"a message of more than {limit} bytes, the most that is read (setting max_document_bytes)"
        return [Line(name, 1, offset, end, value[:200], problem, ingested)]
    data = value.removeprefix(BYTE_ORDER_MARK).strip()
    if b"\n" not in data or OPENING.match(data[: data.index(b"\n")].strip()):
        return [Line(name, 1, offset, end, data, "", ingested)] if data else []
    lines = enumerate(data.split(b"\n"), 1)
    return [Line(name, number, offset, end, line, "", ingested) for number, line in lines if line.strip()]
