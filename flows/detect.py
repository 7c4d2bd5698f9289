"""The dataflow: activities in, alerts out. Run by `python -m bytewax.run flows.detect:flow` or `anput run`.

    read -> split -+-> profile -> split -+-> correlate -> split -+-> alerts
                   |     by key group    |     by tenant         |
                   +--------------- lanes: late, rejected, suppressed; counts

Names of the flow and of its steps are part of the state: see `STEPS`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, cast

import bytewax.operators as op
import msgspec
from bytewax.dataflow import Dataflow, Stream
from bytewax.operators import BranchOut, KeyedStream

import detections
from activities.batch import ActivityBatch, key_group_of
from activities.enrich import Enricher
from activities.plain import plain
from flows import collector, stop
from flows import settings as settings_
from flows.kafka.address import is_address
from flows.outputs import Outputs
from flows.progress import clear
from flows.settings import Settings, SettingsError
from flows.sinks.counts import CountsSink
from flows.sources import verdicts
from flows.sources.files import InputSource
from flows.sources.intake import Intake, PartitionState, RejectedBatch, key_of
from flows.sources.kafka_inputs import kafka_inputs
from flows.sources.left_out import left_out
from flows.sources.stdin import STDIN
from flows.start_check import check_files
from flows.stores import Stores
from recovery import stamp
from recovery.committed import committed
from stateful.agenda import AGENDA_VERSION
from stateful.correlate_step import CorrelateLogic
from stateful.correlation import documents as correlation
from stateful.correlation.policy import Policy
from stateful.detection import Detection
from stateful.key_group import Memory
from stateful.messages import AlertBatch, Counts, FindingBatch, LateBatch, SuppressedBatch
from stateful.models import DAY
from stateful.profile import PROFILE_VERSION, ProfileFold
from stateful.profile_step import ProfileLogic
from stateful.suppression import Rules
from stateful.user import USER_VERSION, Bounds, user_storage
from windowing.watermark import HOUR

FLOW = "anput"
STEPS = (
    *("read", "profile", "correlate", "alerts", "alerts_jsonl", "lanes", "counts"),
    *("alerts_webhook", "alerts_splunk", "lanes_http"),
)
"""Steps with state, by the names under which recovery keeps it. Renaming one would silently drop its state: don't."""

SCHEMA = {
    "profile": PROFILE_VERSION,
    "user": USER_VERSION,
    "notes": AGENDA_VERSION,
    "thread": correlation.THREAD_VERSION,
    "value": correlation.VALUE_VERSION,
    "spray": correlation.SPRAY_VERSION,
    "tenant": correlation.TENANT_VERSION,
}

MIB = 1_048_576

_HELD = ExitStack()
"""What a process that Bytewax started itself holds as long as it lives."""


def declared(settings: Settings) -> dict[str, Detection]:
    """All detections; the fold leaves out those that a tenant has off.

    Raises:
        SettingsError: the settings name a detection or a threshold that doesn't exist.
    """
    found = detections.load(settings.detections_folder)
    tuned = [(f"detections.{name}", name, tuning) for name, tuning in settings.detections.items()]
    for tenant, own in settings.tenants.items():
        tuned += [(f"tenants.{tenant}.detections.{name}", name, tuning) for name, tuning in own.detections.items()]
    for where, name, tuning in tuned:
        if name not in found:
            msg = f"setting {where}: no such detection; there are {', '.join(found)}"
            raise SettingsError(msg)
        unknown = tuning.settings.keys() - found[name].settings.keys()
        if unknown:
            has = ", ".join(found[name].settings) or "none"
            msg = f"setting {where}.settings: no such thresholds: {', '.join(sorted(unknown))}; it has {has}"
            raise SettingsError(msg)
    return found


def profile_fold(settings: Settings, active: Iterable[Detection]) -> ProfileFold:
    """What the profile step does with these settings.

    Raises:
        ValueError: a detection's tuning is wrong, or two detections' features contradict.
    """
    tenants = {name: tenant.detections for name, tenant in settings.tenants.items()}
    expire, hold = round(settings.expire_days * DAY), round(settings.hold_days * DAY)
    return ProfileFold(active, settings.detections, expire, tenants, hold)


def correlation_policy(settings: Settings, active: Mapping[str, Detection]) -> Policy:
    """What correlation does with these settings.

    Raises:
        ValueError: a suppression is wrong.
    """
    return Policy(
        active,
        Rules(settings.suppressions),
        settings.detections,
        {name: tenant.detections for name, tenant in settings.tenants.items()},
        settings.alert_budget,
        {name: own.alert_budget for name, own in settings.tenants.items() if own.alert_budget is not None},
        settings.min_alert_risk,
    )


def prepare(settings: Settings) -> stamp.Stamp:
    """Initialise the state directory on first use, else check that it belongs to this flow.

    Raises:
        recovery.errors.StateError: it doesn't, or is damaged.
    """
    return stamp.ensure(Path(settings.state), FLOW, STEPS, settings.key_groups, SCHEMA, settings.recovery_partitions)


def check_start(settings: Settings, stores: Stores, stamped: stamp.Stamp) -> None:
    """Open all stores, and look at the files beside the state: what Bytewax would be refused when it resumes.

    Raises:
        StateError, AlertStoreError, JsonLinesError: something isn't what the state was written with.
    """
    found = committed(Path(settings.state))
    check_files(settings, stamped.cluster_id, found.snapshots)
    stores.open_all(found)


