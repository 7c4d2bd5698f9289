"""A run of operations that this user never used before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from activities.activity import Activity, Category, UserType
from activities.tags import Tag
from stateful.attack import INFRASTRUCTURE_DISCOVERY, SERVICE_DISCOVERY
from stateful.detection import Detection
from stateful.features import ACTIVITY_RATE, ADDRESSES, AGENTS, APPS, HOUR, NEW_OPERATIONS, OPERATIONS, agent, operation
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.grounds import NEW_PRODUCTS, PRODUCTS
from stateful.models import DAY
from stateful.strangers import STRANGER, strange_device
from stateful.view import Context, UserView, days, usual

SENSITIVE = frozenset(
    {
        Category.CREDENTIAL,
        Category.SECRET_READ,
        Category.EXECUTE,
        Category.CREATE_USER,
        Category.NETWORK_CONFIG,
        Category.SHARE,
        Category.COMPUTE_START,
        Category.TOKEN,
    }
)
"""Operations of which a single one matters, apart from grants, of which unusual_admin_action speaks."""
WEIGHTY = SENSITIVE | {Category.ROLE_GRANT, Category.AUDIT_CONFIG}
"""Among new operations these count twice."""
CHANGES_OTHERS = re.compile(
    r"Function(Code|Configuration)|ModifyInstanceAttribute|DescribeInstanceAttribute|LeaveOrganization|SerialConsole|"
    r"TrustAnchor|ModelAccess|FoundationModel|runCommand|extensions/write|RunBook|setIamPolicy|workflow|"
    r"webhook|\bhook\.create|protected_branch",
    re.IGNORECASE,
)
"""Names of others: they change what others run, look into it, or leave the organization's oversight."""

EVERYBODY = re.compile(
    r"^download (users|groups|group members|devices)\b|GetAccountAuthorizationDetails|GetCredentialReport",
    re.IGNORECASE,
)
"""Names of operations that list who and what there is in a directory, all at once."""


WAYS_IN = frozenset({Tag.FACTOR_ADDED, Tag.PASSWORD_SET, Tag.KEY_ADDED})
MINUTE = 60_000


@lru_cache(maxsize=4096)
def changes_others(action: str) -> bool:
    """Whether its name says so; or that all are listed whom something could be done to."""
    return CHANGES_OTHERS.search(action) is not None or EVERYBODY.search(action) is not None


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Too many of the run's operations are new, or one that matters is, given how seldom this user does a new one."""
    yield from _single(activity, user, context)
    yield from _apps(activity, user, context)
    burst, operations = user.burst(NEW_OPERATIONS), user.values(OPERATIONS)
    # Only what adds to a run can make it worth saying.
    if burst.last != activity.time:
        return
    services = Counter(seen.app for seen in burst.evidence if user.is_recent(APPS, seen.app, activity.time))
    whole = max(services.values(), default=0) >= context.settings["min_of_service"]
    strange = activity.user.type is not UserType.PERSON or strange_device(activity, user)
    # People take up new work at their desks; a service, or whoever has a key, doesn't.
    # Unless it is all of one service where they never were.
    least = context.settings["min_operations" if strange or whole else "min_operations_at_desk"]
    weighty = sum(seen.category in WEIGHTY or changes_others(seen.action) for seen in burst.evidence)
    weight = burst.count + weighty
    if weight < least or burst.count < context.settings["times_highest"] * burst.most:
        return
    if operations.total < context.settings["min_activities"]:
        return
    chance = operations.chance_of_new()
    tail = burst.tail(chance)
    if tail > context.settings["max_probability_of_service" if whole else "max_probability"]:
        return
    names = ", ".join(mark.partition(":")[2] for mark in burst.marks[:4])
    yield context.finding(
        activity,
        anchor=burst.first,
        closes=burst.last + NEW_OPERATIONS.gap,
        risk=55 + 5 * min(weight - least, 8),
        reason=(
            f"{burst.count} operations never used by this user before, among the last {burst.among} activities "
            f"({names}{', ...' if burst.count > 4 else ''})"  # noqa: PLR2004
        ),
        comparisons=(
            Comparison(
                "share of new operations",
                f"{burst.count / burst.among:.0%}",
                f"{chance:.1%}",
                since=user.since,
                score=1 - tail,
            ),
            Comparison("history", days(activity.time - user.since), "at least 7 days", since=user.since),
        ),
        evidence=tuple(burst.evidence),
        evidence_count=burst.count,
    )


