"""What `anput new detection NAME` writes: a detection, its scenarios and its test, all of which pass as they are."""

from __future__ import annotations

import keyword
import re
from collections.abc import Container
from string import Template

LONGEST = 48
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

_DETECTION = Template('''"""$title: in one line, what it looks for."""

from __future__ import annotations

from collections.abc import Iterable

from activities.activity import Activity, Category
from stateful.attack import CLOUD_ACCOUNTS
from stateful.detection import Detection
from stateful.features import OPERATIONS, operation, succeeded
from stateful.finding import Comparison, Finding, Severity
from stateful.view import Context, UserView, evidence_of

WATCHED = frozenset({"$action"})


def evaluate(activity: Activity, user: UserView, context: Context) -> Iterable[Finding]:
    """A watched operation succeeded, by a user who never or seldom does it."""
    known = user.values(OPERATIONS).get(operation(activity))
    times = known.count if known else 0
    if activity.action not in WATCHED or not succeeded(activity) or times >= context.settings["usual_count"]:
        return
    yield context.finding(
        activity,
        anchor=activity.id,
        closes=activity.time,
        risk=60,
        reason=f"{activity.action}, which this user has done {times} times before",
        comparisons=(Comparison("this operation by this user", f"time {times + 1}", "never", since=user.since),),
        evidence=(evidence_of(activity),),
    )


DETECTION = Detection(
    id="$name",
    title="$title",
    description="What it looks for, and why that matters: two or three sentences.",
    techniques=(CLOUD_ACCOUNTS,),
    severity=Severity.MEDIUM,
    evaluate=evaluate,
    categories=frozenset({Category.OTHER}),
    features=(OPERATIONS,),
    settings={"usual_count": 3},
    learning_days=7,
    runbook=("What an analyst does first.", "What to do if it is what it looks like."),
    quiet="The user having done the same operation three times before.",
)
''')

_SCENARIOS = {
    "first_time": Template("""name: somebody does it who never did
detection: $name
who:
  ada: weekdays 9-17 in Berlin, 20 days
timeline:
  - {at: day 22 10:00, action: $action, category: other, as: first}
expect:
  alerts:
    - {user: ada, severity: medium, anchor: first, raised_by: first}
"""),
    "arrives_late": Template("""name: the first time arrives six hours after the second
detection: $name
who:
  ada: weekdays 9-17 in Berlin, 20 days
timeline:
  - {at: day 22 10:00, action: $action, category: other, as: first, arrives: 6h late}
  - {at: +1h, action: $action, category: other}
expect:
  alerts:
    - {user: ada, anchor: first, evidence: 2, says: 2 findings within a day}
"""),
    "new_hire": Template("""name: somebody in the first week of a job
detection: $name
who:
  eve: weekdays 9-17 in Berlin, 4 days
timeline:
  - {at: day 5 10:00, action: $action, category: other}
expect:
  silence: [$name]
"""),
    "tried_only": Template("""name: it was tried and failed
detection: $name
who:
  ada: weekdays 9-17 in Berlin, 20 days
timeline:
  - {at: day 22 10:00, action: $action, category: other, outcome: failure}
expect:
  silence: [$name]
"""),
}

_TEST = Template('''"""$title: what it says, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import detections
from activities.activity import Activity, Category, Outcome, User
from scenarios.document import find
from scenarios.runner import Runner
from stateful.finding import Finding
from stateful.profile import ProfileFold

$folder_line
DETECTION = detections.load(FOLDER)["$name"]
SCENARIOS = Path(__file__).parents[1] / "scenarios" / "$name"
DAY = 86_400_000
START = 1_767_600_000_000


def act(number: int, action: str = "$action", outcome: Outcome = Outcome.SUCCESS) -> Activity:
    time = START + number * DAY
    return Activity("acme", f"a{number}", time, time, User("ada"), action, Category.OTHER, outcome)


def findings(activities: list[Activity]) -> list[Finding]:
    fold = ProfileFold([DETECTION], {})
    state = fold.decode(b"")
    said = [statement for activity in activities for statement in fold.step(state, activity)]
    return [statement for statement in said if isinstance(statement, Finding)]


def test_the_first_time_after_the_learning_period() -> None:
    (finding,) = findings([act(0, "Other"), act(8)])
    assert (finding.anchor, finding.severity) == ("a8", DETECTION.severity)


def test_what_the_user_does_usually() -> None:
    said = findings([act(0, "Other"), *(act(number) for number in range(8, 20))])
    assert len(said) == DETECTION.settings["usual_count"]


def test_what_was_only_tried() -> None:
    assert findings([act(0, "Other"), act(8, outcome=Outcome.DENIED)]) == []


@pytest.mark.parametrize("file", find([SCENARIOS]), ids=lambda file: file.stem)
def test_scenario(file: Path) -> None:
    result = Runner(folder=FOLDER).run_file(file)
    assert (result.error, result.problems) == ("", ())
''')


def check_name(name: str, taken: Container[str]) -> None:
    """Check that a detection may be called so.

    Raises:
        ValueError: it may not; the message says what a name is like.
    """
    if not _NAME.fullmatch(name) or len(name) > LONGEST or keyword.iskeyword(name):
        msg = (
            f"detection {name!r}: expected a name such as rare_api: lower-case words of letters and digits with _ "
            f"between them, at most {LONGEST} characters, and no word of Python"
        )
        raise ValueError(msg)
    if name in taken:
        msg = f"detection {name!r}: there is one of this name already; choose another"
        raise ValueError(msg)


def files(name: str, *, folder: bool) -> dict[str, str]:
    """Path below the root -> content: of a checkout of Anput, or of a `folder` of one's own."""
    words = name.split("_")
    line = "FOLDER = str(Path(__file__).parents[1])" if folder else 'FOLDER = ""'
    values = {
        "name": name,
        "title": " ".join(words).capitalize(),
        "action": "".join(word.capitalize() for word in words),
        "folder_line": line,
    }
    scenarios = "scenarios" if folder else "tests/scenarios"
    return {
        f"{name}.py" if folder else f"detections/{name}.py": _DETECTION.substitute(values),
        **{f"{scenarios}/{name}/{what}.yaml": text.substitute(values) for what, text in _SCENARIOS.items()},
        f"tests/test_{name}.py" if folder else f"tests/detections/test_{name}.py": _TEST.substitute(values),
    }
