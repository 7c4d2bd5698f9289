"""What records of Entra ID and Microsoft 365 share: the tenant, object ids, times, devices."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from activities.activity import UserType
from simulator.catalogue import app_id
from simulator.record import Account, NativeDevice, NativeObject, rfc3339
from simulator.streams import guid

OFFICE = app_id("Office 365 Exchange Online")
_TRUE_SYSTEMS = {"Windows 10": "Windows10", "Windows 11": "Windows10", "Windows 7": "Windows7", "macOS 15": "MacOs"}


@lru_cache(maxsize=64)
def tenant_id(tenant: str) -> str:
    """The tenant's directory id."""
    return guid("entra tenant", tenant)


@lru_cache(maxsize=65_536)
def object_id(name: str) -> str:
    """The directory's id of a user or an app."""
    return guid("entra object", name)


def upn(account: Account, tenant: str) -> str:
    """The user principal name: a guest's is made of their own address."""
    user = account.user
    if user.type is UserType.PERSON and not user.id.endswith(f"@{tenant}.example"):
        return guest_upn(user.id, tenant)
    return user.id


def guest_upn(address: str, tenant: str) -> str:
    """A guest's user principal name."""
    return f"{address.replace('@', '_')}#EXT#@{tenant}.onmicrosoft.com"


def new_value(item: NativeObject) -> str:
    """What a changed property says of what was given: a list of one where an app's pages are (`AppAddress`)."""
    if item.type == "AppAddress":
        page = {"AddressType": 0, "Address": item.name, "ReplyAddressClientType": 1}
        return msgspec.json.encode([page]).decode()
    return item.name


def system(device: NativeDevice) -> str:
    """The operating system in Microsoft's words."""
    return _TRUE_SYSTEMS.get(device.os, device.os)


def is_managed(device: NativeDevice) -> bool:
    """Whether it is a company laptop."""
    return device.id.startswith("LT-")


def seconds(time: int) -> str:
    """A time in ms without zone and milliseconds, which is UTC: `2026-01-05T09:00:00`."""
    return rfc3339(time)[:19]
