"""A fuzz target per parser: damaged records never raise, and nothing is lost. `python -m bench.fuzz` runs millions."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.formats import FORMATS
from bench.fuzz import Job, jobs, seeds, work
from bench.mutations import many, mutated


@pytest.mark.parametrize("fmt", FORMATS[1:])
@given(seed=st.integers(0, 2**32))
def test_damaged_records(fmt: str, seed: int) -> None:
    found = work(Job(fmt, 0, 4, seed))
    assert found.failures == []
    assert found.counts["in"] == found.counts["parsed"] + found.counts["rejected"] >= 4


def test_damage_is_the_same_for_the_same_seed() -> None:
    records = seeds()["m365"]
    lines = [mutated(Random(7), records[0], records[1]) for _ in range(2)]
    assert lines[0] == lines[1]
    assert len({mutated(Random(seed), records[0], records[1]) for seed in range(50)}) > 40
    assert many(Random(1), [b"{}", b"7"]).count(b"{}") == 1


def test_jobs_share_the_records_out() -> None:
    found = jobs(22_003, 1, ["a", "b"])
    assert sum(job.records for job in found) == 22_003
    assert len({(job.format, job.number) for job in found}) == len(found) == 6
