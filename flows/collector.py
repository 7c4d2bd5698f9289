"""Python's cyclic garbage collector, set for a process that holds some millions of objects and makes few cycles."""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 50_000, 20, 50
"""Objects between collections of the youngest, and how many collections of one generation make one of the next.

With Python's own 700, 10, 10 half of the time goes into walking over users that are there to stay (bench.state).
"""


def tune() -> None:
    """Collect rarely, and never again what the imports made. Reference counts free nearly all of the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
