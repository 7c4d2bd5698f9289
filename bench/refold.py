"""What a late activity costs: one busy user, with none, 2 % and 10 % of the activities late, beside folding in order.

    python -m bench.refold --out bench/refold.json

The user has 20,000 activities a day over two days; late ones come one to twenty hours after they happened, in batches
of 50 as a run has them. CPU time of this process.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path
from statistics import median

import msgspec

import detections
from activities.activity import Activity, Category, Location, Object, User
from stateful.profile import Profile, ProfileFold, Statement, prefer
from windowing.timeline import Open, Timeline
from windowing.watermark import HOUR

PER_DAY = 20_000
DAYS = 2
BATCH = 50
START = 1_770_000_000_000 // HOUR * HOUR
DAY = 24 * HOUR


def arrivals(late: float) -> list[Activity]:
    """Activities in order of arrival; `late` is the share that comes hours later."""
    chance = random.Random(1)
    user = User("busy")
    made = []
    for n in range(PER_DAY * DAYS):
        event = START + n * (DAY // PER_DAY)
        delay = chance.randint(HOUR, 20 * HOUR) if chance.random() < late else chance.randint(1000, 3000)
        category, action = chance.choice(((Category.READ, "View"), (Category.DOWNLOAD, "Get"), (Category.SEND, "Send")))
        made.append(
            Activity(
                "t",
                f"{n:024x}",
                event,
                event + delay,
                user,
                action,
                category,
                location=Location("DE"),
                ip="192.0.2.7",
                objects=(Object("file", f"file {n % 3000}", 1000),),
            )
        )
    return sorted(made, key=lambda a: a.ingested)


def cost(activities: list[Activity]) -> float:
    """CPU microseconds per activity, sealing on the way as a run does."""
    timeline: Timeline[Profile, Activity, Statement] = Timeline(ProfileFold(detections.load().values(), {}), Open())
    began, sealed = time.process_time(), 0
    for at in range(0, len(activities), BATCH):
        batch = activities[at : at + BATCH]
        for activity in batch:
            timeline.insert(activity, prefer)
        timeline.evaluate()
        seal = (batch[-1].ingested - DAY) // HOUR * HOUR
        if seal > sealed:
            sealed = seal
            timeline.seal(seal)
    timeline.seal(2**60)
    return (time.process_time() - began) / len(activities) * 1e6


def in_order(activities: list[Activity]) -> float:
    """CPU microseconds per activity of the bare fold over the sorted activities."""
    fold = ProfileFold(detections.load().values(), {})
    state = fold.decode(b"")
    ordered = sorted(activities, key=lambda a: (a.time, a.id))
    began = time.process_time()
    for activity in ordered:
        fold.step(state, activity)
    return (time.process_time() - began) / len(ordered) * 1e6


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("bench/refold.json"))
    arguments = parser.parse_args()
    shares = {share: arrivals(share) for share in (0.0, 0.02, 0.1)}
    bare = median(in_order(shares[0.0]) for _ in range(arguments.repeats))
    results: dict[str, float] = {"bare_fold_us": round(bare, 2)}
    for share, activities in shares.items():
        took = median(cost(activities) for _ in range(arguments.repeats))
        results[f"late_{share:.0%}_us"] = round(took, 2)
        results[f"late_{share:.0%}_ratio"] = round(took / bare, 2)
    text = msgspec.json.format(msgspec.json.encode(results)).decode()
    arguments.out.write_text(text + "\n")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
