"""One session, used from two places with two programs."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import STEAL_COOKIE, WEB_SESSION
from stateful.detection import Detection
from stateful.features import AGENTS, EXPECTED, ISPS, PLACES, SESSIONS, agent, fix_of, isp, origin_of
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.models import Changed
from stateful.strangers import BEEN_THERE, STRANGER, been_there, own_phone, unregistered
from stateful.view import Context, UserView

WORDS = {
    Changed.NETWORK: "network",
    Changed.COUNTRY: "country",
    Changed.NETWORK_AND_AGENT: "network and program",
    Changed.COUNTRY_AND_AGENT: "country and program",
}


def hasty(activity: Activity, user: UserView) -> bool:
    """Whether nobody could have come there since the user was last seen."""
    here = fix_of(activity)
    return here is not None and user.places(PLACES).move(here) is not None


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """The session goes on from another network with another program, or from another country."""
    if not activity.session:
        return
    sessions, here = user.sessions(SESSIONS), origin_of(activity)
    changed = sessions.changed(activity.session, here, activity.time)
    if changed not in WORDS or EXPECTED.intersection(activity.location.tags):
        return
    # People take a session along: to the phone's network, to another desk, on a journey. Then something is theirs.
    # Also where other detections speak of the same network already: a session is another thing to lose than a password.
    network, program = isp(activity), agent(activity)
    strange_network = bool(network) and user.values(ISPS).get(network) is None
    strange_program = unregistered(activity, user) or (bool(program) and user.values(AGENTS).get(program) is None)
    if not strange_network or (not strange_program and (not hasty(activity, user) or been_there(activity, user))):
        return
    score = sessions.score(activity.session, here, activity.time)
    if score > context.settings["max_probability"]:
        return
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=(35 if own_phone(activity, user) else 60) + 10 * strange_program + 5 * max(changed - Changed.COUNTRY, 0),
        reason=(
            f"A session goes on from another {WORDS[changed]}: {activity.action} from "
            f"{network or activity.ip} {activity.location.country}, with {activity.device.user_agent[:60]}"
        ),
        comparisons=(
            Comparison(
                "change inside a session",
                WORDS[changed],
                f"{sessions.total:.0f} sessions without",
                since=user.since,
                score=1 - score,
            ),
        ),
        evidence=(context.seen(activity),),
        # Many colleagues come in where their company's network ends. Nobody else's program does.
        novelties=() if strange_program else (Novelty(ISPS.name, network),),
    )


DETECTION = Detection(
    id="session_replay",
    title="Session or token replayed",
    description=(
        "A session or access key that was used from one network with one program goes on from another one of both, or "
        "from another country: a cookie or token was stolen, and no password or factor is asked for again."
    ),
    techniques=(STEAL_COOKIE, WEB_SESSION),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON},
    succeeded=True,
    news_of=(ISPS,),
    features=(*STRANGER, *BEEN_THERE, SESSIONS, ISPS),
    settings={"max_probability": 0.1},
    learning_days=7,
    runbook=(
        "Revoke the session and all refresh tokens of the user now: a new password alone does not.",
        "Find out how the token was lost: phishing proxy, malware, a key in a repository.",
        "Look at what was done from the second place.",
    ),
    quiet="A session of a user whose sessions do this often, or from addresses tagged vpn, office or corporate.",
)
