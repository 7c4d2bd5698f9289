"""What backup and restore share: transfers at once, and being alone in a directory."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from recovery.errors import LockedError

CHUNK = 8 << 20
"""Bytes of a chunk, at most."""
CONCURRENCY = 8
"""Transfers at once; so many chunks are in memory at most."""

A = TypeVar("A")
B = TypeVar("B")


def parallel(function: Callable[[A], B], items: Sequence[A]) -> list[B]:
    """Results in order. The first failure ends it, as soon as what is under way has ended."""
    executor = ThreadPoolExecutor(CONCURRENCY)
    try:
        return list(executor.map(function, items))
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def working_directory(path: Path, what: str) -> Iterator[None]:
    """Make the directory `path` and be alone in it; remove what a crash left there, and in the end the directory.

    Raises:
        LockedError: Another process works in it.
    """
    path.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_at(descriptor, path):
            raise BlockingIOError  # it was removed by the one before, between opening and locking it
        clear(path)
        try:
            yield
        finally:
            shutil.rmtree(path, ignore_errors=True)
    except BlockingIOError:
        raise LockedError(path, f"no other {what} at work", "one", "Wait for it to end, or stop it.") from None
    finally:
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def clear(path: Path) -> None:
    """Delete all that is in a directory."""
    for entry in os.scandir(path):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry)
        else:
            Path(entry).unlink()
