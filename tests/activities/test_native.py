"""The native record: its laws, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities import native
from activities.activity import NO_RAW, Activity, Category, Device, Location, Object, Outcome, Raw, User, UserType
from activities.formats import parse_record
from activities.record import LIST_LIMIT, Rejected

RAW = Raw("logs", "a.jsonl", 7)
SMALLEST: dict[str, Any] = {"id": "1", "time": "2026-01-02T03:04:05Z", "user": "Alice", "action": "GetObject"}
FULL: dict[str, Any] = {
    **SMALLEST,
    "tenant": "acme",
    "ingested": 1_767_323_050_000,
    "user": {"id": "Alice", "name": "Alice A", "email": "a@example.com", "type": "app"},
    "category": "download",
    "outcome": "denied",
    "app": "drive",
    "impersonated": {"id": "Bob"},
    "ip": "2001:DB8::1",
    "location": {
        "country": "no", "city": "Oslo", "latitude": 59.9, "longitude": 10, "asn": 64496, "isp": "Net", "tags": ["vpn"],
    },
    "device": {"id": "d", "os": "Linux", "user_agent": "curl"},
    "session": "s",
    "objects": [{"type": "file", "name": "/a", "bytes": 5}, {}],
    "groups": ["g"],
    "unit": "u",
    "error": "AccessDenied",
    "tags": ["mfa", "external"],
}  # fmt: skip


def parse(record: object, tenant: str = "default") -> Activity | Rejected:
    return parse_record(json.dumps(record).encode(), "native", tenant, RAW)


def test_smallest() -> None:
    assert parse(SMALLEST, tenant="t") == Activity(
        tenant="t",
        id="1",
        time=1_767_323_045_000,
        ingested=0,
        user=User("alice", "Alice"),
        action="GetObject",
        category=Category.DOWNLOAD,
        source="native",
        raw=RAW,
    )


def test_full() -> None:
    assert parse(FULL) == Activity(
        tenant="acme",
        id="1",
        time=1_767_323_045_000,
        ingested=1_767_323_050_000,
        user=User("alice", "Alice A", "a@example.com", UserType.APP),
        action="GetObject",
        category=Category.DOWNLOAD,
        outcome=Outcome.DENIED,
        app="drive",
        impersonated=User("bob", "Bob"),
        ip="2001:db8::1",
        location=Location("NO", "Oslo", 59.9, 10.0, 64496, "Net", ("vpn",)),
        device=Device("d", "Linux", "curl"),
        session="s",
        objects=(Object("file", "/a", 5), Object()),
        groups=("g",),
        unit="u",
        error="AccessDenied",
        source="native",
        raw=RAW,
        tags=("mfa", "external"),
    )


def test_the_full_record_has_every_field() -> None:
    assert set(FULL) == set(Activity.__struct_fields__) - {"source", "raw"}


OPTIONAL = sorted(set(FULL) - set(SMALLEST))


@given(st.sets(st.sampled_from(OPTIONAL)))
def test_null_is_missing(names: set[str]) -> None:
    without = {name: value for name, value in FULL.items() if name not in names}
    assert parse({**FULL, **dict.fromkeys(names)}) == parse(without)


EXTRA: st.SearchStrategy[Any] = st.sampled_from([None, 1, "a", [[]], {"id": 1}])


@given(st.dictionaries(st.text(min_size=1, max_size=5).map("x_".__add__), EXTRA))
def test_unknown_fields_are_ignored(extra: dict[str, Any]) -> None:
    assert parse({**extra, **FULL, **extra}) == parse(FULL)


def test_user_and_id_forms() -> None:
    as_object = parse({**SMALLEST, "id": 1, "user": {"id": "Alice"}})
    assert as_object == parse(SMALLEST)
    numbered = parse({**SMALLEST, "user": {"id": 42}})
    assert isinstance(numbered, Activity)
    assert numbered.user == User("42", "42")


def test_users_written_in_several_cases_are_one() -> None:
    keys = {parse({**SMALLEST, "user": name}).user.id for name in ("ALICE@x.com", "alice@X.com ", "Alice@x.com")}  # type: ignore[union-attr]
    assert keys == {"alice@x.com"}


@pytest.mark.parametrize(
    ("fields", "category", "outcome"),
    [
        ({"action": "UserLoginFailed"}, Category.FAILED_LOGON, Outcome.FAILURE),
        ({"action": "login"}, Category.LOGON, Outcome.SUCCESS),
        ({"action": "login", "outcome": "failure"}, Category.FAILED_LOGON, Outcome.FAILURE),
        ({"action": "x", "category": "logon", "outcome": "denied"}, Category.FAILED_LOGON, Outcome.DENIED),
        ({"action": "x", "category": "failed_logon"}, Category.FAILED_LOGON, Outcome.FAILURE),
        ({"action": "x", "category": "logon", "outcome": "unknown"}, Category.LOGON, Outcome.UNKNOWN),
        ({"action": "DeleteObject", "category": "share"}, Category.SHARE, Outcome.SUCCESS),
        ({"action": "blorp"}, Category.OTHER, Outcome.SUCCESS),
    ],
)
def test_category_and_outcome(fields: dict[str, str], category: Category, outcome: Outcome) -> None:
    activity = parse({**SMALLEST, **fields})
    assert isinstance(activity, Activity)
    assert (activity.category, activity.outcome) == (category, outcome)


@pytest.mark.parametrize("category", Category)
def test_every_category_can_be_given(category: Category) -> None:
    activity = parse({**SMALLEST, "category": category.value})
    assert isinstance(activity, Activity)
    assert activity.category is category


def test_lists_and_texts_are_bounded() -> None:
    activity = parse(
        {
            **FULL,
            "objects": [{"name": "n" * 5000}] * 1000,
            "groups": [str(number) for number in range(1000)],
            "location": {"tags": ["t"] * 1000},
            "id": "i" * 5000,
            "user": "u" * 5000,
        }
    )
    assert isinstance(activity, Activity)
    assert len(activity.objects) == len(activity.groups) == len(activity.location.tags) == LIST_LIMIT
    assert len(activity.objects[0].name) == 1024
    assert len(activity.id) == len(activity.user.id) == 256


@pytest.mark.parametrize(
    ("fields", "path", "says"),
    [
        ({"id": ""}, "$.id", "isn't empty"),
        ({"id": None}, "$.id", "null"),
        ({"id": 2**64}, "$.id", "64 bits"),
        ({"id": True}, "$.id", "bool"),
        ({"time": None}, "$.time", "null"),
        ({"time": "soon"}, "$.time", "RFC 3339"),
        ({"time": 1_700_000_000}, "$.time", "looks like epoch seconds"),
        ({"time": {}}, "$.time", "object"),
        ({"ingested": "soon"}, "$.ingested", "RFC 3339"),
        ({"user": " "}, "$.user", "isn't empty"),
        ({"user": 7}, "$.user", "int"),
        ({"user": {}}, "$.user", "missing required field `id`"),
        ({"user": {"id": ""}}, "$.user.id", "isn't empty"),
        ({"user": {"id": "a", "name": 3}}, "$.user.name", "int"),
        ({"user": {"id": "a", "type": "robot"}}, "$.user.type", "person, service, app"),
        ({"impersonated": ""}, "$.impersonated", "isn't empty"),
        ({"action": ""}, "$.action", "isn't empty"),
        ({"category": "downloads"}, "$.category", "failed_logon"),
        ({"category": 3}, "$.category", "int"),
        ({"outcome": "ok"}, "$.outcome", "success, failure, denied, unknown"),
        ({"ip": "1.2.3.4:80"}, "$.ip", "IPv4 or IPv6"),
        ({"location": {"country": "Norway"}}, "$.location.country", "alpha-2"),
        ({"location": {"country": "N1"}}, "$.location.country", "alpha-2"),
        ({"location": {"latitude": 91}}, "$.location.latitude", "<= 90"),
        ({"location": {"longitude": -181}}, "$.location.longitude", ">= -180"),
        ({"location": {"asn": 2**32}}, "$.location.asn", "<= 4294967295"),
        ({"location": {"tags": [1]}}, "$.location.tags[0]", "int"),
        ({"objects": {}}, "$.objects", "object"),
        ({"objects": [{}, {"bytes": -1}]}, "$.objects[1].bytes", ">= 0"),
        ({"objects": [{"bytes": 1.5}]}, "$.objects[0].bytes", "float"),
        ({"objects": [{"bytes": 2**63}]}, "$.objects[0].bytes", "<="),
        ({"groups": ["a", None]}, "$.groups[1]", "null"),
        ({"device": "phone"}, "$.device", "str"),
        ({"country": "Norway"}, "$.country", "alpha-2"),
        ({"user_agent": 7}, "$.user_agent", "int"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(fields: dict[str, Any], path: str, says: str) -> None:
    result = parse({**SMALLEST, **fields})
    assert isinstance(result, Rejected)
    assert f"`{path}`" in result.reason
    assert says in result.reason
    assert result.raw == RAW


def test_place_and_user_agent_may_stand_at_the_top() -> None:
    flat = parse({**SMALLEST, "user_agent": "curl", "country": "no", "city": "Oslo"})
    assert isinstance(flat, Activity)
    assert (flat.device, flat.location) == (Device(user_agent="curl"), Location("NO", "Oslo"))
    both = parse({**FULL, "user_agent": "wget", "country": "SE", "city": "Malmö"})
    assert both == parse(FULL)


@pytest.mark.parametrize("name", SMALLEST)
def test_required_fields_are_named(name: str) -> None:
    result = parse({field: value for field, value in SMALLEST.items() if field != name})
    assert isinstance(result, Rejected)
    assert f"missing required field `{name}`" in result.reason
    assert "id, time, user, action" in result.reason


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(FULL)), json_values))
def test_any_value_of_any_field_is_read_or_refused(fields: dict[str, Any]) -> None:
    result = parse({**FULL, **fields})
    if isinstance(result, Activity):
        # What was let in can be stored, and comes back the same.
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=Activity) == result
        assert result.user.id
    else:
        assert "`$" in result.reason


def test_parts_that_repeat_are_read_once_and_shared() -> None:
    data = msgspec.json.encode(FULL)
    first, second = (native.parse(data, "t", NO_RAW) for _ in range(2))
    assert first == second
    assert first.user is second.user
    assert first.location is second.location
    assert first.device is second.device
    assert first.groups is second.groups


@pytest.mark.parametrize("nothing", ["-", "N/A", "unknown", " None ", "NULL"])
def test_what_stands_for_nothing_is_nothing(nothing: str) -> None:
    device = {"id": nothing, "os": nothing, "user_agent": nothing}
    activity = parse({**SMALLEST, "device": device, "session": nothing, "ip": nothing})
    assert isinstance(activity, Activity)
    assert (activity.device, activity.session, activity.ip) == (Device(), "", "")
    assert parse({**SMALLEST, "user_agent": nothing}) == parse(SMALLEST)
