"""One HTTP request at a time, by urllib3: verified TLS, time-outs, proxies of the environment, bounded answers.

No redirect is followed: it would carry the token to somebody else.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from urllib.parse import unquote
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, LocationParseError
from urllib3.util import Retry, Timeout, Url, make_headers, parse_url

from flows.delivery.errors import Refused, Unavailable
from flows.secret import resolve
from flows.settings import Http, Secret, SettingsError

LARGEST_ANSWER = 65_536
"""Bytes of an answer that are read."""
SHOWN = 200
"""Characters of an answer that are shown."""
HTTP_PORT, HTTPS_PORT = 80, 443
OK, MULTIPLE_CHOICES, BAD_REQUEST, SERVER_ERROR = 200, 300, 400, 500
REQUEST_TIMEOUT, TOO_LARGE, TOO_MANY_REQUESTS = 408, 413, 429

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, 5.6.2: token."""
_HEADER_VALUE = re.compile(r"[\x20-\x7e\x80-\xff]*")
"""RFC 9110, 5.5, without tabs."""


class UntrustedError(Unavailable):
    """The server shows a certificate that isn't trusted: wrong settings, or somebody in between."""

    def __init__(self, server: str, problem: str) -> None:
        super().__init__(f"the certificate of {server} is not trusted: {problem}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered."""

    status: int
    body: bytes
    after: float
    """Seconds of Retry-After (RFC 9110, 10.2.3), 0 without one."""

    def check(self) -> None:
        """Judge the status (RFC 9110, 15): 2xx is taken, 408, 429 and 5xx may pass, all else won't.

        Raises:
            Unavailable, Refused: see there.
        """
        if OK <= self.status < MULTIPLE_CHOICES:
            return
        if self.status in (REQUEST_TIMEOUT, TOO_MANY_REQUESTS) or self.status >= SERVER_ERROR:
            raise Unavailable(self.told(), self.after)
        raise Refused(self.told(), perhaps_one=self.status in (BAD_REQUEST, TOO_LARGE))

    def told(self) -> str:
        """The status and the beginning of the body, in a line."""
        said = " ".join(self.body.decode("utf-8", "replace").split())
        said = "".join(char if char.isprintable() else "\ufffd" for char in said[:SHOWN])
        redirect = "; redirects are not followed" if MULTIPLE_CHOICES <= self.status < BAD_REQUEST else ""
        return f"HTTP {self.status}{': ' + said if said else ''}{redirect}"


class Client:
    """Requests to one URL."""

    def __init__(self, url: Url, settings: Http, headers: Mapping[str, str], where: str) -> None:
        """Nothing is connected yet.

        Args:
            url: `http` or `https`.
            settings: of the connection.
            headers: of each request.
            where: the setting, for messages.

        Raises:
            SettingsError: the file with certificates can't be used, or the proxy's URL.
        """
        self.origin = origin(url)
        self._url, self._timeout = url.url, settings.timeout
        self._headers = {"User-Agent": f"anput/{version('anput')}", **headers}
        self._context = _trusting(settings.ca_file, where)
        proxy = _proxy(url)
        options: dict[str, Any] = {"ssl_context": self._context, "retries": False, "maxsize": 1}
        try:
            self._pool: urllib3.PoolManager = (
                urllib3.ProxyManager(proxy, proxy_headers=_proxy_headers(proxy), **options)
                if proxy
                else urllib3.PoolManager(**options)
            )
        except (HTTPError, ValueError):
            msg = f"{where}: expected a proxy such as http://HOST:PORT in HTTPS_PROXY or HTTP_PROXY, found another text"
            raise SettingsError(msg) from None

    def request(self, method: str, body: bytes, headers: Mapping[str, str], path: str | None = None) -> Answer:
        """Send a request and read its answer.

        Raises:
            Unavailable: there was none in time.
            UntrustedError: the server's certificate isn't one that is trusted.
        """
        url = self._url if path is None else f"{self.origin}{path}"
        deadline = time.monotonic() + self._timeout
        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                headers={**self._headers, **headers},
                timeout=Timeout(connect=self._timeout, read=self._timeout),
                redirect=False,
                preload_content=False,
            )
            after = _seconds(response.headers.get("Retry-After", ""))
            answer = Answer(response.status, self._read(response, deadline), after)
        except HTTPError as error:
            if certificate := _certificate_error(error):
                raise UntrustedError(self.origin, certificate.verify_message) from None
            raise Unavailable(_reason(error)) from None
        except (OSError, ValueError) as error:
            raise Unavailable(f"{type(error).__name__}: {error}"[:SHOWN]) from None
        return answer

    def connect(self) -> None:
        """Connect, with TLS where the URL says so, and send nothing. Behind a proxy nothing is tried.

        Raises:
            Unavailable: that failed.
            UntrustedError: the server's certificate isn't one that is trusted.
        """
        if isinstance(self._pool, urllib3.ProxyManager):
            return
        url = parse_url(self._url)
        port = url.port or (HTTPS_PORT if url.scheme == "https" else HTTP_PORT)
        host = str(url.host).strip("[]")
        try:
            with socket.create_connection((host, port), self._timeout) as plain:
                if url.scheme == "https":
                    self._context.wrap_socket(plain, server_hostname=host).close()
        except ssl.SSLCertVerificationError as error:
            raise UntrustedError(self.origin, error.verify_message) from None
        except (OSError, ValueError) as error:
            raise Unavailable(f"{type(error).__name__}: {error}"[:SHOWN]) from None

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        """The beginning of the body. A status is there by now, and one that was taken stays so."""
        data = b""
        try:
            while len(data) < LARGEST_ANSWER and time.monotonic() < deadline:
                chunk = response.read1(LARGEST_ANSWER - len(data))
                if not chunk:
                    response.release_conn()
                    return data
                data += chunk
        except (HTTPError, OSError):
            pass
        response.close()
        return data


