"""The receivers over HTTP that the settings name."""

from __future__ import annotations

import structlog

from flows.delivery.errors import Refused, Unavailable
from flows.delivery.http import UntrustedError
from flows.delivery.message import ALERT
from flows.delivery.receiver import Receiver
from flows.delivery.splunk import Collector, collector
from flows.delivery.webhook import Webhook, webhook
from flows.destinations import Kind, kind_of
from flows.secret import resolve
from flows.settings import Secret, Settings, SettingsError
from flows.sinks.json_lines import LANES

WEBHOOK_STEP, SPLUNK_STEP = "alerts_webhook", "alerts_splunk"
"""Steps of the dataflow, and the settings with their addresses."""

logger = structlog.get_logger()


def alert_receivers(settings: Settings) -> dict[str, Receiver]:
    """Those that get alerts, by step.

    Raises:
        SettingsError: an address or a setting is wrong, or a secret missing.
    """
    found: dict[str, Receiver] = {}
    if url := _address(settings.alerts_webhook, WEBHOOK_STEP):
        found[WEBHOOK_STEP] = webhook(url, settings.webhook, f"setting {WEBHOOK_STEP}", ALERT)
    if url := _address(settings.alerts_splunk, SPLUNK_STEP):
        found[SPLUNK_STEP] = collector(url, settings.splunk, f"setting {SPLUNK_STEP}")
    return found


def lane_receivers(settings: Settings) -> dict[str, Receiver]:
    """Those that get lanes, by lane. Raises as `alert_receivers`."""
    found: dict[str, Receiver] = {}
    for lane in LANES:
        address, where = settings.lane(lane), f"setting lanes.{lane}"
        kind = kind_of(address, where)
        if kind is Kind.SPLUNK:
            found[lane] = collector(address, settings.splunk, where)
        elif kind is Kind.WEBHOOK:
            found[lane] = webhook(address, settings.webhook, where, lane)
    return found


def probe(receiver: Receiver) -> None:
    """Look whether a receiver can be used, without sending it anything. One that is away for now is only logged.

    Raises:
        SettingsError: it shows a certificate that isn't trusted, or doesn't know the token.
    """
    try:
        if isinstance(receiver, Collector):
            receiver.check()
        elif isinstance(receiver, Webhook):
            receiver.client.connect()
    except UntrustedError as error:
        msg = f"{receiver.name}: {error}; name the authority's certificate by ca_file in [webhook] or [splunk]"
        raise SettingsError(msg) from None
    except (Unavailable, Refused) as error:
        logger.warning("doesn't answer yet", receiver=receiver.name, reason=str(error))


def _address(given: str | Secret, setting: str) -> str:
    return resolve(given, f"setting {setting}") if isinstance(given, Secret) else given
