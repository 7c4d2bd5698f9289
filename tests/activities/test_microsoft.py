"""What Microsoft's formats share: one record in many spellings, one person in many logs, and hostile records."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.activity import Activity, Category, Raw
from activities.formats import parse_record
from activities.microsoft import client_address, fields, listed, pairs, time_of, usable
from activities.record import ID_LIMIT, LIST_LIMIT, TEXT_LIMIT, Rejected, Unreadable

RAW = Raw("logs", "a.json", 1)
SHARED = Path(__file__).parents[3] / "shared" / "data"
FIXTURES = Path(__file__).parents[1] / "fixtures" / "microsoft"
FORMATS = ("m365", "entra_signin", "entra_audit", "azure_activity")
RECORDS: dict[str, list[dict[str, Any]]] = {
    name: [json.loads(line)["record"] for line in (FIXTURES / f"{name}.jsonl").read_bytes().splitlines()]
    for name in FORMATS
}
OURS = "2f4a9838-26b7-47ee-be60-ccc1fdec5953"


def parse(record: object, fmt: str = "auto") -> Activity | Rejected:
    return parse_record(json.dumps(record).encode(), fmt, "default", RAW)


def read(record: object, fmt: str = "auto") -> Activity:
    result = parse(record, fmt)
    assert isinstance(result, Activity), result
    return result


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


SPELLINGS: dict[str, Callable[[str], str]] = {"lower": str.lower, "snake": snake, "pascal": pascal}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("fmt", "number"), [("m365", 10), ("m365", 11), ("entra_signin", 7), ("entra_audit", 11), ("azure_activity", 8)]
)
def test_the_spelling_of_keys_does_not_matter(fmt: str, number: int, spelling: str) -> None:
    record = RECORDS[fmt][number]
    renamed = {SPELLINGS[spelling](name): value for name, value in record.items()}
    assert renamed.keys() != record.keys() or fmt == "m365"
    assert read(renamed, fmt) == read(record, fmt)


@pytest.mark.parametrize("fmt", FORMATS)
def test_inner_objects_may_be_texts(fmt: str) -> None:
    for record in RECORDS[fmt]:
        as_texts = {
            name: json.dumps(value) if isinstance(value, dict | list) and value else value
            for name, value in record.items()
        }
        # A record without an id of its own is known by all of its bytes.
        expected, found = (msgspec.structs.replace(read(each, fmt), id="") for each in (record, as_texts))
        assert found == expected


@pytest.mark.parametrize("fmt", FORMATS)
def test_auto_knows_each_format(fmt: str) -> None:
    assert {read(record).source for record in RECORDS[fmt]} == {fmt}


def test_one_person_is_one_user_in_all_logs() -> None:
    m365 = {**RECORDS["m365"][10], "UserId": "ALICE@example.com"}
    azure = {**RECORDS["azure_activity"][8], "claims": {"upn": "alice@Example.com", "oid": "0a1b"}, "caller": "0a1b"}
    found = [read(record) for record in (m365, RECORDS["entra_signin"][7], RECORDS["entra_audit"][11], azure)]
    assert {activity.source for activity in found} == set(FORMATS)
    assert {activity.user.id for activity in found} == {"alice@example.com"}


def test_a_service_principal_is_one_user_in_all_logs() -> None:
    key = "7c2b5a90-3e44-4d1a-b6f7-0000000000b2"
    m365 = {**RECORDS["m365"][10], "UserId": f"ServicePrincipal_{key.upper()}", "UserType": 4}
    audit = {**RECORDS["entra_audit"][11], "initiatedBy": {"app": {"servicePrincipalId": key, "appId": "9f"}}}
    found = [read(record) for record in (m365, RECORDS["entra_signin"][9], audit, RECORDS["azure_activity"][9])]
    assert {activity.user.id for activity in found} == {key}


@pytest.mark.parametrize(
    ("written", "ip"),
    [
        ("198.51.100.7", "198.51.100.7"), ("198.51.100.7:52114", "198.51.100.7"), ("2001:DB8::0:1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"), ("::ffff:198.51.100.7", "198.51.100.7"),
        ("[::ffff:198.51.100.7]:443", "198.51.100.7"), (" 198.51.100.7 ", "198.51.100.7"), ("0.0.0.0", ""), ("::", ""),
        ("", ""), ("198.51.100.7:", ""), ("253.252.51.07", ""), ("<null>", ""), (None, ""), (7, ""), (["1.2.3.4"], ""),
    ],
)  # fmt: skip
def test_addresses(written: object, ip: str) -> None:
    assert client_address(written) == ip
    assert client_address(None, "", written) == ip


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2026-03-02T08:15:42", 1_772_439_342_000), ("2026-03-02T08:15:42Z", 1_772_439_342_000),
        ("2026-03-02 08:15:42.987654300", 1_772_439_342_987), ("2026-03-02T09:15:42+01:00", 1_772_439_342_000),
        ("2026-03-02T08:15:42.1234567Z", 1_772_439_342_123), (1_772_439_342_000, 1_772_439_342_000),
    ],
)  # fmt: skip
def test_a_time_without_an_offset_is_utc(written: object, time: int) -> None:
    assert time_of({"time": written}, ("createddatetime", "time"), "$.createdDateTime") == time


@pytest.mark.parametrize("written", [None, "", "2026-03-02", "03/02/2026 08:15", "2026-13-02T08:15:42", True, {}, []])
def test_no_time(written: object) -> None:
    with pytest.raises(Unreadable, match=r"`\$\.createdDateTime`"):
        time_of({"createddatetime": written}, ("createddatetime", "time"), "$.createdDateTime")


@pytest.mark.parametrize("nobody", ["", " ", "Not Available", "UNKNOWN", "N/A", "00000000-0000-0000-0000-000000000000"])
def test_what_names_nobody(nobody: str) -> None:
    assert usable(nobody) == usable(f" {nobody} ") == ""
    assert usable(f"{nobody}x") == f"{nobody}x".strip()


def test_the_first_key_that_says_something_counts() -> None:
    assert fields({"TenantId": "", "tenant_id": "a", "tenantid": "b"}) == {"tenantid": "a"}
    assert fields({"x" * 65: 1}) == fields("[1]") == fields("{") == fields(None) == {}


def test_names_and_values() -> None:
    expected = [("ForwardTo", "x"), ("Deep", '{"a":1}'), ("Flag", "True")]
    given_ = [("ForwardTo", "x"), ("Deep", {"a": 1}), ("Flag", True)]
    assert pairs([{"Name": name, "Value": value} for name, value in given_]) == expected
    assert pairs(json.dumps([{"key": name, "value": value} for name, value in given_])) == expected
    assert pairs(dict(given_)) == expected
    assert pairs("x") == pairs(None) == pairs([1, None, {"Name": 3}]) == []


def test_lists_are_bounded() -> None:
    assert len(listed(list(range(10_000)))) == 256
    assert listed({"a": 1}) == listed('{"a": 1}') == [{"a": 1}]


@pytest.mark.parametrize("fmt", FORMATS)
def test_the_order_of_keys_does_not_make_another_id(fmt: str) -> None:
    for record in RECORDS[fmt]:
        assert read(dict(reversed(record.items())), fmt).id == read(record, fmt).id


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, item in inner for place in places(item, (*path, key))]


def nested(depth: int) -> object:
    value: object = "x"
    for _ in range(depth):
        value = {"value": [value]}
    return value


DROP = object()
HOSTILE = st.one_of(
    st.just(DROP),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    st.sampled_from([10**400, -1, 2**64, 1e308, 0, ""]),
    st.sampled_from(["x" * 100_000, "\x00\x1b[2J\u202e", "a@" + "." * 50_000 + " ", "[" * 50_000, '{"a":' * 50_000]),
    st.sampled_from(["a_" * 40_000 + "#EXT#", "/providers/" * 9_000, "/" * 50_000, "Not Available", "-", "{}", "[]"]),
    st.sampled_from(
        ["0001-01-01T00:00:00Z", "2026-02-30T00:00:00", "9999-12-31T23:59:59.9999999Z", "2026-03-02T8:1:2"]
    ),
    st.sampled_from([nested(3), nested(200), [], {}, [None], [[]], {"value": None}, ["x"] * 5_000]),
)


def damaged(record: dict[str, Any], data: st.DataObject) -> dict[str, Any]:
    record = json.loads(json.dumps(record))
    # The deepest first, so that the way to each is still there.
    for path in sorted(data.draw(st.lists(st.sampled_from(places(record)), min_size=1, max_size=4)), key=len)[::-1]:
        inner: Any = record
        try:
            for step in path[:-1]:
                inner = inner[step]
            replacement = data.draw(HOSTILE)
            if replacement is DROP:
                del inner[path[-1]]
            else:
                inner[path[-1]] = replacement
        except (KeyError, IndexError):
            continue  # What it was in has just been dropped or moved.
    return record


@pytest.mark.parametrize("fmt", FORMATS)
@given(st.data())
def test_a_damaged_record_is_an_activity_or_rejected(fmt: str, data: st.DataObject) -> None:
    record = damaged(data.draw(st.sampled_from(RECORDS[fmt])), data)
    result = parse(record, fmt)
    if isinstance(result, Rejected):
        assert "`$" in result.reason
        return
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=Activity) == result
    assert result.user.id
    assert result.id
    assert result.tenant
    assert max(map(len, (result.tenant, result.id, result.user.id))) <= ID_LIMIT
    texts = (result.action, result.app, result.session, result.error, result.user.name, *result.groups)
    texts += (result.device.id, result.device.os, result.device.user_agent, result.location.city)
    texts += tuple(part for item in result.objects for part in (item.type, item.name))
    assert max(map(len, texts)) <= TEXT_LIMIT
    assert max(len(result.objects), len(result.groups)) <= LIST_LIMIT
    assert not any(character in each for each in texts for character in "\x00\x1b\u202e")


@pytest.mark.parametrize("fmt", FORMATS)
def test_other_formats_records_never_raise(fmt: str) -> None:
    results = [parse(record, fmt) for name in FORMATS if name != fmt for record in RECORDS[name]]
    assert all(isinstance(result, Activity | Rejected) for result in results)


def shared_records() -> list[tuple[str, bytes]]:
    """All records of Microsoft's logs in the shared data, each with the name of where it is from."""
    found: list[tuple[str, bytes]] = []
    for line in (SHARED / "panther-tests" / "events.jsonl").read_bytes().splitlines():
        test = json.loads(line)
        # Those that are of many vendors are about what Panther adds to any log.
        names = {name for name in test["logtypes"] if name.startswith(("Azure.", "Microsoft"))}
        if names and len(test["logtypes"]) == 1:
            found.append((f"panther {names.pop()}", json.dumps(test["event"]).encode()))
    for name in ("microsoft_audit_log", "azure_activity_log"):
        lines = (SHARED / "vendor-audit-lines" / f"{name}.jsonl").read_bytes().splitlines()
        found += [(name, line) for line in lines]
    lines = (SHARED / "entra-signins" / "entra-signins.jsonl").read_bytes().splitlines()
    found += [("entra-signins", line) for line in lines]
    folder = SHARED / "otrf-cloud" / "datasets" / "compound" / "GoldenSAMLADFSMailAccess"
    for name in ("AADAuditEvents", "OfficeActivityEvents"):
        with zipfile.ZipFile(folder / f"{name}.Zip") as archive:
            for member in archive.namelist():
                found += [(f"otrf {name}", line) for line in archive.read(member).splitlines() if line.strip()]
    return found


