"""What leaves the dataflow: alerts and lanes to the destinations that the settings name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Stream
from bytewax.operators import KeyedStream

from flows.delivery.dead_letters import DeadLetters
from flows.delivery.errors import DeliveryError
from flows.delivery.message import Message, alert_messages, lane_messages
from flows.delivery.outbox_file import LANES_STEP, outbox_name, set_aside_abandoned
from flows.destinations import Kind, kind_of
from flows.receivers import alert_receivers, lane_receivers, probe
from flows.settings import Settings, SettingsError
from flows.sinks.alert_store import AlertStore
from flows.sinks.alert_store_sink import AlertStoreSink
from flows.sinks.json_lines import LANES, JsonLinesSink, LaneSink
from flows.sinks.kafka import kafka_sink
from flows.sinks.outbox_sink import ALERTS, OutboxSink
from stateful.detection import Detection
from stateful.messages import AlertBatch

MARKS = "beginnings"
"""Folder in the state directory that notes where its first run began in files that it appends to."""

LaneItem = tuple[str, dict[str, Any]]
"""A lane's name and a record of it."""


class Outputs:
    """The sinks of the settings. Made before reading begins, so that what is wrong with them is said then."""

    def __init__(self, settings: Settings, detections: Mapping[str, Detection], state_id: str) -> None:
        """Check all destinations that can be checked without sending anything.

        Args:
            settings: all settings; the state directory is prepared.
            detections: by id.
            state_id: of the state.

        Raises:
            ValueError: an address or a setting is wrong.
            InputError, BrokerError: see `kafka_sink`.
            AlertStoreError: see `AlertStore`.
        """
        self._settings, self._detections, self._state_id = settings, detections, state_id
        self._state = Path(settings.state)
        self._dead = DeadLetters(settings.dead_letters_file)
        self._alerts, self._lanes = alert_receivers(settings), lane_receivers(settings)
        receivers = [*self._alerts.values(), *self._lanes.values()]
        names = [outbox_name(step, ALERTS) for step in self._alerts]
        names += [outbox_name(LANES_STEP, lane) for lane in self._lanes]
        try:
            if receivers:
                self._dead.check()
            set_aside_abandoned(self._state, names, self._dead)
        except DeliveryError as error:
            raise SettingsError(str(error)) from None
        for receiver in receivers:
            probe(receiver)

    def alerts(self, stream: KeyedStream[AlertBatch]) -> None:
        """Send alerts to all their destinations.

        Raises:
            SettingsError: there is none.
        """
        settings, detections = self._settings, self._detections
        if settings.alerts:
            # Bytewax opens a sink at its first item; what is wrong with the file is to be known before.
            AlertStore(settings.alerts, "c").close()
            op.output("alerts", stream, AlertStoreSink(settings.alerts, detections, self._state_id))
        if settings.alerts_jsonl:
            op.output("alerts_jsonl", stream, JsonLinesSink(settings.alerts_jsonl, detections, self._state / MARKS))
        if settings.alerts_kafka:

            def messages(items: list[tuple[str, AlertBatch]]) -> list[Message]:
                return alert_messages((batch for _, batch in items), detections)

            sink = kafka_sink(settings.alerts_kafka, settings.kafka, "alerts_kafka", messages)
            op.output("alerts_kafka", stream, sink)
        for step, receiver in self._alerts.items():
            outbox: OutboxSink[AlertBatch] = OutboxSink(
                {ALERTS: receiver}, lambda _, batches: alert_messages(batches, detections), self._dead, self._state
            )
            op.output(step, stream, outbox)
        if not (settings.alerts or settings.alerts_jsonl or settings.alerts_kafka or self._alerts):
            msg = (
                "settings alerts, alerts_jsonl, alerts_kafka, alerts_webhook, alerts_splunk: expected at least one of "
                "them: alerts would go nowhere"
            )
            raise SettingsError(msg)

    def lanes(self, stream: Stream[LaneItem]) -> None:
        """Send the records of each lane, which come with its name, where it goes."""
        settings = self._settings
        folders = {name: folder for name in LANES if (folder := settings.lane_folder(name)) is not None}
        if folders:
            owned = [name for name in folders if not settings.lane(name)]
            op.output("lanes", _only("lanes_files", stream, folders), LaneSink(folders, self._state / MARKS, owned))
        topics: dict[str, list[str]] = {}
        for name in LANES:
            if kind_of(settings.lane(name), f"setting lanes.{name}") is Kind.TOPIC:
                topics.setdefault(settings.lane(name), []).append(name)
        for number, (address, names) in enumerate(topics.items()):
            sink = kafka_sink(address, settings.kafka, f"lanes.{names[0]}", _records)
            op.output(f"lanes_kafka_{number}", _only(f"lanes_topic_{number}", stream, names), sink)
        if self._lanes:
            outboxes = OutboxSink(self._lanes, lane_messages, self._dead, self._state)
            op.output(LANES_STEP, _only("lanes_receivers", stream, self._lanes), outboxes)


def _only(step: str, stream: Stream[LaneItem], lanes: Collection[str]) -> KeyedStream[dict[str, Any]]:
    return op.filter(step, stream, lambda item: item[0] in lanes)


def _records(items: list[LaneItem]) -> list[Message]:
    return [message for lane, record in items for message in lane_messages(lane, [record])]
