"""Files, folders and globs as source partitions: the files of one input are one ordered log, read by name."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import cast

import msgspec
import structlog
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from flows import stop
from flows.progress import ProgressWriter
from flows.sources.alignment import Alignment
from flows.sources.follow import Follower
from flows.sources.follow_partition import FollowedPartition
from flows.sources.intake import Intake, Keyed, Lane, PartitionState
from flows.sources.kafka import open_partition
from flows.sources.kafka_inputs import KafkaInput
from flows.sources.left_out import LeftOutPartition
from flows.sources.lines import InputError, Line, Position, read_lines
from flows.sources.stdin import STDIN, StdinLines

Out = Keyed | Lane

SUFFIXES = (".json", ".jsonl", ".ndjson", ".log", ".csv", ".tsv", ".gz")
"""Files of a folder that are read."""

LOOK_AHEAD_PATIENCE = 2.0
"""Seconds of silence after which a live record is judged without those behind it."""

logger = structlog.get_logger()


def expand(given: str) -> list[Path]:
    """The files of an input, in the order of their names.

    Raises:
        InputError: nothing is there.
    """
    path = Path(given)
    if path.is_dir():
        found = [file for file in path.rglob("*") if file.is_file() and file.suffix.lower() in SUFFIXES]
        expected = f"files ending in {', '.join(SUFFIXES)} in this folder"
    elif path.exists():
        found, expected = [path], ""
    else:
        found = [Path(name) for name in glob.glob(given, recursive=True) if Path(name).is_file()]
        expected = "a file, a folder or a pattern that matches files"
    if not found:
        msg = f"{given}: expected {expected}, found none"
        raise InputError(msg)
    return sorted(found, key=str)


def check_input(given: str, *, follow: bool) -> None:
    """Check that an input is there, or can come to be.

    Raises:
        InputError: it isn't, and can't.
    """
    folder = Path(given).parent
    if not follow or not (glob.has_magic(given) or folder.is_dir()):
        expand(given)


class FilesPartition(StatefulSourcePartition[Out, bytes]):
    """The files of one input."""

    def __init__(
        self,
        files: Sequence[Path],
        intake: Intake,
        *,
        batch: int,
        limit: int,
        seal: bool,
        progress: ProgressWriter,
        alignment: Alignment,
    ) -> None:
        """Read on from the intake's position.

        Args:
            files: in order.
            intake: with the state to go on from.
            batch: records at once.
            limit: bytes of the longest line.
            seal: make all final at the end.
            progress: where to report.
            alignment: with the other partitions of this process.
        """
        self._intake, self._batch, self._seal, self._progress = intake, batch, seal, progress
        self._alignment = alignment
        alignment.report(intake.partition, intake.state.clock.high)
        self._sizes = {str(file): _size(file) for file in files}
        self._total = sum(self._sizes.values())
        self._lines = read_lines(files, intake.state.position, limit)
        self._ended = self._finished = False
        self._read_any = False
        position = intake.state.position
        self._done = sum(size for name, size in self._sizes.items() if name < position.file)

    def next_batch(self) -> Iterable[Out]:
        """Read and judge about `batch` records."""
        if self._finished:
            raise StopIteration
        intake = self._intake
        if stop.requested():
            self._finished = True
            self._alignment.end(intake.partition)
            batches, lanes = intake.finish(seal=False)
            return [*batches, *lanes]
        if self._alignment.must_wait(intake.partition):
            return []
        while not self._ended and intake.wants(self._batch):
            item = next(self._lines, None)
            if item is None:
                self._ended = True
            elif isinstance(item, Line):
                self._read_any = True
                intake.feed(item)
            else:
                self._file_done(item)
        batches, lanes = intake.judge(self._batch, ended=self._ended)
        self._alignment.report(intake.partition, intake.state.clock.high)
        if self._ended and not intake.pending:
            self._finished = True
            self._alignment.end(intake.partition)
            last, counts = intake.finish(seal=self._seal)
            batches, lanes = [*batches, *last], [*lanes, *counts]
        position = intake.state.position
        here = min(position.offset, self._sizes.get(position.file, 0)) if not position.file.endswith(".gz") else 0
        done = self._total if self._finished else min(self._done + here, self._total)
        self._progress.write(done, self._total, intake.state.counts.get("in", 0), force=self._finished)
        return [*batches, *lanes]

    def snapshot(self) -> bytes:
        """Where the next record to judge is."""
        return self._intake.snapshot()

    def _file_done(self, end: Position) -> None:
        self._done += self._sizes.get(end.file, 0)
        if not end.offset and not self._read_any:
            logger.warning("empty file", file=end.file)
        self._read_any = False
        self._intake.passed(end)


class StdinPartition(StatefulSourcePartition[Out, bytes]):
    """Standard input: as it comes. It can't be read again, so a run that resumes goes on with what comes next."""

    def __init__(self, lines: StdinLines, intake: Intake, *, batch: int, seal: bool, idle_timeout: float) -> None:
        self._lines, self._intake, self._batch, self._seal = lines, intake, batch, seal
        self._idle_timeout = idle_timeout
        self._finished = self._idle = False

    def next_batch(self) -> Iterable[Out]:
        """Judge what has come, without waiting."""
        if self._finished:
            raise StopIteration
        intake = self._intake
        stopping = stop.requested()
        if not stopping and intake.wants(self._batch):
            for line in self._lines.available(self._batch):
                intake.feed(line)
        # What looks ahead gives up after a while, or a single record would never be judged.
        ended = self._lines.ended or stopping or self._lines.silent() > LOOK_AHEAD_PATIENCE
        batches, lanes = intake.judge(self._batch, ended=ended)
        if stopping or (self._lines.ended and not intake.pending):
            self._finished = True
            last, counts = intake.finish(seal=self._seal and not stopping)
            return [*batches, *lanes, *last, *counts]
        idle = self._lines.silent() > self._idle_timeout
        if idle and (batches or not self._idle):
            # Said again behind what was judged late, which told that it is awake.
            batches += intake.idle()
        self._idle = idle
        return [*batches, *lanes]

    def snapshot(self) -> bytes:
        """The clock and the counts."""
        return self._intake.snapshot()


