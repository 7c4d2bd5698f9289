from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Other loads share the machine: no deadlines, and no complaint that data generation is slow.
_COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("default", _COMMON, max_examples=200)
settings.register_profile("deep", _COMMON, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
