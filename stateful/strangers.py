"""Whether it is the user: what an activity shows of network and device, against what was the user's before."""

from __future__ import annotations

import re

from activities.activity import Activity, Category, Outcome
from stateful.features import (
    ADDRESSES,
    AGENTS,
    COUNTRIES,
    DEVICES,
    PLACES,
    Feature,
    ValuesFeature,
    agent,
    fix_of,
    succeeded,
)
from stateful.finding import Novelty
from stateful.models import DAY, Values
from stateful.view import UserView

PHONE = re.compile(r"android|iphone|ipad|\bios\b|mobile", re.IGNORECASE)
REGISTERED_USES, REGISTERED_SHARE = 20, 0.8
"""Activities with a device's id, of a program or of all, after which one without says something."""
INSTANCE = re.compile(r"m?i-[0-9a-f]{8,17}")
"""Ids of EC2's and managed instances."""
SELDOM = 0.1
"""P(another device) below which a user has few, and each for long."""
ACQUAINTED = 5 * DAY
"""ms for which a user is known before anybody is a stranger: first things are first for everybody."""


SIGN_IN_LOGS = frozenset({"entra_signin", "okta"})
"""Formats whose records give a device's id or not, whatever app was signed in to."""


def _where(activity: Activity) -> str:
    return activity.source if activity.source in SIGN_IN_LOGS else activity.app[:24]


def _program(activity: Activity) -> str:
    # Programs' names are short; what is longer is a user agent that nobody knows, and told by its beginning.
    return f"{agent(activity)[:32]} in {_where(activity)}"


REGISTERED = ValuesFeature("registered", lambda a: _program(a) if a.device.id else "")
"""Programs that came with their device's id, by app: whether a vendor logs ids is the app's matter."""
UNREGISTERED = ValuesFeature("unregistered", lambda a: "" if a.device.id else _program(a), shared=True)
"""Those that came without."""
WHEREABOUTS = ValuesFeature(
    "whereabouts",
    lambda a: f"{a.ip} {a.device.id}" if a.ip and a.device.id else "",
    frozenset({Category.LOGON, Category.TOKEN}),
)
"""From where devices with an id logged on: not all that they then do is recorded with it."""

STRANGER: tuple[Feature, ...] = (ADDRESSES, AGENTS, DEVICES, REGISTERED, UNREGISTERED, WHEREABOUTS)
"""What detections that use this module must declare."""
BEEN_THERE: tuple[Feature, ...] = (COUNTRIES, PLACES)
"""And those that ask for `been_there`."""


def chance_unregistered(activity: Activity, user: UserView) -> float:
    """P(no device id), where this program always had one in this app, or all had if the program is new; else 1.0.

    A user agent is copied with a cookie; the key of a registered device isn't (Microsoft, "Primary Refresh Token").
    """
    bare = UNREGISTERED.of(activity)
    if not bare or not user.is_recent(UNREGISTERED, bare, activity.time):
        return 1.0
    registered = user.values(REGISTERED)
    here = f" in {_where(activity)}"
    if _any_in(user.values(UNREGISTERED), here) and not _any_in(registered, here):
        return 1.0
    if user.is_recent(AGENTS, agent(activity), activity.time):
        with_id, without = registered.total, user.values(UNREGISTERED).total
        if with_id < max(REGISTERED_SHARE * (with_id + without), REGISTERED_USES):
            return 1.0
        return (without + 0.5) / (with_id + without + 1.0)
    known = registered.get(bare)
    return 0.5 / (known.count + 1.0) if known is not None and known.count >= REGISTERED_USES else 1.0


def _any_in(programs: Values, app: str) -> bool:
    return any(program.endswith(app) for program in programs.seen)


def unregistered(activity: Activity, user: UserView) -> bool:
    """Whether it comes without the device's id that it should have."""
    return chance_unregistered(activity, user) < 1.0


def own_device(activity: Activity, user: UserView) -> bool:
    """It was done on a device that the user had for more than a day, by its id.

    A cloud's machine gives its name to its sessions: whoever takes its keys along takes that, too.
    """
    device = activity.device.id
    return bool(device) and INSTANCE.fullmatch(device) is None and not user.is_recent(DEVICES, device, activity.time)


def other_device(activity: Activity, user: UserView) -> bool:
    """It was done on a device that isn't one of the user's, by its id, and who seldom has another one."""
    device, devices = activity.device.id, user.values(DEVICES)
    if not device or devices.get(device) is not None or activity.time - user.since < ACQUAINTED:
        return False
    return devices.total >= REGISTERED_USES and devices.chance_of_new() < SELDOM


def is_phone(activity: Activity) -> bool:
    """It was done on a device that is carried about."""
    return PHONE.search(f"{activity.device.os} {activity.device.user_agent}") is not None


def own_phone(activity: Activity, user: UserView) -> bool:
    """An own device that is carried about, and whose network at home hands it out abroad, or the other way round."""
    return is_phone(activity) and own_device(activity, user)


def strange_device(activity: Activity, user: UserView) -> bool:
    """The program isn't the user's, or only since less than a day; or it comes without the id that it always had."""
    if activity.time - user.since < ACQUAINTED or own_device(activity, user):
        return False
    return user.is_recent(AGENTS, agent(activity), activity.time) or unregistered(activity, user)


def news_of_device(activity: Activity, user: UserView) -> Novelty | None:
    """What is new about the program or device, and wasn't spoken of within the last day; None if nothing is."""
    bare, program = UNREGISTERED.of(activity), agent(activity)
    if unregistered(activity, user) and user.is_news(UNREGISTERED, bare, activity.time):
        return Novelty(UNREGISTERED.name, bare)
    if user.is_news(AGENTS, program, activity.time) and not own_device(activity, user):
        return Novelty(AGENTS.name, program)
    return None


def by_stranger(activity: Activity, user: UserView) -> bool:
    """Whether neither the address nor the device is the user's, or only since less than a day.

    Where a device of the user's own logged on from, the user is.
    """
    if not user.is_recent(ADDRESSES, activity.ip, activity.time) or not strange_device(activity, user):
        return False
    here = user.values(WHEREABOUTS)
    return not any(
        here.get(f"{activity.ip} {device}") is not None and not user.is_recent(DEVICES, device, activity.time)
        for device in user.values(DEVICES).seen
    )


def authenticated(activity: Activity) -> bool:
    """Whoever did it had the user's key, session or password: what is refused for want of rights was, too."""
    return succeeded(activity) or activity.outcome is Outcome.DENIED


def been_there(activity: Activity, user: UserView) -> bool:
    """Whether the user was about there within a day: a phone abroad comes in by its operator at home, too.

    Or in a country that is the user's, where networks hand their customers out in other cities.
    """
    here, known = fix_of(activity), user.values(COUNTRIES).get(activity.location.country)
    if known is not None and activity.time - known.last < DAY:
        return True
    return here is not None and user.places(PLACES).was_there(here)
