"""First activity of a user from a country."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category, UserType
from activities.country_area import borders
from activities.tags import Tag
from stateful.attack import CLOUD_ACCOUNTS
from stateful.detection import Detection
from stateful.features import AGENTS, COUNTRIES, EXPECTED, agent
from stateful.finding import Comparison, Finding, Novelty, Severity
from stateful.strangers import STRANGER, other_device, own_device, unregistered
from stateful.view import Context, UserView, usual


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """Succeeded from a country that the user was never seen in."""
    country, known = activity.location.country, user.values(COUNTRIES)
    if not user.is_news(COUNTRIES, country, activity.time):
        return
    if Tag.NON_INTERACTIVE in activity.tags or EXPECTED.intersection(activity.location.tags):
        return
    if known.total < context.settings["min_located"]:
        return
    # A new country on a device that is known is how a journey looks; on a new device, how a stolen account looks.
    program = agent(activity)
    known_program = bool(program) and user.values(AGENTS).get(program) is not None
    strange = unregistered(activity, user) or other_device(activity, user)
    known_device = own_device(activity, user) or (known_program and not strange)
    if not program and user.is_held(COUNTRIES, country):
        # Another record without a device adds nothing to what was said of those with one.
        return
    near = any(borders(country, other) for other in known.seen)
    person = activity.user.type is UserType.PERSON
    rooted = not person and known_device and len(known.seen) == 1 and known.total >= context.settings["min_rooted"]
    recorded = bool(program) or not user.values(AGENTS).total
    if not recorded:
        # Where devices are recorded, some apps leave them out: of the logon something is recorded.
        device, base = "an unrecorded device", 30
    elif not program:
        device, base = "an unrecorded device", 55
    elif rooted:
        # A program doesn't travel: its key does. That others run there explains nothing.
        device, base = "a program seen before, of an account that never was elsewhere", 60
    elif known_device:
        # Said once of what is the user's: who stays abroad is there the next day, too.
        again = 15 if user.is_held(COUNTRIES, country) else 0
        device, base = "a device seen before", (25 if own_device(activity, user) else 35) - again
    else:
        device, base = "a device never seen before", 75
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=base + 20 * (1 - known.chance_of_new()) * (recorded and not known_device) - 20 * near,
        severity=Severity.LOW if (known_device and not rooted) or not recorded else None,
        reason=f"{activity.action} from {country}, a country this user was never seen in, on {device}",
        comparisons=(
            Comparison("country", country, usual(known), since=user.since, score=1 - known.chance_of_new()),
            Comparison(
                "device", program or "not recorded", "seen before" if known_device else "others", since=user.since
            ),
        ),
        evidence=(context.seen(activity),),
        novelties=() if rooted else (Novelty(COUNTRIES.name, country),),
    )


DETECTION = Detection(
    id="first_country",
    title="First activity from a country",
    description=(
        "A user succeeds from a country where this user has never been seen. Accounts taken over by phishing or bought "
        "credentials are mostly used from elsewhere first."
    ),
    techniques=(CLOUD_ACCOUNTS,),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON},
    succeeded=True,
    news_of=(COUNTRIES,),
    features=(*STRANGER, COUNTRIES),
    settings={"min_located": 20, "min_rooted": 300},
    judged_by_others=True,
    runbook=(
        "Ask the user, by a channel other than the account, whether they are in that country.",
        "Look at what the same session did next: mail rules, consent, downloads, new factors.",
        "If it wasn't them: revoke sessions and tokens, reset the password, check factors and forwarding.",
    ),
    quiet="An earlier activity of the user from that country, or an address tagged vpn or office.",
)
