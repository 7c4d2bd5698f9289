"""Rows of exported tables as records: which lines are a header, what a row says.

A CSV file (RFC 4180; also with semicolons or tabs) is known by its header: the names of the vendors' columns. A row
becomes the JSON object that the same log is elsewhere: a name with dots is an object in an object, a cell that is JSON
is what it says, an empty cell is a missing field. So the parsers need not know of tables. Exports:

- Microsoft Purview, "Audit search": `RecordId,CreationDate,RecordType,Operation,UserId,AuditData,...`
- PowerShell, `Search-UnifiedAuditLog | Export-Csv`: `RecordType,CreationDate,UserIds,Operations,AuditData,...`, in
  older versions behind a line that begins with `#TYPE`.
- Log Analytics: the columns of the table; the portal writes `TimeGenerated [UTC]`.
- The Entra admin centre: `Date (UTC),Request ID,User,Username,...`.
- Excel writes a line such as `sep=;` before the header.
"""

from __future__ import annotations

import csv
import re
import sys
from dataclasses import dataclass

import msgspec

from activities.record import Unreadable
from activities.values import decoded

KNOWN = frozenset(
    "auditdata creationdate timegenerated createddatetime activitydatetime eventtime eventname eventid published "
    "eventtype activityname operationname operationnamevalue operation creationtime insertid protopayload methodname "
    "classuid timestamp @timestamp cloudtrailevent raw raweventdata action".split()
) | {"date (utc)"}
"""Columns that tell a log, in lower case without underscores; one of them must be there."""
PREAMBLE = ("#type ", "sep=")
"""How lines begin that may stand before the header, in lower case."""

_NAME = re.compile(r"[\w@][\w@.:/() \[\]-]{0,99}", re.ASCII)
_UTC = " [UTC]"
_DELIMITERS = ",;\t"
_MOST_COLUMNS = 1000
_QUOTE = b'"'

# The module's own limit is 128 KiB a cell; what is too long is judged before, by the record.
csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a table. One without a name, as of a row's number, is left out."""

    names: tuple[str, ...]
    delimiter: str

    def record(self, row: bytes) -> bytes:
        """A row as a JSON object; b"" where all its cells are empty.

        Raises:
            Unreadable: It has another number of cells than the header, or a quote in the wrong place.
            UnicodeDecodeError: It isn't UTF-8.
        """
        try:
            (cells,) = csv.reader([row.decode().rstrip("\r\n")], delimiter=self.delimiter, strict=True)
        except (csv.Error, ValueError) as error:
            if isinstance(error, UnicodeDecodeError):
                raise
            msg = f"expected a row of CSV, found {error or 'a line break outside of quotes'}"
            raise Unreadable(msg) from None
        if len(cells) != len(self.names):
            msg = f"expected {len(self.names)} cells, as in the header, found {len(cells)}"
            raise Unreadable(msg)
        record: dict[str, object] = {}
        for name, cell in zip(self.names, cells, strict=True):
            if cell and name:
                _put(record, name, _value(cell))
        return msgspec.json.encode(record) if record else b""


def is_preamble(line: bytes) -> bool:
    """Whether a line may stand before a header: blank, `#TYPE ...`, `sep=;`."""
    start = line.strip()[: max(map(len, PREAMBLE))].decode("utf-8", "replace").lower()
    return not start or start.startswith(PREAMBLE)


def header_of(line: bytes) -> Header | None:
    """The columns that a line names; None if it is no header of a known table."""
    if line[:1] in (b"{", b"["):
        return None
    try:
        written = line.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader([written], delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        names = tuple(cell.strip().removesuffix(_UTC) for cell in cells)
        if 1 < len(names) <= _MOST_COLUMNS and all(not name or _NAME.fullmatch(name) for name in names):
            if any(name.lower().replace("_", "") in KNOWN for name in names):
                return Header(names, delimiter)
    return None


def is_whole(row: bytes) -> bool:
    """Whether a row ends where it seems to: no quote is open (RFC 4180, 2.6 and 2.7)."""
    return row.count(_QUOTE) % 2 == 0


def _value(cell: str) -> object:
    if cell[0] in "{[" and cell[-1] in "}]":
        found = decoded(cell)
        return cell if found is None else found
    return cell


def _put(record: dict[str, object], name: str, value: object) -> None:
    """`client.ip` is the field `ip` of the object `client`; a name that is taken otherwise stays as it is."""
    *outer, last = name.split(".")
    inner = record
    for step in outer:
        found = inner.setdefault(step, {})
        if not isinstance(found, dict):
            record[name] = value
            return
        inner = found
    inner.setdefault(last, value)
