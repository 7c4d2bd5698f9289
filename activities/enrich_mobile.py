"""Autonomous systems whose addresses are phones': those of carriers whose lines at home, if any, have another number.

Carriers with one system for both are left out. Numbers and names are as registered, or as they are known.
"""

from __future__ import annotations

_SYSTEMS = {
    "Airtel": (36873, 36926, 45609),
    "AIS": (131445, 133481),
    "AT&T Mobility": (20057,),
    "Boost Mobile": (398378,),
    "Celcom": (10030,),
    "Claro Brasil": (22085,),
    "Cosmote": (29247,),
    "Drei Austria": (25255,),
    "Free Mobile": (51207,),
    "Iran Cell Service": (44244,),
    "Latvijas Mobilais Telefons": (24921,),
    "Mobile Communication Company of Iran": (197207,),
    "Mobilink": (45669,),
    "Mobinil": (37069,),
    "MTN": (16637, 29465),
    "NTT Docomo": (9605,),
    "P4": (39603,),
    "Polkomtel": (8374,),
    "Rakuten Mobile": (138384,),
    "Salt Mobile": (15796,),
    "Singtel Mobile": (45143,),
    "SmarTone": (17924,),
    "T-Mobile Polska": (12912,),
    "T-Mobile USA": (21928,),
    "T2 Mobile": (12958, 15378, 41330, 48092, 48190),
    "Telecom Italia Mobile": (16232,),
    "Telefonica UK": (35228,),
    "Three Ireland": (13280,),
    "Three UK": (60339, 206067),
    "TIM Brasil": (26615,),
    "TT Mobil": (20978,),
    "Turkcell": (16135,),
    "U Mobile": (38466,),
    "Verizon Wireless": (6167, 22394),
    "Vivo": (26599,),
    "Vodacom": (29975,),
    "Vodafone Australia": (133612,),
    "Vodafone Idea": (38266,),
    "Vodafone UK": (25135,),
    "Wind Tre": (24608,),
}

MOBILE_SYSTEMS = frozenset(number for numbers in _SYSTEMS.values() for number in numbers)
"""Autonomous system numbers (RFC 6793)."""
