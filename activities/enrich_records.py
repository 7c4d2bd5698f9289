"""What a record of an MMDB says, as a location.

Shapes, by their documentation: MaxMind GeoIP2 and GeoLite2 (City, Country, ASN, ISP, Enterprise, Connection Type,
Anonymous IP), which DB-IP's Lite and commercial files share; ip-location-db (flat, `country_code`); IPinfo (flat, `asn`
as `AS64496`, `as_name`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from activities.activity import NOWHERE, Location
from activities.location_tags import ANONYMOUS, HOSTING, MOBILE, PROXY, TOR
from activities.record import text
from activities.values import asn, mapping, number

_COUNTRY_LENGTH = 2
_DECIMALS = 4
"""Of a degree: 11 m. Databases store single precision, which would show as 52.36759948730469."""
_DISTRICT = re.compile(r" \([^()]*\)$")
"""DB-IP writes `Amsterdam (Amsterdam-Centrum)`."""
_NO_COUNTRY = frozenset({"XX", "ZZ"})
"""User-assigned codes of ISO 3166-1 that databases write for unknown."""
_CIRCUMFERENCE = 40_075
"""Of the earth, km: no radius is larger."""
_FLAGS = {
    "is_tor_exit_node": TOR,
    "is_anonymous_vpn": ANONYMOUS,
    "is_public_proxy": PROXY,
    "is_residential_proxy": PROXY,
    "is_anonymous_proxy": PROXY,
    "is_hosting_provider": HOSTING,
}
"""MaxMind's, at the top or in `traits`."""
_USER_TYPES = {"cellular": MOBILE, "hosting": HOSTING}
_TAGGING = frozenset({*_FLAGS, "traits", "user_type", "connection_type", "mobile_network_code"})


def location_of(record: object) -> Location:
    """What `record` says; `NOWHERE` if nothing that is known here."""
    if not isinstance(record, dict):
        return NOWHERE
    traits, where = mapping(record.get("traits")), mapping(record.get("location")) or record
    latitude, longitude = number(where.get("latitude"), 90), number(where.get("longitude"), 180)
    placed = latitude is not None and longitude is not None
    radius = number(where.get("accuracy_radius"), _CIRCUMFERENCE)
    found = Location(
        _country(record),
        text(_DISTRICT.sub("", _first(_name(record.get("city"))))),
        round(latitude, _DECIMALS) if latitude is not None and placed else None,
        round(longitude, _DECIMALS) if longitude is not None and placed else None,
        asn(_either(record, traits, "autonomous_system_number") or record.get("asn")),
        text(
            _first(*(_either(record, traits, field) for field in ("isp", "autonomous_system_organization", "as_name")))
        ),
        tuple(dict.fromkeys(_tags(record, traits))),
        round(radius) if placed and radius is not None and radius > 0 else None,
    )
    return NOWHERE if found == NOWHERE else found


def _country(record: Mapping[str, object]) -> str:
    """The code in capitals; "" if there is none of two letters."""
    code = record.get("country_code") or mapping(record.get("country")).get("iso_code") or record.get("country")
    if not isinstance(code, str) or len(code) != _COUNTRY_LENGTH or not code.isascii() or not code.isalpha():
        return ""
    return "" if code.upper() in _NO_COUNTRY else code.upper()


def _name(value: object) -> object:
    """A name as such, or the English one of several, else the first by language."""
    names = mapping(mapping(value).get("names"))
    if not names:
        return value
    return names.get("en") or names[min(names)]


def _either(record: Mapping[str, object], traits: Mapping[str, object], field: str) -> object:
    return record.get(field) or traits.get(field)


def _first(*values: object) -> str:
    return next((value for value in values if isinstance(value, str) and value), "")


def _tags(record: Mapping[str, object], traits: Mapping[str, object]) -> list[str]:
    if _TAGGING.isdisjoint(record):
        return []
    tags = [tag for flag, tag in _FLAGS.items() if _either(record, traits, flag) is True]
    user_type = _either(record, traits, "user_type")
    if isinstance(user_type, str) and user_type in _USER_TYPES:
        tags.append(_USER_TYPES[user_type])
    if _either(record, traits, "connection_type") == "Cellular" or _either(record, traits, "mobile_network_code"):
        tags.append(MOBILE)
    return tags
