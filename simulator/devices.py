"""Laptops and phones, with the user agents they send, which change as browsers are updated."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from msgspec.structs import replace

from simulator.record import NativeDevice
from simulator.streams import Weighted

_RELEASES = tuple(date(2025, 9, 2) + timedelta(weeks=4 * number) for number in range(60))
_FIRST_RELEASE = 140
"""The version of Chrome that came out on the first of `_RELEASES`; every four weeks there is another."""
_FIREFOX_LAG = 3
"""Firefox's number less Chrome's."""
_STAGGER = 9
"""Days within which a browser updates itself."""
_CHROME_VERSION, _FIREFOX_VERSION = "{chrome}", "{firefox}"

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_LINUX = "Mozilla/5.0 (X11; Linux x86_64)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X)"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{chrome}.0.0.0 Safari/537.36"

Agent = tuple[str, str]
"""Operating system, user agent."""

_OFFICE_LAPTOPS: Weighted[Agent] = Weighted(
    (
        ("Windows 11", f"{_WINDOWS} {_CHROME} Edg/{{chrome}}.0.0.0"),
        ("Windows 11", f"{_WINDOWS} {_CHROME}"),
        ("Windows 10", f"{_WINDOWS} {_CHROME} Edg/{{chrome}}.0.0.0"),
        ("macOS 15", f"{_MAC} {_CHROME}"),
        ("macOS 15", f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"),
    ),
    (45, 20, 10, 15, 10),
)
_ENGINEERING_LAPTOPS: Weighted[Agent] = Weighted(
    (
        ("macOS 15", f"{_MAC} {_CHROME}"),
        ("Ubuntu 24.04", f"{_LINUX} {_CHROME}"),
        ("Fedora 43", "Mozilla/5.0 (X11; Linux x86_64; rv:{firefox}.0) Gecko/20100101 Firefox/{firefox}.0"),
        ("Windows 11", f"{_WINDOWS} {_CHROME}"),
    ),
    (50, 25, 10, 15),
)
_PHONES: Weighted[Agent] = Weighted(
    (
        ("iOS 18.7", f"{_IPHONE} AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 OutlookMobile/5.2550.0"),
        ("Android 15", "Outlook-Android/2.0 (Android 15; SM-S921B)"),
        ("Android 14", "Outlook-Android/2.0 (Android 14; Pixel 7)"),
        ("Android 15", "Outlook-Android/2.0 (Android 15; 24069PC21G)"),
    ),
    (50, 25, 15, 10),
)
_STRANGERS: tuple[Agent, ...] = (
    ("Linux", "python-requests/2.32.3"),
    ("Linux", "axios/1.7.9"),
    ("Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    ("Windows 7", "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0"),
)

_CLI = {"macOS 15": "md/Darwin#24.6.0", "Ubuntu 24.04": "md/Linux#6.8.0", "Fedora 43": "md/Linux#6.17.0"}


def _drawn(rng: Random, kind: str, agents: Weighted[Agent]) -> NativeDevice:
    system, agent = agents.draw(rng)
    return NativeDevice(f"{kind}-{rng.getrandbits(32):08X}", system, agent)


def laptop(rng: Random, engineering: bool) -> NativeDevice:
    """A company laptop, whose user agent has yet to get a version: see `versions`."""
    return _drawn(rng, "LT", _ENGINEERING_LAPTOPS if engineering else _OFFICE_LAPTOPS)


def phone(rng: Random) -> NativeDevice:
    """A person's phone."""
    return _drawn(rng, "PH", _PHONES)


def at_version(device: NativeDevice, number: int) -> NativeDevice:
    """The device with Chrome's version `number`, or what other browsers had then."""
    agent = device.user_agent.replace(_CHROME_VERSION, str(number)).replace(
        _FIREFOX_VERSION, str(number + _FIREFOX_LAG)
    )
    return replace(device, user_agent=agent)


def current(today: date) -> int:
    """The version of Chrome that is out on a date."""
    return _FIRST_RELEASE + max(0, sum(release <= today for release in _RELEASES) - 1)


def versions(device: NativeDevice, since: int, until: int, first: date, rng: Random) -> list[tuple[int, NativeDevice]]:
    """The device by the days, from `since` to `until`, on which it gets another version; day 0 is `first`."""
    if _CHROME_VERSION not in device.user_agent and _FIREFOX_VERSION not in device.user_agent:
        return [(since, device)]
    lag = rng.randrange(_STAGGER)
    day = first + timedelta(days=since - lag)
    found = [(since, at_version(device, current(day)))]
    for number, release in enumerate(_RELEASES):
        updated = (release - first).days + lag
        if since < updated < until:
            found.append((updated, at_version(device, _FIRST_RELEASE + number)))
    return found


_COMMON: tuple[Agent, ...] = (
    ("Windows 10", f"{_WINDOWS} {_CHROME}"),
    ("Windows 11", f"{_WINDOWS} {_CHROME}"),
    ("macOS 15", f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"),
)


def stranger(rng: Random) -> NativeDevice:
    """What an intruder uses: no device id that the company knows, another user agent than its people's."""
    system, agent = rng.choice(_STRANGERS)
    return NativeDevice("", system, agent)


def command_line(device: NativeDevice) -> NativeDevice:
    """The same laptop as seen through the AWS command line."""
    return NativeDevice(device.id, device.os, f"aws-cli/2.32.6 {_CLI.get(device.os, 'md/Windows#10')} md/prompt#off")


def ordinary(rng: Random, today: date, unlike: str = "") -> NativeDevice:
    """A computer that the company doesn't know, with a browser that many have, of another system than `unlike`."""
    system, agent = rng.choice([common for common in _COMMON if common[0] != unlike])
    return at_version(NativeDevice("", system, agent), current(today))


def scripted(agent: str, system: str = "Linux") -> NativeDevice:
    """A program that says what it is."""
    return NativeDevice("", system, agent)


def copied(device: NativeDevice) -> NativeDevice:
    """Another computer that sends the same user agent: what an intruder does who stole the session with it."""
    return NativeDevice("", device.os, device.user_agent)
