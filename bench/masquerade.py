"""The action profile alone, one-class, on masquerade data: does it notice when somebody else acts as a user?

    python -m bench.masquerade FILE --labels LABELS --train 5000 --block 100 --json masquerade.json

The protocol of Schonlau et al. (Statistical Science 2001): each user's profile learns from the first 5,000 actions of
that user and of nobody else, then scores the following ones in blocks of 100, in order; a block that isn't flagged is
learnt. Scores are -log10 of the tail probability, thresholds are one for all users. Prints the share of masquerades
found at 1 % and 5 % false alarms and the area under the ROC curve, pooled and as the mean over the users who had any.
`bench.masquerade_files` says what forms the files may have; without labels, only scores are written.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from math import log10
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec

from bench.masquerade_files import Labels, read_actions, read_labels
from bench.ranking import auc, hits
from stateful.models import Habits

FALSE_ALARMS = (0.01, 0.05)


def scores_of(actions: Sequence[str], train: int, block: int) -> list[float]:
    """-log10 of the tail probability of each whole block behind the first `train` actions."""
    habits = Habits()
    for start in range(0, train, block):
        habits.learn(actions[start : min(start + block, train)])
    found = []
    for start in range(train, len(actions) - block + 1, block):
        found.append(-log10(max(habits.take(actions[start : start + block]), 1e-300)))
    return found


def evaluate(scores: dict[str, list[float]], labels: Labels) -> dict[str, Any]:
    """Hits at each rate of false alarms and areas under the ROC curve, pooled and per user."""
    pooled = [score for user in scores for score in scores[user]]
    marked = [label for user in scores for label in labels[user]]
    areas = [area for user in scores if (area := auc(scores[user], labels[user])) is not None]
    found: dict[str, Any] = {"blocks": len(marked), "masquerades": sum(marked)}
    for share in FALSE_ALARMS:
        rate, threshold = hits(pooled, marked, share)
        found[f"hits_at_{share:.0%}"] = round(rate, 4)
        found[f"threshold_at_{share:.0%}"] = threshold
    area = auc(pooled, marked)
    found["auc"] = None if area is None else round(area, 4)
    found["auc_per_user"] = round(fmean(areas), 4) if areas else None
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, score, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="user,action lines, or a folder with a file of actions for each user")
    parser.add_argument("--labels", type=Path, help="which blocks behind the training are somebody else's")
    parser.add_argument("--train", type=int, default=5000, help="actions of each user to learn from")
    parser.add_argument("--block", type=int, default=100, help="actions that are judged together")
    parser.add_argument("--json", type=Path, help="where to write results and the score of each block")
    chosen = parser.parse_args(arguments)
    data = read_actions(chosen.file)
    began = time.process_time()
    scores = {user: scores_of(actions, chosen.train, chosen.block) for user, actions in data.items()}
    took = (time.process_time() - began) / sum(map(len, data.values())) * 1e6
    results: dict[str, Any] = {"users": len(data), "us_per_action": round(took, 2)}
    labels: Labels = {}
    if chosen.labels:
        labels = read_labels(chosen.labels, {user: len(found) for user, found in scores.items()})
        results |= evaluate(scores, labels)
    for name, value in results.items():
        print(f"{name:16} {value}")
    if chosen.json:
        blocks = [
            {"user": user, "block": place, "score": score} | ({"label": int(labels[user][place])} if labels else {})
            for user, found in scores.items()
            for place, score in enumerate(found)
        ]
        text = msgspec.json.encode(results | {"block_scores": blocks})
        chosen.json.write_bytes(msgspec.json.format(text) + b"\n")


if __name__ == "__main__":
    main()
