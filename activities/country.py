"""ISO 3166-1 alpha-2 codes of countries that a record names in words.

Names: the tz database's `iso3166.tab` (public domain), the short names of ISO 3166-1, and those that geolocation
databases write (MaxMind, GeoNames). `XK` for Kosovo is not of ISO 3166-1 but what those databases and the EU use.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LONGEST = 64
_CODE = re.compile(r"[A-Z]{2}", re.ASCII)
_ALIASES = {"UK": "GB", "EL": "GR"}
"""Codes that are no alpha-2 codes but often stand for one."""

_NAMES = """
AD Andorra
AE United Arab Emirates
AF Afghanistan
AG Antigua & Barbuda
AI Anguilla
AL Albania
AM Armenia
AO Angola
AQ Antarctica
AR Argentina
AS Samoa (American); American Samoa
AT Austria
AU Australia
AW Aruba
AX Åland Islands; Aland
AZ Azerbaijan
BA Bosnia & Herzegovina
BB Barbados
BD Bangladesh
BE Belgium
BF Burkina Faso
BG Bulgaria
BH Bahrain
BI Burundi
BJ Benin
BL St Barthelemy; Saint Barthélemy
BM Bermuda
BN Brunei; Brunei Darussalam
BO Bolivia; Bolivia, Plurinational State of
BQ Caribbean NL; Bonaire, Sint Eustatius and Saba; Bonaire; Caribbean Netherlands
BR Brazil
BS Bahamas
BT Bhutan
BV Bouvet Island
BW Botswana
BY Belarus
BZ Belize
CA Canada
CC Cocos (Keeling) Islands; Cocos Islands
CD Congo (Dem. Rep.); Congo, The Democratic Republic of the; DR Congo; Democratic Republic of the Congo; Congo Kinshasa
CF Central African Rep.; Central African Republic
CG Congo (Rep.); Congo; Congo Republic; Republic of the Congo; Congo Brazzaville
CH Switzerland
CI Côte d'Ivoire; Ivory Coast
CK Cook Islands
CL Chile
CM Cameroon
CN China; People's Republic of China
CO Colombia
CR Costa Rica
CU Cuba
CV Cape Verde; Cabo Verde
CW Curaçao
CX Christmas Island
CY Cyprus
CZ Czech Republic; Czechia
DE Germany
DJ Djibouti
DK Denmark
DM Dominica
DO Dominican Republic
DZ Algeria
EC Ecuador
EE Estonia
EG Egypt
EH Western Sahara
ER Eritrea
ES Spain
ET Ethiopia
FI Finland
FJ Fiji
FK Falkland Islands; Falkland Islands (Malvinas)
FM Micronesia; Micronesia, Federated States of; Federated States of Micronesia
FO Faroe Islands
FR France
GA Gabon
GB Britain (UK); United Kingdom; Great Britain
GD Grenada
GE Georgia
GF French Guiana
GG Guernsey
GH Ghana
GI Gibraltar
GL Greenland
GM Gambia
GN Guinea
GP Guadeloupe
GQ Equatorial Guinea
GR Greece
GS South Georgia & the South Sandwich Islands
GT Guatemala
GU Guam
GW Guinea-Bissau
GY Guyana
HK Hong Kong; Hong Kong SAR
HM Heard Island & McDonald Islands
HN Honduras
HR Croatia
HT Haiti
HU Hungary
ID Indonesia
IE Ireland
IL Israel
IM Isle of Man
IN India
IO British Indian Ocean Territory
IQ Iraq
IR Iran; Iran, Islamic Republic of
IS Iceland
IT Italy
JE Jersey
JM Jamaica
JO Jordan; Hashemite Kingdom of Jordan
JP Japan
KE Kenya
KG Kyrgyzstan
KH Cambodia
KI Kiribati
KM Comoros
KN St Kitts & Nevis; Saint Kitts and Nevis
KP Korea (North); North Korea; Korea, Democratic People's Republic of
KR Korea (South); South Korea; Korea, Republic of; Republic of Korea
KW Kuwait
KY Cayman Islands
KZ Kazakhstan
LA Laos; Lao People's Democratic Republic
LB Lebanon
LC St Lucia; Saint Lucia
LI Liechtenstein
LK Sri Lanka
LR Liberia
LS Lesotho
LT Lithuania; Republic of Lithuania
LU Luxembourg
LV Latvia
LY Libya
MA Morocco
MC Monaco
MD Moldova; Moldova, Republic of; Republic of Moldova
ME Montenegro
MF St Martin (French); Saint Martin (French part); Saint Martin
MG Madagascar
MH Marshall Islands
MK North Macedonia; Macedonia; Republic of North Macedonia
ML Mali
MM Myanmar (Burma); Myanmar; Burma
MN Mongolia
MO Macau; Macao; Macao SAR
MP Northern Mariana Islands
MQ Martinique
MR Mauritania
MS Montserrat
MT Malta
MU Mauritius
MV Maldives
MW Malawi
MX Mexico
MY Malaysia
MZ Mozambique
NA Namibia
NC New Caledonia
NE Niger
NF Norfolk Island
NG Nigeria
NI Nicaragua
NL Netherlands
NO Norway
NP Nepal
NR Nauru
NU Niue
NZ New Zealand
OM Oman
PA Panama
PE Peru
PF French Polynesia
PG Papua New Guinea
PH Philippines
PK Pakistan
PL Poland
PM St Pierre & Miquelon; Saint Pierre and Miquelon
PN Pitcairn
PR Puerto Rico
PS Palestine; Palestine, State of; Palestinian Territory; State of Palestine
PT Portugal
PW Palau
PY Paraguay
QA Qatar
RE Réunion
RO Romania
RS Serbia
RU Russia; Russian Federation
RW Rwanda
SA Saudi Arabia
SB Solomon Islands
SC Seychelles
SD Sudan
SE Sweden
SG Singapore
SH St Helena; Saint Helena, Ascension and Tristan da Cunha; Saint Helena
SI Slovenia
SJ Svalbard & Jan Mayen
SK Slovakia
SL Sierra Leone
SM San Marino
SN Senegal
SO Somalia
SR Suriname
SS South Sudan
ST Sao Tome & Principe
SV El Salvador
SX St Maarten (Dutch); Sint Maarten (Dutch part); Sint Maarten
SY Syria; Syrian Arab Republic
SZ Eswatini (Swaziland); Eswatini; Swaziland
TC Turks & Caicos Is; Turks and Caicos Islands
TD Chad
TF French S. Terr.; French Southern Territories
TG Togo
TH Thailand
TJ Tajikistan
TK Tokelau
TL East Timor; Timor-Leste
TM Turkmenistan
TN Tunisia
TO Tonga
TR Turkey; Türkiye
TT Trinidad & Tobago
TV Tuvalu
TW Taiwan; Taiwan, Province of China
TZ Tanzania; Tanzania, United Republic of
UA Ukraine
UG Uganda
UM US minor outlying islands; United States Minor Outlying Islands
US United States; United States of America; USA
UY Uruguay
UZ Uzbekistan
VA Vatican City; Holy See (Vatican City State); Holy See; Vatican
VC St Vincent; Saint Vincent and the Grenadines; St Vincent and Grenadines
VE Venezuela; Venezuela, Bolivarian Republic of
VG Virgin Islands (UK); Virgin Islands, British; British Virgin Islands
VI Virgin Islands (US); Virgin Islands, U.S.; U.S. Virgin Islands
VN Vietnam; Viet Nam
VU Vanuatu
WF Wallis & Futuna
WS Samoa (western); Samoa
XK Kosovo
YE Yemen
YT Mayotte
ZA South Africa
ZM Zambia
ZW Zimbabwe
"""


def country_code(name: str) -> str:
    """The alpha-2 code of a country's English name, or `name` itself if it is a code; "" if it is neither.

    Case, accents, punctuation, `the` and `of` don't matter.
    """
    return _code(name.strip()) if 0 < len(name) <= _LONGEST else ""


@lru_cache(maxsize=4096)
def _code(name: str) -> str:
    code = name.upper()
    if _CODE.fullmatch(code):
        return _ALIASES.get(code, code if code in _CODES else "")
    return _BY_NAME.get(_plain(name), "")


def _plain(name: str) -> str:
    """The words of a name without case, accents and the words that come and go."""
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(word for word in re.findall(r"[a-z]+", letters) if word not in ("the", "of"))


_BY_NAME = {_plain(name): line[:2] for line in _NAMES.strip().splitlines() for name in line[3:].split("; ")}
_CODES = frozenset(_BY_NAME.values())
