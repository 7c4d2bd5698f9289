"""Tags of locations that detections look at. Records may bring others; docs/enrichment.md says whence each comes."""

from __future__ import annotations

OFFICE = "office"
CORPORATE = "corporate"
"""As `office`, in records."""
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
ANONYMOUS = "anonymous"
"""An exit of a VPN that anybody can buy, or of another service that hides who uses it."""
PROXY = "proxy"
HOSTING = "hosting"
CDN = "cdn"
RELAY = "relay"
"""A privacy relay of a device's maker, or a web gateway of companies: ordinary people, about where they are."""

OWN = frozenset({OFFICE, CORPORATE, VPN, ADMIN})
"""The organisation vouches for the address: what public lists say of it is left out."""
LISTED = (TOR, ANONYMOUS, PROXY, HOSTING, CDN, RELAY)
"""Tags that public lists give."""
