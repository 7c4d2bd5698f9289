"""The laws of the refold: what is final depends on the set of items, never on their order of arrival.

The toy fold says of an item what detections say of activities: an activity-anchored statement ("the first of its
colour", "right after another colour") and a window-anchored one (a colour's count in an hour, once it reaches three).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from windowing import timeline as timeline_module
from windowing.timeline import CHECKPOINT_EVERY, Inserted, Open, Revision, Timeline

HOUR = 3_600_000


class Mark(msgspec.Struct, frozen=True):
    id: str
    time: int
    colour: str
    ingested: int = 0


class Said(msgspec.Struct, frozen=True):
    uid: str
    closes: int
    text: str


class Toy(msgspec.Struct):
    seen: list[str] = []
    last: str = ""
    hour: int = -1
    counts: dict[str, int] = {}


class ToyFold:
    def step(self, state: Toy, item: Mark) -> list[Said]:
        said = []
        if item.colour not in state.seen:
            state.seen.append(item.colour)
            said.append(Said(f"first:{item.id}", item.time, f"first {item.colour}"))
        if state.last and state.last != item.colour:
            said.append(Said(f"turn:{item.id}", item.time, f"{state.last}->{item.colour}"))
        hour = item.time // HOUR
        if hour != state.hour:
            state.hour, state.counts = hour, {}
        count = state.counts[item.colour] = state.counts.get(item.colour, 0) + 1
        if count >= 3:
            said.append(Said(f"hour:{hour}:{item.colour}", (hour + 1) * HOUR - 1, f"{count} of {item.colour}"))
        state.last = item.colour
        return said

    def again(self, before: Said, now: Said) -> Said:
        return now

    def copy(self, state: Toy) -> Toy:
        return msgspec.structs.replace(state, seen=state.seen.copy(), counts=state.counts.copy())

    def encode(self, state: Toy) -> bytes:
        return msgspec.msgpack.encode(state)

    def decode(self, data: bytes) -> Toy:
        return msgspec.msgpack.decode(data, type=Toy) if data else Toy()


ToyTimeline = Timeline[Toy, Mark, Said]


@pytest.fixture(params=[timeline_module.EAGER, 0], ids=["eager", "gathering"])
def gathering(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All laws hold whether what is behind a late item is folded again at once or later."""
    monkeypatch.setattr(timeline_module, "EAGER", request.param)


laws = pytest.mark.usefixtures("gathering")


def prefer(new: Mark, old: Mark) -> bool:
    return (new.time, new.colour) < (old.time, old.colour)


def fresh() -> ToyTimeline:
    return Timeline(ToyFold(), Open())


def reload(timeline: ToyTimeline) -> ToyTimeline:
    """As after a restart: only what is stored survives."""
    data = msgspec.msgpack.encode(timeline.open)
    return Timeline(ToyFold(), msgspec.msgpack.decode(data, type=Open[Mark, Said]))


def replay(revisions: Sequence[Revision[Said]]) -> dict[str, Said]:
    """What someone who follows the revisions believes, checking that revisions of a uid only rise."""
    held: dict[str, Said] = {}
    numbers: dict[str, int] = {}
    for revision in revisions:
        uid = revision.statement.uid
        assert revision.revision == numbers.get(uid, 0) + 1
        numbers[uid] = revision.revision
        if revision.change == "close":
            del held[uid]
        else:
            assert (revision.change == "create") == (uid not in held)
            held[uid] = revision.statement
    return held


def in_order(marks: Sequence[Mark]) -> tuple[dict[str, Said], bytes]:
    """The truth: fold once over the sorted set."""
    fold, state, said = ToyFold(), Toy(), {}
    for mark in sorted(marks, key=lambda m: (m.time, m.id)):
        said.update({statement.uid: statement for statement in fold.step(state, mark)})
    return said, fold.encode(state)


colours = st.sampled_from(["red", "green", "blue"])
timelines = st.lists(st.tuples(st.integers(0, 40), colours), max_size=90).map(
    # Ten-minute steps: ties, several in an hour, several hours.
    lambda rows: [Mark(f"m{n}", step * 600_000, colour) for n, (step, colour) in enumerate(rows)]
)


