"""Files that enrichment reads while others may replace them."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import maxminddb

Signature = tuple[int, int, int, int]


class EnrichmentError(RuntimeError):
    """A database, a list or a range can't be used; the message names it and says what was expected and found."""


def signatures(paths: Iterable[Path]) -> dict[Path, Signature | None]:
    """What tells that a file is another one or was written: device, inode, size, time (ns); None: gone."""
    found: dict[Path, Signature | None] = {}
    for path in paths:
        try:
            stat = path.stat()
        except OSError:
            found[path] = None
        else:
            found[path] = stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
    return found


def open_mmdb(path: Path, *, copy: bool) -> maxminddb.Reader:
    """Opens an MMDB file, unpacking it if its name ends in `.gz`.

    Args:
        path: The file.
        copy: Map a private copy in the system's directory for temporary files. A file that is written over while it is
            mapped would give wrong answers, and end the process where it became shorter.

    Raises:
        OSError, ValueError, maxminddb.InvalidDatabaseError: It can't be read, or is none.
    """
    packed = path.suffix == ".gz"
    if not copy and not packed:
        return maxminddb.open_database(path)
    with (
        gzip.open(path) if packed else path.open("rb") as source,
        tempfile.NamedTemporaryFile(prefix="anput-", suffix=".mmdb") as private,
    ):
        shutil.copyfileobj(source, private, 1 << 20)
        private.flush()
        return maxminddb.open_database(private.name)
