"""An account that nobody used for weeks wakes up, or one is used that somebody has disabled or deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from activities.activity import Activity, Category
from activities.tags import Tag
from stateful.attack import VALID_ACCOUNTS
from stateful.detection import Detection
from stateful.ended import Ended
from stateful.features import ACTIVITY_RATE, AGENTS, COUNTRIES, HOUR, ISPS, agent, isp
from stateful.finding import Comparison, Finding, Severity
from stateful.models import DAY
from stateful.view import Context, UserView, days
from windowing.timeline import describe

MINUTE = 60_000
STRANGE = 2
"""Of country, network and device, that must be new where the account by itself may be in use."""


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """The first success of a day after the account's end, after a long pause, or of a user said to be disabled."""
    ended = user.ended
    if ended is not None and _is_after(ended, activity, user, context):
        yield from _after_end(ended, activity, user, context)
        return
    pause = activity.time - user.done if user.done >= 0 else 0
    disabled = Tag.DISABLED_USER in activity.tags
    if not disabled and (
        pause < context.settings["min_pause_days"] * DAY or user.count < context.settings["min_activities"]
    ):
        return
    # Who comes back from leave comes from where they were, with what they had.
    strange = _strange(activity, user)
    # Who comes back does so at work.
    hour = activity.time // HOUR * HOUR
    odd = user.rate(ACTIVITY_RATE).chance_of_any(hour) < context.settings["max_probability_hour"]
    # A holiday is shorter, and ends on the same device.
    if not disabled and pause < context.settings["min_long_pause_days"] * DAY and len(strange) < STRANGE:
        return
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=80 if disabled else 30 + 15 * len(strange) + 15 * odd + min(max(pause / DAY - 15, 0), 18),
        severity=Severity.HIGH if disabled or len(strange) > 1 else None if strange else Severity.LOW,
        reason=(
            f"{activity.action} "
            + ("by an account that is disabled" if disabled else f"after {days(pause)} without any success")
            + (f", at {hour // HOUR % 24:02d}:00 UTC, when this user hardly ever works" if odd else "")
            + _with(strange)
        ),
        comparisons=(
            Comparison("pause", days(pause), f"less than {context.settings['min_pause_days']:.0f} days", score=1.0),
            Comparison("activities before", str(user.count), "any", since=user.since),
        ),
        evidence=(context.seen(activity),),
    )


def _after_end(ended: Ended, activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """The first success of a day after the tail of what was under way when the account was ended."""
    grace = context.settings["grace_minutes"] * MINUTE
    since = activity.time - ended.time
    if since <= grace or (ended.told >= 0 and ended.told // DAY == activity.time // DAY):
        return
    strange, after = _strange(activity, user), describe(since) if since < 2 * DAY else days(since)
    what = "ended the account" + (f" in {ended.app}" if ended.app else "")
    if not (ended.whole or ended.app):
        what = "took away a way into the account"
    when = datetime.fromtimestamp(ended.time / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=(80 if ended.whole else 65 if ended.app else 40) + 5 * len(strange),
        severity=Severity.HIGH if ended.whole else Severity.MEDIUM,
        reason=f"{activity.action} {after} after {ended.by} {what} ({ended.action}, {when} UTC){_with(strange)}",
        comparisons=(
            Comparison("after the end", after, f"nothing after {describe(round(grace))}", score=1.0),
            Comparison("activities before", str(user.count), "any", since=max(user.since, 0)),
        ),
        evidence=(context.seen(activity),),
    )


def _is_after(ended: Ended, activity: Activity, user: UserView, context: Context) -> bool:
    """Whether the end speaks against the activity.

    After one way in was taken, who has another goes on as before; idle passwords, keys and licences are taken, too.
    """
    if ended.whole or (ended.app and ended.app == activity.app):
        return True
    lately = activity.time - ended.time < context.settings["curbed_days"] * DAY
    return lately and len(_strange(activity, user)) >= STRANGE


def _strange(activity: Activity, user: UserView) -> list[str]:
    """What of the activity the user never showed."""
    shown = (
        ("country", COUNTRIES, activity.location.country),
        ("network", ISPS, isp(activity)),
        ("device", AGENTS, agent(activity)),
    )
    return [name for name, feature, value in shown if value and user.values(feature).get(value) is None]


def _with(strange: list[str]) -> str:
    return f", with another {' and '.join(strange)} than before" if strange else ""


DETECTION = Detection(
    id="dormant_account",
    title="Dormant account active",
    description=(
        "An account that was not used for weeks, or that somebody disabled, suspended or deleted, succeeds again. "
        "Accounts of people who left are not missed by anybody; that makes them good to use. Tokens, keys and other "
        "services may go on after the account's end."
    ),
    techniques=(VALID_ACCOUNTS,),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset(Category) - {Category.FAILED_LOGON, Category.LOGOFF},
    succeeded=True,
    features=(COUNTRIES, ISPS, AGENTS, ACTIVITY_RATE),
    settings={
        "min_pause_days": 14,
        "min_long_pause_days": 30,
        "min_activities": 10,
        "max_probability_hour": 0.15,
        # Access tokens live for 60 to 90 minutes (Microsoft identity platform, "Configurable token lifetimes"),
        # and what was begun with one goes on for a while.
        "grace_minutes": 110,
        "curbed_days": 30,
    },
    learning_days=0,
    runbook=(
        "Ask the manager whether the person still works here and is back from leave.",
        "If the account was ended: find what still lets it in (a session, a token, a key, another service), and why.",
        "If not: disable the account, revoke its sessions, see what it did since.",
        "Let accounts expire that nobody uses.",
    ),
    quiet="A shorter pause; the account enabled again.",
)
