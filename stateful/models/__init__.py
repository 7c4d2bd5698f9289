"""Models: what is remembered of a user, each of bounded size, with `learn` and a score, without clock, I/O or chance.

Scores are tail probabilities under the user's own baseline (small is surprising), from scipy.special where it needs
one. 1.0 also stands for "no surprise, not computed". All are persisted inside the profile: new fields go to the end,
with a default. Each declares `BOUND`, the bytes that its encoding takes at most. Those that a profile has can be copied
(`copy`) at next to no cost, since copies share what is frozen or made anew, never changed in place.
"""

import msgspec

from stateful.models.burst import Burst
from stateful.models.empirical_tail import EmpiricalTail
from stateful.models.habits import Habits
from stateful.models.limits import DAY, EVIDENCE_KEPT, OBJECTS_KEPT, VALUE_LENGTH, VALUES_KEPT
from stateful.models.places import Fix, Move, Place, Places, fix
from stateful.models.prevalence import Prevalence, Shown
from stateful.models.risk import combine, probability_of, risk, risk_of
from stateful.models.seasonal_rate import SeasonalRate
from stateful.models.seasonal_value import SeasonalValue
from stateful.models.sessions import Changed, Origin, Session, Sessions, origin
from stateful.models.tally import Bucket, Tally
from stateful.models.values import Seen, Values
from stateful.models.volume import Volume


def every() -> list[type[msgspec.Struct]]:
    """All models of this package, by name: the structs that declare a `BOUND`."""
    own = (entry for entry in globals().values() if isinstance(entry, type) and issubclass(entry, msgspec.Struct))
    return sorted({kind for kind in own if hasattr(kind, "BOUND")}, key=lambda kind: kind.__name__)


__all__ = [
    "DAY",
    "EVIDENCE_KEPT",
    "OBJECTS_KEPT",
    "VALUES_KEPT",
    "VALUE_LENGTH",
    "Bucket",
    "Burst",
    "Changed",
    "EmpiricalTail",
    "Fix",
    "Habits",
    "Move",
    "Origin",
    "Place",
    "Places",
    "Prevalence",
    "SeasonalRate",
    "SeasonalValue",
    "Seen",
    "Session",
    "Sessions",
    "Shown",
    "Tally",
    "Values",
    "Volume",
    "combine",
    "every",
    "fix",
    "origin",
    "probability_of",
    "risk",
    "risk_of",
]
