"""Habits: whether a user's last actions are such as this user does, and in such an order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import log, sqrt
from typing import ClassVar, NamedTuple, Self
from zlib import crc32

import msgspec
from scipy.special import stdtr

_KEYS = 0xFFFF
"""Actions and pairs are kept by 16-bit hashes: three bytes each, at some per cent of collisions among a thousand."""
_VOCABULARY = 1024.0
"""Actions that there are to choose from, for those never seen."""
_UNIT = 4
"""What one occurrence counts: forgetting takes a quarter, in integers."""


_PRIOR = 8.0
"""Actions that a model's fallback weighs as; hardly matters between 2 and 32."""
_PRIOR_PAIR = 4.0
_NOVEL = _PRIOR / _VOCABULARY
_MIX = 2.0
"""What the overlap of frequencies, 0 to 1, counts beside nats per action."""
_SURE = 1 / 4
"""What follows at least so often is as usual as can be: the user's own steps in strict turn are not strange."""
_PARTS = 3.5
"""Keeps unlikeness at the scale of documents of the first release, whose mean stays in use."""
_MIX_EACH, _PARTS_EACH = 4.0, 6.0
"""Both, per different action and pair."""
_FEW = 3.0
"""Different actions and pairs that are added to those of a block, which may be one only."""

_BITS, _SHIFT = 16, 48
_FIBONACCI, _MASK = 0x9E3779B97F4A7C15, 0xFFFFFFFFFFFFFFFF


class _Unlike(NamedTuple):
    """From about -1.5 (just what this user does) to above 0 (the history is of no help), of one block."""

    every: float
    """Per action."""
    each: float
    """Per different action, and per different pair."""


class _Blocks(NamedTuple):
    """How unlike blocks are, before any of the user's own are known."""

    mean: float
    spread: float
    weight: float
    """In blocks of the user's own."""


_OF_USERS = _Blocks(-0.8, 0.3, 100.0)
"""For what is compared between users: they hardly count for themselves, so one threshold means the same for all."""
_OF_ONE = _Blocks(-0.9, 0.15, 30.0)
"""For what is asked of one user: who is as regular as clockwork is held to it, who is erratic is let be."""
_TAKEN = _Blocks(-0.9, 0.25, 5.0)
"""For whether a block that was compared is learnt. Nearly the user's own: who always does new things would never be."""


