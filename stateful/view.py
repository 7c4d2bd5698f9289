"""What a detection sees: the user as known before the activity, and the means to say something of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from activities.activity import Activity
from stateful.finding import Comparison, Evidence, Finding, Novelty, Severity
from stateful.held import held_key, is_news
from stateful.models import DAY, Burst, Habits, Places, SeasonalRate, Sessions, Tally, Values
from stateful.tuning import Tuning

if TYPE_CHECKING:
    from stateful.detection import Detection
    from stateful.ended import Ended
    from stateful.features import (
        BurstFeature,
        HabitsFeature,
        PlacesFeature,
        RateFeature,
        SessionsFeature,
        TallyFeature,
        ValuesFeature,
    )
    from stateful.profile import Profile


VARIANTS = 16
"""Of a context's settings, that are kept: detections have a few fixed ones."""


class UserView:
    """Read access to a profile. What it returns must not be changed."""

    __slots__ = ("_profile", "_term")

    def __init__(self, profile: Profile, term: int) -> None:
        self._profile, self._term = profile, term

    @property
    def since(self) -> int:
        """Event time of the user's first activity, ms."""
        return self._profile.since

    @property
    def done(self) -> int:
        """Event time of the last activity before this one that succeeded, ms; -1 if there is none."""
        return self._profile.done

    @property
    def ended(self) -> Ended | None:
        """By whom and when the account was ended; None if it wasn't, or was restored since."""
        return self._profile.ended

    @property
    def count(self) -> int:
        """Activities learnt."""
        return self._profile.count

    def is_news(self, feature: ValuesFeature, value: str, time: int) -> bool:
        """Whether the user never showed a value, and it wasn't spoken of within the last day of event time, ms."""
        if not value or self._profile.values[feature.name].get(value) is not None:
            return False
        return is_news(self._profile.held.get(held_key(feature.name, value)), time, self._term)

    def is_held(self, feature: ValuesFeature, value: str) -> bool:
        """Whether a value was spoken of and isn't learnt yet: when it is news again, it is so for the second time."""
        return held_key(feature.name, value) in self._profile.held

    def is_recent(self, feature: ValuesFeature, value: str, time: int) -> bool:
        """Whether the user never showed a value, or only within the last day of event time, ms, but not from the start.

        Whoever comes in has shown address and program with the logon when they do what they came for.
        """
        if not value:
            return False
        known = self._profile.values[feature.name].get(value)
        return known is None or (time - known.first < DAY <= known.first - self._profile.since)

    def values(self, feature: ValuesFeature) -> Values:
        """Values shown before this activity."""
        return self._profile.values[feature.name]

    def tally(self, feature: TallyFeature) -> Tally:
        """The current window, this activity included, and the usual of the ones before."""
        return self._profile.tallies[feature.name]

    def rate(self, feature: RateFeature) -> SeasonalRate:
        """The present hour, this activity included, and what is usual of it."""
        return self._profile.rates[feature.name]

    def places(self, feature: PlacesFeature) -> Places:
        """Where the user was before this activity."""
        return self._profile.places[feature.name]

    def sessions(self, feature: SessionsFeature) -> Sessions:
        """The user's sessions before this activity."""
        return self._profile.sessions[feature.name]

    def habits(self, feature: HabitsFeature) -> Habits:
        """The user's habits, this activity among the last ones."""
        return self._profile.habits[feature.name]

    def burst(self, feature: BurstFeature) -> Burst:
        """The current run, this activity included."""
        return self._profile.bursts[feature.name]


@dataclass(frozen=True)
class Context:
    """A detection at work for a tenant: its settings, and the making of findings."""

    detection: Detection
    settings: Mapping[str, float]
    learning: float
    """Event time, ms, for which a user is learnt before the detection speaks."""
    admits: Callable[[Activity], bool] | None = None
    """Whether an activity is to be shown to it, where the tenant includes or excludes some."""
    _variants: dict[tuple[tuple[str, float], ...], Context] = field(default_factory=dict, compare=False, repr=False)
    """By the settings that are other."""

    @classmethod
    def tuned(cls, detection: Detection, tuning: Tuning) -> Context:
        """A detection as the settings have it.

        Raises:
            ValueError: an address range in them is none.
        """
        try:
            admits = tuning.admits()
        except ValueError as error:
            msg = f"detection {detection.id}: {error}"
            raise ValueError(msg) from None
        return cls(detection, tuning.thresholds(detection.settings), detection.learning_days * DAY, admits)

    def with_settings(self, **settings: float) -> Context:
        """With other thresholds."""
        key = tuple(settings.items())
        found = self._variants.get(key)
        if found is None:
            found = replace(self, settings={**self.settings, **settings}, _variants={})
            if len(self._variants) < VARIANTS:
                self._variants[key] = found
        return found

    @staticmethod
    def seen(activity: Activity) -> Evidence:
        """An activity as evidence."""
        return evidence_of(activity)

    def finding(
        self,
        activity: Activity,
        *,
        anchor: str,
        closes: int,
        risk: float,
        reason: str,
        evidence: tuple[Evidence, ...],
        evidence_count: int | None = None,
        comparisons: tuple[Comparison, ...] = (),
        severity: Severity | None = None,
        novelties: tuple[Novelty, ...] = (),
    ) -> Finding:
        """Say something of the activity's user.

        Args:
            activity: the one that brought it about.
            anchor: what it is about: an activity's id, a run's first activity's id, or `window:<length>:<start>`.
            closes: event time, ms, up to which other activities can change it.
            risk: 0 to 100.
            reason: one sentence.
            evidence: the activities it rests on, at least one.
            evidence_count: how many there are in all, if more.
            comparisons: observed v usual.
            severity: if not the detection's own.
            novelties: values of shared features that make it a finding. They are held back from the baseline, and
                correlation weighs how many others show them.
        """
        return Finding(
            uid=finding_uid(activity.tenant, self.detection.id, activity.user.id, anchor),
            tenant=activity.tenant,
            detection=self.detection.id,
            user=activity.user,
            anchor=anchor,
            start=activity.time,
            end=max(evidence[-1].time, activity.time),
            closes=closes,
            severity=severity or self.detection.severity,
            risk=max(0, min(100, round(risk))),
            reason=reason,
            comparisons=comparisons,
            evidence=evidence,
            evidence_count=evidence_count or len(evidence),
            quiet=self.detection.quiet,
            novelties=novelties,
        )


def finding_uid(*parts: str) -> str:
    """A stable name: 128 bits of BLAKE2b (RFC 7693) over the length-prefixed parts, as 32 hex digits."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "replace")
        digest.update(len(data).to_bytes(4, "big"))
        digest.update(data)
    return digest.hexdigest()


def evidence_of(activity: Activity) -> Evidence:
    """What an analyst needs to see of an activity."""
    return Evidence(
        id=activity.id,
        time=activity.time,
        action=activity.action,
        app=activity.app,
        category=activity.category,
        outcome=activity.outcome,
        ip=activity.ip,
        country=activity.location.country,
        city=activity.location.city,
        isp=activity.location.isp,
        user_agent=activity.device.user_agent,
        object=activity.objects[0].name if activity.objects else "",
        bytes=activity.objects[0].bytes if activity.objects else None,
        program=activity.device.family,
    )


def usual(values: Values, most: int = 5) -> str:
    """The values shown most often, in words."""
    ranked = sorted(values.seen, key=lambda value: (-values.seen[value].count, value))[:most]
    return ", ".join(ranked) or "none"


def days(duration: int) -> str:
    """A duration in ms, in days as text."""
    return f"{duration / DAY:.0f} days"
