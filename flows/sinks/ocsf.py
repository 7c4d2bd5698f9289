"""Alerts as OCSF 1.5.0 Detection Findings (class 2004, https://schema.ocsf.io/1.5.0/classes/detection_finding).

Pure: equal alerts and detections give equal objects, keys in a fixed order. Nothing is empty or null, and nothing
is under `unmapped`. Where a choice was open:

| what | where |
|---|---|
| the alert | `finding_info.uid`, `metadata.correlation_uid` |
| its revision | `metadata.sequence`; `metadata.uid` is `<alert uid>:<revision>` |
| why this revision was made | `metadata.tags`, name `because` |
| when the log had what first made it an alert | `metadata.logged_time` |
| provisional or final | `status_detail`; a closed alert has `status_id` 4 and is no `is_alert` |
| an analyst's verdict | `verdict_id` (profile `incident`); a true positive is in progress, others are resolved |
| its case | `finding_info.tags`, name `case`; related alerts in `finding_info.related_events[]`, type `alert` |
| the users of an alert on many | `finding_info.related_events[]`, type `user`; `finding_info.tags`: how many `users` |
| what else was new that day | `finding_info.traits`, type `insight` |
| the user | `actor.user` (profile `host`) and `evidences[].actor.user` |
| an activity | `evidences[]` and, with its time, `finding_info.related_events[]`; joined by `uid` |
| a finding | `finding_info.related_events[]` with type `finding`, its reason as `desc` |
| observed v usual | `anomaly_analyses[]`, one for each finding; `anomalies[i]` belongs to `baselines[i]` |
| what would have suppressed it | `finding_info.traits`, type `mitigating factor` |
| how many activities | `count`; those listed are bounded |

Two things are so that the classes of py-ocsf-models 0.10 accept them too: its services need `uid` and `version`
(the latter is `unknown`), and its observable types end at 30, so a user id (31) is given as 99 with 31's caption.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from activities.activity import User, UserType
from stateful.attack import VERSION as ATTACK_VERSION
from stateful.attack import Technique
from stateful.detection import Detection
from stateful.finding import Alert, Comparison, Evidence, Finding
from stateful.verdict import BENIGN, FALSE_POSITIVE, TRUE_POSITIVE

SCHEMA_VERSION: Final = "1.5.0"
CLASS_UID: Final = 2004
MAX_TEXT: Final = 4096
"""Characters; longer texts are cut, marked with an ellipsis."""

UNKNOWN: Final = "unknown"
FINDING: Final = "finding"
MITIGATING: Final = "mitigating factor"
INSIGHT: Final = "insight"
RELATED_ALERT: Final = "alert"
RELATED_USER: Final = "user"
USERS_LISTED: Final = 500

_ACTIVITIES: Final = {"create": (1, "Create"), "update": (2, "Update"), "close": (3, "Close")}
_VERDICTS: Final = {
    TRUE_POSITIVE: (2, "True Positive", (2, "In Progress")),
    BENIGN: (5, "Benign", (4, "Resolved")),
    FALSE_POSITIVE: (1, "False Positive", (4, "Resolved")),
}
"""Verdict, its caption, and the status that it gives the alert."""
_RISK_LEVELS: Final = ("Info", "Low", "Medium", "High", "Critical")
_USER_TYPES: Final = {UserType.PERSON: (1, "User"), UserType.SERVICE: (3, "System"), UserType.APP: (99, "Application")}
_EMAIL: Final = re.compile(r"[a-zA-Z0-9!#$%&'*+-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+")
"""OCSF's type `email_t`."""


