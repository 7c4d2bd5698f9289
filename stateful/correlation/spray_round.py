"""Networks judged anew: which failed logons are sprays, which of them are one, who got in, and what is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stateful.correlation import sprays, verdicts
from stateful.correlation.documents import Attempt, Spray, Tenant
from stateful.correlation.keys import parts_of, spray_key, thread_key
from stateful.correlation.policy import SPRAY
from stateful.correlation.revisions import judged as revise_past
from stateful.correlation.revisions import revise, wakes
from stateful.correlation.spray_cluster import Cluster, alert_of, findings, leaders, spot
from stateful.correlation.sprays import ADDRESS, ASN, PROGRAM, Wave
from stateful.finding import Alert, FindingRevision, InsightRevision
from stateful.models import DAY
from windowing.watermark import END_OF_TIME, HOUR

if TYPE_CHECKING:
    from stateful.correlation.round import Round

REMEMBERED = sprays.FORGET + 3 * DAY
"""ms of sealed event time after its beginning in which a wave can speak for another one."""


def take_attempt(current: Round, revision: InsightRevision) -> list[bytes]:
    """Note a logon with its networks; return their keys."""
    insight = revision.insight
    asn, _, program = insight.note.partition(" ")
    attempt = Attempt(insight.time, revision.user, insight.activity, insight.value, revision.final, asn, program)
    networks = [(ADDRESS, insight.value), (PROGRAM, program), *([(ASN, asn)] if asn else [])]
    keys = [spray_key(revision.tenant, kind, network) for kind, network in networks]
    for key in keys:
        spray = current.spray(key)
        attempts = spray.failed if insight.kind == "failed" else spray.entered
        uid = f"{insight.uid} {revision.user}"
        if revision.change == "close":
            attempts.pop(uid, None)
        else:
            sprays.take(attempts, uid, attempt)
    return keys


def judge_sprays(current: Round, keys: Iterable[bytes]) -> None:
    """Judge networks anew, and those that speak for them."""
    by_tenant: dict[str, dict[bytes, list[Wave]]] = {}
    for key in keys:
        by_tenant.setdefault(parts_of(key)[0], {})[key] = _waves(current, key)
    for name, found in by_tenant.items():
        _judge(current, name, found)


def seal_sprays(current: Round, keys: Sequence[bytes], *, drop: bool) -> None:
    """Judge networks whose time has come, and let go of what is over in them."""
    judge_sprays(current, keys)
    if not drop:
        return
    lead = {name: leaders(current.tenant(name).sprays) for name in {parts_of(key)[0] for key in keys}}
    for key in keys:
        name, kind, _ = parts_of(key)
        spray, waves, tenant = current.spray(key), _waves(current, key), current.tenant(name)
        over = [wave for wave in waves if _is_over(current, spray, wave, tenant, lead[name])]
        current.let_go(name, spray, [wave.uid for wave in over])
        for wave in over:
            tenant.sprays[wave.uid] = replace(tenant.sprays[wave.uid], over=True)
            current.tenant_changed(name)
        sprays.settle(spray, kind, over, [wave for wave in waves if wave not in over], current.sealed)
        ended = max((wave.start for wave in over), default=0) + 2 * sprays.LASTS
        spray.breached = {uid: said for uid, said in spray.breached.items() if said.finding.end >= ended}
        _rewake(current, key, spray, {})


def _waves(current: Round, key: bytes) -> list[Wave]:
    tenant, kind, network = parts_of(key)
    return sprays.waves(current.spray(key), (tenant, kind, network), current.policy.thresholds(tenant, SPRAY))


def _judge(current: Round, name: str, found: dict[bytes, list[Wave]]) -> None:
    tenant = current.tenant(name)
    before = leaders(tenant.sprays)
    for key, waves in found.items():
        _register(current, name, key, waves)
    lead = leaders(tenant.sprays) if any(found.values()) or before else {}
    touched = set(found)
    for uid in {uid for spoken in (before, lead) for uid in spoken.values()} & tenant.sprays.keys():
        place = tenant.sprays[uid]
        # Whoever speaks for others has to hear of them; an address may be one of a spray by its logons alone.
        if any(_is_near(current.spray(key), waves, place.start) for key, waves in found.items()):
            touched.add(spray_key(name, place.kind, place.network))
    parts: dict[str, list[Wave]] = {}
    cached = dict(found)

    def waves_of(key: bytes) -> list[Wave]:
        if key not in cached:
            cached[key] = _waves(current, key)
        return cached[key]

    for uid, leader in sorted(lead.items(), key=lambda item: (item[0] != item[1], tenant.sprays[item[0]], item[0])):
        place = tenant.sprays[uid]
        own = [wave for wave in waves_of(spray_key(name, place.kind, place.network)) if wave.uid == uid]
        parts.setdefault(leader, []).extend(own)
    said = {key: _revise(current, key, lead, parts) for key in sorted(touched)}
    for key, now in said.items():
        for uid, revision in current.spray(key).breached.items():
            if uid not in now:
                _give(current, replace(revision, change="close", because="no spray after all"))
    for key, now in said.items():
        spray = current.spray(key)
        for uid, revision in now.items():
            if spray.breached.get(uid) != revision:
                _give(current, revision)
        spray.breached = now


def _is_near(spray: Spray, waves: Sequence[Wave], time: int) -> bool:
    times = [wave.start for wave in waves] or [attempt.time for attempt in spray.failed.values()]
    return any(abs(other - time) < 2 * sprays.LASTS for other in times)


def _register(current: Round, name: str, key: bytes, waves: list[Wave]) -> None:
    """Tell the tenant of a network's waves. One that was let go can still speak for others."""
    tenant, (_, kind, network) = current.tenant(name), parts_of(key)
    known = {uid for uid, place in tenant.sprays.items() if (place.kind, place.network) == (kind, network)}
    now = {wave.uid: spot(wave) for wave in waves}
    gone = {uid for uid in known - now.keys() if not tenant.sprays[uid].over}
    if current.sealed < END_OF_TIME:
        over = {uid: place.start for uid, place in tenant.sprays.items() if place.start < current.sealed - REMEMBERED}
        held = [place.start for place in tenant.sprays.values() if not place.over]
        gone |= {uid for uid, start in over.items() if not any(abs(start - other) < sprays.LASTS for other in held)}
    if gone or any(tenant.sprays.get(uid) != place for uid, place in now.items()):
        for uid in gone:
            del tenant.sprays[uid]
        tenant.sprays |= now
        current.tenant_changed(name)


