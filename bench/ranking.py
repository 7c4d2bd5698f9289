"""How well scores separate what is labelled from what isn't."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


def auc(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Area under the ROC curve: P(a labelled one scores higher), ties half; None without both kinds."""
    marked = np.asarray(labels, dtype=bool)
    positive, negative = int(marked.sum()), int((~marked).sum())
    if not positive or not negative:
        return None
    ranks: NDArray[np.float64] = rankdata(np.asarray(scores, dtype=float))
    return float((ranks[marked].sum() - positive * (positive + 1) / 2) / (positive * negative))


def hits(scores: Sequence[float], labels: Sequence[bool], false_alarms: float) -> tuple[float, float]:
    """Share of the labelled ones found at the threshold that gives at most so many false alarms.

    Args:
        scores: higher is stranger.
        labels: what is to be found.
        false_alarms: the share of the others that may be reported.

    Returns:
        The share found, and the threshold: what scores at least this is reported.
    """
    marked = np.asarray(labels, dtype=bool)
    values = np.asarray(scores, dtype=float)
    others = np.sort(values[~marked])[::-1]
    allowed = int(false_alarms * len(others) + 1e-9)
    above = values[values > others[allowed]] if allowed < len(others) else values
    threshold = float(above.min()) if len(above) else float("inf")
    return float(np.mean(values[marked] >= threshold)) if marked.any() else 0.0, threshold
