"""Machines, backups or storage are destroyed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from activities.activity import Activity, Category
from stateful.attack import DATA_DESTRUCTION, INHIBIT_RECOVERY
from stateful.detection import Detection
from stateful.features import HOUR, OPERATIONS, TallyFeature, operation, succeeded
from stateful.finding import Comparison, Finding, Severity
from stateful.kinds import for_trial
from stateful.models import DAY
from stateful.strangers import STRANGER, by_stranger
from stateful.surge import SURGE, surge
from stateful.view import Context, UserView

DESTROYS = frozenset({Category.DELETE, Category.COMPUTE_STOP, Category.MODIFY, Category.CREDENTIAL})
BACKUP = re.compile(
    r"backup|snapshot|recovery ?(point|vault)|versioning|vault|retention|replica|lifecycle|restore ?point",
    re.IGNORECASE,
)
KEPT = re.compile(r"backup|recovery ?(point|vault|services)", re.IGNORECASE)
KEYS = re.compile(r"disablekey$|schedulekeydeletion|(encryption|master|crypto) ?key", re.IGNORECASE)
"""Without its key all that was encrypted is gone, too."""
HOLDS = re.compile(
    r"bucket|database|dbinstance|dbcluster|cluster|volume|storage|disk|virtual ?machine|instance|key ?vault|"
    r"resource ?group|table|file ?system|container|project|schedulekeydeletion|repo|server|stack\b|function|namespace|"
    r"workspace|web ?app|app ?service",
    re.IGNORECASE,
)
ENDS = re.compile(
    r"^\W*(delete|terminate|destroy|purge|remove|schedulekeydeletion|stop|deallocate|disable)|delete$|"
    r"\b(delete|destroy)\b",
    re.IGNORECASE,
)
LOOSENS = re.compile(r"^putbucket(versioning|lifecycle)|/backup(resource)?(vault)?config(/\w+)?/write$", re.IGNORECASE)
"""Settings of what can be had back after it was deleted. Records don't always say whether it is less than before."""


@lru_cache(maxsize=4096)
def destroys(action: str) -> str:
    """What an operation destroys: `backups`, `keys`, `resources`, or nothing ("")."""
    if not ENDS.search(action) and not LOOSENS.search(action):
        return ""
    if KEYS.search(action):
        return "keys"
    return "backups" if BACKUP.search(action) else "resources" if HOLDS.search(action) else ""


DESTROYED = TallyFeature(
    "destroyed", DESTROYS, HOUR, only=lambda a: succeeded(a) and bool(destroys(a.action)), prior=2.0
)


MACHINE = re.compile(r"terminate ?instances|virtual ?machines?/delete|instances\.delete", re.IGNORECASE)
STARTED = TallyFeature("started_day", frozenset({Category.COMPUTE_START}), DAY, only=succeeded)


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A backup is removed by one who never did; or a surge of resources that are ended."""
    kind = destroys(activity.action)
    if not kind:
        return
    known = user.values(OPERATIONS).get(operation(activity))
    routine = known is not None and known.count >= context.settings["routine_count"]
    if kind in ("backups", "keys") and not routine:
        target = activity.objects[0].name if activity.objects else activity.app
        strange = by_stranger(activity, user)
        # Snapshots come and go; what backups are kept in does not.
        final = known is None and (kind == "keys" or KEPT.search(activity.action) is not None)
        yield context.finding(
            activity,
            anchor=activity.id,
            closes=activity.time,
            risk=40 + 25 * strange + 15 * final,
            severity=Severity.MEDIUM if strange or final else Severity.LOW,
            reason=f"{activity.action} on {target}: {kind} are gone, by a user who hardly ever does this",
            comparisons=(
                Comparison(
                    "this operation", f"time {known.count + 1 if known else 1}", "never", since=user.since, score=1
                ),
            ),
            evidence=(context.seen(activity),),
        )
    # What was started today may end today.
    machine = activity.category is Category.COMPUTE_STOP or MACHINE.search(activity.action) is not None
    started = user.tally(STARTED)
    if machine and started.window > activity.time - DAY and started.last() >= user.tally(DESTROYED).last():
        return
    yield from surge(activity, user, context, DESTROYED, "resources ended", base=35 if for_trial(activity) else 65)


DETECTION = Detection(
    id="resource_destruction",
    title="Machines, backups or storage destroyed",
    description=(
        "Machines, databases, buckets or their backups are deleted, many in an hour or a backup by somebody who "
        "hardly ever "
        "does. Ransom and sabotage remove first what could be restored."
    ),
    techniques=(DATA_DESTRUCTION, INHIBIT_RECOVERY),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=DESTROYS,
    succeeded=True,
    features=(DESTROYED, STARTED, OPERATIONS, *STRANGER),
    settings={**SURGE, "min_count": 6, "max_probability": 0.1, "routine_count": 5},
    learning_days=7,
    runbook=(
        "Revoke the identity's keys and sessions now.",
        "See what is left of backups, and take them out of its reach.",
        "Ask whether an environment was taken down on purpose.",
    ),
    quiet="Fewer than twice the highest hour; a user who removes backups routinely.",
)
