"""P4 to P7 on the real flow, on Bytewax, with its real recovery, stores and sinks.

P4: kill -9 at any point and resume; P5: resume with another number of processes; P6: replay speed, batch size, snapshot
interval and the order in which the inputs are named; P7: an upgrade in mid-stream. All come to the same alerts, the
same users' documents, byte for byte, and the same counts.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bench.outcome import Outcome, differences
from flows.settings import Settings
from stateful.tuning import Tuning
from tests.flows.one_run import Way, migrate, outcome, run
from tests.stateful.releases import LACKING, new_codec

START = 1_770_000_000_000 // 3_600_000 * 3_600_000
MINUTE, HOUR = 60_000, 3_600_000
EXAMPLES = 150 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 10
"""Each is some runs of a real process."""

KINDS = [
    ("StopLogging", "audit_config", "success"),
    ("UserLoginFailed", "failed_logon", "failure"),
    ("UserLoggedIn", "logon", "success"),
    ("FileDownloaded", "download", "success"),
    ("Disable account", "modify_user", "success"),
    ("Enable account", "modify_user", "success"),
]

ROWS = st.lists(
    st.tuples(
        st.integers(0, 96 * 6),  # event time, ten minutes
        st.integers(0, 30 * 6),  # delay, ten minutes: some are too late
        st.integers(0, 2),  # user
        st.sampled_from(["acme", "other"]),
        st.sampled_from(KINDS),
        st.sampled_from(["DE", "FR", ""]),
        st.integers(1, 25),  # repeats
        st.booleans(),  # the first of them comes twice
    ),
    min_size=1,
    max_size=14,
)

WAYS = st.builds(
    Way,
    processes=st.sampled_from([1, 1, 2]),
    batch=st.sampled_from([1, 7, 1000]),
    interval=st.sampled_from([0.0, 0.02, 10.0]),
    pause=st.sampled_from([0.0, 0.0, 0.005]),
)


def write(folder: Path, rows: list[tuple[Any, ...]]) -> tuple[str, str]:
    """Two logs in the order of their ingest times; a user's activities are in both."""
    found: list[list[tuple[int, str, bytes]]] = [[], []]
    for number, (event, delay, user, tenant, (action, category, outcome_), country, repeats, twice) in enumerate(rows):
        for again in range(repeats):
            moment = START + event * 10 * MINUTE + again * 1000
            ingested = moment + delay * 10 * MINUTE
            name = f"{number}-{again}"
            about = {"type": "file", "name": f"f{again}", "bytes": 10}
            if category == "modify_user":  # the next one's account: also that of a fourth, who never acts
                about = {"type": "user", "name": f"U{user + 1}"}
            record = {
                "id": name,
                "time": moment,
                "ingested": ingested,
                "tenant": tenant,
                "user": f"u{user}",
                "action": action,
                "category": category,
                "outcome": outcome_,
                "location": {"country": country},
                "objects": [about],
            }
            line = json.dumps(record).encode()
            found[number % 2] += [(ingested, name, line)] * (1 + (twice and again == 0))
    names = []
    for name, log in zip(("one.jsonl", "two.jsonl"), found, strict=True):
        path = folder / name
        path.write_bytes(b"".join(line + b"\n" for _, _, line in sorted(log)) + b"not a record\n")
        names.append(str(path))
    return names[0], names[1]


def settings_of(folder: Path, inputs: tuple[str, ...]) -> Settings:
    return Settings(
        input=inputs,
        state=str(folder / "state"),
        alerts=str(folder / "alerts.db"),
        key_groups=4,
        recovery_partitions=2,
        hourly_cap=12,
        state_memory=16,
    )


def of_a_run(folder: Path, inputs: tuple[str, ...], ways: list[Way]) -> Outcome:
    """What the ways one after the other, the last one to the end, come to."""
    folder.mkdir()
    settings_ = settings_of(folder, inputs)
    for number, way in enumerate(ways):
        # Which input is named first doesn't matter either.
        turned = inputs[number % 2 :] + inputs[: number % 2]
        if run(msgspec.structs.replace(settings_, input=turned), way) and way.kill:
            break  # it was over before the moment came
    return outcome(settings_)


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(ROWS, st.lists(st.tuples(WAYS, st.integers(1, 60)), max_size=3), WAYS)
def test_kills_processes_batches_snapshots_and_speed_change_nothing(
    rows: list[tuple[Any, ...]], killed: list[tuple[Way, int]], last: Way
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        inputs = write(folder, rows)
        wanted = of_a_run(folder / "peace", inputs, [Way()])
        ways = [Way(way.processes, way.batch, way.interval, way.pause, moment) for way, moment in killed]
        found = of_a_run(folder / "trouble", inputs, [*ways, last])
        assert differences(wanted, found) == []
        counts = found.counts
        assert counts["in"] == counts["out"] + counts["late"] + counts["duplicate"] + counts["rejected"]
        assert counts["rejected"] == len(inputs)


@settings(max_examples=EXAMPLES // 2, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(ROWS, WAYS, st.integers(1, 60), WAYS)
def test_an_upgrade_in_mid_stream_is_the_new_release_on_migrated_state(
    rows: list[tuple[Any, ...]], before: Way, moment: int, after: Way
) -> None:
    """The old release is killed; then the new one goes on, or `anput state migrate` and the new one."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        inputs = write(folder, rows)
        kept, migrated = settings_of(folder / "kept", inputs), settings_of(folder / "migrated", inputs)
        (folder / "kept").mkdir()
        lacking = msgspec.structs.replace(kept, detections={LACKING: Tuning(enabled=False)})
        run(lacking, replace(before, kill=moment, release="old"))
        shutil.copytree(folder / "kept", folder / "migrated")
        if (folder / "migrated" / "state" / "stamp.json").exists():
            migrate(migrated)
        found = []
        for settings_ in (kept, migrated):
            run(settings_, replace(after, release="new"))
            known = outcome(settings_)
            codec = new_codec()
            users = {key: codec.encode(codec.decode(data)) for key, data in known.users.items()}
            found.append(Outcome(known.alerts, users, known.counts))
        assert differences(*found) == []
