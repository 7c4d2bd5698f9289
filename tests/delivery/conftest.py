"""A real HTTP server on 127.0.0.1 that does to requests what a test tells it to."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from flows.delivery.message import Message

HEC_OK = b'{"text":"Success","code":0}'


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    """By the monotonic clock."""

    def events(self) -> list[dict[str, Any]]:
        """Of a collector: JSON objects one behind the other."""
        decoder, text, found, place = json.JSONDecoder(), self.body.decode(), [], 0
        while place < len(text):
            event, place = decoder.raw_decode(text, place)
            found.append(event)
        return found


@dataclass(frozen=True)
class Reply:
    """What the server does: it answers, or misbehaves."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    """Close the connection without an answer."""
    raw: bytes = b""
    """Write this, whatever it is, and close."""
    hang: float = 0
    """Seconds to wait before answering."""


Behaviour = Callable[[Request], Reply]


class Server:
    """Serves in a thread; `behave` decides each reply, `requests` has all that came."""

    def __init__(self, behave: Behaviour, certificate: trustme.LeafCert | None = None) -> None:
        self.behave, self.requests = behave, list[Request]()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.path, dict(self.headers), body, time.monotonic())
                server.requests.append(request)
                self._do(server.behave(request))

            do_GET = do_POST

            def _do(self, reply: Reply) -> None:
                time.sleep(reply.hang)
                if reply.raw or reply.drop:
                    self.wfile.write(reply.raw)
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.scheme = "https"
        self.port = self._server.server_port
        self.url = f"{self.scheme}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def bodies(self) -> list[bytes]:
        return [request.body for request in self.requests]


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers, and ends them with the test."""
    started: list[Server] = []

    def start(behave: Behaviour = lambda _: Reply(), certificate: trustme.LeafCert | None = None) -> Server:
        started.append(Server(behave, certificate))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def alerts(count: int, start: int = 0) -> list[Message]:
    return [
        Message("alert", b'{"n":%d}' % number, "acme", f"uid{number}", 1, 1_770_000_000_000 + number)
        for number in range(start, start + count)
    ]


def script(*replies: Reply) -> Behaviour:
    """These in turn, then 200 for all that follows."""
    left = list(replies)
    return lambda _: left.pop(0) if left else Reply(body=HEC_OK)


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def ok() -> Reply:
    """An acknowledgement of the collector."""
    return Reply(body=HEC_OK)
