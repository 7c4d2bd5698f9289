"""Which generation changed a key last, of the keys that changed lately: in twelve bytes each, not a dict's 200."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

LOOSE, LOOSE_SHARE = 256, 16
"""Keys that are kept in a dict before they are packed: so many, or a share of the packed ones if that is more."""

_hash: Callable[[bytes], int] = hash
"""Of this process alone, which is what nobody can forge keys for; what is found does not depend on it."""


class Recent:
    """User key -> the generation that changed it last, negative where it deleted it.

    Packed ones are known by a hash of 64 bits. A key that never changed may so be taken for one that did, by a chance
    of one in 10^19 for each of them: who looks for its row and finds none must look on.
    """

    def __init__(self) -> None:
        self._loose: dict[bytes, int] = {}
        self._hashes = np.empty(0, np.int64)
        """Sorted."""
        self._generations = np.empty(0, np.int32)

    def get(self, key: bytes) -> int | None:
        """The generation of a key; None: it has not changed lately."""
        found = self._loose.get(key)
        if found is not None or not len(self._hashes):
            return found
        wanted = np.int64(_hash(key))
        at = int(self._hashes.searchsorted(wanted))
        return int(self._generations[at]) if at < len(self._hashes) and self._hashes[at] == wanted else None

    def get_many(self, keys: Sequence[bytes]) -> list[int | None]:
        """The generations of keys."""
        found: list[int | None] = [self._loose.get(key) for key in keys]
        if not len(self._hashes):
            return found
        packed = [number for number, at in enumerate(found) if at is None]
        wanted = np.fromiter((_hash(keys[number]) for number in packed), np.int64, len(packed))
        places = np.minimum(self._hashes.searchsorted(wanted), len(self._hashes) - 1)
        known = self._hashes[places] == wanted
        for number, at, is_known in zip(packed, self._generations[places].tolist(), known.tolist(), strict=True):
            if is_known:
                found[number] = at
        return found

    def keys(self) -> dict[bytes, int] | None:
        """All of it, as long as it is so little that nothing is packed."""
        return None if len(self._hashes) else self._loose

    def update(self, changed: Iterable[tuple[bytes, int]]) -> None:
        """Take in later changes."""
        self._loose.update(changed)
        if len(self._loose) >= max(LOOSE, len(self._hashes) // LOOSE_SHARE):
            self._pack()

    def drop(self, settled: int) -> None:
        """Forget the keys that were changed last in `settled` or before."""
        if not len(self._hashes):
            self._loose = {key: at for key, at in self._loose.items() if abs(at) > settled}
            return
        self._pack()
        kept = np.abs(self._generations) > settled
        self._hashes, self._generations = self._hashes[kept], self._generations[kept]

    def _pack(self) -> None:
        hashes = np.fromiter(map(_hash, self._loose), np.int64, len(self._loose))
        generations = np.fromiter(self._loose.values(), np.int32, len(self._loose))
        # Of equal ones, the first is kept: the latest have to come first.
        hashes = np.concatenate((hashes[::-1], self._hashes))
        self._hashes, first = np.unique(hashes, return_index=True)
        self._generations = np.concatenate((generations[::-1], self._generations))[first]
        self._loose = {}
