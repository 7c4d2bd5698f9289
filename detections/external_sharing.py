"""Opened to the outside: many things at once, or one that holds everything."""

from __future__ import annotations

import re
from collections.abc import Iterable

from activities.activity import Activity, Category
from activities.tags import Tag
from stateful.attack import TO_CLOUD_STORAGE, TRANSFER_TO_ACCOUNT
from stateful.detection import Detection
from stateful.features import HOUR, TallyFeature, ValuesFeature, operation, succeeded
from stateful.finding import Comparison, Finding, Severity
from stateful.kinds import whole
from stateful.models import DAY
from stateful.outsiders import is_guest, is_private
from stateful.surge import SURGE, surge
from stateful.view import Context, UserView

OUTSIDE = frozenset({Tag.EXTERNAL, Tag.PUBLIC, Tag.ANONYMOUS_LINK, Tag.CROSS_ACCOUNT})
IMAGE = re.compile(r"snapshot|image|\bami\b|modify(db)?(snapshot|image|cluster)|disk|dbcluster|backup", re.IGNORECASE)
LINK = re.compile(
    r"anonymous|public|external|guest|anyone|allusers|allauthenticated|begin ?get ?access|(account|service) ?sas\b|"
    r"publish ?to ?web|pre-?signed|shared ?access ?signature",
    re.IGNORECASE,
)
"""Words for what is open to whoever has the link, a signed one among them."""


PUBLISHES = re.compile(r"publish ?to ?web", re.IGNORECASE)


def to_outside(activity: Activity) -> bool:
    """Whether it says that somebody outside, or everybody, gets access."""
    if not OUTSIDE.isdisjoint(activity.tags):
        return True
    words = (f"{entry.type} {entry.name}" for entry in activity.objects[1:])
    return LINK.search(" ".join([activity.action, *words])) is not None


def to_partner(activity: Activity) -> bool:
    """Whether it names who gets access, and that is somebody of another organization."""
    guests = [entry.name for entry in activity.objects[1:] if "@" in entry.name or is_guest(entry.name)]
    return bool(guests) and not any(map(is_private, guests))


SHARES = TallyFeature("shares", frozenset({Category.SHARE}), HOUR, only=succeeded, prior=2.0)
OUT_DAY = TallyFeature(
    "shares_outside_day", frozenset({Category.SHARE}), DAY, only=lambda a: succeeded(a) and to_outside(a), prior=2.0
)
OPENS = frozenset({Category.SHARE, Category.ROLE_GRANT})
OPENED = ValuesFeature("opened", lambda a: operation(a) if to_outside(a) else "", OPENS)


FEW_A_DAY = 0.02
"""P(so many shares with outsiders in a day) below which they are more than this user's."""
MANY_AT_FIRST = 0.15
"""P(so many shares in an hour) below which they are many where there was none with outsiders before today."""


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A disk image or a database's copy shared with another account; or a surge of shares."""
    outside = to_outside(activity)
    if activity.category is Category.ROLE_GRANT and not (outside and whole(activity)):
        # Of rights on other things unusual_admin_action speaks.
        return
    words = f"{activity.action} {activity.objects[0].type if activity.objects else ''}"
    image = IMAGE.search(words) is not None
    # A report that is published takes along all that it shows; a key for somebody outside, all that it opens.
    holds = whole(activity) or PUBLISHES.search(activity.action) is not None or Tag.KEY_ADDED in activity.tags
    if outside and (image or holds) and user.is_news(OPENED, operation(activity), activity.time):
        target = ", ".join(entry.name for entry in activity.objects[:3])
        yield context.finding(
            activity,
            anchor=activity.id,
            closes=activity.time,
            # Work with partners begins with a folder of theirs.
            risk=80 if image else 35 if to_partner(activity) else 60,
            severity=None if image else Severity.MEDIUM,
            reason=f"{activity.action}: "
            + (
                f"a copy of whole disks or databases is open to the outside ({target})"
                if image
                else f"all that is in {target} is open to the outside, by a user who never did this"
            ),
            comparisons=(Comparison("this operation", "open to the outside", "never", since=user.since, score=1.0),),
            evidence=(context.seen(activity),),
        )
    # Of what holds many others a few are much, and for who never let outsiders in before today.
    known = activity.time - user.since >= context.settings["known_days"] * DAY
    fresh = outside and known and user.is_recent(OPENED, operation(activity), activity.time)
    few = whole(activity) or (fresh and not to_partner(activity))
    count = context.settings["min_count"] / (4 if few else 2 if outside else 1)
    if fresh and any(is_private(entry.name) for entry in activity.objects[1:]):
        # Nobody's partner has a mailbox at a provider for everybody.
        count = context.settings["min_count_private"]
    chance = MANY_AT_FIRST if fresh else context.settings["max_probability"]
    most = context.with_settings(min_count=count, max_probability=chance)
    found = list(surge(activity, user, most, SHARES, "shares", base=65 if outside else 50))
    if not found:
        # A few an hour, all day long.
        slow = context.with_settings(min_count=context.settings["min_count_day"], max_probability=FEW_A_DAY)
        found.extend(surge(activity, user, slow, OUT_DAY, "shares with outsiders", base=55, hourly=SHARES))
    yield from found


DETECTION = Detection(
    id="external_sharing",
    title="Mass or external sharing",
    description=(
        "The user opens far more things to others in an hour than ever before, or shares a snapshot or image with the "
        "outside. Data leaves without being downloaded."
    ),
    techniques=(TO_CLOUD_STORAGE, TRANSFER_TO_ACCOUNT),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=OPENS,
    succeeded=True,
    features=(SHARES, OUT_DAY, OPENED),
    settings={**SURGE, "min_count": 20, "min_count_day": 15, "min_count_private": 3, "known_days": 10},
    learning_days=1,
    runbook=(
        "See what was shared, with whom, and whether links work without logging on.",
        "Withdraw what isn't explained; ask the owner of the data.",
        "Look for downloads by the outside account or link since.",
    ),
    quiet="Fewer than twice the user's highest hour; a snapshot shared by one who did so before.",
)
