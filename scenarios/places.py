"""Cities by name, and networks of their countries: /24 blocks that the packaged country database agrees with.

Provider and AS number are those that ran the block when this was written; nothing depends on them being current.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache

from scenarios.phrases import UnclearError

KINDS = ("home", "mobile", "office", "hosting", "vpn", "tor")
"""What an address is used for. All but `home` are tags of the location, too."""

OFFICE_HOST, VPN_HOST = 10, 20

_CITIES = """
Amsterdam      NL Europe/Amsterdam     52.3676    4.9041
Ashburn        US America/New_York     39.0438  -77.4874
Athens         GR Europe/Athens        37.9838   23.7275
Auckland       NZ Pacific/Auckland    -36.8509  174.7645
Bangkok        TH Asia/Bangkok         13.7563  100.5018
Barcelona      ES Europe/Madrid        41.3874    2.1686
Bengaluru      IN Asia/Kolkata         12.9716   77.5946
Berlin         DE Europe/Berlin        52.5200   13.4050
Bogota         CO America/Bogota        4.7110  -74.0721
Boston         US America/New_York     42.3601  -71.0589
Brussels       BE Europe/Brussels      50.8503    4.3517
Bucharest      RO Europe/Bucharest     44.4268   26.1025
Buenos Aires   AR America/Argentina/Buenos_Aires -34.6037 -58.3816
Cairo          EG Africa/Cairo         30.0444   31.2357
Chicago        US America/Chicago      41.8781  -87.6298
Chisinau       MD Europe/Chisinau      47.0105   28.8638
Copenhagen     DK Europe/Copenhagen    55.6761   12.5683
Dubai          AE Asia/Dubai           25.2048   55.2708
Dublin         IE Europe/Dublin        53.3498   -6.2603
Edinburgh      GB Europe/London        55.9533   -3.1883
Falkenstein    DE Europe/Berlin        50.4779   12.3713
Frankfurt      DE Europe/Berlin        50.1109    8.6821
Geneva         CH Europe/Zurich        46.2044    6.1432
Hamburg        DE Europe/Berlin        53.5511    9.9937
Hanoi          VN Asia/Ho_Chi_Minh     21.0278  105.8342
Helsinki       FI Europe/Helsinki      60.1699   24.9384
Hong Kong      HK Asia/Hong_Kong       22.3193  114.1694
Istanbul       TR Europe/Istanbul      41.0082   28.9784
Jakarta        ID Asia/Jakarta         -6.2088  106.8456
Johannesburg   ZA Africa/Johannesburg -26.2041   28.0473
Kuala Lumpur   MY Asia/Kuala_Lumpur     3.1390  101.6869
Kyiv           UA Europe/Kyiv          50.4501   30.5234
Lagos          NG Africa/Lagos          6.5244    3.3792
Lisbon         PT Europe/Lisbon        38.7223   -9.1393
London         GB Europe/London        51.5074   -0.1278
Los Angeles    US America/Los_Angeles  34.0522 -118.2437
Lyon           FR Europe/Paris         45.7640    4.8357
Madrid         ES Europe/Madrid        40.4168   -3.7038
Manchester     GB Europe/London        53.4808   -2.2426
Manila         PH Asia/Manila          14.5995  120.9842
Melbourne      AU Australia/Melbourne -37.8136  144.9631
Mexico City    MX America/Mexico_City  19.4326  -99.1332
Milan          IT Europe/Rome          45.4642    9.1900
Montreal       CA America/Toronto      45.5019  -73.5674
Moscow         RU Europe/Moscow        55.7558   37.6173
Mumbai         IN Asia/Kolkata         19.0760   72.8777
Munich         DE Europe/Berlin        48.1351   11.5820
Nairobi        KE Africa/Nairobi       -1.2921   36.8219
New York       US America/New_York     40.7128  -74.0060
Osaka          JP Asia/Tokyo           34.6937  135.5023
Oslo           NO Europe/Oslo          59.9139   10.7522
Paris          FR Europe/Paris         48.8566    2.3522
Prague         CZ Europe/Prague        50.0755   14.4378
Pyongyang      KP Asia/Pyongyang       39.0392  125.7625
Rome           IT Europe/Rome          41.9028   12.4964
Saint Petersburg RU Europe/Moscow      59.9311   30.3609
San Francisco  US America/Los_Angeles  37.7749 -122.4194
Santiago       CL America/Santiago    -33.4489  -70.6693
Sao Paulo      BR America/Sao_Paulo   -23.5505  -46.6333
Seattle        US America/Los_Angeles  47.6062 -122.3321
Seoul          KR Asia/Seoul           37.5665  126.9780
Shanghai       CN Asia/Shanghai        31.2304  121.4737
Singapore      SG Asia/Singapore        1.3521  103.8198
Sofia          BG Europe/Sofia         42.6977   23.3219
Stockholm      SE Europe/Stockholm     59.3293   18.0686
Sydney         AU Australia/Sydney    -33.8688  151.2093
Tehran         IR Asia/Tehran          35.6892   51.3890
Tel Aviv       IL Asia/Jerusalem       32.0853   34.7818
Tokyo          JP Asia/Tokyo           35.6762  139.6503
Toronto        CA America/Toronto      43.6532  -79.3832
Vienna         AT Europe/Vienna        48.2082   16.3738
Warsaw         PL Europe/Warsaw        52.2297   21.0122
Zurich         CH Europe/Zurich        47.3769    8.5417
"""

_BLOCKS = """
AE home 5384 86.98.20 Etisalat
AE mobile 15802 94.204.10 du
AR home 10481 181.46.10 Telecom Argentina
AR mobile 7303 190.16.20 Personal
AT home 8447 62.46.10 A1
AT mobile 25255 178.115.40 Drei
AU home 1221 101.165.10 Telstra
AU home 4804 122.106.10 Optus
AU mobile 133612 120.16.10 Vodafone Australia
AU office 1221 203.45.20 Telstra
AU hosting 45638 103.18.42 Servers Australia
BE home 5432 81.240.20 Proximus
BE mobile 6848 84.192.30 Telenet
BG home 8866 78.90.10 Vivacom
BG hosting 50360 79.124.60 Tamatiya
BR home 28573 177.32.100 Claro NET
BR home 27699 189.46.20 Vivo
BR mobile 26599 177.79.20 Vivo Movel
BR office 4230 200.244.10 Embratel
BR hosting 27715 186.202.30 Locaweb
CA home 812 99.230.20 Rogers
CA home 577 70.27.30 Bell Canada
CA mobile 812 72.143.20 Rogers Wireless
CH home 3303 85.2.30 Swisscom
CH mobile 3303 178.197.200 Swisscom Mobile
CL home 22047 190.160.10 VTR
CL mobile 6471 181.72.20 Entel
CN home 4812 116.224.20 China Telecom
CN mobile 9808 223.104.20 China Mobile
CO home 3816 186.84.20 Movistar Colombia
CO mobile 26611 190.24.10 Comcel
CZ home 16019 89.102.20 Vodafone Czechia
CZ mobile 13036 37.48.10 T-Mobile Czechia
DE home 3320 84.150.12 Deutsche Telekom
DE home 3209 88.70.11 Vodafone
DE mobile 3320 80.187.96 Telekom Mobile
DE mobile 6805 46.114.3 O2 Telefonica
DE office 3320 217.6.30 Deutsche Telekom
DE hosting 24940 88.198.50 Hetzner
DE tor 60729 185.220.101 Tor Exit
DK home 3292 80.62.30 TDC
DK mobile 9158 87.49.40 Telenor Denmark
EG home 8452 41.32.20 TE Data
EG mobile 36935 156.160.20 Vodafone Egypt
ES home 3352 83.40.10 Telefonica
ES mobile 3352 176.83.10 Movistar
FI home 719 91.152.20 Elisa
FI mobile 1759 85.76.10 Telia Finland
FR home 3215 90.20.10 Orange
FR home 12322 88.170.30 Free
FR mobile 3215 92.184.100 Orange Mobile
GB home 2856 81.129.10 BT
GB home 5089 82.31.5 Virgin Media
GB mobile 206067 92.40.170 Three UK
GB mobile 25135 188.29.164 Vodafone UK
GB office 2856 217.38.7 BT Business
GB hosting 20860 78.129.150 iomart
GR home 6799 79.128.20 OTE
GR mobile 3329 94.64.10 Vodafone Greece
HK home 4760 112.118.20 HKT
HK mobile 4760 1.64.10 HKT Mobile
ID home 7713 36.66.20 Telkomnet
ID mobile 23693 182.1.20 Telkomsel
ID hosting 136052 116.193.190 IDCloudHost
IE home 5466 86.40.10 eir
IE mobile 13280 51.171.30 Three Ireland
IL home 1680 84.108.10 Cellcom
IL mobile 12400 46.210.30 Partner
IN home 24560 182.70.10 Bharti Airtel
IN home 24309 106.51.30 ACT Fibernet
IN mobile 55836 49.37.30 Reliance Jio
IN office 4755 115.112.40 Tata Communications
IN hosting 132420 164.52.200 E2E Networks
IR home 58224 2.176.20 TCI
IR mobile 44244 5.112.10 Irancell
IT home 3269 79.10.20 TIM
IT mobile 30722 5.90.20 Vodafone Italia
JP home 4713 153.130.20 NTT OCN
JP home 2516 106.150.30 KDDI
JP mobile 9605 49.98.10 NTT Docomo
KE home 33771 105.160.20 Safaricom
KE mobile 33771 41.90.10 Safaricom Mobile
KP home 131279 175.45.176 Star JV
KR home 4766 121.130.20 KT
KR mobile 9644 223.38.20 SK Telecom
MD home 8926 178.168.20 Moldtelecom
MD hosting 200019 176.123.5 AlexHost
MX home 22884 187.188.20 Totalplay
MX mobile 28403 200.68.130 Telcel
MY home 4788 60.48.20 TM Net
MY mobile 9534 115.132.10 Maxis
NG home 36873 105.112.20 Airtel Nigeria
NG mobile 29465 197.210.50 MTN Nigeria
NL home 1136 77.165.20 KPN
NL home 33915 84.82.20 Ziggo
NL mobile 1136 188.207.70 KPN Mobile
NL hosting 60781 95.211.20 LeaseWeb
NL vpn 43350 46.166.180 NForce
NO home 41164 84.208.20 Telia Norge
NO mobile 2119 46.15.10 Telenor Mobil
NZ home 9500 121.72.20 Vodafone New Zealand
PH home 9299 112.198.20 PLDT
PH mobile 9299 49.144.10 Smart
PL home 5617 83.10.20 Orange Polska
PL mobile 43447 37.47.100 Orange Polska Mobile
PT home 3243 85.240.10 MEO
PT mobile 12353 87.196.80 Vodafone Portugal
RO home 8708 86.120.20 RCS & RDS
RO mobile 9050 92.87.10 Orange Romania
RU home 8402 95.24.20 Corbina
RU mobile 8359 178.176.70 MegaFon
RU hosting 49505 95.213.130 Selectel
SE home 3301 78.70.20 Telia
SE mobile 1257 95.193.10 Tele2
SG home 9506 119.74.30 SingNet
SG home 55430 116.86.20 StarHub
SG mobile 45143 119.56.100 Singtel Mobile
SG office 3758 165.21.10 Singtel
SG hosting 24482 103.6.150 SG.GS
SG vpn 4657 203.116.30 StarHub
TH home 17552 171.96.20 True
TH mobile 131445 49.228.10 AIS
TR home 9121 78.160.20 Turk Telekom
TR mobile 16135 5.46.20 Turkcell
TR hosting 34619 94.73.140 Cizgi Telekom
UA home 6849 37.73.50 Ukrtelecom
UA mobile 15895 46.211.30 Kyivstar
US home 7922 73.162.40 Comcast
US home 701 71.190.20 Verizon Fios
US home 7018 99.10.20 AT&T
US mobile 21928 172.58.20 T-Mobile USA
US mobile 6167 174.192.10 Verizon Wireless
US office 7018 12.130.20 AT&T
US hosting 14061 165.227.50 DigitalOcean
US hosting 14618 52.20.10 Amazon
US vpn 14061 159.65.30 DigitalOcean
VN home 45899 14.160.20 VNPT
VN mobile 7552 27.64.20 Viettel Mobile
VN hosting 38731 125.212.200 Viettel IDC
ZA home 37457 105.224.20 Telkom SA
ZA mobile 29975 41.13.10 Vodacom
"""

_CITY_LINE = re.compile(r"(.+?)\s+([A-Z]{2})\s+(\S+/\S+)\s+(-?[\d.]+)\s+(-?[\d.]+)")
_BLOCK_LINE = re.compile(r"([A-Z]{2}) (\w+) (\d+) ([\d.]+) (.+)")
_FROM = re.compile(rf"(?:(?P<kind>{'|'.join(KINDS)})(?: in)? )?(?P<city>.+?)(?: via (?P<isp>.+))?")


@dataclass(frozen=True)
class City:
    """A city; `zone` is an IANA time zone, degrees."""

    name: str
    country: str
    zone: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Block:
    """A /24: `net` is its first three octets, `kind` one of `KINDS`."""

    country: str
    kind: str
    asn: int
    net: str
    isp: str


@dataclass(frozen=True)
class Place:
    """A city as seen through one network."""

    city: City
    block: Block

    def address(self, who: str) -> str:
        """The IPv4 address that `who` comes from here: one for all in an office and on a VPN, else their own."""
        shared = {"office": OFFICE_HOST, "vpn": VPN_HOST}.get(self.block.kind)
        return f"{self.block.net}.{shared or host(who)}"

    def location(self) -> dict[str, object]:
        """`location` of a native record."""
        return {
            "country": self.city.country,
            "city": self.city.name,
            "latitude": self.city.latitude,
            "longitude": self.city.longitude,
            "asn": self.block.asn,
            "isp": self.block.isp,
            "tags": [] if self.block.kind == "home" else [self.block.kind],
        }


def host(who: str) -> int:
    """A stable host number, 2 to 250, for a name."""
    return 2 + int.from_bytes(hashlib.blake2b(who.encode(), digest_size=4).digest(), "big") % 249


@cache
def cities() -> dict[str, City]:
    """All cities by their name in lower case."""
    found = [match.groups() for match in map(_CITY_LINE.fullmatch, _CITIES.strip().splitlines()) if match]
    return {name.lower(): City(name, code, zone, float(lat), float(lon)) for name, code, zone, lat, lon in found}


@cache
def blocks() -> tuple[Block, ...]:
    """All blocks, those of a country and kind in the order in which they are preferred."""
    found = [match.groups() for match in map(_BLOCK_LINE.fullmatch, _BLOCKS.strip().splitlines()) if match]
    return tuple(Block(country, kind, int(asn), net, isp) for country, kind, asn, net, isp in found)


def city(name: str) -> City:
    """The city of a name, in any case.

    Raises:
        UnclearError: there is none.
    """
    found = cities().get(name.strip().lower())
    if found is None:
        names = ", ".join(known.name for known in cities().values())
        msg = f"expected a city, found {name!r}; known are {names}. For any other place give ip and location"
        raise UnclearError(msg)
    return found


def has(at: City, kind: str) -> bool:
    """Whether there are networks of that kind in a city's country."""
    return any(block.country == at.country and block.kind == kind for block in blocks())


