"""Enrichment: where an address is and whose, what kind of exit; what program and system a user agent is.

A pure function of the activity and of the files in force. Those are looked at again every minute, and where one was
replaced, all are read anew between two batches: docs/enrichment.md says what that means for a replay.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Self

import msgspec
import structlog

from activities.activity import NO_DEVICE, NOWHERE, Activity, Device, Location
from activities.enrich_agent import agent_of
from activities.enrich_files import EnrichmentError, Signature, signatures
from activities.enrich_services import fetches_for_people
from activities.enrich_settings import EnrichmentSettings
from activities.enrich_sources import Sources, files_of
from activities.location_tags import CLOUD

_PLACES = 32_768
_DEVICES = 16_384
_AGENTS = 8_192
"""Entries kept: a flood of made-up addresses or agents costs time, not memory."""

logger = structlog.get_logger()


class Enricher:
    """Fills in what the record doesn't say of the address and the device."""

    def __init__(self, settings: EnrichmentSettings | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Opens everything that the settings name.

        Args:
            settings: The packaged databases and lists alone if None.
            clock: Seconds, for when to look at the files again.

        Raises:
            EnrichmentError: Something can't be used.
        """
        self.settings = settings or EnrichmentSettings()
        self._clock = clock
        self._files = files_of(self.settings)
        self._loaded = signatures(self._files)
        self._noticed = self._loaded
        self.sources = Sources(self.settings)
        self._due = clock() + self.settings.reload_interval
        self._watching = bool(self._files) and self.settings.reload_interval > 0
        self._place = lru_cache(_PLACES)(self.sources.place)
        self._agent = lru_cache(_AGENTS)(agent_of)
        self._device = lru_cache(_DEVICES)(self._completed)

    def enrich(self, activity: Activity) -> Activity:
        """`activity`, completed. Enriching twice changes nothing more.

        Raises:
            EnrichmentError: A database turned out to be damaged.
        """
        location, device = activity.location, activity.device
        if activity.ip:
            location = self._place(activity.ip, location)
        if device is not NO_DEVICE and device.user_agent:
            device = self._device(device)
        served = fetches_for_people(activity.source, location.asn, device.user_agent)
        if served and CLOUD not in location.tags:
            location = msgspec.structs.replace(location, tags=(*location.tags, CLOUD))
        if location is activity.location and device is activity.device:
            return activity
        return msgspec.structs.replace(activity, location=location, device=device)

    def lookup(self, ip: str) -> Location:
        """What is known of an address by itself.

        Raises:
            EnrichmentError: A database turned out to be damaged.
        """
        return self._place(ip, NOWHERE)

    def refresh(self) -> bool:
        """Read the files again if one was replaced; call it between batches. Whether they were read.

        A file is read when it has been the same at two looks, so not while it is being written. What can't be used is
        logged, and what was in force before stays so.
        """
        if not self._watching or self._clock() < self._due:
            return False
        self._due = self._clock() + self.settings.reload_interval
        now = signatures(self._files)
        settled = now == self._noticed
        self._noticed = now
        return settled and now != self._loaded and self._reload(now)

    def close(self) -> None:
        """Closes the databases."""
        self.sources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _completed(self, device: Device) -> Device:
        """`device` with the family and system that its user agent says; as it is where it has them."""
        agent = self._agent(device.user_agent)
        known = Device(device.id, device.os or agent.system, device.user_agent, device.family or agent.on(device.os))
        return device if known == device else known

    def _reload(self, now: dict[Path, Signature | None]) -> bool:
        changed = sorted(str(path) for path in now if now[path] != self._loaded[path])
        self._loaded = now
        try:
            sources = Sources(self.settings)
        except EnrichmentError as error:
            logger.error("enrichment_not_reloaded", files=changed, error=str(error), remedy="the former files stay")
            return False
        self.sources.close()
        self.sources = sources
        self._place = lru_cache(_PLACES)(sources.place)
        logger.info("enrichment_reloaded", files=changed)
        return True
