"""Laptops and phones, with the user agents they send."""

from __future__ import annotations

from random import Random

from simulator.record import NativeDevice
from simulator.streams import Weighted

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_LINUX = "Mozilla/5.0 (X11; Linux x86_64)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X)"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36"

Agent = tuple[str, str]
"""Operating system, user agent."""

_OFFICE_LAPTOPS: Weighted[Agent] = Weighted(
    (
        ("Windows 11", f"{_WINDOWS} {_CHROME} Edg/143.0.0.0"),
        ("Windows 11", f"{_WINDOWS} {_CHROME}"),
        ("Windows 10", f"{_WINDOWS} {_CHROME} Edg/142.0.0.0"),
        ("macOS 15", f"{_MAC} {_CHROME}"),
        ("macOS 15", f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"),
    ),
    (45, 20, 10, 15, 10),
)
_ENGINEERING_LAPTOPS: Weighted[Agent] = Weighted(
    (
        ("macOS 15", f"{_MAC} {_CHROME}"),
        ("Ubuntu 24.04", f"{_LINUX} {_CHROME}"),
        ("Fedora 43", "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"),
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


def laptop(rng: Random, engineering: bool) -> NativeDevice:
    """A company laptop."""
    system, agent = (_ENGINEERING_LAPTOPS if engineering else _OFFICE_LAPTOPS).draw(rng)
    return NativeDevice(f"LT-{rng.getrandbits(32):08X}", system, agent)


def phone(rng: Random) -> NativeDevice:
    """A person's phone."""
    system, agent = _PHONES.draw(rng)
    return NativeDevice(f"PH-{rng.getrandbits(32):08X}", system, agent)


def stranger(rng: Random) -> NativeDevice:
    """What an intruder uses: no device id that the company knows, another user agent than its people's."""
    system, agent = rng.choice(_STRANGERS)
    return NativeDevice("", system, agent)


def command_line(device: NativeDevice) -> NativeDevice:
    """The same laptop as seen through the AWS command line."""
    return NativeDevice(device.id, device.os, f"aws-cli/2.32.6 {_CLI.get(device.os, 'md/Windows#10')} md/prompt#off")