def _revise(
    current: Round, key: bytes, lead: dict[str, str], parts: dict[str, list[Wave]]
) -> dict[str, FindingRevision]:
    """Say what there is to say of a network's sprays; return what is said of users."""
    name = parts_of(key)[0]
    spray, tenant = current.spray(key), current.tenant(name)
    wanted: dict[str, Alert] = {}
    said: dict[str, FindingRevision] = {}
    own = [uid for uid, leader in lead.items() if uid == leader]
    for uid in own:
        place = tenant.sprays[uid]
        if spray_key(name, place.kind, place.network) != key or not parts.get(uid) or parts[uid][0].uid != uid:
            continue
        cluster = Cluster(uid, tuple(parts[uid]))
        programs = [wave.network for wave in cluster.waves if wave.kind == PROGRAM]
        looked = [*((ADDRESS, address) for address in cluster.addresses), *((PROGRAM, program) for program in programs)]
        breaches = cluster.breaches({of: current.spray(spray_key(name, *of)) for of in looked})
        alert = alert_of(cluster, name, breaches, current.sealed)
        wanted[uid] = replace(alert, verdict=verdicts.verdict_on(tenant, uid))
        said |= findings(cluster, name, breaches)
    live = {uid: alert for uid, alert in wanted.items() if uid not in spray.past}
    live, why = current.shown(name, key, spray, live)

    def gone(alert: Alert) -> str:
        leader = lead.get(alert.uid, alert.uid)
        return why.get(alert.uid) or (
            f"part of alert {leader}, which was known before"
            if leader != alert.uid
            else "fewer users fail from there than it takes"
        )

    current.alerts += revise(spray.alerts, live, "", gone)
    current.alerts += revise_past(spray.past, lambda uid: verdicts.verdict_on(tenant, uid))
    _rewake(current, key, spray, wanted)
    return said


def _is_over(current: Round, spray: Spray, wave: Wave, tenant: Tenant, lead: Mapping[str, str]) -> bool:
    """A spray is let go as a whole: what speaks for it first."""
    leader = lead[wave.uid]
    if leader != wave.uid:
        return tenant.sprays[leader].over
    last = max(tenant.sprays[uid].start for uid in lead if lead[uid] == leader)
    return current.sealed > last + sprays.FORGET and _said_final(spray, wave.uid)


def _said_final(spray: Spray, uid: str) -> bool:
    """Whether all was said of a spray that there is to say."""
    if uid in spray.hidden:
        return spray.hidden[uid].revision > 1
    return uid in spray.past or (uid in spray.alerts and spray.alerts[uid].final)


def _give(current: Round, revision: FindingRevision) -> None:
    """Put a finding into a user's thread, as if the user's own detections had said it."""
    key = thread_key(revision.finding.tenant, revision.finding.user.id)
    thread = current.thread(key)
    if revision.change == "close":
        thread.findings.pop(revision.finding.uid, None)
    else:
        thread.findings[revision.finding.uid] = revision
    current.touch(key, revision.because)


def _rewake(current: Round, key: bytes, spray: Spray, wanted: dict[str, Alert]) -> None:
    times = [*sprays.wakes(spray), *wakes(spray.alerts, spray.past)]
    ends = (alert.findings[0].closes for uid, alert in wanted.items() if not _said_final(spray, uid))
    times += [end + HOUR for end in ends]
    spray.wake = current.wake_of(times)
    current.changed(key)
