"""Object storage by URL: a local folder, S3, Azure Blob Storage, Google Cloud Storage. Knows names and bytes.

Credentials, endpoints and `*_ALLOW_HTTP` come from the environment alone (`AWS_*`, `AZURE_*`, `GOOGLE_*`, as in
https://developmentseed.org/obstore), and so do time-outs. Failed requests are tried again by obstore.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

if TYPE_CHECKING:
    from obstore.store import ObjectStore

CLOUDS = ("s3", "az", "gs")
PAGE = 1000
"""Names per page of a listing."""

_FAILED = (BaseError, OSError, ValueError)

_DETAILS = re.compile(r"\s*Debug source:.*", re.DOTALL)
_BODY = re.compile(r"(status code: \d{3}[\w ]*).*?(?:<Code>(\w+)</Code>.*)?$", re.DOTALL)
_SECRETS = re.compile(r"(?<=://)[^/\s@]*@|\?[^\s'\"]*")
"""What an address may carry of credentials: user and password, and a query, where a SAS signature is."""


class BlobError(Exception):
    """The storage can't be reached, refuses, or has no such bucket. The message names the object, never a secret."""


class UrlError(ValueError):
    """The URL names no storage."""


@dataclass(frozen=True)
class Entry:
    """One object of a listing."""

    name: str
    size: int
    modified: datetime
    """By the storage's clock."""


class Blob:
    """Objects by name under one URL."""

    def __init__(self, url: str, *, create: bool = False) -> None:
        """Describe the storage; no request is made yet.

        Args:
            url: `s3://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`, `gs://BUCKET/PREFIX`, or a folder, `file://` or not.
            create: make the folder where there is none.

        Raises:
            UrlError: It is none of these, or holds credentials.
            BlobError: The folder isn't there, or the environment describes the storage wrongly.
        """
        self.url = url
        self._folder = _folder(url)
        with self._refusing(""):
            store = LocalStore(self._folder, mkdir=create) if self._folder else from_url(url)
        self._store: ObjectStore = store

    def where(self, name: str) -> str:
        """The object's address, for messages."""
        return f"{self.url.rstrip('/')}/{name}"

    def put(self, name: str, data: bytes) -> None:
        """Write an object, whole or not at all. In a folder it may be lost to a power cut until `flush`.

        Raises:
            BlobError: It was not written.
        """
        with self._refusing(name):
            obstore.put(self._store, name, data, use_multipart=False)

    def create(self, name: str, data: bytes) -> bool:
        """Write an object unless there is one; return whether it was written. It is on disk then.

        Raises:
            BlobError: Neither.
        """
        with self._refusing(name):
            try:
                obstore.put(self._store, name, data, mode="create")
            except AlreadyExistsError:
                return False
        self.flush()
        return True

    def flush(self) -> None:
        """Have all that was written on disk. Clouds promise that by themselves."""
        if self._folder is not None:
            os.sync()

    def get(self, name: str) -> bytes | None:
        """An object's content; None where there is no such object.

        Raises:
            BlobError: It could not be read.
        """
        with self._refusing(name):
            try:
                return obstore.get(self._store, name).bytes().to_bytes()
            except FileNotFoundError:
                return None

    def entries(self, prefix: str) -> list[Entry]:
        """All objects under a prefix that ends in a slash, by name.

        Raises:
            BlobError: They could not be listed.
        """
        with self._refusing(prefix):
            found = [meta for page in obstore.list(self._store, prefix, chunk_size=PAGE) for meta in page]
        return sorted((Entry(m["path"], m["size"], m["last_modified"]) for m in found), key=lambda entry: entry.name)

    def delete(self, names: Sequence[str]) -> None:
        """Delete objects; those that are gone already are no error.

        Raises:
            BlobError: They could not be deleted, or not all.
        """
        with self._refusing(names[0] if names else ""):
            try:
                obstore.delete(self._store, list(names))
            except FileNotFoundError:
                for name in names:
                    self._delete(name)

    def _delete(self, name: str) -> None:
        try:
            obstore.delete(self._store, name)
        except FileNotFoundError:
            return

    @contextmanager
    def _refusing(self, name: str) -> Iterator[None]:
        try:
            yield
        except _FAILED as error:
            msg = f"{self.where(name)}: {_without_secrets(str(error))}"
            # Without its cause, whose text holds requests and answers in full.
            raise BlobError(msg) from None


def _folder(url: str) -> Path | None:
    parts = urlsplit(url)
    if not parts.scheme and url:
        return Path(url).absolute()
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return Path(url2pathname(parts.path)).absolute()
    if parts.scheme in CLOUDS and parts.netloc and "@" not in parts.netloc and not parts.query and not parts.fragment:
        return None
    found = _SECRETS.sub("...", url)
    msg = (
        "expected a folder, file:///FOLDER, s3://BUCKET/PREFIX, az://CONTAINER/PREFIX or gs://BUCKET/PREFIX, with "
        f"credentials in the environment, not in the URL; found {found!r}"
    )
    raise UrlError(msg)


def _without_secrets(text: str) -> str:
    """An error of obstore in a line: without the answer's body, but with its code, and without addresses' queries."""
    text = _BODY.sub(lambda m: m[1] + (f" ({m[2]})" if m[2] else ""), _DETAILS.sub("", text))
    return " ".join(_SECRETS.sub("", text).split())
