"""Models: what is remembered of a user, each of bounded size, with `learn` and a score, without clock, I/O or chance.

Scores are tail probabilities under the user's own baseline (small is surprising), from scipy.special.
All are persisted inside the profile: new fields go to the end, with a default.
"""

from stateful.models.burst import Burst
from stateful.models.limits import DAY, EVIDENCE_KEPT, OBJECTS_KEPT, VALUE_LENGTH, VALUES_KEPT
from stateful.models.tally import Bucket, Tally
from stateful.models.values import Seen, Values

__all__ = [
    "DAY",
    "EVIDENCE_KEPT",
    "OBJECTS_KEPT",
    "VALUES_KEPT",
    "VALUE_LENGTH",
    "Bucket",
    "Burst",
    "Seen",
    "Tally",
    "Values",
]
