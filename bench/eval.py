"""What the detections find in simulated tenants, and what they raise about nothing, over twenty seeds.

    python -m bench.eval --out bench/eval.json          # all of it: `make eval`
    python -m bench.eval --only tuned                   # while working on detections

Of each attack two variants, of each campaign one, say themselves that they are held out: the part `tuned` has none of
them, the part `held_out` nothing else, and the two share no seed either. `held_out` says what to expect of attacks that
nobody had in mind, of the forms met most and of those meant to be hard to see (`quiet`) apart. Whoever looks at one of
its variants to change a detection moves it to the tuned ones and writes another; when that happens to many, the seeds
are moved on too. docs/evaluation.md says how often that was.
Each seed is a tenant of its own with the same users and days; each part's figures are of all its seeds together.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from flows.evaluation import alerts as alerts_
from flows.evaluation import measure, report
from flows.evaluation import truth as truth_
from flows.evaluation.measure import Measured
from simulator import attacks as registry
from simulator.campaigns import PREFIX
from simulator.simulate import simulate

TUNED, HELD_OUT = "tuned", "held_out"
SEEDS = {
    TUNED: (9, 11, 12, 13, 16, 17, 18, 21, 22, 23),
    HELD_OUT: (91, 92, 93, 94, 96, 97, 99, 100, 101, 103),
}
"""The first in whose tenants every attack has a victim of its own."""
USERS, DAYS = 200, 50
"""An account that sleeps for weeks before it is used takes 49 days."""
EACH = 2
"""Variants of an attack in a tenant, one of a campaign; they take turns from seed to seed, so that all of them come."""


def asked(part: str, seed: int) -> list[str]:
    """`attack:variant` of all attacks in the tenant of a seed."""
    found = []
    for name, attack in registry.attacks().items():
        pool = attack.held_out if part == HELD_OUT else attack.tuned
        number = min(len(pool), 1 if name.startswith(PREFIX) else EACH)
        first = (SEEDS[part].index(seed) if seed in SEEDS[part] else seed) * number
        found += [f"{name}:{pool[(first + turn) % len(pool)].name}" for turn in range(number)]
    return found


def case(part: str, seed: int, users: int, days: int) -> Measured:
    """Simulate the tenant of a seed, run the job on it, measure."""
    with tempfile.TemporaryDirectory(prefix="anput-eval-") as directory:
        work = Path(directory)
        summary = simulate(users, days, seed, asked(part, seed), work)
        inputs = [option for path in summary.inputs for option in ("--input", str(path))]
        command = [sys.executable, "-c", "from flows.cli import app; app()", "run", "--quiet", *inputs]
        command += ["--state", str(work / "state"), "--alerts", str(work / "alerts.db"), "--key-groups", "16"]
        # In a folder of its own: no anput.toml of whoever runs it takes part.
        subprocess.run(command, check=True, cwd=work, stdout=subprocess.DEVNULL)
        people = summary.people + summary.services
        return measure.measure(alerts_.read(work / "alerts.db"), truth_.read(work / "truth.jsonl"), people, days)


def together(cases: Sequence[Measured]) -> Measured:
    """Several tenants as one figure: as many days more."""
    return Measured(
        tuple(one for each in cases for one in each.found),
        sum(each.alerts for each in cases),
        tuple(alert for each in cases for alert in each.false),
        sum(each.closed for each in cases),
        cases[0].users,
        sum(each.days for each in cases),
    )


def figures(seeds: Sequence[int], cases: Sequence[Measured]) -> dict[str, Any]:
    """A part of what is written."""
    measured = together(cases)
    hard = {(name, one.name) for name, attack in registry.attacks().items() for one in attack.held_out if one.quiet}
    quiet = [one.found for one in measured.found if (one.attack.name, one.attack.variant) in hard]
    usual = [one.found for one in measured.found if (one.attack.name, one.attack.variant) not in hard]
    forms = {"usual": usual, "quiet": quiet}
    false = Counter(alert.detections[0] for alert in measured.false if alert.detections)
    return {
        "seeds": list(seeds),
        "attacks": len(measured.found),
        "alerts": measured.alerts,
        **measure.summary(measured),
        "false_alerts_by_detection": dict(false.most_common()),
        **(
            {"recall_by_form": {form: round(sum(each) / len(each), 4) for form, each in forms.items()}} if quiet else {}
        ),
        "recall_by_seed": [round(each.recall, 4) for each in cases],
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--only", choices=tuple(SEEDS), help="one part")
    parser.add_argument("--seeds", type=int, default=10, help="of each part, at most 10")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, help="where to write the figures")
    arguments = parser.parse_args()
    began = time.monotonic()
    parts = {part: seeds[: arguments.seeds] for part, seeds in SEEDS.items() if arguments.only in (None, part)}
    results: dict[str, Any] = {"users": arguments.users, "days": arguments.days, "python": platform.python_version()}
    with ProcessPoolExecutor(arguments.processes) as pool:
        running = {
            part: [pool.submit(case, part, seed, arguments.users, arguments.days) for seed in seeds]
            for part, seeds in parts.items()
        }
        every: list[Measured] = []
        for part, futures in running.items():
            cases = [future.result() for future in futures]
            print(f"\n{part}: seeds {', '.join(map(str, parts[part]))}")  # noqa: T201
            report.show(together(cases))
            results[part] = figures(parts[part], cases)
            every += cases
    whole = together(every)
    results["recall"] = round(whole.recall, 4)
    print(f"\nall together: recall {whole.recall:.2%} of {len(whole.found)} attacks")  # noqa: T201
    results["seconds"] = round(time.monotonic() - began, 1)
    if arguments.out is not None:
        arguments.out.write_bytes(msgspec.json.format(msgspec.json.encode(results)) + b"\n")


if __name__ == "__main__":
    main()