# What Panther's made-up events of Azure lack is an actor; with one they must be read, too.
ACTOR = {"identity": {"claims": {"name": "alice@example.com"}}}
# Logs of a resource (what is done in a storage account, in a cluster) and not of Azure Resource Manager.
RESOURCE_LOG = re.compile(rb'"(?:Storage(?:Read|Write|Delete)|kube-\w+|verb|objectKey)"|"(?:get|put|delete)blob', re.I)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the sample logs are not at {SHARED}")
def test_the_sample_logs_are_read_and_categorised() -> None:
    read_as: defaultdict[str, list[Activity]] = defaultdict(list)
    refused: Counter[str] = Counter()
    without_actor = 0
    for name, line in shared_records():
        result = parse_record(line, "auto", "default", RAW)
        if isinstance(result, Rejected) and "`$.caller`" in result.reason:
            without_actor += 1
            result = parse_record(json.dumps(json.loads(line) | ACTOR).encode(), "auto", "default", RAW)
        if isinstance(result, Rejected):
            assert result.reason.startswith("skipped: ") or RESOURCE_LOG.search(line), (name, result)
            refused[name] += 1
        elif not RESOURCE_LOG.search(line) or result.source in FORMATS:
            read_as[result.source].append(result)
    for source, found in sorted(read_as.items()):
        shares = {
            "user": sum(bool(each.user.id) for each in found),
            "category": sum(each.category is not Category.OTHER for each in found),
            "ip": sum(bool(each.ip) for each in found),
            "time": sum(each.time > 0 for each in found),
        }
        told = ", ".join(f"{name} {share / len(found):.0%}" for name, share in shares.items())
        print(f"{source}: {len(found)} records, {told}")
        assert shares["category"] >= 0.95 * len(found)
        assert shares["user"] == shares["time"] == len(found)
    print(f"given an actor: {without_actor}; refused: {dict(refused)}")
    assert set(read_as) == set(FORMATS)