class Habits(msgspec.Struct, array_like=True, gc=False):
    """One-class sequence profile: by how much the user's history explains a block of actions better than no history.

    The unlikeness of a block has three parts, which are added up:

    - kind: the log-likelihood ratio, per action, of an adaptive model of actions that knows only the block so far to
      the same one that knows the history, too. So a new command that is run fifty times in a row costs once, and a dull
      block doesn't pass for the user's own.
    - order: the same of bigrams, which fall back to these. History and block count alike, so a script that is new costs
      until it repeats.
    - mix: how little the frequencies of the block overlap with those of the history, by Bhattacharyya's coefficient
      (Bulletin of the Calcutta Mathematical Society 35, 1943), in which no single action can weigh much.

    Interpolation is by Dirichlet priors (MacKay & Peto, A hierarchical Dirichlet language model, 1995). That no other
    users' data is needed is from Wang & Stolfo (One-class training for masquerade detection, 2003), taking in what was
    judged normal from Maxion & Townsend (Masquerade detection using truncated command lines, 2002).

    Where users are compared (`score`, `learn`, `take`), kind and order are per different action and pair, not per
    action, and order is half of it what the history alone says of each pair. Most of a block are a few actions, done
    over and over, that everybody does; a masquerader differs in the others. Where one user is watched (`add`), they are
    per action: there, it raised fewer false alerts for as many attacks.

    The tail probability is Student's t, against the user's own earlier blocks, each measured before it was learnt, and
    a prior. 0 is as if there were no history, about -1 what people do as ever, so the prior is strong where users are
    compared, less so where one user is watched, and in what is learnt. Blocks that are below `GUARD` against the user's
    own aren't learnt, until `PATIENCE` of them came in a row: an intruder who was learnt for one block isn't noticed in
    the next.
    """

    actions: dict[int, int] = {}
    """Hash of an action -> occurrences, in quarters."""
    pairs: dict[int, int] = {}
    """Of an action and the one before."""
    weight: int = 0
    """Sum of `actions`."""
    blocks: float = 0.0
    """Blocks that `mean` and `square` are made of, at most `MEMORY`."""
    mean: float = 0.0
    """Of the unlikeness of blocks judged normal."""
    square: float = 0.0
    """Sum of squared deviations."""
    recent: list[int] = []
    """Hashes of the last actions, at most `BLOCK`: those not learnt yet."""
    fresh: int = 0
    """Actions since the last judgement."""
    latest: float = 1.0
    """The last judgement of `add` or `take`."""
    flagged: int = 0
    """Judgements in a row that scored below `GUARD`."""
    clear: int = 4
    """Judgements since the last one of those, up to `BLOCK / STEP`."""
    previous: int = -1
    """Hash of the last action learnt."""

    BLOCK: ClassVar[int] = 100
    STEP: ClassVar[int] = 25
    """Actions from one judgement of `add` to the next."""
    LEARNT: ClassVar[int] = 300
    """Actions before anything is judged."""
    GUARD: ClassVar[float] = 0.03
    PATIENCE: ClassVar[int] = 24
    MEMORY: ClassVar[float] = 40.0
    REMEMBERED: ClassVar[int] = 5000 * _UNIT
    """`weight` from which on all counts lose a quarter."""
    ACTIONS: ClassVar[int] = 2048
    PAIRS: ClassVar[int] = 4096
    WATCHED: ClassVar[tuple[int, int]] = (512, 1024)
    """Of the same, what `add` keeps: operations are fewer than commands and their arguments, and users many."""
    CARRY: ClassVar[float] = 0.2
    CARRIED: ClassVar[float] = 3e-4
    """Surprise beyond this isn't carried on."""
    DEGREES: ClassVar[float] = 8.0
    """Of Student's t."""
    BOUND: ClassVar[int] = (2048 + 4096 + 2) * 6 + 125 * 3 + 128
    """Bytes of its encoding at most."""

    def copy(self) -> Self:
        """A copy that learns by itself."""
        # What was learnt is shared: `_count` makes it anew.
        return msgspec.structs.replace(self, recent=self.recent.copy())

    @property
    def judged(self) -> bool:
        """Whether `add` judged the last action with those before it: there is a new `latest`."""
        return self.fresh == 0 and len(self.recent) == self.BLOCK - self.STEP

    def lately(self) -> float:
        """As `latest`, of the last `STEP` actions of `add` alone: whether what is unlike in the block still goes on."""
        keys = self.recent[-self.STEP :]
        return self._tail(self._unlike(keys).every, len(keys), _OF_ONE)

    def score(self, actions: Sequence[str]) -> float:
        """P(a block of a user's as unlike their habits as these actions); 1.0 before `LEARNT` actions."""
        keys = [_key(action) for action in actions]
        return self._tail(self._unlike(keys).each, len(keys), _OF_USERS)

    def unlikeness(self, actions: Sequence[str]) -> float:
        """From about -1.5 (just what this user does) to above 0 (the history is of no help)."""
        return self._unlike([_key(action) for action in actions]).every

    def learn(self, actions: Sequence[str]) -> None:
        """Take a block as this user's own: its actions and, once enough is known, how unlike it was."""
        keys = [_key(action) for action in actions]
        self._learn(keys, self._unlike(keys).each)

    def take(self, actions: Sequence[str]) -> float:
        """Score the next block, then learn it unless it is flagged; returns the score.

        An intruder stays: after a block that was flagged, a share `CARRY` of its surprise goes to this one.
        """
        keys = [_key(action) for action in actions]
        unlike = self._unlike(keys).each
        found = self._tail(unlike, len(keys), _OF_USERS)
        if self.latest < self.GUARD:
            found *= max(self.latest, self.CARRIED) ** self.CARRY
        self.latest = found
        if self._passes(self._tail(unlike, len(keys), _TAKEN)):
            self._learn(keys, unlike)
        return found

    def add(self, action: str) -> bool:
        """Take the user's next action; every `STEP` of them, judge the last `BLOCK`.

        What leaves the block is learnt, unless one of the judgements that it was part of was flagged.

        Returns:
            Whether there is a new judgement in `latest`.
        """
        self.recent.append(_key(action))
        self.fresh += 1
        if self.fresh < self.STEP:
            return False
        self.fresh = 0
        if len(self.recent) < self.BLOCK:
            return False
        # Before that, nobody asks how unlike it is, and it costs more than all else here.
        unlike = self._unlike(self.recent).every if self.weight >= self.LEARNT * _UNIT else 0.0
        self.latest = self._tail(unlike, len(self.recent), _OF_ONE)
        self.clear = min(self.clear + 1, self.BLOCK // self.STEP) if self._passes(self.latest) else 0
        oldest, self.recent = self.recent[: self.STEP], self.recent[self.STEP :]
        if self.clear == self.BLOCK // self.STEP:
            self._learn(oldest, unlike, *self.WATCHED)
        return True

    def _tail(self, unlike: float, number: int, prior: _Blocks) -> float:
        if self.weight < self.LEARNT * _UNIT or not number:
            return 1.0
        blocks = self.blocks + prior.weight
        center = (self.mean * self.blocks + prior.mean * prior.weight) / blocks
        spread = sqrt((self.square + prior.spread**2 * prior.weight) / blocks)
        # Fewer actions are the more unlike by chance.
        spread *= sqrt(max(1.0, self.BLOCK / number))
        return float(stdtr(self.DEGREES, (center - unlike) / spread))

    def _passes(self, score: float) -> bool:
        if score >= self.GUARD:
            self.flagged = 0
            return True
        self.flagged += 1
        return self.flagged > self.PATIENCE

    def _learn(self, keys: list[int], unlike: float, most: int = ACTIONS, most_pairs: int = PAIRS) -> None:
        if self.weight >= self.LEARNT * _UNIT and keys:
            if self.blocks >= self.MEMORY:
                self.square *= (self.MEMORY - 1.0) / self.blocks
                self.blocks = self.MEMORY - 1.0
            self.blocks += 1.0
            delta = unlike - self.mean
            self.mean += delta / self.blocks
            self.square += delta * (unlike - self.mean)
        self._count(keys, most, most_pairs)

    def _count(self, keys: list[int], most: int, most_pairs: int) -> None:
        actions, pairs, previous = self.actions.copy(), self.pairs.copy(), self.previous
        for key in keys:
            actions[key] = actions.get(key, 0) + _UNIT
            if previous >= 0:
                pair = _pair(previous, key)
                pairs[pair] = pairs.get(pair, 0) + _UNIT
            previous = key
        self.actions, self.pairs, self.previous = actions, pairs, previous
        self.weight += _UNIT * len(keys)
        if self.weight > self.REMEMBERED or len(actions) > most or len(pairs) > most_pairs:
            self._forget(most, most_pairs)

    def _forget(self, most: int, most_pairs: int) -> None:
        """Take a quarter of all counts; of too many, drop those with the least."""
        if self.weight > self.REMEMBERED:
            self.actions = {key: left for key, count in self.actions.items() if (left := count * 3 // 4) > 1}
            self.pairs = {key: left for key, count in self.pairs.items() if (left := count * 3 // 4) > 1}
        self.actions = _most(self.actions, most)
        self.pairs = _most(self.pairs, most_pairs)
        self.weight = sum(self.actions.values())

    def _unlike(self, keys: list[int]) -> _Unlike:
        actions, pairs, rest = self.actions, self.pairs, self.weight + _PRIOR * _UNIT
        part, novel, sure = _PRIOR / rest, _NOVEL * _UNIT, _SURE
        seen: dict[int, int] = {}
        followed: dict[int, int] = {}
        kind, order, steps, before, times, after = 0.0, 0.0, 0.0, -1, 0, 0.0
        place = _PRIOR
        for key in keys:
            here = seen.get(key, 0)
            usual = part * (actions.get(key, 0) + novel)
            adaptive = (here + usual) / place
            without = (here + _NOVEL) / place
            kind += log(without / adaptive)
            if before >= 0:
                # As `_pair`.
                pair = ((before + key) * _FIBONACCI & _MASK) >> _SHIFT
                both, ever = followed.get(pair, 0), pairs.get(pair, 0) / _UNIT
                if not both:
                    steps += log(after / (ever + usual))
                without = (both + _PRIOR_PAIR * without) / (times + _PRIOR_PAIR)
                adaptive = (ever + both + _PRIOR * adaptive) / (after + times)
                order += log((without if without < sure else sure) / (adaptive if adaptive < sure else sure))
                followed[pair] = both + 1
            else:
                order = kind
            times = seen[key] = here + 1
            before, after = key << _BITS, actions.get(key, 0) / _UNIT + _PRIOR
            place += 1.0
        number = max(1, len(keys))
        overlap = sum([sqrt(count * actions.get(key, 0)) for key, count in seen.items()]) / sqrt(number * rest)
        return _Unlike(
            ((kind + order) / number - _MIX * overlap) / _PARTS,
            (kind / (len(seen) + _FEW) + (order + steps) / 2 / (len(followed) + _FEW) - _MIX_EACH * overlap)
            / _PARTS_EACH,
        )


@lru_cache(maxsize=16_384)
def _key(action: str) -> int:
    return crc32(action.encode("utf-8", "replace")) & _KEYS


def _pair(before: int, key: int) -> int:
    """Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4) of both."""
    return (((before << _BITS) + key) * _FIBONACCI & _MASK) >> _SHIFT


def _most(counts: dict[int, int], number: int) -> dict[int, int]:
    """Seven eighths of `number`, those with the highest counts, if there are more than `number`."""
    if len(counts) <= number:
        return counts
    # By count, then by key: sorts are stable, and this one is all in C.
    ranked = sorted(sorted(counts), key=counts.__getitem__, reverse=True)
    return {key: counts[key] for key in sorted(ranked[: number * 7 // 8])}