class InputSource(FixedPartitionedSource[Out, bytes]):
    """All inputs, each one partition."""

    def __init__(
        self,
        inputs: Sequence[str],
        intake: Callable[[str, PartitionState], Intake],
        *,
        batch: int,
        limit: int,
        seal: bool,
        progress: Path,
        alignment: int,
        idle_timeout: float,
        local: Callable[[str], bool] = lambda _: True,
        topics: Mapping[str, KafkaInput] = MappingProxyType({}),
        follow: bool = False,
        left_out: Sequence[str] = (),
    ) -> None:
        """Describe the inputs; nothing is opened yet.

        Args:
            inputs: files, folders, globs, `-`, names of `topics`; each is a partition.
            intake: makes a partition's intake.
            batch: records at once.
            limit: bytes of the longest line.
            seal: make all final when a partition ends.
            progress: directory for progress files.
            alignment: ms of ingest time that a file partition may be ahead of the slowest; 0 for any.
            idle_timeout: seconds of silence after which a live input isn't waited for.
            local: whether this process can read an input.
            topics: what is read from Kafka, by the names of partitions.
            follow: files may grow and others appear: those inputs don't end.
            left_out: what earlier runs read and this one doesn't.
        """
        self._left_out = left_out
        self._inputs, self._make, self._batch, self._limit = inputs, intake, batch, limit
        self._seal, self._progress, self._local, self._topics = seal, progress, local, topics
        self._alignment, self._idle_timeout, self._follow = Alignment(alignment), idle_timeout, follow

    def list_parts(self) -> list[str]:
        """The inputs, as they were given; and what Bytewax has to know beside them."""
        return [*(name for name in self._inputs if self._local(name)), *self._left_out]

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> StatefulSourcePartition[Out, bytes]:
        """Open a partition where the snapshot left it."""
        if for_part in self._left_out and resume_state is not None:
            return cast("StatefulSourcePartition[Out, bytes]", LeftOutPartition(resume_state))
        state = msgspec.msgpack.decode(resume_state, type=PartitionState) if resume_state else PartitionState()
        intake = self._make(for_part, state)
        if for_part == STDIN:
            state.position = Position()
            lines = StdinLines(self._limit)
            return StdinPartition(lines, intake, batch=self._batch, seal=self._seal, idle_timeout=self._idle_timeout)
        progress = ProgressWriter(self._progress, for_part)
        if for_part in self._topics:
            topic = self._topics[for_part]
            return open_partition(
                topic.reader,
                topic.number,
                intake,
                added=topic.added,
                batch=self._batch,
                limit=self._limit,
                seal=self._seal,
                idle_timeout=self._idle_timeout,
                progress=progress,
                alignment=self._alignment,
            )
        if self._follow or state.files:
            follower = Follower(
                for_part,
                expand,
                state.files,
                state.position,
                self._limit,
                self._idle_timeout,
                live=self._follow,
            )
            return FollowedPartition(
                follower,
                intake,
                batch=self._batch,
                seal=self._seal,
                idle_timeout=self._idle_timeout,
                progress=progress,
                alignment=self._alignment,
            )
        return FilesPartition(
            expand(for_part),
            intake,
            batch=self._batch,
            limit=self._limit,
            seal=self._seal,
            progress=progress,
            alignment=self._alignment,
        )


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
