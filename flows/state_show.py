"""What is known of one user, as of what is committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from activities.batch import key_group_of
from flows.detect import declared, profile_fold
from flows.explain import printable, utc
from flows.settings import Settings
from flows.state_documents import META, Documents, owner_of, thread_of, user_prefix
from flows.state_reader import StateReader
from stateful.finding import Alert, Finding
from stateful.key_group import Memory, Meta
from stateful.models import DAY
from stateful.profile import Profile, ProfileFold
from stateful.user import user_storage
from windowing.timeline import Emitted

MOST = 8
"""Values of a feature that the table shows."""
CLOSE = 5
"""Ids that are suggested for an unknown one."""
NEVER = -1


class UnknownUserError(LookupError):
    """The state holds no such user; the message names the ids that are most like it."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a user. Times are event times in ms, -1 for never; sizes are bytes."""

    tenant: str
    user: str
    name: str
    """As the newest open activity has it; "" where none is open."""
    key_group: int
    epoch: int
    """This is what the run that resumes at this epoch begins with."""
    generation: int
    """Of the key group's store."""
    sealed_activities: int
    """Of those in `profile`, how many can change no more."""
    sealed_to: int
    """The last of them."""
    group_sealed_to: int
    """Up to where the key group is sealed."""
    open_activities: int
    open_from: int
    open_to: int
    open_not_kept: int
    """Counted, but beyond the cap."""
    profile: Profile
    """What is learnt, the open activities laid over the baseline."""
    findings: list[Emitted[Finding]]
    """Those that are not final."""
    alerts: list[Alert]
    """Those that findings can still join, closed ones too."""
    size: int
    threads_size: int
    hold: int = 0
    """ms for which a value that a finding rests on is held back."""


def look_up(reader: StateReader, documents: Documents, settings: Settings, tenant: str, user: str) -> Known:
    """What is known of a user; the id is tried as it is and case-folded, as ids are.

    Raises:
        UnknownUserError: nothing is.
        SettingsError: the settings name detections or thresholds that there aren't.
        StateError: the state can't be used.
    """
    for name in dict.fromkeys((user, user.strip().casefold())):
        group = key_group_of(tenant, name, reader.stamp.key_groups)
        with reader.open("profile", group) as store:
            data, meta, generation = (
                store.get(user_prefix(tenant) + _key(name)),
                store.get(META),
                store.token.generation,
            )
        if data is not None:
            known = documents.user.decode(data)
            alerts, threads_size = _alerts(reader, documents, tenant, name)
            fold = _fold(settings)
            timeline = user_storage(fold, Memory(0)).load(data).timeline
            timeline.evaluate()
            log = timeline.open.log
            return Known(
                tenant=tenant,
                user=name,
                name=log[-1].user.name if log else "",
                key_group=group,
                epoch=reader.committed.epoch,
                generation=generation,
                sealed_activities=documents.profile.decode(known.base).count if known.base else 0,
                sealed_to=known.sealed_time,
                group_sealed_to=max((documents.meta.decode(meta) if meta else Meta()).sealed, NEVER),
                open_activities=len(log),
                open_from=log[0].time if log else NEVER,
                open_to=log[-1].time if log else NEVER,
                open_not_kept=sum(known.dropped.values()),
                # As a whole: in the live state models are decoded when they are asked for.
                profile=documents.profile.decode(fold.encode(timeline.state)),
                findings=sorted(known.emitted.values(), key=lambda said: (said.statement.start, said.statement.uid)),
                alerts=alerts,
                size=len(data),
                threads_size=threads_size,
                hold=round(settings.hold_days * DAY),
            )
    raise UnknownUserError(_suggest(reader, tenant, user))


def to_json(known: Known) -> Any:  # noqa: ANN401
    """For JSON: all fields by name."""
    return _named(known)


def render(known: Known) -> RenderableType:
    """For the terminal."""
    profile = known.profile
    facts = {
        "User": f"{known.user}{f' ({known.name})' if known.name not in ('', known.user) else ''} of {known.tenant}",
        "Learning since": f"{_when(profile.since)}, {profile.count:,} activities, the last {_when(profile.last)}",
        "Sealed": f"{known.sealed_activities:,} activities, to {_when(known.sealed_to)};"
        f" the key group to {_when(known.group_sealed_to)}",
        "Open": _open(known),
        "Stored": f"{known.size:,} bytes, and {known.threads_size:,} of findings in correlation;"
        f" key group {known.key_group}, generation {known.generation}, before epoch {known.epoch}",
    }
    if profile.ended is not None:
        ended = profile.ended
        what = "The account" if ended.whole else f"The account in {ended.app}" if ended.app else "A way into it"
        facts["Ended"] = f"{what} on {_when(ended.time)} by {ended.by} ({ended.action})"
    parts: list[RenderableType] = [_table(("", ""), [(name, text) for name, text in facts.items()])]
    for title, columns, rows in (
        ("Values", ("feature", "value", "count", "first seen (UTC)", "last seen (UTC)"), list(_values(profile))),
        ("Rates", ("feature", "usual", "most", "windows learnt", "last window"), list(_rates(profile))),
        ("Bursts", ("feature", "count", "of activities", "from (UTC)", "to (UTC)", "what"), list(_bursts(profile))),
        ("Held back", ("feature", "value", "since (UTC)", "last shown (UTC)", "count", "by", "until"),
         list(_held(known))),
        ("Provisional findings", ("detection", "severity", "risk", "from (UTC)", "can change to (UTC)", "why"),
         list(_findings(known))),
        ("Alerts that can still grow", ("detection", "severity", "risk", "from (UTC)", "findings", "state", "uid"),
         list(_alert_rows(known))),
    ):  # fmt: skip
        if rows:
            parts += [Text(), Text(title, "bold"), _table(columns, rows)]
    return Group(*parts)