def to_ocsf(alert: Alert, detections: Mapping[str, Detection]) -> dict[str, Any]:
    """One revision of an alert as an OCSF object, ready for JSON. Times are event times in ms.

    Args:
        alert: The revision.
        detections: By id; one that is missing is named by its id, without techniques and runbook.
    """
    activity_id, activity = _ACTIVITIES[alert.change]
    closed = alert.change == "close"
    verdict_id, verdict, (status_id, status) = _VERDICTS.get(alert.verdict, (None, None, (1, "New")))
    if closed:
        status_id, status = 4, "Resolved"
    risk_level_id = _risk_level_id(alert.risk)
    user = _user(alert.user)
    evidence = _evidence_of(alert)
    objects = _unique(item.object for item in evidence)
    return _compact(  # type: ignore[no-any-return]
        {
            "activity_id": activity_id,
            "activity_name": activity,
            "category_uid": 2,
            "category_name": "Findings",
            "class_uid": CLASS_UID,
            "class_name": "Detection Finding",
            "type_uid": CLASS_UID * 100 + activity_id,
            "type_name": f"Detection Finding: {activity}",
            "time": alert.modified,
            "start_time": _first_seen(alert),
            "end_time": alert.modified,
            "count": _count(alert) or None,
            "severity_id": alert.severity.rank,
            "severity": alert.severity.value.capitalize(),
            "status_id": status_id,
            "status": status,
            "verdict_id": verdict_id,
            "verdict": verdict,
            "status_detail": "final" if alert.final else "provisional",
            "is_alert": not closed,
            "risk_score": alert.risk,
            "risk_level_id": risk_level_id,
            "risk_level": _RISK_LEVELS[risk_level_id],
            "message": alert.message,
            "metadata": _metadata(alert),
            "finding_info": _finding_info(alert, detections, evidence),
            "actor": {"user": user},
            "evidences": [_evidence(item, user) for item in evidence],
            "resources": [_resource(name) for name in objects],
            "anomaly_analyses": [_anomalies(finding) for finding in alert.findings if finding.comparisons],
            "observables": _observables(user, evidence, objects),
            "remediation": {"desc": _runbook(alert, detections)},
        }
    )


def with_verdict(record: Mapping[str, Any], word: str) -> dict[str, Any]:
    """An OCSF object of an alert, with an analyst's verdict on it."""
    verdict_id, verdict, (status_id, status) = _VERDICTS[word]
    if record.get("activity_name") == "Close":
        status_id, status = 4, "Resolved"
    changed = {"verdict_id": verdict_id, "verdict": verdict, "status_id": status_id, "status": status}
    profiles = list(dict.fromkeys([*record["metadata"].get("profiles", []), "incident"]))
    return {**record, **changed, "metadata": {**record["metadata"], "profiles": profiles}}


def _metadata(alert: Alert) -> dict[str, Any]:
    return {
        "version": SCHEMA_VERSION,
        "product": {"name": "Anput", "vendor_name": "Anput", "version": _product_version()},
        "profiles": ["host", "incident"] if alert.verdict in _VERDICTS else ["host"],
        "uid": f"{alert.uid}:{alert.revision}",
        "sequence": alert.revision,
        "correlation_uid": alert.uid,
        "logged_time": alert.raised or None,
        "event_code": alert.detection,
        "tenant_uid": alert.tenant,
        "tags": [{"name": "because", "value": alert.because}] if alert.because else [],
    }


def _finding_info(alert: Alert, detections: Mapping[str, Detection], evidence: Iterable[Evidence]) -> dict[str, Any]:
    ids = _detection_ids(alert)
    detection = detections.get(alert.detection)
    return {
        "uid": alert.uid,
        "title": _title(alert.detection, detections),
        "desc": detection.description if detection else alert.message,
        "types": ids,
        "analytic": _analytic(alert.detection, detections),
        "related_analytics": [_analytic(id_, detections) for id_ in ids[1:]],
        "attacks": _attacks(ids, detections),
        "created_time": alert.created,
        "modified_time": alert.modified,
        "first_seen_time": _first_seen(alert),
        "last_seen_time": max((finding.end for finding in alert.findings), default=alert.modified),
        "related_events": [
            *(_related_finding(finding, detections) for finding in alert.findings),
            *(_related_activity(item) for item in evidence),
            *({"uid": uid, "type": RELATED_ALERT} for uid in alert.related),
            *({"uid": user.id, "type": RELATED_USER, "title": user.name} for user in alert.users[:USERS_LISTED]),
        ],
        "tags": [
            *([{"name": "case", "value": alert.case}] if alert.case else []),
            *([{"name": "users", "value": str(alert.user_count)}] if alert.users else []),
        ],
        "traits": _traits(alert, detections),
    }


def _detection_ids(alert: Alert) -> list[str]:
    """The alert's own first."""
    return _unique([alert.detection, *(finding.detection for finding in alert.findings)])


