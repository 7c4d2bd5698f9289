"""Units and bounds that models share. A stored state depends on the bounds: see docs/state.md before changing one."""

DAY = 86_400_000
"""ms"""

VALUES_KEPT = 256
VALUE_LENGTH = 128
"""Characters of a value that are remembered."""
EVIDENCE_KEPT = 12
OBJECTS_KEPT = 512
