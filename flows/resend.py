"""Dead letters once more, to the receivers of the settings or to another one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import typer

from flows import settings as settings_
from flows.delivery.errors import DeliveryError
from flows.delivery.message import ALERT
from flows.delivery.receiver import Receiver
from flows.delivery.resend import SUFFIX, resend
from flows.delivery.splunk import collector
from flows.delivery.webhook import webhook
from flows.destinations import Kind, kind_of
from flows.exit_codes import FAILED, OK, USAGE
from flows.receivers import alert_receivers, lane_receivers
from flows.settings import Settings, SettingsError

TO = "--to"


def run(dead_letters: Path | None, to: str | None, options: Mapping[str, str | None], config: Path | None) -> int:
    """Send the letters and say what came of it.

    Args:
        dead_letters: the file; None for that of the settings.
        to: the address to send all of them to; None for where they were to go.
        options: settings that the command line gave.
        config: the settings file, if another.

    Returns:
        The exit code: 0 all were taken, 1 some are left, 2 a setting is wrong or there is no file.
    """
    environment = dict(os.environ)
    if config is not None:
        environment["ANPUT_CONFIG"] = str(config)
    try:
        settings = settings_.load(environment, options)
        file = dead_letters or settings.dead_letters_file
        if not file.exists() and not file.with_name(file.name + SUFFIX).exists():
            msg = f"{file}: expected a file of dead letters, found none; name it by --dead-letters or --state"
            raise SettingsError(msg)
        total = resend(file, _receivers(settings), _only(to, settings) if to else None)
    except SettingsError as error:
        typer.echo(f"anput: {error}", err=True)
        return USAGE
    except DeliveryError as error:
        typer.echo(f"anput: {error}; the letters are in {file}{SUFFIX}", err=True)
        return FAILED
    kept = total.kept + total.unreadable
    left = f", {kept} left in {file}" if kept else ""
    unreadable = f" ({total.unreadable} of them no dead letters)" if total.unreadable else ""
    typer.echo(f"{total.sent} sent{left}{unreadable}")
    return FAILED if kept else OK


def _receivers(settings: Settings) -> dict[str, Receiver]:
    lanes = lane_receivers(settings)
    return alert_receivers(settings) | {f"lanes.{lane}": receiver for lane, receiver in lanes.items()}


def _only(text: str, settings: Settings) -> Receiver:
    """The receiver of `--to`. Letters of one file may be alerts and lanes: a webhook gets each by itself."""
    kind = kind_of(text, TO)
    if kind is Kind.SPLUNK:
        return collector(text, settings.splunk, TO)
    if kind is Kind.WEBHOOK:
        return webhook(text, settings.webhook, TO, ALERT)
    msg = f"{TO}: expected {Kind.WEBHOOK.value} or {Kind.SPLUNK.value}, found {text!r:.80}"
    raise SettingsError(msg)
