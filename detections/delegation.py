"""A mailbox is opened to another, or somebody acts as somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from activities.activity import Activity, Category, UserType
from stateful.attack import ADDITIONAL_DELEGATION
from stateful.detection import Detection
from stateful.features import (
    AGENTS,
    OPERATIONS,
    TallyFeature,
    agent,
    operation,
    succeeded,
)
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.masks import IMPERSONATED, MASKS, acted_as
from stateful.models import DAY
from stateful.strangers import STRANGER, by_stranger
from stateful.surge import SURGE, surge
from stateful.view import Context, UserView, usual

DELEGATES = re.compile(
    r"(add|set)-?(mailbox|recipient|mailboxfolder)permission|(add|update) ?folder ?permission|\bdelegate\b|"
    r"send ?(as|on ?behalf)|impersonation|full ?access|mailbox ?permission|calendar ?delegation",
    re.IGNORECASE,
)
SEVERAL = 3
"""Others as whom the user acted for the first time within hours: from so many on, common mailboxes explain nothing.
Also rights given in a day."""
MANY = 5
"""Rights given in a day from which on they are many, even for those who give them as their work."""
GIVING = frozenset({Category.ROLE_GRANT, Category.SHARE, Category.MODIFY, Category.CREATE, Category.OTHER})
EVERYBODY = ("default", "anonymous", "everyone")
"""Names that stand for all others, in Exchange and elsewhere."""
OPENED = frozenset({"mailbox", "identity", "folder", "mailboxpermission", "mailboxfolderpermission"})
"""Types of what is opened, not of whom it is opened to."""
CALENDAR = re.compile(r"[\\/](calendar|kalender|calendrier|calendario|agenda)\b", re.IGNORECASE)
"""A folder that colleagues look into all the time, where it isn't in English by its translated name."""
NO_RIGHTS = re.compile(r"\W*(none|availabilityonly|limiteddetails)\W*", re.IGNORECASE)
"""Values of Exchange's `AccessRights` by which nobody reads anything."""
SERVICE = re.compile(r"gserviceaccount\.com$", re.IGNORECASE)
"""Google's accounts of services, as which people act by a token (IAM, "Service account impersonation")."""
REMOVES = re.compile(r"^(remove|delete|revoke|get|list)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def delegates(action: str) -> bool:
    """Whether an operation lets somebody act for, or read as, somebody else."""
    return DELEGATES.search(action) is not None and REMOVES.search(action) is None


def gives_right(activity: Activity) -> bool:
    """Whether it gives somebody such a right, by its name or by one of its parameters."""
    if activity.category not in GIVING:
        return False
    if any(entry.type.lower() == "accessrights" and NO_RIGHTS.fullmatch(entry.name) for entry in activity.objects):
        return False
    return delegates(activity.action) or any(
        delegates(entry.name) or delegates(entry.type) for entry in activity.objects[:4]
    )


RIGHTS = TallyFeature("rights_given", GIVING, DAY, only=lambda a: succeeded(a) and gives_right(a), prior=1.0)


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Rights on a mailbox were given by one who hardly ever does; or the user acts as somebody for the first time."""
    target = acted_as(activity)
    known = user.values(OPERATIONS).get(operation(activity))
    gives, others = gives_right(activity), 0
    if gives:
        yield from surge(activity, user, context, RIGHTS, "rights to act for others given", base=60, least_objects=MANY)
    if gives and (known is None or known.count < context.settings["routine_count"]):
        names = ", ".join(entry.name for entry in activity.objects[:3])
        reason = f"{activity.action}{f' ({names})' if names else ''} by a user who hardly ever does this"
        comparison = Comparison(
            "this operation", f"time {known.count + 1 if known else 1}", "never", since=user.since, score=1.0
        )
        novelties: tuple[Novelty, ...] = ()
        own = (activity.user.id, activity.user.name.lower(), activity.user.email.lower())
        wide = CALENDAR.search(names) is None and any(
            entry.name.lower() in (*own, *EVERYBODY)
            for entry in activity.objects[1:]
            if entry.type.lower() not in OPENED
        )
        # Folder after folder is more than a calendar for an assistant.
        several = user.tally(RIGHTS).last() >= SEVERAL and CALENDAR.search(names) is None
        risk = 75.0 if wide else 55.0 if several else 40.0
        reason += ", for oneself or everybody" if wide else f", {SEVERAL} times and more today" if several else ""
    elif (
        target
        and user.is_news(IMPERSONATED, target, activity.time)
        and user.count >= context.settings["min_activities"]
    ):
        run = user.burst(MASKS)
        # An archive or a backup comes to mailboxes that it hadn't met as long as it runs; of apps oauth_app_misuse
        # speaks.
        more = activity.user.type is UserType.PERSON and run.count > context.settings["times_highest"] * run.most
        others = len(run.marks) - 1 if more else 0
        reason = f"{activity.action} as {target}, as whom this user never acted"
        reason += f", nor as {others} others within hours" if others else ""
        comparison = Comparison("acted as", target, usual(user.values(IMPERSONATED)), since=user.since, score=1.0)
        # That others read the same mailbox doesn't explain one after another.
        novelties = (Novelty(IMPERSONATED.name, target),) if others < SEVERAL else ()
        # Whoever may act as a service holds all that it may.
        service = not user.values(IMPERSONATED).total and SERVICE.search(target) is not None
        risk = 35.0 + 15 * service + 10 * min(others, 5)
    else:
        return
    strange = by_stranger(activity, user)
    # Rights are given with the programs that one works with.
    program = gives and user.is_recent(AGENTS, agent(activity), activity.time)
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=risk + (35 if strange else 15 * program),
        severity=Severity.HIGH if strange or risk > 70 else None if novelties == () or others > 1 else Severity.LOW,  # noqa: PLR2004
        reason=reason + (", from a device and an address that aren't the user's" if strange else ""),
        comparisons=(comparison,),
        evidence=(context.seen(activity),),
        novelties=novelties,
    )


DETECTION = Detection(
    id="delegation",
    title="Delegation or impersonation",
    description=(
        "Somebody is given the right to read or send as somebody else, or uses such a right for the first time. It "
        "reads "
        "mail without its owner's password, and stays after that is changed."
    ),
    techniques=(ADDITIONAL_DELEGATION,),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON, Category.LOGOFF},
    succeeded=True,
    features=(IMPERSONATED, MASKS, AGENTS, OPERATIONS, RIGHTS, *STRANGER),
    settings={**SURGE, "min_count": MANY, "max_probability": 0.02, "routine_count": 5, "min_activities": 50},
    learning_days=7,
    runbook=(
        "Ask both users whether they know of it.",
        "If not: take the right back, revoke the giver's sessions, see what was read or sent with it.",
    ),
    quiet="A user who does this routinely and no more than on other days, or acts as those they acted as before.",
)
