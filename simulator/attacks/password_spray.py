"""One password is tried on many accounts (T1110.003).

The victim is the one whose password it was. Where it was nobody's, the victim is the first person it was tried on, and
`users` of the truth has all of them: an alert on any of them, or on the addresses, finds the attack.
"""

from __future__ import annotations

from collections.abc import Callable

from activities.activity import UserType
from simulator.attacks import Variant
from simulator.devices import scripted
from simulator.hostile import EVERYWHERE, PUBLIC_CLOUDS, TOR, anywhere, home_proxy, relay, server
from simulator.moves import read_mail
from simulator.operations import LEGACY, LOCKED, MFA, PASSWORD_GRANT, UNKNOWN_USER, WRONG_PASSWORD, logon
from simulator.places import OFFICES
from simulator.record import HOUR, MINUTE, Account, Event, NativeUser
from simulator.scene import Scene, Via, anybody
from simulator.streams import chance

_MOST = 400
_LEAST = 40
_UNKNOWN = 0.15
"""Names that were guessed, or whose owners left long ago."""
_LOCKED = 0.01
_NAMES = "admin info backup scanner test hr.team reception jsmith mbrown dwilson sjones accounts.payable".split()
_TEAM = 18
"""Accounts of a spray on few."""


def _unknown(scene: Scene, number: int) -> Account:
    name = _NAMES[number % len(_NAMES)] + (str(number // len(_NAMES)) if number >= len(_NAMES) else "")
    address = f"{name}@{scene.domain}"
    return Account(key=f"unknown/{name}", user=NativeUser(address, address, UserType.PERSON, address))


def _targets(scene: Scene) -> list[Account]:
    """Whom it is tried on, without the victim."""
    others = [person for person in scene.world.people if person.key != scene.victim.key and not person.contractor]
    found: list[Account] = list(scene.rng.sample(others, k=min(len(others), _MOST)))
    count = max(int(len(found) * _UNKNOWN), _LEAST - len(found))
    found += [_unknown(scene, number) for number in range(count)]
    scene.rng.shuffle(found)
    return found


def _round(scene: Scene, targets: list[Account], source: Callable[[], Via], span: int, *facts: str) -> None:
    """One try on each target, in their order, within `span` ms; none succeeds."""
    offsets = sorted(scene.rng.randrange(span) for _ in targets)
    for offset, target in zip(offsets, targets, strict=True):
        error = UNKNOWN_USER if target.key.startswith("unknown/") else WRONG_PASSWORD
        step = logon(LOCKED if chance(scene.rng, _LOCKED) else error, *facts)
        via = source()
        scene.events.append(Event(scene.time + offset, step, via.address, via.device, "", target))
    scene.time += span


def _breach(scene: Scene, via: Via, *facts: str) -> None:
    """It was the victim's password."""
    scene.log_on(via, *(facts or (MFA,)))
    read_mail(scene, via, scene.number(4, 12))


def one_address(scene: Scene) -> None:
    """From one rented server, each account once within the hour; then the one that it opened is used."""
    via = scene.intruder(server(scene.rng, scene.rng.choice(OFFICES).city))
    targets = _targets(scene)
    middle = len(targets) * 2 // 3
    _round(scene, targets[:middle], lambda: via, scene.number(12, 35) * MINUTE)
    _breach(scene, via)
    _round(scene, targets[middle:], lambda: via, scene.number(6, 15) * MINUTE)


def one_provider(scene: Scene) -> None:
    """From dozens of servers of one provider, a try or two each, over hours, by a program (ROPC)."""
    city = scene.rng.choice(OFFICES).city
    pool = [server(scene.rng, city) for _ in range(60)]
    pool = [address for address in pool if address.location.asn == pool[0].location.asn]
    device = scripted("python-requests/2.31.0")
    _round(
        scene,
        _targets(scene),
        lambda: Via(scene.rng.choice(pool), device, ""),
        scene.number(90, 200) * MINUTE,
        PASSWORD_GRANT,
    )
    _breach(scene, scene.intruder(scene.rng.choice(pool), device), PASSWORD_GRANT)


def in_rounds(scene: Scene) -> None:
    """A password an hour, so that nobody is locked out, from home lines that are rented by the minute."""
    city = scene.rng.choice(OFFICES).city
    pool = [home_proxy(scene.rng, city) for _ in range(12)]
    device = scene.plain_browser()
    targets = _targets(scene)

    def source() -> Via:
        return Via(scene.rng.choice(pool), device, "")

    for _ in range(2):
        _round(scene, [*targets, scene.victim], source, 25 * MINUTE)
        scene.time += scene.number(20, 40) * MINUTE
    _round(scene, targets, source, 25 * MINUTE)
    _breach(scene, scene.intruder(scene.rng.choice(pool), device))


def old_protocol(scene: Scene) -> None:
    """Over a protocol that knows no second factor (IMAP), through Tor."""
    device = scripted("BAV2ROPC", "")
    country = scene.rng.choice(("DE", "US", "NL"))
    _round(
        scene,
        _targets(scene),
        lambda: Via(relay(scene.rng, TOR, country), device, ""),
        scene.number(30, 70) * MINUTE,
        LEGACY,
        PASSWORD_GRANT,
    )
    _breach(scene, scene.intruder(relay(scene.rng, TOR, country), device), LEGACY, PASSWORD_GRANT)


def in_vain(scene: Scene) -> None:
    """From one address; nobody had that password."""
    via = scene.intruder(server(scene.rng, scene.rng.choice(OFFICES).city))
    _round(scene, [scene.victim], lambda: via, MINUTE)
    _round(scene, _targets(scene), lambda: via, scene.number(15, 45) * MINUTE)


def home_lines(scene: Scene) -> None:
    """Stealthy: each account once in six hours, each from another home line of the world (Midnight Blizzard, 2023)."""
    device = scene.plain_browser()

    def source() -> Via:
        return Via(anywhere(scene.rng, EVERYWHERE), device, "")

    _round(scene, _targets(scene), source, 6 * HOUR)
    scene.wait(5, 60)
    _breach(scene, scene.intruder(home_proxy(scene.rng, scene.city), device))


def one_team(scene: Scene) -> None:
    """Only a team's accounts and two that were guessed, from one server of a public cloud, by a program (fasthttp)."""
    scene.wait(60, 1_200)
    others = [person for person in scene.world.people if person.key != scene.victim.key and not person.contractor]
    others.sort(key=lambda person: (person.department != scene.victim.unit, person.index))
    targets: list[Account] = [*others[:_TEAM], _unknown(scene, 0), _unknown(scene, 1)]
    scene.rng.shuffle(targets)
    via = scene.intruder(anywhere(scene.rng, PUBLIC_CLOUDS), scripted("fasthttp", ""))
    _round(scene, targets, lambda: via, scene.number(4, 20) * MINUTE, PASSWORD_GRANT)
    _breach(scene, via, PASSWORD_GRANT)


VARIANTS = (
    Variant("one_address", anybody, one_address),
    Variant("one_provider", anybody, one_provider, hours=5),
    Variant("in_rounds", anybody, in_rounds, hours=5),
    Variant("old_protocol", anybody, old_protocol, hours=3),
    Variant("in_vain", anybody, in_vain),
    Variant("home_lines", anybody, home_lines, hours=8, held_out=True),
    Variant("one_team", anybody, one_team, held_out=True),
)
