"""Seen at two places between which nobody can have come so fast."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from activities.country_area import borders
from stateful.attack import CLOUD_ACCOUNTS
from stateful.detection import Detection
from stateful.features import (
    CITIES,
    COUNTRIES,
    DEVICES,
    EXPECTED,
    ISPS,
    PLACES,
    fix_of,
    isp,
)
from stateful.finding import Comparison, Finding, Novelty
from stateful.finding import Severity as S
from stateful.strangers import BEEN_THERE, STRANGER, been_there, is_phone, news_of_device, own_device, own_phone
from stateful.view import Context, UserView, usual


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """The move from where the user was a moment ago needs a speed that no airliner has."""
    if EXPECTED.intersection(activity.location.tags):
        return
    network, country = isp(activity), activity.location.country
    # From a network, a city or a country that is the user's, the move is the location data's, not the user's.
    city = activity.location.city
    news = ((ISPS, network), (COUNTRIES, country), (CITIES, city))
    device = news_of_device(activity, user)
    strange, own = device is not None, own_device(activity, user)
    fresh = [feature for feature, value in news if user.is_news(feature, value, activity.time)]
    # Carriers hand their customers out in other cities each day; the phone is the user's all the same.
    if not fresh or (fresh == [CITIES] and not strange):
        return
    here = fix_of(activity)
    move = user.places(PLACES).move(here) if here is not None else None
    if here is None or move is None or move.apart < context.settings["min_distance"]:
        return
    countries = user.values(COUNTRIES)
    if any(borders(country, known) for known in countries.seen) and move.apart < context.settings["bordering_distance"]:
        return
    # A phone may be seen at home while the laptop travels, then beside it; no device is at two places.
    known = user.values(DEVICES).get(activity.device.id)
    if (own or (is_phone(activity) and not strange)) and been_there(activity, user):
        return
    own = own and (own_phone(activity, user) or known is None or known.last != move.origin.time)
    abroad = country not in countries.seen
    # That others live there, with the same provider, explains a gateway for all, but no computer that isn't the user's.
    # Where no device is recorded, though the user's are elsewhere, the program must do.
    shared = own or not user.values(DEVICES).seen or not (strange or activity.device.id)
    score = user.places(PLACES).score(here)
    minutes = abs(activity.time - move.origin.time) / 60_000
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=(15 if own else 55) + 25 * strange + min(move.speed / 500, 10) + 10 * abroad,
        severity=S.HIGH if strange else S.LOW if own else None,
        reason=(
            f"{activity.action} from {activity.location.city or country}, {move.apart:,.0f} km from where the user was "
            f"{minutes:.0f} min before: at least {move.speed:,.0f} km/h, on "
            + ("a device never seen before" if strange else "a device seen before")
        ),
        comparisons=(
            Comparison("speed", f"{move.speed:,.0f} km/h", "up to 900 km/h, an airliner's", score=1 - score),
            Comparison("country", country or "unknown", usual(countries), since=user.since),
            Comparison("network", network or "unknown", usual(user.values(ISPS)), since=user.since),
        ),
        evidence=(context.seen(activity),),
        novelties=tuple(
            Novelty(feature.name, value)
            for feature, value in ((COUNTRIES, country), (ISPS, network))
            if shared and user.is_news(feature, value, activity.time) and (feature is COUNTRIES or not abroad)
        )
        + ((device,) if device is not None else ()),
    )


DETECTION = Detection(
    id="impossible_travel",
    title="Impossible travel",
    description=(
        "The same user succeeds from two places so far apart, and so soon after one another, that nobody can have "
        "travelled: two people use the account. Mobile networks, relays, the company's own addresses and usual "
        "places don't "
        "travel."
    ),
    techniques=(CLOUD_ACCOUNTS,),
    severity=S.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON},
    succeeded=True,
    people=True,
    news_of=(ISPS, COUNTRIES, CITIES),
    features=(*STRANGER, *BEEN_THERE, CITIES, ISPS),
    settings={"min_distance": 300, "bordering_distance": 800},
    runbook=(
        "Ask the user, by a channel other than the account, where they are, and whether a VPN was on.",
        "Compare devices and sessions of the two places: which one did what?",
        "If it wasn't them: revoke sessions and tokens, reset the password, check factors and mail rules.",
    ),
    quiet="A network and a country that the user was seen in before, or an address tagged vpn, office or corporate.",
)
