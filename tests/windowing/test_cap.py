from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from windowing.cap import HourlyCap, rank
from windowing.watermark import HOUR


def keep(limit: int, order: list[tuple[int, str]]) -> tuple[set[str], dict[int, int]]:
    cap, held = HourlyCap(limit, [], {}), set()
    for time, name in order:
        displaced = cap.offer(time, name)
        held.add(name)
        held.discard(displaced)
    return held, cap.dropped


items = st.lists(st.integers(0, 3 * HOUR - 1), max_size=60).map(
    lambda times: [(t, f"i{n}") for n, t in enumerate(times)]
)


@given(items, st.integers(1, 12), st.data())
def test_the_same_ones_are_kept_in_any_order_and_counts_are_exact(
    rows: list[tuple[int, str]], limit: int, data: st.DataObject
) -> None:
    held, dropped = keep(limit, rows)
    assert keep(limit, data.draw(st.permutations(rows))) == (held, dropped)
    for hour in range(3):
        of_hour = sorted((name for time, name in rows if time // HOUR == hour), key=rank)
        assert {name for name in of_hour if name in held} == set(of_hour[:limit])
        assert dropped.get(hour, 0) == max(len(of_hour) - limit, 0)


@given(items, st.integers(1, 12), st.data())
def test_a_restart_in_between_changes_nothing(rows: list[tuple[int, str]], limit: int, data: st.DataObject) -> None:
    held, cap = {}, HourlyCap(limit, [], {})
    for time, name in rows:
        displaced = cap.offer(time, name)
        held[name] = time
        held.pop(displaced, None)
        if data.draw(st.booleans()):
            cap = HourlyCap(limit, [(t, n) for n, t in held.items()], dict(cap.dropped))
    assert (set(held), cap.dropped) == keep(limit, rows)


def test_sealed_hours_are_forgotten_and_moved_items_counted_where_they_are() -> None:
    """Timeline (one item an hour is kept):

    hour      0: a    0: b            1: the kept one of a, b   0: c     sealed to hour 1   0: d
    emitted   kept    one of the two  moved here from hour 0    kept                        kept
    retained  a       one of a, b;    hour 1: it                c        hour 1 alone       d
                      one counted
    """
    cap = HourlyCap(1, [(0, "a")], {})
    assert cap.offer(1, "b") in ("a", "b")
    cap.moved("a" if rank("a") < rank("b") else "b", 1, HOUR)
    assert cap.offer(2, "c") == ""
    cap.settle(HOUR)
    assert cap.dropped == {}
    assert cap.offer(3, "d") == ""
