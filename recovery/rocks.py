"""RocksDB as the stores use it: small, many per process, and loud when damaged."""

from __future__ import annotations

import ctypes
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from rocksdict import (
    BlockBasedOptions,
    BottommostLevelCompaction,
    Cache,
    CompactOptions,
    DBCompressionType,
    Options,
    Rdict,
    RdictIter,
    WriteBufferManager,
    WriteOptions,
)

from recovery.errors import SAME_BACKUP, CorruptStoreError, LockedError, StateError

BLOCK_CACHE_BYTES = 64 << 20
"""Shared by all stores of the process. Small on purpose: hot users are cached decoded, above the store."""
WRITE_BUFFERS_BYTES = 256 << 20
"""Of all stores of the process together."""
WRITE_BUFFER_BYTES = 2 << 20
"""Per store; two at most, while one is being flushed."""
COMPACT_AT_FILES = 8
"""Flushed files that start a compaction. Many, as most of what is flushed is deleted before it would be compacted."""
BLOOM_BITS_PER_KEY = 10
BACKGROUND_JOBS = 2

M_MMAP_THRESHOLD = -3
"""Of malloc.h."""
LARGE_BLOCK_BYTES = 128 << 10
"""glibc's own threshold at the start, kept. Blocks of write buffers are twice as large."""

LOCK_SECONDS = 5.0
"""How long a store is awaited that another process holds: one just killed takes a moment to let go."""
RETRY_SECONDS = 0.05


def _write_options(sync: bool) -> WriteOptions:
    options = WriteOptions()
    options.sync = sync
    return options


SYNC = _write_options(sync=True)
"""The write-ahead log is on disk when the write returns."""
ASYNC = _write_options(sync=False)
"""On disk with the next synced write, in order."""


@cache
def _block_cache() -> Cache:
    return Cache(BLOCK_CACHE_BYTES)


@cache
def _write_buffers() -> WriteBufferManager:
    return WriteBufferManager(WRITE_BUFFERS_BYTES, False)


def limit_memory(limit: int) -> None:
    """Bound what all stores of the process take for caches and buffers, open ones too, to `limit` bytes, about."""
    _return_freed_memory()
    _block_cache().set_capacity(min(BLOCK_CACHE_BYTES, limit // 3))
    _write_buffers().set_buffer_size(min(WRITE_BUFFERS_BYTES, limit * 2 // 3))


@cache
def _return_freed_memory() -> None:
    """Have glibc give large blocks back to the system when they are freed, as write buffers are all the time.

    Left alone, its threshold rises with each one that is freed (mallopt(3), M_MMAP_THRESHOLD), until all of them stay
    with the process: as much again as all stores may take. Other C libraries do without.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)


@cache
def _options(create: bool) -> Options:
    _raise_file_limit()
    table = BlockBasedOptions()
    table.set_block_cache(_block_cache())
    table.set_cache_index_and_filter_blocks(True)
    table.set_bloom_filter(BLOOM_BITS_PER_KEY, False)
    table.set_format_version(5)
    options = Options(raw_mode=True)
    options.create_if_missing(create)
    options.set_block_based_table_factory(table)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_write_buffer_manager(_write_buffers())
    options.set_level_zero_file_num_compaction_trigger(COMPACT_AT_FILES)
    options.set_max_background_jobs(BACKGROUND_JOBS)
    # The rest makes opening cheap: no threads per open, no statistics, little logging.
    options.set_max_file_opening_threads(1)
    options.set_skip_stats_update_on_db_open(True)
    options.set_stats_dump_period_sec(0)
    options.set_stats_persist_period_sec(0)
    options.set_keep_log_file_num(1)
    options.set_max_log_file_size(1 << 20)
    return options


def _raise_file_limit() -> None:
    """Let the process open as many files as it may: 128 stores need more than the usual soft limit of 1,024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def exists(path: Path) -> bool:
    """Whether a RocksDB was created in `path`. Its last act of creation is naming the manifest in CURRENT."""
    return (path / "CURRENT").exists()


def has_data(path: Path) -> bool:
    """Whether `path` holds table files or write-ahead logs. RocksDB makes the first of them after CURRENT."""
    return any(path.glob("*.sst")) or any(path.glob("*.log"))


def open_database(path: Path, create: bool) -> Rdict:
    """Open the RocksDB in `path`, waiting up to `LOCK_SECONDS` for another holder to let go.

    Raises:
        LockedError: It is still held.
        CorruptStoreError: Its files are damaged.
        StateError: Anything else that RocksDB has against it.
    """
    options = _options(create)
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            # Options given by column family too, or RocksDict takes them from the store's own OPTIONS file.
            return Rdict(str(path), options, column_families={"default": options})
        except Exception as error:  # RocksDict raises nothing narrower
            if "LOCK:" not in str(error) or time.monotonic() > deadline:
                raise refusal(path, error) from error
        time.sleep(RETRY_SECONDS)


def refusal(path: Path, error: Exception) -> StateError:
    """What RocksDB's message means for the store in `path`. RocksDict has no error classes, only RocksDB's texts."""
    text = " ".join(str(error).split()).rstrip(".")
    if "LOCK:" in text:
        remedy = "Stop the other run that uses this directory, or wait for it to end."
        return LockedError(path, "no other process to hold the store", text, remedy)
    if text.startswith("IO error") and "No such file" not in text:
        remedy = "Look to the disk: free space, permissions, the limit of open files."
        return StateError(path, "the file system to serve the store", text, remedy)
    return CorruptStoreError(path, "intact files", text, SAME_BACKUP)


def cursor(database: Rdict, start: bytes) -> RdictIter:
    """At the first row with a key >= `start`. Sees the database as it is now, whatever is written later."""
    position = database.iter()
    position.seek(start)
    return position


def rows(position: RdictIter, end: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The rows from a cursor on with a key < `end`, in key order.

    Not RocksDict's `items()`, which ends early, without an error, at a damaged block. And not its upper bound, whose
    memory it lets go of while iterating (0.3.29).
    """
    while position.valid():
        key: bytes = position.key()
        if key >= end:
            return
        yield key, position.value()
        position.next()
    position.status()


def compact(path: Path) -> None:
    """Rewrite all tables of a store that is not open, so that what was deleted is in none of its files."""
    database = open_database(path, create=False)
    try:
        database.flush()
        options = CompactOptions()
        options.set_bottommost_level_compaction(BottommostLevelCompaction.force())
        database.compact_range(None, None, options)
    finally:
        database.close()
    # The manifest names the first and last key of tables that are gone; opening begins a new one.
    open_database(path, create=False).close()