def stores_of(settings: Settings, stamped: stamp.Stamp) -> Stores:
    """The stores of a state."""
    return Stores(Path(settings.state), stamped.cluster_id, max(SCHEMA.values()))


def build(settings: Settings, process: int | None = None) -> Dataflow:
    """The dataflow for these settings; the state directory is prepared.

    Args:
        settings: all settings.
        process: number of this process in a cluster, None for a process alone; standard input is that of the first.

    Raises:
        SettingsError, recovery.errors.StateError: see `declared` and `prepare`.
        ValueError, InputError, BrokerError: see `kafka_inputs` and `Outputs`.
    """
    if not settings.input:
        msg = (
            "setting input: expected at least one file, folder, pattern, topic or - for standard input (ANPUT_INPUT, "
            "--input)"
        )
        raise SettingsError(msg)
    collector.tune()
    active = declared(settings)
    stamped = prepare(settings)
    outputs = Outputs(settings, active, stamped.cluster_id)
    given = settings.verdict_inputs
    verdict_topics = kafka_inputs(msgspec.structs.replace(settings, input=given))
    verdict_inputs = (*(name for name in given if not is_address(name)), *verdict_topics)
    topics = kafka_inputs(settings) | verdict_topics
    partitions = (*(name for name in (*settings.input, *given) if not is_address(name)), *topics)
    state = Path(settings.state)
    groups = settings.key_groups
    expire = round(settings.expire_days * DAY)
    fold = profile_fold(settings, active.values())
    memory = Memory.divided(settings.state_memory * MIB)
    users = user_storage(fold, memory, Bounds(settings.hourly_cap, expire))
    documents, policy = correlation.storage(memory), correlation_policy(settings, active)
    enricher = Enricher(settings.enrichment)
    stores = stores_of(settings, stamped)
    if process is None:
        check_start(settings, stores, stamped)

    def intake(partition: str, known: PartitionState) -> Intake:
        return Intake(
            partition,
            verdicts.FORMAT if partition in verdict_inputs else settings.format,
            settings.tenant,
            groups,
            settings.limits,
            settings.max_record_bytes,
            enricher,
            known,
            settings.tenant_names,
        )

    def tenant_group(tenant: str) -> int:
        return key_group_of(tenant, "", groups)

    flow = Dataflow(FLOW)
    source = InputSource(
        partitions,
        intake,
        batch=settings.batch_size,
        limit=settings.max_document_bytes,
        seal=settings.seal_at_end,
        progress=state / "progress",
        alignment=round(settings.alignment_hours * HOUR),
        idle_timeout=settings.idle_timeout,
        local=lambda name: not process or name != STDIN,
        topics=topics,
        follow=settings.follow,
        left_out=left_out(state, partitions),
    )
    read = op.branch("split_read", op.input("read", flow, source), _is_keyed)
    profiled = op.stateful_batch(
        "profile",
        cast("KeyedStream[ActivityBatch]", read.trues),
        lambda resume: ProfileLogic(users, partial(stores.open, "profile"), partitions, resume),
    )
    found = op.flat_map("split_findings", profiled, partial(_by_tenant, tenant_group))
    findings = op.branch("split_profile", found, _is_keyed)
    correlated = op.stateful_batch(
        "correlate",
        cast("KeyedStream[FindingBatch]", findings.trues),
        lambda resume: CorrelateLogic(documents, partial(stores.open, "correlate"), policy, groups, resume),
    )
    said: BranchOut[Any, Any] = op.branch("split_correlate", correlated, lambda item: isinstance(item[1], AlertBatch))
    outputs.alerts(said.trues)
    aside = op.map("drop_key", said.falses, lambda item: item[1])
    rest: Stream[Any] = op.merge("merge_rest", read.falses, findings.falses, aside)
    sides: BranchOut[Any, Any] = op.branch("split_rest", rest, lambda item: isinstance(item, Counts))
    op.output("counts", op.key_on("key_counts", sides.trues, lambda counts: counts.name), CountsSink(state))
    outputs.lanes(op.flat_map("to_lanes", sides.falses, _lanes))
    return flow


def _is_keyed(item: object) -> bool:
    return isinstance(item, tuple)


def _by_tenant(group_of: Any, item: tuple[str, FindingBatch | LateBatch | Counts]) -> Iterable[Any]:  # noqa: ANN401
    """Findings go to their tenants' key groups; the rest loses its key."""
    batch = item[1]
    if not isinstance(batch, FindingBatch):
        return [batch]
    return [(key_of(group), part) for group, part in batch.parted(group_of)]


def _lanes(batch: LateBatch | RejectedBatch | SuppressedBatch) -> list[tuple[str, dict[str, Any]]]:
    lane = {LateBatch: "late", RejectedBatch: "rejected", SuppressedBatch: "suppressed"}[type(batch)]
    return [(lane, plain(record)) for record in batch.records]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """`flow`, made when Bytewax asks for it, with the settings of the environment."""
    if name != "flow":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    settings = settings_.from_process()
    stop.install()
    alone = not {"-a", "--addresses"}.intersection(sys.argv) and "BYTEWAX_ADDRESSES" not in os.environ
    if alone:
        # Alone, this process is the run: it holds the state until it ends. In a cluster somebody else has to see to it.
        state = Path(settings.state)
        state.mkdir(parents=True, exist_ok=True)
        _HELD.enter_context(stamp.lock(state))
        prepare(settings)
        stamp.begin_run(state)
    flow = build(settings, None if alone else 0)
    globals()["flow"] = flow
    return flow


__all__ = ["ActivityBatch", "build", "clear", "declared", "prepare"]
