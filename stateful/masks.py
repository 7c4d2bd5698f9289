"""As whom somebody acts: the owner of a mailbox, a service, whoever's place is taken."""

from __future__ import annotations

from activities.activity import Activity
from stateful.features import HOUR, BurstFeature, ValuesFeature


def acted_as(activity: Activity) -> str:
    """Whose place the user takes; "" if nobody's."""
    return activity.impersonated.id if activity.impersonated else ""


IMPERSONATED = ValuesFeature("impersonated", acted_as, shared=True)
MASKS = BurstFeature(
    "new_masks",
    lambda activity, user: bool(acted_as(activity)) and user.values(IMPERSONATED).get(acted_as(activity)) is None,
    acted_as,
    2 * HOUR,
)
"""Those as whom the user never acted, in a row: mailbox after mailbox."""
