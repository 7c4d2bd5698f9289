"""An alert explained on the terminal, from its stored OCSF object alone.

What is in an alert was written by others, attackers among them: every text passes `printable`, and none is read as
rich markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from flows.sinks.ocsf import FINDING, INSIGHT, MITIGATING, RELATED_ALERT, RELATED_USER

SEVERITY_STYLES: Final = {
    "Informational": "dim",
    "Low": "cyan",
    "Medium": "yellow",
    "High": "red",
    "Critical": "bold red",
}

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COMPARED: Final = (
    ("severity", "severity"),
    ("risk", "risk_score"),
    ("activities", "count"),
    ("verdict", "verdict"),
    ("reason", "message"),
)


def explain(
    ocsf: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]] = (),
    others: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> RenderableType:
    """Why, observed v usual, timeline, ATT&CK, what would have suppressed it, what to do, revisions.

    Args:
        ocsf: The alert's latest revision, as `flows.sinks.ocsf.to_ocsf` makes it; parts may be missing.
        history: All its revisions in order, for what changed from one to the next.
        others: uid -> latest revision of other alerts: related ones are named.
    """
    parts: list[RenderableType] = [_head(ocsf)]
    for title, content in (
        ("Why", _why(ocsf)),
        ("Observed v usual", _comparisons(ocsf)),
        ("Also new or uncommon", _traits(ocsf, INSIGHT)),
        ("Users", _users(ocsf)),
        ("Timeline", _timeline(ocsf)),
        ("ATT&CK", _attacks(ocsf)),
        ("What would have suppressed it", _quiet(ocsf)),
        ("Related alerts", _related(ocsf, others)),
        ("What to do", _runbook(ocsf)),
        ("Revisions", _revisions(history or [ocsf])),
    ):
        if content is not None:
            parts += [Text(), Text(title, "bold underline"), content]
    return Group(*parts)


def printable(value: object, limit: int = 400) -> str:
    """`value` as text of at most `limit` characters, without any that steer a terminal or reorder its text."""
    text = str(value)
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def utc(time: object) -> str:
    """`time` in ms since 1970 as `YYYY-MM-DD HH:MM:SS`, UTC."""
    try:
        return f"{_EPOCH + timedelta(milliseconds=time):%Y-%m-%d %H:%M:%S}"  # type: ignore[arg-type]
    except (OverflowError, TypeError):
        return printable("" if time is None else time)


def state(ocsf: Mapping[str, Any]) -> str:
    """`provisional`, `final` or `closed`."""
    return "closed" if ocsf.get("activity_name") == "Close" else printable(ocsf.get("status_detail", ""))


def user_name(ocsf: Mapping[str, Any]) -> str:
    """The shortest name of the user that people know: name, else e-mail address, else id."""
    user = at(ocsf, "actor.user") or {}
    return printable(user.get("name") or user.get("email_addr") or user.get("uid") or "", 64)


def at(value: Any, path: str) -> Any:
    """What is at `path` (`a.b.c`) in nested mappings, None where there is nothing."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def mappings(value: Any, path: str) -> list[Mapping[str, Any]]:
    """The mappings in the list at `path`, none where there is no list."""
    found = at(value, path)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def _head(ocsf: Mapping[str, Any]) -> Text:
    severity = printable(ocsf.get("severity", ""))
    user = at(ocsf, "actor.user") or {}
    also = [printable(user[key], 128) for key in ("email_addr", "uid") if user.get(key)]
    names = dict.fromkeys([user_name(ocsf), *also])
    return Text.assemble(
        (severity, SEVERITY_STYLES.get(severity, "")),
        "  ",
        (printable(at(ocsf, "finding_info.title") or ""), "bold"),
        f"  {state(ocsf)}, risk {printable(ocsf.get('risk_score', '?'))} of 100\n",
        f"User    {', '.join(name for name in names if name)}\n",
        f"Time    {utc(ocsf.get('start_time'))} to {utc(ocsf.get('end_time'))} UTC\n",
        f"Tenant  {printable(at(ocsf, 'metadata.tenant_uid') or '')}\n",
        f"Alert   {printable(at(ocsf, 'finding_info.uid') or '')}",
        f"\nCase    {case}" if (case := _tag(ocsf, "case")) else "",
        f"\nVerdict {printable(ocsf['verdict'])}" if ocsf.get("verdict") else "",
    )


def _tag(ocsf: Mapping[str, Any], name: str) -> str:
    tags = mappings(ocsf, "finding_info.tags")
    return next((printable(tag.get("value", "")) for tag in tags if tag.get("name") == name), "")


def _why(ocsf: Mapping[str, Any]) -> Text:
    """The alert's sentence; those of its findings where it has several."""
    findings = [item for item in mappings(ocsf, "finding_info.related_events") if item.get("type") == FINDING]
    lines = [printable(ocsf.get("message") or at(ocsf, "finding_info.desc") or "")]
    if len(findings) > 1:
        lines += [f"- {printable(item.get('title', ''))}: {printable(item.get('desc', ''))}" for item in findings]
    return Text("\n".join(lines))


def _comparisons(ocsf: Mapping[str, Any]) -> Table | None:
    rows = [
        _comparison(anomaly, baseline)
        for analysis in mappings(ocsf, "anomaly_analyses")
        for anomaly, baseline in zip(mappings(analysis, "anomalies"), mappings(analysis, "baselines"), strict=False)
    ]
    return _table(("feature", "observed", "usual", "since (UTC)", "surprise"), rows)


def _comparison(anomaly: Mapping[str, Any], baseline: Mapping[str, Any]) -> tuple[object, ...]:
    observed = next(iter(mappings(anomaly, "observations")), {})
    usual = next(iter(mappings(baseline, "observations")), {})
    since = at(usual, "timespan.start_time")
    parameter, surprise = anomaly.get("observation_parameter"), anomaly.get("observed_pattern")
    return parameter, observed.get("value"), usual.get("value"), since and utc(since), surprise


