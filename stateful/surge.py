"""Surges: far more of something in an hour than this user's hours ever had. What many detections are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log2, log10

from activities.activity import Activity, UserType
from stateful.features import HOUR, TallyFeature
from stateful.finding import Comparison, Finding, Severity
from stateful.models import DAY
from stateful.view import Context, UserView, days

MANY_OBJECTS = 10
"""Distinct objects from which on a volume isn't that of one large file, a recording or an image."""
FAR_MORE = 20
"""Times the bytes of the largest window of all, which nobody comes to by more of the same work."""
ROUND = 8 * DAY
"""ms after which what a service does once a week was seen."""
HOURS_OF_DAY = 8
"""Hours of a user's day, about: of so many it is known whether they had any."""

SURGE: Mapping[str, float] = {"min_count": 20, "times_highest": 2, "max_probability": 1e-3}
"""Settings that `surge` needs; detections lay theirs over."""


def surge(
    activity: Activity,
    user: UserView,
    context: Context,
    feature: TallyFeature,
    what: str,
    *,
    base: float = 60.0,
    severity: Severity | None = None,
    least_objects: int = 0,
    volume: bool = False,
    hourly: TallyFeature | None = None,
) -> Iterable[Finding]:
    """One finding per window in which the count is in the far tail of the user's windows, and well over their highest.

    Args:
        activity: counted already.
        user: its user.
        context: with the settings of `SURGE`.
        feature: what is counted.
        what: in the plural, e.g. `downloads`.
        base: risk at the threshold; each doubling of the count adds 10, each power of ten of rarity 2.
        severity: if not the detection's own.
        least_objects: distinct objects that there must be.
        volume: whether bytes count, too: then `min_bytes` is one more setting.
        hourly: the same by the hour: what is over isn't said again the next morning, since the day still holds it.
    """
    tally, settings = user.tally(feature), context.settings
    # Jobs come by the week: a service's first of a kind is no surprise before a week was seen.
    if not tally.windows and activity.user.type is not UserType.PERSON and activity.time - user.since < ROUND:
        return
    count = tally.last()
    if hourly is not None and user.tally(hourly).last() * (feature.length // hourly.length) < count:
        return
    many = count >= settings["min_count"] and count >= settings["times_highest"] * tally.most
    if not many and not volume:
        return
    size = tally.last_bytes()
    much = volume and size >= settings["min_bytes"]
    if not many and not much:
        return
    tail = tally.tail(count, feature.prior) if many else 1.0
    if much:
        large = tally.tail_bytes(size)
        if tally.last_objects() >= MANY_OBJECTS:
            # Whoever seldom does it at all is surprising at first: the windows without any count, too.
            a_day = HOURS_OF_DAY if feature.length == HOUR else 1
            large *= tally.share((activity.time - user.since) / DAY * a_day)
            # The tail of sizes is long: a few large windows don't make such a one likely.
            if size >= FAR_MORE * tally.volume.most > 0:
                large /= 100
        tail = min(tail, large)
    if tail > settings["max_probability"] or tally.last_objects() < least_objects:
        return
    doublings = max(log2(count / settings["min_count"]), 0)
    span = "an hour" if feature.length == HOUR else "a day"
    megabytes = f", {size / 1e6:.0f} MB" if size >= 1e6 else ""  # noqa: PLR2004
    usual = tally.usual(feature.prior) if tally.windows else 0.0
    yield context.finding(
        activity,
        anchor=f"window:{feature.length}:{tally.window}",
        closes=tally.window + feature.length - 1,
        risk=base + 10 * min(doublings, 3) + 2 * min(-log10(max(tail, 1e-9)), 9) / 2,
        severity=severity,
        reason=(
            f"{count} {what} in {span}{megabytes}; this user's usual {usual:.0f}, {tally.most} at most"
            if tally.windows
            else f"{count} {what} in {span}{megabytes}; this user had none before"
        ),
        comparisons=(
            Comparison(f"{what} in {span}", str(count), f"{usual:.1f}", since=user.since, score=1 - tail),
            Comparison("distinct objects", str(tally.last_objects()), "not modelled"),
            Comparison("history", days(activity.time - user.since), "at least 7 days", since=user.since),
        ),
        evidence=tuple(tally.evidence),
        evidence_count=count,
    )
