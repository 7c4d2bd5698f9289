from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.record import rfc3339
from simulator.streams import Weighted, around, log_uniform, renewals, stream, token, zipf

SEEDS = st.integers(-(2**63), 2**63)


@given(st.integers(0, 253_402_300_799_999))
def test_rfc3339_reads_back(time: int) -> None:
    text = rfc3339(time)
    assert len(text) == 24
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert (moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1) == time


@given(st.lists(st.integers() | st.text(), min_size=1))
def test_same_names_same_stream(names: list[str | int]) -> None:
    assert stream(*names).random() == stream(*names).random()
    assert token(*names) == token(*names)
    assert token(*names) != token(*names, "more")


def test_streams_are_the_same_on_every_machine_and_python() -> None:
    rng = stream(7, "acme", "person", 0)
    assert token(7, "acme") == "0672b4cad13e88fb9d9646b2"
    assert [rng.randrange(1000) for _ in range(4)] == [249, 976, 318, 384]


@given(SEEDS, st.integers(1, 5_000))
def test_zipf_ranks_are_in_range(seed: int, size: int) -> None:
    rng = stream(seed)
    assert all(0 <= zipf(rng, size) < size for _ in range(20))


def test_zipf_halves_from_the_first_rank_to_the_third() -> None:
    rng = stream("zipf")
    ranks = Counter(zipf(rng, 100) for _ in range(50_000))
    # The share of rank k is ln((k + 2) / (k + 1)) / ln(101).
    assert ranks[0] / 50_000 == pytest.approx(0.1502, abs=0.006)
    assert ranks[2] / 50_000 == pytest.approx(0.0623, abs=0.006)


@given(SEEDS, st.floats(0.01, 1e6), st.floats(1.01, 1e6))
def test_log_uniform_keeps_its_bounds(seed: int, low: float, factor: float) -> None:
    found = log_uniform(stream(seed), low, low * factor)
    assert low <= found <= low * factor * (1 + 1e-9)


@given(SEEDS, st.floats(0.5, 200), st.integers(0, 200), st.integers(0, 200))
def test_more_days_only_add_renewals(seed: int, mean: float, until: int, more: int) -> None:
    short, long = renewals(stream(seed), mean, until), renewals(stream(seed), mean, until + more)
    assert long[: len(short)] == short
    assert all(day >= until for day in long[len(short) :])
    assert list(short) == sorted(set(short))


@given(SEEDS, st.floats(0.01, 500))
def test_counts_are_near_their_mean(seed: int, mean: float) -> None:
    assert 0 <= around(stream(seed), mean) <= mean + 8 * mean**0.5 + 1


def test_weights_are_kept() -> None:
    rng, table = stream("weights"), Weighted(("a", "b"), (3, 1))
    drawn = Counter(table.draw(rng) for _ in range(20_000))
    assert drawn["a"] / 20_000 == pytest.approx(0.75, abs=0.01)
