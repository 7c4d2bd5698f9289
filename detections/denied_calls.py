"""A burst of calls that are refused: somebody tries what they may do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from activities.activity import Activity, Category, Outcome, UserType
from stateful.attack import INFRASTRUCTURE_DISCOVERY, STORAGE_DISCOVERY
from stateful.detection import Detection
from stateful.features import HOUR, OPERATIONS, BurstFeature, TallyFeature, anonymity, isp, operation
from stateful.finding import Comparison, Finding, Severity
from stateful.models import DAY, Burst
from stateful.surge import SURGE, surge
from stateful.view import Context, UserView

TRIED = frozenset(Category) - {Category.FAILED_LOGON, Category.LOGON}


def denied(activity: Activity) -> bool:
    """It was refused."""
    return activity.outcome is Outcome.DENIED


DENIED = TallyFeature("denied_calls", TRIED, HOUR, only=denied, prior=2.0)
DENIED_DAY = TallyFeature(
    "denied_day",
    TRIED,
    DAY,
    only=lambda a: denied(a) and a.user.type is UserType.PERSON,
    prior=4.0,
)
RIGHTS = frozenset(
    {
        Category.ROLE_GRANT,
        Category.CREDENTIAL,
        Category.SECRET_READ,
        Category.CREATE_USER,
        Category.AUDIT_CONFIG,
        Category.EXECUTE,
    }
)
"""What leads to more than one has."""
DENIED_ROLES = TallyFeature("denied_roles", frozenset({Category.TOKEN}), HOUR, only=denied, prior=1.0)
"""Rights that somebody asked for."""
DENIED_KINDS = BurstFeature(
    "denied_kinds",
    lambda a, _: denied(a),
    lambda a: f"{operation(a)} {a.error}",
    HOUR,
    categories=TRIED,
)


DENIED_RIGHTS = BurstFeature(
    "denied_rights",
    lambda a, user: denied(a) and user.is_recent(OPERATIONS, operation(a), a.time),
    operation,
    HOUR,
    categories=RIGHTS,
)
"""Refused ways to more, none of which the user went before today."""


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A surge of refusals, of several kinds: one that comes back over and over is a broken script.

    A person's, who has none, may be of one kind on many objects. Who asks for one role after the other has none.
    """
    if not denied(activity):
        return ()
    if activity.time - user.since < DAY:
        return _newcomer(activity, user, context)
    return _rights(activity, user, context) or _surges(activity, user, context)


def _surges(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """More refusals than this user ever had."""
    roles = context.settings["min_roles"]
    if activity.category is Category.TOKEN and user.tally(DENIED_ROLES).last_objects() >= roles:
        few = context.with_settings(min_count=roles)
        return surge(activity, user, few, DENIED_ROLES, "refused roles", base=50, least_objects=int(roles))
    marks = user.burst(DENIED_KINDS).marks
    apps = {mark.partition(":")[0] for mark in marks}
    kinds = len(marks) >= context.settings["min_kinds"] or len(apps) >= context.settings["min_apps"]
    person, objects = activity.user.type is UserType.PERSON, context.settings["min_objects"]
    if kinds or (person and user.tally(DENIED).last_objects() >= objects):
        return surge(activity, user, context, DENIED, "denied calls", base=50 if kinds else 40)
    if not person:
        return ()
    # Door after door, minutes apart.
    slow = context.with_settings(min_count=objects)
    return surge(activity, user, slow, DENIED_DAY, "denied calls", base=50, least_objects=int(objects), hourly=DENIED)


def _rights(activity: Activity, user: UserView, context: Context) -> Sequence[Finding]:
    """Ways to more rights are tried one after the other, of which the user never had any."""
    run = user.burst(DENIED_RIGHTS)
    if activity.category not in RIGHTS or len(run.marks) < context.settings["min_rights"]:
        return ()
    names = ", ".join(mark.partition(":")[2] for mark in run.marks[:4])
    reason = f"{len(run.marks)} ways to more rights were refused ({names}), none of which was ever this user's"
    ways = Comparison("refused ways to rights", str(len(run.marks)), "none", since=user.since, score=1.0)
    return (_of_run(activity, context, run, "rights", 60, reason, ways),)


def _newcomer(activity: Activity, user: UserView, context: Context) -> Sequence[Finding]:
    """Nobody knows who it is, it comes from a rented server, and a third of what it looks at is closed to it.

    A key that slept is found in an old repository, and tried out.
    """
    run = user.burst(DENIED_KINDS)
    if not anonymity(activity) or len(run.marks) < context.settings["min_kinds"] or 3 * run.count < run.among:
        return ()
    reason = (
        f"{run.count} of the first {run.among} calls of this identity, which nobody saw before, were refused, "
        f"from {activity.ip} ({isp(activity)})"
    )
    refused = Comparison("refused", f"{run.count / run.among:.0%}", "few", since=user.since, score=1.0)
    return (_of_run(activity, context, run, "newcomer", 65, reason, refused),)


def _of_run(
    activity: Activity, context: Context, run: Burst, what: str, risk: float, reason: str, comparison: Comparison
) -> Finding:
    """One finding for a run of refusals, told apart by `what` from others of the same."""
    return context.finding(
        activity,
        anchor=f"{run.first}:{what}",
        closes=run.last + HOUR,
        risk=risk,
        reason=reason,
        comparisons=(comparison,),
        evidence=tuple(run.evidence),
        evidence_count=run.count,
    )


DETECTION = Detection(
    id="denied_calls",
    title="Burst of denied calls",
    description=(
        "Many different calls of one identity, or calls on many objects, are refused within an hour, which usually "
        "get on. A stolen key is tried out on everything to see what it opens; the curious try door after door."
    ),
    techniques=(INFRASTRUCTURE_DISCOVERY, STORAGE_DISCOVERY),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=TRIED,
    features=(DENIED, DENIED_DAY, DENIED_ROLES, DENIED_KINDS, DENIED_RIGHTS, OPERATIONS),
    settings={
        **SURGE,
        "min_count": 12,
        "max_probability": 0.01,
        "min_kinds": 4,
        "min_apps": 3,
        "min_objects": 25,
        "min_roles": 6,
        "min_rights": 3,
    },
    learning_days=0,
    runbook=(
        "See what was tried, from which address and with which key; what succeeded in between?",
        "Ask the owner: a role that lost rights, or a new tool, looks the same.",
        "If it isn't explained: deactivate the key, and look at where it was stored.",
    ),
    quiet="Fewer kinds of calls on fewer objects, or an identity that is refused this often.",
)