@laws
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(timelines, st.data())
def test_any_arrival_order_batching_and_restart_gives_the_same_final_result(
    marks: list[Mark], data: st.DataObject
) -> None:
    arrival = data.draw(st.permutations(marks))
    timeline, revisions = fresh(), []
    while arrival:
        size = data.draw(st.integers(1, len(arrival)))
        batch, arrival = arrival[:size], arrival[size:]
        assert all(timeline.insert(mark, prefer) is Inserted.TAKEN for mark in batch)
        revisions += timeline.evaluate()
        if data.draw(st.booleans()):
            behind = timeline.behind
            timeline = reload(timeline)
            again = timeline.evaluate()
            revisions += again
            assert behind or not again  # a restart has nothing to say
    revisions += timeline.seal(2**60)
    said, base = in_order(marks)
    assert replay(revisions) == said
    assert timeline.open.base == (base if marks else b"")
    assert (timeline.open.log, timeline.open.settled, timeline.open.emitted) == ([], {}, {})


@laws
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(timelines, st.data())
def test_sealing_on_the_way_changes_nothing(marks: list[Mark], data: st.DataObject) -> None:
    """Late by up to four hours, sealed up to what can't be late any more, whenever it comes to mind."""
    allowed = 4 * HOUR
    delays = [data.draw(st.integers(0, allowed)) for _ in marks]
    arrival = sorted(zip(marks, delays, strict=True), key=lambda pair: (pair[0].time + pair[1], pair[0].id))
    timeline, revisions = fresh(), []
    for mark, delay in arrival:
        assert timeline.insert(mark, prefer) is Inserted.TAKEN
        if data.draw(st.booleans()):
            revisions += timeline.evaluate()
        if data.draw(st.booleans()):
            revisions += timeline.seal(mark.time + delay - allowed)
        if data.draw(st.booleans()):
            timeline = reload(timeline)
    revisions += timeline.seal(2**60)
    said, base = in_order(marks)
    assert replay(revisions) == said
    finals = [revision.statement for revision in revisions if revision.final]
    assert {statement.uid: statement for statement in finals} == said
    assert len(finals) == len(said)
    assert timeline.open.base == (base if marks else b"")


@laws
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(timelines)
def test_in_order_nothing_is_taken_back_and_final_is_what_was_said(marks: list[Mark]) -> None:
    timeline, revisions = fresh(), []
    for mark in sorted(marks, key=lambda m: (m.time, m.id)):
        timeline.insert(mark, prefer)
        revisions += timeline.evaluate()
    before = replay(revisions)
    final = timeline.seal(2**60)
    assert not [revision for revision in [*revisions, *final] if revision.change == "close"]
    assert {revision.statement.uid: revision.statement for revision in final} == before


@laws
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(timelines, st.data())
def test_duplicates_change_nothing(marks: list[Mark], data: st.DataObject) -> None:
    plain, doubled = fresh(), fresh()
    for mark in marks:
        plain.insert(mark, prefer)
    echo = data.draw(st.permutations([*marks, *marks])) if marks else []
    results = [doubled.insert(msgspec.structs.replace(mark, ingested=n), prefer) for n, mark in enumerate(echo)]
    assert results.count(Inserted.DUPLICATE) == len(marks)
    assert replay(plain.seal(2**60)) == replay(doubled.seal(2**60))
    assert plain.open == doubled.open


@laws
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(timelines, timelines, st.data())
def test_of_different_items_of_one_id_the_same_is_kept_in_any_order(
    marks: list[Mark], others: list[Mark], data: st.DataObject
) -> None:
    first, second = fresh(), fresh()
    revisions: list[Revision[Said]] = []
    for mark in [*marks, *others]:
        first.insert(mark, prefer)
        if data.draw(st.booleans()):
            revisions += first.evaluate()
    for mark in data.draw(st.permutations([*marks, *others])):
        second.insert(mark, prefer)
    assert replay([*revisions, *first.seal(2**60)]) == replay(second.seal(2**60))
    assert first.open == second.open


def test_a_late_item_explains_what_no_longer_holds() -> None:
    """Timeline:

    event time   10:00  11:00  12:00
    arrival 1    red    -      blue         said: first red, first blue, turn red->blue at 12:00
    arrival 2           blue (12 h late)    said: first blue at 11:00, turn at 11:00
                                            closed: first blue at 12:00, turn at 12:00
    retained     base empty, log [10:00 11:00 12:00], emitted 3 open and 2 closed
    """
    timeline = fresh()
    timeline.insert(Mark("a", 10 * HOUR, "red"), prefer)
    timeline.insert(Mark("c", 12 * HOUR, "blue"), prefer)
    assert {r.statement.uid for r in timeline.evaluate()} == {"first:a", "first:c", "turn:c"}
    timeline.insert(Mark("b", 11 * HOUR, "blue", ingested=23 * HOUR), prefer)
    revisions = timeline.evaluate()
    assert [(r.change, r.statement.uid) for r in revisions] == [
        ("create", "first:b"),
        ("create", "turn:b"),
        ("close", "first:c"),
        ("close", "turn:c"),
    ]
    explained = "explained by activity b, which arrived 12.0 h late"
    assert [r.because for r in revisions] == ["", "", explained, explained]
    assert timeline.open.base == b""
    assert [mark.id for mark in timeline.open.log] == ["a", "b", "c"]
    assert sorted(uid for uid, emitted in timeline.open.emitted.items() if emitted.closed) == ["first:c", "turn:c"]


