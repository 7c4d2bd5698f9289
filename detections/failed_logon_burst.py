"""Many failed logons, then one that succeeds."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import CREDENTIAL_STUFFING, PASSWORD_GUESSING
from stateful.detection import Detection
from stateful.features import ADDRESSES, AGENTS, FAILED_LOGONS
from stateful.finding import Comparison, Finding, Severity
from stateful.view import Context, UserView, evidence_of


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A logon succeeded within minutes of a run of failed ones."""
    burst = user.burst(FAILED_LOGONS)
    if not burst.running(activity.time, FAILED_LOGONS.gap):
        return
    addresses, agents = user.values(ADDRESSES), user.values(AGENTS)
    strange = [ip for ip in burst.marks if ip and not addresses.get(ip)]
    agent = burst.evidence[0].program or burst.evidence[0].user_agent
    own = not strange or (bool(agent) and agents.get(agent) is not None)
    # A phone that retries an old password fails from the user's own device or address, for hours if nobody minds it.
    least = context.settings["min_failures_own" if own else "min_failures"]
    if burst.count < least:
        return
    where = f"{len(burst.marks)} address{'es' * (len(burst.marks) > 1)}"
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=60 + min(burst.count - least, 30) + 5 * (activity.ip in strange),
        reason=(
            f"{burst.count} failed logons from {where} in {(burst.last - burst.start) / 60000:.0f} min, "
            f"then a logon that succeeded"
        ),
        comparisons=(
            Comparison("failed logons in a row", str(burst.count), f"fewer than {least:.0f}", score=1.0),
            Comparison(
                "address",
                ", ".join(burst.marks[:3]),
                "none seen before" if strange else "the user's own",
                since=user.since,
            ),
        ),
        evidence=(*burst.evidence, evidence_of(activity)),
        evidence_count=burst.count + 1,
    )


DETECTION = Detection(
    id="failed_logon_burst",
    title="Failed logons, then success",
    description=(
        "A run of failed logons ends in one that succeeds: a guessed or stuffed password. Runs from the user's own "
        "devices and addresses must be much longer, since a phone with an old password does the same."
    ),
    techniques=(PASSWORD_GUESSING, CREDENTIAL_STUFFING),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=frozenset({Category.LOGON}),
    succeeded=True,
    features=(FAILED_LOGONS, ADDRESSES, AGENTS),
    settings={"min_failures": 10, "min_failures_own": 100},
    learning_days=0,
    runbook=(
        "Ask the user whether the logon that succeeded was theirs.",
        "Look for the same addresses against other users: spraying.",
        "If it wasn't them: reset the password, revoke sessions, enforce a second factor, block the addresses.",
    ),
    quiet="Fewer failures in a row, or failures from the user's own devices and addresses.",
)
