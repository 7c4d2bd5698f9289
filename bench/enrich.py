"""What enrichment costs per activity, beside the copy of an activity that it makes: known and new addresses and agents.

    python -m bench.enrich --out bench/enrich.json

CPU time of this process, packaged databases and lists. `hostile`: no address, agent and device comes twice, and each
agent is one that takes longest.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from ipaddress import IPv4Address
from pathlib import Path
from statistics import median

import msgspec

from activities.activity import NO_DEVICE, Activity, Category, Device, Location, User
from activities.enrich import Enricher

COUNT = 50_000
NEW = 5_000
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0"
USER = User("ada@example.com")


def activity(ip: str, device: Device = NO_DEVICE, location: Location | None = None) -> Activity:
    """One activity from an address, with a device."""
    where = location or Location()
    return Activity("t", "1", 1, 0, USER, "GetObject", Category.DOWNLOAD, ip=ip, device=device, location=where)


def workloads() -> dict[str, list[Activity]]:
    """Activities by what is known of them already."""
    chance = random.Random(1)

    def address() -> str:
        return str(IPv4Address(chance.randrange(1 << 24, 224 << 24)))

    addresses = [address() for _ in range(2_000)]
    devices = [Device(f"d{n}", "", BROWSER.format(100 + n % 40)) for n in range(2_000)]
    berlin = Location("DE", "Berlin", 52.5, 13.4)
    return {
        "nothing to say": [activity("") for _ in range(COUNT)],
        "known address": [activity(chance.choice(addresses)) for _ in range(COUNT)],
        "known address and device": [activity(chance.choice(addresses), chance.choice(devices)) for _ in range(COUNT)],
        "the same, located by the record": [
            activity(chance.choice(addresses), chance.choice(devices), berlin) for _ in range(COUNT)
        ],
        "new address": [activity(address()) for _ in range(NEW)],
        "new agent": [activity("", Device("", "", f"{BROWSER} x{n}")) for n in range(NEW)],
        "hostile": [activity(address(), Device(f"d{n}", "", f"{n}" + "(" * 1000)) for n in range(NEW)],
    }


def cost(activities: Sequence[Activity], warm: bool) -> float:
    """CPU microseconds per activity.

    Args:
        activities: what to enrich.
        warm: enrich them once before.
    """
    with Enricher() as enricher:
        enricher.enrich(activity("8.8.8.8", Device("", "", BROWSER)))
        for one in activities if warm else ():
            enricher.enrich(one)
        began = time.process_time()
        for one in activities:
            enricher.enrich(one)
        return (time.process_time() - began) / len(activities) * 1e6


def copying(activities: Sequence[Activity]) -> float:
    """CPU microseconds of `msgspec.structs.replace` of the two fields, the least that filling them in could cost."""
    where, device = Location("DE"), Device("d")
    began = time.process_time()
    for one in activities:
        msgspec.structs.replace(one, location=where, device=device)
    return (time.process_time() - began) / len(activities) * 1e6


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("bench/enrich.json"))
    arguments = parser.parse_args()
    loads = workloads()
    copy = [copying(loads["known address"]) for _ in range(arguments.repeats)]
    results: dict[str, float] = {"copy of an activity, us": round(median(copy), 2)}
    for name, activities in loads.items():
        took = median(cost(activities, len(activities) == COUNT) for _ in range(arguments.repeats))
        results[f"{name}, us"] = round(took, 2)
    text = msgspec.json.format(msgspec.json.encode(results)).decode()
    arguments.out.write_text(text + "\n")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
