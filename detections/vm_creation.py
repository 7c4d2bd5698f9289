"""Machines are started: many, or where none ever were."""

from __future__ import annotations

import re
from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import COMPUTE_HIJACKING, CREATE_INSTANCE, UNUSED_REGIONS
from stateful.detection import Detection
from stateful.features import HOUR, TallyFeature, ValuesFeature, succeeded
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.surge import SURGE, surge
from stateful.view import Context, UserView, usual

REGION = re.compile(r"\b(?:us|eu|ap|sa|ca|af|me|il|cn|mx)-[a-z]+(?:-[a-z]+)?-?\d\b|\b[a-z]+-[a-z]+\d\b")
LARGE = re.compile(
    r"\b(?:p[2-6]|g[3-6]|inf\d|trn\d)[a-z]*\.|gpu|nvidia|a100|h100|Standard_N|\b\d{2,}xlarge|metal|highcpu-\d{2}",
    re.IGNORECASE,
)
RESUMED = re.compile(r"(?:^|[./: ])(?:re)?start(?!ed|ing)|resume", re.IGNORECASE)
"""Names of operations on a machine that is there already."""
STARTS = frozenset({Category.COMPUTE_START})


def region(activity: Activity) -> str:
    """The region that the activity names in its objects; "" if none."""
    found = (REGION.search(f"{entry.name}") for entry in activity.objects)
    return next((match[0] for match in found if match), "")


def workplace(activity: Activity) -> str:
    """The region in which a machine was started, or anything changed."""
    if activity.category in STARTS:
        return region(activity)
    return next((entry.name for entry in activity.objects if entry.type == "region"), "")


MACHINES = TallyFeature("machines", STARTS, HOUR, only=lambda a: RESUMED.search(a.action) is None, prior=2.0)
REGIONS = ValuesFeature(
    "regions",
    workplace,
    STARTS | {Category.COMPUTE_STOP, Category.CREATE, Category.MODIFY, Category.DELETE},
    shared=True,
)


def resizes(activity: Activity) -> bool:
    """Whether a machine that is there is made one of the largest."""
    return succeeded(activity) and any(
        entry.type == "instance_type" and LARGE.search(entry.name) is not None for entry in activity.objects
    )


RESIZED = TallyFeature("resized", frozenset({Category.MODIFY}), HOUR, only=resizes, prior=1.0)


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A machine in a region that the user never used; or a surge of machines, those refused by a quota among them."""
    if activity.category is Category.MODIFY:
        if resizes(activity):
            few = context.with_settings(min_count=context.settings["min_resized"], max_probability=0.2)
            yield from surge(activity, user, few, RESIZED, "machines made very large", base=60)
        return
    # What is started again was made before, and in its region.
    where = "" if RESUMED.search(activity.action) else region(activity)
    known = user.values(REGIONS)
    # Whoever comes for machines makes a key and opens a port first.
    new = user.is_news(REGIONS, where, activity.time) or (
        known.get(where) is not None and user.is_recent(REGIONS, where, activity.time)
    )
    if new and succeeded(activity):
        yield context.finding(
            activity,
            anchor=activity.id,
            closes=activity.time,
            risk=45
            + 10 * bool(known.total)
            + 20 * any(LARGE.search(entry.name) is not None for entry in activity.objects),
            reason=f"{activity.action} in {where}, a region in which this user never worked",
            comparisons=(Comparison("region", where, usual(known), since=user.since, score=1 - known.chance_of_new()),),
            evidence=(context.seen(activity),),
            novelties=(Novelty(REGIONS.name, where),),
        )
    yield from surge(activity, user, context, MACHINES, "machines started")


DETECTION = Detection(
    id="vm_creation",
    title="Burst of machines, or an unused region",
    description=(
        "An identity starts far more machines within an hour than ever, or starts one in a region that it never "
        "worked in: mining "
        "at somebody else's cost, out of sight."
    ),
    techniques=(CREATE_INSTANCE, UNUSED_REGIONS, COMPUTE_HIJACKING),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=STARTS | {Category.MODIFY},
    features=(MACHINES, REGIONS, RESIZED),
    settings={**SURGE, "min_count": 8, "max_probability": 0.05, "min_resized": 3},
    learning_days=7,
    runbook=(
        "See the machines' sizes and regions; stop those that nobody knows.",
        "Find the key or session that started them, and revoke it.",
        "Forbid regions that aren't used.",
    ),
    quiet="Fewer than twice the highest hour; a region that the user, or two others, used before; a machine that is "
    "only started again.",
)
