"""A followed input as a source partition: it doesn't end, so it never seals, and silence isn't waited for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bytewax.inputs import StatefulSourcePartition

from flows import stop
from flows.progress import ProgressWriter
from flows.sources.alignment import Alignment
from flows.sources.follow import Follower
from flows.sources.intake import Intake, Keyed, Lane
from flows.sources.lines import Line

LOOK_AHEAD_PATIENCE = 2.0
"""Seconds of silence after which a record is judged without those behind it."""


class FollowedPartition(StatefulSourcePartition[Keyed | Lane, bytes]):
    """The files of one input, as they grow and appear. Not live, it ends as files that aren't followed do."""

    def __init__(
        self,
        follower: Follower,
        intake: Intake,
        *,
        batch: int,
        seal: bool,
        idle_timeout: float,
        progress: ProgressWriter,
        alignment: Alignment,
    ) -> None:
        """Read on from the intake's position.

        Args:
            follower: of the input.
            intake: with the state to go on from.
            batch: records at once.
            seal: make all final if it ends.
            idle_timeout: seconds of silence after which nobody waits for it.
            progress: where to report.
            alignment: with the other partitions of this process.
        """
        self._follower, self._intake, self._batch, self._seal = follower, intake, batch, seal
        self._idle_timeout, self._progress, self._alignment = idle_timeout, progress, alignment
        self._finished = self._idle = False
        alignment.report(intake.partition, intake.state.clock.high)

    def next_batch(self) -> Iterable[Keyed | Lane]:
        """Judge what has come, without waiting."""
        if self._finished:
            raise StopIteration
        intake, follower = self._intake, self._follower
        if stop.requested():
            return self._finish([], [], seal=False)
        if self._alignment.must_wait(intake.partition):
            return []
        if intake.wants(self._batch):
            for item in follower.available(self._batch):
                if isinstance(item, Line):
                    intake.feed(item)
                else:
                    intake.passed(item)
        silent = follower.silent()
        # What looks ahead gives up after a while, or a single record would never be judged.
        no_more = follower.ended or (follower.at_end and silent > LOOK_AHEAD_PATIENCE)
        batches, lanes = intake.judge(self._batch, ended=no_more)
        if follower.ended and not intake.pending:
            return self._finish(batches, lanes, seal=self._seal)
        if follower.at_end and not intake.pending:
            self._alignment.end(intake.partition)
        else:
            self._alignment.report(intake.partition, intake.state.clock.high)
        idle = silent > self._idle_timeout
        if idle and (batches or not self._idle):
            # Said again behind what was judged late, which told that it is awake.
            batches += intake.idle()
        self._idle = idle
        self._progress.write(0, 0, intake.state.counts.get("in", 0))
        return [*batches, *lanes]

    def next_awake(self) -> datetime | None:
        """When there may be something new."""
        pause = self._follower.pause
        if not pause or self._finished or stop.requested() or self._can_judge():
            return None
        return datetime.now(UTC) + timedelta(seconds=pause)

    def snapshot(self) -> bytes:
        """Where the next record to judge is, in each file."""
        self._note()
        self._intake.state.files = self._follower.snapshot()
        return self._intake.snapshot()

    def close(self) -> None:
        """Let go of the files."""
        self._follower.close()

    def _can_judge(self) -> bool:
        return self._intake.pending >= self._batch

    def _note(self) -> None:
        intake = self._intake
        positions = [*intake.left.values(), intake.state.position]
        intake.left.clear()
        begun, behind = self._follower.judged(positions)
        for name, count in (("files", begun), ("files_behind", behind)):
            if count:
                intake.state.counts[name] = intake.state.counts.get(name, 0) + count

    def _finish(self, batches: list[Keyed], lanes: list[Lane], *, seal: bool) -> list[Keyed | Lane]:
        self._finished = True
        self._alignment.end(self._intake.partition)
        self._note()
        last, counts = self._intake.finish(seal=seal)
        self._progress.write(0, 0, self._intake.state.counts.get("in", 0), force=True)
        return [*batches, *lanes, *last, *counts]
