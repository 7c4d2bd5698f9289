"""Services that fetch for a person: whose address a record names."""

from __future__ import annotations

import pytest

from activities.activity import Activity, Category, Device, User
from activities.enrich import Enricher

MICROSOFT, HETZNER = "52.97.146.165", "88.198.50.1"


@pytest.fixture(scope="module")
def packaged() -> Enricher:
    return Enricher()


@pytest.mark.parametrize(
    ("source", "ip", "agent", "served"),
    [
        ("m365", MICROSOFT, "Client=OutlookService;Outlook-iOS/2.0;", True),
        ("m365", MICROSOFT, "MSWAC", True),
        ("m365", MICROSOFT, "python-requests/2.31", False),
        ("m365", HETZNER, "Client=OutlookService;Outlook-iOS/2.0;", False),
        ("entra_signin", MICROSOFT, "Outlook-iOS/2.0", False),
    ],
)
def test_a_service_of_the_vendors_own_cloud(packaged: Enricher, source: str, ip: str, agent: str, served: bool) -> None:
    activity = Activity(
        "t", "1", 0, 0, User("ada"), "MailItemsAccessed", Category.READ, ip=ip, device=Device(user_agent=agent),
        source=source,
    )  # fmt: skip
    found = packaged.enrich(activity)
    assert ("cloud" in found.location.tags) is served
    assert packaged.enrich(found) == found
