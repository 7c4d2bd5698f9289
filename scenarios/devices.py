"""Devices by name, each with the user agent that it sends."""

from __future__ import annotations

import hashlib

from scenarios.phrases import UnclearError

_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36"

_OWN = {
    "windows": ("LT", "Windows 11", f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Edg/143.0.0.0"),
    "mac": ("LT", "macOS 15", f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_CHROME}"),
    "linux": ("LT", "Ubuntu 24.04", f"Mozilla/5.0 (X11; Linux x86_64) {_CHROME}"),
    "iphone": (
        "PH",
        "iOS 18.7",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Mobile/15E148 OutlookMobile/5.2550.0",
    ),
    "android": ("PH", "Android 15", "Outlook-Android/2.0 (Android 15; SM-S921B)"),
    "aws cli": ("LT", "Ubuntu 24.04", "aws-cli/2.32.6 md/Linux#6.8.0 md/prompt#off"),
    "sdk": ("", "Linux", "Boto3/1.40.2 md/Botocore#1.40.2 os/linux lang/python#3.12.3"),
}
"""A letter code of the id, operating system, user agent. Each user has one of their own."""

_STRANGE = {
    "unknown": ("Linux", "python-requests/2.32.3"),
    "unknown browser": ("Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    "unknown cli": ("Linux", "aws-cli/1.19.1 Python/3.8.10 Linux/5.4.0-kali"),
    "none": ("", ""),
}
"""Nobody's: no id that the company knows."""

NAMES = (*_OWN, *_STRANGE)
PHONES = ("iphone", "android")


def device(name: str, owner: str) -> dict[str, str]:
    """`device` of a native record: `name` is one of `NAMES`, or `new NAME` for another one of the owner's.

    Raises:
        UnclearError: there is no such device.
    """
    kind = name.strip().lower()
    if kind in _STRANGE:
        system, agent = _STRANGE[kind]
        return {"os": system, "user_agent": agent}
    known = _OWN.get(kind.removeprefix("new "))
    if known is None:
        msg = (
            f"expected a device, found {name!r}; known are {', '.join(NAMES)}, and new in front of the first "
            f"{len(_OWN)} for one that the user never used. For any other give id, os, user_agent"
        )
        raise UnclearError(msg)
    code, system, agent = known
    number = hashlib.blake2b(f"{owner}/{kind}".encode(), digest_size=4).hexdigest().upper()
    return {"id": f"{code}-{number}" if code else "", "os": system, "user_agent": agent}
