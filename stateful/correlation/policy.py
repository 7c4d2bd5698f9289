"""What settings say to correlation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stateful.detection import Detection
from stateful.suppression import NO_RULES, Rules
from stateful.tuning import Tuning

SPRAY, CHAIN, CAMPAIGN = "password_spray", "attack_chain", "campaign"
"""Detections that correlation makes itself. They are declared as all others are."""


@dataclass(frozen=True)
class Policy:
    """What settings say to correlation."""

    detections: Mapping[str, Detection]
    rules: Rules = NO_RULES
    tunings: Mapping[str, Tuning] = field(default_factory=dict)
    """Detection -> what the settings change of it."""
    tenants: Mapping[str, Mapping[str, Tuning]] = field(default_factory=dict)
    """Tenant -> the same, laid over it."""
    budget: float = 0.0
    """Alerts per 1,000 users and week; 0: no limit."""
    budgets: Mapping[str, float] = field(default_factory=dict)
    """The same of single tenants."""

    least_risk: float = 0.0
    """Below it, what is found of a user within a day is noted and no alert."""
    _asked: dict[tuple[str, str], Mapping[str, float] | None] = field(default_factory=dict, repr=False, compare=False)

    def thresholds(self, tenant: str, detection: str) -> Mapping[str, float] | None:
        """The settings of a detection for a tenant; None where it is off."""
        asked = tenant, detection
        if asked not in self._asked:
            self._asked[asked] = self._thresholds(tenant, detection)
        return self._asked[asked]

    def _thresholds(self, tenant: str, detection: str) -> Mapping[str, float] | None:
        declared = self.detections.get(detection)
        if declared is None:
            return None
        tuning = self.tunings.get(detection, Tuning())
        own = self.tenants.get(tenant, {}).get(detection)
        if own is not None:
            tuning = own.over(tuning)
        return None if tuning.enabled is False else tuning.thresholds(declared.settings)

    def tactics(self, detection: str) -> tuple[str, str] | None:
        """Id and name of the tactic that a finding of a detection counts for: that of its first technique."""
        declared = self.detections.get(detection)
        if declared is None or not declared.techniques:
            return None
        return declared.techniques[0].tactic_id, declared.techniques[0].tactic

    def title(self, detection: str) -> str:
        """What a detection is called."""
        declared = self.detections.get(detection)
        return declared.title if declared else detection

    def budget_of(self, tenant: str) -> float:
        """Alerts per 1,000 users and week; 0: no limit."""
        return self.budgets.get(tenant, self.budget)