def _single(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """One operation that matters, which this user never used."""
    operations = user.values(OPERATIONS)
    if activity.category not in SENSITIVE and not changes_others(activity.action):
        return
    if operations.total < context.settings["min_activities"]:
        return
    if not user.is_news(OPERATIONS, operation(activity), activity.time):
        return
    chance = operations.chance_of_new()
    if chance > context.settings["max_probability_single"]:
        return
    strange = user.is_news(ADDRESSES, activity.ip, activity.time) and user.is_news(
        AGENTS, agent(activity), activity.time
    )
    # Programs do what they are made for: ways in for people aren't that, unless their likes make them, too.
    lets_in = activity.category is Category.CREATE_USER or not WAYS_IN.isdisjoint(activity.tags)
    made = lets_in and activity.user.type is not UserType.PERSON
    # Nor was this service ever called before today; and it isn't the first such call there.
    service = user.is_recent(APPS, activity.app, activity.time)
    more = service and any(
        seen.app == activity.app
        and seen.action != activity.action
        and (seen.category in SENSITIVE or changes_others(seen.action))
        for seen in user.burst(NEW_OPERATIONS).evidence
    )
    target = f" on {activity.objects[0].name}" if activity.objects else ""
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=20 + 40 * made + 30 * strange + 10 * (service and not made) + 10 * more,
        severity=Severity.MEDIUM if made else Severity.LOW,
        reason=(
            f"{activity.action}{target}, which this user never called and who seldom calls anything new"
            + (f", in {activity.app}, new to the user" if service else "")
            + (", from a device and an address that aren't the user's" if strange else "")
        ),
        comparisons=(Comparison("operation", activity.action, usual(operations), since=user.since, score=1 - chance),),
        evidence=(context.seen(activity),),
        novelties=(Novelty(OPERATIONS.name, operation(activity)),),
    )


def _apps(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """App after app that this user never worked with: somebody looks what there is."""
    burst, products, settings = user.burst(NEW_PRODUCTS), user.values(PRODUCTS), context.settings
    if burst.count < settings["min_apps"] or burst.last != activity.time:
        return
    if products.total < settings["min_activities"] or activity.user.type is not UserType.PERSON:
        return
    tail = burst.tail(products.chance_of_new())
    if tail > settings["max_probability_apps"]:
        return
    # New duties begin at work, on the user's own machine.
    odd = user.rate(ACTIVITY_RATE).chance_of_any(activity.time // HOUR * HOUR) < settings["max_probability_hour"]
    # And one after the other; who looks what there is goes from app to app.
    hasty = burst.last - burst.start <= settings["max_minutes_apps"] * MINUTE
    strange = strange_device(activity, user)
    day = activity.time // DAY * DAY
    yield context.finding(
        activity,
        anchor=f"window:{DAY}:{day}",
        closes=day + DAY - 1,
        risk=40 + 5 * min(burst.count - settings["min_apps"], 6) + 10 * hasty + 15 * odd + 20 * strange,
        reason=(
            f"{burst.count} apps that this user never worked with, among the last {burst.among} activities "
            f"({', '.join(burst.marks[:6])})"
            + (", within minutes" if hasty else "")
            + (", at an hour when this user hardly ever works" if odd else "")
            + (", on another device" if strange else "")
        ),
        comparisons=(
            Comparison("new apps in a row", str(burst.count), usual(products), since=user.since, score=1 - tail),
        ),
        evidence=tuple(burst.evidence),
        evidence_count=burst.count,
        novelties=tuple(Novelty(APPS.name, app) for app in dict.fromkeys(seen.app for seen in burst.evidence)),
    )


DETECTION = Detection(
    id="rare_api",
    title="Operations new to the user",
    description=(
        "Within an hour or so the user calls several operations never called before, or a single one that matters, "
        "although this user seldom does anything new. A stolen key is first used to look around, then to stay."
    ),
    techniques=(SERVICE_DISCOVERY, INFRASTRUCTURE_DISCOVERY),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(),
    features=(*STRANGER, OPERATIONS, NEW_OPERATIONS, APPS, PRODUCTS, NEW_PRODUCTS, ACTIVITY_RATE),
    settings={
        "min_operations": 7,
        "min_operations_at_desk": 10,
        "times_highest": 2,
        "min_activities": 100,
        "max_probability": 1e-10,
        "min_of_service": 6,
        "max_probability_of_service": 1e-5,
        "max_probability_single": 0.02,
        "min_apps": 4,
        "max_probability_apps": 1e-8,
        "max_probability_hour": 0.2,
        "max_minutes_apps": 10,
    },
    runbook=(
        "See what was called, from which address and with which key or session.",
        "Ask the owner whether the work is theirs: a new project or tool does this too.",
        "If not: deactivate the key, list what it created (users, keys, roles, functions) and remove it.",
    ),
    quiet="A user who often does something new, or fewer new operations in a row.",
)
