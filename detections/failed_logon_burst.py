"""Many failed logons, then one that succeeds."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import CREDENTIAL_STUFFING, PASSWORD_GUESSING
from stateful.detection import Detection
from stateful.features import ADDRESSES, AGENTS, DEVICES, FAILED_LOGONS, HOUR, ISPS, BurstFeature, agent, isp
from stateful.finding import Comparison, Finding, Severity
from stateful.models import Burst
from stateful.strangers import PHONE, is_phone, other_device
from stateful.view import Context, UserView, evidence_of

SCATTERED = 4
"""Networks that aren't the user's, from which on failures from them are nobody's phone, whatever program they name."""


def foreign(activity: Activity, user: UserView) -> bool:
    """Whether a failed logon came from a network that isn't the user's, or by a program of a system that isn't.

    A phone's carrier gives it another address each time, and its mail program and its browser have other names.
    """
    if activity.category is not Category.FAILED_LOGON:
        return False
    if not isp(activity) or user.values(ISPS).get(isp(activity)) is None:
        return user.values(ADDRESSES).get(activity.ip) is None
    system = _system(agent(activity))
    return bool(system) and all(_system(known) != system for known in user.values(AGENTS).seen)


def _system(program: str) -> str:
    """What a program runs on; its own name if that isn't known."""
    return program.rpartition(" on ")[2]


FOREIGN = BurstFeature(
    "foreign_failed_logons",
    counts=foreign,
    mark=isp,
    gap=2 * HOUR,
    ends=FAILED_LOGONS.ends,
    categories=FAILED_LOGONS.categories,
)


def _slowly(foreign: Burst, activity: Activity) -> bool:
    """A logon from the very network from which others failed for hours, each a few minutes after the last.

    A phone retries like this from wherever it is.
    """
    if not foreign.running(activity.time, FOREIGN.gap) or isp(activity) not in foreign.marks:
        return False
    return not any(PHONE.search(known.program or known.user_agent) for known in foreign.evidence)


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A logon succeeded within minutes of a run of failed ones."""
    burst, others = user.burst(FAILED_LOGONS), user.burst(FOREIGN)
    slowly = _slowly(others, activity)
    if slowly and others.count > burst.count:
        burst = others
    elif not burst.running(activity.time, FAILED_LOGONS.gap):
        return
    addresses, agents = user.values(ADDRESSES), user.values(AGENTS)
    strange = [ip for ip in burst.marks if ip and not addresses.get(ip)]
    program = burst.evidence[0].program or burst.evidence[0].user_agent
    # At the next desk, with the address of all and a laptop of one's own.
    borrowed = other_device(activity, user) and not is_phone(activity)
    known = bool(program) and agents.get(program) is not None
    own = not (borrowed or slowly) and (
        not strange or (len(others.marks) < SCATTERED and (known or others.count < context.settings["min_failures"]))
    )
    # A phone that retries an old password fails from the user's own device, address or networks, for hours if nobody
    # minds it.
    least = context.settings["min_failures_own" if own else "min_failures"]
    if burst.count < least:
        return
    several = len(burst.marks) > 1
    where = f"{len(burst.marks)} " + (f"network{'s' * several}" if burst is others else f"address{'es' * several}")
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
                "network" if burst is others else "address",
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
        "devices, addresses and networks must be much longer, since a phone with an old password does the same."
    ),
    techniques=(PASSWORD_GUESSING, CREDENTIAL_STUFFING),
    severity=Severity.HIGH,
    evaluate=evaluate,
    categories=frozenset({Category.LOGON}),
    succeeded=True,
    features=(FAILED_LOGONS, FOREIGN, ADDRESSES, AGENTS, DEVICES, ISPS),
    settings={"min_failures": 10, "min_failures_own": 100},
    learning_days=0,
    runbook=(
        "Ask the user whether the logon that succeeded was theirs.",
        "Look for the same addresses against other users: spraying.",
        "If it wasn't them: reset the password, revoke sessions, enforce a second factor, block the addresses.",
    ),
    quiet="Fewer failures in a row, or failures from the user's own devices, addresses and networks.",
)
