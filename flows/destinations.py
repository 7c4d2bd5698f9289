"""Destinations by address: a topic, an event hub, a webhook, Splunk's HTTP Event Collector, or else a directory."""

from __future__ import annotations

from enum import Enum

from flows.delivery.splunk import SCHEME as SPLUNK
from flows.kafka.address import is_address
from flows.settings import SCHEME, SettingsError


class Kind(Enum):
    """What an address is of."""

    FOLDER = "a directory"
    TOPIC = "kafka://HOST:PORT/TOPIC or eventhubs://NAMESPACE/HUB"
    WEBHOOK = "https://HOST/PATH"
    SPLUNK = "splunk-hec://HOST:PORT"


def kind_of(text: str, where: str) -> Kind:
    """What an address is of, by its scheme.

    Args:
        text: the address.
        where: the setting that has it, for messages.

    Raises:
        SettingsError: its scheme is none of those that are known.
    """
    if is_address(text):
        return Kind.TOPIC
    if text.startswith(SPLUNK):
        return Kind.SPLUNK
    scheme = SCHEME.match(text)
    if scheme is None:
        return Kind.FOLDER
    if scheme[1].lower() in ("http", "https"):
        return Kind.WEBHOOK
    known = ", ".join(kind.value for kind in Kind)
    msg = f"{where}: expected one of {known}, found the scheme {scheme[1]}://"
    raise SettingsError(msg)
