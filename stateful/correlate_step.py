"""The correlation step: findings and insights in, alerts out. Keyed by the tenants' key group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bytewax.operators import StatefulBatchLogic

from recovery.store import KeyGroupStore
from recovery.token import Token
from stateful.correlation.documents import Body
from stateful.correlation.keys import SCOPE
from stateful.correlation.legacy import adopt
from stateful.correlation.policy import Policy
from stateful.correlation.round import Round
from stateful.key_group import KeyGroupState, Storage
from stateful.messages import AlertBatch, Counts, FindingBatch, SuppressedBatch
from stateful.models import DAY
from windowing.watermark import END_OF_TIME, GroupWatermark

Out = AlertBatch | SuppressedBatch | Counts

FAR = 10 * DAY
"""ms after the newest statement, by which everything that can become final is due."""


class CorrelateLogic(StatefulBatchLogic[FindingBatch, Out, bytes]):
    """Bytewax's logic for one key group of tenants."""

    def __init__(
        self,
        storage: Storage[Body],
        open_store: Callable[[int, Token | None], KeyGroupStore],
        policy: Policy,
        groups: int,
        resume: bytes | None,
    ) -> None:
        """Begin or resume.

        Args:
            storage: how documents are stored.
            open_store: opens a key group's store as of a token.
            policy: what the settings say.
            groups: how many key groups there are: time is that of the last one.
            resume: the token that `snapshot` returned.
        """
        self._storage, self._open_store = storage, open_store
        self._policy, self._groups = policy, groups
        self._group = -1
        if resume is not None:
            token = Token.decode(resume)
            self._begin(token.key_group, token)

    def on_batch(self, values: list[FindingBatch]) -> tuple[Iterable[Out], bool]:
        """Take everything in, then say what changed, then what is final."""
        if self._group < 0:
            self._begin(values[0].to, None)
        state = self._state
        current = Round(state, self._policy, self._watermark.value)
        for batch in values:
            for revision in batch.revisions:
                current.take_finding(revision)
            for insight in batch.insights:
                current.take_insight(insight)
            self._watermark.advance(str(batch.group), batch.sealed)
        current.evaluate()
        state.ease()
        rounds = [current]
        if self._watermark.value > current.sealed:
            rounds.append(self._seal(self._watermark.value))
        state.meta.watermarks = self._watermark.stored()
        return self._outputs(rounds), StatefulBatchLogic.RETAIN

    def snapshot(self) -> bytes:
        """Write what changed; the token goes into Bytewax's recovery."""
        return self._state.flush().encode()

    def _begin(self, group: int, token: Token | None) -> None:
        self._group = group
        self._state = KeyGroupState(self._storage, self._open_store(group, token))
        self._watermark = GroupWatermark(map(str, range(self._groups)), self._state.meta.watermarks)
        if token is not None:
            adopt(self._state, self._groups)

    def _seal(self, sealed: int) -> Round:
        """Say what is final; drop what is over, but at the end of input: the next run may go on where this one ends."""
        current = Round(self._state, self._policy, sealed)
        ended = sealed == END_OF_TIME
        due = self._state.due(self._state.meta.newest + FAR if ended else sealed, SCOPE)
        current.seal(due, drop=not ended)
        return current

    def _outputs(self, rounds: Sequence[Round]) -> list[Out]:
        alerts = [alert for done in rounds for alert in done.alerts]
        hidden = [record for done in rounds for record in done.hidden]
        opened = sum(alert.change == "create" for alert in alerts) - sum(alert.change == "close" for alert in alerts)
        counts = self._state.meta.counts
        for name, count in (("alerts", opened), ("suppressed", sum(done.suppressed for done in rounds))):
            counts[name] = counts.get(name, 0) + count
        out: list[Out] = []
        if alerts:
            out.append(AlertBatch(tuple(alerts)))
        if hidden:
            out.append(SuppressedBatch(hidden))
        if out:
            out.append(Counts(f"correlate/{self._group:05d}", dict(counts)))
        return out
