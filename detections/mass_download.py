"""Far more downloads in an hour than this user's hours have."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import CLOUD_STORAGE, SHAREPOINT
from stateful.detection import Detection
from stateful.features import DOWNLOADS
from stateful.finding import Comparison, Finding, Severity
from stateful.view import Context, UserView, days


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """This hour's downloads are in the far tail of the user's hours, and well over the highest of them."""
    tally = user.tally(DOWNLOADS)
    count = tally.last()
    if count < context.settings["min_downloads"] or count < context.settings["times_highest"] * tally.most:
        return
    tail = tally.tail(count)
    if tail > context.settings["max_probability"]:
        return
    since = user.since
    yield context.finding(
        activity,
        anchor=f"window:{DOWNLOADS.length}:{tally.window}",
        closes=tally.window + DOWNLOADS.length - 1,
        risk=60 + 10 * min(count / context.settings["min_downloads"], 4),
        reason=(
            f"{count} downloads in an hour, {tally.last_bytes() / 1e6:.0f} MB; this user's hours with downloads have "
            f"{tally.usual():.0f} on average and {tally.most} at most"
        ),
        comparisons=(
            Comparison("downloads per hour", str(count), f"{tally.usual():.1f}", since=since, score=1 - tail),
            Comparison("distinct objects", str(tally.last_objects()), "not modelled"),
            Comparison("history", days(activity.time - since), "at least 7 days", since=since),
        ),
        evidence=tuple(tally.evidence),
        evidence_count=count,
    )


DETECTION = Detection(
    id="mass_download",
    title="Mass download",
    description=(
        "The user downloads far more in an hour than ever before: collection before exfiltration, by whoever took over "
        "the account or by somebody about to leave."
    ),
    techniques=(CLOUD_STORAGE, SHAREPOINT),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=frozenset({Category.DOWNLOAD}),
    features=(DOWNLOADS,),
    settings={"min_downloads": 60, "times_highest": 2, "max_probability": 1e-4},
    runbook=(
        "See which objects were taken and how sensitive they are.",
        "Ask the user or their manager for the reason: a migration, a new device that synchronises, leaving?",
        "If there is none: suspend the session and keep the device for investigation.",
    ),
    quiet="An earlier hour with at least half as many downloads.",
)
