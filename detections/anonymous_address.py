"""Success from an address behind which anybody may be."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import CLOUD_ACCOUNTS, MULTI_HOP_PROXY
from stateful.detection import Detection
from stateful.features import ANONYMITY, ISPS, anonymity, isp
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.strangers import STRANGER, news_of_device, own_device
from stateful.view import Context, UserView, usual

RISK = {"tor": 60, "proxy": 40, "anonymous": 35, "hosting": 40}


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A person succeeded from Tor, a proxy or a rented server, which they don't usually do."""
    kind = anonymity(activity)
    if not kind or not user.is_news(ANONYMITY, kind, activity.time):
        return
    network = isp(activity)
    device = news_of_device(activity, user)
    strange = device is not None
    # Whose programs run on a rented server does so with the same program from the same network each day.
    if kind == "hosting" and user.values(ISPS).get(network) is not None:
        return
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        # Who hides by habit does so the next day, too: of that was spoken.
        risk=RISK[kind] + 30 * strange - 10 * own_device(activity, user) - 15 * user.is_held(ANONYMITY, kind),
        severity=Severity.HIGH if strange else None if kind == "tor" else Severity.LOW,
        reason=(
            f"{activity.action} from {activity.ip}, which is tagged {kind}"
            f"{f' ({network})' if network else ''}; this user never came from such an address"
        ),
        comparisons=(
            Comparison("network", network or kind, usual(user.values(ISPS)), since=user.since, score=1.0),
            Comparison("device", "never seen before" if strange else "seen before", "the user's own", since=user.since),
        ),
        evidence=(context.seen(activity),),
        novelties=(
            Novelty(ANONYMITY.name, kind),
            *((Novelty(ISPS.name, network),) if network else ()),
            *((device,) if device is not None else ()),
        ),
    )


DETECTION = Detection(
    id="anonymous_address",
    title="Anonymous address",
    description=(
        "A person succeeds from the Tor network, an anonymising proxy or a rented server. Attackers hide behind them; "
        "a few people do so for privacy, and always. Failed attempts are not counted: everybody gets those."
    ),
    techniques=(MULTI_HOP_PROXY, CLOUD_ACCOUNTS),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON},
    succeeded=True,
    people=True,
    news_of=(ANONYMITY,),
    features=(*STRANGER, ANONYMITY, ISPS),
    learning_days=2,
    runbook=(
        "Ask the user whether they use Tor, a VPN service or a remote desktop.",
        "If it is a VPN of the company or one that is allowed, name its ranges in the settings.",
        "If it wasn't them: revoke sessions and tokens, reset the password, block the address.",
    ),
    quiet="A user who came from such an address before, or a range tagged vpn, office, corporate or cloud.",
)
