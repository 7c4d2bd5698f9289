"""The alert store as a Bytewax sink, exactly-once across a crash."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from flows.sinks.alert_store import AlertStore, AlertStoreError
from flows.sinks.encoding import AlertBatch, to_records
from stateful.detection import Detection

Snapshot = tuple[str, int]
"""(state id, sequence of the last revision written)."""


class AlertStoreSink(FixedPartitionedSink[AlertBatch, Snapshot]):
    """Writes every revision of every alert to an `AlertStore`; one partition, `alerts`.

    What a crashed run wrote after its last snapshot is taken back when it resumes. Other runs' alerts in the same
    file stay.
    """

    def __init__(self, path: Path | str, detections: Mapping[str, Detection], state_id: str) -> None:
        """Describes the sink; nothing is opened yet.

        Args:
            path: The store's file, created if there is none.
            detections: By id.
            state_id: Names the recovery state the flow runs on: the same for every resume of it, never the same
                for another.
        """
        self._path = Path(path)
        self._detections = detections
        self._state_id = state_id

    def list_parts(self) -> list[str]:  # noqa: D102
        return ["alerts"]

    def build_part(self, step_id: str, for_part: str, resume_state: Snapshot | None) -> _AlertStorePartition:
        """Opens the store where `resume_state` says; without one, where this state's first run began.

        Raises:
            AlertStoreError: The file is no alert store, or not the one that `resume_state` was taken of.
        """
        if resume_state is not None:
            check(step_id, self._path, self._state_id, resume_state)
        store = AlertStore(self._path, "c" if resume_state is None else "w")
        # Without a snapshot nothing that an earlier start on the same state wrote is covered by one.
        sequence = 0 if resume_state is None else resume_state[1]
        store.truncate(sequence, self._state_id)
        store.begin(self._state_id)
        return _AlertStorePartition(store, self._detections, self._state_id)


def check(step_id: str, path: Path, state_id: str, resume_state: Snapshot) -> None:
    """Check that a file is the alert store that a snapshot was taken of.

    Raises:
        AlertStoreError: It isn't, or is none.
    """
    wrote, sequence = resume_state
    known, written, found = False, 0, "no such file"
    if path.exists():
        with AlertStore(path) as store:
            known, written = store.has_run(wrote), store.sequence
        found = str(written) if known else "none of it"
    if wrote != state_id or not known or written < sequence:
        msg = (
            f"step {step_id}: expected {path} to hold what state {wrote} wrote up to number {sequence}, "
            f"found {found} (running on state {state_id}): the file or the state was "
            "replaced; put back the one that belongs to the other, or start on a new state"
        )
        raise AlertStoreError(msg)


class _AlertStorePartition(StatefulSinkPartition[AlertBatch, Snapshot]):
    def __init__(self, store: AlertStore, detections: Mapping[str, Detection], state_id: str) -> None:
        self._store = store
        self._detections = detections
        self._state_id = state_id

    def write_batch(self, values: list[AlertBatch]) -> None:
        if records := to_records(values, self._detections):
            self._store.append(records)

    def snapshot(self) -> Snapshot:
        return self._state_id, self._store.sequence

    def close(self) -> None:
        self._store.close()
