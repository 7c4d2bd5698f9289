"""An app's token is used from elsewhere, or for more, than the app ever was."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category, UserType
from activities.tags import Tag
from stateful.attack import APPLICATION_TOKEN
from stateful.detection import Detection
from stateful.features import (
    AGENTS,
    COUNTRIES,
    DOWNLOADS,
    EXPECTED,
    HOUR,
    ISPS,
    TallyFeature,
    ValuesFeature,
    agent,
    anonymity,
    isp,
    succeeded,
)
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.surge import SURGE, surge
from stateful.view import Context, UserView, usual

KITS = 2
"""Programs of which an app is made, at most: a mailbox of a room or a team is read with many."""
FETCHED = TallyFeature(
    "fetched",
    frozenset({Category.READ, Category.DOWNLOAD, Category.LIST}),
    HOUR,
    only=lambda a: a.user.type is UserType.APP and succeeded(a),
    prior=20.0,
)

SENT = TallyFeature(
    "sent", frozenset({Category.SEND}), HOUR, only=lambda a: a.user.type is UserType.APP and succeeded(a), prior=2.0
)


def _granted(activity: Activity) -> str:
    """The app that uses a person's grant while nobody is there; "" if none does."""
    if activity.user.type is not UserType.PERSON or Tag.NON_INTERACTIVE not in activity.tags or not activity.objects:
        return ""
    first = activity.objects[0]
    return first.name[:64] if first.type == "application" else ""


def _grant_from(activity: Activity) -> str:
    app, network = _granted(activity), isp(activity)
    return f"{app} from {network}" if app and network else ""


GRANTS = ValuesFeature("grants_used", _grant_from, shared=True)
"""Apps that people let in, and the networks they come from."""


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """An app acts from another provider than ever; or it fetches, or sends, far more than ever."""
    if not succeeded(activity):
        return
    if activity.user.type is not UserType.APP:
        yield from _grant(activity, user, context)
        return
    network, networks = isp(activity), user.values(ISPS)
    yield from _program(activity, user, context)
    expected = EXPECTED.intersection(activity.location.tags)
    if networks.total >= context.settings["min_seen"] and user.is_news(ISPS, network, activity.time) and not expected:
        chance = networks.chance_of_new()
        if chance <= context.settings["max_probability_network"]:
            abroad = user.values(COUNTRIES).get(activity.location.country) is None
            program = agent(activity)
            strange = bool(program) and user.values(AGENTS).get(program) is None
            yield context.finding(
                activity,
                anchor=activity.id,
                closes=activity.time,
                # Whoever moved is there the next day, too: of that was spoken.
                risk=(35 if user.is_held(ISPS, network) else 55) + 15 * abroad + 15 * strange,
                severity=Severity.HIGH if abroad or strange else None,
                reason=(
                    f"{activity.action} by the app {activity.user.name or activity.user.id} from {network}, from "
                    f"where it never came" + (", with another program" if strange else "")
                ),
                comparisons=(
                    Comparison("network", network, usual(networks), since=user.since, score=1 - chance),
                    Comparison("country", activity.location.country, usual(user.values(COUNTRIES)), since=user.since),
                ),
                evidence=(context.seen(activity),),
                novelties=(Novelty(ISPS.name, network),),
            )
    if activity.category in FETCHED.categories:
        yield from surge(activity, user, context, FETCHED, "items fetched", base=55)
    if activity.category is Category.SEND:
        most = context.with_settings(min_count=context.settings["min_sent"], max_probability=1e-2)
        yield from surge(activity, user, most, SENT, "messages sent", base=60)


def _grant(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """The grant that a person gave to an app is used from a rented server of another provider than ever."""
    here, app = _grant_from(activity), _granted(activity)
    if not here or not anonymity(activity) or not user.is_news(GRANTS, here, activity.time):
        return
    known = {name: seen.count for name, seen in user.values(GRANTS).seen.items() if name.startswith(f"{app} from ")}
    if sum(known.values()) < context.settings["min_used"]:
        return
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=40 if user.is_held(GRANTS, here) else 60,
        reason=f"{app}, which may act for this user, comes from {isp(activity)}, from where it never came",
        comparisons=(Comparison("network", isp(activity), ", ".join(sorted(known)[:3]), since=user.since, score=1.0),),
        evidence=(context.seen(activity),),
        novelties=(Novelty(GRANTS.name, here),),
    )


def _program(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """An app is one program; with its token another one comes from the same cloud."""
    program, programs = agent(activity), user.values(AGENTS)
    if programs.total < context.settings["min_seen"] or not user.is_news(AGENTS, program, activity.time):
        return
    chance = programs.chance_of_new()
    if (
        len(programs.seen) > KITS
        or chance > context.settings["max_probability_network"]
        or user.is_news(ISPS, isp(activity), activity.time)
    ):
        return
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        # A new release is there the next day, too.
        risk=40 if user.is_held(AGENTS, program) else 60,
        reason=(
            f"{activity.action} by the app {activity.user.name or activity.user.id} with {program}, a program that it "
            "never was"
        ),
        comparisons=(Comparison("program", program, usual(programs), since=user.since, score=1 - chance),),
        evidence=(context.seen(activity),),
        novelties=(Novelty(AGENTS.name, program),),
    )


DETECTION = Detection(
    id="oauth_app_misuse",
    title="App from an unusual provider, or fetching or sending much",
    description=(
        "An app or its token acts from an internet provider that it never came from, or fetches or sends far more "
        "in an hour than ever. Apps run on the same servers each day; a stolen token runs on the thief's."
    ),
    techniques=(APPLICATION_TOKEN,),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON, Category.LOGOFF},
    features=(ISPS, COUNTRIES, AGENTS, DOWNLOADS, FETCHED, SENT, GRANTS),
    settings={
        **SURGE,
        "min_count": 200,
        "max_probability": 1e-4,
        "min_sent": 15,
        "min_seen": 50,
        "min_used": 8,
        "max_probability_network": 0.02,
    },
    runbook=(
        "Ask the app's publisher or owner whether it moved to other servers.",
        "If not: revoke its tokens and secrets, and see what it fetched.",
    ),
    quiet="A provider and a program that the app, or many of the tenant, came from and with before.",
)
