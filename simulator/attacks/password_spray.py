"""One password is tried on many accounts (T1110.003).

The victim is the one whose password it was. Where it was nobody's, the victim is the first person it was tried on, and
`users` of the truth has all of them: an alert on any of them, or on the addresses, finds the attack.
"""

from __future__ import annotations

from collections.abc import Callable

from activities.activity import UserType
from simulator.attacks import Variant
from simulator.devices import ordinary, scripted
from simulator.habits import FACTOR_ADDED
from simulator.hostile import (
    EVERYWHERE,
    HOSTS,
    PUBLIC_CLOUDS,
    TOR,
    VPNS,
    anywhere,
    home_proxy,
    phone_line,
    relay,
    server,
)
from simulator.moves import read_files, read_mail
from simulator.operations import (
    LEGACY,
    LOCKED,
    MFA,
    MFA_UNANSWERED,
    PASSWORD_GRANT,
    POLICY,
    SECOND_FACTOR,
    SECOND_FACTOR_FAILED,
    TEAMS,
    UNKNOWN_USER,
    WRONG_PASSWORD,
    azure,
    directory,
    logon,
    m365,
    named,
)
from simulator.people import Person
from simulator.places import OFFICES, City
from simulator.record import HOUR, MINUTE, Account, Event, NativeObject, NativeUser
from simulator.scene import Scene, Via, anybody
from simulator.streams import chance
from simulator.world import World

_MOST = 400
_LEAST = 40
_UNKNOWN = 0.15
"""Names that were guessed, or whose owners left long ago."""
_LOCKED = 0.01
_NAMES = "admin info backup scanner test hr.team reception jsmith mbrown dwilson sjones accounts.payable".split()
_TEAM = 18
"""Accounts of a spray on few."""
_OFTEN_THERE = 0.7
"""Share of days at the office, of those who are mostly there."""
_TEAMS_CLIENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Teams/1.3.00.30866 "
    "Chrome/80.0.3987.165 Electron/8.5.1 Safari/537.36"
)


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


def api_gateway(scene: Scene) -> None:
    """Each try by another address of Amazon's, as Teams, in bursts; then files and chats (TeamFiltration, 2025)."""
    device = scripted(_TEAMS_CLIENT, "Windows 10")
    amazon = PUBLIC_CLOUDS[:1]
    targets = _targets(scene)
    third = len(targets) // 3
    for number in range(3):
        last = len(targets) if number == 2 else (number + 1) * third  # noqa: PLR2004
        part = targets[number * third : last]
        _round(
            scene,
            part,
            lambda: Via(anywhere(scene.rng, amazon), device, ""),
            scene.number(4, 9) * MINUTE,
            PASSWORD_GRANT,
        )
        scene.time += scene.number(25, 60) * MINUTE * (number < 2)  # noqa: PLR2004
    scene.wait(5, 60)
    via = scene.intruder(anywhere(scene.rng, amazon), device)
    scene.log_on(via, PASSWORD_GRANT)
    channels = [NativeObject("channel", f"{scene.victim.unit}-{number:02d}") for number in range(8)]
    scene.act_all([m365(TEAMS, "ChatRetrieved", channel) for channel in channels], via, 2, 20)
    read_files(scene, via, scene.number(5, 15), 2, 20)


def stopped(scene: Scene) -> None:
    """Stealthy: forty accounts in hours, from a carrier's addresses nearby; the second factor stops what was right."""
    scene.wait(60, 1_200)
    pool = [phone_line(scene.rng, scene.city) for _ in range(3)]
    device = scene.plain_browser()
    targets = _targets(scene)[: scene.number(36, 46)]

    def source() -> Via:
        return Via(scene.rng.choice(pool), device, "")

    middle = len(targets) // 2
    _round(scene, targets[:middle], source, scene.number(50, 80) * MINUTE)
    right = source()
    scene.act(logon(SECOND_FACTOR), right)
    scene.wait(30, 90)
    scene.act(logon(SECOND_FACTOR_FAILED, MFA_UNANSWERED), right)
    _round(scene, targets[middle:], source, scene.number(50, 80) * MINUTE)
    again = source()
    scene.act(logon(SECOND_FACTOR), again)
    scene.wait(5, 30)
    scene.act(logon(POLICY), again)


