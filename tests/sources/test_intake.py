from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from activities.activity import Activity
from activities.enrich import Enricher
from activities.enrich_settings import EnrichmentSettings, Range
from flows.sources.intake import Intake, Keyed, Lane, PartitionState, RejectedBatch
from flows.sources.lines import Line, Position
from stateful.messages import Counts, LateBatch
from windowing.lateness import Limits
from windowing.watermark import END_OF_TIME, HOUR

ENRICHER = Enricher()
START = 1_770_000_000_000
GROUPS = 4


def intake(state: PartitionState | None = None) -> Intake:
    return Intake("in", "auto", "default", GROUPS, Limits(), 1_000_000, ENRICHER, state or PartitionState())


def record(number: int, time: int, **more: Any) -> bytes:
    return json.dumps({"id": f"r{number}", "time": time, "user": f"u{number % 5}", "action": "look"} | more).encode()


def as_lines(rows: list[bytes]) -> list[Line]:
    lines, offset = [], 0
    for number, row in enumerate(rows, 1):
        lines.append(Line("f.jsonl", number, offset, offset + len(row) + 1, row + b"\n"))
        offset += len(row) + 1
    return lines


def activities(batches: list[Keyed]) -> list[Activity]:
    return [activity for _, batch in batches for activity in batch.activities]


def drain(part: Intake, lines: list[Line], most: int = 1000) -> tuple[list[Keyed], list[Lane]]:
    for line in lines:
        part.feed(line)
    batches, lanes = [], []
    while part.pending:
        more, aside = part.judge(most, ended=True)
        batches += more
        lanes += aside
    return batches, lanes


def lane_records(lanes: list[Lane], kind: type[Any]) -> list[Any]:
    return [record for lane in lanes if isinstance(lane, kind) for record in lane.records]


rows = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 60), st.integers(-1, 30)).map(
            lambda pair: (
                lambda n: record(
                    n,
                    START + pair[0] * HOUR,
                    **({"ingested": START + (pair[0] + pair[1]) * HOUR} if pair[1] >= 0 else {}),
                )
            )
        ),
        st.sampled_from([b"", b"{", b"[]", b"null", b'{"Records":[1,2]}', b"\xff\xfe", b'{"id":1,"time":"x"}']).map(
            lambda data: lambda n: data
        ),
    ),
    max_size=40,
)


@given(rows)
def test_nothing_is_lost(makers: list[Callable[[int], bytes]]) -> None:
    part = intake()
    batches, lanes = drain(part, as_lines([make(n) for n, make in enumerate(makers)]))
    counts = part.state.counts
    taken, late = activities(batches), lane_records(lanes, LateBatch)
    assert len(taken) + len(late) + len(lane_records(lanes, RejectedBatch)) == counts.get("in", 0)
    assert len(late) == counts.get("late", 0)


@given(rows, st.data())
def test_batch_size_and_resume_change_nothing(makers: list[Callable[[int], bytes]], data: st.DataObject) -> None:
    """Judging in pieces, with a stop and a resume from the snapshot in between, is the same as at once."""
    lines = as_lines([make(n) for n, make in enumerate(makers)])
    whole, whole_lanes = drain(intake(), lines)
    part, read, taken = intake(), 0, []
    lanes: list[Lane] = []
    while read < len(lines) or part.pending:
        for _ in range(data.draw(st.integers(0, 12))):
            if read < len(lines):
                part.feed(lines[read])
                read += 1
        batches, aside = part.judge(data.draw(st.integers(1, 10)), ended=read == len(lines))
        taken += activities(batches)
        lanes += aside
        if data.draw(st.booleans()):
            state = msgspec.msgpack.decode(msgspec.msgpack.encode(part.state), type=PartitionState)
            part = intake(state)
            read = next((n for n, line in enumerate(lines) if line.offset >= state.position.offset), len(lines))
    assert sorted(taken, key=lambda a: a.id) == sorted(activities(whole), key=lambda a: a.id)
    for kind in (LateBatch, RejectedBatch):
        assert lane_records(lanes, kind) == lane_records(whole_lanes, kind)


def test_a_document_is_resumed_in_its_middle() -> None:
    document = b"[" + b",".join(record(n, START + n) for n in range(10)) + b"]"
    line = Line("f.json", 1, 0, len(document), document)
    part = intake()
    part.feed(line)
    first, _ = part.judge(4, ended=True)
    assert part.state.position == Position("f.json", 0, 0, 4)
    again = intake(msgspec.msgpack.decode(msgspec.msgpack.encode(part.state), type=PartitionState))
    rest, _ = drain(again, [line])
    assert sorted(a.id for a in activities(first + rest)) == sorted(f"r{n}" for n in range(10))
    assert again.state.position == Position("f.json", len(document), 1)


def test_a_forged_date_is_rejected_with_its_place_and_moves_nothing() -> None:
    """Timeline:

    event     START .. START+4ms   2098       START+5ms .. START+19ms
    emitted   on time              rejected   on time
    retained  the partition's time goes from 4 ms to 5 ms, as if the record weren't there
    """
    rows = [record(n, START + n) for n in range(20)]
    rows.insert(5, record(99, "2098-01-01T00:00:00Z"))  # type: ignore[arg-type]
    batches, lanes = drain(intake(), as_lines(rows))
    (rejected,) = lane_records(lanes, RejectedBatch)
    assert (rejected.raw.file, rejected.raw.line) == ("f.jsonl", 6)
    assert "$.time leaps" in rejected.reason
    assert len(activities(batches)) == 20


