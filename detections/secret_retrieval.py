"""Secrets are read one after the other."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import CLOUD_SECRETS
from stateful.detection import Detection
from stateful.features import HOUR, TallyFeature
from stateful.finding import Finding, Severity
from stateful.models import DAY
from stateful.surge import SURGE, surge
from stateful.view import Context, UserView

SECRETS = TallyFeature("secrets", frozenset({Category.SECRET_READ}), HOUR, prior=2.0)
SECRETS_DAY = TallyFeature("secrets_day", frozenset({Category.SECRET_READ}), DAY, prior=2.0)


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A surge of secrets, keys or passwords that were asked for, different ones."""
    least = int(context.settings["min_distinct"])
    yield from surge(activity, user, context, SECRETS, "secrets asked for", least_objects=least)
    # One by one over a day, below every hour's threshold.
    yield from surge(activity, user, context, SECRETS_DAY, "secrets asked for", base=50, least_objects=least)


DETECTION = Detection(
    id="secret_retrieval",
    title="Burst of secret retrieval",
    description=(
        "An identity reads many secrets, keys or parameters within an hour, far more than ever. Programs read the "
        "same few; "
        "an intruder takes them all."
    ),
    techniques=(CLOUD_SECRETS,),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=frozenset({Category.SECRET_READ}),
    features=(SECRETS, SECRETS_DAY),
    settings={**SURGE, "min_count": 8, "max_probability": 0.02, "min_distinct": 7},
    learning_days=7,
    runbook=(
        "See which secrets were read, and rotate them.",
        "Find out whether the identity is a person or a job, and whether it was deployed anew.",
        "Look for the use of what was read, from other addresses.",
    ),
    quiet="Fewer secrets than twice the highest hour, or the same few.",
)
