from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.codec import Codec
from recovery.errors import DocumentError, NewerSchemaError, StateError
from recovery.layout import (
    IDENTITY_CODEC,
    Header,
    Identity,
    Keys,
    Settled,
    chain,
    content_digest,
    generation_key,
    generation_of,
    keys_of,
    prefix_end,
    root_checksum,
    value_digest,
)
from recovery.token import Token

GOLDEN = Path(__file__).parent / "golden"


class Place(msgspec.Struct, array_like=True):
    country: str
    first_seen: int
    last_seen: int


class Traveller(msgspec.Struct):
    """Version 3. Version 1 had `country: str`; version 2 `countries: list[str]` and `seen: int`."""

    name: str
    places: list[Place]
    risk: float = 0.0


def _one_to_two(document: dict[str, Any]) -> dict[str, Any]:
    return {"name": document["name"], "countries": [document["country"]], "seen": document["seen"]}


def _two_to_three(document: dict[str, Any]) -> dict[str, Any]:
    seen = document["seen"]
    return {"name": document["name"], "places": [[country, seen, seen] for country in document["countries"]]}


CODEC = Codec(Traveller, version=3, migrations={1: _one_to_two, 2: _two_to_three})

EXPECTED = {
    1: Traveller("ana", [Place("PT", 5, 5)]),
    2: Traveller("ana", [Place("PT", 5, 5), Place("ES", 5, 5)]),
    3: Traveller("ana", [Place("PT", 5, 9)], risk=0.5),
}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_golden_documents_of_every_version_load(version: int) -> None:
    """The files were written when that version was the present one, and never change."""
    data = (GOLDEN / f"traveller_v{version}.bin").read_bytes()
    assert CODEC.needs_migration(data) == (None if version == CODEC.version else version)
    assert CODEC.decode(data) == EXPECTED[version]


def test_the_present_version_is_written_as_its_golden_file() -> None:
    assert CODEC.encode(EXPECTED[3]) == (GOLDEN / "traveller_v3.bin").read_bytes()


def test_golden_store_rows() -> None:
    """Rows and tokens of layout 1, as stores in the field have them."""
    rows = {name: bytes.fromhex(row) for name, row in json.loads((GOLDEN / "store_v1.json").read_text()).items()}
    owner = Identity("c1u5", "profile", 42)
    keys = keys_of({b"b": b"2", b"a": b"1", b"gone": None})
    root = root_checksum(owner)
    content = content_digest(keys, [value_digest(b"1"), value_digest(b"2")])
    checksum = chain(root, 300, 7, content)
    token = Token(42, 300, 7, checksum)
    assert {
        "identity": IDENTITY_CODEC.encode(owner),
        "settled": msgspec.msgpack.encode(Settled(0, 0, root)),
        "header": msgspec.msgpack.encode(Header(7, content, checksum, 2, 1700000000.5)),
        "keys": msgspec.msgpack.encode(keys),
        "recent": generation_key(b"r", 300) + b"a",
        "token": token.encode(),
    } == rows
    assert IDENTITY_CODEC.decode(rows["identity"]) == owner
    assert Token.decode(rows["token"]) == token
    assert msgspec.msgpack.decode(rows["keys"], type=Keys) == Keys([b"a", b"b"], [b"gone"])


@given(st.builds(Traveller, st.text(), st.lists(st.builds(Place, st.text(), st.integers(0, 9), st.integers(0, 9)))))
def test_round_trip(document: Traveller) -> None:
    data = CODEC.encode(document)
    assert CODEC.needs_migration(data) is None
    assert CODEC.decode(data) == document
    assert CODEC.encode(CODEC.decode(data)) == data


@given(st.binary())
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    for prefix in (b"", b"\x00\x01", b"\x00\x02", b"\x00\x03"):
        try:
            CODEC.decode(prefix + data)
        except StateError as error:
            assert "Traveller document: expected" in str(error)


def test_a_newer_version_is_refused() -> None:
    for read in (CODEC.decode, CODEC.needs_migration):
        with pytest.raises(NewerSchemaError, match="expected a schema version up to 3; found version 4"):
            read(b"\x00\x04\x80")


def test_too_old_or_damaged_is_refused_with_the_path_of_the_fault() -> None:
    recent = Codec(Traveller, version=3, migrations={2: _two_to_three})
    with pytest.raises(DocumentError, match="expected a schema version from 2 to 3; found 0001"):
        recent.decode(b"\x00\x01\x80")
    with pytest.raises(DocumentError, match="found nothing"):
        CODEC.decode(b"")
    with pytest.raises(DocumentError, match="found 02"):
        CODEC.needs_migration(b"\x02")
    wrong = msgspec.msgpack.encode({"name": "ana", "places": [["PT", "x", 1]]})
    with pytest.raises(DocumentError, match=r"\$\.places\[0\]\[1\]"):
        CODEC.decode(b"\x00\x03" + wrong)
    for damaged in (b"\x81\xa4name\xa1\xff", b"\x81\xa1z" + b"\x91" * 100_000):
        for version in (b"\x00\x03", b"\x00\x01"):
            with pytest.raises(DocumentError):
                CODEC.decode(version + damaged)
    with pytest.raises(DocumentError, match="expected a document that migrates from version 1; found KeyError"):
        CODEC.decode(b"\x00\x01\x80")


def test_what_a_migration_returns_is_checked() -> None:
    wrong = Codec(Traveller, version=2, migrations={1: lambda document: {"name": 5}})
    with pytest.raises(DocumentError, match=r"schema version 1; found .*\$\.name"):
        wrong.decode(b"\x00\x01\x80")


@pytest.mark.parametrize(
    ("version", "migrations"), [(0, []), (3, [1]), (3, [2, 3]), (3, [0, 1, 2]), (1, [1]), (70000, [])]
)
def test_gaps_in_migrations_are_found_at_once(version: int, migrations: list[int]) -> None:
    with pytest.raises(ValueError, match="Traveller: expected .* one migration for each version"):
        Codec(Traveller, version, dict.fromkeys(migrations, _one_to_two))


def test_array_like_documents_may_grow_at_the_end() -> None:
    class Short(msgspec.Struct, array_like=True):
        a: int

    class Long(msgspec.Struct, array_like=True):
        a: int
        b: str = "new"

    short, long = Codec(Short, 1), Codec(Long, 1)
    assert long.decode(short.encode(Short(1))) == Long(1, "new")
    assert short.decode(long.encode(Long(1, "x"))) == Short(1)


@given(st.binary(), st.binary())
def test_prefix_end_bounds_exactly_the_keys_with_a_prefix(prefix: bytes, key: bytes) -> None:
    prefix, key = b"d" + prefix, b"d" + key
    assert (prefix <= key < prefix_end(prefix)) == key.startswith(prefix)
    assert prefix <= prefix + key < prefix_end(prefix)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.binary())
def test_rows_are_ordered_by_generation(one: int, two: int, key: bytes) -> None:
    assert (generation_key(b"r", one) < generation_key(b"r", two)) == (one < two)
    assert generation_of(generation_key(b"r", one) + key) == one
