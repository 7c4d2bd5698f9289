"""What the account does lately is not what its user does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from activities.activity import Activity, Category, UserType
from stateful.attack import VALID_ACCOUNTS
from stateful.copies import COPIED, copying
from stateful.detection import Detection
from stateful.features import ACTIVITY_RATE, AGENTS, HABITS, HOUR, ISPS, TallyFeature, agent, isp, succeeded
from stateful.finding import Comparison, Finding, Severity
from stateful.grounds import GROUNDS, NEW_GROUNDS, NEW_READS, WORK, areas
from stateful.models import DAY, Habits, risk_of
from stateful.surge import surge
from stateful.view import Context, UserView

SERVICES = 3
"""How many times as many new places it takes with a program: what is backed up or archived comes in batches."""


PAYOUT = re.compile(
    r"bank ?(detail|account)|payee|beneficiar|\biban|routing ?number|direct ?deposit|payment ?(method|election)",
    re.IGNORECASE,
)
"""Operations that say where money goes."""


def moves_money(activity: Activity) -> bool:
    """Whether it changed where money goes."""
    return succeeded(activity) and PAYOUT.search(activity.action) is not None


PAYOUTS = TallyFeature(
    "payouts_changed",
    frozenset({Category.MODIFY, Category.CREATE, Category.MODIFY_USER, Category.OTHER}),
    HOUR,
    only=moves_money,
    prior=1.0,
)


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Other actions in another order than the user's; a walk through places where they never were; many new payees."""
    yield from _order(activity, user, context)
    yield from _walk(activity, user, context)
    if activity.category in PAYOUTS.categories and moves_money(activity):
        many = context.with_settings(min_count=context.settings["min_payouts"], max_probability=0.05)
        yield from surge(activity, user, many, PAYOUTS, "changes of where money goes", base=60)


def _order(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """The user's own history explains the last hundred actions hardly better than no history would."""
    habits = user.habits(HABITS)
    if not habits.judged or habits.latest > context.settings["max_probability"]:
        return
    # What was said of yesterday is in the block until a hundred more came.
    if habits.lately() > context.settings["max_probability_lately"]:
        return
    # New duties show over days; somebody else works through what they came for.
    if user.rate(ACTIVITY_RATE).count < context.settings["min_in_hour"]:
        return
    # One thing over and over, or two in turn, is a job and no manner: of floods other detections speak.
    most = [number for _, number in Counter(habits.recent).most_common(2)]
    shares = context.settings["share_of_one"], context.settings["share_of_two"]
    if most[0] > shares[0] * len(habits.recent) or sum(most) > shares[1] * len(habits.recent):
        return
    if copying(activity, user):
        return
    strange = [
        name
        for name, feature, value in (("network", ISPS, isp(activity)), ("device", AGENTS, agent(activity)))
        if value and user.values(feature).get(value) is None
    ]
    # Where a block ends moves with each late activity; the day doesn't.
    day = activity.time // DAY * DAY
    yield context.finding(
        activity,
        anchor=f"window:{DAY}:{day}",
        closes=day + DAY - 1,
        risk=40 + risk_of(habits.latest) + 15 * len(strange),
        severity=Severity.HIGH if strange else None,
        reason=(
            f"The last {Habits.BLOCK} actions are unlike this user's habits, in kind and order"
            + (f", on another {' and '.join(strange)}" if strange else "")
        ),
        comparisons=(
            Comparison(
                f"the last {Habits.BLOCK} actions",
                f"a chance of {habits.latest:.1e}",
                f"{habits.blocks:.0f} blocks of the user's own",
                since=user.since,
                score=1 - habits.latest,
            ),
        ),
        evidence=(context.seen(activity),),
        evidence_count=Habits.BLOCK,
    )


def _walk(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Place after place, or thing after thing in new places, given how seldom this user goes anywhere new."""
    settings, grounds = context.settings, user.values(GROUNDS)
    if grounds.total < settings["min_activities"] or activity.category not in WORK:
        return
    chance = grounds.chance_of_new()
    times = 1 if activity.user.type is UserType.PERSON else SERVICES
    # A new project has folders, but not in the sites of several departments.
    wide = areas(user.burst(NEW_READS).marks) >= settings["min_areas"]
    for burst, least, what in (
        (user.burst(NEW_GROUNDS), settings["min_places"], "places never seen before"),
        (
            user.burst(NEW_READS),
            settings["min_reads_wide" if wide else "min_reads"],
            "things read where the user never was before today",
        ),
    ):
        # Only what adds to a run can make it worth saying.
        if burst.last != activity.time or burst.count < max(times * least, settings["times_highest"] * burst.most):
            continue
        tail = burst.tail(chance)
        if tail > settings["max_probability_walk"] or burst.count < settings["share_new"] * burst.among:
            continue
        names = ", ".join(mark.partition(":")[2] for mark in burst.marks[:4])
        yield context.finding(
            activity,
            anchor=burst.first,
            closes=burst.last + HOUR,
            risk=55 + 5 * min(burst.count / (times * least) - 1, 6),
            reason=f"{burst.count} {what}, among the last {burst.among} activities ({names[:200]})",
            comparisons=(
                Comparison(
                    "share of new places",
                    f"{burst.count / burst.among:.0%}",
                    f"{chance:.1%}",
                    since=user.since,
                    score=1 - tail,
                ),
            ),
            evidence=tuple(burst.evidence),
            evidence_count=burst.count,
        )


DETECTION = Detection(
    id="unlike_own_habits",
    title="Unlike the user's own habits",
    description=(
        "Each action is harmless, but which ones follow on one another is not this user's manner, or they lead through "
        "folders and repositories where this user never was: somebody else works with the account, or the user looks "
        "for something. Only the user's own history is needed, no list of what is bad."
    ),
    techniques=(VALID_ACCOUNTS,),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON},
    features=(HABITS, ACTIVITY_RATE, ISPS, AGENTS, GROUNDS, NEW_GROUNDS, NEW_READS, PAYOUTS, *COPIED),
    settings={
        "max_probability": 4e-3,
        "max_probability_lately": 0.3,
        "min_in_hour": 12,
        "share_of_one": 0.5,
        "share_of_two": 0.75,
        "min_activities": 100,
        "min_places": 7,
        "min_reads": 45,
        "min_reads_wide": 30,
        "min_areas": 3,
        "times_highest": 2,
        "min_payouts": 8,
        "max_probability_walk": 1e-7,
        "share_new": 0.1,
    },
    learning_days=10,
    runbook=(
        "Look at the user's activities since the day before: is it one piece of work that is new?",
        "Ask the user; a new job, tool or project changes habits for good and is learnt within days.",
        "If it wasn't them: revoke sessions, and look for how the account was entered.",
    ),
    quiet="Actions that this user did before, in an order that is usual for them.",
)