def guessed_names(scene: Scene) -> None:
    """By VPN, by a program: first, which names there are; then two have it, and one is stopped (Peach Sandstorm, 2023).

    Most names that it begins with were guessed and don't exist.
    """
    device = scripted("go-http-client/1.1", "")
    pool = [relay(scene.rng, VPNS) for _ in range(14)]

    def source() -> Via:
        return Via(scene.rng.choice(pool), device, "")

    guessed = [_unknown(scene, number) for number in range(scene.number(80, 150))]
    _round(scene, guessed, source, scene.number(10, 20) * MINUTE, PASSWORD_GRANT)
    scene.wait(600, 2_400)
    targets = [target for target in _targets(scene) if not target.key.startswith("unknown/")]
    stopped_one, middle = targets.pop(), len(targets) // 2
    _round(scene, targets[:middle], source, scene.number(20, 40) * MINUTE, PASSWORD_GRANT)
    scene.act(logon(SECOND_FACTOR, PASSWORD_GRANT), source(), stopped_one)
    _round(scene, targets[middle:], source, scene.number(20, 40) * MINUTE, PASSWORD_GRANT)
    scene.wait(5, 60)
    via = scene.intruder(scene.rng.choice(pool), device)
    scene.log_on(via, PASSWORD_GRANT)
    listed = [directory(f"Download {what} - Started (bulk)") for what in ("users", "groups", "devices")]
    scene.act_all(listed, via, 5, 60)


def office_worker(world: World, account: Account) -> bool:
    """Somebody who mostly works at the office."""
    return anybody(world, account) and isinstance(account, Person) and account.office_share > _OFTEN_THERE


def from_inside(scene: Scene) -> None:
    """Stealthy: on an infected computer in the office where the victim works, too: each of forty accounts once.

    Everybody there comes from that address, but nobody logs on by a program.
    """
    scene.wait(60, 600)
    device = scripted("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.19041.4894", "Windows 10")
    address = scene.seen.address
    targets = [target for target in _targets(scene) if not target.key.startswith("unknown/")]
    targets = targets[: scene.number(38, 60)]
    _round(scene, targets, lambda: Via(address, device, ""), scene.number(40, 90) * MINUTE, PASSWORD_GRANT)
    via = scene.intruder(address, device)
    scene.log_on(via, PASSWORD_GRANT)
    read_mail(scene, via, scene.number(6, 15), 1, 12)


def basic_auth(scene: Scene) -> None:
    """A botnet, by an old protocol that asks for no factor: everybody within two hours (SecurityScorecard, 2025)."""
    device = scripted("CBAInPROD", "")

    def source() -> Via:
        return Via(anywhere(scene.rng, (*EVERYWHERE, *HOSTS)), device, "")

    facts = (LEGACY, PASSWORD_GRANT)
    targets = _targets(scene)
    middle = len(targets) // 2
    _round(scene, targets[:middle], source, scene.number(30, 60) * MINUTE, *facts)
    bot = scene.intruder(source().address, device)
    scene.log_on(bot, *facts)
    _round(scene, targets[middle:], source, scene.number(30, 60) * MINUTE, *facts)
    via = scene.intruder(anywhere(scene.rng, HOSTS), device)
    scene.log_on(via, *facts)
    read_mail(scene, via, scene.number(20, 45), 1, 8)


def hacked_routers(scene: Scene) -> None:
    """Stealthy: seventy accounts in a day, once each, by as many hacked routers at homes (CovertNetwork-1658, 2024).

    All of them send the same user agent, of a browser that nobody has any more.
    """
    agent = "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko"
    device = scripted(agent, "Windows 10")
    routers = [home_proxy(scene.rng, scene.rng.choice(OFFICES).city) for _ in range(50)]
    targets = [target for target in _targets(scene) if not target.key.startswith("unknown/")]

    def source() -> Via:
        return Via(scene.rng.choice(routers), device, "")

    _round(scene, targets[: scene.number(65, 90)], source, scene.number(16, 20) * HOUR)
    via = scene.intruder(scene.rng.choice(routers), device)
    _breach(scene, via)
    read_files(scene, via, scene.number(4, 12))


def first_factor(scene: Scene) -> None:
    """Behind VPNs, everybody twice within hours; who had no second factor yet gets the intruder's (APT29, 2022)."""
    device = scene.plain_browser()
    pool = [relay(scene.rng, VPNS) for _ in range(10)]
    targets = [*_targets(scene), scene.victim]
    scene.rng.shuffle(targets)

    def source() -> Via:
        return Via(scene.rng.choice(pool), device, "")

    _round(scene, targets, source, scene.number(40, 70) * MINUTE)
    scene.time += scene.number(20, 40) * MINUTE
    others = [target for target in targets if target.key != scene.victim.key]
    middle = len(others) // 2
    _round(scene, others[:middle], source, scene.number(20, 35) * MINUTE)
    via = scene.intruder(scene.rng.choice(pool), device)
    scene.act(logon(), via)
    scene.act_all([FACTOR_ADDED], via, 20, 120)
    read_mail(scene, via, scene.number(5, 12))
    read_files(scene, via, scene.number(3, 9))
    _round(scene, others[middle:], source, scene.number(20, 35) * MINUTE)


