"""Webhooks: an alert's revision is the body of a POST, records of a lane are JSON lines, some hundred a POST.

Whoever receives them de-duplicates by the headers `Anput-Uid` and `Anput-Revision`: the same pair is the same revision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.delivery.http import Client, given_headers, origin, read_url, token
from flows.delivery.message import ALERT, Message
from flows.settings import Http

FORM = "https://HOST/PATH"
TOKEN = "ANPUT_WEBHOOK_TOKEN"  # noqa: S105  a variable's name
RECORDS = 200
"""Records of a lane in a POST."""

JSON, JSON_LINES = "application/json", "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A `Receiver`. It has taken what it answered with 2xx."""

    name: str
    batch: int
    retry_for: float
    client: Client

    def deliver(self, messages: Sequence[Message]) -> None:
        """See `Receiver`."""
        first = messages[0]
        if first.kind == ALERT:
            headers = {"Content-Type": JSON, "Anput-Uid": first.uid, "Anput-Revision": str(first.revision)}
            body = first.body
        else:
            headers = {"Content-Type": JSON_LINES, "Anput-Lane": first.kind}
            body = b"".join(message.body + b"\n" for message in messages)
        self.client.request("POST", body, headers).check()


def webhook(text: str, settings: Http, where: str, kind: str) -> Webhook:
    """The webhook of a URL.

    Args:
        text: the URL.
        settings: of webhooks.
        where: the setting that has the URL, for messages.
        kind: of the messages that it will get.

    Raises:
        SettingsError: the URL or a setting is wrong, or a secret missing.
    """
    url = read_url(text, where, FORM)
    headers = given_headers(settings.headers, "setting webhook.headers")
    if secret := token(settings.token, TOKEN, "setting webhook.token"):
        headers = {"Authorization": f"Bearer {secret}", **headers}
    client = Client(url, settings, headers, "setting webhook.ca_file")
    return Webhook(f"webhook {origin(url)}", 1 if kind == ALERT else RECORDS, settings.retry_for, client)
