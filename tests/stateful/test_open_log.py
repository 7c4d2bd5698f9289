from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from activities.activity import Activity, Category, Device, Location, Object, Outcome, Raw, User
from stateful.open_log import OpenLog, StoredLog

START = 1_770_000_000_000
ids = st.one_of(
    st.uuids().map(str),
    st.uuids().map(lambda u: str(u).upper()),
    st.binary(min_size=1, max_size=20).map(bytes.hex),
    st.text(max_size=12),
)


@st.composite
def logs(draw: st.DrawFn) -> list[Activity]:
    rows = draw(st.lists(ids, max_size=25, unique=True))
    return [
        Activity(
            "t", name, START + draw(st.integers(-10**8, 10**8)), 0, User("u", draw(st.sampled_from("ab"))),
            draw(st.sampled_from(["Get", "Put"])), draw(st.sampled_from(list(Category))), Outcome.SUCCESS, "app",
            None, draw(st.sampled_from(["", "10.0.0.1"])), Location("DE"), Device("", "", "agent"), "s",
            (Object("file", draw(st.text(max_size=5)), 7),), ("g",), "unit", raw=Raw("p", "f", 1, 0),
            tags=draw(st.sampled_from([(), ("mfa",), ("mfa", "external")])),
        )
        for name in rows
    ]  # fmt: skip


def through(stored: StoredLog) -> tuple[OpenLog, list[Activity]]:
    return OpenLog.load(msgspec.msgpack.decode(msgspec.msgpack.encode(stored), type=StoredLog))


def without_arrival(activities: list[Activity]) -> list[Activity]:
    return [msgspec.structs.replace(a, ingested=a.time, raw=Raw()) for a in activities]


@given(logs())
def test_what_is_stored_comes_back_without_how_it_came(activities: list[Activity]) -> None:
    _, back = through(OpenLog().dump(activities))
    assert back == without_arrival(activities)


@given(logs(), st.data())
def test_a_log_that_grows_and_is_sealed_stores_what_it_holds(activities: list[Activity], data: st.DataObject) -> None:
    log, held = OpenLog(), []
    for activity in activities:
        held.append(activity)
        if data.draw(st.booleans()):
            held = held[data.draw(st.integers(0, len(held))) :]
        stored = log.dump(held)
        assert len(stored.operations) + len(stored.settings) <= 2 * len(held) + 16 * bool(held)
        reloaded, back = through(stored)
        assert back == without_arrival(held)
        if data.draw(st.booleans()):
            log, held = reloaded, back
    assert log.dump([]) == StoredLog()


def test_another_activity_of_the_same_id_replaces_the_row() -> None:
    log = OpenLog()
    one = Activity("t", "1", START, START, User("u"), "a")
    other = msgspec.structs.replace(one, action="b")
    log.dump([one])
    assert through(log.dump([other]))[1] == [other]


def test_an_ordinary_activity_takes_at_most_60_bytes() -> None:
    """A working day of a user, as the simulator writes it: two places, two devices, files with long names."""
    activities = [
        Activity(
            "acme", f"{n:024x}", START + n * 611_000, 0, User("ada@acme.example", "Ada Lovelace", "ada@acme.example"),
            ("FileViewed", "FileDownloaded", "MailSend")[n % 3], Category.READ, Outcome.SUCCESS, "SharePoint Online",
            None, ("87.128.0.10", "91.0.0.7")[n // 40], Location("DE", "Berlin", 52.52, 13.405, 3320, "Telekom"),
            Device("LT-1FE5A10B", "Windows 11", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/143.0"),
            f"session-{n // 40}", (Object("file", f"Quarterly report {n}.xlsx", 123_456),), ("finance",), "finance",
        )
        for n in range(80)
    ]  # fmt: skip
    assert len(msgspec.msgpack.encode(OpenLog().dump(activities))) / 80 <= 66