def _title(id_: str, detections: Mapping[str, Detection]) -> str:
    detection = detections.get(id_)
    return (detection.title if detection else "") or id_


def _analytic(id_: str, detections: Mapping[str, Detection]) -> dict[str, Any]:
    """A detection that learns is `Behavioral`; one of what is malicious by itself is a `Rule`."""
    detection = detections.get(id_)
    if detection is None:
        type_id, caption = 0, "Unknown"
    elif detection.learning_days > 0:
        type_id, caption = 2, "Behavioral"
    else:
        type_id, caption = 1, "Rule"
    return {
        "uid": id_,
        "name": _title(id_, detections),
        "type_id": type_id,
        "type": caption,
        "version": detection.version if detection else None,
    }


def _attacks(ids: Iterable[str], detections: Mapping[str, Detection]) -> list[dict[str, Any]]:
    found = (detections.get(id_) for id_ in ids)
    techniques = dict.fromkeys(technique for detection in found if detection for technique in detection.techniques)
    return [_attack(technique) for technique in techniques]


def _attack(technique: Technique) -> dict[str, Any]:
    """`T1078.004` `Valid Accounts: Cloud Accounts` is sub-technique `Cloud Accounts` of T1078 `Valid Accounts`."""
    attack: dict[str, Any] = {
        "version": ATTACK_VERSION,
        "tactic": {"uid": technique.tactic_id, "name": technique.tactic},
    }
    parent_id, is_sub, _ = technique.id.partition(".")
    if not is_sub:
        return attack | {"technique": {"uid": technique.id, "name": technique.name or technique.id}}
    parent, separator, name = technique.name.partition(": ")
    if not separator:
        parent, name = parent_id, technique.name
    return attack | {
        "technique": {"uid": parent_id, "name": parent},
        "sub_technique": {"uid": technique.id, "name": name},
    }


def _first_seen(alert: Alert) -> int:
    return min((finding.since for finding in alert.findings), default=alert.created)


def _related_finding(finding: Finding, detections: Mapping[str, Detection]) -> dict[str, Any]:
    return {
        "uid": finding.uid,
        "type": FINDING,
        "title": _title(finding.detection, detections),
        "desc": finding.reason,
        "severity_id": finding.severity.rank,
        "severity": finding.severity.value.capitalize(),
        "first_seen_time": finding.since,
        "last_seen_time": finding.end,
    }


def _related_activity(evidence: Evidence) -> dict[str, Any]:
    return {
        "uid": evidence.id or UNKNOWN,
        "type": evidence.category.value,
        "title": evidence.action,
        "created_time": evidence.time,
    }


def _traits(alert: Alert, detections: Mapping[str, Detection]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], None] = {}
    for finding in alert.findings:
        detection = detections.get(finding.detection)
        quiet = finding.quiet or (detection.quiet if detection else "")
        if quiet:
            found[_title(finding.detection, detections), quiet] = None
    traits = [{"name": title, "type": MITIGATING, "values": [quiet]} for title, quiet in found]
    if alert.insights:
        traits.append({"name": "New or uncommon on these days", "type": INSIGHT, "values": list(alert.insights)})
    return traits


def _runbook(alert: Alert, detections: Mapping[str, Detection]) -> str:
    """Numbered steps, one a line, of all detections that had a part in it."""
    found = (detections.get(id_) for id_ in _detection_ids(alert))
    steps = _unique(step for detection in found if detection for step in detection.runbook)
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _evidence_of(alert: Alert) -> list[Evidence]:
    """Each activity once, by (time, id)."""
    found = dict.fromkeys(evidence for finding in alert.findings for evidence in finding.evidence)
    return sorted(found, key=lambda evidence: (evidence.time, evidence.id))


def _count(alert: Alert) -> int:
    """Activities it rests on; those that several findings list are counted once."""
    listed = sum(len(finding.evidence) for finding in alert.findings)
    total = sum(max(finding.evidence_count, len(finding.evidence)) for finding in alert.findings)
    return total - listed + len(_evidence_of(alert))


