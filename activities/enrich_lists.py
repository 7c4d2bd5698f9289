"""Public lists: what kind of service an address is an exit of."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import iporigin

from activities.enrich_address import Address, RangeTable
from activities.enrich_gateways import GATEWAY_SYSTEMS, RELAY_RANGES
from activities.enrich_hosting import HOSTING_SYSTEMS
from activities.enrich_mobile import MOBILE_SYSTEMS
from activities.enrich_ranges import networks_of_file
from activities.enrich_settings import EnrichmentSettings
from activities.location_tags import ANONYMOUS, CDN, HOSTING, MOBILE, RELAY, TOR

_KINDS = {
    iporigin.TOR: TOR,
    iporigin.VPN: ANONYMOUS,
    iporigin.HOSTING: HOSTING,
    iporigin.BOT: HOSTING,
    iporigin.CDN: CDN,
}
_SYSTEMS = {HOSTING: HOSTING_SYSTEMS, MOBILE: MOBILE_SYSTEMS, RELAY: GATEWAY_SYSTEMS}
_RELAYS = frozenset({"Apple Private Relay", "Apple Intelligence Proxy"})
_UNLICENSED = frozenset(
    {
        "Akamai", "BunnyCDN", "BuyVM", "CDN77", "Cogent", "Contabo", "DataCamp", "GTHost", "GleSYS", "Melbicom",
        "Scalaxy", "Vercel",
    }
)  # fmt: skip
"""Of these `iporigin` has ranges from lists without a licence, by permissions that its notice can't prove."""


class Lists:
    """The lists in force: the packaged ones, and the user's instead where there are any for a tag."""

    def __init__(self, settings: EnrichmentSettings) -> None:
        """Reads the user's lists.

        Raises:
            EnrichmentError: One can't be read.
        """
        self._own = RangeTable(
            (network, tag)
            for tag, files in sorted(settings.lists.items())
            for file in files
            for network in networks_of_file(Path(file))
        )
        self._relays = RangeTable((ip_network(found), RELAY) for found in RELAY_RANGES)
        self._packaged = settings.packaged
        self._replaced = frozenset(tag for tag, files in settings.lists.items() if files)

    def tags(self, address: Address, asn: int | None) -> tuple[str, ...]:
        """The tags of a public address of an autonomous system.

        A system that rents servers out makes its addresses `hosting`, one of a carrier's radio network `mobile`, one of
        companies' web gateways `relay`, only where no list says something closer.
        """
        found: set[str] = {tag for tags in self._own.containing(address) for tag in tags}
        if self._packaged:
            tag = self._packaged_tag(address) or next(iter(self._relays.containing(address)), ("",))[0]
            if tag and tag not in self._replaced:
                found.add(tag)
            elif not found:
                found.update(tag for tag, systems in _SYSTEMS.items() if asn in systems and tag not in self._replaced)
        return tuple(sorted(found))

    @staticmethod
    def _packaged_tag(address: Address) -> str:
        origin = iporigin.classify(address)  # type: ignore[no-untyped-call]
        if origin.provider in _UNLICENSED:
            return ""
        return RELAY if origin.provider in _RELAYS else _KINDS.get(origin.kind, "")
