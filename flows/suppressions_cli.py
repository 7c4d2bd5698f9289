"""`anput suppressions`: the rules there are, and what one would have hidden."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from activities.activity import User
from flows import settings as settings_
from flows.alerts_cli import Store, fail, opened
from flows.explain import at, mappings, printable, user_name, utc
from flows.printing import display
from flows.sinks.ocsf import FINDING, RELATED_USER
from stateful.finding import Comparison, Evidence, Finding, Severity
from stateful.suppression import Rules, Suppression

suppressions_app = typer.Typer(name="suppressions", help="Rules that hide findings.", no_args_is_help=True)

Config = Annotated[Path | None, typer.Option(help="Settings file. [default: anput.toml, if there]")]


@suppressions_app.command("list")
def list_rules(config: Config = None) -> None:
    """Lists the rules of the settings."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("name", "owner", "expires", "reason", "conditions"):
        table.add_column(name, overflow="fold")
    for rule in _settings(config).suppressions:
        cells = (rule.name, rule.owner, rule.expires or "never", rule.reason, _conditions(rule))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    display(table)


@suppressions_app.command("test")
def test_rule(
    rule: Annotated[str, typer.Option(metavar="FILE.toml|NAME", help="A file with one rule, or one of the settings.")],
    store: Store,
    config: Config = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002
) -> None:
    """Shows which alerts in a store a rule would have hidden: those all of whose findings it fits."""
    given = _rule(rule, config)
    try:
        rules = Rules([given])
    except ValueError as error:
        fail(str(error))
    with opened(store) as known:
        alerts = [alert for alert in known.latest() if alert.get("activity_name") != "Close"]
    hidden = [alert for alert in alerts if _hides(rules, alert)]
    if json:
        found = [{"uid": at(a, "finding_info.uid"), "title": at(a, "finding_info.title")} for a in hidden]
        typer.echo(msgspec.json.encode({"rule": given.name, "alerts": len(alerts), "hidden": found}).decode())
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("time (UTC)", "severity", "user", "title", "risk", "uid"):
        table.add_column(name)
    for alert in hidden:
        cells = (utc(alert["time"]), alert["severity"], user_name(alert), at(alert, "finding_info.title"))
        more = (alert["risk_score"], at(alert, "finding_info.uid"))
        table.add_row(*(Text(printable(cell)) for cell in (*cells, *more)))
    said = f"{given.name} would have hidden {len(hidden)} of {len(alerts)} alerts that are not closed"
    display(Group(table, Text(said)))


def _hides(rules: Rules, alert: Mapping[str, Any]) -> bool:
    count = next((tag["value"] for tag in mappings(alert, "finding_info.tags") if tag.get("name") == "users"), "0")
    findings = list(_findings(alert))
    return bool(findings) and all(rules.match(finding, lambda: int(count)) for finding in findings)


def _findings(alert: Mapping[str, Any]) -> list[Finding]:
    """What of its findings the stored alert still says. Its evidence is that of all of them."""
    user = alert["actor"]["user"]
    person = User(user["uid"], user.get("name", ""), user.get("email_addr", ""))
    evidence = tuple(
        Evidence(
            id=item.get("uid", ""),
            time=alert["start_time"],
            action=at(item, "api.operation") or "",
            app=at(item, "api.service.name") or "",
            ip=at(item, "src_endpoint.ip") or "",
            country=at(item, "src_endpoint.location.country") or "",
        )
        for item in mappings(alert, "evidences")
    )
    compared = tuple(
        Comparison(str(name), "", str(at(next(iter(mappings(baseline, "observations")), {}), "value") or ""))
        for analysis in mappings(alert, "anomaly_analyses")
        for baseline in mappings(analysis, "baselines")
        if (name := baseline.get("observation_parameter"))
    )
    types = at(alert, "finding_info.types") or []
    related = [item for item in mappings(alert, "finding_info.related_events") if item.get("type") == FINDING]
    many = any(item.get("type") == RELATED_USER for item in mappings(alert, "finding_info.related_events"))
    names = types[1:] if many and len(types) > 1 else types
    return [
        Finding(
            uid=item.get("uid", ""),
            tenant=at(alert, "metadata.tenant_uid") or "",
            detection=name,
            user=person,
            anchor="",
            start=item.get("first_seen_time", alert["start_time"]),
            end=item.get("last_seen_time", alert["end_time"]),
            closes=alert["end_time"],
            severity=Severity.LOW,
            risk=0,
            reason="",
            comparisons=compared,
            evidence=evidence,
        )
        for item in related
        for name in names
    ]


def _rule(text: str, config: Path | None) -> Suppression:
    if text.endswith(".toml"):
        try:
            return msgspec.convert(msgspec.to_builtins(msgspec.toml.decode(Path(text).read_bytes())), Suppression)
        except OSError as error:
            fail(f"{text}: expected a file with a rule: {error.strerror}")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            fail(f"{text}: expected a rule as in [[suppressions]], without that heading: {error}")
    rules = {rule.name: rule for rule in _settings(config).suppressions}
    if text not in rules:
        fail(f"expected a .toml file or a rule of the settings ({', '.join(rules) or 'there are none'}), found {text}")
    return rules[text]


def _settings(config: Path | None) -> settings_.Settings:
    environment = dict(os.environ)
    if config is not None:
        environment["ANPUT_CONFIG"] = str(config)
    try:
        return settings_.load(environment)
    except settings_.SettingsError as error:
        fail(str(error))


def _conditions(rule: Suppression) -> str:
    said = ("name", "reason", "owner", "expires")
    given = {name: value for name in rule.__struct_fields__ if name not in said and (value := getattr(rule, name))}
    return "; ".join(f"{name} {msgspec.json.encode(value).decode()}" for name, value in given.items())
