"""A network and a device that the user never had, together, or a program made for attacks."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category, UserType
from activities.enrich_tools import for_attacks, is_library
from activities.tags import Tag
from stateful.attack import CLOUD_ACCOUNTS
from stateful.detection import Detection
from stateful.features import (
    ACTIVITY_RATE,
    ADDRESSES,
    AGENTS,
    ANONYMITY,
    CITIES,
    COUNTRIES,
    EXPECTED,
    HOUR,
    ISPS,
    agent,
    anonymity,
    isp,
)
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.models import risk_of
from stateful.strangers import STRANGER, UNREGISTERED, authenticated, chance_unregistered, own_device
from stateful.view import Context, UserView, usual

RARE_HOUR = 0.05
MOST, HIGHEST = 25, 90
"""What the absence of a device's id adds to the risk, and what that can be."""
TOOL = 60.0
"""Risk of a program made for attacks, or of one that people don't log on with."""


def strange_program(activity: Activity, user: UserView, context: Context, what: str) -> Finding:
    """Wherever it is: with a program or system that this user never had, and `what` of it is strange."""
    programs = user.values(AGENTS)
    return context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=TOOL,
        severity=Severity.MEDIUM,
        reason=f"{activity.action} with {agent(activity)[:60]}, {what}, which this user never had",
        comparisons=(
            Comparison(
                "program", agent(activity), usual(programs, 2), since=user.since, score=1 - programs.chance_of_new()
            ),
        ),
        evidence=(context.seen(activity),),
        novelties=(Novelty(AGENTS.name, agent(activity)),),
    )


def _by_script(activity: Activity, user: UserView) -> bool:
    """A person logs on, with a second factor or about to, by a library that speaks HTTP, which they never did.

    Pages that pass a logon on to the real one do so by such a library (adversary in the middle).
    """
    if activity.user.type is not UserType.PERSON or Tag.NON_INTERACTIVE in activity.tags:
        return False
    asked = Tag.MFA in activity.tags or Tag.MFA_CHALLENGE in activity.tags
    return asked and user.is_news(AGENTS, agent(activity), activity.time) and is_library(agent(activity))


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """From an internet provider and with a program or device that are both new to this user."""
    if not authenticated(activity):
        return
    time, program = activity.time, agent(activity)
    if user.is_news(AGENTS, program, time) and (tool := for_attacks(program)):
        yield strange_program(activity, user, context, f"made for attacks ({tool})")
    elif activity.category is Category.LOGON and _by_script(activity, user):
        yield strange_program(activity, user, context, "no browser, through the second factor")
    else:
        yield from _apart(activity, user, context)


def _apart(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Network and device are both new, or what bound the user to the one that it comes from is missing."""
    time, network, program = activity.time, isp(activity), agent(activity)
    unasked = Tag.NON_INTERACTIVE in activity.tags or EXPECTED.intersection(activity.location.tags)
    if unasked or own_device(activity, user):
        return
    new_network, new_program = user.is_news(ISPS, network, time), user.is_news(AGENTS, program, time)
    bare = UNREGISTERED.of(activity)
    bareness = chance_unregistered(activity, user)
    without = bareness < 1.0 and user.is_news(UNREGISTERED, bare, time)
    person = activity.user.type is UserType.PERSON
    # A program is made of one kit, and runs where it runs; a person has several of both.
    apart = (without or (new_program and not person)) and user.is_news(ADDRESSES, activity.ip, time)
    networks, programs = user.values(ISPS), user.values(AGENTS)
    hidden = anonymity(activity)
    # Nor does a key leave the one network where it always was for a rented server; apps move with their maker.
    rooted = activity.user.type is UserType.SERVICE and len(networks.seen) == 1
    uprooted = rooted and new_network and bool(hidden) and networks.total >= context.settings["min_rooted"]
    if not (new_network and new_program) and not apart and not uprooted:
        return
    if networks.total < context.settings["min_seen"] or programs.total < context.settings["min_seen"]:
        return
    chance = (networks.chance_of_new() if new_network else 1.0) * (programs.chance_of_new() if new_program else 1.0)
    if new_network and chance > context.settings["max_probability"]:
        return
    location = activity.location
    place = next(
        (
            value
            for feature, value in ((COUNTRIES, location.country), (CITIES, location.city))
            if value and user.values(feature).get(value) is None
        ),
        "",
    )
    strange_relay = bool(hidden) and user.values(ANONYMITY).get(hidden) is None
    odd_hour = person and user.rate(ACTIVITY_RATE).chance_of_any(time // HOUR * HOUR) < RARE_HOUR
    risk = 45.0 if new_network or not person else 25.0
    risk += 15 * bool(place) + 10 * (chance < context.settings["max_probability"] / 100)
    risk += min(risk_of(bareness), MOST) if without else 0
    risk += 10 * strange_relay + 10 * odd_hour + 10 * uprooted
    device = (
        "without the id that the user's devices have"
        if without
        else "the account's program, which never was elsewhere"
        if uprooted and not new_program
        else "a program or device the user never had"
    )
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=time,
        risk=min(risk, HIGHEST),
        severity=Severity.MEDIUM if without and place else None,
        reason=(
            f"{activity.action} from {network or activity.ip}{f' in {place}' if place else ''}, "
            f"{'a network' if new_network else 'an address'} this user never had, with {program[:60]}, {device}"
        ),
        comparisons=(
            Comparison("network", network, usual(networks), since=user.since, score=1 - networks.chance_of_new()),
            Comparison("program", program, usual(programs, 2), since=user.since, score=1 - programs.chance_of_new()),
        ),
        evidence=(context.seen(activity),),
        novelties=tuple(
            Novelty(feature.name, value)
            for feature, value, new in (
                (ISPS, network, new_network),
                (AGENTS, program, new_program and not without),
                (UNREGISTERED, bare, without),
            )
            if new
        ),
    )


DETECTION = Detection(
    id="unfamiliar_access",
    title="Unfamiliar network and device",
    description=(
        "The account is used from an internet provider and with a device or program that are both new to this user, "
        "who seldom changes either; or without the id that the user's devices always give; or, from wherever, with a "
        "program or system made for attacks, like Pacu or Kali Linux, that the user never had. People change one at a "
        "time; whoever took over an account, or a key, has another of both. Refused calls count: the key was right."
    ),
    techniques=(CLOUD_ACCOUNTS,),
    severity=Severity.LOW,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON},
    news_of=(ISPS, ADDRESSES, AGENTS),
    features=(*STRANGER, ISPS, AGENTS, CITIES, COUNTRIES, ANONYMITY, ACTIVITY_RATE),
    settings={"min_seen": 20, "min_rooted": 300, "max_probability": 1e-2},
    judged_by_others=True,
    runbook=(
        "Ask the user whether they have a new device and were there.",
        "Look at what the session did next: mail rules, consent, factors, downloads.",
        "If it wasn't them: revoke sessions and tokens, reset the password.",
    ),
    quiet="A network or a device that this user, or many others of the tenant, had before.",
)
