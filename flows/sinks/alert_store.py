"""The alert store: one SQLite file with every revision of every alert, for `anput alerts` and the console.

Tables have the layout of sqlitedict (`key TEXT PRIMARY KEY, value BLOB`), values are JSON text, nothing is pickled:

- `history`: sequence, 16 digits with leading zeros -> OCSF object of that revision;
- `alerts`: alert uid -> `{"sequence": N, "alert": <OCSF object>}`, the revision written last;
- `verdicts`, once there is one: alert uid -> the latest `flows.sources.verdicts.VerdictRecord` given here;
- `meta`: `format`; `sequence`, the last number given; `run:<sequence>` -> who wrote what comes after it.

Sequence numbers are never given twice, so a run that resumes can take back exactly what it wrote itself.
The journal is a write-ahead log: readers don't wait for the flow, the flow doesn't wait for readers.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import msgspec
from sqlitedict import SqliteDict, identity

from flows.sinks.encoding import encode_json
from flows.sinks.ocsf import with_verdict
from flows.sources.verdicts import VerdictRecord

FORMAT: Final = "anput-alerts/1"
TIMEOUT: Final = 30.0
"""Seconds to wait for another process that is writing."""

_TABLES: Final = ("history", "alerts", "meta")
_UID: Final = "json_extract(value, '$.finding_info.uid')"
_OWNER: Final = (
    "(SELECT meta.value FROM meta WHERE meta.key BETWEEN 'run:' AND 'run:' || history.key"
    " ORDER BY meta.key DESC LIMIT 1)"
)

# sqlitedict logs, with a stack, what it then raises: one report is enough.
logging.getLogger("sqlitedict").addHandler(logging.NullHandler())


class AlertStoreError(Exception):
    """The file is missing, unreadable, locked, or no alert store of this version. The message names it."""


class AlertNotFoundError(LookupError):
    """No alert, or more than one, has a uid that begins so."""


class AlertStore:
    """The alerts in one file. Not for use by several threads at once; any number of processes may read it."""

    def __init__(self, path: Path | str, mode: Literal["r", "w", "c"] = "r") -> None:
        """Opens the store.

        Args:
            path: The SQLite file. Two more, `-wal` and `-shm`, lie beside it while it is open.
            mode: As in `dbm.open`: `r` reads, `w` writes as well, `c` also creates the file if there is none.

        Raises:
            AlertStoreError: There is no such file (`r`, `w`) or folder (`c`), or it is not an alert store.
        """
        self.path = Path(path)
        self._mode = mode
        _prepare(self.path, create=mode == "c")
        try:
            # Not its flag "r": that leaks a connection and is no more read-only than "c". The table is there already.
            self._dict = SqliteDict(
                str(self.path),
                "history",
                flag="c",
                journal_mode="WAL",
                encode=identity,
                decode=identity,
                outer_stack=False,
            )
        except (sqlite3.Error, OSError, RuntimeError) as error:
            raise _unreadable(self.path, error) from error
        self._select(f"PRAGMA busy_timeout = {int(TIMEOUT * 1000)}")
        # sqlitedict turns syncing off; the flow's snapshots count on what was committed.
        self._select("PRAGMA synchronous = FULL")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file; what was appended is in it already."""
        self._dict.close()

    @property
    def sequence(self) -> int:
        """The number of the last revision or run; 0 in a new store. Never goes down."""
        return int(self._select("SELECT value FROM meta WHERE key = 'sequence'")[0][0])

    def append(self, records: Sequence[dict[str, Any]]) -> None:
        """Adds revisions (OCSF objects), all or none; the last one of each alert is its latest.

        Raises:
            AlertStoreError: The file can't be written.
        """
        with _Transaction(self) as transaction:
            sequence = self.sequence
            for record in records:
                sequence += 1
                text = encode_json(record).decode()
                transaction.add("INSERT INTO history VALUES (?, ?)", _key(sequence), text)
                transaction.add(
                    "REPLACE INTO alerts VALUES (?, ?)",
                    record["finding_info"]["uid"],
                    f'{{"sequence":{sequence},"alert":{text}}}',
                )
            transaction.add("UPDATE meta SET value = ? WHERE key = 'sequence'", str(sequence))

    def begin(self, run: str) -> None:
        """Notes that `run` wrote what is appended from now on, unless the last note says so already."""
        last = self._select("SELECT value FROM meta WHERE key LIKE 'run:%' ORDER BY key DESC LIMIT 1")
        if last == [(run,)]:
            return
        with _Transaction(self) as transaction:
            sequence = self.sequence + 1
            transaction.add("INSERT INTO meta VALUES (?, ?)", f"run:{_key(sequence)}", run)
            transaction.add("UPDATE meta SET value = ? WHERE key = 'sequence'", str(sequence))

    def has_run(self, run: str) -> bool:
        """Whether `run` ever wrote here."""
        return bool(self._select("SELECT 1 FROM meta WHERE key LIKE 'run:%' AND value = ? LIMIT 1", run))

    def truncate(self, sequence: int, run: str | None = None) -> None:
        """Takes back the revisions after `sequence`, of `run` only if given; alerts fall back to what is left.

        Raises:
            AlertStoreError: The file can't be written.
        """
        where = "key > ?" if run is None else f"key > ? AND {_OWNER} = ?"
        arguments = (_key(sequence),) if run is None else (_key(sequence), run)
        with _Transaction(self) as transaction:
            touched = self._select(f"SELECT DISTINCT {_UID} FROM history WHERE {where}", *arguments)
            transaction.add(f"DELETE FROM history WHERE {where}", *arguments)
            for (uid,) in touched:
                transaction.add("DELETE FROM alerts WHERE key = ?", uid)
                transaction.add(
                    "INSERT INTO alerts SELECT ?, '{\"sequence\":' || CAST(key AS INTEGER) || ',\"alert\":' || value"
                    f" || '}}' FROM history WHERE {_UID} = ? ORDER BY key DESC LIMIT 1",
                    uid,
                    uid,
                )

    def latest(self) -> Iterator[dict[str, Any]]:
        """Each alert's latest revision, closed ones too, by (time, uid), with the verdict given on it."""
        given = self.verdicts()
        for (text,) in self._select("SELECT value FROM alerts ORDER BY json_extract(value, '$.alert.time'), key"):
            yield self._judged(self._decode(text)["alert"], given)

    def get(self, prefix: str) -> dict[str, Any]:
        """The latest revision of the one alert whose uid is, or begins with, `prefix`.

        Raises:
            AlertNotFoundError: There is none, or more than one.
        """
        rows = self._select(
            "SELECT key, value FROM alerts WHERE substr(key, 1, length(?)) = ? ORDER BY key LIMIT 3", prefix, prefix
        )
        if not rows:
            msg = f"{self.path}: no alert has a uid that begins with {prefix!r}; `anput alerts list --all` shows them"
            raise AlertNotFoundError(msg)
        if len(rows) > 1 and rows[0][0] != prefix:
            msg = f"{self.path}: more than one alert has a uid that begins with {prefix!r}; give more of it"
            raise AlertNotFoundError(msg)
        return self._judged(self._decode(rows[0][1])["alert"], self.verdicts())

    def give(self, record: VerdictRecord) -> None:
        """Notes a verdict. It isn't part of the flow's history: the flow reads it from where verdicts are read.

        Raises:
            AlertStoreError: The file can't be written.
        """
        with _Transaction(self) as transaction:
            transaction.add("CREATE TABLE IF NOT EXISTS verdicts (key TEXT PRIMARY KEY, value BLOB)")
            transaction.add("REPLACE INTO verdicts VALUES (?, ?)", record.alert, msgspec.json.encode(record).decode())

    def verdicts(self) -> dict[str, VerdictRecord]:
        """The latest verdict given here on each alert."""
        if not self._select("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'verdicts'"):
            return {}
        rows = self._select("SELECT key, value FROM verdicts")
        return {uid: msgspec.convert(self._decode(text), VerdictRecord) for uid, text in rows}

    def _judged(self, alert: dict[str, Any], given: Mapping[str, VerdictRecord]) -> dict[str, Any]:
        record = given.get(alert["finding_info"]["uid"])
        return with_verdict(alert, record.verdict) if record else alert

    def history(self, uid: str) -> list[dict[str, Any]]:
        """All revisions of an alert, in the order written."""
        rows = self._select(f"SELECT value FROM history WHERE {_UID} = ? ORDER BY key", uid)
        return [self._decode(text) for (text,) in rows]

    def _decode(self, text: str) -> Any:
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, TypeError) as error:
            raise _unreadable(self.path, error) from error

    def _select(self, statement: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Rows of one statement, after all those queued before it have run."""
        try:
            return list(self._dict.conn.select(statement, arguments))
        except sqlite3.Error as error:
            raise _unreadable(self.path, error) from error


class _Transaction:
    """Statements that take effect together or not at all."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store

    def __enter__(self) -> Self:
        if self._store._mode == "r":
            msg = f"{self._store.path}: opened for reading, can't be written to; open it with mode 'w'"
            raise AlertStoreError(msg)
        self._store._select("BEGIN IMMEDIATE")
        return self

    def add(self, statement: str, *arguments: object) -> None:
        try:
            self._store._dict.conn.execute(statement, arguments)
        except sqlite3.Error as error:
            raise _unreadable(self._store.path, error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._roll_back()
            return
        try:
            # sqlitedict runs statements in its thread and goes on after one that failed: ask before committing,
            # and not through its commit(), which never returns if the commit itself fails.
            self._store._select("SELECT 1")
            self._store._select("COMMIT")
        except AlertStoreError:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        with suppress(AlertStoreError):  # SQLite has done so already after some errors, a full disk for one
            self._store._select("ROLLBACK")


def _prepare(path: Path, *, create: bool) -> None:
    """Checks that the file is an alert store before sqlitedict, which creates and alters what it opens, sees it."""
    if create and not path.parent.is_dir():
        msg = f"{path}: expected an existing folder to create the alert store in, found none; create {path.parent}"
        raise AlertStoreError(msg)
    if path.is_dir():
        msg = f"{path}: expected an alert store, found a folder; name the file that `anput detect` writes to"
        raise AlertStoreError(msg)
    if not path.exists() and not create:
        msg = f"{path}: expected an alert store, found no such file; name the one that `anput detect` writes to"
        raise AlertStoreError(msg)
    try:
        tables = _tables(path) if path.exists() else set()
        if not tables and create:
            _create(path)
            return
        found = _format(path) if tables.issuperset(_TABLES) else "another SQLite database" if tables else "no tables"
    except (sqlite3.Error, OSError) as error:
        raise _unreadable(path, error) from error
    if found != FORMAT:
        msg = (
            f"{path}: expected an alert store ({FORMAT}), found {found}; name the file that `anput detect` writes to, "
            "or read it with the version of Anput that wrote it"
        )
        raise AlertStoreError(msg)


def _tables(path: Path) -> set[str]:
    with closing(_read_only(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _format(path: Path) -> str:
    with closing(_read_only(path)) as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    return str(row[0]) if row else "no format"


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=TIMEOUT)


def _create(path: Path) -> None:
    with closing(sqlite3.connect(path, timeout=TIMEOUT, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (key TEXT PRIMARY KEY, value BLOB)")
        connection.execute(f"CREATE INDEX IF NOT EXISTS history_uid ON history ({_UID})")
        connection.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?), ('sequence', '0')", (FORMAT,))
        connection.execute("COMMIT")


def _unreadable(path: Path, error: Exception) -> AlertStoreError:
    return AlertStoreError(
        f"{path}: can't be used as an alert store: {error}; check that the file is the one `anput detect` writes to, "
        "that you may read and write it and its folder, and that no other program has locked it"
    )


def _key(sequence: int) -> str:
    return f"{sequence:016d}"
