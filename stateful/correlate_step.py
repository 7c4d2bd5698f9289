"""The correlation step: findings in, alerts out. Keyed by the tenants' key group; one thread per user and detection."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from bytewax.operators import StatefulBatchLogic

from recovery.codec import Codec
from recovery.store import KeyGroupStore
from recovery.token import Token
from stateful.correlate import Thread, revise, settle, take, wake
from stateful.finding import Alert, Finding, FindingRevision
from stateful.key_group import ASLEEP, AT_ONCE, WAKE, KeyGroupState, Memory, Storage
from stateful.messages import AlertBatch, Counts, FindingBatch, Suppressed, SuppressedBatch
from windowing.watermark import END_OF_TIME

THREAD_VERSION = 1

GROUP_BYTES = 4

Out = AlertBatch | SuppressedBatch | Counts


class ThreadDocument(msgspec.Struct, array_like=True, gc=False):
    """How a thread is stored."""

    wake: int
    thread: Thread


def thread_storage(memory: Memory) -> Storage[Thread]:
    """Storage of threads."""
    codec: Codec[ThreadDocument] = Codec(ThreadDocument, THREAD_VERSION)

    def load(data: bytes | None) -> Thread:
        return codec.decode(data).thread if data else Thread()

    def dump(thread: Thread) -> bytes | None:
        return codec.encode(ThreadDocument(_wake(thread), thread)) if thread.findings or thread.alerts else None

    return Storage(load, dump, _wake, lambda data: codec.head(data, WAKE).wake, memory, lambda key: key[:GROUP_BYTES])


class CorrelateLogic(StatefulBatchLogic[FindingBatch, Out, bytes]):
    """Bytewax's logic for one key group of tenants."""

    def __init__(
        self,
        storage: Storage[Thread],
        open_store: Callable[[int, Token | None], KeyGroupStore],
        suppressed_by: Callable[[Finding], str],
        resume: bytes | None,
    ) -> None:
        """Begin or resume.

        Args:
            storage: how threads are stored.
            open_store: opens a key group's store as of a token.
            suppressed_by: the name of the rule that hides a finding, or "".
            resume: the token that `snapshot` returned.
        """
        self._storage, self._open_store = storage, open_store
        self._suppressed_by = suppressed_by
        self._group = -1
        if resume is not None:
            token = Token.decode(resume)
            self._begin(token.key_group, token)

    def on_batch(self, values: list[FindingBatch]) -> tuple[Iterable[Out], bool]:
        """Take the findings in, then say what changed."""
        if self._group < 0:
            self._begin(values[0].to, None)
        alerts: list[Alert] = []
        hidden: list[Suppressed] = []
        for batch in values:
            touched: dict[bytes, list[str]] = {}
            for revision in batch.revisions:
                rule = self._suppressed_by(revision.finding)
                if rule:
                    hidden.append(Suppressed(rule, revision))
                    because = f"suppressed by rule {rule}"
                    revision = msgspec.structs.replace(revision, change="close")  # noqa: PLW2901
                else:
                    because = revision.because
                key = _thread_key(batch.group, revision)
                take(self._state.entity(key), revision)
                touched.setdefault(key, []).append(because)
            for key, reasons in touched.items():
                alerts += revise(self._state.entity(key), next((text for text in reasons if text), ""))
                self._state.changed(key)
            self._settle(batch)
            self._state.ease()
        return self._outputs(alerts, hidden), StatefulBatchLogic.RETAIN

    def snapshot(self) -> bytes:
        """Write what changed; the token goes into Bytewax's recovery."""
        return self._state.flush().encode()

    def _begin(self, group: int, token: Token | None) -> None:
        self._group = group
        self._state = KeyGroupState(self._storage, self._open_store(group, token))

    def _settle(self, batch: FindingBatch) -> None:
        """Drop what is over among the threads of the profile group that sent this: its time is theirs."""
        if batch.sealed == END_OF_TIME:
            return  # The next run may go on where this one ends: only the log's own time lets go.
        for number, key in enumerate(self._state.due(batch.sealed, _scope(batch.group)), 1):
            settle(self._state.entity(key), batch.sealed)
            self._state.changed(key)
            if number % AT_ONCE == 0:
                self._state.ease()

    def _outputs(self, alerts: list[Alert], hidden: list[Suppressed]) -> list[Out]:
        counts = self._state.meta.counts
        opened = sum(alert.change == "create" for alert in alerts) - sum(alert.change == "close" for alert in alerts)
        for name, count in (
            ("alerts", opened),
            ("suppressed", sum(record.finding.change == "create" for record in hidden)),
        ):
            counts[name] = counts.get(name, 0) + count
        out: list[Out] = []
        if alerts:
            out.append(AlertBatch(tuple(alerts)))
        if hidden:
            out.append(SuppressedBatch(hidden))
        if out:
            out.append(Counts(f"correlate/{self._group:05d}", dict(counts)))
        return out


def _thread_key(group: int, revision: FindingRevision) -> bytes:
    finding = revision.finding
    text = f"{finding.tenant}\0{finding.detection}\0{finding.user.id}"
    return _scope(group) + text.encode("utf-8", "replace")


def _scope(group: int) -> bytes:
    """What the keys of threads of a profile key group begin with."""
    return group.to_bytes(GROUP_BYTES, "big")


def _wake(thread: Thread) -> int:
    time = wake(thread)
    return ASLEEP if time is None else time
