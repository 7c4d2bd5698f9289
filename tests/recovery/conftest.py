"""Object storage to back up to: a folder, an S3 server (moto), an Azure Blob server (Azurite); on this machine only."""

from __future__ import annotations

import base64
import fcntl
import hmac
import http.client
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

AZURITE = "3.35.0"
ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Not a secret: every Azurite has it."""
S3_SECRET = "not-to-be-seen"


@dataclass(frozen=True)
class Storage:
    """Where to back up to; each test takes a prefix of its own."""

    root: str
    environment: dict[str, str] = field(default_factory=dict)

    def url(self, prefix: str) -> str:
        return f"{self.root}/{prefix}"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Storage:
    return Storage(str(tmp_path_factory.mktemp("storage")))


@pytest.fixture(scope="session")
def s3() -> Iterator[Storage]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it logs each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("PUT", "/backups")
        assert connection.getresponse().status == 200
        environment = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": S3_SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
            "AWS_ALLOW_HTTP": "true",
        }
        yield Storage("s3://backups", environment)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    command = [_node(), str(_azurite() / "dist" / "src" / "blob" / "main.js")]
    command += ["--blobHost", "127.0.0.1", "--blobPort", "0", "--skipApiVersionCheck", "--disableTelemetry"]
    command += ["--location", str(tmp_path_factory.mktemp("azurite")), "--silent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            found = next(
                (m for line in server.stdout if (m := re.search(r"listens on http://127.0.0.1:(\d+)", line))), None
            )
            assert found, "Azurite ended without listening"
            _create_container(int(found[1]), "backups")
            environment = {
                "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
                "AZURE_STORAGE_ACCOUNT_KEY": AZURE_KEY,
                "AZURE_ENDPOINT": f"http://127.0.0.1:{found[1]}/{ACCOUNT}",
                "AZURE_ALLOW_HTTP": "true",
            }
            yield Storage("az://backups", environment)
        finally:
            server.terminate()


@pytest.fixture(params=["folder", "s3", "azure"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Each of them, with its credentials in the environment."""
    found: Storage = request.getfixturevalue(request.param)
    for name, value in found.environment.items():
        monkeypatch.setenv(name, value)
    return found


def _node() -> str:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip("Azurite needs node and npm, which are not installed here")
    return node


def _azurite() -> Path:
    """Azurite, installed beside the virtual environment's packages on first use."""
    home = Path(sys.prefix) / "azurite"
    home.mkdir(exist_ok=True)
    package = home / "node_modules" / "azurite"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (package / "package.json").exists():
            install = ["npm", "install", "--prefix", str(home), "--no-audit", "--no-fund", f"azurite@{AZURITE}"]
            done = subprocess.run(install, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode:
                pytest.skip(f"Azurite can't be installed by npm: {done.stderr[-300:]}")
    return package


def _create_container(port: int, name: str) -> None:
    """Signed with the shared key: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key"""
    path = f"/{ACCOUNT}/{name}?restype=container"
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
    canonical = "".join(f"{key}:{value}\n" for key, value in sorted(headers.items()))
    text = f"PUT{chr(10) * 12}{canonical}/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
    signature = base64.b64encode(hmac.digest(base64.b64decode(AZURE_KEY), text.encode(), sha256)).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("PUT", path, headers={**headers, "Authorization": f"SharedKey {ACCOUNT}:{signature}"})
    response = connection.getresponse()
    assert response.status == 201, response.read()