def place(at: City, kind: str = "home", isp: str = "") -> Place:
    """A city through a network of that kind, of that provider if given.

    Raises:
        UnclearError: the city's country has none such here.
    """
    fitting = [block for block in blocks() if block.country == at.country and block.kind == kind]
    named = [block for block in fitting if isp.lower() in block.isp.lower()]
    if not named:
        has = ", ".join(f"{block.kind} {block.isp}" for block in blocks() if block.country == at.country)
        wanted = f"a {kind} network" + (f" of {isp!r}" if isp else "")
        msg = f"expected {wanted} in {at.country}; known are {has}. For any other give ip and location"
        raise UnclearError(msg)
    return Place(at, named[0])


def parse_from(text: str) -> Place:
    """`Lagos`, `mobile in Berlin`, `hosting in Jakarta`, `Berlin via Vodafone`, `tor`: where an activity comes from.

    Raises:
        UnclearError: no such city or network.
    """
    if text.strip().lower() == "tor":
        return place(city("Berlin"), "tor")
    match = _FROM.fullmatch(text.strip())
    if match is None:
        msg = f"expected a place such as Lagos, mobile in Berlin or Berlin via Vodafone, found {text!r}"
        raise UnclearError(msg)
    return place(city(match["city"]), match["kind"] or "home", match["isp"] or "")