def test_a_record_from_the_future_is_rejected() -> None:
    """Timeline:

    event     START+1h, ingested at START
    emitted   rejected: 60 min ahead, 5 are tolerated
    retained  nothing: it moves no time
    """
    _, lanes = drain(intake(), as_lines([record(1, START + HOUR, ingested=START)]))
    (rejected,) = lane_records(lanes, RejectedBatch)
    assert rejected.reason.startswith("$.time is 60 min after the record was ingested; 5 min are tolerated")


def test_an_overlong_record_is_rejected_but_a_long_list_of_records_is_not() -> None:
    part = intake()
    part.record_limit = 500
    many = b"[" + b",".join(record(n, START + n) for n in range(50)) + b"]"
    batches, lanes = drain(part, as_lines([record(1, START, note="x" * 600), many]))
    (rejected,) = lane_records(lanes, RejectedBatch)
    assert "500 are read at most" in rejected.reason
    assert len(activities(batches)) == 50


def test_all_key_groups_hear_of_time_and_of_the_end() -> None:
    part = intake()
    batches, _ = drain(part, as_lines([record(n, START + n * HOUR) for n in range(3)]))
    assert {batch.group for _, batch in batches} == set(range(GROUPS))
    last, counts = part.finish(seal=True)
    assert [(batch.group, batch.watermark, batch.last) for _, batch in last] == [
        (group, END_OF_TIME, True) for group in range(GROUPS)
    ]
    delays = {"delay_p50_ms": 0, "delay_p95_ms": 0, "delay_p99_ms": 0}
    assert counts == [Counts("source/in", {"in": 3, "late": 0, "rejected": 0, "skipped": 0} | delays)]
    assert part.state.clock.floor == START + 2 * HOUR + 1


def test_without_ingest_time_the_partitions_clock_stands_in() -> None:
    """Timeline:

    event     START+1h               START
    emitted   ingested at START+1h   ingested at START+1h, an hour late
    retained  START+1h               START+1h
    """
    batches, _ = drain(intake(), as_lines([record(1, START + HOUR), record(2, START)]))
    assert {a.id: a.ingested for a in activities(batches)} == {"r1": START + HOUR, "r2": START + HOUR}


def test_delays_are_summed_up_across_a_resume() -> None:
    rows = [record(n, START + n, ingested=START + n + n * 1000) for n in range(101)]
    part = intake()
    drain(part, as_lines(rows[:50]))
    part = intake(msgspec.msgpack.decode(part.snapshot(), type=PartitionState))
    drain(part, as_lines(rows)[50:])
    ((counts,),) = [part.finish(seal=False)[1]]
    assert isinstance(counts, Counts)
    assert abs(counts.counts["delay_p50_ms"] - 50_000) <= 1000
    assert abs(counts.counts["delay_p99_ms"] - 99_000) <= 2000


def test_what_is_known_of_an_address_is_filled_in_and_may_change_between_batches(tmp_path: Path) -> None:
    """A file is in force when it has been the same at two looks, which are taken as batches are judged."""
    file, now = tmp_path / "offices.txt", [0.0]
    file.write_text("192.0.2.0/24")
    office = Range(name="HQ", category="office", files=(str(file),), country="DE")
    with Enricher(EnrichmentSettings(ranges=(office,), reload_interval=60), lambda: now[0]) as enricher:
        part = intake()
        part.enricher = enricher
        agent = {"user_agent": "curl/8.1"}
        lines = as_lines([record(n, START + n, ip="192.0.2.1", device=agent, ingested=START + n) for n in range(10)])
        for line in lines:
            part.feed(line)
        found = activities(part.judge(4, ended=True)[0])
        file.write_text("198.51.100.0/24")
        with capture_logs() as logs:
            for _ in range(3):
                now[0] += 60
                found += activities(part.judge(2, ended=True)[0])
    assert [one["event"] for one in logs] == ["enrichment_reloaded"]
    located = {one.id: one.location.country for one in found}
    assert located == {f"r{n}": "DE" if n < 6 else "" for n in range(10)}
    assert {one.device.family for one in found} == {"curl"}


def test_what_is_no_activity_is_counted_apart() -> None:
    part = intake()
    drain(part, as_lines([b'{"digestStartTime":"2026-01-05T00:00:00Z"}', b'{"id":7}']))
    assert {name: part.state.counts[name] for name in ("in", "rejected", "skipped")} == {
        "in": 2, "rejected": 2, "skipped": 1,
    }  # fmt: skip


def test_a_batch_of_one_record_still_looks_ahead() -> None:
    """Else a leap, as the first record of all is, would wait for records that are never read."""
    part, lines, taken = intake(), as_lines([record(n, START + n) for n in range(20)]), list[str]()
    while lines or part.pending:
        while lines and part.wants(1):
            part.feed(lines.pop(0))
        batches, _ = part.judge(1, ended=not lines)
        assert len(activities(batches)) == 1
        taken += [activity.id for activity in activities(batches)]
    assert taken == [f"r{n}" for n in range(20)]


def test_tenants_go_by_the_names_they_have_here() -> None:
    rows = [record(1, START, tenant="o-1a2b"), record(2, START, tenant="C03x"), record(3, START), b"{}"]
    part = intake()
    part.tenant_names = {"o-1a2b": "acme", "*": "rest"}
    batches, lanes = drain(part, as_lines(rows))
    assert {found.id: found.tenant for found in activities(batches)} == {"r1": "acme", "r2": "rest", "r3": "rest"}
    assert len(lane_records(lanes, RejectedBatch)) == 1
    part = intake()
    part.tenant_names = {"o-1a2b": "acme"}
    batches, _ = drain(part, as_lines(rows))
    assert {found.id: found.tenant for found in activities(batches)} == {"r1": "acme", "r2": "C03x", "r3": "default"}
