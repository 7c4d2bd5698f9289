"""The same novelty of many users within a day. Made by correlation, in place of an alert on each of them."""

from __future__ import annotations

from activities.activity import Category
from stateful.detection import Detection, by_correlation
from stateful.finding import Severity

DETECTION = Detection(
    id="campaign",
    title="Many users, the same novelty",
    description=(
        "Many users have findings that rest on the same new value within a day: a new office, VPN, provider or app, or "
        "one attacker behind many accounts. One alert of the tenant stands for all of them."
    ),
    techniques=(),
    severity=Severity.MEDIUM,
    evaluate=by_correlation,
    categories=frozenset({Category.OTHER}),
    settings={"min_users": 5},
    learning_days=0,
    runbook=(
        "Ask whoever runs the network or the app whether this was planned.",
        "If it was: give the verdict benign, or write a suppression; the value is learnt then.",
        "If nobody knows of it: treat all of the users as taken over.",
    ),
    quiet="Fewer users within a day, or a suppression with min_users.",
)
