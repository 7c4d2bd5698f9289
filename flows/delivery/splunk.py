"""Splunk's HTTP Event Collector: POSTs of several events, each acknowledged by status 200 with code 0.

Endpoint, event format and codes: https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector
and https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from flows.delivery.errors import Refused, Unavailable
from flows.delivery.http import Answer, Client, given_headers, origin, read_url, token
from flows.delivery.message import Message
from flows.settings import SettingsError, Splunk

FORM = "https://HOST:8088 or splunk-hec://HOST:8088"
SCHEME = "splunk-hec://"
TOKEN = "ANPUT_SPLUNK_TOKEN"  # noqa: S105  a variable's name
EVENT_PATH = "/services/collector/event"
LARGEST = 800_000
"""Bytes of a POST, at least one event: the collector's limit has been as low as 1,000,000 (`max_content_length`)."""

TAKEN, NO_DATA = 0, 5
UNAUTHORISED = (401, 403)


class Reply(msgspec.Struct, frozen=True):
    """The collector's answer."""

    code: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Collector:
    """A `Receiver`. It has taken what it answered with status 200 and code 0."""

    name: str
    batch: int
    retry_for: float
    client: Client
    settings: Splunk

    def deliver(self, messages: Sequence[Message]) -> None:
        """See `Receiver`."""
        body = b""
        for event in map(self._event, messages):
            if body and len(body) + len(event) > LARGEST:
                self._post(body)
                body = b""
            body += event
        self._post(body)

    def check(self) -> None:
        """Ask whether the token is known, by a POST without events.

        Raises:
            SettingsError: it isn't.
            Unavailable, Refused: the collector didn't say.
        """
        answer = self.client.request("POST", b"", {})
        if answer.status in UNAUTHORISED:
            msg = (
                f"setting splunk.token: expected a token that {self.client.origin} knows, found: {answer.told()}; "
                "check the token and that it is enabled"
            )
            raise SettingsError(msg)
        reply = _reply(answer)
        if reply is None or reply.code not in (TAKEN, NO_DATA):
            answer.check()
            msg = f"expected the answer of an HTTP Event Collector, found {answer.told()}"
            raise Unavailable(msg)

    def _event(self, message: Message) -> bytes:
        event: dict[str, object] = {
            "source": self.settings.source,
            "sourcetype": self.settings.sourcetype or f"anput:{message.kind}",
            "event": msgspec.Raw(message.body),
        }
        if message.time:
            event["time"] = message.time / 1000
        if self.settings.index:
            event["index"] = self.settings.index
        return msgspec.json.encode(event)

    def _post(self, body: bytes) -> None:
        answer = self.client.request("POST", body, {"Content-Type": "application/json"})
        answer.check()
        reply = _reply(answer)
        if reply is None or reply.code != TAKEN:
            # Something in between may answer 200 with a page of its own.
            msg = f"expected an acknowledgement with code 0, found {answer.told()}"
            raise Unavailable(msg)


def collector(text: str, settings: Splunk, where: str) -> Collector:
    """The collector of an address.

    Args:
        text: https://HOST:PORT, with or without the path of the endpoint, or splunk-hec://HOST:PORT.
        settings: of Splunk.
        where: the setting that has the address, for messages.

    Raises:
        SettingsError: the address or a setting is wrong, or the token missing.
    """
    url = read_url("https://" + text.removeprefix(SCHEME) if text.startswith(SCHEME) else text, where, FORM)
    if not (url.path or "").strip("/"):
        url = url._replace(path=EVENT_PATH)
    headers = given_headers(settings.headers, "setting splunk.headers")
    secret = token(settings.token, TOKEN, "setting splunk.token")
    if not secret:
        msg = f'setting splunk.token: expected {{ env = "VARIABLE" }} or {{ file = "PATH" }}, or variable {TOKEN}'
        raise SettingsError(msg)
    # A token with indexer acknowledgement wants a channel; others ignore it.
    channel = {"X-Splunk-Request-Channel": str(uuid.uuid4())}
    client = Client(
        url, settings, {"Authorization": f"Splunk {secret}", **channel, **headers}, "setting splunk.ca_file"
    )
    return Collector(f"splunk {origin(url)}", settings.batch, settings.retry_for, client, settings)


def _reply(answer: Answer) -> Reply | None:
    try:
        return msgspec.json.decode(answer.body, type=Reply)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


__all__ = ["Collector", "Refused", "collector"]