def test_an_item_replaced_right_before_a_checkpoint_is_folded_again() -> None:
    """Timeline:

    event time   9:00 (four times)  9:10   10:00
    arrival 1    red red red red    red    red      a checkpoint is taken before 10:00
    arrival 2                       green           the id of 9:10 again: it takes the place of the red one
    said         four red in the hour, not five; turns at 9:10 and 10:00
    """
    timeline = fresh()
    for number in range(4):
        timeline.insert(Mark(f"a{number}", 9 * HOUR, "red"), prefer)
    timeline.insert(Mark("b", 9 * HOUR + 600_000, "red"), prefer)
    timeline.insert(Mark("c", 10 * HOUR, "red"), prefer)
    assert replay(first := timeline.evaluate())["hour:9:red"].text == "5 of red"
    timeline.insert(Mark("b", 9 * HOUR + 600_000, "green"), prefer)
    held = replay([*first, *timeline.evaluate()])
    assert held["hour:9:red"].text == "4 of red"
    assert {uid for uid in held if uid.startswith("turn")} == {"turn:b", "turn:c"}


def test_what_was_taken_back_and_holds_again_goes_on_with_its_revisions() -> None:
    """Timeline:

    event time   10:00  11:00
    arrival 1           red            said: first at 11:00 (revision 1)
    arrival 2    red                   closed at 11:00 (2), said at 10:00
    arrival 3    id of 10:00 again, now earlier and blue: first red is at 11:00 again (3)
    """
    timeline = fresh()
    timeline.insert(Mark("b", 11 * HOUR, "red"), prefer)
    timeline.evaluate()
    timeline.insert(Mark("a", 10 * HOUR, "red"), prefer)
    timeline.evaluate()
    assert timeline.insert(Mark("a", 9 * HOUR, "blue"), prefer) is Inserted.DUPLICATE
    said = {r.statement.uid: (r.change, r.revision) for r in timeline.evaluate()}
    assert said["first:b"] == ("create", 3)


