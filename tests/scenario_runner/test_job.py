"""The harness says what the real job says: the same scenarios through `anput run`, and a store that keeps its word."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from flows.settings import Settings
from flows.sinks.alert_store import AlertStore
from recovery.store import KeyGroupStore
from scenarios import verdict
from scenarios.document import find, read
from scenarios.job import Engine
from scenarios.memory import MemoryStore
from scenarios.runner import Runner

SCENARIOS = Path(__file__).parents[1] / "scenarios"

Said = tuple[str, str, str, int, str]
"""Detection, user, severity, risk, message."""


def test_the_job_itself_raises_the_same_alerts(tmp_path: Path) -> None:
    """Every scenario that changes no setting, each as a tenant of its own, in one log in order of arrival."""
    runner, engine = Runner(), Engine(Settings())
    log: list[tuple[int, bytes]] = []
    expected: dict[str, set[Said]] = {}
    for number, file in enumerate(find([SCENARIOS])):
        scenario = read(file)
        if scenario.scenario.settings:
            continue
        tenant = f"{number}-{file.stem}"
        records = [msgspec.json.decode(data) | {"tenant": tenant} for data in runner.records(scenario)]
        own = [(record["ingested"], msgspec.json.encode(record)) for record in records]
        log += own
        job = engine.run()
        job.feed([data for _, data in own], [record["id"] for record in records])
        job.end()
        statements = verdict.alert_statements(job.said, {})
        expected[tenant] = {
            (one.detection, one.user, one.severity.value, one.risk, one.reason) for one in statements if not one.closed
        }
    assert len(expected) > 10
    log.sort(key=lambda line: line[0])
    (tmp_path / "log.jsonl").write_bytes(b"\n".join(data for _, data in log))
    subprocess.run(
        [
            *(sys.executable, "-c", "from flows.cli import app; app()", "run", "--quiet", "--key-groups", "4"),
            *("--input", "log.jsonl", "--state", "state", "--alerts", "alerts.db"),
        ],
        check=True,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    found: dict[str, set[Said]] = {tenant: set() for tenant in expected}
    with AlertStore(tmp_path / "alerts.db") as store:
        for alert in store.latest():
            if alert["activity_name"] != "Close":
                user, severity = alert["actor"]["user"]["uid"], alert["severity"].lower()
                said = (alert["metadata"]["event_code"], user, severity, alert["risk_score"], alert["message"])
                found[alert["metadata"]["tenant_uid"]].add(said)
    assert found == expected


KEYS = st.sampled_from([b"a", b"ab", b"b", b"ba", b"c"])
CHANGES = st.dictionaries(KEYS, st.one_of(st.none(), st.binary(max_size=4)), max_size=4)


@given(st.lists(st.tuples(st.booleans(), CHANGES), max_size=12))
def test_a_store_in_memory_keeps_what_a_store_on_disk_keeps(
    steps: list[tuple[bool, dict[bytes, bytes | None]]],
) -> None:
    store, model = MemoryStore(), dict[bytes, bytes]()
    for ahead, changes in steps:
        if ahead:
            store.stage(changes)
        else:
            store.commit(changes)
        for key, value in changes.items():
            if value is None:
                model.pop(key, None)
            else:
                model[key] = value
        assert list(store.scan()) == sorted(model.items())
        assert list(store.scan(b"b")) == sorted((k, v) for k, v in model.items() if k.startswith(b"b"))
        assert {key: store.get(key) for key in model} == model
        assert all(key in store.staged for key in changes) or not ahead
    kept, copy = store.commit({}), store.copy()
    copy.commit({b"a": b"other"})
    assert dict(store.scan()) == model
    assert store.token == kept


def test_a_store_in_memory_has_all_that_a_store_does(tmp_path: Path) -> None:
    methods = {name for name in vars(KeyGroupStore) if not name.startswith("_")} - {"open"}
    assert methods <= vars(MemoryStore).keys()
    store = KeyGroupStore.open(tmp_path, "profile", 0, None, "c", 1)
    assert {name for name in vars(store) if not name.startswith("_")} - {"path"} <= vars(MemoryStore()).keys()
