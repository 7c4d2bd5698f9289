from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windowing.lateness import LOOK_AHEAD, Limits, PartitionClock, Timing
from windowing.watermark import BEFORE_TIME, END_OF_TIME, HOUR, GroupWatermark

LIMITS = Limits()
NOW = 1_770_000_000_000


def judge_all(records: list[tuple[int, int]], clock: PartitionClock | None = None) -> list[Timing]:
    """Verdicts on (event, ingested) records of one whole log."""
    clock = clock or PartitionClock()
    verdicts = []
    for n, (event, ingested) in enumerate(records):
        following = [i or e for e, i in records[n + 1 : n + 1 + LOOK_AHEAD]]
        verdicts.append(clock.judge(event, ingested, following, LIMITS))
    return verdicts


def test_too_late_and_from_the_future_are_judged_from_the_record_itself() -> None:
    """Timeline (ingested at NOW each):

    event     NOW-24h   NOW-24h-1ms   NOW       NOW+5min   NOW+5min+1ms
    emitted   on time   too late      on time   on time    from the future
    retained  the partition's time: NOW all along; a date from the future does not move it
    """
    day, tolerance = 24 * HOUR, 5 * 60_000
    events = [NOW - day, NOW - day - 1, NOW, NOW + tolerance, NOW + tolerance + 1]
    assert judge_all([(event, NOW) for event in events]) == [
        Timing.ON_TIME,
        Timing.TOO_LATE,
        Timing.ON_TIME,
        Timing.ON_TIME,
        Timing.FROM_THE_FUTURE,
    ]


def test_without_ingest_times_the_running_maximum_stands_in() -> None:
    """Timeline (no ingest times):

    event     NOW       NOW+10h   NOW-14h   NOW-14h-1ms
    emitted   on time   on time   on time   too late: 24 h and 1 ms behind NOW+10h
    retained  NOW       NOW+10h   NOW+10h   NOW+10h
    """
    events = [NOW, NOW + 10 * HOUR, NOW - 14 * HOUR, NOW - 14 * HOUR - 1]
    assert judge_all([(event, 0) for event in events]) == [Timing.ON_TIME] * 3 + [Timing.TOO_LATE]


def test_a_forged_date_does_not_move_time() -> None:
    """Timeline, in a log with and without ingest times; then with the forged one as its first record:

    event     NOW       NOW+1h    2096               NOW+1h    NOW+1h+1ms ...
    emitted   on time   on time   unconfirmed leap   on time   on time
    retained  NOW       NOW+1h    NOW+1h             NOW+1h    NOW+1h+1ms
    """
    forged = NOW + 70 * 365 * 24 * HOUR
    for ingested in (False, True):
        events = [NOW, NOW + HOUR, forged, *(NOW + HOUR + n for n in range(20))]
        records = [(event, event if ingested else 0) for event in events]
        assert judge_all(records) == [Timing.ON_TIME] * 2 + [Timing.UNCONFIRMED_LEAP] + [Timing.ON_TIME] * 20
    first = judge_all([(forged, 0), *((NOW + n, 0) for n in range(20))])
    assert first == [Timing.UNCONFIRMED_LEAP] + [Timing.ON_TIME] * 20


def test_a_quiet_weekend_is_not_a_forgery() -> None:
    """Timeline:

    event     NOW       NOW+60h              NOW+61h   NOW+200h, the last of the log
    emitted   on time   on time: it is       on time   on time: nothing speaks against it,
                        followed by NOW+61h            but nothing confirms it either
    retained  NOW       NOW+60h              NOW+61h   NOW+61h: time waits for what comes next
    """
    records = [(NOW, 0), (NOW + 60 * HOUR, 0), (NOW + 61 * HOUR, 0), (NOW + 200 * HOUR, 0)]
    clock = PartitionClock()
    assert judge_all(records, clock) == [Timing.ON_TIME] * 4
    # The last leap has nothing behind it that would confirm it: taken, but time stays.
    assert clock.high == NOW + 61 * HOUR


def test_a_log_that_is_not_in_the_order_of_its_ingest_times_is_late_behind_its_watermark() -> None:
    """Timeline (each ingested when it happened):

    event     NOW       NOW+30h   NOW+1h                          NOW+30h
    emitted   on time   on time   too late: the watermark is at   on time
                                  NOW+6h already
    retained  NOW       NOW+30h   NOW+30h                         NOW+30h
    """
    records = [
        (NOW, NOW),
        (NOW + 30 * HOUR, NOW + 30 * HOUR),
        (NOW + HOUR, NOW + HOUR),
        (NOW + 30 * HOUR, NOW + 30 * HOUR),
    ]
    assert judge_all(records)[2] is Timing.TOO_LATE