def _key(name: str) -> bytes:
    return name.encode("utf-8", "replace")


def _fold(settings: Settings) -> ProfileFold:
    """As a run with these settings has it."""
    return profile_fold(settings, declared(settings).values())


def _alerts(reader: StateReader, documents: Documents, tenant: str, user: str) -> tuple[list[Alert], int]:
    alerts: list[Alert] = []
    size = 0
    with reader.open("correlate", key_group_of(tenant, "", reader.stamp.key_groups)) as store:
        data = store.get(thread_of(tenant, user))
        if data is not None:
            alerts += documents.thread.decode(data).thread.alerts.values()
            size = len(data)
    return sorted(alerts, key=lambda alert: (alert.created, alert.uid)), size


def _suggest(reader: StateReader, tenant: str, user: str) -> str:
    tenants: dict[str, list[str]] = {}
    for group in reader.groups("profile"):
        with reader.open("profile", group) as store:
            for key, _ in store.scan(b"e"):
                owner = owner_of("profile", key)
                if owner is not None:
                    tenants.setdefault(owner.tenant, []).append(owner.user)
    if tenant not in tenants:
        alike = _alike(tenant, list(tenants))
        return f"tenant {printable(tenant)}: expected one that the state knows, such as {alike}; found no user of it"
    alike = _alike(user, tenants[tenant])
    return f"user {printable(user)}: expected one that tenant {printable(tenant)} has, such as {alike}; found none"


def _alike(name: str, names: list[str]) -> str:
    folded = name.casefold()
    parts = sorted(other for other in names if folded and folded in other)[:CLOSE]
    found = dict.fromkeys([*parts, *get_close_matches(folded, sorted(names), CLOSE, cutoff=0)])
    return ", ".join(printable(other) for other in list(found)[:CLOSE]) or "(none)"


def _named(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, msgspec.Struct):
        return {field: _named(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {key: _named(item) for key, item in value.items()}
    return [_named(item) for item in value] if isinstance(value, list | tuple) else value


def _when(time: int) -> str:
    return utc(time) if time >= 0 else "never"


def _open(known: Known) -> str:
    if not known.open_activities:
        return "no activities"
    more = f"; {known.open_not_kept:,} more counted, not kept" if known.open_not_kept else ""
    return f"{known.open_activities:,} activities, from {_when(known.open_from)} to {_when(known.open_to)}{more}"


def _values(profile: Profile) -> Iterator[tuple[object, ...]]:
    for name, values in sorted(profile.values.items()):
        known = sorted(values.seen.items(), key=lambda item: (-item[1].count, item[0]))
        for value, seen in known[:MOST]:
            yield name, value, f"{seen.count:,}", utc(seen.first), utc(seen.last)
        if len(known) > MOST:
            yield name, f"and {len(known) - MOST} more", f"{sum(seen.count for _, seen in known[MOST:]):,}", "", ""


def _rates(profile: Profile) -> Iterator[tuple[object, ...]]:
    for name, tally in sorted(profile.tallies.items()):
        if tally.window >= 0:
            yield name, f"{tally.usual():.1f}", tally.most, tally.windows, tally.last()


def _bursts(profile: Profile) -> Iterator[tuple[object, ...]]:
    for name, burst in sorted(profile.bursts.items()):
        if burst.count:
            yield name, burst.count, burst.among, utc(burst.start), utc(burst.last), ", ".join(burst.marks)


def _held(known: Known) -> Iterator[tuple[object, ...]]:
    for key, held in sorted(known.profile.held.items()):
        feature, _, value = key.partition("\0")
        until = "an analyst says otherwise" if held.refused else utc(held.since + known.hold)
        yield feature, value, utc(held.since), utc(held.last), held.count, held.detection, until


def _findings(known: Known) -> Iterator[tuple[object, ...]]:
    for said in known.findings:
        finding = said.statement
        why = f"taken back: {finding.reason}" if said.closed else finding.reason
        yield finding.detection, finding.severity, finding.risk, utc(finding.start), utc(finding.closes), why


def _alert_rows(known: Known) -> Iterator[tuple[object, ...]]:
    for alert in known.alerts:
        state = "closed" if alert.change == "close" else "final" if alert.final else "provisional"
        yield (
            alert.detection,
            alert.severity,
            alert.risk,
            utc(alert.created),
            len(alert.findings),
            state,
            alert.uid,
        )


def _table(columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column.endswith("(UTC)"))
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table