def _evidence(evidence: Evidence, user: Mapping[str, Any]) -> dict[str, Any]:
    service = {"name": evidence.app, "uid": evidence.app, "version": UNKNOWN} if evidence.app else {}
    return {
        "uid": evidence.id,
        "actor": {"user": user},
        "api": {"operation": evidence.action or UNKNOWN, "service": service},
        "src_endpoint": _endpoint(evidence),
        "http_request": {"user_agent": evidence.user_agent},
        "resources": [_resource(evidence.object)] if evidence.object else [],
        "data": {"outcome": evidence.outcome.value, "bytes": evidence.bytes},
    }


def _endpoint(evidence: Evidence) -> dict[str, Any]:
    """Addresses that are none (CloudTrail names services there) are names; a place alone needs a name too."""
    location = {"country": evidence.country, "city": evidence.city}
    if _is_ip(evidence.ip):
        return {"ip": evidence.ip, "location": location, "isp": evidence.isp}
    if evidence.ip or evidence.country or evidence.city or evidence.isp:
        return {"name": evidence.ip or UNKNOWN, "location": location, "isp": evidence.isp}
    return {}


def _resource(name: str) -> dict[str, Any]:
    return {"name": name, "uid": name}


def _user(user: User) -> dict[str, Any]:
    type_id, caption = _USER_TYPES[user.type]
    return {
        "uid": user.id,
        "name": user.name,
        "email_addr": user.email if _EMAIL.fullmatch(user.email) else None,
        "type_id": type_id,
        "type": caption,
    }


def _observables(user: Mapping[str, Any], evidence: Iterable[Evidence], objects: Iterable[str]) -> list[dict[str, Any]]:
    """`type_id` as in OCSF's object `observable`."""
    found = [
        (99, "User Object: uid", "actor.user.uid", user["uid"]),
        (4, "User Name", "actor.user.name", user["name"]),
        (5, "Email Address", "actor.user.email_addr", user["email_addr"]),
    ]
    addresses = _unique(item.ip for item in evidence if _is_ip(item.ip))
    found += [(2, "IP Address", "evidences[].src_endpoint.ip", address) for address in addresses]
    found += [(10, "Resource UID", "resources[].uid", name) for name in objects]
    return [
        {"name": name, "type_id": type_id, "type": caption, "value": value}
        for type_id, caption, name, value in found
        if value
    ]


def _anomalies(finding: Finding) -> dict[str, Any]:
    return {
        "analysis_targets": [{"name": finding.user.id, "type": "User Account"}],
        "anomalies": [_anomaly(comparison) for comparison in finding.comparisons],
        "baselines": [_baseline(comparison) for comparison in finding.comparisons],
    }


def _anomaly(comparison: Comparison) -> dict[str, Any]:
    scored = {"observation_type": "Surprise, 0 to 1", "observed_pattern": f"{comparison.score:.4g}"}
    return {
        "observation_parameter": comparison.feature or UNKNOWN,
        **(scored if comparison.score else {}),
        "observations": [{"value": comparison.observed or UNKNOWN}],
    }


def _baseline(comparison: Comparison) -> dict[str, Any]:
    since = {"type_id": 9, "type": "Time Interval", "start_time": comparison.since} if comparison.since else {}
    return {
        "observation_parameter": comparison.feature or UNKNOWN,
        "observations": [{"value": comparison.usual or UNKNOWN, "timespan": since}],
    }


def _risk_level_id(risk: int) -> int:
    """0 to 4, in steps of 20; OCSF leaves the limits to the producer."""
    return min(max(risk // 20, 0), len(_RISK_LEVELS) - 1)


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _unique(texts: Iterable[str]) -> list[str]:
    """In order, without empty ones."""
    return list(dict.fromkeys(text for text in texts if text))


def _compact(value: Any) -> Any:
    """`value` without nulls, empty texts, lists and objects at any depth; texts cut and valid as UTF-8."""
    if isinstance(value, str):
        text = value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"
        return text.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: kept for key, item in value.items() if (kept := _compact(item)) not in (None, "", [], {})}
    if isinstance(value, list):
        return [kept for item in value if (kept := _compact(item)) not in (None, "", [], {})]
    return value


@cache
def _product_version() -> str:
    try:
        return version("anput")
    except PackageNotFoundError:  # run from a source tree
        return UNKNOWN
