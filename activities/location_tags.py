"""Tags of locations that detections look at. Records may bring others; docs/enrichment.md says whence each comes."""

from __future__ import annotations

OFFICE = "office"
VPN = "vpn"
"""An exit of the organisation's own VPN, never a public one."""
ADMIN = "admin"
"""Where administrators work from."""
CLOUD = "cloud"
RISKY = "risky"

PRIVATE = "private"
"""RFC 1918, RFC 4193."""
CGNAT = "cgnat"
"""Shared by the customers of a carrier, RFC 6598."""
MOBILE = "mobile"

TOR = "tor"
ANONYMOUS_VPN = "anonymous-vpn"
"""An exit of a VPN that anybody can buy."""
PROXY = "proxy"
HOSTING = "hosting"
CDN = "cdn"
RELAY = "relay"
"""A privacy relay of a device's maker: ordinary people, about where they are."""

OWN = frozenset({OFFICE, VPN, ADMIN})
"""The organisation vouches for the address: what public lists say of it is left out."""
ANONYMOUS = frozenset({TOR, ANONYMOUS_VPN, PROXY})
"""Whoever comes from there hides where they are."""
LISTED = (TOR, ANONYMOUS_VPN, PROXY, HOSTING, CDN, RELAY)
"""Tags that public lists give."""
