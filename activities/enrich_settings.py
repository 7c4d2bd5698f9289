"""Settings of enrichment: `[enrichment]` in `anput.toml`. docs/enrichment.md describes them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Category = Literal["office", "vpn", "admin", "cloud", "risky"]
Listed = Literal["tor", "anonymous", "proxy", "hosting", "cdn", "relay", "mobile"]


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[enrichment.ranges]]`: addresses of which the organisation itself says what they are."""

    name: str
    category: Category
    """Its tag."""
    cidrs: tuple[str, ...] = ()
    """Addresses and networks."""
    files: tuple[str, ...] = ()
    """More of them, one a line, or all that are in a JSON document such as a cloud provider's."""
    tags: tuple[str, ...] = ()
    """Further tags."""
    country: Annotated[str, msgspec.Meta(pattern="^([A-Z]{2})?$")] = ""
    """ISO 3166-1 alpha-2."""
    city: str = ""
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    isp: str = ""


class EnrichmentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[enrichment]`."""

    databases: tuple[str, ...] = ()
    """MMDB files, `.gz` or not, asked in this order, before the packaged ones."""
    packaged: bool = True
    """Ask the packaged databases and lists."""
    ranges: tuple[Range, ...] = ()
    lists: dict[Listed, tuple[str, ...]] = {}
    """Files of addresses by tag, each instead of what is packaged for the tag."""
    reload_interval: Annotated[float, msgspec.Meta(ge=0)] = 60
    """Seconds of wall clock between looks at whether a file was replaced; 0: never."""