def test_what_is_sealed_is_closed_to_late_items() -> None:
    """Timeline:

    event time   10:00  11:00  12:00
    arrival 1    red           red         sealed up to 11:30: base holds 10:00, log [12:00]
    arrival 2           blue               its place is free, but 10:00 is what was sealed last: taken
    arrival 3    09:00                     behind what was sealed: not taken
    """
    timeline = fresh()
    timeline.insert(Mark("a", 10 * HOUR, "red"), prefer)
    timeline.insert(Mark("c", 12 * HOUR, "red"), prefer)
    timeline.seal(11 * HOUR + HOUR // 2)
    assert [mark.id for mark in timeline.open.log] == ["c"]
    assert timeline.insert(Mark("b", 11 * HOUR, "blue"), prefer) is Inserted.TAKEN
    assert timeline.insert(Mark("z", 9 * HOUR, "blue"), prefer) is Inserted.SEALED
    assert timeline.insert(Mark("a", 10 * HOUR, "red"), prefer) is Inserted.SEALED


def test_a_window_is_final_only_after_its_end() -> None:
    """Timeline:

    event time   10:00 10:10 10:20 | 11:00
    sealed up to 10:30                      the hour's statement was made by sealed items, and is settled, not final
    arrival      10:40                      changes it: 4 of red
    sealed up to 11:00                      final
    """
    timeline = fresh()
    for n in range(3):
        timeline.insert(Mark(f"m{n}", 10 * HOUR + n * 600_000, "red"), prefer)
    sealed = timeline.seal(10 * HOUR + HOUR // 2)
    assert [r.statement.uid for r in sealed if r.final] == ["first:m0"]
    assert list(timeline.open.settled) == ["hour:10:red"]
    timeline.insert(Mark("m3", 10 * HOUR + 2_400_000, "red"), prefer)
    assert [(r.change, r.statement.text) for r in timeline.evaluate()] == [("update", "4 of red")]
    final = timeline.seal(11 * HOUR)
    assert [(r.final, r.statement.text) for r in final] == [(True, "4 of red")]
    assert timeline.wake is None


class CountingFold(ToyFold):
    steps = 0

    def step(self, state: Toy, item: Mark) -> list[Said]:
        self.steps += 1
        return super().step(state, item)


def test_in_order_each_item_is_folded_once_and_late_ones_cost_one_refold_together() -> None:
    """Timeline (red all of them, so nothing new is said):

    event time   0 .. 319 min     50 at 300 min, 20 min late
    folded       each once        once for all 50: from the checkpoint before 300 min to the end
    retained     base empty, log of 320, then 370 items, checkpoints every 32 of them
    """
    fold = CountingFold()
    timeline: ToyTimeline = Timeline(fold, Open())
    for n in range(320):
        timeline.insert(Mark(f"m{n:03}", n * 60_000, "red"), prefer)
        timeline.evaluate()
    assert fold.steps == 320
    for n in range(50):
        timeline.insert(Mark(f"late{n:02}", 300 * 60_000 + n, "red"), prefer)
    timeline.evaluate()
    assert fold.steps <= 320 + 50 + 20 + CHECKPOINT_EVERY


def busy(fold: ToyFold) -> ToyTimeline:
    """4,000 red items, one a minute, all folded, nothing to spend on folding again."""
    timeline: ToyTimeline = Timeline(fold, Open())
    for n in range(4000):
        timeline.insert(Mark(f"m{n:04}", n * 60_000, "red"), prefer)
    timeline.evaluate(now=True)
    timeline._credit = 0
    return timeline


def test_late_items_of_a_busy_user_are_judged_at_once_and_gathered_for_the_rest() -> None:
    """Timeline (EAGER is 1024):

    event time   0 .. 3999 min                  blue at 2000 min: 2000 items behind it
    at once      first blue, turn red->blue     a few steps from the checkpoint before it
    gathered     turn blue->red at 2001 min     after 2000 / 8 more items
    retained     the log in order from the start; until then what was said of 2001 .. 3999 min, as without the blue one
    """
    fold = CountingFold()
    timeline = busy(fold)
    before = fold.steps
    timeline.insert(Mark("late", 2000 * 60_000 + 1, "blue"), prefer)
    assert {r.statement.uid for r in timeline.evaluate()} == {"first:late", "turn:late"}
    assert fold.steps - before <= 2 * CHECKPOINT_EVERY
    assert timeline.behind
    said: set[str] = set()
    for n in range(4000, 4000 + 300):
        timeline.insert(Mark(f"m{n:04}", n * 60_000, "red"), prefer)
        said |= {r.statement.uid for r in timeline.evaluate()}
    assert "turn:m2001" in said
    assert not timeline.behind


def test_sealing_folds_again_only_what_it_seals() -> None:
    """Timeline:

    event time   0 .. 3999 min, blue at 2000 min, late
    emitted      late: first blue, turn red->blue   sealed to 1999 min: no more   sealed to 2500 min: turn at 2001 min
    retained     log from 0 min, fold behind        log from 1999 min, behind     log from 2500 min, up to date
    """
    timeline = busy(ToyFold())
    timeline.insert(Mark("late", 2000 * 60_000 + 1, "blue"), prefer)
    timeline.evaluate()
    assert "turn:m2001" not in {r.statement.uid for r in timeline.seal(1999 * 60_000)}
    assert timeline.behind
    assert "turn:m2001" in {r.statement.uid for r in timeline.seal(2500 * 60_000)}
    assert not timeline.behind


def test_what_a_new_item_says_by_itself_is_raised_by_it_though_a_late_one_came_in_the_same_batch() -> None:
    timeline = fresh()
    assert [r.raised for r in put(timeline, Mark("a", 10, "red", ingested=11))] == [11]
    # One evaluation of both: `b` is new and says `first`; `late` comes before it in event time, but arrives last.
    raised = {
        r.statement.uid: r.raised
        for r in put(timeline, Mark("b", 40, "blue", ingested=41), Mark("late", 5, "red", ingested=900))
    }
    assert raised["first:b"] == 41
    assert raised["turn:b"] == 41


def test_what_an_old_item_says_only_since_a_late_one_came_is_raised_by_the_late_one() -> None:
    timeline = fresh()
    put(timeline, Mark("a", 10, "red", ingested=11), Mark("b", 40, "red", ingested=41))
    raised = {r.statement.uid: r.raised for r in put(timeline, Mark("late", 20, "blue", ingested=900))}
    assert raised["turn:b"] == 900


def put(timeline: ToyTimeline, *items: Mark) -> list[Revision[Said]]:
    """All at once, then what that means."""
    for item in items:
        timeline.insert(item, prefer)
    return timeline.evaluate()