def test_what_an_ended_run_sealed_stays_sealed() -> None:
    """Timeline:

    event     NOW       NOW+1ms   | the run ends, all is sealed |   NOW+1ms    NOW+2ms
    emitted   on time   on time                                     too late   on time
    retained  floor: none         floor: NOW+2ms
    """
    clock = PartitionClock()
    judge_all([(NOW, 0), (NOW + 1, 0)], clock)
    clock.close(NOW + 1)
    assert judge_all([(NOW + 1, 0), (NOW + 2, 0)], clock) == [Timing.TOO_LATE, Timing.ON_TIME]


@given(st.lists(st.tuples(st.integers(0, 60 * HOUR), st.integers(0, 30 * HOUR)), max_size=40))
def test_nothing_that_is_on_time_is_behind_the_watermark(rows: list[tuple[int, int]]) -> None:
    """What was judged on time is never older than the watermark was then: sealing can't have passed it."""
    arrivals = sorted((NOW + event + delay, NOW + event) for event, delay in rows)
    clock = PartitionClock()
    for n, (ingested, event) in enumerate(arrivals):
        before = clock.watermark(LIMITS)
        following = [i for i, _ in arrivals[n + 1 : n + 1 + LOOK_AHEAD]]
        verdict = clock.judge(event, ingested, following, LIMITS)
        assert clock.watermark(LIMITS) >= before
        if verdict is Timing.ON_TIME:
            assert event >= clock.watermark(LIMITS)
        if verdict is Timing.TOO_LATE:
            assert ingested - event > LIMITS.allowed_lateness


def test_a_key_groups_watermark_is_the_least_of_its_partitions() -> None:
    """Timeline:

    a         5 h                                                            ended
    b                         2 h 1 ms   1 h (never back)   ended
    group     nothing known   2 h 1 ms   2 h 1 ms           5 h              ended: all is sealed
    sealed    nothing         2 h        2 h                5 h              all
    retained  at the end nothing: the next run may continue both
    """
    group = GroupWatermark(["a", "b"])
    group.advance("a", 5 * HOUR)
    assert group.value == BEFORE_TIME
    group.advance("b", 2 * HOUR + 1)
    assert (group.value, group.seal) == (2 * HOUR + 1, 2 * HOUR)
    group.advance("b", HOUR)
    assert group.value == 2 * HOUR + 1
    group.advance("b", END_OF_TIME)
    assert group.value == 5 * HOUR
    group.advance("a", END_OF_TIME)
    assert group.seal == END_OF_TIME
    assert group.stored() == {}


def test_an_idle_partition_is_not_waited_for_until_it_speaks_again() -> None:
    """Timeline:

    a         5 h          6 h   .     idle
    b         2 h   idle         3 h         idle
    group     2 h   5 h    6 h   6 h   6 h   6 h    when b speaks again it is late: time does not go back
    retained  of each partition the furthest that it came to
    """
    group = GroupWatermark(["a", "b"])
    group.advance("a", 5 * HOUR)
    group.advance("b", 2 * HOUR)
    assert group.value == 2 * HOUR
    group.advance("b", 2 * HOUR, idle=True)
    assert group.value == 5 * HOUR
    group.advance("a", 6 * HOUR)
    assert group.value == 6 * HOUR
    group.advance("b", 3 * HOUR)
    assert group.value == 6 * HOUR
    group.advance("a", 6 * HOUR, idle=True)
    group.advance("b", 3 * HOUR, idle=True)
    assert group.value == 6 * HOUR


@pytest.mark.parametrize("order", ["abc", "cba", "bca"])
def test_where_all_are_idle_time_is_where_the_furthest_is_whoever_fell_silent_last(order: str) -> None:
    """Timeline:

    a         5 h   idle
    b         2 h   idle
    c         -     idle
    group     -     5 h, whichever comes last
    retained  5 h of a, 2 h of b
    """
    group = GroupWatermark("abc")
    group.advance("a", 5 * HOUR)
    group.advance("b", 2 * HOUR)
    for name in order:
        group.advance(name, BEFORE_TIME, idle=True)
    assert group.value == 5 * HOUR
    ended = GroupWatermark("ab")
    ended.advance("a", END_OF_TIME, idle=True)
    ended.advance("b", 2 * HOUR, idle=True)
    assert ended.value == 2 * HOUR


def test_a_partition_that_continues_after_its_end_holds_the_group_back_again() -> None:
    """Timeline (of an earlier run 3 h are known of a, 9 h of a partition that is no input any more):

    a         2 h                  ended   | the next run |
    group     3 h: never back      ended   nothing known: a is waited for
    retained  a's 3 h              nothing
    """
    group = GroupWatermark(["a"], known={"a": 3 * HOUR, "gone": 9 * HOUR})
    group.advance("a", 2 * HOUR)
    assert group.value == 3 * HOUR
    group.advance("a", END_OF_TIME)
    assert GroupWatermark(["a"], known=group.stored()).value == BEFORE_TIME
