"""Findings of three ATT&CK tactics on one user within a day. Made by correlation, from findings of all detections."""

from __future__ import annotations

from activities.activity import Category
from stateful.detection import Detection, by_correlation
from stateful.finding import Severity

DETECTION = Detection(
    id="attack_chain",
    title="Chain of tactics",
    description=(
        "Findings of several detections, of at least three ATT&CK tactics, on one user within a day. Each by itself "
        "may be harmless; one after the other they are what an attack looks like from beginning to end."
    ),
    techniques=(),
    severity=Severity.HIGH,
    evaluate=by_correlation,
    categories=frozenset({Category.OTHER}),
    settings={"min_tactics": 3},
    learning_days=0,
    runbook=(
        "Suspend the account's sessions first; ask afterwards.",
        "Go through the timeline: how did it begin, what was reached, what was left behind.",
    ),
    quiet="Findings of fewer tactics, or further apart than a day.",
)
