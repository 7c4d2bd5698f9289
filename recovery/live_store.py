"""Copying and proving a key group's RocksDB while another process writes to it.

RocksDB's own checkpoint needs the process that has the store open. From outside, the same is had from what it
guarantees of its files (https://github.com/facebook/rocksdb/wiki/MANIFEST and .../Write-Ahead-Log-(WAL)):

- a table file (.sst) is never changed once the manifest names it, and is deleted only once that names it no longer;
- the manifest and a write-ahead log only grow; every beginning of them is a state that a crash could have left;
- a log is deleted only after the manifest says that its rows are in table files, and once the next log is begun,
  nothing is added to it any more.

So a hard link keeps a table whatever becomes of the original. All tables and logs are linked, then the manifest is
read, then those that came meanwhile are linked. The set is whole if no log was begun in that time: else it is done
again. A table that came and went in between shows when the copy is opened, and the copy is made again.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from rocksdict import AccessType, Options, Rdict

from recovery import rocks
from recovery.errors import SAME_BACKUP, CorruptStoreError, StoreMissingError
from recovery.history import read_history
from recovery.layout import Identity
from recovery.store import _check_history
from recovery.token import Token

CURRENT = "CURRENT"
ATTEMPTS = 10
PAUSE = 0.02
"""Seconds between attempts."""


def copy_proved(source: Path, target: Path, owner: Identity, token: Token) -> int:
    """Copy the store in `source`, open or not, to `target` and prove that the copy opens at `token`.

    Table files of the copy are links to the original's where the file system can; the rest is small.

    Args:
        source: The store.
        target: A directory, made anew.
        owner: Whose store it is.
        token: What it must be able to open at.

    Returns:
        How many generations the store had gone on since `token`.

    Raises:
        GenerationGoneError: The token's generation was collected meanwhile.
        StateError: The store is missing, damaged, or not the token's.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            _copy(source, target)
            return prove(target, owner, token)
        except CorruptStoreError as error:
            if attempt == ATTEMPTS:
                raise type(error)(source, error.expected, error.found, error.remedy) from error
            time.sleep(PAUSE)


def prove(path: Path, owner: Identity, token: Token) -> int:
    """Open a store for reading, as of `token`, as a run would; delete table files that it has no use for.

    Returns:
        How many generations it holds beyond `token`.

    Raises:
        StateError: It does not open, or not at `token`.
    """
    options = Options(raw_mode=True)
    try:
        database = Rdict(
            str(path), options, column_families={"default": options}, access_type=AccessType.read_only(False)
        )
        try:
            history = read_history(database, path, owner)
            live = {Path(table["name"]).name for table in database.live_files()}
        finally:
            with suppress(Exception):  # a damaged store may not close cleanly; the refusal says why
                database.close()
    except Exception as error:
        if type(error) is Exception:  # what RocksDict raises, without a class of its own
            raise rocks.refusal(path, error) from error
        raise
    _check_history(path, history, token)
    for table in path.glob("*.sst"):
        if table.name not in live:
            table.unlink()
    return history.newest - token.generation


def files_of(path: Path) -> list[Path]:
    """The files that a copied store needs; RocksDB and RocksDict make the others themselves."""
    return sorted(
        file
        for file in path.iterdir()
        if file.suffix in (".sst", ".log") or file.name.startswith(("MANIFEST", CURRENT))
    )


def _copy(source: Path, target: Path) -> None:
    if not rocks.exists(source):
        raise StoreMissingError(source, "a store", "no store", SAME_BACKUP)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    try:
        newest_log = _link_all(source, target)
        current = (source / CURRENT).read_bytes()
        manifest = source / current.decode("ascii", "replace").strip()
        (target / manifest.name).write_bytes(manifest.read_bytes())
        (target / CURRENT).write_bytes(current)
        if _link_all(source, target) != newest_log:
            raise CorruptStoreError(source, f"log {newest_log} to be the newest", "a newer one", SAME_BACKUP)
    except FileNotFoundError as error:
        # A store that is being opened replaces its manifest.
        raise CorruptStoreError(source, "the manifest that CURRENT names", str(error), SAME_BACKUP) from error
    # The newest first: it still grows, and what the others hold comes before it.
    for log in sorted(target.glob("*.log"), reverse=True):
        rows = log.read_bytes()
        log.unlink()
        log.write_bytes(rows)


def _link_all(source: Path, target: Path) -> str:
    """Link the tables and logs that are not linked yet; return the name of the newest log."""
    names = [entry.name for entry in os.scandir(source) if entry.name.endswith((".sst", ".log"))]
    for name in names:
        if not (target / name).exists():
            # Deleted since the listing: not needed by the manifest that is read after.
            with suppress(FileNotFoundError):
                _link(source / name, target / name)
    return max((name for name in names if name.endswith(".log")), default="none")


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # the file system has no hard links
        shutil.copyfile(source, target)