def read_url(text: str, where: str, form: str) -> Url:
    """A URL of HTTP.

    Args:
        text: the URL; it may hold a secret, and isn't repeated.
        where: the setting, for messages.
        form: what is expected, for messages.

    Raises:
        SettingsError: it isn't one.
    """
    try:
        url = parse_url(text)
    except LocationParseError:
        url = Url()
    usable = url.scheme in ("http", "https") and url.host and not set(text) & set(" \t\r\n\0")
    if not usable:
        msg = f"{where}: expected {form}, found another text; it isn't shown, since it may hold a secret"
        raise SettingsError(msg)
    if url.auth is not None:
        msg = f"{where}: expected {form}, found one with a user or password in it; give a token or headers instead"
        raise SettingsError(msg)
    return url


def origin(url: Url) -> str:
    """Scheme, host and port: what of a URL is no secret."""
    return Url(scheme=url.scheme, host=url.host, port=url.port).url


def given_headers(headers: Mapping[str, str | Secret], where: str) -> dict[str, str]:
    """Headers of the settings, secrets resolved.

    Raises:
        SettingsError: one is none, or its secret isn't there. No value is in the message.
    """
    found = {}
    for name, value in headers.items():
        text = resolve(value, f"{where}.{name}") if isinstance(value, Secret) else value
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            msg = f"{where}: expected a header's name and value of one line in Latin-1, found others at {name!r:.80}"
            raise SettingsError(msg)
        found[name] = text
    return found


def token(secret: Secret | None, variable: str, where: str) -> str:
    """The token, from where the settings say or else from `variable`; "" if neither gives one.

    Raises:
        SettingsError: it isn't where the settings say, or can't stand in a header.
    """
    if secret is None and not os.environ.get(variable):
        return ""
    found = resolve(secret or Secret(env=variable), where)
    if not _HEADER_VALUE.fullmatch(found):
        msg = f"{where}: expected a token of one line in Latin-1, found another text"
        raise SettingsError(msg)
    return found


def _trusting(ca_file: str, where: str) -> ssl.SSLContext:
    """Certificates and names are verified, against the system's authorities or those of a file."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        reason = "no certificates in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        msg = f"{where}: expected certificates in the file of ca_file, {ca_file}: {reason}"
        raise SettingsError(msg) from None


def _proxy(url: Url) -> str:
    """The proxy that the environment names for a URL, "" for none."""
    host = f"{url.host}:{url.port}" if url.port else str(url.host)
    if proxy_bypass(host):
        return ""
    return getproxies().get(url.scheme or "", "")


def _proxy_headers(proxy: str) -> Mapping[str, str] | None:
    auth = parse_url(proxy).auth
    return make_headers(proxy_basic_auth=unquote(auth)) if auth else None


def _seconds(retry_after: str) -> float:
    try:
        return Retry().parse_retry_after(retry_after) if retry_after else 0.0
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0


def _certificate_error(error: HTTPError) -> ssl.SSLCertVerificationError | None:
    cause: BaseException | None = error
    while cause is not None:
        for found in (cause, *cause.args):
            if isinstance(found, ssl.SSLCertVerificationError):
                return found
        cause = cause.__cause__ or cause.__context__
    return None


def _reason(error: HTTPError) -> str:
    """In a line; urllib3's own begins with the connection's address and port."""
    return " ".join(str(error).split())[:SHOWN] or type(error).__name__
