"""A network and a device that the user never had, together."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import CLOUD_ACCOUNTS
from stateful.detection import Detection
from stateful.features import AGENTS, CITIES, DEVICES, EXPECTED, ISPS, agent, isp
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.view import Context, UserView, usual


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Succeeded from an internet provider and with a program that are both new to this user."""
    time, network, program = activity.time, isp(activity), agent(activity)
    if not user.is_news(ISPS, network, time) or not user.is_news(AGENTS, program, time):
        return
    if EXPECTED.intersection(activity.location.tags):
        return
    device, city = activity.device.id, activity.location.city
    # A device that is known by its id is the user's, whatever it calls itself.
    if device and user.values(DEVICES).get(device) is not None:
        return
    networks, programs = user.values(ISPS), user.values(AGENTS)
    if networks.total < context.settings["min_seen"] or programs.total < context.settings["min_seen"]:
        return
    rare = networks.chance_of_new() * programs.chance_of_new()
    elsewhere = bool(city) and user.values(CITIES).get(city) is None
    if rare > context.settings["max_probability"]:
        return
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=45 + 15 * elsewhere + 10 * (rare < context.settings["max_probability"] / 100),
        reason=(
            f"{activity.action} from {network}{f' in {city}' if elsewhere else ''} with {program[:60]}: "
            "this user never had this network, nor this program or device"
        ),
        comparisons=(
            Comparison("network", network, usual(networks), since=user.since, score=1 - networks.chance_of_new()),
            Comparison("program", program, usual(programs, 2), since=user.since, score=1 - programs.chance_of_new()),
        ),
        evidence=(context.seen(activity),),
        novelties=(Novelty(ISPS.name, network), Novelty(AGENTS.name, program)),
    )


DETECTION = Detection(
    id="unfamiliar_access",
    title="Unfamiliar network and device",
    description=(
        "The account is used from an internet provider and with a device or program that are both new to this user, "
        "who "
        "seldom changes either. People change one at a time; whoever took over an account has another of both."
    ),
    techniques=(CLOUD_ACCOUNTS,),
    severity=Severity.LOW,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON},
    succeeded=True,
    people=True,
    news_of=(ISPS,),
    features=(ISPS, AGENTS, DEVICES, CITIES),
    settings={"min_seen": 20, "max_probability": 1e-2},
    judged_by_others=True,
    runbook=(
        "Ask the user whether they have a new device and were there.",
        "Look at what the session did next: mail rules, consent, factors, downloads.",
        "If it wasn't them: revoke sessions and tokens, reset the password.",
    ),
    quiet="A network or a device that this user, or many others of the tenant, had before.",
)
