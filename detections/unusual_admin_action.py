"""Rights are given by somebody who hardly ever gives any."""

from __future__ import annotations

import re
from collections.abc import Iterable

from activities.activity import Activity, Category
from activities.tags import Tag
from stateful.attack import ADDITIONAL_ROLES
from stateful.detection import Detection
from stateful.features import OPERATIONS, operation
from stateful.finding import Comparison, Finding, Severity
from stateful.outsiders import is_guest, is_private
from stateful.strangers import STRANGER, by_stranger
from stateful.view import Context, UserView

POWERFUL = re.compile(
    r"admin|owner|\broot\b|privileg|superuser|full ?access|power ?user|(^|:)\*$|(?<!:)\biam:|organi[sz]ation|"
    r"\ball ?access",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(
    r"consent|permission ?grant|app role|mailbox|recipient ?permission|folder ?permission", re.IGNORECASE
)
"""Of these speak the detections oauth_consent and delegation."""
ACTIVATED = re.compile(r"PIM activation", re.IGNORECASE)
"""A right that somebody was given before is taken up for some hours; of the giving this detection spoke."""
MEMBERSHIP = re.compile(r"member", re.IGNORECASE)
"""Being in a group or list: what that allows, if anything, only its name tells."""


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A role, policy or membership was given, by a user to whom this is new."""
    if Tag.CONSENT in activity.tags or ELSEWHERE.search(activity.action):
        return
    known = user.values(OPERATIONS).get(operation(activity))
    if known is not None and known.count >= context.settings["routine_count"]:
        return
    powerful = Tag.PRIVILEGED in activity.tags or any(POWERFUL.search(entry.name) for entry in activity.objects)
    names = (activity.user.id, activity.user.name.lower(), activity.user.email.lower())
    oneself = any(entry.name and entry.name.lower() in names for entry in activity.objects)
    strange = by_stranger(activity, user)
    if ACTIVATED.search(activity.action) and not strange:
        return
    outsider = any(is_guest(entry.name) or is_private(entry.name) for entry in activity.objects)
    if not (powerful or oneself or strange or outsider):
        return
    # Who looks after groups and lists is in some; a policy or role is a right whatever its name.
    listed = oneself and not powerful and MEMBERSHIP.search(activity.action) is not None
    what = ", ".join(entry.name for entry in activity.objects[:3]) or activity.app
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=40 + 20 * powerful + 15 * (oneself and not listed) + 20 * strange + 20 * outsider,
        severity=Severity.HIGH
        if powerful and (oneself or strange)
        else Severity.LOW
        if listed and not strange
        else None,
        reason=(
            f"{activity.action} ({what}) by a user who "
            + ("never did this" if known is None else f"did this {known.count} times")
            + (": rights that rule over others" if powerful else "")
            + (", given to oneself" if oneself else "")
            + (", given to somebody outside" if outsider else "")
            + (", from a device and an address that aren't the user's" if strange else "")
        ),
        comparisons=(
            Comparison(
                "this operation by this user",
                f"time {known.count + 1 if known else 1}",
                f"{context.settings['routine_count']:.0f} times or more by those who do it routinely",
                since=user.since,
                score=1.0,
            ),
        ),
        evidence=(context.seen(activity),),
    )


DETECTION = Detection(
    id="unusual_admin_action",
    title="Unusual grant of rights",
    description=(
        "Somebody who hardly ever does it gives a powerful role, policy or membership, perhaps to themselves. "
        "Whoever has "
        "one account wants more rights, and an account of their own to come back with."
    ),
    techniques=(ADDITIONAL_ROLES,),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset({Category.ROLE_GRANT}),
    succeeded=True,
    features=(OPERATIONS, *STRANGER),
    settings={"routine_count": 5},
    learning_days=3,
    runbook=(
        "Check for a ticket or a request; ask whoever is said to have done it.",
        "If there is none: take the rights back, disable the account that got them, revoke the giver's sessions.",
        "See what was done with the rights meanwhile.",
    ),
    quiet="The user having done the same operation five times before, rights that rule over nobody, or membership in a "
    "group or list that has no powerful name.",
)
