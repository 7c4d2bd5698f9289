"""Anput's own JSON: one file, a record a line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from simulator.reading import tags_of
from simulator.record import Account, Event, native
from simulator.vendors.vendor import Recorded, Vendor

FILE = Path("activities.jsonl")
_encode = msgspec.json.Encoder().encode


def _record(event: Event, account: Account, uid: str, ingested: int, tenant: str) -> Recorded:
    return Recorded("", _encode(native(event, account, tenant, uid, ingested, tags_of(event, account, tenant))))


def vendor(tenant: str) -> Vendor:
    """All that the tenant's accounts do."""
    return Vendor(
        name="native",
        record=lambda event, account, uid, ingested: _record(event, account, uid, ingested, tenant),
        user=lambda account: account.user.id,
        resolution=1,
        window=0,
        root=lambda log: FILE,
        path=lambda log, begins, part: FILE,
        pack=lambda records: b"\n".join(records) + b"\n",
        most=0,
    )