def own_cities(scene: Scene) -> None:
    """Stealthy: fifty accounts in a day, each by a home line in its own city: a network of proxies sorted by place.

    Only the agent is the same everywhere, that of a browser without a window. The victim's password is the third tried.
    """
    agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0"
    device = scripted(f"{agent} Safari/537.36")
    known = [target for target in _targets(scene) if isinstance(target, Person)][: scene.number(45, 60)]
    tries: list[tuple[Account, City]] = [(person, person.city) for person in known]
    tries += [(scene.victim, scene.city)] * 2
    scene.rng.shuffle(tries)
    for target, city in tries:
        scene.wait(200, 700)
        scene.act(logon(WRONG_PASSWORD), Via(home_proxy(scene.rng, city), device, ""), target)
    scene.wait(300, 900)
    via = scene.intruder(home_proxy(scene.rng, scene.city), device)
    scene.act(logon(), via)
    scene.act_all([FACTOR_ADDED], via, 20, 120)
    read_mail(scene, via, scene.number(8, 18), 2, 15)
    read_files(scene, via, scene.number(4, 10), 2, 15)


def rented_containers(scene: Scene) -> None:
    """A program on servers abroad: two passwords for each name of a file; then containers (Storm-1977, 2025)."""
    scene.wait(60, 600)
    device = scripted("AzureChecker/1.0 (Windows NT 10.0)", "Windows 10")
    place = scene.rng.choice(HOSTS)
    pool = [anywhere(scene.rng, (place,)) for _ in range(3)]
    tries = [target for target in _targets(scene) for _ in range(2)]
    _round(
        scene,
        tries,
        lambda: Via(scene.rng.choice(pool), device, ""),
        scene.number(20, 50) * MINUTE,
        PASSWORD_GRANT,
    )
    via = scene.intruder(scene.rng.choice(pool), device)
    scene.log_on(via, PASSWORD_GRANT)
    scene.wait(600, 2_400)
    names = [f"rg-{scene.rng.getrandbits(24):06x}" for _ in range(scene.number(1, 2))]
    steps = [
        azure("Microsoft.Resources/subscriptions/resourceGroups/write", *named("resource", name)) for name in names
    ]
    containers = [named("resource", f"cg-{number:03d}") for number in range(scene.number(60, 140))]
    steps += [azure("Microsoft.ContainerInstance/containerGroups/write", *container) for container in containers]
    scene.act_all(steps, via, 1, 12)


def among_mistakes(scene: Scene) -> None:
    """Stealthy: on two days, while people mistype, too: fifty accounts once each, by VPNs, by this and that browser.

    The last one's password is right.
    """
    scene.wait(60, 600)
    known = [target for target in _targets(scene) if not target.key.startswith("unknown/")][: scene.number(45, 58)]
    middle = len(known) // 2

    def source() -> Via:
        return Via(relay(scene.rng, VPNS), ordinary(scene.rng, scene.today), "")

    for number, target in enumerate(known):
        scene.wait(180, 460)
        if number == middle:
            scene.later(20, 21.5, 5)
        scene.act(logon(WRONG_PASSWORD), source(), target)
    scene.wait(300, 900)
    via = scene.intruder(source().address, scene.plain_browser())
    _breach(scene, via)
    read_files(scene, via, scene.number(4, 10))


VARIANTS = (
    Variant("one_address", anybody, one_address),
    Variant("one_provider", anybody, one_provider, hours=5),
    Variant("in_rounds", anybody, in_rounds, hours=5),
    Variant("old_protocol", anybody, old_protocol, hours=3),
    Variant("in_vain", anybody, in_vain),
    Variant("home_lines", anybody, home_lines, hours=8),
    Variant("one_team", anybody, one_team),
    Variant("api_gateway", anybody, api_gateway, hours=5),
    Variant("stopped", anybody, stopped, hours=5),
    Variant("guessed_names", anybody, guessed_names, hours=4),
    Variant("from_inside", office_worker, from_inside, hours=3),
    Variant("basic_auth", anybody, basic_auth, hours=4),
    Variant("hacked_routers", anybody, hacked_routers, hours=23),
    Variant("first_factor", anybody, first_factor, hours=5),
    Variant("own_cities", anybody, own_cities, hours=14),
    Variant("rented_containers", anybody, rented_containers, hours=4, held_out=True),
    Variant("among_mistakes", anybody, among_mistakes, hours=32, held_out=True, quiet=True),
)