def _timeline(ocsf: Mapping[str, Any]) -> RenderableType | None:
    related = {str(item.get("uid")): item for item in mappings(ocsf, "finding_info.related_events")}
    rows = [
        _step(evidence, related.get(str(evidence.get("uid")), {}).get("created_time"))
        for evidence in mappings(ocsf, "evidences")
    ]
    table = _table(("time (UTC)", "action", "app", "outcome", "from", "object", "bytes", "activity"), rows)
    count = ocsf.get("count")
    if table is not None and isinstance(count, int) and count > len(rows):
        return Group(table, Text(f"The first {len(rows)} of {count} activities.", "dim"))
    return table


def _step(evidence: Mapping[str, Any], time: object) -> tuple[object, ...]:
    moved = at(evidence, "data.bytes")
    return (
        utc(time),
        at(evidence, "api.operation"),
        at(evidence, "api.service.name"),
        at(evidence, "data.outcome"),
        " ".join(_origin(evidence)),
        ", ".join(str(item.get("name", "")) for item in mappings(evidence, "resources")),
        f"{moved:,}" if isinstance(moved, int) else None,
        evidence.get("uid"),
    )


def _origin(evidence: Mapping[str, Any]) -> Iterator[str]:
    """Address, country, city, provider of one activity, those that are known."""
    endpoint = at(evidence, "src_endpoint") or {}
    known = (endpoint.get("ip") or endpoint.get("name"), at(endpoint, "location.country"))
    return (str(part) for part in (*known, at(endpoint, "location.city"), endpoint.get("isp")) if part)


def _attacks(ocsf: Mapping[str, Any]) -> Text | None:
    lines = []
    for attack in mappings(ocsf, "finding_info.attacks"):
        names = [at(attack, "technique.name"), at(attack, "sub_technique.name")]
        uid = at(attack, "sub_technique.uid") or at(attack, "technique.uid") or ""
        name = ": ".join(printable(name) for name in names if name)
        lines.append(f"{printable(uid)} {name} ({printable(at(attack, 'tactic.name') or '')})")
    return Text("\n".join(lines)) if lines else None


def _users(ocsf: Mapping[str, Any]) -> Text | None:
    users = [item for item in mappings(ocsf, "finding_info.related_events") if item.get("type") == RELATED_USER]
    if not users:
        return None
    count = _tag(ocsf, "users")
    names = [printable(item.get("uid", ""), 64) for item in users]
    more = f" (the first {len(names)} of {printable(count)})" if count and count != str(len(names)) else ""
    return Text(", ".join(names) + more)


def _related(ocsf: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> RenderableType | None:
    """Those of the same case, and those on many users that the user is one of."""
    rows = []
    for item in mappings(ocsf, "finding_info.related_events"):
        if item.get("type") == RELATED_ALERT:
            uid = str(item.get("uid", ""))
            other = others.get(uid, {})
            known = (other.get("severity"), at(other, "finding_info.title"), state(other)) if other else ("", "", "")
            rows.append((utc(other.get("start_time")), *known, uid))
    return _table(("time (UTC)", "severity", "title", "state", "uid"), rows) if rows else None


def _quiet(ocsf: Mapping[str, Any]) -> Text | None:
    """Of each detection, where there are several, by its name."""
    traits = [trait for trait in mappings(ocsf, "finding_info.traits") if trait.get("type") == MITIGATING]
    several = len({trait.get("name") for trait in traits}) > 1
    lines = [
        f"{printable(trait.get('name', ''))}: {printable(value)}" if several else printable(value)
        for trait in traits
        for value in trait.get("values", ())
    ]
    return Text("\n".join(dict.fromkeys(lines))) if lines else None


def _traits(ocsf: Mapping[str, Any], kind: str) -> Text | None:
    traits = [trait for trait in mappings(ocsf, "finding_info.traits") if trait.get("type") == kind]
    lines = [printable(value) for trait in traits for value in trait.get("values", ())]
    return Text("\n".join(dict.fromkeys(lines))) if lines else None


def _runbook(ocsf: Mapping[str, Any]) -> Text | None:
    steps = str(at(ocsf, "remediation.desc") or "").splitlines()
    return Text("\n".join(printable(step) for step in steps)) if steps else None


def _revisions(history: Sequence[Mapping[str, Any]]) -> Table | None:
    rows = [
        (
            at(revision, "metadata.sequence"),
            revision.get("activity_name"),
            utc(revision.get("time")),
            state(revision),
            "; ".join(_changes(before, revision)),
        )
        for before, revision in zip([None, *history], history, strict=False)
    ]
    return _table(("revision", "change", "last evidence (UTC)", "state", "what changed"), rows)


def _changes(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Iterator[str]:
    """The reason given for the revision, then what is not as it was before."""
    for tag in mappings(after, "metadata.tags"):
        if tag.get("name") == "because":
            yield str(tag.get("value", ""))
    if before is None:
        return
    for name, key in _COMPARED:
        old, new = before.get(key), after.get(key)
        if old != new:
            yield f"{name}: {new}" if name == "reason" else f"{name} {old} to {new}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table | None:
    """The columns in which anything is known; None if there are no rows."""
    texts = [["" if cell is None else printable(cell) for cell in row] for row in rows]
    kept = [index for index in range(len(columns)) if any(row[index] for row in texts)]
    if not kept:
        return None
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index in kept:
        table.add_column(columns[index], overflow="fold", no_wrap=columns[index].endswith("(UTC)"))
    for row in texts:
        table.add_row(*(Text(row[index]) for index in kept))
    return table
